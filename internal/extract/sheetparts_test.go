package extract

import "testing"

func TestSheetParts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		part file
		kind Kind
		want string
	}{
		{"column of a table", file{"xl/tables/table1.xml", `<table name="T1"><tableColumns><tableColumn id="1" name="890102-2387"/></tableColumns></table>`}, Hidden, "890102-2387"},
		{"person", file{"xl/persons/person.xml", `<personList><person displayName="Anna 890102-2387" id="x"/></personList>`}, Hidden, "Anna 890102-2387"},
		{"connection", file{"xl/connections.xml", `<connections><connection name="890102_x002D_2387"/></connections>`}, Hidden, "890102-2387"},
		{"comment cut by fonts", file{"xl/drawings/vmlDrawing1.vml", `<xml><v:textbox><div><font>890102</font><font>-2387</font></div><div>2</div></v:textbox></xml>`}, Hidden, "890102-2387\n"},
		{"comment with an escape", file{"xl/comments1.xml", `<comments><comment><text><r><t>8901</t></r><r><t>02_x002D_2387</t></r></text></comment></comments>`}, AttachmentText, "890102-2387"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.xlsx", zipOf(t, xlsx(`<row r="1"><c r="A1"><v>7</v></c></row>`, tt.part)...)), Limits{})
			found := false
			for _, s := range c.Segments {
				found = found || hasSegment(&Content{Segments: []Segment{s}}, Segment{Where: s.Where, Kind: tt.kind, Text: tt.want})
			}
			if !found {
				t.Errorf("no %q\n%s", tt.want, dump(c))
			}
			checkContent(t, c, nil, nil, nil)
		})
	}
}
