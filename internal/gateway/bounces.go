package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/store"
)

// replyPerson tells a person who answered one of our notices by mail.
var replyPerson = message.Reply{
	Code: 550, Status: "5.7.1",
	Text: "This address takes no answers; please write to the sender, and nothing sensitive",
}

// replyTaken ends what we keep nothing of.
var replyTaken = message.Reply{Code: 250, Status: "2.0.0", Text: "OK"}

// maxReport is how much of a returned mail is looked at.
const maxReport = 256 << 10

// answerToUs deals with the recipients that are envelope senders of ours: a bounce
// becomes an event and stops the clock, an automatic answer is dropped, a person is told
// to write to the sender. It takes them out of the envelope; done says that none was left.
func (g *Gateway) answerToUs(ctx context.Context, env *message.Envelope, body message.Body) (message.Reply, bool) {
	var ours []bounceRef
	rest := make([]message.RcptTo, 0, len(env.To))
	for _, to := range env.To {
		if ref, ok := g.parseBounce(to.Address); ok {
			ours = append(ours, ref)
			continue
		}
		rest = append(rest, to)
	}
	if len(ours) == 0 {
		return message.Reply{}, false
	}
	kind, err := classifyReturn(ctx, *env, body)
	if err != nil {
		return g.count("refused", g.refusal(err)), true
	}
	for _, ref := range ours {
		if err := g.takeReturn(ctx, kind, ref); err != nil {
			return g.count("refused", g.refusal(err)), true
		}
	}
	env.To = rest
	switch {
	case kind == returnedByPerson:
		return g.count("refused", replyPerson), true
	case len(rest) == 0:
		return g.count("returned", replyTaken), true
	}
	return message.Reply{}, false
}

type returned int

const (
	returnedBounce returned = iota // not delivered, for good
	returnedAuto                   // an automatic answer, or a report of something else
	returnedByPerson
)

// classifyReturn tells a bounce from an automatic answer (RFC 3834) and from a person.
func classifyReturn(ctx context.Context, env message.Envelope, body message.Body) (returned, error) {
	r, err := body.Open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Close() }()
	raw, err := io.ReadAll(io.LimitReader(r, maxReport))
	if err != nil {
		return 0, err
	}
	c, _, err := extract.ParsePlain(ctx, bytes.NewReader(raw), extract.DefaultLimits()) // the header is all that counts
	if err != nil {
		return 0, err
	}
	return whatReturned(env, &c.Header, raw), nil
}

func whatReturned(env message.Envelope, h *extract.Header, raw []byte) returned {
	report := strings.Contains(strings.ToLower(h.Get("Content-Type")), "report-type=delivery-status") ||
		strings.Contains(strings.ToLower(h.Get("Content-Type")), `report-type="delivery-status"`)
	switch {
	case report && failedAction(raw):
		return returnedBounce
	case report, strings.HasPrefix(h.AutoSubmitted, "auto-replied"), h.Get("X-Autoreply") != "", h.Get("X-Autorespond") != "":
		return returnedAuto
	case env.From.IsNull():
		return returnedBounce
	case h.AutoSubmitted != "" && h.AutoSubmitted != "no", isBulk(h.Get("Precedence")):
		return returnedAuto
	}
	return returnedByPerson
}

// failedAction finds the field of RFC 3464 2.3.3 that says so.
func failedAction(raw []byte) bool {
	for line := range bytes.Lines(raw) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && strings.EqualFold(string(name), "Action") && strings.EqualFold(string(bytes.TrimSpace(value)), "failed") {
			return true
		}
	}
	return false
}

func isBulk(precedence string) bool {
	switch strings.ToLower(strings.TrimSpace(precedence)) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	return false
}

// takeReturn writes what a returned mail means for the message that ours was about.
func (g *Gateway) takeReturn(ctx context.Context, kind returned, ref bounceRef) error {
	if kind != returnedBounce {
		return nil
	}
	err := g.o.Store.Update(ctx, ref.id, func(m *message.Message) (store.Effects, error) {
		now := g.o.Now()
		if ref.recipient == message.All || ref.recipient >= len(m.Recipients) {
			return store.Effects{Effects: m.Note(now, message.All, message.EventNoticeBounced, nil)}, nil
		}
		e, err := m.NoticeFailed(now, ref.recipient, "returned")
		if errors.Is(err, message.ErrStep) { // opened or over by now: only noted
			return store.Effects{Effects: m.Note(now, ref.recipient, message.EventNoticeBounced, nil)}, nil
		}
		return store.Effects{Effects: e}, err
	})
	if isNotFound(err) {
		return nil
	}
	return err
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }
