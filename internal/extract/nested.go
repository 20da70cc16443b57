package extract

import (
	"bytes"
	"strconv"
)

// descend reads a message attached to the present one, from l.
func (w *walker) descend(l *lines, f *leaf) {
	if f.s.nest >= w.lim.Depth {
		w.unreadable(f.where, TooDeep, "messages nested deeper than the limit")
		w.rawText(l, f.where, f.s)
		return
	}
	w.message(l, &scope{prefix: f.where + "!", nest: f.s.nest + 1, att: f.att}, false)
	l.drain()
}

// inProcess is the most that a decoded message may hold before it is left to a child
// process.
const inProcess = 4 << 20

// savedMessage reads a message that came encoded, or under another type: it is held in
// memory, because its own boundaries must not be mixed with those around it.
func (w *walker) savedMessage(l *lines, f *leaf) {
	if b, _, here := w.inMemory(l, f); here {
		w.saved(f, b)
	}
}

// inMemory reads a part that may be read in this process while it is small; whole says whether b is all of it, here that no other
// process is to read it.
func (w *walker) inMemory(l *lines, f *leaf) (b []byte, whole, here bool) {
	limit := w.lim.Spool
	if w.plain {
		limit = min(limit, inProcess)
	}
	b, size := w.gather(l, f, limit)
	w.size(f, size)
	w.damaged(f)
	if size > int64(len(b)) {
		if w.plain {
			w.abandon(l)
			return nil, false, false
		}
		w.unreadable(f.where, TooLarge, "attachment larger than the limit")
	}
	w.buf = nil // b is read while the walker goes on
	return b, size == int64(len(b)), true
}

// saved reads a message or a mailbox that is in memory.
func (w *walker) saved(f *leaf, b []byte) {
	label := f.charset(b)
	enc, mark := wideText(b)
	if enc != nil { // editors save mail so, though its header never says it
		if b, label = []byte(decodeWith(enc, b[mark:])), "utf-8"; mark == 0 {
			w.doubt(f.where, withoutMark) // not all programs find out
		}
	}
	if f.found.class == asMailbox {
		w.mailbox(f, b)
		return
	}
	if f.guessedMessage() || enc != nil { // who cannot read it as a message sees its text
		w.alsoText(f, b, label)
		b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")), " \t\r\n") // as it was recognised
	}
	w.inner(b, f)
}

// maxAlsoText is the largest message that is given out as it stands too where its first field leaves no doubt: the
// encoded files in a larger one would leave no room for other text.
const maxAlsoText = 1 << 20

// alsoText gives out a message as the text that its name says it is.
func (w *walker) alsoText(f *leaf, b []byte, label string) {
	if len(b) <= maxAlsoText || !messageHead(lowerHead(string(b[:sniffLen]))) {
		r := decodeText(b, label)
		for _, text := range r.all() {
			w.segment(f.where, Hidden, f.att, text)
		}
	}
}

// mailbox reads each message of a mailbox (RFC 4155). Whether a line "From " inside a message was quoted does not matter
// here: all of it is read, as one message or as two.
func (w *walker) mailbox(f *leaf, b []byte) {
	for n := 1; len(b) > 0; n++ {
		if !w.entry(f) {
			return
		}
		_, b, _ = bytes.Cut(b, []byte("\n")) // the line that begins with From
		one := b
		if i := bytes.Index(b, []byte("\nFrom ")); i >= 0 {
			one, b = b[:i+1], b[i+1:]
		} else {
			b = nil
		}
		in := *f
		in.where = f.where + "!" + strconv.Itoa(n) + ".eml"
		w.inner(one, &in)
	}
}

func (w *walker) inner(b []byte, f *leaf) {
	sub := newLines(bytes.NewReader(b), w.done)
	w.descend(sub, f)
	w.lineEnds(sub)
	w.late = w.late || sub.stopped
	sub.release()
}

// abandon ends the walk: the message needs a process that may die.
func (w *walker) abandon(l *lines) {
	w.needs = true
	l.eof = true
	l.end(-1, false)
}
