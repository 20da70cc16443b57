// Package docs_test holds the pages against the source: what they list must be there, and
// what is there must be listed.
package docs_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sources calls f for every Go file of the module.
func sources(t *testing.T, f func(path string, test bool)) {
	t.Helper()
	for _, root := range []string{"../cmd", "../internal", "../migrations", "../policies", "."} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") {
				f(path, strings.HasSuffix(path, "_test.go"))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// sorted returns each of all once.
func sorted(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// TestMetrics holds the list in operations.md against the names in the source.
func TestMetrics(t *testing.T) {
	t.Parallel()
	whole := regexp.MustCompile(`"(sigill_[a-z_]+)"`)
	smtpd := regexp.MustCompile(`vec\("([a-z_]+)"`)
	var want []string
	sources(t, func(path string, test bool) {
		if test {
			return
		}
		text := read(t, path)
		for _, m := range whole.FindAllStringSubmatch(text, -1) {
			want = append(want, m[1])
		}
		if filepath.Base(filepath.Dir(path)) == "smtpd" {
			for _, m := range smtpd.FindAllStringSubmatch(text, -1) {
				want = append(want, "sigill_smtpd_"+m[1])
			}
		}
	})
	got := regexp.MustCompile(`sigill_[a-z_]+`).FindAllString(read(t, "operations.md"), -1)
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("metrics (-source, +operations.md):\n%s", diff)
	}
}

// TestDependencies holds the tables in dependencies.md against the imports of the source.
func TestDependencies(t *testing.T) {
	t.Parallel()
	var modules []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+`).FindAllStringSubmatch(read(t, "../go.mod"), -1) {
		modules = append(modules, m[1])
	}
	var want []string
	sources(t, func(path string, _ bool) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if name, err := strconv.Unquote(i.Path.Value); err == nil {
				want = append(want, moduleOf(name, modules)...)
			}
		}
	})
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(read(t, "dependencies.md"), -1) {
		got = append(got, m[1])
	}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("modules (-imported, +dependencies.md):\n%s", diff)
	}
}

// moduleOf is the module that an import path lies in; none for our own and the standard
// library.
func moduleOf(path string, modules []string) []string {
	for _, m := range modules {
		if path == m || strings.HasPrefix(path, m+"/") {
			return []string{m}
		}
	}
	return nil
}

// TestLinks follows the links of every page to files of the project, and to headings.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range append(pages, "../README.md") {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, heading, _ := strings.Cut(m[1], "#")
			target := filepath.Join(filepath.Dir(page), file)
			if file == "" { // a heading of the same page
				target = page
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if heading != "" && !strings.Contains(strings.ToLower(read(t, target)), "## "+strings.ReplaceAll(heading, "-", " ")+"\n") {
				t.Errorf("%s: %s has no heading %s", page, file, heading)
			}
		}
	}
}
