package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"
)

// Options of a [Sender]. Zero values mean the defaults in brackets.
type Options struct {
	Name  string // of the hop in metrics, as out or in [out]
	Hop   Hop
	Hello string // the name we give in EHLO; required

	MaxConns    int           // connections at once [20]
	MaxIdle     int           // of them kept warm [MaxConns]
	IdleTimeout time.Duration // how long one is kept unused [1 min]
	MaxAge      time.Duration // of a connection [5 min]
	MaxMails    int           // messages over one connection [500]

	DialTimeout    time.Duration // TCP, and TLS [10 s]
	CommandTimeout time.Duration // for each reply up to DATA's [30 s]
	DataTimeout    time.Duration // for each block to be taken [3 min, RFC 5321 4.5.3.2.5]
	FinalTimeout   time.Duration // for the reply to the final dot [10 min, RFC 5321 4.5.3.2.6]
	CutTimeout     time.Duration // the same while a client waits [30 s]
	CutRest        time.Duration // after a connection that timed out, no client waits for another [15 s]
	CutPlace       time.Duration // wait for a place in the pool while a client waits: to store is better [5 s]

	Now        func() time.Time // [time.Now]
	Log        *slog.Logger     // [none]
	Registerer prometheus.Registerer
}

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

func (o *Options) defaults() {
	def(&o.Name, "out")
	def(&o.MaxConns, 20)
	def(&o.MaxIdle, o.MaxConns)
	def(&o.IdleTimeout, time.Minute)
	def(&o.MaxAge, 5*time.Minute)
	def(&o.MaxMails, 500)
	def(&o.DialTimeout, 10*time.Second)
	def(&o.CommandTimeout, 30*time.Second)
	def(&o.DataTimeout, 3*time.Minute)
	def(&o.FinalTimeout, 10*time.Minute)
	def(&o.CutTimeout, 30*time.Second)
	def(&o.CutPlace, 5*time.Second)
	def(&o.CutRest, 15*time.Second)
	def(&o.Log, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Sender hands messages to one next hop. It is safe for concurrent use.
type Sender struct {
	o        Options
	caps     atomic.Pointer[Capabilities]
	sessions tls.ClientSessionCache
	blocks   sync.Pool    // of *[]byte
	silent   atomic.Int64 // when a connection last timed out, in nanoseconds; 0 after one that did not
	metrics  *metrics

	places chan struct{} // one per connection in use
	mu     sync.Mutex
	idle   []*conn // the newest last
	sweep  *time.Timer
	closed bool
}

// New makes a sender; it connects when there is something to send.
func New(o Options) (*Sender, error) {
	o.defaults()
	if err := o.Hop.check(); err != nil {
		return nil, err
	}
	if o.Hello == "" || strings.ContainsAny(o.Hello, " \r\n\t") {
		return nil, errors.New("relay: the name for EHLO must be one word")
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	return &Sender{
		o: o, metrics: m, places: make(chan struct{}, o.MaxConns),
		sessions: tls.NewLRUClientSessionCache(8),
		blocks:   sync.Pool{New: func() any { b := make([]byte, writeBuffer); return &b }},
	}, nil
}

// Close ends the idle connections; those in use end when they are done. Later sends fail.
func (s *Sender) Close() {
	s.mu.Lock()
	s.closed = true
	idle := s.idle
	s.idle = nil
	if s.sweep != nil {
		s.sweep.Stop()
	}
	s.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
}

// Known returns what the hop said in the last EHLO, without asking; false before the
// first connection.
func (s *Sender) Known() (Capabilities, bool) {
	if c := s.caps.Load(); c != nil {
		return *c, true
	}
	return Capabilities{}, false
}

// Capabilities returns what the hop can do, connecting if it is not known yet.
func (s *Sender) Capabilities(ctx context.Context) (Capabilities, error) {
	if c, ok := s.Known(); ok {
		return c, nil
	}
	c, err := s.acquire(ctx, false, 0)
	if err != nil {
		return Capabilities{}, err
	}
	caps := c.caps
	s.release(c)
	return caps, nil
}

// Check connects anew and says what is wrong with the way to the hop: name, port, TLS,
// certificate, password. It sends no mail.
func (s *Sender) Check(ctx context.Context) error {
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	c.close()
	return nil
}

func enhanced(c smtp.EnhancedCode) string {
	return strconv.Itoa(c[0]) + "." + strconv.Itoa(c[1]) + "." + strconv.Itoa(c[2])
}

// metrics count connections; what became of messages is counted by who sent them.
type metrics struct {
	connections *prometheus.CounterVec // by hop and result
	transfers   *prometheus.CounterVec // by hop and whether the connection was warm
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		connections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_relay_connections_total", Help: "Connections made to a next hop: ok, or the stage that failed.",
		}, []string{"hop", "result"}),
		transfers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sigill_relay_transactions_total", Help: "Mail transactions begun, on a fresh or a warm connection, or again because a warm one was dead.",
		}, []string{"hop", "connection"}),
	}
	if reg == nil {
		return m, nil
	}
	for _, v := range []**prometheus.CounterVec{&m.connections, &m.transfers} {
		// Senders to several hops share the counters: the label tells them apart.
		var twice prometheus.AlreadyRegisteredError
		err := reg.Register(*v)
		if errors.As(err, &twice) {
			if old, ok := twice.ExistingCollector.(*prometheus.CounterVec); ok {
				*v, err = old, nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) connected(hop, result string) { m.connections.WithLabelValues(hop, result).Inc() }

func (m *metrics) transfer(hop string, reused, again bool) {
	kind := "fresh"
	switch {
	case again:
		kind = "again"
	case reused:
		kind = "warm"
	}
	m.transfers.WithLabelValues(hop, kind).Inc()
}
