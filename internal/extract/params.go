package extract

import (
	"sort"
	"strconv"
	"strings"
)

// maxParams bounds the parameters of one field.
const maxParams = 200

// media is the value of Content-Type or Content-Disposition with its parameters.
type media struct {
	Type   string // lower case, "text/plain" or "attachment"
	params []param
	Odd    bool // not written as RFC 2045 5.1 says, or a parameter stands twice
	loose  bool // a parameter stands twice, or a boundary or a charset is cut or encoded as RFC 2231 says, which few programs undo
}

type param struct{ name, value string }

// get returns the first parameter of that (lower-case) name.
func (m *media) get(name string) string {
	for i := range m.params {
		if m.params[i].name == name {
			return m.params[i].value
		}
	}
	return ""
}

// all returns every value of a parameter.
func (m *media) all(name string) []string {
	var out []string
	for i := range m.params {
		if m.params[i].name == name {
			out = append(out, m.params[i].value)
		}
	}
	return out
}

// parseMedia reads a type with parameters, tolerantly: values with blanks need no
// quotes, comments are skipped, RFC 2231 parts are joined, encoded words (which are not
// allowed here but common) are decoded.
func parseMedia(s string) media {
	head, rest, _ := strings.Cut(s, ";")
	m := media{Type: strings.ToLower(strings.TrimSpace(head))}
	if i := strings.IndexAny(m.Type, " \t("); i >= 0 {
		m.Odd = m.Odd || m.Type[i] != '(' && !strings.HasPrefix(strings.TrimSpace(m.Type[i:]), "(")
		m.Type = m.Type[:i]
	}
	var pieces []param
	for rest != "" && len(pieces) < maxParams {
		var p param
		var odd bool
		p, rest, odd = nextParam(rest)
		m.Odd = m.Odd || odd
		if p.name != "" {
			m.loose = m.loose || stands(pieces, p.name)
			pieces = append(pieces, p)
		}
	}
	m.Odd = m.Odd || rest != ""
	m.join(pieces)
	return m
}

// stands says whether there is a parameter of that name, as written.
func stands(pieces []param, name string) bool {
	for i := range pieces {
		if pieces[i].name == name {
			return true
		}
	}
	return false
}

// proper says whether the type is written as type/subtype (RFC 2045 5.1).
func (m *media) proper() bool {
	top, sub, ok := strings.Cut(m.Type, "/")
	return ok && token(top) && token(sub)
}

func token(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// nextParam reads up to the next semicolon outside quotes.
func nextParam(s string) (p param, rest string, odd bool) {
	s = strings.TrimLeft(s, " \t\r\n;")
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return param{}, "", strings.TrimSpace(s) != "" && !strings.HasPrefix(s, "(")
	}
	if s[i] == ';' {
		return param{}, s[i+1:], true
	}
	p.name = strings.ToLower(strings.TrimSpace(s[:i]))
	s = strings.TrimLeft(s[i+1:], " \t\r\n")
	if strings.HasPrefix(s, `"`) {
		p.value, s = quotedString(s)
		after, r, _ := strings.Cut(s, ";")
		after = strings.TrimSpace(after)
		return p, r, after != "" && after[0] != '('
	}
	value, rest, _ := strings.Cut(s, ";")
	p.value = strings.TrimSpace(value)
	if j := strings.Index(p.value, " ("); j >= 0 && strings.HasSuffix(p.value, ")") && !strings.Contains(p.name, "name") {
		p.value = p.value[:j]
	}
	return p, rest, strings.ContainsAny(p.value, " \t") && !strings.HasSuffix(p.name, "name")
}

// quotedString reads a quoted string (RFC 5322 3.2.4). A backslash counts only before a
// quote or a backslash: some programs put Windows paths here.
func quotedString(s string) (value, rest string) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return unslash(s[1:i]), s[i+1:]
		case '\\':
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				i++
			}
		}
	}
	return unslash(s[1:]), ""
}

func unslash(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s)
}

// section is one part of a parameter value cut in pieces (RFC 2231 3).
type section struct {
	n       int
	value   string
	encoded bool
}

// join puts the parameters together, sections included.
func (m *media) join(pieces []param) {
	var split map[string][]section
	for _, p := range pieces {
		base, n, encoded, ok := sectionName(p.name)
		if !ok {
			m.add(p.name, paramValue(p.name, p.value))
			continue
		}
		if split == nil {
			split = map[string][]section{}
		}
		split[base] = append(split[base], section{n, p.value, encoded})
	}
	for _, p := range pieces { // in the order written
		base, _, _, ok := sectionName(p.name)
		if secs := split[base]; ok && secs != nil {
			m.add(base, joinSections(secs))
			m.Odd = m.Odd || base == "boundary" // few programs join it
			m.loose = m.loose || base == "boundary" || base == "charset"
			delete(split, base)
		}
	}
}

// paramValue decodes the words of a file name. Anywhere else they stand for themselves.
func paramValue(name, v string) string {
	if strings.HasSuffix(name, "name") {
		return decodeWords(v)
	}
	return validHeader(v)
}

func (m *media) add(name, value string) {
	for i := range m.params {
		if m.params[i].name == name && m.params[i].value != value && name != "filename" && name != "name" {
			m.Odd = true
		}
	}
	m.params = append(m.params, param{name, value})
}

// sectionName takes name*0*, name*0 and name* apart.
func sectionName(s string) (base string, n int, encoded, ok bool) {
	base, rest, ok := strings.Cut(s, "*")
	if !ok {
		return s, 0, false, false
	}
	if rest == "" {
		return base, 0, true, true
	}
	rest, encoded = strings.CutSuffix(rest, "*")
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 {
		return s, 0, false, false
	}
	return base, n, encoded, true
}

func joinSections(secs []section) string {
	sort.SliceStable(secs, func(i, j int) bool { return secs[i].n < secs[j].n })
	charset := ""
	var raw []byte
	for i, sec := range secs {
		v := sec.value
		if sec.encoded && i == 0 {
			if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
				charset, v = parts[0], parts[2]
			}
		}
		if sec.encoded {
			raw = appendUnpercent(raw, v)
		} else {
			raw = append(raw, v...)
		}
	}
	return decodeWords(decodeText(raw, charset).Text)
}

func appendUnpercent(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			dst = append(dst, byte(unhex(s[i+1])<<4|unhex(s[i+2]))) //nolint:gosec // two hexadecimal digits make one octet
			i += 2
			continue
		}
		dst = append(dst, s[i])
	}
	return dst
}
