package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"time"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/store"
)

// later commits a message that is too big, or takes too long, for the session: it is
// stored as Received and judged by a job.
func (g *Gateway) later(ctx context.Context, env message.Envelope, body message.Body, start time.Time) message.Reply {
	content, err := g.headerContent(ctx, body)
	if err != nil {
		return g.count("refused", g.refusal(err))
	}
	if body, err = g.admit(env, content, body); err != nil {
		return g.count("refused", g.refusal(err))
	}
	m := g.describe(env, body, &content.Header)
	now := g.o.Now()
	e := store.Effects{Effects: m.ClassifyLater(now)}
	return g.create(ctx, &verdict{m, body}, e, start)
}

// headerContent reads the header alone.
func (g *Gateway) headerContent(ctx context.Context, body message.Body) (*extract.Content, error) {
	header, err := headerOf(body)
	if err != nil {
		return nil, err
	}
	c, _, err := extract.ParsePlain(ctx, bytes.NewReader(append(header, "\r\n\r\n"...)), extract.DefaultLimits())
	return c, err
}

// Classify judges a message that was stored unjudged.
func (g *Gateway) Classify(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.o.Store.Message(ctx, j.Message)
	if errors.Is(err, store.ErrNotFound) {
		return message.Done(), nil
	}
	if err != nil || len(m.In(message.Received)) == 0 {
		return message.Done(), err
	}
	p := g.o.Policy()
	if p == nil {
		return message.Done(), errors.New("no policy is loaded")
	}
	start := g.o.Now()
	d, err := g.judgeStored(ctx, p, m, start)
	if err != nil {
		return message.Done(), err
	}
	m.Decision = d
	effects, err := g.decide(ctx, m.Clone())
	if err != nil {
		return message.Done(), err
	}
	numbers, err := g.numbers(ctx, m)
	if err != nil {
		return message.Done(), err
	}
	g.metrics.accepted.WithLabelValues(d.Verdict.String()).Inc()
	err = g.o.Store.Update(ctx, m.ID, func(m *message.Message) (store.Effects, error) {
		steps, err := m.Decide(g.o.Now(), d, g.o.Terms, numbers)
		return store.Effects{Effects: steps, Accesses: effects.Accesses, Done: &j}, err
	})
	return message.Finished(), err
}

func (g *Gateway) judgeStored(ctx context.Context, p Policy, m *message.Message, start time.Time) (message.Decision, error) {
	body, err := g.o.Store.OpenBody(ctx, m.ID, nil)
	if err != nil {
		return message.Decision{}, err
	}
	content, done, err := g.o.Parse(ctx, body, p.Limits())
	if err != nil {
		return message.Decision{}, err
	}
	defer done()
	if own, err := g.ownMail(m.Envelope, &content.Header, body); err != nil || own {
		return passOwn(m), err
	}
	defer func() { g.metrics.scanned(g.o.Now().Sub(start)) }()
	return g.evaluate(ctx, p, m, content, start)
}

// ownMail says whether this is our own mail that came back to us unchanged. The body is
// hashed only when it says so.
func (g *Gateway) ownMail(env message.Envelope, h *extract.Header, body message.Body) (bool, error) {
	if h.Get(ownField) == "" {
		return false, nil
	}
	sum, err := hashAfterHeader(body)
	if errors.Is(err, errLongHeader) { // none of ours has such a header
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return g.isOwn(env, h, sum), nil
}

// memory is a body that is held in memory.
type memory []byte

func (b memory) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
func (b memory) Size() int64                  { return int64(len(b)) }
func (b memory) SHA256() []byte               { s := sha256.Sum256(b); return s[:] }
