package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit"
)

const (
	ordinary = "Hello Karin,\r\n\r\nshall we have lunch on Thursday?\r\n"
	withCard = "The payment with card 4000 0045 6649 2470 was refunded.\r\n"
	withPnr  = "Referral for personnummer 19890102-2387.\r\n"
)

func TestE2EOrdinaryMailPasses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		m := mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Lunch", body: ordinary}
		m.id = "lunch@norrsund.example"
		raw := m.raw()
		s.mustSend(m)
		got := s.hop.Wait(t, 1)[0]
		received, rest, ok := strings.Cut(string(got.Data), "\r\nFrom:")
		if !ok || !strings.HasPrefix(received, "Received: ") || "From:"+rest != raw {
			t.Errorf("want one Received field and the same bytes, have:\n%s", got.Data)
		}
		s.stored(0)
	})
}

func TestE2ELevel1(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Your payment", body: withCard})
		_, notice := s.mailTo("karin@ekman.example", "/b/")
		if strings.Contains(notice.Text+notice.HTML, "4000 0045") {
			t.Fatal("content in the notice")
		}
		b := newBrowser(t)
		link := linkIn(t, notice)
		before := len(s.hop.Mails())
		b.get(link).want(http.StatusOK, "Your payment", "johan@norrsund.example").never("4000 0045", "karin@ekman.example")
		b.post("", nil).want(http.StatusOK)
		if len(s.hop.Mails()) < before {
			t.Fatal("mails vanished")
		}
		_, code := s.mailTo("karin@ekman.example", "Copy this password")
		password := passwordForm.FindString(code.Text)
		b.post("", url.Values{"code": {"wrongwrong22"}}).want(http.StatusUnprocessableEntity).never("4000 0045")
		b.post("", url.Values{"code": {password}}).want(http.StatusOK, "4000 0045 6649 2470")
		m := s.stored(1)[0]
		if got := m.Recipients[0].State; got != message.Opened {
			t.Errorf("state %s", got)
		}
		newBrowser(t).get(b.at).never("4000 0045") // the address of the reader alone opens nothing
	})
}

func TestE2ELevel2(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Referral", body: withPnr})
		_, ask := s.mailTo("johan@norrsund.example", "/s/")
		if strings.Contains(ask.Text+ask.HTML, "19890102") {
			t.Fatal("content in the mail to the sender")
		}
		sender := newBrowser(t)
		sender.get(linkIn(t, ask)).want(http.StatusOK, "Referral", "karin@ekman.example")
		form := fieldsOf(sender.body)
		form.Set(nameLike(t, form, "n"), "070-174 06")
		sender.post("", form).want(http.StatusUnprocessableEntity, "070-174 06")
		form.Set(nameLike(t, form, "n"), "070-174 06 12")
		sender.post("", form).want(http.StatusOK)

		_, notice := s.mailTo("karin@ekman.example", "/b/")
		b := newBrowser(t)
		b.get(linkIn(t, notice)).want(http.StatusOK, "+4•••••••612").never("19890102", "70174")
		b.post("", nil).want(http.StatusOK)
		text := testkit.WaitSMS(t, s.texts, 1)[0]
		if text.To != "+46701740612" {
			t.Errorf("the text went to %s", text.To)
		}
		b.post("", url.Values{"code": {smsCodeForm.FindString(text.Text)}}).want(http.StatusOK, "19890102-2387")
		s.mailTo("johan@norrsund.example", "+46 70 174 06 12") // what was set, with undo

		// The number is remembered: the next message leaves at once.
		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Another", body: withPnr})
		s.mailTo("karin@ekman.example", "Another")
	})
}
