package extract

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

func (m *fileMaker) rtf() string {
	var b strings.Builder
	for _, r := range m.in("", "\\par\r\n") {
		if c, ok := charmap.Windows1252.EncodeRune(r); ok && c >= 0x80 {
			fmt.Fprintf(&b, `\'%02x`, c)
		} else {
			b.WriteRune(r)
		}
	}
	return `{\rtf1\ansi\ansicpg1252 ` + b.String() + "}"
}

// docx has two runs in every paragraph.
func (m *fileMaker) docx() []file {
	return docx(m.each(func(b *strings.Builder, _ int, row string) {
		first, second, _ := strings.Cut(row, ", ")
		b.WriteString("<w:p><w:r><w:t>" + first + ", </w:t></w:r><w:r><w:t>" + second + "</w:t></w:r></w:p>")
	}))
}

func (m *fileMaker) docm() []file {
	return withMacros(m.docx(), "vnd.openxmlformats-officedocument.wordprocessingml.document.main", "vnd.ms-word.document.macroEnabled.main")
}

func (m *fileMaker) xlsx() []file {
	return xlsx(m.each(func(b *strings.Builder, i int, row string) {
		fmt.Fprintf(b, `<row r="%d"><c r="A%d"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>%s</t></is></c></row>`, i+1, i+1, i, i+1, row)
	}))
}

func (m *fileMaker) xlsm() []file {
	return withMacros(m.xlsx(), "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main", "vnd.ms-excel.sheet.macroEnabled.main")
}

// withMacros is a document of the type that may have macros, and has none: with them it would count as not readable.
func withMacros(files []file, without, with string) []file {
	files[0].text = strings.Replace(files[0].text, without, with, 1)
	return files
}

// rowsOnSlide is how many rows a slide has.
const rowsOnSlide = 20

func (m *fileMaker) pptx() []file {
	const content = "application/vnd.openxmlformats-officedocument.presentationml."
	types := `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Override PartName="/ppt/presentation.xml" ContentType="` + content + `presentation.main+xml"/>`
	var slides []file
	for rows := range slices.Chunk(m.rows[:few], rowsOnSlide) {
		n := len(slides)/2 + 1
		types += fmt.Sprintf(`<Override PartName="/ppt/slides/slide%d.xml" ContentType="%sslide+xml"/>`, n, content)
		slides = append(slides, file{fmt.Sprintf("ppt/slides/slide%d.xml", n), `<p:sld xmlns:a="a" xmlns:p="p"><p:cSld><p:spTree><p:sp><p:txBody><a:bodyPr/><a:p><a:r><a:rPr lang="sv-SE"/><a:t>` +
			strings.Join(rows, `</a:t></a:r></a:p><a:p><a:r><a:rPr lang="sv-SE"/><a:t>`) + `</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>`},
			file{fmt.Sprintf("ppt/slides/_rels/slide%d.xml.rels", n), `<Relationships><Relationship Id="rId1" Target="../slideLayouts/slideLayout1.xml"/></Relationships>`})
	}
	return append([]file{{"[Content_Types].xml", types + "</Types>"}, {"ppt/presentation.xml", `<p:presentation xmlns:p="p"/>`}}, slides...)
}

func (m *fileMaker) odt() []file {
	return odfOf("text", "", m.in("<text:p>", "</text:p>"))
}

// ods has a number and a text in every row.
func (m *fileMaker) ods() []file {
	return odfOf("spreadsheet", "", `<table:table table:name="Blad1">`+m.each(func(b *strings.Builder, i int, row string) {
		fmt.Fprintf(b, `<table:table-row><table:table-cell office:value-type="float" office:value="%d"><text:p>%d</text:p></table:table-cell>`+
			`<table:table-cell office:value-type="string"><text:p>%s</text:p></table:table-cell></table:table-row>`, i, i, row)
	})+"</table:table>")
}

func (m *fileMaker) odp() []file {
	var b strings.Builder
	for rows := range slices.Chunk(m.rows[:few], rowsOnSlide) {
		b.WriteString(`<draw:page draw:master-page-name="m"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="15cm"><draw:text-box><text:p>` +
			strings.Join(rows, "</text:p><text:p>") + "</text:p></draw:text-box></draw:frame></draw:page>")
	}
	return odfOf("presentation", `<office:automatic-styles><style:page-layout style:name="l"/></office:automatic-styles>`+
		`<office:master-styles><style:master-page style:name="m" style:page-layout-name="l"/></office:master-styles>`, b.String())
}

// odfOf is a document that LibreOffice opens too (OASIS ODF 1.3), with this in its body.
func odfOf(kind, styles, body string) []file {
	const names = ` xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"` +
		` xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"` +
		` xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3">`
	mime := "application/vnd.oasis.opendocument." + kind
	return []file{
		{"mimetype", mime},
		{"content.xml", `<?xml version="1.0" encoding="UTF-8"?><office:document-content` + names + "<office:body><office:" + kind + ">" + body + "</office:" + kind + "></office:body></office:document-content>"},
		{"styles.xml", `<?xml version="1.0" encoding="UTF-8"?><office:document-styles` + names + styles + "</office:document-styles>"},
		{"META-INF/manifest.xml", `<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">` +
			`<manifest:file-entry manifest:full-path="/" manifest:media-type="` + mime + `"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>` +
			`<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/></manifest:manifest>`},
	}
}

// pdf is a file with sixty lines on a page, packed.
func (m *fileMaker) pdf() []byte {
	objects, kids := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"}, ""
	for page := range slices.Chunk(m.rows, 60) {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		_, _ = io.WriteString(z, "BT /F 10 Tf 12 TL 50 800 Td\n")
		for _, l := range page {
			_, _ = fmt.Fprintf(z, "(%s) Tj T*\n", encodeText(l, "windows-1252"))
		}
		_, _ = io.WriteString(z, "ET")
		_ = z.Close()
		n := len(objects) + 1
		kids += fmt.Sprintf("%d 0 R ", n)
		objects = append(objects, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>", n+1),
			fmt.Sprintf("<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream", packed.Len(), &packed))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", (len(objects)-3)/2, kids)
	return madePDF(objects...)
}
