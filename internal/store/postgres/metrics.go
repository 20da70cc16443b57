package postgres

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
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

func newMetrics(r prometheus.Registerer, pools ...*pgxpool.Pool) (*metrics, error) {
	if r == nil {
		return nil, nil //nolint:nilnil // a nil *metrics counts nothing
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
	busy := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sigill_store_connections_busy", Help: "Database connections in use.",
	}, func() (n float64) {
		for _, p := range pools {
			n += float64(p.Stat().AcquiredConns())
		}
		return n
	})
	for _, c := range []prometheus.Collector{m.seconds, m.calls, m.failed, m.dropped, busy} {
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
	m.fail(err)
}

// fail counts what was not committed. A large payload is written outside the committer, and its time says nothing about
// that of a commit, so only its failures are counted.
func (m *metrics) fail(err error) {
	if m != nil && err != nil {
		m.failed.WithLabelValues(reason(err)).Inc()
	}
}

func reason(err error) string {
	var lost *lostError
	switch {
	case errors.Is(err, store.ErrFull):
		return "full"
	case errors.Is(err, store.ErrUnsure):
		return "unsure"
	case errors.As(err, &lost):
		return "connection"
	}
	return "other"
}

func (m *metrics) drop(n int) {
	if m != nil {
		m.dropped.Add(float64(n))
	}
}
