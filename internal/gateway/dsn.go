package gateway

import (
	"context"
	"time"

	"sigill/internal/message"
	"sigill/internal/notify"
	"sigill/internal/relay"
)

// Bounce tells the sender that a recipient was not reached.
func (g *Gateway) Bounce(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	r, err := m.Recipient(j.Recipient)
	if err != nil || r.State != message.Bounced {
		return message.Done(), err
	}
	told := func(m *message.Message) (message.Effects, error) { return m.BounceTold(g.o.Now(), j.Recipient), nil }
	to := g.reportTo(m)
	if to.IsNull() || !r.Notify.Wants(message.NotifyFailure) {
		return g.write(ctx, j, told)
	}
	return g.report(ctx, m, j, to, notify.Failed, told)
}

// Delay tells the sender that a recipient is still being tried.
func (g *Gateway) Delay(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	r, err := m.Recipient(j.Recipient)
	to := g.reportTo(m)
	if err != nil || !r.State.Waiting() || r.Late || to.IsNull() || !r.Notify.Wants(message.NotifyDelay) {
		return message.Done(), err
	}
	if due := r.Queued.Add(g.o.Terms.Delay); g.o.Now().Before(due) {
		return message.RetryAt(due), nil // somebody hurried it
	}
	return g.report(ctx, m, j, to, notify.Delayed, func(m *message.Message) (message.Effects, error) {
		return m.DelayTold(g.o.Now(), j.Recipient), nil
	})
}

// reportTo is who learns of a failure: MAIL FROM within the organisation, else who is
// responsible; nobody for a bounce. A report names recipients, and so stays inside.
func (g *Gateway) reportTo(m *message.Message) message.Address {
	switch {
	case m.Envelope.From.IsNull():
		return message.Address{}
	case g.o.Org.Own(m.Envelope.From):
		return m.Envelope.From
	}
	return m.Person
}

// report sends a delivery status notice (RFC 3464) with a null envelope sender.
func (g *Gateway) report(ctx context.Context, m *message.Message, j message.Job, to message.Address, action notify.Action,
	step func(*message.Message) (message.Effects, error),
) (message.Next, error) {
	body, err := g.o.Store.OpenBody(ctx, m.ID, nil)
	if err != nil {
		return message.Done(), err
	}
	header, err := headerOf(body)
	if err != nil {
		return message.Done(), err
	}
	if m.Decision.Verdict > message.Pass {
		header = dropField(header, "Subject")
	}
	now := g.o.Now()
	mail, err := g.o.Compose.DSN(notify.Report{
		Message: m, Recipient: j.Recipient, Action: action, To: to, Header: header,
		Hostname: g.o.Hostname, RetryUntil: m.Recipients[j.Recipient].Queued.Add(g.o.Terms.Queue), Now: now,
	})
	if err != nil {
		return message.Done(), err
	}
	out, err := g.deliverFrom(ctx, "dsn", m, message.Address{}, mail)
	if err != nil {
		return message.Done(), err
	}
	if out.Class == relay.Temporary && now.Before(j.Since().Add(g.o.Terms.Queue)) {
		return message.RetryAt(now.Add(pause(j.Attempt, minNoticePause, maxNoticePause))), nil
	}
	return g.write(ctx, j, step)
}

// reportRelayed is relayedReport for what must not stop for it.
func (g *Gateway) reportRelayed(ctx context.Context, m *message.Message, i int) {
	if err := g.relayedReport(ctx, m, i, g.o.Now()); err != nil {
		g.o.Log.Warn("report of success not sent", "msg", m.ID, "error", err)
	}
}

// relayedReport tells a sender who asked for it that a sealed message was passed on as
// a notice: what happens to it there is not known to SMTP (RFC 3461 5.2.2).
func (g *Gateway) relayedReport(ctx context.Context, m *message.Message, i int, now time.Time) error {
	r := &m.Recipients[i]
	if r.Notify&message.NotifySuccess == 0 || !g.o.Org.Own(m.Envelope.From) {
		return nil
	}
	mail, err := g.o.Compose.DSN(notify.Report{
		Message: m, Recipient: i, Action: notify.Relayed, To: m.Envelope.From, Hostname: g.o.Hostname, Now: now,
	})
	if err != nil {
		return err
	}
	_, err = g.deliverFrom(ctx, "dsn", m, message.Address{}, mail)
	return err
}

// gone treats a message that is no more as a job that is done.
func gone(next message.Next, err error) (message.Next, error) {
	if isNotFound(err) {
		return message.Done(), nil
	}
	return next, err
}
