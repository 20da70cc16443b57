package config

import (
	"net/netip"
	"regexp"

	"sigill/internal/yamlfile"
)

// Network is a range of client addresses that may send without a password. In the file it is a range alone, or a map
// with settings. Where ranges overlap, the settings of the smallest hold.
type Network struct {
	CIDR netip.Prefix `yaml:"-"`
	// Foreign says what happens to mail whose sender lies outside the organisation's domains: mail that the
	// organisation forwards from outside has such a sender.
	Foreign Foreign `yaml:"foreign"`
	// Normalize repairs bare CR and LF instead of refusing them, for old scanners and fax servers. It changes bytes, so
	// it breaks signatures.
	Normalize bool `yaml:"normalize"`
	// Guard and ClientCert tell this organisation's mail from that of others who share the network.
	Guard      Guard      `yaml:"guard"`
	ClientCert ClientCert `yaml:"client_cert"`
}

// Foreign is what happens to mail from outside the organisation's domains.
type Foreign string

// What can happen; the empty value refuses.
const (
	RefuseForeign Foreign = "refuse"
	AllowForeign  Foreign = "allow"
)

// Guard is a header field with a secret that the organisation's mail server adds; the gateway compares it and takes it
// out of every copy.
type Guard struct {
	Header     string `yaml:"header"`
	Secret     Secret `yaml:"secret"`
	SecretFile string `yaml:"secret_file"`
}

// IsZero says whether there is no guard.
func (g Guard) IsZero() bool { return g.Header == "" && g.Secret.IsZero() && g.SecretFile == "" }

// ClientCert is the certificate that clients of the network must show. In a cloud that many share it proves the cloud
// only, so there a tenant is needed too.
type ClientCert struct {
	// Name is a DNS name in the certificate.
	Name string `yaml:"name"`
	// Tenant is the organisation's own id, and TenantHeader the field that the cloud writes it into.
	Tenant       string `yaml:"tenant"`
	TenantHeader string `yaml:"tenant_header"`
}

// IsZero says whether no certificate is asked for.
func (c ClientCert) IsZero() bool { return c == ClientCert{} }

// UnmarshalYAMLFile takes "192.0.2.0/24", one address, or a map with cidr and settings.
func (n *Network) UnmarshalYAMLFile(node *yamlfile.Node) error {
	type plain Network
	settings := struct {
		CIDR  string `yaml:"cidr,required"`
		Plain plain  `yaml:",inline"`
	}{Plain: plain{Foreign: RefuseForeign}}
	if node.Kind() == yamlfile.Map {
		if err := node.Decode(&settings); err != nil {
			return err
		}
	} else if err := node.Decode(&settings.CIDR); err != nil {
		return err
	}
	prefix, err := parsePrefix(settings.CIDR)
	if err != nil {
		at := node
		if inner := node.Get("cidr"); inner != nil {
			at = inner
		}
		return at.Errorf("%q %v", settings.CIDR, err)
	}
	*n = Network(settings.Plain)
	n.CIDR = prefix
	return nil
}

// errPrefix is an error whose text goes behind the quoted value.
type errPrefix string

func (e errPrefix) Error() string { return string(e) }

// parsePrefix reads an address range, or an address as the range of itself.
func parsePrefix(s string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(s); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, errPrefix("is not an address or a range, such as 192.0.2.10 or 192.0.2.0/24")
	}
	if prefix != prefix.Masked() {
		return netip.Prefix{}, errPrefix("has bits behind its mask; did you mean " + prefix.Masked().String() + "?")
	}
	return prefix, nil
}

var (
	headerForm = regexp.MustCompile(`^[!-9;-~]{1,64}$`) // RFC 5322 3.6.8
	// tokenForm keeps guards and tenants comparable as they stand in a header field.
	tokenForm = regexp.MustCompile(`^[!-~]{1,200}$`)
)

// minGuard is the least length of a guard's secret: 16 characters chosen by chance cannot be guessed.
const minGuard = 16

func (n Network) validate(c *checker, key string, tls bool) {
	if n.Foreign != "" {
		oneOf(c, key+".foreign", n.Foreign, RefuseForeign, AllowForeign)
	}
	n.Guard.validate(c, key+".guard")
	n.ClientCert.validate(c, key+".client_cert", tls)
	cloud, shared := SharedCloud(n.CIDR)
	if !shared || !n.Guard.IsZero() {
		return
	}
	switch {
	case n.ClientCert.IsZero():
		c.fault(key, "%s holds addresses of %s, which other customers send from too; add a guard, or a client_cert with a tenant", n.CIDR, cloud)
	case n.ClientCert.Tenant == "":
		c.fault(key+".client_cert", "the certificate of %s proves nothing about whose mail it is; add the tenant, or a guard", cloud)
	}
}

func (g Guard) validate(c *checker, key string) {
	if g.IsZero() {
		return
	}
	if c.need(key+".header", g.Header, "the header field that your mail server adds, such as X-Sigill-Guard") && !headerForm.MatchString(g.Header) {
		c.fault(key+".header", "%q is not the name of a header field", g.Header)
	}
	if g.Secret.IsZero() && g.SecretFile == "" {
		c.fault(key+".secret_file", "is required: a file with the secret that your mail server puts in the field")
	}
	g.validateSecret(c, key)
}

// validateSecret refuses a secret that can be guessed; one in a file is checked once it was read.
func (g Guard) validateSecret(c *checker, key string) {
	if !g.Secret.IsZero() && (len(g.Secret.value) < minGuard || !tokenForm.MatchString(g.Secret.value)) {
		c.fault(key+".secret", "must be at least %d letters and digits chosen by chance", minGuard)
	}
}

func (cert ClientCert) validate(c *checker, key string, tls bool) {
	if cert.IsZero() {
		return
	}
	if !tls {
		c.fault(key, "needs smtp.tls.cert and smtp.tls.key")
	}
	c.hostname(key+".name", cert.Name, "a DNS name in the certificate, such as mail.protection.outlook.com")
	if (cert.Tenant == "") != (cert.TenantHeader == "") {
		c.fault(key+".tenant", "goes together with tenant_header, the field that the cloud writes it into")
		return
	}
	if cert.Tenant != "" && (!tokenForm.MatchString(cert.Tenant) || !headerForm.MatchString(cert.TenantHeader)) {
		c.fault(key+".tenant", "must be the id as it stands in the field, and tenant_header the field's name")
	}
}
