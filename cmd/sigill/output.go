package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/store"
)

// asJSON is the flag of every command that prints a table.
type asJSON struct {
	JSON bool `help:"One JSON object a line."`
}

// list prints rows as a table, or each as one JSON object a line.
func list[T any](w io.Writer, asJSON bool, head []string, rows []T, cells func(T) []string) error {
	if asJSON {
		enc := json.NewEncoder(w)
		for _, r := range rows {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(tab, strings.Join(head, "\t")) // the error comes with Flush
	for _, r := range rows {
		_, _ = fmt.Fprintln(tab, strings.Join(cells(r), "\t"))
	}
	return tab.Flush()
}

// stamp prints a time to the second, in the zone of this machine.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// withStore runs a command on the store that the configuration names.
func withStore(e *env, do func(ctx context.Context, cfg *config.Config, s store.Store) error) error {
	cfg, err := config.Load(e.config)
	if err != nil {
		return err
	}
	s, _, err := app.OpenStore(e.ctx, cfg, app.StoreOptions{Now: time.Now, NoMigrate: true})
	if err != nil {
		return err
	}
	err = do(e.ctx, cfg, s)
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}
