package policy

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"path"
	"slices"
	"strings"

	"sigill/internal/message"
)

// Senders and recipients of tests that name none.
const (
	testFrom = "sender@sender.example"
	testTo   = "recipient@recipient.example"
)

// raw is the wire form of a test's message.
func (t *testNode) raw(read ReadFile) ([]byte, error) {
	if t.File != "" {
		if read == nil {
			return nil, fmt.Errorf("file %q: no files can be read here", t.File)
		}
		data, err := read(t.File)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.File, err)
		}
		return data, nil
	}
	var b bytes.Buffer
	t.header(&b)
	if len(t.Attachments) == 0 {
		t.content(&b)
		return b.Bytes(), nil
	}
	b.WriteString("Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n--outer\r\n")
	t.content(&b)
	for i := range t.Attachments {
		b.WriteString("\r\n--outer\r\n")
		if err := t.Attachments[i].write(&b); err != nil {
			return nil, err
		}
	}
	b.WriteString("\r\n--outer--\r\n")
	return b.Bytes(), nil
}

func (t *testNode) header(b *bytes.Buffer) {
	from := t.From
	if from == "" {
		from = testFrom
	}
	field := func(name, value string) {
		fmt.Fprintf(b, "%s: %s\r\n", name, mime.QEncoding.Encode("utf-8", value))
	}
	field("From", from)
	field("To", strings.Join(t.to(), ", "))
	field("Subject", t.Subject)
	field("Message-ID", "<test@sender.example>")
	field("Date", "Tue, 24 Nov 2026 10:00:00 +0100")
	field("MIME-Version", "1.0")
	var names []string
	for name := range t.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		field(name, t.Headers[name])
	}
}

func (t *testNode) to() []string {
	if len(t.To) == 0 {
		return []string{testTo}
	}
	var to []string
	for _, a := range t.To {
		to = append(to, a.Value)
	}
	return to
}

// content writes the body: text, HTML, or both as alternatives.
func (t *testNode) content(b *bytes.Buffer) {
	switch {
	case t.HTML == "":
		part(b, "text/plain", strings.ReplaceAll(t.Body, joint, ""))
	case t.Body == "":
		part(b, "text/html", t.HTML)
	default:
		b.WriteString("Content-Type: multipart/alternative; boundary=\"inner\"\r\n\r\n--inner\r\n")
		part(b, "text/plain", t.Body)
		b.WriteString("\r\n--inner\r\n")
		part(b, "text/html", t.HTML)
		b.WriteString("\r\n--inner--\r\n")
	}
}

func part(b *bytes.Buffer, media, text string) {
	fmt.Fprintf(b, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", media)
	w := quotedprintable.NewWriter(b)
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	_, _ = w.Write([]byte(text)) // a bytes.Buffer takes everything
	_ = w.Close()
}

func (a *testAttachmentNode) write(b *bytes.Buffer) error {
	media := a.Type
	if media == "" {
		media = mediaType(a.Name)
	}
	content := []byte(a.Text)
	if a.Base64 != "" {
		var err error
		if content, err = base64.StdEncoding.DecodeString(a.Base64); err != nil {
			return fmt.Errorf("attachment %q: %w", a.Name, err)
		}
	}
	if a.Encrypted {
		if !strings.EqualFold(path.Ext(a.Name), ".zip") {
			return fmt.Errorf("attachment %q: encrypted goes with .zip files", a.Name)
		}
		var err error
		if content, err = lockedZip(a.Text); err != nil {
			return err
		}
	}
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": a.Name})
	if disposition == "" {
		return fmt.Errorf("attachment %q: a name that mail cannot carry", a.Name)
	}
	fmt.Fprintf(b, "Content-Type: %s\r\nContent-Disposition: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n", media, disposition)
	encoded := base64.StdEncoding.EncodeToString(content)
	for chunk := range slices.Chunk([]byte(encoded), 76) {
		b.Write(chunk)
		b.WriteString("\r\n")
	}
	return nil
}

// mediaType is what mail programs declare for a file name, for the few types that tests need.
func mediaType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".txt", ".md", ".log":
		return "text/plain; charset=utf-8"
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".html", ".htm":
		return "text/html; charset=utf-8"
	case ".eml":
		return "message/rfc822"
	case ".zip":
		return "application/zip"
	case ".pdf":
		return "application/pdf"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
}

// lockedZip is an archive whose one file says that it is encrypted (APPNOTE 4.4.4, bit 0).
func lockedZip(content string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{
		Name: "content.txt", Method: zip.Store, Flags: 1, CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content)),
	})
	if err == nil {
		_, err = f.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("write archive: %w", err)
	}
	return b.Bytes(), nil
}

// envelope is that of the test's message.
func (t *testNode) envelope() (message.Envelope, error) {
	from := t.From
	if from == "" {
		from = testFrom
	}
	var env message.Envelope
	var err error
	if env.From, err = message.ParseAddress(from); err != nil {
		return env, fmt.Errorf("from: %w", err)
	}
	for _, to := range t.to() {
		a, err := message.ParseAddress(to)
		if err != nil {
			return env, fmt.Errorf("to: %w", err)
		}
		env.To = append(env.To, message.RcptTo{Address: a})
	}
	return env, nil
}
