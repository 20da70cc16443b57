package relay

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"sigill/internal/message"
)

// CutState is how a cut-through ended.
type CutState uint8

// The states.
const (
	// CutStore: the hop has nothing, for whatever reason; the message must be stored.
	CutStore CutState = iota
	// CutAccepted: the hop is responsible for every recipient.
	CutAccepted
	// CutRefused: 5yz at DATA or its end; the client can be refused.
	CutRefused
	// CutPending: no reply yet after the final dot; Cut.Pending waits on.
	CutPending
	// CutUncertain: the connection was lost after the final dot; the message must be
	// stored, and may arrive twice.
	CutUncertain
)

// String returns store, accepted, refused, pending or uncertain.
func (s CutState) String() string {
	switch s {
	case CutAccepted:
		return "accepted"
	case CutRefused:
		return "refused"
	case CutPending:
		return "pending"
	case CutUncertain:
		return "uncertain"
	}
	return "store"
}

// Cut is the end of a cut-through.
type Cut struct {
	State   CutState
	Reply   message.Reply // what decided; in our own words when the hop gave none
	Stage   Stage
	Pending *Pending // with CutPending only
	Err     error    // why the hop gave no reply
}

// CutThrough hands a message to the hop for all recipients or for none, while a client
// waits: at any recipient that is not taken it takes everything back. It waits up to
// Options.CutTimeout after the final dot, and not beyond the deadline of ctx. Before the
// dot a cancelled ctx cuts the connection; after it, nothing does, because the hop may
// have the message.
func (s *Sender) CutThrough(ctx context.Context, m Mail) Cut {
	cut, again := s.cutOnce(ctx, &m, false)
	if again {
		cut, _ = s.cutOnce(ctx, &m, true)
	}
	return cut
}

func (s *Sender) cutOnce(ctx context.Context, m *Mail, fresh bool) (res Cut, again bool) {
	if s.resting() {
		return stored(s.unreached(m, s.fault(StageConnect, ErrSilent))), false
	}
	c, err := s.acquire(ctx, fresh, s.o.CutPlace)
	if err != nil {
		return stored(s.unreached(m, err)), false
	}
	s.metrics.transfer(s.o.Name, c.reused, fresh)
	stop := context.AfterFunc(ctx, func() { _ = c.nc.Close() })
	t := s.begin(c, m)
	sent, err := t.runCut()
	if !stop() {
		c.broken = true
	}
	if sent {
		return t.concludeCut(ctx), false
	}
	again = !fresh && t.dead(err) && ctx.Err() == nil
	res = t.undone(err)
	s.release(c)
	return res, again
}

// resting says that the hop lately let a connection time out. Clients are then not made
// to wait for the next: their mail is stored at once, and the queue finds out when the
// hop is back.
func (s *Sender) resting() bool {
	at := s.silent.Load()
	return at != 0 && s.o.Now().UnixNano()-at < int64(s.o.CutRest)
}

// stored is the cut for a result in which nothing was sent.
func stored(r Result) Cut {
	o := Outcome{Code: 451, Status: "4.4.1", Stage: StageConnect}
	if len(r.Recipients) > 0 {
		o = r.Recipients[0]
	}
	return Cut{State: CutStore, Reply: o.Reply(), Stage: o.Stage, Err: r.Err}
}

// runCut goes as far as the final dot; sent says that it was reached.
func (t *transaction) runCut() (sent bool, err error) {
	if err := t.admit(); err != nil {
		return false, t.own(err)
	}
	if len(t.to) < len(t.m.To) || len(t.to) == 0 {
		return false, nil
	}
	// With one recipient DATA can go along: if he is refused there is nobody for whom the
	// hop could want a message. With more it waits for the replies, as only then RSET can
	// still take everything back.
	one := len(t.to) == 1
	if err := t.envelope(one); err != nil {
		return false, t.lost(err)
	}
	if t.taken < len(t.to) || t.c.broken {
		if t.open {
			t.c.reset(t.s.o.CommandTimeout)
		}
		return false, nil
	}
	if !one {
		if err := t.data(); err != nil {
			return false, t.lost(err)
		}
	}
	if !t.ready {
		t.c.reset(t.s.o.CommandTimeout)
		return false, nil
	}
	refused, err := t.transfer()
	var own *bodyError
	switch {
	case errors.As(err, &own):
		return false, t.own(err)
	case err != nil:
		return false, t.lost(err)
	}
	return !refused, nil
}

// undone is the end of a cut-through that did not reach the final dot. A 5yz to DATA, or
// in the middle of it, refuses the message as a whole; one to MAIL or RCPT does not: what
// it means is for the queue to say, recipient by recipient.
func (t *transaction) undone(err error) Cut {
	worst := Outcome{Code: 451, Status: "4.3.0", Text: "Not sent", Stage: t.stage}
	for _, o := range t.out {
		if o.Code != 0 && o.Class != Accepted {
			worst = o
			break
		}
	}
	res := Cut{State: CutStore, Reply: worst.Reply(), Stage: worst.Stage, Err: err}
	if worst.Class == Permanent && (worst.Stage == StageData || worst.Stage == StageBody) {
		res.State = CutRefused
	}
	return res
}

// concludeCut waits for the reply to the final dot as long as a client may wait.
func (t *transaction) concludeCut(ctx context.Context) Cut {
	p := &Pending{t: t, dot: time.Now()}
	wait := t.s.o.CutTimeout
	if end, ok := ctx.Deadline(); ok {
		wait = max(min(wait, time.Until(end)), 0)
	}
	if t.c.broken { // cut by ctx at the very moment
		return p.end(reply{}, context.Cause(ctx))
	}
	r, err := t.c.read(wait)
	if err != nil && timedOut(err) {
		return Cut{State: CutPending, Reply: t.late(err).Reply(), Stage: StageFinal, Pending: p}
	}
	return p.end(r, err)
}

func (t *transaction) late(err error) Outcome {
	return (&Error{Hop: t.s.o.Hop.Addr, Stage: StageFinal, Err: err}).outcome()
}

// Pending is a connection on which the final dot was sent and no reply has come yet. It
// holds a place in the pool until Wait or Abandon.
type Pending struct {
	t     *transaction
	dot   time.Time
	ended atomic.Bool
}

// Wait waits for the hop's late reply, until Options.FinalTimeout after the final dot or
// the end of ctx: CutAccepted, CutRefused (5yz), CutStore (4yz), or CutUncertain when no
// reply came. Only the first call counts.
func (p *Pending) Wait(ctx context.Context) Cut {
	if p.ended.Swap(true) {
		return Cut{State: CutUncertain, Reply: p.t.late(nil).Reply(), Stage: StageFinal}
	}
	c := p.t.c
	stop := context.AfterFunc(ctx, func() { _ = c.nc.Close() })
	r, err := c.read(max(p.t.s.o.FinalTimeout-time.Since(p.dot), 0))
	if !stop() {
		c.broken = true
	}
	return p.end(r, err)
}

// Abandon cuts the connection without waiting.
func (p *Pending) Abandon() {
	if !p.ended.Swap(true) {
		p.t.c.broken = true
		p.t.s.release(p.t.c)
	}
}

// end says what a reply to the final dot, or its absence, means, and gives the
// connection back.
func (p *Pending) end(r reply, err error) Cut {
	t := p.t
	p.ended.Store(true)
	if err == nil && r.intermediate() {
		err = errGarbled
	}
	if err != nil {
		t.c.broken = true
	}
	defer t.s.release(t.c)
	if err != nil {
		o := t.late(err)
		return Cut{State: CutUncertain, Reply: o.Reply(), Stage: StageFinal, Err: &Error{Hop: t.s.o.Hop.Addr, Stage: StageFinal, Err: err}}
	}
	o := r.outcome(StageFinal)
	res := Cut{State: CutStore, Reply: o.Reply(), Stage: StageFinal}
	switch o.Class {
	case Accepted:
		res.State = CutAccepted
	case Permanent:
		res.State = CutRefused
	}
	return res
}
