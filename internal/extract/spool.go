package extract

import (
	"crypto/sha256"
	"errors"
	"io"
)

// chunk is the unit in which a spool grows.
const chunk = 256 << 10

// spool holds an attachment in memory to be read at any place. It is never on disk:
// nothing may lie there in clear.
type spool struct {
	chunks [][]byte
	n      int64
	max    int64
	over   bool // more was written than max; the rest was dropped
}

func (s *spool) write(b []byte) {
	if room := s.max - s.n; int64(len(b)) > room {
		b = b[:max(0, room)]
		s.over = true
	}
	for len(b) > 0 {
		if len(s.chunks) == 0 || len(s.chunks[len(s.chunks)-1]) == chunk {
			room := chunk
			if len(s.chunks) == 0 { // most are small
				room = min(chunk, max(len(b), 8<<10))
			}
			s.chunks = append(s.chunks, make([]byte, 0, room))
		}
		last := &s.chunks[len(s.chunks)-1]
		k := min(len(b), chunk-len(*last))
		*last = append(*last, b[:k]...)
		s.n += int64(k)
		b = b[k:]
	}
}

// Write implements [io.Writer]; it never fails.
func (s *spool) Write(b []byte) (int, error) {
	s.write(b)
	if s.over {
		s.chunks, s.n, s.max = nil, 0, 0 // half of it is of no use
	}
	return len(b), nil
}

// bytes returns all of it in one piece.
func (s *spool) bytes() []byte {
	b := make([]byte, 0, s.n)
	for _, c := range s.chunks {
		b = append(b, c...)
	}
	return b
}

// sum is the fingerprint of all of it.
func (s *spool) sum() [sha256.Size]byte {
	h := sha256.New()
	for _, c := range s.chunks {
		_, _ = h.Write(c)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// ReadAt implements [io.ReaderAt].
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	n := 0
	for n < len(p) && off < s.n {
		c := s.chunks[off/chunk]
		k := copy(p[n:], c[off%chunk:])
		n += k
		off += int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
