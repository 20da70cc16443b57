package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sigill/internal/store"
)

// forgetBatch is how many messages one transaction of a sweep deletes.
const forgetBatch = 200

// forget deletes messages that are settled since before a time, with all that belongs
// to them.
func (s *Store) forget(ctx context.Context, before time.Time) (total int, err error) {
	if before.IsZero() {
		return 0, nil
	}
	for {
		var ids []string
		err := s.transact(ctx, "sweep", func(t *tx) error {
			if ids, err = t.lockSettled(ctx, before); err != nil || len(ids) == 0 {
				return err
			}
			b := &pgx.Batch{}
			queueForget(b, ids)
			return t.commit(ctx, b, proof{})
		})
		if err != nil {
			return total, err
		}
		total += len(ids)
		if len(ids) < forgetBatch {
			return total, nil
		}
	}
}

// lockSettled locks messages to whose recipients nothing has happened since before a
// time, and nothing will. What belongs to them is deleted by statements of their own:
// those see also what was written between this one's look and its lock.
func (t *tx) lockSettled(ctx context.Context, before time.Time) (ids []string, err error) {
	const query = `select m.id from messages m where m.accepted < $1 and not exists (
		select 1 from recipients r where r.message = m.id and (r.since >= $1 or r.state <> all($2::text[])))
		order by m.id limit $3 for update skip locked`
	b := t.first()
	each(b.Queue(query, store.Micros(before), store.Settled(), forgetBatch), func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, t.send(ctx, b)
}

func queueForget(b *pgx.Batch, ids []string) {
	b.Queue("delete from links l using accesses a where a.message = any($1::text[]) and l.access = a.id", ids)
	for _, table := range store.OfMessage() {
		b.Queue("delete from "+table.String()+" where message = any($1::text[])", ids)
	}
	b.Queue("delete from messages where id = any($1::text[])", ids)
}

// dropKeys destroys column keys under which nothing is sealed any more.
func (s *Store) dropKeys(ctx context.Context, keep store.Retention) (int, error) {
	m, ok := keep.KeysFrom()
	if !ok {
		return 0, nil
	}
	tag, err := s.pool.Exec(ctx, `delete from column_keys k where k.month < $1
		and not exists (select 1 from messages m where m.accepted < $2 and m.month = k.month and m.org = k.org)
		and not exists (select 1 from traces t where t.at < $2 and t.month = k.month and t.org = k.org)
		and not exists (select 1 from contacts c where c.month = k.month and c.org = k.org)`, m.First, m.Start)
	if err != nil {
		return 0, err
	}
	s.codec.DropKeys(m.First)
	return int(tag.RowsAffected()), nil
}
