package app_test

import (
	"io"
	"strings"
	"testing"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit"
)

// An end that comes in the middle of a message waits for it: the client gets its reply,
// and what it was told holds.
func TestE2EDrainInData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"passes", ordinary, "250 2.6.0 "},
		{"is stored", withCard, "250 2.0.0 queued as "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, d config.Driver) { drainInData(t, d, c.body, c.want) })
		})
	}
}

func drainInData(t *testing.T, d config.Driver, body, want string) {
	s := newSystem(t, setup{driver: d})
	idle, busy := s.dial(), s.dial()
	m := mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Drain", body: body}
	busy.envelope(m.from, m.to...).want(t, "250 ")
	busy.say("DATA").want(t, "354 ")
	head, rest, _ := strings.Cut(m.raw(), "\r\n\r\n")
	if _, err := io.WriteString(busy.nc, head+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); s.stop() }()
	idle.reply().want(t, "421 4.3.2 ") // the drain has begun
	busy.body(rest)
	busy.reply().want(t, want)
	<-ended
	s.startAgain()
	if strings.HasPrefix(want, "250 2.6") {
		s.hop.Wait(t, 1)
		s.stored(0)
		return
	}
	s.mailTo("karin@ekman.example", "/b/")
	s.awaitState("Drain", "karin@ekman.example", message.Notified)
}

// A reply that the next hop still owes is given up at the end; the message is tried
// again by the next process.
func TestE2EDrainWithPendingReply(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: quickRetry, options: impatient, hop: testkit.SinkOptions{Script: "final x1: silent"}})
		s.give(lunch("karin@ekman.example")).want(t, "250 2.0.0 queued as ")
		s.restart()
		s.hop.Wait(t, 1)
		s.awaitState("Lunch", "karin@ekman.example", message.Delivered)
		if n := len(s.hop.Mails()); n != 1 {
			t.Errorf("it arrived %d times", n)
		}
	})
}
