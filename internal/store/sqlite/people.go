package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

// Access returns one access.
func (s *Store) Access(ctx context.Context, id message.ID) (*auth.Access, error) {
	return s.access(ctx, "id = ?", string(id))
}

// AccessByLink returns the access that a link token leads to.
func (s *Store) AccessByLink(ctx context.Context, tokenHash []byte) (*auth.Access, error) {
	return s.access(ctx, "id = (select access from links where hash = ?)", tokenHash)
}

// AccessOf returns the access of a recipient, or of the sender.
func (s *Store) AccessOf(ctx context.Context, msg message.ID, recipient int) (*auth.Access, error) {
	return s.access(ctx, "message = ? and recipient = ?", string(msg), recipient)
}

func (s *Store) access(ctx context.Context, where string, args ...any) (a *auth.Access, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		row, err := accessRow(q, where, args)
		if err != nil {
			return err
		}
		a, err = s.codec.LoadAccess(row)
		return err
	})
	return a, err
}

func accessRow(q querier, where string, args []any) (row store.AccessRow, err error) {
	err = q.one(selectFrom(store.TableAccesses, "where "+where), args, row.Dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return row, fmt.Errorf("read access: %w", err)
	}
	return row, nil
}

// UpdateAccess runs a step of an access and its message; see store.Accesses.
func (s *Store) UpdateAccess(ctx context.Context, id message.ID, take []auth.Counter,
	fn func(a *auth.Access, m *message.Message, counts []int64) (store.Effects, error),
) error {
	return s.do(ctx, "access", func(t *tx) error {
		row, err := accessRow(t, "id = ?", []any{string(id)})
		if err != nil {
			return err
		}
		a, err := s.codec.LoadAccess(row)
		if err != nil {
			return err
		}
		l, err := s.load(t, a.Message)
		if err != nil {
			return err
		}
		counts, err := s.take(t, take)
		if err != nil {
			return err
		}
		e, err := fn(a, l.Message, counts)
		if err != nil {
			return err
		}
		ch, err := s.codec.SaveAccess(l, row, a, e)
		if err != nil {
			return err
		}
		return t.apply(ch)
	})
}

// Count raises a counter by one; see store.Accesses.
func (s *Store) Count(ctx context.Context, c auth.Counter) (int64, error) {
	var counts []int64
	err := s.do(ctx, "count", func(t *tx) (err error) {
		counts, err = s.take(t, []auth.Counter{c})
		return err
	})
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}

// take raises each counter by one and returns the counts.
func (s *Store) take(t *tx, counters []auth.Counter) ([]int64, error) {
	counts := make([]int64, len(counters))
	for i, k := range counters {
		c := s.codec.Counter(k)
		_, err := t.exec(`insert into counters (kind, hash, start, ends, count) values (?, ?, ?, ?, 1)
			on conflict (kind, hash, start) do update set count = count + 1`, c.Kind, c.Hashes[0], c.Start, c.Ends)
		if err != nil {
			return nil, fmt.Errorf("count: %w", err)
		}
		query := "select sum(count) from counters where kind = ? and start = ? and hash in (" + marks(len(c.Hashes)) + ")"
		if err := t.one(query, append([]any{c.Kind, c.Start}, list(c.Hashes)...), &counts[i]); err != nil {
			return nil, fmt.Errorf("count: %w", err)
		}
	}
	return counts, nil
}

// refund lowers a counter by one, the row of the newest key first.
func (t *tx) refund(c store.CounterRow) error {
	for _, h := range c.Hashes {
		n, err := t.exec("update counters set count = count - 1 where kind = ? and hash = ? and start = ? and count > 0",
			c.Kind, h, c.Start)
		if err != nil {
			return fmt.Errorf("refund: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
	return nil
}

// Contacts returns the numbers that count for a sender; see store.Contacts.
func (s *Store) Contacts(ctx context.Context, org string, sender message.Address, recipients []message.Address,
) (picked map[string]message.Contact, err error) {
	senders := append([][]byte{{}}, s.codec.AddressHashes(sender)...)
	err = s.snapshot(ctx, func(q querier) error {
		var rows []store.ContactRow
		for _, r := range recipients {
			hashes := s.codec.AddressHashes(r)
			query := "select " + columnList(store.TableContacts, "") + " from contacts where org = ? and recipient_hash in (" +
				marks(len(hashes)) + ") and sender_hash in (" + marks(len(senders)) + ")"
			args := append(append([]any{org}, list(hashes)...), list(senders)...)
			if err := q.all(query, args, func(scan func(...any) error) error {
				var c store.ContactRow
				err := scan(c.Dest()...)
				rows = append(rows, c)
				return err
			}); err != nil {
				return fmt.Errorf("read contacts: %w", err)
			}
		}
		picked, err = s.codec.PickContacts(rows)
		return err
	})
	return picked, err
}
