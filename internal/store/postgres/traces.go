package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"sigill/internal/store"
)

const (
	lazyPause = time.Second // between two writings of lazy traces
	lazyMost  = 10_000      // that wait while the database is away; more are dropped
	lazyBatch = 500
)

// AddTrace implements [store.Traces].
func (s *Store) AddTrace(ctx context.Context, t store.Trace) error {
	if t.Decision == nil {
		s.lazy.add(t)
		return nil
	}
	if err := s.writeTraces(context.WithoutCancel(ctx), []store.Trace{t}); err != nil {
		return fmt.Errorf("trace %s: %w", t.ID, err)
	}
	return nil
}

func (s *Store) writeTraces(ctx context.Context, traces []store.Trace) error {
	o := &op{kind: "trace"}
	for _, t := range traces {
		err := s.ensure(ctx, func() error {
			rows, err := s.codec.Trace(t)
			o.trace = append(o.trace, rows...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.committer.submit(o)
}

// lazyTraces keeps traces without a decision for a moment and writes them together.
type lazyTraces struct {
	s       *Store
	mu      sync.Mutex
	waiting []store.Trace
	writing sync.Mutex // one writes at a time, so that flush also waits for what is under way
	stop    chan struct{}
	stopped chan struct{}
}

func newLazyTraces(s *Store) *lazyTraces {
	l := &lazyTraces{s: s, stop: make(chan struct{}), stopped: make(chan struct{})}
	go l.loop()
	return l
}

func (l *lazyTraces) loop() {
	defer close(l.stopped)
	tick := time.NewTicker(lazyPause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.flush()
		case <-l.stop:
			l.flush()
			return
		}
	}
}

func (l *lazyTraces) add(t store.Trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= lazyMost {
		l.s.metrics.drop(1)
		return
	}
	l.waiting = append(l.waiting, t)
}

// flush writes what waits. What cannot be written waits on, as far as there is room.
func (l *lazyTraces) flush() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	traces := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	for len(traces) > 0 {
		n := min(lazyBatch, len(traces))
		if err := l.s.writeTraces(context.Background(), traces[:n]); err != nil {
			l.s.log.Warn("write traces", "count", n, "err", err)
			l.keep(traces)
			return
		}
		traces = traces[n:]
	}
}

func (l *lazyTraces) keep(traces []store.Trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := max(0, lazyMost-len(l.waiting))
	if len(traces) > room {
		l.s.metrics.drop(len(traces) - room)
		traces = traces[:room]
	}
	l.waiting = append(traces, l.waiting...)
}

func (l *lazyTraces) close() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	<-l.stopped
}

// FindTraces implements [store.Traces].
func (s *Store) FindTraces(ctx context.Context, q store.Query) ([]store.Trace, error) {
	s.lazy.flush() //nolint:contextcheck // a batch is everybody's
	query, args := s.traceSQL(q)
	var rows []store.TraceRow
	err := s.look(ctx, func(b *pgx.Batch) {
		rows = nil
		each(b.Queue(query, args...), func(scan func(...any) error) error {
			var r store.TraceRow
			err := scan(r.Dest()...)
			rows = append(rows, r)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find traces: %w", err)
	}
	var found []store.Trace
	for i := range rows {
		err := s.ensure(ctx, func() error {
			t, err := s.codec.LoadTrace(rows[i])
			if err == nil {
				found = append(found, t)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("find traces: %w", err)
		}
	}
	return found, nil
}

func (s *Store) traceSQL(q store.Query) (string, []any) {
	var c conditions
	if q.Org != "" {
		c.add("t.org = %d", q.Org)
	}
	if h := s.codec.AddressHashes(q.From); h != nil {
		c.add("t.from_hash = any(%d::bytea[])", h)
	}
	c.times("t.at", q)
	outer := len(c.terms)
	c.recipient("r.", s.codec, q)
	c.sub(outer, "select 1 from trace_recipients r where r.trace = t.id")
	c.args = append(c.args, limit(q.Limit))
	return fmt.Sprintf("select %s from traces t where %s order by t.at desc, t.id desc limit $%d",
		columnList(store.TableTraces, "t."), c.where(), len(c.args)), c.args
}
