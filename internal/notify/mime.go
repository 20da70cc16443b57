package notify

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	gomessage "github.com/emersion/go-message"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// part is one part of a multipart mail.
type part struct {
	kind     string            // media type
	params   map[string]string // of the media type
	encoding string            // Content-Transfer-Encoding
	body     string            // lines ended by LF or CRLF
}

const utf8QP = "quoted-printable"

// finish makes the mail of a letter.
func (c *Composer) finish(l *letter, to message.Address, now time.Time) (Mail, error) {
	page, err := c.html(l)
	if err != nil {
		return Mail{}, err
	}
	charset := map[string]string{"charset": "utf-8"}
	return c.mail(l.Title, l.Lang, to, now, "alternative", nil, []part{
		{"text/plain", charset, utf8QP, c.plain(l)},
		{"text/html", charset, utf8QP, page},
	})
}

// mail writes a multipart mail (RFC 5322, RFC 2046). Its fields are ours: of what
// comes from outside only the parsed address of the recipient stands among them.
func (c *Composer) mail(title, lang string, to message.Address, now time.Time, multi string, params map[string]string, parts []part) (Mail, error) {
	if to.IsNull() {
		return Mail{}, fmt.Errorf("write mail: nobody to write to")
	}
	id := message.NewID(now)
	m := Mail{From: c.org.From, To: to, MessageID: string(id) + ".sigill@" + c.org.From.Domain()}
	all := map[string]string{"boundary": "=_" + string(id)}
	for k, v := range params {
		all[k] = v
	}
	var h gomessage.Header
	h.SetContentType("multipart/"+multi, all)
	for _, f := range [][2]string{
		{"MIME-Version", "1.0"},
		{"X-Auto-Response-Suppress", "All"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834 5
		{"Content-Language", lang},
		{"Subject", encode(title)},
		{"Message-ID", "<" + m.MessageID + ">"},
		{"Date", now.In(c.org.Zone).Format(time.RFC1123Z)},
		{"To", to.String()},
		{"From", phrase(c.org.Name) + " <" + c.org.From.String() + ">"},
	} { // the last added stands first
		h.Add(f[0], f[1])
	}
	var b bytes.Buffer
	if err := writeMultipart(&b, h, parts); err != nil {
		return Mail{}, fmt.Errorf("write mail: %w", err)
	}
	m.Raw = b.Bytes()
	return m, nil
}

// encode makes a text fit for an unstructured header field (RFC 5322 2.2.1), as
// encoded words when it is not ASCII or only looks like one (RFC 2047).
func encode(s string) string {
	s = clean(locale.Plain(s), 200)
	if !strings.Contains(s, "=?") && !strings.ContainsFunc(s, func(r rune) bool { return r > '~' }) {
		return s
	}
	var words []string
	word := ""
	for _, r := range s {
		q := quoted(r)
		if len(word)+len(q) > maxWord {
			words, word = append(words, word), ""
		}
		word += q
	}
	words = append(words, word)
	return "=?utf-8?q?" + strings.Join(words, "?= =?utf-8?q?") + "?="
}

// maxWord is the room in one encoded word, so that a line with the name of its field
// stays within the 76 characters of RFC 2047 2.
const maxWord = 48

// quoted is the Q encoding of one character (RFC 2047 4.2), with nothing left plain
// that a phrase would not allow.
func quoted(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return string(r)
	}
	var b strings.Builder
	for _, c := range []byte(string(r)) {
		fmt.Fprintf(&b, "=%02X", c)
	}
	return b.String()
}

// phrase makes a name fit to stand in front of an address (RFC 5322 3.2.5).
func phrase(s string) string {
	s = encode(s)
	if strings.HasPrefix(s, "=?") || !strings.ContainsFunc(s, special) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// special says that a character cannot stand in a phrase without quotes.
func special(r rune) bool { return strings.ContainsRune(`()<>[]:;@\,."`, r) }

func writeMultipart(w io.Writer, h gomessage.Header, parts []part) error {
	mw, err := gomessage.CreateWriter(w, h)
	if err != nil {
		return err
	}
	for _, p := range parts {
		var ph gomessage.Header
		ph.SetContentType(p.kind, p.params)
		ph.Set("Content-Transfer-Encoding", p.encoding)
		pw, err := mw.CreatePart(ph)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(pw, crlf(p.body)); err != nil {
			return err
		}
		if err := pw.Close(); err != nil {
			return err
		}
	}
	return mw.Close()
}

// crlf ends every line as mail does, whatever ended it before.
func crlf(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}
