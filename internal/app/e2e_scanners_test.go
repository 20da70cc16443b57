package app_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/sandbox"
	"sigill/internal/yamlfile"
)

// illScanner makes the test binary a scanner that does what a file says: "work", "die" or "hang" at its first message, or be
// "gone" before it is ready. What stood there when it began counts.
const illScanner = "extract-worker-ill"

func illChild(file string) int {
	order, err := os.ReadFile(file)
	if err != nil || string(order) == "gone" {
		return 1
	}
	s := &illPipes{order: string(order)}
	if sandbox.Worker(s, s) != nil {
		return 1
	}
	return 0
}

// illPipes are the pipes of a scanner that is well until it has said that it is ready.
type illPipes struct {
	order string
	ready atomic.Bool
}

func (s *illPipes) Write(p []byte) (int, error) {
	s.ready.Store(true)
	return os.Stdout.Write(p)
}

func (s *illPipes) Read(p []byte) (int, error) {
	wasReady := s.ready.Load()
	n, err := os.Stdin.Read(p)
	if !wasReady || err != nil {
		return n, err
	}
	switch s.order {
	case "die":
		os.Exit(3)
	case "hang":
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		select {}
	}
	return n, err
}

// ill is a gateway with one scanner, whose orders can be changed. Each scanner reads one message.
type ill struct {
	*system
	orders string
	sent   int
}

func newIll(t *testing.T, d config.Driver, limit, wait time.Duration) *ill {
	t.Helper()
	s := &ill{orders: filepath.Join(t.TempDir(), "orders")}
	s.order(t, "work")
	s.system = newSystem(t, setup{
		driver: d,
		change: func(c *config.Config) { c.Scan.Time = yamlfile.Duration(limit) },
		options: func(o *app.Options) {
			o.Scanners = sandbox.Options{Uses: 1, Wait: wait, Grace: time.Millisecond, Command: []string{"/proc/self/exe", illScanner, s.orders}}
		},
	})
	return s
}

// order is for the scanners that begin from now on.
func (s *ill) order(t *testing.T, what string) {
	t.Helper()
	next := s.orders + ".next"
	if err := os.WriteFile(next, []byte(what), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, s.orders); err != nil { // no scanner reads half of it
		t.Fatal(err)
	}
}

// attached sends one more message with an attachment that must be opened, and returns the reply to it.
func (s *ill) attached() replied {
	s.sent++
	return s.give(mail{
		from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: fmt.Sprintf("Underlag %d", s.sent),
		headers: "Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n",
		body:    "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\r\n", // empty
	})
}

// until sends such messages until one is answered so, at most n.
func (s *ill) until(t *testing.T, prefix string, n int) (sent int) {
	t.Helper()
	for range n {
		sent++
		r := s.attached()
		if strings.HasPrefix(string(r), prefix) {
			return sent
		}
		if !strings.HasPrefix(string(r), "250 ") && !strings.HasPrefix(string(r), "451 ") {
			t.Fatalf("message %d: %q", sent, r)
		}
	}
	t.Fatalf("%d messages, and none was answered %s", sent, prefix)
	return sent
}

func (s *ill) counts(t *testing.T, want ...string) {
	t.Helper()
	_, metrics := s.admin("/metrics")
	for _, w := range want {
		if !strings.Contains(metrics, w+"\n") {
			t.Errorf("no %s in the metrics", w)
		}
	}
}

// When more than 5 % of the last 200 messages could not be read in time, what cannot be read is put off and not judged; what can
// be read goes on.
func TestE2EScannersIll(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"die", "hang"} {
		limit := time.Minute // a busy machine is no finding
		if how == "hang" {
			limit = 2 * time.Second
		}
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, d config.Driver) {
				s := newIll(t, d, limit, time.Minute)
				s.attached().want(t, "250 2.6.0 ")
				if how == "hang" {
					s.order(t, "hang") // some of them: each takes its time
					s.attached()
					s.attached().want(t, "250 2.0.0 queued as ")
				}
				s.order(t, "die")
				n := s.until(t, "451 4.3.0 ", 13)
				if n < 9 {
					t.Errorf("the %d. message was put off", n)
				}
				const alarm = `level=ERROR msg="alarm: mail is put off because it cannot be read now" reason=unhealthy`
				if k := strings.Count(s.log.String(), alarm); k != 1 {
					t.Errorf("%d alarms", k)
				}
				s.counts(t, `sigill_scan_put_off_total{reason="unhealthy"} 1`, "sigill_scan_timeouts_total 11")
				s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ") // needs no scanner

				s.order(t, "work")
				s.until(t, "250 2.6.0 ", 2) // the scanner that waits has the old order
				s.attached().want(t, "250 2.6.0 ")
				if k := strings.Count(s.log.String(), alarm); k != 1 {
					t.Errorf("%d alarms after all was well", k)
				}
			})
		})
	}
}

// When no scanner starts any more, mail with attachments is put off until one does.
func TestE2EScannersGone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newIll(t, d, time.Minute, 2*time.Second)
		s.order(t, "gone")
		s.until(t, "451 4.3.0 ", 3)
		if !strings.Contains(s.log.String(), `level=ERROR msg="alarm: mail is put off because it cannot be read now" reason=busy`) {
			t.Error("no alarm")
		}
		s.counts(t, `sigill_scan_put_off_total{reason="busy"} 1`, "sigill_scan_idle 0")
		s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ")
		s.order(t, "work")
		s.until(t, "250 2.6.0 ", 20)
		s.until(t, "250 2.6.0 ", 20)
	})
}
