package app_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
	"sigill/internal/testkit"
)

func TestE2ENeverSend(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) { c.Policy.NeverSend = []string{"rival.example"} }})
		s.give(lunch("karin@rival.example")).want(t, "550 5.7.1 ")
		s.give(lunch("karin@RIVAL.example")).want(t, "550 5.7.1 ")
		c := s.dial()
		c.envelope("johan@norrsund.example", "olle@ekman.example").want(t, "250 ")
		c.say("RCPT TO:<karin@rival.example>").want(t, "550 5.7.1 ")
		c.data(lunch("olle@ekman.example").raw()).want(t, "250 ") // the other still gets it
		got := s.hop.Wait(t, 1)
		if len(got) != 1 || len(got[0].To) != 1 || got[0].To[0] != "olle@ekman.example" {
			t.Errorf("it went to %v", got)
		}
		s.stored(0)
	})
}

// overTLS makes the next hop one whose certificate can be verified, which journals need.
func overTLS(t *testing.T) (testkit.SinkOptions, func(*config.Config)) {
	t.Helper()
	ca := testkit.NewCA(t)
	file := write(t, "ca.pem", string(ca.PEM))
	return testkit.SinkOptions{TLS: ca.Server(t, "127.0.0.1")}, func(c *config.Config) {
		c.Policy.Journal = []string{"journal@archive.example"}
		c.Relay.NextHop.TLS, c.Relay.NextHop.CAFile = config.TLSOpportunistic, file
	}
}

func TestE2EJournal(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		hop, change := overTLS(t)
		s := newSystem(t, setup{driver: d, hop: hop, change: change})
		m := mail{from: "johan@norrsund.example", to: []string{"journal@archive.example"}, subject: "Referral", body: withPnr, id: "j@norrsund.example"}
		s.give(m).want(t, "250 2.6.0 ")
		got := s.hop.Wait(t, 1)[0]
		if string(withoutReceived(t, got.Data)) != m.raw() || !got.TLS {
			t.Errorf("not the same octets over TLS (TLS: %v)", got.TLS)
		}
		s.stored(0)

		// Beside somebody else the level of the other does not fall.
		m.to = append(m.to, "karin@ekman.example")
		s.give(m).want(t, "250 2.0.0 queued as ")
		got = s.hop.Wait(t, 3)[1]
		if s.to("journal@archive.example")[1].Data == nil || len(s.to("karin@ekman.example")) != 0 {
			t.Errorf("it went to %v", got.To)
		}
		s.awaitState("Referral", "karin@ekman.example", message.Held)
		s.awaitState("Referral", "journal@archive.example", message.Delivered)
	})
}

// Without TLS a journal gets nothing in clear: its mail waits.
func TestE2EJournalNeedsTLS(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) { c.Policy.Journal = []string{"journal@archive.example"} }})
		s.give(mail{from: "johan@norrsund.example", to: []string{"journal@archive.example"}, subject: "Referral", body: withPnr}).want(t, "250 2.0.0 queued as ")
		s.awaitState("Referral", "journal@archive.example", message.Deferred)
		if n := len(s.hop.Mails()); n != 0 {
			t.Errorf("%d mails left in clear", n)
		}
	})
}

func observe(c *config.Config) { c.Policy.Mode = config.Observe }

func TestE2EObserve(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: observe})
		for _, m := range []mail{
			{subject: "One", body: ordinary}, {subject: "Two", body: withCard}, {subject: "Three", body: withPnr},
		} {
			m.from, m.to = "johan@norrsund.example", []string{"karin@ekman.example"}
			m.id = strings.ToLower(m.subject) + "@norrsund.example"
			s.give(m).want(t, "250 2.6.0 ")
			all := s.hop.Mails()
			if string(withoutReceived(t, all[len(all)-1].Data)) != m.raw() {
				t.Error("not the same octets")
			}
		}
		s.stored(0)
		traces := s.traces(3)
		seen := map[message.Level]int{}
		for _, tr := range traces {
			seen[tr.Observed]++
			if tr.Verdict != message.Pass || tr.Stored {
				t.Errorf("verdict %s, stored %v", tr.Verdict, tr.Stored)
			}
			if tr.Observed == message.Pass {
				continue
			}
			if tr.Decision == nil || len(tr.Decision.Findings) == 0 || tr.Decision.DecidedBy == "" || len(tr.Decision.Explanation) == 0 {
				t.Fatalf("nothing says why: %+v", tr.Decision)
			}
			if raw := string(tr.Decision.Explanation); strings.Contains(raw, "6649") || strings.Contains(raw, "890102") {
				t.Errorf("the explanation holds what was found: %s", raw)
			}
		}
		if seen[message.Pass] != 1 || seen[message.Level1] != 1 || seen[message.Level2] != 1 {
			t.Errorf("observed: %v", seen)
		}
	})
}

// traces waits for as many.
func (s *system) traces(n int) []store.Trace {
	s.t.Helper()
	var all []store.Trace
	await(s.t, "traces", func() bool {
		var err error
		if all, err = s.store.FindTraces(context.WithoutCancel(s.t.Context()), store.Query{}); err != nil {
			s.t.Fatal(err)
		}
		return len(all) >= n
	})
	if len(all) != n {
		s.t.Fatalf("want %d traces, have %d", n, len(all))
	}
	return all
}

func TestE2EPilot(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) {
			observe(c)
			c.Policy.Pilot = []string{"eva@norrsund.example"}
		}})
		to := []string{"karin@ekman.example"}
		s.give(mail{from: "johan@norrsund.example", to: to, subject: "Payment", body: withCard}).want(t, "250 2.6.0 ")
		s.give(mail{from: "eva@norrsund.example", to: to, subject: "Payment", body: withCard}).want(t, "250 2.0.0 queued as ")
		s.awaitState("Payment", "karin@ekman.example", message.Notified)
		s.stored(1)
	})
}

// What was found in mail that passes is on record before the 250: without the record
// there is no 250.
func TestE2ERecordBeforeReply(t *testing.T) {
	t.Parallel()
	pg := testkit.PostgresCluster(t, testkit.PGOptions{})
	dsn := pgURL(pg.Database(t))
	s := newSystem(t, setup{change: func(c *config.Config) {
		observe(c)
		c.Store.Driver, c.Store.URL, c.Store.Path = config.Postgres, config.NewSecret(dsn), ""
	}})
	pg.Kill(t)
	m := mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard}
	s.give(m).want(t, "451 ")
	s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ")
	if n := len(s.hop.Mails()); n != 1 {
		t.Errorf("%d mails left", n)
	}
}

func TestE2EReloadPolicy(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		file := write(t, "policy.yaml", policyFor("bluebird", 1))
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) { c.Policy.File = file }})
		reload := func(text string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s.app.Reload(t.Context(), func() (string, error) { return "info", nil })
		}
		open := s.dial() // one session outlives every reload
		try := func(want string) {
			t.Helper()
			open.envelope("johan@norrsund.example", "karin@ekman.example").want(t, "250 ")
			open.data(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "s", body: "a bluebird and a kestrel\r\n"}.raw()).want(t, want)
		}
		const passes, stored = "250 2.6.0 ", "250 2.0.0 queued as "
		try(stored)
		reload(policyFor("magpie", 1))
		try(passes)
		reload(strings.Replace(policyFor("kestrel", 1), "rules:", "ruels:", 1)) // a typo
		try(passes)
		reload(strings.Replace(policyFor("kestrel", 1), `body: "a`, `body: "no`, 1) + "  - {name: wrong, body: kestrel, expect: {verdict: pass}}\n") // its tests fail
		try(passes)
		if log := s.log.String(); strings.Count(log, "policy refused; the old one stays") != 2 {
			t.Errorf("the refusals are not in the log:\n%s", log)
		}
		// A session in the middle of its data is judged by what is in force at its end.
		open.envelope("johan@norrsund.example", "karin@ekman.example").want(t, "250 ")
		open.say("DATA").want(t, "354 ")
		if err := open.c.PrintfLine("From: johan@norrsund.example\r\nSubject: s\r\n\r\na kestrel"); err != nil {
			t.Fatal(err)
		}
		reload(policyFor("kestrel", 1))
		if err := open.c.PrintfLine("."); err != nil {
			t.Fatal(err)
		}
		open.reply().want(t, stored)
		try(stored)
	})
}
