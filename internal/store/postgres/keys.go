package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"sigill/internal/message"
	"sigill/internal/store"
)

// identify compares the ring with the one on record, and opens the payload folder.
func (s *Store) identify(ctx context.Context, o Options) error {
	in, err := s.record(ctx)
	if err != nil || o.Dir == "" {
		return err
	}
	var filed bool
	const ask = "select exists (select 1 from messages m join wraps w on w.message = m.id where m.place = $1)"
	if err := s.pool.QueryRow(ctx, ask, store.PlaceDir).Scan(&filed); err != nil {
		return fmt.Errorf("look for payload files: %w", err)
	}
	s.dir, err = store.OpenDir(o.Dir, in.ID, !filed, o.Now)
	return err
}

// record puts the ring on record, or refuses it: a key that is new is added before
// anything is sealed with it. One goes when [Store.Rekey] has left nothing under it.
func (s *Store) record(ctx context.Context) (*store.Installation, error) {
	return s.recordWith(ctx, s.codec.Installation)
}

// recordWith accepts the ring and writes what change makes of the record.
func (s *Store) recordWith(ctx context.Context, change func(*store.Installation) *store.Installation) (in *store.Installation, err error) {
	err = s.transact(ctx, "record", func(t *tx) error {
		b := t.first()
		b.Queue("lock table installation in share row exclusive mode") // there is no row to lock at first
		var have *store.Installation
		each(b.Queue("select "+columnList(store.TableInstallation, "")+" from installation"), func(scan func(...any) error) error {
			have = &store.Installation{}
			return scan(have.Dest()...)
		})
		if err := t.send(ctx, b); err != nil {
			return err
		}
		if have == nil {
			in = s.codec.Installation(nil)
			return s.writeRecord(ctx, t, in)
		}
		if err := s.codec.Accept(have); err != nil {
			return err
		}
		if in = change(have); in.Keys == have.Keys {
			return nil
		}
		return s.writeRecord(ctx, t, in)
	})
	if err != nil {
		return nil, err
	}
	s.codec.Recorded(in)
	return in, nil
}

func (s *Store) writeRecord(ctx context.Context, t *tx, in *store.Installation) error {
	b := &pgx.Batch{}
	row := in.Row()
	b.Queue(s.sql.put[row.Table], arrays(row.Table, []store.Row{row})...)
	return t.commit(ctx, b, proof{row, len(row.Values), true})
}

// ensure runs fn, which uses the codec, until the codec lacks nothing. It must not be
// called inside a transaction: what lacks is fetched on another connection.
func (s *Store) ensure(ctx context.Context, fn func() error) error {
	for {
		err := fn()
		var key *store.NeedKeyError
		var at *store.NeedHomeError
		switch {
		case errors.As(err, &key):
			err = s.loadKey(ctx, key)
		case errors.As(err, &at):
			err = s.loadHome(ctx, at.Message)
		case errors.Is(err, store.ErrNeedRecord):
			_, err = s.record(ctx)
		default:
			return err
		}
		if err != nil {
			return err
		}
	}
}

// loadKey fetches a column key, or makes it. When two nodes make it at once, both use
// the one that was first.
func (s *Store) loadKey(ctx context.Context, need *store.NeedKeyError) error {
	s.keys.Lock()
	defer s.keys.Unlock()
	row, err := s.columnKey(ctx, need.Org, need.Month)
	if errors.Is(err, store.ErrNotFound) && need.Make {
		if err = s.makeKey(ctx, need.Org, need.Month); err == nil {
			row, err = s.columnKey(ctx, need.Org, need.Month)
		}
	}
	if err != nil {
		return fmt.Errorf("column key of %s: %w", need.Month, explain(err))
	}
	return s.codec.AddKey(row)
}

func (s *Store) columnKey(ctx context.Context, org, month string) (row store.KeyRow, err error) {
	found := false
	err = s.look(ctx, func(b *pgx.Batch) {
		query := "select " + columnList(store.TableColumnKeys, "") + " from column_keys where org = $1 and month = $2"
		each(b.Queue(query, org, month), func(scan func(...any) error) error {
			found = true
			return scan(row.Dest()...)
		})
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return row, err
}

func (s *Store) makeKey(ctx context.Context, org, month string) error {
	row, err := s.codec.NewKey(org, month)
	if err != nil {
		return err
	}
	r := row.Row()
	_, err = s.pool.Exec(ctx, s.sql.insert[r.Table]+" on conflict do nothing", arrays(r.Table, []store.Row{r})...)
	return err
}

// loadHome tells the codec where a message is sealed.
func (s *Store) loadHome(ctx context.Context, id message.ID) error {
	var org, month string
	err := s.look(ctx, func(b *pgx.Batch) {
		b.Queue("select org, month from messages where id = $1", string(id)).
			QueryRow(func(r pgx.Row) error { return r.Scan(&org, &month) })
	})
	if err != nil {
		return notFound(err)
	}
	s.codec.SetHome(id, org, month)
	return nil
}

// notFound turns pgx.ErrNoRows into store.ErrNotFound.
func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}
