package extract

import (
	"slices"
	"strings"
)

// Controls of the bidirectional algorithm (UAX #9, 2). Only the override from right to
// left shows Latin letters and digits backwards. The other ones stand in ordinary mail:
// in Hebrew and Arabic text, and around numbers copied from an address book.
const (
	reverseOn  = "\u202e"
	reverseOff = "\u202c"
)

// shownBackwards is the wording for text under such an override.
const shownBackwards = "text shown backwards"

// overridden says whether a style turns text round as the control does (CSS Writing
// Modes 2.2).
func overridden(style string) bool {
	style = strings.ToLower(style)
	return strings.Contains(style, "rtl") && (strings.Contains(style, "bidi-override") || strings.Contains(style, "isolate-override"))
}

// backwards returns the text under overrides from right to left in the order shown, one
// run a line, and whether it matters: whether a run has more than one character. A run
// ends with its line, at the latest.
func backwards(s string) (shown string, matters bool) {
	var out strings.Builder
	for {
		_, rest, ok := strings.Cut(s, reverseOn)
		if !ok {
			return out.String(), matters
		}
		end := strings.IndexAny(rest, "\u202a\u202b\u202c\u202d\u202e\u2069\r\n")
		if end < 0 {
			end = len(rest)
		}
		run := []rune(rest[:end])
		slices.Reverse(run)
		out.WriteString(string(run))
		out.WriteByte('\n')
		matters = matters || len(run) > 1
		s = rest[end:]
	}
}
