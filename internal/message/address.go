package message

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Address is a mailbox as SMTP carries it (RFC 5321 4.1.2, RFC 6531 3.3), parsed,
// so that it is always written anew and never passed on as typed. The zero value is
// the null sender <>.
type Address struct {
	local  string // without quotes or escapes
	domain string // lower case, A-labels for a domain name, or an address literal with brackets
}

// Limits of RFC 5321 4.5.3.1, in octets.
const (
	maxLocal  = 64
	maxDomain = 255
)

// ErrAddress is wrapped by every error of [ParseAddress].
var ErrAddress = errors.New("address")

// ParseAddress reads local@domain, without angle brackets, routes or comments. The
// local part may be a dot-atom or a quoted string, in UTF-8. An empty string is the
// null sender.
func ParseAddress(s string) (Address, error) {
	if s == "" {
		return Address{}, nil
	}
	if !utf8.ValidString(s) {
		return Address{}, fmt.Errorf("%w: not UTF-8", ErrAddress)
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 {
		return Address{}, fmt.Errorf("%w: want local@domain", ErrAddress)
	}
	local, err := parseLocal(s[:at])
	if err != nil {
		return Address{}, err
	}
	domain, err := parseDomain(s[at+1:])
	if err != nil {
		return Address{}, err
	}
	return Address{local: local, domain: domain}, nil
}

func parseLocal(s string) (string, error) {
	quoted := len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"'
	if quoted {
		var err error
		if s, err = unquote(s[1 : len(s)-1]); err != nil {
			return "", err
		}
	}
	if s == "" || len(s) > maxLocal {
		return "", fmt.Errorf("%w: the part before @ must have 1 to %d octets", ErrAddress, maxLocal)
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return "", fmt.Errorf("%w: control character before @", ErrAddress)
		}
	}
	if !quoted && !dotAtom(s) {
		return "", fmt.Errorf("%w: character before @ that needs quotes", ErrAddress)
	}
	return norm.NFC.String(s), nil
}

func unquote(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) {
				return "", fmt.Errorf("%w: backslash at the end of the quoted part", ErrAddress)
			}
		case '"':
			return "", fmt.Errorf("%w: quote inside the quoted part", ErrAddress)
		}
		b.WriteByte(s[i])
	}
	return b.String(), nil
}

// dotAtom says whether s is a Dot-string of RFC 5321 4.1.2 or its UTF-8 form.
func dotAtom(s string) bool {
	if s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if r < 0x80 && !atext(r) && r != '.' || unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

func atext(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", c)
}

// profile maps a domain to lower-case A-labels as a look-up would (UTS 46).
var profile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.Transitional(false))

// ParseDomain returns a domain name in lower-case A-labels.
func ParseDomain(s string) (string, error) {
	if strings.HasPrefix(s, "[") {
		return "", fmt.Errorf("%w: an address literal is not a domain", ErrAddress)
	}
	return parseDomain(s)
}

func parseDomain(s string) (string, error) {
	if strings.HasPrefix(s, "[") {
		return parseLiteral(s)
	}
	d, err := profile.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil || d == "" || len(d) > maxDomain || strings.Contains(d, "..") {
		return "", fmt.Errorf("%w: not a domain name after @", ErrAddress)
	}
	for label := range strings.SplitSeq(d, ".") {
		if label == "" || len(label) > 63 {
			return "", fmt.Errorf("%w: not a domain name after @", ErrAddress)
		}
	}
	return d, nil
}

func parseLiteral(s string) (string, error) {
	if len(s) < 3 || len(s) > maxDomain || s[len(s)-1] != ']' {
		return "", fmt.Errorf("%w: unfinished address literal", ErrAddress)
	}
	for i := 1; i < len(s)-1; i++ {
		c := s[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == ':' || c == '-') {
			return "", fmt.Errorf("%w: character in the address literal", ErrAddress)
		}
	}
	return strings.ToLower(s), nil
}

// IsNull says that this is the null sender <>.
func (a Address) IsNull() bool { return a.domain == "" }

// Local returns the part before @, unquoted and with its case kept.
func (a Address) Local() string { return a.local }

// Domain returns the part after @: lower-case A-labels, or a literal in brackets.
func (a Address) Domain() string { return a.domain }

// DisplayDomain returns the domain with U-labels, for people.
func (a Address) DisplayDomain() string {
	u, err := idna.Display.ToUnicode(a.domain)
	if err != nil {
		return a.domain
	}
	return u
}

// String returns local@domain as SMTP takes it, quoted when it must be. The null
// sender is "".
func (a Address) String() string {
	if a.IsNull() {
		return ""
	}
	if dotAtom(a.local) {
		return a.local + "@" + a.domain
	}
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	return `"` + r.Replace(a.local) + `"@` + a.domain
}

// Key returns the form under which an address is looked up and compared: lower case
// throughout. RFC 5321 2.4 allows a local part to depend on case; no mailbox in use does.
func (a Address) Key() string { return strings.ToLower(a.String()) }

// NeedsUTF8 says that the address can only travel with SMTPUTF8 (RFC 6531).
func (a Address) NeedsUTF8() bool {
	for i := range len(a.local) {
		if a.local[i] >= 0x80 {
			return true
		}
	}
	return false
}

// Masked shows the first and last sign of the local part, the first of the domain
// and the top-level domain: k••••••n@e•••••••.example.
func (a Address) Masked() string {
	if a.IsNull() {
		return ""
	}
	name, top := a.domain, ""
	if dot := strings.LastIndexByte(a.domain, '.'); dot > 0 {
		name, top = a.domain[:dot], a.domain[dot:]
	}
	return maskWord(a.local, true) + "@" + maskWord(name, false) + top
}

func maskWord(s string, keepLast bool) string {
	r := []rune(s)
	if len(r) < 3 {
		return string(r[:1]) + "••"
	}
	if !keepLast {
		return string(r[:1]) + strings.Repeat("•", len(r)-1)
	}
	return string(r[:1]) + strings.Repeat("•", len(r)-2) + string(r[len(r)-1:])
}

// LogValue keeps addresses out of logs; a caller that may log them uses String.
func (a Address) LogValue() slog.Value { return slog.StringValue("[address]") }

// MarshalText implements [encoding.TextMarshaler].
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *Address) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAddress(string(b))
	return err
}
