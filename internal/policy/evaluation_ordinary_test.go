package policy_test

import (
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
)

const ordinaryMessages = 2000

// grammar is a way to make texts: each rule has alternatives, in which <name> stands for a rule.
type grammar map[string][]string

func readGrammar(t testing.TB, lang string) grammar {
	t.Helper()
	data, err := os.ReadFile(evaluation + "/b/" + lang + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	g, name := grammar{}, ""
	for _, line := range strings.Split(string(data), "\n") {
		switch rule, isRule := strings.CutPrefix(line, "@"); {
		case isRule:
			name = rule
		case name != "" && line != "":
			g[name] = append(g[name], strings.ReplaceAll(line, `\n`, "\n"))
		}
	}
	return g
}

var ruleName = regexp.MustCompile(`<([a-z]+(?:\.[a-z]+)?)>`)

// say makes one text of the rule. What is no rule of the grammar stays as it is.
func (g grammar) say(r *rand.Rand, rule string) string {
	ways := g[rule]
	return ruleName.ReplaceAllStringFunc(ways[r.IntN(len(ways))], func(m string) string {
		if name := m[1 : len(m)-1]; len(g[name]) > 0 {
			return g.say(r, name)
		}
		return m
	})
}

// ordinaryMail is set b: messages of mailing lists and offices in which nothing is to be protected.
func ordinaryMail(t testing.TB) []sample {
	t.Helper()
	langs := []string{"en", "en", "sv", "nl"}
	grammars := map[string]grammar{}
	for _, lang := range langs {
		grammars[lang] = readGrammar(t, lang)
	}
	var all []sample
	for n := range ordinaryMessages {
		r := rand.New(rand.NewPCG(uint64(n), 3))
		lang, kind := langs[r.IntN(len(langs))], []string{"list", "office", "office"}[r.IntN(3)]
		g, e := grammars[lang], newExpander(uint64(n)+1<<32)
		s := sample{name: lang + " " + kind, lang: lang, seed: uint64(n) + 1<<33}
		if kind == "list" && r.IntN(2) == 0 {
			s.shape = "plain"
		}
		s.subject, s.text = e.expand(g.say(r, "subject."+kind)), e.expand(g.say(r, "body."+kind))
		if r.IntN(12) == 0 {
			s.files = append(s.files, readings(r))
		}
		if e.err != nil {
			t.Fatal(e.err)
		}
		all = append(all, s)
	}
	return all
}

// readings is a sheet of numbers of things.
func readings(r *rand.Rand) sampleFile {
	var b strings.Builder
	b.WriteString("id;date;value;ref\n")
	for range 5 + r.IntN(40) {
		b.WriteString(patterned(r, "100000;2026-11-1") + patterned(r, "1;1000,00;1000000") + "\n")
	}
	return sampleFile{[]string{"readings.csv", "underlag.csv", "overzicht.xlsx", "report.xlsx"}[r.IntN(4)], b.String()}
}
