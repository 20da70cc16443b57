package extract

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/bmp"
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
	var bmpFile bytes.Buffer
	if err := bmp.Encode(&bmpFile, image.NewGray(image.Rect(0, 0, 200, 100))); err != nil {
		t.Fatal(err)
	}
	bitmap := bmpFile.String()
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
		{"picture under another name", "a.docx", docx("<w:p/>", file{"word/media/x.dat", large}), true},
		{"picture without an ending", "a.docx", docx("<w:p/>", file{"word/media/x", large}), true},
		{"bitmap under another name", "a.docx", docx("<w:p/>", file{"word/media/x.dat", bitmap}), true},
		{"odt with a picture under another name", "a.odt", append(odt("text", "<text:p/>", "")[:3], file{"Pictures/1.dat", large}), true},
		{"text under another name", "a.docx", docx("<w:p/>", file{"word/media/image1.png", large}, file{"word/media/x.dat", "text"}), false},
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

// packageOf is what Windows makes of a file that is dropped into a document.
func packageOf(t testing.TB, name, data string) string {
	t.Helper()
	size := func(s string) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) }
	body := "\x02\x00" + name + "\x00" + name + "\x00\x00\x00\x03\x00" + size(name+"\x00") + name + "\x00" + size(data) + data
	return string(compound(t, file{"\x01Ole10Native", size(body) + body}))
}

// TestPicturePackages: the package of a picture shows a picture, whatever its name.
func TestPicturePackages(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 200, 100))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, data string
		only       bool
	}{{"x.png", b.String(), true}, {"x.dat", b.String(), true}, {"x.txt", "text", false}} {
		data := zipOf(t, docx("<w:p/>", file{"word/embeddings/oleObject1.bin", packageOf(t, tt.name, tt.data)})...)
		c := parseLimits(t, attached("a.docx", data), Limits{})
		if got := slices.Contains(c.Unreadable, Unreadable{"att[1]/a.docx", ImageOnly, onlyPictures}); got != tt.only {
			t.Errorf("%s: %v\n%s", tt.name, got, dump(c))
		}
		want := map[string]Unreadable{}
		if tt.only {
			want["att[1]/a.docx!word_embeddings_oleObject1.bin!"+tt.name+inPicture] = Unreadable{"att[1]/a.docx", ImageOnly, onlyPictures}
		}
		c = parseLimits(t, attached("a.docx", data), withPictures())
		if diff := cmp.Diff(want, picturesIn(c)); diff != "" {
			t.Errorf("%s put aside:\n%s", tt.name, diff)
		}
	}
}
