package classify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sigill/internal/classify/match"
)

// Engine is a compiled set of detectors. It never changes and may be shared.
type Engine struct {
	detectors []detector
	patterns  []pattern     // regular expressions
	regexes   *match.Engine // of patterns, by the same index
	known     bool          // the literals of regexes are among words
	leads     []int32       // by literal of regexes: how many bytes of it stand before its word
	shapes    []digitShape
	byLength  [maxGroup + 1][separators][]int32 // shapes by the length of their first group and what may stand behind it
	sets      int                               // context sets
	words     keywords                          // of word detectors and prefilters
	context   keywords                          // of context sets
	shown     []string                          // by keyword of context: as the policy writes it
	warnings  []string
	pool      sync.Pool
}

// maxGroup is the longest first digit group that a shape may have.
const maxGroup = 40

// detector is a Detector ready for use.
type detector struct {
	id         string
	terms      []string // by term: the value of a hit
	finder     string
	gated      bool
	boundary   Boundary
	validators []Validator
	strength   int
	exclude    exclude
	context    []contextRule
	reach      int // how far away a context word may be, in characters
	confidence Confidence
	mask       Mask
	overlap    bool
}

type pattern struct {
	det        int32
	src        string
	value      int // the group that holds the value
	confidence Confidence
	gated      bool
}

type digitShape struct {
	det        int32
	shape      shape
	confidence Confidence
}

type exclude struct {
	values    map[string]bool
	regex     *regexp.Regexp
	line      *regexp.Regexp
	stopwords []string
	same, seq bool
}

type contextRule struct {
	set    int32
	within int
	side   Side
	lowers bool
	to     Confidence
	fixed  bool // to is set, else shift
	shift  int
}

// compiler gathers what an engine is made of.
type compiler struct {
	e    *Engine
	sets map[string]int32
}

// Compile builds an engine. The detectors may come in any order; results do not depend on it.
func Compile(detectors []Detector) (*Engine, error) {
	sorted := slices.Clone(detectors)
	slices.SortStableFunc(sorted, func(a, b Detector) int { return strings.Compare(a.ID, b.ID) })
	c := compiler{e: &Engine{}, sets: map[string]int32{}}
	for i := range sorted {
		if i > 0 && sorted[i].ID == sorted[i-1].ID {
			return nil, fmt.Errorf("detector %s: defined twice", sorted[i].ID)
		}
		if err := c.detector(&sorted[i]); err != nil {
			return nil, fmt.Errorf("detector %s: %w", sorted[i].ID, err)
		}
	}
	if err := c.regexes(); err != nil {
		return nil, err
	}
	c.literals()
	e := c.e
	e.sets = len(c.sets)
	for _, k := range []*keywords{&e.words, &e.context} {
		k.trie, k.index = newTrie(k.all), nil
	}
	e.pool.New = func() any { return newScanner(e) }
	return e, nil
}

// Warnings names, in the order of ids, every pattern that has to run over the whole of each text.
func (e *Engine) Warnings() []string { return e.warnings }

func (c *compiler) detector(d *Detector) error {
	if err := oneKind(d); err != nil {
		return err
	}
	at := int32(len(c.e.detectors))
	x := detector{
		id: d.ID, finder: d.Finder, boundary: d.Boundary, confidence: d.Confidence, mask: d.Mask, overlap: d.Overlap, gated: len(d.Prefilter) > 0,
	}
	if x.mask == "" {
		x.mask = MaskLast2
	}
	if err := c.validators(d, &x); err != nil {
		return err
	}
	if err := c.exclude(&d.Exclude, &x); err != nil {
		return err
	}
	c.terms(d, &x, at)
	for _, w := range d.Prefilter {
		if err := c.gate(w, at); err != nil {
			return err
		}
	}
	for i := range d.Patterns {
		if err := c.pattern(d, &d.Patterns[i], at); err != nil {
			return fmt.Errorf("pattern %d: %w", i+1, err)
		}
	}
	if err := c.context(d, &x); err != nil {
		return err
	}
	c.e.detectors = append(c.e.detectors, x)
	return nil
}

func oneKind(d *Detector) error {
	kinds := 0
	for _, has := range []bool{len(d.Words) > 0, len(d.Groups) > 0, len(d.Patterns) > 0, d.Finder != ""} {
		if has {
			kinds++
		}
	}
	if kinds != 1 {
		return fmt.Errorf("needs exactly one of words, groups, patterns and validator_only")
	}
	if d.Finder != "" && d.Finder != "iban" && d.Finder != "mrz" {
		return fmt.Errorf("validator_only %q: known are iban and mrz", d.Finder)
	}
	switch d.Boundary {
	case "", BoundaryNone, BoundaryNumber, BoundaryWord:
	default:
		return fmt.Errorf("boundary %q: use number, word or none", d.Boundary)
	}
	switch d.Mask {
	case "", MaskAll, MaskLast2, MaskFirst1Last:
	case MaskNone:
		if len(d.Words) == 0 && len(d.Groups) == 0 {
			return fmt.Errorf("mask none is for words only")
		}
	default:
		return fmt.Errorf("mask %q: use all, last2, first1last2 or none", d.Mask)
	}
	return nil
}

func (c *compiler) validators(d *Detector, x *detector) error {
	for _, name := range d.Validate {
		v, err := LookupValidator(name)
		if err != nil {
			return err
		}
		x.validators = append(x.validators, v)
		x.strength = max(x.strength, v.strength)
	}
	return nil
}

func (c *compiler) exclude(d *Exclude, x *detector) error {
	x.exclude = exclude{same: d.SameDigit, seq: d.Sequence, values: map[string]bool{}}
	for _, v := range d.Values {
		x.exclude.values[compact(nil, []byte(Normalise(v)))] = true
	}
	for _, w := range d.Stopwords {
		x.exclude.stopwords = append(x.exclude.stopwords, foldWord(w))
	}
	var err error
	if d.Regex != "" {
		if x.exclude.regex, err = regexp.Compile(`\A(?:` + d.Regex + `)\z`); err != nil {
			return fmt.Errorf("exclude regex: %w", err)
		}
	}
	if d.LineRegex != "" {
		if x.exclude.line, err = regexp.Compile(d.LineRegex); err != nil {
			return fmt.Errorf("exclude line_regex: %w", err)
		}
	}
	return nil
}

func (c *compiler) terms(d *Detector, x *detector, at int32) {
	for _, w := range d.Words {
		c.term(d, x, at, w, foldWord(strings.Trim(w, "*")))
	}
	for _, name := range slices.Sorted(mapKeys(d.Groups)) {
		for _, w := range d.Groups[name] {
			c.term(d, x, at, w, name)
		}
	}
}

func mapKeys(m map[string][]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (c *compiler) term(d *Detector, x *detector, at int32, word, value string) {
	term := int32(len(x.terms))
	x.terms = append(x.terms, value)
	bare, start := strings.CutPrefix(word, "*")
	bare, end := strings.CutSuffix(bare, "*")
	forms := []string{foldWord(bare)}
	if d.Fold {
		if p := plainWord(bare); p != forms[0] {
			forms = append(forms, p)
		}
	}
	for _, f := range forms {
		if f != "" {
			c.e.words.add(keyword{text: f, start: !start, end: !end}, use{at, term})
		}
	}
}

// gate adds a word without which no pattern of the detector is tried. A list of context words serves as it is: the '$' of
// a whole word is left out, since the word may stand anywhere here.
func (c *compiler) gate(word string, det int32) error {
	f := foldWord(word)
	if whole, ok := strings.CutSuffix(f, "$"); ok && whole != "" {
		f = whole
	}
	if f == "" {
		return fmt.Errorf("prefilter %q: empty", word)
	}
	c.e.words.add(keyword{text: f}, use{det, gate})
	return nil
}

func (c *compiler) pattern(d *Detector, p *Pattern, det int32) error {
	if (p.Regex == "") == (p.Digits == "") {
		return fmt.Errorf("needs exactly one of regex and digits")
	}
	if p.Digits != "" {
		return c.shape(p, det)
	}
	re, err := regexp.Compile(p.Regex)
	if err != nil {
		return fmt.Errorf("regex: %w", err)
	}
	if matchesEmpty(re) {
		return fmt.Errorf("regex %q matches the empty string", p.Regex)
	}
	if p.Value < 0 || p.Value > re.NumSubexp() {
		return fmt.Errorf("value %d: the regex has %d groups", p.Value, re.NumSubexp())
	}
	c.e.patterns = append(c.e.patterns, pattern{det: det, src: p.Regex, value: p.Value, confidence: p.Confidence, gated: len(d.Prefilter) > 0})
	return nil
}

// regexes compiles all regular expressions together, and names those that nothing narrows down.
func (c *compiler) regexes() error {
	rules := make([]match.Rule, len(c.e.patterns))
	for i := range c.e.patterns {
		rules[i].Expr = c.e.patterns[i].src
	}
	m, err := match.Compile(rules)
	if err != nil {
		return fmt.Errorf("compile patterns: %w", err)
	}
	c.e.regexes = m
	for _, i := range m.Slow() {
		if p := &c.e.patterns[i]; !p.gated {
			c.e.warnings = append(c.e.warnings, fmt.Sprintf("detector %s: pattern %q has no fixed word and no digits and begins at no word boundary, so it runs over the whole of every text; add a prefilter",
				c.e.detectors[p.det].id, p.src))
		}
	}
	return nil
}

// literals has what matches of patterns are found by looked for among the words, if all of it can be.
func (c *compiler) literals() {
	type word struct {
		keyword
		lead int
	}
	all := c.e.regexes.Literals()
	words := make([]word, len(all))
	for i, l := range all {
		var ok bool
		if words[i].keyword, words[i].lead, ok = literalWord(l); !ok {
			return
		}
	}
	for i, w := range words {
		c.e.words.add(w.keyword, use{int32(i), literal})
		c.e.leads = append(c.e.leads, int32(w.lead))
	}
	c.e.known = true
}

// literalWord is a keyword that is found wherever a literal stands, and how many bytes before it the literal begins: white space
// there only says that a word begins. There is none for control characters, some of which mean something else in a keyword, and
// for what is too short to be looked for at every place.
func literalWord(l string) (k keyword, lead int, ok bool) {
	const white = " \t\n"
	bare := strings.TrimLeft(l, white)
	folded, _ := appendFolded(nil, []byte(bare))
	text := folded[:0]
	for _, c := range folded {
		switch {
		case c > ' ':
			text = append(text, c)
		case strings.IndexByte(white, c) < 0:
			return k, 0, false
		case text[len(text)-1] != ' ':
			text = append(text, ' ')
		}
	}
	lead = len(l) - len(bare)
	return keyword{text: string(text), start: lead > 0}, lead, len(text) > 1
}

func (c *compiler) shape(p *Pattern, det int32) error {
	s, err := parseShape(p.Digits, p.Separators)
	if err != nil {
		return err
	}
	at := int32(len(c.e.shapes))
	c.e.shapes = append(c.e.shapes, digitShape{det: det, shape: s, confidence: p.Confidence})
	for n := s.groups[0].min; n <= s.groups[0].max; n++ {
		for sep := range c.e.byLength[n] {
			if len(s.groups) == 1 || s.seps&(1<<sep>>1) != 0 {
				c.e.byLength[n][sep] = append(c.e.byLength[n][sep], at)
			}
		}
	}
	return nil
}

func (c *compiler) context(d *Detector, x *detector) error {
	for i := range d.Context {
		r := &d.Context[i]
		if len(r.Near) == 0 || r.Within < 1 {
			return fmt.Errorf("context %d: needs near words and a window", i+1)
		}
		rule := contextRule{set: c.contextSet(r.Near), within: r.Within, side: r.Side, lowers: r.lowers(), shift: r.Shift}
		switch rule.side {
		case "", SideBoth, SideBefore, SideAfter:
		default:
			return fmt.Errorf("context %d: side %q: use before, after or both", i+1, r.Side)
		}
		if r.Set != nil {
			rule.to, rule.fixed = *r.Set, true
		}
		x.context = append(x.context, rule)
		x.reach = max(x.reach, rule.within)
		if !rule.lowers {
			x.reach = max(x.reach, closeBy)
		}
	}
	return nil
}

// contextSet returns the number of a list of words; the same list is looked for once, whoever asks.
func (c *compiler) contextSet(near []string) int32 {
	words := slices.Clone(near)
	slices.Sort(words)
	words = slices.Compact(words)
	key := strings.Join(words, "\n")
	if at, ok := c.sets[key]; ok {
		return at
	}
	at := int32(len(c.sets))
	c.sets[key] = at
	for _, w := range words {
		bare, whole := strings.CutSuffix(w, "$")
		if f := foldWord(bare); f != "" {
			if k := c.e.context.add(keyword{text: f, start: true, end: whole}, use{at: at}); int(k) == len(c.e.shown) {
				c.e.shown = append(c.e.shown, bare)
			}
		}
	}
	return at
}
