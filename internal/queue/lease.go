package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sigill/internal/message"
	"sigill/internal/store"
)

// run is a job that runs, and the way to end its context.
type run struct {
	job    message.Job
	cancel context.CancelCauseFunc
}

func (r *Runner) begin(j message.Job, cancel context.CancelCauseFunc) *run {
	this := &run{j, cancel}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[this] = struct{}{}
	return this
}

func (r *Runner) done(this *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, this)
}

func (r *Runner) snapshot() []*run {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*run, 0, len(r.running))
	for this := range r.running {
		all = append(all, this)
	}
	return all
}

// step is how often leases are prolonged; the lease of a job that waited longer than
// this is renewed before the job begins.
func (r *Runner) step() time.Duration { return r.o.Lease / 3 }

// renew prolongs the lease of a job that waited for a slot. It says whether the job is
// still ours and may begin.
func (r *Runner) renew(ctx context.Context, h held) bool {
	if time.Since(h.since) < r.step() {
		return true
	}
	err := r.jobs.Extend(ctx, h.job, r.o.Lease)
	switch {
	case errors.Is(err, store.ErrStale):
		r.count(h.job, resultStale)
	case err != nil && ctx.Err() != nil: // the end came first
		r.finish(ctx, h.job, r.o.Now())
	case err != nil:
		r.o.Log.Warn("lease not prolonged; the job is left to it", "job", h.job.ID, "kind", h.job.Kind, "error", err)
	}
	return err == nil
}

// prolong extends the leases of running jobs before they are over, until ctx ends. It
// outlives Run's own context, so that jobs keep their lease while they drain.
func (r *Runner) prolong(ctx context.Context) {
	tick := time.NewTicker(r.step())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r.prolongAll(ctx)
	}
}

// prolongAll extends all leases at once: one that hangs must not cost the others theirs.
func (r *Runner) prolongAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.step())
	defer cancel()
	var all sync.WaitGroup
	for _, this := range r.snapshot() {
		all.Go(func() { r.prolongOne(ctx, this) })
	}
	all.Wait()
}

// prolongOne extends one lease. A job that is somebody else's by now ends here: two must
// not do the same thing.
func (r *Runner) prolongOne(ctx context.Context, this *run) {
	err := r.jobs.Extend(ctx, this.job, r.o.Lease)
	switch {
	case err == nil:
	case errors.Is(err, store.ErrStale):
		this.cancel(store.ErrStale)
	case !errors.Is(ctx.Err(), context.Canceled):
		r.o.Log.Warn("lease not prolonged", "job", this.job.ID, "kind", this.job.Kind, "error", err)
	}
}

// giveBack makes the jobs that this node holds and has not begun anybody's, a few at a
// time, until there are none or ctx ends.
func (r *Runner) giveBack(ctx context.Context) {
	const writers = 8
	rest := r.claimed
	r.claimed = nil
	for len(r.offered) > 0 { // nobody offers any more
		rest = append(rest, <-r.offered)
	}
	var all errgroup.Group
	all.SetLimit(writers)
	for _, h := range rest {
		if ctx.Err() != nil {
			break
		}
		all.Go(func() error {
			r.finish(ctx, h.job, r.o.Now())
			return nil
		})
	}
	_ = all.Wait()
}
