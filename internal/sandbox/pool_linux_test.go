package sandbox

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"sigill/internal/extract"
	"sigill/internal/extract/pdf"
)

// TestMain lets the test binary be a child, well behaved or not.
func TestMain(m *testing.M) {
	if what, ok := strings.CutPrefix(filepath.Base(os.Args[0]), stubPrefix); ok {
		os.Exit(asTesseract(what))
	}
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], WorkerArg) {
		os.Exit(childMain(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func childMain(args []string) int {
	hello := func() {
		_, _ = readFrame(os.Stdin, frameSetup, maxLimits)
		_ = writeFrame(os.Stdout, frameHello, []byte("{}"))
	}
	switch args[0] {
	case WorkerArg:
		if Worker(os.Stdin, os.Stdout) != nil {
			return 1
		}
	case WorkerArg + "-hang":
		hello()
		_, _ = io.Copy(io.Discard, os.Stdin)
	case WorkerArg + "-die":
		hello()
		_, _ = os.Stdin.Read(make([]byte, 1))
		return 3
	case WorkerArg + "-lie":
		hello()
		_, _ = os.Stdin.Read(make([]byte, 1))
		_ = writeFrame(os.Stdout, frameAnswer, []byte(`{"Segments":[{"Attachment":7}]}`))
		_, _ = io.Copy(io.Discard, os.Stdin)
	case WorkerArg + "-huge":
		hello()
		_, _ = os.Stdin.Read(make([]byte, 1))
		_, _ = os.Stdout.Write([]byte{frameAnswer, 0xff, 0xff, 0xff, 0xff})
		_, _ = io.Copy(io.Discard, os.Stdin)
	case WorkerArg + "-first": // the first child dies at its message, later ones work
		f, err := os.OpenFile(args[1], os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			_ = f.Close()
			hello()
			_, _ = os.Stdin.Read(make([]byte, 1))
			return 3
		}
		_ = Worker(os.Stdin, os.Stdout)
	case WorkerArg + "-greedy":
		confine(defaultMemory, "")
		hello()
		var hold [][]byte
		for {
			hold = append(hold, make([]byte, 64<<20)) // it counts untouched
			if len(hold) > 100 {                      // 6 GB: no limit was kept
				_, _ = readFrame(os.Stdin, frameLimits, maxLimits)
				_, _ = io.Copy(io.Discard, &frameReader{r: os.Stdin})
				_ = writeFrame(os.Stdout, frameAnswer, []byte("{}"))
			}
		}
	case WorkerArg + "-files":
		// A write within the limit on file size is stopped by a signal; it is the error that is asked for.
		signal.Ignore(syscall.SIGXFSZ)
		confine(defaultMemory, "")
		hello()
		_, _ = readFrame(os.Stdin, frameLimits, maxLimits)
		_, _ = io.Copy(io.Discard, &frameReader{r: os.Stdin})
		b, _ := json.Marshal(tryFiles(args[1]))
		_ = writeFrame(os.Stdout, frameAnswer, b)
	case WorkerArg + "-deaf":
		hello()
		select {}
	case WorkerArg + "-parent": // a gateway with a child that does not listen
		p, err := New(Options{Workers: 1, Command: []string{"/proc/self/exe", WorkerArg + "-deaf"}})
		if err != nil {
			return 1
		}
		c := <-p.idle
		fmt.Println(c.cmd.Process.Pid)
		select {}
	case WorkerArg + "-env":
		hello()
		_, _ = readFrame(os.Stdin, frameLimits, maxLimits)
		_, _ = io.Copy(io.Discard, &frameReader{r: os.Stdin})
		entries, _ := os.ReadDir("/proc/self/fd")
		c := extract.Content{Header: extract.Header{Subject: fmt.Sprint(os.Environ())}}
		for _, e := range entries {
			target, _ := os.Readlink("/proc/self/fd/" + e.Name())
			c.Segments = append(c.Segments, extract.Segment{Where: e.Name(), Text: target, Attachment: -1})
		}
		b, _ := json.Marshal(c)
		_ = writeFrame(os.Stdout, frameAnswer, b)
	}
	return 0
}

func newPool(t *testing.T, opt Options, args ...string) *Pool {
	t.Helper()
	if len(args) > 0 {
		opt.Command = append([]string{"/proc/self/exe"}, args...)
	}
	if opt.Workers == 0 {
		opt.Workers = 1
	}
	p, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func opener(raw string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(raw)), nil }
}

// withDocument is a message whose attachment must be opened.
func withDocument(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	for name, body := range map[string]string{
		"[Content_Types].xml": `<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"word/document.xml":   "<w:document><w:p><w:r><w:t>" + text + "</w:t></w:r></w:p></w:document>",
	} {
		w, err := zw.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return "Subject: s\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nse bilaga\r\n--B\r\n" +
		"Content-Type: application/octet-stream; name=a.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(b.Bytes()) + "\r\n--B--\r\n"
}

func texts(c *extract.Content) string {
	var b strings.Builder
	for _, s := range c.Segments {
		b.WriteString(s.Where + "=" + strings.TrimSpace(s.Text) + "\n")
	}
	return b.String()
}

const documentText = "att[1]/a.docx=nr 890102-2387\n"

func TestParse(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{})
	raw := withDocument(t, "nr 890102-2387")
	want, err := extract.Parse(context.Background(), strings.NewReader(raw), extract.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		got, err := p.Parse(context.Background(), opener(raw), extract.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("child and parent differ (-parent +child):\n%s", diff)
		}
		if !strings.Contains(texts(got), documentText) {
			t.Fatalf("got %s", texts(got))
		}
	}
	if s := p.Stats(); s.Opened != 3 || s.Replaced != 0 || s.Plain != 0 {
		t.Errorf("stats = %+v", s)
	}
}

func TestParsePlainNeedsNoChild(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{}, WorkerArg+"-die")
	c, err := p.Parse(context.Background(), opener("Subject: s\r\n\r\nhej"), extract.Limits{})
	if err != nil || !strings.Contains(texts(c), "body/text=hej") {
		t.Fatalf("got %v, %v", c, err)
	}
	if s := p.Stats(); s.Plain != 1 || s.Opened != 0 {
		t.Errorf("stats = %+v", s)
	}
}

// TestFailures: a child that dies, lies or hangs costs the message a second try, and then
// its readability; never the gateway.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"-die", "-hang", "-lie", "-huge"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, Options{Grace: 50 * time.Millisecond}, WorkerArg+kind)
			c, err := p.Parse(context.Background(), opener(withDocument(t, "x")), extract.Limits{Time: 300 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			want := []extract.Unreadable{{Where: "message", Reason: extract.Timeout, Detail: "two scanners failed"}}
			if diff := cmp.Diff(want, c.Unreadable); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if !strings.Contains(texts(c), "body/text=se bilaga") {
				t.Errorf("what could be read is lost: %s", texts(c))
			}
			if s := p.Stats(); s.Replaced != 2 || s.Timeouts != 1 {
				t.Errorf("stats = %+v", s)
			}
		})
	}
}

func TestSecondTry(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{}, WorkerArg+"-first", filepath.Join(t.TempDir(), "mark"))
	for i := range 2 {
		c, err := p.Parse(context.Background(), opener(withDocument(t, "nr 890102-2387")), extract.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Unreadable) > 0 || !strings.Contains(texts(c), documentText) {
			t.Fatalf("message %d: %v %s", i, c.Unreadable, texts(c))
		}
	}
	if s := p.Stats(); s.Replaced != 1 || s.Timeouts != 0 || s.Idle != 1 {
		t.Errorf("stats = %+v", s)
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{Wait: 20 * time.Millisecond}, WorkerArg+"-hang")
	c := <-p.idle // somebody else has it
	if _, err := p.Parse(context.Background(), opener(withDocument(t, "x")), extract.Limits{}); !errors.Is(err, ErrBusy) {
		t.Errorf("err = %v", err)
	}
	p.idle <- c
	if s := p.Stats(); s.Busy != 1 {
		t.Errorf("stats = %+v", s)
	}
}

func TestUnhealthy(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{}, WorkerArg+"-die")
	raw := withDocument(t, "x")
	for i := range tolerated + 2 {
		_, err := p.Parse(context.Background(), opener(raw), extract.Limits{})
		if want := i >= tolerated; errors.Is(err, ErrUnhealthy) != want {
			t.Fatalf("message %d: %v", i+1, err)
		}
	}
	if p.Healthy() {
		t.Error("healthy")
	}
	if _, err := p.Parse(context.Background(), opener("\r\nplain"), extract.Limits{}); err != nil {
		t.Errorf("plain mail goes on: %v", err)
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	var s share
	for range tolerated + 1 {
		s.add(true)
	}
	if !s.ill() {
		t.Fatal("not ill")
	}
	for range window - tolerated - 1 {
		s.add(false)
	}
	if !s.ill() {
		t.Fatal("forgot too early")
	}
	if s.add(false) {
		t.Fatal("did not forget")
	}
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{}, WorkerArg+"-hang")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Parse(ctx, opener(withDocument(t, "x")), extract.Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{}, WorkerArg+"-hang")
	opened := make(chan struct{}, 3)
	errs := make(chan error, 1)
	go func() {
		_, err := p.Parse(context.Background(), func() (io.ReadCloser, error) {
			opened <- struct{}{}
			return opener(withDocument(t, "x"))()
		}, extract.Limits{Time: time.Minute})
		errs <- err
	}()
	<-opened // the plain walk
	<-opened // the child has it
	p.Close()
	if err := <-errs; !errors.Is(err, ErrClosed) {
		t.Errorf("err = %v", err)
	}
	if _, err := p.Parse(context.Background(), opener("\r\nx"), extract.Limits{}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	p.Close()
}

func TestSourceErrors(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{})
	gone := errors.New("body gone")
	if _, err := p.Parse(context.Background(), func() (io.ReadCloser, error) { return nil, gone }, extract.Limits{}); !errors.Is(err, gone) {
		t.Errorf("err = %v", err)
	}
	raw, calls := withDocument(t, "x"), 0
	_, err := p.Parse(context.Background(), func() (io.ReadCloser, error) {
		if calls++; calls == 1 {
			return opener(raw)()
		}
		return io.NopCloser(io.MultiReader(strings.NewReader(raw[:50]), failing{gone})), nil
	}, extract.Limits{})
	if !errors.Is(err, gone) {
		t.Errorf("err = %v", err)
	}
	if c, err := p.Parse(context.Background(), opener(raw), extract.Limits{}); err != nil || len(c.Unreadable) > 0 {
		t.Errorf("the pool did not recover: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestNothingInherited: a child has no environment and no pipes but its own.
// (The runtime opens files of its own, about processors.)
func TestNothingInherited(t *testing.T) {
	t.Parallel()
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], 0); err != nil { // without the mark that Go sets
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	p := newPool(t, Options{}, WorkerArg+"-env")
	c, err := p.Parse(context.Background(), opener(withDocument(t, "x")), extract.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Header.Subject != "[]" {
		t.Errorf("environment = %s", c.Header.Subject)
	}
	for _, s := range c.Segments {
		if s.Where > "2" && strings.Contains(s.Text, "pipe") {
			t.Errorf("descriptor %s is %s", s.Where, s.Text)
		}
	}
}

func TestWorn(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{Uses: 1})
	for range 3 {
		if _, err := p.Parse(context.Background(), opener(withDocument(t, "x")), extract.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{Workers: 2, Wait: time.Minute})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			mark := fmt.Sprintf("nr %04d", i)
			c, err := p.Parse(context.Background(), opener(withDocument(t, mark)), extract.Limits{})
			if err != nil || !strings.Contains(texts(c), mark) {
				t.Errorf("message %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// TestLarge: a message far larger than any buffer goes through.
func TestLarge(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{})
	raw := withDocument(t, "nr 890102-2387")
	big := strings.Replace(raw, "se bilaga", strings.Repeat("en rad text\r\n", 400000), 1)
	c, err := p.Parse(context.Background(), opener(big), extract.Limits{Time: 5 * time.Minute}) // a busy machine is no finding
	if err != nil || !strings.Contains(texts(c), documentText) {
		t.Fatalf("%v", err)
	}
}

func TestNewFails(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{Command: []string{"/nonexistent"}}); err == nil {
		t.Error("no error")
	}
}

// FuzzFrames: whatever stands on the wire, the child's reader ends.
func FuzzFrames(f *testing.F) {
	var b bytes.Buffer
	_ = writeFrame(&b, frameLimits, []byte(`{"Text":1000}`))
	_ = writeFrame(&b, frameData, []byte("Subject: x\r\n\r\ny"))
	_ = writeFrame(&b, frameEnd, nil)
	f.Add(b.Bytes())
	f.Add([]byte{frameData, 0, 0, 0, 9, 'x'})
	f.Fuzz(func(t *testing.T, wire []byte) {
		_, err := io.Copy(io.Discard, &frameReader{r: bytes.NewReader(wire)})
		if err == nil && !bytes.Contains(wire, []byte{frameEnd, 0, 0, 0, 0}) {
			t.Fatal("ended without an end")
		}
		if _, err := readFrame(bytes.NewReader(wire), frameAnswer, 1000); err == nil && wire[0] != frameAnswer {
			t.Fatal("took another frame")
		}
	})
}

// BenchmarkChild is one small document through a warm child.
func BenchmarkChild(b *testing.B) {
	p, err := New(Options{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	raw := withDocument(b, "nr 890102-2387")
	for b.Loop() {
		if _, err := p.Parse(context.Background(), opener(raw), extract.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestUnfilled: as long as the reader for PDF is compiled, what needs a child waits, and then is asked to come again.
func TestUnfilled(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{Wait: 20 * time.Millisecond})
	p.filled = make(chan struct{})
	if _, err := p.Parse(t.Context(), opener(withDocument(t, "x")), extract.Limits{}); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	if _, err := p.Parse(t.Context(), opener("Subject: x\r\n\r\nplain\r\n"), extract.Limits{}); err != nil {
		t.Errorf("plain mail: %v", err)
	}
	close(p.filled)
	p.opt.Wait = time.Minute
	if _, err := p.Parse(t.Context(), opener(withDocument(t, "x")), extract.Limits{}); err != nil {
		t.Errorf("filled: %v", err)
	}
}

func withFile(name string, data []byte) string {
	return fmt.Sprintf("Subject: x\r\nContent-Type: application/octet-stream; name=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n",
		name, base64.StdEncoding.EncodeToString(data))
}

// TestPDF: a child reads PDF files, with the reader's machine code in a folder of which it may only read, and without one.
func TestPDF(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../extract/testdata/pdf/text.pdf")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := pdf.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	p := newPool(t, Options{Cache: cache})
	<-p.filled
	if !pdf.Ready(cache) {
		t.Fatal("the cache was not filled")
	}
	for range 2 {
		c, err := p.Parse(t.Context(), opener(withFile("a.pdf", data)), extract.Limits{Time: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Unreadable) > 0 || !strings.Contains(fmt.Sprint(c.Segments), "att[1]/a.pdf!page[1]") || !strings.Contains(fmt.Sprint(c.Segments), "890102-2387") {
			t.Errorf("%+v", c)
		}
	}
	if s := p.Stats(); s.Replaced > 0 {
		t.Errorf("%+v", s)
	}
}
