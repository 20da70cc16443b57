package policy_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"html"
	"math/rand/v2"
	"path"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// fileBytes is a file as its program writes it, by the ending of its name. The text of a sheet has a row a line and cells
// between semicolons; that of a document a paragraph a line.
func fileBytes(r *rand.Rand, f sampleFile) (name string, data []byte) {
	name, inside, zipped := strings.Cut(f.name, "!")
	if zipped {
		return name, zipOf(map[string]string{inside: f.text}, inside)
	}
	switch path.Ext(name) {
	case ".xlsx":
		return name, xlsx(f.text)
	case ".docx":
		return name, docx(r, f.text)
	case ".odt":
		return name, odt(f.text)
	case ".pdf":
		return name, pdf(f.text)
	case ".png":
		return name, append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"), digits(r, 400)...)
	case ".csv":
		switch {
		case strings.Contains(name, "utf16"):
			return name, utf16Text(f.text)
		case strings.Contains(name, "latin1"):
			return name, windows1252(f.text)
		}
	case ".ics", ".eml":
		return name, []byte(strings.ReplaceAll(f.text, "\n", "\r\n"))
	}
	return name, []byte(f.text)
}

func windows1252(s string) []byte {
	b, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		return []byte(s)
	}
	return []byte(b)
}

// utf16Text is text as a spreadsheet saves "Unicode text": little endian, with a mark in front.
func utf16Text(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(strings.ReplaceAll(s, "\n", "\r\n"))) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func zipOf(files map[string]string, order ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range order {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[name]))
		}
		if err != nil {
			panic(err) // memory takes everything
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

func officeTypes(part, kind string) string {
	return xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/` + part + `" ContentType="application/vnd.openxmlformats-officedocument.` + kind + `.main+xml"/></Types>`
}

func officeRels(id, kind, target string) string {
	return xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="` + id + `" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + kind + `" Target="` + target + `"/></Relationships>`
}

// docx cuts each paragraph into runs, as the spelling checker and the history of edits do.
func docx(r *rand.Rand, text string) []byte {
	var b strings.Builder
	b.WriteString(xmlHead + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		b.WriteString("<w:p>")
		for runes := []rune(line); len(runes) > 0; {
			n := min(len(runes), 3+r.IntN(25))
			fmt.Fprintf(&b, `<w:r><w:t xml:space="preserve">%s</w:t></w:r>`, html.EscapeString(string(runes[:n])))
			if r.IntN(4) == 0 {
				b.WriteString(`<w:proofErr w:type="spellStart"/>`)
			}
			runes = runes[n:]
		}
		b.WriteString("</w:p>")
	}
	b.WriteString("</w:body></w:document>")
	return zipOf(map[string]string{
		"[Content_Types].xml": officeTypes("word/document.xml", "wordprocessingml.document"),
		"_rels/.rels":         officeRels("rId1", "officeDocument", "word/document.xml"),
		"word/document.xml":   b.String(),
	}, "[Content_Types].xml", "_rels/.rels", "word/document.xml")
}

// xlsx writes whole numbers as numbers and the rest as shared strings.
func xlsx(text string) []byte {
	var rows, shared strings.Builder
	count := 0
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fmt.Fprintf(&rows, `<row r="%d">`, i+1)
		for j, cell := range strings.Split(line, ";") {
			at := fmt.Sprintf("%c%d", 'A'+j, i+1)
			if cell != "" && len(cell) < 16 && strings.Trim(cell, "0123456789") == "" && cell[0] != '0' {
				fmt.Fprintf(&rows, `<c r="%s"><v>%s</v></c>`, at, cell)
				continue
			}
			fmt.Fprintf(&rows, `<c r="%s" t="s"><v>%d</v></c>`, at, count)
			fmt.Fprintf(&shared, `<si><t xml:space="preserve">%s</t></si>`, html.EscapeString(cell))
			count++
		}
		rows.WriteString("</row>")
	}
	const ns = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	types := strings.Replace(officeTypes("xl/workbook.xml", "spreadsheetml.sheet"), "</Types>", `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`, 1)
	rels := strings.Replace(officeRels("rId1", "worksheet", "worksheets/sheet1.xml"), "</Relationships>", `<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`, 1)
	return zipOf(map[string]string{
		"[Content_Types].xml":        types,
		"_rels/.rels":                officeRels("rId1", "officeDocument", "xl/workbook.xml"),
		"xl/workbook.xml":            xmlHead + `<workbook ` + ns + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Blad1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": rels,
		"xl/sharedStrings.xml":       xmlHead + fmt.Sprintf(`<sst %s count="%d" uniqueCount="%d">`, ns, count, count) + shared.String() + `</sst>`,
		"xl/worksheets/sheet1.xml":   xmlHead + `<worksheet ` + ns + `><sheetData>` + rows.String() + `</sheetData></worksheet>`,
	}, "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml")
}

func odt(text string) []byte {
	var b strings.Builder
	b.WriteString(xmlHead + `<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body><office:text>`)
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		b.WriteString("<text:p>" + html.EscapeString(line) + "</text:p>")
	}
	b.WriteString("</office:text></office:body></office:document-content>")
	const media = "application/vnd.oasis.opendocument.text"
	return zipOf(map[string]string{
		"mimetype":              media,
		"content.xml":           b.String(),
		"META-INF/manifest.xml": xmlHead + `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:media-type="` + media + `"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>`,
	}, "mimetype", "content.xml", "META-INF/manifest.xml")
}

// pdf is a page with a standard font and a stream that is not compressed.
func pdf(text string) []byte {
	var page strings.Builder
	page.WriteString("BT /F1 11 Tf 14 TL 72 770 Td\n")
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		fmt.Fprintf(&page, "(%s) Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(string(windows1252(line))))
	}
	page.WriteString("ET\n")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}
