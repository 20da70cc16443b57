package app

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a network, so that its clients live in a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Net: "unix", Name: "pipe"} }

// ask sends a request and returns the connection that the answer will come by.
func (p *pipes) ask(t *testing.T) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	p.conns <- server
	if _, err := client.Write([]byte("GET / HTTP/1.1\r\nHost: brev.norrsund.example\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	return client
}

// An end waits for a request that was begun, which may be in the middle of the store: the
// store is closed only when nobody serves any more. It does not wait for ever.
func TestServeHTTPEndsWithItsRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		takes    time.Duration
		ends     time.Duration
		answered bool
	}{
		{"in time", 3 * time.Second, 3 * time.Second, true},
		{"too long", time.Minute, drainQueue, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() {
					done <- serveHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						time.Sleep(c.takes)
						w.WriteHeader(http.StatusNoContent)
					}))(ctx, l)
				}()
				client := l.ask(t)
				status := make(chan int, 1)
				go func() {
					resp, err := http.ReadResponse(bufio.NewReader(client), nil)
					if err != nil {
						status <- 0
						return
					}
					_ = resp.Body.Close()
					status <- resp.StatusCode
				}()
				synctest.Wait()
				begin := time.Now()
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
				// net/http looks for the end of its requests in steps that grow to half a second.
				if took := time.Since(begin); took < c.ends || took > c.ends+time.Second {
					t.Errorf("ended after %s, want %s", took, c.ends)
				}
				if got := <-status; (got == http.StatusNoContent) != c.answered {
					t.Errorf("answered %d", got)
				}
				_ = client.Close()
				time.Sleep(c.takes) // the handler that was given up comes to its end
			})
		})
	}
}
