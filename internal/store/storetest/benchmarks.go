package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

// Bench measures the hot calls of a driver, each beside the same calls with a
// transaction of their own, in the same run: only the ratio travels between machines.
func Bench(b *testing.B, d Driver) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("Create/clients=%d", clients), func(b *testing.B) {
			compare(b, d, func(s *bench) func() error { return s.creator(4 << 10) }, clients)
		})
	}
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("Repeated/clients=%d", clients), func(b *testing.B) { beside(b, d, clients) })
	}
	b.Run("Outcome/clients=64", func(b *testing.B) {
		compare(b, d, func(s *bench) func() error { return s.deliverer(b.N) }, 64)
	})
	b.Run("ClaimFinish/clients=8", func(b *testing.B) {
		compare(b, d, func(s *bench) func() error { return s.worker(b.N) }, 8)
	})
}

// compare runs an operation with shared commits, then alone for a fifth of the times.
func compare(b *testing.B, d Driver, prepare func(*bench) func() error, clients int) {
	b.Helper()
	shared := run(b, fresh(b, d), prepare, clients, b.N)
	alone := run(b, fresh(b, d, func(o *Options) { o.Alone = true }), prepare, clients, max(1, b.N/5))
	b.ReportMetric(shared, "calls/s")
	b.ReportMetric(shared/alone, "x-alone")
	b.ReportMetric(0, "ns/op")
}

// beside measures what a message that passes costs the store, beside what it would cost to
// store it, in the same run.
func beside(b *testing.B, d Driver, clients int) {
	b.Helper()
	s := fresh(b, d)
	stored := run(b, s, func(s *bench) func() error { return s.creator(4 << 10) }, clients, min(b.N, 500))
	asked := run(b, s, (*bench).asker, clients, b.N) // among what was stored just now
	b.ReportMetric(asked, "calls/s")
	b.ReportMetric(asked/stored, "x-create")
	b.ReportMetric(0, "ns/op")
}

// asker asks for a sending that nobody has seen.
func (b *bench) asker() func() error {
	return func() error {
		id, err := b.Repeated(context.Background(), rand.Text())
		if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("the new sending is known as %q: %w", id, err)
		}
		return nil
	}
}

// run calls op n times from so many goroutines and returns calls per second.
func run(b *testing.B, s *bench, prepare func(*bench) func() error, clients, n int) float64 {
	b.Helper()
	op := prepare(s)
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	b.ResetTimer()
	b.StartTimer() // an earlier run may have stopped it
	start := time.Now()
	for range clients {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := op(); err != nil {
					b.Errorf("%v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	return float64(n) / time.Since(start).Seconds()
}

// creator stores messages of a size, with a job leased to the caller.
func (b *bench) creator(size int) func() error {
	data := noise(size)
	b.sealed("karin@else.example")
	var n atomic.Int64
	return func() error {
		i := n.Add(1) // every message has another recipient and its own time, as in life
		b.Add(100 * time.Microsecond)
		m := b.mail(fmt.Sprintf("r%d@d%d.example", i, i%500))
		_, err := b.Create(context.Background(), store.New{
			Message: m, Body: data, Effects: store.Effects{Effects: b.pass(m)}, Lease: time.Hour,
			Repeat: string(m.ID), Window: time.Hour,
		})
		return err
	}
}

// stored makes n passing messages, many at once, and returns them with their jobs.
func (b *bench) stored(n int, lease time.Duration) chan message.Job {
	b.tb.Helper()
	jobs := make(chan message.Job, n)
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				b.Add(100 * time.Microsecond)
				m := b.mail("karin@else.example")
				claimed, err := b.Create(context.Background(), store.New{
					Message: m, Body: memory(text), Effects: store.Effects{Effects: b.pass(m)}, Lease: lease})
				if err != nil {
					b.tb.Errorf("create: %v", err)
					return
				}
				for _, j := range claimed {
					jobs <- j
				}
			}
		})
	}
	wg.Wait()
	return jobs
}

// deliverer writes the outcome of one stored message after the other.
func (b *bench) deliverer(n int) func() error {
	jobs := b.stored(n, time.Hour)
	return func() error {
		j := <-jobs
		ok, err := b.Outcome(context.Background(), store.Outcome{
			Message: j.Message, Recipients: []int{0}, State: message.Delivered, At: b.Now(), Reply: "250 2.0.0 ok", Job: &j, Destroy: true})
		if err == nil && !ok {
			err = fmt.Errorf("outcome of %s does not fit", j.Message)
		}
		return err
	}
}

// worker claims a job and finishes it.
func (b *bench) worker(n int) func() error {
	b.stored(n, 0)
	return func() error {
		jobs, _, err := b.Claim(context.Background(), 1, time.Hour)
		if err != nil || len(jobs) == 0 {
			return fmt.Errorf("claimed %d jobs: %w", len(jobs), err)
		}
		return b.Finish(context.Background(), jobs[0], time.Time{})
	}
}
