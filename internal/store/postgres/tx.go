package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sigill/internal/store"
)

const (
	attempts     = 6                     // at a transaction that may run again
	askTime      = 5 * time.Second       // to learn what became of a COMMIT
	againPause   = 2 * time.Millisecond  // before the first of them, at random; doubled for each
	askPause     = 50 * time.Millisecond // between two questions
	rollbackTime = 2 * time.Second
	commitTime   = 20 * time.Second // for a batch, and for a COMMIT whose caller went away
)

// tx is one transaction. It is used in rounds, each a batch of statements sent at once:
// the first begins it, the last commits it.
type tx struct {
	s    *Store
	kind string // names its points for faults: create, update, ...
	conn *pgxpool.Conn
	key  int64 // of the advisory lock that is held as long as the transaction lives
}

// transact runs fn in a transaction, again when it ended in a deadlock or with a
// connection that was gone before the COMMIT. Unless fn has committed, the transaction
// is rolled back.
func (s *Store) transact(ctx context.Context, kind string, fn func(t *tx) error) error {
	return s.transactOn(ctx, s.pool, kind, fn)
}

func (s *Store) transactOn(ctx context.Context, pool *pgxpool.Pool, kind string, fn func(t *tx) error) error {
	for n := 1; ; n++ {
		err := s.once(ctx, pool, kind, fn)
		var again *againError
		if !errors.As(err, &again) || n == attempts {
			return explain(err)
		}
		// Without a pause the same two would meet again.
		select {
		case <-ctx.Done():
			return explain(err)
		case <-time.After(rand.N(againPause << n)): //nolint:gosec // jitter, not a secret
		}
	}
}

func (s *Store) once(ctx context.Context, pool *pgxpool.Pool, kind string, fn func(t *tx) error) (err error) {
	if err := s.fault(kind + ".begin"); err != nil {
		return err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return &lostError{err}
	}
	defer func() {
		if code(err) == readOnly { // it was the primary once: look for the one that is
			s.pool.Reset()
			s.hot.Reset()
		}
	}()
	t := &tx{s: s, kind: kind, conn: conn, key: rand.Int64()} //nolint:gosec // tells transactions apart, protects nothing
	defer t.release(ctx)
	return fn(t)
}

// release gives the connection back, without a transaction that is still open.
func (t *tx) release(ctx context.Context) {
	if c := t.conn.Conn(); !c.IsClosed() && c.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
		defer cancel()
		_, _ = t.conn.Exec(ctx, "rollback") // what fails here closes the connection, which is the same
	}
	t.conn.Release()
}

// first returns the batch of the first round, with what begins the transaction. A node
// that hangs with locks in its hands is cut off by the server.
func (t *tx) first() *pgx.Batch {
	b := &pgx.Batch{}
	b.Queue("begin isolation level read committed")
	b.Queue("select pg_advisory_xact_lock($1), set_config('idle_in_transaction_session_timeout', '60s', true)", t.key)
	return b
}

// send sends a round that does not commit.
func (t *tx) send(ctx context.Context, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	err := t.conn.SendBatch(ctx, b).Close()
	switch {
	case err == nil:
		return nil
	case t.conn.Conn().IsClosed() && ctx.Err() == nil:
		return &againError{&lostError{err}}
	case code(err) == deadlockDetected || code(err) == serializationFailure:
		return &againError{err}
	}
	return err
}

// commit sends the last round and commits. A cancelled caller still gets the outcome.
// When the answer is lost, what proves the commit is looked for.
func (t *tx) commit(ctx context.Context, b *pgx.Batch, proof proof) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	if err := t.s.fault(t.kind + ".write"); err != nil {
		return err
	}
	if t.s.faultFn != nil { // a point between writing and committing needs a round of its own
		if err := t.send(ctx, b); err != nil {
			return err
		}
		if err := t.s.fault(t.kind + ".before_commit"); err != nil {
			return err
		}
		b = &pgx.Batch{}
	}
	b.Queue("commit")
	err := t.conn.SendBatch(ctx, b).Close()
	if err == nil {
		if err = t.s.fault(t.kind + ".after_commit"); err == nil {
			return nil
		}
		return t.ask(ctx, proof, err)
	}
	switch {
	case t.conn.Conn().IsClosed():
		return t.ask(ctx, proof, err)
	case code(err) == deadlockDetected || code(err) == serializationFailure:
		return &againError{err}
	}
	return err
}

// proof is a row that is there if, and only if, the transaction was committed.
type proof struct {
	row     store.Row
	columns int  // how many of its columns are compared
	sure    bool // that it is not there proves that nothing was committed
}

// prove chooses a row of changes. Events are best: nobody ever changes or deletes them.
func prove(ch *store.Changes) proof {
	var best proof
	for _, r := range ch.Insert {
		switch {
		case r.Table == store.TableEvents:
			return proof{r, len(r.Values), true}
		case r.Table == store.TableJobs:
			best = proof{r, 1, false} // it may be done already
		}
	}
	for _, r := range ch.Put {
		if r.Table == store.TableAccesses || r.Table == store.TableContacts || r.Table == store.TableRecipients {
			return proof{r, len(r.Values), false} // its sealed column is like no other, but may be overwritten already
		}
	}
	return best
}

// query asks for the row. The key is compared in a way that an index can serve.
func (p proof) query() string {
	where := make([]string, p.columns)
	for i := range where {
		where[i] = fmt.Sprintf("%s = $%d", p.row.Table.Columns()[i].Name, i+1)
		if i >= p.row.Table.Key() {
			where[i] = fmt.Sprintf("%s is not distinct from $%d", p.row.Table.Columns()[i].Name, i+1)
		}
	}
	return fmt.Sprintf("select exists (select 1 from %s where %s)", p.row.Table, strings.Join(where, " and "))
}

// ask learns on a fresh connection what became of a COMMIT whose answer was lost. It
// returns nil when it was done, an [againError] when it surely was not, else
// store.ErrUnsure.
func (t *tx) ask(ctx context.Context, p proof, lost error) error {
	unsure := fmt.Errorf("%w: %w", store.ErrUnsure, lost)
	if p.columns == 0 {
		return unsure
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.s.askTime)
	defer cancel()
	for {
		there, err := t.s.there(ctx, t.kind, t.key, p)
		switch {
		case err == nil && there:
			return nil
		case err == nil && p.sure:
			return &againError{lost}
		case err == nil:
			return unsure
		}
		select {
		case <-ctx.Done():
			return unsure
		case <-time.After(askPause):
		}
	}
}

// there waits until the transaction that holds the lock of key has ended, then looks for
// the row.
func (s *Store) there(ctx context.Context, kind string, key int64, p proof) (there bool, err error) {
	if err := s.fault(kind + ".ask"); err != nil {
		return false, err
	}
	c, err := pgx.ConnectConfig(ctx, s.config.Copy())
	if err != nil {
		return false, err
	}
	defer func() { _ = c.Close(ctx) }()
	b := &pgx.Batch{}
	b.Queue("begin isolation level read committed")
	b.Queue("select pg_advisory_xact_lock($1)", key)
	b.Queue(p.query(), p.row.Values[:p.columns]...).QueryRow(func(r pgx.Row) error { return r.Scan(&there) })
	b.Queue("rollback")
	return there, c.SendBatch(ctx, b).Close()
}

// look reads: all statements that queue adds see the same moment, in one round trip. It
// may call queue twice, when a connection turns out to be gone.
func (s *Store) look(ctx context.Context, queue func(b *pgx.Batch)) error {
	for n := 1; ; n++ {
		gone, err := s.lookOnce(ctx, queue)
		if !gone || n == attempts || ctx.Err() != nil {
			return err
		}
	}
}

func (s *Store) lookOnce(ctx context.Context, queue func(b *pgx.Batch)) (gone bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	t := &tx{s: s, conn: conn}
	defer t.release(ctx)
	b := &pgx.Batch{}
	b.Queue("begin isolation level repeatable read read only")
	queue(b)
	b.Queue("commit")
	err = conn.SendBatch(ctx, b).Close()
	return conn.Conn().IsClosed(), err
}

// lookup reads one row by one statement, pgx.ErrNoRows when there is none. Like look it
// does so again when a connection turns out to be gone.
func (s *Store) lookup(ctx context.Context, query string, args []any, dest ...any) error {
	for n := 1; ; n++ {
		conn, err := s.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		err = conn.QueryRow(ctx, query, args...).Scan(dest...)
		gone := conn.Conn().IsClosed()
		conn.Release()
		if !gone || n == attempts || ctx.Err() != nil {
			return err
		}
	}
}

// each hands every row of a queued query to fn; scan is to be called inside it.
func each(q *pgx.QueuedQuery, fn func(scan func(...any) error) error) {
	q.Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := fn(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
