package extract

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sigill/internal/testkit/drawn"
)

// zipped makes an archive of names and contents by turns.
func zipped(t testing.TB, list ...string) []byte {
	t.Helper()
	var files []file
	for i := 0; i < len(list); i += 2 {
		files = append(files, file{list[i], list[i+1]})
	}
	return zipOf(t, files...)
}

// withPictures are limits under which pictures are put aside.
func withPictures() Limits {
	return Limits{Pictures: Pictures{Count: 20, LeastPixels: 1000, MostPixels: 10_000_000, Bytes: 64 << 20}}
}

func textPicture(t testing.TB, text string) []byte {
	t.Helper()
	return drawn.PNG(t, drawn.Text(t, 16, text))
}

// picturesIn are where the pictures of a message are, with what is said if they are not read.
func picturesIn(c *Content) map[string]Unreadable {
	all := map[string]Unreadable{}
	for _, p := range c.Pictures {
		all[p.Where] = p.Otherwise
	}
	return all
}

func nothingIn(where, mime string) Unreadable {
	return Unreadable{where, UnreadPicture, "picture without text that can be read: " + mime}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	one, two := textPicture(t, "nr 890102-2387"), textPicture(t, "nr 850709-9805")
	tiny := drawn.PNG(t, image.NewGray(image.Rect(0, 0, 20, 20)))
	huge := drawn.PNG(t, image.NewGray(image.Rect(0, 0, 4000, 3000)))
	office := func(files ...string) []byte {
		return zipped(t, append([]string{
			"[Content_Types].xml", `<Types><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
			"word/document.xml", `<document><body><p><r><t>hej</t></r></p></body></document>`,
		}, files...)...)
	}
	for _, test := range []struct {
		name, file string
		b          []byte
		want       map[string]Unreadable
		found      []Unreadable
	}{
		{"a picture", "skan.png", one, map[string]Unreadable{"att[1]/skan.png!ocr": nothingIn("att[1]/skan.png", "image/png")}, nil},
		{"small", "logo.png", tiny, nil, []Unreadable{nothingIn("att[1]/logo.png", "image/png")}},
		{"too large", "foto.png", huge, nil, []Unreadable{{"att[1]/foto.png", TooLarge, manyPixels}}},
		{"damaged", "foto.png", one[:len(one)/2], nil, []Unreadable{{"att[1]/foto.png", ImageOnly, notDecoded}}},
		{"no picture", "film.mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00"), nil, []Unreadable{{"att[1]/film.mp4", UnknownType, "nothing to read in video/mp4"}}},
		{"in an archive", "a.zip", zipped(t, "b/skan.png", string(one), "c.png", string(two)), map[string]Unreadable{
			"att[1]/a.zip!b_skan.png!ocr": nothingIn("att[1]/a.zip!b_skan.png", "image/png"), "att[1]/a.zip!c.png!ocr": nothingIn("att[1]/a.zip!c.png", "image/png"),
		}, nil},
		{"the same twice", "a.zip", zipped(t, "a.png", string(one), "b.png", string(one)), map[string]Unreadable{
			"att[1]/a.zip!a.png!ocr": nothingIn("att[1]/a.zip!a.png", "image/png"),
		}, nil},
		{"in a document", "brev.docx", office("word/media/image1.png", string(one), "word/media/image2.png", string(tiny)), map[string]Unreadable{
			"att[1]/brev.docx!word_media_image1.png!ocr": {},
		}, nil},
		{"damaged in a document", "brev.docx", office("word/media/image1.png", string(one[:len(one)/2])), nil, []Unreadable{
			{"att[1]/brev.docx!word_media_image1.png", ImageOnly, notDecoded},
		}},
		{"an archive behind it", "skan.png", append(bytes.Clone(one), zipped(t, "x", "y")...), map[string]Unreadable{
			"att[1]/skan.png!ocr": nothingIn("att[1]/skan.png", "image/png"),
		}, []Unreadable{{"att[1]/skan.png", Ambiguous, "archive behind image/png"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(test.file, test.b), withPictures())
			if diff := cmp.Diff(test.want, picturesIn(c), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("pictures:\n%s", diff)
			}
			if diff := cmp.Diff(test.found, c.Unreadable, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("findings:\n%s", diff)
			}
			if c := parseLimits(t, attached(test.file, test.b), Limits{}); len(c.Pictures) != 0 {
				t.Errorf("%d pictures although none were asked for", len(c.Pictures))
			}
		})
	}
}

// TestPicturesLimits: what is beyond a limit is said.
func TestPicturesLimits(t *testing.T) {
	t.Parallel()
	three := zipped(t, "a.png", string(textPicture(t, "a")), "b.png", string(textPicture(t, "b")), "c.png", string(textPicture(t, "c")))
	for _, test := range []struct {
		name   string
		change func(*Pictures)
		n      int
		want   []Unreadable
	}{
		{"count", func(p *Pictures) { p.Count = 2 }, 2, []Unreadable{{"att[1]/a.zip!c.png", TooMany, manyPictures}}},
		{"bytes", func(p *Pictures) { p.Bytes = 1 }, 1, []Unreadable{{"att[1]/a.zip!b.png", TooLarge, largePictures}, {"att[1]/a.zip!c.png", TooLarge, largePictures}}},
	} {
		lim := withPictures()
		test.change(&lim.Pictures)
		c := parseLimits(t, attached("a.zip", three), lim)
		if diff := cmp.Diff(test.want, c.Unreadable); diff != "" || len(c.Pictures) != test.n {
			t.Errorf("%s: %d pictures\n%s", test.name, len(c.Pictures), diff)
		}
	}
}

// TestPicturesNeedChild: a message with a picture is plain only where pictures are not read.
func TestPicturesNeedChild(t *testing.T) {
	t.Parallel()
	raw := attached("skan.png", textPicture(t, "x"))
	for _, test := range []struct {
		lim  Limits
		want bool
	}{{Limits{}, false}, {withPictures(), true}} {
		_, needs, err := ParsePlain(context.Background(), strings.NewReader(raw), test.lim)
		if err != nil || needs != test.want {
			t.Errorf("%v, %v", needs, err)
		}
	}
}

// TestReadPicture adds what was read.
func TestReadPicture(t *testing.T) {
	t.Parallel()
	p := &Picture{Where: "att[1]/a.png!ocr", Attachment: 0, Otherwise: Unreadable{"att[1]/a.png", ImageOnly, "x"}}
	for _, test := range []struct {
		name    string
		text    string
		legible bool
		lim     Limits
		texts   int
		found   []Reason
	}{
		{"read", "nr 1", true, Limits{}, 1, nil},
		{"a guess", "nr 1", false, Limits{}, 1, []Reason{ImageOnly}},
		{"nothing", "", false, Limits{}, 0, []Reason{ImageOnly}},
		{"too much", "0123456789", true, Limits{Text: 8}, 1, []Reason{TooLarge}},
	} {
		c := &Content{Attachments: []Attachment{{}}, Pictures: []Picture{*p}}
		c.ReadPicture(p, test.text, test.legible, test.lim)
		var found []Reason
		for _, u := range c.Unreadable {
			found = append(found, u.Reason)
		}
		if diff := cmp.Diff(test.found, found); diff != "" || len(c.Segments) != test.texts {
			t.Errorf("%s: %v\n%s", test.name, c.Segments, diff)
		}
	}
	if u := p.NotRead(); u.Where != "att[1]/a.png" || u.Reason != ImageOnly {
		t.Errorf("%+v", u)
	}
}

// TestScannedPages: pages without text are drawn and put aside, those with text are not.
func TestScannedPages(t *testing.T) {
	t.Parallel()
	page := drawn.Text(t, 40, "Personnummer: 890102-2387")
	for _, test := range []struct {
		name string
		b    []byte
		want []string
	}{
		{"skan.pdf", drawn.PDF(t, page, drawn.Text(t, 40, "Telefon: 070-174 06 05"), page), []string{"page[1]", "page[2]"}}, // the third is the first once more
		{"strokes.pdf", storedPDF(t, "strokes.pdf"), []string{"page[1]"}},
		{"text.pdf", storedPDF(t, "text.pdf"), nil},
	} {
		want := map[string]Unreadable{}
		for _, w := range test.want {
			want["att[1]/"+test.name+"!"+w+"!ocr"] = Unreadable{"att[1]/" + test.name + "!" + w, ImageOnly, pageWithoutText}
		}
		c := parsePDF(t, test.name, test.b, withPictures())
		if diff := cmp.Diff(want, picturesIn(c)); diff != "" || len(c.Unreadable) > 0 {
			t.Errorf("%s: findings %v, pictures:\n%s", test.name, c.Unreadable, diff)
		}
	}
	lim := withPictures()
	lim.Pictures.MostPixels = 1000 // a page that cannot be drawn is not clean
	c := parsePDF(t, "skan.pdf", drawn.PDF(t, page), lim)
	if diff := cmp.Diff([]Unreadable{{"att[1]/skan.pdf!page[1]", ImageOnly, pageWithoutText}}, c.Unreadable); diff != "" {
		t.Error(diff)
	}
}

// TestManyScannedPages: the first pages without text are named each by itself, all others together.
func TestManyScannedPages(t *testing.T) {
	t.Parallel()
	const pages = maxNamed + 3
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", pdfStream("/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8", "\x00\xff\xff\x00"), pdfStream("", "q 612 0 0 792 0 0 cm /I Do Q")}
	var kids string
	var want []Unreadable
	for i := range pages {
		objects = append(objects, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</XObject<</I 3 0 R>>>>>>")
		kids += fmt.Sprintf("%d 0 R ", len(objects))
		if i < maxNamed {
			want = append(want, Unreadable{fmt.Sprintf("att[1]/a.pdf!page[%d]", i+1), ImageOnly, pageWithoutText})
		}
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids, pages)
	want = append(want, Unreadable{"att[1]/a.pdf", ImageOnly, morePictures})
	checkContent(t, parsePDF(t, "a.pdf", madePDF(objects...), Limits{}), nil, nil, want)
}
