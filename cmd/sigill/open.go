package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/seal"
	"sigill/internal/store"
	"sigill/internal/store/postgres"
	"sigill/internal/store/sqlite"
)

// openStore opens the store that the configuration names. It makes nothing: a key ring
// that a command made could belong to another user than the gateway's.
func openStore(e *env) (*config.Config, store.Store, *seal.Keyring, error) {
	cfg, err := config.Load(e.config)
	if err != nil {
		return nil, nil, nil, err
	}
	if _, err := os.Stat(cfg.Store.Keyring); err != nil {
		return nil, nil, nil, fmt.Errorf("no key ring, which the gateway makes when it first starts: %w", err)
	}
	s, ring, err := app.OpenStore(e.ctx, cfg, app.StoreOptions{Now: time.Now, NoMigrate: true})
	if errors.Is(err, sqlite.ErrVersion) || errors.Is(err, postgres.ErrVersion) {
		err = fmt.Errorf("%w; sigill migrate brings an older one up", err)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	return cfg, s, ring, nil
}

// withStore runs a command on the store that the configuration names.
func withStore(e *env, do func(ctx context.Context, cfg *config.Config, s store.Store) error) error {
	cfg, s, _, err := openStore(e)
	if err != nil {
		return err
	}
	err = do(e.ctx, cfg, s)
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}
