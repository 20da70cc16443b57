package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"sigill/internal/message"
	"sigill/internal/store"
)

// tx is the transaction under way on the writer's connection, and its prepared
// statements. Only the committer's goroutine uses it.
type tx struct {
	ctx   context.Context // without cancel: a commit is never cut off by a caller
	conn  *sql.Conn
	codec *store.Codec
	stmts map[string]*sql.Stmt
	fault func(string) error
	op    *op
}

func (t *tx) close() error {
	var errs []error
	for _, s := range t.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if s, ok := t.stmts[query]; ok {
		return s, nil
	}
	s, err := t.conn.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, explain(err)
	}
	t.stmts[query] = s
	return s, nil
}

// plain runs a statement of the machinery itself, where no fault is put.
func (t *tx) plain(query string, args ...any) (int64, error) {
	s, err := t.stmt(query) //nolint:sqlclosecheck // statements stay prepared for as long as the connection
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, explain(err)
	}
	return res.RowsAffected()
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	if t.fault != nil {
		if err := t.fault("statement"); err != nil {
			return 0, err
		}
	}
	return t.plain(query, args...)
}

// one scans the only row of a query; sql.ErrNoRows when there is none.
func (t *tx) one(query string, args []any, dest ...any) error {
	s, err := t.stmt(query) //nolint:sqlclosecheck // statements stay prepared for as long as the connection
	if err != nil {
		return err
	}
	return explain(s.QueryRowContext(t.ctx, args...).Scan(dest...))
}

// all calls each for every row of a query; scan is to be called inside it.
func (t *tx) all(query string, args []any, each func(scan func(...any) error) error) error {
	s, err := t.stmt(query) //nolint:sqlclosecheck // statements stay prepared for as long as the connection
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(t.ctx, args...)
	if err != nil {
		return explain(err)
	}
	return eachRow(rows, each)
}

func eachRow(rows *sql.Rows, each func(scan func(...any) error) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return explain(rows.Err())
}

func (t *tx) begin() error {
	_, err := t.plain("begin immediate")
	return err
}

func (t *tx) commit() error {
	_, err := t.plain("commit")
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback ends the transaction. After some errors SQLite has done so itself, and then
// says that there is none.
func (t *tx) rollback() { _, _ = t.plain("rollback") }

// rowsAtOnce are the numbers of rows of one insert, largest first.
var rowsAtOnce = [...]int{32, 8, 1}

// rows inserts rows of one table, with put in place of those of the same key.
func (t *tx) rows(table store.Table, rows []store.Row, put bool) error {
	for _, n := range rowsAtOnce {
		for len(rows) >= n {
			args := make([]any, 0, n*len(table.Columns()))
			for _, r := range rows[:n] {
				args = append(args, r.Values...)
			}
			if _, err := t.exec(insertSQL(table, n, put), args...); err != nil {
				return fmt.Errorf("write %s: %w", table, err)
			}
			rows = rows[n:]
		}
	}
	return nil
}

func insertSQL(table store.Table, n int, put bool) string {
	columns := table.Columns()
	one := "(?" + strings.Repeat(",?", len(columns)-1) + ")"
	var b strings.Builder
	fmt.Fprintf(&b, "insert into %s (%s) values %s%s", table, columnList(table, ""), one, strings.Repeat(","+one, n-1))
	if !put {
		return b.String()
	}
	b.WriteString(" on conflict (")
	for i, c := range columns[:table.Key()] {
		writeComma(&b, i)
		b.WriteString(c.Name)
	}
	b.WriteString(") do update set ")
	for i, c := range columns[table.Key():] {
		writeComma(&b, i)
		fmt.Fprintf(&b, "%s = excluded.%s", c.Name, c.Name)
	}
	return b.String()
}

func writeComma(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}

// columnList lists the columns of a table, each behind a prefix.
func columnList(table store.Table, prefix string) string {
	var b strings.Builder
	for i, c := range table.Columns() {
		writeComma(&b, i)
		b.WriteString(prefix + c.Name)
	}
	return b.String()
}

// selectFrom returns a query for all columns of a table.
func selectFrom(table store.Table, rest string) string {
	return "select " + columnList(table, "") + " from " + table.String() + " " + rest
}

// delete deletes the rows that r names by the first columns of its key.
func (t *tx) delete(r store.Row) error {
	var b strings.Builder
	fmt.Fprintf(&b, "delete from %s where ", r.Table)
	for i := range r.Values {
		if i > 0 {
			b.WriteString(" and ")
		}
		b.WriteString(r.Table.Columns()[i].Name + " = ?")
	}
	if _, err := t.exec(b.String(), r.Values...); err != nil {
		return fmt.Errorf("delete from %s: %w", r.Table, err)
	}
	return nil
}

// apply writes changes inside an op.
func (t *tx) apply(ch *store.Changes) error {
	if ch.Empty() {
		return nil
	}
	if ch.Done != nil {
		if err := t.finish(*ch.Done); err != nil {
			return err
		}
	}
	for _, r := range ch.Delete {
		if err := t.delete(r); err != nil {
			return err
		}
	}
	m := merged{tx: t}
	m.keep(&m.insert, ch.Insert)
	m.keep(&m.put, ch.Put)
	if err := m.flush(); err != nil {
		return err
	}
	for _, c := range ch.Refund {
		if err := t.refund(c); err != nil {
			return err
		}
	}
	t.op.after = *ch
	return nil
}

// finish deletes a job whose attempt is still ours.
func (t *tx) finish(j message.Job) error {
	n, err := t.exec("delete from jobs where id = ? and attempt = ? and owner <> ''", string(j.ID), j.Attempt)
	if err == nil && n == 0 {
		err = store.ErrStale
	}
	if err != nil {
		return fmt.Errorf("finish job %s: %w", j.ID, err)
	}
	return nil
}

// marks returns n question marks for an in (...).
func marks(n int) string {
	if n == 0 {
		return "null"
	}
	return "?" + strings.Repeat(",?", n-1)
}

// list makes arguments of hashes or names.
func list[T any](values []T) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}
