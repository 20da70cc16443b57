package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf8"
)

// veil is a run of hidden columns, both ends included.
type veil struct{ from, to int }

// maxVeils bounds the runs of hidden columns of a sheet.
const maxVeils = 1000

// hiddenColumns notes columns that are hidden or have no width (ECMA-376 part 1, 18.3.1.13).
func (s *sheet) hiddenColumns(attrs []xml.Attr) {
	width, err := strconv.ParseFloat(attr(attrs, "width"), 64)
	if !isSet(attr(attrs, "hidden")) && (err != nil || width > 0.1) || len(s.veils) >= maxVeils {
		return
	}
	from, _ := strconv.Atoi(attr(attrs, "min"))
	to, _ := strconv.Atoi(attr(attrs, "max"))
	s.veils = append(s.veils, veil{from - 1, to - 1})
}

func (s *sheet) isVeiled(col int) bool {
	for _, v := range s.veils {
		if col >= v.from && col <= v.to {
			return true
		}
	}
	return false
}

// withoutHidden keeps the row once more, as it is shown without its hidden columns or below the row before it that is
// shown, if that brings digits together. The row begins at start in out.
func (s *sheet) withoutHidden(start int) {
	if len(s.veils) > 0 {
		s.shownCells()
	}
	if s.veiled {
		s.skipped = true
		return
	}
	if text := s.out.String(); s.skipped && meet(text[s.lastFrom:s.lastTo], text[start:]) {
		s.loosely(text[s.lastFrom:s.lastTo] + "\n" + text[start:])
	}
	s.skipped, s.lastFrom, s.lastTo = false, start, s.out.Len()
}

func (s *sheet) shownCells() {
	var shown []byte
	skipped, meets := false, false
	last := ""
	for _, c := range s.cells {
		if c.veiled {
			skipped = true
			continue
		}
		v := string(s.line[c.from:c.to])
		meets = meets || skipped && meet(last, v)
		skipped, last = false, v
		shown = append(append(shown, v...), '\t')
	}
	if meets {
		s.loosely(string(shown))
	}
}

// meet says whether two texts side by side bring digits together.
func meet(a, b string) bool {
	a, b = strings.TrimRight(a, "-+ \t"), strings.TrimLeft(b, "-+ \t")
	return a != "" && b != "" && digit(a[len(a)-1]) && digit(b[0])
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func headerOrFooter(name string) bool {
	switch name {
	case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter":
		return true
	}
	return false
}

// pageText keeps a header or footer of pages. How many digits behind an & are a size cannot be told for sure.
func (s *sheet) pageText(v string) {
	first := headerText(v, 2, s.title, s.file)
	s.loosely(first)
	for digits := 1; digits <= 3; digits += 2 {
		if other := headerText(v, digits, s.title, s.file); other != first {
			s.loosely(other)
		}
	}
}

// headerText is a header without its codes (ECMA-376 part 1, 18.3.1.46), its left, middle and right part side by side.
func headerText(v string, size int, title, file string) string {
	var out strings.Builder
	for v != "" {
		i := strings.IndexByte(v, '&')
		if i < 0 || i+1 == len(v) {
			out.WriteString(v)
			break
		}
		out.WriteString(v[:i])
		v = v[i+1:]
		c := v[0]
		if !digit(c) {
			_, n := utf8.DecodeRuneInString(v)
			v = v[n:]
		}
		switch c {
		case '&':
			out.WriteByte('&')
		case 'L', 'C', 'R':
			if out.Len() > 0 {
				out.WriteByte('\t')
			}
		case 'A':
			out.WriteString(title)
		case 'F':
			out.WriteString(file)
		case '"':
			_, v, _ = strings.Cut(v, `"`)
		case 'K':
			v = v[colorCode(v):]
		default:
			v = v[sizeCode(v, size, c):]
		}
	}
	return oneLine(out.String())
}

// sizeCode is the length of a size of letters at the start of v, if c, which introduces it, is a digit.
func sizeCode(v string, most int, c byte) int {
	if !digit(c) {
		return 0
	}
	n := 0
	for n < len(v) && digit(v[n]) {
		n++
	}
	if n > 3 { // it goes into the text
		n = most
	}
	return n
}

// colorCode is the length of a colour: RRGGBB, or 01+000 of the theme.
func colorCode(v string) int {
	n := 0
	for n < len(v) && n < 6 && (digit(v[n]) || v[n]|0x20 >= 'a' && v[n]|0x20 <= 'f' || n == 2 && (v[n] == '+' || v[n] == '-')) {
		n++
	}
	return n
}

// unescaped undoes _x0041_, which stands for a character that XML or a program did not want (ECMA-376 part 1, 22.9.2.19).
func unescaped(s string) string {
	i := strings.Index(s, "_x")
	if i < 0 {
		return s
	}
	var out strings.Builder
	for i >= 0 {
		out.WriteString(s[:i])
		s = s[i:]
		n := 1
		if len(s) >= 7 && s[6] == '_' {
			if r, err := strconv.ParseUint(s[2:6], 16, 16); err == nil && r > 0 && utf8.ValidRune(rune(r)) {
				out.WriteRune(rune(r))
				n = 7
			}
		}
		if n == 1 {
			out.WriteByte('_')
		}
		s = s[n:]
		i = strings.Index(s, "_x")
	}
	return out.String() + s
}
