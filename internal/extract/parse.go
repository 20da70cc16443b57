package extract

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"
	"strings"

	"sigill/internal/extract/pdf"
)

// Parse reads a whole raw message (RFC 5322, MIME; CRLF or LF) as a stream and returns
// what was found. It never fails because of the message's content: what is malformed
// becomes an [Unreadable]. The error is one of reading r or of ctx.
//
// What is outside the strict subset (strict.go) is read a second time, by a reader that is
// not ours: it belongs into a process that may die.
func (p Parser) Parse(ctx context.Context, r io.Reader, lim Limits) (*Content, error) {
	c, _, err := parse(ctx, r, lim, &walker{pdf: p.PDF})
	return c, err
}

// Parse is [Parser.Parse] of the zero Parser.
func Parse(ctx context.Context, r io.Reader, lim Limits) (*Content, error) {
	return Parser{}.Parse(ctx, r, lim)
}

// ParsePlain is Parse for a message that needs no second reading and none of whose parts
// must be opened. As soon as it meets one that must (an office document, an archive), it
// stops and says so by needsChild; the content is then incomplete and the message is for
// [Parser.Parse], in a process that may die. It says so too when the message is outside the
// strict subset; the content then lacks the second reading.
func ParsePlain(ctx context.Context, r io.Reader, lim Limits) (c *Content, needsChild bool, err error) {
	return parse(ctx, r, lim, &walker{plain: true})
}

func parse(ctx context.Context, r io.Reader, lim Limits, w *walker) (*Content, bool, error) {
	lim = lim.Filled()
	timed, cancel := context.WithTimeout(ctx, lim.Time)
	defer cancel()
	w.lim, w.out, w.done, w.text, w.unpacked = lim, &Content{}, timed.Done(), lim.Text, lim.Unpacked
	w.aside = newAside(lim)
	var kept *spool
	if !w.plain {
		kept = &spool{max: maxSecond}
		r = io.TeeReader(r, kept)
	}
	l := newLines(r, w.done)
	defer l.release()
	w.message(l, &scope{att: -1}, true)
	w.lineEnds(l)
	switch {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case l.err != nil:
		return nil, false, fmt.Errorf("read message: %w", l.err)
	case l.stopped || w.late:
		w.unreadable("message", Timeout, "time limit")
	case w.plain:
		w.needs = w.needs || w.odd
	case w.odd:
		w.again(kept)
	}
	return w.out, w.needs, nil
}

// lineEnds looks at how the lines of a message ended.
func (w *walker) lineEnds(l *lines) {
	if l.bareCR || l.crlf && l.lf {
		w.outside()
	}
}

// walker reads one message. It lives for one call.
type walker struct {
	lim   Limits
	out   *Content
	done  <-chan struct{}
	pdf   *pdf.Engine
	plain bool // do not open attachments
	needs bool // one would have to be opened
	late  bool // done was closed while something was unpacked
	odd   bool // the message is outside the strict subset

	settled map[Unreadable]bool       // doubts that end when the second reading agrees
	footed  map[string]bool           // addresses of texts in base64 with plain lines behind its end
	nested  func(raw []byte, f *leaf) // reads an attached message, in place of the walk itself
	gaveUp  func()                    // for tests: called where a reader has panicked, with the stack of that still there

	aside  aside                      // of the pictures that are not read here
	pdfs   map[pdfKey]*pdfRead        // what was found in each PDF file
	opened map[[sha256.Size]byte]bool // the attachments that were opened

	text     int64 // bytes of text still allowed
	unpacked int64 // bytes of unpacked content still allowed
	parts    int
	files    int
	fullText bool // the limit was reported
	told     map[Reason]int

	hbuf []byte // header of the present entity
	buf  []byte // body of the present part
}

// scope is one message: the outer one, or one attached to it.
type scope struct {
	prefix  string // of addresses: "" or "att[4]/x.eml!"
	nest    int    // containers around it
	att     int    // index of the attachment it came in, or -1
	texts   int    // counters of what was met
	htmls   int
	atts    int
	started bool // a leaf was met
}

// around is what a part inherits from the multiparts around it.
type around struct {
	mime   int              // number of multiparts
	parent string           // subtype of the nearest
	over   transferEncoding // that of the nearest which has one
}

// expired says whether the time is over.
func (w *walker) expired() bool {
	select {
	case <-w.done:
		w.late = true
		return true
	default:
		return false
	}
}

func (w *walker) unreadable(where string, r Reason, detail string) {
	for i := range w.out.Unreadable {
		u := &w.out.Unreadable[i]
		if u.Where == where && u.Reason == r && u.Detail == detail {
			return
		}
	}
	if w.told == nil {
		w.told = map[Reason]int{}
	}
	if w.told[r]++; w.told[r] <= maxFindings {
		w.out.Unreadable = append(w.out.Unreadable, Unreadable{where, r, detail})
	}
}

// maxFindings bounds the list of what could not be read, for each reason: the first ones tell the story, but many of a kind
// that a policy lets pass must not crowd out one that it does not.
const maxFindings = 200

// segment adds text within the limit for all text.
func (w *walker) segment(where string, k Kind, att int, text string, quoted ...Span) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if int64(len(text)) > w.text {
		text = strings.ToValidUTF8(text[:w.text], "")
		w.full(where)
		if text == "" {
			return
		}
	}
	w.text -= int64(len(text))
	w.out.Segments = append(w.out.Segments, Segment{Where: where, Kind: k, Text: text, Quoted: clip(quoted, len(text)), Attachment: att})
	if shown, matters := backwards(text); matters {
		w.unreadable(where, Ambiguous, shownBackwards)
		w.segment(where, Hidden, att, shown)
	}
	if controlInNumber(text) {
		w.segment(where, Hidden, att, withoutControl.Replace(text))
	}
}

// withoutControl drops what mail programs drop.
var withoutControl = strings.NewReplacer("\x00", "", "\x7f", "")

// controlInNumber says whether a digit or a dash is followed by characters that mail programs drop, and then by another.
func controlInNumber(s string) bool {
	for _, c := range []byte{0, 0x7f} {
		for rest := s; ; {
			i := strings.IndexByte(rest, c)
			if i < 0 {
				break
			}
			after := strings.TrimLeft(rest[i:], "\x00\x7f")
			if i > 0 && after != "" && ofNumber(rest[i-1]) && ofNumber(after[0]) {
				return true
			}
			rest = after
		}
	}
	return false
}

func ofNumber(c byte) bool { return c >= '0' && c <= '9' || c == '-' || c == ' ' || c >= 0x80 }

// full reports once that there is more text than the limit.
func (w *walker) full(where string) {
	if !w.fullText {
		w.fullText = true
		w.unreadable(where, TooLarge, "more text than the limit")
	}
}

func clip(spans []Span, n int) []Span {
	out := spans[:0]
	for _, s := range spans {
		if s.Start < n {
			out = append(out, Span{s.Start, min(s.End, n)})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// message reads a header and the entity below it.
func (w *walker) message(l *lines, s *scope, top bool) {
	b := w.readBlock(l)
	w.oddHeader(&b, s, s.prefix+"header")
	h := b.header()
	if top {
		w.out.Header = h
	}
	w.shownFields(&h, s, top)
	for _, text := range b.others {
		w.segment(s.where("header/words"), Hidden, s.att, text)
	}
	w.entity(l, &b, s, around{})
}

// oddHeader reports a header that can be read in two ways and gives out the other reading.
func (w *walker) oddHeader(b *block, s *scope, where string) {
	if b.over != "" {
		w.unreadable(where, b.over, "header beyond the limit")
	}
	switch {
	case b.odd == "":
	case b.mild:
		w.sloppy(where, b.odd)
	default:
		w.doubt(where, b.odd)
	}
	if len(b.junk) > 0 {
		w.segment(where, Hidden, s.att, lenient(b.junk))
	}
}

// entity reads the body below a header (RFC 2045 2.4).
func (w *walker) entity(l *lines, b *block, s *scope, a around) {
	p := w.describe(b, a)
	switch {
	case strings.HasPrefix(p.media.Type, "multipart/"):
		w.multipart(l, &p, s, a)
	default:
		w.leaf(l, &p, s)
	}
}

// part is what the header of an entity says about its body.
type part struct {
	media  media
	enc    transferEncoding
	over   transferEncoding // that of the multiparts around it, which should have none
	disp   string           // "attachment", "inline", another word, or ""
	name   string
	names  []string // every name that a program could take
	cid    string
	doubt  string // why the header can be read in two ways
	mild   bool   // the doubt is settled when a second reading agrees
	second string // the type by the other reading, if there is one
	bare   bool   // the header says nothing of the content
}

// where is the address of the part itself, for what is wrong with its structure.
func (s *scope) where(what string) string { return s.prefix + what }

// describe reads the content fields.
func (w *walker) describe(b *block, a around) part {
	was := b.odd
	b.odd = ""
	ct := b.get("Content-Type")
	p := part{media: parseMedia(ct), over: a.over}
	if b.odd != "" {
		p.second = parseMedia(b.last("Content-Type")).Type
	}
	if ct == "" {
		p.media.Type = "text/plain"
		if a.parent == "digest" {
			p.media.Type = "message/rfc822"
		}
	}
	proper := p.media.proper()
	if !proper {
		p.media.Type = "text/plain"
	}
	cte := b.get("Content-Transfer-Encoding")
	enc, sure := transfer(cte)
	p.enc = enc
	p.bare = ct == "" && cte == ""
	rawDisp := b.get("Content-Disposition")
	disp := parseMedia(rawDisp)
	p.disp = disp.Type
	p.cid = strings.Trim(b.last("Content-ID"), "<> ")
	p.names = names(&disp, &p.media)
	if len(p.names) > 0 {
		p.name = p.names[0]
	}
	if b.loose || ct != "" && !strictField(ct) || rawDisp != "" && !strictField(rawDisp) || p.media.loose || disp.loose || !p.multi() && p.media.get("boundary") != "" || enc != identity && (p.multi() || isMessage(p.media.Type)) {
		w.outside()
	}
	switch {
	case b.odd != "":
		p.doubt = b.odd
	case !sure:
		p.doubt, p.mild = "unknown transfer encoding", harmlessEncoding(cte)
	case !proper && !p.media.Odd && harmlessType(ct):
		p.doubt, p.mild = "malformed Content-Type", true
	case !proper, p.multi() && (p.media.Odd || strings.Contains(p.media.get("boundary"), `\`)):
		p.doubt = "malformed Content-Type"
	}
	b.odd = was
	return p
}

// harmlessType says whether a type that is none can only be meant as plain text.
func harmlessType(ct string) bool {
	switch strings.ToLower(ct) {
	case "", "text", "plain", "text/":
		return true
	}
	return false
}

func (p *part) multi() bool { return strings.HasPrefix(p.media.Type, "multipart/") }

// names returns the distinct file names, the one of Content-Disposition first.
func names(disp, typ *media) []string {
	var out []string
	for _, n := range append(disp.all("filename"), typ.all("name")...) {
		n = strings.TrimSpace(strings.Map(dropControl, n))
		if n == "" || contains(out, n) {
			continue
		}
		out = append(out, n)
	}
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func dropControl(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

// numbered is "body/text" for the first and "body/text[2]" for the second.
func numbered(what string, n int) string {
	if n <= 1 {
		return what
	}
	return what + "[" + strconv.Itoa(n) + "]"
}

// safeName makes a file name fit for an address: without the characters that addresses
// are built of, and not too long.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch r {
		case '/', '\\', '!', '\n', '\r', '\t':
			return '_'
		}
		return dropControl(r)
	}, name)
	const most = 120
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "")
	}
	return name
}
