package extract

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// activeContent is the wording for a file that runs a script where it is opened.
const activeContent = "active content: a script can show anything"

// scripts are the programs in a document. Only a file that is opened by itself runs them: mail programs do not.
type scripts struct {
	text   strings.Builder // one behind the other
	active bool
}

// add takes the text of a script.
func (s *scripts) add(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	s.active = true
	s.text.WriteString(text)
	s.text.WriteByte('\n')
}

// attribute takes an attribute that holds a script: a handler of events, or an address that is one.
func (s *scripts) attribute(key, val string) {
	if handler(key) && strings.TrimSpace(val) != "" {
		s.add(val)
		return
	}
	code, ok := scriptURL(val)
	if !ok {
		return
	}
	switch strings.Trim(code, "; \t\r\n") {
	case "", "void(0)", "void 0", "void(null)", "return false":
		return // what does nothing
	}
	s.add(code)
}

// data takes what stands in the place of a script and is not run.
func (s *scripts) data(text string) {
	s.text.WriteString(text)
	s.text.WriteByte('\n')
}

// handler says whether an attribute is called as those that hold handlers are.
func handler(key string) bool {
	if len(key) < 5 || key[0]|0x20 != 'o' || key[1]|0x20 != 'n' {
		return false
	}
	for i := 2; i < len(key); i++ {
		if c := key[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// scriptURL returns the script of an address that is one. Browsers pass over blanks and controls in its scheme.
func scriptURL(val string) (code string, ok bool) {
	const longest = 64
	scheme, code, ok := strings.Cut(val[:min(len(val), longest)], ":")
	if !ok || len(scheme) < len("vbscript") {
		return "", false
	}
	scheme = strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, scheme))
	if scheme != "javascript" && scheme != "vbscript" {
		return "", false
	}
	code = val[len(val[:min(len(val), longest)])-len(code):]
	if plain, err := url.PathUnescape(code); err == nil {
		code = plain
	}
	return code, true
}

// dataBlock says whether a type of script is one that is not run (HTML 4.12.1): descriptions of the page for search engines,
// templates and the like.
func dataBlock(typ string) bool {
	typ, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(typ)), ";")
	switch typ = strings.TrimSpace(typ); typ {
	case "application/json", "importmap", "speculationrules", "text/html", "text/template", "text/plain":
		return true
	}
	return strings.HasSuffix(typ, "+json") || strings.HasPrefix(typ, "text/x-") && !strings.Contains(typ, "script")
}

// scripts gives out what the scripts of a file hold, and that they can show anything. It returns files that are written into them, as
// addresses that begin with "data:".
func (w *walker) scripts(f *leaf, s *scripts) []string {
	if f.shown || mailMarkup(f.media.Type) && f.disp != "attachment" {
		return nil
	}
	text := s.text.String()
	w.segment(f.where, Hidden, f.att, text)
	l := scriptStrings(text)
	w.segment(f.where, Hidden, f.att, l.text.String())
	g := &fragments{limit: int(w.lim.Text)}
	for _, v := range l.markup {
		g.add(v)
	}
	w.readFragments(f, g)
	if s.active {
		w.unreadable(f.where, Unsupported, activeContent)
	}
	return append(l.files, g.files...)
}

// mailMarkup says whether a type is one of those that mail programs show as the message, besides HTML itself.
func mailMarkup(t string) bool {
	switch t {
	case "text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext":
		return true
	}
	return false
}

// literals are the strings of a script, those that are put together as one.
type literals struct {
	text   strings.Builder
	markup []string
	files  []string
	cur    strings.Builder // the present one
	list   strings.Builder // the present list of them
	number strings.Builder // the last ones in a row that are pieces of a number, which variables may put together
	pieces int             // of it
}

// scriptStrings reads a script for its strings, as far as they are constant (ECMAScript 12.9.4).
func scriptStrings(src string) *literals {
	l := &literals{}
	joined := false // only signs that put strings together since the last one
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '"' || c == '\'' || c == '`':
			n := scriptString(src[i:])
			if !joined {
				l.flush()
			}
			inner := unescapeScript(strings.TrimSuffix(src[i+1:i+n], string(c)))
			l.cur.WriteString(inner)
			l.list.WriteString(inner)
			joined = true
			i += n
		case strings.HasPrefix(src[i:], "/*"):
			_, rest, _ := strings.Cut(src[i+2:], "*/")
			i = len(src) - len(rest)
		case strings.HasPrefix(src[i:], "//"):
			n := strings.IndexByte(src[i:], '\n')
			if n < 0 {
				n = len(src) - i
			}
			i += n
		case c <= ' ' || c == '+' || c == '(' || c == ')' || c == '&':
			i++
		case c >= '0' && c <= '9':
			n := l.codes(src[i:])
			joined = joined && n == 0
			i += max(n, 1)
		case strings.HasPrefix(src[i:], ".concat"):
			i += len(".concat")
		case c == ',':
			joined = false
			i++
		case strings.HasPrefix(src[i:], "].join"):
			l.flush()
			l.take(l.list.String())
			l.list.Reset()
			i += len("].join")
		default:
			joined = false
			l.list.Reset()
			i++
		}
	}
	l.flush()
	l.numbers()
	return l
}

// piece takes a string for a number that is put together out of variables.
func (l *literals) piece(s string) {
	if strings.Trim(s, "0123456789-+./ ") != "" {
		l.numbers()
		return
	}
	l.number.WriteString(s)
	l.pieces++
}

// numbers ends a number.
func (l *literals) numbers() {
	if l.pieces > 1 {
		line(&l.text, l.number.String())
	}
	l.number.Reset()
	l.pieces = 0
}

// scriptString is where the string that begins at s[0] ends, its quotes included. Only one in backquotes goes on over lines.
func scriptString(s string) int {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == s[0]:
			return i + 1
		case c == '\n' && s[0] != '`':
			return i
		}
	}
	return len(s)
}

// codes reads a list of numbers as the characters that they stand for, as String.fromCharCode has them, and returns its length.
func (l *literals) codes(s string) int {
	const fewest, digits = 4, 7
	var out strings.Builder
	count, at := 0, 0
	for at < len(s) {
		n := 0
		for n < digits && at+n < len(s) && (isHex(s[at+n]) || s[at+n]|0x20 == 'x') {
			n++
		}
		v, err := strconv.ParseUint(s[at:at+n], 0, 32)
		if err != nil || v > utf8.MaxRune || v < ' ' && v != '\n' && v != '\t' && v != '\r' {
			break
		}
		out.WriteRune(rune(v))
		count++
		at += n
		k := at
		for k < len(s) && (s[k] <= ' ' || s[k] == ',') {
			k++
		}
		if k == at {
			break
		}
		at = k
	}
	if count >= fewest {
		l.flush()
		l.take(out.String())
	}
	return at
}

// flush ends a string.
func (l *literals) flush() {
	s := l.cur.String()
	if s == "" {
		return
	}
	l.take(s)
	l.cur.Reset()
}

// smallestFile is the fewest letters of base64 that are read as a file of a known kind.
const smallestFile = 64

// take keeps a string, and what it is when decoded.
func (l *literals) take(s string) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	l.piece(s)
	line(&l.text, s)
	l.markup = append(l.markup, s)
	if strings.IndexByte(s, '%') >= 0 {
		l.plain(unescapeURL(s))
	}
	if !base64Like(s) {
		return
	}
	d := dataURL{data: s, base64: true}
	b := d.decode(len(s))
	if len(s) >= smallestFile {
		if found := sniff(b[:min(len(b), sniffLen)], "", ""); found.class != asOther && found.class != asText {
			l.files = append(l.files, "data:;base64,"+s)
			return
		}
	}
	if printable(b) && utf8.Valid(b) {
		l.plain(string(b))
	}
}

// plain keeps the text that a string stands for.
func (l *literals) plain(s string) {
	line(&l.text, strings.ToValidUTF8(s, "\uFFFD"))
	l.markup = append(l.markup, s)
}

// base64Like says whether a string could be base64 of some text.
func base64Like(s string) bool {
	const fewest = 8
	if len(s) < fewest {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; base64Value(c) < 0 && c != '=' && c != '-' && c != '_' && c > ' ' {
			return false
		}
	}
	return true
}

// unescapeScript undoes the escapes of a string (ECMAScript 12.9.4.1).
func unescapeScript(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\`)
		out.WriteString(before)
		if !ok || rest == "" {
			return out.String()
		}
		r, n := scriptEscape(rest)
		if utf16.IsSurrogate(r) && strings.HasPrefix(rest[n:], `\u`) {
			if low, k := scriptEscape(rest[n+1:]); utf16.IsSurrogate(low) {
				r, n = utf16.DecodeRune(r, low), n+1+k
			}
		}
		if r >= 0 {
			out.WriteRune(r)
		}
		s = rest[n:]
	}
}

// scriptEscape reads what follows a backslash. The character is negative for a line end.
func scriptEscape(s string) (r rune, n int) {
	hex := func(from, to int) (rune, int) {
		if to <= len(s) {
			if v, err := strconv.ParseUint(s[from:to], 16, 32); err == nil && v <= utf8.MaxRune {
				return rune(v), to
			}
		}
		return rune(s[0]), 1
	}
	switch c := s[0]; {
	case c == 'n':
		return '\n', 1
	case c == 't':
		return '\t', 1
	case c == 'x':
		return hex(1, 3)
	case c == 'u' && len(s) > 1 && s[1] == '{':
		const longest = 10
		end := strings.IndexByte(s[:min(len(s), longest)], '}')
		if end < 0 {
			return 'u', 1
		}
		if r, n = hex(2, end); n == end {
			n++
		}
		return r, n
	case c == 'u':
		return hex(1, 5)
	case c >= '0' && c <= '7':
		n = 1
		most := 3
		if c > '3' {
			most = 2
		}
		for n < most && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(s[:n], 8, 16)
		return rune(v), n
	case c == '\n':
		return -1, 1
	case c == '\r':
		if strings.HasPrefix(s, "\r\n") {
			return -1, 2
		}
		return -1, 1
	}
	return utf8.DecodeRuneInString(s)
}

// join takes what another reader of the same document found.
func (s *scripts) join(o *scripts) {
	s.active = s.active || o.active
	s.text.WriteString(o.text.String())
}

// program is what the inside of the element that is read is to a browser.
type program uint8

const (
	none program = iota
	data         // in the place of a script, but not run
	runs
)
