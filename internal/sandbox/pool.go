package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
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
	Workers  int           // children kept warm; default: the number of processors, at least 2
	Wait     time.Duration // for a free child, and for the cache once, before ErrBusy; default 5 s
	Grace    time.Duration // beyond the limits' time before a child is killed; default 2 s
	Room     int64         // bytes that messages may take in this process while they are read and judged, all together; default: no bound
	Patience time.Duration // for that room before ErrBusy; default: as Wait
	Uses     int           // messages before a child is replaced; default 1000
	Memory   int64         // bytes of data that a child may hold, where the system can limit that; default 1 GB
	Cache    string        // folder for the machine code of the reader for PDF, which nobody else may write to; default: [pdf.CacheDir] for the default Command
	Command  []string      // default: this binary with WorkerArg
	OCR      *OCR          // how pictures are read; nil: they are not
	Log      *slog.Logger  // default: none
}

func (o Options) filled() (Options, error) {
	if o.Workers <= 0 {
		o.Workers = max(2, runtime.GOMAXPROCS(0))
	}
	if o.Wait <= 0 {
		o.Wait = 5 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = o.Wait
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

// Pool is a set of children that read messages, and one of those that read pictures where that is asked for. It is safe for
// concurrent use.
type Pool struct {
	*crew
	pictures *readers // nil where none are read
	room     *room    // nil without a bound
}

// Stats are counts since the pool began.
type Stats struct {
	Plain    int64 // messages read without a child
	Opened   int64 // messages read by a child
	Timeouts int64 // messages unreadable by timeout
	Busy     int64 // times that no child was free
	Replaced int64 // children killed or dead
	Idle     int   // children waiting now
	Pictures PictureStats
}

// New starts the children and waits until all are ready.
func New(opt Options) (*Pool, error) {
	opt, err := opt.filled()
	if err != nil {
		return nil, err
	}
	p := &Pool{crew: newCrew(opt, setup{Memory: opt.Memory, Cache: opt.Cache}), room: newRoom(opt.Room, opt.Patience)}
	if opt.Cache == "" || pdf.Ready(opt.Cache) {
		close(p.filled)
	} else {
		p.wg.Go(p.fill)
	}
	if err := p.fillUp(); err != nil {
		p.Close()
		return nil, fmt.Errorf("start scanner: %w", err)
	}
	if opt.OCR == nil {
		return p, nil
	}
	if p.pictures, err = newReaders(opt); err != nil {
		p.Close()
		return nil, fmt.Errorf("start reader of pictures: %w", err)
	}
	return p, nil
}

// Try starts one child, and says what it gave up and whether it got namespaces, a network of its own among them.
func Try(ctx context.Context) (c Confinement, namespaces bool, err error) {
	path, err := self()
	if err != nil {
		return c, false, err
	}
	s := newStarter([]string{path, WorkerArg}, setup{Memory: defaultMemory})
	defer s.close()
	one, err := s.start(ctx)
	if err != nil {
		return c, false, err
	}
	defer one.kill()
	return one.confined, one.isolated, nil
}

// Close kills the children and waits for them. Messages under way fail with ErrClosed.
func (p *Pool) Close() {
	if p.pictures != nil { // first, as messages wait for them
		p.pictures.shut()
	}
	p.shut()
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

// Healthy says whether the share of messages that end by timeout is tolerable.
func (p *Pool) Healthy() bool { return !p.share.ill() }

// Stats returns the counts.
func (p *Pool) Stats() Stats {
	s := &p.stats
	return Stats{s.plain.Load(), s.opened.Load(), s.timeouts.Load(), s.busy.Load(), s.replaced.Load(), len(p.idle), p.pictures.tell()}
}

// Parse reads a message like [extract.Parse], in this process if it is plain, else in a
// child, and then the pictures that it put aside, where that is asked for. open is called up to four times and must give the whole raw message each time.
// Besides ErrBusy, ErrUnhealthy and ErrClosed, the error is one of open, of reading, or of
// ctx.
func (p *Pool) Parse(ctx context.Context, open func() (io.ReadCloser, error), lim extract.Limits) (*extract.Content, error) {
	c, done, err := p.Read(ctx, open, 0, lim)
	if err == nil {
		done()
	}
	return c, err
}

// Read is Parse for a message of a known size that is judged afterwards: it waits for room first. Unless there is an error, done
// must be called when the content is not needed any more. Nothing is held while a child is waited for or at work: what it
// answers takes room before it is read.
func (p *Pool) Read(ctx context.Context, open func() (io.ReadCloser, error), size int64, lim extract.Limits) (c *extract.Content, done func(), err error) {
	if !p.enter() {
		return nil, nil, ErrClosed
	}
	defer p.wg.Done()
	if p.pictures != nil {
		lim.Pictures = p.pictures.room
	}
	h := &hold{room: p.room}
	done = func() { h.keep(0) }
	if c, err = p.read(ctx, h, open, size, lim); err != nil {
		done()
		return c, nil, err
	}
	return c, done, nil
}

func (p *Pool) read(ctx context.Context, h *hold, open func() (io.ReadCloser, error), size int64, lim extract.Limits) (*extract.Content, error) {
	c, needs, err := p.plain(ctx, h, open, size, lim)
	if err != nil {
		return nil, err
	}
	if !needs {
		p.stats.plain.Add(1)
		return c, p.note(timedOut(c))
	}
	h.keep(0)
	p.stats.opened.Add(1)
	opened, err := p.inChild(ctx, h, open, lim)
	if err != nil {
		return nil, err
	}
	if opened != nil {
		h.keep(textOf(opened))
		if err := p.note(timedOut(opened)); err != nil {
			return opened, err
		}
		return opened, p.pictures.readAll(ctx, opened, lim)
	}
	// What is plain in it is read again, as it was not held meanwhile.
	if c, _, err = p.plain(ctx, h, open, size, lim); err != nil {
		return nil, err
	}
	c.Unreadable = append(c.Unreadable, extract.Unreadable{Where: "message", Reason: extract.Timeout, Detail: "two scanners failed"})
	return c, p.note(true)
}

// plain reads what can be read in this process, when there is room for it.
func (p *Pool) plain(ctx context.Context, h *hold, open func() (io.ReadCloser, error), size int64, lim extract.Limits) (*extract.Content, bool, error) {
	if err := p.take(ctx, h, min(size, lim.Filled().Text)); err != nil {
		return nil, false, err
	}
	c, needs, err := parsePlain(ctx, open, lim)
	if err == nil {
		h.keep(textOf(c))
	}
	return c, needs, err
}

// take waits for room for a message, and counts one that found none.
func (p *Pool) take(ctx context.Context, h *hold, text int64) error {
	err := h.take(ctx, text)
	if errors.Is(err, ErrBusy) {
		p.stats.busy.Add(1)
	}
	return err
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

// inChild gives the message to a child, and to a fresh one if that fails. It returns nil
// if both failed, and the content of the second if only its time ran out.
func (p *Pool) inChild(ctx context.Context, h *hold, open func() (io.ReadCloser, error), lim extract.Limits) (*extract.Content, error) {
	var content *extract.Content
	room := func(n int64) error { return p.take(ctx, h, n) }
	done, err := p.tryTwice(ctx, func(c *child) (bool, error) {
		h.keep(0)
		var err error
		content, err = c.parse(open, lim, p.opt.Grace, room)
		return err == nil && !timedOut(content), err
	})
	if err != nil || !done {
		return nil, err
	}
	return content, nil
}
