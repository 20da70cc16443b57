package match

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// required is a set of folded strings of which every match holds one, and how many bytes of the text, in whatever case,
// lie between the start of the match and it; most is -1 when nothing bounds that. plain counts the bytes of the folded
// form: where the text has no exotic characters that is the same.
type required struct {
	lits        []string
	least, most int
	plain       span
}

// span is a least and a most; most -1 for no bound.
type span struct{ least, most int }

func (s span) plus(t span) span { return span{s.least + t.least, addMost(s.most, t.most)} }

func (s span) or(t span) span {
	if s.most < 0 || t.most < 0 {
		return span{min(s.least, t.least), -1}
	}
	return span{min(s.least, t.least), max(s.most, t.most)}
}

func addMost(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// facts are what the syntax tree of an expression says about all its matches.
type facts struct {
	length  span     // in bytes of the text
	plain   span     // in bytes of its folded form
	exact   []string // all the strings it matches, folded, where they are few
	best    *required
	digits  *span // from the start of every match to a digit in it
	newline bool  // it can match a line end
	lines   lineEnds
	begin   bool // it looks for the beginning of the text
	end     bool // it looks for the end of the text
}

// lineEnds says where line ends can stand in a match.
type lineEnds struct {
	first, last bool // as its first character, as its last
	two         bool // two of them side by side
}

func (x lineEnds) or(y lineEnds) lineEnds {
	return lineEnds{x.first || y.first, x.last || y.last, x.two || y.two}
}

// then is what a match of x with one of y behind it can hold; each may be empty or not.
func (x lineEnds) then(y lineEnds, xEmpty, yEmpty bool) lineEnds {
	return lineEnds{x.first || xEmpty && y.first, y.last || yEmpty && x.last, x.two || y.two || x.last && y.first}
}

func anywhere(newline bool) lineEnds { return lineEnds{newline, newline, false} }

const (
	maxSet   = 24  // strings in one set
	maxAlter = 256 // strings in the sets of alternatives together
	shortest = 3   // bytes of a literal
)

// analyser reads facts; cost says how often literals occur in ordinary text.
type analyser struct{ cost func(lits []string) float64 }

func (a *analyser) read(re *syntax.Regexp) facts {
	switch re.Op {
	case syntax.OpConcat, syntax.OpCapture, syntax.OpPlus:
		return a.concat(flatten(re, nil))
	case syntax.OpRepeat:
		if re.Min > 0 {
			return a.concat(flatten(re, nil))
		}
		return a.repeat(re.Sub[0], re.Max)
	case syntax.OpStar:
		return a.repeat(re.Sub[0], -1)
	case syntax.OpQuest:
		f := a.read(re.Sub[0])
		f.length.least, f.plain.least, f.best, f.digits = 0, 0, nil, nil
		if f.exact != nil && len(f.exact) < maxSet {
			f.exact = append([]string{""}, f.exact...)
		} else {
			f.exact = nil
		}
		return f
	case syntax.OpAlternate:
		return a.alternate(re.Sub)
	case syntax.OpLiteral:
		return literalFacts(re)
	case syntax.OpCharClass:
		return classFacts(re)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return facts{length: span{1, utf8.UTFMax}, plain: span{1, utf8.UTFMax}, newline: re.Op == syntax.OpAnyChar, lines: anywhere(re.Op == syntax.OpAnyChar)}
	case syntax.OpBeginText:
		return facts{exact: []string{""}, begin: true}
	case syntax.OpEndText:
		return facts{exact: []string{""}, end: true}
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return facts{exact: []string{""}}
	}
	return facts{length: span{0, -1}, plain: span{0, -1}, newline: true, lines: lineEnds{true, true, true}, begin: true, end: true}
}

// repeat is what may be there any number of times up to most.
func (a *analyser) repeat(sub *syntax.Regexp, most int) facts {
	f := a.read(sub)
	r := facts{length: span{0, -1}, plain: span{0, -1}, newline: f.newline, lines: f.lines, begin: f.begin, end: f.end}
	if most != 1 {
		r.lines = f.lines.then(f.lines, true, true)
	}
	if most >= 0 && f.length.most >= 0 {
		r.length.most, r.plain.most = most*f.length.most, most*f.plain.most
	}
	return r
}

func literalFacts(re *syntax.Regexp) facts {
	var f facts
	broken := false
	b := make([]byte, 0, len(re.Rune)*2)
	for i, r := range re.Rune {
		b = utf8.AppendRune(b, canon(r))
		if f.digits == nil && isDigit(r) {
			at := f.length
			f.digits = &at
		}
		least, most := utf8.RuneLen(r), utf8.RuneLen(r)
		if re.Flags&syntax.FoldCase != 0 {
			least, most = orbit(r)
		}
		f.length = f.length.plus(span{least, most})
		f.newline = f.newline || r == '\n'
		f.lines = f.lines.then(anywhere(r == '\n'), i == 0, false)
		broken = broken || r == utf8.RuneError
	}
	f.plain, f.exact = span{len(b), len(b)}, []string{string(b)}
	if broken { // it also matches a byte that is no UTF-8
		f.length.least, f.plain.least, f.exact = 1, 1, nil
	}
	return f
}

// manyRunes is how large a class may be for its characters to be looked at one by one.
const manyRunes = 4096

func classFacts(re *syntax.Regexp) facts {
	f := facts{length: span{utf8.UTFMax, 1}, plain: span{utf8.UTFMax, 1}}
	n := 0
	for i := 0; i < len(re.Rune); i += 2 {
		low, high := re.Rune[i], re.Rune[i+1]
		f.newline = f.newline || low <= '\n' && '\n' <= high
		n += int(high-low) + 1
	}
	f.lines = anywhere(f.newline)
	if n > 0 && isDigit(re.Rune[0]) && isDigit(re.Rune[len(re.Rune)-1]) {
		f.digits = &span{}
	}
	if n == 0 || n > manyRunes {
		f.length, f.plain = span{1, utf8.UTFMax}, span{1, utf8.UTFMax}
		return f
	}
	var set []string
	for i := 0; i < len(re.Rune); i += 2 {
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			size := max(1, utf8.RuneLen(r))
			c := string(canon(r))
			f.length = span{min(f.length.least, size), max(f.length.most, size)}
			f.plain = span{min(f.plain.least, len(c)), max(f.plain.most, len(c))}
			if len(set) <= maxClass && !slices.Contains(set, c) {
				set = append(set, c)
			}
		}
	}
	if slices.Contains(set, string(utf8.RuneError)) || len(set) > maxClass && inClass(re, utf8.RuneError) { // it also matches a byte that is no UTF-8
		f.length.least, f.plain.least = 1, 1
		return f
	}
	if len(set) <= maxClass {
		f.exact = set
	}
	return f
}

func inClass(re *syntax.Regexp, r rune) bool {
	for i := 0; i < len(re.Rune); i += 2 {
		if re.Rune[i] <= r && r <= re.Rune[i+1] {
			return true
		}
	}
	return false
}

// maxClass is how many characters of a class are written out.
const maxClass = 10

// flatten lists what a concatenation consists of, repeats written out.
func flatten(re *syntax.Regexp, out []*syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			out = flatten(sub, out)
		}
		return out
	case syntax.OpCapture:
		return flatten(re.Sub[0], out)
	case syntax.OpPlus:
		return append(flatten(re.Sub[0], out), &syntax.Regexp{Op: syntax.OpStar, Sub: re.Sub, Flags: re.Flags})
	case syntax.OpRepeat:
		for range re.Min {
			out = flatten(re.Sub[0], out)
		}
		switch {
		case re.Max < 0:
			return append(out, &syntax.Regexp{Op: syntax.OpStar, Sub: re.Sub, Flags: re.Flags})
		case re.Max > re.Min:
			return append(out, &syntax.Regexp{Op: syntax.OpRepeat, Sub: re.Sub, Max: re.Max - re.Min, Flags: re.Flags})
		}
		return out
	}
	return append(out, re)
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// chain grows a literal over the parts of a concatenation.
type chain struct {
	lits      []string
	at, plain span // of its beginning
}

func (a *analyser) concat(subs []*syntax.Regexp) facts {
	r := facts{exact: []string{""}}
	all := true
	c := chain{lits: []string{""}}
	for _, sub := range subs {
		f := a.read(sub)
		r.newline, r.begin, r.end = r.newline || f.newline, r.begin || f.begin, r.end || f.end
		r.lines = r.lines.then(f.lines, r.length.least == 0, f.length.least == 0)
		if f.digits != nil {
			at := r.length.plus(*f.digits)
			r.digits = betterDigits(r.digits, &at)
		}
		switch {
		case f.exact != nil && len(c.lits)*len(f.exact) <= maxSet:
			c.lits = cross(c.lits, f.exact)
		case f.exact != nil:
			a.take(&r, &c)
			all = false
			c = chain{f.exact, r.length, r.plain}
		default:
			a.take(&r, &c)
			all = false
			if b := f.best; b != nil {
				at := r.length.plus(span{b.least, b.most})
				r.best = a.choose(r.best, &required{b.lits, at.least, at.most, r.plain.plus(b.plain)})
			}
			c = chain{[]string{""}, r.length.plus(f.length), r.plain.plus(f.plain)}
		}
		r.length, r.plain = r.length.plus(f.length), r.plain.plus(f.plain)
	}
	a.take(&r, &c)
	r.exact = nil
	if all {
		r.exact = c.lits
	}
	return r
}

// betterDigits is what says best where a match begins.
func betterDigits(x, y *span) *span {
	if x == nil || x.most < 0 || y.most >= 0 && y.most < x.most {
		return y
	}
	return x
}

// farthest is how far before a digit a match may begin for the automaton to find it.
const farthest = 24

// take offers the chain's literals as the best.
func (a *analyser) take(r *facts, c *chain) {
	if minLen(c.lits) >= shortest {
		r.best = a.choose(r.best, &required{c.lits, c.at.least, c.at.most, c.plain})
	}
}

func (a *analyser) choose(x, y *required) *required {
	if x == nil || y != nil && a.work(y) < a.work(x) {
		return y
	}
	return x
}

// work estimates how often an expression is tried for each byte of text. Literals that do not say where a match begins have
// the text around them searched, and each of its bytes costs about a tenth of a try.
func (a *analyser) work(r *required) float64 {
	n := a.cost(r.lits)
	if r.plain.most < 0 || r.plain.most-r.plain.least > maxSpread {
		return min(0.1, 512*n)
	}
	return n
}

func (a *analyser) alternate(subs []*syntax.Regexp) facts {
	r := a.read(subs[0])
	r.best = whole(&r)
	for _, sub := range subs[1:] {
		f := a.read(sub)
		f.best = whole(&f)
		r.length, r.plain = r.length.or(f.length), r.plain.or(f.plain)
		r.newline, r.begin, r.end = r.newline || f.newline, r.begin || f.begin, r.end || f.end
		r.lines = r.lines.or(f.lines)
		if r.exact != nil && f.exact != nil && len(r.exact)+len(f.exact) <= maxSet {
			r.exact = append(slices.Clone(r.exact), f.exact...)
		} else {
			r.exact = nil
		}
		r.best = eitherLiteral(r.best, f.best)
		r.digits = eitherDigits(r.digits, f.digits)
	}
	return r
}

// whole is the best of an alternative: the strings it consists of, if it has no better.
func whole(f *facts) *required {
	if f.best == nil && f.exact != nil && minLen(f.exact) >= shortest {
		return &required{lits: f.exact}
	}
	return f.best
}

func eitherLiteral(x, y *required) *required {
	if x == nil || y == nil || len(x.lits)+len(y.lits) > maxAlter {
		return nil
	}
	at := span{x.least, x.most}.or(span{y.least, y.most})
	return &required{append(slices.Clone(x.lits), y.lits...), at.least, at.most, x.plain.or(y.plain)}
}

func eitherDigits(x, y *span) *span {
	if x == nil || y == nil {
		return nil
	}
	at := x.or(*y)
	return &at
}

func minLen(list []string) int {
	n := -1
	for _, s := range list {
		if n < 0 || len(s) < n {
			n = len(s)
		}
	}
	return n
}

func cross(a, b []string) []string {
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return out
}
