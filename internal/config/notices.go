package config

import (
	"slices"
	"strings"
)

// Notices is how the gateway signs its own mail: notices, codes, questions to senders.
type Notices struct {
	// From is the address in From. By default secure-mail@ in the first of the organisation's domains.
	From string `yaml:"from"`
	// BounceDomain is where answers to the gateway's own mail come back, at b+...: by default the domain of From.
	BounceDomain string `yaml:"bounce_domain"`
}

func (n *Notices) fill(o Organisation) {
	if n.From == "" && len(o.Domains) > 0 {
		n.From = "secure-mail@" + o.Domains[0]
	}
	if n.BounceDomain == "" {
		n.BounceDomain = domainOf(n.From)
	}
}

func (n Notices) validate(c *checker, o Organisation) {
	if len(o.Domains) == 0 {
		return // said already, and the address is made from them
	}
	c.address("notices.from", n.From, "the address of the gateway's own mail")
	if isAddress(n.From) && !within(n.From, o.Domains) {
		c.fault("notices.from", "must be an address in organisation.domains, or the gateway's own mail will not be believed")
	}
	if !isDomain(n.BounceDomain) {
		c.fault("notices.bounce_domain", "%q is not a domain; give one whose mail for b+... reaches the gateway", n.BounceDomain)
	}
}

// domainOf is the part of an address behind its last @.
func domainOf(address string) string { return address[strings.LastIndex(address, "@")+1:] }

// within says whether an address lies in one of the domains.
func within(address string, domains []string) bool {
	return slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, domainOf(address)) })
}
