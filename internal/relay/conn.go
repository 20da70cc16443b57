package relay

import (
	"bufio"
	"errors"
	"net"
	"time"
)

// Sizes of a connection's buffers: a reply fits into the first, an ordinary message into
// the second, so that it leaves with one system call.
const (
	readBuffer  = 4 << 10
	writeBuffer = 32 << 10
)

// Capabilities is what a hop said about itself in its last EHLO.
type Capabilities struct {
	Size       int64 // octets of a message at most; 0 for no stated limit (RFC 1870)
	UTF8       bool  // SMTPUTF8
	EightBit   bool  // 8BITMIME
	DSN        bool  // RFC 3461
	Pipelining bool  // RFC 2920
	TLS        string
	Verified   bool      // the certificate was checked and is valid for the hop's name
	Heard      time.Time // when it said so

	sizes bool // SIZE was offered, with or without a limit
}

// conn is one connection to a hop, after EHLO, TLS and AUTH. One goroutine uses it at a
// time.
type conn struct {
	nc     net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	caps   Capabilities
	born   time.Time
	idle   time.Time // since when it is unused
	mails  int       // transactions begun
	reused bool      // it served before
	broken bool      // it must not serve again

	part []byte // of a reply's line that has no end yet
	got  reply  // the lines before it
}

func newConn(nc net.Conn, caps Capabilities, now time.Time) *conn {
	caps.Heard = now
	return &conn{
		nc: nc, caps: caps, born: now,
		r: bufio.NewReaderSize(nc, readBuffer), w: bufio.NewWriterSize(nc, writeBuffer),
	}
}

// read waits for a whole reply. After a timeout it can be called again and goes on where
// it stood; after any other error the connection is broken.
func (c *conn) read(wait time.Duration) (reply, error) {
	if err := c.nc.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return reply{}, c.fail(err)
	}
	for {
		part, err := c.r.ReadSlice('\n')
		c.part = append(c.part, part...)
		if len(c.part) > maxReplyLine {
			return reply{}, c.fail(errGarbled)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			if !timedOut(err) {
				c.broken = true
			}
			return reply{}, err
		}
		last, err := c.got.add(c.part)
		c.part = c.part[:0]
		if err != nil {
			return reply{}, c.fail(err)
		}
		if last {
			r := c.got
			c.got = reply{}
			c.broken = c.broken || r.closing()
			return r, nil
		}
	}
}

func (c *conn) fail(err error) error {
	c.broken = true
	return err
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// flush sends what was written.
func (c *conn) flush(wait time.Duration) error {
	if err := c.nc.SetWriteDeadline(time.Now().Add(wait)); err != nil {
		return c.fail(err)
	}
	if err := c.w.Flush(); err != nil {
		return c.fail(err)
	}
	return nil
}

// reset forgets the transaction under way.
func (c *conn) reset(wait time.Duration) {
	if c.broken {
		return
	}
	_, _ = c.w.WriteString("RSET\r\n")
	if c.flush(wait) != nil {
		return
	}
	if r, err := c.read(wait); err != nil || !r.positive() {
		c.broken = true
	}
}

// close ends the connection; in good order if it can be done without waiting.
func (c *conn) close() {
	if !c.broken {
		_, _ = c.w.WriteString("QUIT\r\n")
		_ = c.flush(time.Second)
	}
	_ = c.nc.Close()
}
