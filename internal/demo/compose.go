package demo

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"
)

// letter is a message to send.
type letter struct {
	to, name      string // address and name of the recipient; the name may be empty
	subject, text string
	files         []attachment
}

// attachment is a file on its way.
type attachment struct {
	name, kind string // kind is a media type; empty: from the data
	data       []byte
}

// send gives a letter to the gateway as a mail server would.
func (d *demo) send(l letter) error {
	raw, err := l.compose(time.Now())
	if err != nil {
		return err
	}
	c, err := smtp.Dial(d.smtp)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	// An address beyond ASCII needs the extension of RFC 6531.
	o := &smtp.MailOptions{UTF8: strings.ContainsFunc(l.to, func(r rune) bool { return r > unicode.MaxASCII })}
	if err := c.Mail(sender, o); err != nil {
		return err
	}
	if err := c.Rcpt(l.to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if err := finish(w, raw); err != nil {
		return err
	}
	return c.Quit()
}

// compose writes the letter in the form of RFC 5322.
func (l letter) compose(now time.Time) ([]byte, error) {
	var h gomail.Header
	h.SetDate(now)
	h.SetAddressList("From", []*gomail.Address{{Name: senderAs, Address: sender}})
	h.SetAddressList("To", []*gomail.Address{{Name: l.name, Address: l.to}})
	h.SetSubject(l.subject)
	if err := h.GenerateMessageIDWithHostname(orgDomain); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	write := l.writePlain
	if len(l.files) > 0 {
		write = l.writeParts
	}
	if err := write(&b, h); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var plainText = map[string]string{"charset": "utf-8"}

func (l letter) writePlain(b io.Writer, h gomail.Header) error {
	h.SetContentType("text/plain", plainText)
	w, err := gomail.CreateSingleInlineWriter(b, h)
	if err != nil {
		return err
	}
	return finish(w, []byte(l.lines()))
}

func (l letter) writeParts(b io.Writer, h gomail.Header) error {
	w, err := gomail.CreateWriter(b, h)
	if err != nil {
		return err
	}
	var text gomail.InlineHeader
	text.SetContentType("text/plain", plainText)
	p, err := w.CreateSingleInline(text)
	if err == nil {
		err = finish(p, []byte(l.lines()))
	}
	for i := 0; i < len(l.files) && err == nil; i++ {
		err = l.files[i].write(w)
	}
	if err != nil {
		return err
	}
	return w.Close()
}

// lines is the text with the line ends of mail.
func (l letter) lines() string {
	return strings.ReplaceAll(strings.ReplaceAll(l.text, "\r\n", "\n"), "\n", "\r\n")
}

func (f attachment) write(w *gomail.Writer) error {
	kind := f.kind
	if kind == "" {
		kind = http.DetectContentType(f.data)
	}
	var h gomail.AttachmentHeader
	h.SetContentType(kind, nil)
	h.SetFilename(f.name)
	p, err := w.CreateAttachment(h)
	if err != nil {
		return err
	}
	return finish(p, f.data)
}

func finish(w io.WriteCloser, data []byte) error {
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}
