package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"sigill/internal/message"
	"sigill/internal/store"
)

// rekeyBatch is how many things one transaction of a rekey rewrites.
const rekeyBatch = 100

// Rekey rewrites wraps and look-up hashes under the newest keys; see store.Store.
// Counters and repeat keys cannot be rewritten, their values are not kept: they are
// found under the old key until their windows are over.
func (s *Store) Rekey(ctx context.Context) (int, error) {
	in, err := s.record(ctx)
	if err != nil {
		return 0, err
	}
	newest, total := s.codec.KeyID(), 0
	for _, step := range []struct {
		what  string
		batch func(t *tx) (int, error)
	}{
		{"column keys", s.rekeyColumns},
		{"payload keys", s.rekeyWraps()},
		{"messages", s.rekeyMessages},
		{"contacts", s.rekeyContacts},
		{"traces", s.rekeyTraces},
	} {
		n, err := s.rekey(ctx, step.batch)
		if err != nil {
			return total, fmt.Errorf("rekey %s: %w", step.what, err)
		}
		total += n
	}
	if newest != s.codec.KeyID() { // rotated meanwhile: there is more to do
		return total, nil
	}
	return total, s.writeRecord(s.codec.Rekeyed(in))
}

// rekey runs a batch until it finds nothing to do. Each reads and writes in one
// transaction, so that no update can come between.
func (s *Store) rekey(ctx context.Context, batch func(t *tx) (int, error)) (total int, err error) {
	for {
		var n int
		if err := s.do(ctx, "rekey", func(t *tx) error {
			n, err = batch(t)
			return err
		}); err != nil {
			return total, err
		}
		if n == 0 {
			return total, nil
		}
		total += n
	}
}

// put writes rows one table after the other and returns their number.
func (t *tx) put(rows []store.Row) (int, error) {
	return len(rows), t.apply(&store.Changes{Put: rows})
}

func (s *Store) rekeyColumns(t *tx) (int, error) {
	var rows []store.Row
	query := selectFrom(store.TableColumnKeys, "where key_id <> ? limit ?")
	err := t.all(query, []any{s.codec.KeyID(), rekeyBatch}, func(scan func(...any) error) error {
		var r store.KeyRow
		if err := scan(r.Dest()...); err != nil {
			return err
		}
		fresh, err := s.codec.RekeyColumn(r)
		rows = append(rows, fresh)
		return err
	})
	if err != nil {
		return 0, err
	}
	return t.put(rows)
}

// rekeyWraps goes through all wraps once, in the order of their messages.
func (s *Store) rekeyWraps() func(t *tx) (int, error) {
	last := [2]any{"", ""}
	query := "select " + columnList(store.TableWraps, "w.") + `, m.org from wraps w join messages m on m.id = w.message
		where (w.message, w.slot) > (?, ?) and w.key_id <> ? order by w.message, w.slot limit ?`
	return func(t *tx) (int, error) {
		var rows []store.Row
		at := last
		err := t.all(query, []any{last[0], last[1], s.codec.KeyID(), rekeyBatch}, func(scan func(...any) error) error {
			var r store.WrapRow
			var org string
			if err := scan(append(r.Dest(), &org)...); err != nil {
				return err
			}
			fresh, err := s.codec.RekeyWrap(org, r)
			rows, at = append(rows, fresh), [2]any{r.Message, r.Slot}
			return err
		})
		if err != nil {
			return 0, err
		}
		n, err := t.put(rows)
		if err == nil {
			last = at
		}
		return n, err
	}
}

// stale returns the ids that queries find: each takes the bounds of the newest hashes.
func (s *Store) stale(t *tx, queries ...string) ([]string, error) {
	from, to := s.codec.HashBounds()
	var ids []string
	for _, q := range queries {
		if err := t.all(q+" limit ?", []any{from, to, rekeyBatch}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}); err != nil {
			return nil, err
		}
		if len(ids) > 0 {
			return ids, nil
		}
	}
	return nil, nil
}

func (s *Store) rekeyMessages(t *tx) (int, error) {
	ids, err := s.stale(t,
		"select id from messages where from_hash < ? or from_hash >= ?",
		"select id from messages where person_hash < ? or person_hash >= ?",
		"select distinct message from recipients where addr_hash < ? or addr_hash >= ?",
		"select distinct message from recipients where domain_hash < ? or domain_hash >= ?")
	if err != nil {
		return 0, err
	}
	var rows []store.Row
	for _, id := range ids {
		l, err := s.load(t, message.ID(id))
		if err != nil {
			return 0, err
		}
		rows = append(rows, s.codec.RekeyMessage(l)...)
	}
	return t.put(rows)
}

func (s *Store) rekeyTraces(t *tx) (int, error) {
	ids, err := s.stale(t,
		"select id from traces where from_hash < ? or from_hash >= ?",
		"select distinct trace from trace_recipients where addr_hash < ? or addr_hash >= ?")
	if err != nil {
		return 0, err
	}
	var rows []store.Row
	for _, id := range ids {
		var r store.TraceRow
		query := selectFrom(store.TableTraces, "where id = ?")
		err := t.one(query, []any{id}, r.Dest()...)
		if errors.Is(err, sql.ErrNoRows) { // swept, its recipients are next
			if err := t.delete(store.Row{Table: store.TableTraceRecipients, Values: []any{id}}); err != nil {
				return 0, err
			}
			continue
		}
		if err != nil {
			return 0, err
		}
		fresh, err := s.codec.RekeyTrace(r)
		if err != nil {
			return 0, err
		}
		rows = append(rows, fresh...)
	}
	return t.put(rows)
}

func (s *Store) rekeyContacts(t *tx) (int, error) {
	from, to := s.codec.HashBounds()
	var ch store.Changes
	query := "select " + columnList(store.TableContacts, "") + ` from contacts
		where recipient_hash < ? or recipient_hash >= ? or sender_hash <> x'' and (sender_hash < ? or sender_hash >= ?) limit ?`
	err := t.all(query, []any{from, to, from, to, rekeyBatch}, func(scan func(...any) error) error {
		var r store.ContactRow
		if err := scan(r.Dest()...); err != nil {
			return err
		}
		old, fresh, err := s.codec.RekeyContact(r)
		ch.Delete, ch.Put = append(ch.Delete, old), append(ch.Put, fresh)
		return err
	})
	if err != nil {
		return 0, err
	}
	return len(ch.Put), t.apply(&ch)
}
