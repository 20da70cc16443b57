package pdf

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func never() bool { return false }

func TestLexer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{`(a\(b\)(c)\101\5x\
d)`, "a(b)(c)A\x05xd"},
		{`(\070\71\040\0600)`, "89 00"},
		{"<41 4 2 5>", "ABP"},
		{"(\xfe\xff\x00\xe5)", "å"},
		{"<EFBBBFC3A5>", "å"},
		{"(\xe5)", "å"},
		{"(open", "open"},
	} {
		l := lexer{b: []byte(tt.in)}
		got, ok := l.value().(text)
		if !ok || got.plain() != tt.want {
			t.Errorf("%q: %q", tt.in, got.plain())
		}
	}
	l := lexer{b: []byte("<</A#42[1 0 R -2.5 7]/C<</D/E>>>> x")}
	d, _ := l.value().(dict)
	ab, _ := d.of["AB"].([]any)
	if len(ab) != 3 || ab[0] != (ref{1, 0}) || ab[2] != 7 || d.of["C"].(dict).of["D"] != name("E") || string(l.b[l.i:]) != " x" {
		t.Errorf("got %v and %q", d, l.b[l.i:])
	}
}

// TestCarryMoves: what was read of an object holds when the end of its stream stands so far behind that the window moves.
func TestCarryMoves(t *testing.T) {
	t.Parallel()
	data := "%PDF-1.7\n1 0 obj<</PatternType 1/Length 9 0 R/Resources<</Font<</F1 5 0 R>>>>>>stream\n" + strings.Repeat("q Q\n", window) +
		"endstream endobj 2 0 obj<</Type/Page/Parent 3 0 R>>endobj\n%%EOF"
	c := Carry(strings.NewReader(data), int64(len(data)), never)
	if len(c.patterns.all) != 1 || c.patterns.all[0].resources != "<</Font<</F1 5 0 R>>>>" || len(c.pages.all) != 1 || c.Much {
		t.Errorf("%+v", c)
	}
}

func TestTelling(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		code int
		want bool
	}{
		{"a", 'a', true}, {"a", 'b', false}, {"seven", '7', true}, {"seven", '8', false}, {"seven", 200, false}, {"uni0037", '7', true},
		{"uni0037", '8', false}, {"a55", 55, true}, {"a55", 56, false}, {"g17", 17, false}, {"hyphen", '-', true}, {"adieresis", 0xE4, true},
		{"hyphen", '3', false}, {".notdef", '3', true}, {"", 3, false},
	} {
		if got := telling(tt.name, tt.code); got != tt.want {
			t.Errorf("%q on %d: %v", tt.name, tt.code, got)
		}
	}
}

// FuzzCarry: whatever the bytes, going through them ends, and a place that is found is one in the file.
func FuzzCarry(f *testing.F) {
	names, err := filepath.Glob("../testdata/pdf/*.pdf")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds: ", err)
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Carry(bytes.NewReader(data), int64(len(data)), never)
		for _, o := range append(append(c.pages.all, c.patterns.all...), c.loose.all...) {
			if o.num <= 0 || o.num > c.last || o.at < 0 || o.at >= int64(len(data)) {
				t.Fatalf("object %v", o)
			}
		}
		for _, at := range c.Revisions {
			if at > int64(len(data)) {
				t.Fatalf("revision at %d", at)
			}
		}
		u := update{c: c, r: bytes.NewReader(data), n: int64(len(data)), next: c.last + 1}
		u.build(c.pages.all, append(c.patterns.all, c.loose.all...))
	})
}
