package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"sigill/internal/message"
	"sigill/internal/store"
)

const sweepBatch = 5000 // rows that one statement removes

// Sweep implements [store.Store]. Nodes may sweep at once: each leaves alone what
// another has in its hands.
func (s *Store) Sweep(ctx context.Context, keep store.Retention) (total int, err error) {
	for _, step := range []struct {
		what string
		run  func() (int, error)
	}{
		{"counters", s.deletes(ctx, `delete from counters where (kind, hash, start) in (
			select kind, hash, start from counters where ends <= $1 limit $2 for update skip locked)`, s.codec.Now())},
		{"repeats", s.deletes(ctx, `delete from repeats where hash in (
			select hash from repeats where ends <= $1 limit $2 for update skip locked)`, s.codec.Now())},
		{"traces", s.deletes(ctx, `with gone as (delete from traces where id in (
				select id from traces where at < $1 limit $2 for update skip locked) returning id),
			theirs as (delete from trace_recipients r using gone where r.trace = gone.id)
			select id from gone`, store.Micros(keep.Traces))},
		{"messages", func() (int, error) { return s.forget(ctx, keep.Messages) }},
		{"contacts", s.deletes(ctx, `delete from contacts where (org, recipient_hash, sender_hash) in (
			select org, recipient_hash, sender_hash from contacts where id < $1 limit $2 for update skip locked)`, store.IDsFrom(keep.Contacts))},
		{"column keys", func() (int, error) { return s.dropKeys(ctx, keep) }},
		{"payload files", func() (int, error) { return s.sweepFiles(ctx) }},
	} {
		n, err := step.run()
		total += n
		if err != nil {
			return total, fmt.Errorf("sweep %s: %w", step.what, err)
		}
	}
	return total, nil
}

// deletes is a step that runs a delete of so many rows until it finds none.
func (s *Store) deletes(ctx context.Context, query string, limit any) func() (int, error) {
	return func() (int, error) { return s.sweepRows(ctx, query, limit) }
}

func (s *Store) sweepRows(ctx context.Context, query string, limit any) (total int, err error) {
	for {
		tag, err := s.pool.Exec(ctx, query, limit, sweepBatch)
		if err != nil {
			return total, err
		}
		total += int(tag.RowsAffected())
		if tag.RowsAffected() < sweepBatch {
			return total, nil
		}
	}
}

// sweepFiles removes payload files without a wrap.
func (s *Store) sweepFiles(ctx context.Context) (int, error) {
	if s.dir == nil {
		return 0, nil
	}
	old, err := s.dir.Orphans()
	if err != nil {
		return 0, err
	}
	swept := 0
	for ids := range slices.Chunk(old, sweepBatch) {
		kept, err := s.wrapped(ctx, ids)
		if err != nil {
			return swept, err
		}
		for _, id := range ids {
			if kept[id] {
				continue
			}
			if err := s.dir.Remove(id); err != nil {
				return swept, fmt.Errorf("remove payload file: %w", err)
			}
			swept++
		}
	}
	return swept, nil
}

// wrapped says which messages still have a key to their payload.
func (s *Store) wrapped(ctx context.Context, ids []message.ID) (map[message.ID]bool, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	kept := map[message.ID]bool{}
	err := s.look(ctx, func(b *pgx.Batch) {
		each(b.Queue("select message from wraps where message = any($1::text[])", names), func(scan func(...any) error) error {
			var id message.ID
			err := scan(&id)
			kept[id] = true
			return err
		})
	})
	return kept, err
}
