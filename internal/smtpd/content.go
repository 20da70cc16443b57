package smtpd

import (
	"bytes"
	"errors"
)

var (
	errBare   = errors.New("bare CR or LF")
	errTooBig = errors.New("message too large")
)

// content takes in the octets of one message, checks their line ends and their
// number, and spools them. Once something is wrong it keeps nothing more but goes on
// counting, so that the rest can be read away.
type content struct {
	spool     *spool
	limit     int64
	normalize bool

	ends  lineEnds
	turn  turner
	total int64 // octets that came in
	err   error // the first thing that was wrong
}

// Write takes the next octets. It fails only when far too much was sent.
func (c *content) Write(p []byte) (int, error) {
	c.total += int64(len(p))
	if c.total > 2*c.limit {
		c.refuse(errTooBig)
		return 0, errFlood
	}
	if c.err != nil {
		return len(p), nil
	}
	if c.normalize {
		c.turn.turn(p, c.keep)
		return len(p), nil
	}
	if c.ends.bare(p) {
		c.refuse(errBare)
		return len(p), nil
	}
	c.keep(p)
	return len(p), nil
}

func (c *content) keep(p []byte) {
	if c.err != nil {
		return
	}
	if c.spool.size+int64(len(p)) > c.limit {
		c.refuse(errTooBig)
		return
	}
	if err := c.spool.write(p); err != nil {
		c.refuse(err)
	}
}

func (c *content) refuse(err error) {
	if c.err == nil {
		c.err = err
		c.spool.release()
	}
}

// finish ends the message; unless it is refused, the body is complete.
func (c *content) finish() error {
	if c.err == nil && c.ends.cr {
		c.refuse(errBare)
	}
	if c.err == nil && c.spool.size > 0 && c.spool.last != '\n' {
		c.keep([]byte("\r\n"))
	}
	if c.err == nil {
		if err := c.spool.finish(); err != nil {
			c.refuse(err)
		}
	}
	return c.err
}

// lineEnds finds a CR or LF that is not half of a CR LF.
type lineEnds struct{ cr bool } // the last octet was a CR

// bare says whether p, after what came before, holds one. A CR at the very end of p
// is not known yet to be one.
func (l *lineEnds) bare(p []byte) bool {
	if len(p) == 0 {
		return false
	}
	rest, pairs := p, 0
	if l.cr {
		if p[0] != '\n' {
			return true
		}
		rest = p[1:]
	}
	for {
		n := bytes.IndexByte(rest, '\n')
		if n < 0 {
			break
		}
		if n == 0 || rest[n-1] != '\r' {
			return true
		}
		pairs++
		rest = rest[n+1:]
	}
	if l.cr = p[len(p)-1] == '\r'; l.cr {
		pairs++
	}
	return bytes.Count(p, bareCR) != pairs
}

// turner turns every CR and LF that stands alone into CR LF.
type turner struct{ cr bool } // the last octet was a CR

func (t *turner) turn(p []byte, out func([]byte)) {
	from := 0
	for i, c := range p {
		switch c {
		case '\r':
			out(p[from:i])
			out(crlf)
			from = i + 1
		case '\n':
			out(p[from:i])
			if !t.cr {
				out(crlf)
			}
			from = i + 1
		}
		t.cr = c == '\r'
	}
	out(p[from:])
}

var crlf = []byte("\r\n")
