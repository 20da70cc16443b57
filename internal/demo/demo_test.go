package demo

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"sigill/internal/extract"
	"sigill/internal/locale"
	"sigill/internal/message"
	"sigill/internal/store"
	"sigill/internal/testkit"
)

func newWords(t *testing.T, lang string) *locale.Printer {
	t.Helper()
	c, err := locale.New()
	if err != nil {
		t.Fatal(err)
	}
	return c.Printer(lang, nil)
}

// inside starts a demo and returns what is behind its page.
func inside(t *testing.T) *demo {
	t.Helper()
	d, err := start(t.Context(), t.TempDir(), Options{HTTP: "127.0.0.1:0", SMTP: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.app.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := d.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

// TestSamples sends each sample in each language: it must come out as the page promises,
// by the standard policy.
func TestSamples(t *testing.T) {
	t.Parallel()
	d := inside(t)
	for _, lang := range d.words.Languages() {
		for _, s := range samples {
			t.Run(lang+" "+s.ID, func(t *testing.T) { // one after another: they share the demo
				l, err := s.letter(newWords(t, lang))
				if err != nil {
					t.Fatal(err)
				}
				if err := d.sendAndWait(t.Context(), l); err != nil {
					t.Fatal(err)
				}
				if have := d.verdict(t, l.subject); have != s.Level {
					t.Errorf("want %s, have %s", s.Level, have)
				}
			})
		}
	}
}

// verdict finds what became of the newest message with a subject: it is in the store, or
// it went on as it was.
func (d *demo) verdict(t *testing.T, subject string) message.Level {
	t.Helper()
	stored, err := d.store.Find(t.Context(), store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range stored {
		if m.Subject == subject {
			return m.Decision.Verdict
		}
	}
	mails, _ := d.hop.all()
	for _, m := range mails {
		read, err := extract.Read(t.Context(), bytes.NewReader(m.Raw), extract.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if read.Header.Subject == subject && read.Header.Get("Sigill-Own") == "" {
			return message.Pass
		}
	}
	t.Fatalf("%q is nowhere", subject)
	return 0
}

// TestLeavesNothing holds the demo to its word: everything that it started has ended. It
// runs alone, and so can count.
func TestLeavesNothing(t *testing.T) { //nolint:paralleltest // counts goroutines
	before := runtime.NumGoroutine()
	d := run(t, "en")
	c := newClient(t)
	get(t, c, d.HTTP+"/")
	post(t, c, d.HTTP+"/demo/send", "sample=card")
	c.CloseIdleConnections()
	d.stop()
	for end := time.Now().Add(testkit.Patience); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// TestPortTaken says which address is taken, and how to choose another.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	taken, free := l.Addr().String(), "127.0.0.1:0"
	for _, tc := range []struct{ name, http, smtp, flag string }{
		{"page", taken, free, "--http"},
		{"mail", free, taken, "--smtp"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := Run(t.Context(), Options{HTTP: tc.http, SMTP: tc.smtp, Out: io.Discard})
			if err == nil || !strings.Contains(err.Error(), taken+" is taken") || !strings.Contains(err.Error(), tc.flag) {
				t.Errorf("error: %v", err)
			}
		})
	}
}

// TestAnnounce: what is printed is enough to begin.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	d := &demo{base: "http://127.0.0.1:8025", smtp: "127.0.0.1:2525"}
	var b bytes.Buffer
	if err := d.announce(Options{Out: &b}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{d.base, d.smtp, "swaks", "Ctrl-C"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in:\n%s", want, b.String())
		}
	}
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer(t, c, req)
}

func post(t *testing.T, c *http.Client, url, form string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return answer(t, c, req)
}

func answer(t *testing.T, c *http.Client, req *http.Request) (int, string) {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}
