package relay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"sigill/internal/message"
)

// What makes a connection unfit, told apart for people and for reports.
var (
	ErrTLSMissing = errors.New("STARTTLS is not offered")
	ErrTLSFailed  = errors.New("TLS handshake failed")
	ErrNoAuth     = errors.New("neither PLAIN nor LOGIN is offered")
	ErrClosed     = errors.New("sender closed")
	ErrBusy       = errors.New("all connections to the hop are in use")
	ErrSilent     = errors.New("the hop did not answer a moment ago")
)

// dial makes a connection as the hop's policy wants it.
func (s *Sender) dial(ctx context.Context) (*conn, error) {
	c, err := s.dialOnce(ctx, s.o.Hop.TLS == TLSNone)
	if err != nil && s.o.Hop.TLS == TLSOpportunistic && errors.Is(err, ErrTLSFailed) && ctx.Err() == nil {
		s.o.Log.Warn("TLS failed, sending in clear as the policy allows", "hop", s.o.Hop, "error", err)
		c, err = s.dialOnce(ctx, true)
	}
	if err != nil {
		s.metrics.connected(s.o.Name, stageOf(err))
		if timedOut(err) {
			s.silent.Store(s.o.Now().UnixNano())
		}
		return nil, err
	}
	s.metrics.connected(s.o.Name, "ok")
	s.silent.Store(0)
	s.caps.Store(&c.caps)
	return c, nil
}

func stageOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return string(e.Stage)
	}
	return "other"
}

func (s *Sender) dialOnce(ctx context.Context, clear bool) (*conn, error) {
	d := net.Dialer{Timeout: s.o.DialTimeout}
	nc, err := d.DialContext(ctx, "tcp", s.o.Hop.Addr)
	if err != nil {
		return nil, s.fault(StageConnect, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	c, err := s.welcome(ctx, nc, clear)
	if !stop() && err == nil {
		err = s.fault(StageConnect, ctx.Err())
	}
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	return c, nil
}

// fault wraps an error of a stage, with the hop's reply if that is what it is.
func (s *Sender) fault(at Stage, err error) *Error {
	e := &Error{Hop: s.o.Hop.Addr, Stage: at, Err: err}
	var r *smtp.SMTPError
	if errors.As(err, &r) {
		text := reply{code: r.Code, text: strings.ReplaceAll(r.Message, "\n", " ")}
		if r.EnhancedCode != smtp.EnhancedCodeNotSet && r.EnhancedCode != smtp.NoEnhancedCode {
			text.status = enhanced(r.EnhancedCode)
		}
		e.Reply, e.Err = text.message(), nil
	}
	var garbled textproto.ProtocolError
	if errors.As(err, &garbled) {
		e.Err = errGarbled // the original repeats the hop's words
	}
	return e
}

// welcome leads a fresh connection through greeting, EHLO, TLS and AUTH.
func (s *Sender) welcome(ctx context.Context, nc net.Conn, clear bool) (*conn, error) {
	var caps Capabilities
	var err error
	if s.o.Hop.Implicit {
		if nc, err = s.handshake(ctx, nc, &caps); err != nil {
			return nil, err
		}
	}
	client, err := s.hello(nc)
	if err != nil {
		return nil, err
	}
	if !s.o.Hop.Implicit && !clear {
		offered, _ := client.Extension("STARTTLS")
		switch {
		case offered:
			if nc, client, err = s.upgrade(ctx, nc, &caps); err != nil {
				return nil, err
			}
		case s.o.Hop.TLS == TLSRequired:
			return nil, s.fault(StageTLS, ErrTLSMissing)
		}
	}
	if err := s.login(client, caps.TLS != ""); err != nil {
		return nil, err
	}
	readCapabilities(client, &caps)
	_ = nc.SetDeadline(time.Time{})
	return newConn(nc, caps, s.o.Now()), nil
}

// hello runs greeting and EHLO, with HELO for a hop that knows no better.
func (s *Sender) hello(nc net.Conn) (*smtp.Client, error) {
	client := smtp.NewClient(nc)
	client.CommandTimeout = s.o.CommandTimeout
	if err := client.Hello(s.o.Hello); err != nil {
		return nil, s.fault(StageHello, err)
	}
	return client, nil
}

// upgrade turns a connection into TLS (RFC 3207). What was learned in clear is forgotten,
// and whatever the server sent in clear behind its reply ends the connection: somebody
// on the way may have put it there.
func (s *Sender) upgrade(ctx context.Context, nc net.Conn, caps *Capabilities) (net.Conn, *smtp.Client, error) {
	c := newConn(nc, Capabilities{}, time.Time{})
	_, _ = c.w.WriteString("STARTTLS\r\n")
	if err := c.flush(s.o.CommandTimeout); err != nil {
		return nil, nil, s.fault(StageTLS, err)
	}
	r, err := c.read(s.o.CommandTimeout)
	if err == nil && !r.positive() {
		return nil, nil, &Error{Hop: s.o.Hop.Addr, Stage: StageTLS, Reply: r.message(), Err: ErrTLSFailed}
	}
	if err == nil && c.r.Buffered() > 0 {
		err = errGarbled
	}
	if err != nil {
		return nil, nil, s.fault(StageTLS, errors.Join(ErrTLSFailed, err))
	}
	tc, err := s.handshake(ctx, nc, caps)
	if err != nil {
		return nil, nil, err
	}
	// go-smtp's client wants a greeting first; after STARTTLS there is none.
	client, err := s.hello(&greeted{Conn: tc, first: strings.NewReader("220 again\r\n")})
	return tc, client, err
}

// greeted is a connection that first yields a line of our own.
type greeted struct {
	net.Conn
	first *strings.Reader
}

func (g *greeted) Read(p []byte) (int, error) {
	if g.first.Len() > 0 {
		return g.first.Read(p)
	}
	return g.Conn.Read(p)
}

func (s *Sender) handshake(ctx context.Context, nc net.Conn, caps *Capabilities) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.DialTimeout)
	defer cancel()
	verified := false
	conf := &tls.Config{
		ServerName: s.o.Hop.serverName(), RootCAs: s.o.Hop.RootCAs, MinVersion: tls.VersionTLS12,
		ClientSessionCache: s.sessions,
		// An opportunistic hop may have any certificate; whether it is a valid one is noted
		// all the same, for mail that needs it.
		InsecureSkipVerify: s.o.Hop.TLS != TLSRequired, //nolint:gosec // the policy says so
		VerifyConnection: func(st tls.ConnectionState) error {
			verified = s.verify(st) == nil
			return nil
		},
	}
	_ = nc.SetDeadline(time.Time{})
	tc := tls.Client(nc, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, s.fault(StageTLS, errors.Join(ErrTLSFailed, err))
	}
	caps.TLS, caps.Verified = tls.VersionName(tc.ConnectionState().Version), verified
	return tc, nil
}

// verify does what crypto/tls does by itself, also on a resumed session.
func (s *Sender) verify(st tls.ConnectionState) error {
	if len(st.PeerCertificates) == 0 {
		return errors.New("no certificate")
	}
	opts := x509.VerifyOptions{
		DNSName: s.o.Hop.serverName(), Roots: s.o.Hop.RootCAs,
		CurrentTime: time.Now(), Intermediates: x509.NewCertPool(),
	}
	for _, c := range st.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := st.PeerCertificates[0].Verify(opts)
	return err
}

// login authenticates, over TLS only.
func (s *Sender) login(client *smtp.Client, encrypted bool) error {
	h := &s.o.Hop
	if h.User == "" {
		return nil
	}
	if !encrypted {
		return s.fault(StageAuth, ErrTLSMissing)
	}
	var mech sasl.Client
	switch {
	case client.SupportsAuth(sasl.Plain):
		mech = sasl.NewPlainClient("", h.User, h.Password)
	case client.SupportsAuth(sasl.Login):
		mech = &loginMech{answers: []string{h.User, h.Password}}
	default:
		return s.fault(StageAuth, ErrNoAuth)
	}
	if err := client.Auth(mech); err != nil {
		e := s.fault(StageAuth, err)
		e.Reply.Text = hide(e.Reply.Text, h.User, h.Password)
		return e
	}
	return nil
}

// hide takes secrets out of a server's words, as typed and in base64.
func hide(s string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) > 2 {
			s = strings.ReplaceAll(s, secret, "[hidden]")
			s = strings.ReplaceAll(s, base64.StdEncoding.EncodeToString([]byte(secret)), "[hidden]")
		}
	}
	return s
}

// loginMech is AUTH LOGIN, answering in order whatever the prompts are called: go-sasl's
// own sends the user with the command, which some servers do not expect, and insists on
// the word "Password:".
type loginMech struct{ answers []string }

func (l *loginMech) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *loginMech) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	a := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(a), nil
}

func readCapabilities(client *smtp.Client, caps *Capabilities) {
	has := func(ext string) bool { ok, _ := client.Extension(ext); return ok }
	caps.UTF8, caps.EightBit = has("SMTPUTF8"), has("8BITMIME")
	caps.DSN, caps.Pipelining, caps.sizes = has("DSN"), has("PIPELINING"), has("SIZE")
	if n, ok := client.MaxMessageSize(); ok {
		caps.Size = int64(n)
	}
}

// header8bit says whether a message's header holds octets above 127 and so can only
// travel with SMTPUTF8. It looks at 256 KiB at most; more header than that counts as such.
func header8bit(body message.Body) (bool, error) {
	rc, err := body.Open()
	if err != nil {
		return false, err
	}
	defer func() { _ = rc.Close() }()
	r := bufio.NewReader(io.LimitReader(rc, 256<<10))
	for n, start := 0, true; ; {
		line, err := r.ReadSlice('\n')
		empty := start && len(trimEnd(line)) == 0
		start = err == nil
		n += len(line)
		if bytes.ContainsFunc(line, func(c rune) bool { return c > 127 }) {
			return true, nil
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return n >= 256<<10, nil
		case err != nil:
			return false, err
		case empty:
			return false, nil
		}
	}
}
