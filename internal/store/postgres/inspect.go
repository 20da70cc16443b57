package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Facts are what an administrator should know about the database.
type Facts struct {
	Now         time.Time // by the database's clock
	Standbys    int       // that follow it
	Synchronous bool      // a COMMIT waits for one of them
}

// Inspect asks a database about itself, over a connection of its own.
func Inspect(ctx context.Context, url string) (f Facts, err error) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return f, fmt.Errorf("inspect database: %w", err) // pgx leaves the password out
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	const facts = `select clock_timestamp(), count(*), count(*) filter (where sync_state in ('sync', 'quorum')) > 0 from pg_stat_replication`
	if err := c.QueryRow(ctx, facts).Scan(&f.Now, &f.Standbys, &f.Synchronous); err != nil {
		return f, fmt.Errorf("inspect database: %w", err)
	}
	return f, nil
}
