package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"sigill/internal/extract"
	"sigill/internal/extract/pdf"
)

// Errors of [Pool.Parse]. They say something about the gateway, not about the message.
var (
	ErrBusy      = errors.New("no scanner is free")
	ErrUnhealthy = errors.New("too many messages end by timeout")
	ErrClosed    = errors.New("scanner pool is closed")
)

const defaultMemory = 1 << 30

// Options of a pool. The zero value is usable.
type Options struct {
	Workers int           // children kept warm; default: the number of processors, at least 2
	Wait    time.Duration // for a free child, before ErrBusy; default 5 s
	Grace   time.Duration // beyond the limits' time before a child is killed; default 2 s
	Uses    int           // messages before a child is replaced; default 1000
	Memory  int64         // bytes of data that a child may hold, where the system can limit that; default 1 GB
	Cache   string        // folder for the machine code of the reader for PDF, which nobody else may write to; default: [pdf.CacheDir] for the default Command
	Command []string      // default: this binary with WorkerArg
	Log     *slog.Logger  // default: none
}

func (o Options) filled() (Options, error) {
	if o.Workers <= 0 {
		o.Workers = max(2, runtime.GOMAXPROCS(0))
	}
	if o.Wait <= 0 {
		o.Wait = 5 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 2 * time.Second
	}
	if o.Uses <= 0 {
		o.Uses = 1000
	}
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.Command) > 0 { // a program of its own need not know how to fill a cache
		return o, nil
	}
	path, err := self()
	if err != nil {
		return o, err
	}
	o.Command = []string{path, WorkerArg}
	if o.Cache == "" {
		if o.Cache, err = pdf.CacheDir(); err != nil {
			o.Log.Warn("no cache: each scanner compiles the reader for PDF anew", "err", err)
		}
	}
	return o, nil
}

// Pool is a set of children. It is safe for concurrent use.
type Pool struct {
	opt     Options
	idle    chan *child
	starter *starter
	share   share
	stats   counters
	filled  chan struct{}  // closed when the cache was filled, or could not be
	stop    chan struct{}  // closed by Close
	wg      sync.WaitGroup // calls of Parse, and refills

	mu     sync.Mutex
	closed bool
	busy   map[*child]struct{} // children at work, for Close to interrupt
}

type counters struct{ plain, opened, timeouts, busy, replaced atomic.Int64 }

// Stats are counts since the pool began.
type Stats struct {
	Plain    int64 // messages read without a child
	Opened   int64 // messages read by a child
	Timeouts int64 // messages unreadable by timeout
	Busy     int64 // times that no child was free
	Replaced int64 // children killed or dead
	Idle     int   // children waiting now
}

// New starts the children and waits until all are ready.
func New(opt Options) (*Pool, error) {
	opt, err := opt.filled()
	if err != nil {
		return nil, err
	}
	p := &Pool{
		opt: opt, idle: make(chan *child, opt.Workers), starter: newStarter(opt.Command, setup{Memory: opt.Memory, Cache: opt.Cache}),
		filled: make(chan struct{}), stop: make(chan struct{}), busy: map[*child]struct{}{},
	}
	if opt.Cache == "" || pdf.Ready(opt.Cache) {
		close(p.filled)
	} else {
		p.wg.Go(p.fill)
	}
	for i := range opt.Workers {
		c, err := p.starter.start(context.Background())
		if err != nil {
			p.Close()
			return nil, fmt.Errorf("start scanner: %w", err)
		}
		if i == 0 {
			opt.Log.Info("scanner confined", "landlock", c.confined.Landlock, "memory", c.confined.Memory,
				"processor", c.confined.Processor, "nowrite", c.confined.Files, "namespaces", c.isolated)
		}
		p.idle <- c
	}
	return p, nil
}

// fill has a child of its own fill the cache. It is done once for each version of the program; without it every child would
// compile the reader at its first PDF file, for seconds.
func (p *Pool) fill() {
	defer close(p.filled)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.wg.Go(func() {
		select {
		case <-p.stop:
			cancel()
		case <-ctx.Done():
		}
	})
	s := newStarter(p.opt.Command, setup{Memory: p.opt.Memory, Cache: p.opt.Cache, Fill: true})
	defer s.close()
	c, err := s.start(ctx)
	if err != nil {
		p.opt.Log.Warn("reader for PDF is not kept compiled", "err", err)
		return
	}
	c.kill()
}

// Close kills the children and waits for them. Messages under way fail with ErrClosed.
func (p *Pool) Close() {
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
func (p *Pool) empty() {
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
func (p *Pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.wg.Add(1)
	}
	return !p.closed
}

// begin makes a child known to Close; false if the pool is closed.
func (p *Pool) begin(c *child) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.busy[c] = struct{}{}
	}
	return !p.closed
}

// end says whether the pool is still open.
func (p *Pool) end(c *child) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, c)
	return !p.closed
}

// Healthy says whether the share of messages that end by timeout is tolerable.
func (p *Pool) Healthy() bool { return !p.share.ill() }

// Stats returns the counts.
func (p *Pool) Stats() Stats {
	s := &p.stats
	return Stats{s.plain.Load(), s.opened.Load(), s.timeouts.Load(), s.busy.Load(), s.replaced.Load(), len(p.idle)}
}

// Parse reads a message like [extract.Parse], in this process if it is plain, else in a
// child. open is called up to three times and must give the whole raw message each time.
// Besides ErrBusy, ErrUnhealthy and ErrClosed, the error is one of open, of reading, or of
// ctx.
func (p *Pool) Parse(ctx context.Context, open func() (io.ReadCloser, error), lim extract.Limits) (*extract.Content, error) {
	if !p.enter() {
		return nil, ErrClosed
	}
	defer p.wg.Done()
	c, needs, err := parsePlain(ctx, open, lim)
	if err != nil {
		return nil, err
	}
	if !needs {
		p.stats.plain.Add(1)
		return c, p.note(timedOut(c))
	}
	p.stats.opened.Add(1)
	opened, err := p.tryTwice(ctx, open, lim)
	if err != nil {
		return nil, err
	}
	if opened != nil {
		return opened, p.note(timedOut(opened))
	}
	c.Unreadable = append(c.Unreadable, extract.Unreadable{Where: "message", Reason: extract.Timeout, Detail: "two scanners failed"})
	return c, p.note(true)
}

func parsePlain(ctx context.Context, open func() (io.ReadCloser, error), lim extract.Limits) (*extract.Content, bool, error) {
	r, err := open()
	if err != nil {
		return nil, false, fmt.Errorf("open message: %w", err)
	}
	defer r.Close()
	return extract.ParsePlain(ctx, r, lim)
}

// note counts how a message ended; one that ended by timeout is no verdict when too many
// do.
func (p *Pool) note(timeout bool) error {
	ill := p.share.add(timeout)
	if !timeout {
		return nil
	}
	p.stats.timeouts.Add(1)
	if ill {
		return ErrUnhealthy
	}
	return nil
}

func timedOut(c *extract.Content) bool {
	for _, u := range c.Unreadable {
		if u.Reason == extract.Timeout {
			return true
		}
	}
	return false
}

// tryTwice gives the message to a child, and to a fresh one if that fails. It returns nil
// if both failed, and the content of the second if only its time ran out.
func (p *Pool) tryTwice(ctx context.Context, open func() (io.ReadCloser, error), lim extract.Limits) (*extract.Content, error) {
	c, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	content, err := p.ask(ctx, c, open, lim)
	if err == nil && !timedOut(content) {
		p.give(c) //nolint:contextcheck // a fresh child is for whoever comes next
		return content, nil
	}
	p.drop(c, err)
	if err != nil && !errors.Is(err, errChild) {
		p.refill() //nolint:contextcheck // a fresh child is for whoever comes next
		return nil, err
	}
	if c, err = p.starter.start(ctx); err != nil {
		p.refill() //nolint:contextcheck // a fresh child is for whoever comes next
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return p.lastTry(ctx, c, open, lim)
}

// lastTry gives the message to a fresh child, which takes the place of the one dropped.
func (p *Pool) lastTry(ctx context.Context, c *child, open func() (io.ReadCloser, error), lim extract.Limits) (*extract.Content, error) {
	content, err := p.ask(ctx, c, open, lim)
	if err == nil {
		p.give(c) //nolint:contextcheck // a fresh child is for whoever comes next
		return content, nil
	}
	p.drop(c, err)
	p.refill() //nolint:contextcheck // a fresh child is for whoever comes next
	if errors.Is(err, errChild) {
		return nil, nil
	}
	return nil, err
}

// ask runs one try, and tells the end of the pool or of ctx from a child's failure.
func (p *Pool) ask(ctx context.Context, c *child, open func() (io.ReadCloser, error), lim extract.Limits) (*extract.Content, error) {
	if !p.begin(c) {
		return nil, ErrClosed
	}
	defer context.AfterFunc(ctx, c.interrupt)()
	content, err := c.parse(open, lim, p.opt.Grace)
	alive := p.end(c)
	switch {
	case err == nil:
		return content, nil
	case !alive:
		return nil, ErrClosed
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, err
}

// take waits for a free child, and before that for the cache to be filled, which is not waited for in vain: without it a
// child that met a PDF file would be busy for longer.
func (p *Pool) take(ctx context.Context) (*child, error) {
	t := time.NewTimer(p.opt.Wait)
	defer t.Stop()
	select {
	case <-p.filled:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.stop:
		return nil, ErrClosed
	case <-t.C:
		t.Reset(p.opt.Wait)
	}
	select {
	case c := <-p.idle:
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

// give puts a child back, or replaces it when it is worn.
func (p *Pool) give(c *child) {
	if c.uses < p.opt.Uses {
		p.idle <- c
		return
	}
	c.kill()
	p.refill()
}

// drop kills a child that failed; err is nil if only its time ran out.
func (p *Pool) drop(c *child, err error) {
	p.stats.replaced.Add(1)
	c.kill()
	p.opt.Log.Warn("scanner replaced", "err", err)
}

// refill starts a child in place of one that is gone, trying until it succeeds or the
// pool is closed.
func (p *Pool) refill() {
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
