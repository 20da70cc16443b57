package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"sigill/internal/message"
	"sigill/internal/store"
)

// Create implements [store.Messages].
func (s *Store) Create(ctx context.Context, n store.New) ([]message.Job, error) {
	ctx = context.WithoutCancel(ctx)
	create := s.createSmall
	if n.Body.Size() > s.inline {
		create = s.createLarge
		if s.files {
			create = s.createFile
		}
	}
	cr, err := create(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("create message %s: %w", n.Message.ID, err)
	}
	s.after(ctx, &cr.Changes)
	return cr.Claimed, nil
}

// after does what must wait for the commit.
func (s *Store) after(ctx context.Context, ch *store.Changes) {
	if ch.Wake {
		s.rouse()
	}
	s.removeFiles(ctx, ch.Remove)
}

// removeFiles removes payload files that nothing refers to any more. What is left over
// is swept later.
func (s *Store) removeFiles(ctx context.Context, ids []message.ID) {
	for _, id := range ids {
		if err := s.dir.Remove(id); err != nil {
			s.log.WarnContext(ctx, "remove payload file", "msg", id, "err", err)
		}
	}
}

// createSmall stores a message whose payload is a row among its rows.
func (s *Store) createSmall(ctx context.Context, n store.New) (*store.Creation, error) {
	body, err := s.codec.SealBody(ctx, n.Message, n.Body, s.inline, nil, nil)
	if err != nil {
		return nil, err
	}
	return s.createSealed(ctx, n, body)
}

func (s *Store) createSealed(ctx context.Context, n store.New, body *store.Sealed) (*store.Creation, error) {
	cr, err := s.creation(ctx, n, body)
	if err != nil {
		return nil, err
	}
	return cr, s.committer.submit(newCreate(cr))
}

func (s *Store) creation(ctx context.Context, n store.New, body *store.Sealed) (cr *store.Creation, err error) {
	err = s.ensure(ctx, func() error {
		cr, err = s.codec.Create(n, body)
		return err
	})
	return cr, err
}

func newCreate(cr *store.Creation) *op {
	o := &op{kind: "create", create: cr}
	for _, r := range cr.Insert {
		for _, v := range r.Values {
			if data, ok := v.([]byte); ok {
				o.weight += len(data)
			}
		}
	}
	return o
}

// createFile stores a message whose payload is a file, there and synced before its row.
func (s *Store) createFile(ctx context.Context, n store.New) (*store.Creation, error) {
	if err := s.isNew(ctx, n.Message.ID); err != nil {
		return nil, err
	}
	body, err := s.codec.SealBody(ctx, n.Message, n.Body, s.inline, s.dir, nil)
	if err != nil {
		return nil, err
	}
	cr, err := s.createSealed(ctx, n, body)
	if err != nil && !errors.Is(err, store.ErrUnsure) {
		s.removeFiles(ctx, []message.ID{n.Message.ID})
	}
	return cr, err
}

// isNew refuses an id that is stored already, as when a caller tries again after
// store.ErrUnsure: the file of the first must not be touched.
func (s *Store) isNew(ctx context.Context, id message.ID) error {
	var stored bool
	err := s.look(ctx, func(b *pgx.Batch) {
		b.Queue("select exists (select 1 from messages where id = $1)", string(id)).
			QueryRow(func(r pgx.Row) error { return r.Scan(&stored) })
	})
	if err == nil && stored {
		err = errors.New("it is stored already")
	}
	return err
}

// createLarge stores a message whose payload is many rows. They are written as they are
// sealed, in the message's own transaction, so that neither the whole payload is ever in
// memory nor a part of it ever without its message. It holds a connection for that long;
// hence only a few do so at once.
func (s *Store) createLarge(ctx context.Context, n store.New) (*store.Creation, error) {
	s.large <- struct{}{}
	defer func() { <-s.large }()
	var o *op
	err := s.transact(ctx, "create", func(t *tx) error {
		if err := t.send(ctx, t.first()); err != nil {
			return err
		}
		body, err := s.codec.SealBody(ctx, n.Message, n.Body, s.inline, nil, chunks{t})
		if err != nil {
			return err
		}
		cr, err := s.creation(ctx, n, body)
		if err != nil {
			return err
		}
		o = newCreate(cr)
		return s.newBatch([]*op{o}).run(ctx, t, &pgx.Batch{})
	})
	if err != nil {
		s.metrics.fail(err)
		return nil, err
	}
	return o.create, o.err
}

// chunks writes the rows of a large payload.
type chunks struct{ t *tx }

// PutChunk implements [store.Chunks].
func (c chunks) PutChunk(ctx context.Context, r store.Row) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	b := &pgx.Batch{}
	b.Queue("insert into payloads (message, seq, data) values ($1, $2, $3)", r.Values...)
	if err := c.t.send(ctx, b); err != nil {
		return fmt.Errorf("write payload: %w", err)
	}
	return nil
}
