package extract

import (
	"bytes"
	"image"
	"image/png"
	"testing"
)

// TestOnlyPictures: a document that shows pictures and has no text says so, unless the pictures are put aside to be read.
func TestOnlyPictures(t *testing.T) {
	t.Parallel()
	drawn := func(w, h int) string {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	large, logo := drawn(200, 100), drawn(20, 10)
	const (
		slides = `<Types><Default Extension="xml" ContentType="application/xml"/><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>`
		odf    = `<office:document-content xmlns:office="o">`
	)
	text := "<w:p><w:r><w:t>x</w:t></w:r></w:p>"
	odt := func(kind, content, styles string) []file {
		return []file{{"mimetype", "application/vnd.oasis.opendocument." + kind}, {"content.xml", odf + content + "</office:document-content>"},
			{"styles.xml", odf + styles + "</office:document-content>"}, {"Pictures/1.png", large}}
	}
	tests := []struct {
		name, file string
		files      []file
		only       bool
	}{
		{"docx", "a.docx", docx("<w:p/>", file{"word/media/image1.png", large}, file{"docProps/core.xml", "<p><title>Skanning</title></p>"}), true},
		{"docx with text", "a.docx", docx(text, file{"word/media/image1.png", large}), false},
		{"docx with a header", "a.docx", docx("<w:p/>", file{"word/header1.xml", "<w:hdr>" + text + "</w:hdr>"}, file{"word/media/image1.png", large}), false},
		{"docx without anything", "a.docx", docx("<w:p/>", file{"docProps/thumbnail.jpeg", "\xFF\xD8\xFF\xE0\x00\x10JFIF\x00"}), false},
		{"docx with a chart", "a.docx", docx("<w:p/>", file{"word/charts/chart1.xml", "<c:chart><c:v>Antal</c:v></c:chart>"}, file{"word/media/image1.png", large}), false},
		{"docx with a workbook", "a.docx", docx("<w:p/>", file{"word/media/image1.png", large}, file{"word/embeddings/b.txt", "text"}), false},
		{"xlsx", "a.xlsx", xlsx("", file{"xl/media/image1.png", large}), true},
		{"xlsx with numbers", "a.xlsx", xlsx(`<row><c><v>1</v></c></row>`, file{"xl/media/image1.png", large}), false},
		{"pptx", "a.pptx", []file{{"[Content_Types].xml", slides}, {"ppt/presentation.xml", "<p/>"}, {"ppt/slides/slide1.xml", "<p/>"},
			{"ppt/slideLayouts/slideLayout1.xml", "<a:p><a:r><a:t>Klicka här</a:t></a:r></a:p>"}, {"ppt/media/image1.png", large}}, true},
		{"odt", "a.odt", odt("text", "<text:p/>", ""), true},
		{"odt with text", "a.odt", odt("text", "<text:p>x</text:p>", ""), false},
		{"odt with a footer", "a.odt", odt("text", "<text:p/>", "<text:p>x</text:p>"), false},
		{"ods", "a.ods", odt("spreadsheet", `<table:table table:name="Blad1"/>`, "<text:p>Sida 1</text:p>"), true},
		{"zip", "a.zip", []file{{"1.txt", "x"}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := []Unreadable{{"att[1]/" + tt.file, ImageOnly, onlyPictures}}
			if !tt.only {
				want = nil
			}
			checkContent(t, parseLimits(t, attached(tt.file, zipOf(t, tt.files...)), Limits{}), nil, nil, want)
		})
	}

	reading := Limits{Pictures: Pictures{Count: 5, LeastPixels: 1, MostPixels: 1 << 20, Bytes: 1 << 20}}
	two := docx("<w:p/>", file{"word/media/image1.png", logo}, file{"word/media/image2.png", large})
	c := parseLimits(t, attached("a.docx", zipOf(t, two...)), reading)
	checkContent(t, c, nil, nil, nil)
	if len(c.Pictures) != 2 || c.Pictures[0].Otherwise.Reason != "" || c.Pictures[1].Otherwise != (Unreadable{"att[1]/a.docx", ImageOnly, onlyPictures}) {
		t.Errorf("pictures put aside: %v", c.Pictures)
	}
	reading.Pictures.LeastPixels = 1 << 20 // all are passed over
	checkContent(t, parseLimits(t, attached("a.docx", zipOf(t, two...)), reading), nil, nil, []Unreadable{{"att[1]/a.docx", ImageOnly, onlyPictures}})
}
