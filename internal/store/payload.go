package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"sigill/internal/message"
	"sigill/internal/seal"
)

// Where a payload lies.
const (
	PlaceDatabase = "database"
	PlaceDir      = "dir"
)

const (
	// DefaultInline is the size up to which a payload goes into the database, in the
	// transaction of its message.
	DefaultInline = 256 << 10
	// ChunkSize is the size of one row of a large payload in the database.
	ChunkSize = 1 << 20
)

// Sealed is a payload ready to be stored with its message.
type Sealed struct {
	Place string
	Wrap  seal.Wrapped
	Rows  []Row // of TablePayloads, to be written in the message's own transaction
	Size  int64
	Hash  []byte
}

// Chunks takes the rows of a payload that is too large for the message's own
// transaction. What it wrote and no message ever claims is an orphan.
type Chunks interface {
	PutChunk(ctx context.Context, r Row) error
}

// SealBody seals the payload of m: up to inline octets into rows of the transaction;
// above that into dir, or with a nil dir chunk by chunk into chunks.
func (c *Codec) SealBody(ctx context.Context, m *message.Message, b message.Body, inline int64, dir *Dir, chunks Chunks) (*Sealed, error) {
	key, w, err := c.ring.NewPayloadKey(m.Org, string(m.ID), b.Size())
	if err != nil {
		return nil, fmt.Errorf("seal body of %s: %w", m.ID, err)
	}
	s := &Sealed{Place: PlaceDatabase, Wrap: w, Size: b.Size(), Hash: b.SHA256()}
	switch {
	case b.Size() <= inline:
		err = s.inRow(m.ID, key, b)
	case dir != nil:
		s.Place = PlaceDir
		err = dir.write(m.ID, func(w io.Writer) error { return sealTo(w, key, b) })
	case c.now().Sub(m.ID.Time()) > orphanAge/2:
		// The sweep tells by the id that chunks are young. An id this old would let it take
		// them before the message is there.
		err = errors.New("the message's id was made too long ago")
	default:
		cw := &chunkWriter{ctx: ctx, id: m.ID, to: chunks}
		if err = sealTo(cw, key, b); err == nil {
			err = cw.flush()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("seal body of %s: %w", m.ID, err)
	}
	return s, nil
}

func (s *Sealed) inRow(id message.ID, key *seal.PayloadKey, b message.Body) error {
	var buf bytes.Buffer
	buf.Grow(int(b.Size() + b.Size()/64 + 256)) // tags and stream header
	if err := sealTo(&buf, key, b); err != nil {
		return err
	}
	s.Rows = []Row{{TablePayloads, []any{string(id), int64(0), buf.Bytes()}}}
	return nil
}

// sealTo seals the whole body into w. A body that is not as long as it says is refused
// before the stream becomes valid.
func sealTo(w io.Writer, key *seal.PayloadKey, b message.Body) error {
	r, err := b.Open()
	if err != nil {
		return fmt.Errorf("open body: %w", err)
	}
	defer func() { _ = r.Close() }()
	sw, err := key.NewWriter(w)
	if err != nil {
		return err
	}
	n, err := io.Copy(sw, r)
	if err != nil {
		return err
	}
	if n != b.Size() {
		return fmt.Errorf("body has %d octets instead of %d", n, b.Size())
	}
	return sw.Close()
}

// chunkWriter cuts a sealed stream into rows.
type chunkWriter struct {
	ctx context.Context // lives for one call of SealBody
	id  message.ID
	to  Chunks
	buf []byte
	seq int64
}

func (w *chunkWriter) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		n := min(len(p), ChunkSize-len(w.buf))
		w.buf, p = append(w.buf, p[:n]...), p[n:]
		if len(w.buf) == ChunkSize {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return total, nil
}

func (w *chunkWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.to.PutChunk(w.ctx, Row{TablePayloads, []any{string(w.id), w.seq, w.buf}})
	w.buf, w.seq = make([]byte, 0, ChunkSize), w.seq+1
	return err
}

// Stored is what a driver read to open a payload.
type Stored struct {
	ID, Org string
	Place   string
	Size    int64
	Hash    []byte
	Wrap    WrapRow
}

// OpenBody opens a stored payload; the secret is as in [Messages]. The chunk function returns one row of a payload in
// the database, or nil when there is no such row.
func (c *Codec) OpenBody(st Stored, secret []byte, dir *Dir, chunk func(seq int64) ([]byte, error)) (message.Body, error) {
	if secret != nil {
		return nil, fmt.Errorf("open body of %s: %w", st.ID, ErrNotBound)
	}
	key, err := c.ring.Unwrap(st.Org, st.ID, seal.Wrapped{KeyID: st.Wrap.KeyID, Blob: st.Wrap.Wrap})
	if err != nil {
		return nil, fmt.Errorf("open body of %s: %w", st.ID, err)
	}
	b := &storedBody{st: st, key: key}
	switch {
	case st.Place != PlaceDir:
		b.source = func() (io.ReadCloser, error) { return &chunkReader{next: chunk}, nil }
	case dir == nil:
		return nil, fmt.Errorf("open body of %s: it lies in a payload folder, and none is set", st.ID)
	default:
		b.source = func() (io.ReadCloser, error) { return dir.open(message.ID(st.ID)) }
	}
	return b, nil
}

// storedBody is the [message.Body] of a stored message.
type storedBody struct {
	st     Stored
	key    *seal.PayloadKey
	source func() (io.ReadCloser, error)
}

func (b *storedBody) Size() int64    { return b.st.Size }
func (b *storedBody) SHA256() []byte { return b.st.Hash }

// Open returns a reader that streams; that the body is whole is known at io.EOF only.
func (b *storedBody) Open() (io.ReadCloser, error) {
	src, err := b.source()
	if err != nil {
		return nil, fmt.Errorf("open body of %s: %w", b.st.ID, err)
	}
	r, err := b.key.NewReader(src)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open body of %s: %w", b.st.ID, err), src.Close())
	}
	return &bodyReader{Reader: r, src: src}, nil
}

type bodyReader struct {
	io.Reader
	src io.Closer
}

func (r *bodyReader) Close() error { return r.src.Close() }

// chunkReader reads rows one after the other; only one is in memory.
type chunkReader struct {
	next func(seq int64) ([]byte, error)
	seq  int64
	rest []byte
	done bool
}

func (r *chunkReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.done {
			return 0, io.EOF
		}
		chunk, err := r.next(r.seq)
		if err != nil {
			return 0, err
		}
		if chunk == nil && r.seq == 0 {
			return 0, ErrDestroyed
		}
		r.rest, r.done, r.seq = chunk, chunk == nil, r.seq+1
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *chunkReader) Close() error {
	r.rest, r.done = nil, true
	return nil
}
