package sqlite

import (
	"context"
	"database/sql"
)

// querier is the writer's transaction or a snapshot of the readers.
type querier interface {
	one(query string, args []any, dest ...any) error
	all(query string, args []any, each func(scan func(...any) error) error) error
}

// snapshot runs fn over one moment of the store, and again when the codec lacked a key.
func (s *Store) snapshot(ctx context.Context, fn func(q querier) error) error {
	return s.withKeys(ctx, func() error {
		t, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return explain(err)
		}
		defer func() { _ = t.Rollback() }()
		return fn(reader{ctx, t})
	})
}

// reader is a snapshot.
type reader struct {
	ctx context.Context // lives for one snapshot
	tx  *sql.Tx
}

func (r reader) one(query string, args []any, dest ...any) error {
	return explain(r.tx.QueryRowContext(r.ctx, query, args...).Scan(dest...))
}

func (r reader) all(query string, args []any, each func(scan func(...any) error) error) error {
	rows, err := r.tx.QueryContext(r.ctx, query, args...)
	if err != nil {
		return explain(err)
	}
	return eachRow(rows, each)
}
