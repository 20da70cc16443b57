package app_test

import (
	"slices"
	"strings"
	"testing"

	"sigill/internal/config"
	"sigill/internal/message"
)

// naming is a policy whose rules name addresses: one in the organisation, one outside, one of a rule that only observes.
const naming = `version: 1
use: [se, pay]
lists: {own_domains: [norrsund.example]}
rules:
  - {id: number, title: {en: Identity number}, when: {detector: se.personnummer}, level: 2, notify: [dpo@norrsund.example, friend@elsewhere.example]}
  - {id: card, title: {en: Payment card}, when: {detector: pay.card}, level: 1, notify: [dpo@norrsund.example, finance@norrsund.example]}
  - {id: watched, when: {detector: pay.card}, level: 1, mode: observe, notify: [watcher@norrsund.example]}
recipients:
  - {match: "@own_domains", max: pass}
tests:
  - {name: number, body: "personnummer 19890102-2387", expect: {verdict: level2}}
`

func named(t *testing.T, more func(*config.Config)) func(*config.Config) {
	t.Helper()
	file := write(t, "policy.yaml", naming)
	return func(c *config.Config) {
		c.Policy.File = file
		if more != nil {
			more(c)
		}
	}
}

// Whom the rules name is told once of each message that they protect: who sent it, to whom, and which rule, and nothing of
// what it says.
func TestE2EInform(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: named(t, nil)})
		to := []string{"karin@ekman.example", "eva@norrsund.example"}
		id := s.give(mail{from: "johan@norrsund.example", to: to, subject: "Referral", body: withPnr + "\r\n" + withCard}).want(t, "250 2.0.0 queued as ").idOf(t)
		told, text := s.mailTo("dpo@norrsund.example", "A rule protects a message: Identity number")
		s.mailTo("finance@norrsund.example", "A rule protects a message: Payment card")
		s.idle()
		for _, a := range []string{"dpo", "finance"} {
			if n := len(s.to(a + "@norrsund.example")); n != 1 {
				t.Errorf("%s got %d mails", a, n)
			}
		}
		for _, a := range []string{"watcher@norrsund.example", "friend@elsewhere.example"} {
			if n := len(s.to(a)); n != 0 {
				t.Errorf("%s got %d mails", a, n)
			}
		}
		if told.From != "" {
			t.Errorf("the mail comes back to %q", told.From)
		}
		whole := text.Header.Subject + text.Text + text.HTML
		for _, in := range []string{"johan@norrsund.example", "karin@ekman.example", "Referral", "Identity number, once", "Payment card, once", string(id)} {
			if !strings.Contains(whole, in) {
				t.Errorf("the mail lacks %q:\n%s", in, text.Text)
			}
		}
		for _, out := range []string{"890102", "2387", "4000", "eva@norrsund.example", s.base, "elsewhere.example", "watch"} { // Eva's copy passed
			if strings.Contains(whole, out) {
				t.Errorf("the mail says %q:\n%s", out, text.Text)
			}
		}
		n := 0
		for _, k := range s.kinds(id) {
			if k == message.EventInformed {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d events", n)
		}
		if log := s.log.String(); !strings.Contains(log, `msg="the address that a rule names is not the organisation's, and is not told"`) || strings.Contains(log, "elsewhere") || strings.Contains(log, "dpo@") {
			t.Error("the address outside is not in the log as it should be")
		}
	})
}

// Nobody is told of what was not protected: mail inside, mail that is only observed, and what no rule found.
func TestE2EInformNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: named(t, func(c *config.Config) {
			c.Policy.Mode, c.Policy.Pilot = config.Observe, []string{"eva@norrsund.example"}
		})})
		for _, m := range []mail{
			{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Observed", body: withPnr},
			{from: "eva@norrsund.example", to: []string{"olle@norrsund.example"}, subject: "Inside", body: withPnr},
			{from: "eva@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Lunch", body: ordinary},
		} {
			s.give(m).want(t, "250 2.6.0 ")
		}
		s.give(mail{from: "eva@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard}).want(t, "250 2.0.0 queued as ")
		s.mailTo("dpo@norrsund.example", "A rule protects a message: Payment card")
		s.idle()
		for _, m := range s.hop.Mails() {
			if strings.Contains(string(m.Data), "A rule protects") && !slices.Contains([]string{"dpo@norrsund.example", "finance@norrsund.example"}, m.To[0]) || len(s.to("dpo@norrsund.example")) != 1 {
				t.Errorf("told %v:\n%s", m.To, m.Data)
			}
		}
	})
}
