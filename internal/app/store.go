package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/seal"
	"sigill/internal/store"
	"sigill/internal/store/postgres"
	"sigill/internal/store/sqlite"
)

// StoreOptions are what opens a store beside its configuration.
type StoreOptions struct {
	Ring      *seal.Keyring // nil: from store.keyring
	Now       func() time.Time
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	Fault     func(point string)
	NoMigrate bool
}

// OpenStore opens the key ring and the store that belongs to it. A ring is made only
// together with an empty store.
func OpenStore(ctx context.Context, c *config.Config, o StoreOptions) (store.Store, *seal.Keyring, error) {
	ring := o.Ring
	if ring == nil {
		var err error
		if ring, err = openRing(ctx, c); err != nil {
			return nil, nil, err
		}
	}
	s, err := openDriver(ctx, c, ring, o)
	if err != nil {
		return nil, nil, err // not s: an interface that holds a nil driver is not nil
	}
	return s, ring, nil
}

// openRing reads the key ring; without one, and with an empty store, it makes it.
func openRing(ctx context.Context, c *config.Config) (*seal.Keyring, error) {
	ring, err := seal.LoadKeyring(c.Store.Keyring)
	if !errors.Is(err, seal.ErrNoKeyring) {
		return ring, err
	}
	empty, err := storeEmpty(ctx, c)
	if err != nil {
		return nil, err
	}
	if !empty {
		return nil, fmt.Errorf("%w: %s is missing, and the store has messages that only it opens; restore it from its backup", seal.ErrNoKeyring, c.Store.Keyring)
	}
	return seal.CreateKeyring(c.Store.Keyring)
}

func storeEmpty(ctx context.Context, c *config.Config) (bool, error) {
	if c.Store.Driver == config.Postgres {
		return postgres.Empty(ctx, c.Store.URL.Reveal())
	}
	return sqlite.Empty(ctx, c.Store.Path)
}

func openDriver(ctx context.Context, c *config.Config, ring *seal.Keyring, o StoreOptions) (store.Store, error) {
	node := string(message.NewID(time.Now()))
	fault := func(point string) error {
		if o.Fault != nil {
			o.Fault(point)
		}
		return nil
	}
	dir := c.Store.Payloads.Dir
	if c.Store.Payloads.In != config.InDir {
		dir = "" // all of them lie in the database
	}
	if c.Store.Driver == config.Postgres {
		return postgres.Open(ctx, postgres.Options{
			URL: c.Store.URL.Reveal(), MaxConns: c.Store.Connections, PayloadPlace: string(c.Store.Payloads.In), Dir: dir,
			Inline: int64(c.Store.Payloads.Over), Ring: ring, Now: o.Now, Node: node, Log: o.Log,
			Registerer: o.Metrics, Fault: fault, NoMigrate: o.NoMigrate,
		})
	}
	return sqlite.Open(ctx, sqlite.Options{
		Path: c.Store.Path, Dir: dir, Inline: int64(c.Store.Payloads.Over), Ring: ring,
		Now: o.Now, Node: node, Log: o.Log, Registerer: o.Metrics, Fault: fault, NoMigrate: o.NoMigrate,
	})
}
