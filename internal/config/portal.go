package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sigill/internal/yamlfile"
)

// Portal is the web face.
type Portal struct {
	Listen string `yaml:"listen"`
	// BaseURL is what links begin with; recipients know the gateway by it.
	BaseURL string `yaml:"base_url"`
	// TLS is for a portal that recipients reach directly.
	TLS TLS `yaml:"tls"`
	// TrustedProxies may say who the client is (X-Forwarded-For) and that TLS ended with them.
	TrustedProxies []Proxy `yaml:"trusted_proxies"`
	// SessionIdle ends a session that nobody uses, SessionLife any.
	SessionIdle yamlfile.Duration `yaml:"session_idle"`
	SessionLife yamlfile.Duration `yaml:"session_life"`
}

// Admin is for machines: /healthz, /readyz and /metrics.
type Admin struct {
	Listen string `yaml:"listen"`
}

// Proxy is a range of addresses; in the file it may be one address.
type Proxy struct{ netip.Prefix }

// UnmarshalYAMLFile takes an address or a range.
func (p *Proxy) UnmarshalYAMLFile(n *yamlfile.Node) error {
	var text string
	if err := n.Decode(&text); err != nil {
		return err
	}
	prefix, err := parsePrefix(text)
	if err != nil {
		return n.Errorf("%q %v", text, err)
	}
	p.Prefix = prefix
	return nil
}

// Proxies is TrustedProxies as plain ranges.
func (p Portal) Proxies() []netip.Prefix {
	list := make([]netip.Prefix, len(p.TrustedProxies))
	for i, proxy := range p.TrustedProxies {
		list[i] = proxy.Prefix
	}
	return list
}

func defaultPortal() Portal {
	return Portal{Listen: "127.0.0.1:8080", SessionIdle: yamlfile.Duration(30 * time.Minute), SessionLife: yamlfile.Duration(8 * time.Hour)}
}

func (p *Portal) fill() { p.BaseURL = strings.TrimRight(p.BaseURL, "/") }

func (p Portal) validate(c *checker) {
	c.listen("portal.listen", p.Listen)
	p.validateBaseURL(c)
	c.pair("portal.tls", p.TLS)
	if p.TLS.IsZero() && len(p.TrustedProxies) == 0 && !loopback(p.Listen) {
		c.fault("portal.listen", "%s would be open without TLS; set portal.tls, or list the proxy that has it in portal.trusted_proxies", p.Listen)
	}
	c.between("portal.session_idle", p.SessionIdle, yamlfile.Duration(time.Minute), yamlfile.Duration(12*time.Hour))
	c.between("portal.session_life", p.SessionLife, max(p.SessionIdle, yamlfile.Duration(time.Minute)), yamlfile.Duration(24*time.Hour))
}

// validateBaseURL takes https, and http only for this machine: cookies of the portal are Secure, which browsers grant to
// loopback alone without TLS.
func (p Portal) validateBaseURL(c *checker) {
	if !c.need("portal.base_url", p.BaseURL, "what links to the portal begin with, such as https://secure.example.org") {
		return
	}
	u, err := url.Parse(p.BaseURL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		c.fault("portal.base_url", "%q is not a web address such as https://secure.example.org", p.BaseURL)
		return
	}
	local := loopback(net.JoinHostPort(u.Hostname(), "0"))
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		c.fault("portal.base_url", "must begin with https://")
	}
	if strings.Trim(u.Path, "/") != "" {
		c.fault("portal.base_url", "must be a host without a path: the portal's cookies belong to the whole host")
	}
}
