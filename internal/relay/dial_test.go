package relay

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/testkit"
)

func TestTLSPolicies(t *testing.T) {
	t.Parallel()
	ca, other := testkit.NewCA(t), testkit.NewCA(t)
	good := ca.Server(t, "127.0.0.1")
	wrongName := ca.Server(t, "elsewhere.test")
	unknown := other.Server(t, "127.0.0.1")
	expired := &tls.Config{Certificates: []tls.Certificate{ca.IssueUntil(t, time.Now().Add(-time.Hour), "127.0.0.1")}, MinVersion: tls.VersionTLS12}
	noVersion := good.Clone()
	noVersion.MaxVersion, noVersion.MinVersion = tls.VersionTLS11, tls.VersionTLS10
	for _, tc := range []struct {
		name     string
		policy   TLSPolicy
		conf     *tls.Config
		implicit bool
		script   string
		err      error // nil: delivered
		tls      bool
		verified bool
	}{
		{"required, good", TLSRequired, good, false, "", nil, true, true},
		{"required, not offered", TLSRequired, nil, false, "", ErrTLSMissing, false, false},
		{"required, STARTTLS refused", TLSRequired, good, false, "starttls: 454 4.7.0 no", ErrTLSFailed, false, false},
		{"required, STARTTLS garbage", TLSRequired, good, false, "starttls: garbage", ErrTLSFailed, false, false},
		{"required, cut in the handshake", TLSRequired, good, false, "handshake: cut", ErrTLSFailed, false, false},
		{"required, wrong name", TLSRequired, wrongName, false, "", ErrTLSFailed, false, false},
		{"required, unknown authority", TLSRequired, unknown, false, "", ErrTLSFailed, false, false},
		{"required, expired", TLSRequired, expired, false, "", ErrTLSFailed, false, false},
		{"required, old version", TLSRequired, noVersion, false, "", ErrTLSFailed, false, false},
		{"implicit, good", TLSRequired, good, true, "", nil, true, true},
		{"implicit, expired", TLSRequired, expired, true, "", ErrTLSFailed, false, false},
		{"opportunistic, good", TLSOpportunistic, good, false, "", nil, true, true},
		{"opportunistic, unknown authority", TLSOpportunistic, unknown, false, "", nil, true, false},
		{"opportunistic, wrong name", TLSOpportunistic, wrongName, false, "", nil, true, false},
		{"opportunistic, not offered", TLSOpportunistic, nil, false, "", nil, false, false},
		{"opportunistic, STARTTLS refused", TLSOpportunistic, good, false, "starttls: 454 4.7.0 no", nil, false, false},
		{"opportunistic, cut in the handshake", TLSOpportunistic, good, false, "handshake: cut", nil, false, false},
		{"opportunistic, old version", TLSOpportunistic, noVersion, false, "", nil, false, false},
		{"none, offered", TLSNone, good, false, "", nil, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{TLS: tc.conf, Implicit: tc.implicit, Script: tc.script})
			out := sender(t, s, func(o *Options) { o.Hop.TLS, o.Hop.RootCAs = tc.policy, ca.Pool })
			r := out.Send(t.Context(), mail(t, "b@x.test"))
			if tc.err != nil {
				var e *Error
				if !errors.Is(r.Err, tc.err) || !errors.As(r.Err, &e) || e.Stage != StageTLS {
					t.Fatalf("%v, want %v", r.Err, tc.err)
				}
				if o := r.Recipients[0]; o.Class != Temporary || o.Status != "4.7.5" {
					t.Errorf("%+v", o)
				}
				if err := out.Check(t.Context()); !errors.Is(err, tc.err) {
					t.Errorf("Check says %v", err)
				}
				if len(s.Mails()) != 0 {
					t.Error("sent all the same")
				}
				return
			}
			m := s.Wait(t, 1)[0]
			if m.TLS != tc.tls || (r.TLS != "") != tc.tls {
				t.Errorf("TLS %v, %q", m.TLS, r.TLS)
			}
			if caps, _ := out.Known(); caps.Verified != tc.verified {
				t.Errorf("verified %v", caps.Verified)
			}
			if m.Hello != "relay.test" {
				t.Errorf("EHLO %s", m.Hello)
			}
			for _, l := range s.Lines() {
				if strings.HasPrefix(l, "EHLO") && l != "EHLO relay.test" {
					t.Errorf("said %q", l)
				}
			}
			if err := out.Check(t.Context()); err != nil {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// A session that is resumed is verified as the first one was.
func TestTLSResumed(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	s := testkit.NewSink(t, testkit.SinkOptions{TLS: ca.Server(t, "127.0.0.1")})
	out := sender(t, s, func(o *Options) { o.Hop.TLS, o.Hop.RootCAs, o.MaxMails = TLSOpportunistic, ca.Pool, 1 })
	m := mail(t, "b@x.test")
	m.RequireTLS = true
	for range 3 {
		if r := out.Send(t.Context(), m); r.Recipients[0].Class != Accepted {
			t.Errorf("%+v", r)
		}
	}
	s.Wait(t, 3)
}

func TestMailThatRequiresTLS(t *testing.T) {
	t.Parallel()
	ca, other := testkit.NewCA(t), testkit.NewCA(t)
	for name, conf := range map[string]*tls.Config{"clear": nil, "unverified": other.Server(t, "127.0.0.1")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{TLS: conf})
			out := sender(t, s, func(o *Options) { o.Hop.RootCAs = ca.Pool })
			m := mail(t, "b@x.test")
			m.RequireTLS = true
			if o := out.Send(t.Context(), m).Recipients[0]; o.Class != Temporary || o.Status != "4.7.10" || o.Stage != StageTLS {
				t.Errorf("%+v", o)
			}
			if cut := out.CutThrough(t.Context(), m); cut.State != CutStore || cut.Stage != StageTLS {
				t.Errorf("%+v", cut)
			}
			if len(s.Mails()) != 0 {
				t.Error("sent all the same")
			}
		})
	}
}

// injector answers STARTTLS and slips a reply in clear behind it.
func injector(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = ln.Close(); <-done })
	go func() {
		defer close(done)
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			r := bufio.NewReader(nc)
			_, _ = io.WriteString(nc, "220 x\r\n")
			_, _ = r.ReadString('\n')
			_, _ = io.WriteString(nc, "250-x\r\n250 STARTTLS\r\n")
			_, _ = r.ReadString('\n')
			_, _ = io.WriteString(nc, "220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n")
			_, _ = io.Copy(io.Discard, r)
			_ = nc.Close()
		}
	}()
	return ln.Addr().String()
}

func TestSTARTTLSInjectionEndsTheConnection(t *testing.T) {
	t.Parallel()
	o := Options{Hop: Hop{Addr: injector(t), TLS: TLSRequired}, Hello: "relay.test"}
	quick(&o)
	out, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := out.Check(t.Context()); !errors.Is(err, errGarbled) {
		t.Errorf("%v", err)
	}
}

func TestAuth(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	const secret = "s3cret-word"
	for _, tc := range []struct {
		name, password string
		without        []string
		script         string
		ok             bool
	}{
		{"PLAIN", secret, []string{"LOGIN"}, "", true},
		{"LOGIN", secret, []string{"PLAIN"}, "", true},
		{"both", secret, nil, "", true},
		{"wrong password", "wr0ng-word", nil, "", false},
		{"no mechanism", secret, []string{"PLAIN", "LOGIN"}, "", false},
		{"not now", secret, nil, "auth: 454 4.7.0 user:" + secret + " is busy", false},
		{"cut", secret, nil, "auth: cut", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			s := testkit.NewSink(t, testkit.SinkOptions{
				TLS: ca.Server(t, "127.0.0.1"), Users: map[string]string{"user": secret}, Without: tc.without, Script: tc.script,
			})
			out := sender(t, s, func(o *Options) {
				o.Hop.TLS, o.Hop.RootCAs, o.Hop.User, o.Hop.Password = TLSRequired, ca.Pool, "user", tc.password
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
			})
			r := out.Send(t.Context(), mail(t, "b@x.test"))
			if tc.ok {
				if m := s.Wait(t, 1)[0]; m.User != "user" {
					t.Errorf("%+v", m)
				}
				return
			}
			o := r.Recipients[0]
			if o.Class != Temporary || o.Stage != StageAuth || o.Status != "4.7.8" {
				t.Errorf("%+v", r)
			}
			if said := fmt.Sprint(r.Err, o.Text, log.String()); strings.Contains(said, tc.password) {
				t.Errorf("the password is in %q", said)
			}
		})
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Size: 1234, Without: []string{"SMTPUTF8"}})
	out := sender(t, s)
	if _, ok := out.Known(); ok {
		t.Error("known before the first connection")
	}
	caps, err := out.Capabilities(t.Context())
	if err != nil || caps.Size != 1234 || caps.UTF8 || !caps.EightBit || !caps.DSN || !caps.Pipelining {
		t.Errorf("%+v, %v", caps, err)
	}
	if _, err := out.Capabilities(t.Context()); err != nil || s.Conns() != 1 {
		t.Errorf("asked again: %v", err)
	}
	s.Stop()
	if _, err := sender(t, s).Capabilities(t.Context()); err == nil {
		t.Error("no error without a hop")
	}
}

func TestHeader8bit(t *testing.T) {
	t.Parallel()
	pad := func(n int) string { return "X: " + strings.Repeat("x", n-3) }
	for name, tc := range map[string]struct {
		text string
		want bool
	}{
		"plain":                        {"Subject: x\r\n\r\nå\r\n", false},
		"8 bit":                        {"Subject: å\r\n\r\nx\r\n", true},
		"second field":                 {"Subject: x\r\nTo: å\r\n\r\nx\r\n", true},
		"not UTF-8":                    {"Subject: \xff\r\n\r\nx\r\n", true},
		"no body":                      {"Subject: x\r\n", false},
		"empty":                        {"", false},
		"a line that ends at a block":  {pad(4096) + "\r\nTo: å\r\n\r\n", true},
		"a line longer than a block":   {pad(9000) + "\r\n\r\nå\r\n", false},
		"header beyond what is looked": {pad(300<<10) + "\r\n\r\n", true},
	} {
		if got, err := header8bit(memory(tc.text)); got != tc.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestMetricsAreShared(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	s := testkit.NewSink(t, testkit.SinkOptions{})
	for _, name := range []string{"out", "in"} {
		out := sender(t, s, func(o *Options) { o.Name, o.Registerer = name, reg })
		out.Send(t.Context(), mail(t, "b@x.test"))
		out.Send(t.Context(), mail(t, "b@x.test"))
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() {
				key += " " + l.GetValue()
			}
			got[key] = m.GetCounter().GetValue()
		}
	}
	want := map[string]float64{
		"sigill_relay_connections_total in ok": 1, "sigill_relay_connections_total out ok": 1,
		"sigill_relay_transactions_total fresh in": 1, "sigill_relay_transactions_total fresh out": 1,
		"sigill_relay_transactions_total warm in": 1, "sigill_relay_transactions_total warm out": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	hop := Hop{Addr: "127.0.0.1:25"}
	for name, o := range map[string]Options{
		"no name":              {Hop: hop},
		"a name of two words":  {Hop: hop, Hello: "a b"},
		"no port":              {Hop: Hop{Addr: "x.test"}, Hello: "a"},
		"password in clear":    {Hop: Hop{Addr: "x.test:25", User: "u"}, Hello: "a"},
		"implicit without TLS": {Hop: Hop{Addr: "x.test:25", Implicit: true}, Hello: "a"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestParseHop(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Hop{
		"smtp://mx.test":                      {Addr: "mx.test:25"},
		"smtp://mx.test:2525/":                {Addr: "mx.test:2525"},
		"smtp://[::1]:2525?tls=none":          {Addr: "[::1]:2525", TLS: TLSNone},
		"smtps://mx.test":                     {Addr: "mx.test:465", Implicit: true, TLS: TLSRequired},
		"smtp://mx.test:587?tls=required":     {Addr: "mx.test:587", TLS: TLSRequired},
		"smtp://u:p%40w@mx.test:587":          {Addr: "mx.test:587", TLS: TLSRequired, User: "u", Password: "p@w"},
		"smtps://10.0.0.1?name=mx.test":       {Addr: "10.0.0.1:465", Implicit: true, TLS: TLSRequired, ServerName: "mx.test"},
		"smtp://mx.test?tls=opportunistic":    {Addr: "mx.test:25"},
		"smtps://u:p@mx.test?tls=required":    {Addr: "mx.test:465", Implicit: true, TLS: TLSRequired, User: "u", Password: "p"},
		"smtp://mx.test?name=a.test&tls=none": {Addr: "mx.test:25", TLS: TLSNone, ServerName: "a.test"},
	} {
		got, err := ParseHop(in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", "mx.test:25", "http://mx.test", "smtp://", "smtp://mx.test/path", "smtp://mx.test:0", "smtp://mx.test:99999",
		"smtp://mx.test?tls=maybe", "smtp://mx.test?tls=none&tls=none", "smtp://mx.test?color=red", "smtps://mx.test?tls=none",
		"smtp://u:hunter2@mx.test?tls=none", "smtp://u:hunter2@mx.test:port", "smtp://u:hunter2 @mx.test", "smtp://mx.test#x",
	} {
		if h, err := ParseHop(in); err == nil {
			t.Errorf("%q taken as %v", in, h)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the password is in %v", in, err)
		}
	}
}

func TestHopHidesItsPassword(t *testing.T) {
	t.Parallel()
	h := Hop{Addr: "mx.test:465", Implicit: true, TLS: TLSRequired, User: "u", Password: "hunter2"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "hop", h)
	said := fmt.Sprintf("%v %+v %#v %s %s", h, h, h, h, log.String())
	if strings.Contains(said, "hunter2") || !strings.Contains(said, "smtps://mx.test:465") {
		t.Error(said)
	}
}

// go-smtp's own server is the other peer: what it accepts must be what we meant.
func TestAgainstGoSMTP(t *testing.T) {
	t.Parallel()
	be := &backend{got: make(chan received, 4)}
	srv := smtp.NewServer(be)
	srv.Domain, srv.EnableSMTPUTF8, srv.EnableDSN = "peer.test", true, true
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	o := Options{Hop: Hop{Addr: ln.Addr().String()}, Hello: "relay.test"}
	quick(&o)
	out, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	m := mail(t, "b@x.test", "refused@x.test", "å@x.test")
	m.EnvID, m.EightBit = "a b", true
	for range 2 {
		r := out.Send(t.Context(), m)
		if classes, _ := outcomes(r); classes[0] != Accepted || classes[1] != Permanent || classes[2] != Accepted {
			t.Fatalf("%+v", r)
		}
		if got := <-be.got; got.data != prefix+text || got.from != "a@x.test" || got.envid != "a b" || !got.utf8 || len(got.to) != 2 {
			t.Errorf("%+v", got)
		}
	}
}

type received struct {
	from, envid, data string
	utf8              bool
	to                []string
}

type backend struct{ got chan received }

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &peer{b: b}, nil }

type peer struct {
	b *backend
	r received
}

func (p *peer) Mail(from string, o *smtp.MailOptions) error {
	p.r = received{from: from, envid: o.EnvelopeID, utf8: o.UTF8}
	return nil
}

func (p *peer) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "refused") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user " + to}
	}
	p.r.to = append(p.r.to, to)
	return nil
}

func (p *peer) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	p.r.data = string(b)
	p.b.got <- p.r
	return err
}

func (p *peer) Reset()        {}
func (p *peer) Logout() error { return nil }
