package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"sigill/internal/message"
	"sigill/internal/store"
)

const (
	rekeyBatch = 100                   // things that one transaction rewrites
	rekeyPause = 20 * time.Millisecond // when all that is left is in somebody's hands
)

// rekeyStep rewrites what one query finds. The query locks rows and passes over those
// that others hold; left says whether there are any.
type rekeyStep struct {
	what  string
	batch func(ctx context.Context, t *tx) (int, error)
	left  string
	bound []any
}

// Rekey implements [store.Store]. Nodes may do it at once, while mail flows. Counters and
// the hashes of sendings cannot be rewritten, their values are not kept: they are found
// under the old key until their windows are over.
func (s *Store) Rekey(ctx context.Context) (int, error) {
	if _, err := s.record(ctx); err != nil {
		return 0, fmt.Errorf("rekey: %w", err)
	}
	newest, total := s.codec.KeyID(), 0
	for _, step := range s.rekeySteps() {
		n, err := s.rekey(ctx, step)
		total += n
		if err != nil {
			return total, fmt.Errorf("rekey %s: %w", step.what, err)
		}
	}
	if newest != s.codec.KeyID() { // rotated meanwhile: there is more to do
		return total, nil
	}
	if _, err := s.recordWith(ctx, s.codec.Rekeyed); err != nil {
		return total, fmt.Errorf("rekey: %w", err)
	}
	return total, nil
}

func (s *Store) rekeySteps() []rekeyStep {
	key := []any{s.codec.KeyID()}
	from, to := s.codec.HashBounds()
	bounds := []any{from, to}
	return []rekeyStep{
		{"column keys", s.rekeyColumns, "column_keys where key_id <> $1", key},
		{"payload keys", s.rekeyWraps, "wraps where key_id <> $1", key},
		{"messages", s.rekeyMessages, "messages m where " + staleMessages, bounds},
		{"contacts", s.rekeyContacts, "contacts where " + staleContacts, bounds},
		{"traces", s.rekeyTraces, "traces t where " + staleTraces, bounds},
	}
}

// What has a hash of an older key.
const (
	staleMessages = `m.from_hash < $1 or m.from_hash >= $2 or m.person_hash < $1 or m.person_hash >= $2 or m.id in (
		select r.message from recipients r
		where r.addr_hash < $1 or r.addr_hash >= $2 or r.domain_hash < $1 or r.domain_hash >= $2)`
	staleContacts = `recipient_hash < $1 or recipient_hash >= $2 or sender_hash <> ''::bytea and (sender_hash < $1 or sender_hash >= $2)`
	staleTraces   = `t.from_hash < $1 or t.from_hash >= $2 or t.id in (
		select r.trace from trace_recipients r where r.addr_hash < $1 or r.addr_hash >= $2)`
)

// rekey runs a step until nothing is left for it.
func (s *Store) rekey(ctx context.Context, step rekeyStep) (total int, err error) {
	for {
		var n int
		err := s.ensure(ctx, func() error {
			return s.transact(ctx, "rekey", func(t *tx) error {
				n, err = step.batch(ctx, t)
				return err
			})
		})
		if err != nil {
			return total, err
		}
		total += n
		if n > 0 {
			continue
		}
		left, err := s.exists(ctx, step.left, step.bound...)
		if err != nil || !left {
			return total, err
		}
		select {
		case <-ctx.Done():
			return total, ctx.Err()
		case <-time.After(rekeyPause):
		}
	}
}

func (s *Store) exists(ctx context.Context, from string, args ...any) (there bool, err error) {
	err = s.look(ctx, func(b *pgx.Batch) {
		b.Queue("select exists (select 1 from "+from+")", args...).QueryRow(func(r pgx.Row) error { return r.Scan(&there) })
	})
	return there, err
}

// read sends the first round with one query in it.
func (t *tx) read(ctx context.Context, fn func(scan func(...any) error) error, query string, args ...any) error {
	b := t.first()
	each(b.Queue(query, args...), fn)
	return t.send(ctx, b)
}

// rewrite commits a batch of rewritten rows. When it is lost, the next round finds out.
func (t *tx) rewrite(ctx context.Context, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	return t.commit(ctx, b, proof{})
}

func (s *Store) rekeyColumns(ctx context.Context, t *tx) (int, error) {
	b := &pgx.Batch{}
	query := "select " + columnList(store.TableColumnKeys, "") + " from column_keys where key_id <> $1 limit $2 for update skip locked"
	err := t.read(ctx, func(scan func(...any) error) error {
		var r store.KeyRow
		if err := scan(r.Dest()...); err != nil {
			return err
		}
		fresh, err := s.codec.RekeyColumn(r)
		if err == nil {
			b.Queue("update column_keys set key_id = $3, wrap = $4 where org = $1 and month = $2", fresh.Values...)
		}
		return err
	}, query, s.codec.KeyID(), int64(rekeyBatch))
	n := b.Len()
	if err == nil {
		err = t.rewrite(ctx, b)
	}
	return n, err
}

func (s *Store) rekeyWraps(ctx context.Context, t *tx) (int, error) {
	b := &pgx.Batch{}
	query := "select " + columnList(store.TableWraps, "w.") + ", m.org from wraps w join messages m on m.id = w.message" +
		" where w.key_id <> $1 limit $2 for update of w skip locked"
	err := t.read(ctx, func(scan func(...any) error) error {
		var r store.WrapRow
		var org string
		if err := scan(append(r.Dest(), &org)...); err != nil {
			return err
		}
		fresh, err := s.codec.RekeyWrap(org, r)
		if err == nil {
			b.Queue("update wraps set key_id = $3, wrap = $4 where message = $1 and slot = $2", fresh.Values...)
		}
		return err
	}, query, s.codec.KeyID(), int64(rekeyBatch))
	n := b.Len()
	if err == nil {
		err = t.rewrite(ctx, b)
	}
	return n, err
}

// rekeyMessages locks messages, reads each as it then is, and rewrites its hashes: who
// else changes a message waits, so that no change is lost.
func (s *Store) rekeyMessages(ctx context.Context, t *tx) (int, error) {
	var ids []string
	from, to := s.codec.HashBounds()
	err := t.read(ctx, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	}, "select m.id from messages m where "+staleMessages+" limit $3 for update skip locked", from, to, int64(rekeyBatch))
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	messages := make([]locked, len(ids))
	b := &pgx.Batch{}
	for i, id := range ids {
		messages[i].queue(b, message.ID(id))
	}
	if err := t.send(ctx, b); err != nil {
		return 0, err
	}
	var ch store.Changes
	for i := range messages {
		l, err := messages[i].load(s.codec)
		if err != nil {
			return 0, err
		}
		ch.Put = append(ch.Put, s.codec.RekeyMessage(l)...)
	}
	return len(ch.Put), t.rewriteRows(ctx, &ch)
}

func (t *tx) rewriteRows(ctx context.Context, ch *store.Changes) error {
	w := t.s.newWrites()
	w.add(ch)
	b := &pgx.Batch{}
	w.queue(b)
	return t.rewrite(ctx, b)
}

// rekeyContacts keeps a number that was typed again meanwhile, under the new hash.
func (s *Store) rekeyContacts(ctx context.Context, t *tx) (int, error) {
	var ch store.Changes
	from, to := s.codec.HashBounds()
	err := t.read(ctx, func(scan func(...any) error) error {
		var r store.ContactRow
		if err := scan(r.Dest()...); err != nil {
			return err
		}
		old, fresh, err := s.codec.RekeyContact(r)
		ch.Delete, ch.Insert = append(ch.Delete, old), append(ch.Insert, fresh)
		return err
	}, "select "+columnList(store.TableContacts, "")+" from contacts where "+staleContacts+" limit $3 for update skip locked",
		from, to, int64(rekeyBatch))
	if err != nil {
		return 0, err
	}
	b := &pgx.Batch{}
	for i := range ch.Delete {
		b.Queue(deleteSQL(ch.Delete[i]), ch.Delete[i].Values...)
		b.Queue(s.sql.insert[store.TableContacts]+" on conflict do nothing", arrays(store.TableContacts, ch.Insert[i:i+1])...)
	}
	return len(ch.Insert), t.rewrite(ctx, b)
}

func (s *Store) rekeyTraces(ctx context.Context, t *tx) (int, error) {
	var ch store.Changes
	from, to := s.codec.HashBounds()
	n := 0
	err := t.read(ctx, func(scan func(...any) error) error {
		var r store.TraceRow
		if err := scan(r.Dest()...); err != nil {
			return err
		}
		rows, err := s.codec.RekeyTrace(r)
		ch.Put = append(ch.Put, rows...)
		n++
		return err
	}, "select "+columnList(store.TableTraces, "t.")+" from traces t where "+staleTraces+" limit $3 for update skip locked",
		from, to, int64(rekeyBatch))
	if err != nil {
		return 0, err
	}
	return n, t.rewriteRows(ctx, &ch)
}
