package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"sigill/internal/store"
)

// SQLSTATE codes (PostgreSQL manual, appendix A).
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	diskFull             = "53100"
	readOnly             = "25006"
)

// explain turns what the server says about a full disk into store.ErrFull. The texts of
// server errors name tables and constraints, never values.
func explain(err error) error {
	if code(err) == diskFull {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}

// code returns the SQLSTATE of a server error, else "".
func code(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	return ""
}

// againError wraps the error of a transaction that surely wrote nothing and may run
// again: a deadlock, or a connection that was gone before the COMMIT.
type againError struct{ err error }

func (e *againError) Error() string { return e.err.Error() }
func (e *againError) Unwrap() error { return e.err }

// lostError wraps the error of a connection that is gone: every other call would meet
// the same, so that it is in vain to look for the bad one among them.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }
