package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"sigill/internal/message"
	"sigill/internal/store"
)

const (
	restoreRows  = 500     // that one statement inserts
	restoreBytes = 4 << 20 // and their size
)

// Dump writes one moment of the whole store to w, for Restore of either driver. It
// hinders nobody. What is sealed stays sealed: without the key ring it is worth nothing.
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	s.lazy.flush() //nolint:contextcheck // a batch is everybody's
	d, err := store.NewDumper(w, s.migration)
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	filed, err := s.dumpTables(ctx, d)
	if err != nil {
		return fmt.Errorf("dump: %w", explain(err))
	}
	for _, id := range filed {
		if err := s.dumpFile(ctx, d, id); err != nil {
			return fmt.Errorf("dump payload of %s: %w", id, err)
		}
	}
	return d.Close()
}

// dumpTables writes all tables as they are at one moment, and returns the messages whose
// payload is a file.
func (s *Store) dumpTables(ctx context.Context, d *store.Dumper) (filed []message.ID, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(t pgx.Tx) error {
		for _, table := range store.Tables() {
			if err := dumpTable(ctx, d, t, table); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		filed = nil
		rows, err := t.Query(ctx, "select m.id from messages m join wraps w on w.message = m.id where m.place = $1", store.PlaceDir)
		if err != nil {
			return err
		}
		filed, err = pgx.CollectRows(rows, pgx.RowTo[message.ID])
		return err
	})
	return filed, err
}

func dumpTable(ctx context.Context, d *store.Dumper, t pgx.Tx, table store.Table) error {
	if err := d.Table(table); err != nil {
		return err
	}
	rows, err := t.Query(ctx, "select "+columnList(table, "")+" from "+table.String())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		dest := places(table)
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := d.Row(dest); err != nil {
			return err
		}
	}
	return rows.Err()
}

// places returns where the columns of a table are scanned to.
func places(table store.Table) []any {
	var dest []any
	for _, c := range table.Columns() {
		switch c.Kind {
		case store.Text:
			dest = append(dest, new(string))
		case store.Int:
			dest = append(dest, new(int64))
		default:
			dest = append(dest, new([]byte))
		}
	}
	return dest
}

// dumpFile writes a payload file. One that was destroyed since is left out.
func (s *Store) dumpFile(ctx context.Context, d *store.Dumper, id message.ID) error {
	if s.dir == nil {
		return errors.New("the store was opened without its payload folder")
	}
	err := d.File(s.dir, id)
	if !errors.Is(err, store.ErrDestroyed) {
		return err
	}
	owned, lerr := s.exists(ctx, "wraps where message = $1", string(id))
	if lerr != nil || !owned {
		return lerr
	}
	return err
}

// Restore reads a dump of either driver into this store, which must be empty and have
// the ring of the dump. It is all or nothing.
func (s *Store) Restore(ctx context.Context, r io.Reader) error {
	undo := func() {}
	dir := s.dir
	if !s.files {
		dir = nil
	}
	err := s.once(ctx, s.pool, "restore", func(t *tx) error { // once: r cannot be read again
		b := t.first()
		b.Queue("lock table installation in share row exclusive mode") // one at a time
		if err := t.send(ctx, b); err != nil {
			return err
		}
		if err := t.clearForRestore(ctx); err != nil {
			return err
		}
		to := &restorer{ctx: ctx, t: t}
		var err error
		if undo, err = store.ReadDump(ctx, r, s.migration, dir, s.codec.Accept, to); err != nil {
			return err
		}
		if err := to.flush(); err != nil {
			return err
		}
		return t.commit(ctx, &pgx.Batch{}, to.proof)
	})
	if err != nil {
		if !errors.Is(err, store.ErrUnsure) {
			undo()
		}
		return fmt.Errorf("restore: %w", explain(err))
	}
	s.codec.Forget()
	s.rouse()
	return nil
}

// clearForRestore refuses a store that holds anything, and drops its unused column keys.
func (t *tx) clearForRestore(ctx context.Context) error {
	for _, table := range store.Tables() {
		if table == store.TableInstallation || table == store.TableColumnKeys {
			continue
		}
		var any bool
		if err := t.conn.QueryRow(ctx, "select exists (select 1 from "+table.String()+")").Scan(&any); err != nil {
			return err
		}
		if any {
			return fmt.Errorf("the store is not empty: it has %s", table)
		}
	}
	_, err := t.conn.Exec(ctx, "delete from column_keys")
	return err
}

// restorer inserts the rows of a dump, many of a table at once.
type restorer struct {
	ctx   context.Context //nolint:containedctx // lives for one call of Restore
	t     *tx
	table store.Table
	rows  []store.Row
	bytes int
	proof proof
}

// Insert implements [store.Restorer].
func (r *restorer) Insert(row store.Row) error {
	if row.Table != r.table || len(r.rows) >= restoreRows || r.bytes >= restoreBytes {
		if err := r.flush(); err != nil {
			return err
		}
	}
	r.table, r.rows = row.Table, append(r.rows, row)
	for _, v := range row.Values {
		if data, ok := v.([]byte); ok {
			r.bytes += len(data)
		}
	}
	if row.Table == store.TableColumnKeys {
		r.proof = proof{row, len(row.Values), true}
	}
	return nil
}

func (r *restorer) flush() error {
	if len(r.rows) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	b.Queue(r.t.s.sql.insert[r.table], arrays(r.table, r.rows)...)
	r.rows, r.bytes = nil, 0
	return r.t.send(r.ctx, b)
}
