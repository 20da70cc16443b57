package classify

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"sigill/internal/classify/eight"
	"sigill/internal/classify/match"
)

// Separators between the digit groups of one number, as bits.
const (
	sepDash  uint8 = 1 << iota // '-', with at most one space on each side, or wrapped after it
	sepPlus                    // '+'
	sepSpace                   // one space
	sepDot                     // '.'
	sepSlash                   // '/'
	sepCell                    // a tab: the next cell of a table
	sepLine                    // a line end, never a blank line
	sepNone  uint8 = 0         // the groups do not belong together
)

// separators is how many kinds there are, sepNone among them; bits.Len8 numbers them.
const separators = 8

// group is a run of digits, or of single digits that are letter-spaced.
type group struct {
	start, end int32 // in the normal form
	digits     int32 // how many
	sep        uint8 // what stands before it, sepNone for the first of a stretch
}

// appendRuns lists all runs of digits in text.
func appendRuns(runs []match.Run, text []byte) []match.Run {
	ended, before := len(runs), uint64(0)
	for i := 0; i < len(text); i += 64 {
		in := digitSet(text[i:])
		behind := in<<1 | before
		before = in >> 63
		for x := in &^ behind; x != 0; x &= x - 1 {
			runs = append(runs, match.Run{Start: int32(i + bits.TrailingZeros64(x)), End: int32(len(text))})
		}
		for x := behind &^ in; x != 0; x &= x - 1 {
			runs[ended].End = int32(i + bits.TrailingZeros64(x))
			ended++
		}
	}
	return runs
}

// digitSet has a bit for each of the first 64 bytes of text that is a digit.
func digitSet(text []byte) (set uint64) {
	var last [64]byte
	b := &last
	if len(text) >= len(last) {
		b = (*[64]byte)(text)
	} else {
		copy(last[:], text)
	}
	for i := 0; i < len(b); i += 8 {
		set = set>>8 | uint64(eight.Set(eight.Digits(binary.LittleEndian.Uint64(b[i&56:]))))<<56
	}
	return set
}

// appendGroups makes groups of all runs of digits in text.
func appendGroups(groups []group, runs []match.Run, text []byte) []group {
	for i, r := range runs {
		sep := sepNone
		if i > 0 {
			sep = separator(text[runs[i-1].End:r.Start])
		}
		groups = append(groups, group{r.Start, r.End, r.End - r.Start, sep})
	}
	return joinDates(joinSpaced(groups))
}

// separator says what kind the text between two digits is.
func separator(gap []byte) uint8 {
	if len(gap) == 0 || len(gap) > 4 {
		return sepNone
	}
	if len(gap) == 1 {
		return separatorByte(gap[0])
	}
	mark, line, spaces := uint8(0), false, 0
	for _, c := range gap {
		switch {
		case c == ' ':
			spaces++
		case c == '\n' && !line:
			line = true
		case c == '-' && mark == 0 && !line:
			mark = sepDash
		default:
			return sepNone
		}
	}
	switch {
	case spaces > 2 || spaces == 2 && mark == 0:
		return sepNone
	case mark != 0:
		return mark
	case line:
		return sepLine
	}
	return sepNone
}

func separatorByte(c byte) uint8 {
	switch c {
	case '-':
		return sepDash
	case '+':
		return sepPlus
	case ' ':
		return sepSpace
	case '.':
		return sepDot
	case '/':
		return sepSlash
	case '\t':
		return sepCell
	case '\n':
		return sepLine
	}
	return sepNone
}

// minSpaced is how many single digits in a row are read as one letter-spaced number.
const minSpaced = 6

// joinSpaced turns stretches of at least six single digits with a space between, a dash allowed among them, into
// groups: "8 5 0 4 1 2 - 2 3 8 4" becomes two.
func joinSpaced(groups []group) []group {
	out := groups[:0]
	for i := 0; i < len(groups); {
		end := spacedEnd(groups, i)
		if end-i < minSpaced {
			out = append(out, groups[i])
			i++
			continue
		}
		current := groups[i]
		for _, g := range groups[i+1 : end] {
			if g.sep != sepSpace {
				out = append(out, current)
				current = g
				continue
			}
			current.end, current.digits = g.end, current.digits+1
		}
		out = append(out, current)
		i = end
	}
	return out
}

// spacedEnd is the end of the stretch of letter-spaced digits that begins at i.
func spacedEnd(groups []group, i int) int {
	if groups[i].digits != 1 {
		return i
	}
	end := i + 1
	for end < len(groups) && groups[end].digits == 1 && (groups[end].sep == sepSpace || groups[end].sep == sepDash) {
		end++
	}
	return end
}

// joinDates turns a date that is written 2000-02-29 and fills a cell, four digits in the next one, into one group of eight
// digits: the date of birth and the last four stand in columns of their own.
func joinDates(groups []group) []group {
	out := groups[:0]
	for i := 0; i < len(groups); i++ {
		g := groups[i]
		if dated(groups[i:]) && g.sep != sepDash {
			g.end, g.digits = groups[i+2].end, 8
			i += 2
		}
		out = append(out, g)
	}
	return out
}

// dated says that groups begin with 4-2-2 digits, single hyphens between, and four digits in the next cell.
func dated(groups []group) bool {
	return len(groups) > 3 && groups[0].digits == 4 && hyphened(groups[0], groups[1]) && hyphened(groups[1], groups[2]) &&
		groups[3].digits == 4 && groups[3].sep == sepCell
}

// hyphened says that b has two digits and follows a after nothing but a hyphen.
func hyphened(a, b group) bool {
	return b.digits == 2 && b.sep == sepDash && b.start == a.end+1
}

// shape is a number as digit groups: "8|4" with the separators that may stand between them.
type shape struct {
	groups []lengths
	seps   uint8
}

type lengths struct{ min, max int32 }

// parseShape reads "6|4" or "13..19" and the separators, each one character of "-+ ./\t\n".
func parseShape(digits, separators string) (shape, error) {
	var s shape
	for part := range strings.SplitSeq(digits, "|") {
		low, high, ranged := strings.Cut(part, "..")
		if !ranged {
			high = low
		}
		a, errA := strconv.Atoi(low)
		b, errB := strconv.Atoi(high)
		if errA != nil || errB != nil || a < 1 || b < a || b > 40 {
			return s, fmt.Errorf(`digits %q: write the lengths of the groups, such as "6|4" or "13..19"`, digits)
		}
		s.groups = append(s.groups, lengths{int32(a), int32(b)})
	}
	for i := range len(separators) {
		kind := separatorByte(separators[i])
		if kind == sepNone {
			return s, fmt.Errorf(`separators %q: only - + space . / \t and \n may stand between digits`, separators)
		}
		s.seps |= kind
	}
	if (len(s.groups) > 1) != (s.seps != 0) {
		return s, fmt.Errorf("digits %q with separators %q: separators go with more than one group", digits, separators)
	}
	return s, nil
}

// match says whether the groups from i on have this shape, and with which separator. A line end may stand for one of
// several separators of another kind, as where a line was wrapped; else all must be of one kind.
func (s *shape) match(groups []group, i int) (sep uint8, ok bool) {
	if i+len(s.groups) > len(groups) {
		return 0, false
	}
	lines := 0
	for k, want := range s.groups {
		g := groups[i+k]
		if g.digits < want.min || g.digits > want.max {
			return 0, false
		}
		if k == 0 {
			continue
		}
		if g.sep&s.seps == 0 || sep != 0 && sep != g.sep && sep != sepLine && g.sep != sepLine {
			return 0, false
		}
		if g.sep == sepLine {
			lines++
		}
		if sep == 0 || sep == sepLine {
			sep = g.sep
		}
	}
	if lines > 1 {
		return 0, false
	}
	return sep, s.alone(groups, i, sep)
}

// alone says that the groups are not part of a longer row with the same separator.
func (s *shape) alone(groups []group, i int, sep uint8) bool {
	if sep == 0 || sep == sepLine || sep == sepCell {
		return true
	}
	after := i + len(s.groups)
	return groups[i].sep != sep && (after >= len(groups) || groups[after].sep != sep || sep == sepSpace && expiry(groups[after:]))
}

// expiry says that the groups begin with a month and a year, as they stand behind the number of a card: 12/27.
func expiry(next []group) bool {
	return len(next) > 1 && next[0].digits <= 2 && next[1].sep == sepSlash
}

// seriesReach is how many digit groups away the next number of a series may begin.
const seriesReach = 8

// series says whether a number near the one under consideration begins with the same first digits and goes on with
// others. A number may be one group or two: 202609070015, 20260907-0015.
func (s *scanner) series(first int) bool {
	own := s.value.Compact
	if !s.now.digits || first >= len(own) {
		return false
	}
	at := int(s.now.group)
	for i := max(0, at-seriesReach); i < min(len(s.groups), at+seriesReach+1); i++ {
		if next := s.digitsFrom(i, len(own)); len(next) == len(own) && string(next[:first]) == string(own[:first]) && string(next) != string(own) {
			return true
		}
	}
	return false
}

// digitsFrom returns the n digits of the group at i, or of it and the next one, or nil.
func (s *scanner) digitsFrom(i, n int) []byte {
	var digits [maxGroup]byte
	g := s.groups[i]
	if int(g.digits) < n && i+1 < len(s.groups) && s.groups[i+1].sep != sepNone {
		g.end, g.digits = s.groups[i+1].end, g.digits+s.groups[i+1].digits
	}
	if int(g.digits) != n || n > maxGroup {
		return nil
	}
	return appendCompact(digits[:0], s.text.norm[g.start:g.end])
}

// numberEnds says whether the text before start and after end lets a number begin and end there: no digit or letter,
// and none of . , / + - = with a further digit behind it.
func numberEnds(text []byte, start, end int) bool {
	if start > 0 {
		c := text[start-1]
		if alnum(c) || start > 1 && strings.IndexByte(".,/+-=", c) >= 0 && text[start-2]-'0' <= 9 {
			return false
		}
	}
	if end < len(text) {
		c := text[end]
		if alnum(c) || end+1 < len(text) && strings.IndexByte(".,/+-=", c) >= 0 && text[end+1]-'0' <= 9 {
			return false
		}
	}
	return true
}

func alnum(c byte) bool { return c-'0' <= 9 || c|0x20-'a' < 26 }

// amount says that the number is a sum of money or a quantity: a currency or unit stands next to it.
func amount(fold []byte, start, end int) bool {
	before := strings.TrimRight(string(fold[max(0, start-8):start]), " ")
	after := strings.TrimLeft(string(fold[end:min(len(fold), end+8)]), " ")
	for _, u := range [...]string{"kr", "sek", "eur", "€", "$", "£", "usd", "nok", "dkk"} {
		if strings.HasSuffix(before, u) && !alnumBefore(before, u) {
			return true
		}
	}
	for _, u := range [...]string{"kr", "sek", "eur", "€", "$", "£", "usd", "nok", "dkk", "st", "kwh", "stuks", "euro", ",-", ":-", "kronor"} {
		if strings.HasPrefix(after, u) && !alnumAfter(after, u) {
			return true
		}
	}
	return false
}

func alnumBefore(s, unit string) bool {
	rest := strings.TrimSuffix(s, unit)
	return rest != "" && alnum(unit[0]) && alnum(rest[len(rest)-1])
}

func alnumAfter(s, unit string) bool {
	rest := strings.TrimPrefix(s, unit)
	return rest != "" && alnum(unit[0]) && alnum(rest[0])
}
