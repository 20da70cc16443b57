package relay

import (
	"errors"
	"strings"

	"sigill/internal/message"
)

// Limits on what a hop may say.
const (
	maxReplyLine  = 4096 // octets; RFC 5321 4.5.3.1.5 says 512
	maxReplyLines = 100
	maxText       = 300 // octets that are kept
)

var errGarbled = errors.New("the next server's reply cannot be understood")

// reply is what a hop said (RFC 5321 4.2).
type reply struct {
	code   int
	status string // enhanced status code, "" if there was none (RFC 2034)
	text   string // without it; lines joined by spaces, as sent otherwise
	lines  int
}

// add reads one line with its end and says whether it is the last.
func (r *reply) add(line []byte) (bool, error) {
	line = trimEnd(line)
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return false, errGarbled
	}
	code := 0
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return false, errGarbled
		}
		code = code*10 + int(c-'0')
	}
	if code < 200 || code > 599 || r.lines > 0 && code != r.code || r.lines >= maxReplyLines {
		return false, errGarbled
	}
	r.code = code
	r.lines++
	if len(line) > 4 {
		r.words(string(line[4:]))
	}
	return len(line) == 3 || line[3] == ' ', nil
}

func (r *reply) words(s string) {
	if status, rest := splitStatus(s, r.code); status != "" {
		r.status, s = status, rest
	}
	if s = strings.TrimSpace(s); s == "" || len(r.text) > maxText {
		return
	}
	if r.text != "" {
		r.text += " "
	}
	r.text += s
}

func trimEnd(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// splitStatus takes an enhanced status code off the front of a reply's text. Its class
// must be that of the code (RFC 2034 4).
func splitStatus(s string, code int) (status, rest string) {
	word, rest, _ := strings.Cut(s, " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 || len(parts[0]) != 1 || int(parts[0][0]-'0') != code/100 {
		return "", s
	}
	for _, p := range parts[1:] {
		if p == "" || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return "", s
		}
	}
	return word, rest
}

func (r reply) positive() bool     { return r.code/100 == 2 }
func (r reply) intermediate() bool { return r.code/100 == 3 }

// closing says that the hop ends the connection (RFC 5321 3.8).
func (r reply) closing() bool { return r.code == 421 }

// message is the reply in the form that may be kept and shown.
func (r reply) message() message.Reply {
	m := message.Reply{Code: r.code, Status: r.status, Text: clean(r.text)}
	if m.Status == "" {
		m.Status = string(rune('0'+r.code/100)) + ".0.0" //nolint:gosec // a reply has three digits
	}
	return m
}

// clean makes a hop's words fit to be kept: one line of printable ASCII without e-mail
// addresses, of bounded length.
func clean(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '@' {
			plain = false
			break
		}
	}
	if !plain {
		s = strings.Map(func(c rune) rune {
			switch {
			case c == '\t':
				return ' '
			case c < ' ' || c == 0x7f:
				return -1
			case c > '~':
				return '?'
			}
			return c
		}, s)
		s = withoutAddresses(s)
	}
	return cut(s)
}

// withoutAddresses replaces every run of signs around an @ that could be an address, a
// quoted local part with spaces included.
func withoutAddresses(s string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(s, '@')
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		from := at
		if from > 0 && s[from-1] == '"' {
			from = max(strings.LastIndexByte(s[:from-1], '"'), 0)
		}
		for from > 0 && !strings.ContainsRune(" <>()[],;:", rune(s[from-1])) {
			from--
		}
		to := at + 1
		for to < len(s) && !strings.ContainsRune(" <>(),;", rune(s[to])) {
			to++
		}
		b.WriteString(s[:from])
		b.WriteString("[address]")
		s = s[to:]
	}
}

func cut(s string) string {
	if len(s) > maxText {
		return s[:maxText-3] + "..."
	}
	return s
}
