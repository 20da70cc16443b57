package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// mail is one that reached the next hop.
type mail struct {
	N    int
	At   time.Time
	From string
	To   []string
	Raw  []byte
}

// kept bounds what the demo remembers.
const kept = 200

// hop is the next hop of the demo: it takes everything and keeps it in memory.
type hop struct {
	server   *smtp.Server
	listener net.Listener
	done     chan error

	mu      sync.Mutex
	mails   []mail
	arrived chan struct{} // closed and renewed with each mail
	count   int
}

func newHop(ctx context.Context) (*hop, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("next hop: %w", err)
	}
	h := &hop{listener: l, done: make(chan error, 1), arrived: make(chan struct{})}
	h.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{hop: h}, nil }))
	h.server.Domain, h.server.EnableSMTPUTF8 = "hop.example", true
	h.server.MaxLineLength = 1 << 20
	go func() { h.done <- h.server.Serve(l) }()
	return h, nil
}

func (h *hop) addr() string { return h.listener.Addr().String() }

func (h *hop) close() error {
	err := h.server.Close()
	if served := <-h.done; !errors.Is(served, smtp.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (h *hop) keep(m mail) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	m.N = h.count
	h.mails = append(h.mails, m)
	if extra := len(h.mails) - kept; extra > 0 {
		h.mails = slices.Delete(h.mails, 0, extra)
	}
	close(h.arrived)
	h.arrived = make(chan struct{})
}

// all returns the mails, and a channel that is closed when there is one more.
func (h *hop) all() ([]mail, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.mails), h.arrived
}

func (h *hop) find(n int) (mail, bool) {
	all, _ := h.all()
	i := slices.IndexFunc(all, func(m mail) bool { return m.N == n })
	if i < 0 {
		return mail{}, false
	}
	return all[i], true
}

// session is one connection of the gateway.
type session struct {
	hop *hop
	now mail
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.now = mail{From: from}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.now.To = append(s.now.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.At, s.now.Raw = time.Now(), raw
	s.hop.keep(s.now)
	return nil
}

func (s *session) Reset()        { s.now = mail{} }
func (s *session) Logout() error { return nil }
