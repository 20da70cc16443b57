package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/seal"
	"sigill/internal/seal/sealtest"
)

type memory []byte

func (b memory) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
func (b memory) Size() int64                  { return int64(len(b)) }
func (b memory) SHA256() []byte               { s := sha256.Sum256(b); return s[:] }

// rowsTaken is a [Chunks] that keeps rows.
type rowsTaken struct {
	rows [][]byte
	err  error
}

func (r *rowsTaken) PutChunk(_ context.Context, row Row) error {
	if seq := row.Values[1].(int64); seq != int64(len(r.rows)) {
		return errors.New("a chunk out of order")
	}
	r.rows = append(r.rows, row.Values[2].([]byte))
	return r.err
}

func (r *rowsTaken) chunk(seq int64) ([]byte, error) {
	if seq >= int64(len(r.rows)) {
		return nil, nil
	}
	return r.rows[seq], nil
}

func newDir(t *testing.T) *Dir {
	t.Helper()
	d, err := OpenDir(filepath.Join(t.TempDir(), "payloads"), "here", true, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func stored(m *message.Message, s *Sealed) Stored {
	return Stored{ID: string(m.ID), Org: m.Org, Place: s.Place, Size: s.Size, Hash: s.Hash,
		Wrap: WrapRow{Message: string(m.ID), KeyID: s.Wrap.KeyID, Wrap: s.Wrap.Blob}}
}

func readAll(t *testing.T, b message.Body) ([]byte, error) {
	t.Helper()
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

func TestBodyGoesWhereItsSizeSays(t *testing.T) {
	t.Parallel()
	c, dir := codec(t), newDir(t)
	tests := []struct {
		name   string
		size   int
		dir    *Dir
		place  string
		inRows int // rows of the message's own transaction
		chunks int
	}{
		{"empty", 0, dir, PlaceDatabase, 1, 0},
		{"at the limit", 1000, dir, PlaceDatabase, 1, 0},
		{"above it, with a folder", 1001, dir, PlaceDir, 0, 0},
		{"above it, without", 1001, nil, PlaceDatabase, 0, 1},
		{"in many chunks", 3 * ChunkSize, nil, PlaceDatabase, 0, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, data, rows := whole(t), memory(bytes.Repeat([]byte("x"), tt.size)), &rowsTaken{}
			s, err := c.SealBody(t.Context(), m, data, 1000, tt.dir, rows)
			if err != nil {
				t.Fatal(err)
			}
			if s.Place != tt.place || len(s.Rows) != tt.inRows || len(rows.rows) != tt.chunks {
				t.Errorf("%s, %d rows, %d chunks", s.Place, len(s.Rows), len(rows.rows))
			}
			for _, r := range s.Rows {
				rows.rows = append(rows.rows, r.Values[2].([]byte))
			}
			b, err := c.OpenBody(stored(m, s), nil, tt.dir, rows.chunk)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readAll(t, b)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("read %d octets, %v", len(got), err)
			}
		})
	}
}

func TestDamagedBodyIsNeverRead(t *testing.T) {
	t.Parallel()
	c, rows := codec(t), &rowsTaken{}
	m := whole(t)
	s, err := c.SealBody(t.Context(), m, memory(bytes.Repeat([]byte("x"), 2*ChunkSize)), 0, nil, rows)
	if err != nil {
		t.Fatal(err)
	}
	other := whole(t)
	tests := []struct {
		name  string
		st    Stored
		chunk func(int64) ([]byte, error)
		want  error
	}{
		{"a chunk is missing", stored(m, s), (&rowsTaken{rows: rows.rows[:1]}).chunk, seal.ErrDamaged},
		{"chunks are swapped", stored(m, s), (&rowsTaken{rows: [][]byte{rows.rows[1], rows.rows[0], rows.rows[2]}}).chunk, seal.ErrDamaged},
		{"all are gone", stored(m, s), (&rowsTaken{}).chunk, ErrDestroyed},
		{"another message's", stored(other, s), rows.chunk, seal.ErrDamaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := c.OpenBody(tt.st, nil, nil, tt.chunk)
			if err == nil {
				_, err = readAll(t, b)
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestChunksOfAnOldIDAreRefused(t *testing.T) {
	t.Parallel()
	c, m, rows := codec(t), whole(t), &rowsTaken{}
	m.ID = message.NewID(noon.Add(-31 * time.Minute))
	if _, err := c.SealBody(t.Context(), m, memory(make([]byte, 5000)), 0, nil, rows); err == nil || len(rows.rows) > 0 {
		t.Errorf("the sweep could take its chunks: %d rows, %v", len(rows.rows), err)
	}
}

func TestFailedBodyLeavesNothing(t *testing.T) {
	t.Parallel()
	c, dir := codec(t), newDir(t)
	m := whole(t)
	full := &rowsTaken{err: ErrFull}
	if _, err := c.SealBody(t.Context(), m, memory(make([]byte, 5000)), 0, nil, full); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	if _, err := c.SealBody(t.Context(), m, tooShort{memory(make([]byte, 5000))}, 0, dir, nil); err == nil {
		t.Error("a body that is not as long as it says was sealed")
	}
	err := filepath.WalkDir(dir.path, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != markerName {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

type tooShort struct{ memory }

func (b tooShort) Size() int64 { return int64(len(b.memory)) + 1 }

func TestDirBelongsToOneInstallation(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return noon }
	path := filepath.Join(t.TempDir(), "payloads")
	if _, err := OpenDir(path, "one", false, now); err == nil {
		t.Error("an empty folder was taken although payloads should be there")
	}
	if _, err := OpenDir(path, "one", true, now); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(path, "one", false, now); err != nil {
		t.Error(err)
	}
	if _, err := OpenDir(path, "two", true, now); err == nil {
		t.Error("another installation's folder was taken")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(file, "one", true, now); err == nil {
		t.Error("a file was taken for a folder")
	}
}

func TestDirFilesArePrivateAndNamesChecked(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	id := message.NewID(noon)
	if err := d.write(id, func(w io.Writer) error { _, err := w.Write([]byte("x")); return err }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(d.file(id))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, bad := range []message.ID{"../../../../../../etc/x", "short"} {
		if err := d.write(bad, func(io.Writer) error { return nil }); err == nil {
			t.Errorf("wrote a file named %q", bad)
		}
	}
	if err := d.Remove(id); err != nil {
		t.Error(err)
	}
	if err := d.Remove(id); err != nil {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := d.open(id); !errors.Is(err, ErrDestroyed) {
		t.Errorf("open: %v", err)
	}
}

func TestOrphansAreOld(t *testing.T) {
	t.Parallel()
	now := noon
	d, err := OpenDir(t.TempDir(), "here", true, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	id := message.NewID(noon)
	if err := d.write(id, func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(d.path, "0", "new-123")
	if err := os.WriteFile(half, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(half, noon, noon); err != nil {
		t.Fatal(err)
	}
	if ids, err := d.Orphans(); len(ids) != 0 || err != nil {
		t.Errorf("young: %v, %v", ids, err)
	}
	now = noon.Add(time.Hour)
	if ids, err := d.Orphans(); len(ids) != 1 || ids[0] != id || err != nil {
		t.Errorf("old: %v, %v", ids, err)
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half-written file: %v", err)
	}
}

func TestRekeyRewritesHashesOnly(t *testing.T) {
	t.Parallel()
	ring := sealtest.Keyring(t)
	c := NewCodec(ring, "a", func() time.Time { return noon })
	c.Recorded(c.Installation(nil))
	addKey(t, c, "org", "2026-11")
	m := whole(t)
	rows := sealed(t, c, m)
	if n := len(c.RekeyMessage(load(t, c, rows))); n != 0 {
		t.Errorf("%d rows to rewrite before a rotation", n)
	}
	if err := ring.Rotate(); err != nil {
		t.Fatal(err)
	}
	fresh := c.RekeyMessage(load(t, c, rows))
	if len(fresh) != 3 {
		t.Fatalf("%d rows to rewrite, want a message and two recipients", len(fresh))
	}
	from, to := c.HashBounds()
	l := load(t, c, fresh)
	for _, h := range [][]byte{l.row.From, l.row.Person, l.recipients[0].row.Addr, l.recipients[1].row.Domain} {
		if bytes.Compare(h, from) < 0 || bytes.Compare(h, to) >= 0 {
			t.Errorf("hash %x is not of the newest key", h)
		}
	}
	if n := len(c.RekeyMessage(l)); n != 0 {
		t.Errorf("%d rows to rewrite a second time", n)
	}
}

func TestKeyOfABodyIsWrappedAnewAfterARotation(t *testing.T) {
	t.Parallel()
	ring := sealtest.Keyring(t)
	c := NewCodec(ring, "a", func() time.Time { return noon })
	addKey(t, c, "org", "2026-11")
	m := whole(t)
	s, err := c.SealBody(t.Context(), m, memory("hello"), 1000, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Rotate(); err != nil {
		t.Fatal(err)
	}
	c.Recorded(c.Installation(nil))
	cr, err := c.Create(New{Message: m}, s)
	if err != nil {
		t.Fatal(err)
	}
	var w WrapRow
	scan(t, w.Dest(), rowsOf(cr.Insert, TableWraps)[0])
	if w.KeyID != c.KeyID() {
		t.Errorf("the key is wrapped by %s, the newest is %s", w.KeyID, c.KeyID())
	}
}
