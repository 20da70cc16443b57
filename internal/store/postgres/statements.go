package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"sigill/internal/store"
)

// statements are the texts of the statements that write rows: they take a column as one
// array, so that any number of rows needs one statement, and the same one.
type statements struct {
	insert, put []string
}

func newStatements() *statements {
	s := &statements{}
	for _, t := range store.Tables() {
		s.insert = append(s.insert, insertSQL(t))
		s.put = append(s.put, insertSQL(t)+conflictSQL(t))
	}
	return s
}

func insertSQL(t store.Table) string {
	types := map[store.Kind]string{store.Text: "text", store.Int: "bigint", store.Bytes: "bytea"}
	var arrays []string
	for i, c := range t.Columns() {
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, types[c.Kind]))
	}
	return fmt.Sprintf("insert into %s (%s) select * from unnest(%s)", t, columnList(t, ""), strings.Join(arrays, ", "))
}

func conflictSQL(t store.Table) string {
	var key, set []string
	for i, c := range t.Columns() {
		if i < t.Key() {
			key = append(key, c.Name)
			continue
		}
		set = append(set, c.Name+" = excluded."+c.Name)
	}
	return fmt.Sprintf(" on conflict (%s) do update set %s", strings.Join(key, ", "), strings.Join(set, ", "))
}

// columnList lists the columns of a table, each behind a prefix.
func columnList(t store.Table, prefix string) string {
	var names []string
	for _, c := range t.Columns() {
		names = append(names, prefix+c.Name)
	}
	return strings.Join(names, ", ")
}

// arrays turns rows into one array per column.
func arrays(t store.Table, rows []store.Row) []any {
	args := make([]any, len(t.Columns()))
	for i, c := range t.Columns() {
		switch c.Kind {
		case store.Text:
			args[i] = column[string](rows, i)
		case store.Int:
			args[i] = column[int64](rows, i)
		default:
			args[i] = column[[]byte](rows, i)
		}
	}
	return args
}

func column[T any](rows []store.Row, i int) []T {
	out := make([]T, len(rows))
	for j := range rows {
		out[j], _ = rows[j].Values[i].(T) // an untyped nil is null
	}
	return out
}

// writes is what one transaction writes, of one caller or of many.
type writes struct {
	sql    *statements
	delete []store.Row
	insert [][]store.Row // by table
	put    [][]store.Row
	refund []store.CounterRow
}

func (s *Store) newWrites() *writes {
	n := len(s.sql.insert)
	return &writes{sql: s.sql, insert: make([][]store.Row, n), put: make([][]store.Row, n)}
}

func (w *writes) add(ch *store.Changes) {
	w.delete = append(w.delete, ch.Delete...)
	w.addRows(ch.Insert...)
	for _, r := range ch.Put {
		w.put[r.Table] = append(w.put[r.Table], r)
	}
	w.refund = append(w.refund, ch.Refund...)
}

func (w *writes) addRows(rows ...store.Row) {
	for _, r := range rows {
		w.insert[r.Table] = append(w.insert[r.Table], r)
	}
}

// queue queues the statements: first what is deleted, then the tables in an order that
// their references allow.
func (w *writes) queue(b *pgx.Batch) {
	for _, r := range w.delete {
		b.Queue(deleteSQL(r), r.Values...)
	}
	for i := range w.insert {
		t := store.Table(i)
		if len(w.insert[i]) > 0 {
			b.Queue(w.sql.insert[i], arrays(t, w.insert[i])...)
		}
		if rows := lastOfKey(w.put[i]); len(rows) > 0 {
			b.Queue(w.sql.put[i], arrays(t, rows)...)
		}
	}
	queueRefunds(b, w.refund)
}

// lastOfKey drops rows that a later one of the same key replaces: a statement may write
// a row once only.
func lastOfKey(rows []store.Row) []store.Row {
	if len(rows) < 2 {
		return rows
	}
	last := map[string]int{}
	for i, r := range rows {
		last[keyOf(r)] = i
	}
	var out []store.Row
	for i, r := range rows {
		if last[keyOf(r)] == i {
			out = append(out, r)
		}
	}
	return out
}

func keyOf(r store.Row) string { return fmt.Sprintf("%q", r.Values[:r.Table.Key()]) }

// deleteSQL deletes the rows that r names by the first columns of its key.
func deleteSQL(r store.Row) string {
	where := make([]string, len(r.Values))
	for i := range r.Values {
		where[i] = fmt.Sprintf("%s = $%d", r.Table.Columns()[i].Name, i+1)
	}
	return fmt.Sprintf("delete from %s where %s", r.Table, strings.Join(where, " and "))
}
