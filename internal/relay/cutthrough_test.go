package relay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sigill/internal/testkit"
)

func TestCutThroughMatrix(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, script string
		to           int
		state        CutState
		code         int
		mails        int
		reset        bool // RSET must have been said
	}{
		{"one recipient", "", 1, CutAccepted, 250, 1, false},
		{"three recipients", "", 3, CutAccepted, 250, 1, false},
		{"banner", "banner: 554 5.7.1 no", 1, CutStore, 451, 0, false},
		{"banner cut", "banner: cut", 3, CutStore, 451, 0, false},
		{"MAIL 5yz is the queue's to say", "mail: 550 5.7.1 no", 1, CutStore, 550, 0, false},
		{"MAIL 4yz", "mail: 450 4.7.1 no", 3, CutStore, 450, 0, false},
		{"MAIL cut", "mail: cut", 1, CutStore, 451, 0, false},
		{"the only RCPT 5yz", "rcpt: 550 5.1.1 no", 1, CutStore, 550, 0, true},
		{"the only RCPT 4yz", "rcpt: 450 4.2.1 no", 1, CutStore, 450, 0, true},
		{"one RCPT of three 5yz", "rcpt c@x.test: 550 5.1.1 no", 3, CutStore, 550, 0, true},
		{"one RCPT of three 4yz", "rcpt d@x.test: 452 4.2.2 no", 3, CutStore, 452, 0, true},
		{"one RCPT of three cut", "rcpt d@x.test: cut", 3, CutStore, 451, 0, false},
		{"one RCPT of three 421", "rcpt d@x.test: 421 4.3.2 bye", 3, CutStore, 421, 0, false},
		{"DATA 5yz", "data: 554 5.6.0 no", 1, CutRefused, 554, 0, true},
		{"DATA 5yz for three", "data: 554 5.6.0 no", 3, CutRefused, 554, 0, true},
		{"DATA 4yz", "data: 451 4.3.0 no", 3, CutStore, 451, 0, true},
		{"DATA cut", "data: cut", 3, CutStore, 451, 0, false},
		{"DATA garbage", "data: garbage", 1, CutStore, 451, 0, false},
		{"final 5yz", "final: 550 5.7.1 spam", 3, CutRefused, 550, 0, false},
		{"final 4yz", "final: 451 4.3.0 no", 3, CutStore, 451, 0, false},
		{"final 421", "final: 421 4.3.2 bye", 1, CutStore, 421, 0, false},
		{"final cut", "final: cut", 3, CutUncertain, 451, 0, false},
		{"final cut, but taken", "final: take", 1, CutUncertain, 451, 1, false},
		{"final garbage", "final: garbage", 1, CutUncertain, 451, 0, false},
		{"final 3yz", "final: 354 what", 1, CutUncertain, 451, 1, false},
	} {
		for kind, without := range pipelining {
			t.Run(tc.name+", "+kind, func(t *testing.T) {
				t.Parallel()
				s := testkit.NewSink(t, testkit.SinkOptions{Script: tc.script, Without: without})
				out := sender(t, s)
				cut := out.CutThrough(t.Context(), mail(t, []string{"b@x.test", "c@x.test", "d@x.test"}[:tc.to]...))
				if cut.State != tc.state || cut.Reply.Code != tc.code || cut.Pending != nil {
					t.Errorf("%v %v (%v), want %v %d", cut.State, cut.Reply, cut.Err, tc.state, tc.code)
				}
				if n := len(s.Mails()); n != tc.mails {
					t.Errorf("%d mails arrived, want %d", n, tc.mails)
				}
				if got := slices.Contains(s.Lines(), "RSET"); got != tc.reset {
					t.Errorf("RSET: %v", got)
				}
				if len(out.places) != 0 {
					t.Error("the place was not given back")
				}
				s.Script(t, "")
				s.Clear()
				if next := out.CutThrough(t.Context(), mail(t, "e@x.test")); next.State != CutAccepted {
					t.Errorf("next mail: %+v", next)
				} else if m := s.Wait(t, 1)[0]; !slices.Equal(m.To, []string{"e@x.test"}) || string(m.Data) != prefix+text {
					t.Errorf("next mail: %+v", m)
				}
			})
		}
	}
}

// Nothing may reach the hop's mailboxes when one of several is refused: DATA is not said
// before every RCPT was answered.
func TestCutThroughSaysDataLast(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "rcpt c@x.test: 550 5.1.1 no"})
	sender(t, s).CutThrough(t.Context(), mail(t, "b@x.test", "c@x.test"))
	if slices.Contains(s.Lines(), "DATA") {
		t.Errorf("%q", s.Lines())
	}
}

// With one recipient it goes along, which saves a round trip.
func TestCutThroughSaysDataAtOnceToOne(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "rcpt: 550 5.1.1 no"})
	sender(t, s).CutThrough(t.Context(), mail(t, "b@x.test"))
	if !slices.Contains(s.Lines(), "DATA") {
		t.Errorf("%q", s.Lines())
	}
}

func TestCutThroughBodyCut(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "body: cut"})
	m := mail(t, "b@x.test")
	m.Body = memory(strings.Repeat(strings.Repeat("x", 998)+"\r\n", 30_000))
	if cut := sender(t, s).CutThrough(t.Context(), m); cut.State != CutStore || cut.Stage != StageBody || cut.Err == nil {
		t.Errorf("%+v", cut)
	}
	if len(s.Mails()) != 0 {
		t.Error("half a message arrived")
	}
}

func TestCutThroughBrokenBody(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{})
	m := mail(t, "b@x.test")
	m.Body = brokenBody{memory(text), 10, errDisk}
	if cut := sender(t, s).CutThrough(t.Context(), m); cut.State != CutStore || cut.Reply.Status != "4.3.0" {
		t.Errorf("%+v", cut)
	}
	s.WaitIdle(t)
	if len(s.Mails()) != 0 {
		t.Error("half a message arrived")
	}
}

func TestCutThroughNeedsUTF8(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Without: []string{"SMTPUTF8"}})
	if cut := sender(t, s).CutThrough(t.Context(), mail(t, "b@x.test", "å@x.test")); cut.State != CutStore || cut.Reply.Code != 553 {
		t.Errorf("%+v", cut)
	}
	if slices.ContainsFunc(s.Lines(), func(l string) bool { return strings.HasPrefix(l, "MAIL") }) {
		t.Error("MAIL was said")
	}
}

// pending makes a cut-through whose hop went silent after the final dot.
func pending(t *testing.T, change ...func(*Options)) (*testkit.Sink, *Sender, *Pending) {
	t.Helper()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "final x1: silent"})
	out := sender(t, s, append([]func(*Options){func(o *Options) { o.CutTimeout = 100 * time.Millisecond }}, change...)...)
	cut := out.CutThrough(t.Context(), mail(t, "b@x.test"))
	if cut.State != CutPending || cut.Pending == nil {
		t.Fatalf("%+v", cut)
	}
	return s, out, cut.Pending
}

func TestPendingGetsTheLateReply(t *testing.T) {
	t.Parallel()
	s, out, p := pending(t)
	s.Release()
	if cut := p.Wait(t.Context()); cut.State != CutAccepted || cut.Reply.Code != 250 {
		t.Errorf("%+v", cut)
	}
	s.Wait(t, 1)
	if cut := p.Wait(t.Context()); cut.State != CutUncertain {
		t.Errorf("second wait: %+v", cut)
	}
	p.Abandon() // nothing left to do
	out.Send(t.Context(), mail(t, "c@x.test"))
	if s.Wait(t, 2); s.Conns() != 1 {
		t.Errorf("the connection does not serve again: %d", s.Conns())
	}
}

func TestPendingEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(context.CancelFunc, *testkit.Sink){
		"cancelled": func(cancel context.CancelFunc, _ *testkit.Sink) { cancel() },
		"lost":      func(_ context.CancelFunc, s *testkit.Sink) { s.Drop() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, out, p := pending(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			end(cancel, s)
			if cut := p.Wait(ctx); cut.State != CutUncertain || cut.Err == nil {
				t.Errorf("%+v", cut)
			}
			if len(out.places) != 0 || len(out.idle) != 0 {
				t.Error("the connection was kept")
			}
		})
	}
	t.Run("too late", func(t *testing.T) {
		t.Parallel()
		_, _, p := pending(t, func(o *Options) { o.FinalTimeout = 200 * time.Millisecond })
		if cut := p.Wait(t.Context()); cut.State != CutUncertain {
			t.Errorf("%+v", cut)
		}
	})
	t.Run("abandoned", func(t *testing.T) {
		t.Parallel()
		s, out, p := pending(t)
		p.Abandon()
		s.WaitIdle(t)
		if len(out.places) != 0 {
			t.Error("the place was not given back")
		}
	})
}

func TestPendingLateRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]CutState{"554 5.7.1 spam": CutRefused, "451 4.3.0 no": CutStore} {
		s, _, p := pending(t)
		// The reply comes in two halves, one before the first wait ended, one after.
		p.t.c.part = []byte(text[:2])
		s.Drop()
		p.t.c.r.Reset(strings.NewReader(text[2:] + "\r\n"))
		if cut := p.Wait(t.Context()); cut.State != want {
			t.Errorf("%s: %+v", text, cut)
		}
	}
}

// The wait ends with the deadline of ctx, and a cancel after the final dot changes nothing.
func TestCutThroughHoldsTheDeadline(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "final x1: silent"})
	out := sender(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	cut := out.CutThrough(ctx, mail(t, "b@x.test"))
	if cut.State != CutPending {
		t.Fatalf("%+v", cut)
	}
	<-ctx.Done()
	s.Release()
	if cut := cut.Pending.Wait(t.Context()); cut.State != CutAccepted {
		t.Errorf("%+v", cut)
	}
}

func TestCutThroughReplacesADeadConnection(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{})
	out := warm(t, s)
	s.Drop()
	s.WaitIdle(t)
	if cut := out.CutThrough(t.Context(), mail(t, "b@x.test")); cut.State != CutAccepted {
		t.Errorf("%+v", cut)
	}
	if len(s.Wait(t, 1)) != 1 {
		t.Error("twice")
	}
}

func TestCutThroughDoesNotAskASilentHopAgain(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock(time.Time{})
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "banner x1: silent"})
	out := sender(t, s, func(o *Options) { o.CommandTimeout, o.Now, o.CutRest = 300*time.Millisecond, clock.Now, time.Minute })
	if cut := out.CutThrough(t.Context(), mail(t, "b@x.test")); cut.State != CutStore || cut.Stage != StageHello {
		t.Errorf("%+v", cut)
	}
	if cut := out.CutThrough(t.Context(), mail(t, "b@x.test")); cut.State != CutStore || !errors.Is(cut.Err, ErrSilent) || s.Conns() != 1 {
		t.Errorf("%+v, %d connections", cut, s.Conns())
	}
	clock.Add(time.Minute)
	if cut := out.CutThrough(t.Context(), mail(t, "b@x.test")); cut.State != CutAccepted {
		t.Errorf("%+v", cut)
	}
	// The queue does not rest, and what it finds out counts for all.
	s.Script(t, "banner x1: silent")
	out.dropIdle(func(*conn) bool { return true })
	out.CutThrough(t.Context(), mail(t, "b@x.test"))
	if r := out.Send(t.Context(), mail(t, "b@x.test")); r.Recipients[0].Class != Accepted {
		t.Errorf("%+v", r)
	}
	if cut := out.CutThrough(t.Context(), mail(t, "b@x.test")); cut.State != CutAccepted {
		t.Errorf("%+v", cut)
	}
}

func TestCutThroughDoesNotWaitLongForAPlace(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "final x1: silent"})
	out := sender(t, s, func(o *Options) {
		o.MaxConns, o.CutTimeout, o.CutPlace = 1, 50*time.Millisecond, 50*time.Millisecond
	})
	first := out.CutThrough(t.Context(), mail(t, "b@x.test"))
	if cut := out.CutThrough(t.Context(), mail(t, "c@x.test")); cut.State != CutStore || cut.Stage != StageConnect {
		t.Errorf("%+v", cut)
	}
	first.Pending.Abandon()
	s.WaitIdle(t)
}
