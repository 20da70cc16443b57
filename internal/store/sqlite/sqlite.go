// Package sqlite keeps the store in one SQLite file: no server, one process that writes.
//
// All writing goes through one connection, owned by a committer: it takes whatever
// waits, runs it in one transaction, and answers everybody after one sync. The file is
// in WAL mode with synchronous=FULL, so that what was answered survives a power cut,
// and with secure_delete=ON, so that what was deleted is overwritten. Reading has a
// pool of its own that sees the last commit and never waits for the writer.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite" // the driver

	"sigill/internal/seal"
	"sigill/internal/store"
)

// Options says where the store is and how it is opened.
type Options struct {
	Path   string        // the database file; it and its folder are made when missing
	Dir    string        // folder for payloads above Inline; "" keeps those in the database too
	Inline int64         // octets up to which a payload lies in the database; 0 for the default
	Ring   *seal.Keyring // required
	Now    func() time.Time
	Node   string // owner of leases
	Log    *slog.Logger
	// Registerer takes the metrics; nil for none.
	Registerer prometheus.Registerer
	// NoMigrate refuses a store that is older than the program, instead of bringing it up.
	NoMigrate bool
	// Fault is called at named points of every write, for tests that stop or fail the
	// program there; nil for none.
	Fault func(point string) error

	batch int // how many calls may share a commit; 0 for the default
}

// Store is a store in a SQLite file.
type Store struct {
	codec  *store.Codec
	read   *sql.DB
	write  *sql.DB
	sent   *sql.Stmt // sentQuery, of read
	writer *committer
	lazy   *lazyTraces
	dir    *store.Dir
	inline int64
	now    func() time.Time
	log    *slog.Logger
	wake   chan struct{}
	closed sync.Once
}

// Open opens the store, and makes it when there is none. The ring must be the one that
// the store was sealed with (store.ErrForeignKeyring).
func Open(ctx context.Context, o Options) (*Store, error) {
	o.defaults()
	if o.Ring == nil {
		return nil, errors.New("open store: no key ring")
	}
	if err := prepareFile(o.Path); err != nil {
		return nil, err
	}
	if err := ready(ctx, o); err != nil {
		return nil, err
	}
	s := &Store{
		codec: store.NewCodec(o.Ring, o.Node, o.Now), inline: o.Inline, now: o.Now, log: o.Log,
		wake: make(chan struct{}, 1),
	}
	if err := s.connect(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close()) //nolint:contextcheck // Close and what lives until then have no caller to wait for
	}
	if err := s.identify(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close()) //nolint:contextcheck // Close and what lives until then have no caller to wait for
	}
	s.lazy = newLazyTraces(s) //nolint:contextcheck // Close and what lives until then have no caller to wait for
	return s, nil
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Inline <= 0 {
		o.Inline = store.DefaultInline
	}
	if o.batch <= 0 {
		o.batch = maxBatch
	}
}

// prepareFile makes the file with a mode that keeps others out; SQLite gives its own
// files beside it the same mode.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the store's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	return f.Close()
}

// How a transaction begins: one that will write takes the lock at once, or two could
// wait for each other half way.
const (
	forWriting = "immediate"
	forReading = "deferred"
)

// dsn returns the data source name. Temporary tables and sorts stay in memory: they
// would leave what is sealed nowhere else on the disk.
func dsn(path, lock string, more ...string) string {
	q := url.Values{"_txlock": {lock}}
	for _, p := range append([]string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "foreign_keys(ON)",
		"temp_store(MEMORY)", "trusted_schema(OFF)",
	}, more...) {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	return u.String()
}

func openDB(path, lock string, conns int, more ...string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, lock, more...))
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func (s *Store) connect(ctx context.Context, o Options) error {
	var err error
	if s.write, err = openDB(o.Path, forWriting, 1, "cache_size(-32768)", "wal_autocheckpoint(4000)"); err != nil {
		return err
	}
	if s.read, err = openDB(o.Path, forReading, max(4, runtime.NumCPU()), "query_only(ON)"); err != nil {
		return err
	}
	if s.sent, err = s.read.PrepareContext(ctx, sentQuery); err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return err
	}
	s.writer, err = newCommitter(ctx, s.write, s.codec, o.batch, o.Fault, m)
	return err
}

// identify compares the ring with the one on record, and opens the payload folder.
func (s *Store) identify(ctx context.Context, o Options) error {
	have, err := s.installation(ctx)
	if err != nil {
		return err
	}
	if have != nil {
		if err := s.codec.Accept(have); err != nil {
			return fmt.Errorf("open store: %w", err)
		}
	}
	if have, err = s.record(ctx); err != nil {
		return err
	}
	if o.Dir == "" {
		return nil
	}
	filed, err := s.exists(ctx, "select 1 from messages m join wraps w on w.message = m.id where m.place = ? limit 1", store.PlaceDir)
	if err != nil {
		return err
	}
	s.dir, err = store.OpenDir(o.Dir, have.ID, !filed, o.Now)
	return err
}

// Close writes what is pending and closes the store. A second call does nothing.
func (s *Store) Close() (err error) {
	s.closed.Do(func() { err = s.close() })
	return err
}

func (s *Store) close() error {
	var errs []error
	if s.lazy != nil {
		errs = append(errs, s.lazy.close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.sent != nil {
		errs = append(errs, s.sent.Close())
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Ping says whether the store answers and takes writes.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.do(ctx, "ping", func(t *tx) error {
		_, err := t.exec("update installation set made = made")
		return err
	}); err != nil {
		return fmt.Errorf("ping store: %w", err)
	}
	return nil
}

// Wake is sent to when this process has committed a job that is due now.
func (s *Store) Wake() <-chan struct{} { return s.wake }

func (s *Store) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // a wake that nobody has taken yet serves this one too
	}
}
