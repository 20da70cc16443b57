package extract

import "testing"

// TestFlatXML: documents of office programs that are one XML file read as those that are archives.
func TestFlatXML(t *testing.T) {
	t.Parallel()
	const (
		split   = "<w:p><w:r><w:t>nr 890102</w:t></w:r><w:r><w:t>-2387</w:t></w:r></w:p>"
		opc     = `<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">`
		odf     = `<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:body>`
		odfTail = `</office:body></office:document>`
	)
	word := lines76(zipOf(t, docx(split)...))
	where := func(s string) []Segment {
		return []Segment{{Where: "att[1]/" + s, Kind: AttachmentText, Text: "nr 890102-2387"}}
	}
	tests := []struct {
		name, file, text string
		want             []Segment
		not              []string
		found            []Unreadable
	}{
		{"flat OPC", "a.xml", opc + `<pkg:part pkg:name="/word/document.xml"><pkg:xmlData>` + split + `</pkg:xmlData></pkg:part></pkg:package>`, where("a.xml"), nil, nil},
		{"Word 2003", "a.xml", `<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">` + split + `</w:wordDocument>`,
			where("a.xml"), nil, nil},
		{"file in flat OPC", "a.xml", opc + `<pkg:part pkg:name="/word/embeddings/b.docx"><pkg:binaryData>` + word + `</pkg:binaryData></pkg:part></pkg:package>`,
			where("a.xml!b.docx"), []string{word[:60]}, nil},
		{"damaged file", "a.xml", opc + `<pkg:part pkg:name="/b.docx"><pkg:binaryData>?</pkg:binaryData></pkg:part></pkg:package>`,
			nil, nil, []Unreadable{{"att[1]/a.xml", Corrupt, "damaged file inside XML"}}},
		{"flat OpenDocument", "a.fodt", odf + `<office:text><text:p>nr <text:span>890102</text:span><text:span>-2387</text:span></text:p></office:text>` + odfTail,
			where("a.fodt"), nil, nil},
		{"file in flat OpenDocument", "a.fodt", odf + `<text:p>x<office:binary-data>` + word + `</office:binary-data></text:p>` + odfTail, where("a.fodt!data1"), nil, nil},
		{"flat spreadsheet", "a.fods", odf + `<office:spreadsheet><table:table table:name="Blad1"><table:table-row><table:table-cell><text:p>nr 890102-2387</text:p>` +
			`</table:table-cell></table:table-row></table:table></office:spreadsheet>` + odfTail, where("a.fods!Blad1"), nil, nil},
		{"SVG", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><text>nr <tspan>890102</tspan><tspan>-2387</tspan></text><text>två</text></svg>`,
			[]Segment{{Where: "att[1]/a.svg", Kind: Hidden, Text: "nr 890102-2387\ntvå"}, {Where: "att[1]/a.svg", Kind: AttachmentText, Text: "två"}}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseLimits(t, attached(tt.file, []byte(tt.text)), Limits{}), tt.want, tt.not, tt.found)
		})
	}
}

func TestEntities(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, doctype, text string
		want                string
		declares            bool
	}{
		{"text", `<!ENTITY x "8901">`, "&x;02-2387", secret, false},
		{"of one letter", `<!ENTITY a '8'> <!ENTITY b '9'>`, "&a;&b;0102-2387", secret, false},
		{"the first counts", `<!ENTITY x "8901"><!ENTITY x "">`, "&x;02-2387", secret, false},
		{"with an entity", `<!ENTITY y "89"><!ENTITY x "&y;01">`, "a &x;02-2387", "a ", true},
		{"of a file", `<!ENTITY x SYSTEM "b.xml">`, "a &x;", "a ", true},
		{"parameter", `<!ENTITY % x "b">`, "a &x;", "a ", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.xml", []byte("<?xml version=\"1.0\"?><!DOCTYPE a ["+tt.doctype+"]><a>"+tt.text+"</a>")), Limits{})
			var found []Unreadable
			if tt.declares {
				found = []Unreadable{{"att[1]/a.xml", Unsupported, "XML that declares entities"}}
			}
			checkContent(t, c, []Segment{{Where: "att[1]/a.xml", Kind: AttachmentText, Text: tt.want}}, nil, found)
		})
	}
}
