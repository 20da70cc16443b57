package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

func faultTests() []test {
	return []test{
		{"a create that fails at any point leaves nothing or all", createFaults},
		{"an update that fails at any point leaves nothing or all", updateFaults},
		{"an outcome that fails at any point leaves nothing or all", outcomeFaults},
		{"a try that fails at any point counts wholly or not at all", accessFaults},
		{"one bad message does not take down those that share its commit", badNeighbour},
	}
}

var errFault = errors.New("made to fail")

// failing fails the nth point that is reached; it counts how many were.
type failing struct {
	mu      sync.Mutex
	reached int
	nth     int // 0 for never
}

func (f *failing) fault(string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reached++
	if f.reached == f.nth {
		return errFault
	}
	return nil
}

func (f *failing) set(nth int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reached, f.nth = 0, nth
}

func (f *failing) hit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.nth > 0 && f.reached >= f.nth
}

// each runs op with a fault at the first point, at the second, and so on, until it runs
// through, and hands each outcome to check.
func each(t *testing.T, d Driver, op func(b *bench) (check func(err error), err error)) {
	t.Helper()
	f := &failing{}
	b := fresh(t, d, func(o *Options) { o.Fault = f.fault })
	b.sealed("first@else.example") // makes the keys
	points := 0
	for nth := 1; ; nth++ {
		if nth > 200 {
			t.Fatal("the operation never runs through")
		}
		f.set(0)
		armed := &armedBench{bench: b, arm: func() { f.set(nth) }}
		check, err := op(armed.ready())
		hit := f.hit()
		f.set(0)
		check(err)
		if !hit {
			break
		}
		points++
	}
	if points < 2 {
		t.Errorf("only %d points can fail: the suite proves nothing", points)
	}
}

// armedBench arms the fault when the operation itself begins.
type armedBench struct {
	*bench
	arm func()
}

func (a *armedBench) ready() *bench {
	b := *a.bench
	b.Store = armed{a.Store, a.arm}
	return &b
}

// armed is the store during the operation under test.
type armed struct {
	store.Store
	arm func()
}

// whole says whether an operation that answered err must be there, must not, or may be
// either because the answer to its commit was lost.
func mustBe(t *testing.T, err error, there bool) {
	t.Helper()
	switch {
	case err == nil && !there:
		t.Error("answered well, and it is not there")
	case err != nil && there && !errors.Is(err, store.ErrUnsure):
		t.Errorf("answered %v, and it is there", err)
	}
}

func arm(b *bench) {
	if a, ok := b.Store.(armed); ok {
		a.arm()
	}
}

func createFaults(t *testing.T, d Driver) {
	each(t, d, func(b *bench) (func(error), error) {
		m := b.mail("karin@else.example", "bo@third.example")
		e := store.Effects{Effects: b.seal(m), Accesses: []*auth.Access{auth.NewAccess(m, 0, b.Now())}}
		arm(b)
		_, err := b.Create(context.Background(), store.New{Message: m, Body: memory(text), Effects: e, Repeat: string(m.ID), Window: time.Hour})
		return func(err error) {
			got, merr := b.Message(context.Background(), m.ID)
			mustBe(t, err, merr == nil)
			jobs := b.waiting(m.ID)
			if merr != nil {
				want(t, merr, store.ErrNotFound)
				if len(jobs) != 0 {
					t.Errorf("%d jobs of a message that was not stored", len(jobs))
				}
				return
			}
			if len(got.Recipients) != 2 || len(jobs) != len(e.Jobs) || len(b.kinds(m.ID)) != len(e.Events) {
				t.Error("a part is missing")
			}
			_, berr := b.body(m.ID)
			must(t, berr)
		}, err
	})
}

func updateFaults(t *testing.T, d Driver) {
	each(t, d, func(b *bench) (func(error), error) {
		m := b.sealed("karin@else.example")
		jobs, events := len(b.waiting(m.ID)), len(b.kinds(m.ID))
		arm(b)
		err := b.Update(context.Background(), m.ID, func(m *message.Message) (store.Effects, error) {
			e, err := m.NoticeSent(b.Now(), 0, false)
			e.Jobs = append(e.Jobs, message.Job{ID: message.NewID(b.Now()), Kind: message.JobTell, Message: m.ID, RunAt: b.Now()})
			return store.Effects{Effects: e}, err
		})
		return func(err error) {
			there := b.read(m.ID).Recipients[0].State == message.Notified
			mustBe(t, err, there)
			if moved := len(b.waiting(m.ID)) > jobs; moved != there {
				t.Errorf("state written: %v, job written: %v", there, moved)
			}
			if noted := len(b.kinds(m.ID)) > events; noted != there {
				t.Errorf("state written: %v, event written: %v", there, noted)
			}
		}, err
	})
}

func outcomeFaults(t *testing.T, d Driver) {
	each(t, d, func(b *bench) (func(error), error) {
		m, job := b.passing("karin@else.example", "bo@third.example")
		arm(b)
		ok, err := b.Outcome(context.Background(), store.Outcome{
			Message: m.ID, Recipients: []int{0, 1}, State: message.Delivered, At: b.Now(), Job: &job, Destroy: true})
		if err == nil && !ok {
			t.Error("the outcome was refused")
		}
		return func(err error) {
			got := b.read(m.ID)
			there := got.Recipients[0].State == message.Delivered
			mustBe(t, err, there)
			if also := got.Recipients[1].State == message.Delivered; also != there {
				t.Error("half of the recipients")
			}
			if gone := len(b.waiting(m.ID)) == 0; gone != there {
				t.Errorf("delivered: %v, job gone: %v", there, gone)
			}
			if _, berr := b.body(m.ID); (berr != nil) != there {
				t.Errorf("delivered: %v, payload: %v", there, berr)
			}
		}, err
	})
}

func accessFaults(t *testing.T, d Driver) {
	each(t, d, func(b *bench) (func(error), error) {
		_, a, _ := b.access()
		c := auth.Counter{Kind: "try", Value: string(a.ID)}
		arm(b)
		err := b.UpdateAccess(context.Background(), a.ID, []auth.Counter{c},
			func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
				a.Lang = "nl"
				return store.Effects{}, nil
			})
		return func(err error) {
			got, aerr := b.Access(context.Background(), a.ID)
			must(t, aerr)
			there := got.Lang == "nl"
			mustBe(t, err, there)
			before := int64(0)
			if there {
				before = 1
			}
			same(t, "count", before+1, b.count(a.ID, c))
		}, err
	})
}

func badNeighbour(t *testing.T, d Driver) {
	b := fresh(t, d)
	taken := b.sealed("karin@else.example")
	const n = 30
	ids := make([]message.ID, n)
	var wg sync.WaitGroup
	for i := range n {
		m := b.mail("karin@else.example")
		if i%10 == 5 {
			m.ID = taken.ID // an id that exists: the database refuses it
		}
		ids[i] = m.ID
		wg.Go(func() {
			_, err := b.Create(context.Background(), store.New{Message: m, Body: memory(text)})
			if bad := i%10 == 5; bad != (err != nil) {
				t.Errorf("message %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		b.read(id)
		_, err := b.body(id)
		must(t, err)
	}
}
