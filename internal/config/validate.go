package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sigill/internal/yamlfile"
)

// checker gathers what is wrong, each with its key and place.
type checker struct {
	places   yamlfile.Positions
	problems yamlfile.Errors
}

// fault adds a problem. The text says what to do; it never quotes a secret.
func (c *checker) fault(key, format string, args ...any) {
	problem := c.places.At(key).Errorf(format, args...)
	problem.Key = key
	c.problems = append(c.problems, problem)
}

// need refuses an empty required value; what says what belongs there.
func (c *checker) need(key, value, what string) bool {
	if value == "" {
		c.fault(key, "is required: %s", what)
		return false
	}
	return true
}

// line refuses text that would break out of a header field or a log line.
func (c *checker) line(key, value string) {
	if strings.ContainsFunc(value, unicode.IsControl) {
		c.fault(key, "must be one line without control characters")
	}
}

// oneOf refuses a word that is none of known, and names the nearest.
func oneOf[T ~string](c *checker, key string, value T, known ...T) {
	if slices.Contains(known, value) {
		return
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	near, found := yamlfile.Nearest(string(value), words)
	if !found {
		c.fault(key, "must be one of %s, not %q", strings.Join(words, ", "), string(value))
		return
	}
	c.fault(key, "must be one of %s, not %q; did you mean %q?", strings.Join(words, ", "), string(value), near)
}

// between refuses a length of time outside its limits, which are part of it.
func (c *checker) between(key string, value, least, most yamlfile.Duration) {
	if value < least || value > most {
		c.fault(key, "must be from %s to %s, not %s", least, most, value)
	}
}

// number refuses a number outside its limits, which are part of it.
func (c *checker) number(key string, value, least, most int) {
	if value < least || value > most {
		c.fault(key, "must be from %d to %d, not %d", least, most, value)
	}
}

// size refuses a number of bytes outside its limits, which are part of it.
func (c *checker) size(key string, value, least, most yamlfile.Size) {
	if value < least || value > most {
		c.fault(key, "must be from %s to %s, not %s", least, most, value)
	}
}

// listen refuses what cannot be listened on.
func (c *checker) listen(key, value string) {
	if !c.need(key, value, "host:port, such as 127.0.0.1:9025, or :port for every address") {
		return
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		c.fault(key, "%q is not host:port, such as 127.0.0.1:9025 or :25", value)
		return
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
		c.fault(key, "%q: give the address to listen on as an IP address, or nothing for every address", value)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		c.fault(key, "%q: the port must be a number up to 65535", value)
	}
}

// loopback says whether only this machine can reach a listener.
func loopback(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// hostname refuses what is not a full host name.
func (c *checker) hostname(key, value, what string) {
	if c.need(key, value, what) && !isDomain(value) {
		c.fault(key, "%q is not a full host name, such as gateway.example.org", value)
	}
}

// domains refuses what is not a list of different domains.
func (c *checker) domains(key string, list []string) {
	for i, domain := range list {
		at := fmt.Sprintf("%s[%d]", key, i)
		switch {
		case strings.Contains(domain, "@"):
			c.fault(at, "%q is an address; give the domain only, the part behind the @", domain)
		case !isDomain(domain):
			c.fault(at, "%q is not a domain", domain)
		case slices.ContainsFunc(list[:i], func(other string) bool { return strings.EqualFold(other, domain) }):
			c.fault(at, "%q is listed twice", domain)
		}
	}
}

// isDomain says whether s is a domain of at least two labels; letters of every script are fine (RFC 5890), a final dot
// is not.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > 253 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}) {
			return false
		}
	}
	return true
}

// isAddress says whether s is a plain address such as anna@example.org: no name, no quotes.
func isAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && isLocalPart(local) && isDomain(domain)
}

// isLocalPart says whether s can stand before the @ unquoted (RFC 5321 4.1.2 Dot-string, RFC 6531 3.3).
func isLocalPart(s string) bool {
	if s == "" || len(s) > 64 || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`()<>[]:;@\,"`, r)
	})
}

func (c *checker) address(key, value, what string) {
	if c.need(key, value, what) && !isAddress(value) {
		c.fault(key, "%q is not an address such as anna@example.org", value)
	}
}

func (c *checker) addresses(key string, list []string) {
	for i, value := range list {
		c.address(fmt.Sprintf("%s[%d]", key, i), value, "an address")
	}
}

// patterns refuses what is neither an address nor one with * for any run of characters on either side of the @.
func (c *checker) patterns(key string, list []string) {
	for i, value := range list {
		filled := strings.ReplaceAll(value, "*", "x")
		if strings.HasSuffix(value, "@*") {
			filled += ".test"
		}
		if !isAddress(filled) {
			c.fault(fmt.Sprintf("%s[%d]", key, i), "%q is not an address; * may stand for any characters, as in noreply@* or *@scan.example.org", value)
		}
	}
}

// page refuses what is not the https address of a page; an empty one is fine.
func (c *checker) page(key, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		c.fault(key, "%q must be a web address that begins with https://", value)
	}
}

// pair refuses one of a certificate and its key without the other.
func (c *checker) pair(key string, tls TLS) {
	if (tls.Cert == "") != (tls.Key == "") {
		c.fault(key, "needs both cert and key")
	}
}

// location is a time zone by its IANA name.
func location(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("unknown time zone %q", name)
	}
	return time.LoadLocation(name)
}
