package extract

import "strings"

// maxMailboxes bounds the addresses read from one field.
const maxMailboxes = 5000

// parseMailboxes reads an address list (RFC 5322 3.4) as far as it goes: display names
// are decoded, groups are opened, comments dropped. It never fails, and validates nothing.
func parseMailboxes(s string) []Mailbox {
	var out []Mailbox
	var name, addr strings.Builder
	angle, seen := false, false
	flush := func() {
		m := Mailbox{Name: decodeWords(strings.TrimSpace(name.String())), Address: strings.TrimSpace(addr.String())}
		if !seen {
			m = Mailbox{Address: strings.TrimSpace(name.String())}
		}
		if m.Address != "" && len(out) < maxMailboxes {
			out = append(out, m)
		}
		name.Reset()
		addr.Reset()
		angle, seen = false, false
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"':
			n := quotedSpan(s[i:])
			if angle {
				addr.WriteString(s[i : i+n])
			} else {
				name.WriteString(quotedOrPlain(s[i:i+n], s[i+n:]))
			}
			i += n
			continue
		case c == '(':
			i += commentSpan(s[i:])
			continue
		case c == '<':
			angle, seen = true, true
		case c == '>':
			angle = false
		case c == ',' || c == ';':
			flush()
		case c == ':' && !angle && !seen && !strings.Contains(name.String(), "@"):
			name.Reset() // the name of a group
		case c == '\\' && !angle && i+1 < len(s): // what is escaped is shown without the mark
			i++
			if !seen {
				name.WriteByte(s[i])
			}
		case angle:
			addr.WriteByte(c)
		case !seen:
			name.WriteByte(c)
		}
		i++
	}
	flush()
	return out
}

// quotedOrPlain keeps the quotes of a local part ("a b"@x.example) and drops those of a
// display name.
func quotedOrPlain(q, rest string) string {
	if strings.HasPrefix(rest, "@") {
		return q
	}
	return withoutPairs(strings.TrimSuffix(q[1:], `"`))
}

func quotedSpan(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func commentSpan(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// addressAsides returns what a decoded list of addresses has besides names and addresses, one a line: comments, names of groups,
// local parts in quotes, text behind an address or behind a quote that is not closed. With phrases all that stands outside of
// angle brackets is given out.
func addressAsides(s string, phrases bool) string {
	var out, phrase strings.Builder
	angle, behind := false, false
	end := func(wanted bool) {
		if v := strings.TrimSpace(phrase.String()); wanted && v != "" {
			line(&out, v)
		}
		phrase.Reset()
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			n := quotedSpan(s[i:])
			open := n == 1 || s[i+n-1] != '"' || i+n == len(s) && strings.HasSuffix(s, `\"`)
			switch {
			case open, strings.HasPrefix(s[i+n:], "@"):
				line(&out, withoutPairs(strings.Trim(s[i:i+n], `"`)))
			case !angle:
				phrase.WriteString(withoutPairs(strings.TrimSuffix(s[i+1:i+n], `"`)))
			}
			i += n - 1
		case c == '(':
			n := commentSpan(s[i:])
			line(&out, withoutPairs(strings.TrimSuffix(s[i+1:i+n], ")")))
			i += n - 1
		case c == '<' && !angle:
			end(phrases || behind)
			angle = true
		case c == '>' && angle:
			angle, behind = false, true
		case angle:
		case c == ',' || c == ';':
			end(phrases || behind)
			behind = false
		case c == ':' && !strings.Contains(phrase.String(), "@"):
			end(true)
		case c == '\\' && i+1 < len(s):
			i++
			phrase.WriteByte(s[i])
		default:
			phrase.WriteByte(c)
		}
	}
	end(phrases || behind)
	return out.String()
}

// withoutPairs takes the marks of escaped characters away.
func withoutPairs(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
