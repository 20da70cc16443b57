package smtpd

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
)

func (n *Network) check(config *tls.Config) error {
	if len(n.Prefixes) == 0 && len(n.Certificates) == 0 {
		return errors.New("has neither addresses nor certificates")
	}
	if config == nil && (n.RequireTLS || len(n.Certificates) > 0) {
		return errors.New("needs TLS, which is not set up")
	}
	for _, c := range n.Certificates {
		if err := c.check(config); err != nil {
			return err
		}
	}
	return nil
}

func (c Certificate) check(config *tls.Config) error {
	if (c.Fingerprint == "") == (c.Name == "") {
		return errors.New("a certificate has either a fingerprint or a name")
	}
	if c.Name != "" && config.ClientCAs == nil {
		return errors.New("a certificate by name needs ClientCAs")
	}
	if c.Fingerprint == "" {
		return nil
	}
	if b, err := hex.DecodeString(plainHex(c.Fingerprint)); err != nil || len(b) != sha256.Size {
		return errors.New("a fingerprint is not a SHA-256 in hex")
	}
	return nil
}

func plainHex(s string) string { return strings.ToLower(strings.ReplaceAll(s, ":", "")) }

// holds says whether the address lies in the network, whatever else it asks for.
func (n *Network) holds(addr netip.Addr) bool {
	if len(n.Prefixes) == 0 {
		return true
	}
	return slices.ContainsFunc(n.Prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// proven says whether the client's certificate is one that the network wants.
func (n *Network) proven(state *tls.ConnectionState, roots *x509.CertPool, now time.Time) bool {
	if len(n.Certificates) == 0 {
		return true
	}
	if state == nil || len(state.PeerCertificates) == 0 {
		return false
	}
	return slices.ContainsFunc(n.Certificates, func(c Certificate) bool {
		return c.matches(state.PeerCertificates, roots, now)
	})
}

func (c Certificate) matches(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) bool {
	leaf := chain[0]
	if c.Fingerprint != "" {
		sum := sha256.Sum256(leaf.Raw)
		return hex.EncodeToString(sum[:]) == plainHex(c.Fingerprint) &&
			!now.Before(leaf.NotBefore) && !now.After(leaf.NotAfter)
	}
	if !slices.ContainsFunc(slices.Concat(leaf.DNSNames, leaf.EmailAddresses), func(name string) bool {
		return strings.EqualFold(name, c.Name)
	}) {
		return false
	}
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err == nil
}

// listed says whether some network holds the address. It decides about connection
// limits only: certificates and TLS are not known yet.
func (s *Server) listed(addr netip.Addr) bool {
	return slices.ContainsFunc(s.opts.Networks, func(n Network) bool {
		return len(n.Prefixes) > 0 && n.holds(addr)
	})
}

// network returns the first listed network whose conditions the client meets, or nil.
// needTLS says that it would meet those of one if only it began TLS.
func (s *Server) network(addr netip.Addr, state *tls.ConnectionState) (n *Network, needTLS bool) {
	var roots *x509.CertPool
	if s.tls != nil {
		roots = s.tls.ClientCAs
	}
	for i := range s.opts.Networks {
		n := &s.opts.Networks[i]
		if !n.holds(addr) {
			continue
		}
		if (!n.RequireTLS || state != nil) && n.proven(state, roots, s.opts.Now()) {
			return n, false
		}
		needTLS = needTLS || state == nil && len(n.Prefixes) > 0
	}
	return nil, needTLS
}

// serverTLS prepares the caller's configuration: client certificates are asked for
// when a network knows some, and judged by [Certificate.matches] alone.
func serverTLS(o Options) *tls.Config {
	if o.TLS == nil {
		return nil
	}
	c := o.TLS.Clone()
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS12
	}
	if slices.ContainsFunc(o.Networks, func(n Network) bool { return len(n.Certificates) > 0 }) && c.ClientAuth == tls.NoClientCert {
		c.ClientAuth = tls.RequestClientCert
	}
	return c
}
