package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/pressly/goose/v3"

	"sigill/migrations"
)

// ErrVersion means that the store does not fit the program: it is newer, or it is older
// and must not be brought up by itself.
var ErrVersion = errors.New("the store has another version")

// provider reads and applies the migrations. Closing it closes db.
func provider(db *sql.DB) (*goose.Provider, error) {
	files, err := migrations.SQLite()
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// Migrate brings the tables of the store at path up to this program, and returns the
// versions before and after.
func Migrate(ctx context.Context, path string) (from, to int64, err error) {
	if err := prepareFile(path); err != nil {
		return 0, 0, err
	}
	err = withProvider(path, func(p *goose.Provider) error {
		from, to, err = up(ctx, p)
		return err
	})
	return from, to, err
}

func withProvider(path string, fn func(*goose.Provider) error) error {
	db, err := openDB(path, forWriting, 1)
	if err != nil {
		return err
	}
	p, err := provider(db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(fn(p), p.Close())
}

func up(ctx context.Context, p *goose.Provider) (from, to int64, err error) {
	from, to, err = p.GetVersions(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read the store's version: %w", err)
	}
	if from > to {
		return from, from, fmt.Errorf("%w: it is at %d, made by a newer program; this one knows %d", ErrVersion, from, to)
	}
	if _, err := p.Up(ctx); err != nil {
		return from, from, fmt.Errorf("migrate store: %w", err)
	}
	return from, to, nil
}

// ready brings the store up, or with NoMigrate refuses one that is not.
func ready(ctx context.Context, o Options) error {
	return withProvider(o.Path, func(p *goose.Provider) error {
		if !o.NoMigrate {
			_, _, err := up(ctx, p)
			return err
		}
		have, known, err := p.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("read the store's version: %w", err)
		}
		if have != known {
			return fmt.Errorf("%w: it is at %d, this program needs %d", ErrVersion, have, known)
		}
		return nil
	})
}

// Empty says whether there is no store at path yet, or one that no key ring has sealed:
// only then may a ring be made.
func Empty(ctx context.Context, path string) (bool, error) {
	if info, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
		return true, nil
	}
	db, err := openDB(path, forReading, 1, "query_only(ON)")
	if err != nil {
		return false, err
	}
	empty, err := noInstallation(ctx, db)
	return empty, errors.Join(err, db.Close())
}

func noInstallation(ctx context.Context, db *sql.DB) (bool, error) {
	var n int
	const table = "select count(*) from sqlite_master where type = 'table' and name = 'installation'"
	if err := db.QueryRowContext(ctx, table).Scan(&n); err != nil {
		return false, fmt.Errorf("look into the store: %w", err)
	}
	if n == 0 {
		return true, nil
	}
	if err := db.QueryRowContext(ctx, "select count(*) from installation").Scan(&n); err != nil {
		return false, fmt.Errorf("look into the store: %w", err)
	}
	return n == 0, nil
}
