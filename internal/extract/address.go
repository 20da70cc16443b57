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
	v, _ := quotedString(q)
	return v
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
