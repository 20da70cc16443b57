package gateway

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the counts of the main job. No label ever holds an address, a rule's
// match or an id.
type metrics struct {
	accepted   *prometheus.CounterVec // by verdict
	outcomes   *prometheus.CounterVec // by outcome of the session
	scan       prometheus.Histogram
	deliveries *prometheus.CounterVec // by hop and result
	notices    *prometheus.CounterVec // by kind and result
	codes      *prometheus.CounterVec // by way and result
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		accepted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_messages_total", Help: "Messages judged, by verdict.",
		}, []string{"verdict"}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_accept_total", Help: "Ends of data, by outcome: relayed, stored, repeated, refused, later.",
		}, []string{"outcome"}),
		scan: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sigill_scan_seconds", Help: "Time to read and judge one message.",
			Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .025, .05, .1, .25, 1, 5, 10},
		}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_deliveries_total", Help: "Recipients handed to a next hop, by result.",
		}, []string{"result"}),
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_notices_total", Help: "The gateway's own mails, by kind and result.",
		}, []string{"kind", "result"}),
		codes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_codes_total", Help: "One-time codes, by way and result.",
		}, []string{"way", "result"}),
	}
	if r != nil {
		r.MustRegister(m.accepted, m.outcomes, m.scan, m.deliveries, m.notices, m.codes)
	}
	return m
}

func (m *metrics) scanned(d time.Duration) { m.scan.Observe(d.Seconds()) }
