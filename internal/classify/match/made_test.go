package match

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// stems are what the words of made rules are cut from: they lie in each other, and their cases are of every length.
var stems = []string{
	"and", "anders", "andersson", "the anders", "sons", "nummer", "personnummer", "kk", "skk", "kalk", "ss", "massa", "assa",
	"straße", "ßaß", "åäö", "röd", "ööl", "ÿÿz", "xÿ", "µm", "kµk", "σας", "σασα", "фактура", "актау", "\u212aelvin", "el\u212ak",
	"\u017fto\u017f\u017f", "os\u017f", "12", "1234", "a1b2", "7k", "a", "aa", "aaab", "abab", "日本", "-x-", "e-post", "ǆun",
	"xqjzv", "qjzvkw", "é", "a.b", "a÷×b", "\u1e9e", "\U00010400x", "\u20ac", "–", "k s", "ab cd",
}

var madeClasses = []string{
	`[a-c]`, `[åäö]`, `[ks]`, `[^a]`, `[^k\n]`, `\d`, `\d`, `\w`, `\W`, `\s`, `\S`, `.`, `.`, `(?s:.)`, `[A-Z]`, `[A-Z0-9]`,
	`[0-9a-z]`, `[\w.+-]`, `[ \n]`, `[\x{17f}\x{212a}]`, `[^\x00-\x7f]`, `[\x{fffd}k]`, `[µ-ÿ]`, `[α-ω]`, `\pL`, `[-+ ]`, `[ßa]`,
	`[\n-a]`, `[12]`, `\D`, `[\x{fff0}-\x{fffd}]`, `[^\x00-\x{10ffff}]`, `[^\s]`, `\x{fffd}`,
}

var (
	madeAssertions = []string{`\b`, `\b`, `\b`, `\B`, `^`, `$`, `(?m:^)`, `(?m:$)`, `\A`, `\z`}
	madeRepeats    = []string{`?`, `?`, `?`, `*`, `+`, `{2}`, `{0,3}`, `{1,4}`, `{2,}`, `{3,5}`, `??`, `*?`, `+?`, `{1,2}?`, `{0,9}`}
	madeFlags      = []string{``, ``, ``, `(?i)`, `(?i)`, `(?i)`, `(?i)`, `(?s)`, `(?is)`, `(?im)`, `(?m)`, `(?sm)`, `(?iU)`}
	madeBetween    = []string{` `, `\s+`, `\s*`, `\s`, `\n`, `[ -]?`, `.?`, `\n?`, `[ \t]+`, `\r?\n`}
	madeSpaces     = []string{" ", " ", " ", "  ", "\n", "\r\n", "\t", " \f", "\n\n", "\v", "\u00a0", "\n \n"}
	madeExotic     = []string{
		"\u212a", "\u017f", "\u1e9e", "\u0178", "\u039c", "\u03bc", "\u212b", "Σ", "ς", "Ф", "ǅ", "\U00010428", "\u0130", "\u0131",
		"😀", "é", "É", "÷", "×", "\u00b5", "ÿ", "日", "€", "’", "\u0301", "a\u0308", "\xff", "\xc3", "\xe2\x84", "\xe2", "\x80",
		"\xb5", "\xa5", "\xf0\x9f\x98", "\xc5", "\ufffd", "_", "0", "9", "-", ".", "\x00",
	}
)

// Of shapes of their own.
var (
	beforeDigits = []string{
		``, `\b`, `\B`, `[-+]?`, `(?:SE|k)?`, `\A`, `^`, `.{0,2}`, `[^\d]`, `k?`, `\s`,
	}
	madeDigits = []string{
		`\d{2,4}`, `\d`, `[0-9]{3}`, `\d+`, `\d+[a-k]`, `(?:\d|[a-c]{1,4}\d|- ?\d)`, `(?:\d[ -]?){3,6}`, `(?:1|22|333)`,
	}
	behindEdge = []string{
		`[A-Z]{2,4}`, `\w+`, `[a-k]{2}`, `\W`, `.`, `[^a]{2}`, `\pL+`, `[ks]`, `[åäö]+`, `(?:\w\W){2}`, `[-+ ][a-z]`, `\w.*[12]`,
		`[^k]*[ks]`,
	}
	beforeLiteral = []string{
		`.*`, `.{0,40}`, `[^k]*`, `\w+`, `\w+\s\w*`, `\w*\s+`, `(?s).*`, `(?s).{0,40}?`, `\A.*`, `^.*`, `\d*`, `\S+\n?\S*`,
		`(?:\n?k)*`, `(?:ab|\n)+`, `[^a]{0,12}`,
	}
)

// maker makes rules, and texts for them, out of a few words.
type maker struct {
	*rand.Rand
	words []string
	rules []Rule
	trees []*syntax.Regexp // of the rules
}

func (m *maker) pick(list []string) string { return list[m.IntN(len(list))] }

// oneIn is true once in n times.
func (m *maker) oneIn(n int) bool { return m.IntN(n) == 0 }

// newMaker makes the rules of a seed.
func newMaker(seed uint64) *maker {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 9))}
	least := 3 + 2*m.IntN(2) // bytes of a word: it decides on the stride
	if m.oneIn(8) {
		least = 1
	}
	from := make([]string, 1+m.IntN(5))
	for i := range from {
		from[i] = m.pick(stems)
	}
	for n := 2 + m.IntN(8); len(m.words) < n; {
		w := m.cut(m.pick(from))
		if m.oneIn(3) {
			w += m.pick([]string{"", "", " ", "-"}) + m.cut(m.pick(from))
		}
		if m.oneIn(4) && len(m.words) > 0 {
			w = m.cut(m.pick(m.words)) + m.cut(w)
		}
		switch w = strings.TrimSpace(w); {
		case len(w) > 20:
		case len(w) >= least:
			m.words = append(m.words, w)
		case m.oneIn(4):
			from[m.IntN(len(from))] = m.pick(stems)
		}
	}
	n := 1
	switch m.IntN(8) {
	case 0, 1, 2, 3:
		n += m.IntN(8)
	case 4:
		n += m.IntN(60)
	}
	phrases := m.IntN(4) // of so many rules
	for len(m.rules) < n {
		r := Rule{}
		if m.IntN(4) < phrases {
			for range 1 + m.IntN(3)*m.IntN(2) {
				r.Words = append(r.Words, strings.Fields(m.pick(m.words))...)
			}
		} else {
			r.Expr = m.expression()
		}
		short := slices.ContainsFunc(r.Words, func(w string) bool { return len(foldString(w)) == 1 }) // may take a second to compile
		if tree, err := syntax.Parse(expressionOf(&r), syntax.Perl); err == nil && (!short || m.oneIn(2000)) {
			m.rules, m.trees = append(m.rules, r), append(m.trees, tree)
		}
	}
	return m
}

// cut is a word, or the beginning, the end or the middle of it.
func (m *maker) cut(w string) string {
	list := []rune(w)
	from, to := 0, len(list)
	if m.oneIn(3) {
		from = m.IntN(len(list))
	}
	if m.oneIn(3) {
		to = from + 1 + m.IntN(to-from)
	}
	return string(list[from:to])
}

// expression is of a shape that is treated in a way of its own, or of any.
func (m *maker) expression() string {
	flags := m.pick(madeFlags)
	switch m.IntN(16) {
	case 0, 1: // digits
		return flags + m.pick(beforeDigits) + m.pick(madeDigits) + m.tail()
	case 2, 3: // a word boundary, and no literal
		return flags + `\b` + m.pick(behindEdge) + m.tail()
	case 4, 5: // anything before a literal
		return flags + m.pick(beforeLiteral) + m.quoted() + m.tail()
	case 6: // anything behind one
		return flags + m.quoted() + m.pick([]string{`.*`, `.*?`, `[^k]+`, `\w*`, `(?s).*?`, `(?s).*`, `\s+`, `\S*`}) + m.tail()
	case 7: // over lines, anything before
		s := m.pick([]string{`\w*`, `.*`, `[^k]*`, `.{3,30}`})
		for range 2 + m.IntN(4) {
			s += m.pick([]string{m.quoted(), `\n`, `\n`, `\n?`, `k?`, `\s`, `\w*`, `(?m:$)`, `(?m:^)`, `[^a]`, `.`})
		}
		return flags + s + m.pick([]string{m.quoted(), `\n` + m.quoted(), ``}) + m.pick([]string{``, ``, `\n?\z`, `$`, `\n?`})
	case 8, 9, 10: // alternatives that lie in each other
		w := m.pick(m.words)
		s := m.pick([]string{``, `.?`, `k?`, `s{0,2}`, `\b`, `[ks]?`, `.{0,2}`, `\W?`}) + `(?:` + regexp.QuoteMeta(w)
		for range 1 + m.IntN(3) {
			other := m.pick(m.words)
			switch m.IntN(3) {
			case 0:
				other = m.cut(other) + m.pick([]string{``, ` `}) + w + m.cut(m.pick(m.words))
			case 1:
				other = w + m.cut(other)
			}
			s += `|` + m.pick([]string{``, ``, ``, `.`, `k?`, `.?`, `s?`, `\w*`}) + regexp.QuoteMeta(other)
			s += m.pick([]string{``, ``, ``, ``, `.`, `\b`, `\w*`, `\d`, `$`})
		}
		return flags + s + `)` + m.tail()
	}
	return flags + m.sequence(3)
}

// tail is what may stand at the end of an expression.
func (m *maker) tail() string {
	switch m.IntN(6) {
	case 0:
		return m.pick(madeAssertions)
	case 1:
		return m.pick(madeBetween) + m.quoted()
	case 2:
		return m.sequence(1)
	}
	return ``
}

func (m *maker) quoted() string { return regexp.QuoteMeta(m.pick(m.words)) }

func (m *maker) sequence(depth int) string {
	s := ``
	for range 1 + m.IntN(4) {
		s += m.part(depth)
	}
	return s
}

func (m *maker) part(depth int) string {
	switch n := m.IntN(20); {
	case n < 8 || depth == 0:
		return m.quoted()
	case n < 11:
		return m.pick(madeClasses)
	case n < 12:
		return m.pick(madeAssertions)
	case n < 13:
		return m.pick(madeBetween)
	case n < 15:
		return m.pick(madeClasses) + m.pick(madeRepeats)
	case n < 17:
		s := m.pick([]string{`(`, `(?:`, `(?i:`, `(?-i:`, `(?s:`, `(?m:`}) + m.sequence(depth-1)
		return s + `)` + m.pick([]string{``, ``, m.pick(madeRepeats)})
	}
	s := m.pick([]string{`(`, `(?:`}) + m.sequence(depth-1)
	for range 1 + m.IntN(3) {
		s += `|` + m.sequence(depth-1)
	}
	return s + `)` + m.pick([]string{``, ``, m.pick(madeRepeats)})
}

// sample appends what an expression matches, if its assertions hold.
func (m *maker) sample(b []byte, re *syntax.Regexp) []byte {
	times := 1
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				r = m.someCase(r)
			}
			b = utf8.AppendRune(b, r)
		}
		return b
	case syntax.OpCharClass:
		if len(re.Rune) == 0 {
			return b
		}
		k := m.IntN(len(re.Rune)/2) * 2
		low, high := re.Rune[k], re.Rune[k+1]
		r := low + rune(m.IntN(int(min(high-low, 90))+1))
		return utf8.AppendRune(b, r)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		if m.oneIn(3) {
			return append(b, m.pick(madeExotic)...)
		}
		return append(b, byte(m.IntN(95)+' '))
	case syntax.OpAlternate:
		return m.sample(b, re.Sub[m.IntN(len(re.Sub))])
	case syntax.OpStar:
		times = m.IntN(4)
	case syntax.OpPlus:
		times = 1 + m.IntN(3)
	case syntax.OpQuest:
		times = m.IntN(2)
	case syntax.OpRepeat:
		times = re.Min + m.IntN(3)
		if re.Max >= 0 {
			times = min(times, re.Max)
		}
	}
	for range times {
		for _, sub := range re.Sub {
			b = m.sample(b, sub)
		}
	}
	return b
}

func (m *maker) someCase(r rune) rune {
	for range m.IntN(4) {
		r = unicode.SimpleFold(r)
	}
	return r
}

// piece is something that the rules of m may match, or nearly; most often the favourite one.
func (m *maker) piece(favourite int) []byte {
	n := m.IntN(12)
	switch {
	case n == 0:
		return []byte(m.pick(madeExotic))
	case n == 1:
		return []byte(m.pick(m.words))
	case n == 2:
		return []byte(m.pick([]string{"1", "12", "4711", "890102-2387", "a", "k", "S", "AB", "x y", "\n\n", "12 34"}))
	}
	k := favourite
	if m.oneIn(3) {
		k = m.IntN(len(m.rules))
	}
	b := m.sample(nil, m.trees[k])
	if words := m.rules[k].Words; words != nil {
		b = b[:0]
		for i, w := range words {
			if i > 0 {
				b = append(b, m.pick(madeSpaces)...)
			}
			b = append(b, w...)
		}
	}
	if n < 6 && len(b) > 0 { // in any case
		list := []rune(string(b))
		for i := range list {
			list[i] = m.someCase(list[i])
		}
		b = []byte(string(list))
	}
	if len(b) > 0 && m.oneIn(8) { // the same under the case bit
		b[m.IntN(len(b))] ^= caseBit
	}
	if n < 8 && len(b) > 1 { // not all of it
		from := m.IntN(len(b)) * m.IntN(2)
		b = b[from : from+1+m.IntN(len(b)-from)]
	}
	return b
}

// text is glued from pieces. Some are as long as what is looked at as a block.
func (m *maker) text() []byte {
	size, favourite := m.IntN(80), m.IntN(len(m.rules))
	switch m.IntN(8) {
	case 0:
		size = m.IntN(400)
	case 1:
		size = 250 + m.IntN(12)
	case 2:
		size = 8*m.IntN(8) + m.IntN(3)
	}
	var b []byte
	if m.oneIn(12) { // the same over and over: enough of it for the budgets to end
		if size = 200 + m.IntN(300); m.oneIn(4) {
			size = 1500 + m.IntN(1500)
		}
		x := m.piece(favourite)
		if m.oneIn(2) {
			x = []byte(m.pick(m.words))
		}
		if x = append(x, m.pick([]string{"", "", " ", "\n", "k"})...); len(x) > 0 {
			b = bytes.Repeat(x, size*(4+m.IntN(5))/8/len(x))
		}
	}
	for len(b) < size {
		x := m.piece(favourite)
		if m.oneIn(3) { // the end of one may be the beginning of the next
			for k := min(len(b), len(x)); k > 0; k-- {
				if bytes.HasSuffix(b, x[:k]) {
					x = x[k:]
					break
				}
			}
		}
		b = append(b, x...)
		switch m.IntN(6) {
		case 0, 1:
			b = append(b, m.pick(madeSpaces)...)
		case 2:
			b = append(b, m.pick(madeExotic)...)
		}
	}
	switch m.IntN(4) {
	case 0:
		b = b[:size]
	case 1:
		b = b[len(b)-size:]
	}
	if len(b) > 0 && m.oneIn(4) {
		b[m.IntN(len(b))] = byte(m.IntN(256))
	}
	return b
}

// want is some of the rules, or nil for all.
func (m *maker) want() []bool {
	if !m.oneIn(4) {
		return nil
	}
	want := make([]bool, len(m.rules))
	for i := range want {
		want[i] = !m.oneIn(3)
	}
	return want
}

// differs says whether the engine finds anything else than the reference.
func differs(e *Engine, ref *reference, text []byte, lim Limits) bool {
	got, complete := e.Scan(text, nil, lim)
	want := slices.DeleteFunc(ref.scan(text), func(m Match) bool { return lim.Want != nil && !lim.Want[m.Rule] })
	if complete {
		return !slices.Equal(sorted(got), want)
	}
	return lim.Confirms == plenty.Confirms || slices.ContainsFunc(got, func(m Match) bool { return !slices.Contains(want, m) })
}

// groupsDiffer says whether the groups of any match are not where the reference has them.
func groupsDiffer(e *Engine, ref *reference, text []byte) bool {
	for i := range ref.rules {
		if ref.rules[i].Words != nil {
			continue
		}
		for _, loc := range ref.re[i].FindAllSubmatchIndex(text, -1) {
			if !slices.Equal(e.Groups(text, Match{int32(i), int32(loc[0]), int32(loc[1])}), loc) {
				return true
			}
		}
	}
	return false
}

// smaller takes rules and bytes away as long as something differs, for some time.
func smaller(t *testing.T, rules []Rule, text []byte) ([]Rule, []byte) {
	t.Helper()
	for i := len(rules) - 1; i >= 0 && len(rules) > 1; i-- {
		if fewer := slices.Delete(slices.Clone(rules), i, i+1); differs(mustCompile(t, fewer), newReference(fewer), text, plenty) {
			rules = fewer
		}
	}
	e, ref := mustCompile(t, rules), newReference(rules)
	tries := 3000
	for n := len(text); n > 0 && tries > 0; n /= 2 {
		for from := 0; from+n <= len(text) && tries > 0; tries-- {
			if shorter := slices.Delete(slices.Clone(text), from, from+n); differs(e, ref, shorter, plenty) {
				text = shorter
			} else {
				from++
			}
		}
	}
	return rules, text
}

// tryMade holds the rules of a seed against texts made for them.
func tryMade(t *testing.T, seed uint64, texts int) *Engine {
	t.Helper()
	m := newMaker(seed)
	e, ref := mustCompile(t, m.rules), newReference(m.rules)
	for range texts {
		text, lim := m.text(), Limits{Confirms: plenty.Confirms, Want: m.want()}
		if m.oneIn(8) {
			lim.Confirms = m.IntN(40)
		}
		switch {
		case !differs(e, ref, text, lim):
		case differs(mustCompile(t, m.rules), ref, text, plenty):
			rules, text := smaller(t, m.rules, text)
			t.Errorf("seed %d, %+q:", seed, text)
			compare(t, mustCompile(t, rules), newReference(rules), text)
		default:
			t.Errorf("seed %d, with these limits or behind other texts only: %+v of %+v in %q", seed, lim, m.rules, text)
		}
		if groupsDiffer(e, ref, text) {
			t.Errorf("seed %d: groups of %+v in %q", seed, m.rules, text)
		}
		if t.Failed() {
			break
		}
	}
	return e
}

// TestMadeRules holds rules of every shape against texts made for them, and sees that all ways to look for a rule are taken.
func TestMadeRules(t *testing.T) {
	t.Parallel()
	seeds := 200
	if raceDetector {
		seeds /= 8
	}
	seen := map[string]int{}
	for seed := range seeds {
		e := tryMade(t, uint64(seed), 16)
		if t.Failed() {
			return
		}
		seen["always"] += len(e.always)
		seen["numbers"] += len(e.digits)
		seen["edges"] += len(e.words)
		if e.reach != nil {
			seen["reach"] += len(e.reach.parts)
		}
		seen["stride "+string(rune('0'+e.table.stride))]++
		for _, r := range madeWays(e) {
			seen[r]++
		}
	}
	for _, way := range append(slices.Clone(madeModes), "always", "numbers", "edges", "reach", "stride 1", "stride 2", "stride 4") {
		if seen[way] == 0 && !raceDetector {
			t.Errorf("no %s in %v", way, seen)
		}
	}
}

// madeModes are the names of modes.
var madeModes = []string{"phrase", "anchor", "line", "paragraph", "text"}

// madeWays is how the rules with literals are confirmed.
func madeWays(e *Engine) []string {
	var out []string
	for i := range e.rules {
		if r := int32(i); slices.ContainsFunc(e.uses, func(u use) bool { return u.rule == r }) {
			out = append(out, madeModes[e.rules[i].mode])
		}
	}
	return out
}

func FuzzMadeRules(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { tryMade(t, seed, 16) })
}
