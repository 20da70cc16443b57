package sqlite

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/store"
)

// metrics counts what the committer does. A nil *metrics counts nothing.
type metrics struct {
	seconds prometheus.Histogram
	calls   prometheus.Histogram
	failed  *prometheus.CounterVec
	dropped prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	if r == nil {
		return nil, nil // a nil *metrics counts nothing
	}
	m := &metrics{
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sigill_store_commit_seconds", Help: "Time of one commit, its sync included.",
			Buckets: prometheus.ExponentialBuckets(0.0002, 2, 14),
		}),
		calls: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sigill_store_commit_calls", Help: "Calls that shared one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_store_commit_failures_total", Help: "Commits that failed, by reason.",
		}, []string{"reason"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sigill_store_traces_dropped_total", Help: "Traces without a decision that could not be written.",
		}),
	}
	for _, c := range []prometheus.Collector{m.seconds, m.calls, m.failed, m.dropped} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) commit(calls int, took time.Duration, err error) {
	if m == nil {
		return
	}
	m.seconds.Observe(took.Seconds())
	m.calls.Observe(float64(calls))
	switch {
	case err == nil:
	case errors.Is(err, store.ErrFull):
		m.failed.WithLabelValues("full").Inc()
	default:
		m.failed.WithLabelValues("other").Inc()
	}
}

func (m *metrics) drop(n int) {
	if m != nil {
		m.dropped.Add(float64(n))
	}
}
