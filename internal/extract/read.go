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
	m.Text = strings.Join(v.texts, "\n")
	m.HTML = strings.Join(v.htmls, "\n")
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
	w     *walker
	mail  *Mail
	texts []string
	htmls []string
	left  int64

	copying bool
	want    int
	out     io.Writer
	err     error
	started bool
	parts   int
}

func (v *reader) walk(ctx context.Context, r io.Reader, lim Limits) error {
	lim = lim.filled()
	v.left = lim.Text
	v.w = &walker{lim: lim, out: &Content{}, done: ctx.Done()}
	l := newLines(r, v.w.done)
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
	p := v.w.describe(b, &scope{att: -1}, a)
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

// body keeps text of the message itself. What is not an alternative to something else is
// added to both forms, as signatures and footers in parts of their own are.
func (v *reader) body(l *lines, f *leaf, a around) {
	raw, _ := v.w.gather(l, f, v.left)
	v.left -= int64(len(raw))
	isHTML := f.media.Type == "text/html"
	f.found.class = asText
	if isHTML {
		f.found.class = asHTML
	}
	text := decodeText(raw, f.charset(raw)).Text
	alternative := a.parent == "alternative"
	switch {
	case isHTML:
		v.htmls = append(v.htmls, text)
	case alternative:
		v.texts = append(v.texts, text)
	default:
		v.texts = append(v.texts, text)
		if len(v.htmls) > 0 {
			v.htmls = append(v.htmls, "<pre>"+html.EscapeString(text)+"</pre>")
		}
	}
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
	h.put(h.held)
	h.held = h.held[:0]
	body := b
	if h.hold {
		body = bytes.TrimSuffix(b, []byte("\n"))
		if len(body) < len(b) {
			body = bytes.TrimSuffix(body, []byte("\r"))
		}
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
