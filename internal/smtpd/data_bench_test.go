package smtpd

import (
	"bufio"
	"crypto/sha256"
	"hash"
	"io"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// endless gives the same message again and again, in reads of a network's size.
type endless struct {
	script
	data []byte
	left []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.left) == 0 {
		e.left = e.data
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}

// BenchmarkDataReader reads the data of DATA from memory with this reader, alone,
// with the check of line ends, and with the SHA-256 on top; and in turns with the
// byte-wise reader of net/textproto, of which go-smtp's is a copy that keeps the CR.
// "ratio" is how many times faster this one is.
func BenchmarkDataReader(b *testing.B) {
	data := []byte(strings.Repeat(strings.Repeat("0123456789 ", 7)[:76]+"\r\n", 13_000) + ".\r\n")
	for name, sink := range map[string]func() io.Writer{
		"dots":    func() io.Writer { return io.Discard },
		"checked": func() io.Writer { return &checker{} },
		"hashed":  func() io.Writer { return &checker{hash: sha256.New()} },
	} {
		b.Run(name, func(b *testing.B) {
			block := newWire(&endless{data: data}, time.Minute)
			block.widen(make([]byte, largeBuffer))
			bytewise := textproto.NewReader(bufio.NewReader(&endless{data: data}))
			b.SetBytes(int64(len(data)))
			var mine, theirs time.Duration
			for b.Loop() {
				begin := time.Now()
				if err := block.readDots(sink()); err != nil {
					b.Fatal(err)
				}
				mine += time.Since(begin)
				b.StopTimer()
				begin = time.Now()
				if _, err := io.Copy(io.Discard, bytewise.DotReader()); err != nil {
					b.Fatal(err)
				}
				theirs += time.Since(begin)
				b.StartTimer()
			}
			b.ReportMetric(float64(theirs)/float64(mine), "ratio")
		})
	}
}

// checker is content without its spool.
type checker struct {
	ends lineEnds
	hash hash.Hash
}

func (c *checker) Write(p []byte) (int, error) {
	if c.ends.bare(p) {
		return 0, errBare
	}
	if c.hash != nil {
		c.hash.Write(p)
	}
	return len(p), nil
}
