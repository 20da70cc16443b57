package postgres

import (
	"context"
	"errors"
	"fmt"

	"sigill/internal/store"
)

// Outcome implements [store.Messages].
func (s *Store) Outcome(ctx context.Context, o store.Outcome) (bool, error) {
	ctx = context.WithoutCancel(ctx)
	var rows *store.OutcomeRows
	err := s.ensure(ctx, func() (err error) {
		rows, err = s.codec.Outcome(o)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	waiting := &op{kind: "outcome", outcome: rows}
	if err == nil {
		err = s.committer.submit(waiting)
	}
	if err == nil && waiting.held {
		err = s.patiently(ctx, waiting)
	}
	if err != nil {
		return false, fmt.Errorf("outcome of message %s: %w", o.Message, err)
	}
	return waiting.ok, nil
}

// patiently writes an outcome by itself, when who has locked its message is done.
func (s *Store) patiently(ctx context.Context, o *op) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	return s.commitOps(ctx, s.pool, []*op{o}, true)
}
