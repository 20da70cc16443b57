package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sigill/internal/config"
	"sigill/internal/extract"
	"sigill/internal/locale"
	"sigill/internal/message"
	"sigill/internal/store"
	"sigill/internal/testkit"
)

// heldFor stores a message of level 2 whose very subject is something to find, and returns
// the sender's link.
func (s *system) heldFor(from string, to ...string) string {
	s.t.Helper()
	s.mustSend(mail{from: from, to: to, subject: "About 19890102-2387", body: withPnr})
	_, ask := s.mailTo(from, "is waiting for")
	return linkIn(s.t, ask)
}

// end ends the hold of recipients as an administrator does.
func (s *system) end(how string, which []int, step func(m *message.Message, i int) (message.Effects, error)) {
	s.t.Helper()
	err := s.store.Update(s.t.Context(), s.find()[0].ID, func(m *message.Message) (store.Effects, error) {
		var all message.Effects
		for _, i := range which {
			e, err := step(m, i)
			if err != nil {
				return store.Effects{}, err
			}
			all.Add(e)
		}
		all.Add(m.HoldEnded(time.Now(), how, which))
		return store.Effects{Effects: all}, nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// tells fails unless a mail says all of the words, and nothing in which something was found.
func tells(t *testing.T, m *extract.Mail, words ...string) {
	t.Helper()
	for _, text := range []string{strings.Join(strings.Fields(m.Text), " "), locale.Plain(m.HTML)} {
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%q is not in:\n%s", w, text)
			}
		}
		for _, found := range []string{"19890102", "2387"} {
			if strings.Contains(m.Header.Subject+text, found) {
				t.Errorf("%q is in:\n%s", found, text)
			}
		}
	}
}

// onlyTheMessageLeft fails when anything but the message itself went outside.
func (s *system) onlyTheMessageLeft() {
	s.t.Helper()
	for _, m := range s.hop.Mails() {
		outside := slices.ContainsFunc(m.To, func(a string) bool { return !strings.HasSuffix(a, "@norrsund.example") })
		if outside && (!strings.Contains(string(m.Data), withPnr) || strings.Contains(string(m.Data), s.base)) {
			s.t.Errorf("this left for %v:\n%s", m.To, m.Data)
		}
	}
}

// What its sender lets go cannot be called back, and is told to the sender: somebody else
// may have had the link.
func TestE2EReleasedBySender(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) { c.Organisation.StaffPhone = "0600-12 34 99" }})
		link := s.heldFor("johan@norrsund.example", "karin@ekman.example", "olle@ekman.example")
		b := newBrowser(t)
		b.post(link+"/release", url.Values{"why": {"19890102-2387 is an example"}}).want(http.StatusOK)
		_, told := s.mailTo("johan@norrsund.example", "Sent without protection")
		tells(t, told, "It left without protection today", "cannot be undone", "The subject is not shown here",
			"karin@ekman.example", "olle@ekman.example", "Was it not you?", "Call IT support on 0600-12 34 99 now.")
		for _, to := range []string{"karin@ekman.example", "olle@ekman.example"} {
			s.mailTo(to, "19890102-2387")
			s.awaitState("About 19890102-2387", to, message.Delivered)
		}
		s.idle()
		newBrowser(t).get(linkIn(t, told)).want(http.StatusOK, "karin@ekman.example") // also when all is over
		if n := len(s.to("johan@norrsund.example")); n != 2 {
			t.Errorf("%d mails to the sender", n)
		}
		s.onlyTheMessageLeft()
	})
}

// Who is asked is told: never a sender outside.
func TestE2EReleasedOfForeign(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: foreign})
		c := s.dial()
		c.envelope("bo@other.example", "karin@ekman.example").want(t, "250 ")
		c.data("From: eva@norrsund.example\r\nTo: karin@ekman.example\r\nSubject: Fwd\r\n\r\n"+withPnr).want(t, "250 2.0.0 queued as ")
		_, ask := s.mailTo("eva@norrsund.example", "/s/")
		newBrowser(t).post(linkIn(t, ask)+"/release", url.Values{"why": {"example"}}).want(http.StatusOK)
		s.mailTo("eva@norrsund.example", "Sent without protection")
		s.mailTo("karin@ekman.example", "19890102-2387")
		s.idle()
		s.onlyTheMessageLeft()
	})
}

func TestE2EReleasedByAdmin(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.heldFor("johan@norrsund.example", "karin@ekman.example", "olle@ekman.example")
		s.end(message.RefReleasedByAdmin, []int{1}, func(m *message.Message, i int) (message.Effects, error) {
			return m.Release(time.Now(), i, "19890102-2387 is an example")
		})
		_, told := s.mailTo("johan@norrsund.example", "Sent without protection")
		tells(t, told, "an administrator found that it is not sensitive", "cannot be undone", "olle@ekman.example", "Tell IT support now.")
		if strings.Contains(told.Text+told.HTML, "karin@ekman.example") {
			t.Errorf("it names who is still waiting:\n%s", told.Text)
		}
		s.mailTo("olle@ekman.example", "19890102-2387")
		s.idle()
		s.onlyTheMessageLeft()
	})
}

// What an administrator stops, its sender hears of and can take up again.
func TestE2EDroppedByAdmin(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.heldFor("johan@norrsund.example", "karin@ekman.example", "olle@ekman.example")
		s.end(message.RefDropped, []int{0}, func(m *message.Message, i int) (message.Effects, error) {
			return m.Cancel(time.Now(), i, message.EventDropped, message.DefaultTerms())
		})
		_, told := s.mailTo("johan@norrsund.example", "Stopped by an administrator")
		tells(t, told, "An administrator stopped it before it left.", "The subject is not shown here", "karin@ekman.example", "Send it after all", "Ask IT support.")
		if strings.Contains(told.Text+told.HTML, "olle@ekman.example") {
			t.Errorf("it names who is still waiting:\n%s", told.Text)
		}
		b := newBrowser(t)
		b.post(linkIn(t, told)+"/restore", url.Values{"who": {"0"}}).want(http.StatusOK, "karin@ekman.example", "olle@ekman.example")
		s.awaitState("About 19890102-2387", "karin@ekman.example", message.Held)
		s.idle()
		s.nothingOutside()
	})
}

// Where nothing can be taken back, the end of a hold purges at once. It is told all the
// same, for those whose time is over only.
func TestE2EHoldRunsOutWithoutGrace(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		clock := testkit.NewClock(time.Now())
		s := newSystem(t, setup{driver: d, now: clock.Now, change: func(c *config.Config) { c.Messages.Grace, c.Messages.HoldReminders = 0, nil }})
		s.heldFor("johan@norrsund.example", "karin@ekman.example")
		s.idle()
		clock.Add(6 * 24 * time.Hour)
		_, told := s.mailTo("johan@norrsund.example", "The wait is over")
		tells(t, told, "karin@ekman.example", "send the mail anew")
		s.awaitState("About 19890102-2387", "karin@ekman.example", message.Purged)
		newBrowser(t).get(linkIn(t, told)).want(http.StatusOK)
		s.idle()
		s.nothingOutside()
	})
}
