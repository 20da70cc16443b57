package extract

import (
	"bytes"
	"strings"
)

// maxBoundary is the longest boundary accepted; RFC 2046 5.1.1 allows 70 characters.
const maxBoundary = 256

// multipart walks the parts of a multipart (RFC 2046 5.1).
func (w *walker) multipart(l *lines, p *part, s *scope, a around) {
	where := s.where("multipart")
	boundary := strings.TrimRight(p.media.get("boundary"), " \t")
	if p.doubt == "" && p.enc != identity {
		p.doubt, p.mild = "multipart with a transfer encoding", true
	}
	w.doubts(p, where)
	if !strictBoundary(boundary) || l.begins(boundary) {
		w.outside()
	}
	switch {
	case boundary == "" || len(boundary) > maxBoundary:
		b := w.collect(l, w.text)
		if !s.only(b) {
			w.doubt(where, "multipart without a usable boundary")
		}
		w.segment(where, Hidden, s.att, lenient(b))
		return
	case a.mime >= w.lim.MIMEDepth:
		w.unreadable(where, TooDeep, "multiparts nested deeper than the limit")
		w.rawText(l, where, s)
		return
	}
	below := around{mime: a.mime + 1, parent: strings.TrimPrefix(p.media.Type, "multipart/")}
	if below.over = p.enc; p.enc == identity {
		below.over = a.over
	}
	found := len(w.out.Unreadable)
	blank := false
	r := l.parts(boundary, func() {
		w.filler(l, s, "preamble")
		blank = s.only(w.buf)
	}, func() bool { return w.onePart(l, s, below) })
	if r.last {
		w.filler(l, s, "epilogue")
	} else {
		w.outside()
	}
	switch {
	case r.doubt == "":
	case r.doubt == noParts && blank && !l.begins(boundary): // the header of a message alone, as bounces have it
	case r.doubt == endedOutside:
		w.sloppy(where, r.doubt)
	default:
		w.doubt(where, r.doubt)
	}
	if below.parent == "encrypted" && !w.protectedSince(found) {
		w.unreadable(where, Ambiguous, "multipart/encrypted without encrypted content")
	}
}

// only says whether a message that is attached to another one has nothing below its header: bounces carry the header alone.
func (s *scope) only(body []byte) bool { return s.att >= 0 && len(bytes.TrimSpace(body)) == 0 }

const noParts = "multipart without parts"

// endedOutside is what becomes of a multipart that a careless program forgot to close.
const endedOutside = "multipart ended by an outer boundary"

// begins says whether a boundary and one of the open ones begin alike, as far as the shorter
// one goes: some programs compare no more than that.
func (l *lines) begins(boundary string) bool {
	for _, b := range l.bounds {
		if open := string(b[2:]); strings.HasPrefix(open, boundary) || strings.HasPrefix(boundary, open) {
			return true
		}
	}
	return false
}

// protectedSince says whether something encrypted was met among the parts.
func (w *walker) protectedSince(n int) bool {
	for _, u := range w.out.Unreadable[n:] {
		if u.Reason == AlreadyProtected {
			return true
		}
	}
	return false
}

// onePart reads one body part; false when there are too many.
func (w *walker) onePart(l *lines, s *scope, a around) bool {
	if w.parts++; w.parts > w.lim.Parts {
		w.unreadable(s.where("multipart"), TooMany, "more parts than the limit")
		l.bounds = l.bounds[:len(l.bounds)-1] // the rest of this multipart is one text
		w.rawText(l, s.where("multipart"), s)
		return false
	}
	b := w.readBlock(l)
	w.oddHeader(&b, s, s.where("header"))
	description, others := readWords(b.last("Content-Description"))
	for _, text := range append(others, description) {
		w.segment(s.where("header"), Hidden, s.att, text)
	}
	w.entity(l, &b, s, a)
	return !w.needs
}

// walked tells how a multipart ended.
type walked struct {
	count int
	last  bool   // the close delimiter was met: an epilogue may follow
	doubt string // why programs could differ in reading it; fixed wording
}

// parts reads a multipart: preamble is called at its start and part at each part; both
// read from l as far as they like. When part returns false, no further part is read.
func (l *lines) parts(boundary string, preamble func(), part func() bool) walked {
	level := len(l.bounds)
	var r walked
	for _, b := range l.bounds {
		if string(b[2:]) == boundary {
			r.doubt = "boundary used twice"
		}
	}
	l.bounds = append(l.bounds, []byte("--"+boundary))
	wasNear := l.near
	l.near = false
	preamble()
	l.drain()
	goOn := true
	for goOn && l.hit == level && !l.closed {
		l.resume()
		r.count++
		goOn = part()
		l.drain()
	}
	l.bounds = l.bounds[:level]
	switch {
	case l.near:
		r.doubt = "line that resembles a boundary"
	case r.count == 0:
		r.doubt = noParts
	case goOn && l.hit >= 0 && l.hit < level:
		r.doubt = endedOutside
	}
	l.near = wasNear
	if l.hit == level && l.closed {
		r.last = true
		l.resume()
	}
	return r
}

// usualPreamble is what most programs put before the first boundary; it says nothing.
var usualPreamble = []byte("this is a multi-part message in mime format")

// filler gives out the text before the first and after the last part: only old programs
// show it.
func (w *walker) filler(l *lines, s *scope, what string) {
	text := w.collect(l, w.text)
	t := bytes.TrimSpace(text)
	if len(t) == 0 || len(t) < 80 && bytes.HasPrefix(bytes.ToLower(t), usualPreamble) {
		return
	}
	if what == "epilogue" || !usualFiller(t) {
		w.outside()
	}
	w.segment(s.where(what), Hidden, s.att, lenient(t))
}

// rawText gives out the rest of a part as it stands, for parts whose structure could not
// be followed.
func (w *walker) rawText(l *lines, where string, s *scope) {
	w.segment(where, Hidden, s.att, lenient(w.collect(l, w.text)))
}

// collect takes the rest of the part, which is not encoded, into the walker's buffer, up to limit bytes. What
// is beyond is skipped and reported by a later [walker.full].
func (w *walker) collect(l *lines, limit int64) []byte {
	w.buf = w.buf[:0]
	for {
		p, ok := l.next()
		if !ok {
			break
		}
		if int64(len(w.buf)) <= limit {
			w.buf = append(w.buf, p...)
		}
	}
	return w.buf
}
