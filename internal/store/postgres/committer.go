package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sigill/internal/store"
)

const (
	maxBatch          = 256     // calls that share one commit
	maxBatchBytes     = 8 << 20 // and their size
	defaultCommitters = 2       // one collects and writes while another's commit is synced
)

var errClosed = errors.New("store is closed")

// op is one call that waits for a commit.
type op struct {
	kind    string // names its points for faults: create, outcome or trace
	create  *store.Creation
	outcome *store.OutcomeRows
	trace   []store.Row
	weight  int // octets, about

	// The answer: err is the op's own, or that of the whole batch.
	err  error
	ok   bool // of an outcome: it was written
	held bool // of an outcome: somebody else has locked its message
	done chan struct{}
}

// committer gathers the ops that wait and commits them together.
type committer struct {
	s     *Store
	batch int
	queue chan *op

	mu      sync.RWMutex // held to send, taken to close
	closed  bool
	stopped sync.WaitGroup
}

func newCommitter(s *Store, batch, committers int) *committer {
	if batch <= 0 {
		batch = maxBatch
	}
	c := &committer{s: s, batch: batch, queue: make(chan *op, 4*maxBatch)}
	for range committers {
		c.stopped.Go(c.loop)
	}
	return c
}

// submit hands an op over and waits for its outcome, whatever becomes of the caller.
func (c *committer) submit(o *op) error {
	o.done = make(chan struct{})
	c.mu.RLock()
	if c.closed {
		c.mu.RUnlock()
		return errClosed
	}
	c.queue <- o
	c.mu.RUnlock()
	<-o.done
	return o.err
}

func (c *committer) close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.queue)
	}
	c.mu.Unlock()
	c.stopped.Wait()
}

// loop commits what waits, until the queue is closed and empty.
func (c *committer) loop() {
	for o := range c.queue {
		for ops := c.gather(o); len(ops) > 0; {
			var later []*op
			ops, later = apart(ops)
			c.commit(ops)
			ops = later
		}
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

// apart puts off messages whose twin is in the same batch: a repeat is known as one only
// when the first is committed.
func apart(ops []*op) (now, later []*op) {
	seen := map[string]bool{}
	for _, o := range ops {
		if o.create != nil && o.create.Repeat != nil {
			hash := string(o.create.Repeat.Hashes[0])
			if seen[hash] {
				later = append(later, o)
				continue
			}
			seen[hash] = true
		}
		now = append(now, o)
	}
	return now, later
}

// commit commits ops together; when that fails it tries each half, so that one bad op
// takes nobody down with it. When the connection is at fault there is no bad one.
func (c *committer) commit(ops []*op) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), commitTime)
	defer cancel()
	err := c.s.commitOps(ctx, c.s.hot, ops, false)
	var lost *lostError
	if err != nil && len(ops) > 1 && !errors.As(err, &lost) && !errors.Is(err, store.ErrUnsure) && ctx.Err() == nil {
		c.commit(ops[:len(ops)/2])
		c.commit(ops[len(ops)/2:])
		return
	}
	c.s.metrics.commit(len(ops), time.Since(start), err)
	for _, o := range ops {
		if err != nil {
			o.err = err
		}
		close(o.done)
	}
}

// commitOps commits ops in one transaction. Unless it may wait, it passes over messages
// that somebody else has locked.
func (s *Store) commitOps(ctx context.Context, pool *pgxpool.Pool, ops []*op, wait bool) error {
	var b *batch
	err := s.transactOn(ctx, pool, ops[0].kind, func(t *tx) error {
		b = s.newBatch(ops)
		b.wait = wait
		return b.run(ctx, t, t.first())
	})
	if err == nil {
		s.removeFiles(ctx, b.remove)
	}
	return err
}
