package seal

import (
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/tink"
)

var errClosed = errors.New("write to a closed sealed stream")

// writer makes errors stick: after a failed write Tink's writer would, on Close,
// still append a valid last segment behind the gap.
type writer struct {
	inner io.WriteCloser
	err   error
}

func newWriter(s tink.StreamingAEAD, w io.Writer, ad []byte) (io.WriteCloser, error) {
	inner, err := s.NewEncryptingWriter(w, ad)
	if err != nil {
		return nil, fmt.Errorf("start sealed stream: %w", err)
	}
	return &writer{inner: inner}, nil
}

func (w *writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.inner.Write(p)
	if err != nil {
		w.err = fmt.Errorf("write sealed stream: %w", err)
	}
	return n, w.err
}

// Close seals the last segment. A second Close does nothing.
func (w *writer) Close() error {
	if errors.Is(w.err, errClosed) {
		return nil
	}
	if w.err != nil {
		return w.err
	}
	if err := w.inner.Close(); err != nil {
		w.err = fmt.Errorf("end sealed stream: %w", err)
		return w.err
	}
	w.err = errClosed
	return nil
}

// reader makes errors stick and tells damage from trouble with the source. Without
// it, Tink's reader answers io.EOF to the call after a failed last segment, and a
// caller that retries would take a cut body for a whole one.
type reader struct {
	source *source
	inner  io.Reader
	err    error
}

func newReader(s tink.StreamingAEAD, r io.Reader, ad []byte) (io.Reader, error) {
	src := &source{r: r}
	inner, err := s.NewDecryptingReader(src, ad)
	if err != nil {
		return nil, src.explain(err)
	}
	return &reader{source: src, inner: inner}, nil
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := r.inner.Read(p)
		if err != nil {
			r.err = r.source.explain(err)
		}
		// An empty last segment gives no bytes and no error: go on to the EOF.
		if n > 0 || err != nil {
			return n, r.err
		}
	}
}

// source remembers the first error of the sealed bytes' own reader. Tink takes
// some of them for the end of the stream, or keeps only their text.
type source struct {
	r   io.Reader
	err error
	any bool // something was read: even an empty body has a head
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.any = s.any || n > 0
	if err != nil && err != io.EOF && s.err == nil {
		s.err = err
	}
	return n, err
}

// explain names the cause of err: the whole stream was read, the source failed, or
// the bytes do not prove themselves.
func (s *source) explain(err error) error {
	switch {
	case s.err != nil:
		return fmt.Errorf("read sealed stream: %w", s.err)
	case err == io.EOF && s.any: //nolint:errorlint // only the bare io.EOF says that all was proven
		return io.EOF
	default:
		return fmt.Errorf("open sealed stream: %w", ErrDamaged)
	}
}
