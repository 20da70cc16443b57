package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/auth"
	"sigill/internal/config"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/sms"
	"sigill/internal/store"
	"sigill/internal/yamlfile"
)

// phone counts what is sent to it.
type phone struct{ texts int }

func (p *phone) Send(context.Context, message.Phone, string) error {
	p.texts++
	return nil
}

func TestCappedSMS(t *testing.T) {
	t.Parallel()
	var p phone
	var log bytes.Buffer
	var n int64
	var fault error
	c := &cappedSMS{
		next: &p, perDay: 2, log: slog.New(slog.NewTextHandler(&log, nil)),
		capped: prometheus.NewCounter(prometheus.CounterOpts{Name: "capped"}),
		count: func(_ context.Context, k auth.Counter) (int64, error) {
			if k.Kind != "sms.day" || k.Value != "" || k.Window != 24*time.Hour || k.Most != 2 {
				t.Errorf("counted as %+v", k)
			}
			n++
			return n, fault
		},
	}
	send := func() error { return c.Send(t.Context(), "+46701740612", "the code is 123456") }
	for range 2 {
		if err := send(); err != nil {
			t.Error(err)
		}
	}
	for range 3 {
		if err := send(); !sms.Permanent(err) || sms.Refused(err) {
			t.Errorf("above the limit: %v", err)
		}
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(c.capped)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if capped := families[0].GetMetric()[0].GetCounter().GetValue(); p.texts != 2 || capped != 3 {
		t.Errorf("%d texts sent, %v capped", p.texts, capped)
	}
	if got := log.String(); strings.Count(got, "level=ERROR") != 3 || strings.Contains(got, "4670") || strings.Contains(got, "123456") {
		t.Errorf("log:\n%s", got)
	}
	n, fault = 0, errors.New("the store is away")
	if err := send(); !sms.Temporary(err) || p.texts != 2 {
		t.Errorf("uncounted: %v, %d texts", err, p.texts)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	const day = yamlfile.Duration(24 * time.Hour)
	now := time.Date(2026, 11, 14, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ metadata, number, contacts yamlfile.Duration }{
		{30 * day, 90 * day, 90 * day}, {90 * day, 30 * day, 90 * day},
	} {
		a := App{o: Options{Now: func() time.Time { return now }}, cfg: &config.Config{}}
		a.cfg.Messages.Metadata, a.cfg.Messages.NumberAgain = tt.metadata, tt.number
		facts, contacts := now.Add(-time.Duration(tt.metadata)), now.Add(-time.Duration(tt.contacts))
		if got := a.retention(); got != (store.Retention{Traces: facts, Messages: facts, Contacts: contacts}) {
			t.Errorf("metadata %s, numbers %s: %+v", tt.metadata, tt.number, got)
		}
	}
}

func TestScanLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ policy, most, want time.Duration }{
		{0, time.Minute, extract.DefaultLimits().Time},
		{0, time.Second, time.Second},
		{20 * time.Second, 30 * time.Second, 20 * time.Second},
		{time.Minute, 30 * time.Second, 30 * time.Second},
	} {
		lim := extract.Limits{Time: tt.policy, Parts: 7}
		got := scanLimits(lim, config.Scan{Time: yamlfile.Duration(tt.most)})
		if want := (extract.Limits{Time: tt.want, Parts: 7}).Filled(); got != want {
			t.Errorf("policy %s, at most %s: %+v", tt.policy, tt.most, got)
		}
	}
}
