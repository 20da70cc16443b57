package extract

import "testing"

func TestRepeatedCells(t *testing.T) {
	t.Parallel()
	beyond := []Unreadable{{"att[1]/a.ods", TooMany, beyondSheet}}
	row := func(repeat, cells string) string {
		return `<table:table-row table:number-rows-repeated="` + repeat + `">` + cells + "</table:table-row>"
	}
	cell := func(repeat, text string) string {
		return `<table:table-cell table:number-columns-repeated="` + repeat + `"><text:p>` + text + "</text:p></table:table-cell>"
	}
	tests := []struct {
		name, rows string
		found      []Unreadable
	}{
		{"empty to the end", row("1", cell("1", "x")+cell("16383", "")) + row("1048575", cell("16384", "")), nil},
		{"a column that is filled", row("1048576", cell("1", "x")), nil},
		{"a row that no sheet has", row("1000000000", cell("1", "")) + row("1", cell("1", "x")), beyond},
		{"a column that no sheet has", row("1", cell("99999999", "")+cell("1", "x")), beyond},
		{"all that is filled", row("1048576", cell("16384", "x")), beyond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.ods", zipOf(t, odfOf("spreadsheet", "", `<table:table table:name="Blad1">`+tt.rows+"</table:table>")...)), Limits{})
			checkContent(t, c, nil, nil, tt.found)
		})
	}
}
