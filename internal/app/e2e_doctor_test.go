package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
)

// about returns what the doctor says about one thing, and fails unless it is one line.
func about(t *testing.T, found []app.Diagnosis, what string) app.Diagnosis {
	t.Helper()
	found = slices.DeleteFunc(slices.Clone(found), func(d app.Diagnosis) bool { return d.What != what })
	if len(found) != 1 {
		t.Fatalf("%d lines about %s: %+v", len(found), what, found)
	}
	return found[0]
}

// The clock is looked at with either store, and one that was set back is seen by what the store has.
func TestE2EDoctorClock(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		for _, c := range []struct {
			name  string
			ahead time.Duration
			bad   bool
		}{{"right", 0, false}, {"two days behind", 48 * time.Hour, true}} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				s := newSystem(t, setup{driver: d, now: func() time.Time { return time.Now().Add(c.ahead) }})
				s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard})
				s.awaitState("Payment", "karin@ekman.example", message.Notified)
				found := app.Diagnose(t.Context(), s.cfg, true)
				clock := about(t, found, "clock")
				if clock.Bad != c.bad || c.bad && !strings.Contains(clock.Found, "in the store") {
					t.Errorf("clock: %+v", clock)
				}
				if d == config.Postgres {
					if db := about(t, found, "database clock"); db.Bad {
						t.Errorf("database clock: %+v", db)
					}
				}
			})
		}
	})
}
