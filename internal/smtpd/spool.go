package smtpd

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"sigill/internal/message"
)

// sealer is what the spool needs of seal.Ephemeral.
type sealer interface {
	NewWriter(w io.Writer) (io.WriteCloser, error)
	NewReader(r io.Reader) (io.Reader, error)
}

// file is what the spool needs of a temporary file.
type file interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// budget is a number of octets that all sessions share.
type budget struct {
	max  int64
	used atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.used.Add(n) <= b.max {
		return true
	}
	b.used.Add(-n)
	return false
}

func (b *budget) giveBack(n int64) { b.used.Add(-n) }

// storage is where spools lie.
type storage struct {
	memory     budget
	perSession int
	key        sealer
	create     func() (file, error)
}

// createTemp makes a temporary file that is unlinked already.
func createTemp(dir string) (file, error) {
	f, err := os.CreateTemp(dir, ".sigill-spool-*")
	if err != nil {
		return nil, fmt.Errorf("make spool file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("unlink spool file: %w", err), f.Close())
	}
	return f, nil
}

// spool is the body of one message, first written by its session and then read by
// anybody. It is gone when its last user releases it.
type spool struct {
	at   *storage
	hash hash.Hash
	sum  []byte
	size int64
	last byte // the last octet

	memory []byte // the whole body, or nil
	file   file
	counts *counter       // octets in file
	sealed io.WriteCloser // into file

	mu    sync.Mutex
	users int // the session, every kept reference and every open reader
}

func (s *storage) spool() *spool { return &spool{at: s, hash: sha256.New(), users: 1} }

func (s *spool) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	s.hash.Write(p)
	s.size += int64(len(p))
	s.last = p[len(p)-1]
	if s.sealed == nil {
		if s.remember(p) {
			return nil
		}
		if err := s.spill(); err != nil {
			return err
		}
	}
	if _, err := s.sealed.Write(p); err != nil {
		return fmt.Errorf("write spool file: %w", err)
	}
	return nil
}

// remember keeps p in memory, if there is room for it.
func (s *spool) remember(p []byte) bool {
	need := len(s.memory) + len(p)
	if need > s.at.perSession {
		return false
	}
	if need <= cap(s.memory) {
		s.memory = append(s.memory, p...)
		return true
	}
	room := min(s.at.perSession, max(2*cap(s.memory), need, smallBuffer))
	if !s.at.memory.take(int64(room - cap(s.memory))) {
		return false
	}
	grown := make([]byte, len(s.memory), room)
	copy(grown, s.memory)
	clear(s.memory)
	s.memory = append(grown, p...)
	return true
}

// spill moves what is in memory to a sealed file.
func (s *spool) spill() error {
	f, err := s.at.create()
	if err != nil {
		return err
	}
	s.file, s.counts = f, &counter{w: f}
	if s.sealed, err = s.at.key.NewWriter(s.counts); err != nil {
		return fmt.Errorf("seal spool file: %w", err)
	}
	if _, err := s.sealed.Write(s.memory); err != nil {
		return fmt.Errorf("write spool file: %w", err)
	}
	s.forget()
	return nil
}

func (s *spool) forget() {
	clear(s.memory[:cap(s.memory)])
	s.at.memory.giveBack(int64(cap(s.memory)))
	s.memory = nil
}

// finish completes the body. Nothing is synced: the file lives as long as the
// process, and the promise is kept elsewhere.
func (s *spool) finish() error {
	s.sum = s.hash.Sum(nil)
	if s.sealed == nil {
		return nil
	}
	if err := s.sealed.Close(); err != nil {
		return fmt.Errorf("end spool file: %w", err)
	}
	return nil
}

// Size implements [message.Body].
func (s *spool) Size() int64 { return s.size }

// SHA256 implements [message.Body].
func (s *spool) SHA256() []byte { return bytes.Clone(s.sum) }

// Open implements [message.Body]. The body stays until the reader is closed.
func (s *spool) Open() (io.ReadCloser, error) {
	release, err := s.retain()
	if err != nil {
		return nil, err
	}
	if s.file == nil {
		return &spoolReader{Reader: bytes.NewReader(s.memory), release: release}, nil
	}
	r, err := s.at.key.NewReader(io.NewSectionReader(s.file, 0, s.counts.n))
	if err != nil {
		release()
		return nil, fmt.Errorf("open spool file: %w", err)
	}
	return &spoolReader{Reader: r, release: release}, nil
}

// Retain implements [Retainer].
func (s *spool) Retain() (release func()) {
	release, err := s.retain()
	if err != nil {
		return func() {} // it is gone; Open will say so
	}
	return release
}

func (s *spool) retain() (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		return nil, errors.New("the spooled message is gone")
	}
	s.users++
	return sync.OnceFunc(s.release), nil
}

// release gives up one use; after the last one the body is wiped.
func (s *spool) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		return
	}
	if s.users--; s.users > 0 {
		return
	}
	s.forget()
	if s.file != nil {
		_ = s.file.Close() // unlinked, and sealed with a key nobody else has
	}
}

type spoolReader struct {
	io.Reader
	release func()
}

func (r *spoolReader) Close() error {
	r.Reader = closedReader{} // memory may be wiped from here on
	r.release()
	return nil
}

type closedReader struct{}

func (closedReader) Read([]byte) (int, error) { return 0, os.ErrClosed }

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// spoolReply tells the client why a message could not be taken in.
func spoolReply(err error) message.Reply {
	switch {
	case errors.Is(err, errBare):
		return replyBareLine
	case errors.Is(err, errTooBig):
		return replyTooBig
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return message.ReplyStorage
	default:
		return message.ReplyLocal
	}
}
