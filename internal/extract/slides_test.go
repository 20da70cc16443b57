package extract

import (
	"strings"
	"testing"
)

// TestSlidePlaces: what stands before the paragraphs of a presentation, and names that programs show.
func TestSlidePlaces(t *testing.T) {
	t.Parallel()
	const chart = "ppt/charts/chart1.xml"
	item := func(level, bullet, text string) string {
		return `<a:p><a:pPr lvl="` + level + `">` + bullet + `</a:pPr><a:r><a:t>` + text + `</a:t></a:r></a:p>`
	}
	number := func(kind, start string) string {
		return `<a:buAutoNum type="` + kind + `" startAt="` + start + `"/>`
	}
	for _, tt := range []struct{ name, part, xml string }{
		{"number", "", item("0", number("arabicPlain", "8901"), "02-2387")},
		{"second number", "", item("0", number("arabicPlain", "8900"), "x") + item("0", number("arabicPlain", "8900"), "02-2387")},
		{"second number, with others between", "", item("0", number("arabicPlain", "8900"), "x") + item("1", number("arabicPeriod", "1"), "y") + item("0", number("arabicPlain", "8900"), "02-2387")},
		{"mark", "", item("0", `<a:buChar char="8"/>`, secret[1:])},
		{"text as a mark", "", item("0", `<a:buChar char="`+secret+`"/>`, "x")},
		{"author of comments", "ppt/commentAuthors.xml", `<p:cmAuthorLst><p:cmAuthor name="` + secret + `"/></p:cmAuthorLst>`},
		{"author of newer comments", "ppt/authors.xml", `<p188:authorLst><p188:author name="` + secret + `"/></p188:authorLst>`},
		{"section", "ppt/presProps.xml", `<p14:section name="` + secret + `"/>`},
		{"show", "ppt/presProps.xml", `<p:custShow name="` + secret + `"/>`},
		{"name of a slide", "ppt/slideLayouts/l.xml", `<p:cSld name="` + secret + `"/>`},
		{"format in a chart", chart, `<c:numFmt formatCode="&quot;` + secret + `&quot;"/>`},
		{"format in a chart, escaped", chart, `<c:numFmt formatCode="\` + strings.Join(strings.Split(secret, ""), `\`) + `"/>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := []file{
				{"[Content_Types].xml", `<Types><Default Extension="xml" ContentType="application/xml"/><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>`},
				{"ppt/presentation.xml", "<p:presentation/>"},
			}
			if tt.part == "" {
				tt.part = "ppt/slides/slide1.xml"
			}
			files = append(files, file{tt.part, tt.xml})
			checkHeld(t, parseLimits(t, attached("a.pptx", zipOf(t, files...)), Limits{}), secret)
		})
	}
}

// TestFlatLists: the labels of lists in documents of Word in one file.
func TestFlatLists(t *testing.T) {
	t.Parallel()
	const flat = `<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part><pkg:xmlData>`
	const old = `<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">`
	for _, tt := range []struct{ name, xml string }{
		{"flat OPC", flat + `<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>2387</w:t></w:r></w:p>` +
			`<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:start w:val="890102"/><w:lvlText w:val="%1-"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num></pkg:xmlData></pkg:part></pkg:package>`},
		{"Word 2003", old + `<w:lists><w:listDef w:listDefId="7"><w:lvl w:ilvl="0"><w:start w:val="890102"/><w:nfc w:val="0"/><w:lvlText w:val="%1-"/></w:lvl></w:listDef><w:list w:ilfo="1"><w:ilst w:val="7"/></w:list></w:lists>` +
			`<w:body><w:p><w:pPr><w:listPr><w:ilvl w:val="0"/><w:ilfo w:val="1"/></w:listPr></w:pPr><w:r><w:t>2387</w:t></w:r></w:p></w:body></w:wordDocument>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkHeld(t, parseLimits(t, attached("a.xml", []byte(tt.xml)), Limits{}), secret)
		})
	}
}
