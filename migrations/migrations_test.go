package migrations

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"
)

// columns returns "table.column" of every table that the steps make, in order.
func columns(t *testing.T, files fs.FS) []string {
	t.Helper()
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no steps: %v", err)
	}
	table := regexp.MustCompile(`(?ms)^create table (\w+) \((.*?)^\)`)
	column := regexp.MustCompile(`(?m)^\t(\w+) +(?:text|integer|bigint|blob|bytea)\b`)
	var all []string
	for _, name := range names {
		sql, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
		for _, m := range table.FindAllSubmatch(sql, -1) {
			for _, c := range column.FindAllSubmatch(m[2], -1) {
				all = append(all, string(m[1])+"."+string(c[1]))
			}
		}
	}
	return all
}

func TestTwinsAreAlike(t *testing.T) {
	t.Parallel()
	lite, err := SQLite()
	if err != nil {
		t.Fatal(err)
	}
	pg, err := Postgres()
	if err != nil {
		t.Fatal(err)
	}
	one, two := columns(t, lite), columns(t, pg)
	if len(one) < 80 {
		t.Fatalf("found only %d columns", len(one))
	}
	if !slices.Equal(one, two) {
		t.Errorf("sqlite:\n%v\npostgres:\n%v", one, two)
	}
}
