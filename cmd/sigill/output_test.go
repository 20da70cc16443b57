package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

type pair struct {
	Name  string    `json:"name"`
	Count int       `json:"count"`
	At    time.Time `json:"at,omitzero"`
}

func (p pair) cells() []string { return []string{p.Name, fmt.Sprint(p.Count)} }

func TestList(t *testing.T) {
	t.Parallel()
	head := []string{"NAME", "COUNT"}
	at := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		json bool
		rows []pair
		want string
	}{
		"no rows":             {rows: nil, want: "NAME  COUNT\n"},
		"no rows, JSON":       {json: true, rows: nil, want: ""},
		"columns":             {rows: []pair{{Name: "a", Count: 1}, {Name: "longer", Count: 22}}, want: "NAME    COUNT\na       1\nlonger  22\n"},
		"an empty cell":       {rows: []pair{{Count: 1}}, want: "NAME  COUNT\n-     1\n"},
		"a cell breaks out":   {rows: []pair{{Name: "a\tb\n\x1b[2J"}}, want: "NAME      COUNT\na�b��[2J  0\n"},
		"letters of any kind": {rows: []pair{{Name: "åsa", Count: 3}}, want: "NAME  COUNT\nåsa   3\n"},
		"JSON": {
			json: true, rows: []pair{{Name: "a\nb", Count: 1}, {At: at}},
			want: `{"name":"a\nb","count":1}` + "\n" + `{"name":"","count":0,"at":"2026-11-24T03:00:00Z"}` + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := list(&b, c.json, head, c.rows, pair.cells); err != nil || b.String() != c.want {
				t.Errorf("%v, want\n%s\nhave\n%s", err, c.want, b.String())
			}
		})
	}
}

// TestListWhole says that what cannot be printed whole is not printed at all.
func TestListWhole(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	err := list(&b, true, nil, []any{1, func() {}}, nil)
	if err == nil || b.Len() > 0 {
		t.Errorf("%v, %q", err, b.String())
	}
}

// gone is the writer of a reader that has left.
type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, fmt.Errorf("write |1: %w", syscall.EPIPE) }

func TestBrokenPipe(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"policy", "check"}, {"check", "--policy", "testdata/policy.yaml", "-"}} {
		var errOut bytes.Buffer
		if code := run(args, strings.NewReader("Subject: x\r\n\r\n"), gone{}, &errOut); code != exitFailure || errOut.Len() > 0 {
			t.Errorf("%v: exit %d, %q", args, code, errOut.String())
		}
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code int
		text string
	}{
		"done":           {nil, exitDone, ""},
		"no, printed":    {fmt.Errorf("test: %w", errNo), exitNo, ""},
		"no":             {fmt.Errorf("test: %w", no("there is no %s", "x")), exitNo, "sigill: test: there is no x\n"},
		"usage":          {&usageError{errors.New("what?"), "sigill queue"}, exitUsage, "sigill: what?\nTry sigill queue --help.\n"},
		"failed, named":  {errFailed, exitFailure, ""},
		"failed":         {io.ErrUnexpectedEOF, exitFailure, "sigill: unexpected EOF\n"},
		"nobody listens": {fmt.Errorf("print: %w", syscall.EPIPE), exitFailure, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var errOut bytes.Buffer
			if code := exitCode(c.err, &errOut); code != c.code || errOut.String() != c.text {
				t.Errorf("exit %d, %q", code, errOut.String())
			}
		})
	}
}
