package extract

import "testing"

// TestBehindPDF: nobody is shown what stands behind the end of a file.
func TestBehindPDF(t *testing.T) {
	t.Parallel()
	data := string(storedPDF(t, "text.pdf"))
	for _, tt := range []struct {
		name, tail string
		want       []Segment
		found      []Unreadable
	}{
		{"text", "nr 890102-2388\n", []Segment{{Where: "att[1]/a.pdf!behind", Kind: AttachmentText, Text: "nr 890102-2388"}}, nil},
		{"space", "\r\n\x00\x00\x1a", nil, nil},
		{"bytes", "\x00\x01\x02\x03\x04", nil, []Unreadable{{"att[1]/a.pdf", Ambiguous, "data behind the PDF file"}}},
	} {
		c := parsePDF(t, "a.pdf", []byte(data+tt.tail), Limits{})
		checkContent(t, c, tt.want, nil, tt.found)
	}
}
