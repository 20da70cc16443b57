package relay

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
)

// TLSPolicy is what the connection to a hop must be.
type TLSPolicy uint8

// The policies.
const (
	// TLSOpportunistic encrypts where the hop offers it, whatever its certificate; where
	// it does not, or the handshake fails, mail goes in clear.
	TLSOpportunistic TLSPolicy = iota
	// TLSRequired encrypts with a certificate that is valid for the hop's name, or sends nothing.
	TLSRequired
	// TLSNone never encrypts: for a hop on the same machine.
	TLSNone
)

// String returns opportunistic, required or none.
func (p TLSPolicy) String() string {
	switch p {
	case TLSRequired:
		return "required"
	case TLSNone:
		return "none"
	}
	return "opportunistic"
}

// ParseTLSPolicy is the inverse of [TLSPolicy.String].
func ParseTLSPolicy(s string) (TLSPolicy, error) {
	for _, p := range []TLSPolicy{TLSOpportunistic, TLSRequired, TLSNone} {
		if p.String() == s {
			return p, nil
		}
	}
	return 0, errors.New("tls must be required, opportunistic or none")
}

// Hop is a mail server that takes our mail.
type Hop struct {
	Addr       string // host:port
	Implicit   bool   // TLS from the first octet (RFC 8314 3.3); TLS is then required
	TLS        TLSPolicy
	ServerName string         // in its certificate; "" for the host of Addr
	RootCAs    *x509.CertPool // nil for the system's
	User       string         // for AUTH; "" for none
	Password   string
}

// String returns the hop's address, never its password.
func (h Hop) String() string {
	if h.Implicit {
		return "smtps://" + h.Addr
	}
	return "smtp://" + h.Addr
}

// GoString keeps the password out of %#v.
func (h Hop) GoString() string { return h.String() }

// LogValue keeps the password out of logs.
func (h Hop) LogValue() slog.Value { return slog.StringValue(h.String()) }

// ParseHop reads smtp://[user:password@]host[:port][?tls=required|opportunistic|none][&name=NAME]
// or smtps://... The port is 25, or 465 for smtps. TLS is opportunistic, or required with
// smtps or a user. No error repeats what was given, as that may hold a password.
func ParseHop(s string) (Hop, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Hop{}, errors.New("next hop: not a URL of the form smtp://host:port")
	}
	h := Hop{Implicit: u.Scheme == "smtps"}
	port := "25"
	if h.Implicit {
		port = "465"
	}
	if u.Scheme != "smtp" && !h.Implicit {
		return Hop{}, errors.New("next hop: want smtp:// or smtps://")
	}
	if u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return Hop{}, errors.New("next hop: want smtp://host:port and nothing after it")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	h.Addr = net.JoinHostPort(u.Hostname(), port)
	if u.User != nil {
		h.User = u.User.Username()
		h.Password, _ = u.User.Password()
	}
	if h.Implicit || h.User != "" {
		h.TLS = TLSRequired
	}
	if err := h.parameters(u.RawQuery); err != nil {
		return Hop{}, fmt.Errorf("next hop: %w", err)
	}
	return h, h.check()
}

func (h *Hop) parameters(raw string) error {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return errors.New("settings after ? cannot be read")
	}
	for key, values := range q {
		if len(values) != 1 {
			return errors.New("a setting is given twice")
		}
		switch key {
		case "tls":
			if h.TLS, err = ParseTLSPolicy(values[0]); err != nil {
				return err
			}
		case "name":
			h.ServerName = values[0]
		default:
			return errors.New("unknown setting after ?; there are tls and name")
		}
	}
	return nil
}

// check says whether the settings go together.
func (h *Hop) check() error {
	host, port, err := net.SplitHostPort(h.Addr)
	if err != nil || host == "" {
		return errors.New("next hop: want host:port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return errors.New("next hop: the port must be a number from 1 to 65535")
	}
	if h.Implicit && h.TLS != TLSRequired {
		return errors.New("next hop: smtps always requires TLS")
	}
	if h.User != "" && h.TLS != TLSRequired {
		return errors.New("next hop: a password goes over required TLS only")
	}
	return nil
}

// serverName is the name that the certificate must have.
func (h *Hop) serverName() string {
	if h.ServerName != "" {
		return h.ServerName
	}
	host, _, _ := net.SplitHostPort(h.Addr)
	return host
}
