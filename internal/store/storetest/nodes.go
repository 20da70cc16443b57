package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

// nodeTests are for drivers that two programs may have open at the same time.
func nodeTests() []test {
	return []test{
		{"two nodes read what the other wrote", nodesRead},
		{"two nodes that make the key of a month agree on one", nodesKeys},
		{"two nodes never claim the same job", nodesClaim},
		{"a node that ends gives back its own jobs and no others", nodesRelease},
		{"two nodes update a message one after the other", nodesUpdate},
		{"two nodes count together", nodesCount},
		{"the same sending to two nodes is stored once", nodesRepeat},
	}
}

// pair opens a store twice.
func pair(t *testing.T, d Driver) (one, two *bench) {
	t.Helper()
	if !d.Nodes {
		t.Skip("this driver is for one process")
	}
	one = fresh(t, d)
	other := *one
	other.opts.Node = "b"
	other.Store = one.open(other.opts)
	return one, &other
}

func nodesRead(t *testing.T, d Driver) {
	one, two := pair(t, d)
	m := one.sealed("karin@else.example")
	same(t, "message", one.read(m.ID), two.read(m.ID))
	data, err := two.body(m.ID)
	must(t, err)
	same(t, "body", text, string(data))
}

func nodesKeys(t *testing.T, d Driver) {
	one, two := pair(t, d)
	for range 12 {
		one.Add(31 * 24 * time.Hour) // both need a new key at once
		var made [2]*message.Message
		var wg sync.WaitGroup
		for i, b := range []*bench{one, two} {
			wg.Go(func() { made[i] = b.sealed("karin@else.example") })
		}
		wg.Wait()
		for _, m := range made {
			one.read(m.ID)
			two.read(m.ID)
		}
	}
}

func nodesClaim(t *testing.T, d Driver) {
	one, two := pair(t, d)
	const n = 40
	for range n {
		one.job(message.JobNotify, 0)
	}
	var mu sync.Mutex
	taken := map[message.ID]int{}
	var wg sync.WaitGroup
	for _, b := range []*bench{one, two, one, two} {
		wg.Go(func() {
			for {
				jobs, _, err := b.Claim(context.Background(), 3, time.Hour)
				if err != nil {
					t.Errorf("claim: %v", err)
				}
				if len(jobs) == 0 {
					return
				}
				mu.Lock()
				for _, j := range jobs {
					taken[j.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	same(t, "jobs", n, len(taken))
	for id, times := range taken {
		if times != 1 {
			t.Errorf("job %s was taken %d times", id, times)
		}
	}
}

func nodesRelease(t *testing.T, d Driver) {
	one, two := pair(t, d)
	ctx := context.Background()
	one.job(message.JobNotify, 0)
	mine := one.claim(1, time.Hour)
	one.job(message.JobNotify, 0)
	others := two.claim(1, time.Hour)
	one.job(message.JobNotify, 0)
	lost := one.claim(1, time.Minute)
	one.Add(time.Minute)
	taken := two.claim(1, time.Hour) // the lease was over
	n, err := one.Release(ctx)
	must(t, err)
	same(t, "of the first node", 1, n)
	must(t, two.Extend(ctx, others[0], time.Hour))
	must(t, two.Finish(ctx, taken[0], time.Time{}))
	want(t, one.Finish(ctx, lost[0], time.Time{}), store.ErrStale)
	same(t, "free", mine[0].ID, two.claim(1, time.Hour)[0].ID)
}

func nodesUpdate(t *testing.T, d Driver) {
	one, two := pair(t, d)
	m := one.sealed("karin@else.example")
	const n = 20
	var wg sync.WaitGroup
	for range n {
		for _, b := range []*bench{one, two} {
			wg.Go(func() {
				err := b.Update(context.Background(), m.ID, func(m *message.Message) (store.Effects, error) {
					m.Recipients[0].Attempts++
					return store.Effects{Effects: m.Note(b.Now(), 0, message.EventReminded, nil)}, nil
				})
				if err != nil {
					t.Errorf("update: %v", err)
				}
			})
		}
	}
	wg.Wait()
	same(t, "updates", 2*n, one.read(m.ID).Recipients[0].Attempts)
}

func nodesCount(t *testing.T, d Driver) {
	one, two := pair(t, d)
	_, a, _ := one.access()
	_, b, _ := two.access()
	c := auth.Counter{Kind: "all", Window: time.Hour}
	for i := range 4 {
		same(t, "one", int64(2*i+1), one.count(a.ID, c))
		same(t, "two", int64(2*i+2), two.count(b.ID, c))
	}
}

func nodesRepeat(t *testing.T, d Driver) {
	one, two := pair(t, d)
	for i := range 10 {
		var errs [2]error
		var wg sync.WaitGroup
		for n, b := range []*bench{one, two} {
			m := b.mail("karin@else.example")
			wg.Go(func() {
				_, errs[n] = b.Create(context.Background(), store.New{
					Message: m, Body: memory(text), Repeat: fmt.Sprint(i), Window: time.Hour})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("sending %d: %v and %v", i, errs[0], errs[1])
		}
		first, err := one.Repeated(context.Background(), fmt.Sprint(i))
		must(t, err)
		known, err := two.Repeated(context.Background(), fmt.Sprint(i))
		must(t, err)
		same(t, "what the other knows it as", first, known)
	}
}
