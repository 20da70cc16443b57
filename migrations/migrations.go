// Package migrations embeds the steps that build and change the store's tables.
//
// There is one folder per database. A step has the same number and the same meaning
// in each, goes forward only, and is never changed once released. Code of the release
// before must still run after it.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// SQLite returns the steps for SQLite.
func SQLite() (fs.FS, error) { return fs.Sub(files, "sqlite") }

// Postgres returns the steps for PostgreSQL.
func Postgres() (fs.FS, error) { return fs.Sub(files, "postgres") }
