package gateway

import (
	"context"
	"errors"
	"time"

	"sigill/internal/message"
	"sigill/internal/relay"
	"sigill/internal/store"
)

// Relay hands the queued recipients of a message to their next hops.
func (g *Gateway) Relay(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.o.Store.Message(ctx, j.Message)
	if errors.Is(err, store.ErrNotFound) {
		return message.Done(), nil
	}
	if err != nil {
		return message.Done(), err
	}
	due := m.ToRelay(j.Recipient)
	if len(due) == 0 {
		return message.Done(), nil
	}
	body, err := g.o.Store.OpenBody(ctx, m.ID, nil)
	if errors.Is(err, store.ErrDestroyed) { // everybody was settled meanwhile
		return message.Done(), nil
	}
	if err != nil {
		return message.Done(), err
	}
	results := g.sendAll(ctx, m, body, due)
	if next, done, err := g.allDelivered(ctx, m, j, results); done || err != nil {
		return next, err
	}
	return g.settle(ctx, m.ID, j, results)
}

// result is what became of one recipient.
type result struct {
	recipient int
	outcome   relay.Outcome
}

// route is what recipients must share to share a transaction: the next hop, and whether
// TLS is a must. A journal's demand never keeps others from their mail.
type route struct{ inbound, journal bool }

func (g *Gateway) routeOf(a message.Address) route {
	_, inbound := g.hop(a)
	return route{inbound, g.journal(a)}
}

// sendAll sends one copy on each route, to the recipients on it.
func (g *Gateway) sendAll(ctx context.Context, m *message.Message, body message.Body, due []int) []result {
	var all []result
	groups := map[route][]int{}
	for _, i := range due {
		r := g.routeOf(m.Recipients[i].Address)
		groups[r] = append(groups[r], i)
	}
	for _, group := range groups {
		hop, _ := g.hop(m.Recipients[group[0]].Address)
		r := hop.Send(ctx, g.mailFor(m, body, group))
		for k, i := range group {
			all = append(all, result{i, r.Recipients[k]})
			g.metrics.deliveries.WithLabelValues(r.Recipients[k].Class.String()).Inc()
			if r.Recipients[k].Class == relay.Accepted && g.owesReport(hop, m) {
				g.reportRelayed(ctx, m, i)
			}
		}
		if r.Uncertain {
			g.o.Log.Warn("connection lost after the final dot; the message may arrive twice", "msg", m.ID)
		}
	}
	return all
}

// mailFor is the message as a next hop gets it: our Received in front, nothing else
// changed.
func (g *Gateway) mailFor(m *message.Message, body message.Body, recipients []int) relay.Mail {
	mail := relay.Mail{
		From: m.Envelope.From, UTF8: m.Envelope.UTF8, EightBit: m.Envelope.EightBit,
		Return: m.Envelope.Return, EnvID: m.Envelope.ID, Body: body,
	}
	to := make([]message.Address, 0, len(recipients))
	for _, i := range recipients {
		r := &m.Recipients[i]
		to = append(to, r.Address)
		mail.To = append(mail.To, message.RcptTo{Address: r.Address, Notify: r.Notify, Orig: r.Orig})
		mail.RequireTLS = mail.RequireTLS || g.journal(r.Address)
	}
	mail.Prefix = g.received(m.ID, m.Envelope, m.MessageID, to, g.o.Now())
	return mail
}

// allDelivered writes the ordinary end, hot: every recipient was Queued and is now
// delivered.
func (g *Gateway) allDelivered(ctx context.Context, m *message.Message, j message.Job, results []result) (message.Next, bool, error) {
	o := store.Outcome{Message: m.ID, State: message.Delivered, At: g.o.Now(), Job: &j}
	for _, r := range results {
		if r.outcome.Class != relay.Accepted || m.Recipients[r.recipient].State != message.Queued {
			return message.Done(), false, nil
		}
		o.Recipients = append(o.Recipients, r.recipient)
		o.Reply = r.outcome.Reply().String()
	}
	after := m.Clone()
	for _, i := range o.Recipients {
		after.Recipients[i].State = message.Delivered
	}
	o.Destroy = after.Settled()
	ok, err := g.o.Store.Outcome(ctx, o)
	return message.Finished(), ok, err
}

// settle writes mixed results, recipient by recipient, and says when to try again.
func (g *Gateway) settle(ctx context.Context, id message.ID, j message.Job, results []result) (message.Next, error) {
	now := g.o.Now()
	again := false
	err := g.o.Store.Update(ctx, id, func(m *message.Message) (store.Effects, error) {
		var all message.Effects
		again = false
		for _, r := range results {
			if !m.Recipients[r.recipient].State.Waiting() {
				continue
			}
			e, err := g.settleOne(m, r, now)
			if err != nil {
				return store.Effects{}, err
			}
			all.Add(e)
		}
		again = len(m.ToRelay(j.Recipient)) > 0
		e := store.Effects{Effects: all}
		if !again {
			e.Done = &j
		}
		return e, nil
	})
	if err != nil || !again {
		return message.Finished(), err
	}
	return message.RetryAt(now.Add(pause(j.Attempt, g.o.Retry.First, g.o.Retry.Most))), nil
}

func (g *Gateway) settleOne(m *message.Message, r result, now time.Time) (message.Effects, error) {
	reply := r.outcome.Reply().String()
	late := now.After(m.Recipients[r.recipient].Queued.Add(g.o.Terms.Queue))
	switch {
	case r.outcome.Class == relay.Accepted:
		return m.Relayed(now, r.recipient, reply)
	case r.outcome.Class == relay.Permanent, late:
		return m.Bounce(now, r.recipient, reply)
	}
	return m.Defer(now, r.recipient, reply, g.o.Terms)
}

// pause doubles from low to high with the attempts, counted from 1.
func pause(attempt int, low, high time.Duration) time.Duration {
	if n := max(attempt-1, 0); n < 20 {
		return min(low<<n, high)
	}
	return high
}
