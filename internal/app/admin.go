package app

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sys/unix"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/sms"
)

// adminHandler is for machines: it belongs on a listener that only they reach.
func (a *App) adminHandler() http.Handler {
	a.metrics.MustRegister(&depthCollector{a})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}))
	return mux
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the client went away
}

// readyz says whether mail can be taken: the store answers, a policy is loaded, the
// disk has room.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		a.log.Error("store does not answer", "error", err)
		plain(w, http.StatusServiceUnavailable, "store does not answer\n")
		return
	}
	if reply := a.readyForMail(); !reply.OK() {
		plain(w, http.StatusServiceUnavailable, reply.Text+"\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

// readyForMail is asked at MAIL: without a policy or room on the disk, mail is put off
// before it is sent.
func (a *App) readyForMail() message.Reply {
	switch {
	case a.policy.Load() == nil:
		return message.ReplyLocal
	case a.diskShort():
		return message.ReplyStorage
	}
	return message.Reply{Code: 250, Status: "2.0.0", Text: "OK"}
}

// diskShort says whether a disk that we write to has less than the configured share free.
func (a *App) diskShort() bool {
	dirs := []string{a.cfg.SMTP.SpoolDir, a.cfg.Store.Payloads.Dir}
	if a.cfg.Store.Driver == config.SQLite {
		dirs = append(dirs, filepath.Dir(a.cfg.Store.Path))
	}
	for _, dir := range dirs {
		var fs unix.Statfs_t
		if dir == "" || unix.Statfs(dir, &fs) != nil || fs.Blocks == 0 {
			continue
		}
		if fs.Bavail*100 < fs.Blocks*uint64(a.cfg.Store.MinFreePercent) { //nolint:gosec // config keeps it within 0 to 90
			return true
		}
	}
	return false
}

// depthCollector asks the store for the queue's depth when somebody reads the metrics.
type depthCollector struct{ a *App }

var (
	depthDesc = prometheus.NewDesc("sigill_queue_jobs", "Jobs that wait, by kind and whether they are due.", []string{"kind", "due"}, nil)
	ageDesc   = prometheus.NewDesc("sigill_queue_oldest_seconds", "How long the oldest due job has waited.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (c *depthCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- depthDesc
	ch <- ageDesc
}

// Collect implements [prometheus.Collector].
func (c *depthCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d, err := c.a.store.Depth(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(depthDesc, err)
		return
	}
	for kind, n := range d.Due {
		ch <- prometheus.MustNewConstMetric(depthDesc, prometheus.GaugeValue, float64(n), string(kind), "now")
	}
	for kind, n := range d.Later {
		ch <- prometheus.MustNewConstMetric(depthDesc, prometheus.GaugeValue, float64(n), string(kind), "later")
	}
	age := 0.0
	if !d.Oldest.IsZero() {
		age = c.a.o.Now().Sub(d.Oldest).Seconds()
	}
	ch <- prometheus.MustNewConstMetric(ageDesc, prometheus.GaugeValue, age)
}

// twilioStatus takes the provider's reports of what became of a text. Only signed ones
// count, and only in the metrics: the number stays out of everything.
func (a *App) twilioStatus(t *sms.Twilio) http.Handler {
	reports := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sigill_sms_status_total", Help: "Text messages by the provider's report.",
	}, []string{"status"})
	a.metrics.MustRegister(reports)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, err := t.Callback(a.cfg.Portal.BaseURL+twilioHook, r)
		if err != nil {
			plain(w, http.StatusForbidden, "not signed\n")
			return
		}
		reports.WithLabelValues(status.State).Inc()
		w.WriteHeader(http.StatusNoContent)
	})
}
