package notify

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	gomessage "github.com/emersion/go-message"
	"github.com/google/go-cmp/cmp"

	"sigill/internal/locale"
	"sigill/internal/message"
)

var update = flag.Bool("update", false, "write the golden files anew")

// org is the organisation of a language, with everything set.
func org(t testing.TB, lang string) Org {
	t.Helper()
	o := map[string]Org{
		"sv": {
			Name: "Region Norrsund", Initial: "N", Domain: "norrsund.example", Host: "https://brev.norrsund.example", Phone: "0600-12 34 00", Support: "0600-12 34 99",
			HelpURL: "https://norrsund.example/hjalp", PrivacyURL: "https://norrsund.example/uppgifter", TermsURL: "https://norrsund.example/villkor", StaffURL: "https://intranat.norrsund.example/sigill",
		},
		"nl": {
			Name: "Gemeente Waterveen", Initial: "W", Domain: "waterveen.example", Host: "https://post.waterveen.example", Phone: "14 0123", Support: "14 0124",
			HelpURL: "https://waterveen.example/hulp", PrivacyURL: "https://waterveen.example/privacy", TermsURL: "https://waterveen.example/voorwaarden", StaffURL: "https://intranet.waterveen.example/sigill",
			Colours: Colours{Accent: "#0b5c63", Link: "#0a5a75", Seal: "#0b5c63"},
		},
		"en": {
			Name: "Hartley & Moor", Domain: "hartleymoor.example", Host: "https://post.hartleymoor.example", Phone: "01632 960 120", Support: "01632 960 199",
			HelpURL: "https://hartleymoor.example/help", PrivacyURL: "https://hartleymoor.example/privacy", TermsURL: "https://hartleymoor.example/terms", StaffURL: "https://staff.hartleymoor.example/sigill",
		},
	}[lang]
	o.Lang, o.Grace = lang, 7*24*time.Hour
	o.From = address(t, "brev@"+o.Domain)
	o.Zone = map[string]*time.Location{"sv": zone(t, "Europe/Stockholm"), "nl": zone(t, "Europe/Amsterdam"), "en": zone(t, "Europe/London")}[lang]
	return o
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func address(t testing.TB, s string) message.Address {
	t.Helper()
	a, err := message.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func composer(t testing.TB, o Org) *Composer {
	t.Helper()
	catalog, err := locale.New()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(o, catalog)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// accepted is a Monday; noon UTC is 13 in Stockholm.
func accepted() time.Time { return time.Date(2026, 11, 23, 14, 41, 0, 0, time.UTC) }

// sample is a message of level 2 to four recipients: two lack a number, one has one
// from before, one gets it as ordinary mail.
func sample(t testing.TB, lang string) *message.Message {
	t.Helper()
	subjects := map[string]string{"sv": "Uppföljning efter ditt besök", "nl": "Uw aanvraag 26-1184", "en": "Draft settlement, second version"}
	names := map[string]string{"sv": "Johan Lindqvist", "nl": "Juliette Verhoef", "en": "Amelia Hartley"}
	domain := org(t, lang).Domain
	end := accepted().Add(5 * 24 * time.Hour)
	return &message.Message{
		ID: "01k9zzzzzzzzzzzzzzzzzzzzzz", Accepted: accepted(), Lang: lang, Size: 141_000,
		Person: address(t, "sender@"+domain), PersonName: names[lang], Subject: subjects[lang],
		Envelope: message.Envelope{From: address(t, "sender@"+domain), ID: "env-1"},
		Decision: message.Decision{
			Verdict: message.Level2, Subject: subjects[lang], DecidedBy: "pnr",
			Findings: []message.Finding{
				{Rule: "pnr", Title: map[string]string{"sv": "Personnummer", "nl": "Burgerservicenummer", "en": "Identity number"}, Where: "att[1]/remiss 19890102.docx", Count: 1, Level: message.Level2},
				{Rule: "word", Title: map[string]string{"en": "Diagnosis", "sv": "Diagnos", "nl": "Diagnose"}, Where: "body/text", Count: 3, Level: message.Level2},
				{Rule: "low", Where: "subject", Count: 1, Level: message.Level1},
			},
		},
		Recipients: []message.Recipient{
			{Address: address(t, "mattias.berg@lundbacka.example"), Name: "Mattias Berg", Level: message.Level2, State: message.Held, Since: accepted(), Expires: end},
			{Address: address(t, "sanna@oja.example"), Name: "Sanna Oja", Level: message.Level2, State: message.Held, Since: accepted(), Expires: end},
			{Address: address(t, "eva@nordin.example"), Name: "Eva Nordin", Level: message.Level2, State: message.Notified, Phone: "+46701740418", Since: accepted(), Expires: accepted().Add(30 * 24 * time.Hour)},
			{Address: address(t, "registrator@"+domain), Level: message.Pass, State: message.Delivered, Since: accepted()},
		},
	}
}

// sealed gives the first two recipients what they lacked.
func sealed(m *message.Message) *message.Message {
	for i, phone := range []message.Phone{"+46701740612", "+358415746321"} {
		r := &m.Recipients[i]
		r.State, r.Phone, r.Typed, r.Expires = message.Sealed, phone, true, accepted().Add(30*24*time.Hour)
	}
	return m
}

// letters are all mails, by name.
func letters(t testing.TB, c *Composer, lang string) map[string]func() (Mail, error) {
	t.Helper()
	now := accepted().Add(19 * time.Minute)
	b, s := c.org.Host+"/b/7Q4M2KXD-pV3sLw8", c.org.Host+"/s/5KX8-rN4vQe1"
	one := func(change func(*message.Message)) *message.Message {
		m := sealed(sample(t, lang))
		change(m)
		return m
	}
	cancelled := func(m *message.Message) *message.Message {
		for i := range 2 {
			m.Recipients[i].State, m.Recipients[i].Since = message.Cancelled, accepted().Add(5*24*time.Hour)
		}
		return m
	}
	purged := func(m *message.Message) *message.Message {
		for i := range m.Recipients {
			m.Recipients[i].State, m.Recipients[i].Since = message.Purged, accepted().Add(5*24*time.Hour)
		}
		return m
	}
	released := func(m *message.Message) *message.Message {
		for i := range 2 {
			m.Recipients[i].State, m.Recipients[i].Queued = message.Queued, now.Add(-3*time.Minute)
		}
		return m
	}
	byMail := one(func(m *message.Message) { m.Recipients[0].ByMail, m.Recipients[0].Phone = true, "" })
	files := one(func(m *message.Message) { m.Decision.FileOnly = true })
	neutral := one(func(m *message.Message) { m.Decision.Neutral = true })
	scanner := sample(t, lang)
	scanner.Unattended, scanner.Envelope.From, scanner.Decision.Neutral = true, address(t, "scanner-3@"+c.org.Domain), true
	bounced := one(func(m *message.Message) {
		m.Recipients[0].State, m.Recipients[0].Reply = message.NoticeBounced, "550 5.1.1 No such user here"
	})
	end := accepted().Add(5*24*time.Hour + time.Minute)
	header := []byte("From: a@b.example\r\nSubject: hidden\r\n folded\r\nTo: c@d.example\r\n\r\nbody")
	report := func(m *message.Message, a Action) func() (Mail, error) {
		return func() (Mail, error) {
			return c.DSN(Report{Message: m, Recipient: 0, Action: a, To: m.Envelope.From, Header: header, Hostname: "mx.sigill.example", RetryUntil: now.Add(48 * time.Hour), Now: now})
		}
	}
	failed := one(func(m *message.Message) {
		m.Decision.Verdict, m.Recipients[0].State, m.Recipients[0].Reply, m.Recipients[0].Orig = message.Pass, message.Bounced, "550 5.1.1 No such user here", "rfc822;mattias+2Eberg@lundbacka.example"
	})
	late := one(func(m *message.Message) {
		m.Decision.Verdict, m.Recipients[0].Reply = message.Pass, "451 4.2.1 Mailbox busy"
	})
	return map[string]func() (Mail, error){
		"notice-message":   func() (Mail, error) { return c.Notice(byMail, 0, b, now) },
		"notice-file":      func() (Mail, error) { return c.Notice(files, 0, b, now) },
		"notice-neutral":   func() (Mail, error) { return c.Notice(neutral, 0, b, now) },
		"reminder":         func() (Mail, error) { return c.Reminder(byMail, 0, b, accepted().Add(27*24*time.Hour)) },
		"code":             func() (Mail, error) { return c.Code(byMail, 0, "h4km7rta2wqe", "K4", now.Add(10*time.Minute), now) },
		"code-neutral":     func() (Mail, error) { return c.Code(neutral, 0, "h4km7rta2wqe", "K4", now.Add(10*time.Minute), now) },
		"hold":             func() (Mail, error) { return c.AskPhone(sample(t, lang), s, 0, now) },
		"hold-again":       func() (Mail, error) { return c.AskPhone(sample(t, lang), s, 2, now.Add(24*time.Hour)) },
		"hold-unattended":  func() (Mail, error) { return c.AskPhone(scanner, s, 0, now) },
		"confirm":          func() (Mail, error) { return c.Confirm(sealed(sample(t, lang)), []int{0, 1}, s, now) },
		"confirm-neutral":  func() (Mail, error) { return c.Confirm(neutral, []int{0}, s, now) },
		"hold-ended":       func() (Mail, error) { return c.HoldEnded(cancelled(sample(t, lang)), []int{0, 1}, s, end) },
		"hold-ended-once":  func() (Mail, error) { return c.HoldEnded(purged(sample(t, lang)), []int{0, 1}, s, end) },
		"hold-dropped":     func() (Mail, error) { return c.HoldDropped(cancelled(sample(t, lang)), []int{0}, s, end) },
		"released":         func() (Mail, error) { return c.Released(released(sample(t, lang)), []int{0, 1}, false, s, now) },
		"released-admin":   func() (Mail, error) { return c.Released(released(neutral.Clone()), []int{0}, true, s, now) },
		"released-machine": func() (Mail, error) { return c.Released(released(scanner.Clone()), []int{0}, false, s, now) },
		"alarm": func() (Mail, error) {
			return c.Alarm(address(t, "it@"+c.org.Domain), 1000, now, now.Add(time.Hour), now)
		},
		"inform": func() (Mail, error) {
			in := message.Inform{To: address(t, "dpo@"+c.org.Domain), Rules: []string{"pnr"}, Recipients: []int{0, 1}}
			return c.Inform(sample(t, lang), in, now)
		},
		"inform-machine": func() (Mail, error) {
			in := message.Inform{To: address(t, "dpo@"+c.org.Domain), Rules: []string{"word", "low"}, Recipients: []int{0}}
			return c.Inform(scanner, in, now)
		},
		"notice-failed": func() (Mail, error) { return c.NoticeFailed(bounced, 0, s, now) },
		"code-failed": func() (Mail, error) {
			return c.NoticeFailed(one(func(*message.Message) {}), 0, s, now)
		},
		"password-failed": func() (Mail, error) { return c.NoticeFailed(byMail, 0, s, now) },
		"dsn-failed":      report(failed, Failed),
		"dsn-delayed":     report(late, Delayed),
		"dsn-relayed":     report(sealed(sample(t, lang)), Relayed),
		"dsn-delivered":   report(failed, Delivered),
	}
}

// opened is a mail taken apart.
type opened struct {
	header gomessage.Header
	kinds  []string // media types of the parts
	parts  []string // decoded
}

func open(t testing.TB, m Mail) opened {
	t.Helper()
	e, err := gomessage.Read(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatalf("read mail: %v", err)
	}
	o := opened{header: e.Header}
	mr := e.MultipartReader()
	if mr == nil {
		t.Fatal("not multipart")
	}
	for {
		p, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			return o
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := p.Header.ContentType()
		body, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		o.kinds, o.parts = append(o.kinds, kind), append(o.parts, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
}

var changing = regexp.MustCompile(`[0-9a-z]{26}\.sigill@|=_[0-9a-z]{26}`)

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"sv", "nl", "en"} {
		c := composer(t, org(t, lang))
		for name, write := range letters(t, c, lang) {
			t.Run(name+"."+lang, func(t *testing.T) {
				t.Parallel()
				m, err := write()
				if err != nil {
					t.Fatal(err)
				}
				checkMail(t, c, m)
				o := open(t, m)
				golden(t, name+"."+lang+".txt", headers(t, o.header)+"\n"+o.parts[0]+rest(o))
				if o.kinds[1] == "text/html" {
					golden(t, name+"."+lang+".html", o.parts[1])
					checkHTML(t, o.parts[1], 160)
				}
			})
		}
	}
}

// headers lists the fields with what changes from run to run taken out.
func headers(t *testing.T, h gomessage.Header) string {
	t.Helper()
	var b strings.Builder
	for f := h.Fields(); f.Next(); {
		value, err := (&mime.WordDecoder{}).DecodeHeader(f.Value())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Key(), changing.ReplaceAllString(value, "ID"))
	}
	return b.String()
}

// rest shows the parts of a report for machines.
func rest(o opened) string {
	s := ""
	for i, kind := range o.kinds {
		if i > 0 && kind != "text/html" {
			s += "\n=== " + kind + "\n" + o.parts[i]
		}
	}
	return s
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// checkMail holds what is true of every mail.
func checkMail(t *testing.T, c *Composer, m Mail) {
	t.Helper()
	if bytes.Contains(bytes.ReplaceAll(m.Raw, []byte("\r\n"), nil), []byte("\n")) || bytes.ContainsAny(bytes.ReplaceAll(m.Raw, []byte("\r\n"), nil), "\r\x00") {
		t.Error("a line does not end in CRLF")
	}
	for line := range bytes.Lines(m.Raw) {
		if len(line) > 78+2 {
			t.Errorf("line of %d octets: %q", len(line), line)
		}
	}
	std, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	for key, n := range map[string]int{"From": 1, "To": 1, "Subject": 1, "Date": 1, "Message-Id": 1, "Mime-Version": 1, "Content-Type": 1, "Bcc": 0, "Cc": 0} {
		if got := len(std.Header[key]); got != n {
			t.Errorf("%d fields %s", got, key)
		}
	}
	if std.Header.Get("Auto-Submitted") != "auto-generated" || std.Header.Get("X-Auto-Response-Suppress") != "All" {
		t.Error("an auto-reply may answer this mail")
	}
	if std.Header.Get("Message-Id") != "<"+m.MessageID+">" {
		t.Error("the Message-ID differs")
	}
	from, err := std.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != c.org.From.String() || from[0].Name != c.org.Name {
		t.Errorf("From %v, %v", from, err)
	}
	o := open(t, m)
	checkText(t, o.parts[0])
}

func checkText(t *testing.T, s string) {
	t.Helper()
	for line := range strings.Lines(s) {
		if line = strings.TrimSuffix(line, "\n"); width(line) > columns && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("%d columns: %q", width(line), line)
		}
	}
	for _, bad := range []string{"{{", "}}", "**", "\u00a0", "\u2011", "!"} {
		if strings.Contains(s, bad) {
			t.Errorf("the text has %q:\n%s", bad, s)
		}
	}
}

// noLinks takes out addresses, which are not counted as words.
var noLinks = regexp.MustCompile(`https?://\S+|\S+@\S+`)

// checkHTML holds what is true of every HTML part: well formed, nothing from
// elsewhere, no script, and short.
func checkHTML(t *testing.T, s string, most int) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(void.ReplaceAllString(s, "<$1/>")))
	d.Entity = xml.HTMLEntity
	words, depth, hidden := 0, 0, 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			checkElement(t, tok)
			if tok.Name.Local == "head" || attr(tok, "aria-hidden") == "true" || strings.Contains(attr(tok, "style"), "display:none") {
				hidden = max(hidden, depth)
			}
		case xml.EndElement:
			if hidden == depth {
				hidden = 0
			}
			depth--
		case xml.CharData:
			if hidden == 0 {
				words += len(strings.Fields(noLinks.ReplaceAllString(string(tok), "")))
			}
		}
	}
	if depth != 0 {
		t.Errorf("depth %d at the end", depth)
	}
	if words > most {
		t.Errorf("%d words, at most %d", words, most)
	}
	for _, bad := range []string{"ZgotmplZ", "{{", "url(", "@import"} {
		if strings.Contains(s, bad) {
			t.Errorf("HTML has %q", bad)
		}
	}
	if key := keys.FindString(noLinks.ReplaceAllString(s, "")); key != "" {
		t.Errorf("no text %s", key)
	}
}

// void finds the elements that HTML does not close.
var void = regexp.MustCompile(`<((?:meta|br)\b[^>]*)>`)

// keys finds the name of a text that does not exist.
var keys = regexp.MustCompile(`\b(mail|sms|time|number)\.[a-z_]+`)

// checkWellFormed reads HTML as XML with HTML's own entities and empty elements.
func checkWellFormed(t *testing.T, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(void.ReplaceAllString(s, "<$1/>")))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("not well formed: %v", err)
			}
			return
		}
	}
}

func checkElement(t *testing.T, e xml.StartElement) {
	t.Helper()
	switch e.Name.Local {
	case "script", "img", "link", "iframe", "form", "input", "object", "embed", "svg", "video", "audio", "base":
		t.Errorf("element %s", e.Name.Local)
	}
	for _, a := range e.Attr {
		if n := a.Name.Local; n == "src" || n == "background" || n == "srcset" || strings.HasPrefix(n, "on") {
			t.Errorf("attribute %s", n)
		}
		if a.Name.Local == "href" && !webAddress(a.Value) {
			t.Errorf("link to %q", a.Value)
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
