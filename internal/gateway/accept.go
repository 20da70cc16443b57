package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/relay"
	"sigill/internal/sandbox"
	"sigill/internal/store"
)

// repeatWindow is how long the same message from the same client is answered with the
// first id instead of being stored again.
const repeatWindow = 24 * time.Hour

// traceRoom is what our Received field may add to the size that the next hop counts.
const traceRoom = 4 << 10

// hearsay is how long what a hop said about its limits counts against a message. While
// mail flows it says so again every few minutes. While none does, what it said last must
// not refuse for good what it may take by now: nothing would go there to find out.
const hearsay = 10 * time.Minute

// Replies of this room.
var (
	replySender  = message.Reply{Code: 550, Status: "5.7.1", Text: "The sender's domain is not one of ours"}
	replyNever   = message.Reply{Code: 550, Status: "5.7.1", Text: "Nothing is sent to this domain"}
	replyUTF8    = message.Reply{Code: 553, Status: "5.6.7", Text: "The next server does not take addresses outside ASCII"}
	replyGuard   = message.Reply{Code: 550, Status: "5.7.1", Text: "The guard field of this network is missing or wrong"}
	replyAuthor  = message.Reply{Code: 550, Status: "5.7.1", Text: "An empty sender needs an author of the organisation"}
	replyOK      = message.Reply{Code: 250, Status: "2.1.0", Text: "OK"}
	replyRcptOK  = message.Reply{Code: 250, Status: "2.1.5", Text: "OK"}
	replyTooBig  = message.Reply{Code: 552, Status: "5.3.4", Text: "The next server does not take messages of this size"}
	replyHeader  = message.Reply{Code: 554, Status: "5.6.0", Text: "The header is too long"}
	replyRelayed = message.Reply{Code: 250, Status: "2.6.0", Text: "Accepted by the next server"}
)

// Sender answers MAIL. A client that may not relay is let through to RCPT, where it may
// only name an address that we gave out.
func (g *Gateway) Sender(_ context.Context, env *message.Envelope) message.Reply {
	if !env.Source.Trusted || env.From.IsNull() || env.Foreign || g.o.Org.Own(env.From) {
		return replyOK
	}
	return replySender
}

// Recipient answers RCPT.
func (g *Gateway) Recipient(_ context.Context, env *message.Envelope, to message.RcptTo) message.Reply {
	if _, ours := g.parseBounce(to.Address); ours {
		return replyRcptOK
	}
	switch {
	case !env.Source.Trusted:
		return message.ReplyRelay
	case matchAny(g.o.Mode.Never, to.Address):
		return replyNever
	case to.Address.NeedsUTF8() && !g.takesUTF8(to.Address):
		return replyUTF8
	}
	return replyRcptOK
}

func (g *Gateway) takesUTF8(a message.Address) bool {
	hop, _ := g.hop(a)
	c, known := g.lately(hop)
	return !known || c.UTF8
}

// lately returns what a hop said about itself, false when it is too long ago to refuse
// somebody for it.
func (g *Gateway) lately(hop Hop) (relay.Capabilities, bool) {
	c, known := hop.Known()
	return c, known && g.o.Now().Sub(c.Heard) <= hearsay
}

// Accept answers the end of data. Its 250 is the promise: the next hop has the message,
// or it is committed to the store.
func (g *Gateway) Accept(ctx context.Context, env message.Envelope, body message.Body) message.Reply {
	start := g.o.Now()
	if r, done := g.answerToUs(ctx, &env, body); done {
		return r
	}
	if g.o.Policy() == nil {
		g.o.Log.Error("no policy is loaded; mail is put off")
		return g.count("refused", message.ReplyLocal)
	}
	if body.Size() > g.o.Budget.Size {
		return g.later(ctx, env, body, start)
	}
	within, cancel := context.WithTimeout(ctx, g.o.Budget.Time)
	defer cancel()
	v, err := g.judge(within, env, body)
	switch {
	case err == nil:
		return g.carryOut(ctx, v, start)
	case ctx.Err() == nil && errors.Is(within.Err(), context.DeadlineExceeded) && !errors.Is(err, sandbox.ErrBusy):
		return g.later(ctx, env, body, start)
	}
	return g.count("refused", g.refusal(err))
}

// refusal turns an error into words for the client. What is not known is put off.
func (g *Gateway) refusal(err error) message.Reply {
	var r *refusedError
	if errors.As(err, &r) {
		return r.reply
	}
	if errors.Is(err, store.ErrFull) {
		return message.ReplyStorage
	}
	g.o.Log.Error("message put off", "error", err)
	return message.ReplyLocal
}

// refusedError carries a reply for a message that must not go on.
type refusedError struct{ reply message.Reply }

func (e *refusedError) Error() string { return e.reply.String() }

func (g *Gateway) count(outcome string, r message.Reply) message.Reply {
	g.metrics.outcomes.WithLabelValues(outcome).Inc()
	return r
}

// carryOut does what was decided: straight on, or into the store.
func (g *Gateway) carryOut(ctx context.Context, v *verdict, start time.Time) message.Reply {
	g.metrics.accepted.WithLabelValues(v.m.Decision.Verdict.String()).Inc()
	if hop, one := g.oneHop(v.m); one && !g.sentBefore(ctx, v.m) {
		if g.tooBig(hop, v.m) {
			return g.count("refused", replyTooBig)
		}
		return g.cutThrough(ctx, v, hop, start)
	}
	return g.keep(ctx, v, start)
}

// Room is the size of the largest message that a client should try, by what the outbound
// next hop said lately; 0 for no limit but our own.
//
// It is asked before anything is known about a message, and so can only be the limit of
// where most messages go: passed on, to the outside. It is strict with two kinds of message
// that may be larger than the hop takes. What is sealed never goes there; but no client can
// know that it will be, and a refusal at once, which its user understands, is better than
// one after the whole message. And what goes to the organisation's own domains goes by the
// inbound hop, whose limit is held against it at the end of its data.
func (g *Gateway) Room() int64 { return g.room(g.o.Out) }

// room is the same for one hop.
func (g *Gateway) room(hop Hop) int64 {
	c, known := g.lately(hop)
	if !known || c.Size == 0 {
		return 0
	}
	return max(c.Size-traceRoom, 1)
}

// tooBig says that a hop would refuse a message for its size.
func (g *Gateway) tooBig(hop Hop, m *message.Message) bool {
	room := g.room(hop)
	return room > 0 && m.Size > room
}

// oneHop says whether every recipient passes and one next hop serves them all.
func (g *Gateway) oneHop(m *message.Message) (Hop, bool) {
	if m.Decision.Verdict != message.Pass {
		return nil, false
	}
	first := g.routeOf(m.Recipients[0].Address)
	for i := range m.Recipients {
		if g.routeOf(m.Recipients[i].Address) != first || m.Decision.Level(i) != message.Pass {
			return nil, false
		}
	}
	hop, _ := g.hop(m.Recipients[0].Address)
	return hop, !g.owesReport(hop, m)
}

// owesReport says whether somebody asked to be told of success, and the hop would not
// tell: the message then goes through the store, which does (RFC 3461 5.2.2).
func (g *Gateway) owesReport(hop Hop, m *message.Message) bool {
	c, known := hop.Known()
	for i := range m.Recipients {
		if m.Recipients[i].Notify&message.NotifySuccess != 0 && known && !c.DSN {
			return true
		}
	}
	return false
}

// keep commits a judged message.
func (g *Gateway) keep(ctx context.Context, v *verdict, start time.Time) message.Reply {
	effects, err := g.decide(ctx, v.m)
	if err != nil {
		return g.count("refused", g.refusal(err))
	}
	return g.create(ctx, v, effects, start)
}

// decide takes the first steps of a message by its decision: numbers that are known are
// filled in, and everybody who will read or be asked gets an access.
func (g *Gateway) decide(ctx context.Context, m *message.Message) (store.Effects, error) {
	numbers, err := g.numbers(ctx, m)
	if err != nil {
		return store.Effects{}, err
	}
	now := g.o.Now()
	steps, err := m.Decide(now, m.Decision, g.o.Terms, numbers)
	if err != nil {
		return store.Effects{}, err
	}
	e := store.Effects{Effects: steps}
	for _, i := range m.In(message.Sealed, message.Held) {
		e.Accesses = append(e.Accesses, auth.NewAccess(m, i, now))
	}
	if len(e.Accesses) > 0 {
		e.Accesses = append(e.Accesses, auth.NewAccess(m, message.All, now))
	}
	return e, nil
}

// numbers looks up what is remembered for the recipients that need a number. One that
// is too old is asked for again.
func (g *Gateway) numbers(ctx context.Context, m *message.Message) (map[int]message.Phone, error) {
	var who []message.Address
	for i := range m.Recipients {
		if m.Decision.Level(i) == message.Level2 {
			who = append(who, m.Recipients[i].Address)
		}
	}
	if len(who) == 0 || g.o.SMS == nil {
		return nil, nil
	}
	known, err := g.o.Store.Contacts(ctx, m.Org, m.Person, who)
	if err != nil {
		return nil, fmt.Errorf("look up numbers: %w", err)
	}
	oldest := g.o.Now().Add(-g.o.Terms.NumberAgain)
	numbers := map[int]message.Phone{}
	for i := range m.Recipients {
		c, ok := known[m.Recipients[i].Address.Key()]
		if ok && m.Decision.Level(i) == message.Level2 && c.At.After(oldest) {
			numbers[i] = c.Phone
		}
	}
	return numbers, nil
}

// create commits and turns the result into a reply. The jobs that are due at once are
// this node's own for the lease. A message that the client sent before is answered with
// its first id.
func (g *Gateway) create(ctx context.Context, v *verdict, e store.Effects, start time.Time) message.Reply {
	m := v.m
	g.o.Fault("accept.before_commit")
	jobs, err := g.store(ctx, store.New{Message: m, Body: v.body, Effects: e, Repeat: repeatKey(m), Window: repeatWindow, Lease: g.o.Lease})
	var repeated *store.RepeatedError
	switch {
	case errors.As(err, &repeated):
		return g.count("repeated", queued(repeated.ID))
	case err != nil:
		return g.count("refused", g.refusal(fmt.Errorf("store message: %w", err)))
	}
	g.o.Fault("accept.after_commit")
	g.o.Log.Info("message stored", "msg", m.ID, "verdict", verdictOf(m), "recipients", len(m.Recipients), "size", m.Size)
	_ = g.trace(ctx, v, "", true, start) // lazy: the message itself is kept
	if g.o.Lease > 0 {
		g.o.Run(jobs)
	}
	return g.count("stored", queued(m.ID))
}

// verdictOf is a verdict for the log, or that the message waits for one.
func verdictOf(m *message.Message) string {
	if len(m.In(message.Received)) > 0 {
		return "waiting"
	}
	return m.Decision.Verdict.String()
}

// maxRepeats bounds how many ended copies of one message are stepped over.
const maxRepeats = 8

// store commits a message, unless it is a repeated one whose first copy still lives or
// has arrived. When the first copy ended without arriving, sending it again is a new try
// of its sender's and no repetition.
func (g *Gateway) store(ctx context.Context, n store.New) ([]message.Job, error) {
	for range maxRepeats {
		jobs, err := g.o.Store.Create(ctx, n)
		var repeated *store.RepeatedError
		if !errors.As(err, &repeated) {
			return jobs, err
		}
		first, failed := g.o.Store.Message(ctx, repeated.ID)
		if failed != nil && !errors.Is(failed, store.ErrNotFound) {
			return nil, failed
		}
		if failed == nil && !first.InVain() {
			return nil, err
		}
		n.Repeat += "/" + string(repeated.ID)
	}
	n.Repeat = ""
	return g.o.Store.Create(ctx, n)
}

func queued(id message.ID) message.Reply {
	return message.Reply{Code: 250, Status: "2.0.0", Text: "queued as " + string(id)}
}

// A message that could go straight on waits so long to hear whether it was stored before,
// and a store that did not answer is left alone for so long. Cut-through goes on without
// the store: a copy too many is better than mail that waits.
const (
	repeatPatience = time.Second
	repeatRest     = 10 * time.Second
)

// sentBefore says whether the client sent this message before and it was stored, because
// its next hop was away or silent: the copy in the store is then the one that counts. The
// rows that all nodes share are asked, by one indexed look-up: no node alone knows what
// another one stored a moment ago.
func (g *Gateway) sentBefore(ctx context.Context, m *message.Message) bool {
	key, now := repeatKey(m), g.o.Now().UnixNano()
	rests := g.deaf.Load()
	if key == "" || now < rests {
		return false
	}
	within, cancel := context.WithTimeout(ctx, repeatPatience)
	defer cancel()
	_, err := g.o.Store.Repeated(within, key)
	switch {
	case err == nil:
		return true
	case errors.Is(err, store.ErrNotFound), ctx.Err() != nil: // the client's end says nothing of the store
	case g.deaf.CompareAndSwap(rests, now+int64(repeatRest)):
		g.o.Log.Warn("the store does not say what it has; what a client sends again may go on twice", "error", err)
	}
	return false
}

// repeatKey is the same when a client sends the same message again, because our reply
// was lost on its way.
func repeatKey(m *message.Message) string {
	if m.MessageID == "" {
		return ""
	}
	to := make([]string, 0, len(m.Recipients))
	for i := range m.Recipients {
		to = append(to, m.Recipients[i].Address.Key())
	}
	slices.Sort(to)
	h := sha256.New()
	for _, part := range []string{
		m.Envelope.Source.Addr, m.Envelope.Source.User, m.Envelope.From.Key(),
		strings.Join(to, "\n"), m.MessageID, string(m.BodyHash),
	} {
		fmt.Fprintf(h, "%d:%s,", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}
