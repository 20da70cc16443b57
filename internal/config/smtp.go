package config

import (
	"fmt"
	"slices"
	"time"

	"sigill/internal/yamlfile"
)

// SMTP is how mail comes in.
type SMTP struct {
	// Listen are the addresses for SMTP with STARTTLS.
	Listen []string `yaml:"listen"`
	// ImplicitTLS are the addresses that speak TLS from the first byte (RFC 8314 3).
	ImplicitTLS []string `yaml:"implicit_tls"`
	// Hostname is the gateway's full name in greetings and Received fields.
	Hostname string    `yaml:"hostname"`
	TLS      ServerTLS `yaml:"tls"`
	// Networks may send without a password.
	Networks []Network `yaml:"networks"`
	Auth     Auth      `yaml:"auth"`
	Limits   Limits    `yaml:"limits"`
	// SpoolDir is for the unlinked, sealed files that messages under way may need; empty means the system's own.
	SpoolDir string `yaml:"spool_dir"`
	// SpoolMemory is the memory for messages under way, of all sessions together.
	SpoolMemory yamlfile.Size `yaml:"spool_memory"`
}

// TLS is a certificate chain and its key, both PEM files. They are read again at SIGHUP.
type TLS struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// IsZero says whether there is no certificate.
func (t TLS) IsZero() bool { return t.Cert == "" }

// ServerTLS is what the mail side needs beyond a certificate of its own.
type ServerTLS struct {
	TLS `yaml:",inline"`
	// ClientCA is a PEM file with the authorities that client certificates must come from; empty means the system's.
	ClientCA string `yaml:"client_ca"`
}

// Auth is who may send with a password, over TLS only.
type Auth struct {
	// UsersFile holds lines of name:bcrypt-hash, as `htpasswd -B` writes them; empty means that AUTH is not offered.
	UsersFile string `yaml:"users_file"`
}

// Limits keep one client from taking what belongs to all.
type Limits struct {
	Size        yamlfile.Size `yaml:"size"`       // of one message
	Recipients  int           `yaml:"recipients"` // of one message; further ones get 452 4.5.3
	Messages    int           `yaml:"messages"`   // in one connection
	Connections int           `yaml:"connections"`
	PerIP       int           `yaml:"per_ip"`   // connections of one client address
	Errors      int           `yaml:"errors"`   // refused commands before a connection is closed
	MaxHops     int           `yaml:"max_hops"` // Received fields before it is a loop
	// CommandTimeout is the wait for the next command (RFC 5321 4.5.3.2.7); DataTimeout is the wait for the next block
	// of a message (4.5.3.2.5).
	CommandTimeout yamlfile.Duration `yaml:"command_timeout"`
	DataTimeout    yamlfile.Duration `yaml:"data_timeout"`
	// MinRate is how many bytes a second a message must come in with, on average.
	MinRate yamlfile.Size `yaml:"min_rate"`
}

func defaultSMTP() SMTP {
	return SMTP{
		Listen:      []string{":25"},
		SpoolMemory: 64 << 20,
		Limits: Limits{
			Size: 150 << 20, Recipients: 1000, Messages: 1000, Connections: 1000, PerIP: 100, Errors: 10, MaxHops: 50,
			CommandTimeout: yamlfile.Duration(5 * time.Minute), DataTimeout: yamlfile.Duration(3 * time.Minute), MinRate: 500,
		},
	}
}

func (s SMTP) validate(c *checker) {
	if len(s.Listen)+len(s.ImplicitTLS) == 0 {
		c.fault("smtp.listen", "is required: at least one address in smtp.listen or smtp.implicit_tls")
	}
	for i, address := range s.Listen {
		c.listen(fmt.Sprintf("smtp.listen[%d]", i), address)
	}
	for i, address := range s.ImplicitTLS {
		c.listen(fmt.Sprintf("smtp.implicit_tls[%d]", i), address)
	}
	c.hostname("smtp.hostname", s.Hostname, "the gateway's full host name, such as gateway.example.org")
	c.pair("smtp.tls", s.TLS.TLS)
	s.validateTLS(c)
	s.validateNetworks(c)
	s.Limits.validate(c)
	c.size("smtp.spool_memory", s.SpoolMemory, 1<<20, 1<<40)
}

// validateTLS refuses what would need a certificate that is not there.
func (s SMTP) validateTLS(c *checker) {
	if !s.TLS.IsZero() {
		return
	}
	if len(s.ImplicitTLS) > 0 {
		c.fault("smtp.implicit_tls", "needs smtp.tls.cert and smtp.tls.key")
	}
	if s.Auth.UsersFile != "" {
		c.fault("smtp.auth.users_file", "needs smtp.tls.cert and smtp.tls.key: a password is only taken over TLS")
	}
	if s.TLS.ClientCA != "" {
		c.fault("smtp.tls.client_ca", "needs smtp.tls.cert and smtp.tls.key")
	}
}

func (s SMTP) validateNetworks(c *checker) {
	if len(s.Networks) == 0 && s.Auth.UsersFile == "" {
		c.fault("smtp.networks", "is required: nobody may send; list your mail server's address, or set smtp.auth.users_file")
	}
	for i, network := range s.Networks {
		key := fmt.Sprintf("smtp.networks[%d]", i)
		network.validate(c, key, !s.TLS.IsZero())
		if slices.ContainsFunc(s.Networks[:i], func(other Network) bool { return other.CIDR == network.CIDR }) {
			c.fault(key, "%s is listed twice", network.CIDR)
		}
	}
}

func (l Limits) validate(c *checker) {
	c.size("smtp.limits.size", l.Size, 64<<10, 2<<30)
	// RFC 5321 4.5.3.1.8: 100 recipients must be taken.
	c.number("smtp.limits.recipients", l.Recipients, 100, 50_000)
	c.number("smtp.limits.messages", l.Messages, 1, 1_000_000)
	c.number("smtp.limits.connections", l.Connections, 1, 100_000)
	c.number("smtp.limits.per_ip", l.PerIP, 1, 100_000)
	c.number("smtp.limits.errors", l.Errors, 1, 1000)
	c.number("smtp.limits.max_hops", l.MaxHops, 10, 100)
	c.between("smtp.limits.command_timeout", l.CommandTimeout, yamlfile.Duration(10*time.Second), yamlfile.Duration(time.Hour))
	c.between("smtp.limits.data_timeout", l.DataTimeout, yamlfile.Duration(10*time.Second), yamlfile.Duration(time.Hour))
	c.size("smtp.limits.min_rate", l.MinRate, 0, 1<<20)
}
