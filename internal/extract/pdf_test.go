package extract

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigill/internal/extract/pdf"
)

func parsePDF(t testing.TB, name string, data []byte, lim Limits) *Content {
	t.Helper()
	if lim.Time == 0 {
		lim.Time = 5 * time.Minute // a busy machine is no finding
	}
	c, err := Parser{PDF: pdf.Default()}.Parse(context.Background(), strings.NewReader(attached(name, data)), lim)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// storedPDF reads a file of testdata/pdf; make.py there says what is in it.
func storedPDF(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata/pdf", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pdfPlaces are the segments of places.pdf under another name.
func pdfPlaces(name string) []Segment {
	at := "att[1]/" + name
	in := func(k Kind, place, text string) Segment { return Segment{Where: at + place, Kind: k, Text: text} }
	return []Segment{
		in(AttachmentText, "!page[1]", "kerned 890102-2387 end"), // pieces that are moved together
		in(AttachmentText, "!page[1]", "two fonts 640823-3234"),
		in(AttachmentText, "!page[1]", "620101-99989"), // hexadecimal codes, told by a table
		in(AttachmentText, "!page[1]", "gap word"),     // a gap is a space
		in(AttachmentText, "!page[1]", "white 550101-0011"),
		in(AttachmentText, "!page[1]", "outside 560101-0012"),
		in(AttachmentText, "!page[1]", "invisible 570101-0013"),
		in(AttachmentText, "!page[1]", "field 580101-0014"),
		in(AttachmentText, "!page[1]", "stamp 680101-0024"),
		in(Hidden, "!page[1]", "pnr"),
		in(Hidden, "!page[1]", "tooltip"),
		in(Hidden, "!page[1]", "option 590101-0015"),
		in(Hidden, "!page[1]", "note 600101-0016"),
		in(Hidden, "!page[1]", "pin 670101-0023"),
		in(Href, "!page[1]", "https://x.example/?link=610101-0017"),
		in(AttachmentText, "!lista.csv", "file\t620101-0018"),
		in(AttachmentName, "!lista.csv", "lista.csv"),
		in(AttachmentText, "!pinned.txt", "pinned 700101-0026"),
		in(Hidden, "!bookmarks", "bookmark 630101-0019"),
		in(Hidden, "!properties", "xmp 640101-0020"),
		in(Hidden, "!properties", "title 660101-0022"),
		in(Hidden, "!scripts", "script 650101-0021"),
		in(Hidden, "!form", "xfa 690101-0025"),
	}
}

// pdfCarried are the segments of carried.pdf under another name: what is carried beside what is shown.
func pdfCarried(name string) []Segment {
	at := "att[1]/" + name
	in := func(k Kind, place, text string) Segment { return Segment{Where: at + place, Kind: k, Text: text} }
	return []Segment{
		in(AttachmentText, "!page[1]", "actual 720101-0028"),
		in(AttachmentText, "!page[1]", "shown 730101-0029"),
		in(AttachmentText, "!page[1]", "shown 750101-0031"),
		in(AttachmentText, "!page[1]", "in form 810101-0037"),
		in(AttachmentText, "!pattern[1]", "pattern 760101-0032"),
		in(Hidden, "!loose[1]", "letter 770101-0033"),
		in(Hidden, "!properties", "packed 780101-0034"),
		in(Hidden, "!replacements", "actual 720101-0028"),
		in(Hidden, "!replacements", "actual 740101-0030"),
		in(Hidden, "!replacements", "figure 790101-0035"),
		in(Hidden, "!replacements", "form 800101-0036"),
	}
}

// pdfCounted are the segments of count.pdf under another name: a page tree that counts one page of three.
func pdfCounted(name string) []Segment {
	at := "att[1]/" + name
	return []Segment{
		{Where: at + "!page[1]", Kind: AttachmentText, Text: "counted 820101-0038"},
		{Where: at + "!unlisted[2]", Kind: AttachmentText, Text: "uncounted 830101-0039"},
		{Where: at + "!unlisted[3]", Kind: AttachmentText, Text: "uncounted 840101-0040"},
	}
}

func TestPDF(t *testing.T) {
	t.Parallel()
	line := func(name string) []Segment {
		return []Segment{{Where: "att[1]/" + name + "!page[1]", Kind: AttachmentText, Text: "text 890102-2387"}}
	}
	found := func(name string, r Reason, detail string) []Unreadable {
		return []Unreadable{{"att[1]/" + name, r, detail}}
	}
	for _, tt := range []struct {
		name  string
		want  []Segment
		found []Unreadable
	}{
		{"places.pdf", pdfPlaces("places.pdf"), nil},
		{"objects.pdf", pdfPlaces("objects.pdf"), nil},
		{"owner.pdf", line("owner.pdf"), nil},
		{"user.pdf", nil, found("user.pdf", Encrypted, "document with a password")},
		{"scan.pdf", nil, found("scan.pdf!page[1]", ImageOnly, "page without text")},
		{"strokes.pdf", nil, found("strokes.pdf!page[1]", ImageOnly, "page without text")},
		{"empty.pdf", nil, found("empty.pdf", Corrupt, "PDF file that shows nothing")},
		{"loop.pdf", nil, append(found("loop.pdf", Corrupt, "damaged page of a PDF file"), found("loop.pdf", TooMany, manyDamaged)...)},
		{"cut.pdf", nil, append(found("cut.pdf", Corrupt, "PDF file without its end"), found("cut.pdf", Corrupt, "damaged PDF file")...)},
		{"carried.pdf", pdfCarried("carried.pdf"), found("carried.pdf", ImageOnly, "letters that are drawings")},
		{"carriedpacked.pdf", pdfCarried("carriedpacked.pdf"), found("carriedpacked.pdf", ImageOnly, "letters that are drawings")},
		{"carriedowner.pdf", pdfCarried("carriedowner.pdf"), found("carriedowner.pdf", ImageOnly, "letters that are drawings")},
		{"linear.pdf", line("linear.pdf"), nil},
		{"type3.pdf", nil, found("type3.pdf", ImageOnly, "letters that are drawings")},
		{"type3named.pdf", []Segment{{Where: "att[1]/type3named.pdf!page[1]", Kind: AttachmentText, Text: "12-312"}}, nil},
		{"count.pdf", pdfCounted("count.pdf"), nil},
		{"counttwice.pdf", pdfCounted("counttwice.pdf"), nil},
		{"countpacked.pdf", pdfCounted("countpacked.pdf"), nil},
		{"revised.pdf", []Segment{
			{Where: "att[1]/revised.pdf!page[1]", Kind: AttachmentText, Text: "now 870101-0043"},
			{Where: "att[1]/revised.pdf!revision[1]!page[1]", Kind: Hidden, Text: "at first 850101-0041"},
			{Where: "att[1]/revised.pdf!revision[1]!page[2]", Kind: Hidden, Text: "uncounted 830101-0039"},
			{Where: "att[1]/revised.pdf!revision[2]!page[1]", Kind: Hidden, Text: "then 860101-0042"},
		}, nil},
		{"zip.pdf", append(line("zip.pdf"), Segment{Where: "att[1]/zip.pdf!behind.txt", Kind: AttachmentText, Text: "behind 710101-0027"}),
			found("zip.pdf", Ambiguous, "archive behind application/pdf")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parsePDF(t, tt.name, storedPDF(t, tt.name), Limits{})
			checkContent(t, c, tt.want, nil, tt.found)
			if t.Failed() {
				t.Log(dump(c))
			}
		})
	}
}

// TestPDFInside: a file in a file in a file is open while the others are.
func TestPDFInside(t *testing.T) {
	t.Parallel()
	data := storedPDF(t, "text.pdf")
	for range 2 {
		data = aroundPDF(data)
	}
	c := parsePDF(t, "a.pdf", data, Limits{})
	if !hasSegment(c, Segment{Where: "att[1]/a.pdf!in.pdf!in.pdf!page[1]", Kind: AttachmentText, Text: "890102-2387"}) {
		t.Error(dump(c))
	}
}

// aroundPDF is a file with an empty page and another file in it.
func aroundPDF(in []byte) []byte {
	return madePDF(
		"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a) 4 0 R]>>>>>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>", "<</Type/Filespec/F(in.pdf)/UF(in.pdf)/EF<</F 5 0 R>>>>",
		fmt.Sprintf("<</Type/EmbeddedFile/Length %d>>stream\n%s\nendstream", len(in), in))
}

// madePDF is a file with these objects, the first of which is its catalog.
func madePDF(objects ...string) []byte {
	b, table := bytes.NewBufferString("%PDF-1.7\n"), "0000000000 65535 f \n"
	for i, o := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", b.Len())
		fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	n := len(objects) + 1
	return fmt.Appendf(b.Bytes(), "xref\n0 %d\n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", n, table, n, b.Len())
}

func TestPDFLimits(t *testing.T) {
	t.Parallel()
	data := storedPDF(t, "places.pdf")
	for _, tt := range []struct {
		name   string
		lim    Limits
		reason Reason
	}{
		{"text", Limits{Text: 50}, TooLarge},
		{"files", Limits{Files: 1}, TooMany},
		{"unpacked", Limits{Unpacked: 10}, TooLarge},
		{"depth", Limits{Depth: 1}, TooDeep},
		{"time", Limits{Time: time.Nanosecond}, Timeout},
		{"held", Limits{Spool: 1000}, TooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := data
			if tt.name == "depth" { // a file in a file in a file
				data = zipOf(t, file{"a.zip", string(zipOf(t, file{"a.pdf", string(data)}))})
			}
			c := parsePDF(t, "a.pdf", data, tt.lim)
			for _, u := range c.Unreadable {
				if u.Reason == tt.reason {
					return
				}
			}
			t.Errorf("no %s:\n%s", tt.reason, dump(c))
		})
	}
}

// TestPDFDamaged changes and cuts a file in many ways. Nothing may be clean that is not: either a place is found, or a finding says why not.
func TestPDFDamaged(t *testing.T) {
	t.Parallel()
	data := storedPDF(t, "text.pdf")
	for i := 0; i < len(data); i += 23 {
		for name, damaged := range map[string][]byte{
			"cut":     data[:i],
			"zeroed":  append(append(bytes.Clone(data[:i]), make([]byte, min(9, len(data)-i))...), data[min(i+9, len(data)):]...),
			"without": append(bytes.Clone(data[:i]), data[min(i+9, len(data)):]...),
		} {
			c := parsePDF(t, "a.pdf", damaged, Limits{})
			read := hasSegment(c, Segment{Where: "att[1]/a.pdf!page[1]", Kind: AttachmentText, Text: "890102-2387"})
			hit := bytes.Contains(damaged, []byte("890102-2387")) && bytes.HasPrefix(damaged, []byte("%PDF-"))
			if hit && !read && len(c.Unreadable) == 0 {
				t.Errorf("%s at %d: neither read nor reported\n%s", name, i, dump(c))
			}
		}
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	pad := strings.Repeat("x", chunk-5)
	for _, tt := range []struct {
		text string
		want int
	}{
		{"", 0}, {"<a", 0}, {"<a>1</a>", 1}, {"<a>1</a><a>2</a>", 2}, {"<a><a>1</a>", 1},
		{pad + "<a>over the edge</a>", 1}, {pad + pad + "<a>1</a>" + pad + "<a>2</a>" + pad, 2},
		{"<a>" + strings.Repeat("y", 2000) + "</a>", 0}, // longer than allowed
	} {
		got := between(strings.NewReader(tt.text), int64(len(tt.text)), "<a>", "</a>", 1000)
		if len(got) != tt.want {
			t.Errorf("%.40q…: %d, want %d", tt.text, len(got), tt.want)
		}
		for _, g := range got {
			if !bytes.HasPrefix(g, []byte("<a>")) || !bytes.HasSuffix(g, []byte("</a>")) {
				t.Errorf("got %.40q", g)
			}
		}
	}
}

func FuzzPDF(f *testing.F) {
	names, err := filepath.Glob("testdata/pdf/*.pdf")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds: ", err)
	}
	for _, n := range names {
		f.Add(storedPDF(f, filepath.Base(n)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// Files that claim a million pages would take most of the time.
		c := parsePDF(t, "a.pdf", data, Limits{Text: 1 << 20, Unpacked: 4 << 20, Time: time.Second})
		if len(c.Attachments) == 0 {
			t.Fatal("no attachment")
		}
	})
}

// BenchmarkPDF reads a letter of twenty pages, warm.
func BenchmarkPDF(b *testing.B) {
	data := unpacked(b, "twenty.pdf.gz")
	if err := pdf.Default().Prepare(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if c := parsePDF(b, "a.pdf", data, Limits{}); len(c.Segments) < 20 {
			b.Fatal(dump(c))
		}
	}
}

// TestPDFLetters: a font whose letters write others is reported, whatever their names and its table say.
func TestPDFLetters(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{"names": "", "table": "/ToUnicode 8 0 R"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := func(data string) string { return fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(data), data) }
			const table = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange " +
				"2 beginbfchar <30> <0030> <31> <0031> endbfchar endcmap end"
			c := parsePDF(t, "a.pdf", madePDF(
				"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
				"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</T 5 0 R>>>>>>",
				stream("BT /T 12 Tf 72 700 Td (0101010-1010) Tj ET"),
				"<</Type/Font/Subtype/Type3/FontBBox[0 0 900 900]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</zero 6 0 R/one 7 0 R>>/FirstChar 48/LastChar 49"+
					"/Widths[600 600]/Encoding<</Differences[48/zero/one]>>/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Courier>>>>>>"+more+">>",
				stream("600 0 d0 BT /F 900 Tf (8) Tj ET"), stream("600 0 d0 BT /F 900 Tf (9) Tj ET"), stream(table)), Limits{})
			if !slices.Contains(c.Unreadable, Unreadable{"att[1]/a.pdf", ImageOnly, "letters that are drawings"}) {
				t.Error(dump(c))
			}
		})
	}
}

// TestPDFUnnamed: a page in a stream of objects that no table names is read, and so is its content if that has no name either.
func TestPDFUnnamed(t *testing.T) {
	t.Parallel()
	stream := func(entries, data string) string {
		return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data)
	}
	named := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
		stream("", "BT /F 12 Tf 72 700 Td (counted 820101-0038) Tj ET"), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	const text = "BT /F 12 Tf 72 700 Td (uncounted 830101-0039) Tj ET"
	page := stream("/Type/ObjStm/N 1/First 4", "20 0<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 6 0 R/Resources<</Font<</F 5 0 R>>>>>>")
	for _, tt := range []struct {
		name    string
		objects []string
		unnamed string // before the table, and not in it
	}{
		{"page", append(named, stream("", text), page), ""},
		{"stream of objects", append(named, stream("", text)), "7 0 obj\n" + page + "\nendobj\n"},
		{"content too", named, "6 0 obj\n" + stream("", text) + "\nendobj 7 0 obj\n" + page + "\nendobj\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := string(madePDF(tt.objects...))
			at := strings.LastIndex(data, "xref\n0")
			data = strings.Replace(data[:at]+tt.unnamed+data[at:], fmt.Sprintf("startxref\n%d", at), fmt.Sprintf("startxref\n%d", at+len(tt.unnamed)), 1)
			c := parsePDF(t, "a.pdf", []byte(data), Limits{})
			if !hasSegment(c, Segment{Where: "att[1]/a.pdf!unlisted[2]", Kind: AttachmentText, Text: "uncounted 830101-0039"}) {
				t.Error(dump(c))
			}
		})
	}
}
