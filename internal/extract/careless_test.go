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

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract/pdf"
)

// realFile is a small file as programs write it, with a text of which each reading must know.
type realFile struct {
	name, typ string
	data      []byte
	found     []Unreadable // what there is to say of it in well-formed mail, with the address from the name on
}

func realFiles(t testing.TB) []realFile {
	t.Helper()
	place := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata/places", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	document := storedPDF(t, "text.pdf")
	picture := []Unreadable{{"", UnreadPicture, "picture that is not read: image/png"}}
	return []realFile{
		{"protokoll.pdf", "application/pdf", document, nil},
		{"protokoll.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", place("python.docx"), nil},
		{"protokoll.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", place("python.xlsx"), nil},
		{"protokoll.odt", "application/vnd.oasis.opendocument.text", place("text.odt"), nil},
		{"protokoll.zip", "application/zip", zipOf(t, file{"inre.pdf", string(document)}, file{"läs mig.txt", "hej du"}), nil},
		{"protokoll.png", "image/png", []byte("\x89PNG\r\n\x1a\nabcdefghijklmn"), picture},
		{"protokoll.txt", "text/plain", []byte("hej du glade, ta en spade"), nil},
	}
}

// careless is a way in which a message with a file is commonly written though the standards have another.
type careless struct {
	name  string
	head  string // of the message, behind MIME-Version
	pre   string // before the first boundary
	text  string // the first part
	file  string // of the file, with verbs for its type and its name
	end   string
	found []Unreadable // what is rightly said of the message, whatever the file
}

func carelessMail() []careless {
	const (
		mixed  = "Content-Type: multipart/mixed; boundary=\"B\"\n"
		plain  = "Content-Type: text/plain\n\nHej\n"
		quoted = "Content-Type: %s; name=\"%s\"\nContent-Disposition: attachment; filename=\"%[2]s\"\n"
		closed = "--B--\n"
	)
	text := func(head, body string) careless {
		return careless{head: mixed, text: head + "\n\n" + body + "\n", file: quoted, end: closed}
	}
	named := func(file string) careless {
		return careless{head: mixed, text: plain, file: file, end: closed}
	}
	around := func(head, pre, end string) careless {
		return careless{head: head, pre: pre, text: plain, file: quoted, end: end}
	}
	call := func(name string, c careless) careless {
		c.name = name
		return c
	}
	rightly := func(u Unreadable, c careless) careless {
		c.found = append(c.found, u)
		return c
	}
	return []careless{
		call("well-formed", around(mixed, "", closed)),
		call("8-bit without a charset", text("Content-Type: text/plain\nContent-Transfer-Encoding: 8bit", "Hej p\xe5 dig")),
		call("UTF-8 called us-ascii", text("Content-Type: text/plain; charset=us-ascii", "Hej på dig")),
		call("UTF-8 without a charset", text("Content-Type: text/html", "<p>Hej på dig</p>")),
		call("latin1 called UTF-8", text("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit", "Hej p\xe5 dig")),
		call("charset of no name", text("Content-Type: text/plain; charset=default", "Hej")),
		call("charset unknown", text("Content-Type: text/plain; charset=x-unknown", "Hej")),
		call("type without a subtype", text("Content-Type: text", "Hej")),
		call("encoding 8bits", text("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bits", "Hej")),
		call("stray equals sign", text("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable", "Hej a=b och http://x.example/?a=1&b=zz")),
		call("not closed", around(mixed, "", "")),
		call("footer behind the last boundary", around(mixed, "", closed+"\n_____\nDetta mejl omfattas av sekretess.\n")),
		call("preamble of its own", around(mixed, "Your mail program does not understand MIME. Please upgrade.\n", closed)),
		call("boundary not quoted, and a tail", around("Content-Type: multipart/mixed; boundary=B; charset=utf-8;;\n", "", closed)),
		call("version twice", around(mixed+"MIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n", "", closed)),
		call("multipart called quoted-printable", around(mixed+"Content-Transfer-Encoding: quoted-printable\n", "", closed)),
		call("name in UTF-8", named("Content-Type: %s\nContent-Disposition: attachment; filename=\"Mötes%s\"\n")),
		call("name in UTF-8, twice", named("Content-Type: %s; name=\"Mötes%s\"\nContent-Disposition: attachment; filename=\"Mötes%[2]s\"\n")),
		call("name in latin1", named("Content-Type: %s\nContent-Disposition: attachment; filename=\"M\xf6tes%s\"\n")),
		call("name not quoted", named("Content-Type: %s\nContent-Disposition: attachment; filename=Nr 12 %s\n")),
		call("name and a word behind it", named("Content-Type: %s\nContent-Disposition: attachment; filename=\"%s\"; size 12\n")),
		// One program opens it by the one type and one by the other, and neither reading can tell which.
		rightly(Unreadable{"", Ambiguous, "two Content-Type fields"},
			call("type twice, not the same", named("Content-Type: %s\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"%s\"\n"))),
		call("type twice, the same", named("Content-Type: %s\nContent-Type: %[1]s\nContent-Disposition: attachment; filename=\"%s\"\n")),
	}
}

func (c *careless) mail(f *realFile) string {
	head := "From: Anna <anna@kommunen.example>\nTo: Bo <bo@mottagare.example>\nSubject: hej\nMIME-Version: 1.0\n" + c.head + "\n" + c.pre
	msg := head + "--B\n" + c.text + "\n--B\n" + fmt.Sprintf(c.file, f.typ, f.name) + "Content-Transfer-Encoding: base64\n\n"
	return strings.ReplaceAll(msg, "\n", "\r\n") + lines76(f.data) + "\r\n" + strings.ReplaceAll(c.end, "\n", "\r\n")
}

// parseWithPDF is what a gateway makes of a message.
func parseWithPDF(t testing.TB, raw string) *Content {
	t.Helper()
	c, err := Parser{PDF: pdf.Default()}.Parse(context.Background(), strings.NewReader(raw), Limits{Time: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCarelessMail: a real file in carelessly written mail is read as in any other, once, and nothing is said of either.
func TestCarelessMail(t *testing.T) {
	t.Parallel()
	files := realFiles(t)
	for _, c := range carelessMail() {
		for _, f := range files {
			t.Run(c.name+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				got := parseWithPDF(t, c.mail(&f))
				var found []Unreadable
				for _, u := range got.Unreadable {
					u.Where = strings.TrimPrefix(u.Where, got.Attachments[0].Where)
					found = append(found, u)
				}
				if diff := cmp.Diff(slices.Concat(c.found, f.found), found); diff != "" {
					t.Errorf("findings (-want +got):\n%s%s", diff, dump(got))
				}
				for _, s := range got.Segments {
					if strings.HasPrefix(s.Where, "reading") && s.Kind == AttachmentText {
						t.Errorf("told twice: %s %.60q", s.Where, s.Text)
					}
				}
			})
		}
	}
}

// TestLastLineOfBase64: a file is known again in the raw text however many characters its last line has.
func TestLastLineOfBase64(t *testing.T) {
	t.Parallel()
	shape := carelessMail()[1]
	document := bytes.TrimRight(storedPDF(t, "text.pdf"), "\r\n")
	for n := range 57 {
		for _, f := range []realFile{
			{name: "a.zip", typ: "application/zip", data: zipOf(t, file{"a.txt", strings.Repeat("hej du glade ", 30) + strings.Repeat("x", n)})},
			{name: "a.pdf", typ: "application/pdf", data: append(bytes.Clone(document), bytes.Repeat([]byte("\n"), n)...)},
		} {
			c := parseWithPDF(t, shape.mail(&f))
			for _, s := range c.Segments {
				if strings.HasPrefix(s.Where, "reading[3]") {
					t.Errorf("%s, %d bytes: %s %q", f.name, len(f.data), s.Where, s.Text)
				}
			}
			if len(c.Unreadable) > 0 {
				t.Errorf("%s, %d bytes: %v", f.name, len(f.data), c.Unreadable)
			}
		}
	}
}

// TestHiddenFileOfOneSize: a file that no reading has is read, though one of the same kind and size is attached.
func TestHiddenFileOfOneSize(t *testing.T) {
	t.Parallel()
	one, other := zipOf(t, file{"a.txt", "nr 890102-2386"}), zipOf(t, file{"a.txt", "nr " + secret})
	c := parseString(t, "Content-Type: multipart/mixed; boundary=B\n\n"+lines64(other)+"\n--B\n\na\n--B\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"+lines64(one)+"\n--B--\n")
	if !hasSegment(c, Segment{Where: "reading[3]/base64[1]!file!a.txt", Kind: AttachmentText, Text: secret}) {
		t.Errorf("the hidden file is not read:\n%s", dump(c))
	}
}

func lines64(b []byte) string { return strings.ReplaceAll(lines76(b), "\r\n", "\n") }

// TestShortLinesBehindBase64: words and numbers that could be base64 are given out as text too.
func TestShortLinesBehindBase64(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"89010223", "198901022387"} {
		c := parseString(t, "Content-Type: multipart/mixed; boundary=B\n\n--B\n\na\n--B\nContent-Type: text/plain; name=a.txt\nContent-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\n"+
			"QUJDREVGR0hJSktM\n"+number+"\n--B--\n")
		if !hasSegment(c, Segment{Where: "reading[3]/text", Kind: Hidden, Text: number}) {
			t.Errorf("%s is not in the text:\n%s", number, dump(c))
		}
	}
}

// TestSecondReadingOfPDF: a file that only the other reading has is read, and one that both have is read once.
func TestSecondReadingOfPDF(t *testing.T) {
	t.Parallel()
	part := "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines76(storedPDF(t, "places.pdf"))
	const number = "680101-0024"
	only := parseWithPDF(t, "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\na\r\n--B x\r\n"+part+"\r\n--B--\r\n")
	if !hasSegment(only, Segment{Where: "reading[2]/att[1]/a.pdf!page[1]", Kind: AttachmentText, Text: number}) {
		t.Errorf("the file of the second reading is not read:\n%s", dump(only))
	}
	if len(only.Unreadable) != 2 { // the line that resembles a boundary, and that the readings differ
		t.Errorf("findings: %v", only.Unreadable)
	}
	both := parseWithPDF(t, "Content-Type: multipart/mixed; boundary=B\r\n\r\nHej\r\n--B\r\n\r\na\r\n--B\r\n"+part+"\r\n--B--\r\n")
	if !hasSegment(both, Segment{Where: "att[1]/a.pdf!page[1]", Kind: AttachmentText, Text: number}) {
		t.Errorf("the file is not read:\n%s", dump(both))
	}
	for _, s := range both.Segments {
		if strings.HasPrefix(s.Where, "reading") && strings.Contains(s.Where, "a.pdf") {
			t.Errorf("told twice: %s %q", s.Where, s.Text)
		}
	}
	if len(both.Unreadable) > 0 {
		t.Errorf("findings: %v", both.Unreadable)
	}
}

// TestSamePDF: what was found in a file is given out for each attachment that it is, under its address.
func TestSamePDF(t *testing.T) {
	t.Parallel()
	w := &walker{lim: Limits{}.Filled(), out: &Content{}, pdf: pdf.Default(), text: 1 << 20, unpacked: 1 << 20}
	data := storedPDF(t, "places.pdf")
	for i := range 2 {
		f := &leaf{part: &part{}, s: &scope{}, where: fmt.Sprintf("att[%d]/a.pdf", i+1), ext: "pdf", att: i, kind: AttachmentText}
		w.onePDF(f, readerAt(data), int64(len(data)))
	}
	n := len(w.out.Segments) / 2
	for i := range n {
		first, again := w.out.Segments[i], w.out.Segments[n+i]
		if first.Attachment != 0 || again.Attachment != 1 || strings.TrimPrefix(first.Where, "att[1]") != strings.TrimPrefix(again.Where, "att[2]") || first.Text != again.Text || first.Kind != again.Kind {
			t.Errorf("%v\n%v", first, again)
		}
	}
	if n == 0 || n*2 != len(w.out.Segments) || len(w.pdfs) != 1 {
		t.Errorf("%d segments, %d files", len(w.out.Segments), len(w.pdfs))
	}
}
