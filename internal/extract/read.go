package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
)

// Mail is a message laid out for reading.
type Mail struct {
	Header Header
	Text   string // plain text of the message, UTF-8; empty if it has none
	HTML   string // HTML of the message as sent, UTF-8, NOT sanitised; empty if it has none
	Parts  []Part // attachments, in order
}

// Part is an attachment of a message. A message attached to it is one part.
type Part struct {
	Index     int // for CopyPart, from 0
	Name      string
	Type      string // declared media type, lower case; not to be trusted
	Size      int64  // bytes, decoded
	Inline    bool
	ContentID string // without angle brackets
}

// ErrNoPart is returned for an index that the message does not have.
var ErrNoPart = errors.New("no such part")

// Read reads a whole raw message for its reader. Text beyond the limits is cut. The error
// is one of reading r or of ctx.
func Read(ctx context.Context, r io.Reader, lim Limits) (*Mail, error) {
	m := &Mail{}
	v := &reader{mail: m}
	err := v.walk(ctx, r, lim)
	if err != nil {
		return nil, err
	}
	m.Text, m.HTML = v.layout()
	return m, nil
}

// CopyPart writes the decoded bytes of the attachment with that index to w, streamed, and
// returns what it is. The index is that of [Mail.Parts].
func CopyPart(ctx context.Context, w io.Writer, r io.Reader, index int) (Part, error) {
	if index < 0 {
		return Part{}, ErrNoPart
	}
	v := &reader{mail: &Mail{}, want: index, out: w, copying: true}
	if err := v.walk(ctx, r, Limits{}); err != nil {
		return Part{}, err
	}
	if v.err != nil {
		return Part{}, fmt.Errorf("write part: %w", v.err)
	}
	if index >= len(v.mail.Parts) {
		return Part{}, ErrNoPart
	}
	return v.mail.Parts[index], nil
}

// reader walks a message for Read and CopyPart.
type reader struct {
	w      *walker
	mail   *Mail
	bodies []bodyText
	left   int64

	copying bool
	want    int
	out     io.Writer
	err     error
	started bool
	parts   int
}

func (v *reader) walk(ctx context.Context, r io.Reader, lim Limits) error {
	lim = lim.Filled()
	v.left = lim.Text
	v.w = &walker{lim: lim, out: &Content{}, done: ctx.Done()}
	l := newLines(r, v.w.done)
	defer l.release()
	b := v.w.readBlock(l)
	v.mail.Header = b.header()
	v.entity(l, &b, around{})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case l.err != nil:
		return fmt.Errorf("read message: %w", l.err)
	}
	return nil
}

func (v *reader) entity(l *lines, b *block, a around) {
	p := v.w.describe(b, a)
	boundary := strings.TrimRight(p.media.get("boundary"), " \t")
	if !p.multi() || boundary == "" || len(boundary) > maxBoundary || a.mime >= v.w.lim.MIMEDepth {
		v.leaf(l, &p, a)
		return
	}
	below := around{mime: a.mime + 1, parent: strings.TrimPrefix(p.media.Type, "multipart/")}
	w := l.parts(boundary, func() {}, func() bool {
		if v.parts++; v.parts > v.w.lim.Parts {
			return false
		}
		inner := v.w.readBlock(l)
		v.entity(l, &inner, below)
		return !v.done()
	})
	if w.last {
		l.drain()
	}
}

// done says whether the wanted part was copied.
func (v *reader) done() bool { return v.copying && len(v.mail.Parts) > v.want }

func (v *reader) leaf(l *lines, p *part, a around) {
	first := !v.started
	v.started = true
	f := leaf{part: p, dec: newDecoder(p.enc)}
	if p.disp == "attachment" || !first && len(p.names) > 0 || !f.declaredText() {
		v.attachment(l, &f)
		return
	}
	v.body(l, &f, a)
}

// bodyText is one text of the message itself.
type bodyText struct {
	text        string
	html        bool
	alternative bool // to the part behind it
}

func (v *reader) body(l *lines, f *leaf, a around) {
	raw, _ := v.w.gather(l, f, v.left)
	v.left -= int64(len(raw))
	b := bodyText{html: f.media.Type == "text/html", alternative: a.parent == "alternative"}
	f.found.class = asText
	if b.html {
		f.found.class = asHTML
	}
	b.text = decodeText(raw, f.charset(raw)).Text
	v.bodies = append(v.bodies, b)
}

// layout puts the texts together. What is no alternative to something else stands in both
// forms, as signatures and footers in parts of their own do.
func (v *reader) layout() (text, markup string) {
	var texts, htmls []string
	rich := false
	for _, b := range v.bodies {
		switch {
		case b.html:
			rich = true
			htmls = append(htmls, b.text)
		case b.alternative:
			texts = append(texts, b.text)
		default:
			texts = append(texts, b.text)
			htmls = append(htmls, "<pre>"+html.EscapeString(b.text)+"</pre>")
		}
	}
	if rich {
		markup = strings.Join(htmls, "\n")
	}
	return strings.Join(texts, "\n"), markup
}

func (v *reader) attachment(l *lines, f *leaf) {
	p := Part{
		Index: len(v.mail.Parts), Name: f.name, Type: f.media.Type, ContentID: f.cid,
		Inline: f.disp == "inline" || f.disp == "" && f.cid != "",
	}
	out := io.Discard
	if v.copying && v.want == p.Index {
		out = v.out
	}
	h := &tailHolder{w: out, hold: f.enc != base64d}
	v.w.buf = v.w.buf[:0]
	f.head = nil
	v.w.each(l, f, h.write)
	p.Size = h.n
	v.err = errors.Join(v.err, h.err)
	v.mail.Parts = append(v.mail.Parts, p)
}

// tailHolder writes all but the last line end, which belongs to the boundary that follows
// (RFC 2046 5.1.1).
type tailHolder struct {
	w    io.Writer
	hold bool
	held []byte
	n    int64
	err  error
}

func (h *tailHolder) write(b []byte) {
	if h.err != nil || len(b) == 0 {
		return
	}
	if string(h.held) == "\r" && b[0] == '\n' {
		b = append([]byte("\r"), b...)
	} else {
		h.put(h.held)
	}
	h.held = h.held[:0]
	body := b
	if h.hold {
		body = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	}
	h.put(body)
	h.held = append(h.held, b[len(body):]...)
}

func (h *tailHolder) put(b []byte) {
	if len(b) == 0 || h.err != nil {
		return
	}
	n, err := h.w.Write(b)
	h.n += int64(n)
	h.err = err
}
