package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit"
)

// holdsNothing fails when a job in the store is leased: what was accepted would wait for
// a node that has ended. Every test of the whole ends with it.
func (s *system) holdsNothing() {
	s.t.Helper()
	ctx := context.Background() // a test's own is over when it is cleaned up
	if s.store.Ping(ctx) != nil {
		return // the test took the store away: nothing can be given back
	}
	n, err := s.held(ctx)
	if err != nil || n != 0 {
		s.t.Errorf("a stopped node holds %d jobs: %v", n, err)
	}
}

// held counts the jobs that are somebody's, past the store.
func (s *system) held(ctx context.Context) (n int, err error) {
	const query = "select count(*) from jobs where owner <> ''"
	if s.cfg.Store.Driver == config.Postgres {
		c, err := pgx.Connect(ctx, s.cfg.Store.URL.Reveal())
		if err != nil {
			return 0, err
		}
		defer c.Close(ctx)
		err = c.QueryRow(ctx, query).Scan(&n)
		return n, err
	}
	db, err := sql.Open("sqlite", s.cfg.Store.Path)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

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

// A session that breaks between the commit and the moment when its jobs are handed to the
// worker leaves them to a lease of this node; an orderly end gives it back, so that the
// next process goes on at once.
func TestE2EDrainGivesBackWhatNobodyWorks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		broken := true
		s := newSystem(t, setup{driver: d, options: func(o *app.Options) {
			o.Fault = func(point string) {
				if broken && point == "accept.after_commit" {
					panic("a fault in the program")
				}
			}
		}})
		s.give(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard}).want(t, "4")
		s.stored(1)
		s.stop()
		broken = false
		s.startAgain()
		s.mailTo("karin@ekman.example", "/b/")
		s.awaitState("Payment", "karin@ekman.example", message.Notified)
	})
}

// An end in the middle of everything, in each of several tries at another place: every 250
// holds, and the next process has nothing to wait for.
func TestE2EDrainUnderLoad(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) {
			quickRetry(c)
			c.SMTP.Listen = []string{"127.0.0.11:0"} // nobody else takes its port while it is down
		}})
		s.cfg.SMTP.Listen = []string{s.smtp}
		s.hop.Stop() // all of it goes through the store
		taken := map[string]bool{}
		for try := range 3 {
			for _, id := range s.giveUntilTheEnd(try) {
				taken[id] = true
			}
			s.startAgain()
		}
		s.hop.Start(t)
		s.hop.Wait(t, len(taken))
		s.idle()
		for _, m := range s.hop.Mails() {
			if id := keyed.FindSubmatch(m.Data); id != nil {
				delete(taken, string(id[1]))
			}
		}
		if len(taken) > 0 {
			t.Errorf("%d got their 250 and did not arrive: %v", len(taken), taken)
		}
	})
}

// giveUntilTheEnd has clients give mail while the gateway is stopped, and returns the ids
// of what was taken.
func (s *system) giveUntilTheEnd(try int) []string {
	s.t.Helper()
	var mu sync.Mutex
	var taken []string
	enough := make(chan struct{})
	var clients sync.WaitGroup
	for k := range 4 {
		clients.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("k%d%d%04d", try, k, i)
				m := lunch("karin@ekman.example")
				m.id = id + "@norrsund.example"
				c, err := smtp.Dial(s.smtp)
				if err != nil {
					return
				}
				err = c.SendMail(m.from, m.recipients(), strings.NewReader(m.raw()))
				_ = c.Close()
				if err != nil {
					return
				}
				mu.Lock()
				taken = append(taken, id)
				if len(taken) == 20 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	s.stop()
	clients.Wait()
	return taken
}
