package extract

import (
	"strings"
	"testing"
)

// TestPDFScripts: strings that a script of a document puts together are read in one piece.
func TestPDFScripts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, script string }{
		{"put together", `app.alert\("8901" + "02-2387"\)`},
		{"variables", `var a = "890102"; var b = "-2387"; this.getField\("p"\).value = a + b`},
		{"codes", `app.alert\(String.fromCharCode\(56,57,48,49,48,50,45,50,51,56,55\)\)`},
		{"percent", `app.alert\(unescape\("8901%30%32-2387"\)\)`},
	} {
		for where, action := range map[string][2]string{
			"when opened": {"/OpenAction<</S/JavaScript/JS(" + tt.script + ")>>", ""},
			"named":       {"/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(" + tt.script + ")>>]>>>>", ""},
			"field":       {"", "/Annots[<</Type/Annot/Subtype/Widget/FT/Tx/T(p)/Rect[0 0 99 9]/AA<</F<</S/JavaScript/JS(" + tt.script + ")>>>>>>]"},
		} {
			t.Run(tt.name+" "+where, func(t *testing.T) {
				t.Parallel()
				c := parsePDF(t, "a.pdf", madePDF("<</Type/Catalog/Pages 2 0 R"+action[0]+">>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
					"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>"+action[1]+">>",
					pdfStream("", "BT /F 12 Tf 72 720 Td (text) Tj ET"), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"), Limits{})
				if !strings.Contains(dump(c), "890102-2387") || c.Unreadable != nil {
					t.Error(dump(c))
				}
			})
		}
	}
}
