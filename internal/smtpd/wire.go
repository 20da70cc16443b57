package smtpd

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	maxLine      = 2048     // octets of a command line with its CR LF; RFC 5321 4.5.3.1.4 wants 512 or more
	smallBuffer  = 4 << 10  // while commands are read
	largeBuffer  = 64 << 10 // while data is read
	maxDiscarded = 1 << 20  // octets of an overlong command line that are read away
	hurry        = 5 * time.Second
)

var (
	errDraining = errors.New("the server is shutting down")
	errLongLine = errors.New("command line too long")
	errLineEnd  = errors.New("command line not ended by CR LF")
	errFlood    = errors.New("too many octets to read away")
)

// wire is one connection: a reader that works in place on its buffer, a writer
// that is flushed before the reader waits (RFC 2920), and the deadlines of both.
type wire struct {
	conn net.Conn // the TLS layer once there is one
	raw  net.Conn // what carries it; deadlines are set here

	buf   []byte
	r, w  int    // buf[r:w] has been read but not used
	small []byte // what buf is while commands are read
	pace  *pace  // of data; nil while commands are read

	out   *bufio.Writer
	limit time.Duration // for one write

	// The gate lets Shutdown end a session that waits for a command, and only that.
	gate        sync.Mutex
	idle        bool
	draining    bool // no further command is waited for
	stopped     bool // nothing is waited for
	interrupted bool // a wait was ended
}

func newWire(conn net.Conn, limit time.Duration) *wire {
	small := make([]byte, smallBuffer)
	w := &wire{conn: conn, raw: conn, limit: limit, buf: small, small: small}
	w.out = bufio.NewWriterSize(timedWriter{w}, smallBuffer)
	return w
}

// layer puts TLS above the connection. What was read in cleartext is dropped.
func (w *wire) layer(conn net.Conn) {
	clear(w.buf)
	w.r, w.w = 0, 0
	w.conn = conn
	w.out.Reset(timedWriter{w})
}

// buffered returns how many octets the client sent ahead.
func (w *wire) buffered() int { return w.w - w.r }

func (w *wire) wide() bool { return len(w.buf) > smallBuffer }

// widen swaps in a large buffer for data.
func (w *wire) widen(large []byte) {
	n := copy(large, w.buf[w.r:w.w])
	w.buf, w.r, w.w = large, 0, n
}

// narrow goes back to a small buffer, if what was sent ahead fits, and returns the
// large one, wiped.
func (w *wire) narrow() []byte {
	if !w.wide() || w.buffered() > smallBuffer {
		return nil
	}
	large := w.buf
	w.buf = w.small
	w.w = copy(w.buf, large[w.r:w.w])
	w.r = 0
	clear(large)
	return large
}

// fill reads at least one more octet. There must be room in the buffer once its
// used part is dropped.
func (w *wire) fill() error {
	if err := w.flush(); err != nil {
		return err
	}
	if w.r > 0 {
		w.w = copy(w.buf, w.buf[w.r:w.w])
		w.r = 0
	}
	if err := w.setPace(); err != nil {
		return err
	}
	n, err := io.ReadAtLeast(w.conn, w.buf[w.w:], 1)
	w.w += n
	if w.pace != nil {
		w.pace.progress(n)
	}
	switch {
	case n > 0:
		return nil
	case w.isInterrupted():
		return errDraining
	default:
		return err
	}
}

// line returns the next command line without its CR LF. It is valid until the next
// read. After errLongLine and errLineEnd the line has been read away.
func (w *wire) line() ([]byte, error) {
	for seen := 0; ; {
		if i := indexByteFrom(w.buf[w.r:w.w], seen, '\n'); i >= 0 {
			line := w.buf[w.r : w.r+i+1]
			w.r += i + 1
			return trimLine(line)
		}
		if seen = w.buffered(); seen >= maxLine {
			return nil, w.discardLine()
		}
		if err := w.fill(); err != nil {
			return nil, err
		}
	}
}

func trimLine(line []byte) ([]byte, error) {
	if len(line) > maxLine {
		return nil, errLongLine
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, errLineEnd
	}
	return line[:len(line)-2], nil
}

// discardLine reads away to the end of the line; it always returns an error.
func (w *wire) discardLine() error {
	for total := 0; total < maxDiscarded; {
		if i := indexByteFrom(w.buf[w.r:w.w], 0, '\n'); i >= 0 {
			w.r += i + 1
			return errLongLine
		}
		total += w.buffered()
		w.r = w.w
		if err := w.fill(); err != nil {
			return err
		}
	}
	return errFlood
}

func (w *wire) flush() error { return w.out.Flush() }

// timedWriter gives every write its deadline: a client that sends ahead and never
// reads fills the buffer, and then nothing but this ends the wait.
type timedWriter struct{ w *wire }

func (t timedWriter) Write(p []byte) (int, error) {
	t.w.gate.Lock()
	limit := t.w.limit
	if t.w.stopped {
		limit = min(limit, hurry)
	}
	err := t.w.raw.SetWriteDeadline(time.Now().Add(limit))
	t.w.gate.Unlock()
	if err != nil {
		return 0, fmt.Errorf("set write deadline: %w", err)
	}
	return t.w.conn.Write(p)
}

// awaitCommand opens the gate: from here until busy, drain ends the wait.
func (w *wire) awaitCommand(limit time.Duration) error {
	w.gate.Lock()
	defer w.gate.Unlock()
	if w.draining {
		return errDraining
	}
	w.idle = true
	return w.raw.SetReadDeadline(time.Now().Add(limit))
}

// busy closes the gate.
func (w *wire) busy() {
	w.gate.Lock()
	defer w.gate.Unlock()
	w.idle = false
}

func (w *wire) isInterrupted() bool {
	w.gate.Lock()
	defer w.gate.Unlock()
	return w.interrupted
}

func (w *wire) setPace() error {
	w.gate.Lock()
	defer w.gate.Unlock()
	switch {
	case w.stopped:
		return errDraining
	case w.pace == nil:
		return nil // the deadline of the whole command stands
	}
	return w.raw.SetReadDeadline(w.pace.deadline())
}

// drain ends the session at its next command; at once if it waits for one.
func (w *wire) drain() {
	w.gate.Lock()
	defer w.gate.Unlock()
	w.draining = true
	if w.idle {
		w.interrupt()
	}
}

// stop ends whatever the session waits for.
func (w *wire) stop() {
	w.gate.Lock()
	defer w.gate.Unlock()
	w.draining, w.stopped = true, true
	w.interrupt()
}

func (w *wire) interrupt() {
	w.interrupted = true
	// An error means that the connection is closed already: nothing waits on it.
	_ = w.raw.SetReadDeadline(time.Unix(1, 0))
	_ = w.raw.SetWriteDeadline(time.Now().Add(hurry))
}

// hangUp closes the connection. With unread input the kernel would reset it, and
// the client might never see our last words; so some of it is read away first.
func (w *wire) hangUp(linger bool) {
	_ = w.flush() // the client may be gone
	if t, ok := w.conn.(*tls.Conn); ok {
		_ = t.CloseWrite() // so that the client can tell the end from a cut (RFC 8446 6.1)
	}
	if half, ok := w.raw.(interface{ CloseWrite() error }); ok && linger {
		_ = half.CloseWrite()
		_ = w.raw.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.CopyN(io.Discard, w.raw, maxDiscarded)
	}
	_ = w.raw.Close()
	clear(w.buf)
	clear(w.small)
}

// pace is the time that data may take: it starts with a grace, every octet earns
// its part of a second, and waiting uses it up. So neither silence nor a trickle
// can hold a session longer than the grace plus what the octets are worth.
type pace struct {
	grace time.Duration
	rate  int // octets per second
	left  time.Duration
	since time.Time
}

func newPace(grace time.Duration, rate int) *pace {
	return &pace{grace: grace, rate: rate, left: grace}
}

func (p *pace) deadline() time.Time {
	p.since = time.Now()
	return p.since.Add(p.left)
}

func (p *pace) progress(octets int) {
	earned := time.Duration(octets) * time.Second / time.Duration(p.rate)
	p.left = min(p.grace, p.left-time.Since(p.since)+earned)
}
