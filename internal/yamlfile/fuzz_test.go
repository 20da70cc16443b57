package yamlfile

import (
	"errors"
	"testing"
)

// FuzzDecode looks for panics and hangs, and for an error that lacks its place.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "name: a\n", "words: [no, yes]\n", "- a\n- {b: c}\n", "deep: {cidr: x, allow: true}\nlife: 30d\nmost: 1MB\n",
		"a: &a [1, *a]\n", "a: &a {b: c}\nd: *a\n", "{<<: {a: b}}", "? [a]\n: b\n", "!!binary aGk=", "a: |\n  text\n  more\n",
		"--- a\n--- b\n", "%YAML 1.1\n---\na: 1\n", "use: [{eu: {only: [a]}}]", "\ufeffname: x", "free: 0x_1", "a: \"\\u0000\"", "\t- x", "a: 'it''s'",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var typed outer
		var free any
		for _, into := range []any{&typed, &free} {
			err := Decode("f", data, into)
			if err == nil {
				continue
			}
			all, isErrors := errors.AsType[Errors](err)
			if !isErrors {
				t.Fatalf("%v is not a list of problems", err)
			}
			for _, one := range all {
				if one.Line < 1 || one.Column < 1 || one.Msg == "" {
					t.Errorf("no place or no text: %#v", one)
				}
			}
		}
	})
}
