package ocr

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"

// word is a row of the table.
func word(place, conf, text string) string {
	return "5\t1\t" + place + "\t1\t0\t0\t9\t9\t" + conf + "\t" + text + "\n"
}

func TestReadTable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, in string
		want     *Result
	}{
		{"nothing", head, &Result{}},
		{
			"lines and paragraphs",
			head + "1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t\n" + word("1\t1\t1", "90", "Hej") + word("1\t1\t1", "90", "Anna") + word("1\t1\t2", "90", "på") + word("2\t1\t1", "90", "Slut"),
			&Result{"Hej Anna\npå\n\nSlut", 90},
		},
		{"spaces and empty words", head + word("1\t1\t1", "95.5", "  ") + word("1\t1\t1", "95.5", " a b "), &Result{"a b", 95}},
		{"longer words count more", head + word("1\t1\t1", "100", "abcdefghi") + word("1\t1\t1", "0", "x"), &Result{"abcdefghi x", 90}},
		{"beyond the scale", head + word("1\t1\t1", "1e9", "a") + word("1\t1\t1", "-5", "b"), &Result{"a b", 50}},
		{"control characters", head + word("1\t1\t1", "90", "a\x00\x1bb\xff"), &Result{"ab\uFFFD", 90}},
		{"no head", word("1\t1\t1", "90", "a"), nil},
		{"empty", "", nil},
		{"short row", head + "5\t1\n", nil},
		{"no number", head + word("1\t1\t1", "much", "a"), nil},
		{"not a number", head + word("1\t1\t1", "NaN", "a"), nil},
		{"long line", head + word("1\t1\t1", "90", strings.Repeat("x", maxLine)), nil},
		{"long text", head + strings.Repeat(word("1\t1\t1", "90", strings.Repeat("x", 1000)), 1000), nil},
	} {
		got, err := readTable(strings.NewReader(test.in))
		if diff := cmp.Diff(test.want, got); diff != "" || (err == nil) != (got != nil) {
			t.Errorf("%s: %v\n%s", test.name, err, diff)
		}
	}
}

func TestLegible(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		r    Result
		want bool
	}{
		{Result{"", 0}, false}, {Result{"ab", 99}, false}, {Result{"-- -- ..", 99}, false}, {Result{"abc", 54}, false}, {Result{"abc", 55}, true},
	} {
		if got := test.r.Legible(); got != test.want {
			t.Errorf("%+v: %v", test.r, got)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add(head + word("1\t1\t1", "90", "Hej") + word("1\t2\t1", "12.5", "890102-2387"))
	f.Add(head + "1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t\n")
	f.Fuzz(func(t *testing.T, in string) {
		r, err := readTable(strings.NewReader(in))
		if err != nil {
			return
		}
		if !utf8.ValidString(r.Text) || r.Confidence < 0 || r.Confidence > 100 || len(r.Text) > maxText+maxLine {
			t.Errorf("%d bytes, confidence %d", len(r.Text), r.Confidence)
		}
	})
}
