package config

import (
	"path/filepath"
	"strings"

	"sigill/internal/yamlfile"
)

// Driver is the kind of database.
type Driver string

// The databases there are.
const (
	SQLite   Driver = "sqlite"
	Postgres Driver = "postgres"
)

// Place is where large message bodies lie.
type Place string

// The places there are.
const (
	InDir      Place = "dir"
	InDatabase Place = "database"
)

// Store is the one durable thing.
type Store struct {
	Driver Driver `yaml:"driver"`
	// Path is the database file of SQLite.
	Path string `yaml:"path"`
	// URL is postgres://..., as pgx reads it: several hosts and target_session_attrs are fine.
	URL      Secret   `yaml:"url"`
	URLFile  string   `yaml:"url_file"`
	Payloads Payloads `yaml:"payloads"`
	// Keyring is the file with the keys that everything is sealed with. It is made on the first start, and must be kept
	// apart from backups of the database.
	Keyring string `yaml:"keyring"`
	// MinFreePercent is the share of free disk below which no mail is taken (452 4.3.1).
	MinFreePercent int `yaml:"min_free_percent"`
	// Connections is how many may be open to Postgres.
	Connections int `yaml:"connections"`
}

// Payloads is where sealed message bodies lie: up to Over in the database, larger ones In.
type Payloads struct {
	Over yamlfile.Size `yaml:"over"`
	In   Place         `yaml:"in"`  // by default dir with SQLite, database with Postgres
	Dir  string        `yaml:"dir"` // by default payloads, beside the database of SQLite
}

// maxInline is the largest body that one row of either database carries well.
const maxInline = 16 << 20

func defaultStore() Store {
	return Store{
		Driver: SQLite, Path: "/var/lib/sigill/sigill.db", Keyring: "/var/lib/sigill/keyring", MinFreePercent: 5, Connections: 20,
		Payloads: Payloads{Over: 256 << 10},
	}
}

func (s *Store) fill() {
	if s.Payloads.In == "" {
		s.Payloads.In = InDatabase
		if s.Driver == SQLite {
			s.Payloads.In = InDir
		}
	}
	if s.Driver == SQLite && s.Payloads.In == InDir && s.Payloads.Dir == "" {
		s.Payloads.Dir = filepath.Join(filepath.Dir(s.Path), "payloads")
	}
}

func (s Store) validate(c *checker) {
	oneOf(c, "store.driver", s.Driver, SQLite, Postgres)
	switch s.Driver {
	case SQLite:
		c.need("store.path", s.Path, "the database file")
		if !s.URL.IsZero() || s.URLFile != "" {
			c.fault("store.url", "belongs to driver postgres; SQLite has a path")
		}
	case Postgres:
		s.validateURL(c)
	}
	c.need("store.keyring", s.Keyring, "the file with the keys, outside the database")
	if s.Keyring == s.Path {
		c.fault("store.keyring", "must not be the database itself")
	}
	c.size("store.payloads.over", s.Payloads.Over, 0, maxInline)
	oneOf(c, "store.payloads.in", s.Payloads.In, InDir, InDatabase)
	if s.Payloads.In == InDir {
		c.need("store.payloads.dir", s.Payloads.Dir, "the folder for large bodies, shared by all nodes")
	}
	c.number("store.min_free_percent", s.MinFreePercent, 0, 90)
	c.number("store.connections", s.Connections, 2, 1000)
}

// validateURL looks at the beginning only: pgx knows the rest, and no error may quote the password in it.
func (s Store) validateURL(c *checker) {
	if s.URL.IsZero() {
		if s.URLFile == "" {
			c.fault("store.url_file", "is required: a file with postgres://user:password@host/database, or store.url with ${NAME}")
		}
		return
	}
	if url := s.URL.value; !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		c.fault("store.url", "must begin with postgres://")
	}
}
