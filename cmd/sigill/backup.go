package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/store"
)

type backupCmd struct {
	File           string `arg:"" help:"File for the database and the payloads, still sealed. It must not be there yet."`
	Ring           string `help:"Also write the key ring to this file, sealed by a passphrase. Keep it somewhere else." placeholder:"FILE" and:"ring"`
	PassphraseFile string `help:"File with the passphrase of the key ring, in its first line." placeholder:"FILE" and:"ring"`
}

// Run writes a consistent copy while mail goes on. It leaves nothing when it fails.
func (c *backupCmd) Run(e *env) error {
	return withStore(e, func(ctx context.Context, cfg *config.Config, s store.Store) error {
		undoRing, err := c.writeRing(cfg)
		if err != nil {
			return err
		}
		if err := c.writeStore(ctx, s); err != nil {
			return errors.Join(err, undoRing())
		}
		if c.Ring == "" {
			_, err = fmt.Fprintf(e.out, "%s written; without the key ring %s it opens nothing\n", c.File, cfg.Store.Keyring)
			return err
		}
		_, err = fmt.Fprintf(e.out, "%s and %s written; keep them apart\n", c.File, c.Ring)
		return err
	})
}

// writeRing writes the key ring if that is wanted, and returns what takes it away again.
func (c *backupCmd) writeRing(cfg *config.Config) (undo func() error, err error) {
	if c.Ring == "" {
		return func() error { return nil }, nil
	}
	phrase, err := passphrase(c.PassphraseFile)
	if err != nil {
		return nil, err
	}
	if err := app.BackupRing(cfg, c.Ring, phrase); err != nil {
		return nil, fmt.Errorf("key ring: %w", err)
	}
	return func() error { return os.Remove(c.Ring) }, nil
}

func (c *backupCmd) writeStore(ctx context.Context, s store.Store) error {
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(app.Backup(ctx, s, f), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.File))
	}
	return nil
}

type restoreCmd struct {
	File           string `arg:"" help:"Backup of the store."`
	Ring           string `help:"Backup of the key ring, if the ring is not in place." placeholder:"FILE" and:"ring"`
	PassphraseFile string `help:"File with the passphrase of the key ring, in its first line." placeholder:"FILE" and:"ring"`
}

// Run reads a backup into an empty store.
func (c *restoreCmd) Run(e *env) error {
	cfg, err := config.Load(e.config)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read: nothing can be lost
	if err := c.readRing(cfg); err != nil {
		return err
	}
	s, _, err := app.OpenStore(e.ctx, cfg, app.StoreOptions{Now: time.Now})
	if err != nil {
		return err
	}
	if err := errors.Join(app.Restore(e.ctx, s, f), s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, "restored")
	return err
}

// readRing puts the key ring in its place, if that is wanted; there must be one in the end.
func (c *restoreCmd) readRing(cfg *config.Config) error {
	if c.Ring != "" {
		phrase, err := passphrase(c.PassphraseFile)
		if err == nil {
			err = app.RestoreRing(cfg, c.Ring, phrase)
		}
		if err != nil {
			return fmt.Errorf("key ring: %w", err)
		}
	}
	if _, err := os.Stat(cfg.Store.Keyring); err != nil {
		return fmt.Errorf("the key ring is not in place, and a backup opens with its own only: give --ring (%w)", err)
	}
	return nil
}

// passphrase reads the first line of a file.
func passphrase(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	if line = strings.TrimRight(line, "\r"); len(line) < 12 {
		return "", errors.New("the passphrase must have at least 12 characters")
	}
	return line, nil
}

type keysCmd struct {
	Rotate keysRotateCmd `cmd:"" help:"Add new keys to the ring and rewrite what lies under the old ones."`
}

type keysRotateCmd struct{}

// Run rotates while mail goes on; it can be repeated when it was interrupted.
func (keysRotateCmd) Run(e *env) error {
	_, s, ring, err := openStore(e)
	if err != nil {
		return err
	}
	n, err := app.RotateKeys(e.ctx, s, ring)
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "%d rows rewritten; back up the key ring\n", n)
	return err
}

type migrateCmd struct{}

// Run brings the store up; a running gateway of this version does the same by itself.
func (migrateCmd) Run(e *env) error {
	cfg, err := config.Load(e.config)
	if err != nil {
		return err
	}
	from, to, err := app.Migrate(e.ctx, cfg)
	if err != nil {
		return err
	}
	if from == to {
		_, err = fmt.Fprintf(e.out, "store is at %d already\n", to)
		return err
	}
	_, err = fmt.Fprintf(e.out, "store was at %d, is at %d\n", from, to)
	return err
}
