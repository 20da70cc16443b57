package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

const (
	defaultLimit = 100
	chunkTime    = 30 * time.Second // to read one chunk of a payload
)

// Message implements [store.Messages].
func (s *Store) Message(ctx context.Context, id message.ID) (*message.Message, error) {
	l, _, err := s.load(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("message %s: %w", id, err)
	}
	return l.Message, nil
}

func (s *Store) load(ctx context.Context, id message.ID) (*store.Loaded, *store.MessageRow, error) {
	var m locked
	err := s.look(ctx, func(b *pgx.Batch) {
		m = locked{}
		each(b.Queue("select "+columnList(store.TableMessages, "")+" from messages where id = $1", string(id)), m.scan)
		queueRecipients(b, id, &m.recipients)
	})
	if err != nil {
		return nil, nil, err
	}
	var l *store.Loaded
	err = s.ensure(ctx, func() error {
		l, err = m.load(s.codec)
		return err
	})
	return l, &m.row, err
}

// Events implements [store.Messages].
func (s *Store) Events(ctx context.Context, id message.ID) ([]message.Event, error) {
	var org, month string
	var rows []store.EventRow
	err := s.look(ctx, func(b *pgx.Batch) {
		rows = nil
		b.Queue("select org, month from messages where id = $1", string(id)).
			QueryRow(func(r pgx.Row) error { return r.Scan(&org, &month) })
		query := "select " + columnList(store.TableEvents, "") + " from events where message = $1 order by seq"
		each(b.Queue(query, string(id)), func(scan func(...any) error) error {
			var r store.EventRow
			err := scan(r.Dest()...)
			rows = append(rows, r)
			return err
		})
	})
	var events []message.Event
	if err == nil {
		err = s.ensure(ctx, func() error {
			events, err = s.codec.Events(org, month, rows)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("events of message %s: %w", id, notFound(err))
	}
	return events, nil
}

// OpenBody implements [store.Messages]. No connection is held between two chunks.
func (s *Store) OpenBody(ctx context.Context, id message.ID, secret []byte) (message.Body, error) {
	l, row, err := s.load(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("open body of %s: %w", id, err)
	}
	st := store.Stored{ID: row.ID, Org: row.Org, Place: row.Place, Size: row.Size, Hash: l.Message.BodyHash}
	found := false
	err = s.look(ctx, func(b *pgx.Batch) {
		query := "select " + columnList(store.TableWraps, "") + " from wraps where message = $1 and slot = ''"
		each(b.Queue(query, row.ID), func(scan func(...any) error) error {
			found = true
			return scan(st.Wrap.Dest()...)
		})
	})
	if err == nil && !found {
		err = store.ErrDestroyed
	}
	if err != nil {
		return nil, fmt.Errorf("open body of %s: %w", id, err)
	}
	return s.codec.OpenBody(st, secret, s.dir, func(seq int64) ([]byte, error) { return s.chunk(ctx, id, seq) })
}

// chunk reads one row of a payload. The body may be read when the call that opened it is
// long over, so that its end does not count.
func (s *Store) chunk(ctx context.Context, id message.ID, seq int64) (data []byte, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chunkTime)
	defer cancel()
	err = s.look(ctx, func(b *pgx.Batch) {
		data = nil
		each(b.Queue("select data from payloads where message = $1 and seq = $2", string(id), seq),
			func(scan func(...any) error) error { return scan(&data) })
	})
	if err != nil {
		return nil, fmt.Errorf("read payload of %s: %w", id, err)
	}
	return data, nil
}

// conditions collects what narrows a query.
type conditions struct {
	terms []string
	args  []any
}

// add adds a condition; each %d in it stands for the argument.
func (c *conditions) add(term string, arg any) {
	c.args = append(c.args, arg)
	c.terms = append(c.terms, strings.ReplaceAll(term, "%d", fmt.Sprintf("$%d", len(c.args))))
}

func (c *conditions) where() string {
	if len(c.terms) == 0 {
		return "true"
	}
	return strings.Join(c.terms, " and ")
}

// sub takes the terms out as one: a row of another table that meets them all exists.
func (c *conditions) sub(from int, exists string) {
	if len(c.terms) == from {
		return
	}
	inner := strings.Join(c.terms[from:], " and ")
	c.terms = append(c.terms[:from], fmt.Sprintf("exists (%s and %s)", exists, inner))
}

func limit(n int) int64 {
	if n <= 0 {
		return defaultLimit
	}
	return int64(n)
}

// Find implements [store.Messages].
func (s *Store) Find(ctx context.Context, q store.Query) ([]*message.Message, error) {
	query, args := s.findSQL(q)
	var rows []store.MessageRow
	var recipients map[string][]store.RecipientRow
	err := s.look(ctx, func(b *pgx.Batch) {
		rows, recipients = nil, map[string][]store.RecipientRow{}
		each(b.Queue("select "+columnList(store.TableMessages, "m.")+query, args...), func(scan func(...any) error) error {
			var r store.MessageRow
			err := scan(r.Dest()...)
			rows = append(rows, r)
			return err
		})
		all := "select " + columnList(store.TableRecipients, "r.") + " from recipients r where r.message in (select m.id" + query + ") order by r.message, r.idx"
		each(b.Queue(all, args...), func(scan func(...any) error) error {
			var r store.RecipientRow
			err := scan(r.Dest()...)
			recipients[r.Message] = append(recipients[r.Message], r)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find messages: %w", err)
	}
	var found []*message.Message
	for i := range rows {
		err := s.ensure(ctx, func() error {
			l, err := s.codec.Load(rows[i], recipients[rows[i].ID])
			if err == nil {
				found = append(found, l.Message)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("find messages: %w", err)
		}
	}
	return found, nil
}

func (s *Store) findSQL(q store.Query) (string, []any) {
	var c conditions
	if q.Org != "" {
		c.add("m.org = %d", q.Org)
	}
	if h := s.codec.AddressHashes(q.From); h != nil {
		c.add("(m.from_hash = any(%d::bytea[]) or m.person_hash = any(%d::bytea[]))", h)
	}
	c.times("m.accepted", q)
	outer := len(c.terms)
	c.recipient("r.", s.codec, q)
	if len(q.States) > 0 {
		c.add("r.state = any(%d::text[])", store.StateNames(q.States))
	}
	c.sub(outer, "select 1 from recipients r where r.message = m.id")
	c.args = append(c.args, limit(q.Limit))
	return fmt.Sprintf(" from messages m where %s order by m.accepted desc, m.id desc limit $%d", c.where(), len(c.args)), c.args
}

func (c *conditions) times(column string, q store.Query) {
	if !q.Since.IsZero() {
		c.add(column+" >= %d", store.Micros(q.Since))
	}
	if !q.Until.IsZero() {
		c.add(column+" < %d", store.Micros(q.Until))
	}
}

func (c *conditions) recipient(prefix string, codec *store.Codec, q store.Query) {
	if h := codec.AddressHashes(q.To); h != nil {
		c.add(prefix+"addr_hash = any(%d::bytea[])", h)
	}
	if h := codec.DomainHashes(q.Domain); h != nil {
		c.add(prefix+"domain_hash = any(%d::bytea[])", h)
	}
}

// Access implements [store.Accesses].
func (s *Store) Access(ctx context.Context, id message.ID) (*auth.Access, error) {
	return s.access(ctx, "accesses a where a.id = $1", string(id))
}

// AccessByLink implements [store.Accesses].
func (s *Store) AccessByLink(ctx context.Context, tokenHash []byte) (*auth.Access, error) {
	return s.access(ctx, "links l join accesses a on a.id = l.access where l.hash = $1", tokenHash)
}

// AccessOf implements [store.Accesses].
func (s *Store) AccessOf(ctx context.Context, msg message.ID, recipient int) (*auth.Access, error) {
	return s.access(ctx, "accesses a where a.message = $1 and a.recipient = $2", string(msg), int64(recipient))
}

func (s *Store) access(ctx context.Context, from string, args ...any) (a *auth.Access, err error) {
	var row store.AccessRow
	found := false
	err = s.look(ctx, func(b *pgx.Batch) {
		each(b.Queue("select "+columnList(store.TableAccesses, "a.")+" from "+from, args...), func(scan func(...any) error) error {
			found = true
			return scan(row.Dest()...)
		})
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err == nil {
		err = s.ensure(ctx, func() error {
			a, err = s.codec.LoadAccess(row)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	return a, nil
}

// Repeated implements [store.Messages]. Mail that passes waits for it: it is one statement,
// without a transaction around it.
func (s *Store) Repeated(ctx context.Context, repeat string) (message.ID, error) {
	const query = "select message from repeats where hash = any($1::bytea[]) and ends > $2 limit 1"
	var id string
	err := s.lookup(ctx, query, []any{s.codec.RepeatHashes(repeat), s.codec.Now()}, &id)
	if err != nil {
		return "", fmt.Errorf("look for a repeat: %w", notFound(err))
	}
	return message.ID(id), nil
}

// Contacts implements [store.Contacts].
func (s *Store) Contacts(ctx context.Context, org string, sender message.Address, recipients []message.Address) (map[string]message.Contact, error) {
	senders := append(s.codec.AddressHashes(sender), []byte{}) // the empty one is of those that are proven
	var who [][]byte
	for _, r := range recipients {
		who = append(who, s.codec.AddressHashes(r)...)
	}
	var rows []store.ContactRow
	err := s.look(ctx, func(b *pgx.Batch) {
		rows = nil
		query := "select " + columnList(store.TableContacts, "") + " from contacts" +
			" where org = $1 and recipient_hash = any($2::bytea[]) and sender_hash = any($3::bytea[])"
		each(b.Queue(query, org, who, senders), func(scan func(...any) error) error {
			var r store.ContactRow
			err := scan(r.Dest()...)
			rows = append(rows, r)
			return err
		})
	})
	var picked map[string]message.Contact
	if err == nil {
		err = s.ensure(ctx, func() error {
			picked, err = s.codec.PickContacts(rows)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("contacts: %w", err)
	}
	return picked, nil
}
