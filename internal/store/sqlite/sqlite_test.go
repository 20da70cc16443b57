package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/message"
	"sigill/internal/seal/sealtest"
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
	storetest.Run(t, storetest.Driver{Open: open, Nodes: true})
}

func BenchmarkStore(b *testing.B) { storetest.Bench(b, storetest.Driver{Open: open}) }

// fresh opens a store in a folder of its own.
func fresh(t *testing.T, change ...func(*Options)) (*Store, Options) {
	t.Helper()
	o := Options{Path: filepath.Join(t.TempDir(), "sub", "sigill.db"), Ring: sealtest.Keyring(t)}
	for _, c := range change {
		c(&o)
	}
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, o
}

func mail(t *testing.T, size int) store.New {
	t.Helper()
	to, err := message.ParseAddress("karin@else.example")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	m := message.New(message.NewID(now), "org", message.Envelope{To: []message.RcptTo{{Address: to}}}, now)
	return store.New{Message: m, Body: body(strings.Repeat("x", size))}
}

func TestEveryConnectionIsSetUp(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	wants := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "foreign_keys": "1", "temp_store": "2", "busy_timeout": "10000",
	}
	for pragma, want := range wants {
		var got string
		if err := s.writer.conn.QueryRowContext(t.Context(), "pragma "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("writer: %s is %q (%v), want %s", pragma, got, err, want)
		}
		if err := s.read.QueryRowContext(t.Context(), "pragma "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("reader: %s is %q (%v), want %s", pragma, got, err, want)
		}
	}
	if _, err := s.read.ExecContext(t.Context(), "delete from messages"); err == nil {
		t.Error("a reader could write")
	}
}

func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	s, o := fresh(t)
	if _, err := s.Create(t.Context(), mail(t, 100)); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(o.Path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(o.Path+suffix), info.Mode().Perm())
		}
	}
}

func TestColumnsAreThoseOfTheTables(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	for _, table := range store.Tables() {
		var have []string
		rows, err := s.read.QueryContext(t.Context(), "select name from pragma_table_info(?)", table.String())
		if err != nil {
			t.Fatal(err)
		}
		if err := eachRow(rows, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			have = append(have, name)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := columnList(table, ""); got != strings.Join(have, ", ") {
			t.Errorf("%s: the program has %s, the table %v", table, got, have)
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	ctx := t.Context()
	first := mail(t, 4<<10)
	if _, err := s.Create(ctx, first); err != nil {
		t.Fatal(err)
	}
	limitPages(t, s, 1) // no page more than there are
	refused := mail(t, 100<<10)
	if _, err := s.Create(ctx, refused); !errors.Is(err, store.ErrFull) {
		t.Errorf("create on a full disk: %v", err)
	}
	if _, err := s.Message(ctx, refused.Message.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the refused message: %v", err)
	}
	if _, err := s.Message(ctx, first.Message.ID); err != nil {
		t.Errorf("the first message: %v", err)
	}
	limitPages(t, s, 1<<30)
	if _, err := s.Create(ctx, refused); err != nil {
		t.Errorf("create with room again: %v", err)
	}
}

func limitPages(t *testing.T, s *Store, n int) {
	t.Helper()
	err := s.submit(&op{kind: "test", run: func(tx *tx) error {
		var have int
		return tx.one("pragma max_page_count = "+itoa(n), nil, &have)
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	o := Options{Path: filepath.Join(t.TempDir(), "sigill.db"), Ring: sealtest.Keyring(t), NoMigrate: true}
	if empty, err := Empty(ctx, o.Path); !empty || err != nil {
		t.Errorf("no file: empty %v, %v", empty, err)
	}
	if s, err := Open(ctx, o); !errors.Is(err, ErrVersion) {
		t.Fatalf("an old store with NoMigrate: %v, %v", s, err)
	}
	from, to, err := Migrate(ctx, o.Path)
	if from != 0 || to < 1 || err != nil {
		t.Fatalf("migrate: %d to %d, %v", from, to, err)
	}
	if empty, err := Empty(ctx, o.Path); !empty || err != nil {
		t.Errorf("without a ring: empty %v, %v", empty, err)
	}
	s, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.submit(&op{kind: "test", run: func(tx *tx) error {
		_, err := tx.exec("insert into goose_db_version (version_id, is_applied) values (9999, 1)")
		return err
	}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if empty, err := Empty(ctx, o.Path); empty || err != nil {
		t.Errorf("with a ring: empty %v, %v", empty, err)
	}
	for _, noMigrate := range []bool{true, false} {
		o.NoMigrate = noMigrate
		if _, err := Open(ctx, o); !errors.Is(err, ErrVersion) {
			t.Errorf("a newer store: %v", err)
		}
	}
	if _, _, err := Migrate(ctx, o.Path); !errors.Is(err, ErrVersion) {
		t.Errorf("migrate a newer store: %v", err)
	}
}

func TestPanicOfAStepIsItsCallers(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	n := mail(t, 10)
	if _, err := s.Create(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Update(t.Context(), n.Message.ID, func(m *message.Message) (store.Effects, error) {
			m.Subject = "half"
			panic("a mistake")
		})
	}()
	m, err := s.Message(t.Context(), n.Message.ID)
	if err != nil || m.Subject != "" {
		t.Errorf("after the panic: %v, %v", m, err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("after the panic: %v", err)
	}
}

func TestDeletedKeysAreNotInTheFiles(t *testing.T) {
	t.Parallel()
	s, o := fresh(t)
	ctx := t.Context()
	n := mail(t, 1000)
	if _, err := s.Create(ctx, n); err != nil {
		t.Fatal(err)
	}
	var wrap []byte
	if err := s.read.QueryRowContext(ctx, "select wrap from wraps").Scan(&wrap); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(ctx, store.Retention{}); err != nil {
		t.Fatal(err)
	}
	if !inFiles(t, o.Path, wrap) {
		t.Fatal("the wrap is not in the files although it lives")
	}
	if err := s.Update(ctx, n.Message.ID, func(*message.Message) (store.Effects, error) {
		return store.Effects{Effects: message.Effects{Destroy: true}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(ctx, store.Retention{}); err != nil {
		t.Fatal(err)
	}
	if inFiles(t, o.Path, wrap) {
		t.Error("a deleted wrap is still in the files")
	}
}

func inFiles(t *testing.T, path string, what []byte) bool {
	t.Helper()
	found := false
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		found = found || strings.Contains(string(data), string(what))
	}
	return found
}

func TestLazyTracesSurviveAnOrderlyEnd(t *testing.T) {
	t.Parallel()
	s, o := fresh(t)
	tr := store.Trace{ID: message.NewID(time.Now()), Org: "org", At: time.Now()}
	if err := s.AddTrace(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("ping of a closed store: %v", err)
	}
	again, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	found, err := again.FindTraces(t.Context(), store.Query{})
	if err != nil || len(found) != 1 {
		t.Errorf("found %d traces, %v", len(found), err)
	}
}

func TestMetricsCountCommits(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	s, _ := fresh(t, func(o *Options) { o.Registerer = reg })
	if _, err := s.Create(t.Context(), mail(t, 10)); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "sigill_store_commit_calls" && f.GetMetric()[0].GetHistogram().GetSampleCount() > 0 {
			return
		}
	}
	t.Error("no commit was counted")
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "db")}); err == nil {
		t.Error("opened without a ring")
	}
	notADatabase := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(notADatabase, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: notADatabase, Ring: sealtest.Keyring(t)}); err == nil {
		t.Error("opened what is no database")
	}
}

func TestLockedByAnotherProcess(t *testing.T) {
	t.Parallel()
	s, o := fresh(t)
	other, err := openDB(o.Path, forWriting, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	lock, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.conn.ExecContext(t.Context(), "pragma busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	n := mail(t, 10)
	if _, err := s.Create(t.Context(), n); !errors.Is(err, errBegin) {
		t.Errorf("create while another process writes: %v", err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("ping says that the store takes writes")
	}
	if _, err := s.Message(t.Context(), n.Message.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("reading while another process writes: %v", err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), n); err != nil {
		t.Errorf("create afterwards: %v", err)
	}
}
