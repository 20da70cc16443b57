package extract

import (
	"encoding/binary"
	"strings"
)

// minRun is the shortest run of characters that is text: as many as a number has that matters here.
const minRun = 6

// wideRuns returns the texts with a digit in UTF-16 that stand anywhere in data whose structure is not followed, one a line. Where
// text is put behind its length, the length may look like a character; it is left out.
func wideRuns(b []byte) string {
	var out strings.Builder
	for odd := range 2 {
		var run []rune
		give := func() {
			if len(run) > minRun && int(run[0]) == len(run)-1 {
				run = run[1:]
			}
			giveRun(&out, run)
			run = run[:0]
		}
		for i := odd; i+1 < len(b); i += 2 {
			if c := binary.LittleEndian.Uint16(b[i:]); shownRune(rune(c)) {
				run = append(run, rune(c))
			} else {
				give()
			}
		}
		give()
	}
	return out.String()
}

// latin1Runs is wideRuns for text of one byte a character.
func latin1Runs(b []byte) string {
	var out strings.Builder
	var run []rune
	for _, c := range b {
		if shownRune(rune(c)) {
			run = append(run, rune(c))
			continue
		}
		giveRun(&out, run)
		run = run[:0]
	}
	giveRun(&out, run)
	return out.String()
}

func giveRun(out *strings.Builder, run []rune) {
	for i := range run {
		if len(run) >= minRun && run[i] >= '0' && run[i] <= '9' {
			out.WriteString(string(run) + "\n")
			return
		}
	}
}

// shownRune knows the letters, digits and signs that texts of the west are made of.
func shownRune(r rune) bool {
	return r == '\t' || r >= ' ' && r < 0x7f || r >= 0xa0 && r < 0x180 || r >= 0x2010 && r <= 0x2022
}
