package extract

import (
	"slices"
	"strings"
	"testing"
)

// TestSymbols: characters of a font of symbols are read as the digits that they show.
func TestSymbols(t *testing.T) {
	t.Parallel()
	sym := func(font, char string) string {
		return `<w:r><w:sym w:font="` + font + `" w:char="` + char + `"/></w:r>`
	}
	run := func(props, s string) string {
		return "<w:r><w:rPr>" + props + "</w:rPr><w:t>" + s + "</w:t></w:r>"
	}
	tests := []struct{ name, body, want string }{
		{"one", sym("Symbol", "F038") + run("", "90102-2387"), "890102-2387"},
		{"a dash", run("", "890102") + sym("Symbol", "f02d") + run("", "2387"), "890102-2387"},
		{"in another font", sym("Arial", "0038") + run("", "90102-2387"), "890102-2387"},
		{"in the text", run(`<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>`, "\uf038\uf039") + run("", "0102-2387"), "890102-2387"},
		{"pictures", run("", "a") + sym("Wingdings", "F04A") + run(`<w:rFonts w:ascii="Wingdings"/>`, "\uf04a") + run("", "b"), "a\uf04ab"},
		{"digits in circles", sym("Wingdings", "F088") + sym("Wingdings", "f094") + run(`<w:rFonts w:ascii="Wingdings"/>`, "\uf080\uf08c") + run("", "02-2387"), "890102-2387"},
		{"marks", run("", "a") + sym("Symbol", "F0B7") + sym("Symbol", "zz") + sym("Symbol", "D800") + run("", "b"), "ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.docx", zipOf(t, docx("<w:p>"+tt.body+"</w:p>")...)), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/a.docx", Kind: AttachmentText, Text: tt.want}}, nil, nil)
		})
	}
}

// TestOverride: text whose direction is set against its nature is given out as it is shown too.
func TestOverride(t *testing.T) {
	t.Parallel()
	run := func(s string) string { return "<w:r><w:t>" + s + "</w:t></w:r>" }
	reverse := func(s string) string {
		b := []byte(s)
		slices.Reverse(b)
		return string(b)
	}
	backwards := []Unreadable{{"att[1]/a.docx", Ambiguous, shownBackwards}}
	tests := []struct {
		name, body string
		found      []Unreadable
	}{
		{"whole", run("nr ") + `<w:bdo w:val="rtl">` + run("7832-201098") + "</w:bdo>" + run("."), backwards},
		{"in runs", `<w:bdo w:val="rtl">` + run("7832-") + run("201098") + "</w:bdo>", backwards},
		{"the usual way", run("8901") + `<w:bdo w:val="ltr">` + run(" x") + "</w:bdo>", nil},
		{"the usual way in the other", `<w:bdo w:val="rtl">` + run("78") + `<w:bdo w:val="ltr">` + run("89") + "</w:bdo>" + run("7832-201098") + "</w:bdo>", backwards},
		{"nothing in it", run("x") + `<w:bdo w:val="rtl"></w:bdo>`, nil},
		{"many", strings.Repeat(`<w:bdo w:val="rtl">`, 200) + run("7832-201098") + strings.Repeat("</w:bdo>", 300), backwards},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var want []Segment
			if tt.found != nil {
				want = []Segment{{Where: "att[1]/a.docx", Kind: Hidden, Text: reverse("7832-201098")}}
			}
			c := parseLimits(t, attached("a.docx", zipOf(t, docx("<w:p>"+tt.body+"</w:p>")...)), Limits{})
			checkContent(t, c, want, nil, tt.found)
		})
	}
}
