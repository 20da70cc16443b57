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
func (s *Store) Sweep(ctx context.Context, tracesBefore time.Time) (int, error) {
	now := s.codec.Now()
	total := 0
	for _, sw := range []struct {
		what, query string
		args        []any
	}{
		{"counters", `delete from counters where (kind, hash, start) in
			(select kind, hash, start from counters where ends <= ? limit ?)`, []any{now}},
		{"repeats", "delete from repeats where hash in (select hash from repeats where ends <= ? limit ?)", []any{now}},
		{"payloads", `delete from payloads where (message, seq) in (select p.message, p.seq from payloads p
			where p.message < ? and not exists (select 1 from wraps w where w.message = p.message) limit ?)`, []any{idAt(s.now().Add(-time.Hour))}},
		{"trace recipients", `delete from trace_recipients where (trace, idx) in (select r.trace, r.idx from traces t
			join trace_recipients r on r.trace = t.id where t.at < ? limit ?)`, []any{store.Micros(tracesBefore)}},
		{"traces", "delete from traces where id in (select id from traces where at < ? limit ?)", []any{store.Micros(tracesBefore)}},
	} {
		n, err := s.sweep(ctx, sw.query, sw.args)
		if err != nil {
			return total, fmt.Errorf("sweep %s: %w", sw.what, err)
		}
		if sw.what != "trace recipients" { // they count as their traces
			total += n
		}
	}
	n, err := s.sweepFiles(ctx)
	if err != nil {
		return total, fmt.Errorf("sweep payload files: %w", err)
	}
	return total + n, s.checkpoint(ctx)
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
