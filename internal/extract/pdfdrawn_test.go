package extract

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestPDFDrawn: where a font draws other digits and letters than its table says, both are read. What only the table knows is no
// contradiction.
func TestPDFDrawn(t *testing.T) {
	t.Parallel()
	const digits = "(811228-9874)"
	wide := "<" + strings.Repeat("0004", 6) + ">" // the glyph that the program has for 1
	program := pdfStream("/Length1 200", string(fontProgram(3<<16|1, 1)))
	own := pdfStream("/Length1 200", string(fontProgram(1<<16, 1)))
	for _, tt := range []struct {
		name, shown, font, table string
		objects                  []string // from 7 on
		want                     string   // that is drawn; "" for what the table says
	}{
		{"standard font", digits, "/Type1/BaseFont/Helvetica", "<30> <39> <0061>", nil, "811228-9874"},
		{"named encoding", digits, "/TrueType/BaseFont/Arial/FontDescriptor 7 0 R/Encoding/WinAnsiEncoding", "<30> <39> <0061>",
			[]string{"<</FontFile2 8 0 R/Flags 32>>", own}, "811228-9874"},
		{"named glyphs", "(ibbcci-jihe)", "/Type1/BaseFont/Helvetica/Encoding 7 0 R", "<61> <6a> <0061>",
			[]string{"<</Differences[97/zero/one/two/three/four/uni0035/six/seven/eight/nine]>>"}, "811228-9874"},
		{"names in the program", digits, "/Type1/BaseFont/X/FontDescriptor 7 0 R", "<30> <39> <0061>",
			[]string{"<</FontFile 8 0 R/Flags 4>>", pdfStream("/Length1 200", "%!PS-AdobeFont-1.0\n/Encoding 256 array 0 1 255 {1 index exch /.notdef put} for\n"+
				"dup 48 /nine put dup 49 /eight put dup 50 /seven put dup 56 /one put dup 52 /five put readonly def\ncurrentfile eexec")}, "188771-j1h5"},
		{"standard names in the program", digits, "/Type1/BaseFont/X/FontDescriptor 7 0 R", "<30> <39> <0061>",
			[]string{"<</FontFile 8 0 R/Flags 4>>", pdfStream("/Length1 200", "%!PS-AdobeFont-1.0\n/Encoding StandardEncoding def\n")}, "811228-9874"},
		{"old encoding", digits, "/Type0/Encoding/90ms-RKSJ-H/DescendantFonts[7 0 R]", "<30> <39> <0061>",
			[]string{"<</Subtype/CIDFontType2/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 0>>>>"}, "811228-9874"},
		{"program", wide, "/Type0/Encoding/Identity-H/DescendantFonts[7 0 R]", "<0000> <0009> <0061>",
			[]string{"<</Subtype/CIDFontType2/CIDSystemInfo<<>>/FontDescriptor 8 0 R>>", "<</FontFile2 9 0 R>>", program}, "333333"},
		{"list elsewhere", wide, "/Type0/Encoding/Identity-H/DescendantFonts 7 0 R", "<0000> <0009> <0061>",
			[]string{"[8 0 R]", "<</Subtype/CIDFontType2/FontDescriptor 9 0 R/CIDSystemInfo<<>>>>", "<</FontFile2 10 0 R>>", program}, "333333"},
		{"glyphs of codes", wide, "/Type0/Encoding/Identity-H/DescendantFonts[7 0 R]", "<0000> <0009> <0061>",
			[]string{"<</Subtype/CIDFontType2/CIDSystemInfo<<>>/FontDescriptor 8 0 R/CIDToGIDMap 10 0 R>>", "<</FontFile2 9 0 R>>", program,
				pdfStream("", "\x00\x01\x00\x02\x00\x03\x00\x04\x00\x08")}, "777777"},
		{"encoding in the file", digits, "/Type0/Encoding 10 0 R/DescendantFonts[7 0 R]", "<30> <39> <0061>",
			[]string{"<</Subtype/CIDFontType2/CIDSystemInfo<<>>/FontDescriptor 8 0 R>>", "<</FontFile2 9 0 R>>", program,
				pdfStream("/Type/CMap/CMapName/X", "begincmap 1 begincodespacerange <00> <ff> endcodespacerange 1 begincidchar <30> 2 endcidchar 1 begincidrange <31> <39> 1 endcidrange endcmap")}, "700117-8763"},
		{"digits left out", wide, "/Type0/Encoding/Identity-H/DescendantFonts[7 0 R]", "<0020> <0020> <0061>",
			[]string{"<</Subtype/CIDFontType2/CIDSystemInfo<<>>/FontDescriptor 8 0 R>>", "<</FontFile2 9 0 R>>", program}, "333333"},
		{"no table", wide, "/Type0/Encoding/Identity-H/DescendantFonts[7 0 R]", "",
			[]string{"<</Subtype/CIDFontType2/CIDSystemInfo<</Ordering(Identity)>>/FontDescriptor 8 0 R>>", "<</FontFile2 9 0 R>>", program}, "333333"},
		{"table that agrees", digits, "/Type1/BaseFont/Helvetica", "<30> <39> <0030>", nil, ""},
		{"small capitals", "(abc)", "/Type1/BaseFont/Helvetica", "<61> <7a> <0041>", nil, ""},
		{"glyph of two scripts", "(ABC)", "/Type1/BaseFont/Helvetica", "<41> <41> <0410>", nil, ""},
		{"codes of its own", digits, "/TrueType/BaseFont/AAAAAA+Arial/FontDescriptor 7 0 R", "<30> <39> <0061>",
			[]string{"<</FontFile2 8 0 R/Flags 4>>", own}, ""},
		{"glyphs without characters", wide, "/Type0/Encoding/Identity-H/DescendantFonts[7 0 R]", "<0000> <0009> <0061>",
			[]string{"<</Subtype/CIDFontType2/CIDSystemInfo<<>>/FontDescriptor 8 0 R>>", "<</FontFile2 9 0 R>>", own}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table := "/ToUnicode 6 0 R"
			if tt.table == "" {
				table = ""
			}
			objects := []string{
				"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
				"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
				pdfStream("", "BT /F 12 Tf 72 700 Td "+tt.shown+" Tj ET"), "<</Type/Font" + table + "/Subtype" + tt.font + ">>",
				pdfStream("", "begincmap 1 beginbfrange "+tt.table+" endbfrange endcmap"),
			}
			c := parsePDF(t, "a.pdf", madePDF(append(objects, tt.objects...)...), Limits{})
			var got []string
			for _, s := range c.Segments {
				if s.Where == "att[1]/a.pdf!drawn!page[1]" {
					got = append(got, strings.TrimSpace(s.Text))
				}
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got %q\n%s", got, dump(c))
			}
		})
	}
}

// TestPDFBare: a font that nothing is known of is reported where it is more than an ornament, though PDFium has letters for the
// numbers of its glyphs. Those of known collections are known.
func TestPDFBare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, shown, ordering string
		reported              bool
	}{
		{"text", "<03B603B703B803B903BA03BB03BC>", "Identity", true},
		{"ornament", "<03B6>", "Identity", false},
		{"collection", "<001200130014001500160017>", "Japan1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parsePDF(t, "a.pdf", madePDF(
				"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
				"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R/G 7 0 R>>>>>>",
				pdfStream("", "BT /G 12 Tf 72 720 Td (En rad med text) Tj 0 -14 Td /F 12 Tf "+tt.shown+" Tj ET"),
				"<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
				"<</Subtype/CIDFontType0/CIDSystemInfo<</Registry(Adobe)/Ordering("+tt.ordering+")/Supplement 0>>>>",
				"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"), Limits{})
			if got := slices.Contains(c.Unreadable, Unreadable{"att[1]/a.pdf!page[1]", ImageOnly, pageWithoutText}); got != tt.reported {
				t.Errorf("reported: %v\n%s", got, dump(c))
			}
		})
	}
}

func pdfStream(entries, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data)
}

// fontProgram is a program with nothing but a table for that platform and encoding, by which the digits are glyphs from one on.
func fontProgram(kind uint32, from uint16) []byte {
	word := binary.BigEndian.AppendUint16
	b := []byte("\x00\x01\x00\x00\x00\x01\x00\x10\x00\x00\x00\x00cmap\x00\x00\x00\x00\x00\x00\x00\x1C\x00\x00\x00\x32")
	b = append(b, 0, 0, 0, 1)
	b = binary.BigEndian.AppendUint32(b, kind)
	b = append(b, 0, 0, 0, 12)
	for _, w := range []uint16{6, 30, 0, '0', 10} {
		b = word(b, w)
	}
	for i := range uint16(10) {
		b = word(b, from+i)
	}
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0)
}
