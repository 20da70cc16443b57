package gateway

import (
	"context"
	"errors"
	"strings"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/relay"
	"sigill/internal/sms"
	"sigill/internal/store"
)

// codePause is the wait before a code is tried again; the person is looking at the page.
const codePause = 3 * time.Second

// errNotDue says that a code is not wanted any more.
var errNotDue = errors.New("not due")

// SendCode makes the code of a session and sends it. The code lives in this function;
// the store has its hash.
func (g *Gateway) SendCode(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	access, session, _ := strings.Cut(j.Ref, ".")
	code, challenge, err := g.makeCode(ctx, message.ID(access), session)
	if errors.Is(err, errNotDue) || errors.Is(err, store.ErrNotFound) {
		return message.Done(), nil
	}
	if err != nil {
		return message.Done(), err
	}
	sent, final, err := g.carryCode(ctx, m, j.Recipient, code, challenge)
	if err != nil {
		return message.Done(), err
	}
	now := g.o.Now()
	if !sent && !final && now.Add(codePause).Before(challenge.Ends) {
		return message.RetryAt(now.Add(codePause)), nil
	}
	return g.write(ctx, j, func(m *message.Message) (message.Effects, error) {
		if sent {
			return m.Note(now, j.Recipient, message.EventCodeSent, nil), nil
		}
		e := m.Note(now, j.Recipient, message.EventCodeFailed, nil)
		e.Add(m.TellPerson(now, j.Recipient))
		return e, nil
	})
}

// makeCode makes the code of the session's newest challenge, and commits its hash.
func (g *Gateway) makeCode(ctx context.Context, access message.ID, session string) (auth.Code, auth.Challenge, error) {
	var code auth.Code
	var challenge auth.Challenge
	err := g.o.Store.UpdateAccess(ctx, access, nil, func(a *auth.Access, m *message.Message, _ []int64) (store.Effects, error) {
		s, err := a.SessionByID(session)
		if err != nil || !m.Recipients[a.Recipient].State.Readable() {
			return store.Effects{}, errNotDue
		}
		made, c, err := s.Make(g.o.Now(), g.o.Limits)
		if err != nil {
			return store.Effects{}, errNotDue
		}
		code, challenge = made, *c
		return store.Effects{}, nil
	})
	return code, challenge, err
}

// carryCode sends a code by mail or by SMS. It says whether it left, and if not,
// whether trying again is of no use.
func (g *Gateway) carryCode(ctx context.Context, m *message.Message, i int, code auth.Code, c auth.Challenge) (sent, final bool, err error) {
	if c.Method == message.Level2 {
		return g.textCode(ctx, m, i, code, c)
	}
	mail, err := g.o.Compose.Code(m, i, string(code), c.Mark, c.Ends, g.o.Now())
	if err != nil {
		return false, false, err
	}
	out, err := g.deliver(ctx, "code", m, i, mail)
	if err != nil {
		return false, false, err
	}
	g.metrics.codes.WithLabelValues("mail", out.Class.String()).Inc()
	return out.Class == relay.Accepted, out.Class == relay.Permanent, nil
}

func (g *Gateway) textCode(ctx context.Context, m *message.Message, i int, code auth.Code, c auth.Challenge) (sent, final bool, err error) {
	phone := m.Recipients[i].Phone
	if g.o.SMS == nil || phone == "" {
		g.o.Log.Error("there is no way to send a text message", "msg", m.ID)
		return false, true, nil
	}
	err = g.o.SMS.Send(ctx, phone, g.o.Compose.CodeText(m, i, string(code), c.Mark, c.Ends))
	switch {
	case err == nil:
		g.metrics.codes.WithLabelValues("sms", "accepted").Inc()
		return true, false, nil
	case sms.Permanent(err):
		g.metrics.codes.WithLabelValues("sms", "permanent").Inc()
		g.o.Log.Warn("text message refused", "msg", m.ID, "error", err)
		return false, true, nil
	}
	g.metrics.codes.WithLabelValues("sms", "temporary").Inc()
	g.o.Log.Warn("text message not sent yet", "msg", m.ID, "error", err)
	return false, false, nil
}
