package gateway

import (
	"context"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/relay"
)

// Alarm tells who is responsible that too many wrong codes were typed in all. The job hangs
// on the message at which it was noticed, because every job has one; the mail says nothing
// of it. What comes back of the mail would be noted there as well, so it has a null
// envelope sender, as a report has.
func (g *Gateway) Alarm(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	now, at := g.o.Now(), j.Since()
	mail, err := g.o.Compose.Alarm(g.o.Org.Responsible, g.o.Limits.GlobalHour, at, auth.BrakeEnds(at), now)
	if err != nil {
		return message.Done(), err
	}
	out, err := g.deliverFrom(ctx, "alarm", m, message.Address{}, mail)
	switch {
	case err != nil:
		return message.Done(), err
	case out.Class == relay.Accepted:
		return message.Done(), nil
	case out.Class == relay.Permanent || now.After(at.Add(g.o.Terms.Queue)):
		g.o.Log.Error("alarm not mailed: who is responsible cannot be reached", "code", out.Code)
		return message.Done(), nil
	}
	return message.RetryAt(now.Add(pause(j.Attempt, minNoticePause, maxNoticePause))), nil
}
