package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
	"sigill/internal/testkit"
)

// replied is a whole reply: "250 2.0.0 queued as ...".
type replied string

// client speaks SMTP line by line, where go-smtp's would hide what is on the wire.
type client struct {
	t  *testing.T
	nc net.Conn
	c  *textproto.Conn
}

// dial connects from 127.0.0.1, a listed network unless a test says otherwise.
func (s *system) dial() *client { return s.dialFrom("127.0.0.1") }

func (s *system) dialFrom(ip string) *client {
	s.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	nc, err := d.DialContext(s.t.Context(), "tcp", s.smtp)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &client{t: s.t, nc: nc, c: textproto.NewConn(nc)}
	s.t.Cleanup(c.close)
	if err := nc.SetDeadline(time.Now().Add(testkit.Patience)); err != nil {
		s.t.Fatal(err)
	}
	c.reply()
	c.say("EHLO client.example")
	return c
}

func (c *client) close() { _ = c.c.Close() }

// reply reads one reply; its lines are joined.
func (c *client) reply() replied {
	c.t.Helper()
	code, text, err := c.c.ReadResponse(0)
	if err != nil {
		c.t.Fatalf("read reply: %v", err)
	}
	return replied(fmt.Sprintf("%d %s", code, text))
}

// say sends one command and returns its reply.
func (c *client) say(line string) replied {
	c.t.Helper()
	if err := c.c.PrintfLine("%s", line); err != nil {
		c.t.Fatalf("send: %v", err)
	}
	return c.reply()
}

// envelope sends MAIL and RCPT, and returns the first reply that is not positive.
func (c *client) envelope(from string, to ...string) replied {
	c.t.Helper()
	r := c.say("MAIL FROM:<" + from + ">")
	for _, a := range to {
		if !r.ok() {
			return r
		}
		r = c.say("RCPT TO:<" + a + ">")
	}
	return r
}

// data sends the message and returns the reply to its end.
func (c *client) data(raw string) replied {
	c.t.Helper()
	if r := c.say("DATA"); !strings.HasPrefix(string(r), "354 ") {
		return r
	}
	c.body(raw)
	return c.reply()
}

// body sends the octets of a message, dots stuffed, and the final dot.
func (c *client) body(raw string) {
	c.t.Helper()
	stuffed := strings.ReplaceAll("\r\n"+raw, "\r\n.", "\r\n..")[2:]
	if stuffed != "" && !strings.HasSuffix(stuffed, "\r\n") {
		stuffed += "\r\n"
	}
	if _, err := io.WriteString(c.nc, stuffed+".\r\n"); err != nil {
		c.t.Fatalf("send data: %v", err)
	}
}

func (r replied) ok() bool { return strings.HasPrefix(string(r), "2") }

// give sends one message over a connection of its own and returns the reply that
// decided.
func (s *system) give(m mail) replied {
	s.t.Helper()
	c := s.dial()
	defer c.close()
	if r := c.envelope(m.from, m.recipients()...); !r.ok() {
		return r
	}
	return c.data(m.raw())
}

// want fails unless the reply begins so.
func (r replied) want(t *testing.T, prefix string) replied {
	t.Helper()
	if !strings.HasPrefix(string(r), prefix) {
		t.Fatalf("want %q, have %q", prefix, r)
	}
	return r
}

// idOf returns the id in "250 2.0.0 queued as ID".
func (r replied) idOf(t *testing.T) message.ID {
	t.Helper()
	_, id, ok := strings.Cut(string(r), "queued as ")
	if !ok {
		t.Fatalf("no id in %q", r)
	}
	return message.ID(id)
}

// await looks until a condition holds. It is for what gives no signal: rows of a store
// that other goroutines write.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	end := time.NewTimer(testkit.Patience)
	defer end.Stop()
	for !cond() {
		select {
		case <-look.C:
		case <-end.C:
			t.Fatalf("waited for %s", what)
		}
	}
}

// find lists what is stored.
func (s *system) find() []*message.Message {
	s.t.Helper()
	all, err := s.store.Find(context.WithoutCancel(s.t.Context()), store.Query{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// awaitState waits until a recipient of the only message with that subject stands so.
func (s *system) awaitState(subject, to string, want message.State) *message.Message {
	s.t.Helper()
	var found *message.Message
	await(s.t, fmt.Sprintf("%s to be %s", to, want), func() bool {
		for _, m := range s.find() {
			for i := range m.Recipients {
				r := &m.Recipients[i]
				if m.Subject == subject && r.Address.String() == to && r.State == want {
					found = m
					return true
				}
			}
		}
		return false
	})
	return found
}

// idle waits until nothing is due.
func (s *system) idle() {
	s.t.Helper()
	await(s.t, "an empty queue", func() bool {
		d, err := s.store.Depth(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		return len(d.Due) == 0
	})
}

// kinds lists the events of a message.
func (s *system) kinds(id message.ID) []message.EventKind {
	s.t.Helper()
	events, err := s.store.Events(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	var kinds []message.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// to lists the mails that went to one address.
func (s *system) to(address string) []testkit.Mail {
	var all []testkit.Mail
	for _, m := range s.hop.Mails() {
		if slices.Contains(m.To, address) {
			all = append(all, m)
		}
	}
	return all
}

// nothingOutside fails when a mail went to an address outside the organisation.
func (s *system) nothingOutside() {
	s.t.Helper()
	for _, m := range s.hop.Mails() {
		for _, to := range m.To {
			if !strings.HasSuffix(to, "@norrsund.example") {
				s.t.Errorf("a mail left for %s:\n%s", to, m.Data)
			}
		}
	}
}

// withoutReceived takes our one Received field off a message that passed.
func withoutReceived(t *testing.T, raw []byte) []byte {
	t.Helper()
	if !bytes.HasPrefix(raw, []byte("Received: from ")) {
		t.Fatalf("no Received in front of:\n%.300s", raw)
	}
	rest := raw
	for {
		_, after, ok := bytes.Cut(rest, []byte("\r\n"))
		if !ok {
			t.Fatalf("a Received that does not end:\n%.300s", raw)
		}
		rest = after
		if len(rest) == 0 || rest[0] != ' ' && rest[0] != '\t' {
			return rest
		}
	}
}

// ourReceived is what withoutReceived takes off.
func ourReceived(t *testing.T, raw []byte) string {
	t.Helper()
	return string(raw[:len(raw)-len(withoutReceived(t, raw))])
}

// restart stops the gateway and runs it again by the configuration as it is now.
func (s *system) restart() {
	s.t.Helper()
	s.stop()
	s.startAgain()
}

// startAgain runs a stopped gateway again, with the portal where it was.
func (s *system) startAgain() {
	s.t.Helper()
	web, err := net.FileListener(s.web)
	if err != nil {
		s.t.Fatal(err)
	}
	s.start(web)
}

// admin gets something of the admin listener.
func (s *system) admin(path string) (int, string) {
	s.t.Helper()
	resp, err := http.Get("http://" + s.app.Addr("admin") + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// write makes a file in a folder of the test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openByMail takes a recipient through level 1 up to the reader.
func (s *system) openByMail(to, word string) *browser {
	s.t.Helper()
	_, notice := s.mailTo(to, word)
	b := newBrowser(s.t)
	b.get(linkIn(s.t, notice)).want(http.StatusOK)
	known := len(s.to(to))
	b.post("", nil).want(http.StatusOK)
	s.hop.WaitFor(s.t, "a password for "+to, func(mails []testkit.Mail, _ []string) bool {
		n := 0
		for _, m := range mails {
			if slices.Contains(m.To, to) {
				n++
			}
		}
		return n > known
	})
	_, code := s.mailTo(to, "Copy this password")
	return b.post("", url.Values{"code": {passwordForm.FindString(code.Text)}}).want(http.StatusOK)
}

// setNumber gives one recipient a number on the sender's page.
func (s *system) setNumber(person, word string, which int, number string) *browser {
	s.t.Helper()
	_, ask := s.mailTo(person, word)
	b := newBrowser(s.t)
	b.get(linkIn(s.t, ask)).want(http.StatusOK)
	form := fieldsOf(b.body)
	form.Set(fmt.Sprintf("n%d", which), number)
	return b.post("", form)
}

// policyFor is a small policy with a test of its own.
func policyFor(word string, level int) string {
	return fmt.Sprintf(`version: 1
detectors:
  - {id: word, words: [%s]}
rules:
  - {id: word, when: {detector: word}, level: %d}
tests:
  - {name: hit, body: "a %[1]s here", expect: {verdict: level%[2]d}}
`, word, level)
}
