// Package rules makes seeded rule sets and holds the reference engine.
package rules

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigill/tools/classbench/internal/corpus"
)

type Kind uint8

const (
	Keyword Kind = iota // one or more words; whole-word by Unicode letters and digits
	Regex               // RE2 syntax as the user wrote it
)

// Rule is one rule of a policy. All are case-insensitive.
type Rule struct {
	ID    int
	Kind  Kind
	Words []string // Keyword: its words; any ASCII whitespace run joins them
	Expr  string   // RE2 source without flags
}

// Match is one hit: byte offsets into the message.
type Match struct{ Rule, Start, End int32 }

// Make builds n rules: 60 % keywords and phrases, 30 % regexes with literals,
// 10 % without. The mix repeats every ten rules, so 10 rules hold 6, 3 and 1.
func Make(seed uint64, n int) []Rule {
	r := rand.New(rand.NewPCG(seed, 7))
	seen := map[string]bool{}
	var out []Rule
	for i := 0; len(out) < n; i++ {
		var x Rule
		switch k := len(out) % 10; {
		case k < 6:
			x.Kind, x.Words = Keyword, keyword(r)
			var q []string
			for _, w := range x.Words {
				q = append(q, regexp.QuoteMeta(w))
			}
			x.Expr = strings.Join(q, `\s+`)
		case k < 9:
			x.Kind, x.Expr = Regex, withLiteral(r)
		default:
			x.Kind, x.Expr = Regex, noLiteral(r, len(out)/10)
		}
		if seen[strings.ToLower(x.Expr)] {
			continue
		}
		seen[strings.ToLower(x.Expr)] = true
		x.ID = len(out)
		out = append(out, x)
	}
	return out
}

func lang(r *rand.Rand) string { return corpus.Langs[r.IntN(4)] }

func keyword(r *rand.Rand) []string {
	l := lang(r)
	switch k := r.IntN(100); {
	case k < 35: // compound of the domain: shares its parts with ordinary text
		return strings.Fields(corpus.Compound(r, l))
	case k < 55: // person
		return strings.Fields(corpus.Name(r))
	case k < 75: // phrase of ordinary words and a domain word
		w := []string{corpus.CommonWord(r, l), corpus.Head(r, l)}
		if r.IntN(2) == 0 {
			w = append(w, corpus.CommonWord(r, l))
		}
		return w
	case k < 95: // product, project or place name
		return []string{corpus.Pseudo(r, 3+r.IntN(2))}
	default: // acronym of three or four letters
		return []string{acronym(r)}
	}
}

func acronym(r *rand.Rand) string {
	b := make([]byte, 3+r.IntN(2))
	for i := range b {
		b[i] = byte('A' + r.IntN(26))
	}
	return string(b)
}

func withLiteral(r *rand.Rand) string {
	l := lang(r)
	w := func() string { return regexp.QuoteMeta(corpus.Stem(r, l) + corpus.Head(r, l)) }
	p := func() string { return corpus.Pseudo(r, 2+r.IntN(2)) }
	switch r.IntN(8) {
	case 0:
		return w() + `(?:\s*(?:nr|no|nummer))?\.?:?\s*\d{4,12}`
	case 1:
		return `\b` + p() + `[ -]?(?:19|20)\d{2}\b`
	case 2:
		return w() + `.{0,40}` + p()
	case 3:
		return `(?:` + p() + `|` + p() + `|` + p() + `)\s+` + regexp.QuoteMeta(corpus.Head(r, l))
	case 4:
		return `\b` + acronym(r) + `-\d{4}-\d{2,6}\b`
	case 5:
		return `[\w.+-]+@` + p() + `\.(?:com|se|nl|de)\b`
	case 6:
		return w() + `(?:en|et|s|er)?\s+(?:av|van|von|of)\s+\w+`
	default:
		return `\b` + p() + `(?:s|n)?[ :=]{1,3}[A-Z]{1,3}\d{3,8}\b`
	}
}

func noLiteral(r *rand.Rand, i int) string {
	switch i {
	case 0:
		return `\b\d{6}[-+]?\d{4}\b` // personnummer
	case 1:
		return `\b\d{9}\b` // BSN
	case 2:
		return `\b(?:\d[ -]?){13,16}\b` // card
	case 3:
		return `\b[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){3,7}[A-Z0-9]{1,3}\b` // IBAN
	case 4:
		return `\b\d{3}-\d{2}-\d{4}\b`
	case 5:
		return `\b[A-Z]{3} ?\d{2}[A-Z0-9]\b`
	}
	s := []string{"-", " ", "/", ".", ""}
	a, b, c := 2+r.IntN(6), 2+r.IntN(6), 1+r.IntN(6)
	q := regexp.QuoteMeta(s[r.IntN(5)])
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf(`\b\d{%d}%s\d{%d}%s\d{%d}\b`, a, q, b, regexp.QuoteMeta(s[r.IntN(5)]), c)
	case 1:
		return fmt.Sprintf(`\b[A-Z]{%d}%s\d{%d}%s\d{%d}\b`, 1+r.IntN(4), q, b, regexp.QuoteMeta(s[r.IntN(5)]), c)
	case 2:
		return fmt.Sprintf(`\b\d{%d}%s\d{%d}[A-Z]{%d}\b`, a, q, b, 1+r.IntN(4))
	default:
		return fmt.Sprintf(`\b\d{%d}[%s]?\d{%d}[A-Z]\d{%d}\b`, a, "-/ .", b, c)
	}
}

// Source is the RE2 source of a rule with its flags.
func (x *Rule) Source() string { return `(?i)` + x.Expr }

// IsWord says whether r continues a word: letters, marks, digits, underscore.
func IsWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// Bounded says whether text[s:e] stands alone as a word.
func Bounded(text []byte, s, e int) bool {
	if s > 0 {
		if c := text[s-1]; c < utf8.RuneSelf {
			if IsWord(rune(c)) {
				return false
			}
		} else if r, _ := utf8.DecodeLastRune(text[:s]); IsWord(r) {
			return false
		}
	}
	if e < len(text) {
		if c := text[e]; c < utf8.RuneSelf {
			return !IsWord(rune(c))
		}
		r, _ := utf8.DecodeRune(text[e:])
		return !IsWord(r)
	}
	return true
}

// Finder is the part of regexp.Regexp that the reference needs; grafana/regexp,
// go-re2 and others have it too.
type Finder interface {
	FindIndex([]byte) []int
	FindAllIndex([]byte, int) [][]int
}

// One appends the matches of a rule, by the reference semantics: for a regex
// FindAllIndex; for a keyword the leftmost whole-word occurrences that do not overlap.
func One(x *Rule, re Finder, text []byte, out []Match) []Match {
	if x.Kind == Regex {
		for _, m := range re.FindAllIndex(text, -1) {
			out = append(out, Match{int32(x.ID), int32(m[0]), int32(m[1])})
		}
		return out
	}
	for pos := 0; pos < len(text); {
		m := re.FindIndex(text[pos:])
		if m == nil {
			break
		}
		s, e := pos+m[0], pos+m[1]
		if Bounded(text, s, e) {
			out = append(out, Match{int32(x.ID), int32(s), int32(e)})
			pos = e
		} else {
			_, n := utf8.DecodeRune(text[s:])
			pos = s + n
		}
	}
	return out
}

// Reference is Go's regexp, one rule after another.
type Reference struct {
	rules []Rule
	re    []*regexp.Regexp
}

func NewReference(rs []Rule) *Reference {
	e := &Reference{rules: rs}
	for i := range rs {
		e.re = append(e.re, regexp.MustCompile(rs[i].Source()))
	}
	return e
}

func (e *Reference) Scan(text []byte, out []Match) []Match {
	for i := range e.rules {
		out = One(&e.rules[i], e.re[i], text, out)
	}
	return out
}
