// Package queue claims due jobs by lease, calls a handler for each, and backs off.
//
// It knows no job by name. A job is done when its handler says so; a handler that
// fails, panics or is killed with its process meets the same job again, later, so each
// handler first asks whether its step is still due.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/message"
	"sigill/internal/store"
)

// Handler works one job. An error is logged and the job tried again after a pause that
// grows with its attempts.
type Handler func(ctx context.Context, j message.Job) (message.Next, error)

// Options of a [Runner]. Zero values take the defaults named.
type Options struct {
	Workers  int           // jobs at the same time; 16
	Lease    time.Duration // how long a claim holds; it is prolonged while the job runs; 2 min
	Poll     time.Duration // how often other nodes' jobs are looked for; 1 s
	MinPause time.Duration // before the second attempt; 5 s
	MaxPause time.Duration // between attempts; 1 h
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  prometheus.Registerer // nil for none
}

// Runner works jobs until its context ends.
type Runner struct {
	jobs     store.Jobs
	handlers map[message.JobKind]Handler
	o        Options
	slots    chan struct{} // one token for each job that may run
	offered  chan message.Job
	worked   *prometheus.CounterVec

	mu      sync.Mutex
	running map[message.ID]message.Job
}

// New makes a runner that calls the handler of each job's kind.
func New(jobs store.Jobs, handlers map[message.JobKind]Handler, o Options) *Runner {
	o.defaults()
	r := &Runner{
		jobs: jobs, handlers: handlers, o: o,
		slots:   make(chan struct{}, o.Workers),
		offered: make(chan message.Job, 4096),
		running: map[message.ID]message.Job{},
		worked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_jobs_total", Help: "Jobs worked, by kind and result.",
		}, []string{"kind", "result"}),
	}
	if o.Metrics != nil {
		o.Metrics.MustRegister(r.worked)
	}
	return r
}

func (o *Options) defaults() {
	if o.Workers == 0 {
		o.Workers = 16
	}
	if o.Lease == 0 {
		o.Lease = 2 * time.Minute
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.MinPause == 0 {
		o.MinPause = 5 * time.Second
	}
	if o.MaxPause == 0 {
		o.MaxPause = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Offer hands over jobs that this node has claimed already. What does not fit is left
// to its lease.
func (r *Runner) Offer(jobs []message.Job) {
	for _, j := range jobs {
		select {
		case r.offered <- j:
		default:
			return
		}
	}
}

// Run works jobs until ctx ends, then waits for those that run. A handler's own context
// outlives ctx by at most the lease.
func (r *Runner) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { r.prolong(ctx) })
	for ctx.Err() == nil {
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		j, ok := r.next(ctx)
		if !ok {
			<-r.slots
			continue
		}
		r.begin(j)
		wg.Go(func() {
			defer func() { <-r.slots }()
			r.work(work, j)
		})
	}
	late := time.AfterFunc(r.o.Lease, stop)
	defer late.Stop()
	wg.Wait()
	return nil
}

// next returns the next job to work: an offered one, else one that it claims, else it
// waits until there may be one.
func (r *Runner) next(ctx context.Context) (message.Job, bool) {
	select {
	case j := <-r.offered:
		return j, true
	default:
	}
	free := cap(r.slots) - len(r.slots) + 1
	jobs, due, err := r.jobs.Claim(ctx, free, r.o.Lease)
	if err != nil {
		if ctx.Err() == nil {
			r.o.Log.Warn("jobs could not be claimed", "error", err)
		}
		return r.wait(ctx, time.Time{})
	}
	if len(jobs) == 0 {
		return r.wait(ctx, due)
	}
	r.Offer(jobs[1:])
	return jobs[0], true
}

func (r *Runner) wait(ctx context.Context, due time.Time) (message.Job, bool) {
	pause := r.o.Poll
	if !due.IsZero() {
		pause = min(pause, max(due.Sub(r.o.Now()), time.Millisecond))
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case j := <-r.offered:
		return j, true
	case <-r.jobs.Wake():
	case <-timer.C:
	case <-ctx.Done():
	}
	return message.Job{}, false
}

func (r *Runner) begin(j message.Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[j.ID] = j
}

func (r *Runner) work(ctx context.Context, j message.Job) {
	defer func() {
		r.mu.Lock()
		delete(r.running, j.ID)
		r.mu.Unlock()
	}()
	next, err := r.call(ctx, j)
	result := "done"
	switch {
	case errors.Is(err, store.ErrStale):
		r.worked.WithLabelValues(string(j.Kind), "stale").Inc()
		return // somebody else works it by now
	case err != nil:
		result = "failed"
		r.o.Log.Error("job failed", "job", j.ID, "kind", j.Kind, "msg", j.Message, "attempt", j.Attempt, "error", err)
		next = message.RetryAt(r.o.Now().Add(r.pause(j.Attempt)))
	case !next.Retry().IsZero():
		result = "again"
	}
	r.worked.WithLabelValues(string(j.Kind), result).Inc()
	if next.IsFinished() {
		return
	}
	if err := r.jobs.Finish(ctx, j, next.Retry()); err != nil && !errors.Is(err, store.ErrStale) {
		r.o.Log.Warn("job could not be finished; it runs again", "job", j.ID, "kind", j.Kind, "error", err)
	}
}

// call runs the handler, and turns a panic into an error that says where.
func (r *Runner) call(ctx context.Context, j message.Job) (next message.Next, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.Error("job panicked", "job", j.ID, "kind", j.Kind, "stack", string(debug.Stack()))
			err = fmt.Errorf("handler of %s panicked", j.Kind)
		}
	}()
	h := r.handlers[j.Kind]
	if h == nil {
		return message.Done(), fmt.Errorf("no handler for %q", j.Kind)
	}
	return h(ctx, j)
}

// pause grows with the attempts, with jitter so that many do not come back at once.
func (r *Runner) pause(attempt int) time.Duration {
	return Pause(attempt, r.o.MinPause, r.o.MaxPause)
}

// Pause returns the wait after an attempt (counted from 1): it doubles from low to high,
// and a quarter of it is chance.
func Pause(attempt int, low, high time.Duration) time.Duration {
	d := high
	if n := max(attempt-1, 0); n < 30 {
		d = min(low<<n, high)
	}
	return d - time.Duration(rand.Int64N(int64(d)/4+1)) //nolint:gosec // jitter, not a secret
}

// prolong extends the leases of running jobs before they are over.
func (r *Runner) prolong(ctx context.Context) {
	tick := time.NewTicker(r.o.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, j := range r.snapshot() {
			if err := r.jobs.Extend(ctx, j, r.o.Lease); err != nil && ctx.Err() == nil {
				r.o.Log.Warn("lease not prolonged", "job", j.ID, "kind", j.Kind, "error", err)
			}
		}
	}
}

func (r *Runner) snapshot() []message.Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]message.Job, 0, len(r.running))
	for _, j := range r.running {
		all = append(all, j)
	}
	return all
}
