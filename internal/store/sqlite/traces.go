package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sigill/internal/store"
)

// AddTrace writes a trace; see store.Traces.
func (s *Store) AddTrace(ctx context.Context, t store.Trace) error {
	if t.Decision == nil {
		s.lazy.add(t)
		return nil
	}
	if err := s.addTraces(ctx, []store.Trace{t}); err != nil {
		return fmt.Errorf("add trace: %w", err)
	}
	return nil
}

func (s *Store) addTraces(ctx context.Context, traces []store.Trace) error {
	return s.withKeys(ctx, func() error {
		var rows []store.Row
		for _, t := range traces {
			r, err := s.codec.Trace(t)
			if err != nil {
				return err
			}
			rows = append(rows, r...)
		}
		return s.submit(&op{kind: "trace", rows: rows})
	})
}

const (
	lazyEvery = time.Second // how long a trace without a decision may wait
	lazyBatch = 256         // how many are written together
	lazyMost  = 64 << 10    // how many may wait while the store is away
)

// lazyTraces gathers traces that a crash may lose.
type lazyTraces struct {
	s       *Store
	mu      sync.Mutex
	waiting []store.Trace
	writing sync.Mutex // held by who writes, so that flush also waits for others
	kick    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

func newLazyTraces(s *Store) *lazyTraces {
	l := &lazyTraces{s: s, kick: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
	go l.loop()
	return l
}

func (l *lazyTraces) add(t store.Trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= lazyMost {
		l.s.writer.metrics.drop(1)
		return
	}
	l.waiting = append(l.waiting, t)
	if len(l.waiting) >= lazyBatch {
		select {
		case l.kick <- struct{}{}:
		default:
		}
	}
}

func (l *lazyTraces) loop() {
	defer close(l.stopped)
	tick := time.NewTicker(lazyEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		case <-l.kick:
		}
		if err := l.flush(context.Background()); err != nil {
			l.s.log.Warn("traces wait for the store", "err", err)
		}
	}
}

// flush writes what waits. What cannot be written waits on, unless the store is closed.
func (l *lazyTraces) flush(ctx context.Context) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	for {
		l.mu.Lock()
		n := min(len(l.waiting), lazyBatch)
		batch := l.waiting[:n:n]
		l.mu.Unlock()
		if n == 0 {
			return nil
		}
		if err := l.s.addTraces(ctx, batch); err != nil {
			return fmt.Errorf("write traces: %w", err)
		}
		l.mu.Lock()
		l.waiting = l.waiting[n:]
		l.mu.Unlock()
	}
}

func (l *lazyTraces) close() error {
	close(l.stop)
	<-l.stopped
	err := l.flush(context.Background())
	if errors.Is(err, errClosed) {
		return nil
	}
	return err
}

// FindTraces lists traces, newest first, those of this process that still wait included.
// States do not narrow it: a trace has none.
func (s *Store) FindTraces(ctx context.Context, q store.Query) (found []store.Trace, err error) {
	if err := s.lazy.flush(ctx); err != nil {
		return nil, fmt.Errorf("find traces: %w", err)
	}
	c := s.traceConditions(q)
	query := "select " + columnList(store.TableTraces, "t.") + " from traces t" + c.where() + " order by t.at desc, t.id desc limit ?"
	err = s.snapshot(ctx, func(r querier) error {
		found = nil
		var rows []store.TraceRow
		if err := r.all(query, append(c.args, limit(q.Limit)), func(scan func(...any) error) error {
			var t store.TraceRow
			err := scan(t.Dest()...)
			rows = append(rows, t)
			return err
		}); err != nil {
			return fmt.Errorf("find traces: %w", err)
		}
		for _, row := range rows {
			t, err := s.codec.LoadTrace(row)
			if err != nil {
				return err
			}
			found = append(found, t)
		}
		return nil
	})
	return found, err
}

func (s *Store) traceConditions(q store.Query) conds {
	var c, r conds
	if q.Org != "" {
		c.add("t.org = ?", q.Org)
	}
	if from := s.codec.AddressHashes(q.From); from != nil {
		c.add("t.from_hash in ("+marks(len(from))+")", list(from)...)
	}
	if !q.Since.IsZero() {
		c.add("t.at >= ?", store.Micros(q.Since))
	}
	if !q.Until.IsZero() {
		c.add("t.at < ?", store.Micros(q.Until))
	}
	r.hashes(s.codec, q)
	if len(r.parts) > 0 {
		c.add("t.id in (select trace from trace_recipients"+r.where()+")", r.args...)
	}
	return c
}
