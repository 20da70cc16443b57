package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"os"
	"sync"
	"testing"
	"time"

	"sigill/internal/extract/pdf"
	"sigill/internal/sandbox"
	"sigill/internal/testkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sandbox.WorkerArg { // the pool runs this binary again
		if err := sandbox.Worker(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir, err := pdf.CacheDir(); err == nil { // on a busy machine scanners would not be ready in time
		_ = pdf.Fill(dir) // a gateway says so
	}
	testkit.Main(m)
}

// running is a demo that was started as the program starts it.
type running struct {
	HTTP, SMTP, Dir string
	stop            func()
}

// run starts the demo on free ports; it ends with the test, and must leave nothing.
func run(t *testing.T, lang string) *running {
	t.Helper()
	log := &lockedLog{}
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := Run(ctx, Options{
			HTTP: "127.0.0.1:0", SMTP: "127.0.0.1:0", Lang: lang, JSON: true, Out: w,
			Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		})
		_ = w.CloseWithError(err)
		done <- err
	}()
	line, err := bufio.NewReader(r).ReadBytes('\n')
	if err != nil {
		cancel()
		t.Fatalf("start: %v", err)
	}
	d := &running{}
	if err := json.Unmarshal(line, d); err != nil {
		t.Fatalf("read %q: %v", line, err)
	}
	var once sync.Once
	d.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("run: %v", err)
			}
			if _, err := os.Stat(d.Dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder of the demo is still there: %v", err)
			}
			if t.Failed() {
				t.Logf("log:\n%s", log)
			}
		})
	}
	t.Cleanup(d.stop)
	return d
}

// lockedLog takes the log of many goroutines.
type lockedLog struct {
	mu  sync.Mutex
	all []byte
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, p...)
	return len(p), nil
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.all)
}

// newClient is a browser without a screen.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}
