package classify

import "strings"

// maskText hides letters and digits and keeps what stands between them; line ends and tabs become spaces. It is the
// only place that turns a value into something that people may see.
func maskText(b []byte, m Mask) string {
	const longest = 64
	var out strings.Builder
	r := maskRunes([]rune(string(b)), m)
	for i, c := range r {
		if c == '\n' || c == '\t' {
			c = ' '
		}
		if i < longest || i >= len(r)-2 {
			out.WriteRune(c)
		}
	}
	return out.String()
}

// maskRunes replaces by '*' what is not shown, in place.
func maskRunes(r []rune, m Mask) []rune {
	show := func(i int) bool { return i >= len(r)-2 }
	switch m {
	case MaskAll:
		show = func(int) bool { return false }
	case MaskNone:
		show = func(int) bool { return true }
	case MaskFirst1Last:
		show = func(i int) bool { return i == 0 || i >= len(r)-2 }
	case MaskLast2:
	}
	for i, c := range r {
		switch c {
		case '\n', '\t', '-', ' ', '+', '.', '/':
			continue
		}
		if !show(i) || len(r) < 4 && m != MaskNone {
			r[i] = '*'
		}
	}
	return r
}
