package postgres

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"sigill/internal/store"
	"sigill/internal/store/storetest"
	"sigill/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// migrated returns the URL of a fresh database that has the tables already.
func migrated(tb testing.TB) string {
	tb.Helper()
	return testkit.PostgresFrom(tb, "store", func(dsn string) error {
		_, _, err := Migrate(context.Background(), dsn)
		return err
	})
}

// databases gives each folder of a test a database of its own.
type databases struct {
	mu   sync.Mutex
	urls map[string]string
}

func (d *databases) url(tb testing.TB, folder string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.urls == nil {
		d.urls = map[string]string{}
	}
	if d.urls[folder] == "" {
		d.urls[folder] = migrated(tb)
	}
	return d.urls[folder]
}

func (d *databases) open(tb testing.TB, o storetest.Options) (store.Store, error) {
	tb.Helper()
	opts := Options{
		URL: d.url(tb, o.Folder), PayloadPlace: store.PlaceDir, Dir: filepath.Join(o.Folder, "payloads"), Inline: o.Inline,
		Ring: o.Ring, Now: o.Now, Node: o.Node, Fault: o.Fault, MaxConns: 6,
	}
	if o.NoDir {
		opts.PayloadPlace, opts.Dir = store.PlaceDatabase, ""
	}
	if o.Alone {
		opts.batch, opts.committers, opts.MaxConns = 1, 64, 70
	}
	s, err := Open(context.Background(), opts)
	if err != nil {
		return nil, err // not s: a nil *Store is no nil store.Store
	}
	return s, nil
}

// files lists the database's files. A checkpoint first writes what is in memory.
func (d *databases) driver() storetest.Driver {
	return storetest.Driver{Open: d.open, Nodes: true}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, (&databases{}).driver())
}

func open(tb testing.TB, o Options) *Store {
	tb.Helper()
	s, err := Open(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

var _ = errors.Is
