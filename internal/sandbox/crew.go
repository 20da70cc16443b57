package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// crew is a set of children of one kind: it keeps them warm, lends them out, and replaces those that fail. It is safe for
// concurrent use.
type crew struct {
	opt     Options
	idle    chan *child
	starter *starter
	share   share
	stats   counters
	filled  chan struct{}  // closed when the cache was filled, or could not be
	stop    chan struct{}  // closed by close
	wg      sync.WaitGroup // calls under way, and refills

	mu     sync.Mutex
	closed bool
	busy   map[*child]struct{} // children at work, for close to interrupt
}

type counters struct{ plain, opened, timeouts, busy, replaced atomic.Int64 }

func newCrew(opt Options, what setup) *crew {
	return &crew{
		opt: opt, idle: make(chan *child, opt.Workers), starter: newStarter(opt.Command, what),
		filled: make(chan struct{}), stop: make(chan struct{}), busy: map[*child]struct{}{},
	}
}

// fillUp starts the children and waits until all are ready.
func (p *crew) fillUp() error {
	for i := range p.opt.Workers {
		c, err := p.starter.start(context.Background())
		if err != nil {
			return err
		}
		if i == 0 {
			level := slog.LevelInfo
			if !c.isolated { // landlock refuses TCP from its version 4, UDP from 10
				level = slog.LevelWarn
			}
			p.opt.Log.Log(context.Background(), level, "scanner confined", "landlock", c.confined.Landlock, "memory", c.confined.Memory,
				"processor", c.confined.Processor, "nowrite", c.confined.Files, "namespaces", c.isolated)
		}
		p.idle <- c
	}
	return nil
}

// shut kills the children and waits for them. What is under way fails with ErrClosed.
func (p *crew) shut() {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	for c := range p.busy {
		c.interrupt()
	}
	p.mu.Unlock()
	if first {
		close(p.stop)
	}
	p.wg.Wait()
	p.empty()
	p.starter.close()
}

// empty kills the idle children.
func (p *crew) empty() {
	for {
		select {
		case c := <-p.idle:
			c.kill()
		default:
			return
		}
	}
}

// enter counts a call, so that Close can wait for it.
func (p *crew) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.wg.Add(1)
	}
	return !p.closed
}

// begin makes a child known to Close; false if the pool is closed.
func (p *crew) begin(c *child) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.busy[c] = struct{}{}
	}
	return !p.closed
}

// end says whether the pool is still open.
func (p *crew) end(c *child) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, c)
	return !p.closed
}

// tryTwice lends a child to use, and a fresh one if that fails, or if it says that once more is worth it. Done is false when
// both failed. Any other error is one of the caller's, of ctx, or of the crew: ErrBusy, ErrClosed.
func (p *crew) tryTwice(ctx context.Context, use func(*child) (well bool, err error)) (done bool, err error) {
	c, err := p.take(ctx)
	if err != nil {
		return false, err
	}
	well, err := p.ask(ctx, c, use)
	if err == nil && well {
		p.give(c) //nolint:contextcheck // a fresh child is for whoever comes next
		return true, nil
	}
	p.drop(c, err)
	if err != nil && !errors.Is(err, errChild) {
		p.refill() //nolint:contextcheck // a fresh child is for whoever comes next
		return false, err
	}
	if c, err = p.starter.start(ctx); err != nil {
		p.refill() //nolint:contextcheck // a fresh child is for whoever comes next
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return false, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return p.lastTry(ctx, c, use)
}

// lastTry lends out a fresh child, which takes the place of the one dropped.
func (p *crew) lastTry(ctx context.Context, c *child, use func(*child) (bool, error)) (done bool, err error) {
	_, err = p.ask(ctx, c, use)
	if err == nil {
		p.give(c) //nolint:contextcheck // a fresh child is for whoever comes next
		return true, nil
	}
	p.drop(c, err)
	p.refill() //nolint:contextcheck // a fresh child is for whoever comes next
	if errors.Is(err, errChild) {
		return false, nil
	}
	return false, err
}

// ask runs one try, and tells the end of the crew or of ctx from a child's failure.
func (p *crew) ask(ctx context.Context, c *child, use func(*child) (bool, error)) (well bool, err error) {
	if !p.begin(c) {
		return false, ErrClosed
	}
	defer context.AfterFunc(ctx, c.interrupt)()
	well, err = use(c)
	alive := p.end(c)
	switch {
	case err == nil:
		return well, nil
	case !alive:
		return false, ErrClosed
	case ctx.Err() != nil:
		return false, ctx.Err()
	}
	return false, err
}

// take waits for a free child, and before that for the cache to be filled: without it each child that met a PDF file would
// compile the reader anew, longer than a message may take on a slow machine.
func (p *crew) take(ctx context.Context) (*child, error) {
	t := time.NewTimer(p.opt.Wait)
	defer t.Stop()
	idle := (<-chan *child)(nil)
	filled := (<-chan struct{})(p.filled)
	for {
		select {
		case <-filled:
			filled, idle = nil, p.idle
		case c := <-idle:
			return c, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-p.stop:
			return nil, ErrClosed
		case <-t.C:
			p.stats.busy.Add(1)
			return nil, ErrBusy
		}
	}
}

// give puts a child back, or replaces it when it is worn.
func (p *crew) give(c *child) {
	if c.uses < p.opt.Uses {
		p.idle <- c
		return
	}
	c.kill()
	p.refill()
}

// drop kills a child that failed; err is nil if only its time ran out.
func (p *crew) drop(c *child, err error) {
	p.stats.replaced.Add(1)
	c.kill()
	p.opt.Log.Warn("scanner replaced", "err", err)
}

// refill starts a child in place of one that is gone, trying until it succeeds or the
// pool is closed.
func (p *crew) refill() {
	select {
	case <-p.stop:
		return
	default:
	}
	p.wg.Go(func() {
		for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
			c, err := p.starter.start(context.Background())
			if err == nil {
				p.idle <- c
				return
			}
			p.opt.Log.Error("scanner does not start", "err", err)
			select {
			case <-p.stop:
				return
			case <-time.After(wait):
			}
		}
	})
}
