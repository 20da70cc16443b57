package extract

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestPDFComments: comments are read wherever they stand, and so is what is none and stands where only comments may.
func TestPDFComments(t *testing.T) {
	t.Parallel()
	const secret = "nr 890102-2387"
	stream := func(entries, data string) string {
		return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data)
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write([]byte("20 0 <</A 1 % " + secret + "\n>>"))
	_ = z.Close()
	for _, tt := range []struct {
		name, catalog, content, more string
		change                       func(string) string
		want                         string
		found                        []Unreadable
	}{
		{name: "nothing"},
		{name: "in a dictionary", catalog: "% " + secret + "\n", want: secret},
		{name: "in content", content: "%" + secret + "\r", want: secret},
		{name: "behind a string", content: `BT (50 % \) a) Tj ET % ` + secret, want: secret},
		{name: "percent in a string", content: "BT (50 % a 890102-2387 " + `\(` + " (%)) Tj ET"},
		{name: "behind a picture", content: "BI /W 1 ID \x01%%%(EI % " + secret, want: secret},
		{name: "in packed objects", more: stream("/Type/ObjStm/N 1/First 5/Filter/FlateDecode", packed.String()), want: secret},
		{name: "beside packed objects", more: stream("/Type/ObjStm/N 2/First 11", "20 0 21 24 <</A 1>> "+secret+" <</B 1>>"), want: secret},
		{name: "between objects", change: func(s string) string { return strings.Replace(s, "3 0 obj", "% "+secret+"\n3 0 obj", 1) }, want: secret},
		{name: "text between objects", change: func(s string) string { return strings.Replace(s, "3 0 obj", secret+"\n3 0 obj", 1) }, want: secret},
		{name: "text behind a value", change: func(s string) string { return strings.Replace(s, "endobj\n3 0", secret+" endobj\n3 0", 1) }, want: secret},
		{name: "before the table", change: func(s string) string { return strings.Replace(s, "xref\n", secret+"\nxref\n", 1) }, want: secret},
		{name: "in the table", change: func(s string) string { return strings.Replace(s, "trailer", "8901022387 00000 f \ntrailer", 1) }, want: "8901022387"},
		{name: "behind a trailer", change: func(s string) string { return strings.Replace(s, "startxref", "%"+secret+"\nstartxref", 1) }, want: secret},
		{name: "between two ends", change: func(s string) string { return s + secret + "\n" + s[strings.LastIndex(s, "startxref"):] }, want: secret},
		{name: "far behind the end", change: func(s string) string { return s + strings.Repeat("\n", 20<<10) + secret + strings.Repeat("\n", 2<<10) }, want: secret,
			found: []Unreadable{{"att[1]/a.pdf", Corrupt, "PDF file without its end"}}},
		{name: "data between objects", change: func(s string) string {
			return strings.Replace(s, "3 0 obj", strings.Repeat("\x01\x02", 99)+"\n3 0 obj", 1)
		},
			found: []Unreadable{{"att[1]/a.pdf", Unsupported, "data between the objects of a PDF file"}}},
		{name: "zeros between objects", change: func(s string) string {
			return strings.Replace(s, "3 0 obj", strings.Repeat("\x00", 999)+"\n3 0 obj", 1)
		}},
		{name: "mark of a file that is no text", change: func(s string) string {
			return strings.Replace(s, "1 0 obj", "%\xe2\xe3\xcf\xd3\n%\xc7\xec\x8f\xa2\n1 0 obj", 1)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			objects := []string{
				"<</Type/Catalog/Pages 2 0 R" + tt.catalog + ">>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
				"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
				stream("", "BT /F 12 Tf 72 700 Td (hej) Tj ET "+tt.content), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
			}
			if tt.more != "" {
				objects = append(objects, tt.more)
			}
			data := string(madePDF(objects...))
			if tt.change != nil {
				data = tt.change(data)
			}
			c := parsePDF(t, "a.pdf", []byte(data), Limits{})
			var want []Segment
			if tt.want != "" {
				want = []Segment{{Where: "att[1]/a.pdf!comments", Kind: Hidden, Text: tt.want}}
			}
			checkContent(t, c, want, nil, tt.found)
			if got := strings.Contains(dump(c), "!comments"); got != (tt.want != "") {
				t.Error(dump(c))
			}
		})
	}
}

// TestPDFNoComments: programs write no text where no reader looks.
func TestPDFNoComments(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/pdf/*.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if n = filepath.Base(n); n == "zip.pdf" {
			continue
		}
		if c := parsePDF(t, n, storedPDF(t, n), Limits{}); strings.Contains(dump(c), "!comments") || strings.Contains(dump(c), "data between") {
			t.Errorf("%s:\n%s", n, dump(c))
		}
	}
}
