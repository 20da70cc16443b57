package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"sigill/internal/store"
)

// do runs fn on the writer, in a savepoint of its own, and again when the codec lacked a
// key. The caller's cancel is heeded before, never during.
func (s *Store) do(ctx context.Context, kind string, fn func(t *tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.withKeys(ctx, func() error {
		return s.submit(&op{kind: kind, run: fn})
	})
}

// submit commits an op and does what comes after the commit.
func (s *Store) submit(o *op) error {
	err := s.writer.submit(o)
	if err != nil {
		return err
	}
	for _, id := range o.after.Remove {
		if err := s.dir.Remove(id); err != nil { // the key is gone; Sweep tries again
			s.log.Warn("payload file is left for the sweep", "msg", id, "err", err)
		}
	}
	if o.after.Wake {
		s.rouse()
	}
	return nil
}

// withKeys runs fn, and again after each time that the codec asked for something.
func (s *Store) withKeys(ctx context.Context, fn func() error) error {
	for {
		err := fn()
		if err == nil {
			return nil
		}
		asked, ferr := s.fetch(ctx, err)
		if ferr != nil {
			return ferr
		}
		if !asked {
			return err
		}
	}
}

// fetch gets the codec what it asked for by err.
func (s *Store) fetch(ctx context.Context, err error) (asked bool, _ error) {
	var key *store.NeedKeyError
	var home *store.NeedHomeError
	switch {
	case errors.As(err, &key):
		return true, s.fetchKey(ctx, key)
	case errors.As(err, &home):
		return true, s.fetchHome(ctx, home)
	case errors.Is(err, store.ErrNeedRecord):
		_, err := s.record(ctx)
		return true, err
	}
	return false, nil
}

func (s *Store) fetchKey(ctx context.Context, need *store.NeedKeyError) error {
	row := store.KeyRow{}
	query := selectFrom(store.TableColumnKeys, "where org = ? and month = ?")
	err := explain(s.read.QueryRowContext(context.WithoutCancel(ctx), query, need.Org, need.Month).Scan(row.Dest()...))
	switch {
	case err == nil:
		return s.codec.AddKey(row)
	case !errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("read column key: %w", err)
	case !need.Make:
		return fmt.Errorf("column key of %s: %w", need.Month, store.ErrDestroyed)
	}
	return s.makeKey(need, query)
}

// makeKey inserts a new key unless another process was faster, and takes what is there.
func (s *Store) makeKey(need *store.NeedKeyError, query string) error {
	fresh, err := s.codec.NewKey(need.Org, need.Month)
	if err != nil {
		return err
	}
	var row store.KeyRow
	err = s.submit(&op{kind: "key", run: func(t *tx) error {
		r := fresh.Row()
		if _, err := t.exec(insertSQL(r.Table, 1, false)+" on conflict do nothing", r.Values...); err != nil {
			return err
		}
		return t.one(query, []any{need.Org, need.Month}, row.Dest()...)
	}})
	if err != nil {
		return fmt.Errorf("write column key: %w", err)
	}
	return s.codec.AddKey(row)
}

func (s *Store) fetchHome(ctx context.Context, need *store.NeedHomeError) error {
	var org, month string
	err := s.read.QueryRowContext(context.WithoutCancel(ctx),
		"select org, month from messages where id = ?", string(need.Message)).Scan(&org, &month)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("message %s: %w", need.Message, store.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("read message %s: %w", need.Message, explain(err))
	}
	s.codec.SetHome(need.Message, org, month)
	return nil
}

// installation returns what is on record of the ring, nil for nothing.
func (s *Store) installation(ctx context.Context) (*store.Installation, error) {
	in := &store.Installation{}
	query := selectFrom(store.TableInstallation, "")
	err := s.read.QueryRowContext(ctx, query).Scan(in.Dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil // an empty store has none
	}
	if err != nil {
		return nil, fmt.Errorf("read installation: %w", explain(err))
	}
	return in, nil
}

// record puts the ring's keys on record, before anything is sealed with a new one.
func (s *Store) record(ctx context.Context) (*store.Installation, error) {
	have, err := s.installation(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	in := s.codec.Installation(have)
	if have != nil && have.Keys == in.Keys {
		s.codec.Recorded(in)
		return in, nil
	}
	return in, s.writeRecord(in)
}

func (s *Store) writeRecord(in *store.Installation) error {
	if err := s.submit(&op{kind: "record", run: func(t *tx) error {
		return t.rows(store.TableInstallation, []store.Row{in.Row()}, true)
	}}); err != nil {
		return fmt.Errorf("record the ring's keys: %w", err)
	}
	s.codec.Recorded(in)
	return nil
}

// exists says whether a query has a row.
func (s *Store) exists(ctx context.Context, query string, args ...any) (bool, error) {
	var one int
	err := s.read.QueryRowContext(ctx, query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, explain(err)
}
