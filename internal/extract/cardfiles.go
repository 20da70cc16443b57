package extract

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
)

// calendar reads iCalendar (RFC 5545) and vCard (RFC 6350): their text, and the files and HTML that are values in them.
func (w *walker) calendar(f *leaf, text string) {
	rest, values := cardValues(text)
	w.segment(f.where, f.kind, f.att, unfoldCalendar(rest))
	for i := range values {
		v := &values[i]
		if v.html != "" {
			w.markup(f, v.html, f.kind)
			continue
		}
		if w.plain {
			w.needs = true
			return
		}
		if !w.entry(f) {
			return
		}
		w.entryName(f, v.file)
		name := v.file
		if name == "" {
			name = v.property + strconv.Itoa(i+1)
		}
		u := &unpacker{w: w, where: f.where, r: bytes.NewReader(v.data), ratio: &ratio{packed: int64(len(v.data))}}
		w.file(f, name, u, true) // a portrait is no finding
	}
}

// cardValue is the value of a property that is more than text of its own.
type cardValue struct {
	property string // in lower case, without its group
	file     string // name of the file
	base64   bool
	data     []byte // decoded
	html     string
}

var (
	unfolder   = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "")
	unescaper  = strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`)
	blankTaker = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", `\`, "", "=", "")
)

// cardValues takes what is in base64 out of a calendar or an address book, and finds what is HTML. What cannot be decoded
// stays in the text.
func cardValues(s string) (rest string, values []cardValue) {
	low := strings.ToLower(unfolder.Replace(s))
	if !strings.Contains(low, "base64") && !strings.Contains(low, "encoding=b") && !strings.Contains(low, "text/html") {
		return s, nil
	}
	var out strings.Builder
	for s != "" {
		raw := wholeProperty(s)
		s = s[len(raw):]
		v, value := cardProperty(unfolder.Replace(raw))
		if v.html != "" {
			values = append(values, v)
		}
		if !v.base64 {
			out.WriteString(raw)
			continue
		}
		more := ""
		if strings.TrimSpace(value) == "" {
			more = base64Block(s)
		}
		data, err := base64.RawStdEncoding.DecodeString(blankTaker.Replace(value + more))
		if err != nil {
			out.WriteString(raw)
			continue
		}
		s = s[len(more):]
		v.data = data
		if !v.key() {
			values = append(values, v)
		}
	}
	return out.String(), values
}

// wholeProperty is s up to the end of its first line, with the lines that go on with it (RFC 5545 3.1).
func wholeProperty(s string) string {
	n := 0
	for {
		n += len(firstLine(s[n:]))
		if n == len(s) || s[n] != ' ' && s[n] != '\t' {
			return s[:n]
		}
	}
}

// base64Block is what s begins with that can be base64: vCard 2.1 programs write it in lines of its own, mostly but not always
// folded, up to an empty line.
func base64Block(s string) string {
	n := 0
	for n < len(s) {
		line := firstLine(s[n:])
		if bare := strings.TrimSpace(line); bare == "" || strings.ContainsFunc(bare, notBase64) {
			break
		}
		n += len(line)
	}
	return s[:n]
}

func notBase64(r rune) bool {
	return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && r != '+' && r != '/' && r != '='
}

// cardProperty reads the parameters of a property, and returns its value in base64 if it has one.
func cardProperty(line string) (v cardValue, value string) {
	colon := outsideQuotes(line, ':')
	if colon < 0 {
		return v, ""
	}
	head, value := line[:colon], line[colon+1:]
	for i := 0; head != ""; i++ {
		param := head
		if end := outsideQuotes(head, ';'); end >= 0 {
			param, head = head[:end], head[end+1:]
		} else {
			head = ""
		}
		key, arg, _ := strings.Cut(strings.ToLower(param), "=")
		switch {
		case i == 0:
			v.property = key[strings.LastIndexByte(key, '.')+1:]
		case key == "base64", key == "encoding" && (arg == "b" || arg == "base64"):
			v.base64 = true
		case key == "fmttype" && strings.Trim(arg, `"`) == "text/html":
			v.html = value
		case strings.HasSuffix(key, "filename"): // RFC 8607 4.1, X-FILENAME, X-APPLE-FILENAME
			v.file = strings.Trim(param[len(key)+1:], `"`)
		}
	}
	if kind, data, ok := strings.Cut(value, ","); ok && len(kind) < maxProperty { // RFC 2397, as vCard 4.0 has it
		if kind = strings.ToLower(kind); strings.HasPrefix(kind, "data:") && strings.HasSuffix(strings.TrimSuffix(kind, `\`), ";base64") {
			v.base64, value = true, data
		}
	}
	if v.base64 {
		v.html = ""
	}
	v.html = unescaper.Replace(v.html)
	return v, value
}

// outsideQuotes finds a character that is not in the quoted value of a parameter, or -1.
func outsideQuotes(s string, c byte) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == c && !quoted:
			return i
		}
	}
	return -1
}

// key says whether the value is a public key or certificate of a contact: no text, and of no kind that can be opened.
func (v *cardValue) key() bool {
	c := sniff(v.data[:min(len(v.data), sniffLen)], "", "").class
	return v.property == "key" && (c == asOther || c == asCMS)
}
