package config

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/yamlfile"
)

func TestNetworks(t *testing.T) {
	t.Parallel()
	const text = `
- 192.0.2.10
- 2001:db8::/32
- "::ffff:192.0.2.11"
- cidr: 10.0.0.0/8
  foreign: allow
  normalize: true
- cidr: 40.107.0.0/16
  guard: {header: X-Guard, secret_file: guard}
- cidr: 52.100.0.0/14
  client_cert: {name: mail.protection.outlook.com, tenant: id, tenant_header: X-Tenant}
`
	var got []Network
	if err := yamlfile.Decode("f", []byte(text), &got); err != nil {
		t.Fatal(err)
	}
	prefix := netip.MustParsePrefix
	want := []Network{
		{CIDR: prefix("192.0.2.10/32"), Foreign: RefuseForeign},
		{CIDR: prefix("2001:db8::/32"), Foreign: RefuseForeign},
		{CIDR: prefix("192.0.2.11/32"), Foreign: RefuseForeign},
		{CIDR: prefix("10.0.0.0/8"), Foreign: AllowForeign, Normalize: true},
		{CIDR: prefix("40.107.0.0/16"), Foreign: RefuseForeign, Guard: Guard{Header: "X-Guard", SecretFile: "guard"}},
		{CIDR: prefix("52.100.0.0/14"), Foreign: RefuseForeign, ClientCert: ClientCert{Name: "mail.protection.outlook.com", Tenant: "id", TenantHeader: "X-Tenant"}},
	}
	same := cmp.Options{
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
		cmp.Comparer(func(a, b Secret) bool { return a == b }),
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Error(diff)
	}
	check := &checker{}
	SMTP{Hostname: "a.test", Listen: []string{":25"}, TLS: ServerTLS{TLS: TLS{Cert: "c", Key: "k"}}, Networks: got}.validateNetworks(check)
	if len(check.problems) > 0 {
		t.Errorf("refused: %v", check.problems)
	}
}

func TestSharedCloud(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"40.92.0.0/15":         "Microsoft 365",
		"40.93.1.2/32":         "Microsoft 365",
		"52.103.255.255/32":    "Microsoft 365",
		"104.47.127.0/24":      "Microsoft 365",
		"2a01:111:f403::1/128": "Microsoft 365",
		"209.85.220.41/32":     "Google",
		"2607:f8b0:4864::/48":  "Google",
		"0.0.0.0/0":            "Microsoft 365",
		"::/0":                 "Microsoft 365",
		"40.94.0.0/32":         "",
		"104.47.128.0/32":      "",
		"10.0.0.0/8":           "",
		"192.168.0.0/16":       "",
		"fd00::/8":             "",
	} {
		if got, shared := SharedCloud(netip.MustParsePrefix(text)); got != want || shared != (want != "") {
			t.Errorf("SharedCloud(%s) = %q, want %q", text, got, want)
		}
	}
	for _, c := range sharedClouds() {
		for _, text := range c.prefixes {
			if prefix, err := netip.ParsePrefix(text); err != nil || prefix != prefix.Masked() {
				t.Errorf("%s: %q is no range", c.name, text)
			}
		}
	}
}

func TestHop(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, address, host string
		implicit            bool
	}{
		{"smtp://mail.example.test", "mail.example.test:25", "mail.example.test", false},
		{"smtp://mail.example.test:587", "mail.example.test:587", "mail.example.test", false},
		{"smtps://mail.example.test", "mail.example.test:465", "mail.example.test", true},
		{"smtps://[2001:db8::1]:1465", "[2001:db8::1]:1465", "2001:db8::1", true},
		{"{url: 'smtp://127.0.0.1:2525', tls: none}", "127.0.0.1:2525", "127.0.0.1", false},
	}
	for _, tt := range tests {
		var hop Hop
		if err := yamlfile.Decode("f", []byte(tt.text), &hop); err != nil {
			t.Fatal(err)
		}
		if hop.Address() != tt.address || hop.Host() != tt.host || hop.ImplicitTLS() != tt.implicit {
			t.Errorf("%s: %s, %s, %v", tt.text, hop.Address(), hop.Host(), hop.ImplicitTLS())
		}
	}
	broken := Hop{URL: "smtp://[::1"}
	if broken.Address() != "" || broken.Host() != "" || !(Hop{}).IsZero() {
		t.Error("a broken hop has an address")
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	var portal Portal
	if err := yamlfile.Decode("f", []byte("trusted_proxies: [127.0.0.1, 10.0.0.0/8]"), &portal); err != nil {
		t.Fatal(err)
	}
	got := portal.Proxies()
	if len(got) != 2 || got[0].String() != "127.0.0.1/32" || got[1].String() != "10.0.0.0/8" {
		t.Errorf("got %v", got)
	}
}

func TestAddressForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"anna@example.test": true, "o'brien+x@sub.example.test": true, "åsa@örebro.test": true,
		"": false, "anna": false, "@example.test": false, "anna@": false, "anna@localhost": false, "a@b@c.test": false,
		".a@example.test": false, "a..b@example.test": false, "a b@example.test": false, "a\n@example.test": false,
		"anna@example.test.": false, "anna@-a.test": false, "anna@[192.0.2.1]": false, "a\u2028@example.test": false,
	} {
		if got := isAddress(text); got != want {
			t.Errorf("isAddress(%q) = %v", text, got)
		}
	}
}
