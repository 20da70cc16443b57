package app_test

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit"
)

// ownMailSystem has an organisation whose very name is something to find, so that each
// of its notices would be sealed if it were read.
func ownMailSystem(t *testing.T, d config.Driver) (*system, testkit.Mail) {
	t.Helper()
	s := newSystem(t, setup{driver: d, change: func(c *config.Config) { c.Organisation.Name = "Card 4000 0045 6649 2470" }})
	s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard})
	notice, _ := s.mailTo("karin@ekman.example", "/b/")
	s.idle()
	if !bytes.Contains(notice.Data, []byte("4000 0045 6649 2470")) {
		t.Fatalf("the notice does not name the organisation:\n%s", notice.Data)
	}
	return s, notice
}

// back gives a mail of ours to the gateway again, as a split set-up does.
func (s *system) back(m testkit.Mail, to string) replied {
	s.t.Helper()
	c := s.dial()
	defer c.close()
	if r := c.envelope(m.From, to); !r.ok() {
		return r
	}
	return c.data(string(m.Data))
}

func TestE2EOwnMailComesBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, notice := ownMailSystem(t, d)
		s.back(notice, "karin@ekman.example").want(t, "250 2.6.0 ")
		got := s.hop.Wait(t, 2)[1]
		if !bytes.Equal(withoutReceived(t, got.Data), notice.Data) || got.From != notice.From {
			t.Error("it did not pass as it is")
		}
		s.stored(1)
	})
}

func TestE2EOwnMailChanged(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, to string
		change   func(raw string) string
	}{
		{"a byte of the text", "karin@ekman.example", func(raw string) string {
			i := strings.LastIndex(raw, "</html>")
			return raw[:i] + "</htmm>" + raw[i+len("</html>"):]
		}},
		{"a byte of the mark", "karin@ekman.example", func(raw string) string {
			i := strings.Index(raw, "Sigill-Own: ")
			dot := i + strings.IndexByte(raw[i:], '.') + 1
			other := byte('A')
			if raw[dot] == 'A' {
				other = 'B'
			}
			return raw[:dot] + string(other) + raw[dot+1:]
		}},
		{"the Message-ID", "karin@ekman.example", func(raw string) string {
			return strings.Replace(raw, "Message-Id: <", "Message-Id: <x", 1)
		}},
		{"another recipient", "olle@ekman.example", func(raw string) string { return raw }},
	}
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, notice := ownMailSystem(t, d)
		for i, c := range cases {
			changed := []byte(c.change(string(notice.Data)))
			if bytes.Equal(changed, notice.Data) && c.to == "karin@ekman.example" {
				t.Fatalf("%s: nothing was changed", c.name)
			}
			s.back(testkit.Mail{From: notice.From, Data: changed}, c.to).want(t, "250 2.0.0 queued as ")
			for _, m := range s.stored(2 + i) {
				if m.Decision.Verdict < message.Level1 {
					t.Errorf("%s: the verdict is %s", c.name, m.Decision.Verdict)
				}
			}
		}
	})
}

// answered is a sealed message whose notice went out, and the envelope sender of that.
func answered(t *testing.T, d config.Driver) (s *system, to string) {
	t.Helper()
	s = newSystem(t, setup{driver: d, change: func(c *config.Config) {
		c.SMTP.Networks = []config.Network{{CIDR: netip.MustParsePrefix("127.0.0.1/32")}}
	}})
	s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard})
	notice, _ := s.mailTo("karin@ekman.example", "/b/")
	s.awaitState("Payment", "karin@ekman.example", message.Notified)
	s.idle()
	if !strings.HasPrefix(notice.From, "b+") || !strings.HasSuffix(notice.From, "@norrsund.example") {
		t.Fatalf("the notice has the envelope sender %q", notice.From)
	}
	return s, notice.From
}

// stranger gives a mail from an address that is not listed.
func (s *system) stranger(from, to, raw string) replied {
	s.t.Helper()
	c := s.dialFrom("127.0.0.2")
	defer c.close()
	if r := c.envelope(from, to); !r.ok() {
		return r
	}
	return c.data(raw)
}

const outOfOffice = "From: Karin <karin@ekman.example>\r\nTo: secure-mail@norrsund.example\r\nSubject: Out of office\r\n" +
	"Auto-Submitted: auto-replied\r\n\r\nI am back on Monday.\r\n"

func failedDSN(original string) string {
	return "From: MAILER-DAEMON@ekman.example\r\nTo: " + original + "\r\nSubject: Undelivered\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n" +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.ekman.example\r\n\r\n" +
		"Final-Recipient: rfc822; karin@ekman.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
}

func TestE2EOutOfOfficeIsDropped(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, to := answered(t, d)
		before := s.kinds(s.find()[0].ID)
		for _, from := range []string{"", "karin@ekman.example"} {
			s.stranger(from, to, outOfOffice).want(t, "250 ")
		}
		s.stranger("", to, strings.Replace(failedDSN(to), "Action: failed", "Action: delayed", 1)).want(t, "250 ")
		s.idle()
		m := s.stored(1)[0]
		if m.Recipients[0].State != message.Notified || !slices.Equal(s.kinds(m.ID), before) {
			t.Errorf("it stands as %s, with events %v", m.Recipients[0].State, s.kinds(m.ID))
		}
		if n := len(s.hop.Mails()); n != 1 {
			t.Errorf("%d mails left", n)
		}
	})
}

func TestE2EBounceOfNotice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, to := answered(t, d)
		s.stranger("", to, failedDSN(to)).want(t, "250 ")
		m := s.awaitState("Payment", "karin@ekman.example", message.NoticeBounced)
		if !slices.Contains(s.kinds(m.ID), message.EventNoticeBounced) {
			t.Error("no event says so")
		}
		_, told := s.mailTo("johan@norrsund.example", "karin@ekman.example")
		if strings.Contains(told.Text, "4000 0045") {
			t.Error("content in the mail to the sender")
		}
		s.stranger("", to, failedDSN(to)).want(t, "250 ") // twice is once
		s.idle()
		if n := len(s.to("johan@norrsund.example")); n != 1 {
			t.Errorf("the sender was told %d times", n)
		}
	})
}

func TestE2EPersonAnswersNotice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, to := answered(t, d)
		reply := "From: Karin <karin@ekman.example>\r\nTo: secure-mail@norrsund.example\r\nSubject: Re: Payment\r\n\r\nMy own number is 19890102-2387.\r\n"
		s.stranger("karin@ekman.example", to, reply).want(t, "550 5.7.1 This address takes no answers; please write to the sender")
		s.idle()
		m := s.stored(1)[0]
		if m.Recipients[0].State != message.Notified || len(s.hop.Mails()) != 1 {
			t.Errorf("it stands as %s, %d mails left", m.Recipients[0].State, len(s.hop.Mails()))
		}
	})
}

func TestE2EStrangersMayOnlyAnswer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s, to := answered(t, d)
		forged := strings.Replace(to, ".", ".a", 1)
		other := "b+" + strings.Repeat("a", 26) + to[strings.IndexByte(to, '.'):]
		for _, a := range []string{"karin@ekman.example", "johan@norrsund.example", "b+x@norrsund.example", forged, other, strings.Replace(to, "@norrsund", "@ekman", 1)} {
			for _, from := range []string{"", "johan@norrsund.example", "karin@ekman.example"} {
				s.stranger(from, a, outOfOffice).want(t, "550 5.7.1 ")
			}
		}
		s.stored(1)
		if n := len(s.hop.Mails()); n != 1 {
			t.Errorf("%d mails left", n)
		}
	})
}

func TestE2ELoop(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.give(lunch("karin@ekman.example", "olle@ekman.example")).want(t, "250 ")
		first := s.hop.Wait(t, 1)[0]
		for _, to := range []string{"karin@ekman.example", "Olle@EKMAN.example"} {
			s.back(first, to).want(t, "554 5.4.6 ")
		}
		s.back(first, "eva@ekman.example").want(t, "250 ") // the same message to somebody else is no loop
		other := first
		other.Data = bytes.Replace(first.Data, []byte("lunch@norrsund"), []byte("other@norrsund"), 1)
		s.back(other, "karin@ekman.example").want(t, "250 ") // nor is an answer that quotes our field

		many := testkit.Mail{From: "johan@norrsund.example", Data: []byte(strings.Repeat("Received: from a by b; Mon, 23 Nov 2026 15:41:00 +0100\r\n", 51) + lunch("karin@ekman.example").raw())}
		s.back(many, "karin@ekman.example").want(t, "554 5.4.6 ")
		many.Data = many.Data[bytes.IndexByte(many.Data, '\n')+1:]
		s.back(many, "karin@ekman.example").want(t, "250 ") // fifty are allowed
		s.stored(0)
	})
}
