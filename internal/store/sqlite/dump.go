package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/pressly/goose/v3"

	"sigill/internal/message"
	"sigill/internal/store"
)

// Dump writes one moment of the whole store to w, for Restore of either driver. It
// hinders nobody. What is sealed stays sealed: without the key ring it is worth nothing.
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	if err := s.lazy.flush(ctx); err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	version, err := s.version(ctx)
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	d, err := store.NewDumper(w, version)
	if err != nil {
		return err
	}
	var filed []message.ID
	if err := s.snapshot(ctx, func(q querier) error {
		for _, t := range store.Tables() {
			if err := dumpTable(d, q, t); err != nil {
				return fmt.Errorf("dump %s: %w", t, err)
			}
		}
		filed, err = filedMessages(q)
		return err
	}); err != nil {
		return err
	}
	for _, id := range filed {
		if err := s.dumpFile(ctx, d, id); err != nil {
			return fmt.Errorf("dump payload of %s: %w", id, err)
		}
	}
	return d.Close()
}

func (s *Store) version(ctx context.Context) (v int64, err error) {
	err = s.read.QueryRowContext(ctx, "select max(version_id) from "+goose.DefaultTablename).Scan(&v)
	return v, explain(err)
}

func dumpTable(d *store.Dumper, q querier, t store.Table) error {
	if err := d.Table(t); err != nil {
		return err
	}
	columns := t.Columns()
	return q.all("select "+columnList(t, "")+" from "+t.String(), nil, func(scan func(...any) error) error {
		dest := make([]any, len(columns))
		for i, c := range columns {
			dest[i] = place(c.Kind)
		}
		if err := scan(dest...); err != nil {
			return err
		}
		return d.Row(dest)
	})
}

// place returns where a column of a kind is scanned to.
func place(k store.Kind) any {
	switch k {
	case store.Text:
		return new(string)
	case store.Int:
		return new(int64)
	}
	return new([]byte)
}

func filedMessages(q querier) (ids []message.ID, err error) {
	err = q.all("select m.id from messages m join wraps w on w.message = m.id where m.place = ?", []any{store.PlaceDir},
		func(scan func(...any) error) error {
			var id message.ID
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// dumpFile writes a payload file. One that was destroyed since the snapshot is left out.
func (s *Store) dumpFile(ctx context.Context, d *store.Dumper, id message.ID) error {
	if s.dir == nil {
		return errors.New("the store was opened without its payload folder")
	}
	err := d.File(s.dir, id)
	if !errors.Is(err, store.ErrDestroyed) {
		return err
	}
	owned, qerr := s.exists(ctx, "select 1 from wraps where message = ?", string(id))
	if qerr != nil || !owned {
		return qerr
	}
	return err
}

// Restore reads a dump of either driver into this store, which must be empty and have
// the ring of the dump. It is all or nothing.
func (s *Store) Restore(ctx context.Context, r io.Reader) error {
	version, err := s.version(ctx)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	undo := func() {}
	err = s.do(ctx, "restore", func(t *tx) error {
		if err := t.clearForRestore(); err != nil {
			return err
		}
		undo, err = store.ReadDump(ctx, r, version, s.dir, s.codec.Accept, restorer{t})
		return err
	})
	if err != nil {
		undo()
		return fmt.Errorf("restore: %w", err)
	}
	s.codec.Forget()
	s.rouse()
	return nil
}

// clearForRestore refuses a store that holds anything, and drops its unused column keys.
func (t *tx) clearForRestore() error {
	for _, table := range store.Tables() {
		if table == store.TableInstallation || table == store.TableColumnKeys {
			continue
		}
		var one int
		err := t.one("select 1 from "+table.String()+" limit 1", nil, &one)
		if err == nil {
			return fmt.Errorf("the store is not empty: it has %s", table)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	_, err := t.exec("delete from column_keys")
	return err
}

type restorer struct{ t *tx }

func (r restorer) Insert(row store.Row) error {
	return r.t.rows(row.Table, []store.Row{row}, false)
}
