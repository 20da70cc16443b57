package classify

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// need is what every match of a regular expression holds or keeps to, read from its syntax tree.
type need struct {
	lineBound bool     // no match holds a line end, and none looks beyond its own line
	digit     bool     // every match holds an ASCII digit
	literals  []string // folded: every match holds one of them; nil when nothing is known
}

const (
	minLiteral  = 3 // shorter literals are everywhere
	maxLiterals = 32
)

func analyse(expr string) (need, error) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return need{}, err
	}
	n := need{lineBound: !crossesLine(tree), digit: needsDigit(tree)}
	if lits, ok := literals(tree); ok {
		n.literals = lits
	}
	return n, nil
}

// crossesLine says whether a match may hold a line end, or depends on where the whole text begins or ends.
func crossesLine(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpAnyChar:
		return true
	case syntax.OpLiteral:
		return slices.Contains(re.Rune, '\n')
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] <= '\n' && '\n' <= re.Rune[i+1] {
				return true
			}
		}
		return false
	}
	return slices.ContainsFunc(re.Sub, crossesLine)
}

func needsDigit(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return slices.ContainsFunc(re.Rune, func(r rune) bool { return r >= '0' && r <= '9' })
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] < '0' || re.Rune[i+1] > '9' {
				return false
			}
		}
		return len(re.Rune) > 0
	case syntax.OpCapture, syntax.OpPlus:
		return needsDigit(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && needsDigit(re.Sub[0])
	case syntax.OpConcat:
		return slices.ContainsFunc(re.Sub, needsDigit)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !needsDigit(sub) })
	}
	return false
}

// literals returns folded strings of which every match holds at least one.
func literals(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return literal(re)
	case syntax.OpCapture, syntax.OpPlus:
		return literals(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return literals(re.Sub[0])
		}
	case syntax.OpConcat:
		return bestLiterals(re.Sub)
	case syntax.OpAlternate:
		return allLiterals(re.Sub)
	}
	return nil, false
}

// literal is the longest stretch without white space of a literal, if normalisation leaves it alone.
func literal(re *syntax.Regexp) ([]string, bool) {
	s := string(re.Rune)
	if !utf8.ValidString(s) || Normalise(s) != s {
		return nil, false
	}
	if re.Flags&syntax.FoldCase != 0 && slices.ContainsFunc(re.Rune, func(r rune) bool { return r >= 0x180 }) {
		return nil, false // rarer letters have more cases than folding knows
	}
	longest := ""
	for _, part := range strings.Fields(s) {
		if f := Fold(part); len(f) > len(longest) {
			longest = f
		}
	}
	return []string{longest}, len(longest) >= minLiteral
}

func bestLiterals(subs []*syntax.Regexp) ([]string, bool) {
	var best []string
	for _, sub := range subs {
		if lits, ok := literals(sub); ok && (best == nil || shortest(lits) > shortest(best)) {
			best = lits
		}
	}
	return best, best != nil
}

func allLiterals(subs []*syntax.Regexp) ([]string, bool) {
	var all []string
	for _, sub := range subs {
		lits, ok := literals(sub)
		if !ok || len(all)+len(lits) > maxLiterals {
			return nil, false
		}
		all = append(all, lits...)
	}
	return all, len(all) > 0
}

func shortest(lits []string) int {
	n := len(lits[0])
	for _, l := range lits {
		n = min(n, len(l))
	}
	return n
}

// matchesEmpty says whether the expression matches the empty string somewhere.
func matchesEmpty(re *regexp.Regexp) bool {
	return re.MatchString("") || slices.ContainsFunc([]string{" ", "a", "0", "a a", "\n"}, func(s string) bool {
		loc := re.FindStringIndex(s)
		return loc != nil && loc[0] == loc[1]
	})
}
