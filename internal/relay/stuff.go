package relay

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

var errShort = errors.New("the stored message has another length than it had")

// stuffer writes a message as DATA takes it: a dot more in front of every line that
// begins with one (RFC 5321 4.5.2), block by block, and nothing else changed. Lines end
// with CRLF only; after a bare LF a dot is doubled all the same, so that no server that
// takes LF for the end of a line can be made to see the end of the data.
type stuffer struct {
	nc   net.Conn
	w    *bufio.Writer
	wait time.Duration // for each block to be taken
	line bool          // at the beginning of a line
	last [2]byte
	n    int64 // octets taken, without added dots
	err  error // of the connection
}

func newStuffer(c *conn, wait time.Duration) *stuffer {
	return &stuffer{nc: c.nc, w: c.w, wait: wait, line: true}
}

var lfDot = []byte("\n.")

// Write implements [io.Writer].
func (s *stuffer) Write(p []byte) (int, error) {
	if len(p) == 0 || s.err != nil {
		return 0, s.err
	}
	if len(p)+2 > s.w.Available() { // some of it will reach the connection
		s.check(s.nc.SetWriteDeadline(time.Now().Add(s.wait)))
	}
	s.n += int64(len(p))
	rest := p
	if s.line && rest[0] == '.' {
		s.check(s.w.WriteByte('.'))
	}
	for s.err == nil {
		i := bytes.Index(rest, lfDot)
		if i < 0 {
			break
		}
		s.put(rest[:i+1])
		s.check(s.w.WriteByte('.'))
		rest = rest[i+1:]
	}
	s.put(rest)
	s.end(p)
	if s.err != nil {
		return 0, s.err
	}
	return len(p), nil
}

func (s *stuffer) put(p []byte) {
	if s.err == nil {
		_, err := s.w.Write(p)
		s.check(err)
	}
}

func (s *stuffer) check(err error) {
	if s.err == nil {
		s.err = err
	}
}

// end remembers the last octets.
func (s *stuffer) end(p []byte) {
	if len(p) > 1 {
		s.last[0] = p[len(p)-2]
	} else {
		s.last[0] = s.last[1]
	}
	s.last[1] = p[len(p)-1]
	s.line = s.last[1] == '\n'
}

// finish writes the final dot, on a line of its own, and sends everything. An error means
// that the dot did not leave whole: the hop cannot have taken the message.
func (s *stuffer) finish() error {
	if s.n > 0 && s.last != [2]byte{'\r', '\n'} {
		s.put([]byte("\r\n"))
	}
	s.put([]byte(".\r\n"))
	if s.err == nil {
		s.check(s.nc.SetWriteDeadline(time.Now().Add(s.wait)))
	}
	if s.err == nil {
		s.check(s.w.Flush())
	}
	return s.err
}

// message copies prefix and body, but not the final dot. An error of the body comes
// back as it is, one of the connection is in s.err too.
func (s *stuffer) message(m *Mail, block []byte) error {
	if _, err := s.Write(m.Prefix); err != nil {
		return err
	}
	body, err := m.Body.Open()
	if err != nil {
		return fmt.Errorf("open message: %w", err)
	}
	n, err := io.CopyBuffer(s, body, block)
	if err = errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	if n != m.Body.Size() {
		return errShort
	}
	return nil
}
