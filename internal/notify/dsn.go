package notify

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// Action is what happened to a recipient (RFC 3464 2.3.3).
type Action string

// The actions that are reported.
const (
	Failed    Action = "failed"
	Delayed   Action = "delayed"
	Relayed   Action = "relayed" // to where nobody reports, here: sealed, and a notice sent
	Delivered Action = "delivered"
)

// Report is what a delivery status notice says about one recipient.
type Report struct {
	Message   *message.Message
	Recipient int
	Action    Action
	To        message.Address // who is told; the null address is an error
	// Header is the header of the message as it came, without or with the empty line
	// that ends it; nil leaves the part out. The body is never returned.
	Header     []byte
	Hostname   string    // of the gateway
	RetryUntil time.Time // of a delayed one
	Now        time.Time
}

// maxHeader bounds what is returned of a header, in octets.
const maxHeader = 64 << 10

// DSN writes a delivery status notice (RFC 3464, RFC 6522; with addresses beyond
// ASCII RFC 6533). The caller sends it with a null envelope sender. Of a message that
// is protected for anybody, the header is returned without its Subject.
func (c *Composer) DSN(r Report) (Mail, error) {
	rcpt, err := r.Message.Recipient(r.Recipient)
	if err != nil {
		return Mail{}, err
	}
	switch r.Action {
	case Failed, Delayed, Relayed, Delivered:
	default:
		return Mail{}, errors.New("notify: unknown action")
	}
	p := c.printer(r.Message)
	global := r.Message.Envelope.UTF8 || r.To.NeedsUTF8() || rcpt.Address.NeedsUTF8()
	parts := []part{
		{"text/plain", map[string]string{"charset": "utf-8"}, utf8QP, c.told(p, r, rcpt)},
		statusPart(r, rcpt, global),
	}
	if len(r.Header) > 0 {
		parts = append(parts, headerPart(r, global))
	}
	return c.mail(p.T("mail.dsn."+string(r.Action)), p.Lang(), r.To, r.Now,
		"report", map[string]string{"report-type": "delivery-status"}, parts)
}

// told is the part for people.
func (c *Composer) told(p *locale.Printer, r Report, rcpt *message.Recipient) string {
	m, until := r.Message, ""
	if !r.RetryUntil.IsZero() {
		until = p.DateTime(r.RetryUntil)
	}
	l := &letter{
		Lang: p.Lang(), Kind: p.T("mail.dsn.kind"), Heading: p.T("mail.dsn." + string(r.Action)),
		Lead:  []words{say(p, "mail.dsn."+string(r.Action)+"_text", "Until", until)},
		Facts: []fact{about(p, m, r.Now), {Name: p.T("mail.recipient"), Lines: []string{recipient(rcpt).line()}}},
		Foot:  words{Text: c.org.Name + "."},
	}
	if m.Decision.Verdict > message.Pass { // its subject stays under the seal
		l.Facts[0].Lines = l.Facts[0].Lines[1:]
	}
	if s := clean(rcpt.Reply, maxReply); s != "" && (r.Action == Failed || r.Action == Delayed) {
		l.Facts = append(l.Facts, fact{Name: p.T("mail.dsn.answer"), Lines: []string{s}})
	}
	return c.plain(l)
}

// statusPart is the part for machines (RFC 3464 2).
func statusPart(r Report, rcpt *message.Recipient, global bool) part {
	var f fields
	f.add("Original-Envelope-Id", r.Message.Envelope.ID)
	f.add("Reporting-MTA", "dns; "+r.Hostname)
	f.add("Arrival-Date", r.Message.Accepted.UTC().Format(time.RFC1123Z))
	f.b.WriteByte('\n')
	f.add("Original-Recipient", originalRecipient(rcpt.Orig, global))
	f.add("Final-Recipient", finalRecipient(rcpt.Address))
	f.add("Action", string(r.Action))
	f.add("Status", status(r.Action, rcpt.Reply))
	if r.Action == Failed || r.Action == Delayed {
		if reply := printable(clean(rcpt.Reply, maxReply)); reply != "" {
			f.add("Diagnostic-Code", "smtp; "+reply)
		}
		f.add("Last-Attempt-Date", r.Now.UTC().Format(time.RFC1123Z))
	}
	if r.Action == Delayed && !r.RetryUntil.IsZero() {
		f.add("Will-Retry-Until", r.RetryUntil.UTC().Format(time.RFC1123Z))
	}
	if global {
		return part{kind: "message/global-delivery-status", encoding: utf8QP, body: f.b.String()} // RFC 6533 3
	}
	return part{kind: "message/delivery-status", encoding: "7bit", body: f.b.String()}
}

// fields writes header fields. A value that is empty is left out, one that is long is
// folded at its spaces.
type fields struct{ b strings.Builder }

func (f *fields) add(name, value string) {
	value = clean(value, 1000)
	if value == "" || strings.HasSuffix(name, "-MTA") && strings.HasSuffix(value, ";") {
		return
	}
	f.b.WriteString(strings.Join(wrap(name+": "+value, 76), "\n ") + "\n")
}

// finalRecipient gives the address its type: rfc822, or utf-8 (RFC 6533 3).
func finalRecipient(a message.Address) string {
	if a.NeedsUTF8() {
		return "utf-8; " + a.String()
	}
	return "rfc822; " + a.String()
}

// originalRecipient returns ORCPT with its xtext decoded (RFC 3461 5.2.1, RFC 3464
// 2.3.1). What is not in its form is left out.
func originalRecipient(orig string, global bool) string {
	kind, address, ok := strings.Cut(orig, ";")
	if !ok || !token.MatchString(kind) {
		return ""
	}
	if decoded := clean(unxtext(address), 1000); global || printable(decoded) == decoded {
		address = decoded
	}
	if address = clean(address, 1000); address == "" || !global && printable(address) != address {
		return ""
	}
	return strings.ToLower(kind) + "; " + address
}

// token is the form of an address type and suchlike, without the rare ones.
var token = regexp.MustCompile(`^[A-Za-z0-9-]{1,30}$`)

var hexPair = regexp.MustCompile(`\+[0-9A-F]{2}`)

// unxtext decodes xtext (RFC 3461 4).
func unxtext(s string) string {
	return hexPair.ReplaceAllStringFunc(s, func(h string) string {
		var b byte
		if _, err := fmt.Sscanf(h[1:], "%02X", &b); err != nil {
			return h
		}
		return string([]byte{b})
	})
}

// printable keeps ASCII: a reply is ASCII by RFC 5321 4.2, and this part may be 7bit.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

var (
	enhanced = regexp.MustCompile(`^[245][0-9][0-9][ -]+([245]\.[0-9]{1,3}\.[0-9]{1,3})\b`)
	basic    = regexp.MustCompile(`^([245])[0-9][0-9]\b`)
)

// status is the enhanced code (RFC 3463) of the reply where it fits the action. What
// failed although every reply was a temporary one took too long: 4.4.7.
func status(a Action, reply string) string {
	want := map[Action]string{Failed: "5", Delayed: "4", Relayed: "2", Delivered: "2"}[a]
	if m := enhanced.FindStringSubmatch(reply); m != nil && strings.HasPrefix(m[1], want) {
		return m[1]
	}
	m := basic.FindStringSubmatch(reply)
	switch {
	case a == Failed && (m == nil || m[1] == "4"):
		return "4.4.7"
	case a == Delayed && m == nil:
		return "4.4.1" // no answer from the host
	}
	return want + ".0.0"
}

// headerPart returns the original header (RFC 6522 4; RFC 6533 4 beyond ASCII).
func headerPart(r Report, global bool) part {
	h := headerOnly(r.Header)
	if r.Message.Decision.Verdict > message.Pass || r.Message.Decision.Neutral {
		h = dropField(h, "subject")
	}
	if global && utf8.Valid(h) {
		return part{kind: "message/global-headers", encoding: utf8QP, body: string(h)}
	}
	p := part{kind: "text/rfc822-headers", encoding: "7bit", body: string(h)}
	if bytes.ContainsFunc(h, func(r rune) bool { return r >= 0x7f || r == 0 }) || longLine(h) {
		p.encoding = utf8QP
	}
	return p
}

// headerOnly cuts at the empty line, and at the last whole field within the limit.
func headerOnly(h []byte) []byte {
	h = bytes.ReplaceAll(bytes.ReplaceAll(h, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	if end := bytes.Index(h, []byte("\n\n")); end >= 0 {
		h = h[:end+1]
	}
	if len(h) > maxHeader {
		h = h[:bytes.LastIndexByte(h[:maxHeader], '\n')+1]
	}
	return h
}

// dropField leaves out every field of a name, with its folded lines. The name is
// compared up to the colon, blanks before it included (RFC 5322 4.5).
func dropField(h []byte, name string) []byte {
	var kept []byte
	drop := false
	for line := range bytes.Lines(h) {
		if line[0] != ' ' && line[0] != '\t' {
			field, _, _ := bytes.Cut(line, []byte(":"))
			drop = strings.EqualFold(string(bytes.TrimSpace(field)), name)
		}
		if !drop {
			kept = append(kept, line...)
		}
	}
	return kept
}

// longLine says whether a line is beyond what SMTP carries (RFC 5321 4.5.3.1.6).
func longLine(h []byte) bool {
	for line := range bytes.Lines(h) {
		if len(line) > 998 {
			return true
		}
	}
	return false
}
