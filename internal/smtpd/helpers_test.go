package smtpd_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/smtpd"
)

// recorder is an Acceptor that takes everything, except what it was told to refuse,
// and remembers the messages.
type recorder struct {
	sender, accept message.Reply            // zero: OK
	recipients     map[string]message.Reply // by address
	onAccept       func(ctx context.Context, env message.Envelope, body message.Body)
	untrusted      bool // may relay all the same

	mu       sync.Mutex
	messages []received
}

type received struct {
	env  message.Envelope
	data []byte
}

func okOr(r, otherwise message.Reply) message.Reply {
	if r == (message.Reply{}) {
		return otherwise
	}
	return r
}

func (a *recorder) Sender(context.Context, *message.Envelope) message.Reply {
	return okOr(a.sender, message.Reply{Code: 250, Status: "2.1.0", Text: "Sender OK"})
}

func (a *recorder) Recipient(_ context.Context, env *message.Envelope, to message.RcptTo) message.Reply {
	if r, ok := a.recipients[to.Address.String()]; ok {
		return r
	}
	if !env.Source.Trusted && !a.untrusted {
		return message.ReplyRelay
	}
	return message.Reply{Code: 250, Status: "2.1.5", Text: "Recipient OK"}
}

func (a *recorder) Accept(ctx context.Context, env message.Envelope, body message.Body) message.Reply {
	data, err := readBody(body)
	if err != nil {
		return message.Reply{Code: 554, Status: "5.0.0", Text: err.Error()}
	}
	if a.onAccept != nil {
		a.onAccept(ctx, env, body)
	}
	if a.accept != (message.Reply{}) && !a.accept.OK() {
		return a.accept
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.messages = append(a.messages, received{env, data})
	return okOr(a.accept, message.Reply{Code: 250, Status: "2.0.0", Text: fmt.Sprintf("queued as %d", len(a.messages))})
}

// readBody reads a body and holds it against its size and hash.
func readBody(body message.Body) ([]byte, error) {
	r, err := body.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], body.SHA256()) || int64(len(data)) != body.Size() {
		return nil, fmt.Errorf("body of %d octets does not match its size %d or hash", len(data), body.Size())
	}
	return data, nil
}

func (a *recorder) taken() []received {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]received(nil), a.messages...)
}

// loopback trusts this machine.
var loopback = smtpd.Network{Name: "loopback", Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// running is a server on a port of its own.
type running struct {
	*smtpd.Server
	addr string
	err  <-chan error
}

// start serves until the test ends, and fails it when the sessions do not end.
func start(t testing.TB, opts smtpd.Options, implicitTLS bool) *running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, l, opts, implicitTLS)
}

func startOn(t testing.TB, l net.Listener, opts smtpd.Options, implicitTLS bool) *running {
	t.Helper()
	if opts.Hostname == "" {
		opts.Hostname = "mail.gateway.example"
	}
	srv, err := smtpd.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, l, implicitTLS) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return &running{Server: srv, addr: l.Addr().String(), err: done}
}

// certificate makes a self-signed certificate for a name.
func certificate(t testing.TB, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func serverTLS(t testing.TB) *tls.Config {
	cert := certificate(t, "mail.gateway.example")
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &cert, nil }}
}

// describe writes down a message as the dialogue files do.
func (m received) describe() string {
	var b strings.Builder
	env := m.env
	fmt.Fprintf(&b, "from <%s>", env.From)
	for _, p := range []struct{ name, value string }{{"ret", env.Return}, {"envid", env.ID}} {
		if p.value != "" {
			fmt.Fprintf(&b, " %s=%s", p.name, p.value)
		}
	}
	for _, p := range []struct {
		name string
		set  bool
	}{{"utf8", env.UTF8}, {"8bit", env.EightBit}, {"foreign", env.Foreign}} {
		if p.set {
			b.WriteString(" " + p.name)
		}
	}
	fmt.Fprintf(&b, "\nvia helo=%s trusted=%t network=%s user=%s tls=%t\n", env.Source.Helo, env.Source.Trusted, env.Source.Network, env.Source.User, env.Source.TLS != "")
	for _, to := range env.To {
		fmt.Fprintf(&b, "to <%s> notify=%d orcpt=%s\n", to.Address, to.Notify, to.Orig)
	}
	if len(m.data) > 500 {
		fmt.Fprintf(&b, "data %d octets, sha256 %x\n", len(m.data), sha256.Sum256(m.data))
		return b.String()
	}
	for line := range strings.SplitAfterSeq(string(m.data), "\n") {
		if line != "" {
			fmt.Fprintf(&b, "| %+q\n", line)
		}
	}
	return b.String()
}
