package extract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"Subject: =?utf-8?q?a?=\r\n\r\nhej",
		"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\na\r\n--B\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--B--\r\n",
		"Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=E5<b>b</b>=\r\n",
		"Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\nQQ==\r\nfooter",
		"Content-Type: text/plain; charset=utf-16\r\n\r\n\xff\xfea\x00",
		"Content-Type: a/b; name*0*=utf-8''%41; name*1=b\r\nContent-Disposition: attachment\r\n\r\n\x00",
		"Content-Type: text/x-vcard\r\n\r\nBEGIN:VCARD\r\nNOTE;CHARSET=utf-16;ENCODING=QUOTED-PRINTABLE:a=\r\n=00=E5=\r\n",
	} {
		f.Add([]byte(s))
	}
	for _, e := range evilMail() {
		f.Add([]byte(e.msg))
	}
	f.Add([]byte(attached("a.docx", zipOf(f, docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>")...))))
	for _, name := range seedFiles {
		f.Add([]byte(attached(name, fromPlaces(f, name))))
	}
	f.Add([]byte(attached("c.ppt", unpacked(f, "c.ppt.gz"))))
	f.Add([]byte(attached("a.xlsx", zipOf(f, xlsx(`<row><c r="B1" t="s"><v>1</v></c></row>`)...))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		w := &walker{gaveUp: reportOurs(t)}
		if _, _, err := parse(context.Background(), bytes.NewReader(raw), fuzzLimits, w); err != nil {
			t.Fatal(err)
		}
		keepsPromises(t, w)
		readsToo(t, raw)
	})
}

// FuzzSecond reads any message a second time, also what would not need it: a text of the
// first reading stays, and what is added holds together.
func FuzzSecond(f *testing.F) {
	for _, e := range evilMail() {
		f.Add([]byte(e.msg))
	}
	for _, s := range ordinaryShapes() {
		f.Add((&maker{r: rand.New(rand.NewPCG(1, 1)), eol: "\r\n"}).message(s.make))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		lim := Limits{Text: 1 << 20, Unpacked: 4 << 20}.Filled()
		w := &walker{lim: lim, out: &Content{}, text: lim.Text, unpacked: lim.Unpacked}
		l := newLines(bytes.NewReader(raw), nil)
		w.message(l, &scope{att: -1}, true)
		first := slices.Clone(w.out.Segments)
		kept := &spool{max: maxSecond}
		_, _ = kept.Write(raw)
		w.again(kept)
		for i, s := range w.out.Segments {
			switch {
			case i < len(first) && s.Text != first[i].Text:
				t.Fatalf("segment %d changed", i)
			case i >= len(first) && !strings.HasPrefix(s.Where, "reading["):
				t.Fatalf("segment of the second reading at %s", s.Where)
			case !utf8.ValidString(s.Text) || !utf8.ValidString(s.Where):
				t.Fatalf("segment %s @ %s is not UTF-8", s.Kind, s.Where)
			case s.Attachment < -1 || s.Attachment >= len(w.out.Attachments):
				t.Fatalf("attachment %d of %d", s.Attachment, len(w.out.Attachments))
			}
		}
	})
}

// readsToo: what Read lists, CopyPart finds, with the same size.
func readsToo(t *testing.T, raw []byte) {
	t.Helper()
	m, err := Read(context.Background(), bytes.NewReader(raw), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Parts[:min(3, len(m.Parts))] {
		got, err := CopyPart(context.Background(), io.Discard, bytes.NewReader(raw), p.Index)
		if err != nil || got != p {
			t.Fatalf("part %d: %+v, %v; want %+v", p.Index, got, err, p)
		}
	}
}

// FuzzOffice feeds damaged XML and damaged zips through the document readers.
func FuzzOffice(f *testing.F) {
	f.Add("<w:p><w:r><w:t>x</w:t></w:r></w:p>", `<row><c r="B1" t="s"><v>1</v></c></row>`, `<text:p>a<text:s/></text:p>`)
	f.Add("<w:txbxContent><w:p>", `<row><c r="ZZZZZ1" t="s"><v>-1</v></c></row>`, `<table:table name="a"><note><text:p>`)
	f.Add("</w:txbxContent></w:p><w:del><w:t>a", `<c s="-5"><v>1E400</v></c>`, `<table:table-cell number-columns-repeated="999999999"/>`)
	f.Fuzz(func(t *testing.T, doc, sheet, odt string) {
		for name, files := range map[string][]file{
			"a.docx": docx(doc), "a.xlsx": xlsx(sheet),
			"a.ods": {{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, {"content.xml", odt}},
		} {
			readWith(t, func(w *walker, f *leaf) {
				b := zipOf(t, files...)
				f.found, f.ext = sniff(b, "", extension(name)), extension(name)
				w.open(f, bytes.NewReader(b), int64(len(b)))
			})
		}
	})
}

// FuzzAttachment hands the bytes of a file to whatever reads its kind.
func FuzzAttachment(f *testing.F) {
	for _, name := range []string{"a.doc", "b.xls", "a.rtf", "plain.7z", "locked.7z", "sealed.7z", "locked.zip", "aes.zip", "lista.txt.gz", "lista.txt.bz2", "lista.txt.xz", "a.tar.gz"} {
		f.Add(stored(f, name))
	}
	for _, name := range seedFiles {
		f.Add(fromPlaces(f, name))
	}
	f.Add(unpacked(f, "c.ppt.gz"))
	f.Add(tnefOf(1, 0x00018004, "x\x00", 2, 0x00069002, "", 2, 0x00018010, "a.txt\x00", 2, 0x0006800f, "hej"))
	f.Add(compound(f, file{"__properties_version1.0", "x"}, file{"__substg1.0_1000001F", "h\x00"}, file{"__attach_version1.0_#00000000/__substg1.0_37010102", "x"}))
	f.Add(zipOf(f, docx("<w:p/>")...))
	f.Add([]byte("From a@b Mon Nov 23 10:00:00 2026\nSubject: x\n\ny\n"))
	f.Add([]byte("begin 644 a\n#0V%T\n`\nend\n=ybegin line=1 name=b\nx\n=yend\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		raw := "Content-Type: application/octet-stream; name=a.bin\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: binary\r\n\r\n" + string(data)
		w := &walker{gaveUp: reportOurs(t)}
		if _, _, err := parse(context.Background(), strings.NewReader(raw), fuzzLimits, w); err != nil {
			t.Fatal(err)
		}
		keepsPromises(t, w)
	})
}

// seedFiles are small files of testdata/places, one of each kind that others do not stand for.
var seedFiles = []string{"arkiv4.rar", "arkiv5.rar", "slides.pptx", "slides.odp", "text.odt", "brev.msg", "winmail.dat", "kort.vcf", "post.ics", "kodat.txt"}

func fromPlaces(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/places/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fuzzLimits are small, so that what goes beyond them is found soon.
var fuzzLimits = Limits{Text: 1 << 20, Unpacked: 4 << 20, Spool: 2 << 20}

// keepsPromises checks what is promised of any content: valid UTF-8, no more text than the limit, and places that exist.
func keepsPromises(t *testing.T, w *walker) {
	t.Helper()
	var total int64
	for _, s := range w.out.Segments {
		if !utf8.ValidString(s.Text) || !utf8.ValidString(s.Where) {
			t.Fatalf("segment %s @ %q is not UTF-8: %q", s.Kind, s.Where, s.Text[:min(len(s.Text), 1000)])
		}
		for _, q := range s.Quoted {
			if q.Start < 0 || q.End > len(s.Text) || q.Start >= q.End {
				t.Fatalf("quoted %v of %d bytes", s.Quoted, len(s.Text))
			}
		}
		if s.Attachment < -1 || s.Attachment >= len(w.out.Attachments) {
			t.Fatalf("attachment %d of %d", s.Attachment, len(w.out.Attachments))
		}
		total += int64(len(s.Text))
	}
	if total > w.lim.Text {
		t.Fatalf("%d bytes of text", total)
	}
	for _, u := range w.out.Unreadable {
		if !utf8.ValidString(u.Where) {
			t.Fatalf("%q is not UTF-8", u.Where)
		}
	}
}

// reportOurs fails a test in which a reader of ours has panicked. Those of others may, in the files that they are for.
func reportOurs(t *testing.T) func() {
	return func() {
		if ours, stack := panicked(); ours {
			t.Errorf("a reader of ours panicked:\n%s", stack)
		}
	}
}

// panicked says of the last panic, in a function that was deferred, whether our code made it: whether of the frames above it that
// are not of the standard library the first is ours.
func panicked() (ours bool, stack string) {
	pcs := make([]uintptr, 200)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	var list strings.Builder
	found, known := false, false
	for {
		fr, more := frames.Next()
		pkg, _, _ := strings.Cut(fr.Function, "/")
		switch {
		case fr.Function == "runtime.gopanic":
			found = true
		case found && !known && (pkg == "sigill" || strings.Contains(pkg, ".") && strings.Contains(fr.Function, "/") && pkg != "vendor"):
			known, ours = true, pkg == "sigill"
		}
		if found {
			fmt.Fprintf(&list, "%s %s:%d\n", fr.Function, fr.File, fr.Line)
		}
		if !more {
			return ours || !known, list.String()
		}
	}
}

// TestPanicked: what is ours is told from what is not, also where the one calls the other.
func TestPanicked(t *testing.T) {
	t.Parallel()
	hostile := "7z\xbc\xaf'\x1c002\xf5\xc8})\x00\x00\x00\x00\x00\x00\x00Z\x00\x00\x00\x00\x00\x00\x00\x0f9\x8f\x99" + strings.Repeat("0", 41) + "\x01\x04\x00\x05\xa40\x00\x00"
	for _, tt := range []struct {
		name string
		file []byte
		r    io.ReaderAt
		ours bool
	}{
		{"theirs", []byte(hostile), nil, false},
		{"ours", nil, panicking{}, true},
		{"ours, called by theirs", []byte("7z"), panicking{}, true},
	} {
		w, f := fuzzWalker(t)
		gaveUp := 0
		w.gaveUp = func() {
			gaveUp++
			if ours, stack := panicked(); ours != tt.ours {
				t.Errorf("%s: ours %v\n%s", tt.name, ours, stack)
			}
		}
		f.found.class = asRTF
		if tt.file != nil {
			f.found.class = asSevenZip
		}
		if tt.r == nil {
			tt.r = bytes.NewReader(tt.file)
		}
		w.open(f, tt.r, max(100, int64(len(tt.file))))
		if gaveUp != 1 {
			t.Errorf("%s: gave up %d times", tt.name, gaveUp)
		}
	}
}

// panicking is a file whose reading stops the program.
type panicking struct{}

func (panicking) ReadAt([]byte, int64) (int, error) { panic("x") }

// fuzzWalker is a walker with a file to read.
func fuzzWalker(t *testing.T) (*walker, *leaf) {
	lim := fuzzLimits.Filled()
	w := &walker{lim: lim, text: lim.Text, unpacked: lim.Unpacked, aside: newAside(lim), gaveUp: reportOurs(t)}
	w.out = &Content{Attachments: []Attachment{{Where: "att[1]/a"}}}
	return w, &leaf{part: &part{}, s: &scope{}, where: "att[1]/a", kind: AttachmentText}
}

// readWith hands a file to one reader and checks what is promised of all of them.
func readWith(t *testing.T, read func(w *walker, f *leaf)) *walker {
	t.Helper()
	const long = 20 * time.Second // for a file as small as these: it does not end, or takes more than its size explains
	w, f := fuzzWalker(t)
	began := time.Now()
	read(w, f)
	if took := time.Since(began); took > long {
		t.Errorf("took %v", took)
	}
	keepsPromises(t, w)
	return w
}
