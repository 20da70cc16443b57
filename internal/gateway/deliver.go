package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/notify"
	"sigill/internal/relay"
	"sigill/internal/store"
)

// deliver sends one of our own mails: marked, signed, and with an envelope sender that
// leads back to what it is about.
func (g *Gateway) deliver(ctx context.Context, kind string, m *message.Message, recipient int, mail notify.Mail) (relay.Outcome, error) {
	return g.deliverFrom(ctx, kind, m, g.bounceAddress(m.ID, recipient), mail)
}

// deliverFrom is deliver with another envelope sender: the null one for notices of
// failure (RFC 3464 2).
func (g *Gateway) deliverFrom(ctx context.Context, kind string, m *message.Message, from message.Address, mail notify.Mail) (relay.Outcome, error) {
	sum := sha256.Sum256(afterHeader(mail.Raw))
	content, err := g.headerContent(ctx, memory(mail.Raw))
	if err != nil {
		return relay.Outcome{}, fmt.Errorf("read our own %s: %w", kind, err)
	}
	mark := ownField + ": " + g.ownMark(m.ID, &content.Header, mail.To, sum[:]) + "\r\n"
	raw := append([]byte(mark), mail.Raw...)
	if g.o.Sign != nil {
		if raw, err = g.o.Sign(raw); err != nil {
			return relay.Outcome{}, fmt.Errorf("sign %s: %w", kind, err)
		}
	}
	hop, _ := g.hop(mail.To)
	r := hop.Send(ctx, relay.Mail{
		From: from, To: []message.RcptTo{{Address: mail.To, Notify: message.NotifyNever}},
		UTF8: mail.To.NeedsUTF8(), Body: memory(raw),
	})
	out := r.Recipients[0]
	g.metrics.notices.WithLabelValues(kind, out.Class.String()).Inc()
	return out, nil
}

// load returns the message of a job; nil when it is gone and the job with it.
func (g *Gateway) load(ctx context.Context, j message.Job) (*message.Message, error) {
	m, err := g.o.Store.Message(ctx, j.Message)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return m, err
}

// link makes a fresh token for an access and commits its hash, before the mail that
// carries it leaves. The path is b for recipients and s for the sender.
func (g *Gateway) link(ctx context.Context, msg message.ID, recipient int) (url string, forget func(context.Context), err error) {
	a, err := g.o.Store.AccessOf(ctx, msg, recipient)
	if err != nil {
		return "", nil, fmt.Errorf("find access: %w", err)
	}
	var token auth.Secret
	err = g.o.Store.UpdateAccess(ctx, a.ID, nil, func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
		token = a.NewLink(g.o.Now())
		return store.Effects{}, nil
	})
	if err != nil {
		return "", nil, fmt.Errorf("make link: %w", err)
	}
	path := "/b/"
	if recipient == message.All {
		path = "/s/"
	}
	return g.o.Base + path + string(token), func(ctx context.Context) { g.dropLink(ctx, a.ID, token) }, nil
}

// dropLink forgets a link whose mail was not taken, so that tries do not push out links
// that are in somebody's mailbox.
func (g *Gateway) dropLink(ctx context.Context, id message.ID, token auth.Secret) {
	err := g.o.Store.UpdateAccess(ctx, id, nil, func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
		a.DropLink(token)
		return store.Effects{}, nil
	})
	if err != nil {
		g.o.Log.Warn("link of an unsent mail not dropped", "access", id, "error", err)
	}
}
