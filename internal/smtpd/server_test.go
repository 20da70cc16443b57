package smtpd_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/message"
	"sigill/internal/smtpd"
)

// steps plays lines of a dialogue.
func (c *client) steps(t testing.TB, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if err := c.play(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
}

var (
	hello    = []string{"s: 220", "c: EHLO client.example", "s: 250"}
	envelope = []string{"c: MAIL FROM:<anna@kommun.example>", "s: 250", "c: RCPT TO:<bo@else.example>", "s: 250"}
	whole    = []string{"c: DATA", "s: 354", "c- Subject: x\\r\\n\\r\\nhello\\r\\n.\\r\\n", "s: 250 2.0.0"}
)

func listed(a smtpd.Acceptor) smtpd.Options {
	return smtpd.Options{Acceptor: a, Networks: []smtpd.Network{loopback}}
}

// TestSizeIsTheLeast holds what is announced, and what is refused for it, against the next
// server's limit, which may become known in the middle of a session (RFC 1870 3 and 6).
func TestSizeIsTheLeast(t *testing.T) {
	t.Parallel()
	var room atomic.Int64
	opts := listed(&recorder{})
	opts.Limits.Size, opts.Room = 70_000, room.Load
	c := dial(t, start(t, opts, false).addr, false)
	c.steps(t, "s: 220")
	for _, tt := range []struct {
		name               string
		room               int64
		says, takes, leave string
	}{
		{"not known", 0, "SIZE 70000", "70000", "70001"},
		{"less than ours", 50_000, "SIZE 50000", "50000", "50001"},
		{"more than ours", 90_000, "SIZE 70000", "70000", "70001"},
	} {
		t.Log(tt.name)
		room.Store(tt.room)
		c.steps(t, "c: EHLO client.example", "s: 250", "has: "+tt.says)
		c.steps(t, "c: MAIL FROM:<anna@kommun.example> SIZE="+tt.leave, "s: 552 5.3.4")
		c.steps(t, "c: MAIL FROM:<anna@kommun.example> SIZE="+tt.takes, "s: 250", "c: RSET", "s: 250")
		c.steps(t, "c: MAIL FROM:<anna@kommun.example>", "s: 250", "c: RSET", "s: 250")
	}
}

func TestShutdownEndsTheIdle(t *testing.T) {
	t.Parallel()
	a := &recorder{}
	srv := start(t, listed(a), false)
	fresh, inMail := dial(t, srv.addr, false), dial(t, srv.addr, false)
	fresh.steps(t, "s: 220")
	inMail.steps(t, hello...)
	inMail.steps(t, envelope...)
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh.steps(t, "s: 421 4.3.2", "eof")
	inMail.steps(t, "s: 421 4.3.2", "eof")
	if _, err := net.Dial("tcp", srv.addr); err == nil {
		t.Error("the port is still open")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Serve(t.Context(), l, false); err == nil {
		t.Error("Serve works after Shutdown")
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Errorf("second Shutdown: %v", err)
	}
}

func TestShutdownLetsDataFinish(t *testing.T) {
	t.Parallel()
	a := &recorder{}
	srv := start(t, listed(a), false)
	c := dial(t, srv.addr, false)
	c.steps(t, hello...)
	c.steps(t, envelope...)
	c.steps(t, "c: DATA", "s: 354", "c: half")
	done := make(chan error, 1)
	go func() { done <- srv.Shutdown(t.Context()) }()
	for { // the listener is closed once the shutdown has begun
		conn, err := net.Dial("tcp", srv.addr)
		if err != nil {
			break
		}
		conn.Close()
	}
	c.steps(t, "c: other half", "c: .", "s: 250 2.0.0 queued", "s: 421 4.3.2", "eof")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := a.taken(); len(got) != 1 || string(got[0].data) != "half\r\nother half\r\n" {
		t.Errorf("took %v", got)
	}
}

func TestShutdownStopsTheRest(t *testing.T) {
	t.Parallel()
	accepting := make(chan struct{})
	a := &recorder{onAccept: func(ctx context.Context, _ message.Envelope, _ message.Body) {
		close(accepting)
		<-ctx.Done()
	}}
	a.accept = message.Reply{Code: 451, Status: "4.3.0", Text: "stopped"}
	srv := start(t, listed(a), false)
	inData, inAccept := dial(t, srv.addr, false), dial(t, srv.addr, false)
	inData.steps(t, append(append(hello, envelope...), "c: DATA", "s: 354", "c: half")...)
	inAccept.steps(t, append(append(hello, envelope...), "c: DATA", "s: 354", "c: .")...)
	<-accepting
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := srv.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("Shutdown: %v", err)
	}
	inData.steps(t, "s: 421 4.3.2", "eof")
	inAccept.steps(t, "s: 451 4.3.0 stopped", "s: 421 4.3.2", "eof")
}

func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limits smtpd.Limits
		listed bool
		want   int
	}{
		"per client":         {smtpd.Limits{PerClient: 3}, false, 3},
		"listed are exempt":  {smtpd.Limits{PerClient: 3, Connections: 10}, true, 10},
		"total for others":   {smtpd.Limits{Connections: 10}, false, 9},
		"total of one alone": {smtpd.Limits{Connections: 1}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := smtpd.Options{Acceptor: &recorder{}, Limits: tc.limits}
			if tc.listed {
				opts.Networks = []smtpd.Network{loopback}
			}
			srv := start(t, opts, false)
			var open []*client
			for range tc.want {
				c := dial(t, srv.addr, false)
				c.steps(t, "s: 220")
				open = append(open, c)
			}
			dial(t, srv.addr, false).steps(t, "s: 421 4.7.0", "eof")
			open[0].steps(t, "c: QUIT", "s: 221", "eof")
			again := dial(t, srv.addr, false)
			for again.play("s: 220") != nil { // the place is free a moment after the connection is
				again = dial(t, srv.addr, false)
			}
		})
	}
}

func TestIdleCrowd(t *testing.T) {
	t.Parallel()
	a := &recorder{}
	srv := start(t, listed(a), false)
	for range 500 {
		dial(t, srv.addr, false)
	}
	c := dial(t, srv.addr, false)
	c.steps(t, hello...)
	c.steps(t, envelope...)
	c.steps(t, whole...)
}

// pipes is a listener of connections in memory, whose deadlines follow the fake
// clock of synctest.
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

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

type pipe struct{ net.Conn }

func (pipe) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p *pipes) dial() *client {
	here, there := net.Pipe()
	p.conns <- pipe{there}
	return newClient(here)
}

// timed runs a test against a server on a fake clock.
func timed(t *testing.T, opts smtpd.Options, test func(t *testing.T, c *client, since func() time.Duration)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		opts.Hostname = "mail.gateway.example"
		srv, err := smtpd.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- srv.Serve(ctx, l, false) }()
		begin := time.Now()
		c := l.dial()
		test(t, c, func() time.Duration { return time.Since(begin) })
		c.conn.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestTimeoutOfCommand(t *testing.T) {
	timed(t, listed(&recorder{}), func(t *testing.T, c *client, since func() time.Duration) {
		c.steps(t, "s: 220")
		// A trickle of octets does not make the command's time longer.
		for range 4 {
			time.Sleep(time.Minute)
			c.steps(t, "c- N")
		}
		c.steps(t, "s: 421 4.4.2", "eof")
		if since() != 5*time.Minute {
			t.Errorf("ended after %v", since())
		}
	})
}

func TestTimeoutOfSilentData(t *testing.T) {
	timed(t, listed(&recorder{}), func(t *testing.T, c *client, since func() time.Duration) {
		c.steps(t, append(append(hello, envelope...), "c: DATA", "s: 354", "c: half", "s: 421 4.4.2", "eof")...)
		if since() != 3*time.Minute {
			t.Errorf("ended after %v", since())
		}
	})
}

func TestTrickleOfData(t *testing.T) {
	a := &recorder{}
	timed(t, listed(a), func(t *testing.T, c *client, since func() time.Duration) {
		c.steps(t, append(append(hello, envelope...), "c: DATA", "s: 354")...)
		go func() { _, _ = io.Copy(io.Discard, c.conn) }() // a pipe has no buffer for the last words
		// 10 octets a second earn a fiftieth of a second each time.
		for c.play("c- 12345678\\r\\n") == nil && since() < time.Hour {
			time.Sleep(time.Second)
		}
		if since() > 4*time.Minute || len(a.taken()) > 0 {
			t.Errorf("a trickle held the session for %v", since())
		}
	})
}

func TestSlowButSteadyData(t *testing.T) {
	a := &recorder{}
	timed(t, listed(a), func(t *testing.T, c *client, since func() time.Duration) {
		c.steps(t, append(append(hello, envelope...), "c: DATA", "s: 354")...)
		for range 1000 { // 1,000 octets a second for a quarter of an hour
			c.steps(t, "c* 100 12345678\\r\\n")
			time.Sleep(time.Second)
		}
		c.steps(t, "c: .", "s: 250 2.0.0", "c: QUIT", "s: 221", "eof")
		if len(a.taken()) != 1 || since() < 15*time.Minute {
			t.Error("a slow message was not taken")
		}
	})
}

func TestClientThatNeverReads(t *testing.T) {
	timed(t, listed(&recorder{}), func(t *testing.T, c *client, since func() time.Duration) {
		c.steps(t, "s: 220")
		for c.play("c* 100 NOOP\\r\\n") == nil && since() < time.Hour {
			continue
		}
		if since() != 5*time.Minute {
			t.Errorf("ended after %v", since())
		}
	})
}

func TestErrorsAreDelayed(t *testing.T) {
	timed(t, listed(&recorder{}), func(t *testing.T, c *client, since func() time.Duration) {
		c.steps(t, "s: 220")
		for range 10 {
			c.steps(t, "c: FOO", "s: 500")
		}
		if since() != 0 {
			t.Errorf("the first errors took %v", since())
		}
		c.steps(t, "c: FOO", "s: 500")
		if since() != time.Second {
			t.Errorf("the next error took %v", since())
		}
	})
}

func TestPanicEndsOneSession(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	var log bytes.Buffer
	a := &recorder{onAccept: func(context.Context, message.Envelope, message.Body) { panic("canary-in-panic") }}
	opts := listed(a)
	opts.Registerer, opts.Log = reg, slog.New(slog.NewTextHandler(&lockedWriter{w: &log}, nil))
	srv := start(t, opts, false)
	c := dial(t, srv.addr, false)
	c.steps(t, append(append(hello, envelope...), "c: DATA", "s: 354", "c: .", "s: 421 4.3.0", "eof")...)
	dial(t, srv.addr, false).steps(t, "s: 220")
	if n := metric(t, reg, "sigill_smtpd_panics_total"); n != 1 {
		t.Errorf("counted %v", n)
	}
	if got := log.String(); !strings.Contains(got, "fault in the program") || strings.Contains(got, "canary") {
		t.Errorf("log: %s", got)
	}
}

type lockedWriter struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func metric(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

func TestMetricsAndLogHoldNoAddresses(t *testing.T) {
	t.Parallel()
	for _, logged := range []bool{false, true} {
		reg := prometheus.NewPedanticRegistry()
		var log bytes.Buffer
		a := &recorder{recipients: map[string]message.Reply{"no@else.example": {Code: 550, Status: "5.1.1", Text: "unknown"}}}
		opts := listed(a)
		opts.Registerer, opts.LogAddresses = reg, logged
		opts.Log = slog.New(slog.NewJSONHandler(&lockedWriter{w: &log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
		srv := start(t, opts, false)
		c := dial(t, srv.addr, false)
		c.steps(t, append(append(append(hello, envelope...), "c: RCPT TO:<no@else.example>", "s: 550"), whole...)...)
		c.steps(t, "c: anna@kommun.example", "s: 500", "c: QUIT", "s: 221", "eof")
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "anna@kommun.example"); got != logged || !strings.Contains(log.String(), "accepted") {
			t.Errorf("log with addresses %t: %s", logged, log.String())
		}
		if strings.Contains(log.String(), "hello") {
			t.Errorf("content in the log: %s", log.String())
		}
		for name, want := range map[string]float64{
			"sigill_smtpd_messages_total": 1, "sigill_smtpd_refused_total": 2, "sigill_smtpd_connections_total": 1,
			"sigill_smtpd_message_octets_total": 21, "sigill_smtpd_sessions": 0, "sigill_smtpd_spool_memory_octets": 0,
		} {
			if got := metric(t, reg, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	}
}

// TestTwoListeners serves cleartext and implicit TLS by one server, and gives new
// handshakes the certificate of the day.
func TestTwoListeners(t *testing.T) {
	t.Parallel()
	old, renewed := certificate(t, "old.gateway.example"), certificate(t, "new.gateway.example")
	var current atomic.Pointer[tls.Certificate]
	current.Store(&old)
	a := &recorder{}
	opts := listed(a)
	opts.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current.Load(), nil }}
	srv := start(t, opts, false)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(t.Context(), l, true) }()

	plain, direct := dial(t, srv.addr, false), dial(t, l.Addr().String(), true)
	direct.steps(t, "s: 220")
	current.Store(&renewed)
	plain.steps(t, append(hello, "c: STARTTLS", "s: 220", "starttls")...)
	for want, c := range map[string]*client{"old.gateway.example": direct, "new.gateway.example": plain} {
		if got := c.conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName; got != want {
			t.Errorf("certificate of %s, want %s", got, want)
		}
		c.steps(t, append(append(append([]string{}, hello[1:]...), envelope...), whole...)...)
	}
	for _, m := range a.taken() {
		if got := m.env.Source; !strings.HasPrefix(got.TLS, "TLS 1.3 TLS_") || got.Addr != "127.0.0.1" {
			t.Errorf("source %+v", got)
		}
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	direct.steps(t, "s: 421 4.3.2", "eof")
	plain.steps(t, "s: 421 4.3.2", "eof")
	if err := <-done; err != nil {
		t.Errorf("second Serve: %v", err)
	}
}

func TestBodyKeptBeyondTheReply(t *testing.T) {
	t.Parallel()
	kept := make(chan message.Body, 1)
	release := make(chan func(), 1)
	a := &recorder{onAccept: func(_ context.Context, _ message.Envelope, body message.Body) {
		release <- body.(smtpd.Retainer).Retain()
		kept <- body
	}}
	srv := start(t, listed(a), false)
	c := dial(t, srv.addr, false)
	c.steps(t, append(append(hello, envelope...), whole...)...)
	c.steps(t, "c: QUIT", "s: 221", "eof")
	body := <-kept
	if got, err := readBody(body); err != nil || string(got) != "Subject: x\r\n\r\nhello\r\n" {
		t.Errorf("kept body is %q: %v", got, err)
	}
	(<-release)()
	if _, err := readBody(body); err == nil {
		t.Error("the body is still there after its release")
	}
}

// TestClientCertificates connects from a network that asks for a certificate, by
// fingerprint or by name.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	good, other := certificate(t, "mail.kommun.example"), certificate(t, "mail.kommun.example")
	sum := sha256.Sum256(good.Certificate[0])
	leaf, err := x509.ParseCertificate(good.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	printed := strings.ToUpper(hex.EncodeToString(sum[:2])) + ":" + hex.EncodeToString(sum[2:])
	for name, tc := range map[string]struct {
		rule smtpd.Certificate
		cert *tls.Certificate
		tls  bool
		want []string
	}{
		"fingerprint":       {smtpd.Certificate{Fingerprint: printed}, &good, true, envelope},
		"other fingerprint": {smtpd.Certificate{Fingerprint: printed}, &other, true, []string{envelope[0], "s: 250", envelope[2], "s: 550 5.7.1"}},
		"no certificate":    {smtpd.Certificate{Fingerprint: printed}, nil, true, []string{envelope[0], "s: 250", envelope[2], "s: 550 5.7.1"}},
		"cleartext":         {smtpd.Certificate{Fingerprint: printed}, &good, false, []string{envelope[0], "s: 530 5.7.0"}},
		"name":              {smtpd.Certificate{Name: "MAIL.kommun.example"}, &good, true, envelope},
		"other name":        {smtpd.Certificate{Name: "kommun.example"}, &good, true, []string{envelope[0], "s: 250", envelope[2], "s: 550 5.7.1"}},
		"other issuer":      {smtpd.Certificate{Name: "mail.kommun.example"}, &other, true, []string{envelope[0], "s: 250", envelope[2], "s: 550 5.7.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := loopback
			network.Certificates = []smtpd.Certificate{tc.rule}
			config := serverTLS(t)
			config.ClientCAs = roots
			srv := start(t, smtpd.Options{Acceptor: &recorder{}, TLS: config, Networks: []smtpd.Network{network}}, false)
			c := dial(t, srv.addr, false)
			c.steps(t, hello...)
			if tc.tls {
				c.steps(t, "c: STARTTLS", "s: 220")
				config := &tls.Config{InsecureSkipVerify: true}
				if tc.cert != nil {
					config.Certificates = []tls.Certificate{*tc.cert}
				}
				if err := c.startTLS(config); err != nil {
					t.Fatal(err)
				}
				c.steps(t, hello[1:]...)
			}
			c.steps(t, tc.want...)
		})
	}
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	good := func() smtpd.Options {
		return smtpd.Options{Hostname: "mail.gateway.example", Acceptor: &recorder{}, TLS: &tls.Config{}}
	}
	any4 := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for name, change := range map[string]func(o *smtpd.Options){
		"no acceptor":      func(o *smtpd.Options) { o.Acceptor = nil },
		"no host name":     func(o *smtpd.Options) { o.Hostname = "" },
		"bad host name":    func(o *smtpd.Options) { o.Hostname = "a b" },
		"auth without TLS": func(o *smtpd.Options) { o.TLS, o.Authenticate = nil, onlyUser("a:b") },
		"few recipients":   func(o *smtpd.Options) { o.Limits.Recipients = 99 },
		"negative limit":   func(o *smtpd.Options) { o.Limits.Size = -1 },
		"empty network":    func(o *smtpd.Options) { o.Networks = []smtpd.Network{{Name: "x"}} },
		"network without TLS": func(o *smtpd.Options) {
			o.TLS, o.Networks = nil, []smtpd.Network{{Prefixes: any4, RequireTLS: true}}
		},
		"certificate without rule": func(o *smtpd.Options) {
			o.Networks = []smtpd.Network{{Prefixes: any4, Certificates: []smtpd.Certificate{{}}}}
		},
		"short fingerprint": func(o *smtpd.Options) {
			o.Networks = []smtpd.Network{{Prefixes: any4, Certificates: []smtpd.Certificate{{Fingerprint: "ab:cd"}}}}
		},
		"name without authorities": func(o *smtpd.Options) {
			o.Networks = []smtpd.Network{{Prefixes: any4, Certificates: []smtpd.Certificate{{Name: "a.example"}}}}
		},
		"metrics twice": func(o *smtpd.Options) {
			o.Registerer = prometheus.NewRegistry()
			if _, err := smtpd.New(*o); err != nil {
				panic(err)
			}
		},
	} {
		opts := good()
		change(&opts)
		if _, err := smtpd.New(opts); err == nil || !strings.HasPrefix(err.Error(), "smtpd: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := smtpd.New(good()); err != nil {
		t.Errorf("good options: %v", err)
	}
}

func TestServeNeedsTLS(t *testing.T) {
	t.Parallel()
	srv, err := smtpd.New(smtpd.Options{Hostname: "mail.gateway.example", Acceptor: &recorder{}})
	if err != nil {
		t.Fatal(err)
	}
	l := newPipes()
	if err := srv.Serve(t.Context(), l, true); err == nil {
		t.Error("implicit TLS without a configuration")
	}
	l.Close()
	if err := srv.Serve(t.Context(), l, false); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener: %v", err)
	}
}

// tiredListener fails a few times as if file descriptors had run out.
type tiredListener struct {
	*pipes
	fails int
}

func (l *tiredListener) Accept() (net.Conn, error) {
	if l.fails > 0 {
		l.fails--
		return nil, errors.New("too many open files")
	}
	return l.pipes.Accept()
}

func TestServeSurvivesAcceptErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &tiredListener{newPipes(), 20}
		srv, err := smtpd.New(smtpd.Options{Hostname: "mail.gateway.example", Acceptor: &recorder{}})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- srv.Serve(t.Context(), l, false) }()
		begin := time.Now()
		c := l.dial()
		c.steps(t, "s: 220")
		c.conn.Close()
		if waited := time.Since(begin); waited < 10*time.Second || waited > 20*time.Second {
			t.Errorf("20 failures took %v", waited)
		}
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
