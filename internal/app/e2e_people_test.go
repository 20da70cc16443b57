package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sigill/internal/config"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/testkit"
)

// Of two recipients one is known: it gets the message at once, and the other waits.
func TestE2EOneOfTwoHasANumber(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "First", body: withPnr})
		s.setNumber("johan@norrsund.example", "First", 0, "070-174 06 12").want(http.StatusOK)
		s.mailTo("karin@ekman.example", "First")

		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example", "olle@ekman.example"}, subject: "Second", body: withPnr})
		_, notice := s.mailTo("karin@ekman.example", "Second")
		m := s.awaitState("Second", "karin@ekman.example", message.Notified)
		if m.Recipients[1].State != message.Held || m.Recipients[1].Phone != "" {
			t.Errorf("the other stands as %s", m.Recipients[1].State)
		}
		b := newBrowser(t)
		b.get(linkIn(t, notice)).want(http.StatusOK)
		b.post("", nil).want(http.StatusOK)
		text := testkit.WaitSMS(t, s.texts, 1)[0]
		b.post("", url.Values{"code": {smsCodeForm.FindString(text.Text)}}).want(http.StatusOK, "19890102-2387")
		m = s.awaitState("Second", "karin@ekman.example", message.Opened)
		if m.Recipients[1].State != message.Held || len(s.to("olle@ekman.example")) != 0 {
			t.Errorf("the other stands as %s and got %d mails", m.Recipients[1].State, len(s.to("olle@ekman.example")))
		}
		s.setNumber("johan@norrsund.example", "olle@ekman.example", 1, "070-174 06 05").want(http.StatusOK)
		s.mailTo("olle@ekman.example", "Second")
		s.awaitState("Second", "olle@ekman.example", message.Notified)
	})
}

// Of two that lack one, one gets a number and the other none: it gets no mail at all.
func TestE2EOneOfTwoGetsANumber(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example", "olle@ekman.example"}, subject: "Referral", body: withPnr})
		s.setNumber("johan@norrsund.example", "/s/", 0, "070-174 06 12").want(http.StatusUnprocessableEntity, "Nothing has been sent yet")
		for _, r := range s.stored(1)[0].Recipients {
			if r.State != message.Held {
				t.Errorf("%s stands as %s", r.Address, r.State)
			}
		}
		_, ask := s.mailTo("johan@norrsund.example", "/s/")
		b := newBrowser(t)
		b.get(linkIn(t, ask)).want(http.StatusOK)
		form := fieldsOf(b.body)
		form.Set("n0", "070-174 06 12")
		form.Set("d1", "on")
		b.post("", form).want(http.StatusOK)
		s.mailTo("karin@ekman.example", "/b/")
		m := s.awaitState("Referral", "karin@ekman.example", message.Notified)
		s.idle()
		if got := m.Recipients[1].State; got != message.Cancelled || len(s.to("olle@ekman.example")) != 0 {
			t.Errorf("the other stands as %s and got %d mails", got, len(s.to("olle@ekman.example")))
		}
	})
}

// secret is who gets a blind copy. No mail to others and no page of theirs may name it.
const secret = "secret@ekman.example"

// noSecret fails when a mail to somebody outside, other than the blind recipient, names
// it, in whatever encoding.
func (s *system) noSecret() {
	s.t.Helper()
	for _, m := range s.hop.Mails() {
		if slices.Equal(m.To, []string{secret}) || strings.HasSuffix(m.To[0], "@norrsund.example") {
			continue
		}
		if len(m.To) != 1 && slices.Contains(m.To, secret) && bytes.Contains(m.Data, []byte("secret")) {
			s.t.Errorf("a mail to several names the blind recipient:\n%s", m.Data)
		}
		read, err := extract.Read(s.t.Context(), bytes.NewReader(m.Data), extract.DefaultLimits())
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.Contains(string(m.Data)+read.Text+read.HTML, "secret") {
			s.t.Errorf("the blind recipient is named in:\n%s", m.Data)
		}
	}
}

func blind(body string) mail {
	return mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example", "bcc:" + secret}, subject: "Plan", body: body}
}

func TestE2EBccPasses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.mustSend(blind(ordinary))
		got := s.hop.Wait(t, 1)[0]
		if !slices.Equal(got.To, []string{"karin@ekman.example", secret}) {
			t.Errorf("it went to %v", got.To)
		}
		if r := ourReceived(t, got.Data); strings.Contains(r, " for ") || strings.Contains(r, "\tfor ") || strings.Contains(r, "ekman") {
			t.Errorf("Received names a recipient:\n%s", r)
		}
		s.noSecret()

		one := blind(ordinary)
		one.to = one.to[:1]
		s.mustSend(one)
		got = s.hop.Wait(t, 2)[1]
		if !strings.Contains(ourReceived(t, got.Data), "for <karin@ekman.example>") {
			t.Error("Received does not name the only recipient")
		}
	})
}

func TestE2EBccQueued(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: quickRetry, hop: testkit.SinkOptions{Script: "rcpt " + secret + " x2: 450 4.2.1 busy"}})
		s.mustSend(blind(ordinary))
		for _, m := range s.hop.Wait(t, 2) {
			if slices.Contains(m.To, secret) {
				continue
			}
			if strings.Contains(string(m.Data), "secret") {
				t.Errorf("the blind recipient is named in:\n%s", m.Data)
			}
		}
	})
}

func TestE2EBccLevel1(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		m := blind(withCard)
		m.headers = "Bcc: " + secret + "\r\n" // some mail programs leave it in
		s.mustSend(m)
		s.mailTo(secret, "/b/")
		s.openByMail("karin@ekman.example", "/b/").want(http.StatusOK, "4000 0045").never("secret", "1 more", "one more", "Bcc")
		s.openByMail(secret, "/b/").want(http.StatusOK, "4000 0045", "karin@ekman.example").never("Bcc")
		for _, got := range s.hop.Mails() {
			if len(got.To) != 1 {
				t.Errorf("one notice for %v", got.To)
			}
		}
		s.noSecret()
	})
}

func TestE2EBccLevel2(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.mustSend(blind(withPnr))
		_, ask := s.mailTo("johan@norrsund.example", "/s/")
		sender := newBrowser(t)
		sender.get(linkIn(t, ask)).want(http.StatusOK, "karin@ekman.example", secret) // who sent it knows
		form := fieldsOf(sender.body)
		form.Set("n0", "070-174 06 12")
		form.Set("n1", "070-174 06 05")
		sender.post("", form).want(http.StatusOK)
		s.mailTo(secret, "/b/")
		_, notice := s.mailTo("karin@ekman.example", "/b/")
		b := newBrowser(t)
		b.get(linkIn(t, notice)).want(http.StatusOK).never("secret")
		b.post("", nil).want(http.StatusOK).never("secret")
		text := testkit.WaitSMS(t, s.texts, 1)[0]
		if text.To != "+46701740612" || strings.Contains(text.Text, "secret") {
			t.Errorf("the text to %s names more than it should", text.To)
		}
		b.post("", url.Values{"code": {smsCodeForm.FindString(text.Text)}}).want(http.StatusOK, "19890102-2387").never("secret", "1 more", "one more")
		s.noSecret()
	})
}

func TestE2ENullSender(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		m := mail{to: []string{"karin@ekman.example"}, subject: "Automatic answer", body: withPnr}
		s.give(m).want(t, "250 2.0.0 queued as ")
		_, ask := s.mailTo("postmaster@norrsund.example", "/s/") // the author in From
		newBrowser(t).get(linkIn(t, ask)).want(http.StatusOK, "Automatic answer")

		c := s.dial()
		c.envelope("", "karin@ekman.example").want(t, "250 ")
		c.data("From: someone@other.example\r\nTo: karin@ekman.example\r\nSubject: s\r\n\r\nhi\r\n").want(t, "550 5.7.1 ")
		s.idle()
		s.stored(1)
		s.nothingOutside()
	})
}

// A bounce is never answered, whatever becomes of it.
func TestE2ENullSenderIsNeverAnswered(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, hop: testkit.SinkOptions{Script: "rcpt gone@ekman.example: 550 5.1.1 no such user"}})
		s.give(mail{to: []string{"gone@ekman.example"}, subject: "Undeliverable", body: ordinary}).want(t, "250 ")
		s.awaitState("Undeliverable", "gone@ekman.example", message.Bounced)
		s.idle()
		if n := len(s.hop.Mails()); n != 0 {
			t.Errorf("%d answers:\n%s", n, s.hop.Mails()[0].Data)
		}
	})
}

func TestE2EScannerAsksResponsible(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.mustSend(mail{from: "scanner@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Scan", body: withPnr})
		_, ask := s.mailTo("it@norrsund.example", "/s/")
		if !strings.Contains(ask.Text, "scanner@norrsund.example") {
			t.Errorf("the mail does not say which machine sent it:\n%s", ask.Text)
		}
		s.setNumber("it@norrsund.example", "/s/", 0, "070-174 06 12").want(http.StatusOK)
		s.mailTo("karin@ekman.example", "/b/")
		s.mailTo("it@norrsund.example", "+46 70 174 06 12")
		if n := len(s.to("scanner@norrsund.example")); n != 0 {
			t.Errorf("%d mails to the scanner", n)
		}
	})
}

func foreign(c *config.Config) {
	c.SMTP.Networks = []config.Network{{CIDR: netip.MustParsePrefix("127.0.0.1/32"), Foreign: config.AllowForeign}}
}

func TestE2EForeignForward(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, headers, author, asked string
	}{
		{"the Sender", "Sender: <eva@norrsund.example>\r\n", "bo@other.example", "eva@norrsund.example"},
		{"a single From", "", "eva@norrsund.example", "eva@norrsund.example"},
		{"a Sender outside counts for nothing", "Sender: <bo@other.example>\r\n", "eva@norrsund.example", "eva@norrsund.example"},
		{"else the responsible", "", "bo@other.example", "it@norrsund.example"},
		{"two authors are nobody", "", "eva@norrsund.example>, <ann@norrsund.example", "it@norrsund.example"},
	}
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: foreign})
		cl := s.dial()
		for i, c := range cases {
			s.hop.Clear()
			cl.envelope("bo@other.example", "karin@ekman.example").want(t, "250 ")
			cl.data(fmt.Sprintf("From: <%s>\r\nTo: karin@ekman.example\r\nSubject: Fwd\r\nMessage-ID: <f%d@other.example>\r\n%s\r\n%s", c.author, i, c.headers, withPnr)).want(t, "250 2.0.0 queued as ")
			if got := s.hop.Wait(t, 1)[0]; !slices.Equal(got.To, []string{c.asked}) {
				t.Errorf("%s: asked is %v", c.name, got.To)
			}
			s.idle()
			s.nothingOutside()
		}
	})
}

// What a forwarded mail leads to stays inside, also when it fails.
func TestE2EForeignFailureStaysInside(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: foreign, hop: testkit.SinkOptions{Script: "rcpt gone@ekman.example: 550 5.1.1 no such user"}})
		s.give(mail{from: "bo@other.example", to: []string{"gone@ekman.example"}, subject: "Fwd", body: ordinary}).want(t, "250 ")
		s.mailTo("it@norrsund.example", "gone@ekman.example")
		s.idle()
		s.nothingOutside()
	})
}

func TestE2EForeignRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.give(mail{from: "bo@other.example", to: []string{"karin@ekman.example"}, subject: "Fwd", body: ordinary}).want(t, "550 5.7.1 ")
		s.give(mail{from: "bo@sub.norrsund.example", to: []string{"karin@ekman.example"}, subject: "Fwd", body: ordinary}).want(t, "550 5.7.1 ")
		s.give(mail{from: "Bo@NORRSUND.example", to: []string{"karin@ekman.example"}, subject: "Fwd", body: ordinary}).want(t, "250 ")
		s.stored(0)
	})
}
