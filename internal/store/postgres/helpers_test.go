package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/seal/sealtest"
	"sigill/internal/store"
)

// text is a body in memory.
type text string

func (b text) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(b))), nil }
func (b text) Size() int64                  { return int64(len(b)) }
func (b text) SHA256() []byte               { s := sha256.Sum256([]byte(b)); return s[:] }

func address(tb testing.TB, s string) message.Address {
	tb.Helper()
	a, err := message.ParseAddress(s)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// mail returns a message that passes, ready to be created.
func mail(tb testing.TB) store.New {
	tb.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	m := message.New(message.NewID(now), "org", message.Envelope{
		From: address(tb, "anna@org.example"), To: []message.RcptTo{{Address: address(tb, "karin@else.example")}},
	}, now)
	e, err := m.Decide(now, message.Decision{}, message.DefaultTerms(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return store.New{
		Message: m, Body: text("Subject: hej\r\n\r\nhello\r\n"), Effects: store.Effects{Effects: e},
		Repeat: string(m.ID), Window: time.Hour, Lease: time.Minute,
	}
}

func open(tb testing.TB, o Options) *Store {
	tb.Helper()
	if o.Ring == nil {
		o.Ring = sealtest.Keyring(tb)
	}
	if o.MaxConns == 0 {
		o.MaxConns = 8
	}
	s, err := Open(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// whole checks that a message is there with its payload, one event or more, and a job.
func whole(tb testing.TB, s *Store, id message.ID) {
	tb.Helper()
	ctx := context.Background()
	if _, err := s.Message(ctx, id); err != nil {
		tb.Error(err)
		return
	}
	body, err := s.OpenBody(ctx, id, nil)
	if err != nil {
		tb.Error(err)
		return
	}
	r, err := body.Open()
	if err != nil {
		tb.Error(err)
		return
	}
	var got bytes.Buffer
	if _, err := got.ReadFrom(r); err != nil || got.String() != string(mail(tb).Body.(text)) {
		tb.Errorf("payload of %s: %q, %v", id, got.String(), err)
	}
	_ = r.Close()
	if jobs, err := s.Waiting(ctx, id, 0); err != nil || len(jobs) != 1 {
		tb.Errorf("%d jobs of %s, %v", len(jobs), id, err)
	}
}

// proxy stands between the store and the server, on a socket of its own.
type proxy struct {
	dir, to string
	l       net.Listener

	mu     sync.Mutex
	conns  map[*proxied]bool
	closed bool // new connections are refused
}

// proxied is one connection through the proxy.
type proxied struct {
	client, server net.Conn

	mu   sync.Mutex
	mute bool // the server's next answer is swallowed, and the connection cut in its place
	deaf bool // as soon as the client has said something more, it is cut; the server is not
}

// newProxy returns a proxy before the server of url, and the url that leads through it.
func newProxy(tb testing.TB, url string) (*proxy, string) {
	tb.Helper()
	host, rest, _ := strings.Cut(strings.TrimPrefix(url, "host="), " ")
	p := &proxy{dir: tb.TempDir(), to: filepath.Join(host, ".s.PGSQL.5432"), conns: map[*proxied]bool{}}
	var err error
	if p.l, err = net.Listen("unix", filepath.Join(p.dir, ".s.PGSQL.5432")); err != nil {
		tb.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { p.serve(&running) })
	tb.Cleanup(func() {
		_ = p.l.Close()
		p.cut()
		running.Wait()
	})
	return p, "host=" + p.dir + " " + rest
}

func (p *proxy) serve(running *sync.WaitGroup) {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.to)
		p.mu.Lock()
		refuse := p.closed || err != nil
		c := &proxied{client: client, server: server}
		if !refuse {
			p.conns[c] = true
		}
		p.mu.Unlock()
		if refuse {
			_ = client.Close()
			if err == nil {
				_ = server.Close()
			}
			continue
		}
		running.Go(c.fromServer)
		running.Go(c.fromClient)
	}
}

func (c *proxied) fromServer() {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.server.Read(buf)
		c.mu.Lock()
		cut := c.mute
		c.mu.Unlock()
		if err == nil && !cut {
			_, err = c.client.Write(buf[:n])
		}
		if err != nil || cut {
			_, _ = c.client.Close(), c.server.Close()
			return
		}
	}
}

func (c *proxied) fromClient() {
	cancelRequest := []byte{0, 0, 0, 16, 4, 210, 22, 46} // PostgreSQL manual, 55.7
	buf := make([]byte, 64<<10)
	for {
		n, err := c.client.Read(buf)
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if !c.deaf {
				_ = c.server.Close()
			}
			return
		}
		if bytes.HasPrefix(buf[:n], cancelRequest) { // a network that is cut does not let it through either
			_, _ = c.client.Close(), c.server.Close()
			return
		}
		c.mu.Lock()
		cut := c.deaf // asked before the server can answer, or it would be that of a later moment
		c.mu.Unlock()
		if _, err = c.server.Write(buf[:n]); err != nil || cut {
			_ = c.client.Close()
		}
	}
}

// all does something to every connection that there is now.
func (p *proxy) all(do func(c *proxied)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.mu.Lock()
		do(c)
		c.mu.Unlock()
	}
}

func (p *proxy) cut()  { p.all(func(c *proxied) { _, _ = c.client.Close(), c.server.Close() }) }
func (p *proxy) mute() { p.all(func(c *proxied) { c.mute = true }) }
func (p *proxy) deaf() { p.all(func(c *proxied) { c.deaf = true }) }

func (p *proxy) refuse(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = yes
}
