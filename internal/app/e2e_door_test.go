package app_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"golang.org/x/crypto/bcrypt"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit"
)

// overTLSFrom connects from an address and begins TLS.
func (s *system) overTLSFrom(ip string, conf *tls.Config) *smtp.Client {
	s.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	nc, err := d.DialContext(s.t.Context(), "tcp", s.smtp)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(nc, conf)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	if err := c.Noop(); err != nil { // shakes hands
		s.t.Fatal(err)
	}
	return c
}

// codeOf is the code of an SMTP error, 0 for none.
func codeOf(t *testing.T, err error) int {
	t.Helper()
	var e *smtp.SMTPError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &e):
		t.Fatal(err)
	}
	return e.Code
}

// withCert gives the SMTP side a certificate.
func withCert(t *testing.T, ca *testkit.CA, c *config.Config) {
	t.Helper()
	c.SMTP.TLS.Cert, c.SMTP.TLS.Key = ca.Files(t, t.TempDir(), "brev.norrsund.example")
}

func TestE2EAuth(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		ca := testkit.NewCA(t)
		hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) {
			withCert(t, ca, c)
			c.SMTP.ImplicitTLS = []string{"127.0.0.1:0"}
			c.SMTP.Auth.UsersFile = write(t, "users", "# who may send\n\njohan:"+string(hash)+"\n")
		}})
		s.dialFrom("127.0.0.2").say("AUTH PLAIN AGpvaGFuAG9wZW4gc2VzYW1l").want(t, "538 5.7.11 ")

		m := lunch("karin@ekman.example")
		for _, wrong := range [][2]string{{"johan", "open"}, {"nobody", "open sesame"}, {"johan", ""}} {
			c := s.overTLSFrom("127.0.0.2", ca.Client("brev.norrsund.example"))
			if code := codeOf(t, c.Auth(sasl.NewPlainClient("", wrong[0], wrong[1]))); code != 535 {
				t.Errorf("%v: %d", wrong, code)
			}
			if code := codeOf(t, c.SendMail(m.from, m.to, strings.NewReader(m.raw()))); code != 550 {
				t.Errorf("%v: a stranger's mail: %d", wrong, code)
			}
		}
		for _, mech := range []sasl.Client{sasl.NewPlainClient("", "johan", "open sesame"), sasl.NewLoginClient("johan", "open sesame")} {
			c := s.overTLSFrom("127.0.0.2", ca.Client("brev.norrsund.example"))
			if err := c.Auth(mech); err != nil {
				t.Fatal(err)
			}
			if err := c.SendMail(m.from, m.to, strings.NewReader(m.raw())); err != nil {
				t.Fatal(err)
			}
			if code := codeOf(t, c.SendMail("johan@other.example", m.to, strings.NewReader(m.raw()))); code != 550 {
				t.Errorf("another organisation's sender: %d", code)
			}
		}
		for _, got := range s.hop.Wait(t, 2) {
			if r := ourReceived(t, got.Data); !strings.Contains(r, "with ESMTPSA ") || strings.Contains(r, "open") {
				t.Errorf("Received: %s", r)
			}
		}
		nc, err := tls.Dial("tcp", s.app.Addr("smtps"), ca.Client("brev.norrsund.example"))
		if err != nil {
			t.Fatal(err)
		}
		if err := smtp.NewClient(nc).SendMail(m.from, m.to, strings.NewReader(m.raw())); err != nil {
			t.Errorf("TLS from the first octet: %v", err)
		}
		if strings.Contains(s.log.String(), "sesame") {
			t.Error("a password is in the log")
		}
	})
}

func TestE2EReloadCertificate(t *testing.T) {
	t.Parallel()
	first, second := testkit.NewCA(t), testkit.NewCA(t)
	s := newSystem(t, setup{change: func(c *config.Config) { withCert(t, first, c) }})
	m := lunch("karin@ekman.example")
	send := func(c *smtp.Client) {
		t.Helper()
		if err := c.SendMail(m.from, m.to, strings.NewReader(m.raw())); err != nil {
			t.Fatal(err)
		}
	}
	old := s.overTLSFrom("127.0.0.1", first.Client("brev.norrsund.example"))
	reload := func(cert, key []byte) {
		t.Helper()
		if err := errors.Join(os.WriteFile(s.cfg.SMTP.TLS.Cert, cert, 0o600), os.WriteFile(s.cfg.SMTP.TLS.Key, key, 0o600)); err != nil {
			t.Fatal(err)
		}
		s.app.Reload(t.Context(), func() (string, error) { return "info", nil })
	}
	reload([]byte("no certificate"), []byte("no key"))
	send(s.overTLSFrom("127.0.0.1", first.Client("brev.norrsund.example"))) // the old one stays
	certFile, keyFile := second.Files(t, t.TempDir(), "brev.norrsund.example")
	cert, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	reload(cert, key)
	send(s.overTLSFrom("127.0.0.1", second.Client("brev.norrsund.example")))
	send(old) // and no connection was dropped
}

// A cloud's certificate proves the cloud; the tenant in the header proves whose mail it is.
func TestE2EClientCertificate(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		ca, other := testkit.NewCA(t), testkit.NewCA(t)
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) {
			withCert(t, ca, c)
			c.SMTP.TLS.ClientCA = write(t, "ca.pem", string(ca.PEM))
			c.SMTP.Networks = []config.Network{{
				CIDR:       netip.MustParsePrefix("127.0.0.3/32"),
				ClientCert: config.ClientCert{Name: "mail.cloud.example", Tenant: "tenant-7351", TenantHeader: "X-Tenant"},
			}}
		}})
		m := lunch("karin@ekman.example")
		m.headers = "X-Tenant: tenant-7351\r\n"
		try := func(certs []tls.Certificate, m mail) int {
			conf := ca.Client("brev.norrsund.example")
			conf.Certificates = certs
			return codeOf(t, s.overTLSFrom("127.0.0.3", conf).SendMail(m.from, m.to, strings.NewReader(m.raw())))
		}
		good := []tls.Certificate{ca.Issue(t, "mail.cloud.example")}
		if code := try(good, m); code != 0 {
			t.Errorf("the right certificate and tenant: %d", code)
		}
		if got := s.hop.Wait(t, 1)[0]; string(withoutReceived(t, got.Data)) != m.raw() {
			t.Error("not the same octets")
		}
		wrong := lunch("karin@ekman.example")
		wrong.headers = "X-Tenant: tenant-9\r\n"
		for what, code := range map[string]int{
			"another tenant": try(good, wrong), "no tenant": try(good, lunch("karin@ekman.example")),
			"no certificate": try(nil, m), "another name": try([]tls.Certificate{ca.Issue(t, "mail.other.example")}, m),
			"another authority": try([]tls.Certificate{other.Issue(t, "mail.cloud.example")}, m),
		} {
			if code != 550 {
				t.Errorf("%s: %d", what, code)
			}
		}
		s.dialFrom("127.0.0.3").envelope(m.from, m.to...).want(t, "530 5.7.0 ")
	})
}

// Without a file of authorities the system's count.
func TestE2EClientCertificateOfSystem(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	s := newSystem(t, setup{change: func(c *config.Config) {
		withCert(t, ca, c)
		c.SMTP.Networks = append(c.SMTP.Networks, config.Network{
			CIDR: netip.MustParsePrefix("127.0.0.3/32"), ClientCert: config.ClientCert{Name: "mail.cloud.example"},
		})
	}})
	s.give(lunch("karin@ekman.example")).want(t, "250 ")
	conf := ca.Client("brev.norrsund.example")
	conf.Certificates = []tls.Certificate{ca.Issue(t, "mail.cloud.example")}
	m := lunch("karin@ekman.example")
	if code := codeOf(t, s.overTLSFrom("127.0.0.3", conf).SendMail(m.from, m.to, strings.NewReader(m.raw()))); code != 550 {
		t.Errorf("a certificate of nobody: %d", code)
	}
}

// Mail for the organisation itself goes by the inbound next hop, beside mail for others.
func TestE2EInbound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		inside := testkit.NewSink(t, testkit.SinkOptions{})
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) {
			c.Relay.Inbound = config.Hop{URL: inside.URL(), TLS: config.TLSNone}
		}})
		m := lunch("karin@ekman.example", "eva@norrsund.example")
		s.give(m).want(t, "250 2.0.0 queued as ")
		in, out := inside.Wait(t, 1)[0], s.hop.Wait(t, 1)[0]
		if !slices.Equal(in.To, []string{"eva@norrsund.example"}) || !slices.Equal(out.To, []string{"karin@ekman.example"}) {
			t.Errorf("inside to %v, outside to %v", in.To, out.To)
		}
		for _, got := range []testkit.Mail{in, out} {
			if string(withoutReceived(t, got.Data)) != m.raw() {
				t.Error("not the same octets")
			}
		}
		s.awaitState("Lunch", "eva@norrsund.example", message.Delivered)
		one := lunch("eva@norrsund.example")
		one.id = "one@norrsund.example"
		s.give(one).want(t, "250 2.6.0 ")
		s.give(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Referral", body: withPnr}).want(t, "250 2.0.0 queued as ")
		inside.Wait(t, 3) // the question to the sender
		if n := len(s.hop.Mails()); n != 1 {
			t.Errorf("%d mails outside", n)
		}
	})
}

// Our own mail is signed, and the signature stands when it comes back to us.
func TestE2EDKIM(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, "dkim.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	s := newSystem(t, setup{change: func(c *config.Config) {
		c.DKIM = config.DKIM{Domain: "norrsund.example", Selector: "sigill", KeyFile: file}
		c.Organisation.Name = "Card 4000 0045 6649 2470"
	}})
	s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard})
	notice, _ := s.mailTo("karin@ekman.example", "/b/")
	if !strings.HasPrefix(string(notice.Data), "DKIM-Signature: ") || !strings.Contains(string(notice.Data), "d=norrsund.example") {
		t.Fatalf("not signed:\n%s", notice.Data)
	}
	s.back(notice, "karin@ekman.example").want(t, "250 2.6.0 ")
}

func TestE2EOperations(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
			if status, text := s.admin(path); status != http.StatusOK || text != want {
				t.Errorf("%s: %d %q", path, status, text)
			}
		}
		s.give(lunch("karin@ekman.example")).want(t, "250 ")
		s.give(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard}).want(t, "250 ")
		s.give(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Referral", body: withPnr}).want(t, "250 ")
		s.openByMail("karin@ekman.example", "Payment").want(http.StatusOK, "4000 0045 6649 2470")
		s.idle()
		_, text := s.admin("/metrics")
		for _, want := range []string{
			`sigill_messages_total{verdict="pass"} 1`, `sigill_messages_total{verdict="level1"} 1`, `sigill_messages_total{verdict="level2"} 1`,
			`sigill_accept_total{outcome="relayed"} 1`, `sigill_accept_total{outcome="stored"} 2`,
			"sigill_scan_seconds_count", "sigill_queue_jobs{", "sigill_queue_oldest_seconds", "sigill_deliveries_total", `sigill_codes_total{result="accepted",way="mail"} 1`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("/metrics has no %s", want)
			}
		}
		for _, never := range []string{"norrsund", "ekman", "Payment"} {
			if strings.Contains(text, never) {
				t.Errorf("/metrics names %q", never)
			}
		}
		found := app.Diagnose(t.Context(), s.cfg, true)
		for _, f := range found {
			if f.Bad {
				t.Errorf("doctor: %s: %s", f.What, f.Found)
			}
		}
		if err := os.Chmod(s.cfg.Store.Keyring, 0o644); err != nil {
			t.Fatal(err)
		}
		bad := 0
		for _, f := range app.Diagnose(t.Context(), s.cfg, true) {
			if f.Bad && strings.Contains(f.Found, filepath.Base(s.cfg.Store.Keyring)) {
				bad++
			}
		}
		if bad == 0 {
			t.Error("doctor does not mind a ring that others can read")
		}
	})
}
