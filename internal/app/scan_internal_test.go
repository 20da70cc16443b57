package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/config"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/sandbox"
)

// openBody is a body of which only Open is asked.
type openBody struct {
	message.Body
	open func() (io.ReadCloser, error)
}

// Size implements [message.Body].
func (b openBody) Size() int64 { return int64(len(withZip)) }

// Open implements [message.Body].
func (b openBody) Open() (io.ReadCloser, error) { return b.open() }

const withZip = "Content-Type: application/zip\r\n\r\nPK\x03\x04\x00\x00\x00\x00"

// TestScannersBusy: a message for which no scanner is free is put off, which is an alarm in the log, once for many, and counted.
func TestScannersBusy(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	a := &App{cfg: config.Default(), o: Options{Now: func() time.Time { return now }}, log: slog.New(slog.NewTextHandler(&log, nil)), metrics: prometheus.NewRegistry()}
	pool, err := sandbox.New(sandbox.Options{Workers: 1, Wait: time.Millisecond, Command: []string{"/proc/self/exe", sandbox.WorkerArg}})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	a.pool = pool
	a.watchScanners()

	taken, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	calls := 0
	go func() {
		_, _, err := a.parse(context.Background(), openBody{open: func() (io.ReadCloser, error) {
			if calls++; calls == 2 { // the child has it
				close(taken)
				<-release
			}
			return io.NopCloser(strings.NewReader(withZip)), nil
		}}, extract.Limits{})
		done <- err
	}()
	<-taken
	whole := openBody{open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(withZip)), nil }}
	for i := range 3 {
		if _, _, err := a.parse(context.Background(), whole, extract.Limits{}); !errors.Is(err, sandbox.ErrBusy) {
			t.Errorf("message %d: %v", i, err)
		}
	}
	if n := strings.Count(log.String(), "level=ERROR msg=\"alarm: mail is put off because it cannot be read now\" reason=busy"); n != 1 {
		t.Errorf("%d alarms in the log:\n%s", n, log.String())
	}
	a.alarm(unhealthy) // another reason has a pause of its own
	if n := strings.Count(log.String(), "reason=unhealthy"); n != 1 {
		t.Errorf("%d alarms of another reason within the pause", n)
	}
	now = now.Add(alarmPause)
	_, _, _ = a.parse(context.Background(), whole, extract.Limits{})
	if n := strings.Count(log.String(), "reason=busy"); n != 2 {
		t.Errorf("%d alarms after the pause", n)
	}
	close(release)
	if err := <-done; err != nil {
		t.Errorf("the message that had the scanner: %v", err)
	}
	families, err := a.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue()
		}
	}
	if got["sigill_scan_put_off_total busy"] != 4 || got["sigill_scan_put_off_total unhealthy"] != 1 || got["sigill_scan_opened_total"] != 5 {
		t.Errorf("metrics = %v", got)
	}
}
