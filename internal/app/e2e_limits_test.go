package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit"
)

// What is too large to be judged while its client waits is stored first. Its verdict is
// the same.
func TestE2ETooLargeForTheSession(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) { c.Scan.Inline = 100 << 10 }})
		clean := mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Clean", body: ordinary + large, id: "clean@norrsund.example"}
		id := s.give(clean).want(t, "250 2.0.0 queued as ").idOf(t)
		got := s.hop.Wait(t, 1)[0]
		if string(withoutReceived(t, got.Data)) != clean.raw() || !strings.Contains(ourReceived(t, got.Data), string(id)) {
			t.Error("not the same octets, or under another id")
		}
		s.awaitState("Clean", "karin@ekman.example", message.Delivered)
		if s.give(clean).want(t, "250 2.0.0 queued as ").idOf(t) != id {
			t.Error("the same message was stored twice")
		}
		card := clean
		card.subject, card.body, card.id = "Card", withCard+large, ""
		s.give(card).want(t, "250 2.0.0 queued as ")
		s.openByMail("karin@ekman.example", "Card").want(http.StatusOK, "4000 0045 6649 2470")
		s.idle()
		if n := len(s.hop.Mails()); n != 3 {
			t.Errorf("%d mails", n)
		}

		// What must not go on at all is refused all the same.
		s.back(got, "karin@ekman.example").want(t, "554 5.4.6 ")
		null := clean
		null.from = ""
		c := s.dial()
		c.envelope("", "karin@ekman.example").want(t, "250 ")
		c.data(strings.Replace(null.raw(), "@norrsund.example>\r\nTo:", "@other.example>\r\nTo:", 1)).want(t, "550 5.7.1 ")
		s.stored(2)
	})
}

const guardValue = "0123456789abcdef0123"

func guarded(c *config.Config) {
	c.SMTP.Networks = []config.Network{{
		CIDR: netip.MustParsePrefix("127.0.0.1/32"), Guard: config.Guard{Header: "X-Norrsund-Guard", Secret: config.NewSecret(guardValue)},
	}}
}

func withGuard(m mail, value string) mail {
	m.headers += "x-norrsund-guard:\r\n " + value + "\r\nX-After: kept\r\n"
	return m
}

func TestE2EGuard(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) { guarded(c); quickRetry(c) }})
		s.give(lunch("karin@ekman.example")).want(t, "550 5.7.1 ")
		s.give(withGuard(lunch("karin@ekman.example"), guardValue[1:])).want(t, "550 5.7.1 ")
		s.stored(0)

		want := lunch("karin@ekman.example")
		want.headers = "X-After: kept\r\n"
		s.give(withGuard(lunch("karin@ekman.example"), guardValue)).want(t, "250 2.6.0 ")
		if got := s.hop.Wait(t, 1)[0]; string(withoutReceived(t, got.Data)) != want.raw() {
			t.Errorf("passed:\n%s", got.Data)
		}
		s.hop.Script(t, "rcpt x1: 450 4.2.1 later")
		s.give(withGuard(lunch("karin@ekman.example"), guardValue)).want(t, "250 2.0.0 queued as ")
		if got := s.hop.Wait(t, 2)[1]; string(withoutReceived(t, got.Data)) != want.raw() {
			t.Errorf("queued:\n%s", got.Data)
		}
		s.hop.Script(t, "rcpt gone@ekman.example: 550 5.1.1 no such user")
		s.give(withGuard(lunch("gone@ekman.example"), guardValue)).want(t, "250 2.0.0 queued as ")
		s.mailTo("johan@norrsund.example", "gone@ekman.example")
		for _, m := range s.hop.Mails() {
			if bytes.Contains(bytes.ToLower(m.Data), []byte("norrsund-guard")) || bytes.Contains(m.Data, []byte(guardValue)) {
				t.Errorf("the guard left in:\n%s", m.Data)
			}
		}
	})
}

func TestE2EHopWithoutSMTPUTF8(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, hop: testkit.SinkOptions{Without: []string{"SMTPUTF8"}}})
		s.mustSend(lunch("karin@ekman.example")) // now the hop is known
		c := s.dial()
		c.say("MAIL FROM:<johan@norrsund.example> SMTPUTF8").want(t, "250 ")
		c.say("RCPT TO:<kåre@ekman.example>").want(t, "553 5.6.7 ")
		c.say("RCPT TO:<karin@ekman.example>").want(t, "250 ")
		c.data(lunch("karin@ekman.example").raw()).want(t, "250 ")
		s.stored(0)
		if n := len(s.hop.Mails()); n != 2 {
			t.Errorf("%d mails", n)
		}
	})
}

func TestE2EHopWithSMTPUTF8(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		c := s.dial()
		c.say("MAIL FROM:<johan@norrsund.example> SMTPUTF8").want(t, "250 ")
		c.say("RCPT TO:<kåre@ekman.example>").want(t, "250 ")
		c.data(lunch("kåre@ekman.example").raw()).want(t, "250 2.6.0 ")
		got := s.hop.Wait(t, 1)[0]
		if !slices.Equal(got.To, []string{"kåre@ekman.example"}) || !strings.Contains(got.FromParams, "SMTPUTF8") {
			t.Errorf("to %v with %q", got.To, got.FromParams)
		}
		c.say("MAIL FROM:<johan@norrsund.example> SMTPUTF8").want(t, "250 ")
		c.say("RCPT TO:<kåre@ekman.example>").want(t, "250 ")
		c.data(mail{from: "johan@norrsund.example", to: []string{"kåre@ekman.example"}, subject: "Payment", body: withCard}.raw()).want(t, "250 2.0.0 queued as ")
		s.mailTo("kåre@ekman.example", "/b/")
	})
}

// What is announced is the least of our own limit and the next hop's, once it has said it;
// what is larger is refused at once where the client says its size, else at its end.
func TestE2EHopTooSmall(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, hop: testkit.SinkOptions{Size: 20_000}})
		m := lunch("karin@ekman.example")
		m.body += large
		c := s.dial()
		if r := c.say("EHLO client.example"); !strings.Contains(string(r), "SIZE 157286400") {
			t.Errorf("before the hop is known: %q", r)
		}
		s.give(m).want(t, "552 5.3.4 ")
		if r := c.say("EHLO client.example"); !strings.Contains(string(r), "SIZE 15904\n") {
			t.Errorf("the hop takes 20000, less what a Received field may need, but we announce %q", r)
		}
		c.say("MAIL FROM:<johan@norrsund.example> SIZE=15905").want(t, "552 5.3.4 ")
		c.say("MAIL FROM:<johan@norrsund.example> SIZE=15904").want(t, "250 ")
		s.give(m).want(t, "552 5.3.4 ")
		s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ")
		s.stored(0)

		m.body = withCard + large // sealed, it never goes there
		s.give(m).want(t, "250 2.0.0 queued as ")
		s.mailTo("karin@ekman.example", "/b/")
	})
}

// NOTIFY=SUCCESS of a sealed message is answered at the notice: relayed, no more.
func TestE2ENotifySuccessOfSealed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		c := s.dial()
		c.envelope("johan@norrsund.example").want(t, "250 ")
		c.say("RCPT TO:<karin@ekman.example> NOTIFY=SUCCESS,FAILURE").want(t, "250 ")
		c.data(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment 7351", body: withCard}.raw()).want(t, "250 2.0.0 queued as ")
		dsn, _ := s.mailTo("johan@norrsund.example", "karin@ekman.example")
		if dsn.From != "" || !bytes.Contains(dsn.Data, []byte("Action: relayed")) {
			t.Errorf("the report says:\n%s", dsn.Data)
		}
		if bytes.Contains(dsn.Data, []byte("4000 0045")) || bytes.Contains(dsn.Data, []byte("7351")) {
			t.Errorf("the report holds subject or content:\n%s", dsn.Data)
		}
		s.idle()
		if n := len(s.to("johan@norrsund.example")); n != 1 {
			t.Errorf("%d reports", n)
		}
	})
}

// A report about a message that is sealed for others has no subject.
func TestE2EReportOfSealedHasNoSubject(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		hop, change := overTLS(t)
		hop.Script = "rcpt journal@archive.example: 550 5.1.1 no such user"
		s := newSystem(t, setup{driver: d, hop: hop, change: change})
		s.give(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example", "journal@archive.example"}, subject: "Payment 7351", body: withCard}).want(t, "250 2.0.0 queued as ")
		dsn, _ := s.mailTo("johan@norrsund.example", "journal@archive.example")
		if bytes.Contains(dsn.Data, []byte("7351")) || bytes.Contains(dsn.Data, []byte("4000 0045")) {
			t.Errorf("the report holds subject or content:\n%s", dsn.Data)
		}
		s.mailTo("karin@ekman.example", "/b/")
	})
}

// A typed number counts for its sender until the recipient has opened a message with it,
// and then for everybody.
func TestE2ENumberBecomesProven(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		send := func(from, subject string) {
			s.mustSend(mail{from: from, to: []string{"karin@ekman.example"}, subject: subject, body: withPnr})
		}
		send("johan@norrsund.example", "First")
		s.setNumber("johan@norrsund.example", "First", 0, "070-174 06 12").want(http.StatusOK)
		_, notice := s.mailTo("karin@ekman.example", "First")
		send("eva@norrsund.example", "Second")
		s.mailTo("eva@norrsund.example", "Second") // is asked
		b := newBrowser(t)
		b.get(linkIn(t, notice)).want(http.StatusOK)
		b.post("", nil).want(http.StatusOK)
		text := testkit.WaitSMS(t, s.texts, 1)[0]
		b.post("", map[string][]string{"code": {smsCodeForm.FindString(text.Text)}}).want(http.StatusOK, "19890102-2387")
		send("eva@norrsund.example", "Third")
		s.mailTo("karin@ekman.example", "Third")
		s.awaitState("Second", "karin@ekman.example", message.Held)
		if n := len(s.to("eva@norrsund.example")); n != 1 {
			t.Errorf("%d mails to the other sender", n)
		}
	})
}

// clocked is a system whose time is moved by hand.
func clocked(t *testing.T, d config.Driver) (*system, *testkit.Clock) {
	t.Helper()
	clock := testkit.NewClock(time.Now())
	return newSystem(t, setup{driver: d, now: clock.Now}), clock
}

func TestE2EHoldRunsOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, clock := clocked(t, d)
		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Referral", body: withPnr})
		sent := func(n int) {
			t.Helper()
			s.hop.Wait(t, n)
			s.idle()
			if have := len(s.hop.Mails()); have != n {
				t.Fatalf("want %d mails, have %d", n, have)
			}
		}
		sent(1)
		for k, at := range []time.Duration{4 * time.Hour, 24 * time.Hour, 72 * time.Hour} {
			clock.Set(s.find()[0].Accepted.Add(at + time.Minute))
			sent(2 + k)
		}
		clock.Add(3 * 24 * time.Hour)
		m := s.awaitState("Referral", "karin@ekman.example", message.Cancelled)
		sent(5)
		s.nothingOutside()
		clock.Add(8 * 24 * time.Hour)
		s.awaitState("Referral", "karin@ekman.example", message.Purged)
		if _, err := s.store.OpenBody(t.Context(), m.ID, nil); err == nil {
			t.Error("the body can still be opened")
		}
	})
}

func TestE2ELinkRunsOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, clock := clocked(t, d)
		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard})
		_, first := s.mailTo("karin@ekman.example", "/b/")
		s.idle()
		clock.Add(27*24*time.Hour + time.Hour)
		s.hop.Wait(t, 2)
		_, again := s.mailTo("karin@ekman.example", "/b/")
		if linkIn(t, first) == linkIn(t, again) {
			t.Error("the reminder has the same link")
		}
		for _, m := range []string{linkIn(t, first), linkIn(t, again)} { // a reminder never kills an earlier link
			newBrowser(t).get(m).want(http.StatusOK, "Payment")
		}
		s.idle()
		clock.Add(3 * 24 * time.Hour)
		s.awaitState("Payment", "karin@ekman.example", message.Expired)
		newBrowser(t).get(linkIn(t, first)).never("4000 0045")
		s.idle()
		clock.Add(8 * 24 * time.Hour)
		m := s.awaitState("Payment", "karin@ekman.example", message.Purged)
		if _, err := s.store.OpenBody(t.Context(), m.ID, nil); err == nil {
			t.Error("the body can still be opened")
		}
	})
}

// A message that is too old goes back to its sender, who was told before that it is late.
func TestE2EQueueRunsOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, clock := clocked(t, d)
		s.hop.Script(t, "rcpt busy@ekman.example: 450 4.2.1 busy")
		s.give(lunch("busy@ekman.example")).want(t, "250 2.0.0 queued as ")
		s.awaitState("Lunch", "busy@ekman.example", message.Deferred)
		s.idle() // a jump of the clock ends the lease of a job that is being worked
		clock.Add(5 * time.Hour)
		dsn, _ := s.mailTo("johan@norrsund.example", "busy@ekman.example")
		if !bytes.Contains(dsn.Data, []byte("Action: delayed")) {
			t.Errorf("the first report says:\n%s", dsn.Data)
		}
		s.idle()
		clock.Add(48 * time.Hour)
		s.awaitState("Lunch", "busy@ekman.example", message.Bounced)
		s.hop.Wait(t, 2)
		dsn, _ = s.mailTo("johan@norrsund.example", "busy@ekman.example")
		if !bytes.Contains(dsn.Data, []byte("Action: failed")) {
			t.Errorf("the second report says:\n%s", dsn.Data)
		}
	})
}

// A node without a worker stores, and another node does the rest.
func TestE2ERolesWithoutWorker(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, roles: app.Roles{SMTPD: true, Portal: true}})
		s.give(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard}).want(t, "250 2.0.0 queued as ")
		s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ")
		if got := s.stored(1)[0].Recipients[0].State; got != message.Sealed {
			t.Errorf("without a worker it stands as %s", got)
		}
		s.setup.roles = app.Roles{Worker: true, Portal: true}
		s.restart() // another process takes up what is due
		s.mailTo("karin@ekman.example", "/b/")
		s.awaitState("Payment", "karin@ekman.example", message.Notified)
	})
}

// What texts can cost in a day is bounded, whoever asks for them.
func TestE2ETextsOfADay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) { c.SMS.PerDay = 1 }})
		for i, to := range []string{"karin@ekman.example", "olle@ekman.example"} {
			s.mustSend(mail{from: "johan@norrsund.example", to: []string{to}, subject: to, body: withPnr})
			s.setNumber("johan@norrsund.example", to, 0, "070-174 06 12").want(http.StatusOK)
			_, notice := s.mailTo(to, to)
			b := newBrowser(t)
			b.get(linkIn(t, notice)).want(http.StatusOK)
			b.post("", nil).want(http.StatusOK)
			s.idle()
			if n := len(testkit.WaitSMS(t, s.texts, 1)); n != 1 {
				t.Errorf("%d texts after %d were asked for", n, i+1)
			}
			_, metrics := s.admin("/metrics")
			if want := fmt.Sprintf("sigill_sms_capped_total %d\n", i); !strings.Contains(metrics, want) {
				t.Errorf("/metrics has no %s", want)
			}
		}
		if !strings.Contains(s.log.String(), "level=ERROR msg=\"text message not sent: the limit of the day is reached\"") {
			t.Error("no alarm in the log")
		}
	})
}
