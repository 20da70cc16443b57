package extract

import (
	"bytes"
	"fmt"
	"testing"
)

// TestPDFBoxes: a number in the boxes of a form is one line; single digits below each other, or in the columns of a table, are not.
func TestPDFBoxes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		across, down int
		line         bool
	}{{14, 0, true}, {18, 0, true}, {24, 0, true}, {30, 0, true}, {60, 0, false}, {0, 20, false}} {
		b := bytes.NewBufferString("BT /F 12 Tf 50 740 Td (Personnummer) Tj ET\n") // a line that is dense
		for i, c := range "890102-2387" {
			fmt.Fprintf(b, "BT /F 12 Tf %d %d Td (%c) Tj ET\n", 50+tt.across*i, 700-tt.down*i, c)
		}
		c := parsePDF(t, "a.pdf", madePDF(
			"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 800 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
			fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", b.Len(), b.String()), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"), Limits{})
		want := Segment{Where: "att[1]/a.pdf!page[1]", Kind: AttachmentText, Text: "8 9 0 1 0 2 - 2 3 8 7"}
		if hasSegment(c, want) != tt.line {
			t.Errorf("%d across, %d down: in one line is %v\n%s", tt.across, tt.down, !tt.line, dump(c))
		}
	}
}
