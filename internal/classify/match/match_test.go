package match

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// expressions are of every kind that is treated differently: with a literal at a known distance, at none, over lines, with
// digits alone, with nothing; in any case and in one; with assertions at every place.
var expressions = []string{
	`(?i)personnummer\.?:?\s*\d{4,12}`, `(?i)\bkund(?:nr|nummer)[ :]?\d{3,}\b`, `\b\d{6}[-+]?\d{4}\b`, `\b(?:\d[ -]?){13,16}\b`, `\b[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){3}\b`,
	`\d{3}-\d{2}-\d{4}`, `(?i)straße`, `(?i)kelvin`, `(?i)\bmassa\b`, `(?i)[\w.+-]+@exempel\.(?:com|se)\b`, `(?i)lön(?:e)?lista`, `(?s)BEGIN.*?END`, `(?i)(?:röd|grön|blå)\s+bil`,
	`(?m)^rubrik$`, `\Arubrik`, `rubrik$`, `\brubrik\B`, `\Bubrik\b`, `(?i)a{3}b`, `x.{0,5}yyy`, `[^a]\nslut`, `(?i)hemlig.{0,40}kod`, `AKIA[A-Z2-7]{4}`, `(?:ghp|gho)_[0-9a-z]{4}`,
	`\d+kr`, `(?i)k\d{3}k`, `[A-Z0-9]{5}`, `(?i)σασ`, `(?i)ФАКТУРА \d`, `(?i)ſtock`, `(?i)\w+ſ`, `1|22|333`, `(?i)(?:abc|abcd|bcde)f`, `[a-c]x[d-f]yzz`, `(?i)åäö`, `(?i)Ångström \d`, `日本\d`,
	`\b\d{4}\s\d{4}\b`, `(?i)swiss\s+k`, `[^\x00-\x7F]{3}`, `(?i)ǆungla`, `end\z`, `(?i)nr\.?\s\d{2}[A-Z]`, `(?i)\bid=(\d{2,4})`, `\x{FFFD}abc`,
}

var phrases = []string{
	"personnummer", "hemlig", "i enlighet med", "konto", "kk", "k", "å", "Straße", "projekt granit", "massa", "kelvin skala", "ab cd ef", "σας", "rubrik", "år", "ångström", "日本", "-x-", "a-b", "ſtock", "e-post till",
}

var pieces = []string{
	"personnummer", "PERSONNUMMER", "Personnummer: 1234567890", "kundnr 123", "KUNDNUMMER:4567", "890102-2387", "19890102", "4111 1111 1111 1111", "SE35 5000 0000 0549", "123-45-6789",
	"straße", "STRASSE", "STRA\u1e9eE", "\u212aelvin", "Kelvin", "kelvin\nskala", "ma\u017f\u017fa", "MASSA", "a.b@exempel.se", "löneLISTA", "LÖNLISTA", "BEGIN", "END", "röd  bil", "BLÅ\nBIL", "rubrik", "rubriken", "Rubrik",
	"aaab", "AAAAB", "x", "yyy", "\nslut", "hemlig", "kod", "AKIAABCD", "ghp_12ab", "12kr", "k123\u212a", "ABCDE", "σας", "ΣΑΣ", "фактура 1", "ФАКТУРА 2", "ſtock", "STOCK", "1", "22", "333", "abcdf", "ABCDEF", "axdyzz",
	"ÅÄÖ", "åäö", "\u212bngström 5", "ångström 7", "日本1", "1234 5678", "1234\n5678", "swi\u017fs  \u212a", "éèê", "ǅungla", "ǆungla", "end", "nr. 12A", "NR\t34b", "id=12", "\xff", "\xc3", "\xe2\x84", "\ufffdabc", "\xffabc",
	"i enlighet med", "I  ENLIGHET\r\nMED", "projekt\tGranit", "ab cd ef", "ab  cd", "kk", "K", "k", "år", "ÅR", "-x-", "a-b", "e-post till", "konto", "kontot", "\u00e5\u0301", "_", "å", "a\u0308", "\u0130", "\u0131", "😀", "’", "–", "€",
}

func randomText(r *rand.Rand) []byte {
	var b []byte
	for range r.IntN(40) {
		b = append(b, pieces[r.IntN(len(pieces))]...)
		switch r.IntN(6) {
		case 0, 1, 2:
			b = append(b, ' ')
		case 3:
			b = append(b, '\n')
		}
	}
	for range r.IntN(3) {
		if len(b) > 0 {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
	}
	return b
}

func testRules() []Rule {
	var rules []Rule
	for _, e := range expressions {
		rules = append(rules, Rule{Expr: e})
	}
	for _, p := range phrases {
		rules = append(rules, Rule{Words: strings.Fields(p)})
	}
	return rules
}

// reference is the definition: Go's regexp, one rule after the other.
type reference struct {
	rules []Rule
	re    []*regexp.Regexp
}

func newReference(rules []Rule) *reference {
	ref := &reference{rules: rules}
	for i := range rules {
		ref.re = append(ref.re, regexp.MustCompile(expressionOf(&rules[i])))
	}
	return ref
}

// expressionOf is a rule as an expression. Of a phrase that does not say that it stands alone.
func expressionOf(r *Rule) string {
	if r.Words == nil {
		return r.Expr
	}
	var q []string
	for _, w := range r.Words {
		q = append(q, regexp.QuoteMeta(w))
	}
	return `(?i)` + strings.Join(q, `\s+`)
}

func (ref *reference) scan(text []byte) []Match {
	var out []Match
	for i := range ref.rules {
		if ref.rules[i].Words == nil {
			for _, m := range ref.re[i].FindAllIndex(text, -1) {
				out = append(out, Match{int32(i), int32(m[0]), int32(m[1])})
			}
			continue
		}
		for pos := 0; pos < len(text); {
			m := ref.re[i].FindIndex(text[pos:])
			if m == nil {
				break
			}
			from, to := pos+m[0], pos+m[1]
			if alone(text, from, to) {
				out = append(out, Match{int32(i), int32(from), int32(to)})
				pos = to
				continue
			}
			_, n := utf8.DecodeRune(text[from:])
			pos = from + n
		}
	}
	return sorted(out)
}

func sorted(m []Match) []Match {
	slices.SortFunc(m, func(a, b Match) int {
		if a.Rule != b.Rule {
			return int(a.Rule - b.Rule)
		}
		return int(a.Start - b.Start)
	})
	return m
}

func mustCompile(t testing.TB, rules []Rule) *Engine {
	t.Helper()
	e, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var plenty = Limits{Confirms: 1 << 30}

func compare(t *testing.T, e *Engine, ref *reference, text []byte) {
	t.Helper()
	got, complete := e.Scan(text, nil, plenty)
	if !complete {
		t.Fatal("not complete")
	}
	want := ref.scan(text)
	if sorted(got); slices.Equal(got, want) {
		return
	}
	for _, m := range want {
		if !slices.Contains(got, m) {
			t.Errorf("missing %v %q of %+v in %q", m, text[m.Start:m.End], ref.rules[m.Rule], text)
		}
	}
	for _, m := range got {
		if !slices.Contains(want, m) {
			t.Errorf("extra %v %q of %+v in %q", m, text[m.Start:m.End], ref.rules[m.Rule], text)
		}
	}
	for i := 1; i < len(got); i++ {
		if m := got[i]; m == got[i-1] {
			t.Errorf("twice %v %q of %+v in %q", m, text[m.Start:m.End], ref.rules[m.Rule], text)
		}
	}
}

// engines are sets that make the compiler choose every stride.
func engines(t testing.TB) []struct {
	e   *Engine
	ref *reference
} {
	t.Helper()
	all := testRules()
	long := []Rule{{Words: []string{"personnummer"}}, {Expr: `(?i)lönelista`}, {Expr: `(?i)hemlig.{0,40}kod`}, {Expr: `\b\d{6}[-+]?\d{4}\b`}, {Words: []string{"i", "enlighet", "med"}}}
	some := slices.DeleteFunc(slices.Clone(all), func(r Rule) bool {
		return r.Expr == "" && !slices.ContainsFunc(r.Words, func(w string) bool { return len(w) > 2 })
	})
	var out []struct {
		e   *Engine
		ref *reference
	}
	for _, rules := range [][]Rule{long, some, all} {
		out = append(out, struct {
			e   *Engine
			ref *reference
		}{mustCompile(t, rules), newReference(rules)})
	}
	for i, want := range []int{4, 2, 1} {
		if got := out[i].e.table.stride; got != want {
			t.Errorf("set %d has stride %d, want %d", i, got, want)
		}
	}
	return out
}

func TestEqualsRegexp(t *testing.T) {
	t.Parallel()
	for k, x := range engines(t) {
		r := rand.New(rand.NewPCG(uint64(k), 5))
		for range 2000 {
			compare(t, x.e, x.ref, randomText(r))
			if t.Failed() {
				return
			}
		}
	}
}

// TestLiteralsInEachOther: the rarest window of a literal may stand behind another one that begins in it.
func TestLiteralsInEachOther(t *testing.T) {
	t.Parallel()
	for _, x := range [][2]string{
		{`the andersxqjzvk|anders`, "say the andersxqjzvk for you and me"},
		{`.?(?:mrs anders xqjzvk|anders)`, "say mrs anders xqjzvk, mrs anders xq for you and me"},
		{`(?:and|andand the)xqzvkj.{0,3}and`, "andandand thexqzvkjand the andxqzvkjandand thexqzvkj the and"},
	} {
		rules := []Rule{{Expr: x[0]}}
		compare(t, mustCompile(t, rules), newReference(rules), []byte(x[1]))
	}
}

// TestLineEnds: what is between line ends is searched once, and what is seen of it is what stands there.
func TestLineEnds(t *testing.T) {
	t.Parallel()
	for _, x := range [][2]string{
		{`\w*\nfoo`, "a\nfoo\n\nfoo"},      // a literal begins with the second of two line ends
		{`\w*\sfoo\n?\z`, "a\nfoo\n\nb"},   // where a paragraph ends the text does not
		{`\w*foo\n(?:bar)?\n`, "afoo\n\n"}, // two line ends with nothing between
		{`[\x{fffd}日]foo`, "\xfffoo 日foo"}, // a byte that is no UTF-8 is shorter than U+FFFD
	} {
		rules := []Rule{{Expr: x[0]}}
		compare(t, mustCompile(t, rules), newReference(rules), []byte(x[1]))
	}
}

// TestShortTexts: what stands at the very ends is found too.
func TestShortTexts(t *testing.T) {
	t.Parallel()
	for _, x := range engines(t) {
		for _, p := range pieces {
			for pad := range 20 {
				compare(t, x.e, x.ref, []byte(strings.Repeat(" ", pad)+p))
				compare(t, x.e, x.ref, []byte(p+strings.Repeat(" ", pad)))
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, p := range pieces {
		f.Add([]byte(p + " " + p))
	}
	sets := engines(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, x := range sets {
			compare(t, x.e, x.ref, text)
		}
	})
}

// FuzzFew is FuzzScan with the few rules of every kind that the reference is fast with: for long runs.
func FuzzFew(f *testing.F) {
	for _, p := range pieces {
		f.Add([]byte(p + " " + p))
	}
	rules := []Rule{{Words: []string{"kelvin", "massa"}}, {Expr: `(?i)kund(?:nr)? ?\d{2,}\b`}, {Expr: `\b\d{4}-\d`}, {Expr: `(?i)hem.{0,9}kod`}}
	e, ref := mustCompile(f, rules), newReference(rules)
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 400 {
			compare(t, e, ref, text)
		}
	})
}

// FuzzExpression holds any expression against any text.
func FuzzExpression(f *testing.F) {
	for _, e := range expressions {
		f.Add(e, strings.Join(pieces, " "))
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 200 || len(text) > 1000 {
			return
		}
		if _, err := regexp.Compile(expr); err != nil {
			return
		}
		rules := []Rule{{Expr: expr}}
		e, err := Compile(rules)
		if err != nil {
			t.Fatalf("%q: %v", expr, err)
		}
		compare(t, e, newReference(rules), []byte(text))
	})
}

func TestBudget(t *testing.T) {
	t.Parallel()
	e := mustCompile(t, []Rule{{Expr: `(?i)nummer\d`}, {Words: []string{"ord"}}})
	text := []byte(strings.Repeat("nummer1 ", 100) + "ord")
	got, complete := e.Scan(text, nil, Limits{Confirms: 10})
	if complete || len(got) != 11 {
		t.Errorf("%d matches, complete %v; want 10 numbers, the word, and not complete", len(got), complete)
	}
	if got, complete = e.Scan(text, nil, Limits{Confirms: 100}); !complete || len(got) != 101 {
		t.Errorf("%d matches, complete %v", len(got), complete)
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	rules := []Rule{{Expr: `(?i)nummer\d`}, {Words: []string{"ord"}}, {Expr: `\b\d{4}\b`}, {Expr: `[A-Z]{8}`}}
	text := []byte("nummer1 ord 1234 ABCDEFGH")
	for i := range rules {
		want := make([]bool, len(rules))
		want[i] = true
		got, _ := mustCompile(t, rules).Scan(text, nil, Limits{Confirms: 100, Want: want})
		if len(got) != 1 || got[0].Rule != int32(i) {
			t.Errorf("only rule %d is wanted, found %v", i, got)
		}
	}
}

func TestDone(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	close(done)
	e := mustCompile(t, []Rule{{Expr: `(?i)nummer\d`}})
	if got, complete := e.Scan([]byte(strings.Repeat("nummer1 ", 1000)), nil, Limits{Confirms: 5000, Done: done}); complete || len(got) == 1000 {
		t.Errorf("%d matches, complete %v, though the time was over", len(got), complete)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	rules := []Rule{{Expr: `\b(?i)jnr ?(\d{3})(x)?`}}
	e := mustCompile(t, rules)
	for _, text := range []string{"jnr 123", "å jnr 123x", "\xffJNR456"} {
		got, _ := e.Scan([]byte(text), nil, plenty)
		want := regexp.MustCompile(rules[0].Expr).FindSubmatchIndex([]byte(text))
		if len(got) != 1 || !slices.Equal(e.Groups([]byte(text), got[0]), want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	e := mustCompile(t, []Rule{{Expr: `(?i)literal\w*`}, {Expr: `[A-Z]{8}`}, {Expr: `\d{4}-\d`}, {Words: []string{"ord"}}, {Expr: `a*`}})
	if got := e.Slow(); !slices.Equal(got, []int32{1, 4}) {
		t.Errorf("slow rules %v, want 1 and 4", got)
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	for _, r := range []Rule{
		{Expr: `a(`}, {Words: []string{"a", ""}}, {Words: []string{"\xff"}}, {Words: []string{"a\ufffdb"}}, {Words: []string{"x", " a"}},
	} {
		if _, err := Compile([]Rule{{Expr: "x"}, r}); err == nil || !strings.Contains(err.Error(), "rule 1") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) { // not parallel: it counts allocations
	if raceDetector {
		t.Skip("regexp keeps its machines in a sync.Pool, which forgets at random under the race detector; make test runs this one without it too")
	}
	// Expressions that are searched for on a line, not at a place, allocate where their literal stands.
	e := mustCompile(t, append(slices.Clone(testRules()[:4]), testRules()[len(expressions):]...))
	s := e.NewScanner()
	text := []byte(strings.Repeat("Kundnr 12345 och 890102-2387, personnummer: 1234567890 för konto.\n", 50))
	var out []Match
	for range 3 {
		out, _ = s.Scan(text, out[:0], plenty)
	}
	if n := testing.AllocsPerRun(50, func() { out, _ = s.Scan(text, out[:0], plenty) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestHostileText: text full of candidates takes time in proportion to its length. What it counts is work, not time.
func TestHostileText(t *testing.T) {
	t.Parallel()
	e := mustCompile(t, testRules())
	for _, unit := range []string{"hemlig ", "1", "personnummer", "\u212a", "k", "i enlighet ", "BEGIN", "\n", "å", "4111 "} {
		text := []byte(strings.Repeat(unit, 200_000/len(unit)))
		if _, complete := e.Scan(text, nil, Limits{Confirms: 2_000_000}); !complete {
			t.Errorf("%q: over 10 confirmations a byte", unit)
		}
	}
}

// TestMuchToRead: where tries at single places would read a text too often it is searched as a whole, and what is known is not
// found twice.
func TestMuchToRead(t *testing.T) {
	t.Parallel()
	exprs := []string{`abc[^x]*xy`, `\d+xy`, `\b[a-k][^x]*xy`, `(?s)\d.*yz`}
	text := "abc1xy 12xy axy " + strings.Repeat("abc", 1500) + " x " + strings.Repeat("12", 600) + " x " +
		strings.Repeat("a ", 600) + "x abc 12xy bxy 34xy abcxy"
	for i := range exprs {
		for _, some := range [][]string{exprs, exprs[i : i+1]} {
			var rules []Rule
			for _, e := range some {
				rules = append(rules, Rule{Expr: e})
			}
			compare(t, mustCompile(t, rules), newReference(rules), []byte(text))
		}
	}
}
