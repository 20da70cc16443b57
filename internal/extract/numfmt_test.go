package extract

import (
	"fmt"
	"testing"
)

func TestNumberFormats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code, v string
		text    bool
		from04  bool
		want    string
	}{
		{code: `"890102-"@`, v: "2387", want: "890102-2387"},
		{code: `"890102-"@`, v: "2387", text: true, want: "890102-2387"},
		{code: `0;0;0;"890102-2387"`, v: "x", text: true, want: "890102-2387\tx"},
		{code: `0;0;0;@"-2387"`, v: "890102", text: true, want: "890102-2387"},
		{code: `"890102-2387"`, v: "1", want: "890102-2387"},
		{code: `"890102-"0000`, v: "387", want: "890102-0387"},
		{code: `\8\9\0\1\0\2\-0000`, v: "2387", want: "890102-2387"},
		{code: `[$890102-]0000`, v: "2387", want: "890102-2387"},
		{code: `[$890102--41D]0000`, v: "2387", want: "890102-2387"},
		{code: `[$-41D]"890102-"0000`, v: "2387", want: "890102-2387"},
		{code: `[>5]"890102-"0000`, v: "2387", want: "890102-2387"},
		{code: `[>5]"890102-"0000`, v: "5", want: "5"},
		{code: `[<5]0;[Red][>=5]"890102-"0000`, v: "2387", want: "890102-2387"},
		{code: `0;"890102-"0000`, v: "-2387", want: "890102-2387"},
		{code: `0;0;"890102-2387"`, v: "0", want: "890102-2387"},
		{code: `"890102-"#,##0`, v: "2387", want: "890102-2387"},
		{code: `"890102-"General`, v: "2387", want: "890102-2387"},
		{code: `"89"0.00`, v: "1.5", want: "891.50"},
		{code: `"89"0%`, v: "0.5", want: "8950%"},
		{code: `0" m2"`, v: "57", want: "57 m2"},
		{code: `_-* "890102-"0000_-`, v: "2387", want: " 890102-2387 "},
		{code: `;;;"1"`, v: "8901022387", want: "8901022387"},
		{code: `yymmdd`, v: "32510", want: "890102"},
		{code: `yyyymmdd`, v: "32510", want: "19890102"},
		{code: `yyyy\-mm\-dd`, v: "32510", want: "1989-01-02"},
		{code: `yy-mm-dd;@`, v: "32510.5", want: "89-01-02"},
		{code: `dd.mm.yy`, v: "32510", want: "02.01.89"},
		{code: `[$-F800]dddd d mmmm yyyy`, v: "32510", want: "Monday 2 January 1989"},
		{code: `yymmdd"-2387"`, v: "32510", want: "890102-2387"},
		{code: `yymmdd`, v: "31048", from04: true, want: "890102"},
		{code: `yyyy-mm-dd hh:mm:ss`, v: "32510.75", want: "1989-01-02 18:00:00"},
		{code: `h:mm AM/PM`, v: "0.75", want: "6:00 PM"},
		{code: `mm:ss`, v: "0.5007", want: "01:00"},
		{code: `[h]:mm`, v: "1.5", want: "36:00"},
		{code: `[s]"-2387"`, v: "10.302106481481", want: "890102-2387"},
		{code: `yyyy-mm-dd`, v: "8901022387", want: "8901022387"},
		{code: `yyyy-mm-dd`, v: "-1", want: "-1"},
		{code: `yyyy-mm-dd`, v: "1", want: "1900-01-01"},
		{code: `0000`, v: "87", want: "0087"},
		{code: `#,##0.00 kr`, v: "1234.5", want: "1234.5"},
		{code: `# ##0 st`, v: "8901022387", want: "8901022387"},
		{code: `0.00E+00`, v: "8901022387", want: "8901022387"},
		{code: `General`, v: "45000", want: "45000"},
		{code: `[`, v: "1", want: "1"},
		{code: `"`, v: "1", want: "1"},
		{code: `\`, v: "1", want: "1"},
	}
	for _, tt := range tests {
		f := formats{codes: map[int]string{164: tt.code}, cells: []int{164}, from04: tt.from04}
		got := f.show(tt.v, 0)
		if tt.text {
			got = f.showText(tt.v, 0)
		}
		if got != tt.want {
			t.Errorf("%s on %s: %q, want %q", tt.code, tt.v, got, tt.want)
		}
	}
}

func stylesOf(codes ...string) file {
	formats, cells := "", `<xf numFmtId="0"/>`
	for i, c := range codes {
		formats += fmt.Sprintf(`<numFmt numFmtId="%d" formatCode="%s"/>`, 164+i, c)
		cells += fmt.Sprintf(`<xf numFmtId="%d"/>`, 164+i)
	}
	return file{"xl/styles.xml", "<styleSheet><numFmts>" + formats + "</numFmts><cellXfs>" + cells + `<xf numFmtId="14"/></cellXfs></styleSheet>`}
}

// with puts files in the place of those of the same name.
func with(files []file, more ...file) []file {
	for _, m := range more {
		found := false
		for i := range files {
			if files[i].name == m.name {
				files[i], found = m, true
			}
		}
		if !found {
			files = append(files, m)
		}
	}
	return files
}

func TestSheetFormats(t *testing.T) {
	t.Parallel()
	const blad = "att[1]/a.xlsx!Blad1"
	tests := []struct {
		name  string
		files []file
		want  []Segment
	}{
		{"digits of a format", with(xlsx(`<row r="1"><c r="A1" s="1"><v>2387</v></c><c r="B1" s="1" t="inlineStr"><is><t>x</t></is></c></row>`), stylesOf(`&quot;890102-&quot;@`)), []Segment{
			{Where: blad, Kind: AttachmentText, Text: "890102-2387\t890102-x"},
			{Where: "att[1]/a.xlsx", Kind: Hidden, Text: "\"890102-\"@\n890102-"}}},
		{"a date and the next cell", with(xlsx(`<row r="1"><c r="A1" s="1"><v>32510</v></c><c r="B1"><v>2387</v></c><c r="C1" s="2"><v>32510</v></c><c r="D1" s="1" t="d"><v>1989-01-02</v></c></row>`), stylesOf(`yymmdd`)), []Segment{
			{Where: blad, Kind: AttachmentText, Text: "890102\t2387\t1989-01-02\t890102"}}},
		{"a number behind a literal", with(xlsx(`<row r="1"><c r="A1" s="1"><v>8901022387</v></c></row>`), stylesOf(`&quot;1&quot;`)), []Segment{
			{Where: blad, Kind: Hidden, Text: "8901022387"}}},
		{"days since 1904", with(xlsx(`<row r="1"><c r="A1" s="1"><v>31048</v></c></row>`), stylesOf(`yymmdd`),
			file{"xl/workbook.xml", `<workbook><workbookPr date1904="1"/><sheets><sheet name="Blad1" r:id="rId1"/></sheets></workbook>`}), []Segment{
			{Where: blad, Kind: AttachmentText, Text: "890102"}}},
		{"format of a condition", with(xlsx(`<row r="1"><c r="A1"><v>2387</v></c></row>`), file{"xl/styles.xml",
			`<styleSheet><dxfs><dxf><numFmt numFmtId="164" formatCode="&quot;890102-&quot;0000"/></dxf></dxfs></styleSheet>`}), []Segment{
			{Where: blad, Kind: AttachmentText, Text: "2387"},
			{Where: blad, Kind: Hidden, Text: "890102-2387"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.xlsx", zipOf(t, tt.files...)), Limits{})
			checkContent(t, c, tt.want, nil, nil)
		})
	}
}
