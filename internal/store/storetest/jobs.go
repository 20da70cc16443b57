package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

func jobTests() []test {
	return []test{
		{"Claim takes what is due, oldest first, and says when the next is", claimOrder},
		{"a claimed job is free again when its lease is over", leaseExpiry},
		{"a slow worker can neither finish nor extend its successor's job", jobFence},
		{"Extend prolongs a lease", leaseExtended},
		{"Finish with a time puts a job back", jobRetried},
		{"Release gives back what this node holds", released},
		{"workers at once never share a job", claimAtOnce},
		{"Wake tells of a job that is due now, and only of that", wake},
		{"Depth counts by kind", depth},
		{"Waiting lists the soonest first", waitingOrder},
		{"Hurry makes later jobs due", hurry},
		{"a finished job is gone", finished},
	}
}

// job stores a message with jobs of a kind, due after each of the given times.
func (b *bench) job(kind message.JobKind, after ...time.Duration) (message.ID, []message.Job) {
	b.tb.Helper()
	m := b.mail("karin@else.example")
	var e store.Effects
	for i, d := range after {
		e.Jobs = append(e.Jobs, message.Job{
			ID: message.NewID(b.Now()), Kind: kind, Message: m.ID, Recipient: i, Ref: "ref", RunAt: b.Now().Add(d)})
	}
	b.put(store.New{Message: m, Effects: e})
	return m.ID, e.Jobs
}

func recipients(jobs []message.Job) []int {
	var all []int
	for _, j := range jobs {
		all = append(all, j.Recipient)
	}
	return all
}

func claimOrder(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	if jobs, next, err := b.Claim(ctx, 1, time.Minute); len(jobs) != 0 || !next.IsZero() || err != nil {
		t.Errorf("an empty store: %v %v %v", jobs, next, err)
	}
	start := b.Now()
	_, made := b.job(message.JobNotify, 3*time.Second, time.Second, 2*time.Second, time.Hour)
	jobs, next, err := b.Claim(ctx, 10, time.Minute)
	must(t, err)
	if len(jobs) != 0 || !next.Equal(start.Add(time.Second)) {
		t.Errorf("before anything is due: %v, next %v", jobs, next)
	}
	b.Add(5 * time.Second)
	first := b.claim(2, 2*time.Hour)
	same(t, "the two oldest", []int{1, 2}, recipients(first))
	jobs, next, err = b.Claim(ctx, 10, 2*time.Hour)
	must(t, err)
	same(t, "the third", []int{0}, recipients(jobs))
	if !next.Equal(start.Add(time.Hour)) {
		t.Errorf("next %v", next)
	}
	made[1].Attempt = 1
	same(t, "job", made[1], first[0])
}

func leaseExpiry(t *testing.T, d Driver) {
	b := fresh(t, d)
	b.job(message.JobNotify, 0)
	first := b.claim(1, time.Minute)
	b.Add(59 * time.Second)
	if jobs := b.claim(1, time.Minute); len(jobs) != 0 {
		t.Fatalf("claimed before the lease was over: %v", jobs)
	}
	b.Add(time.Second)
	again := b.claim(1, time.Minute)
	if len(again) != 1 || again[0].Attempt != 2 || again[0].ID != first[0].ID {
		t.Errorf("claimed %+v", again)
	}
}

func jobFence(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	id, _ := b.job(message.JobNotify, 0)
	slow := b.claim(1, time.Minute)[0]
	b.Add(time.Hour)
	quick := b.claim(1, time.Minute)[0]
	want(t, b.Extend(ctx, slow, time.Hour), store.ErrStale)
	want(t, b.Finish(ctx, slow, time.Time{}), store.ErrStale)
	want(t, b.Finish(ctx, slow, b.Now()), store.ErrStale)
	if len(b.waiting(id)) != 1 {
		t.Fatal("the slow worker deleted its successor's job")
	}
	must(t, b.Finish(ctx, quick, time.Time{}))
	want(t, b.Finish(ctx, quick, time.Time{}), store.ErrStale)
}

func leaseExtended(t *testing.T, d Driver) {
	b := fresh(t, d)
	b.job(message.JobNotify, 0)
	job := b.claim(1, time.Minute)[0]
	b.Add(50 * time.Second)
	must(t, b.Extend(context.Background(), job, time.Minute))
	b.Add(50 * time.Second)
	if jobs := b.claim(1, time.Minute); len(jobs) != 0 {
		t.Error("claimed although the lease was prolonged")
	}
	b.Add(10 * time.Second)
	if jobs := b.claim(1, time.Minute); len(jobs) != 1 {
		t.Error("not free after the prolonged lease")
	}
}

func jobRetried(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	b.job(message.JobNotify, 0)
	job := b.claim(1, time.Hour)[0]
	must(t, b.Finish(ctx, job, b.Now().Add(time.Minute)))
	want(t, b.Extend(ctx, job, time.Hour), store.ErrStale) // it is nobody's
	if jobs := b.claim(1, time.Minute); len(jobs) != 0 {
		t.Error("claimed before its time")
	}
	at := b.Add(time.Minute)
	again := b.claim(1, time.Minute)
	if len(again) != 1 || again[0].Attempt != 2 || !again[0].RunAt.Equal(at) {
		t.Errorf("claimed %+v", again)
	}
}

func released(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	n, err := b.Release(ctx)
	must(t, err)
	same(t, "of nothing", 0, n)
	b.job(message.JobNotify, 0, time.Second, time.Hour)
	b.job(message.JobTell, 0)
	b.Add(time.Second)
	held := b.claim(3, time.Hour)
	must(t, b.Finish(ctx, held[0], b.Now().Add(time.Minute))) // put off: nobody's, and not due
	_, born := b.passing("karin@else.example")                // leased from the start
	at := b.Add(2 * time.Second)
	n, err = b.Release(ctx)
	must(t, err)
	same(t, "held", 3, n)
	for _, j := range []message.Job{held[1], held[2], born} {
		want(t, b.Extend(ctx, j, time.Hour), store.ErrStale)
		want(t, b.Finish(ctx, j, time.Time{}), store.ErrStale)
	}
	again := b.claim(10, time.Hour)
	same(t, "free again", 3, len(again))
	for _, j := range again {
		if j.Attempt != 2 || j.RunAt.After(at) {
			t.Errorf("claimed %+v", j)
		}
	}
	b.Add(time.Minute)
	same(t, "the one that was put off", 1, len(b.claim(10, time.Hour)))
	n, err = b.Release(ctx)
	must(t, err)
	same(t, "the second time", 4, n)
}

func claimAtOnce(t *testing.T, d Driver) {
	b := fresh(t, d)
	const n = 60
	for range n {
		b.job(message.JobNotify, 0)
	}
	var mu sync.Mutex
	taken := map[message.ID]int{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for {
				jobs, _, err := b.Claim(context.Background(), 7, time.Hour)
				if err != nil {
					t.Errorf("claim: %v", err)
				}
				mu.Lock()
				for _, j := range jobs {
					taken[j.ID]++
				}
				mu.Unlock()
				if len(jobs) == 0 {
					return
				}
			}
		})
	}
	wg.Wait()
	if len(taken) != n {
		t.Errorf("%d of %d jobs were taken", len(taken), n)
	}
	for id, times := range taken {
		if times != 1 {
			t.Errorf("job %s was taken %d times", id, times)
		}
	}
}

func woken(b *bench) bool {
	select {
	case <-b.Wake():
		return true
	default:
		return false
	}
}

func wake(t *testing.T, d Driver) {
	b := fresh(t, d)
	b.job(message.JobNotify, time.Minute)
	if woken(b) {
		t.Error("woken by a later job")
	}
	id, _ := b.job(message.JobNotify, 0)
	if !woken(b) {
		t.Error("not woken by Create")
	}
	b.passing("karin@else.example")
	if woken(b) {
		t.Error("woken by a job that is leased to its maker")
	}
	b.update(id, func(m *message.Message) (store.Effects, error) {
		return store.Effects{Effects: message.Effects{Jobs: []message.Job{
			{ID: message.NewID(b.Now()), Kind: message.JobTell, Message: m.ID, RunAt: b.Now()}}}}, nil
	})
	if !woken(b) {
		t.Error("not woken by Update")
	}
	_, err := b.Hurry(context.Background(), "", "")
	must(t, err)
	if !woken(b) {
		t.Error("not woken by Hurry")
	}
}

func depth(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	got, err := b.Depth(ctx)
	must(t, err)
	if len(got.Due)+len(got.Later) != 0 || !got.Oldest.IsZero() {
		t.Errorf("an empty store: %+v", got)
	}
	start := b.Now()
	b.job(message.JobNotify, 0, time.Second, time.Hour)
	b.job(message.JobRelay, time.Hour)
	b.Add(time.Second)
	b.claim(1, time.Minute)
	got, err = b.Depth(ctx)
	must(t, err)
	same(t, "depth", store.Depth{
		Due:    map[message.JobKind]int{message.JobNotify: 2},
		Later:  map[message.JobKind]int{message.JobNotify: 1, message.JobRelay: 1},
		Oldest: start,
	}, got)
}

func waitingOrder(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	id, _ := b.job(message.JobNotify, 3*time.Hour, time.Hour, 2*time.Hour)
	b.job(message.JobRelay, 90*time.Minute)
	same(t, "of a message", []int{1, 2, 0}, recipients(b.waiting(id)))
	all, err := b.Waiting(ctx, "", 2)
	must(t, err)
	if len(all) != 2 || all[0].Kind != message.JobNotify || all[1].Kind != message.JobRelay {
		t.Errorf("of all, two: %+v", all)
	}
}

func hurry(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	id, _ := b.job(message.JobNotify, time.Hour, 2*time.Hour, 0)
	b.claim(1, time.Minute) // in somebody's hands: left alone
	other, _ := b.job(message.JobRelay, time.Hour)
	n, err := b.Hurry(ctx, id, message.JobRelay)
	must(t, err)
	same(t, "another kind", 0, n)
	n, err = b.Hurry(ctx, id, message.JobNotify)
	must(t, err)
	same(t, "of a kind", 2, n)
	if jobs := b.claim(10, time.Hour); len(jobs) != 2 {
		t.Errorf("claimed %d, want 2", len(jobs))
	}
	n, err = b.Hurry(ctx, other, "")
	must(t, err)
	same(t, "of any kind", 1, n)
}

func finished(t *testing.T, d Driver) {
	b := fresh(t, d)
	id, _ := b.job(message.JobNotify, 0)
	must(t, b.Finish(context.Background(), b.claim(1, time.Minute)[0], time.Time{}))
	b.Add(time.Hour)
	if jobs := b.claim(1, time.Minute); len(jobs) != 0 || len(b.waiting(id)) != 0 {
		t.Error("a finished job came back")
	}
}
