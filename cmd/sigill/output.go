package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// asJSON is the flag of every command that prints a table.
type asJSON struct {
	JSON bool `help:"Print one JSON object a line."`
}

// list prints rows as a table, or each as one JSON object a line. It writes all at once or nothing.
func list[T any](w io.Writer, asJSON bool, head []string, rows []T, cells func(T) []string) error {
	var b bytes.Buffer
	if asJSON {
		enc := json.NewEncoder(&b)
		for _, r := range rows {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		_, err := b.WriteTo(w)
		return err
	}
	tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(tab, strings.Join(head, "\t")) // a buffer takes everything
	for _, r := range rows {
		_, _ = fmt.Fprintln(tab, strings.Join(visible(cells(r)), "\t"))
	}
	_ = tab.Flush()
	_, err := b.WriteTo(w)
	return err
}

// visible makes every cell one that a terminal shows and that stays in its column.
func visible(cells []string) []string {
	for i, c := range cells {
		cells[i] = clean(c)
		if cells[i] == "" {
			cells[i] = "-"
		}
	}
	return cells
}

// clean replaces what a terminal would act on: names in mails are a stranger's.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// stamp prints a time to the second, in the zone of this machine.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// first keeps as many rows as are wanted; there are more when one more was found.
func first[T any](rows []T, limit countArg) (kept []T, more bool) {
	if len(rows) <= int(limit) {
		return rows, false
	}
	return rows[:limit], true
}

// noteMore says that a list was cut off at its limit.
func noteMore(e *env, more bool, limit countArg) {
	if more {
		e.note("only the first %d; --limit takes more", limit)
	}
}
