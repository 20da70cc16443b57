package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"sigill/internal/seal"
)

// Server takes mail in. Make it with [New].
type Server struct {
	opts     Options
	log      *slog.Logger
	tls      *tls.Config // nil: none
	metrics  *metrics
	guard    *guard
	storage  *storage
	sessions sessions
	blocks   sync.Pool // *[]byte of largeBuffer, wiped
}

// New checks the options and makes a server that serves nothing yet.
func New(opts Options) (*Server, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("smtpd: %w", err)
	}
	key, err := seal.NewEphemeral()
	if err != nil {
		return nil, fmt.Errorf("smtpd: %w", err)
	}
	s := &Server{
		opts: opts, log: opts.Log, tls: serverTLS(opts),
		guard: newGuard(opts.Limits.AuthBurst, opts.Limits.AuthEvery),
		storage: &storage{
			memory: budget{max: opts.Limits.SpoolTotal}, perSession: opts.Limits.SpoolSession,
			key: key, create: func() (file, error) { return createTemp(opts.TempDir) },
		},
		sessions: sessions{live: make(map[*session]struct{}), perClient: make(map[netip.Prefix]int)},
	}
	s.blocks.New = func() any { b := make([]byte, largeBuffer); return &b }
	if s.metrics, err = newMetrics(opts.Registerer, s); err != nil {
		return nil, fmt.Errorf("smtpd: %w", err)
	}
	return s, nil
}

// Serve takes connections until the listener is closed, [Server.Shutdown] is called,
// or ctx is done, and returns when all their sessions have ended. It may run for
// several listeners at once; the end of any ctx stops the whole server without
// waiting for anybody. With implicitTLS, TLS comes first (RFC 8314 3.3). It closes
// the listener, and returns nil after a shutdown or the end of ctx.
func (s *Server) Serve(ctx context.Context, l net.Listener, implicitTLS bool) error {
	if implicitTLS && s.tls == nil {
		return errors.New("smtpd: implicit TLS without a TLS configuration")
	}
	if !s.sessions.listen(l) {
		return errors.Join(errors.New("smtpd: the server was shut down"), l.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unwatch := context.AfterFunc(ctx, s.stop)
	var all sync.WaitGroup
	err := s.accept(ctx, l, implicitTLS, &all)
	_ = l.Close() // closed already, unless accept failed for good
	all.Wait()
	unwatch()
	if ctx.Err() != nil || s.sessions.isDraining() {
		return nil
	}
	return err
}

func (s *Server) accept(ctx context.Context, l net.Listener, implicitTLS bool, all *sync.WaitGroup) error {
	var pause time.Duration
	for {
		conn, err := l.Accept()
		if err == nil {
			pause = 0
			s.admit(ctx, conn, implicitTLS, all)
			continue
		}
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil || s.sessions.isDraining() {
			return fmt.Errorf("smtpd: accept: %w", err)
		}
		// Out of file descriptors, most likely: it passes when a session ends.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.log.Warn("cannot take a connection", "error", err, "pause", pause)
		wait(ctx, pause)
	}
}

// admit starts the session of a connection, or turns it away.
func (s *Server) admit(ctx context.Context, conn net.Conn, implicitTLS bool, all *sync.WaitGroup) {
	addr := clientAddr(conn)
	ctx, cancel := context.WithCancel(ctx)
	sess := newSession(s, conn, addr, implicitTLS, cancel)
	if !s.sessions.add(sess, s.listed(addr), s.opts.Limits) {
		s.metrics.connections.WithLabelValues("refused").Inc()
		s.log.Debug("connection refused: too many", "client", addr)
		if !implicitTLS {
			// A fresh connection has room for one line; the deadline is for the odd one.
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = conn.Write([]byte(replyCrowd.String() + "\r\n"))
		}
		_ = conn.Close()
		cancel()
		return
	}
	s.metrics.connections.WithLabelValues("taken").Inc()
	all.Go(func() {
		defer cancel()
		defer s.sessions.remove(sess)
		sess.run(ctx)
	})
}

func clientAddr(conn interface{ RemoteAddr() net.Addr }) netip.Addr {
	ap, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{} // in no listed network
	}
	return ap.Addr().Unmap().WithZone("")
}

// Shutdown closes the listeners and waits for the sessions: those that wait for a
// command get 421 at once, those in the middle of one may finish it. When ctx is
// over the rest is stopped and ctx's error returned; [Server.Serve] then returns as
// soon as the Acceptor has given up.
func (s *Server) Shutdown(ctx context.Context) error {
	empty := s.sessions.drain()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		s.stop()
		return fmt.Errorf("smtpd: shutdown: %w", context.Cause(ctx))
	}
}

func (s *Server) stop() {
	s.sessions.drain()
	s.sessions.stop()
}

// wait pauses for d, or less when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// sessions knows every session, to count and to end them.
type sessions struct {
	mu        sync.Mutex
	live      map[*session]struct{}
	perClient map[netip.Prefix]int
	listeners []net.Listener
	draining  bool
	empty     chan struct{} // closed when draining and nobody is left
}

func (a *sessions) listen(l net.Listener) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.draining {
		a.listeners = append(a.listeners, l)
	}
	return !a.draining
}

// add counts a session in, unless there are too many. Listed networks are bounded
// by the total only, of which the last tenth is theirs.
func (a *sessions) add(s *session, listed bool, limits Limits) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	room := limits.Connections
	if !listed {
		room = (9*room + 9) / 10
	}
	from := origin(s.addr)
	if a.draining || len(a.live) >= room || !listed && a.perClient[from] >= limits.PerClient {
		return false
	}
	a.live[s] = struct{}{}
	a.perClient[from]++
	return true
}

func (a *sessions) remove(s *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.live, s)
	from := origin(s.addr)
	if a.perClient[from]--; a.perClient[from] == 0 {
		delete(a.perClient, from)
	}
	if a.draining && len(a.live) == 0 {
		close(a.empty)
	}
}

func (a *sessions) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.live)
}

func (a *sessions) isDraining() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.draining
}

// drain takes nobody in any more and ends who is idle.
func (a *sessions) drain() (empty <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.draining {
		return a.empty
	}
	a.draining = true
	a.empty = make(chan struct{})
	for _, l := range a.listeners {
		_ = l.Close() // it may be closed already
	}
	for s := range a.live {
		s.wire.drain()
	}
	if len(a.live) == 0 {
		close(a.empty)
	}
	return a.empty
}

func (a *sessions) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for s := range a.live {
		s.cancel()
		s.wire.stop()
	}
}
