package postgres

import (
	"context"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"sigill/internal/store"
	"sigill/internal/store/storetest"
	"sigill/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// migrated returns the URL of a fresh database that has the tables already.
func migrated(tb testing.TB) string {
	tb.Helper()
	return testkit.PostgresFrom(tb, "store", migrate)
}

func migrate(dsn string) error {
	_, _, err := Migrate(context.Background(), dsn)
	return err
}

// databases gives each folder of a test a database of its own.
type databases struct {
	pg *testkit.PG // nil for the shared cluster

	mu   sync.Mutex
	urls map[string]string
}

func (d *databases) url(tb testing.TB, folder string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.urls == nil {
		d.urls = map[string]string{}
	}
	switch {
	case d.urls[folder] != "":
	case d.pg != nil:
		d.urls[folder] = d.pg.DatabaseFrom(tb, "store", migrate)
	default:
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

// files lists the files of the folder's database and of its payloads. What the server
// has in memory is written to them first. The write-ahead log, which all databases of a
// cluster share, is read by TestCanary.
func (d *databases) files(tb testing.TB, o storetest.Options) []string {
	tb.Helper()
	c := connect(tb, d.url(tb, o.Folder))
	var folder string
	mustScan(tb, c, "select current_setting('data_directory') || '/base/' || oid from pg_database where datname = current_database()", &folder)
	if _, err := c.Exec(tb.Context(), "checkpoint"); err != nil {
		tb.Fatal(err)
	}
	return append(filesIn(tb, folder), filesIn(tb, o.Folder)...)
}

func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	c, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func mustScan(tb testing.TB, c *pgx.Conn, query string, to any) {
	tb.Helper()
	if err := c.QueryRow(tb.Context(), query).Scan(to); err != nil {
		tb.Fatal(err)
	}
}

func filesIn(tb testing.TB, folder string) []string {
	tb.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

func (d *databases) driver() storetest.Driver {
	return storetest.Driver{Open: d.open, Nodes: true, Files: d.files}
}

// BenchmarkStore runs on a server that syncs: everything else measures nothing.
func BenchmarkStore(b *testing.B) {
	d := &databases{pg: testkit.PostgresCluster(b, testkit.PGOptions{Durable: true})}
	storetest.Bench(b, d.driver())
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, (&databases{}).driver())
}
