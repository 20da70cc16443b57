package extract

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// numFormat is a number format code (ECMA-376 part 1, 18.8.31).
type numFormat struct {
	parts   []formatSection // for numbers
	texts   *formatSection  // for text, or nil
	spelled bool            // digits are written into it
	dated   bool            // it shows a date or a time
}

// formatSection is what a format does with some of the values.
type formatSection struct {
	tokens  []formatToken
	op      string // of its condition
	bound   float64
	spelled bool
	dated   bool
	counted bool // it has places for digits
	isText  bool // it has a place for text
}

// formatToken is a piece of a section.
type formatToken struct {
	kind byte // one of the constants, or the letter of a placeholder or of a part of a date
	text string
}

// Kinds of tokens that have no letter of their own in a format. Upper case letters are spans of time: [h].
const (
	literalToken = '"'
	generalToken = 'G'
	minuteToken  = 'i'
	halfToken    = 'a'
)

// maxFormat bounds a format; Excel allows 255 characters.
const maxFormat = 2000

// speaks says whether the format shows something other than the digits of a number.
func (f *numFormat) speaks() bool { return f.spelled || f.dated }

// parseFormat reads a format code.
func parseFormat(code string) *numFormat {
	f := &numFormat{}
	code = code[:min(len(code), maxFormat)]
	var list []formatSection
	var s formatSection
	for code != "" && len(list) < 4 {
		if code[0] == ';' {
			list = append(list, s.settled())
			s, code = formatSection{}, code[1:]
			continue
		}
		code = code[s.take(code):]
	}
	if len(list) < 4 {
		list = append(list, s.settled())
	}
	for i := range list {
		f.spelled = f.spelled || list[i].spelled
		f.dated = f.dated || list[i].dated
	}
	if n := len(list) - 1; n == 3 || list[n].isText {
		f.texts = &list[n]
		if n > 0 {
			list = list[:n]
		}
	}
	f.parts = list
	return f
}

// take reads one token of code, which is not empty, and returns its length.
func (s *formatSection) take(code string) int {
	switch c := code[0]; c {
	case '"':
		n := strings.IndexByte(code[1:], '"')
		if n < 0 {
			n = len(code) - 1
		}
		s.literal(code[1 : 1+n])
		return min(n+2, len(code))
	case '\\', '!':
		_, n := utf8.DecodeRuneInString(code[1:])
		s.literal(code[1 : 1+n])
		return 1 + n
	case '_', '*': // a gap as wide as a character, a character that fills the cell
		_, n := utf8.DecodeRuneInString(code[1:])
		if c == '_' {
			s.literal(" ")
		}
		return 1 + n
	case '[':
		return s.bracket(code)
	case '0', '#', '?', '.', ',', '%', '@':
		s.add(c, code[:1])
		return 1
	}
	if n := s.word(code); n > 0 {
		return n
	}
	_, n := utf8.DecodeRuneInString(code)
	s.literal(code[:n])
	return n
}

// word reads what letters mean: parts of a date, halves of a day, the general form.
func (s *formatSection) word(code string) int {
	for _, w := range [...]struct {
		text string
		kind byte
	}{{"general", generalToken}, {"standard", generalToken}, {"am/pm", halfToken}, {"a/p", halfToken}, {"e+", 'E'}, {"e-", 'E'}} {
		if len(code) >= len(w.text) && strings.EqualFold(code[:len(w.text)], w.text) {
			s.add(w.kind, code[:len(w.text)])
			return len(w.text)
		}
	}
	c := code[0] | 0x20
	if strings.IndexByte("ymdhse", c) < 0 {
		return 0
	}
	n := 1
	for n < len(code) && code[n]|0x20 == c {
		n++
	}
	s.add(c, code[:n])
	return n
}

// bracket reads a condition, a currency, a span of time; colours and the like show nothing.
func (s *formatSection) bracket(code string) int {
	n := strings.IndexByte(code, ']')
	if n < 0 {
		return len(code)
	}
	switch in := code[1:n]; {
	case in == "":
	case in[0] == '$':
		in = in[1:]
		if i := strings.LastIndexByte(in, '-'); i >= 0 {
			s.literal(in[:i])
			if i > 0 && strings.Trim(in[i:], "-") == "" { // what belongs to no country is a dash
				s.literal("-")
			}
		} else {
			s.literal(in)
		}
	case strings.IndexByte("<>=", in[0]) >= 0:
		op := in[:len(in)-len(strings.TrimLeft(in, "<>="))]
		s.op = op
		s.bound, _ = strconv.ParseFloat(strings.TrimSpace(in[len(op):]), 64)
	case strings.Trim(strings.ToLower(in), in[:1]) == "" && strings.IndexByte("hms", in[0]|0x20) >= 0:
		s.add(in[0]&^0x20, in)
	}
	return n + 1
}

func (s *formatSection) literal(text string) {
	s.spelled = s.spelled || strings.ContainsAny(text, "0123456789")
	s.add(literalToken, text)
}

func (s *formatSection) add(kind byte, text string) {
	s.tokens = append(s.tokens, formatToken{kind, text})
	s.isText = s.isText || kind == '@'
}

// settled returns the section when all of it was read: what its letters mean depends on the others.
func (s *formatSection) settled() formatSection {
	var last byte // the part of a date before
	letters, zeros := false, false
	for i := range s.tokens {
		t := &s.tokens[i]
		switch t.kind {
		case '#', '?', '@', generalToken:
			s.counted = true
		case '0':
			s.counted = s.counted || !zeros && last != 's' && last != 'S'
			zeros = true
		case 'm':
			if len(t.text) <= 2 && (last == 'h' || last == 'H') {
				t.kind = minuteToken
			}
			letters, last = true, t.kind
		case 's', 'S':
			for j := i - 1; j >= 0; j-- {
				if k := &s.tokens[j]; k.kind == 'm' && len(k.text) <= 2 {
					k.kind = minuteToken
				}
				if s.tokens[j].kind != literalToken {
					break
				}
			}
			letters, last = true, t.kind
		case 'y', 'd', 'h', 'e', 'H', 'M', halfToken:
			letters, last = true, t.kind
		}
	}
	s.dated = letters && !s.counted
	return *s
}

// words is what is written into a format, a section a line.
func (f *numFormat) words() string {
	var out strings.Builder
	list := f.parts
	if f.texts != nil {
		list = append(list[:len(list):len(list)], *f.texts)
	}
	for i := range list {
		for _, t := range list[i].tokens {
			if t.kind == literalToken {
				out.WriteString(t.text)
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// text shows a text.
func (f *numFormat) text(v string) string {
	if f.texts == nil || !f.texts.spelled {
		return v
	}
	var out strings.Builder
	for _, t := range f.texts.tokens {
		switch t.kind {
		case '@':
			out.WriteString(v)
		case literalToken:
			out.WriteString(t.text)
		}
	}
	if !f.texts.isText && v != "" { // it stands in the cell all the same
		out.WriteString("\t" + v)
	}
	return out.String()
}

// number shows a number that is written plainly. What is hidden or cannot be shown stays as it is.
func (f *numFormat) number(v string, from04 bool) string {
	x, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return v
	}
	s, signed := f.section(x)
	if s == nil || len(s.tokens) == 0 {
		return v
	}
	if s.dated {
		if shown, ok := s.date(x, from04); ok {
			return shown
		}
		return v
	}
	shown := s.count(strings.TrimPrefix(v, "-"))
	if x < 0 && signed {
		return "-" + shown
	}
	return shown
}

// section returns what a number is shown by, and whether it keeps its sign.
func (f *numFormat) section(x float64) (*formatSection, bool) {
	list := f.parts
	conditions := false
	for i := range list {
		conditions = conditions || list[i].op != ""
	}
	switch {
	case len(list) == 0:
		return nil, false
	case conditions:
		for i := range list {
			if list[i].holds(x) {
				return &list[i], true
			}
		}
		return nil, false
	case x < 0 && len(list) > 1:
		return &list[1], false
	case x == 0 && len(list) > 2:
		return &list[2], true
	}
	return &list[0], true
}

func (s *formatSection) holds(x float64) bool {
	switch s.op {
	case "<":
		return x < s.bound
	case "<=":
		return x <= s.bound
	case ">":
		return x > s.bound
	case ">=":
		return x >= s.bound
	case "=":
		return x == s.bound
	case "<>":
		return x != s.bound
	}
	return true
}

// count sets the digits of v, a number without sign, into their places. Digits are not grouped.
func (s *formatSection) count(v string) string {
	before, after, point := s.places()
	whole := true // before the point
	v = s.scaled(v, after)
	digits, decimals, _ := strings.Cut(v, ".")
	if digits == "0" {
		digits = ""
	}
	var out strings.Builder
	for _, t := range s.tokens {
		switch t.kind {
		case literalToken, '%':
			out.WriteString(t.text)
		case '@', generalToken:
			out.WriteString(v)
		case '.':
			if point && decimals != "" {
				out.WriteByte('.')
			}
			whole = false
		case '0', '#', '?':
			if !whole {
				out.WriteString(decimals[:min(1, len(decimals))])
				decimals = decimals[min(1, len(decimals)):]
				continue
			}
			over := len(digits) - before
			before--
			switch {
			case over >= 0:
				out.WriteString(digits[:over+1])
				digits = digits[over+1:]
			case t.kind == '0':
				out.WriteByte('0')
			}
		}
	}
	return out.String()
}

// places counts the places for digits before and after the point.
func (s *formatSection) places() (before, after int, point bool) {
	for _, t := range s.tokens {
		switch {
		case t.kind == '.':
			point = true
		case t.kind != '0' && t.kind != '#' && t.kind != '?':
		case point:
			after++
		default:
			before++
		}
	}
	return before, after, point
}

// scaled returns v as a percentage, in thousands, and rounded, as far as the section wants that.
func (s *formatSection) scaled(v string, after int) string {
	factor, open := 1.0, 0.0
	general := false
	for _, t := range s.tokens {
		switch t.kind {
		case '%':
			factor *= 100
		case ',':
			open++
		case '0', '#', '?':
			open = 0
		case '@', generalToken:
			general = true
		}
	}
	for ; open > 0; open-- {
		factor /= 1000
	}
	if general || factor == 1 && after == 0 && strings.IndexByte(v, '.') < 0 {
		return v
	}
	x, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return v
	}
	return strconv.FormatFloat(x*factor, 'f', after, 64)
}
