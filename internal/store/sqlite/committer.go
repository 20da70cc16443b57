package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"sigill/internal/store"
)

const (
	maxBatch      = 256      // calls that share one commit
	maxBatchBytes = 16 << 20 // and their size
)

var (
	errClosed = errors.New("store is closed")
	// errBegin says that nothing was tried: another process has the lock, or the file is
	// away. Halves would fare no better, and each would wait as long.
	errBegin = errors.New("begin transaction")
)

// op is one call that waits for a commit. It is either rows to be inserted, which are
// merged with those of others, or a function with a savepoint of its own.
type op struct {
	kind   string // names its points for faults: create, update, ...
	create *store.Creation
	rows   []store.Row
	run    func(t *tx) error
	weight int

	err      error         // the op's own answer: nothing of it was written
	after    store.Changes // what to do after the commit
	panicked any
	done     chan error
}

// committer runs all writing on one connection.
type committer struct {
	tx      *tx
	conn    *sql.Conn
	batch   int
	fault   func(string) error
	metrics *metrics

	queue   chan *op
	mu      sync.RWMutex // held to send, taken to close
	closed  bool
	stopped chan struct{}
}

func newCommitter(ctx context.Context, db *sql.DB, codec *store.Codec, batch int, fault func(string) error, m *metrics) (*committer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	c := &committer{
		conn: conn, batch: batch, fault: fault, metrics: m,
		queue: make(chan *op, 4*maxBatch), stopped: make(chan struct{}),
	}
	c.tx = &tx{ctx: context.WithoutCancel(ctx), conn: conn, codec: codec, stmts: map[string]*sql.Stmt{}, fault: fault}
	go c.loop()
	return c, nil
}

// submit hands an op over and waits for its outcome, whatever becomes of the caller.
func (c *committer) submit(o *op) error {
	o.done = make(chan error, 1)
	c.mu.RLock()
	if c.closed {
		c.mu.RUnlock()
		return errClosed
	}
	c.queue <- o
	c.mu.RUnlock()
	err := <-o.done
	if o.panicked != nil {
		panic(o.panicked) // where it belongs: the caller's function panicked, not the committer
	}
	return err
}

func (c *committer) close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	close(c.queue)
	c.mu.Unlock()
	<-c.stopped
	return errors.Join(c.tx.close(), c.conn.Close())
}

// loop commits what waits, until the queue is closed and empty.
func (c *committer) loop() {
	defer close(c.stopped)
	for o := range c.queue {
		c.commit(c.gather(o))
	}
}

// gather takes what waits behind the first op, without waiting for more: while one
// batch is being synced the next one collects by itself.
func (c *committer) gather(first *op) []*op {
	ops, weight := []*op{first}, first.weight
	for len(ops) < c.batch && weight < maxBatchBytes {
		select {
		case o, ok := <-c.queue:
			if !ok {
				return ops
			}
			ops, weight = append(ops, o), weight+o.weight
		default:
			return ops
		}
	}
	return ops
}

// commit commits ops together; when that fails it tries each half, so that one bad op
// takes nobody down with it.
func (c *committer) commit(ops []*op) {
	start := time.Now()
	err := c.try(ops)
	if err != nil && len(ops) > 1 && !errors.Is(err, store.ErrUnsure) && !errors.Is(err, errBegin) {
		c.commit(ops[:len(ops)/2])
		c.commit(ops[len(ops)/2:])
		return
	}
	c.metrics.commit(len(ops), time.Since(start), err)
	for _, o := range ops {
		if err != nil {
			o.done <- err
			continue
		}
		o.done <- o.err
	}
}

// try runs ops in one transaction.
func (c *committer) try(ops []*op) error {
	if err := c.tx.begin(); err != nil {
		return fmt.Errorf("%w: %w", errBegin, err)
	}
	err := c.write(ops)
	if err == nil {
		err = c.points(ops, "before_commit")
	}
	if err == nil {
		err = c.tx.commit()
	}
	if err != nil {
		c.tx.rollback()
		return err
	}
	if err := c.points(ops, "after_commit"); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnsure, err)
	}
	return nil
}

// write first inserts all rows, merged, then runs the functions.
func (c *committer) write(ops []*op) error {
	m := merged{tx: c.tx}
	for _, o := range ops {
		o.err, o.after, o.panicked = nil, store.Changes{}, nil
		if err := m.add(o); err != nil {
			return err
		}
	}
	if err := m.flush(); err != nil {
		return err
	}
	for _, o := range ops {
		if o.run == nil {
			continue
		}
		if err := c.savepoint(o); err != nil {
			return err
		}
	}
	return nil
}

// savepoint runs the function of an op; its error undoes the op and nothing else.
func (c *committer) savepoint(o *op) error {
	if _, err := c.tx.exec("savepoint op"); err != nil {
		return err
	}
	c.tx.op = o
	o.err = c.guarded(o)
	c.tx.op = nil
	if o.err != nil {
		if _, err := c.tx.plain("rollback to op"); err != nil { // SQLite gave the whole transaction up
			return errors.Join(o.err, err)
		}
	}
	_, err := c.tx.plain("release op")
	return err
}

// guarded runs the function; a panic in it is carried to the caller.
func (c *committer) guarded(o *op) (err error) {
	defer func() {
		if p := recover(); p != nil {
			o.panicked, err = p, errors.New("panic in an update")
		}
	}()
	return o.run(c.tx)
}

// points calls the fault of each kind of op in the batch.
func (c *committer) points(ops []*op, point string) error {
	if c.fault == nil {
		return nil
	}
	for _, o := range ops {
		if err := c.fault(o.kind + "." + point); err != nil {
			return err
		}
	}
	return nil
}

// merged collects rows of many ops, by table and way of writing.
type merged struct {
	tx     *tx
	insert map[store.Table][]store.Row
	put    map[store.Table][]store.Row
}

func (m *merged) add(o *op) error {
	switch {
	case o.create != nil:
		return m.addCreate(o)
	case o.rows != nil:
		m.keep(&m.put, o.rows)
	}
	return nil
}

func (m *merged) keep(to *map[store.Table][]store.Row, rows []store.Row) {
	if *to == nil {
		*to = map[store.Table][]store.Row{}
	}
	for _, r := range rows {
		(*to)[r.Table] = append((*to)[r.Table], r)
	}
}

func (m *merged) addCreate(o *op) error {
	cr := o.create
	if cr.Repeat != nil {
		first, err := m.tx.repeated(cr.Repeat)
		if err != nil {
			return err
		}
		if first != "" {
			if err := m.flush(); err != nil { // the first may be of this very batch
				return err
			}
			o.err, err = m.tx.noteRepeat(first)
			return err
		}
	}
	if ok, err := m.finish(o); err != nil || !ok {
		return err
	}
	m.keep(&m.insert, cr.Insert)
	m.keep(&m.put, cr.Put)
	for _, r := range cr.Delete {
		if err := m.tx.delete(r); err != nil {
			return err
		}
	}
	for _, c := range cr.Refund {
		if err := m.tx.refund(c); err != nil {
			return err
		}
	}
	o.after = cr.Changes
	return nil
}

// finish finishes the job that a new message answers for. When the job is not ours any
// more that is the op's answer, and its sending is no message's after all.
func (m *merged) finish(o *op) (bool, error) {
	if o.create.Done == nil {
		return true, nil
	}
	err := m.tx.finish(*o.create.Done)
	if !errors.Is(err, store.ErrStale) {
		return err == nil, err
	}
	o.err = err
	if r := o.create.Repeat; r != nil {
		return false, m.tx.delete(store.Row{Table: store.TableRepeats, Values: r.Row.Values[:1]})
	}
	return false, nil
}

func (m *merged) flush() error {
	for _, t := range store.Tables() {
		if err := m.tx.rows(t, m.insert[t], false); err != nil {
			return err
		}
		if err := m.tx.rows(t, m.put[t], true); err != nil {
			return err
		}
	}
	m.insert, m.put = nil, nil
	return nil
}
