package app

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/sandbox"
)

// alarmPause is how long one alarm about the scanners speaks for those that follow for the same reason.
const alarmPause = time.Minute

// scanners raises the alarm when the processes that open attachments cannot keep up or end too often. A message that meets
// that is put off (451) by whoever asked: it says nothing about the message.
type scanners struct {
	putOff *prometheus.CounterVec // by reason
	told   [2]atomic.Int64        // when the alarm was raised last for each reason, in nanoseconds
}

// reason is why a message was put off.
type reason int

const (
	busy      reason = iota // nothing was free to read it
	unhealthy               // too many messages cannot be read in time
)

func (r reason) String() string { return [...]string{"busy", "unhealthy"}[r] }

// parse reads a message: plain text in this process, attachments in a child. It has room there until done is called.
func (a *App) parse(ctx context.Context, body message.Body, lim extract.Limits) (c *extract.Content, done func(), err error) {
	c, done, err = a.pool.Read(ctx, body.Open, body.Size(), scanLimits(lim, a.cfg.Scan))
	switch {
	case errors.Is(err, sandbox.ErrBusy):
		a.alarm(busy)
	case errors.Is(err, sandbox.ErrUnhealthy):
		a.alarm(unhealthy)
	}
	return c, done, err
}

// alarm counts a message that was put off, and says so in the log now and then.
func (a *App) alarm(why reason) {
	a.scan.putOff.WithLabelValues(why.String()).Inc()
	told := &a.scan.told[why]
	now, last := a.o.Now().UnixNano(), told.Load()
	if last != 0 && now-last < int64(alarmPause) || !told.CompareAndSwap(last, now) {
		return
	}
	s := a.pool.Stats()
	a.log.Error("alarm: mail is put off because it cannot be read now", "reason", why.String(), "opened", s.Opened, "timeouts", s.Timeouts, "busy", s.Busy, "replaced", s.Replaced, "idle", s.Idle, "pictures_busy", s.Pictures.Busy, "pictures_failed", s.Pictures.Failed)
}

// watchScanners makes the counts of the pool metrics.
func (a *App) watchScanners() {
	a.watchPictures()
	a.scan.putOff = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sigill_scan_put_off_total", Help: "Messages put off because no scanner was free or too much was read at once (busy) or too many messages ended by timeout (unhealthy).",
	}, []string{"reason"})
	for _, why := range []reason{busy, unhealthy} {
		a.scan.putOff.WithLabelValues(why.String())
	}
	count := func(name, help string, of func(sandbox.Stats) int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(of(a.pool.Stats())) })
	}
	a.metrics.MustRegister(
		a.scan.putOff,
		count("sigill_scan_opened_total", "Messages whose attachments were opened.", func(s sandbox.Stats) int64 { return s.Opened }),
		count("sigill_scan_timeouts_total", "Messages not readable in time.", func(s sandbox.Stats) int64 { return s.Timeouts }),
		count("sigill_scan_replaced_total", "Scanners that died or were killed.", func(s sandbox.Stats) int64 { return s.Replaced }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sigill_scan_idle", Help: "Scanners waiting for work."}, func() float64 { return float64(a.pool.Stats().Idle) }),
	)
}
