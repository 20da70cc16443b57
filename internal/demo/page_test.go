package demo

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"sigill/internal/message"
)

// words counts what a reader meets inside main: not letters, not what only a screen
// reader hears.
func words(n *html.Node, inMain bool) (count int) {
	if n.Type == html.ElementNode {
		inMain = inMain || n.Data == "main"
		for _, a := range n.Attr {
			if a.Key == "class" && slices.ContainsFunc(strings.Fields(a.Val), func(c string) bool { return c == "letter" || c == "hidden" }) {
				return 0
			}
		}
	}
	if n.Type == html.TextNode && inMain {
		count = len(strings.Fields(n.Data))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		count += words(c, inMain)
	}
	return count
}

// TestTextBudget holds the page to what one reads at a glance, after two samples: what
// follows is one's own doing.
func TestTextBudget(t *testing.T) {
	t.Parallel()
	const most = 320
	d := inside(t)
	for _, s := range []sample{samples[0], samples[3]} {
		l, err := s.letter(newWords(t, "en"))
		if err == nil {
			err = d.sendAndWait(t.Context(), l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, lang := range d.words.Languages() {
		_, body := get(t, newClient(t), d.base+"/?lang="+lang)
		root, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if n := words(root, false); n < most/3 || n > most {
			t.Errorf("%s: %d words, at most %d", lang, n, most)
		}
	}
}

// TestLanguage: what is asked for stays, on the demo's page and on the portal's; without
// it the browser's counts.
func TestLanguage(t *testing.T) {
	t.Parallel()
	d := inside(t)
	c := newClient(t)
	in := func(url, lang string) {
		t.Helper()
		if _, body := get(t, c, url); !strings.Contains(body, `<html lang="`+lang+`">`) {
			t.Errorf("%s is not in %s", url, lang)
		}
	}
	in(d.base+"/", "en")
	in(d.base+"/?lang=nl", "nl")
	in(d.base+"/", "nl")
	in(d.base+"/b/00000000000000000000000000000000", "nl")
	in(d.base+"/b/00000000000000000000000000000000?lang=sv", "sv")
	in(d.base+"/", "sv")
	in(d.base+"/?lang=xx", "en")
}

// TestShowMail shows a notice as a mail program would, and any mail as it went.
func TestShowMail(t *testing.T) {
	t.Parallel()
	d := inside(t)
	c := newClient(t)
	_, body := post(t, c, d.base+"/demo/send?lang=sv", "sample=card")
	link := regexp.MustCompile(`/demo/mail/[0-9]+`).FindString(body)
	if link == "" {
		t.Fatalf("no mail on the page:\n%s", body)
	}
	if _, page := get(t, c, d.base+link); !strings.Contains(page, `src="`+link+`/html"`) || !strings.Contains(page, "karin@ekman.example") {
		t.Errorf("mail:\n%s", page)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.base+link+"/html", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "sandbox ") || strings.Contains(policy, "script") {
		t.Errorf("policy of the frame: %s", policy)
	}
	if _, raw := get(t, c, d.base+link+"/raw"); !strings.Contains(raw, "Sigill-Own: ") {
		t.Errorf("source:\n%s", raw)
	}
	for _, gone := range []string{"/demo/mail/999", "/demo/mail/x/raw", "/demo/mail/-1/html"} {
		if status, page := get(t, c, d.base+gone); status != http.StatusOK || !strings.Contains(page, `action="/demo/send"`) {
			t.Errorf("%s: %d, not the page", gone, status)
		}
	}
}

func newPrinter(t *testing.T, lang string) *printer {
	t.Helper()
	return &printer{newWords(t, lang), time.UTC}
}

func TestWords(t *testing.T) {
	t.Parallel()
	en, sv := newPrinter(t, "en"), newPrinter(t, "sv")
	at := time.Date(2026, 11, 24, 14, 20, 31, 0, time.UTC)
	for _, tc := range []struct{ name, have, want string }{
		{"time en", en.Time(at), "14:20:31"},
		{"time sv", sv.Time(at), "14.20.31"},
		{"first name", firstName("karin.ekman@home.example"), "Karin"},
		{"first name beyond ASCII", firstName("åsa@home.example"), "Åsa"},
		{"no name", firstName("@home.example"), ""},
		{"text", textTitle(en, "482913 is your code for the message from A, marked B7. Valid until 14:30."), "Code 482913, mark B7"},
		{"other text", textTitle(en, "hello"), "Text"},
		{"place", place(en, "subject"), "in the subject"},
		{"place in a sheet", place(en, "att[2]/lista.xlsx!Blad1"), "in the file lista.xlsx"},
		{"place with a masked name", place(en, "att[2]/******.xlsx"), "in the attachment"},
		{"place in text", place(en, "body/html"), "in the text"},
		{"rejected sum", whyNot(en, "checksum se.personnummer"), "wrong check digit"},
		{"rejected word", whyNot(en, "near order"), "stands near “order”"},
		{"rejected alone", whyNot(en, "no context"), "nothing speaks for it"},
		{"rejected example", whyNot(en, "excluded value"), "an example"},
		{"rejected part", whyNot(en, "part of pay.card"), ""},
		{"rejected form", whyNot(en, "boundary"), "another form"},
		{"rejected doubt", whyNot(en, "confidence low"), "too uncertain"},
		{"windows", inWindows(`<html><head lang="sv"><title>`), `<html><head lang="sv"><base target="_blank"><title>`},
		{"windows without a head", inWindows(`<header>a`), `<base target="_blank"><header>a`},
	} {
		if tc.have != tc.want {
			t.Errorf("%s: want %q, have %q", tc.name, tc.want, tc.have)
		}
	}
}

// TestEventWords: every kind of event and every state has its words.
func TestEventWords(t *testing.T) {
	t.Parallel()
	d := inside(t)
	for _, kind := range []message.EventKind{
		message.EventAccepted, message.EventDecided, message.EventRepeated, message.EventQueued, message.EventDeferred, message.EventDelivered,
		message.EventBounced, message.EventDelayed, message.EventSealed, message.EventNotified, message.EventReminded, message.EventNoticeBounced,
		message.EventHeld, message.EventAsked, message.EventNumberSet, message.EventNumberUndone, message.EventNotMine, message.EventDropped,
		message.EventReleased, message.EventCancelled, message.EventCodeAsked, message.EventCodeSent, message.EventCodeFailed, message.EventCodeWrong,
		message.EventLocked, message.EventOpened, message.EventDownloaded, message.EventExpired, message.EventRevoked, message.EventRenewed, message.EventPurged,
	} {
		if !d.words.Has("demo.event." + string(kind)) {
			t.Errorf("no words for event %s", kind)
		}
	}
	for _, s := range standing {
		if !d.words.Has("demo.state." + s.String()) {
			t.Errorf("no words for state %s", s)
		}
	}
}

// TestTimeline puts what happened in one second into one line, newest first.
func TestTimeline(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 14, 20, 31, 0, time.UTC)
	to, err := message.ParseAddress("karin@ekman.example")
	if err != nil {
		t.Fatal(err)
	}
	m := &message.Message{Recipients: []message.Recipient{{Address: to}}}
	have := timeline(newPrinter(t, "en"), m, []message.Event{
		{Recipient: message.All, At: at, Kind: message.EventDecided},
		{Recipient: 0, At: at.Add(time.Millisecond), Kind: message.EventSealed},
		{Recipient: 0, At: at.Add(2 * time.Second), Kind: message.EventOpened},
	})
	if len(have) != 2 || have[0].Text != "Karin opened it" || have[1].Text != "Judged, sealed" {
		t.Errorf("have %+v", have)
	}
}
