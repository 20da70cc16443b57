package testkit

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mail is one message that a [Sink] took.
type Mail struct {
	From       string   // reverse path without <>
	FromParams string   // what followed it, as given
	To         []string // accepted recipients without <>
	ToParams   []string // what followed each of them
	Data       []byte   // exactly the octets of the message, dots unstuffed
	Hello      string   // what the client called itself
	TLS        bool
	User       string // AUTH identity
	Conn       int    // which connection it came by, from 1
}

// SinkOptions says what a [Sink] offers.
type SinkOptions struct {
	TLS      *tls.Config       // offers STARTTLS
	Implicit bool              // TLS from the first octet
	Users    map[string]string // password by user: offers AUTH PLAIN and LOGIN, and demands it
	Without  []string          // extensions that are not offered, as PIPELINING, SMTPUTF8
	Size     int64             // SIZE limit; 0 for 200 MB
	Script   string            // faults, see [Sink.Script]
}

// Sink is an SMTP server on loopback that keeps what it gets, octet by octet. It has
// its own loop, because go-smtp's reader changes some octets (a line .<CR>X arrives as
// X) and hides others.
type Sink struct {
	Addr string // host:port; the same after Stop and Start

	opt     SinkOptions
	mu      sync.Mutex
	ln      net.Listener
	conns   map[net.Conn]bool
	count   int
	mails   []Mail
	lines   []string
	faults  []*fault
	changed chan struct{} // closed and replaced at every change
	release chan struct{} // closed by Release
	wg      sync.WaitGroup
}

// NewSink starts a sink; it stops with the test.
func NewSink(t testing.TB, opt SinkOptions) *Sink {
	t.Helper()
	if opt.Size == 0 {
		opt.Size = 200 << 20
	}
	s := &Sink{
		opt: opt, conns: map[net.Conn]bool{},
		changed: make(chan struct{}), release: make(chan struct{}),
	}
	s.Script(t, opt.Script)
	s.Start(t)
	t.Cleanup(s.Stop)
	return s
}

// Host returns the sink's IP address, Port its port.
func (s *Sink) Host() string { h, _, _ := net.SplitHostPort(s.Addr); return h }

// Port returns the port as text.
func (s *Sink) Port() string { _, p, _ := net.SplitHostPort(s.Addr); return p }

// URL returns the sink as a next hop.
func (s *Sink) URL() string {
	if s.opt.Implicit {
		return "smtps://" + s.Addr
	}
	return "smtp://" + s.Addr
}

// Start listens, on the port it had before if there was one.
func (s *Sink) Start(t testing.TB) {
	t.Helper()
	addr := s.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("sink: %v", err)
	}
	s.mu.Lock()
	s.ln, s.Addr = ln, ln.Addr().String()
	s.mu.Unlock()
	s.wg.Add(1)
	go s.serve(ln)
}

// Stop closes the listener and every connection and waits for their ends. Mails stay.
func (s *Sink) Stop() {
	s.mu.Lock()
	if s.ln != nil {
		_ = s.ln.Close()
		s.ln = nil
	}
	s.mu.Unlock()
	s.Drop()
	s.wg.Wait()
}

// Drop cuts every connection; new ones are taken.
func (s *Sink) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

func (s *Sink) serve(ln net.Listener) {
	defer s.wg.Done()
	for {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.count++
		id, up := s.count, s.ln == ln
		s.conns[nc] = true
		s.mu.Unlock()
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			if up {
				s.talk(nc, id)
			}
			_ = nc.Close()
			s.mu.Lock()
			delete(s.conns, nc)
			s.mu.Unlock()
			s.notify(func() {})
		}()
	}
}

// notify makes a change under the lock and tells those who wait.
func (s *Sink) notify(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Mails returns what was taken so far, in that order.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Conns returns how many connections were made so far.
func (s *Sink) Conns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Lines returns the command lines that came so far, without their CRLF, over all
// connections. Those of AUTH stand as "AUTH" alone.
func (s *Sink) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

// Clear forgets mails and command lines.
func (s *Sink) Clear() { s.notify(func() { s.mails, s.lines = nil, nil }) }

// Wait waits until n messages were taken and returns all.
func (s *Sink) Wait(t testing.TB, n int) []Mail {
	t.Helper()
	s.wait(t, "messages", func() bool { return len(s.mails) >= n })
	return s.Mails()
}

// WaitLine waits for a command line that begins so, in any case.
func (s *Sink) WaitLine(t testing.TB, prefix string) {
	t.Helper()
	s.WaitFor(t, "a line "+prefix, func(_ []Mail, lines []string) bool {
		for _, l := range lines {
			if len(l) >= len(prefix) && strings.EqualFold(l[:len(prefix)], prefix) {
				return true
			}
		}
		return false
	})
}

// WaitIdle waits until no connection is open.
func (s *Sink) WaitIdle(t testing.TB) {
	t.Helper()
	s.wait(t, "the end of all connections", func() bool { return len(s.conns) == 0 })
}

// WaitFor waits until a condition holds for the messages and command lines so far. The
// condition runs at every change, under the sink's lock: it must not call the sink.
func (s *Sink) WaitFor(t testing.TB, what string, cond func(mails []Mail, lines []string) bool) {
	t.Helper()
	s.wait(t, what, func() bool { return cond(s.mails, s.lines) })
}

func (s *Sink) wait(t testing.TB, what string, cond func() bool) {
	t.Helper()
	end := time.NewTimer(Patience)
	defer end.Stop()
	for {
		s.mu.Lock()
		ok, changed := cond(), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-end.C:
			t.Fatalf("sink: waited for %s; have %d messages, lines:\n%s", what, len(s.Mails()), strings.Join(s.Lines(), "\n"))
		}
	}
}

// Release lets those stages go on that a fault made silent, now and later.
func (s *Sink) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.release:
	default:
		close(s.release)
	}
}

// ReadData reads a message up to CRLF.CRLF and returns it with dots unstuffed and
// nothing else changed (RFC 5321 4.5.2). only CRLF ends a line.
func ReadData(r *bufio.Reader) ([]byte, error) {
	var data []byte
	start := true // at the beginning of a line
	for {
		part, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull { //nolint:errorlint // bufio returns the bare error
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return data, err
		}
		if start && part[0] == '.' {
			if len(part) == 3 && part[1] == '\r' && part[2] == '\n' {
				return data, nil
			}
			part = part[1:]
		}
		data = append(data, part...)
		n := len(data)
		start = n >= 2 && data[n-1] == '\n' && data[n-2] == '\r'
	}
}
