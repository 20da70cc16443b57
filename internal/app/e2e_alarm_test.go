package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sigill/internal/config"
	"sigill/internal/testkit"
)

// When everybody together types too many wrong codes nobody gets in until the hour is over,
// and who is responsible gets one mail, in which nothing stands of any message.
func TestE2EAlarm(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		clock := testkit.NewClock(time.Now().Truncate(time.Hour).Add(10 * time.Minute))
		s := newSystem(t, setup{driver: d, now: clock.Now, change: func(c *config.Config) { c.Codes.Tries, c.Codes.PerHour = 3, 3 }})
		door := func(to, subject string) (*browser, string) {
			s.mustSend(mail{from: "johan@norrsund.example", to: []string{to}, subject: subject, body: withCard})
			_, notice := s.mailTo(to, subject)
			b := newBrowser(t)
			b.get(linkIn(t, notice)).want(http.StatusOK)
			b.post("", nil).want(http.StatusOK)
			_, code := s.mailTo(to, "Copy this password")
			return b, passwordForm.FindString(code.Text)
		}
		try := func(b *browser, code string) int { return b.post("", url.Values{"code": {code}}).status }
		first, _ := door("karin@ekman.example", "Payment")
		second, right := door("olle@ekman.example", "Refund")
		for range 3 {
			try(first, "wrongwrong22")
		}
		s.idle()
		if n := len(s.to("it@norrsund.example")); n != 0 {
			t.Errorf("%d alarms below the limit", n)
		}
		for range 3 {
			if status := try(second, right); status != http.StatusTooManyRequests {
				t.Errorf("the right code was answered with %d", status)
			}
		}
		alarm, text := s.mailTo("it@norrsund.example", "somebody may be guessing codes")
		s.idle()
		if n := len(s.to("it@norrsund.example")); n != 1 {
			t.Errorf("%d alarms in an hour", n)
		}
		if alarm.From != "" {
			t.Errorf("the alarm comes back to %q", alarm.From)
		}
		for _, of := range []string{"karin", "olle", "johan", "ekman.example", "Payment", "Refund", "4000", "127.0.0.1", s.base} {
			if strings.Contains(text.Header.Subject+text.Text+text.HTML, of) {
				t.Errorf("the alarm says %q:\n%s", of, text.Text)
			}
		}
		if log := s.log.String(); !strings.Contains(log, `level=ERROR msg="alarm: no code is accepted until the hour is over`) || strings.Contains(log, "ekman") {
			t.Error("no alarm in the log, or an address")
		}
		if _, metrics := s.admin("/metrics"); !strings.Contains(metrics, "sigill_portal_tries_braked_total 3\n") || strings.Contains(metrics, "ekman") {
			t.Error("no alarm in the metrics, or an address")
		}
		clock.Add(time.Hour)
		s.openByMail("olle@ekman.example", "/b/").want(http.StatusOK, "4000 0045")
	})
}
