package extract

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigill/internal/extract/pdf"
)

// BenchmarkFormats reads a file of each format as an attachment. MB/s counts the bytes of the text that was found, so that
// formats compare; the files of testdata/places are small, so theirs is mostly the cost of opening one.
func BenchmarkFormats(b *testing.B) {
	for _, f := range largeFiles(b) {
		b.Run("1MB/"+f.name, func(b *testing.B) { benchFile(b, f.name, []byte(f.text)) })
	}
	files, err := filepath.Glob("testdata/places/*.*")
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		if name := filepath.Base(path); name != "places.txt" {
			b.Run("small/"+name, func(b *testing.B) { benchFile(b, name, data) })
		}
	}
}

func benchFile(b *testing.B, name string, data []byte) {
	msg := attached(name, data)
	parse := func() *Content {
		c, err := Parser{PDF: pdf.Default()}.Parse(context.Background(), strings.NewReader(msg), Limits{})
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	text := int64(0)
	for _, s := range parse().Segments {
		text += int64(len(s.Text))
	}
	b.SetBytes(text)
	b.ReportAllocs()
	for b.Loop() {
		_ = parse()
	}
}

// largeFiles hold about a megabyte of text each, in rows that differ.
func largeFiles(b *testing.B) []file {
	var plain, word, cells, odt, rtf, page, xml, json strings.Builder
	for i := range 16000 {
		row := fmt.Sprintf("Rad %d: Storgatan %d, Norrsund, belopp %d kr, ärende %d", i, i%97, i*31, i*7919)
		plain.WriteString(row + "\r\n")
		word.WriteString("<w:p><w:r><w:t>" + row[:20] + "</w:t></w:r><w:r><w:t>" + row[20:] + "</w:t></w:r></w:p>")
		fmt.Fprintf(&cells, `<row r="%d"><c r="A%d"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>%s</t></is></c></row>`, i+1, i+1, i, i+1, row)
		odt.WriteString("<text:p>" + row + "</text:p>")
		rtf.WriteString(strings.ReplaceAll(row, "ä", `\'e4`) + "\\par\r\n")
		page.WriteString("<tr><td>" + row + "</td></tr>\n")
		xml.WriteString("<rad>" + row + "</rad>\n")
		fmt.Fprintf(&json, "{\"rad\": %q},\n", row)
	}
	var gz, tarball bytes.Buffer
	z := gzip.NewWriter(&gz)
	_, _ = z.Write([]byte(plain.String()))
	_ = z.Close()
	t := tar.NewWriter(&tarball)
	_ = t.WriteHeader(&tar.Header{Name: "a.txt", Size: int64(plain.Len()), Mode: 0o644, Typeflag: tar.TypeReg})
	_, _ = t.Write([]byte(plain.String()))
	_ = t.Close()
	return []file{
		{"a.txt", plain.String()},
		{"utf16.txt", "\xff\xfe" + utf16Text(plain.String())},
		{"a.csv", strings.ReplaceAll(plain.String(), ", ", ";")},
		{"a.html", "<html><body><table>" + page.String() + "</table></body></html>"},
		{"a.xml", "<?xml version=\"1.0\"?><a>" + xml.String() + "</a>"},
		{"a.json", "[" + json.String() + "{}]"},
		{"a.rtf", `{\rtf1\ansi\ansicpg1252 ` + rtf.String() + "}"},
		{"a.docx", string(zipOf(b, docx(word.String())...))},
		{"a.xlsx", string(zipOf(b, xlsx(cells.String())...))},
		{"a.odt", string(zipOf(b, file{"mimetype", "application/vnd.oasis.opendocument.text"}, file{"content.xml", "<office:document-content><office:body>" + odt.String() + "</office:body></office:document-content>"}))},
		{"a.zip", string(zipOf(b, file{"a.txt", plain.String()}))},
		{"a.txt.gz", gz.String()},
		{"a.tar", tarball.String()},
		{"a.eml", "Subject: x\r\n\r\n" + plain.String()},
		{"a.pdf", string(linesPDF(strings.Split(plain.String(), "\r\n")))},
	}
}

// linesPDF is a file with sixty lines on a page, packed.
func linesPDF(lines []string) []byte {
	objects, kids := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"}, ""
	for page := range slices.Chunk(lines, 60) {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		_, _ = io.WriteString(z, "BT /F 10 Tf 12 TL 50 800 Td\n")
		for _, l := range page {
			_, _ = io.WriteString(z, "("+strings.ReplaceAll(l, "ä", "\xe4")+") Tj T*\n")
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
