package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"sigill/internal/config"
	"sigill/internal/seal"
	"sigill/internal/store"
	"sigill/internal/store/postgres"
	"sigill/internal/store/sqlite"
)

// Backup writes the store, still sealed, to w. It is consistent, and mail goes on
// meanwhile.
func Backup(ctx context.Context, s store.Store, w io.Writer) error {
	d, ok := s.(store.Backup)
	if !ok {
		return errors.New("this store cannot be backed up")
	}
	return d.Dump(ctx, w)
}

// Restore reads a backup into an empty store. The key ring must be in place: without it
// nothing of the backup could ever be opened.
func Restore(ctx context.Context, s store.Store, r io.Reader) error {
	d, ok := s.(store.Backup)
	if !ok {
		return errors.New("this store cannot be restored")
	}
	return d.Restore(ctx, r)
}

// BackupRing writes the key ring to a file, sealed by a passphrase.
func BackupRing(c *config.Config, path, passphrase string) error {
	ring, err := seal.LoadKeyring(c.Store.Keyring)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(ring.Export(f, passphrase), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// RestoreRing reads a key ring that BackupRing wrote. It never overwrites one.
func RestoreRing(c *config.Config, path, passphrase string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return seal.ImportKeyring(c.Store.Keyring, f, passphrase)
}

// ringWatch is how often a running gateway looks for new keys in its ring.
const ringWatch = 3 * time.Second

// RotateKeys adds a new generation of keys to the ring and rewrites what lies under the
// old one. Running gateways see the new ring first, or they would not find what was
// rewritten: it waits for that long.
func RotateKeys(ctx context.Context, s store.Store, ring *seal.Keyring) (int, error) {
	if err := ring.Rotate(); err != nil {
		return 0, err
	}
	select {
	case <-time.After(2 * ringWatch):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	n, err := s.Rekey(ctx)
	if err != nil {
		return n, fmt.Errorf("the new keys are in the ring, and some rows still lie under the old ones; run it again: %w", err)
	}
	return n, nil
}

// Migrate brings the store to the form that this program needs.
func Migrate(ctx context.Context, c *config.Config) (from, to int64, err error) {
	if c.Store.Driver == config.Postgres {
		return postgres.Migrate(ctx, c.Store.URL.Reveal())
	}
	return sqlite.Migrate(ctx, c.Store.Path)
}
