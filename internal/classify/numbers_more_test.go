package classify

import (
	"slices"
	"testing"

	"sigill/internal/extract"
)

// TestDatesInCells: a date of birth with hyphens and the last four digits in the next cell are one number.
func TestDatesInCells(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"Namn\tFödd\tSista fyra\nKim Ek\t2000-02-29\t2399", []string{"person 200002292399 high"}},
		{"Kim Ek\t2000-02-29\t2399", []string{"person 200002292399 low"}},
		{"Namn\tFödd\tSista fyra\nKim Ek\t2000-02-29\t2398", nil},
		{"Namn\tFödd\tNummer\nKim Ek\t2000-02-29\t23991", nil},
		{"Kim Ek 2000-02-29 2399", nil},
		{"2000-02-29\n2399", nil},
		{"2000-02 -29\t2399", nil},
		{"1-2000-02-29\t2399", nil},
	} {
		if got := scanText(t, e, body(tt.text)); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.text, got, tt.want)
		}
	}
}

// TestWrappedOnce: a number of several groups may be wrapped at one line end; a column of numbers is none.
func TestWrappedOnce(t *testing.T) {
	t.Parallel()
	e, err := Compile([]Detector{{ID: "card", Validate: []string{"luhn", "pay.card"}, Patterns: []Pattern{{Digits: "4|4|4|4", Separators: " \n", Confidence: Medium}}}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"4111 1111 1111 1111": 1, "4111 1111\n1111 1111": 1, "4111 1111 1111\n1111": 1, "4111\n1111\n1111\n1111": 0, "4111 1111\n1111\n1111": 0, "4111 1111\n\n1111 1111": 0,
	} {
		if got := scanText(t, e, body(text)); len(got) != want {
			t.Errorf("%q: %v, want %d", text, got, want)
		}
	}
}

// TestAddressesInText: the digits in an address of a page are weak, in text as in links; beside a word they are not.
func TestAddressesInText(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for _, tt := range []struct {
		segment extract.Segment
		want    []string
	}{
		{body("https://shop.example/p/5105107724833518"), []string{"card 5105107724833518 low"}},
		{body("see www.shop.example/p/5105107724833518?x=1"), []string{"card 5105107724833518 low"}},
		{body("(https://shop.example/198901022387)"), []string{"person 198901022387 low"}},
		{body("https://shop.example/ 5105107724833518"), []string{"card 5105107724833518 medium"}},
		{body("https://e.example/a?personnummer=198901022387"), []string{"person 198901022387 high"}},
		{extract.Segment{Where: "body/href", Kind: extract.Href, Text: "https://shop.example/5105107724833518", Attachment: -1}, []string{"card 5105107724833518 low"}},
	} {
		if got := scanText(t, e, tt.segment); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.segment.Text, got, tt.want)
		}
	}
}
