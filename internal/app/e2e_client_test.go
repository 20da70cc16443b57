package app_test

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit"
)

// A client that is cut off between our commit and our reply sends the message again. It
// gets the id of the first, and nobody gets two notices.
func TestE2EClientCutBeforeReply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body, to string
	}{
		{"level 1", withCard, "karin@ekman.example"},
		{"level 2", withPnr, "johan@norrsund.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, d config.Driver) { cutBeforeReply(t, d, c.body, c.to) })
		})
	}
}

func cutBeforeReply(t *testing.T, d config.Driver, body, notified string) {
	var (
		once sync.Once
		cut  atomic.Pointer[net.Conn]
	)
	s := newSystem(t, setup{driver: d, options: func(o *app.Options) {
		o.Fault = func(point string) {
			if point == "accept.after_commit" {
				once.Do(func() { _ = (*cut.Load()).Close() })
			}
		}
	}})
	m := mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: body, id: "p@norrsund.example"}
	first := s.dial()
	cut.Store(&first.nc)
	first.envelope(m.from, m.to...).want(t, "250 ")
	first.say("DATA").want(t, "354 ")
	first.body(m.raw())
	if _, _, err := first.c.ReadResponse(0); err == nil {
		t.Fatal("there was a reply")
	}
	id := s.find()[0].ID
	if again := s.give(m).want(t, "250 2.0.0 queued as ").idOf(t); again != id {
		t.Errorf("the second is %s, the first %s", again, id)
	}
	s.mailTo(notified, "Payment")
	s.idle()
	if !slices.Contains(s.kinds(id), message.EventRepeated) {
		t.Errorf("no event says so: %v", s.kinds(id))
	}
	s.stored(1)
	if n := len(s.hop.Mails()); n != 1 {
		t.Errorf("%d notices", n)
	}

	// Another text, or another recipient, is another message.
	other := m
	other.body += "PS\r\n"
	if s.give(other).want(t, "250 2.0.0 queued as ").idOf(t) == id {
		t.Error("another text is taken for the same")
	}
	other = m
	other.to = []string{"olle@ekman.example"}
	if s.give(other).want(t, "250 2.0.0 queued as ").idOf(t) == id {
		t.Error("another recipient is taken for the same")
	}
	s.stored(3)
}

// A client that goes away before its final dot has sent nothing.
func TestE2EClientCutInData(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		c := s.dial()
		c.envelope("johan@norrsund.example", "karin@ekman.example").want(t, "250 ")
		c.say("DATA").want(t, "354 ")
		if err := c.c.PrintfLine("Subject: half\r\n\r\n%s", withCard); err != nil {
			t.Fatal(err)
		}
		c.close()
		s.mustSend(lunch("karin@ekman.example"))
		s.hop.Wait(t, 1)
		s.idle()
		if n := len(s.hop.Mails()); n != 1 {
			t.Errorf("%d mails", n)
		}
		s.stored(0)
	})
}

// Everything that a client may get wrong, with the exact reply, and nothing kept.
func TestE2EBadInput(t *testing.T) {
	t.Parallel()
	const head = "From: johan@norrsund.example\r\nTo: karin@ekman.example\r\nSubject: s\r\n"
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		for _, c := range []struct {
			name, from, to, raw, want string
		}{
			{"an address with a newline", "johan@norrsund.example", "karin@ekman.example>\nRCPT TO:<x@y.example", "", "500 5.5.2 "},
			{"an address with a CR", "johan@norrsund.example", "karin@ekman.example\r.", "", "500 5.5.2 "},
			{"a bare CR behind a dot", "johan@norrsund.example", "karin@ekman.example", head + "\r\na\r\n.\rX\r\n", "550 5.5.2 "},
			{"a bare LF", "johan@norrsund.example", "karin@ekman.example", head + "\r\na\n.\nMAIL FROM:<x@norrsund.example>\r\n", "550 5.5.2 "},
			{"another organisation", "johan@other.example", "karin@ekman.example", "", "550 5.7.1 "},
			{"nobody", "johan@norrsund.example", "", "", "501 5.1.3 "},
		} {
			cl := s.dial()
			r := cl.envelope(c.from, c.to)
			if r.ok() {
				cl.say("DATA").want(t, "354 ")
				if _, err := cl.nc.Write([]byte(c.raw + "\r\n.\r\n")); err != nil {
					t.Fatal(err)
				}
				r = cl.reply()
			}
			if !strings.HasPrefix(string(r), c.want) {
				t.Errorf("%s: want %s, have %s", c.name, c.want, r)
			}
			cl.close()
		}
		s.idle()
		s.stored(0)
		if n := len(s.hop.Mails()); n != 0 {
			t.Errorf("%d mails", n)
		}
	})
}

// Odd messages get a verdict, never an error: what can be read passes as it is, what
// cannot is sealed.
func TestE2EOddMessages(t *testing.T) {
	t.Parallel()
	const head = "From: johan@norrsund.example\r\nTo: karin@ekman.example\r\n"
	deep := func(n int) string {
		var b strings.Builder
		b.WriteString(head + "Subject: deep\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n")
		for i := range n {
			k := strconv.Itoa(i)
			b.WriteString("--b" + k + "\r\nContent-Type: multipart/mixed; boundary=b" + strconv.Itoa(i+1) + "\r\n\r\n")
		}
		return b.String()
	}
	cases := []odd{
		{"no header", "\r\nonly text\r\n", false},
		{"no header and no empty line", "only text\r\n", false},
		{"empty", "", false},
		{"only a header", head + "Subject: s\r\n", false},
		{"a line of 100 KB", head + "Subject: long\r\n\r\n" + strings.Repeat("word ", 20<<10) + "\r\n", false},
		{"a header line of 100 KB", head + "Subject: s\r\nX-Long: " + strings.Repeat("word ", 20<<10) + "\r\n\r\nok\r\n", false},
		{"dots", head + "Subject: dots\r\n\r\n.\r\n..\r\n...a\r\n.b\r\n\r\n.", false},
		{"10,000 nested parts", deep(10_000), true},
		{"malformed MIME", head + "Subject: s\r\nContent-Type: multipart/mixed\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", true},
		{"unknown charset", head + "Subject: s\r\nContent-Type: text/plain; charset=x-unheard-of\r\n\r\nWhat \xe5\xe4\xf6 is \x80\x9f\r\n", true},
	}
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		for _, c := range cases {
			t.Log(c.name)
			oddMessage(t, s, c.raw, c.sealed)
		}
	})
}

// odd is a message, and whether it is sealed.
type odd struct {
	name, raw string
	sealed    bool
}

func oddMessage(t *testing.T, s *system, raw string, sealed bool) {
	before := len(s.find())
	s.hop.Clear()
	c := s.dial()
	c.envelope("johan@norrsund.example", "karin@ekman.example").want(t, "250 ")
	c.data(raw).want(t, "250 ")
	got := s.hop.Wait(t, 1)[0]
	s.idle()
	if sealed {
		s.stored(before + 1)
		if n := len(s.hop.Mails()); n != 1 || !strings.HasPrefix(got.From, "b+") {
			t.Errorf("not a notice alone, but %d mails from %q", n, got.From)
		}
		return
	}
	s.stored(before)
	if raw != "" && !strings.HasSuffix(raw, "\r\n") {
		raw += "\r\n"
	}
	if have := string(withoutReceived(t, got.Data)); have != raw {
		t.Errorf("want %d octets, have %d:\n%.400q\n%.400q", len(raw), len(have), raw, have)
	}
}

// What was stored because the next hop was away or silent, and is sent again once it is
// back (our reply was lost), does not go straight on as a second copy: not while the first
// waits for it, and not when another process is asked.
func TestE2ESentAgainWhenHopIsBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, script string }{
		{"away", "mail x1: 421 4.3.2 away"},
		{"silent after the dot", "final x1: silent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, d config.Driver) { sentAgain(t, d, c.script) })
		})
	}
}

func sentAgain(t *testing.T, d config.Driver, script string) {
	s := newSystem(t, setup{driver: d, change: quickRetry, options: impatient, hop: testkit.SinkOptions{Script: script}})
	m := lunch("karin@ekman.example")
	id := s.give(m).want(t, "250 2.0.0 queued as ").idOf(t)
	again := func(when string) {
		t.Helper()
		if have := s.give(m).want(t, "250 2.0.0 queued as ").idOf(t); have != id {
			t.Errorf("%s it is %s, and the first %s", when, have, id)
		}
	}
	again("while the first waits")
	s.hop.Release()
	s.hop.Wait(t, 1)
	s.awaitState("Lunch", "karin@ekman.example", message.Delivered)
	again("when it has arrived")
	s.restart()
	again("asked of another process")
	s.idle()
	if n := len(s.hop.Mails()); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
	repeats := 0
	for _, k := range s.kinds(id) {
		if k == message.EventRepeated {
			repeats++
		}
	}
	if repeats != 3 {
		t.Errorf("%d events say so: %v", repeats, s.kinds(id))
	}
	other := m
	other.id = "another@norrsund.example"
	s.give(other).want(t, "250 2.6.0 ")
	s.stored(1)
}
