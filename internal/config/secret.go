package config

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	"sigill/internal/yamlfile"
)

// redacted is what a Secret shows of itself, whoever asks.
const redacted = "[redacted]"

// maxSecret is the longest secret file that is read, in bytes.
const maxSecret = 64 << 10

// Secret is a value that never shows itself in logs, errors or dumps. Its zero value is no secret.
type Secret struct{ value string }

// NewSecret keeps value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal is the value itself, for the one place that uses it.
func (s Secret) Reveal() string { return s.value }

// IsZero says whether there is no secret.
func (s Secret) IsZero() bool { return s.value == "" }

// String is "[redacted]", or nothing when there is no secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format keeps the value out of every verb of package fmt, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue keeps the value out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps the value out of JSON and its like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalYAMLFile takes a string. No error quotes it.
func (s *Secret) UnmarshalYAMLFile(n *yamlfile.Node) error {
	var value string
	if err := n.Decode(&value); err != nil {
		return err
	}
	s.value = value
	return nil
}

// secret is one secret of the file: the value, the key that names a file for it, and both their paths.
type secret struct {
	key     string
	value   *Secret
	file    *string
	literal bool // may be written out, because it need not hold a secret at all
}

// secrets lists every secret of the file.
func (c *Config) secrets() []secret {
	list := []secret{
		{key: "relay.next_hop.password", value: &c.Relay.NextHop.Password, file: &c.Relay.NextHop.PasswordFile},
		{key: "relay.inbound.password", value: &c.Relay.Inbound.Password, file: &c.Relay.Inbound.PasswordFile},
		{key: "store.url", value: &c.Store.URL, file: &c.Store.URLFile, literal: true},
		{key: "sms.twilio.auth_token", value: &c.SMS.Twilio.AuthToken, file: &c.SMS.Twilio.AuthTokenFile},
	}
	for i := range c.SMTP.Networks {
		guard := &c.SMTP.Networks[i].Guard
		list = append(list, secret{key: fmt.Sprintf("smtp.networks[%d].guard.secret", i), value: &guard.Secret, file: &guard.SecretFile})
	}
	return list
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} in secrets, and refuses secrets that are written out in the file.
func (c *Config) expand(lookup func(string) (string, bool)) error {
	check := &checker{places: c.places}
	for _, s := range c.secrets() {
		text := s.value.value
		switch {
		case text != "" && *s.file != "":
			check.fault(s.key, "give either this or %s_file", last(s.key))
		case text != "" && !s.literal && !variable.MatchString(text):
			check.fault(s.key, "do not write a secret here; put it in a file and name that with %s_file, or write ${NAME} to take it from the environment", last(s.key))
		}
		s.value.value = variable.ReplaceAllStringFunc(text, func(use string) string {
			name := use[2 : len(use)-1]
			value, found := lookup(name)
			if !found || value == "" {
				check.fault(s.key, "the environment variable %s is not set", name)
			}
			return value
		})
	}
	return check.problems.Err()
}

// readSecrets fills the secrets that live in files of their own; one line end at their end is not part of them.
func (c *Config) readSecrets() error {
	check := &checker{places: c.places}
	for _, s := range c.secrets() {
		if *s.file == "" {
			continue
		}
		data, err := readFile(*s.file, maxSecret)
		value := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
		switch {
		case err != nil:
			check.fault(s.key+"_file", "%v", err)
		case value == "":
			check.fault(s.key+"_file", "%s is empty", *s.file)
		case strings.ContainsAny(value, "\r\n\x00"):
			check.fault(s.key+"_file", "%s holds more than one line", *s.file)
		}
		s.value.value = value
	}
	return check.problems.Err()
}

// last is the part of a dotted path behind its last dot.
func last(path string) string { return path[strings.LastIndex(path, ".")+1:] }
