package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrUnsynced means that the server answers a COMMIT before it is on the disk: what was
// accepted could be lost with the power.
var ErrUnsynced = errors.New("synchronous_commit is off: set it to on for this database and role")

const connectTimeout = 5 * time.Second

// poolConfig reads the URL. Each connection is checked before it is used: the setting
// may differ between hosts, and change at run time.
func poolConfig(url string, conns int) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	switch {
	case conns > 0:
		config.MaxConns = int32(min(conns, 10_000))
	case !strings.Contains(url, "pool_max_conns"):
		config.MaxConns = defaultConns
	}
	config.MaxConns = max(config.MaxConns, minConns)
	if !strings.Contains(url, "connect_timeout") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if _, named := config.ConnConfig.RuntimeParams["application_name"]; !named {
		config.ConnConfig.RuntimeParams["application_name"] = "sigill"
	}
	config.AfterConnect = refuseUnsynced
	return config, nil
}

func refuseUnsynced(ctx context.Context, c *pgx.Conn) error {
	var setting string
	if err := c.QueryRow(ctx, "show synchronous_commit").Scan(&setting); err != nil {
		return fmt.Errorf("read synchronous_commit: %w", err)
	}
	if setting == "off" {
		return ErrUnsynced
	}
	return nil
}

// greet makes the first connection, and warns of a server that does not keep what it
// has written through a power cut.
func (s *Store) greet(ctx context.Context) error {
	var fsync, pages string
	const ask = "select current_setting('fsync'), current_setting('full_page_writes')"
	if err := s.pool.QueryRow(ctx, ask).Scan(&fsync, &pages); err != nil {
		return err
	}
	if fsync == "off" || pages == "off" {
		s.log.WarnContext(ctx, "THE DATABASE DOES NOT KEEP ITS PROMISES: after a power cut accepted mail is lost",
			"fsync", fsync, "full_page_writes", pages)
	}
	return nil
}
