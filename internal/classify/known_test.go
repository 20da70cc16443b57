package classify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"sigill/internal/classify/match"
)

// literalPieces are what literals of patterns, and texts that nearly hold them, are made of.
var literalPieces = []string{
	"kod", "ko", "od", "patient", "pati", "nr", "å", "Å", "ö", "ß", "ss", "é", "µ", "K", "k", "ſ", "И", "и", "σ", "ς", " ", "  ", "\t", "\n", "-", "-\n", ".", "_", "x", "7", "42", "€", "–", "\u00ad", "\x02",
}

// fewPieces are some of them: texts of the same few hold many of the literals.
func fewPieces(r *rand.Rand) (few []string) {
	for range 2 + r.IntN(5) {
		few = append(few, literalPieces[r.IntN(len(literalPieces))])
	}
	return few
}

func glued(r *rand.Rand, pieces []string, n int) (s string) {
	for range n {
		s += pieces[r.IntN(len(pieces))]
	}
	return s
}

// somePattern is an expression that is found by literals.
func somePattern(r *rand.Rand, pieces []string) string {
	src := ""
	if r.IntN(2) == 0 {
		src = `(?i)`
	}
	switch r.IntN(4) {
	case 0:
		src += `\b`
	case 1:
		src += `[a-z]{0,2}`
	case 2:
		src += `.*`
	}
	src += "(?:" + regexp.QuoteMeta(glued(r, pieces, 2+r.IntN(3)))
	for range r.IntN(3) {
		src += "|" + regexp.QuoteMeta(glued(r, pieces, 2+r.IntN(3)))
	}
	return src + ")" + [...]string{"", `\b`, `\w`, `\d{2}`, `\s+\d`, `[^x]`}[r.IntN(6)]
}

// TestLiteralsAmongWords: patterns whose literals are found in the walk for words have the matches that they have by themselves.
func TestLiteralsAmongWords(t *testing.T) {
	t.Parallel()
	together, matches := 0, 0
	for seed := range uint64(800) {
		r := rand.New(rand.NewPCG(seed, 12))
		pieces := fewPieces(r)
		var d []Detector
		for i := range 1 + r.IntN(4) {
			d = append(d, Detector{ID: fmt.Sprint(i), Confidence: Low, Patterns: []Pattern{{Regex: somePattern(r, pieces), Confidence: Low}}})
		}
		d = append(d, Detector{ID: "words", Confidence: Low, Words: []string{"*kod*", "patient"}})
		e, err := Compile(d)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !e.known {
			continue
		}
		together++
		for range 10 {
			text := []byte(glued(r, append(pieces, "7", " "), r.IntN(60)))
			if r.IntN(10) == 0 { // more than is sifted at once
				text = []byte(glued(r, pieces, 200))
			}
			matches += compareProbes(t, e, text)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if together < 400 || matches < 7000 {
		t.Errorf("%d sets of patterns with %d matches: too few to say anything", together, matches)
	}
}

// compareProbes reads a text with an engine, and compares the matches of its patterns with those that they have by themselves.
func compareProbes(t *testing.T, e *Engine, text []byte) int {
	t.Helper()
	s := newScanner(e)
	segment := body(string(text))
	if err := s.scan(context.Background(), 0, &segment); err != nil {
		t.Fatal(err)
	}
	want, complete := e.regexes.Scan(s.text.norm, nil, match.Limits{Confirms: maxTries})
	if !complete {
		t.Fatal("not complete")
	}
	byRule := func(a, b match.Match) int { return int(a.Rule-b.Rule)*(1<<20) + int(a.Start-b.Start) }
	slices.SortFunc(want, byRule)
	slices.SortFunc(s.matches, byRule)
	if !slices.Equal(s.matches, want) {
		var rules []string
		for i := range e.patterns {
			rules = append(rules, e.patterns[i].src)
		}
		t.Errorf("%q in %q: %v, by themselves %v", rules, s.text.norm, s.matches, want)
	}
	return len(want)
}

// FuzzLiteralsAmongWords is TestLiteralsAmongWords for any text, with the patterns of a kind each.
func FuzzLiteralsAmongWords(f *testing.F) {
	f.Add([]byte("Patient : kod 42, säkerhets-\nkod: 12 fru  Åsa har diabetes"))
	var d []Detector
	for i, src := range []string{
		`(?i)\bkod[: ]+\d`, `(?i)säkerhets-?kod`, `(?i)(?:fru|herr) \p{Lu}\w+`, `(?i) har \w+`, `patient ?:`, `.*straße`, `(?i)µg/l`, "a\tb", `(?i)id-\n?nr`, `k{2,3}v`, `(?i)STRASSE \d`, `\bMW\. `,
	} {
		d = append(d, Detector{ID: fmt.Sprint(i), Confidence: Low, Patterns: []Pattern{{Regex: src, Confidence: Low}}})
	}
	e, err := Compile(d)
	if err != nil {
		f.Fatal(err)
	}
	if !e.known {
		f.Fatal("the literals are not among the words")
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 4000 {
			compareProbes(t, e, text)
		}
	})
}
