package portal

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/auth"
	"sigill/internal/message"
)

// wide are limits that nothing in these tests reaches.
func wide() auth.Limits {
	l := auth.DefaultLimits()
	l.Tries, l.PerMessage, l.PerRecipientDay, l.PerClientHour, l.GlobalHour = 1000, 1000, 1000, 1000, 1000
	l.CodesPerRecipientHour, l.CodesPerMessage = 1000, 1000
	return l
}

// door is where one browser types a code.
type door struct {
	b     *browser
	where string
	right string
}

// door asks for a code in a browser of its own, at an address.
func (s *stage) door(m *message.Message, token, addr string) door {
	s.tb.Helper()
	b := s.browser()
	b.addr = addr + ":4711"
	asked := b.post("/b/"+token).want(s.tb, http.StatusOK)
	return door{b, asked.where, s.sendCode(m)}
}

func (d door) wrong() answer { return d.b.post(d.where, "code", "wrongwrong22") }
func (d door) enter() answer { return d.b.post(d.where, "code", d.right) }

// Each layer refuses the right code as well, once it is full; each leaves alone what it is
// not about, and lets the rightful person in when its time is over.
func TestEveryLayerOfTries(t *testing.T) {
	t.Parallel()
	const home, elsewhere = "192.0.2.7", "198.51.100.9"
	for _, c := range []struct {
		name   string
		limit  func(l *auth.Limits)
		tries  [][]int // wrong ones for each of two messages, a new code for each entry
		shut   string  // what is shut besides the first message from home
		window time.Duration
	}{
		{"a code", func(l *auth.Limits) { l.Tries = 3 }, [][]int{{3}}, "elsewhere", 15 * time.Minute},
		{"an access, by ever new codes", func(l *auth.Limits) { l.Tries = 3 }, [][]int{{2, 2, 2}}, "elsewhere", 30 * time.Minute},
		{"a message", func(l *auth.Limits) { l.PerMessage = 3 }, [][]int{{2, 1}}, "elsewhere", 24 * time.Hour},
		{"a recipient", func(l *auth.Limits) { l.PerRecipientDay = 3 }, [][]int{{1}, {2}}, "elsewhere other", 24 * time.Hour},
		{"a client", func(l *auth.Limits) { l.PerClientHour = 3 }, [][]int{{1}, {2}}, "other", time.Hour},
		{"everybody", func(l *auth.Limits) { l.GlobalHour = 3 }, [][]int{{1}, {2}}, "elsewhere other", time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.serve(func(o *Options) { o.Limits = wide(); c.limit(&o.Limits) })
			m, token := s.level1()
			other, otherToken := s.level1()
			here, away, beside := s.door(m, token, home), s.door(m, token, elsewhere), s.door(other, otherToken, home)
			for k, codes := range c.tries {
				for _, n := range codes {
					d := s.door([]*message.Message{m, other}[k], []string{token, otherToken}[k], home)
					for range n {
						d.wrong()
					}
				}
			}
			here.enter().want(t, http.StatusTooManyRequests)
			for which, d := range map[string]door{"elsewhere": away, "other": beside} {
				status := http.StatusOK
				if strings.Contains(c.shut, which) {
					status = http.StatusTooManyRequests
				}
				if got := d.enter().status; got != status {
					t.Errorf("%s: %d, want %d", which, got, status)
				}
			}
			s.clock.Add(c.window + time.Second)
			s.door(m, token, home).enter().want(t, http.StatusOK, "Öppnat av dig")
		})
	}
}

// braked reads the metric of the brake.
func braked(t *testing.T, reg *prometheus.Registry) float64 {
	t.Helper()
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == "sigill_portal_tries_braked_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return -1
}

// When everybody together types too many wrong codes, nobody gets in, and whoever runs the
// gateway is told once an hour: in the log of each node, and in one mail of all.
func TestBrakeForEverybody(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var log strings.Builder
	var reg *prometheus.Registry
	node := func() {
		reg = prometheus.NewRegistry()
		s.serve(func(o *Options) {
			o.Limits = wide()
			o.Limits.GlobalHour = 3
			o.Log, o.Metrics = slog.New(slog.NewTextHandler(&log, nil)), reg
		})
	}
	node()
	m, token := s.level1()
	told := func(logged, mailed int, metric float64) {
		t.Helper()
		if n := strings.Count(log.String(), "level=ERROR msg=\"alarm: no code is accepted until the hour is over"); n != logged {
			t.Errorf("%d alarms in the log, want %d", n, logged)
		}
		if n := len(s.jobs(m, message.JobAlarm)); n != mailed {
			t.Errorf("%d mails, want %d", n, mailed)
		}
		if n := braked(t, reg); n != metric {
			t.Errorf("the metric says %v, want %v", n, metric)
		}
	}
	d := s.door(m, token, "192.0.2.7")
	for range 3 {
		d.wrong().want(t, http.StatusUnprocessableEntity)
	}
	told(0, 0, 0)
	for range 3 {
		d.enter().want(t, http.StatusTooManyRequests)
	}
	told(1, 1, 3)
	node() // another node, the same hour
	d.enter().want(t, http.StatusTooManyRequests)
	told(2, 1, 1)
	s.clock.Add(time.Hour)
	d = s.door(m, token, "192.0.2.7")
	for range 4 {
		d.wrong()
	}
	told(3, 2, 2)
	s.clock.Add(time.Hour)
	s.door(m, token, "192.0.2.7").enter().want(t, http.StatusOK)
	for _, secret := range []string{"karin", "192.0.2.7", token, d.right} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q in the log", secret)
		}
	}
}
