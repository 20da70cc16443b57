package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/png"
	"strings"
	"testing"
)

// artOf is a record of a drawing: version and instance, kind, data.
func artOf(head, kind int, data string) string {
	b := binary.LittleEndian.AppendUint16(nil, uint16(head))
	b = binary.LittleEndian.AppendUint16(b, uint16(kind))
	return string(binary.LittleEndian.AppendUint32(b, uint32(len(data)))) + data
}

// wordOf is a document of Word 97 with a text, strings in its table, data.
func wordOf(t testing.TB, text, table, data string, more ...file) []byte {
	t.Helper()
	fib := make([]byte, 0x600)
	copy(fib, "\xec\xa5\xc1\x00")
	binary.LittleEndian.PutUint16(fib[fibFlags:], wordTable1)
	pieces := binary.LittleEndian.AppendUint32([]byte{0, 0, 0, 0}, uint32(len(text)))
	pieces = append(pieces, 0, 0)
	pieces = append(binary.LittleEndian.AppendUint32(pieces, uint32(2*len(fib))|0x40000000), 0, 0)
	clx := string(binary.LittleEndian.AppendUint32([]byte{2}, uint32(len(pieces)))) + string(pieces)
	binary.LittleEndian.PutUint32(fib[fibClx+4:], uint32(len(clx)))
	return compound(t, append([]file{{"WordDocument", string(fib) + text}, {"1Table", clx + table}, {"Data", data}}, more...)...)
}

func pngOf(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDrawingsOfOldDocuments: WordArt, what stands for a picture, and the pictures themselves (MS-ODRAW 2.2.23, 2.3.22).
func TestDrawingsOfOldDocuments(t *testing.T) {
	t.Parallel()
	options := artOf(0x13, artOptions, "\xc0\xc0"+string(binary.LittleEndian.AppendUint32(nil, uint32(2*len(secret)+2)))+wide(secret)+"\x00\x00")
	shape := artOf(0x0f, 0xf004, options)
	identifier := strings.Repeat("\x99", 16)
	bitmap := artOf(0x6e00, artPNG, identifier+"\xff"+pngOf(t))
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write([]byte(emfOf(emfTextOf(emrExtTextOutW, 7, secret))))
	_ = z.Close()
	calls := artOf(0x3d40, artEMF, identifier+strings.Repeat("\x00", 32)+"\x00\xfe"+packed.String())
	slide := func(s string) []byte {
		return compound(t, file{"Current User", strings.Repeat("\x00", 20)}, file{"PowerPoint Document", s}, file{"Pictures", bitmap})
	}
	text := artOf(0, pptBytes, "hej")
	book := func(art, cells string) []byte {
		return compound(t, file{"Workbook", workbookOf(0x0600, biffOf(biffArtGroup, art[:9])+biffOf(biffContinue, art[9:]), cells)})
	}
	cell := biffOf(biffLabel, "\x00\x00\x00\x00\x00\x00\x03\x00\x00hej")
	only := func(name string) []Unreadable { return []Unreadable{{"att[1]/" + name, ImageOnly, onlyPictures}} }
	for _, tt := range []struct {
		name, file string
		data       []byte
		want       string
		found      []Unreadable
	}{
		{"doc, WordArt", "a.doc", wordOf(t, "hej", shape, ""), secret, nil},
		{"doc, field to choose in", "a.doc", wordOf(t, "hej", "", "\xff\xff\xff\xff"+wide(secret)+"\x00\x00"), secret, nil},
		{"doc, picture", "a.doc", wordOf(t, "\x01", "", bitmap), "", only("a.doc")},
		{"doc, picture and text", "a.doc", wordOf(t, "hej", "", bitmap), "hej", nil},
		{"doc, picture of calls", "a.doc", wordOf(t, "hej", "", calls), secret, nil},
		{"doc, picture of a Macintosh", "a.doc", wordOf(t, "hej", "", artOf(0x5420, artPICT, identifier+strings.Repeat("\x00", 60))), "hej", []Unreadable{{"att[1]/a.doc", Unsupported, "cannot read a picture of the Macintosh"}}},
		{"doc, unknown object", "a.doc", wordOf(t, "hej", "", "", file{"ObjectPool/_1/\x01CompObj", "x"}), "hej", []Unreadable{{"att[1]/a.doc", Unsupported, "cannot read an embedded object"}}},
		{"doc, mail", "a.doc", wordOf(t, "hej", "", "", file{"ObjectPool/_1/__properties_version1.0", "x"}, file{"ObjectPool/_1/__substg1.0_1000001F", wide(secret)}), secret, nil},
		{"ppt, WordArt", "a.ppt", slide(text + shape), secret, nil},
		{"ppt, picture", "a.ppt", slide(artOf(0x0f, pptMaster, text)), "hej", only("a.ppt")},
		{"ppt, picture and text", "a.ppt", slide(artOf(0x0f, pptMaster, text) + text), "hej", nil},
		{"xls, WordArt", "a.xls", book(shape, cell), secret, nil},
		{"xls, picture", "a.xls", book(bitmap, biffOf(biffHeader, "\x06\x00\x00Page&P")), "", only("a.xls")},
		{"xls, picture and text", "a.xls", book(bitmap, cell), "hej", nil},
		{"flat document, picture", "a.fodt", []byte(flatPicture(t, "")), "", only("a.fodt")},
		{"flat document, picture and text", "a.fodt", []byte(flatPicture(t, "hej")), "hej", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkHeld(t, parseLimits(t, attached(tt.file, tt.data), Limits{}), tt.want, tt.found...)
		})
	}
}

// flatPicture is an OpenDocument file of one piece with a picture.
func flatPicture(t testing.TB, text string) string {
	t.Helper()
	return `<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:body><office:text><text:p>` + text +
		`<draw:image><office:binary-data>` + lines76([]byte(pngOf(t))) + `</office:binary-data></draw:image></text:p></office:text></office:body></office:document>`
}

// FuzzArtPictures: any bytes are searched without a panic, and no picture is larger than they are.
func FuzzArtPictures(f *testing.F) {
	f.Add([]byte(artOf(0x6e00, artPNG, "0123456789abcdef\xff\x89PNG\r\n\x1a\n")))
	f.Add([]byte(artOf(0x7a80, artDIB, "0123456789abcdef\xff"+strings.Repeat("\x28\x00\x00\x00", 10))))
	f.Add([]byte(artOf(0x3d50, artEMF, strings.Repeat("\x00", 70))))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range artPictures(b) {
			if len(p.data) > len(b)+14 {
				t.Errorf("%d bytes of %d", len(p.data), len(b))
			}
		}
	})
}
