package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// outView is a mail or a text that went out.
type outView struct {
	At    time.Time
	Text  bool // a text message
	Title string
	To    string
	Lines string // the text message, or what matters of a mail
	Link  string // into the portal
	Who   string // who would press it
	N     int    // of a mail
	Same  bool   // ordinary mail that passed
}

// outgoing puts mails and texts in one list, newest first.
func (d *demo) outgoing(ctx context.Context, p *printer) ([]outView, error) {
	mails, _ := d.hop.all()
	all, err := d.readTexts(p)
	if err != nil {
		return nil, err
	}
	for _, m := range mails {
		one, err := d.mailView(ctx, m)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b outView) int { return b.At.Compare(a.At) })
	return all[:min(len(all), shown)], nil
}

var (
	textCode = regexp.MustCompile(`\b[0-9]{6}\b`)
	textMark = regexp.MustCompile(`\b[A-Z][0-9]\b`)
	password = regexp.MustCompile(`\b[a-hjkmnp-z2-9]{12}\b`)
)

// readTexts reads what the file provider wrote. A last line that is not whole yet waits
// for the next look.
func (d *demo) readTexts(p *printer) ([]outView, error) {
	data, err := os.ReadFile(d.texts)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []outView
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var t struct {
			To, Text string
			Time     time.Time
		}
		if err := json.Unmarshal(line, &t); err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		all = append(all, outView{At: t.Time, Text: true, Title: textTitle(p, t.Text), To: message.Phone(t.To).Pretty(), Lines: t.Text})
	}
	return all, nil
}

func textTitle(p *printer, text string) string {
	code, mark := textCode.FindString(text), textMark.FindString(text)
	if code == "" || mark == "" {
		return p.T("demo.out.text")
	}
	return p.T("demo.out.code", "Code", code, "Mark", mark)
}

// mailView finds in a mail what leads on: a link into the portal, or a password.
func (d *demo) mailView(ctx context.Context, m mail) (outView, error) {
	v := outView{At: m.At, N: m.N, To: strings.Join(m.To, ", ")}
	read, err := extract.Read(ctx, bytes.NewReader(m.Raw), extract.DefaultLimits())
	if err != nil {
		return v, fmt.Errorf("read mail %d: %w", m.N, err)
	}
	v.Title = read.Header.Subject
	if read.Header.Get("Sigill-Own") == "" {
		v.Same = true
		return v, nil
	}
	v.Link = d.link(read.Text)
	if len(m.To) > 0 {
		v.Who = firstName(m.To[0])
	}
	if v.Link == "" {
		v.Lines = password.FindString(read.Text)
	}
	return v, nil
}

// link finds the first address of a message in the portal in a text.
func (d *demo) link(text string) string {
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, d.base+"/b/") || strings.HasPrefix(word, d.base+"/s/") {
			return word
		}
	}
	return ""
}

// firstName is what an address says of a name: Karin of karin.ekman@home.example.
func firstName(address string) string {
	name, _, _ := strings.Cut(address, "@")
	name, _, _ = strings.Cut(name, ".")
	return upper(name)
}
