package sqlite

import (
	"context"
	"fmt"
	"time"

	"sigill/internal/store"
)

// sweepBatch is how many rows one transaction of a sweep deletes: others must not wait
// long for the writer.
const sweepBatch = 500

// Sweep removes what nobody needs; see store.Store. It also empties the write-ahead
// log, which would keep deleted wraps for a while.
func (s *Store) Sweep(ctx context.Context, keep store.Retention) (total int, err error) {
	traces := store.Micros(keep.Traces)
	for _, step := range []struct {
		what string
		run  func() (int, error)
	}{
		{"counters", s.deletes(ctx, `delete from counters where (kind, hash, start) in
			(select kind, hash, start from counters where ends <= ? limit ?)`, s.codec.Now())},
		{"repeats", s.deletes(ctx, "delete from repeats where hash in (select hash from repeats where ends <= ? limit ?)", s.codec.Now())},
		{"payloads", s.deletes(ctx, `delete from payloads where (message, seq) in (select p.message, p.seq from payloads p
			where p.message < ? and not exists (select 1 from wraps w where w.message = p.message) limit ?)`, store.IDsFrom(s.now().Add(-time.Hour)))},
		{"trace recipients", uncounted(s.deletes(ctx, `delete from trace_recipients where (trace, idx) in (select r.trace, r.idx from traces t
			join trace_recipients r on r.trace = t.id where t.at < ? limit ?)`, traces))}, // they count as their traces
		{"traces", s.deletes(ctx, "delete from traces where id in (select id from traces where at < ? limit ?)", traces)},
		{"messages", func() (int, error) { return s.forget(ctx, keep.Messages) }},
		{"contacts", s.deletes(ctx, `delete from contacts where (org, recipient_hash, sender_hash) in
			(select org, recipient_hash, sender_hash from contacts where id < ? limit ?)`, store.IDsFrom(keep.Contacts))},
		{"column keys", func() (int, error) { return s.dropKeys(ctx, keep) }},
		{"payload files", func() (int, error) { return s.sweepFiles(ctx) }},
	} {
		n, err := step.run()
		total += n
		if err != nil {
			return total, fmt.Errorf("sweep %s: %w", step.what, err)
		}
	}
	return total, s.checkpoint(ctx)
}

// deletes is a step that runs a delete of so many rows until it finds none.
func (s *Store) deletes(ctx context.Context, query string, limit any) func() (int, error) {
	return func() (int, error) { return s.sweep(ctx, query, []any{limit}) }
}

func uncounted(run func() (int, error)) func() (int, error) {
	return func() (int, error) {
		_, err := run()
		return 0, err
	}
}

// sweep runs a delete of so many rows until it finds none.
func (s *Store) sweep(ctx context.Context, query string, args []any) (total int, err error) {
	for {
		var n int64
		if err := s.do(ctx, "sweep", func(t *tx) error {
			n, err = t.exec(query, append(args[:len(args):len(args)], sweepBatch)...)
			return err
		}); err != nil {
			return total, err
		}
		total += int(n)
		if n < sweepBatch {
			return total, nil
		}
	}
}

func (s *Store) sweepFiles(ctx context.Context) (int, error) {
	if s.dir == nil {
		return 0, nil
	}
	old, err := s.dir.Orphans()
	if err != nil {
		return 0, err
	}
	n := 0
	for _, id := range old {
		owned, err := s.exists(ctx, "select 1 from wraps where message = ?", string(id))
		if err != nil {
			return n, err
		}
		if owned {
			continue
		}
		if err := s.dir.Remove(id); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// checkpoint writes the log into the file and cuts it to nothing. A reader that is busy
// may hinder it; the next sweep tries again.
func (s *Store) checkpoint(ctx context.Context) error {
	var busy, frames, done int
	row := s.read.QueryRowContext(ctx, "pragma wal_checkpoint(TRUNCATE)")
	if err := row.Scan(&busy, &frames, &done); err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", explain(err))
	}
	return nil
}
