package yamlfile

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type inner struct {
	Pos   Pos    `yaml:"-"`
	Cidr  string `yaml:"cidr,required"`
	Allow bool   `yaml:"allow"`
}

type shared struct {
	Title string `yaml:"title"`
}

type outer struct {
	Name     string            `yaml:"name"`
	Words    []string          `yaml:"words"`
	On       bool              `yaml:"on"`
	Count    int               `yaml:"count"`
	Small    int8              `yaml:"small"`
	Port     uint16            `yaml:"port"`
	Share    float64           `yaml:"share"`
	Networks []inner           `yaml:"networks"`
	Labels   map[string]string `yaml:"labels"`
	Deep     *inner            `yaml:"deep"`
	Life     Duration          `yaml:"life"`
	Idle     time.Duration     `yaml:"idle"`
	Most     Size              `yaml:"most"`
	Net      netip.Prefix      `yaml:"net"`
	Free     any               `yaml:"free"`
	Either   OneOrMore[string] `yaml:"either"`
	Use      []pack            `yaml:"use"`
	Hidden   string            `yaml:"-"`
	Shared   shared            `yaml:",inline"`
}

// pack is a name, or a name with settings.
type pack struct {
	Name string
	Only []string
	At   Pos
}

func (p *pack) UnmarshalYAMLFile(n *Node) error {
	p.At = n.Pos()
	switch n.Kind() {
	case String:
		p.Name = n.String()
		return nil
	case Map:
		entries := n.Entries()
		if len(entries) != 1 {
			return n.Errorf("name one pack")
		}
		p.Name = entries[0].Key
		var settings struct {
			Only []string `yaml:"only"`
		}
		err := entries[0].Value.Decode(&settings)
		p.Only = settings.Only
		return err
	default:
		return errors.New("must be a pack or a map with one pack")
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	const text = `# a comment
name: 0123
words: [no, yes, on, off, true, 12, 2020-01-01, "null", 12:30]
on: true
count: -16
small: 0o17
port: 0x9dd
share: 1.5e2
title: inlined
networks:
  - cidr: 10.0.0.0/8
    allow: true
  - {cidr: "::1/128"}
labels: {a: b, no: "no"}
deep:
  cidr: x
life: 1d12h
idle: 90s
most: 150MB
net: 192.0.2.0/24
free: {list: [1, 2.5, no, true, ~, {a: b}]}
either: one
use:
  - se
  - eu: {only: [eu.iban]}
`
	var got outer
	if err := Decode("x.yaml", []byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := outer{
		Name:  "0123",
		Words: []string{"no", "yes", "on", "off", "true", "12", "2020-01-01", "null", "12:30"},
		On:    true, Count: -16, Small: 15, Port: 2525, Share: 150,
		Networks: []inner{
			{Pos: Pos{"x.yaml", 11, 5}, Cidr: "10.0.0.0/8", Allow: true},
			{Pos: Pos{"x.yaml", 13, 5}, Cidr: "::1/128"},
		},
		Labels: map[string]string{"a": "b", "no": "no"},
		Deep:   &inner{Pos: Pos{"x.yaml", 15, 1}, Cidr: "x"},
		Life:   Duration(36 * time.Hour),
		Idle:   90 * time.Second,
		Most:   150 << 20,
		Net:    netip.MustParsePrefix("192.0.2.0/24"),
		Free:   map[string]any{"list": []any{int64(1), 2.5, "no", true, nil, map[string]any{"a": "b"}}},
		Either: OneOrMore[string]{"one"},
		Use: []pack{
			{Name: "se", At: Pos{"x.yaml", 24, 5}},
			{Name: "eu", Only: []string{"eu.iban"}, At: Pos{"x.yaml", 25, 5}},
		},
		Shared: shared{Title: "inlined"},
	}
	prefixes := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(want, got, prefixes); diff != "" {
		t.Error(diff)
	}
}

// TestDecodeErrors holds the whole text of each error: place, path, what is wrong and what was probably meant.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"unknown key", "nmae: x", `f:1:1: unknown key "nmae", did you mean "name"?`},
		{"unknown key below", "networks:\n  - cidr: a\n    alow: true", `f:3:5: networks[0]: unknown key "alow", did you mean "allow"?`},
		{"unknown key far from all", "deep: {cidr: a, zzzzzz: 1}", `f:1:17: deep: unknown key "zzzzzz", known are: allow, cidr`},
		{"unknown key in a pack", "use:\n  - eu: {olny: [a]}", `f:2:10: use[0].eu: unknown key "olny", did you mean "only"?`},
		{"error of the destination", "use: [{a: {}, b: {}}]", `f:1:7: use[0]: name one pack`},
		{"key of a hundred characters", "deep: {cidr: a, " + strings.Repeat("x", 100) + ": 1}", `f:1:17: deep: unknown key "` + strings.Repeat("x", 40) + `...", known are: allow, cidr`},
		{"one of many of the wrong kind", "either: {a: b}", `f:1:9: either: must be a string, not a map`},
		{"tag on a key", "free: {!!str a: b}", `f:1:8: free.a: tags such as "!!str" are not used here; remove it`},
		{"syntax in the second document", "name: a\n---\n]", `f:3:1: did not find expected node content`},
		{"pattern without quotes", "name: a\nwords: [å, *scan]", `f:2:12: *scan refers to nothing; put a value that begins with * in quotes`},
		{"pattern of one star", "words: [*@x.test]", `f:1:1: did not find expected alphabetic or numeric character; put a value that begins with * or & in quotes`},
		{"bracket left open", "name: a\n\nwords: [a, b\n", `f:3:1: did not find expected ',' or ']'`},
		{"indentation", "name: a\ndeep:\n    cidr: b\n  allow: true\n", `f:4:3: did not find expected key`},
		{"indentation far from the beginning of its map", "# c\n\nname: a\nwords: [a,\n  b,\n  c]\ndeep:\n    cidr: b\n  allow: true\non: true\nlabels: {\n a: b}\n", `f:9:3: did not find expected key`},
		{"bracket left open far from the end", "# c\nname: a\nwords: [a, b\non: true\ncount: 1\n", `f:3:1: did not find expected ',' or ']'`},
		{"colon in a value", "on: true\nname: a: b", `f:2:1: mapping values are not allowed in this context; put a value that holds a colon and a space in quotes, and check the indentation`},
		{"plain error gets a place", "use: [[a]]", `f:1:7: use[0]: must be a pack or a map with one pack`},
		{"hidden field", "hidden: x", `f:1:1: unknown key "hidden", known are: count, deep, either, free, idle, labels, life, most, name, net, networks, on, port, share, small, title, use, words`},
		{"missing key", "deep:\n  allow: true", `f:2:3: deep: the key "cidr" is missing`},
		{"empty map misses its key", "deep: {}", `f:1:7: deep: the key "cidr" is missing`},
		{"bool yes", "on: yes", `f:1:5: on: must be true or false, not yes`},
		{"bool no", "on: no", `f:1:5: on: must be true or false, not no`},
		{"bool True", "on: True", `f:1:5: on: must be true or false, not True`},
		{"bool quoted", `on: "true"`, `f:1:5: on: must be true or false, without quotes, not a string`},
		{"bool number", "on: 1", `f:1:5: on: must be true or false, without quotes, not a whole number`},
		{"string without a value", "name:", `f:1:1: name: needs a value: a string ("" for an empty one)`},
		{"string null", "words: [null]", `f:1:9: words[0]: null means nothing here; put it in quotes if the word is meant`},
		{"string list", "name: [a]", `f:1:7: name: must be a string, not a list`},
		{"list string", "words: a", `f:1:8: words: must be a list, such as [a, b], not a string`},
		{"hole in a list", "words:\n  -\n  - a", `f:2:4: words[0]: an empty place in a list; remove it or give it a value`},
		{"map list", "labels: [a]", `f:1:9: labels: must be a map of key: value, not a list`},
		{"struct string", "deep: a", `f:1:7: deep: must be a map of key: value, not a string`},
		{"number quoted", `count: "1"`, `f:1:8: count: must be a whole number without quotes, not a string`},
		{"number fraction", "count: 1.5", `f:1:8: count: must be a whole number without quotes, not a number`},
		{"number with leading zero", "count: 0755", `f:1:8: count: write a number without leading zeros, or octal as 0o755`},
		{"number with underscore", "count: 1_000", `f:1:8: count: must be a whole number without quotes, not a string`},
		{"number too large", "count: 99999999999999999999", `f:1:8: count: the number is too large`},
		{"number too large for its kind", "small: 128", `f:1:8: small: the number is too large`},
		{"number negative", "port: -1", `f:1:7: port: the number is negative or too large`},
		{"fraction infinite", "share: 1e999", `f:1:8: share: not a number that can be used`},
		{"fraction nan", "share: .nan", `f:1:8: share: must be a number without quotes, not a string`},
		{"duration bare", "life: 30", `f:1:7: life: 30 has no unit; write a length of time such as 10m or 30d`},
		{"duration unit", "life: 30x", `f:1:7: life: "30x" is not a length of time; write a number and a unit (s, m, h, d, w), such as 90s, 10m, 4h or 30d`},
		{"duration empty", "life:", `f:1:1: life: needs a value: a length of time such as 10m or 30d`},
		{"go duration bare", "idle: 30", `f:1:7: idle: 30 has no unit; write a length of time such as 10m or 30d`},
		{"size bare", "most: 30", `f:1:7: most: 30 has no unit; write a size such as 256KB or 150MB`},
		{"size word", "most: big", `f:1:7: most: "big" is not a size; write a number and a unit (B, KB, MB, GB, TB), such as 256KB or 150MB`},
		{"text type", "net: 10.0.0.0", `f:1:6: net: netip.ParsePrefix("10.0.0.0"): no '/'`},
		{"text type list", "net: []", `f:1:6: net: must be a string, not a list`},
		{"duplicate", "name: a\non: true\nname: b", `f:3:1: name: duplicate key "name", first on line 1`},
		{"duplicate where anything goes", "free: {a: {x: 1, x: 2}}", `f:1:18: free.a.x: duplicate key "x", first on line 1`},
		{"root list", "- a", `f:1:1: must be a map of key: value, not a list`},
		{"two documents", "name: a\n---\nname: b", `f:2:1: a second document begins here; a file holds one`},
		{"tag", "name: !!str 12", `f:1:7: name: tags such as "!!str" are not used here; remove it`},
		{"merge key", "deep: &d {cidr: a}\nfree: {<<: *d}", `f:2:8: free: merge keys (<<) are not used here; write the keys out`},
		{"complex key", "free: {[a]: b}", `f:1:8: free: a key must be a plain word`},
		{"alias of itself", "free: &a [*a]", `f:1:11: free[0]: alias "a" contains itself`},
		{"syntax", "name: a\n  on: true", `f:2:3: mapping values are not allowed in this context; put a value that holds a colon and a space in quotes, and check the indentation`},
		{"tab", "deep:\n\tcidr: a", "f:2:2: found character that cannot start any token; put a value that begins with @, % or ` in quotes, and indent with spaces, not tabs"},
		{"latin-1", "name: \xe5", `f:1:7: not UTF-8; save the file as UTF-8`},
		{"control", "on: true\nname: a\x00b", `f:2:8: control character U+0000; write it as an escape in double quotes`},
		{"all together", "nmae: x\non: yes\nwords: a\nlife: 3", `f:1:1: unknown key "nmae", did you mean "name"?
f:2:5: on: must be true or false, not yes
f:3:8: words: must be a list, such as [a, b], not a string
f:4:7: life: 3 has no unit; write a length of time such as 10m or 30d`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var into outer
			err := Decode("f", []byte(tt.text), &into)
			if err == nil {
				t.Fatalf("decoded to %+v, want error %s", into, tt.want)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			all, isErrors := errors.AsType[Errors](err)
			if !isErrors || all[0].Line == 0 || all[0].Column == 0 {
				t.Errorf("%#v is no Errors with a place", err)
			}
		})
	}
}

func TestDecodeKeepsDefaults(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "comment": "# nothing\n", "document mark": "---\n", "other keys": "on: true\n", "empty sections": "deep:\nwords:\nlabels:\n", "byte order mark": "\ufeffon: true\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			into := outer{Name: "kept", Words: []string{"a"}, Deep: &inner{Cidr: "c"}, Labels: map[string]string{"x": "y"}}
			if err := Decode("f", []byte(text), &into); err != nil {
				t.Fatal(err)
			}
			if into.Name != "kept" || len(into.Words) != 1 || into.Deep.Cidr != "c" || into.Labels["x"] != "y" {
				t.Errorf("got %+v", into)
			}
		})
	}
}

func TestDecodeMisuse(t *testing.T) {
	t.Parallel()
	for name, into := range map[string]any{
		"not a pointer": outer{}, "nil": nil, "nil pointer": (*outer)(nil),
		"channel": &struct{ A chan int }{}, "int keys": &struct{ A map[int]int }{}, "reader": &struct{ A error }{},
		"unknown option": &struct {
			A string `yaml:"a,omitempty"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Decode("f", []byte("a: {1: 2}"), into)
			if err == nil {
				t.Fatal("no error")
			}
			if _, isErrors := errors.AsType[Errors](err); isErrors {
				t.Errorf("misuse is reported as a fault of the file: %v", err)
			}
		})
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	var into outer
	if err := Decode("f", []byte("words: &w [a, b]\neither: *w"), &into); err != nil || len(into.Either) != 2 {
		t.Errorf("got %v, %v", into.Either, err)
	}
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		prev := "*a" + string(rune('0'+i-1))
		bomb.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(prev+", ", 9) + prev + "]\n")
	}
	var free any
	err := Decode("f", []byte(bomb.String()), &free)
	if err == nil || !strings.Contains(err.Error(), "f:4:") || !strings.Contains(err.Error(), "aliases make the file too large") {
		t.Errorf("got %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	var free any
	if err := Decode("f", []byte(strings.Repeat("[", 100)+strings.Repeat("]", 100)), &free); err == nil || !strings.Contains(err.Error(), "nested deeper than 64") {
		t.Errorf("depth: got %v", err)
	}
	if err := Decode("f", make([]byte, MaxBytes+1), &free); err == nil || err.Error() != "f: the file is longer than 8MB" {
		t.Errorf("length: got %v", err)
	}
	many := strings.Repeat("- {bad: 1}\n", maxErrors+7)
	var list []inner
	err := Decode("f", []byte(many), &list)
	if err == nil || !strings.HasSuffix(err.Error(), "\nand 64 more") || strings.Count(err.Error(), "\n") != maxErrors {
		t.Errorf("many: got %v", err)
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	var into outer
	places, err := DecodePositions("f", []byte("name: a\nnetworks:\n  - cidr: b\n  -\n    cidr: c\n    allow: true\n"), &into)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"name": "f:1:1", "networks": "f:2:1", "networks[0]": "f:3:5", "networks[1].allow": "f:6:5",
		"networks[1].missing": "f:5:5", "networks[7].cidr": "f:2:1", "absent.deep": "f", "": "f",
	} {
		if got := places.At(path).String(); got != want {
			t.Errorf("At(%q) = %s, want %s", path, got, want)
		}
	}
	if !places.Has("networks[1].allow") || places.Has("networks[0].allow") {
		t.Error("Has tells something else than the file")
	}
	problem := places.At("networks[0]").Errorf("is %d", 1)
	if problem.Error() != "f:3:5: is 1" || problem.Pos() != places.At("networks[0]") {
		t.Errorf("got %v", problem)
	}
}

func TestNode(t *testing.T) {
	t.Parallel()
	var into struct {
		A *Node `yaml:"a"`
		B Node  `yaml:"b"`
	}
	if err := Decode("f", []byte("a: {x: \"1\", y: [p, 2]}\nb: ~\n"), &into); err != nil {
		t.Fatal(err)
	}
	x, y := into.A.Get("x"), into.A.Get("y")
	if into.A.Get("z") != nil || x.Kind() != String || !x.Quoted() || x.String() != "1" || x.Path() != "a.x" {
		t.Errorf("x is %v %q at %s", x.Kind(), x, x.Path())
	}
	if y.Kind() != List || y.String() != "" || y.Quoted() || len(y.List()) != 2 || y.List()[1].Path() != "a.y[1]" {
		t.Errorf("y is %v %q", y.Kind(), y)
	}
	if into.B.Kind() != Null || into.B.String() != "" || into.B.List() != nil || into.B.Entries() != nil {
		t.Errorf("b is %v %q", into.B.Kind(), into.B.String())
	}
	entry := into.A.Entries()[0]
	if err := into.A.UnknownKey(entry, []string{"y", "xx"}); err.Error() != `f:1:5: a: unknown key "x", did you mean "y"?` {
		t.Error(err)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"listen", "limits", "auth", "se.personnummer"}
	for word, want := range map[string]string{
		"listne": "listen", "Listen": "listen", "limit": "limits", "se.personumer": "se.personnummer", "uath": "auth", "quite.else": "", "": "",
	} {
		if got, found := Nearest(word, known); got != want || found != (want != "") {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
