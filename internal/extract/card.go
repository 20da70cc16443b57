package extract

import "strings"

// unfoldCalendar joins folded lines (RFC 5545 3.1, RFC 6350 3.2) and undoes escapes, also those of the older forms.
func unfoldCalendar(s string) string {
	s = unquoteCard(s)
	return strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "", `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s)
}

// unquoteCard undoes quoted-printable in property values that say so, as vCard 2.1 and vCalendar 1.0 (section 2.1.3 of
// both) and the address books that still write them have it: NOTE;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:...
func unquoteCard(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	for s != "" {
		line := firstLine(s)
		charset, encoded := quotedProperty(line)
		if !encoded {
			out.WriteString(line)
			s = s[len(line):]
			continue
		}
		name := strings.IndexByte(line, ':') + 1
		out.WriteString(line[:name])
		s = s[name:]
		var value []byte
		value, s = quotedLinesOf(s)
		r := decodeText(value, charset)
		out.WriteString(strings.Join(r.all(), "\n"))
	}
	return out.String()
}

const (
	quotedValue = "quoted-printable"
	maxProperty = 1 << 10 // of a property's name with its parameters; there is no need for more
)

// quotedProperty says whether the value of a property is in quoted-printable, and in which charset.
func quotedProperty(line string) (charset string, encoded bool) {
	name, _, ok := strings.Cut(line, ":")
	if !ok || len(name) > maxProperty {
		return "", false
	}
	for param := range strings.SplitSeq(name, ";") {
		key, value, _ := strings.Cut(param, "=")
		switch {
		case strings.EqualFold(key, "charset"):
			charset = value
		case strings.EqualFold(param, quotedValue), strings.EqualFold(key, "encoding") && strings.EqualFold(value, quotedValue):
			encoded = true
		}
	}
	return charset, encoded
}

// quotedLinesOf decodes lines up to the first one without a soft break, and returns what follows.
func quotedLinesOf(s string) (value []byte, rest string) {
	var d qpDecoder
	for s != "" {
		line := firstLine(s)
		value = d.decode(value, []byte(line))
		s = s[len(line):]
		if !strings.HasSuffix(strings.TrimRight(line, " \t\r\n"), "=") {
			break
		}
	}
	return d.flush(value), s
}

// firstLine is s up to and with its first line end.
func firstLine(s string) string { return s[:1+lineFeed(s)] }

func lineFeed(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s) - 1
}
