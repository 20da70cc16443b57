package config

import (
	"net"
	"net/url"
	"strings"
	"time"

	"sigill/internal/yamlfile"
)

// Relay is how mail goes out.
type Relay struct {
	// NextHop takes every message that leaves.
	NextHop Hop `yaml:"next_hop"`
	// Inbound takes mail for the organisation's own domains: replies, questions to senders. Left out, NextHop does.
	Inbound Hop `yaml:"inbound"`
	// Hello is the name given in EHLO; by default smtp.hostname.
	Hello string `yaml:"hello"`
	// Connections is how many may be open to one hop, Idle how long an unused one is kept.
	Connections int               `yaml:"connections"`
	Idle        yamlfile.Duration `yaml:"idle"`
	// ConnectTimeout and CommandTimeout are waits for a hop's answer.
	ConnectTimeout yamlfile.Duration `yaml:"connect_timeout"`
	CommandTimeout yamlfile.Duration `yaml:"command_timeout"`
	Retry          Retry             `yaml:"retry"`
	// Expire is when a message that cannot be delivered goes back to its sender.
	Expire yamlfile.Duration `yaml:"expire"`
	// DelayNotice is when its sender hears that it is late; 0s means never.
	DelayNotice yamlfile.Duration `yaml:"delay_notice"`
}

// Retry is how the waits between tries grow: First, then twice as long each time, at most Most.
type Retry struct {
	First yamlfile.Duration `yaml:"first"`
	Most  yamlfile.Duration `yaml:"most"`
}

// TLSMode is what a connection to a hop must be.
type TLSMode string

// The modes there are.
const (
	// TLSRequired encrypts, and the certificate must be valid for the hop's name.
	TLSRequired TLSMode = "required"
	// TLSOpportunistic encrypts when the hop offers it, whatever its certificate.
	TLSOpportunistic TLSMode = "opportunistic"
	// TLSNone never encrypts: for a hop on the same machine.
	TLSNone TLSMode = "none"
)

// Hop is a mail server that takes mail from the gateway. In the file it is a URL alone, or a map with settings. Its zero
// value is no hop.
type Hop struct {
	// URL is smtp://host:port (STARTTLS) or smtps://host:port (TLS from the first byte).
	URL string `yaml:"url"`
	// TLS is what smtp:// must become; smtps:// is always TLSRequired.
	TLS TLSMode `yaml:"tls"`
	// ServerName is the name in the hop's certificate when it is not the host of the URL; CAFile holds the authority it
	// must come from when that is not one of the system's.
	ServerName string `yaml:"server_name"`
	CAFile     string `yaml:"ca_file"`
	// User and Password are for AUTH, which is used over TLS only.
	User         string `yaml:"user"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
}

// IsZero says whether there is no hop.
func (h Hop) IsZero() bool { return h.URL == "" }

// ImplicitTLS says whether the hop speaks TLS from the first byte.
func (h Hop) ImplicitTLS() bool { return strings.HasPrefix(h.URL, "smtps://") }

// Host is the name or address of the hop.
func (h Hop) Host() string {
	u, err := url.Parse(h.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Address is "host:port" to connect to; the port is 25, or 465 for smtps, unless the URL says otherwise.
func (h Hop) Address() string {
	u, err := url.Parse(h.URL)
	if err != nil {
		return ""
	}
	port := u.Port()
	switch {
	case port != "":
	case h.ImplicitTLS():
		port = "465"
	default:
		port = "25"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// UnmarshalYAMLFile takes a URL, or a map with url and settings.
func (h *Hop) UnmarshalYAMLFile(n *yamlfile.Node) error {
	if n.Kind() != yamlfile.Map {
		return n.Decode(&h.URL)
	}
	type plain Hop
	settings := plain(*h)
	err := n.Decode(&settings)
	*h = Hop(settings)
	return err
}

func defaultRelay() Relay {
	return Relay{
		Connections: 20, Idle: yamlfile.Duration(time.Minute),
		ConnectTimeout: yamlfile.Duration(10 * time.Second), CommandTimeout: yamlfile.Duration(30 * time.Second),
		Retry:  Retry{First: yamlfile.Duration(time.Minute), Most: yamlfile.Duration(time.Hour)},
		Expire: yamlfile.Duration(48 * time.Hour), DelayNotice: yamlfile.Duration(4 * time.Hour),
	}
}

func (r *Relay) fill(hostname string) {
	if r.Hello == "" {
		r.Hello = hostname
	}
	for _, hop := range []*Hop{&r.NextHop, &r.Inbound} {
		if hop.TLS == "" {
			hop.TLS = TLSRequired
		}
	}
}

func (r Relay) validate(c *checker, hostname string) {
	const want = "the mail server that takes every message, such as smtp://mail.example.org:25"
	if c.need("relay.next_hop", r.NextHop.URL, want) {
		r.NextHop.validate(c, "relay.next_hop")
	}
	if r.Inbound.IsZero() && (r.Inbound.User != "" || r.Inbound.CAFile != "" || r.Inbound.ServerName != "") {
		c.fault("relay.inbound.url", "is required: the mail server for the organisation's own domains")
	}
	if !r.Inbound.IsZero() {
		r.Inbound.validate(c, "relay.inbound")
	}
	if r.Hello != hostname && !isDomain(r.Hello) {
		c.fault("relay.hello", "%q is not a full host name, such as gateway.example.org", r.Hello)
	}
	r.validateTimes(c)
}

func (r Relay) validateTimes(c *checker) {
	const second, minute, day = yamlfile.Duration(time.Second), yamlfile.Duration(time.Minute), yamlfile.Duration(24 * time.Hour)
	c.number("relay.connections", r.Connections, 1, 1000)
	c.between("relay.idle", r.Idle, 0, 10*minute)
	c.between("relay.connect_timeout", r.ConnectTimeout, second, minute)
	c.between("relay.command_timeout", r.CommandTimeout, second, 5*minute)
	c.between("relay.retry.first", r.Retry.First, second, 60*minute)
	c.between("relay.retry.most", r.Retry.Most, max(r.Retry.First, second), day)
	c.between("relay.expire", r.Expire, 60*minute, 30*day)
	c.between("relay.delay_notice", r.DelayNotice, 0, max(0, r.Expire))
}

func (h Hop) validate(c *checker, key string) {
	u, err := url.Parse(h.URL)
	at := key
	if c.places.Has(key + ".url") {
		at = key + ".url"
	}
	switch {
	case err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "":
		c.fault(at, "must be smtp://host:port or smtps://host:port")
		return
	case u.User != nil:
		c.fault(at, "must not hold a name or password; use user and password_file")
		return
	case (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "":
		c.fault(at, "must be smtp://host:port or smtps://host:port, with nothing behind it")
	}
	oneOf(c, key+".tls", h.TLS, TLSRequired, TLSOpportunistic, TLSNone)
	if h.ImplicitTLS() && h.TLS != TLSRequired {
		c.fault(key+".tls", "smtps:// is always required; leave tls out")
	}
	h.validateAuth(c, key)
}

func (h Hop) validateAuth(c *checker, key string) {
	hasPassword := !h.Password.IsZero() || h.PasswordFile != ""
	switch {
	case h.User != "" && !hasPassword:
		c.fault(key+".password_file", "is required with user: a file with the password")
	case h.User == "" && hasPassword:
		c.fault(key+".user", "is required with a password")
	case h.User != "" && h.TLS != TLSRequired:
		c.fault(key+".tls", "must be required, or the password could be read on the way")
	}
}

// DKIM signs the gateway's own mail. Mail that passes is never signed anew.
type DKIM struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"`
	KeyFile  string `yaml:"key_file"` // PEM: RSA or Ed25519
}

// IsZero says whether nothing is signed.
func (d DKIM) IsZero() bool { return d == DKIM{} }

func (d DKIM) validate(c *checker, from string) {
	if d.IsZero() {
		return
	}
	c.hostname("dkim.domain", d.Domain, "the domain that signs, one of organisation.domains")
	if own := "." + strings.ToLower(domainOf(from)); isDomain(d.Domain) && !strings.HasSuffix(own, "."+strings.ToLower(d.Domain)) {
		c.fault("dkim.domain", "must be the domain of notices.from (%s) or one above it, or the signature does not count for the sender", domainOf(from))
	}
	c.need("dkim.key_file", d.KeyFile, "a PEM file with the private key")
	if c.need("dkim.selector", d.Selector, "the name of the key in DNS, such as sigill2026") && !isDomain(d.Selector+".test") {
		c.fault("dkim.selector", "%q is not a name that can stand in DNS", d.Selector)
	}
}
