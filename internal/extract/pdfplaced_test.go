package extract

import (
	"fmt"
	"strings"
	"testing"
)

// TestPDFPlaced: a number is read as it stands on the page, in whatever order it is drawn; what stands in order is given out once.
func TestPDFPlaced(t *testing.T) {
	t.Parallel()
	const number, line = "811228-9874", "BT /F 12 Tf 72 720 Td (En rad med text) Tj ET\n"
	each := func(matrix func(i int) string, order ...int) string {
		b := ""
		for _, i := range order {
			b += fmt.Sprintf("BT /F 12 Tf %s Tm (%c) Tj ET\n", matrix(i), number[i])
		}
		return b
	}
	level := func(i int) string { return fmt.Sprintf("1 0 0 1 %g 700", 72+7.2*float64(i)) }
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, tt := range []struct{ name, shown, want string }{
		{"end first", "BT /F 12 Tf 115.2 700 Td (-9874) Tj ET " + line + "BT /F 12 Tf 72 700 Td (811228) Tj ET", number},
		{"end in a form", "BT /F 12 Tf 72 700 Td (811228) Tj ET " + line + "/X Do", number},
		{"every other digit first", each(level, 0, 2, 4, 6, 8, 10) + line + each(level, 1, 3, 5, 7, 9), number},
		{"backwards by spacing", line + "BT /F 12 Tf -14.4 Tc 272 700 Td (4789-822118) Tj ET", number},
		{"backwards by numbers", line + "BT /F 12 Tf 272 700 Td [(4)1200(7)1200(8)1200(9)1200(-)1200(8)1200(2)1200(2)1200(1)1200(1)1200(8)] TJ ET", number},
		{"middle in a gap", line + "BT /F 12 Tf 72 700 Td (811     874) Tj ET BT /F 12 Tf 93.6 700 Td (228-9) Tj ET", number},
		{"turned left", line + each(func(i int) string { return fmt.Sprintf("0 1 -1 0 100 %g", 300+7.2*float64(i)) }, all...), number},
		{"turned right", line + each(func(i int) string { return fmt.Sprintf("0 -1 1 0 100 %g", 300-7.2*float64(i)) }, all...), number},
		{"upside down", line + each(func(i int) string { return fmt.Sprintf("-1 0 0 -1 %g 300", 300-7.2*float64(i)) }, all...), number},
		{"up and down", line + each(func(i int) string { return fmt.Sprintf("1 0 0 1 %g %d", 72+7.2*float64(i), 700+i%3*3) }, all...), number},
		{"columns one by one", "BT /F 12 Tf 72 700 Td (811228-) Tj 0 -14 Td (640823-) Tj 50 14 Td (9874) Tj 0 -14 Td (3234) Tj ET", "811228-9874\n640823-3234"},
		{"columns far apart", "BT /F 12 Tf 72 700 Td (811228-) Tj 0 -14 Td (text) Tj 150 14 Td (9874) Tj 0 -14 Td (text) Tj ET", "811228-\t9874"},
		{"in order", line + each(level, all...), ""},
		{"line", line + "BT /F 12 Tf 72 700 Td (811228-9874) Tj ET", ""},
		{"columns of text", "BT /F 12 Tf 72 700 Td (nr 811228-9874 och) Tj 0 -14 Td (mer text) Tj 252 14 Td (nr 640823-3234 i) Tj 0 -14 Td (en spalt) Tj ET", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parsePDF(t, "a.pdf", madePDF(
				"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
				"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources 7 0 R>>", pdfStream("", tt.shown),
				"<</Type/Font/Subtype/Type1/BaseFont/Courier>>", pdfStream("/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources 7 0 R", "BT /F 12 Tf 115.2 700 Td (-9874) Tj ET"),
				"<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>"), Limits{})
			got := ""
			for _, s := range c.Segments {
				if s.Where == "att[1]/a.pdf!page[1]!placed" {
					got += strings.ReplaceAll(strings.TrimSpace(s.Text), "\r\n", "\n")
				}
			}
			if got != tt.want {
				t.Errorf("got %q\n%s", got, dump(c))
			}
		})
	}
}
