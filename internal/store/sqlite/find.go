package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

// Find lists messages, newest first.
func (s *Store) Find(ctx context.Context, q store.Query) (found []*message.Message, err error) {
	c := s.conditions(q)
	query := "select " + columnList(store.TableMessages, "m.") + " from messages m" + c.where() +
		" order by m.id desc limit ?"
	err = s.snapshot(ctx, func(r querier) error {
		found = nil
		var rows []store.MessageRow
		if err := r.all(query, append(c.args, limit(q.Limit)), func(scan func(...any) error) error {
			var m store.MessageRow
			err := scan(m.Dest()...)
			rows = append(rows, m)
			return err
		}); err != nil {
			return fmt.Errorf("find messages: %w", err)
		}
		for _, row := range rows {
			recipients, err := recipientRows(r, "message = ?", []any{row.ID})
			if err != nil {
				return fmt.Errorf("find messages: %w", err)
			}
			l, err := s.codec.Load(row, recipients)
			if err != nil {
				return err
			}
			found = append(found, l.Message)
		}
		return nil
	})
	return found, err
}

func limit(n int) int {
	if n <= 0 {
		return 100
	}
	return n
}

// conds collects the conditions of a query.
type conds struct {
	parts []string
	args  []any
}

func (c *conds) add(part string, args ...any) {
	c.parts, c.args = append(c.parts, part), append(c.args, args...)
}

func (c *conds) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " where " + strings.Join(c.parts, " and ")
}

// conditions makes those of a search for messages. Address, domain and state of a
// recipient are those of one and the same.
func (s *Store) conditions(q store.Query) conds {
	var c, r conds
	if q.Org != "" {
		c.add("m.org = ?", q.Org)
	}
	if from := s.codec.AddressHashes(q.From); from != nil {
		in := " in (" + marks(len(from)) + ")"
		c.add("(m.from_hash"+in+" or m.person_hash"+in+")", append(list(from), list(from)...)...)
	}
	if !q.Since.IsZero() {
		c.add("m.accepted >= ? and m.id >= ?", store.Micros(q.Since), store.IDsFrom(q.Since.Add(-idSlack)))
	}
	if !q.Until.IsZero() {
		c.add("m.accepted < ? and m.id < ?", store.Micros(q.Until), store.IDsFrom(q.Until.Add(idSlack)))
	}
	r.hashes(s.codec, q)
	if len(q.States) > 0 {
		names := store.StateNames(q.States)
		r.add("state in ("+marks(len(names))+")", list(names)...)
	}
	if len(r.parts) > 0 {
		c.add("m.id in (select message from recipients"+r.where()+")", r.args...)
	}
	return c
}

// idSlack is how far the time in a message's id may be from that of its acceptance: the
// id narrows a search over its index, the time then decides.
const idSlack = 24 * time.Hour

// hashes adds the conditions on a recipient's address and domain.
func (c *conds) hashes(codec *store.Codec, q store.Query) {
	if to := codec.AddressHashes(q.To); to != nil {
		c.add("addr_hash in ("+marks(len(to))+")", list(to)...)
	}
	if d := codec.DomainHashes(q.Domain); d != nil {
		c.add("domain_hash in ("+marks(len(d))+")", list(d)...)
	}
}
