package message

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 23, 15, 41, 0, 0, time.UTC)

func address(t testing.TB, s string) Address {
	t.Helper()
	a, err := ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// fresh is a message to as many recipients as there are levels, decided but for that.
func fresh(t testing.TB, levels ...Level) (*Message, Decision) {
	t.Helper()
	env := Envelope{From: address(t, "johan@norrsund.example")}
	d := Decision{}
	for i, l := range levels {
		env.To = append(env.To, RcptTo{Address: address(t, string(rune('a'+i))+"@ekman.example")})
		d.Levels = append(d.Levels, l)
		d.Verdict = max(d.Verdict, l)
	}
	return New(NewID(start), "main", env, start), d
}

func kinds(jobs []Job) []JobKind {
	var k []JobKind
	for _, j := range jobs {
		k = append(k, j.Kind)
	}
	slices.Sort(k)
	return k
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const phone = Phone("+46701740612")
	for _, c := range []struct {
		name    string
		levels  []Level
		numbers map[int]Phone
		states  []State
		jobs    []JobKind
	}{
		{"passes", []Level{Pass}, nil, []State{Queued}, []JobKind{JobRelay}},
		{"one relay job for two", []Level{Pass, Pass}, nil, []State{Queued, Queued}, []JobKind{JobRelay}},
		{"level 1", []Level{Level1}, nil, []State{Sealed}, []JobKind{JobExpire, JobNotify, JobRemind}},
		{"level 2, number known", []Level{Level2}, map[int]Phone{0: phone}, []State{Sealed}, []JobKind{JobExpire, JobNotify, JobRemind}},
		{
			"level 2, no number", []Level{Level2, Level2}, nil, []State{Held, Held},
			[]JobKind{JobAskPhone, JobExpire, JobRemind, JobRemind, JobRemind},
		},
		{
			"each its own", []Level{Pass, Level1, Level2}, nil, []State{Queued, Sealed, Held},
			[]JobKind{JobAskPhone, JobExpire, JobExpire, JobNotify, JobRelay, JobRemind, JobRemind, JobRemind, JobRemind},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, d := fresh(t, c.levels...)
			e, err := m.Decide(start, d, DefaultTerms(), c.numbers)
			if err != nil {
				t.Fatal(err)
			}
			var states []State
			for _, r := range m.Recipients {
				states = append(states, r.State)
			}
			if diff := cmp.Diff(c.states, states); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.jobs, kinds(e.Jobs)); diff != "" {
				t.Errorf("jobs (-want +got):\n%s", diff)
			}
			if _, err := m.Decide(start, d, DefaultTerms(), nil); !errors.Is(err, ErrStep) {
				t.Errorf("decided twice: %v", err)
			}
		})
	}
}

func TestLifeOfAHold(t *testing.T) {
	t.Parallel()
	terms := DefaultTerms()
	m, d := fresh(t, Level2)
	do := func(e Effects, err error) Effects {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	do(m.Decide(start, d, terms, nil))
	now := start.Add(time.Hour)
	e := do(m.SetNumber(now, 0, "+46701740612", false, terms))
	if !slices.Contains(kinds(e.Jobs), JobNotify) {
		t.Fatal("a number was given and no notice is due: the message must leave at once")
	}
	do(m.UndoNumber(now, 0, terms))
	if m.Recipients[0].Phone != "" || m.Recipients[0].State != Held {
		t.Fatal("undo left a number behind")
	}
	do(m.SetNumber(now, 0, "+46701740613", false, terms))
	do(m.NoticeSent(now, 0, false))
	e = do(m.CodeAsked(now, 0, NewID(now), "abc"))
	if len(e.Jobs) != 1 || e.Jobs[0].Kind != JobSendCode {
		t.Fatalf("want one job that sends a code, have %v", e.Jobs)
	}
	if _, err := m.UndoNumber(now, 0, terms); !errors.Is(err, ErrStep) {
		t.Fatalf("a number was changed after a code went to it: %v", err)
	}
	do(m.Open(now, 0))
	do(m.Open(now.Add(time.Minute), 0))
	if e := do(m.Expire(now.Add(terms.Link-time.Hour), 0, terms)); len(e.Events) != 0 {
		t.Fatal("expired early")
	}
	over := now.Add(terms.Link)
	do(m.Expire(over, 0, terms))
	if _, err := m.Open(over, 0); !errors.Is(err, ErrStep) {
		t.Fatalf("opened after its end: %v", err)
	}
	if e := do(m.Purge(over.Add(terms.Grace-time.Second), terms)); e.Destroy {
		t.Fatal("destroyed within the grace")
	}
	if e := do(m.Purge(over.Add(terms.Grace), terms)); !e.Destroy || !m.Settled() {
		t.Fatal("the key must go with the last recipient")
	}
}

func TestHoldRunsOut(t *testing.T) {
	t.Parallel()
	terms := DefaultTerms()
	m, d := fresh(t, Level2, Level2)
	if _, err := m.Decide(start, d, terms, nil); err != nil {
		t.Fatal(err)
	}
	e, err := m.EndHold(start.Add(terms.Hold), terms)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]JobKind{JobPurge, JobPurge, JobTell}, kinds(e.Jobs)); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	if ref := e.Jobs[2].Ref; ref != "ran_out:0,1" {
		t.Errorf("the person is told of %q", ref)
	}
	if len(m.In(Cancelled)) != 2 {
		t.Error("a hold that ran out must be cancelled, never sent")
	}
	if _, err := m.TakeBack(start.Add(terms.Hold+terms.Grace+time.Hour), 0, terms); !errors.Is(err, ErrStep) {
		t.Errorf("taken back after the grace: %v", err)
	}
	if _, err := m.TakeBack(start.Add(terms.Hold+time.Hour), 1, terms); err != nil {
		t.Error(err)
	}
}

// Whatever is called, in whatever order: a recipient moves along drawn steps only, a
// refused step changes nothing, and what is protected is never queued without release.
func TestRandomWalks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		terms := DefaultTerms()
		levels := rapid.SliceOfN(rapid.SampledFrom([]Level{Pass, Level1, Level2}), 1, 4).Draw(rt, "levels")
		m, d := fresh(t, levels...)
		if _, err := m.Decide(start, d, terms, nil); err != nil {
			rt.Fatal(err)
		}
		now := start
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(10*24*time.Hour)).Draw(rt, "wait")))
			i := rapid.IntRange(-1, len(levels)).Draw(rt, "recipient")
			name := rapid.SampledFrom(walkNames).Draw(rt, "step")
			before := m.Clone()
			e, err := walk[name](m, now, i, terms)
			checkWalk(rt, name, before, m, e, err)
			if err != nil {
				m = before // as the store does: an error writes nothing
			}
		}
	})
}

func checkWalk(rt *rapid.T, name string, before, after *Message, e Effects, err error) {
	if err != nil {
		return
	}
	for k := range after.Recipients {
		from, to := before.Recipients[k], after.Recipients[k]
		if from.State != to.State && !reachable(from.State, to.State) {
			rt.Fatalf("%s: %s to %s is not drawn", name, from.State, to.State)
		}
		if from.State.Settled() && from.State != to.State {
			rt.Fatalf("%s: %s is final and became %s", name, from.State, to.State)
		}
		if to.State == Queued && to.Level > Pass && from.State != Queued && name != "release" && from.State != Deferred {
			rt.Fatalf("%s: a protected message is to be sent in clear", name)
		}
		if to.State.Readable() && to.Method() == Level2 && to.Phone == "" {
			rt.Fatalf("%s: level 2 is open without a number", name)
		}
	}
	if e.Destroy && !after.Settled() {
		rt.Fatalf("%s: the key is destroyed while somebody needs it", name)
	}
	for _, j := range e.Jobs {
		if j.Message != after.ID || j.RunAt.IsZero() {
			rt.Fatalf("%s: job %+v", name, j)
		}
	}
}

// reachable allows the two-step paths that one method takes (Sealed, Notified, Opened;
// Deferred, Queued, result).
func reachable(from, to State) bool {
	if from.CanBecome(to) {
		return true
	}
	for _, mid := range steps[from] {
		if (mid == Notified || mid == Queued) && mid.CanBecome(to) {
			return true
		}
	}
	return false
}

var walk = map[string]func(*Message, time.Time, int, Terms) (Effects, error){
	"relayed": func(m *Message, now time.Time, i int, _ Terms) (Effects, error) { return m.Relayed(now, i, "250 ok") },
	"defer":   func(m *Message, now time.Time, i int, t Terms) (Effects, error) { return m.Defer(now, i, "451", t) },
	"bounce":  func(m *Message, now time.Time, i int, _ Terms) (Effects, error) { return m.Bounce(now, i, "550") },
	"seal":    func(m *Message, now time.Time, i int, t Terms) (Effects, error) { return m.SealInstead(now, i, t) },
	"notice":  func(m *Message, now time.Time, i int, _ Terms) (Effects, error) { return m.NoticeSent(now, i, false) },
	"remind":  func(m *Message, now time.Time, i int, _ Terms) (Effects, error) { return m.NoticeSent(now, i, true) },
	"failed":  func(m *Message, now time.Time, i int, _ Terms) (Effects, error) { return m.NoticeFailed(now, i, "550") },
	"open":    func(m *Message, now time.Time, i int, _ Terms) (Effects, error) { return m.Open(now, i) },
	"number": func(m *Message, now time.Time, i int, t Terms) (Effects, error) {
		return m.SetNumber(now, i, "+46701740612", false, t)
	},
	"by mail": func(m *Message, now time.Time, i int, t Terms) (Effects, error) {
		return m.SetNumber(now, i, "", true, t)
	},
	"undo":     func(m *Message, now time.Time, i int, t Terms) (Effects, error) { return m.UndoNumber(now, i, t) },
	"not mine": func(m *Message, now time.Time, i int, t Terms) (Effects, error) { return m.NotMyNumber(now, i, t) },
	"code": func(m *Message, now time.Time, i int, _ Terms) (Effects, error) {
		return m.CodeAsked(now, i, m.ID, "s")
	},
	"release": func(m *Message, now time.Time, i int, _ Terms) (Effects, error) {
		return m.Release(now, i, "not sensitive")
	},
	"cancel": func(m *Message, now time.Time, i int, t Terms) (Effects, error) {
		return m.Cancel(now, i, EventDropped, t)
	},
	"take back": func(m *Message, now time.Time, i int, t Terms) (Effects, error) { return m.TakeBack(now, i, t) },
	"end hold":  func(m *Message, now time.Time, _ int, t Terms) (Effects, error) { return m.EndHold(now, t) },
	"expire":    func(m *Message, now time.Time, i int, t Terms) (Effects, error) { return m.Expire(now, i, t) },
	"revoke":    func(m *Message, now time.Time, i int, t Terms) (Effects, error) { return m.Revoke(now, i, t) },
	"renew":     func(m *Message, now time.Time, i int, t Terms) (Effects, error) { return m.Renew(now, i, t) },
	"purge":     func(m *Message, now time.Time, _ int, t Terms) (Effects, error) { return m.Purge(now, t) },
}

var walkNames = func() []string {
	var names []string
	for n := range walk {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}()

func TestEveryStateIsReached(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		if s != Received && len(s.Predecessors()) == 0 {
			t.Errorf("nothing leads to %s", s)
		}
		back, err := ParseState(s.String())
		if err != nil || back != s {
			t.Errorf("%s reads back as %s: %v", s, back, err)
		}
		if s.Settled() && len(steps[s]) > 0 {
			t.Errorf("%s is final and leads to %v", s, steps[s])
		}
	}
}

// TestDecideInforms holds that each address that rules name has a job of its own, and that who is told of falls away with
// the levels.
func TestDecideInforms(t *testing.T) {
	t.Parallel()
	m, d := fresh(t, Level1, Pass)
	told := []Inform{{Rules: []string{"a"}, Recipients: []int{0, 1}}, {Rules: []string{"b"}, Recipients: []int{1}}}
	d.Inform = Acting(told, d.Levels)
	if diff := cmp.Diff([]Inform{{Rules: []string{"a"}, Recipients: []int{0}}}, d.Inform, cmp.AllowUnexported(Address{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(told[0].Recipients) != 2 || Acting(told, nil) != nil {
		t.Error("what was given was changed, or somebody is told of a message without levels")
	}
	e, err := m.Decide(start, d, DefaultTerms(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, j := range e.Jobs {
		if j.Kind == JobInform {
			refs = append(refs, j.Ref)
		}
	}
	if diff := cmp.Diff([]string{"0"}, refs); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	for ref, want := range map[string]bool{"0": true, "1": false, "-1": false, "": false, "x": false} {
		if _, ok := m.ToInform(ref); ok != want {
			t.Errorf("%q: %v", ref, ok)
		}
	}
}
