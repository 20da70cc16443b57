package smtpd

import (
	"bytes"
	"io"
)

// dots finds the end of the data and undoes dot stuffing (RFC 5321 4.5.2), block by
// block. A line starts after CR LF and nowhere else; bare CR and LF are handed on as
// they are, for [content] to judge.
type dots struct{ state dotState }

type dotState uint8

const (
	atStart  dotState = iota // after CR LF, or nothing read yet
	inLine                   // somewhere else
	afterCR                  // after a CR that has been handed on
	afterDot                 // after a dot at the start of a line, held back
	afterEnd                 // after "." CR at the start of a line, held back
)

var bareCR = []byte{'\r'}

// scan hands what b holds of the message to sink, in as few pieces as there are
// dots to leave out. It returns how many octets it used; done says that the last of
// them ended the data. It remembers what the next block needs to know.
func (d *dots) scan(b []byte, sink io.Writer) (used int, done bool, err error) {
	from, i := 0, 0
	for i < len(b) && err == nil {
		switch d.state {
		case inLine:
			n := bytes.IndexByte(b[i:], '\r')
			if n < 0 {
				i = len(b)
				continue
			}
			i += n + 1
			d.state = afterCR
		case afterCR:
			d.state = inLine
			if b[i] == '\n' {
				i++
				d.state = atStart
			}
		case atStart:
			d.state = inLine
			if b[i] == '.' {
				err = put(sink, b[from:i])
				i++
				from = i
				d.state = afterDot
			}
		case afterDot:
			d.state = inLine
			if b[i] == '\r' {
				i++
				from = i
				d.state = afterEnd
			}
		case afterEnd:
			if b[i] == '\n' {
				return i + 1, true, nil
			}
			err = put(sink, bareCR)
			from = i
			d.state = afterCR
		}
	}
	if err == nil {
		err = put(sink, b[from:i])
	}
	return i, false, err
}

func put(sink io.Writer, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	_, err := sink.Write(p)
	return err
}

// readDots reads the data of DATA up to and including its end.
func (w *wire) readDots(sink io.Writer) error {
	var d dots
	for {
		used, done, err := d.scan(w.buf[w.r:w.w], sink)
		w.r += used
		if done || err != nil {
			return err
		}
		if err := w.fill(); err != nil {
			return err
		}
	}
}

// readChunk reads the n octets of one BDAT (RFC 3030 2).
func (w *wire) readChunk(n int64, sink io.Writer) error {
	for {
		use := min(n, int64(w.buffered()))
		err := put(sink, w.buf[w.r:w.r+int(use)])
		w.r += int(use)
		n -= use
		if n == 0 || err != nil {
			return err
		}
		if err := w.fill(); err != nil {
			return err
		}
	}
}

func indexByteFrom(b []byte, from int, c byte) int {
	i := bytes.IndexByte(b[from:], c)
	if i < 0 {
		return -1
	}
	return from + i
}
