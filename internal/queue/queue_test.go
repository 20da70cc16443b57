package queue

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"

	"sigill/internal/message"
	"sigill/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const kind message.JobKind = "relay"

// table is a lease table in memory. Inside a synctest bubble its clock is the bubble's.
type table struct {
	mu    sync.Mutex
	rows  map[message.ID]*row
	wake  chan struct{}
	fail  error // of every call
	calls map[string]int
	asked []int                    // how many jobs each claim asked for
	most  int                      // jobs held at the same time
	slow  time.Duration            // between the commit of a claim and its answer
	late  map[string]time.Duration // before a call of that name begins to write
}

type row struct {
	job    message.Job
	freeAt time.Time
	owned  bool
}

func newTable(jobs ...message.Job) *table {
	t := &table{rows: map[message.ID]*row{}, wake: make(chan struct{}, 1), calls: map[string]int{}}
	for _, j := range jobs {
		t.rows[j.ID] = &row{job: j, freeAt: j.RunAt}
	}
	return t
}

// jobsNow makes jobs that are due.
func jobsNow(ids ...string) []message.Job {
	all := make([]message.Job, 0, len(ids))
	for _, id := range ids {
		all = append(all, message.Job{ID: message.ID(id), Kind: kind, RunAt: time.Now()})
	}
	return all
}

// add commits a job as another goroutine of this process, or as another node.
func (t *table) add(j message.Job, here bool) {
	t.mu.Lock()
	t.rows[j.ID] = &row{job: j, freeAt: j.RunAt}
	t.mu.Unlock()
	if here {
		t.wake <- struct{}{}
	}
}

// claimed commits a job that is leased from the start.
func (t *table) claimed(lease time.Duration, ids ...string) []message.Job {
	t.mu.Lock()
	defer t.mu.Unlock()
	jobs := jobsNow(ids...)
	for i := range jobs {
		jobs[i].Attempt = 1
		t.rows[jobs[i].ID] = &row{job: jobs[i], freeAt: time.Now().Add(lease), owned: true}
	}
	return jobs
}

// steal gives a job to another node.
func (t *table) steal(id message.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rows[id]
	r.job.Attempt++
	r.freeAt, r.owned = time.Now().Add(time.Hour), true
}

func (t *table) setFail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail = err
}

func (t *table) Claim(ctx context.Context, n int, lease time.Duration) ([]message.Job, time.Time, error) {
	jobs, next, err := t.claim(n, lease)
	if t.slow > 0 && len(jobs) > 0 {
		select {
		case <-time.After(t.slow):
		case <-ctx.Done(): // committed, but the answer is lost
			return nil, time.Time{}, ctx.Err()
		}
	}
	return jobs, next, err
}

func (t *table) claim(n int, lease time.Duration) ([]message.Job, time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls["claim"]++
	t.asked = append(t.asked, n)
	if t.fail != nil {
		return nil, time.Time{}, t.fail
	}
	now := time.Now()
	var jobs []message.Job
	for _, r := range t.sorted() {
		if len(jobs) < n && !r.freeAt.After(now) {
			r.job.Attempt++
			r.freeAt, r.owned = now.Add(lease), true
			jobs = append(jobs, r.job)
		}
	}
	var next time.Time
	if all := t.sorted(); len(all) > 0 {
		next = all[0].freeAt
	}
	t.most = max(t.most, t.heldLocked())
	return jobs, next, nil
}

func (t *table) sorted() []*row {
	all := make([]*row, 0, len(t.rows))
	for _, r := range t.rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *row) int {
		if c := a.freeAt.Compare(b.freeAt); c != 0 {
			return c
		}
		return strings.Compare(string(a.job.ID), string(b.job.ID))
	})
	return all
}

func (t *table) heldLocked() (n int) {
	for _, r := range t.rows {
		if r.owned && r.freeAt.After(time.Now()) {
			n++
		}
	}
	return n
}

func (t *table) fenced(ctx context.Context, call string, j message.Job, write func(*row)) error {
	if d := t.late[call]; d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls[call]++
	r := t.rows[j.ID]
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case t.fail != nil:
		return t.fail
	case r == nil || r.job.Attempt != j.Attempt || !r.owned:
		return store.ErrStale
	}
	write(r)
	return nil
}

func (t *table) Extend(ctx context.Context, j message.Job, lease time.Duration) error {
	return t.fenced(ctx, "extend", j, func(r *row) { r.freeAt = time.Now().Add(lease) })
}

func (t *table) Finish(ctx context.Context, j message.Job, retry time.Time) error {
	return t.fenced(ctx, "finish", j, func(r *row) {
		if retry.IsZero() {
			delete(t.rows, j.ID)
			return
		}
		r.job.RunAt, r.freeAt, r.owned = retry, retry, false
	})
}

func (t *table) Wake() <-chan struct{} { return t.wake }

func (t *table) Depth(context.Context) (store.Depth, error) { return store.Depth{}, nil }

func (t *table) Waiting(context.Context, message.ID, int) ([]message.Job, error) { return nil, nil }

func (t *table) Release(context.Context) (int, error) { return 0, nil }

func (t *table) Hurry(context.Context, message.ID, message.JobKind) (int, error) { return 0, nil }

// row returns what the table says of a job; false when it is finished.
func (t *table) row(id message.ID) (row, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.rows[id]
	if !ok {
		return row{}, false
	}
	return *r, true
}

// wantFree fails for each job that is there and somebody's.
func (t *table) wantFree(tt *testing.T, ids ...message.ID) {
	tt.Helper()
	for _, id := range ids {
		if left, there := t.row(id); !there || left.owned || left.freeAt.After(time.Now()) {
			tt.Errorf("%s is %+v (there: %v), want it free", id, left, there)
		}
	}
}

func (t *table) count(call string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls[call]
}

// record remembers which jobs were worked, and when.
type record struct {
	mu   sync.Mutex
	jobs []message.Job
	at   []time.Time
}

func (r *record) note(j message.Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs, r.at = append(r.jobs, j), append(r.at, time.Now())
}

func (r *record) ids() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make([]string, 0, len(r.jobs))
	for _, j := range r.jobs {
		ids = append(ids, string(j.ID))
	}
	return strings.Join(ids, " ")
}

func (r *record) times() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.at)
}

// started is a runner that runs; stop ends it and returns how long its end took.
type started struct {
	*Runner
	stop func() time.Duration
}

func start(t *testing.T, jobs store.Jobs, h Handler, o Options) started {
	t.Helper()
	r := New(jobs, map[message.JobKind]Handler{kind: h}, o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return started{r, func() time.Duration {
		t.Helper()
		at := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		return time.Since(at)
	}}
}

// counted returns how many jobs had a result.
func counted(t *testing.T, r *Runner, result string) float64 {
	t.Helper()
	var m dto.Metric
	if err := r.worked.WithLabelValues(string(kind), result).Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

func TestClaimedJobRunsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(jobsNow("a", "b", "c")...), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			return message.Done(), nil
		}, Options{Workers: 1})
		time.Sleep(time.Hour)
		r.stop()
		if got := worked.ids(); got != "a b c" {
			t.Errorf("worked %q", got)
		}
		if len(jobs.rows) != 0 {
			t.Errorf("%d jobs left", len(jobs.rows))
		}
	})
}

func TestClaimsNoMoreThanFreeSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := newTable(jobsNow("a", "b", "c", "d", "e", "f", "g")...)
		r := start(t, jobs, func(context.Context, message.Job) (message.Next, error) {
			time.Sleep(10 * time.Second)
			return message.Done(), nil
		}, Options{Workers: 3})
		time.Sleep(time.Minute)
		r.stop()
		if jobs.most != 3 {
			t.Errorf("%d jobs were held by 3 workers", jobs.most)
		}
		if jobs.asked[0] != 3 || slices.Max(jobs.asked) != 3 || slices.Min(jobs.asked) < 1 {
			t.Errorf("claims asked for %v", jobs.asked)
		}
		if len(jobs.rows) != 0 {
			t.Errorf("%d jobs left", len(jobs.rows))
		}
	})
}

func TestOfferedJobRunsWithoutClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			return message.Done(), nil
		}, Options{Poll: time.Hour})
		synctest.Wait()
		begin := time.Now()
		r.Offer(jobs.claimed(2*time.Minute, "a", "b"))
		synctest.Wait()
		if at := worked.times(); len(at) != 2 || !at[1].Equal(begin) {
			t.Errorf("worked %q at %v, want at once", worked.ids(), at)
		}
		r.stop()
		if n := jobs.count("claim"); n != 1 {
			t.Errorf("%d claims, want the first look alone", n)
		}
		if n := jobs.count("extend"); n != 0 {
			t.Errorf("a fresh lease was prolonged %d times", n)
		}
	})
}

// TestOfferBeyondTheRoomGivesBack offers to a runner with no worker free: what has no room
// is anybody's at once, and not when its lease is over.
func TestOfferBeyondTheRoomGivesBack(t *testing.T) {
	t.Parallel()
	jobs := newTable()
	r := New(jobs, nil, Options{})
	r.Offer(make([]message.Job, maxOffered-1)) // nobody runs
	r.Offer(jobs.claimed(2*time.Minute, "fits", "first", "second"))
	if got := len(r.offered); got != maxOffered {
		t.Errorf("%d jobs wait", got)
	}
	jobs.wantFree(t, "first", "second")
	if left, _ := jobs.row("fits"); !left.owned {
		t.Error("what waits here is not this node's any more")
	}
}

// TestOfferedJobsKeepTheirLease has more offered jobs than slots, and each takes longer
// than a lease: the ones that wait are renewed before they begin.
func TestOfferedJobsKeepTheirLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			time.Sleep(50 * time.Second)
			return message.Done(), nil
		}, Options{Workers: 1, Lease: time.Minute, Poll: time.Hour})
		synctest.Wait()
		r.Offer(jobs.claimed(time.Minute, "a", "b", "c"))
		synctest.Wait()
		jobs.steal("b") // another node took it over when its lease was over
		time.Sleep(10 * time.Minute)
		r.stop()
		if got := worked.ids(); got != "a c" {
			t.Errorf("worked %q, want a and c: b is another node's", got)
		}
		if _, there := jobs.row("c"); there {
			t.Error("c is not finished")
		}
	})
}

func TestOfferedJobIsLeftWhenItsLeaseCannotBeRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked, log := newTable(), &record{}, &bytes.Buffer{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			time.Sleep(30 * time.Second)
			return message.Done(), nil
		}, Options{Workers: 1, Lease: time.Minute, Log: slog.New(slog.NewTextHandler(log, nil))})
		synctest.Wait()
		r.Offer(jobs.claimed(time.Minute, "a", "b"))
		synctest.Wait()
		jobs.setFail(errors.New("no connection"))
		time.Sleep(31 * time.Second)
		if got := worked.ids(); got != "a" {
			t.Errorf("worked %q while the store was down", got)
		}
		jobs.setFail(nil)
		time.Sleep(10 * time.Minute)
		r.stop()
		if got := worked.ids(); got != "a a b" && got != "a b a" { // a could not be finished
			t.Errorf("worked %q", got)
		}
		if !strings.Contains(log.String(), "lease not prolonged; the job is left to it") {
			t.Error("nothing in the log")
		}
	})
}

// TestBusyNodeComesToItsRetries offers without end, and looks at a job that waits in the
// store.
func TestBusyNodeComesToItsRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			time.Sleep(100 * time.Millisecond)
			return message.Done(), nil
		}, Options{Workers: 1})
		synctest.Wait()
		var ids []string
		for i := range 200 {
			ids = append(ids, "offered-"+string(rune('a'+i%26))+string(rune('a'+i/26)))
		}
		r.Offer(jobs.claimed(2*time.Minute, ids...))
		jobs.add(message.Job{ID: "retry-1", Kind: kind, RunAt: time.Now()}, false)
		jobs.add(message.Job{ID: "retry-2", Kind: kind, RunAt: time.Now()}, false)
		jobs.add(message.Job{ID: "retry-3", Kind: kind, RunAt: time.Now()}, false)
		time.Sleep(3 * time.Second)
		if got := worked.ids(); strings.Count(got, "retry") != 3 || !strings.Contains(got, "retry-1 offered") {
			t.Errorf("worked %q, want the retries in turns with the offered jobs", got)
		}
		r.stop()
	})
}

func TestRetryPausesGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked, log := newTable(jobsNow("a")...), &record{}, &bytes.Buffer{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			if j.Attempt < 6 {
				return message.Done(), errors.New("busy")
			}
			return message.Done(), nil
		}, Options{MinPause: 8 * time.Second, MaxPause: time.Minute, Log: slog.New(slog.NewTextHandler(log, nil))})
		time.Sleep(time.Hour)
		r.stop()
		at := worked.times()
		if len(at) != 6 {
			t.Fatalf("%d attempts, want 6", len(at))
		}
		for i, high := range []time.Duration{8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute} {
			if pause := at[i+1].Sub(at[i]); pause < high*3/4 || pause > high+time.Second {
				t.Errorf("pause %d is %s, want %s to %s", i+1, pause, high*3/4, high)
			}
		}
		if got := counted(t, r.Runner, "failed"); got != 5 {
			t.Errorf("%v failures counted", got)
		}
		if got := strings.Count(log.String(), `msg="job failed"`); got != 5 {
			t.Errorf("%d lines logged", got)
		}
	})
}

func TestHandlerNamesItsRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(jobsNow("a")...), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			if j.Attempt == 1 {
				return message.RetryAt(time.Now().Add(17 * time.Minute)), nil
			}
			return message.Done(), nil
		}, Options{})
		time.Sleep(time.Hour)
		r.stop()
		at := worked.times()
		if len(at) != 2 || at[1].Sub(at[0]) < 17*time.Minute || at[1].Sub(at[0]) > 17*time.Minute+time.Second {
			t.Errorf("worked at %v", at)
		}
		if got := counted(t, r.Runner, "again"); got != 1 {
			t.Errorf("%v counted", got)
		}
	})
}

// TestFinishedWritesNothing has a handler that finished the job with its result.
func TestFinishedWritesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := newTable(jobsNow("a")...)
		r := start(t, jobs, func(ctx context.Context, j message.Job) (message.Next, error) {
			return message.Finished(), jobs.Finish(ctx, j, time.Time{})
		}, Options{})
		time.Sleep(time.Minute)
		r.stop()
		if n := jobs.count("finish"); n != 1 {
			t.Errorf("finished %d times", n)
		}
	})
}

func TestPanicIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked, log := newTable(jobsNow("a", "b")...), &record{}, &bytes.Buffer{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			if j.ID == "a" && j.Attempt == 1 {
				panic("canary")
			}
			return message.Done(), nil
		}, Options{Workers: 1, Log: slog.New(slog.NewTextHandler(log, nil))})
		time.Sleep(time.Hour)
		r.stop()
		if got := worked.ids(); got != "a b a" {
			t.Errorf("worked %q", got)
		}
		if text := log.String(); !strings.Contains(text, "TestPanicIsRetried") || strings.Contains(text, "canary") {
			t.Errorf("the log must have the place and not the value:\n%s", text)
		}
	})
}

func TestUnknownKindWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		odd := message.Job{ID: "odd", Kind: "from_a_newer_version", RunAt: time.Now()}
		jobs, worked := newTable(append(jobsNow("a"), odd)...), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			return message.Done(), nil
		}, Options{})
		time.Sleep(time.Minute)
		r.stop()
		left, there := jobs.row("odd")
		if !there || left.job.Attempt < 2 || left.owned {
			t.Errorf("the odd job is %+v, want it tried and put back", left)
		}
		if got := worked.ids(); got != "a" {
			t.Errorf("worked %q", got)
		}
	})
}

func TestStaleIsNotAFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		work   func(ctx context.Context, jobs *table, j message.Job) (message.Next, error)
		result string
	}{
		"said by the handler": {func(_ context.Context, jobs *table, j message.Job) (message.Next, error) {
			jobs.steal(j.ID)
			return message.Finished(), errors.Join(errors.New("update"), store.ErrStale)
		}, "stale"},
		"met at the end": {func(_ context.Context, jobs *table, j message.Job) (message.Next, error) {
			jobs.steal(j.ID)
			return message.Done(), nil
		}, "done"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				jobs, worked, log := newTable(jobsNow("a")...), &record{}, &bytes.Buffer{}
				r := start(t, jobs, func(ctx context.Context, j message.Job) (message.Next, error) {
					worked.note(j)
					return tt.work(ctx, jobs, j)
				}, Options{Log: slog.New(slog.NewTextHandler(log, nil))})
				time.Sleep(time.Minute)
				r.stop()
				if left, there := jobs.row("a"); !there || left.job.Attempt != 2 || !left.owned {
					t.Errorf("the job is %+v, want it left to the other node", left)
				}
				if got := worked.ids(); got != "a" || log.Len() > 0 {
					t.Errorf("worked %q, logged %s", got, log)
				}
				if got := counted(t, r.Runner, tt.result); got != 1 {
					t.Errorf("%v counted as %s", got, tt.result)
				}
			})
		})
	}
}

func TestLeaseIsProlongedWhileAJobRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(jobsNow("a")...), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			time.Sleep(20 * time.Minute)
			return message.Done(), nil
		}, Options{Lease: time.Minute})
		for range 20 {
			time.Sleep(59 * time.Second)
			if left, there := jobs.row("a"); !there || time.Until(left.freeAt) <= 0 {
				t.Fatal("the lease was over")
			}
		}
		time.Sleep(time.Hour)
		r.stop()
		if got := worked.ids(); got != "a" {
			t.Errorf("worked %q", got)
		}
		if _, there := jobs.row("a"); there {
			t.Error("not finished")
		}
	})
}

// TestLostLeaseEndsTheJob has another node take a job over.
func TestLostLeaseEndsTheJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, log := newTable(jobsNow("a")...), &bytes.Buffer{}
		var took time.Duration
		r := start(t, jobs, func(ctx context.Context, _ message.Job) (message.Next, error) {
			begin := time.Now()
			jobs.steal("a")
			<-ctx.Done()
			took = time.Since(begin)
			return message.Done(), ctx.Err()
		}, Options{Lease: time.Minute, Log: slog.New(slog.NewTextHandler(log, nil))})
		time.Sleep(10 * time.Minute)
		r.stop()
		if took != 20*time.Second {
			t.Errorf("went on for %s", took)
		}
		if got := counted(t, r.Runner, "stale"); got != 1 || log.Len() > 0 {
			t.Errorf("%v counted, logged %s", got, log)
		}
	})
}

// TestStoreOutageEndsNoJob has the store fail while a job runs: the lease is prolonged
// again when it answers.
func TestStoreOutageEndsNoJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked, log := newTable(jobsNow("a")...), &record{}, &bytes.Buffer{}
		r := start(t, jobs, func(ctx context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			time.Sleep(5 * time.Minute)
			return message.Done(), ctx.Err()
		}, Options{Workers: 1, Lease: time.Minute, Log: slog.New(slog.NewTextHandler(log, nil))})
		synctest.Wait()
		jobs.setFail(errors.New("no connection"))
		time.Sleep(3 * time.Minute)
		jobs.setFail(nil)
		time.Sleep(time.Hour)
		r.stop()
		if _, there := jobs.row("a"); there || worked.ids() != "a" {
			t.Errorf("worked %q", worked.ids())
		}
		if !strings.Contains(log.String(), `msg="lease not prolonged"`) {
			t.Error("nothing in the log")
		}
	})
}

func TestRunDrains(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		takes   time.Duration
		o       Options
		ends    time.Duration
		result  string
		putBack bool
	}{
		{"ends by itself", 90 * time.Second, Options{Lease: time.Minute * 5, Drain: 2 * time.Minute}, 90 * time.Second, "done", false},
		{"keeps its lease", 50 * time.Second, Options{Lease: time.Minute, Drain: time.Minute}, 50 * time.Second, "done", false},
		{"is cut off", time.Hour, Options{}, 20 * time.Second, "interrupted", true},
		{"never longer than the lease", time.Hour, Options{Lease: 15 * time.Second, Drain: time.Minute}, 15 * time.Second, "interrupted", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				jobs, log := newTable(jobsNow("a")...), &bytes.Buffer{}
				tt.o.Log = slog.New(slog.NewTextHandler(log, nil))
				r := start(t, jobs, func(ctx context.Context, _ message.Job) (message.Next, error) {
					select {
					case <-time.After(tt.takes):
						return message.Done(), nil
					case <-ctx.Done():
						return message.Done(), ctx.Err()
					}
				}, tt.o)
				synctest.Wait()
				if took := r.stop(); took != tt.ends {
					t.Errorf("ended after %s, want %s", took, tt.ends)
				}
				left, there := jobs.row("a")
				if there != tt.putBack || left.owned {
					t.Errorf("the job is %+v (there: %v)", left, there)
				}
				if got := counted(t, r.Runner, tt.result); got != 1 || log.Len() > 0 {
					t.Errorf("%v counted as %s, logged %s", got, tt.result, log)
				}
			})
		})
	}
}

// TestLeaseIsProlongedWhileDraining fails when the leases end with Run's context.
func TestLeaseIsProlongedWhileDraining(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := newTable(jobsNow("a")...)
		var until time.Duration
		r := start(t, jobs, func(context.Context, message.Job) (message.Next, error) {
			time.Sleep(80 * time.Second)
			left, _ := jobs.row("a")
			until = time.Until(left.freeAt)
			return message.Done(), nil
		}, Options{Lease: time.Minute, Drain: time.Minute})
		time.Sleep(30 * time.Second)
		r.stop()
		if until <= 0 {
			t.Errorf("the lease was over %s before the job", -until)
		}
	})
}

func TestWhatDidNotBeginIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			time.Sleep(10 * time.Second)
			return message.Done(), nil
		}, Options{Workers: 1})
		synctest.Wait()
		r.Offer(jobs.claimed(2*time.Minute, "a", "b", "c"))
		time.Sleep(time.Second)
		if took := r.stop(); took != 9*time.Second {
			t.Errorf("the end took %s", took)
		}
		if got := worked.ids(); got != "a" {
			t.Errorf("worked %q", got)
		}
		jobs.wantFree(t, "b", "c")
	})
}

// A runner that ends while a claim is under way still hears what it got, and leaves none
// of it to a lease.
func TestEndDuringAClaimHoldsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(jobsNow("a", "b", "c")...), &record{}
		jobs.slow = time.Second
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			return message.Done(), nil
		}, Options{Workers: 3})
		time.Sleep(500 * time.Millisecond)
		r.stop()
		for _, id := range []message.ID{"a", "b", "c"} {
			if left, there := jobs.row(id); there && (left.owned || left.freeAt.After(time.Now())) {
				t.Errorf("%s is %+v, want it done or free", id, left)
			}
		}
		if n := jobs.count("claim"); n != 1 {
			t.Errorf("%d claims", n)
		}
	})
}

// What is committed as this node's own when its runner has ended, by a client that was still being answered, is free.
func TestOfferAfterTheEndGivesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := newTable()
		r := start(t, jobs, func(context.Context, message.Job) (message.Next, error) {
			t.Error("a job began")
			return message.Done(), nil
		}, Options{})
		synctest.Wait()
		r.stop()
		r.Offer(jobs.claimed(2*time.Minute, "a"))
		jobs.wantFree(t, "a")
	})
}

// A claim takes its time while the store is slow: what was given up would be claimed again
// and again, and nobody would work it.
func TestSlowClaimIsHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(jobsNow("a", "b")...), &record{}
		jobs.slow = 30 * time.Second
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			return message.Done(), nil
		}, Options{Workers: 2})
		time.Sleep(31 * time.Second)
		if got := worked.ids(); got != "a b" && got != "b a" {
			t.Errorf("worked %q", got)
		}
		r.stop()
	})
}

// What is being written when the time to drain is over is written to its end.
func TestEndOfTheDrainCutsOffNoWrite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, call string
		begin      func(jobs *table, r started) // how "a" comes to be in the middle of that call
		done       bool                         // and not free again
	}{
		{"the end of a job", "finish", func(jobs *table, r started) {
			r.Offer(jobs.claimed(time.Minute, "a"))
			time.Sleep(50 * time.Second)
		}, true},
		{"the lease of a job that waited", "extend", func(jobs *table, r started) {
			r.Offer(jobs.claimed(time.Minute, "first"))
			r.Offer(jobs.claimed(time.Minute, "a"))
			time.Sleep(50 * time.Second)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				jobs := newTable()
				jobs.late = map[string]time.Duration{tt.call: 23 * time.Second} // and the drain is 20 s
				r := start(t, jobs, func(context.Context, message.Job) (message.Next, error) {
					time.Sleep(50*time.Second - time.Millisecond)
					return message.Done(), nil
				}, Options{Workers: 1, Lease: time.Minute})
				synctest.Wait()
				tt.begin(jobs, r)
				r.stop()
				if !tt.done {
					jobs.wantFree(t, "a")
				} else if left, there := jobs.row("a"); there {
					t.Errorf("it is %+v, want it done", left)
				}
			})
		})
	}
}

func TestWake(t *testing.T) {
	t.Parallel()
	for name, here := range map[string]bool{"committed here": true, "committed elsewhere": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				jobs, worked := newTable(), &record{}
				r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
					worked.note(j)
					return message.Done(), nil
				}, Options{Poll: time.Minute})
				time.Sleep(90 * time.Second)
				at := time.Now()
				jobs.add(message.Job{ID: "a", Kind: kind, RunAt: at}, here)
				time.Sleep(time.Hour)
				r.stop()
				took := worked.times()[0].Sub(at)
				if here && took != 0 || !here && took != 30*time.Second {
					t.Errorf("worked after %s", took)
				}
			})
		})
	}
}

// TestLaterJobRunsWhenDue does not wait for the poll.
func TestLaterJobRunsWhenDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		due := time.Now().Add(20 * time.Second)
		jobs, worked := newTable(message.Job{ID: "a", Kind: kind, RunAt: due}), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			return message.Done(), nil
		}, Options{Poll: time.Minute})
		time.Sleep(time.Hour)
		r.stop()
		if at := worked.times(); len(at) != 1 || !at[0].Equal(due) {
			t.Errorf("worked at %v, want %v", at, due)
		}
	})
}

func TestClaimErrorIsSurvived(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked, log := newTable(jobsNow("a")...), &record{}, &bytes.Buffer{}
		jobs.setFail(errors.New("no connection"))
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			return message.Done(), nil
		}, Options{Log: slog.New(slog.NewTextHandler(log, nil))})
		time.Sleep(10*time.Second + time.Millisecond)
		if n := jobs.count("claim"); n != 11 {
			t.Errorf("asked %d times in 10 s, want once a second", n)
		}
		jobs.setFail(nil)
		time.Sleep(2 * time.Second)
		r.stop()
		if got := worked.ids(); got != "a" || !strings.Contains(log.String(), "jobs could not be claimed") {
			t.Errorf("worked %q, logged %s", got, log)
		}
	})
}

func TestFinishErrorRunsTheJobAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs, worked := newTable(jobsNow("a")...), &record{}
		r := start(t, jobs, func(_ context.Context, j message.Job) (message.Next, error) {
			worked.note(j)
			if j.Attempt == 1 {
				jobs.setFail(errors.New("no connection"))
				time.AfterFunc(10*time.Second, func() { jobs.setFail(nil) })
			}
			return message.Done(), nil
		}, Options{Lease: time.Minute})
		time.Sleep(time.Hour)
		r.stop()
		at := worked.times()
		if len(at) != 2 || at[1].Sub(at[0]) > time.Minute+time.Second {
			t.Errorf("worked at %v, want again after the lease", at)
		}
	})
}

func TestPause(t *testing.T) {
	t.Parallel()
	tests := []struct {
		attempt int
		want    time.Duration
	}{
		{-1, 5 * time.Second}, {0, 5 * time.Second}, {1, 5 * time.Second}, {2, 10 * time.Second}, {3, 20 * time.Second},
		{10, 2560 * time.Second}, {11, time.Hour}, {29, time.Hour}, {30, time.Hour}, {63, time.Hour}, {1 << 30, time.Hour},
	}
	for _, tt := range tests {
		for range 100 {
			if got := Pause(tt.attempt, 5*time.Second, time.Hour); got > tt.want || got < tt.want*3/4 {
				t.Errorf("attempt %d: %s, want %s to %s", tt.attempt, got, tt.want*3/4, tt.want)
			}
		}
	}
	if got := Pause(1, time.Minute, time.Second); got > time.Second {
		t.Errorf("a low above the high pauses %s", got)
	}
}

func TestMetricsAreRegistered(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	r := New(newTable(), nil, Options{Metrics: reg})
	r.count(message.Job{Kind: kind}, resultDone)
	families, err := reg.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "sigill_jobs_total" {
		t.Errorf("gathered %v, %v", families, err)
	}
}
