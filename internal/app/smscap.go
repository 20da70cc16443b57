package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/sms"
)

// cappedSMS bounds what text messages can cost in a day, however they were asked for:
// each is counted in the store, for all nodes, before it is sent.
type cappedSMS struct {
	next   sms.Sender
	count  func(context.Context, auth.Counter) (int64, error)
	perDay int
	log    *slog.Logger
	capped prometheus.Counter
}

// cappedSMS returns the way to phones that the gateway uses; nil when there is none.
func (a *App) cappedSMS() sms.Sender {
	if a.sms == nil {
		return nil
	}
	c := &cappedSMS{
		next: a.sms, count: a.store.Count, perDay: a.cfg.SMS.PerDay, log: a.log,
		capped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sigill_sms_capped_total", Help: "Text messages not sent because the day's limit was reached.",
		}),
	}
	a.metrics.MustRegister(c.capped)
	return c
}

var errCapped = errors.New("the limit of the day is reached")

// Send implements [sms.Sender]. When it cannot be counted nothing is sent: the caller is
// to try again.
func (c *cappedSMS) Send(ctx context.Context, to message.Phone, text string) error {
	n, err := c.count(ctx, auth.Counter{Kind: "sms.day", Window: 24 * time.Hour, Most: c.perDay})
	if err != nil {
		return &sms.Error{Kind: sms.KindTemporary, Err: fmt.Errorf("count text messages: %w", err)}
	}
	if n > int64(c.perDay) {
		c.capped.Inc()
		c.log.ErrorContext(ctx, "text message not sent: the limit of the day is reached", "per_day", c.perDay, "asked", n)
		return &sms.Error{Kind: sms.KindPermanent, Err: errCapped}
	}
	return c.next.Send(ctx, to, text)
}
