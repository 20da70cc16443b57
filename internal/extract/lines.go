package extract

import (
	"bufio"
	"bytes"
	"io"
	"sync"
)

// lineBuffer is the size of a read buffer; a longer line comes in pieces.
const lineBuffer = 16 << 10

// stopEvery is how many pieces are read between two looks at the clock.
const stopEvery = 256

// lines reads an entity line by line and stops at the boundaries of the multiparts
// around it. A piece is a line with its end, or a slice of a line that is longer than
// the buffer; it is valid until the next call.
type lines struct {
	br     *bufio.Reader
	done   <-chan struct{}
	bounds [][]byte // "--" and the boundary, outermost first

	ended  bool // next gives nothing until resume
	hit    int  // index of the boundary that ended the part, -1 at the end of the input
	closed bool // it was a close delimiter
	near   bool // a line was met that only some readers take for a delimiter

	back     []byte // a piece given back
	crlf, lf bool   // lines ended so
	bareCR   bool   // a CR stood elsewhere than before a LF

	start   bool  // the last piece began a line
	cont    bool  // the next piece goes on with the same line
	read    int64 // bytes taken from br
	eof     bool
	stopped bool // done was closed
	err     error
	ticks   int
}

// buffers are read buffers that may be used again.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, lineBuffer) }}

func newLines(r io.Reader, done <-chan struct{}) *lines {
	br := buffers.Get().(*bufio.Reader) //nolint:errcheck // the pool holds nothing else
	br.Reset(r)
	return &lines{br: br, done: done}
}

// release gives the buffer back. No piece is valid after it.
func (l *lines) release() {
	l.br.Reset(nil)
	buffers.Put(l.br)
	l.br = nil
}

// next returns the next piece of the part, or false at its end.
func (l *lines) next() ([]byte, bool) {
	if l.back != nil {
		p := l.back
		l.back = nil
		return p, true
	}
	if l.ended || l.tick() {
		return nil, false
	}
	if l.eof {
		return nil, l.end(-1, false)
	}
	p, err := l.br.ReadSlice('\n')
	l.read += int64(len(p))
	l.start = !l.cont
	l.cont = err == bufio.ErrBufferFull //nolint:errorlint // bufio returns the bare error, and this runs for every line
	if err != nil && !l.cont {
		l.eof = true
		if err != io.EOF {
			l.err = err
		}
		if len(p) == 0 {
			return nil, l.end(-1, false)
		}
	}
	l.look(p)
	if l.start && len(l.bounds) > 0 && len(p) > 2 && p[0] == '-' && p[1] == '-' && l.delimiter(p) {
		return nil, false
	}
	return p, true
}

// look notes how a piece ends. A CR at the end of a piece without LF is one in the middle of
// a line longer than the buffer, and its LF may follow: that is no matter to be exact about.
func (l *lines) look(p []byte) {
	n := len(p)
	if p[n-1] == '\n' {
		n--
		if n > 0 && p[n-1] == '\r' {
			n--
			l.crlf = true
		} else {
			l.lf = true
		}
	} else if p[n-1] == '\r' {
		n--
	}
	l.bareCR = l.bareCR || bytes.IndexByte(p[:n], '\r') >= 0
}

// unread gives back the piece that next returned last.
func (l *lines) unread(p []byte) { l.back = p }

func (l *lines) end(hit int, closed bool) bool {
	l.ended, l.hit, l.closed = true, hit, closed
	return false
}

// tick looks at the clock now and then.
func (l *lines) tick() bool {
	if l.ticks++; l.ticks < stopEvery || l.done == nil {
		return false
	}
	l.ticks = 0
	select {
	case <-l.done:
		l.stopped, l.eof = true, true
		l.end(-1, false)
		return true
	default:
		return false
	}
}

// delimiter says whether the line ends the part (RFC 2046 5.1.1), and notes near misses:
// programs differ in whether more than white space may follow a boundary.
func (l *lines) delimiter(line []byte) bool {
	line = bytes.TrimRight(line, "\r\n\t ")
	near := false
	for i := len(l.bounds) - 1; i >= 0; i-- {
		rest, ok := bytes.CutPrefix(line, l.bounds[i])
		if !ok {
			continue
		}
		if len(rest) == 0 || string(rest) == "--" {
			l.end(i, len(rest) > 0)
			return true
		}
		near = true
	}
	l.near = l.near || near
	return false
}

// resume goes on behind a delimiter. It does nothing at the end of the input.
func (l *lines) resume() {
	if !l.eof || l.hit >= 0 {
		l.ended = false
	}
}

// drain skips the rest of the part.
func (l *lines) drain() {
	for {
		if _, ok := l.next(); !ok {
			return
		}
	}
}
