package extract

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// styleStrings returns the strings of a style sheet that could be shown (CSS Content 3:
// `content: "text"`), one a line, with escapes undone (CSS Syntax 4.3.7); strings side by
// side are one. It is empty when the sheet shows nothing. Names of fonts come with them:
// to tell them apart would need a parser as forgiving as that of a browser.
func styleStrings(sheet string) string {
	if !showsStrings(sheet) {
		return ""
	}
	var out strings.Builder
	end := 0 // of the last string
	for i := 0; i < len(sheet); {
		switch c := sheet[i]; {
		case strings.HasPrefix(sheet[i:], "/*"):
			_, rest, _ := strings.Cut(sheet[i+2:], "*/")
			i = len(sheet) - len(rest)
		case c == '"' || c == '\'':
			n := styleString(sheet[i:])
			if s := unescapeStyle(sheet[i+1 : i+n]); s != "" && !inURL(sheet[:i]) {
				if out.Len() > 0 && strings.TrimSpace(sheet[end:i]) != "" {
					out.WriteByte('\n')
				}
				out.WriteString(s)
			}
			i = min(i+n+1, len(sheet))
			end = i
		case c == '\\':
			i += 2
		default:
			i++
		}
	}
	return out.String()
}

// showsStrings says whether a property could be `content` or another one that shows strings, also one written with escapes.
func showsStrings(sheet string) bool {
	lower := strings.ToLower(unescapeStyle(sheet))
	if strings.Contains(lower, "@counter-style") {
		return true
	}
	for _, name := range [...]string{"content", "list-style", "list-style-type", "quotes", "text-overflow", "hyphenate-character"} {
		if declares(lower, name) {
			return true
		}
	}
	return false
}

func declares(lower, name string) bool {
	for at := 0; ; {
		i := strings.Index(lower[at:], name)
		if i < 0 {
			return false
		}
		at += i + len(name)
		rest := strings.TrimLeft(lower[at:], " \t\r\n\f")
		if strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "/*") {
			return true
		}
	}
}

// styleString is where the string that begins at s[0] ends: at its quote, at the end of
// its line, or at the end of the sheet.
func styleString(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0], '\n':
			return i
		}
	}
	return len(s)
}

// inURL says whether a string is the address in url("…").
func inURL(before string) bool {
	before = strings.TrimRight(before[max(0, len(before)-20):], " \t\r\n")
	return len(before) >= 4 && strings.EqualFold(before[len(before)-4:], "url(")
}

// unescapeStyle undoes escapes: up to six hexadecimal digits and a blank, a line end that
// continues a string, any other character for itself.
func unescapeStyle(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\`)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		n := 0
		for n < len(rest) && n < 6 && isHex(rest[n]) {
			n++
		}
		switch {
		case n > 0:
			v, _ := strconv.ParseInt(rest[:n], 16, 32)
			out.WriteRune(rune(v)) // WriteRune puts U+FFFD for what is no character
			rest = rest[n:]
			if rest != "" && strings.IndexByte(" \t\n\f", rest[0]) >= 0 {
				rest = rest[1:]
			}
		case strings.HasPrefix(rest, "\r\n"):
			rest = rest[2:]
		case strings.HasPrefix(rest, "\n"):
			rest = rest[1:]
		case rest != "":
			_, size := utf8.DecodeRuneInString(rest)
			out.WriteString(rest[:size])
			rest = rest[size:]
		}
		s = rest
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
