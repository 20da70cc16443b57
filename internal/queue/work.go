package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

// What became of a job, as the metric names it.
const (
	resultDone        = "done"
	resultAgain       = "again"       // the handler asked for another time
	resultFailed      = "failed"      // an error or a panic
	resultStale       = "stale"       // somebody else's by now
	resultInterrupted = "interrupted" // cut off by the end of the runner
)

// lastWord is how long what the runner writes may go on when its time is over.
const lastWord = 5 * time.Second

// outlive returns a context that ends when ctx has been over for d. What was cut off while
// it was being committed may have been written or not, and nobody would know.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// work works one job from its lease to its result.
func (r *Runner) work(ctx context.Context, h held) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !r.renew(ctx, h) {
		return
	}
	this := r.begin(h.job, cancel)
	defer r.done(this)
	next, err := r.call(ctx, h.job)
	r.settle(ctx, h.job, next, err)
}

// settle counts what became of a job and writes it.
func (r *Runner) settle(ctx context.Context, j message.Job, next message.Next, err error) {
	lost := errors.Is(context.Cause(ctx), store.ErrStale)
	result := resultDone
	switch {
	case errors.Is(err, store.ErrStale), err != nil && lost:
		r.count(j, resultStale)
		return
	case err != nil && ctx.Err() != nil:
		result, next = resultInterrupted, message.RetryAt(r.o.Now())
	case err != nil:
		result, next = resultFailed, message.RetryAt(r.o.Now().Add(Pause(j.Attempt, r.o.MinPause, r.o.MaxPause)))
		r.o.Log.Error("job failed", "job", j.ID, "kind", j.Kind, "msg", j.Message, "attempt", j.Attempt, "error", err)
	case !next.Retry().IsZero():
		result = resultAgain
	}
	r.count(j, result)
	if !next.IsFinished() {
		r.finish(ctx, j, next.Retry())
	}
}

func (r *Runner) count(j message.Job, result string) {
	r.worked.WithLabelValues(string(j.Kind), result).Inc()
}

// finish writes the end of a job. When it cannot, the job runs again after its lease.
func (r *Runner) finish(ctx context.Context, j message.Job, retry time.Time) {
	ctx, cancel := outlive(ctx, lastWord)
	defer cancel()
	if err := r.jobs.Finish(ctx, j, retry); err != nil && !errors.Is(err, store.ErrStale) {
		r.o.Log.Warn("job could not be finished; it runs again", "job", j.ID, "kind", j.Kind, "error", err)
	}
}

// call runs the handler, and turns a panic into an error. The value of a panic may quote
// content, so only the stack is logged.
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

// Pause returns the wait after an attempt (counted from 1): it doubles from low to high,
// and up to a quarter of it is taken off by chance, so that many do not come back at once.
func Pause(attempt int, low, high time.Duration) time.Duration {
	d := high
	if n := max(attempt-1, 0); n < 30 && low <= high>>n {
		d = low << n
	}
	return d - time.Duration(rand.Int64N(int64(d)/4+1)) //nolint:gosec // jitter, not a secret
}
