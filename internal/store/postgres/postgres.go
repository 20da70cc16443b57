// Package postgres keeps the store in a PostgreSQL database that any number of equal
// nodes share.
//
// What is hot (new messages, outcomes of the relay, traces with a decision) waits for a
// committer, which merges all that waits into a few multi-row statements, pipelined in
// one transaction with one sync for everybody. Committers have connections of their own,
// and pass over a message that somebody else has locked: its outcome is then written by
// itself. What changes a message in other ways has
// a transaction of its own that locks the message's row first; rows are always locked in
// the order message, jobs, counters, and those of one kind by their key, so that
// transactions wait for each other in one direction only. The few that still meet in a
// deadlock run again.
//
// A COMMIT whose answer is lost is neither taken for done nor for failed: every
// transaction holds an advisory lock of its own as long as it lives, so that a fresh
// connection can wait for its end and then look for what it wrote.
//
// Nothing is kept in a session between transactions, so that a pooler in transaction
// mode can stand between (with default_query_exec_mode=exec in the URL, and the
// migrations run past it).
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/seal"
	"sigill/internal/store"
)

// Options says where the store is and how it is opened.
type Options struct {
	// URL is a connection string as libpq knows it, postgres://... or key=value. Several
	// hosts and target_session_attrs=read-write follow a failover.
	URL string
	// PayloadPlace is where payloads above Inline go: store.PlaceDatabase, which "" means
	// too, or store.PlaceDir.
	PayloadPlace string
	// Dir is the folder of payload files, which all nodes must share; needed with
	// store.PlaceDir, and as long as payloads lie there.
	Dir    string
	Inline int64         // octets up to which a payload goes into its message's own commit; 0 for the default
	Ring   *seal.Keyring // required
	Now    func() time.Time
	Node   string // owner of leases, different on each node
	Log    *slog.Logger
	// Registerer takes the metrics; nil for none.
	Registerer prometheus.Registerer
	// MaxConns limits the connections; 0 for pool_max_conns of the URL, else 16.
	MaxConns int
	// NoMigrate refuses a store that is older than the program, instead of bringing it up.
	NoMigrate bool
	// Fault is called at named points of every write, for tests that stop or fail the
	// program there; nil for none.
	Fault func(point string) error

	batch      int           // how many calls may share a commit; 0 for the default
	committers int           // how many commits are under way at once; 0 for the default
	askTime    time.Duration // to learn what became of a COMMIT; 0 for the default
}

const (
	defaultConns = 16
	minConns     = 4 // the committers, and room for everybody else
)

// Store is a store in a PostgreSQL database.
type Store struct {
	codec     *store.Codec
	sql       *statements
	pool      *pgxpool.Pool
	hot       *pgxpool.Pool   // of the committers: who waits for a row elsewhere never keeps them waiting
	config    *pgx.ConnConfig // for a connection past the pool
	committer *committer
	lazy      *lazyTraces
	dir       *store.Dir
	files     bool // large payloads go to dir
	inline    int64
	large     chan struct{} // a place for each large payload on its way into the database
	migration int64
	now       func() time.Time
	log       *slog.Logger
	metrics   *metrics
	faultFn   func(string) error
	askTime   time.Duration
	wake      chan struct{}
	keys      sync.Mutex // one fetches or makes keys at a time
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Backup = (*Store)(nil)
)

// Open opens the store, and makes its tables when there are none. The ring must be the
// one that the store was sealed with (store.ErrForeignKeyring), and the server must
// sync commits ([ErrUnsynced]).
func Open(ctx context.Context, o Options) (*Store, error) {
	config, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{
		codec: store.NewCodec(o.Ring, o.Node, o.Now), sql: newStatements(), config: config.ConnConfig.Copy(),
		inline: o.Inline, files: o.PayloadPlace == store.PlaceDir, large: make(chan struct{}, config.MaxConns/4),
		now: o.Now, log: o.Log, faultFn: o.Fault, askTime: o.askTime, wake: make(chan struct{}, 1),
	}
	if err := s.open(ctx, o, config); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	return s, nil
}

// check fills defaults and refuses what cannot work.
func (o *Options) check() (*pgxpool.Config, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Inline <= 0 {
		o.Inline = store.DefaultInline
	}
	if o.askTime <= 0 {
		o.askTime = askTime
	}
	if o.Ring == nil {
		return nil, errors.New("no key ring")
	}
	switch o.PayloadPlace {
	case "", store.PlaceDatabase:
	case store.PlaceDir:
		if o.Dir == "" {
			return nil, errors.New("payloads shall go into a folder, and none is named")
		}
	default:
		return nil, fmt.Errorf("unknown place for payloads %q: use %s or %s", o.PayloadPlace, store.PlaceDatabase, store.PlaceDir)
	}
	return poolConfig(o.URL, o.MaxConns)
}

func (s *Store) open(ctx context.Context, o Options, config *pgxpool.Config) error {
	var err error
	if o.committers <= 0 {
		o.committers = defaultCommitters
	}
	hot := config.Copy()
	hot.MaxConns = int32(min(o.committers, 1000))                                          //nolint:gosec // bounded
	hot.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false } // a batch runs again by itself
	config.MaxConns = max(config.MaxConns-hot.MaxConns, 2)
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	if s.hot, err = pgxpool.NewWithConfig(ctx, hot); err != nil {
		return err
	}
	if err := s.greet(ctx); err != nil {
		return err
	}
	if s.migration, err = ready(ctx, s.config, o.NoMigrate); err != nil {
		return err
	}
	if err := s.identify(ctx, o); err != nil {
		return err
	}
	if s.metrics, err = newMetrics(o.Registerer, s.pool, s.hot); err != nil {
		return err
	}
	s.committer = newCommitter(s, o.batch, o.committers)
	s.lazy = newLazyTraces(s) //nolint:contextcheck // it lives until Close
	return nil
}

// Close writes what is pending and closes the store.
func (s *Store) Close() error {
	if s.lazy != nil {
		s.lazy.close()
	}
	if s.committer != nil {
		s.committer.close()
	}
	for _, p := range []*pgxpool.Pool{s.hot, s.pool} {
		if p != nil {
			p.Close()
		}
	}
	return nil
}

// Ping says whether the store answers and takes writes.
func (s *Store) Ping(ctx context.Context) error {
	var readOnly bool
	err := s.look(ctx, func(b *pgx.Batch) {
		b.Queue("select pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on'").
			QueryRow(func(r pgx.Row) error { return r.Scan(&readOnly) })
	})
	if err == nil && readOnly {
		err = errors.New("the server takes no writes")
	}
	if err != nil {
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

// fault calls the fault of a point.
func (s *Store) fault(point string) error {
	if s.faultFn == nil {
		return nil
	}
	return s.faultFn(point)
}
