package gateway

import (
	"context"
	"errors"
	"time"

	"sigill/internal/message"
	"sigill/internal/relay"
	"sigill/internal/store"
)

// Times of cut-through.
const (
	cutBudget    = 45 * time.Second // from the verdict to the final dot and the hop's reply
	latePatience = 10 * time.Minute // for a reply after we have answered the client
)

// cutThrough hands a message to its next hop while the client waits. Whatever keeps it
// from getting there whole and at once commits it to the store instead.
func (g *Gateway) cutThrough(ctx context.Context, v *verdict, hop Hop, start time.Time) message.Reply {
	if v.m.Decision.Found() {
		if err := g.trace(ctx, v, "", false, start); err != nil {
			return g.count("refused", g.refusal(err))
		}
	}
	all := make([]int, len(v.m.Recipients))
	for i := range all {
		all[i] = i
	}
	within, cancel := context.WithTimeout(ctx, cutBudget)
	defer cancel()
	g.o.Fault("cut.before_send")
	cut := hop.CutThrough(within, g.mailFor(v.m, v.body, all))
	g.o.Fault("cut.after_send")
	g.metrics.deliveries.WithLabelValues("cut_" + cut.State.String()).Inc()
	switch cut.State {
	case relay.CutAccepted:
		if !v.m.Decision.Found() {
			_ = g.trace(ctx, v, cut.Reply.String(), false, start) // lazy: a lost line, never a lost mail
		}
		return g.count("relayed", replyRelayed)
	case relay.CutRefused:
		if !v.m.Decision.Found() {
			_ = g.trace(ctx, v, cut.Reply.String(), false, start) // lazy
		}
		return g.count("refused", ownWords(cut.Reply))
	case relay.CutPending:
		return g.keepPending(ctx, v, cut.Pending, start)
	case relay.CutStore:
		if g.tooBig(hop, v.m) { // it has only now said what it takes
			return g.count("refused", replyTooBig)
		}
	case relay.CutUncertain:
		g.o.Log.Warn("connection lost after the final dot; the message may arrive twice", "msg", v.m.ID)
	}
	return g.keep(ctx, v, start)
}

// ownWords says the next hop's refusal without its text, which may name what the client
// must not see.
func ownWords(r message.Reply) message.Reply {
	status := r.Status
	if status == "" || status[0] != '5' {
		status = "5.0.0"
	}
	return message.Reply{Code: r.Code, Status: status, Text: "The next server refuses this message"}
}

// keepPending commits a message whose next hop went silent after the final dot, with
// the job leased to the connection that still waits for its reply.
func (g *Gateway) keepPending(ctx context.Context, v *verdict, p *relay.Pending, start time.Time) message.Reply {
	effects, err := g.decide(ctx, v.m)
	if err != nil {
		p.Abandon()
		return g.count("refused", g.refusal(err))
	}
	jobs, err := g.store(ctx, store.New{
		Message: v.m, Body: v.body, Effects: effects,
		Repeat: repeatKey(v.m), Window: repeatWindow, Lease: latePatience + time.Minute,
	})
	var repeated *store.RepeatedError
	switch {
	case errors.As(err, &repeated):
		p.Abandon()
		return g.count("repeated", queued(repeated.ID))
	case err != nil:
		p.Abandon()
		return g.count("refused", g.refusal(err))
	}
	_ = g.trace(ctx, v, "", true, start) // lazy
	g.waiting.Go(func() { g.awaitReply(context.WithoutCancel(ctx), v.m, jobs, p) })
	return g.count("stored", queued(v.m.ID))
}

// awaitReply lets a late reply of the next hop finish the job. Anything but a 250 gives
// the job back to the queue.
func (g *Gateway) awaitReply(ctx context.Context, m *message.Message, jobs []message.Job, p *relay.Pending) {
	ctx, cancel := context.WithTimeout(ctx, latePatience)
	defer cancel()
	stop := context.AfterFunc(g.life, cancel) //nolint:contextcheck // g.life ends it, not the session
	defer stop()
	cut := p.Wait(ctx)
	write, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	for _, j := range jobs {
		if err := g.finishLate(write, m, j, cut); err != nil {
			g.o.Log.Warn("late reply not written; the lease decides", "msg", m.ID, "error", err)
		}
	}
}

func (g *Gateway) finishLate(ctx context.Context, m *message.Message, j message.Job, cut relay.Cut) error {
	if j.Kind != message.JobRelay || cut.State != relay.CutAccepted {
		return g.o.Store.Finish(ctx, j, g.o.Now())
	}
	results := make([]result, 0, len(m.Recipients))
	for i := range m.Recipients {
		results = append(results, result{i, relay.OutcomeOf(cut.Reply)})
	}
	if _, done, err := g.allDelivered(ctx, m, j, results); done || err != nil {
		return err
	}
	_, err := g.settle(ctx, m.ID, j, results)
	return err
}

// Close gives up on the next hops that still owe us a reply. No message may be accepted any
// more.
func (g *Gateway) Close() {
	g.end()
	g.waiting.Wait()
}
