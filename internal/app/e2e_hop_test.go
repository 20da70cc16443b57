package app_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit"
	"sigill/internal/yamlfile"
)

// quickRetry lets the queue try again at once.
func quickRetry(c *config.Config) {
	c.Relay.Retry = config.Retry{First: yamlfile.Duration(time.Second), Most: yamlfile.Duration(time.Second)}
}

// impatient shortens the wait for a next hop that is silent after the final dot.
func impatient(o *app.Options) { o.CutTimeout = 200 * time.Millisecond }

func lunch(to ...string) mail {
	return mail{from: "johan@norrsund.example", to: to, subject: "Lunch", body: ordinary, id: "lunch@norrsund.example"}
}

func TestE2EHopPutsOneOfThreeOff(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{
			driver: d, change: quickRetry,
			hop: testkit.SinkOptions{Script: "rcpt busy@ekman.example x2: 450 4.2.1 mailbox of busy@ekman.example is busy"},
		})
		m := lunch("karin@ekman.example", "busy@ekman.example", "olle@ekman.example")
		s.give(m).want(t, "250 2.0.0 queued as ")
		got := s.hop.Wait(t, 2)
		if !slices.Equal(got[0].To, []string{"karin@ekman.example", "olle@ekman.example"}) || !slices.Equal(got[1].To, []string{"busy@ekman.example"}) {
			t.Errorf("want two at once and the third later, have %v and %v", got[0].To, got[1].To)
		}
		for _, g := range got {
			if string(withoutReceived(t, g.Data)) != m.raw() {
				t.Error("not the same octets")
			}
		}
		stored := s.awaitState("Lunch", "busy@ekman.example", message.Delivered)
		s.idle()
		if n := len(s.hop.Mails()); n != 2 {
			t.Errorf("%d mails arrived", n)
		}
		if !slices.Contains(s.kinds(stored.ID), message.EventDeferred) {
			t.Error("nothing says that it was put off")
		}
		for _, r := range stored.Recipients {
			if strings.Contains(r.Reply, "@") {
				t.Errorf("an address in the kept reply %q", r.Reply)
			}
		}
	})
}

func TestE2EHopRefusesOne(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, hop: testkit.SinkOptions{Script: "rcpt gone@ekman.example: 550 5.1.1 no such user"}})
		s.give(lunch("karin@ekman.example", "gone@ekman.example")).want(t, "250 2.0.0 queued as ")
		s.awaitState("Lunch", "gone@ekman.example", message.Bounced)
		s.awaitState("Lunch", "karin@ekman.example", message.Delivered)
		dsn, read := s.mailTo("johan@norrsund.example", "gone@ekman.example")
		if dsn.From != "" {
			t.Errorf("the report has the envelope sender %q", dsn.From)
		}
		for _, want := range []string{"Action: failed", "Status: 5.1.1", "multipart/report", "text/rfc822-headers"} {
			if !bytes.Contains(dsn.Data, []byte(want)) {
				t.Errorf("no %q in the report:\n%s", want, dsn.Data)
			}
		}
		if bytes.Contains(dsn.Data, []byte("lunch on Thursday")) || strings.Contains(read.Text, "lunch on Thursday") {
			t.Error("the report returns the text")
		}
		s.idle()
		if n := len(s.to("johan@norrsund.example")); n != 1 {
			t.Errorf("%d reports", n)
		}
	})
}

func TestE2EHopRefusesContent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, hop: testkit.SinkOptions{Script: "final: 554 5.7.1 spam from johan@norrsund.example"}})
		r := s.give(lunch("karin@ekman.example")).want(t, "554 5.7.1 ")
		if strings.Contains(string(r), "spam") || strings.Contains(string(r), "@") {
			t.Errorf("the next hop's words: %q", r)
		}
		s.stored(0)
		s.hop.Script(t, "data: 552 5.3.4 no")
		s.give(lunch("karin@ekman.example")).want(t, "552 5.3.4 ")
		s.stored(0)
	})
}

func TestE2EHopPutsContentOff(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: quickRetry})
		for i, script := range []string{"final x1: 451 4.3.0 later", "data x1: 451 4.3.0 later", "body x1: cut", "mail x1: 421 4.3.2 bye", "rcpt x1: 550 5.1.1 not now"} {
			s.hop.Script(t, script)
			m := lunch("karin@ekman.example")
			m.id = fmt.Sprintf("lunch%d@norrsund.example", i)
			s.give(m).want(t, "250 ")
			s.hop.Wait(t, i+1)
			s.idle()
			if n := len(s.hop.Mails()); n != i+1 {
				t.Errorf("%s: it arrived %d times", script, n-i)
			}
			for _, m := range s.find() {
				if m.Recipients[0].State != message.Delivered {
					t.Errorf("%s: it stands as %s", script, m.Recipients[0].State)
				}
			}
		}
	})
}

func TestE2EHopDown(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: quickRetry})
		s.hop.Stop()
		want := map[string]string{}
		for i := range 5 {
			m := lunch("karin@ekman.example")
			m.id = fmt.Sprintf("lunch%d@norrsund.example", i)
			want[m.raw()] = string(s.give(m).want(t, "250 2.0.0 queued as ").idOf(t))
		}
		for _, m := range s.stored(5) {
			if !m.Recipients[0].State.Waiting() {
				t.Errorf("%s stands as %s", m.ID, m.Recipients[0].State)
			}
		}
		s.restart() // what waits outlives the process
		s.hop.Start(t)
		for _, m := range s.hop.Wait(t, 5) {
			raw := string(withoutReceived(t, m.Data))
			if id := want[raw]; id == "" || !strings.Contains(ourReceived(t, m.Data), id) {
				t.Errorf("not one of the five, or under another id:\n%s", m.Data)
			}
			delete(want, raw)
		}
		s.idle()
		if len(want) > 0 || len(s.hop.Mails()) != 5 {
			t.Errorf("%d are missing, %d arrived", len(want), len(s.hop.Mails()))
		}
	})
}

func TestE2EHopSilentAfterDot(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: quickRetry, options: impatient, hop: testkit.SinkOptions{Script: "final x1: silent"}})
		id := s.give(lunch("karin@ekman.example")).want(t, "250 2.0.0 queued as ").idOf(t)
		if m := s.stored(1)[0]; m.ID != id || m.Recipients[0].State != message.Queued {
			t.Errorf("%s stands as %s", m.ID, m.Recipients[0].State)
		}
		s.hop.Release()
		s.awaitState("Lunch", "karin@ekman.example", message.Delivered)
		s.idle()
		waiting, err := s.store.Waiting(t.Context(), id, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(waiting) != 0 || len(s.hop.Mails()) != 1 {
			t.Errorf("%d jobs are left, it arrived %d times", len(waiting), len(s.hop.Mails()))
		}
	})
}

func TestE2EHopLostAfterSilence(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: quickRetry, options: impatient, hop: testkit.SinkOptions{Script: "final x1: silent"}})
		s.give(lunch("karin@ekman.example")).want(t, "250 2.0.0 queued as ")
		s.hop.Drop() // it never took it
		s.hop.Wait(t, 1)
		s.awaitState("Lunch", "karin@ekman.example", message.Delivered)
		if n := len(s.hop.Mails()); n != 1 {
			t.Errorf("it arrived %d times", n)
		}
	})
}

func TestE2EHopLostAfterDot(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: quickRetry, hop: testkit.SinkOptions{Script: "final x1: take"}})
		s.give(lunch("karin@ekman.example")).want(t, "250 2.0.0 queued as ")
		s.awaitState("Lunch", "karin@ekman.example", message.Delivered)
		got := s.hop.Mails()
		if len(got) != 2 || !bytes.Equal(withoutReceived(t, got[0].Data), withoutReceived(t, got[1].Data)) {
			t.Errorf("want the same twice, rather than never; have %d", len(got))
		}
		if _, text := s.admin("/metrics"); !strings.Contains(text, `result="cut_uncertain"`) {
			t.Errorf("the possible duplicate is not counted:\n%s", text)
		}
	})
}
