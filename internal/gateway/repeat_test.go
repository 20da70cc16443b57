package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

// memoryOf is a store that is asked for repeats alone.
type memoryOf struct {
	store.Store
	answer func(ctx context.Context) (message.ID, error)
	asked  int
}

func (s *memoryOf) Repeated(ctx context.Context, _ string) (message.ID, error) {
	s.asked++
	return s.answer(ctx)
}

func known(context.Context) (message.ID, error)   { return "first", nil }
func unknown(context.Context) (message.ID, error) { return "", store.ErrNotFound }
func down(context.Context) (message.ID, error)    { return "", errors.New("connection refused") }
func silent(ctx context.Context) (message.ID, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

// asking is a gateway over such a store, in the time of a synctest bubble.
func asking(t *testing.T, answer func(context.Context) (message.ID, error)) (*Gateway, *memoryOf, *bytes.Buffer) {
	t.Helper()
	g, s, log := bare(t), &memoryOf{answer: answer}, &bytes.Buffer{}
	g.o.Store, g.o.Now, g.o.Log = s, time.Now, slog.New(slog.NewTextHandler(log, nil))
	return g, s, log
}

func sending(t *testing.T) *message.Message {
	t.Helper()
	env := message.Envelope{From: addr(t, "johan@norrsund.example"), To: []message.RcptTo{{Address: addr(t, "karin@ekman.example")}}}
	m := message.New(message.NewID(time.Now()), "main", env, time.Now())
	m.MessageID, m.BodyHash = "lunch@norrsund.example", []byte("hash")
	return m
}

func TestSentBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer func(context.Context) (message.ID, error)
		want   bool
	}{{"stored", known, true}, {"new", unknown, false}} {
		g, s, log := asking(t, c.answer)
		for range 3 {
			if got := g.sentBefore(t.Context(), sending(t)); got != c.want {
				t.Errorf("%s: %v", c.name, got)
			}
		}
		if s.asked != 3 || log.Len() > 0 {
			t.Errorf("%s: asked %d times, logged %s", c.name, s.asked, log)
		}
		nameless := sending(t)
		nameless.MessageID = ""
		if g.sentBefore(t.Context(), nameless) || s.asked != 3 {
			t.Errorf("%s: asked about a message that cannot be told from another", c.name)
		}
	}
}

// Without the store cut-through goes on: one message waits a moment, those after it do not.
func TestSentBeforeWithoutAStore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(context.Context) (message.ID, error)
		takes  time.Duration
	}{
		"down":   {down, 0},
		"silent": {silent, repeatPatience},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, s, log := asking(t, c.answer)
				begin := time.Now()
				for range 100 {
					if g.sentBefore(t.Context(), sending(t)) {
						t.Error("it is known")
					}
				}
				if took := time.Since(begin); s.asked != 1 || took != c.takes {
					t.Errorf("asked %d times in %s", s.asked, took)
				}
				if n := strings.Count(log.String(), "level=WARN"); n != 1 {
					t.Errorf("%d lines logged:\n%s", n, log)
				}
				s.answer = known
				time.Sleep(repeatRest)
				if !g.sentBefore(t.Context(), sending(t)) {
					t.Error("not asked again")
				}
			})
		})
	}
}

// A client that goes away while its message waits says nothing about the store.
func TestSentBeforeCutOff(t *testing.T) {
	t.Parallel()
	g, s, log := asking(t, silent)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if g.sentBefore(gone, sending(t)) {
		t.Error("it is known")
	}
	s.answer = known
	if !g.sentBefore(t.Context(), sending(t)) || log.Len() > 0 {
		t.Errorf("not asked again, logged %s", log)
	}
}
