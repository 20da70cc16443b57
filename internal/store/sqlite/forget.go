package sqlite

import (
	"context"
	"time"

	"sigill/internal/store"
)

// forgetBatch is how many messages one transaction of a sweep deletes.
const forgetBatch = 100

// forget deletes messages that are settled since before a time, with all that belongs
// to them.
func (s *Store) forget(ctx context.Context, before time.Time) (total int, err error) {
	if before.IsZero() {
		return 0, nil
	}
	for {
		var ids []string
		if err := s.do(ctx, "sweep", func(t *tx) error {
			if ids, err = t.settled(before); err != nil {
				return err
			}
			for _, id := range ids {
				if err := t.forget(id); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return total, err
		}
		total += len(ids)
		if len(ids) < forgetBatch {
			return total, nil
		}
	}
}

// settled returns messages to whose recipients nothing has happened since before a time,
// and nothing will.
func (t *tx) settled(before time.Time) (ids []string, err error) {
	states, at := store.Settled(), store.Micros(before)
	query := `select m.id from messages m where m.id < ? and m.accepted < ? and not exists (
		select 1 from recipients r where r.message = m.id and (r.since >= ? or r.state not in (` + marks(len(states)) + `)))
		limit ?`
	args := append([]any{store.IDsFrom(before.Add(idSlack)), at, at}, list(states)...)
	err = t.all(query, append(args, forgetBatch), func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

func (t *tx) forget(id string) error {
	if _, err := t.exec("delete from links where access in (select id from accesses where message = ?)", id); err != nil {
		return err
	}
	for _, table := range store.OfMessage() {
		if _, err := t.exec("delete from "+table.String()+" where message = ?", id); err != nil {
			return err
		}
	}
	return t.delete(store.Row{Table: store.TableMessages, Values: []any{id}})
}

// dropKeys destroys column keys under which nothing is sealed any more.
func (s *Store) dropKeys(ctx context.Context, keep store.Retention) (n int, err error) {
	m, ok := keep.KeysFrom()
	if !ok {
		return 0, nil
	}
	query := `delete from column_keys where month < ?1
		and not exists (select 1 from messages m where m.id < ?2 and m.month = column_keys.month and m.org = column_keys.org)
		and not exists (select 1 from traces t where t.at < ?3 and t.month = column_keys.month and t.org = column_keys.org)
		and not exists (select 1 from contacts c where c.month = column_keys.month and c.org = column_keys.org)`
	err = s.do(ctx, "sweep", func(t *tx) error {
		gone, err := t.exec(query, m.First, store.IDsFrom(store.Moment(m.Start).Add(idSlack)), m.Start)
		n = int(gone)
		return err
	})
	if err == nil {
		s.codec.DropKeys(m.First)
	}
	return n, err
}
