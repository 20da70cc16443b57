package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

func accessTests() []test {
	return []test{
		{"an access is found by id, link and recipient", accessFound},
		{"an unknown access is ErrNotFound", accessUnknown},
		{"a recipient has one access: a second is refused", accessTwice},
		{"UpdateAccess writes access, message and effects together", accessUpdate},
		{"an error of fn writes nothing, also no count", accessFails},
		{"a try is counted before it is compared, and stays counted when it was wrong", accessCounts},
		{"a refund gives back what was taken", accessRefund},
		{"counts start anew in the next window", counterWindow},
		{"tries at once are each counted", countersAtOnce},
		{"Count counts what is about no access, with UpdateAccess and across windows and rings", countAlone},
		{"every live link leads to the access, a dropped one no more", accessLinks},
	}
}

// access stores a sealed message with its recipient's access.
func (b *bench) access() (*message.Message, *auth.Access, auth.Secret) {
	b.tb.Helper()
	m := b.mail("karin@else.example")
	a := auth.NewAccess(m, 0, b.Now())
	token := a.NewLink(b.Now())
	b.put(store.New{Message: m, Effects: store.Effects{Effects: b.seal(m), Accesses: []*auth.Access{a}}})
	return m, a, token
}

type accessFn = func(*auth.Access, *message.Message, []int64) (store.Effects, error)

func (b *bench) updateAccess(id message.ID, take []auth.Counter, fn accessFn) {
	b.tb.Helper()
	if err := b.UpdateAccess(context.Background(), id, take, fn); err != nil {
		b.tb.Fatalf("update access: %v", err)
	}
}

func accessFound(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	m, a, token := b.access()
	sender := auth.NewAccess(m, message.All, b.Now())
	b.update(m.ID, func(*message.Message) (store.Effects, error) {
		return store.Effects{Accesses: []*auth.Access{sender}}, nil
	})
	got, err := b.Access(ctx, a.ID)
	must(t, err)
	same(t, "by id", a, got)
	got, err = b.AccessByLink(ctx, token.Hash())
	must(t, err)
	same(t, "by link", a, got)
	got, err = b.AccessOf(ctx, m.ID, 0)
	must(t, err)
	same(t, "of the recipient", a, got)
	got, err = b.AccessOf(ctx, m.ID, message.All)
	must(t, err)
	same(t, "of the sender", sender.ID, got.ID)
}

func accessUnknown(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	m, _, _ := b.access()
	_, err := b.Access(ctx, m.ID)
	want(t, err, store.ErrNotFound)
	_, err = b.AccessByLink(ctx, auth.NewSecret().Hash())
	want(t, err, store.ErrNotFound)
	_, err = b.AccessOf(ctx, m.ID, 1)
	want(t, err, store.ErrNotFound)
	err = b.UpdateAccess(ctx, m.ID, nil, func(*auth.Access, *message.Message, []int64) (store.Effects, error) {
		t.Error("fn ran without an access")
		return store.Effects{}, nil
	})
	want(t, err, store.ErrNotFound)
}

func accessTwice(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, a, _ := b.access()
	second := auth.NewAccess(m, 0, b.Now())
	err := b.Update(context.Background(), m.ID, func(m *message.Message) (store.Effects, error) {
		m.Subject = "changed"
		return store.Effects{Accesses: []*auth.Access{second}}, nil
	})
	if err == nil {
		t.Error("a second access was stored")
	}
	same(t, "subject", m.Subject, b.read(m.ID).Subject)
	got, err := b.AccessOf(context.Background(), m.ID, 0)
	must(t, err)
	same(t, "access", a, got)
	b.updateAccess(a.ID, nil, func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
		a.Lang = "nl"
		return store.Effects{Accesses: []*auth.Access{a}}, nil // written anyway: naming it does no harm
	})
}

func accessUpdate(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, a, _ := b.access()
	b.updateAccess(a.ID, nil, func(a *auth.Access, m *message.Message, _ []int64) (store.Effects, error) {
		a.Lang = "nl"
		a.Start(b.Now(), auth.DefaultLimits())
		e, err := m.Open(b.Now(), 0)
		e.Jobs = append(e.Jobs, message.Job{ID: message.NewID(b.Now()), Kind: message.JobTell, Message: m.ID, RunAt: b.Now()})
		return store.Effects{Effects: e}, err
	})
	got, err := b.Access(context.Background(), a.ID)
	must(t, err)
	if got.Lang != "nl" || len(got.Sessions) != 1 {
		t.Errorf("access: %+v", got)
	}
	if s := b.read(m.ID).Recipients[0].State; s != message.Opened {
		t.Errorf("state %s", s)
	}
	if kinds := b.kinds(m.ID); !slices.Contains(kinds, message.EventOpened) {
		t.Errorf("events %v", kinds)
	}
}

func counter(kind string, window time.Duration) auth.Counter {
	return auth.Counter{Kind: kind, Value: "karin@else.example", Window: window, Most: 3}
}

func accessFails(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, a, _ := b.access()
	take := []auth.Counter{counter("try", time.Hour)}
	err := b.UpdateAccess(context.Background(), a.ID, take,
		func(a *auth.Access, m *message.Message, _ []int64) (store.Effects, error) {
			a.Lang, m.Subject = "nl", "changed"
			return store.Effects{}, errOwn
		})
	if err != errOwn { //nolint:errorlint // as it is: not wrapped
		t.Errorf("got %v", err)
	}
	got, err := b.Access(context.Background(), a.ID)
	must(t, err)
	same(t, "access", a, got)
	same(t, "subject", "hej", b.read(m.ID).Subject)
	same(t, "count", int64(1), b.count(a.ID, take[0]))
}

// count takes once and returns the count.
func (b *bench) count(access message.ID, c auth.Counter) int64 {
	b.tb.Helper()
	var got int64
	b.updateAccess(access, []auth.Counter{c}, func(_ *auth.Access, _ *message.Message, counts []int64) (store.Effects, error) {
		got = counts[0]
		return store.Effects{}, nil
	})
	return got
}

func accessCounts(t *testing.T, d Driver) {
	b := fresh(t, d)
	_, a, _ := b.access()
	limits := auth.DefaultLimits()
	var session string
	b.updateAccess(a.ID, nil, func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
		s, _ := a.Start(b.Now(), limits)
		session = s.ID
		err := a.Ask(b.Now(), s, message.Level1, limits)
		if err == nil {
			_, _, err = s.Make(b.Now(), limits)
		}
		return store.Effects{}, err
	})
	try := func() (outcome auth.Outcome, counts []int64) {
		m := b.read(a.Message)
		take := limits.TryCounters(m, 0, "192.0.2.9")
		b.updateAccess(a.ID, take, func(a *auth.Access, m *message.Message, n []int64) (store.Effects, error) {
			s, err := a.SessionByID(session)
			counts = n
			if err != nil {
				return store.Effects{}, err
			}
			outcome = a.Try(b.Now(), s, "nonsense", auth.Over(take, n), limits)
			return store.Effects{Effects: m.Note(b.Now(), 0, message.EventCodeWrong, nil)}, nil
		})
		return outcome, counts
	}
	for i := int64(1); i <= 3; i++ {
		outcome, counts := try()
		if outcome != auth.Wrong {
			t.Errorf("try %d: %v", i, outcome)
		}
		same(t, "counts", []int64{i, i, i, i}, counts)
	}
	got, err := b.Access(context.Background(), a.ID)
	must(t, err)
	if got.Wrong != 3 {
		t.Errorf("%d wrong tries, want 3", got.Wrong)
	}
	b.reopen()
	_, counts := try()
	same(t, "counts after a restart", []int64{4, 4, 4, 4}, counts)
}

func accessRefund(t *testing.T, d Driver) {
	b := fresh(t, d)
	_, a, _ := b.access()
	c := counter("try", time.Hour)
	same(t, "first", int64(1), b.count(a.ID, c))
	b.updateAccess(a.ID, []auth.Counter{c}, func(*auth.Access, *message.Message, []int64) (store.Effects, error) {
		return store.Effects{Refund: []auth.Counter{c}}, nil
	})
	same(t, "after a refund", int64(2), b.count(a.ID, c))
	b.updateAccess(a.ID, nil, func(*auth.Access, *message.Message, []int64) (store.Effects, error) {
		return store.Effects{Refund: []auth.Counter{c, c, c, c}}, nil
	})
	same(t, "never below zero", int64(1), b.count(a.ID, c))
}

func counterWindow(t *testing.T, d Driver) {
	b := fresh(t, d)
	_, a, _ := b.access()
	hour, never := counter("hour", time.Hour), counter("never", 0)
	other := hour
	other.Value = "bo@third.example"
	for i := int64(1); i <= 3; i++ {
		same(t, "hour", i, b.count(a.ID, hour))
		same(t, "never", i, b.count(a.ID, never))
	}
	same(t, "another value", int64(1), b.count(a.ID, other))
	b.Add(time.Hour)
	same(t, "next hour", int64(1), b.count(a.ID, hour))
	same(t, "no window", int64(4), b.count(a.ID, never))
	if n, err := b.Sweep(context.Background(), store.Retention{}); err != nil || n != 2 {
		t.Errorf("swept %d, %v; want the two counters of the hour before", n, err)
	}
	same(t, "after the sweep", int64(2), b.count(a.ID, hour))
	same(t, "no window after the sweep", int64(5), b.count(a.ID, never))
}

func countersAtOnce(t *testing.T, d Driver) {
	b := fresh(t, d)
	const n = 30
	c := auth.Counter{Kind: "all", Window: time.Hour}
	ids := make([]message.ID, n)
	for i := range ids {
		_, a, _ := b.access()
		ids[i] = a.ID
	}
	var mu sync.Mutex
	var counts []int64
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() {
			var got int64
			err := b.UpdateAccess(context.Background(), id, []auth.Counter{c},
				func(_ *auth.Access, _ *message.Message, n []int64) (store.Effects, error) {
					got = n[0]
					return store.Effects{}, nil
				})
			if err != nil {
				t.Errorf("update access: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			counts = append(counts, got)
		})
	}
	wg.Wait()
	slices.Sort(counts)
	for i, got := range counts {
		if got != int64(i+1) {
			t.Fatalf("counts %v", counts)
		}
	}
}

func countAlone(t *testing.T, d Driver) {
	b := fresh(t, d)
	_, a, _ := b.access()
	c := auth.Counter{Kind: "alone", Value: "v", Window: day}
	count := func(c auth.Counter) int64 {
		t.Helper()
		n, err := b.Count(context.Background(), c)
		must(t, err)
		return n
	}
	same(t, "first", int64(1), count(c))
	same(t, "by an access", int64(2), b.count(a.ID, c))
	must(t, b.opts.Ring.Rotate())
	same(t, "after a rotation", int64(3), count(c))
	same(t, "another kind", int64(1), count(auth.Counter{Kind: "other", Value: "v", Window: day}))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := b.Count(context.Background(), c); err != nil {
				t.Errorf("count: %v", err)
			}
		})
	}
	wg.Wait()
	same(t, "all at once", int64(24), count(c))
	b.reopen()
	same(t, "after a restart", int64(25), count(c))
	b.Add(day)
	same(t, "the next day", int64(1), count(c))
}

func accessLinks(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	_, a, token := b.access()
	tokens := []auth.Secret{token}
	for range 8 { // one more than live at a time
		b.updateAccess(a.ID, nil, func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
			tokens = append(tokens, a.NewLink(b.Now()))
			return store.Effects{}, nil
		})
	}
	tokens = tokens[len(tokens)-9:]
	if _, err := b.AccessByLink(ctx, tokens[0].Hash()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the dropped link: %v", err)
	}
	for _, token := range tokens[1:] {
		got, err := b.AccessByLink(ctx, token.Hash())
		must(t, err)
		same(t, "access", a.ID, got.ID)
	}
}
