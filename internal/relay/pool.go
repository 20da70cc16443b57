package relay

import (
	"context"
	"errors"
	"time"
)

// acquire takes a place and a connection for it: the warm one that was used last, or a
// new one. With fresh, warm ones are not trusted any more: the hop closed one of them, so
// it probably closed all.
//
// wait bounds the wait for a place; 0 leaves that to ctx.
func (s *Sender) acquire(ctx context.Context, fresh bool, wait time.Duration) (*conn, error) {
	if err := s.place(ctx, wait); err != nil {
		return nil, err
	}
	if fresh {
		s.dropIdle(func(*conn) bool { return true })
	} else if c := s.takeIdle(); c != nil {
		return c, nil
	}
	c, err := s.dial(ctx)
	if err != nil {
		<-s.places
		return nil, err
	}
	return c, nil
}

func (s *Sender) place(ctx context.Context, wait time.Duration) error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return s.fault(StageConnect, ErrClosed)
	}
	select {
	case s.places <- struct{}{}:
		return nil
	default:
	}
	if wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	select {
	case s.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return s.fault(StageConnect, errors.Join(ErrBusy, ctx.Err()))
	}
}

// takeIdle returns the warm connection that was used last, nil if none is fit.
func (s *Sender) takeIdle() *conn {
	s.dropIdle(s.stale)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.idle)
	if n == 0 {
		return nil
	}
	c := s.idle[n-1]
	s.idle[n-1] = nil
	s.idle = s.idle[:n-1]
	c.reused = true
	return c
}

// release gives a connection back with its place.
func (s *Sender) release(c *conn) {
	c.idle = s.o.Now()
	if !s.keep(c) {
		c.close()
	}
	<-s.places
}

func (s *Sender) keep(c *conn) bool {
	if c.broken || c.mails >= s.o.MaxMails || s.stale(c) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.idle) >= s.o.MaxIdle {
		return false
	}
	s.idle = append(s.idle, c)
	if len(s.idle) == 1 {
		s.arm()
	}
	return true
}

// arm lets the sweep run when the oldest may be stale. The lock is held.
func (s *Sender) arm() {
	if s.sweep == nil {
		s.sweep = time.AfterFunc(s.o.IdleTimeout, s.tidy)
		return
	}
	s.sweep.Reset(s.o.IdleTimeout)
}

// tidy closes what was idle for too long, and comes again while there is something.
func (s *Sender) tidy() {
	s.dropIdle(s.stale)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) > 0 && !s.closed {
		s.arm()
	}
}

func (s *Sender) stale(c *conn) bool {
	now := s.o.Now()
	return now.Sub(c.idle) >= s.o.IdleTimeout || now.Sub(c.born) >= s.o.MaxAge
}

func (s *Sender) dropIdle(bad func(*conn) bool) {
	var out []*conn
	s.mu.Lock()
	kept := s.idle[:0]
	for _, c := range s.idle {
		if bad(c) {
			out = append(out, c)
		} else {
			kept = append(kept, c)
		}
	}
	clear(s.idle[len(kept):])
	s.idle = kept
	s.mu.Unlock()
	for _, c := range out {
		c.close()
	}
}
