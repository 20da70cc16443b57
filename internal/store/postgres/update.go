package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

// fnError is an error of the caller's function, to be returned as it is.
type fnError struct{ err error }

func (e *fnError) Error() string { return e.err.Error() }

// Update implements [store.Messages].
func (s *Store) Update(ctx context.Context, id message.ID, fn func(*message.Message) (store.Effects, error)) error {
	return s.change(ctx, "update", func() (*store.Changes, error) {
		var ch *store.Changes
		return ch, s.transact(ctx, "update", func(t *tx) error {
			var m locked
			b := t.first()
			m.queue(b, id)
			if err := t.send(ctx, b); err != nil {
				return err
			}
			l, err := m.load(s.codec)
			if err != nil {
				return err
			}
			e, err := fn(l.Message)
			if err != nil {
				return &fnError{err}
			}
			if ch, err = s.codec.Save(l, e); err != nil {
				return err
			}
			return t.write(ctx, ch)
		})
	}, "message", id)
}

// change runs a transaction until the codec has all keys that it needs, and does what
// must wait for the commit.
func (s *Store) change(ctx context.Context, kind string, run func() (*store.Changes, error), what string, id message.ID) error {
	var ch *store.Changes
	err := s.ensure(ctx, func() (err error) {
		ch, err = run()
		return err
	})
	var own *fnError
	switch {
	case errors.As(err, &own):
		return own.err
	case err != nil:
		return fmt.Errorf("%s %s %s: %w", kind, what, id, err)
	}
	s.after(context.WithoutCancel(ctx), ch)
	return nil
}

// locked is a message as it is read under its lock.
type locked struct {
	found      bool
	row        store.MessageRow
	recipients []store.RecipientRow
}

// queue locks a message and reads it.
func (m *locked) queue(b *pgx.Batch, id message.ID) {
	*m = locked{}
	query := "select " + columnList(store.TableMessages, "") + " from messages where id = $1 for update"
	each(b.Queue(query, string(id)), m.scan)
	queueRecipients(b, id, &m.recipients)
}

func (m *locked) scan(scan func(...any) error) error {
	m.found = true
	return scan(m.row.Dest()...)
}

func queueRecipients(b *pgx.Batch, id message.ID, to *[]store.RecipientRow) {
	query := "select " + columnList(store.TableRecipients, "") + " from recipients where message = $1 order by idx"
	each(b.Queue(query, string(id)), func(scan func(...any) error) error {
		var r store.RecipientRow
		err := scan(r.Dest()...)
		*to = append(*to, r)
		return err
	})
}

func (m *locked) load(c *store.Codec) (*store.Loaded, error) {
	if !m.found {
		return nil, store.ErrNotFound
	}
	return c.Load(m.row, m.recipients)
}

// write writes changes and commits. Nothing to write is committed by forgetting it.
func (t *tx) write(ctx context.Context, ch *store.Changes) error {
	if ch.Empty() {
		return nil
	}
	w := t.s.newWrites()
	w.add(ch)
	if ch.Done != nil { // the rest depends on it
		if err := t.done(ctx, *ch.Done); err != nil {
			return err
		}
	}
	b := &pgx.Batch{}
	w.queue(b)
	return t.commit(ctx, b, prove(ch))
}

// done deletes a job whose attempt is still ours.
func (t *tx) done(ctx context.Context, j message.Job) error {
	b := &pgx.Batch{}
	var n int64
	b.Queue("delete from jobs where id = $1 and attempt = $2 and owner <> ''", string(j.ID), int64(j.Attempt)).
		Exec(func(tag pgconn.CommandTag) error { n = tag.RowsAffected(); return nil })
	if err := t.send(ctx, b); err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("finish job %s: %w", j.ID, store.ErrStale)
	}
	return nil
}

// UpdateAccess implements [store.Accesses].
func (s *Store) UpdateAccess(ctx context.Context, id message.ID, take []auth.Counter,
	fn func(*auth.Access, *message.Message, []int64) (store.Effects, error),
) error {
	return s.change(ctx, "update", func() (*store.Changes, error) {
		of, err := s.messageOf(ctx, id)
		if err != nil {
			return nil, err
		}
		var ch *store.Changes
		return ch, s.transact(ctx, "access", func(t *tx) error {
			a, err := t.lockAccess(ctx, id, of, take)
			if err != nil {
				return err
			}
			ch, err = a.change(s.codec, fn)
			if err != nil {
				return err
			}
			return t.write(ctx, ch)
		})
	}, "access", id)
}

// messageOf returns the message that an access leads to, which never changes: so the
// message can be locked first, as everywhere.
func (s *Store) messageOf(ctx context.Context, id message.ID) (of message.ID, err error) {
	err = s.look(ctx, func(b *pgx.Batch) {
		b.Queue("select message from accesses where id = $1", string(id)).
			QueryRow(func(r pgx.Row) error { return r.Scan(&of) })
	})
	return of, notFound(err)
}

// lockedAccess is an access as it is read under the lock of its message, with the counts
// that were taken.
type lockedAccess struct {
	locked
	there  bool
	row    store.AccessRow
	counts []int64
}

func (t *tx) lockAccess(ctx context.Context, id, of message.ID, take []auth.Counter) (*lockedAccess, error) {
	a := &lockedAccess{counts: make([]int64, len(take))}
	b := t.first()
	a.queue(b, of)
	each(b.Queue("select "+columnList(store.TableAccesses, "")+" from accesses where id = $1", string(id)),
		func(scan func(...any) error) error {
			a.there = true
			return scan(a.row.Dest()...)
		})
	queueCounts(b, t.s.codec, take, a.counts)
	return a, t.send(ctx, b)
}

// change runs the caller's function and makes what it changed.
func (a *lockedAccess) change(c *store.Codec, fn func(*auth.Access, *message.Message, []int64) (store.Effects, error)) (*store.Changes, error) {
	if !a.there {
		return nil, store.ErrNotFound
	}
	l, err := a.load(c)
	if err != nil {
		return nil, err
	}
	access, err := c.LoadAccess(a.row)
	if err != nil {
		return nil, err
	}
	e, err := fn(access, l.Message, a.counts)
	if err != nil {
		return nil, &fnError{err}
	}
	return c.SaveAccess(l, a.row, access, e)
}

// Count implements [store.Accesses].
func (s *Store) Count(ctx context.Context, c auth.Counter) (int64, error) {
	var counts [1]int64
	err := s.transact(ctx, "count", func(t *tx) error {
		b := t.first()
		queueCounts(b, s.codec, []auth.Counter{c}, counts[:])
		return t.commit(ctx, b, proof{})
	})
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return counts[0], nil
}

// queueCounts counts each of take, in an order that is the same in every transaction.
// The rows stay locked until the end: others who count the same wait.
func queueCounts(b *pgx.Batch, c *store.Codec, take []auth.Counter, counts []int64) {
	const query = `with taken as (
		insert into counters as c (kind, hash, start, ends, count) values ($1, $2, $3, $4, 1)
		on conflict (kind, hash, start) do update set count = c.count + 1 returning count)
	select taken.count + coalesce((select sum(o.count) from counters o
		where o.kind = $1 and o.start = $3 and o.hash = any($5::bytea[])), 0)::bigint from taken`
	rows := make([]store.CounterRow, len(take))
	order := make([]int, len(take))
	for i, k := range take {
		rows[i], order[i] = c.Counter(k), i
	}
	slices.SortStableFunc(order, func(x, y int) int { return compareCounters(rows[x], rows[y]) })
	for _, i := range order {
		r := rows[i]
		b.Queue(query, r.Kind, r.Hashes[0], r.Start, r.Ends, r.Hashes[1:]).
			QueryRow(func(row pgx.Row) error { return row.Scan(&counts[i]) })
	}
}

// queueRefunds gives back what was counted, never below zero.
func queueRefunds(b *pgx.Batch, refund []store.CounterRow) {
	const query = `update counters c set count = c.count - 1 where c.kind = $1 and c.start = $3 and c.count > 0 and c.hash = (
		select o.hash from counters o where o.kind = $1 and o.start = $3 and o.count > 0 and o.hash = any($2::bytea[])
		order by array_position($2::bytea[], o.hash) limit 1)`
	refund = slices.Clone(refund)
	slices.SortStableFunc(refund, compareCounters)
	for _, r := range refund {
		b.Queue(query, r.Kind, r.Hashes, r.Start)
	}
}

func compareCounters(x, y store.CounterRow) int {
	if c := slices.Compare([]byte(x.Kind), []byte(y.Kind)); c != 0 {
		return c
	}
	return slices.Compare(x.Hashes[0], y.Hashes[0])
}
