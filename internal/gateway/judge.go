package gateway

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/internal/store"
)

// verdict is a message that was read and decided about, and not stored yet.
type verdict struct {
	m    *message.Message
	body message.Body
}

// judge reads a message and decides about it. A [refusedError] says that it must not
// go on at all; any other error is the gateway's own and puts the message off.
func (g *Gateway) judge(ctx context.Context, env message.Envelope, body message.Body) (*verdict, error) {
	start := g.o.Now()
	p := g.o.Policy()
	content, done, err := g.o.Parse(ctx, body, p.Limits())
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	defer done()
	if body, err = g.admit(env, content, body); err != nil {
		return nil, err
	}
	m := g.describe(env, body, &content.Header)
	if own, err := g.ownMail(env, &content.Header, body); err != nil || own {
		m.Decision = passOwn(m)
		return &verdict{m, body}, err
	}
	d, err := g.evaluate(ctx, p, m, content, start)
	if err != nil {
		return nil, err
	}
	m.Decision = d
	g.metrics.scanned(g.o.Now().Sub(start))
	return &verdict{m, body}, nil
}

// describe makes the message that header and envelope speak of.
func (g *Gateway) describe(env message.Envelope, body message.Body, h *extract.Header) *message.Message {
	now := g.o.Now()
	m := message.New(message.NewID(now), g.o.Org.ID, env, now)
	m.Size, m.BodyHash = body.Size(), body.SHA256()
	m.MessageID, m.Subject, m.Date, m.Lang = h.MessageID, h.Subject, h.Date, g.o.Org.Lang
	g.setPerson(m, h)
	setListed(m, h)
	return m
}

// admit checks what only the header tells: the guard of a shared cloud, the author
// behind an empty sender, and loops. It returns the body without the guard field.
func (g *Gateway) admit(env message.Envelope, c *extract.Content, body message.Body) (message.Body, error) {
	if guard, ok := g.o.Guards[env.Source.Network]; ok && env.Source.User == "" {
		have := c.Header.Get(guard.Field)
		if subtle.ConstantTimeCompare([]byte(strings.TrimSpace(have)), []byte(guard.Value)) != 1 {
			return nil, &refusedError{replyGuard}
		}
		if guard.Remove {
			var err error
			body, err = withoutField(body, guard.Field)
			if errors.Is(err, errLongHeader) {
				return nil, &refusedError{replyHeader}
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if env.From.IsNull() && !env.Foreign && !g.fromOwn(&c.Header) {
		return nil, &refusedError{replyAuthor}
	}
	if g.looping(env, &c.Header) {
		return nil, &refusedError{message.ReplyLoop}
	}
	return body, nil
}

// evaluate asks the policy and then bends its verdict by the gateway's mode.
func (g *Gateway) evaluate(ctx context.Context, p Policy, m *message.Message, c *extract.Content, now time.Time) (message.Decision, error) {
	d, _, err := p.Evaluate(ctx, policy.Input{Envelope: m.Envelope, Content: c, Size: m.Size, Now: now})
	if err != nil {
		return message.Decision{}, fmt.Errorf("evaluate policy: %w", err)
	}
	g.bend(m, &d)
	return d, nil
}

// bend applies journal addresses and observing: levels fall, and what would have been
// done stays on record.
func (g *Gateway) bend(m *message.Message, d *message.Decision) {
	would := d.ObservedLevels // rules that only observe included
	if len(would) != len(m.Recipients) {
		would = d.Levels
	}
	observed := make([]message.Level, len(m.Recipients))
	levels := make([]message.Level, len(m.Recipients))
	observing := g.o.Mode.Observe && !matchAny(g.o.Mode.Pilot, m.Person)
	for i := range m.Recipients {
		if g.journal(m.Recipients[i].Address) {
			continue
		}
		observed[i] = would[i]
		if !observing {
			levels[i] = d.Levels[i]
		}
	}
	d.Verdict, d.Observed = message.Pass, message.Pass
	for _, l := range observed {
		d.Observed = max(d.Observed, l)
	}
	for _, l := range levels {
		d.Verdict = max(d.Verdict, l)
	}
	d.Levels, d.ObservedLevels = levels, observed
	d.Inform = message.Acting(d.Inform, levels)
}

func (g *Gateway) journal(a message.Address) bool { return matchAny(g.o.Mode.Journal, a) }

// passOwn is the decision about our own mail that came back to us.
func passOwn(m *message.Message) message.Decision {
	return message.Decision{Subject: m.Subject, Levels: make([]message.Level, len(m.Recipients))}
}

// trace records what was decided. When something was found the record is committed
// before the reply; the error then puts the message off.
func (g *Gateway) trace(ctx context.Context, v *verdict, reply string, stored bool, start time.Time) error {
	t := store.Trace{
		ID: v.m.ID, Org: v.m.Org, At: v.m.Accepted, From: v.m.Envelope.From, Size: v.m.Size,
		Verdict: v.m.Decision.Verdict, Observed: v.m.Decision.Observed, Stored: stored,
		Reply: reply, Took: g.o.Now().Sub(start),
	}
	for i := range v.m.Recipients {
		t.To = append(t.To, v.m.Recipients[i].Address)
	}
	if v.m.Decision.Found() && !stored {
		t.Decision = &v.m.Decision
	}
	return g.o.Store.AddTrace(ctx, t)
}
