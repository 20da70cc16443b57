package sandbox

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
	"sigill/internal/extract/ocr"
	"sigill/internal/testkit/drawn"
)

const inPicture = "nr 890102-2387"

// ocrWith are options under which pictures are read by a program.
func ocrWith(p ocr.Program) Options {
	return Options{Workers: 1, OCR: &OCR{
		Time:    10 * time.Minute, // a busy machine is no finding
		Program: p, Workers: 1, Pictures: extract.Pictures{Count: 5, LeastPixels: 1000, MostPixels: 10_000_000},
	}}
}

func withTesseract(t testing.TB) Options {
	t.Helper()
	p, err := ocr.Find(context.Background(), "tesseract", []string{"swe", "eng"})
	if err != nil {
		t.Fatalf("%v; see tools/need.sh", err)
	}
	return ocrWith(p)
}

// stubs are what this test binary does in place of tesseract when it is started under such a name.
const stubPrefix = "tesseract-that-"

// stub is a program that does as its name says. A script would need a shell, which no child may start.
func stub(t *testing.T, what string) ocr.Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), stubPrefix+what)
	self, err := os.Executable()
	if err == nil {
		err = os.Link(self, path)
	}
	if err != nil { // another file system
		b, readErr := os.ReadFile("/proc/self/exe")
		if readErr != nil {
			t.Fatal(readErr)
		}
		if err := os.WriteFile(path, b, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return ocr.Program{Path: path, Languages: []string{"swe"}}
}

// asTesseract is a stub's main function. The first picture of a pool, which is empty and small, works with all of them.
func asTesseract(what string) int {
	const table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
	var w, h int
	if _, err := fmt.Fscanf(os.Stdin, "P5\n%d %d\n255\n", &w, &h); err != nil {
		return 2
	}
	if w*h <= 64*32*4 {
		fmt.Print(table)
		return 0
	}
	switch what {
	case "hangs":
		select {}
	case "dies":
		return 1
	case "tries":
		// What stands in another's files, and another program: the two that must not be had.
		_, read := os.ReadFile("/etc/passwd")
		_, start := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
		write := os.WriteFile(filepath.Dir(os.Args[0])+"/out", []byte("x"), 0o600)
		fmt.Printf("%s5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t90\tread=%t,start=%t,write=%t\n", table, read == nil, start == nil, write == nil)
	}
	return 0
}

// withPictures is a message with those files.
func withPictures(files ...[]byte) string {
	var b strings.Builder
	b.WriteString("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nhej\r\n")
	for i, f := range files {
		fmt.Fprintf(&b, "--B\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%d.png\r\nContent-Transfer-Encoding: base64\r\n\r\n", i+1)
		for s := base64.StdEncoding.EncodeToString(f); s != ""; {
			n := min(76, len(s))
			b.WriteString(s[:n] + "\r\n")
			s = s[n:]
		}
	}
	return b.String() + "--B--\r\n"
}

func pictureOf(t testing.TB, text string) []byte {
	t.Helper()
	return drawn.PNG(t, drawn.Text(t, 20, text))
}

func textAt(c *extract.Content, where string) string {
	for i := range c.Segments {
		if c.Segments[i].Where == where {
			return c.Segments[i].Text
		}
	}
	return ""
}

func reasons(c *extract.Content) []string {
	var all []string
	for _, u := range c.Unreadable {
		all = append(all, u.Where+" "+string(u.Reason))
	}
	return all
}

// TestReadsPictures: what stands in pictures is found at its place, and a picture without text is as it was.
func TestReadsPictures(t *testing.T) {
	t.Parallel()
	p := newPool(t, withTesseract(t))
	raw := withPictures(pictureOf(t, "pnr 890102-2387"), drawn.PNG(t, image.NewGray(image.Rect(0, 0, 600, 300))), drawn.PDF(t, drawn.Text(t, 40, "skannat 850709-9805")))
	c, err := p.Parse(context.Background(), opener(raw), extract.Limits{Time: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if got := textAt(c, "att[1]/1.png!ocr"); !strings.Contains(got, "890102-2387") {
		t.Errorf("in the picture: %q", got)
	}
	if got := textAt(c, "att[3]/3.png!page[1]!ocr"); !strings.Contains(got, "850709-9805") {
		t.Errorf("on the page: %q", got)
	}
	want := []string{"att[2]/2.png picture"}
	if diff := cmp.Diff(want, reasons(c)); diff != "" {
		t.Error(diff)
	}
	if got := p.Stats().Pictures; got != (PictureStats{Read: 2, Empty: 1}) || len(c.Pictures) != 0 {
		t.Errorf("%+v, %d pictures left", got, len(c.Pictures))
	}
}

// TestReadsInside: a picture in a document in an archive is read.
func TestReadsInside(t *testing.T) {
	t.Parallel()
	docx := zipped(t, map[string][]byte{
		"[Content_Types].xml":   []byte(`<Types><Default Extension="png" ContentType="image/png"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`),
		"word/document.xml":     []byte(`<document><body><p><r><t>hej</t></r></p></body></document>`),
		"word/media/image1.png": pictureOf(t, "pnr 890102-2387"),
	})
	p := newPool(t, withTesseract(t))
	c, err := p.Parse(context.Background(), opener(withPictures(zipped(t, map[string][]byte{"brev.docx": docx}))), extract.Limits{Time: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if got := textAt(c, "att[1]/1.png!brev.docx!word_media_image1.png!ocr"); !strings.Contains(got, "890102-2387") {
		t.Errorf("%q, %v", got, reasons(c))
	}
}

func zipped(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, data := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSoundPictures: what a child says of pictures is checked like all else.
func TestSoundPictures(t *testing.T) {
	t.Parallel()
	for at, want := range map[int]bool{-2: false, -1: true, 0: true, 1: false} {
		c := &extract.Content{Attachments: make([]extract.Attachment, 1), Pictures: []extract.Picture{{Attachment: at}}}
		if sound(c) != want {
			t.Errorf("attachment %d: %v", at, !want)
		}
	}
}

// TestReadersFull: when more pictures wait than memory is for, the message is put off.
func TestReadersFull(t *testing.T) {
	t.Parallel()
	p := newPool(t, withTesseract(t))
	p.pictures.held.Store(maxHeld)
	if _, err := p.Parse(context.Background(), opener(withPictures(pictureOf(t, inPicture))), extract.Limits{Time: time.Minute}); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	if got := p.pictures.held.Load(); got != maxHeld {
		t.Errorf("%d bytes held", got)
	}
}

// TestReaderConfined: the program that reads pictures can read no other files, start no other program and write nothing.
func TestReaderConfined(t *testing.T) {
	t.Parallel()
	if landlockVersion() == 0 {
		t.Skip("no landlock in this kernel")
	}
	opt := ocrWith(stub(t, "tries"))
	p := newPool(t, opt)
	c, err := p.Parse(context.Background(), opener(withPictures(pictureOf(t, inPicture))), extract.Limits{Time: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if got := textAt(c, "att[1]/1.png!ocr"); got != "read=false,start=false,write=false" {
		t.Errorf("%q, %v", got, reasons(c))
	}
}

// TestReaderFails: a program that hangs or dies leaves a finding, never a clean message; it is tried twice.
func TestReaderFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what  string
		want  string
		stats PictureStats
	}{
		{"dies", "att[1]/1.png image_only", PictureStats{Failed: 1}},
		{"hangs", "att[1]/1.png timeout", PictureStats{Late: 1}},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			opt := ocrWith(stub(t, test.what))
			if test.what == "hangs" {
				opt.OCR.Time = time.Second
			}
			p := newPool(t, opt)
			c, err := p.Parse(context.Background(), opener(withPictures(pictureOf(t, inPicture))), extract.Limits{Time: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{test.want}, reasons(c)); diff != "" {
				t.Error(diff)
			}
			if got := p.Stats().Pictures; got != test.stats || p.pictures.stats.replaced.Load() != 1+test.stats.Failed {
				t.Errorf("%+v, %d replaced", got, p.pictures.stats.replaced.Load())
			}
		})
	}
}

// TestReadersUnhealthy: when pictures cannot be read at all, it is the gateway that fails, and mail is put off.
func TestReadersUnhealthy(t *testing.T) {
	t.Parallel()
	p := newPool(t, ocrWith(stub(t, "dies")))
	for range tolerated {
		p.pictures.share.add(true)
	}
	_, err := p.Parse(context.Background(), opener(withPictures(pictureOf(t, inPicture))), extract.Limits{Time: time.Minute})
	if !errors.Is(err, ErrUnhealthy) {
		t.Error(err)
	}
}

// TestReadersBusy: with no reader free the message is put off; one without pictures is not.
func TestReadersBusy(t *testing.T) {
	t.Parallel()
	opt := withTesseract(t)
	opt.Wait = 50 * time.Millisecond
	p := newPool(t, opt)
	held := <-p.pictures.idle
	defer func() { p.pictures.idle <- held }()
	p.opt.Wait = time.Minute // only readers are short
	if _, err := p.Parse(context.Background(), opener(withPictures(pictureOf(t, inPicture))), extract.Limits{Time: time.Minute}); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	if got := p.Stats().Pictures.Busy; got != 1 {
		t.Errorf("busy %d", got)
	}
	if _, err := p.Parse(context.Background(), opener(withDocument(t, "x")), extract.Limits{Time: time.Minute}); err != nil {
		t.Error(err)
	}
}

// TestReadersTime: when the time of a message is over, the rest of its pictures are not read, and that is no fault of the gateway.
func TestReadersTime(t *testing.T) {
	t.Parallel()
	p := newPool(t, withTesseract(t))
	p.pictures.time = time.Nanosecond
	c, err := p.Parse(context.Background(), opener(withPictures(pictureOf(t, inPicture))), extract.Limits{Time: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"att[1]/1.png timeout"}, reasons(c)); diff != "" || p.pictures.share.count != 0 {
		t.Errorf("%d\n%s", p.pictures.share.count, diff)
	}
}

// TestReaderDoesNotStart: a program that does not work, confined as it is, is known at the start.
func TestReaderDoesNotStart(t *testing.T) {
	t.Parallel()
	opt := ocrWith(ocr.Program{Path: "/bin/true", Languages: []string{"swe"}})
	if p, err := New(opt); err == nil {
		p.Close()
		t.Error("a pool without tesseract")
	}
}
