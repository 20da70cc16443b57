package relay

import (
	"context"
	"errors"
)

// Send hands a message to the hop the queued way: recipients that it takes get it, the
// others have an outcome of their own. It blocks until the hop has answered, for up to
// the sum of the timeouts. A cancelled ctx cuts the connection.
func (s *Sender) Send(ctx context.Context, m Mail) Result {
	res, again := s.send(ctx, &m, false)
	if again {
		res, _ = s.send(ctx, &m, true)
	}
	return res
}

// unreached is the result when there was no connection.
func (s *Sender) unreached(m *Mail, err error) Result {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = s.fault(StageConnect, err)
	}
	res := Result{Recipients: make([]Outcome, len(m.To)), Err: e}
	for i := range res.Recipients {
		res.Recipients[i] = e.outcome()
	}
	return res
}

func (s *Sender) send(ctx context.Context, m *Mail, fresh bool) (res Result, again bool) {
	c, err := s.acquire(ctx, fresh, 0)
	if err != nil {
		return s.unreached(m, err), false
	}
	defer s.release(c)
	s.metrics.transfer(s.o.Name, c.reused, fresh)
	stop := context.AfterFunc(ctx, func() { _ = c.nc.Close() })
	t := s.begin(c, m)
	res.Uncertain, err = t.run()
	if !stop() {
		c.broken = true
	}
	if !fresh && t.dead(err) && ctx.Err() == nil {
		return res, true
	}
	res.Recipients, res.TLS, res.Err = t.out, c.caps.TLS, err
	return res, false
}

// run is the whole transaction. The error is why the hop gave no reply.
func (t *transaction) run() (uncertain bool, err error) {
	if err := t.admit(); err != nil {
		return false, t.own(err)
	}
	if len(t.to) == 0 {
		return false, nil
	}
	if err := t.envelope(true); err != nil {
		return false, t.lost(err)
	}
	if !t.ready {
		if t.open {
			t.c.reset(t.s.o.CommandTimeout)
		}
		return false, nil
	}
	refused, err := t.transfer()
	var own *bodyError
	switch {
	case errors.As(err, &own):
		return false, t.own(err)
	case err != nil:
		return false, t.lost(err)
	case refused:
		return false, nil
	}
	return t.conclude()
}

// own notes that our own message could not be read: nothing is wrong with the hop.
func (t *transaction) own(err error) error {
	t.all(local(Temporary, 451, "4.3.0", "The stored message cannot be read now", t.stage))
	return err
}

// conclude waits for the reply to the final dot, which counts for everyone who was taken.
func (t *transaction) conclude() (uncertain bool, err error) {
	r, err := t.c.read(t.s.o.FinalTimeout)
	if err == nil && r.intermediate() {
		err = errGarbled
	}
	if err != nil {
		t.c.broken = true
		return true, t.lost(err)
	}
	t.all(r.outcome(StageFinal))
	return false, nil
}
