package match

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Rule is one thing to look for: either a phrase or an expression.
type Rule struct {
	Words []string // whole words in any case, with white space between; none in them
	Expr  string   // RE2 syntax, as Go's regexp takes it
}

// Match is one occurrence of a rule: its index and byte offsets into the text.
type Match struct{ Rule, Start, End int32 }

// mode is how a candidate of a rule is confirmed.
type mode uint8

const (
	modePhrase    mode = iota
	modeAnchor         // the literal says where the match begins, give or take a few bytes
	modeLine           // no match crosses a line: the line is searched
	modeParagraph      // no match crosses an empty line: what stands between two of them is searched
	modeText           // the text is searched, once
)

// maxSpread is how many places of beginning are tried for one literal.
const maxSpread = 8

// rule is a Rule ready for use.
type rule struct {
	mode   mode
	words  []string // of a phrase, folded
	anchor int      // which of them is looked for
	at     span     // from the start of a match to the literal, in bytes of the text
	plain  span     // the same where no exotic character stands between
	reach  int32    // a match may be of any length: its part of Engine.reach, else -1
	re     lazy     // as written
	mid    lazy     // behind one character
	top    lazy     // at the beginning of the text
}

// lazy is an expression that is compiled when it is first needed. Most rules of a large set never are.
type lazy struct {
	src string
	re  atomic.Pointer[regexp.Regexp]
}

func (l *lazy) get() *regexp.Regexp {
	if re := l.re.Load(); re != nil {
		return re
	}
	re := regexp.MustCompile(l.src) // Compile has parsed it
	l.re.Store(re)
	return re
}

// literal is a string of which a window is in the bitmap.
type literal struct {
	s    string // folded
	word bool   // it only counts as a whole word
}

// use is a rule that a literal may belong to.
type use struct {
	rule    int32
	besides neighbours // what stands next to the literal, if the rule is a phrase
}

// Engine is a compiled set of rules. It never changes and may be shared.
type Engine struct {
	rules    []rule
	literals []literal
	longest  int // bytes of the longest literal
	table    table

	uses  []use   // of all literals, one after the other
	first []int32 // by literal, and one more: where its uses begin

	always  []int32    // rules that nothing narrows down
	numbers *automaton // of rules that begin at digits, or a little before
	digits  []int32    // these rules, by pattern
	before  int        // how far before a run of digits a match can begin
	edges   *automaton // of rules without literal and digits that begin at a word boundary
	words   []int32    // these rules, by pattern
	reach   *automaton // of rules whose matches may be of any length, each a part of its own

	pool sync.Pool
}

// Compile makes an engine of rules. The error names the rule by its index.
func Compile(rules []Rule) (*Engine, error) {
	c := compiler{e: &Engine{rules: make([]rule, len(rules))}, index: map[literalKey]int32{}, freq: commonWindows()}
	c.analyser.cost = func(lits []string) float64 {
		sum := 0.0
		for _, l := range lits {
			sum += c.freq.rarest(l)
		}
		return sum
	}
	for i := range rules {
		if err := c.rule(int32(i), &rules[i]); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
	}
	if err := c.automata(); err != nil {
		return nil, err
	}
	e := c.e
	for i := range e.literals {
		e.longest = max(e.longest, len(e.literals[i].s))
		e.first = append(e.first, int32(len(e.uses)))
		e.uses = append(e.uses, c.uses[i]...)
	}
	e.first = append(e.first, int32(len(e.uses)))
	e.table = newTable(e.literals, c.freq)
	e.pool.New = func() any { return newScanner(e) }
	return e, nil
}

// Slow lists the rules that run over the whole of every text, because no literal and no digits narrow them down.
func (e *Engine) Slow() []int32 { return e.always }

type literalKey struct {
	s    string
	word bool
}

type compiler struct {
	e        *Engine
	analyser analyser
	freq     *windows
	index    map[literalKey]int32
	uses     [][]use          // by literal
	numbers  []*syntax.Regexp // of the automata
	edges    []*syntax.Regexp
	reach    []*syntax.Regexp
}

func (c *compiler) rule(i int32, in *Rule) error {
	r := &c.e.rules[i]
	if len(in.Words) > 0 {
		return c.phrase(i, r, in.Words)
	}
	tree, err := syntax.Parse(in.Expr, syntax.Perl)
	if err != nil {
		return fmt.Errorf("parse expression: %w", err)
	}
	r.re.src, r.mid.src, r.top.src = in.Expr, `\A(?s:.)(?:`+in.Expr+`)`, `\A(?:`+in.Expr+`)`
	f := c.analyser.read(tree)
	r.reach = -1
	if f.length.most < 0 {
		r.reach = int32(len(c.reach))
		c.reach = append(c.reach, tree)
	}
	best := whole(&f)
	if best != nil && f.startsAtDigits() && slices.ContainsFunc(best.lits, noWindow) {
		best = nil // its literals would fill the table, and the digits are looked at anyway
	}
	switch {
	case f.length.least == 0, best == nil && !f.startsAtDigits() && !beginsAtEdge(tree):
		c.e.always = append(c.e.always, i)
	case best == nil && !f.startsAtDigits():
		c.e.words = append(c.e.words, i)
		c.edges = append(c.edges, tree)
	case best == nil:
		c.e.digits = append(c.e.digits, i)
		c.numbers = append(c.numbers, tree)
		c.e.before = max(c.e.before, f.digits.most)
	default:
		r.at, r.plain = span{best.least, best.most}, best.plain
		r.mode = modeText
		switch {
		case r.plain.most >= 0 && r.plain.most-r.plain.least <= maxSpread:
			r.mode = modeAnchor
		case !f.newline && !f.begin:
			r.mode = modeLine
		case !f.lines.two && !f.begin && !f.end:
			r.mode = modeParagraph
		}
		for _, s := range best.lits {
			c.literal(s, use{rule: i}, false)
		}
	}
	return nil
}

// noWindow says that a literal is shorter than a window, which has to be noted with all bytes that can stand beside it.
func noWindow(s string) bool { return len(s) < 4 }

// startsAtDigits says whether every match begins at a digit, or a little before.
func (f *facts) startsAtDigits() bool {
	return f.digits != nil && f.digits.most >= 0 && f.digits.most <= farthest
}

func beginsAtEdge(re *syntax.Regexp) bool {
	parts := flatten(re, nil)
	return len(parts) > 0 && parts[0].Op == syntax.OpWordBoundary
}

// phrase registers a phrase by its rarest word.
func (c *compiler) phrase(i int32, r *rule, words []string) error {
	r.mode = modePhrase
	best := 0.0
	for j, w := range words {
		if w == "" || !utf8.ValidString(w) || strings.ContainsAny(w, " \n\t\r\f\ufffd") { // U+FFFD would also be what is no UTF-8
			return fmt.Errorf("word %d is empty, no UTF-8, or holds white space or U+FFFD", j+1)
		}
		w = foldString(w)
		r.words = append(r.words, w)
		if cost := c.rarest(w); j == 0 || cost < best {
			best, r.anchor = cost, j
		}
	}
	w, n := r.words[r.anchor], neighbours{}
	if r.anchor > 0 {
		before := r.words[r.anchor-1]
		n.before = before[len(before)-1] | caseBit
	}
	if r.anchor+1 < len(r.words) {
		n.behind = r.words[r.anchor+1][0] | caseBit
	}
	c.literal(w, use{i, n}, edged(w))
	return nil
}

// rarest is the cost of looking for a word of a phrase. With few rules all literals are looked for in longer strides if none of
// them is short.
func (c *compiler) rarest(word string) float64 {
	cost := c.freq.rarest(word)
	if len(c.e.rules) <= fewLiterals && len(word) < longEnough {
		cost *= 16
	}
	return cost
}

// edged says whether a word begins and ends in word characters, so that others stand around every occurrence.
func edged(s string) bool {
	a, _ := utf8.DecodeRuneInString(s)
	b, _ := utf8.DecodeLastRuneInString(s)
	return isWord(a) && isWord(b)
}

func (c *compiler) literal(s string, u use, word bool) {
	k := literalKey{s, word}
	i, ok := c.index[k]
	if !ok {
		i = int32(len(c.e.literals))
		c.index[k] = i
		c.e.literals, c.uses = append(c.e.literals, literal{s, word}), append(c.uses, nil)
	}
	if n := len(c.uses[i]); n == 0 || c.uses[i][n-1].rule != u.rule {
		c.uses[i] = append(c.uses[i], u)
	}
}

func (c *compiler) automata() error {
	var errs [3]error
	c.e.numbers, errs[0] = newAutomaton(c.numbers, false)
	c.e.edges, errs[1] = newAutomaton(c.edges, false)
	c.e.reach, errs[2] = newAutomaton(c.reach, true)
	for _, a := range []*automaton{c.e.numbers, c.e.edges} {
		if a != nil {
			a.begins()
		}
	}
	return errors.Join(errs[:]...)
}
