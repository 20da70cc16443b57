package pdf

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// What a [lexer] gives out: numbers are int, arrays []any; true, false, null and operators are words.
type (
	name string
	word string
	text string
	ref  struct{ num, gen int }
	dict struct {
		of   map[name]any
		keys []name // in order
		raw  []byte // as it stands in the file
	}
)

// maxNesting bounds arrays and dictionaries in each other.
const maxNesting = 64

// lexer reads objects (ISO 32000-1, 7.3). It forgives what readers forgive.
type lexer struct {
	b     []byte
	i     int
	depth int

	noting   bool // comments are kept
	comments [][]byte
}

func space(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func regular(c byte) bool { return !space(c) && bytes.IndexByte([]byte("()<>[]{}/%"), c) < 0 }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// skip passes over space and comments.
func (l *lexer) skip() {
	for l.i < len(l.b) {
		switch c := l.b[l.i]; {
		case space(c):
			l.i++
		case c == '%':
			from := l.i
			for l.i < len(l.b) && l.b[l.i] != '\n' && l.b[l.i] != '\r' {
				l.i++
			}
			if l.noting && len(l.comments) < maxObjects {
				l.comments = append(l.comments, l.b[from:l.i])
			}
		default:
			return
		}
	}
}

// ended says whether nothing is left: then the last value may be cut off.
func (l *lexer) ended() bool { return l.i >= len(l.b) }

// value reads one object; nil at the end.
func (l *lexer) value() any {
	l.skip()
	if l.ended() {
		return nil
	}
	switch c := l.b[l.i]; {
	case c == '/':
		return l.name()
	case c == '(':
		return l.literal()
	case c == '<' && l.at(1) == '<':
		return l.dict()
	case c == '<':
		return l.hex()
	case c == '[':
		return l.array()
	case digit(c):
		return l.number()
	}
	return l.word()
}

func (l *lexer) at(k int) byte {
	if l.i+k < len(l.b) {
		return l.b[l.i+k]
	}
	return 0
}

// word reads an operator, a number with a sign or a point, or one stray delimiter.
func (l *lexer) word() any {
	from := l.i
	for l.i < len(l.b) && regular(l.b[l.i]) {
		l.i++
	}
	if l.i == from {
		l.i++
	}
	return word(l.b[from:l.i])
}

func (l *lexer) name() any {
	l.i++
	from := l.i
	for l.i < len(l.b) && regular(l.b[l.i]) {
		l.i++
	}
	return name(unhash(l.b[from:l.i]))
}

// unhash undoes #xx in a name.
func unhash(b []byte) string {
	if bytes.IndexByte(b, '#') < 0 {
		return string(b)
	}
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] == '#' && i+2 < len(b) {
			if v, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(v))
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return string(out)
}

// number reads an integer, or a reference if that is what it begins.
func (l *lexer) number() any {
	from := l.i
	w, _ := l.word().(word)
	n, err := strconv.Atoi(string(w))
	if err != nil {
		return w
	}
	back := l.i
	l.skip()
	if gen, ok := l.integer(); ok {
		l.skip()
		if l.at(0) == 'R' && (l.i+1 == len(l.b) || !regular(l.at(1))) {
			l.i++
			return ref{n, gen}
		}
	}
	l.i = max(back, from+1)
	return n
}

func (l *lexer) integer() (int, bool) {
	from := l.i
	for l.i < len(l.b) && l.i-from < 10 && digit(l.b[l.i]) {
		l.i++
	}
	n, err := strconv.Atoi(string(l.b[from:l.i]))
	return n, err == nil
}

func (l *lexer) literal() any {
	var out []byte
	open := 1
	for l.i++; l.i < len(l.b); l.i++ {
		switch c := l.b[l.i]; c {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				l.i++
				return text(out)
			}
		case '\\':
			out = l.escape(out)
			continue
		}
		out = append(out, l.b[l.i])
	}
	return text(out)
}

// escape reads what follows a backslash and stops on its last byte (ISO 32000-1, 7.3.4.2).
func (l *lexer) escape(out []byte) []byte {
	l.i++
	switch c := l.at(0); c {
	case 'n', 'r', 't', 'b', 'f':
		return append(out, map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}[c])
	case '\r':
		if l.at(1) == '\n' {
			l.i++
		}
		return out
	case '\n':
		return out
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v := c - '0'
		for k := 0; k < 2 && l.at(1) >= '0' && l.at(1) <= '7'; k++ {
			l.i++
			v = v<<3 | (l.at(0) - '0') // what is over is dropped
		}
		return append(out, v)
	default:
		return append(out, c)
	}
}

func (l *lexer) hex() any {
	var out []byte
	half, high := false, byte(0)
	for l.i++; l.i < len(l.b); l.i++ {
		c := l.b[l.i]
		if c == '>' {
			l.i++
			break
		}
		v := hexValue(c)
		switch {
		case v > 15:
		case half:
			out, half = append(out, high|v), false
		default:
			high, half = v<<4, true
		}
	}
	if half {
		out = append(out, high)
	}
	return text(out)
}

// hexValue is over 15 for what is no hexadecimal digit.
func hexValue(c byte) byte {
	switch {
	case digit(c):
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}

func (l *lexer) array() any {
	l.i++
	var out []any
	if l.depth++; l.depth > maxNesting {
		l.i = len(l.b)
	}
	defer func() { l.depth-- }()
	for {
		l.skip()
		if l.ended() {
			return out
		}
		if l.at(0) == ']' {
			l.i++
			return out
		}
		if l.at(0) == '>' && l.at(1) == '>' { // the array was never closed
			return out
		}
		out = append(out, l.value())
	}
}

func (l *lexer) dict() any {
	from := l.i
	l.i += 2
	d := dict{of: map[name]any{}}
	if l.depth++; l.depth > maxNesting {
		l.i = len(l.b)
	}
	defer func() { l.depth-- }()
	for {
		l.skip()
		if l.ended() || l.at(0) == '>' {
			l.i = min(l.i+2, len(l.b))
			d.raw = l.b[from:l.i]
			return d
		}
		switch k := l.value().(type) {
		case name:
			l.skip()
			if l.at(0) != '>' || l.at(1) != '>' {
				if _, twice := d.of[k]; !twice {
					d.keys = append(d.keys, k)
				}
				d.of[k] = l.value()
			}
		case word:
			if k == "endobj" || k == "stream" { // the dictionary was never closed
				l.i -= len(k)
				d.raw = l.b[from:l.i]
				return d
			}
		}
	}
}

// plain undoes the encoding of a text string (ISO 32000-2, 7.9.2.2).
func (t text) plain() string {
	s := string(t)
	switch {
	case len(s) > 1 && s[:2] == "\xfe\xff":
		var u []uint16
		for i := 2; i+1 < len(s); i += 2 {
			u = append(u, uint16(s[i])<<8|uint16(s[i+1]))
		}
		return string(utf16.Decode(u))
	case len(s) > 2 && s[:3] == "\xef\xbb\xbf":
		s = s[3:]
	}
	if utf8.ValidString(s) {
		return s
	}
	var r []rune // PDFDocEncoding is Latin-1 where it matters
	for _, c := range []byte(s) {
		r = append(r, rune(c))
	}
	return string(r)
}
