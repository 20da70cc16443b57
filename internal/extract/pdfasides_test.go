package extract

import (
	"fmt"
	"testing"
)

// TestPDFAsides: what hangs on anything but a page is read, be it a string, a text in a stream or a file; what is read elsewhere
// too is read once.
func TestPDFAsides(t *testing.T) {
	t.Parallel()
	stream := func(entries, data string) string {
		return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data)
	}
	const page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>%s>>"
	file := []string{"<</Type/Filespec/F(in)/UF(lista.txt)/EF<</F 7 0 R>>>>", stream("/Type/EmbeddedFile", "nr 890102-2387")}
	for _, tt := range []struct {
		name, catalog, page string
		more                []string
		want                Segment
	}{
		{"associated with the file", "/AF[6 0 R]", "", file, Segment{Where: "!lista.txt", Kind: AttachmentText, Text: "nr 890102-2387"}},
		{"associated with a page", "", "/AF[6 0 R]", file, Segment{Where: "!lista.txt", Kind: AttachmentName, Text: "lista.txt"}},
		{"listed too", "/AF[6 0 R]/Names<</EmbeddedFiles<</Names[(a) 6 0 R]>>>>", "", file, Segment{Where: "!lista.txt", Kind: AttachmentText, Text: "nr 890102-2387"}},
		{"field without a place", "/AcroForm<</Fields[<</FT/Tx/T(a)/V(890102-2387)>>]>>", "", nil, Segment{Where: "!asides", Kind: Hidden, Text: "890102-2387"}},
		{"name of a layer", "/OCProperties<</OCGs[6 0 R]>>", "", []string{"<</Type/OCG/Name<FEFF0038003900300031>>>"}, Segment{Where: "!asides", Kind: Hidden, Text: "8901"}},
		{"script of a page", "", "/AA<</O<</S/JavaScript/JS 6 0 R>>>>", []string{stream("", "app.alert('890102-2387')")}, Segment{Where: "!asides", Kind: Hidden, Text: "890102-2387"}},
		{"string by itself", "/PageLabels<</Nums[0<</P 6 0 R>>]>>", "", []string{"(890102-2387)"}, Segment{Where: "!asides", Kind: Hidden, Text: "890102-2387"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parsePDF(t, "a.pdf", madePDF(append([]string{
				"<</Type/Catalog/Pages 2 0 R" + tt.catalog + ">>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", fmt.Sprintf(page, tt.page),
				stream("", "BT /F 12 Tf 72 700 Td (hej) Tj ET"), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
			}, tt.more...)...), Limits{})
			tt.want.Where = "att[1]/a.pdf" + tt.want.Where
			checkContent(t, c, []Segment{tt.want}, nil, nil)
			n := 0
			for _, s := range c.Segments {
				if s.Where == tt.want.Where && s.Kind == tt.want.Kind {
					n++
				}
			}
			if n != 1 {
				t.Errorf("read %d times\n%s", n, dump(c))
			}
		})
	}
}
