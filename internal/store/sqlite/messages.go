package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"sigill/internal/message"
	"sigill/internal/store"
)

// Create stores a message; see store.Messages.
func (s *Store) Create(ctx context.Context, n store.New) ([]message.Job, error) {
	if n.Message == nil || n.Body == nil {
		return nil, errors.New("create: a message and its body are needed")
	}
	body, err := s.codec.SealBody(ctx, n.Message, n.Body, s.inline, s.dir, chunks{s})
	if err != nil {
		s.dropBody(n.Message.ID, n.Body.Size())
		return nil, fmt.Errorf("create: %w", err)
	}
	claimed, err := s.create(ctx, n, body)
	if err == nil {
		return claimed, nil
	}
	if !errors.Is(err, store.ErrUnsure) {
		s.dropBody(n.Message.ID, n.Body.Size())
	}
	var repeated *store.RepeatedError
	if errors.As(err, &repeated) {
		return nil, err
	}
	return nil, fmt.Errorf("create: %w", err)
}

func (s *Store) create(ctx context.Context, n store.New, body *store.Sealed) (claimed []message.Job, err error) {
	err = s.withKeys(ctx, func() error {
		cr, err := s.codec.Create(n, body)
		if err != nil {
			return err
		}
		claimed = cr.Claimed
		return s.submit(&op{kind: "create", create: cr, weight: int(min(n.Body.Size(), s.inline))})
	})
	return claimed, err
}

// dropBody removes what a failed create left of a large payload, as far as it can; the
// sweep finds the rest.
func (s *Store) dropBody(id message.ID, size int64) {
	if size <= s.inline {
		return
	}
	err := s.dir.Remove(id)
	if s.dir == nil {
		err = s.submit(&op{kind: "drop", run: func(t *tx) error {
			_, err := t.exec(`delete from payloads where message = ?1 and not exists (select 1 from wraps where message = ?1)`, string(id))
			return err
		}})
	}
	if err != nil {
		s.log.Warn("payload is left for the sweep", "msg", id, "err", err)
	}
}

// chunks writes the rows of a large payload, each in a commit that others share.
type chunks struct{ s *Store }

func (c chunks) PutChunk(ctx context.Context, r store.Row) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.s.submit(&op{kind: "chunk", rows: []store.Row{r}, weight: store.ChunkSize})
}

// sentQuery finds the message that was stored for a sending.
const sentQuery = "select message from repeats where hash = ? and ends > ?"

// Repeated looks a sending up; see store.Messages. Mail that passes waits for it: it is one
// prepared statement, without a transaction around it.
func (s *Store) Repeated(ctx context.Context, repeat string) (message.ID, error) {
	id, err := firstSent(s.codec.RepeatHashes(repeat), func(hash []byte, id *string) error {
		return explain(s.sent.QueryRowContext(ctx, hash, s.codec.Now()).Scan(id))
	})
	if err == nil && id == "" {
		err = store.ErrNotFound
	}
	return id, err
}

// firstSent returns the message that was stored for a sending, "" for none.
func firstSent(hashes [][]byte, one func(hash []byte, id *string) error) (message.ID, error) {
	for _, h := range hashes {
		var id string
		err := one(h, &id)
		if err == nil {
			return message.ID(id), nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return "", fmt.Errorf("look for a repeat: %w", err)
		}
	}
	return "", nil
}

// repeated returns the message that was stored for the same sending, "" for none; then
// the sending is noted as this message's.
func (t *tx) repeated(r *store.Repeat) (message.ID, error) {
	id, err := firstSent(r.Hashes, func(hash []byte, id *string) error {
		return t.one(sentQuery, []any{hash, r.Now}, id)
	})
	if err != nil || id != "" {
		return id, err
	}
	return "", t.rows(store.TableRepeats, []store.Row{r.Row}, true)
}

// noteRepeat adds the event to the first message, and returns the caller's answer.
func (t *tx) noteRepeat(first message.ID) (answer, err error) {
	version, err := t.raise(first)
	if err != nil {
		return nil, err
	}
	row := t.codec.Repeated(first, version)
	if err := t.rows(row.Table, []store.Row{row}, false); err != nil {
		return nil, err
	}
	return &store.RepeatedError{ID: first}, nil
}

// raise raises the version of a message and returns it.
func (t *tx) raise(id message.ID) (version int64, err error) {
	if t.fault != nil {
		if err := t.fault("statement"); err != nil {
			return 0, err
		}
	}
	err = t.one("update messages set version = version + 1 where id = ? returning version", []any{string(id)}, &version)
	if err != nil {
		return 0, fmt.Errorf("raise version: %w", err)
	}
	return version, nil
}

// load reads one message with its recipients.
func (s *Store) load(q querier, id message.ID) (*store.Loaded, error) {
	var row store.MessageRow
	query := selectFrom(store.TableMessages, "where id = ?")
	if err := q.one(query, []any{string(id)}, row.Dest()...); err != nil {
		return nil, found(err, id)
	}
	recipients, err := recipientRows(q, "message = ?", []any{string(id)})
	if err != nil {
		return nil, fmt.Errorf("read message %s: %w", id, err)
	}
	return s.codec.Load(row, recipients)
}

// found turns the lack of a row into store.ErrNotFound.
func found(err error, id message.ID) error {
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	return fmt.Errorf("message %s: %w", id, err)
}

func recipientRows(q querier, where string, args []any) ([]store.RecipientRow, error) {
	var all []store.RecipientRow
	query := "select " + columnList(store.TableRecipients, "") + " from recipients where " + where + " order by message, idx"
	err := q.all(query, args, func(scan func(...any) error) error {
		var r store.RecipientRow
		err := scan(r.Dest()...)
		all = append(all, r)
		return err
	})
	return all, err
}

// Message returns a message without its payload.
func (s *Store) Message(ctx context.Context, id message.ID) (m *message.Message, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		l, err := s.load(q, id)
		if err == nil {
			m = l.Message
		}
		return err
	})
	return m, err
}

// Update runs a step of one message; see store.Messages.
func (s *Store) Update(ctx context.Context, id message.ID, fn func(*message.Message) (store.Effects, error)) error {
	return s.do(ctx, "update", func(t *tx) error {
		l, err := s.load(t, id)
		if err != nil {
			return err
		}
		e, err := fn(l.Message)
		if err != nil {
			return err
		}
		ch, err := s.codec.Save(l, e)
		if err != nil {
			return err
		}
		return t.apply(ch)
	})
}

// errNot undoes an outcome that does not fit the states.
var errNot = errors.New("outcome does not fit")

// Outcome writes the result of a relay; see store.Messages.
func (s *Store) Outcome(ctx context.Context, o store.Outcome) (bool, error) {
	err := s.withKeys(ctx, func() error {
		rows, err := s.codec.Outcome(o)
		if err != nil {
			return err
		}
		return s.submit(&op{kind: "outcome", run: func(t *tx) error { return t.outcome(rows) }})
	})
	if errors.Is(err, errNot) || errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("outcome of message %s: %w", o.Message, err)
	}
	return true, nil
}

func (t *tx) outcome(o *store.OutcomeRows) error {
	if o.Job != nil {
		if err := t.finish(*o.Job); err != nil {
			return err
		}
	}
	query := `update recipients set state = ?, since = ?, attempts = attempts + 1, reply = ?
		where message = ? and idx = ? and state in (` + marks(len(o.From)) + ")"
	for _, r := range o.Recipients {
		args := append([]any{o.State, o.Since, r.Reply, o.Message, r.Index}, list(o.From)...)
		n, err := t.exec(query, args...)
		if err != nil {
			return err
		}
		if n != 1 {
			return errNot
		}
	}
	version, err := t.raise(message.ID(o.Message))
	if err != nil {
		return err
	}
	if err := t.rows(store.TableEvents, o.Events(version), false); err != nil {
		return err
	}
	if o.Destroy {
		return t.destroy(o)
	}
	return nil
}

// destroy deletes the payload of a message of which no recipient needs it any more.
func (t *tx) destroy(o *store.OutcomeRows) error {
	var left int
	query := "select count(*) from recipients where message = ? and state not in (" + marks(len(o.Settled)) + ")"
	if err := t.one(query, append([]any{o.Message}, list(o.Settled)...), &left); err != nil || left > 0 {
		return err
	}
	for _, table := range []store.Table{store.TableWraps, store.TablePayloads} {
		if err := t.delete(store.Row{Table: table, Values: []any{o.Message}}); err != nil {
			return err
		}
	}
	var place string
	if err := t.one("select place from messages where id = ?", []any{o.Message}, &place); err != nil {
		return err
	}
	if place == store.PlaceDir {
		t.op.after.Remove = []message.ID{message.ID(o.Message)}
	}
	return nil
}

// OpenBody opens a payload; see store.Messages.
func (s *Store) OpenBody(ctx context.Context, id message.ID, secret []byte) (body message.Body, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		l, err := s.load(q, id)
		if err != nil {
			return err
		}
		m := l.Message
		st := store.Stored{ID: string(id), Org: m.Org, Place: l.Place(), Size: m.Size, Hash: m.BodyHash}
		query := selectFrom(store.TableWraps, "where message = ? and slot = ''")
		err = q.one(query, []any{string(id)}, st.Wrap.Dest()...)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("body of %s: %w", id, store.ErrDestroyed)
		}
		if err != nil {
			return fmt.Errorf("body of %s: %w", id, err)
		}
		body, err = s.codec.OpenBody(st, secret, s.dir, s.chunk(context.WithoutCancel(ctx), id))
		return err
	})
	return body, err
}

// chunk returns a function that reads one row of a payload, nil when there is none.
func (s *Store) chunk(ctx context.Context, id message.ID) func(seq int64) ([]byte, error) {
	return func(seq int64) (data []byte, err error) {
		err = s.read.QueryRowContext(ctx, "select data from payloads where message = ? and seq = ?", string(id), seq).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		return data, explain(err)
	}
}

// Events returns what happened to a message, oldest first.
func (s *Store) Events(ctx context.Context, id message.ID) (events []message.Event, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		var org, month string
		if err := q.one("select org, month from messages where id = ?", []any{string(id)}, &org, &month); err != nil {
			return found(err, id)
		}
		var rows []store.EventRow
		query := selectFrom(store.TableEvents, "where message = ? order by seq")
		if err := q.all(query, []any{string(id)}, func(scan func(...any) error) error {
			var r store.EventRow
			err := scan(r.Dest()...)
			rows = append(rows, r)
			return err
		}); err != nil {
			return fmt.Errorf("read events of %s: %w", id, err)
		}
		events, err = s.codec.Events(org, month, rows)
		return err
	})
	return events, err
}
