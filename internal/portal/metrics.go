package portal

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/auth"
)

// metrics counts what happens on the pages, by fixed words only.
type metrics struct {
	requests *prometheus.CounterVec // route, status
	asked    *prometheus.CounterVec // method, outcome
	tries    *prometheus.CounterVec // outcome
	braked   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (metrics, error) {
	m := metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_portal_requests_total", Help: "Requests to the portal, by route and status.",
		}, []string{"route", "status"}),
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_portal_codes_asked_total", Help: "Codes that recipients asked for, by way (mail, sms) and outcome (asked, refused).",
		}, []string{"way", "outcome"}),
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_portal_tries_total", Help: "Codes that recipients typed, by outcome.",
		}, []string{"outcome"}),
		braked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sigill_portal_tries_braked_total", Help: "Codes not looked at because everybody together typed too many wrong ones in this hour.",
		}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.asked, m.tries, m.braked} {
		if err := reg.Register(c); err != nil {
			return m, fmt.Errorf("portal: register metrics: %w", err)
		}
	}
	return m, nil
}

func (m metrics) request(pattern string, status int) {
	_, route, ok := strings.Cut(pattern, " ")
	if !ok {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
}

func outcomeName(o auth.Outcome) string {
	switch o {
	case auth.Wrong:
		return "wrong"
	case auth.Right:
		return "right"
	case auth.Overtaken:
		return "overtaken"
	case auth.Late:
		return "late"
	case auth.Locked:
		return "locked"
	case auth.Unsent:
		return "unsent"
	}
	return "other"
}
