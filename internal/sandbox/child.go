package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"sigill/internal/extract"
)

// errChild is wrapped by every failure that is the child's: it died, was late, or
// answered nonsense.
var errChild = errors.New("scanner failed")

// How long a child may take to start, and to fill the cache first.
const (
	helloTime = 10 * time.Second
	fillTime  = 5 * time.Minute
)

// child is a running child process. One goroutine uses it at a time.
type child struct {
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Reader
	confined Confinement
	isolated bool
	uses     int
	killed   sync.Once
}

// interrupt kills the process; reads and writes to it fail from then on.
func (c *child) interrupt() { _ = c.cmd.Process.Kill() } // it may be dead already

// kill ends the process and waits for it.
func (c *child) kill() {
	c.killed.Do(func() {
		c.interrupt()
		_ = c.in.Close()
		_ = c.cmd.Wait() // it was killed, and says so
	})
}

// parse streams one message to the child and reads its answer, when room says that there is room for one of that size. That
// wait is none of the child's time. A child that failed must not be used again.
func (c *child) parse(open func() (io.ReadCloser, error), lim extract.Limits, grace time.Duration, room func(int64) error) (*extract.Content, error) {
	lim = lim.Filled()
	t := time.AfterFunc(lim.Time+grace, c.interrupt)
	defer t.Stop()
	c.uses++
	if err := c.send(open, lim); err != nil {
		return nil, err
	}
	return c.receive(lim, func(n int64) error {
		if !t.Stop() {
			return fmt.Errorf("%w: late", errChild)
		}
		defer t.Reset(lim.Time + grace)
		return room(n)
	})
}

func (c *child) send(open func() (io.ReadCloser, error), lim extract.Limits) error {
	r, err := open()
	if err != nil {
		return fmt.Errorf("open message: %w", err)
	}
	defer r.Close()
	b, err := json.Marshal(lim)
	if err != nil {
		return fmt.Errorf("write limits: %w", err)
	}
	if err := c.write(frameLimits, b); err != nil {
		return err
	}
	buf := make([]byte, dataSize)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if err := c.write(frameData, buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return c.write(frameEnd, nil)
		case err != nil:
			return fmt.Errorf("read message: %w", err)
		}
	}
}

func (c *child) write(kind byte, b []byte) error {
	if err := writeFrame(c.in, kind, b); err != nil {
		return fmt.Errorf("%w: %w", errChild, err)
	}
	return nil
}

// maxAnswer bounds an answer: JSON may write a byte of text as six.
func maxAnswer(lim extract.Limits) int64 { return min(6*lim.Text+(64<<20), 1<<31) }

func (c *child) receive(lim extract.Limits, room func(int64) error) (*extract.Content, error) {
	kind, n, err := readHead(c.out, maxAnswer(lim))
	if err == nil && kind != frameAnswer {
		err = errFrame
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errChild, err)
	}
	if err := room(n); err != nil {
		return nil, err
	}
	body := io.LimitReader(c.out, n)
	content := &extract.Content{}
	if err := json.NewDecoder(body).Decode(content); err != nil {
		return nil, fmt.Errorf("%w: answer is not understood", errChild)
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return nil, fmt.Errorf("%w: %w", errChild, err)
	}
	if !sound(content) || len(content.Pictures) > 2*lim.Pictures.Count {
		return nil, fmt.Errorf("%w: answer makes no sense", errChild)
	}
	if err := c.receivePixels(content, lim.Pictures.Bytes); err != nil {
		return nil, err
	}
	return content, nil
}

// maxPixels is the most that one picture takes, packed or not (ocr.FromGray).
const maxPixels = 10 << 20

// receivePixels reads what follows an answer with pictures. They were put aside until they were more than limit in all.
func (c *child) receivePixels(content *extract.Content, limit int64) error {
	for i := range content.Pictures {
		if limit <= -2*maxPixels {
			return fmt.Errorf("%w: %w", errChild, errFrame)
		}
		b, err := readFrame(c.out, framePixels, maxPixels)
		if err != nil {
			return fmt.Errorf("%w: %w", errChild, err)
		}
		content.Pictures[i].Image.Pixels = b
		limit -= int64(len(b))
	}
	return nil
}

// sound checks what others use as an index.
func sound(c *extract.Content) bool {
	for i := range c.Segments {
		s := &c.Segments[i]
		if s.Attachment < -1 || s.Attachment >= len(c.Attachments) {
			return false
		}
		for _, q := range s.Quoted {
			if q.Start < 0 || q.End > len(s.Text) || q.Start >= q.End {
				return false
			}
		}
	}
	for i := range c.Pictures {
		if p := &c.Pictures[i]; p.Attachment < -1 || p.Attachment >= len(c.Attachments) {
			return false
		}
	}
	return true
}

// starter starts children from one thread that lives as long as the pool: a child is
// killed when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG).
type starter struct {
	command  []string
	setup    setup
	requests chan request
	done     chan struct{}
	closing  sync.Once

	// Only the starting thread looks at these.
	try    func(ctx context.Context, isolated bool) (*child, error) // exec, but for tests
	worked bool                                                     // namespaces were had before
	plain  bool                                                     // namespaces were refused
}

type request struct {
	ctx   context.Context //nolint:containedctx // it is handed to the starting thread and dropped there
	reply chan started
}

type started struct {
	c   *child
	err error
}

func newStarter(command []string, what setup) *starter {
	s := &starter{command: command, setup: what, requests: make(chan request), done: make(chan struct{})}
	s.try = s.exec
	go s.run()
	return s
}

// run ends by close; its thread ends with it, as it stays locked.
func (s *starter) run() {
	runtime.LockOSThread()
	defer close(s.done)
	for r := range s.requests {
		c, err := s.launch(r.ctx)
		r.reply <- started{c, err}
	}
}

func (s *starter) close() {
	s.closing.Do(func() { close(s.requests) })
	<-s.done
}

// start starts a child and waits until it is ready.
func (s *starter) start(ctx context.Context) (*child, error) {
	reply := make(chan started, 1)
	s.requests <- request{ctx, reply}
	r := <-reply
	return r.c, r.err
}

// launch starts a child in namespaces, and without them only where the system refuses to make any. A start that failed for
// another reason says nothing of them, and neither does a refusal by a system that then starts no child at all.
func (s *starter) launch(ctx context.Context) (*child, error) {
	if s.plain {
		return s.try(ctx, false)
	}
	c, err := s.try(ctx, true)
	if err == nil || s.worked || !refused(err) || ctx.Err() != nil {
		s.worked = s.worked || err == nil
		return c, err
	}
	c, err = s.try(ctx, false)
	s.plain = err == nil
	return c, err
}

func (s *starter) exec(ctx context.Context, isolated bool) (*child, error) {
	cmd := exec.Command(s.command[0], s.command[1:]...) //nolint:gosec,noctx // our own binary; it outlives the request
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.SysProcAttr = attributes(isolated)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	closeOnExec()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start child: %w", err)
	}
	c := &child{cmd: cmd, in: in, out: bufio.NewReaderSize(out, dataSize), isolated: isolated}
	if err := c.hello(ctx, s.setup); err != nil {
		c.kill()
		return nil, fmt.Errorf("start child: %w", err)
	}
	return c, nil
}

// hello tells the child what it may use, and waits for it to say that it is confined and
// ready.
func (c *child) hello(ctx context.Context, what setup) error {
	defer context.AfterFunc(ctx, c.interrupt)()
	d := helloTime
	if what.Fill {
		d = fillTime
	}
	t := time.AfterFunc(d, c.interrupt)
	defer t.Stop()
	b, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("write setup: %w", err)
	}
	if err := c.write(frameSetup, b); err != nil {
		return err
	}
	b, err = readFrame(c.out, frameHello, maxLimits)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &c.confined); err != nil {
		return fmt.Errorf("read hello: %w", err)
	}
	return nil
}
