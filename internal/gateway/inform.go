package gateway

import (
	"context"
	"strings"

	"sigill/internal/message"
	"sigill/internal/relay"
)

// Inform tells an address that rules name that they protect a message. It is no party to the message: it gets no link, and
// what comes back of the mail would be noted as a notice that did not arrive, so that it has a null envelope sender. An
// address outside the organisation's domains is never told, for the mail names sender and recipients.
func (g *Gateway) Inform(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	in, ok := m.ToInform(j.Ref)
	if !ok {
		return message.Done(), nil
	}
	rules := strings.Join(in.Rules, " ")
	if !g.o.Org.Own(in.To) {
		g.o.Log.Warn("the address that a rule names is not the organisation's, and is not told", "msg", m.ID, "rules", rules)
		return message.Done(), nil
	}
	now := g.o.Now()
	mail, err := g.o.Compose.Inform(m, in, now)
	if err != nil {
		return message.Done(), err
	}
	out, err := g.deliverFrom(ctx, "inform", m, message.Address{}, mail)
	switch {
	case err != nil:
		return message.Done(), err
	case out.Class == relay.Accepted:
		return g.write(ctx, j, func(m *message.Message) (message.Effects, error) { return m.Informed(g.o.Now(), in), nil })
	case out.Class == relay.Permanent || now.After(j.Since().Add(g.o.Terms.Queue)):
		g.o.Log.Warn("the address that a rule names cannot be reached", "msg", m.ID, "rules", rules, "code", out.Code)
		return message.Done(), nil
	}
	return message.RetryAt(now.Add(pause(j.Attempt, minNoticePause, maxNoticePause))), nil
}
