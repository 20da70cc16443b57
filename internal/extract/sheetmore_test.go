package extract

import "testing"

// sheetWith is a workbook whose first sheet has this beside its rows.
func sheetWith(before, rows, after string) []file {
	return with(xlsx(""), file{"xl/worksheets/sheet1.xml", "<worksheet>" + before + "<sheetData>" + rows + "</sheetData>" + after + "</worksheet>"})
}

func TestSheetMore(t *testing.T) {
	t.Parallel()
	const blad = "att[1]/a.xlsx!Blad1"
	shows := func(text string) []Segment { return []Segment{{Where: blad, Kind: AttachmentText, Text: text}} }
	hides := func(text string) []Segment { return []Segment{{Where: blad, Kind: Hidden, Text: text}} }
	text := func(ref, v string) string { return `<c r="` + ref + `" t="inlineStr"><is><t>` + v + `</t></is></c>` }
	tests := []struct {
		name  string
		files []file
		want  []Segment
		found []Unreadable
	}{
		{"constant formula", xlsx(`<row r="1"><c r="A1"><f>"890102-"&amp;"2387"</f></c><c r="B1"><v>7</v></c></row>`), shows("890102-2387\t7"), nil},
		{"formula cut by a comment", xlsx(`<row r="1"><c r="A1"><f>"890102-"<!-- x -->&amp;"2387"</f><v/></c></row>`), shows("890102-2387"), nil},
		{"formula that contradicts its result", xlsx(`<row r="1"><c r="A1" t="str"><f>"890102-"&amp;"2387"</f><v>x</v></c></row>`), hides("890102-2387"), nil},
		{"TEXT", xlsx(`<row r="1"><c r="A1"><f>TEXT(8901022387,"000000-0000")</f></c></row>`), shows("890102-2387"), nil},
		{"formula with cells", xlsx(`<row r="1"><c r="A1"><f>C5&amp;"-"&amp;B2</f></c><c r="B1"><f>A1</f></c></row><row r="2"><c r="B2"><v>2387</v></c></row><row r="5">` + text("C5", "890102") + `</row>`),
			shows("890102-2387\t890102-2387\n\t2387"), nil},
		{"shared formula", xlsx(`<row r="1"><c r="A1"><v>890102</v></c><c r="B1"><f t="shared" si="0" ref="B1:B2">A1&amp;"-2387"</f></c></row><row r="2"><c r="A2"><v>890103</v></c><c r="B2"><f t="shared" si="0"/></c></row>`),
			shows("890102\t890102-2387\n890103\t890103-2387"), nil},
		{"formula in a format", with(xlsx(`<row r="1"><c r="A1" s="1"><f>2380+B1</f></c><c r="B1"><v>7</v></c></row>`), stylesOf(`&quot;890102-&quot;0000`)), shows("890102-2387\t7"), nil},
		{"formulas that add up", xlsx(`<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>SUM(A:A)</f></c><c r="C1"><f>IF(A1&gt;0,1,2)</f><v></v></c><c r="D1"><f>VLOOKUP(A1,'R&amp;D'!A:B,2)</f></c></row>`), shows("1"), nil},
		{"formula that is not understood", xlsx(`<row r="1"><c r="A1"><f>INDIRECT("B1")&amp;"-2387"</f></c></row>`), nil, []Unreadable{{blad, Unsupported, "formula that makes text and has no result"}}},
		{"circle", xlsx(`<row r="1"><c r="A1"><f>B1+1</f></c><c r="B1"><f>A1+1</f></c></row>`), nil, nil},
		{"header of pages", sheetWith("", `<row r="1"><c r="A1"><v>7</v></c></row>`, `<headerFooter><oddHeader>&amp;L&amp;"Arial,Bold"&amp;12890102&amp;K01+000-2&amp;B3&amp;Kff000087&amp;CMitt &amp;P &amp;&amp; &amp;A</oddHeader></headerFooter>`),
			hides("890102-2387\tMitt  & Blad1"), nil},
		{"escapes", with(xlsx(`<row r="1"><c r="A1" t="s"><v>0</v></c>`+text("B1", "_x0038_90102-2387")+text("C1", "a_x_xZZZZ_b")+`</row>`),
			file{"xl/sharedStrings.xml", `<sst><si><t>890102_x002D_2387</t></si></sst>`}), shows("890102-2387\t890102-2387\ta_x_xZZZZ_b"), nil},
		{"tool tip of a link", sheetWith("", `<row r="1"><c r="A1"><v>7</v></c></row>`, `<hyperlinks><hyperlink ref="A1" tooltip="890102-2387"/></hyperlinks>`), hides("890102-2387"), nil},
		{"cells out of order", xlsx(`<row r="1"><c r="C1"><v>2387</v></c><c r="A1"><v>890102</v></c><c r="D1"><v>5</v></c></row>`), shows("890102\t\t2387\t5"), nil},
		{"rows out of order", xlsx(`<row r="2"><c r="A2"><v>2387</v></c></row><row r="1"><c r="A1"><v>890102</v></c></row>`), hides("890102\n2387"), nil},
		{"row in two", xlsx(`<row r="1"><c r="A1"><v>890102</v></c></row><row r="2"><c r="A2"><v>x</v></c><c r="B1"><v>2387</v></c></row>`), hides("890102\t2387\nx"), nil},
		{"hidden column", sheetWith(`<cols><col min="2" max="2" hidden="1"/><col min="3" max="3" width="9"/></cols>`, `<row r="1"><c r="A1"><v>890102</v></c><c r="B1"><v>5</v></c><c r="C1"><v>2387</v></c></row>`, ""), hides("890102\t2387"), nil},
		{"hidden row", xlsx(`<row r="1"><c r="A1"><v>890102</v></c></row><row r="2" hidden="1"><c r="A2"><v>5</v></c></row><row r="3"><c r="A3"><v>2387</v></c></row>`), hides("890102\n2387"), nil},
		{"last row there is", xlsx(`<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>`), shows("7"), nil},
		{"row beyond", xlsx(`<row r="1000000000"><c r="A1000000000"><v>7</v></c></row>`), shows("7"), []Unreadable{{blad, TooMany, beyondSheet}}},
		{"column beyond", xlsx(`<row r="1"><c r="XFE1"><v>7</v></c></row>`), shows("7"), []Unreadable{{blad, TooMany, beyondSheet}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.xlsx", zipOf(t, tt.files...)), Limits{})
			checkContent(t, c, tt.want, nil, tt.found)
		})
	}
}
