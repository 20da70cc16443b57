// Package queue claims due jobs by lease, calls a handler for each, and backs off.
//
// It knows no job by name. A job is done when its handler says so; a handler that
// fails, panics or is killed with its process meets the same job again, later, so each
// handler first asks whether its step is still due.
//
// A job belongs to this node as long as its lease: the lease is prolonged while the job
// runs, renewed before a job begins that waited here, and when it is lost all the same
// the handler's context ends. What was claimed and not begun is given back at the end,
// so that another node need not wait for a lease of one that is gone.
package queue

import (
	"context"
	"log/slog"
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
	Workers  int              // jobs at the same time; 16
	Lease    time.Duration    // how long a claim holds; it is prolonged while the job runs; 2 min
	Drain    time.Duration    // how long running jobs may go on when the runner ends; 20 s, the lease at most
	Poll     time.Duration    // how often other nodes' jobs are looked for; 1 s
	MinPause time.Duration    // before the second attempt; 5 s
	MaxPause time.Duration    // between attempts; 1 h
	Now      func() time.Time // when jobs are due; intervals within the process go by its own clock
	Log      *slog.Logger
	Metrics  prometheus.Registerer // nil for none
}

// maxOffered is how many jobs may wait here for a worker; with more, the rest wait in
// the store.
const maxOffered = 4096

// soonest is the least time between two looks for jobs that turned out to be gone.
const soonest = 10 * time.Millisecond

// Runner works jobs until its context ends.
type Runner struct {
	jobs     store.Jobs
	handlers map[message.JobKind]Handler
	o        Options
	slots    chan struct{} // one token for each job that may run
	offered  chan held
	worked   *prometheus.CounterVec

	// Of the goroutine in Run alone.
	claimed []held    // not begun yet; never more than there are free slots
	looked  time.Time // when jobs were last claimed; zero to look at once
	due     time.Time // when the store then said that there may be one; zero for never
	more    bool      // the last claim got as much as it asked for
	offers  bool      // while there is more, whose turn it is: the offered ones', or the store's

	mu      sync.Mutex
	running map[*run]struct{}
	ended   bool // nothing begins any more
}

// held is a job that this node holds by a lease that began at since.
type held struct {
	job   message.Job
	since time.Time
}

// New makes a runner that calls the handler of each job's kind. Its Run may be called
// once.
func New(jobs store.Jobs, handlers map[message.JobKind]Handler, o Options) *Runner {
	o.defaults()
	r := &Runner{
		jobs: jobs, handlers: handlers, o: o,
		slots:   make(chan struct{}, o.Workers),
		offered: make(chan held, maxOffered),
		running: map[*run]struct{}{},
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
	if o.Drain == 0 {
		o.Drain = 20 * time.Second
	}
	o.Drain = min(o.Drain, o.Lease)
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

// Offer hands over jobs that this node claimed a moment ago, for as long as its own
// claims hold. What does not fit, and all that comes when the runner has ended, is given
// back: it must not wait for its lease to be over.
func (r *Runner) Offer(jobs []message.Job) {
	rest := r.offer(jobs)
	if len(rest) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	for _, j := range rest {
		r.finish(ctx, j, r.o.Now())
	}
}

// offer returns what nobody here will begin.
func (r *Runner) offer(jobs []message.Job) (rest []message.Job) {
	since := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return jobs
	}
	for i, j := range jobs {
		select {
		case r.offered <- held{j, since}:
		default:
			return jobs[i:]
		}
	}
	return nil
}

// end says that nothing begins any more.
func (r *Runner) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

// Run works jobs until ctx ends, then waits for those that run: after Drain their
// contexts end too. What this node holds and has not begun is given back.
func (r *Runner) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var workers, keeper sync.WaitGroup
	keeper.Go(func() { r.prolong(work) })
	for ctx.Err() == nil {
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		h, ok := r.next(ctx)
		if !ok {
			<-r.slots
			continue
		}
		workers.Go(func() {
			defer func() { <-r.slots }()
			r.work(work, h)
		})
	}
	r.end()
	late := time.AfterFunc(r.o.Drain, stop)
	defer late.Stop()
	r.giveBack(work)
	workers.Wait()
	stop()
	keeper.Wait()
	return nil
}

// next returns the next job to work. It blocks until there is one, or there may be one,
// or ctx ends.
func (r *Runner) next(ctx context.Context) (held, bool) {
	if h, ok := r.takeClaimed(); ok {
		return h, true
	}
	if !r.storeFirst() {
		select {
		case h := <-r.offered:
			return h, true
		default:
		}
	}
	if r.lookDue() {
		r.claim(ctx)
	}
	if h, ok := r.takeClaimed(); ok {
		return h, true
	}
	return r.wait(ctx)
}

// storeFirst says whether jobs that wait in the store go before offered ones: else a
// busy node would never come to its retries. They have their turn once a poll, and every
// second time while there are more than were claimed.
func (r *Runner) storeFirst() bool {
	if r.more {
		r.offers = !r.offers
		return !r.offers
	}
	return time.Since(r.looked) >= r.o.Poll
}

// lookDue says whether the store may have a job. Asking after every offered job would
// cost as much as the job.
func (r *Runner) lookDue() bool {
	return r.more || time.Since(r.looked) >= r.o.Poll || !r.due.IsZero() && !r.o.Now().Before(r.due)
}

// claim takes as many jobs as can begin at once. The end of ctx does not cut it off: a
// claim that is committed and whose answer is lost would hold its jobs for a whole lease,
// with nobody there to work them or to give them back.
func (r *Runner) claim(ctx context.Context) {
	free := cap(r.slots) - len(r.slots) + 1 // the caller's own slot is free as well
	r.looked, r.offers = time.Now(), false
	whole, cancel := outlive(ctx, lastWord)
	defer cancel()
	jobs, due, err := r.jobs.Claim(whole, free, r.o.Lease)
	if err != nil && ctx.Err() == nil {
		r.o.Log.Warn("jobs could not be claimed", "error", err)
	}
	r.due, r.more = due, err == nil && len(jobs) == free
	for _, j := range jobs {
		r.claimed = append(r.claimed, held{j, r.looked})
	}
}

func (r *Runner) takeClaimed() (held, bool) {
	if len(r.claimed) == 0 {
		return held{}, false
	}
	h := r.claimed[0]
	r.claimed = r.claimed[1:]
	return h, true
}

// wait waits for an offered job; it returns without one when the store may have one.
func (r *Runner) wait(ctx context.Context) (held, bool) {
	pause := r.o.Poll - time.Since(r.looked)
	if !r.due.IsZero() {
		pause = min(pause, r.due.Sub(r.o.Now()))
	}
	timer := time.NewTimer(max(pause, soonest))
	defer timer.Stop()
	select {
	case h := <-r.offered:
		return h, true
	case <-r.jobs.Wake():
		r.looked = time.Time{}
	case <-timer.C:
		r.looked = time.Time{}
	case <-ctx.Done():
	}
	return held{}, false
}
