package app_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/yamlfile"
)

// patient is how long a message waits for a child here.
const patient = 5 * time.Minute

// heapPeak samples what this process holds while work runs, and returns the most beyond what it held before.
func heapPeak(work func()) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base, peak := m.HeapInuse+m.StackInuse, atomic.Uint64{}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	work()
	close(done)
	<-stopped
	return peak.Load() - min(peak.Load(), base)
}

// resident is what the kernel counts of this process and its children since the last call of resetPeak: the most memory that each
// had in use at once (VmHWM of proc(5)). Nothing is known where there is no /proc.
func resident() (self, child int64) {
	files, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		peak := field(b, "VmHWM:") << 10
		switch int64(os.Getpid()) {
		case field(b, "Pid:"):
			self = peak
		case field(b, "PPid:"):
			child = max(child, peak)
		}
	}
	return self, child
}

// field is a number in a file of /proc.
func field(b []byte, name string) (n int64) {
	_, after, _ := bytes.Cut(b, []byte("\n"+name))
	_, _ = fmt.Sscan(string(after[:min(len(after), 40)]), &n)
	return n
}

// resetPeak has the kernel count anew from what this process holds now, after what earlier tests left is given back.
func resetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600) // else the figure is one of all tests, which is no less
}

// bulk is a message whose attachment does not compress, made while it is sent: it is sealed for the number in its text.
type bulk struct {
	name, magic string
	size        int64 // of the whole message
}

// writeTo writes the message; block is base64 in lines of 76.
func (b bulk) writeTo(w io.Writer, block []byte) error {
	head := "From: johan@norrsund.example\r\nTo: karin@ekman.example\r\nSubject: Underlag\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\npersonnummer 890102-2387\r\n--B\r\n" +
		"Content-Type: application/octet-stream; name=" + b.name + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte(b.magic)) + "\r\n"
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	for n := int64(len(head)); n < b.size; n += int64(len(block)) {
		if _, err := w.Write(block); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "--B--\r\n.\r\n")
	return err
}

// sendBulk is a client that holds nothing; it returns the reply to the data.
func sendBulk(addr string, b bulk, block []byte) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	reply := func() (string, error) {
		for {
			line, err := r.ReadString('\n')
			if err != nil || len(line) < 4 || line[3] == ' ' {
				return line, err
			}
		}
	}
	line, err := reply()
	for _, cmd := range []string{"EHLO it.norrsund.example", "MAIL FROM:<johan@norrsund.example>", "RCPT TO:<karin@ekman.example>", "DATA"} {
		if err != nil || line[0] > '3' {
			return line, err
		}
		if _, err = io.WriteString(c, cmd+"\r\n"); err == nil {
			line, err = reply()
		}
	}
	if err != nil || line[0] > '3' {
		return line, err
	}
	if err := b.writeTo(c, block); err != nil {
		return "", err
	}
	return reply()
}

// noiseLines is about a megabyte of base64 in lines.
func noiseLines() []byte {
	random := rand.New(rand.NewPCG(1, 2)) // bytes that do not compress
	raw := make([]byte, 57)
	var b bytes.Buffer
	for b.Len() < 1<<20 {
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		b.WriteString(base64.StdEncoding.EncodeToString(raw) + "\r\n")
	}
	return b.Bytes()
}

// heavyLoad is how many messages come at once: SIGILL_LOAD, or a few.
func heavyLoad(t *testing.T) int {
	t.Helper()
	if testing.Short() {
		t.Skip("hundreds of megabytes")
	}
	if n, err := strconv.Atoi(os.Getenv("SIGILL_LOAD")); err == nil {
		return n
	}
	return 12
}

// Large messages and many at once pass through the gateway without being held by it; what must be held to be opened is held by
// the children, whose number and memory are configured. SIGILL_LOAD sets how many come at once (100 is the promise).
// It does not run beside other tests: it looks at the whole process.
func TestE2EMemory(t *testing.T) { //nolint:paralleltest // see above
	load := heavyLoad(t)
	block := noiseLines()
	s := newSystem(t, setup{
		driver: config.SQLite, change: func(c *config.Config) { c.Scan.Memory, c.Scan.Budget = 512<<20, yamlfile.Duration(30*time.Second) },
		options: func(o *app.Options) { o.Scanners.Wait = patient }, // all shall be held at once, none put off for want of a child
	})
	send := func(b bulk) (line string) {
		line = "451 "
		for began := time.Now(); strings.HasPrefix(line, "451 ") && time.Since(began) < patient; { // as a mail server sends again what waited too long for room
			var err error
			if line, err = sendBulk(s.smtp, b, block); err != nil {
				t.Error(err)
			}
		}
		return line
	}
	const png = "\x89PNG\r\n\x1a\n"
	for _, b := range []bulk{{"bild.png", png, 140 << 20}, {"arkiv.7z", "7z\xBC\xAF\x27\x1C", 140 << 20}} {
		var line string
		peak := heapPeak(func() { line = send(b) })
		t.Logf("%s of %d MB: %d MB held, %s", b.name, b.size>>20, peak>>20, strings.TrimSpace(line))
		if !strings.HasPrefix(line, "250 ") {
			t.Errorf("%s: %s", b.name, line)
		}
		if limit := uint64(64+48) << 20; peak > limit { // what the spool may hold of all sessions, and room to work
			t.Errorf("%s of %d MB: the gateway held %d MB", b.name, b.size>>20, peak>>20)
		}
	}
	var taken atomic.Int64
	resetPeak()
	peak := heapPeak(func() {
		var wg sync.WaitGroup
		for i := range load {
			wg.Go(func() {
				b := bulk{fmt.Sprintf("bild%d.png", i), png, 25 << 20}
				if i%4 == 0 {
					b.name, b.magic = fmt.Sprintf("arkiv%d.7z", i), "7z\xBC\xAF\x27\x1C"
				}
				if line := send(b); strings.HasPrefix(line, "250 ") {
					taken.Add(1)
				} else {
					t.Errorf("message %d: %q", i, line)
				}
			})
		}
		wg.Wait()
	})
	t.Logf("%d messages of 25 MB at once: %d MB held, %d taken", load, peak>>20, taken.Load())
	self, child := resident()
	t.Logf("resident at most: %d MB, the largest child %d MB", self>>20, child>>20)
	if limit := int64(512 << 20); int64(peak) > limit || self > limit {
		t.Errorf("the gateway held %d MB, %d MB resident", peak>>20, self>>20)
	}
}

// csvLines is about a megabyte of a list in base64: text, which the gateway reads itself.
func csvLines() []byte {
	var list, b bytes.Buffer
	for i := 0; list.Len() < 3<<18; i++ {
		fmt.Fprintf(&list, "%d;Johan Ek;Storgatan %d;Norrsund;underlag för beslut\r\n", i, i%97)
	}
	for raw := list.Bytes(); len(raw) >= 57; raw = raw[57:] {
		b.WriteString(base64.StdEncoding.EncodeToString(raw[:57]) + "\r\n")
	}
	return b.Bytes()
}

// Text is read and judged in the gateway's own process, and takes several times its size there: what is large waits for room, and
// what waits too long is put off. As TestE2EMemory, it looks at the whole process.
func TestE2EMemoryText(t *testing.T) { //nolint:paralleltest // see above
	load := heavyLoad(t)
	block := csvLines()
	s := newSystem(t, setup{driver: config.SQLite})
	limit := debug.SetMemoryLimit(-1)
	app.LimitMemory(s.cfg)
	defer debug.SetMemoryLimit(limit)
	var taken, putOff atomic.Int64
	resetPeak()
	peak := heapPeak(func() {
		var wg sync.WaitGroup
		for i := range load {
			wg.Go(func() {
				line, err := sendBulk(s.smtp, bulk{fmt.Sprintf("lista%d.csv", i), "Nr;Namn;Gata;Ort;Texts\r\n", 25 << 20}, block)
				switch {
				case strings.HasPrefix(line, "250 "):
					taken.Add(1)
				case strings.HasPrefix(line, "451 "):
					putOff.Add(1)
				default:
					t.Errorf("message %d: %q, %v", i, line, err)
				}
			})
		}
		wg.Wait()
	})
	self, _ := resident()
	t.Logf("%d messages of 25 MB with text at once: %d MB held, %d MB resident, %d taken, %d put off", load, peak>>20, self>>20, taken.Load(), putOff.Load())
	if taken.Load() == 0 {
		t.Error("none was taken")
	}
	if limit := int64(512 << 20); int64(peak) > limit || self > limit && !raceEnabled { // the race detector takes several times as much
		t.Errorf("the gateway held %d MB, %d MB resident", peak>>20, self>>20)
	}
}
