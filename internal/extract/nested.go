package extract

import "bytes"

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
			return
		}
		w.unreadable(f.where, TooLarge, "attachment larger than the limit")
	}
	w.buf = nil // b is read while the walker goes on
	w.inner(b, f)
}

func (w *walker) inner(b []byte, f *leaf) {
	sub := newLines(bytes.NewReader(b), w.done)
	w.descend(sub, f)
	w.late = w.late || sub.stopped
}

// abandon ends the walk: the message needs a process that may die.
func (w *walker) abandon(l *lines) {
	w.needs = true
	l.eof = true
	l.end(-1, false)
}
