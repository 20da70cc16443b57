package extract

import (
	"strconv"
	"strings"
	"testing"
)

// TestLists: what a program writes before the paragraphs of a list is text that is shown.
func TestLists(t *testing.T) {
	t.Parallel()
	level := func(i int, start, format, text, more string) string {
		return `<w:lvl w:ilvl="` + strconv.Itoa(i) + `"><w:start w:val="` + start + `"/><w:numFmt ` + format + `/>` + more + `<w:lvlText w:val="` + text + `"/></w:lvl>`
	}
	const decimal = `w:val="decimal"`
	one := func(start, format, text, more string) string {
		return `<w:abstractNum w:abstractNumId="7">` + level(0, start, format, text, more) + `</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>`
	}
	item := func(id, at, text string) string {
		return `<w:p><w:pPr><w:numPr><w:ilvl w:val="` + at + `"/><w:numId w:val="` + id + `"/></w:numPr></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
	}
	styled := func(style, text string) string {
		return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
	}
	const styles = `<w:style w:type="paragraph" w:styleId="N"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style><w:style w:type="paragraph" w:styleId="M"><w:basedOn w:val="N"/></w:style>`
	tests := []struct{ name, numbering, body string }{
		{"the text of a level", one("1", `w:val="bullet"`, "890102-2387", ""), "<w:p/>"},
		{"an empty paragraph", one("890102", decimal, "%1-2387", ""), item("1", "0", "")},
		{"start and text", one("890102", decimal, "%1-2387", ""), item("1", "0", "a")},
		{"before the text", one("890102", decimal, "%1-", ""), item("1", "0", "2387")},
		{"with no space", one("8901", decimal, "%1", `<w:suff w:val="nothing"/>`), item("1", "0", "02-2387")},
		{"counted", one("890100", decimal, "%1-2387", ""), item("1", "0", "a") + item("1", "0", "b") + item("1", "0", "c")},
		{"another start", one("1", decimal, "%1-2387", "") + `<w:num w:numId="2"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="890102"/></w:lvlOverride></w:num>`, item("1", "0", "a") + item("2", "0", "b")},
		{"another level", one("1", decimal, "%1-2387", "") + `<w:num w:numId="2"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0">` + level(0, "890102", decimal, "%1-2387", "") + `</w:lvlOverride></w:num>`, item("2", "0", "b")},
		{"two levels", `<w:abstractNum w:abstractNumId="7">` + level(0, "890102", decimal, "%1", "") + level(1, "2387", decimal, "%1-%2", "") + `</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>`, item("1", "0", "a") + item("1", "1", "b")},
		{"by a style", one("890102", decimal, "%1-2387", ""), styled("N", "a")},
		{"by a style of a style", one("890102", decimal, "%1-2387", ""), styled("M", "a")},
		{"by the style of a list", `<w:abstractNum w:abstractNumId="8"><w:styleLink w:val="L"/>` + level(0, "890102", decimal, "%1-2387", "") + `</w:abstractNum><w:abstractNum w:abstractNumId="7"><w:numStyleLink w:val="L"/></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>`, item("1", "0", "a")},
		{"not as it was", one("890102", decimal, "%1-2387", ""), `<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:pPrChange><w:pPr><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr></w:pPrChange></w:pPr></w:p>`},
		{"zeros", one("2387", `w:val="custom" w:format="000001, 000002"`, "890102-%1", ""), item("1", "0", "a")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := "890102-2387"
			if tt.name == "zeros" {
				want = "890102-002387"
			}
			c := parseLimits(t, attached("a.docx", zipOf(t, docx(tt.body, file{"word/numbering.xml", "<w:numbering>" + tt.numbering + "</w:numbering>"}, file{"word/styles.xml", "<w:styles>" + styles + "</w:styles>"})...)), Limits{})
			checkContent(t, c, nil, nil, nil)
			for _, s := range c.Segments {
				if s.Kind == Hidden && strings.Contains(s.Text, want) {
					return
				}
			}
			t.Errorf("not found:\n%s", dump(c))
		})
	}
}

// TestOrdinaryLists: the marks and numbers of most lists say nothing that the paragraphs do not say.
func TestOrdinaryLists(t *testing.T) {
	t.Parallel()
	tests := []struct {
		label, text string
		joined      bool
		want        string
	}{
		{"\uf0b7", "hej", false, ""},
		{"o", "hej", false, ""},
		{"-", "2387", true, ""},
		{"1.", "890102-2387", false, ""},
		{"a)", "hej", false, ""},
		{"1.2.10.", "hej", false, ""},
		{"Bilaga 1", "hej", false, "Bilaga 1\thej"},
		{"1.2", "hej", false, "1.2\thej"},
		{"1.2", "2387", false, "1.22387"},
		{"890102-", "2387", false, "890102-2387"},
		{"890102-2387", "", false, "890102-2387"},
	}
	for _, tt := range tests {
		if got := labelled(tt.label, tt.text, tt.joined); got != tt.want {
			t.Errorf("labelled(%q, %q) = %q, want %q", tt.label, tt.text, got, tt.want)
		}
	}
	for n, want := range map[int]string{4: "IV", 1989: "MCMLXXXIX"} {
		if got := roman(n); got != want {
			t.Errorf("roman(%d) = %s", n, got)
		}
	}
}
