package extract

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
)

// TestPagePictures: a document of pictures that cover pages, with a few words, is a scan. One with a logo, an illustration, or
// text is none.
func TestPagePictures(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 200, 300))); err != nil {
		t.Fatal(err)
	}
	picture := b.String()
	emus := func(wide, high float64) string {
		return fmt.Sprintf(`cx="%.0f" cy="%.0f"`, wide*centimetre, high*centimetre)
	}
	pic := func(wide, high float64) string {
		return `<pic:pic><pic:blipFill><a:blip r:embed="rId1"/></pic:blipFill><pic:spPr><a:xfrm><a:ext ` + emus(wide, high) + `/></a:xfrm><a:custGeom><a:rect l="0"/></a:custGeom></pic:spPr></pic:pic>`
	}
	text := func(words int) string {
		return "<w:p><w:r><w:t>" + strings.Repeat("ord ", words) + "</w:t></w:r></w:p>"
	}
	const page = `<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>`
	word := func(body string, more ...file) []file {
		return docx(body+page, append(more, file{"word/media/image1.png", picture})...)
	}
	slides := func(slide string, more ...file) []file {
		return append([]file{{"[Content_Types].xml", `<Types><Default Extension="xml" ContentType="application/xml"/></Types>`},
			{"ppt/presentation.xml", `<p:presentation xmlns:p="p"><p:sldSz cx="12192000" cy="6858000"/></p:presentation>`},
			{"ppt/slides/slide1.xml", `<p:sld xmlns:p="p" xmlns:a="a" xmlns:pic="p" xmlns:w="a" xmlns:r="r">` + slide + `</p:sld>`}, {"ppt/media/image1.png", picture}}, more...)
	}
	book := func(drawing string) []file {
		return xlsx(`<row><c t="inlineStr"><is><t>Sida 1</t></is></c></row>`, file{"xl/media/image1.png", picture}, file{"xl/drawings/drawing1.xml", `<wsDr xmlns:xdr="x" xmlns:a="a" xmlns:pic="p" xmlns:r="r">` + drawing + `</wsDr>`})
	}
	odt := func(kind, body string) []file {
		return []file{{"mimetype", "application/vnd.oasis.opendocument." + kind}, {"content.xml", `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:draw="d" xmlns:svg="s" xmlns:xlink="x">` + body + "</office:document-content>"},
			{"styles.xml", `<s xmlns:style="s" xmlns:fo="f"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm"/></s>`}, {"Pictures/1.png", picture}}
	}
	frame := func(wide, high, href string) string {
		return `<text:p>Sida 1<draw:frame svg:width="` + wide + `" svg:height="` + high + `"><draw:image xlink:href="` + href + `"/></draw:frame></text:p>`
	}
	const anchored = `<xdr:pic><xdr:blipFill><a:blip r:embed="r"/></xdr:blipFill></xdr:pic>`
	for _, tt := range []struct {
		name, file string
		files      []file
		only       bool
	}{
		{"scan with a caption", "a.docx", word(text(2) + pic(16, 22.6)), true},
		{"two scans with captions", "a.docx", word(text(18) + pic(16, 22.6) + pic(21, 29.7)), true},
		{"scan and an embedded text", "a.docx", word(text(2)+pic(16, 22.6), file{"word/embeddings/a.txt", "text"}), true},
		{"scan in a text", "a.docx", word(text(40) + pic(16, 22.6)), false},
		{"logo", "a.docx", word(text(2) + pic(5, 2)), false},
		{"photo across the page", "a.docx", word(text(8) + pic(16, 12)), false},
		{"small page", "a.docx", docx(text(2)+pic(9, 12)+`<w:sectPr><w:pgSz w:w="5953" w:h="8391"/></w:sectPr>`, file{"word/media/image1.png", picture}), true},
		{"picture inside an object", "a.docx", word(text(2) + "<w:object>" + pic(16, 22.6) + "</w:object>"), false},
		{"size of the anchor", "a.docx", word(text(2) + `<wp:inline><wp:extent ` + emus(16, 22.6) + `/><pic:pic><a:blip r:embed="r"/></pic:pic></wp:inline>`), true},
		{"old drawing", "a.docx", word(text(2) + `<w:pict><v:shape style="position:absolute;width:595pt;height:842pt"><v:imagedata r:id="r"/></v:shape></w:pict>`), true},
		{"small old drawing", "a.docx", word(text(2) + `<w:pict><v:shape style="width:95pt;height:42pt"><v:imagedata r:id="r"/></v:shape></w:pict>`), false},
		{"shape without a picture", "a.docx", word(text(2) + `<w:pict><v:shape style="width:595pt;height:842pt"></v:shape></w:pict>`), false},
		{"slide", "a.pptx", slides(text(2) + pic(13.47, 19.05)), true},
		{"slide with an illustration", "a.pptx", slides(text(6) + pic(15, 11)), false},
		{"slide with a picture in its template", "a.pptx", slides(text(6), file{"ppt/slideLayouts/slideLayout1.xml", `<x xmlns:a="a" xmlns:pic="p" xmlns:r="r">` + pic(33, 19) + "</x>"}), false},
		{"slide with a picture behind it", "a.pptx", slides(text(2) + `<p:bg><a:blip r:embed="r"/></p:bg>`), true},
		{"preview of an object", "a.pptx", slides(text(2) + "<p:oleObj>" + pic(33, 19) + "</p:oleObj>"), false},
		{"sheet", "a.xlsx", book(`<xdr:twoCellAnchor>` + pic(20, 28) + `</xdr:twoCellAnchor>`), true},
		{"sheet, one cell", "a.xlsx", book(`<xdr:oneCellAnchor><xdr:ext ` + emus(20, 28) + `/>` + anchored + `</xdr:oneCellAnchor>`), true},
		{"sheet, cells", "a.xlsx", book(`<xdr:twoCellAnchor><xdr:from><xdr:col>0</xdr:col><xdr:row>2</xdr:row></xdr:from><xdr:to><xdr:col>12</xdr:col><xdr:row>55</xdr:row></xdr:to>` + anchored + `</xdr:twoCellAnchor>`), true},
		{"sheet with a logo", "a.xlsx", book(`<xdr:twoCellAnchor><xdr:from><xdr:col>0</xdr:col><xdr:row>0</xdr:row></xdr:from><xdr:to><xdr:col>2</xdr:col><xdr:row>4</xdr:row></xdr:to>` + anchored + `</xdr:twoCellAnchor>`), false},
		{"odt", "a.odt", odt("text", frame("17cm", "24cm", "Pictures/1.png")), true},
		{"odt in inches", "a.odt", odt("text", frame("6.69in", "9.45in", "Pictures/1.png")), true},
		{"odt with a logo", "a.odt", odt("text", frame("5cm", "2cm", "Pictures/1.png")), false},
		{"odt with a diagram", "a.odt", odt("text", frame("17cm", "24cm", "./ObjectReplacements/Object 1")), false},
		{"odt with text", "a.odt", odt("text", frame("17cm", "24cm", "Pictures/1.png")+"<text:p>"+strings.Repeat("ord ", 40)+"</text:p>"), false},
		{"odp", "a.odp", odt("presentation", frame("17cm", "24cm", "Pictures/1.png")), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := attached(tt.file, zipOf(t, tt.files...))
			u := Unreadable{"att[1]/" + tt.file, ImageOnly, pagePictures}
			c := parseLimits(t, data, Limits{})
			if slices.Contains(c.Unreadable, u) != tt.only || len(c.Unreadable) > 1 {
				t.Error(dump(c))
			}
			c = parseLimits(t, data, withPictures())
			if len(c.Pictures) != 1 || (c.Pictures[0].Otherwise == u) != tt.only {
				t.Errorf("%v\n%s", c.Pictures, dump(c))
			}
		})
	}
}
