package extract

import (
	"bytes"
	"strconv"
	"strings"
)

// unseen makes a line of a text once more without what a style may hide in it: a number with letters between its digits that
// nobody sees is one for whoever reads it.
type unseen struct {
	line flow
	open bool // the present line lacks something
}

// cut notes that what f would take next is left out.
func (u *unseen) cut(f *flow) {
	if u.open {
		return
	}
	u.open = true
	if !f.nl && f.tabs == 0 {
		s := f.String()
		u.line.literal(s[strings.LastIndexAny(s, "\n\t")+1:])
		u.line.space = f.space
	}
}

func (u *unseen) add(s []byte, pre bool) {
	if u.open {
		u.line.add(s, pre)
	}
}

// end returns the line, if it lacks something.
func (u *unseen) end() string {
	if !u.open {
		return ""
	}
	s := u.line.String()
	u.open, u.line = false, flow{}
	return s
}

// sight is what a style makes of a text.
type sight uint8

const (
	inSight    sight = iota
	faint            // most programs do not show it, or nobody can make it out
	outOfSight       // no program shows it
)

// styleOf reads the declarations of a style (CSS Syntax 5.4.4).
func styleOf(style []byte) sheetStyle {
	if bytes.IndexByte(style, '\\') >= 0 || bytes.Contains(style, []byte("/*")) {
		style = []byte(unescapeStyle(withoutRemarks(string(style))))
	}
	var s sheetStyle
	for len(style) > 0 {
		var decl []byte
		decl, style, _ = bytes.Cut(style, []byte(";"))
		if name, value, ok := bytes.Cut(decl, []byte(":")); ok {
			s.declare(bytes.TrimSpace(name), value)
		}
	}
	return s
}

func withoutRemarks(s string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "/*")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		_, s, _ = strings.Cut(rest, "*/")
	}
}

// sheetStyle is what matters of the declarations of a style.
type sheetStyle struct {
	most       sight
	color      string
	background string
	empty      bool // no room for it
	cut        bool // what has no room is not shown
	side       cast // where it stands beside what surrounds it
	column     bool // what is in it stands one below the other after all
	wide       bool // it takes more room than its text
	strings    bool // it may show strings
}

func (s *sheetStyle) sight() sight {
	light := paleColor(s.color) && (s.background == "" || paleColor(s.background)) || s.color != "" && s.color == s.background
	if s.most == inSight && (light || s.empty && s.cut) {
		return faint
	}
	return s.most
}

func (s *sheetStyle) atLeast(v sight, is bool) {
	if is {
		s.most = max(s.most, v)
	}
}

// declare reads one declaration. Names that say nothing here cost no memory: there are many in ordinary mail.
func (s *sheetStyle) declare(name, value []byte) {
	var buf [16]byte
	n := copy(buf[:], name)
	for i, c := range buf[:n] {
		if c >= 'A' && c <= 'Z' {
			buf[i] = c | 0x20
		}
	}
	if n < len(name) {
		return
	}
	v := func() string {
		v, _, _ := strings.Cut(strings.ToLower(string(bytes.TrimSpace(value))), "!")
		return strings.TrimSpace(v)
	}
	switch string(buf[:n]) {
	case "display":
		v := v()
		s.atLeast(outOfSight, v == "none")
		s.side |= displayed(v)
	case "visibility":
		v := v()
		s.atLeast(outOfSight, v == "hidden" || v == "collapse")
	case "mso-hide":
		s.atLeast(outOfSight, v() == "all")
	case "font-size":
		size, ok := measure(v())
		s.atLeast(faint, ok && size < 3)
		s.atLeast(outOfSight, ok && size == 0)
	case "max-height":
		size, ok := measure(v())
		s.atLeast(outOfSight, ok && size == 0)
	case "opacity":
		size, ok := measure(v())
		s.atLeast(faint, ok && size < 0.1)
		s.atLeast(outOfSight, ok && size == 0)
	case "height", "width", "max-width":
		size, ok := measure(v())
		s.empty = s.empty || ok && size == 0
		s.wide = s.wide || roomy(v())
	case "overflow":
		s.cut = v() == "hidden"
	case "text-indent", "left", "right", "top", "bottom", "margin-left", "margin-top":
		size, ok := measure(v())
		s.atLeast(faint, ok && size < -99)
	case "transform":
		s.atLeast(faint, strings.Contains(v(), "scale(0"))
	case "clip", "clip-path":
		v := v()
		s.atLeast(faint, strings.HasPrefix(v, "rect(0") || strings.HasPrefix(v, "rect(1px") || strings.HasPrefix(v, "inset(50%") || strings.HasPrefix(v, "inset(100%"))
	case "float", "position", "all", "flex-direction", "flex-flow", "padding", "padding-left", "padding-right", "content":
		s.place(string(buf[:n]), v())
	case "list-style", "list-style-type", "quotes", "text-overflow":
		s.strings = true
	case "color":
		s.color = v()
	case "background", "background-color":
		s.background = v()
	}
}

// measure reads a size in pixels, about.
func measure(v string) (float64, bool) {
	bare := strings.TrimRight(v, "%abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.ParseFloat(bare, 64)
	switch v[len(bare):] {
	case "em", "rem":
		n *= 16
	case "%":
		n *= 0.16
	}
	return n, err == nil
}

// paleColor says whether a colour (CSS Color 4) is white or nearly so, or none.
func paleColor(v string) bool {
	const pale = 0xf0
	switch v {
	case "white", "snow", "ivory", "ghostwhite", "whitesmoke", "transparent", "window":
		return true
	}
	if h, ok := strings.CutPrefix(v, "#"); ok {
		step := 2
		if len(h) < 6 {
			step = 1
		}
		for i := 0; i < 3*step; i += step {
			if i >= len(h) || h[i] != 'f' {
				return false
			}
		}
		return true
	}
	_, args, ok := strings.Cut(strings.TrimSuffix(v, ")"), "(")
	if !ok || !strings.HasPrefix(v, "rgb") {
		return false
	}
	parts := strings.FieldsFunc(args, func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if len(parts) < 3 {
		return false
	}
	if len(parts) > 3 {
		if n, err := strconv.ParseFloat(strings.TrimSuffix(parts[3], "%"), 64); err == nil && n < 0.1 {
			return true
		}
	}
	for _, p := range parts[:3] {
		if n, err := strconv.ParseFloat(p, 64); (err != nil || n < pale) && p != "100%" {
			return false
		}
	}
	return true
}

// sheetsOf tells what the style sheets of a document may do with its elements, as far as that can be told without a tree: by
// the last part of a selector, be it a class (".x"), an id ("#x"), an attribute ("[x") or a name.
func sheetsOf(doc []byte) map[string]cast {
	var found map[string]cast
	rules(doc, func(selectors, body string) {
		c := styleOf([]byte(body)).cast()
		if c == 0 {
			return
		}
		if found == nil {
			found = map[string]cast{}
		}
		for s := range strings.SplitSeq(selectors, ",") {
			if key := selectorKey(s); key != "" && len(found) < maxDistinct {
				found[key] |= c
			}
		}
	})
	return found
}

// rules hands on the rules of all style sheets in a document.
func rules(doc []byte, each func(selectors, body string)) {
	for {
		i := bytes.IndexByte(doc, '<')
		if i < 0 {
			return
		}
		doc = doc[i+1:]
		if len(doc) < 6 || doc[0]|0x20 != 's' || !bytes.EqualFold(doc[:5], []byte("style")) {
			continue
		}
		end := indexFold(doc, "</style")
		_, inner, _ := bytes.Cut(doc[:end], []byte(">"))
		sheet := withoutRemarks(string(inner))
		doc = doc[end:]
		for {
			selectors, rest, ok := strings.Cut(sheet, "{")
			if !ok {
				break
			}
			sheet = rest
			if strings.HasPrefix(strings.TrimLeft(selectors, "} \t\r\n"), "@") {
				continue // what is inside stands for itself
			}
			var body string
			body, sheet, _ = strings.Cut(sheet, "}")
			each(selectors, body)
		}
	}
}

// indexFold is where a lower-case word that begins with '<' stands, or the end.
func indexFold(b []byte, word string) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], '<')
		if i < 0 || len(b)-at-i < len(word) {
			return len(b)
		}
		if at += i; bytes.EqualFold(b[at:at+len(word)], []byte(word)) {
			return at
		}
	}
}

func selectorKey(s string) string {
	s = strings.ToLower(unescapeStyle(strings.Trim(s, "} \t\r\n")))
	s = s[strings.LastIndexAny(s, " >+~\t\r\n")+1:]
	s, _, _ = strings.Cut(s, ":")
	i := strings.LastIndexAny(s, ".#[")
	if i < 0 {
		return s
	}
	s = s[i:]
	if s[0] == '[' {
		s = strings.TrimRight(s[:max(1, strings.IndexAny(s+"=", "=]"))], "~|^$*")
	}
	return s
}
