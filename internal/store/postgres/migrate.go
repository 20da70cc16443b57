package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"sigill/migrations"
)

// ErrVersion means that the store does not fit the program: it is newer, or it is older
// and must not be brought up by itself.
var ErrVersion = errors.New("the store has another version")

// Migrate brings the tables of the store up to this program, and returns the versions
// before and after. Nodes that start at once take turns.
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	config, err := poolConfig(url, 0)
	if err != nil {
		return 0, 0, fmt.Errorf("migrate store: %w", err)
	}
	err = withProvider(config.ConnConfig, func(p *goose.Provider) error {
		from, to, err = up(ctx, p)
		return err
	})
	return from, to, err
}

// withProvider hands fn what reads and applies the migrations, on connections of its
// own: the lock that nodes take turns by belongs to a session.
func withProvider(config *pgx.ConnConfig, fn func(*goose.Provider) error) error {
	files, err := migrations.Postgres()
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 10))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	db := stdlib.OpenDB(*config)
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return errors.Join(fmt.Errorf("read migrations: %w", err), db.Close())
	}
	return errors.Join(fn(p), p.Close())
}

func up(ctx context.Context, p *goose.Provider) (from, to int64, err error) {
	from, to, err = p.GetVersions(ctx)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("read the store's version: %w", err)
	case from > to:
		return from, from, fmt.Errorf("%w: it is at %d, made by a newer program; this one knows %d", ErrVersion, from, to)
	case from == to:
		return from, to, nil
	}
	if _, err := p.Up(ctx); err != nil {
		return from, from, fmt.Errorf("migrate store: %w", err)
	}
	return from, to, nil
}

// ready brings the store up, or with noMigrate refuses one that is not, and returns the
// number of its last migration.
func ready(ctx context.Context, config *pgx.ConnConfig, noMigrate bool) (version int64, err error) {
	err = withProvider(config, func(p *goose.Provider) error {
		if !noMigrate {
			_, version, err = up(ctx, p)
			return err
		}
		have, known, err := p.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("read the store's version: %w", err)
		}
		if have != known {
			return fmt.Errorf("%w: it is at %d, this program needs %d", ErrVersion, have, known)
		}
		version = have
		return nil
	})
	return version, err
}

// Empty says whether no key ring has sealed anything in the database yet: only then may
// a ring be made.
func Empty(ctx context.Context, url string) (bool, error) {
	config, err := poolConfig(url, 0)
	if err != nil {
		return false, fmt.Errorf("look into the store: %w", err)
	}
	c, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return false, fmt.Errorf("look into the store: %w", err)
	}
	empty, err := noInstallation(ctx, c)
	return empty, errors.Join(err, c.Close(ctx))
}

func noInstallation(ctx context.Context, c *pgx.Conn) (bool, error) {
	var made, sealed bool
	if err := c.QueryRow(ctx, "select to_regclass('installation') is not null").Scan(&made); err != nil {
		return false, fmt.Errorf("look into the store: %w", err)
	}
	if !made {
		return true, nil
	}
	if err := c.QueryRow(ctx, "select exists (select 1 from installation)").Scan(&sealed); err != nil {
		return false, fmt.Errorf("look into the store: %w", err)
	}
	return !sealed, nil
}
