package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"sigill/internal/store"
	"sigill/internal/store/storetest"
)

func open(tb testing.TB, o storetest.Options) (store.Store, error) {
	tb.Helper()
	opts := Options{
		Path: filepath.Join(o.Folder, "sigill.db"), Dir: filepath.Join(o.Folder, "payloads"), Inline: o.Inline,
		Ring: o.Ring, Now: o.Now, Node: o.Node, Fault: o.Fault,
	}
	if o.NoDir {
		opts.Dir = ""
	}
	if o.Alone {
		opts.batch = 1
	}
	s, err := Open(context.Background(), opts)
	if err != nil {
		return nil, err // not s: a nil *Store is no nil store.Store
	}
	return s, nil
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Driver{Open: open})
}

func BenchmarkStore(b *testing.B) { storetest.Bench(b, storetest.Driver{Open: open}) }
