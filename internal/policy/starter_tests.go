package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// tests writes a test that fires and one that comes near for every rule, with the examples of the packs.
func (s *starter) tests(ctx context.Context, p *Policy) error {
	for _, c := range s.countries {
		s.test("ordinary mail, "+c.code, testNode{Subject: c.ordinary[0], Body: c.ordinary[1]}, "{verdict: pass, rules: []}")
	}
	for _, d := range append(slices.Clone(s.people), "eu.mrz", "pay.card", "term.hr", "term.legal") {
		if err := s.tryDetector(ctx, p, d); err != nil {
			return err
		}
	}
	if err := s.tryHealth(ctx, p); err != nil {
		return err
	}
	if err := s.tryAccounts(ctx, p); err != nil {
		return err
	}
	s.fixedTests()
	return nil
}

func (s *starter) test(name string, n testNode, expect string) {
	s.add("  - name: %q", name)
	for _, part := range []struct{ key, value string }{{"subject", n.Subject}, {"body", n.Body}} {
		if part.value != "" {
			s.add("    %s: %q", part.key, part.value)
		}
	}
	s.add("    expect: %s", expect)
}

// ruleAbout is the rule of a detector.
func (s *starter) ruleAbout(detector string) string {
	switch detector {
	case "pay.card":
		return "payment-card"
	case "term.hr":
		return "staff-matter"
	case "term.legal":
		return "legal-matter"
	}
	return s.ids[detector]
}

// tryDetector writes the first example of a detector that makes its rule fire, better alone, and the first that comes near
// and makes nothing fire.
func (s *starter) tryDetector(ctx context.Context, p *Policy, detector string) error {
	examples, err := examplesOf(detector)
	if err != nil {
		return err
	}
	rule := s.ruleAbout(detector)
	match, miss := examples.Match.values(), examples.Miss.values()
	if rule == "staff-matter" || rule == "legal-matter" { // two words are asked for
		if miss, err = s.wordsOf(detector); err != nil {
			return err
		}
		match = pairs(miss)
	}
	body, rules, err := s.firing(ctx, p, match, rule)
	if err != nil {
		return err
	}
	s.test(rule, testNode{Body: body}, fmt.Sprintf("{verdict: %s, rules: [%s]}", s.levelOf(p, rules), strings.Join(rules, ", ")))
	near, err := s.silent(ctx, p, miss, rule, func(e *evaluation) bool { return len(e.causes) == 0 })
	if err != nil {
		return err
	}
	s.test(rule+", and yet not", testNode{Body: near}, "{verdict: pass, rules: []}")
	return nil
}

func examplesOf(detector string) (*examplesNode, error) {
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			return nil, err
		}
		for i := range p.detectors {
			if d := &p.detectors[i]; d.ID == detector && d.Tests != nil {
				return d.Tests, nil
			}
		}
	}
	return nil, fmt.Errorf("detector %s has no examples", detector)
}

// wordsOf are words of a list, in the languages of the countries.
func (s *starter) wordsOf(detector string) ([]string, error) {
	p, err := readPack("terms")
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(p.detectors, func(d detectorNode) bool { return d.ID == detector })
	var words []string
	for _, lang := range gather(s.countries, func(c country) []string { return c.languages }) {
		list := p.detectors[at].Words[lang]
		for _, w := range list[:min(len(list), 12)] {
			words = append(words, strings.Trim(w.Value, "*"))
		}
	}
	return words, nil
}

// pairs joins each text with every one after it.
func pairs(all []string) []string {
	var out []string
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			out = append(out, all[i]+"\n"+all[j])
		}
	}
	return out
}

// firing is the first text by which a rule holds, alone if there is one, and all rules that hold by it.
func (s *starter) firing(ctx context.Context, p *Policy, from []string, rule string) (body string, rules []string, err error) {
	for _, text := range from {
		got, observed, _, err := s.outcomeOf(ctx, p, &testNode{Body: text})
		if err != nil {
			return "", nil, err
		}
		if len(got) == 1 && got[0] == rule {
			return text, got, nil
		}
		if rules == nil && (slices.Contains(got, rule) || slices.Contains(observed, rule)) {
			body, rules = text, got
		}
	}
	if rules == nil {
		return "", nil, fmt.Errorf("no example makes the rule %s hold", rule)
	}
	return body, rules, nil
}

// silent is the first text that passes, one that comes near to a rule if there is one.
func (s *starter) silent(ctx context.Context, p *Policy, from []string, id string, passes func(*evaluation) bool) (string, error) {
	at := slices.IndexFunc(p.rules, func(r rule) bool { return r.id == id })
	near := p.rules[at].subject().near
	body := ""
	for _, text := range from {
		e, err := p.tried(ctx, &testNode{Body: text}, s.now)
		if err != nil {
			return "", err
		}
		if !passes(e) {
			continue
		}
		if near(e) {
			return text, nil
		}
		if body == "" {
			body = text
		}
	}
	if body != "" {
		return body, nil
	}
	return "", fmt.Errorf("no example lets the rule %s pass", id)
}

// levelOf is the highest level of some rules.
func (s *starter) levelOf(p *Policy, rules []string) string {
	level := 0
	for i := range p.rules {
		if slices.Contains(rules, p.rules[i].id) {
			level = max(level, int(p.rules[i].level))
		}
	}
	return fmt.Sprintf("level%d", level)
}

// complaints are words of two kinds about health, by language.
func complaints() map[string]string {
	return map[string]string{
		"sv": "Remiss: epilepsi, behandlas med insulin.", "nl": "Verwijsbrief: epilepsie, behandeld met insuline.",
		"de": "Überweisung: Epilepsie, behandelt mit Insulin.", "en": "Referral: epilepsy, prescribed insulin.",
	}
}

func (s *starter) tryHealth(ctx context.Context, p *Policy) error {
	languages, err := speaks(s.countries, "health")
	if err != nil {
		return err
	}
	for _, lang := range languages {
		words := complaints()[lang]
		examples, err := examplesOf(s.people[0])
		if err != nil {
			return err
		}
		var bodies []string
		for _, x := range examples.Match {
			bodies = append(bodies, words+" "+x.Value)
		}
		body, rules, err := s.firing(ctx, p, bodies, "health")
		if err != nil {
			return err
		}
		s.test("health, "+lang, testNode{Body: body}, fmt.Sprintf("{verdict: level2, rules: [%s]}", strings.Join(rules, ", ")))
		s.test("health of nobody, "+lang, testNode{Body: words}, "{verdict: pass, rules: []}")
	}
	return nil
}

func (s *starter) tryAccounts(ctx context.Context, p *Policy) error {
	const one, two = "IBAN SE35 5000 0000 0549 1000 0003", "IBAN NL91 ABNA 0417 1643 00"
	s.test("bank accounts", testNode{Body: one + ", " + two}, "{verdict: level1, rules: [bank-accounts]}")
	s.test("one bank account", testNode{Body: one}, "{verdict: pass, rules: []}")
	examples, err := examplesOf(s.people[0])
	if err != nil {
		return err
	}
	var bodies []string
	for _, x := range examples.Match {
		bodies = append(bodies, x.Value+"\n"+one)
	}
	body, rules, err := s.firing(ctx, p, bodies, "bank-account-of-person")
	if err != nil {
		return err
	}
	s.test("bank account of a person", testNode{Body: body}, fmt.Sprintf("{verdict: level2, rules: [%s]}", strings.Join(rules, ", ")))
	return nil
}

// fixedTests are those that need no examples.
func (s *starter) fixedTests() {
	word := s.countries[0].secure[0]
	s.test("a trigger word", testNode{Subject: "[" + word + "] Plan", Body: "-"}, "{verdict: level1, rules: [trigger.secure], subject: Plan}")
	s.test("a trigger word in the text asks for nothing", testNode{Body: "[" + word + "] [sms]"}, "{verdict: pass, rules: []}")
	s.test("a code by SMS", testNode{Subject: "#sms Plan", Body: "-"}, "{verdict: level2, rules: [trigger.sms], subject: Plan}")
	for _, h := range [][3]string{
		{"marked as private", "{Sensitivity: Private}", "{verdict: level1, rules: [label.sensitivity]}"},
		{"marked as personal", "{Sensitivity: Personal}", "{verdict: pass, rules: []}"},
		{"a label of Purview", fmt.Sprintf("{msip_labels: %q}", "MSIP_Label_1_Name="+strings.TrimSuffix(s.confidential()[0], "t?")), "{verdict: level2, rules: [label.confidential]}"},
		{"another label of Purview", "{msip_labels: MSIP_Label_1_Name=General}", "{verdict: pass, rules: []}"},
	} {
		s.add("  - {name: %s, headers: %s, expect: %s}", h[0], h[1], h[2])
	}
	s.add("  - {name: a password, body: \"user: anna\\npassword: Tr0{+}ub4dor-and-3\", expect: {verdict: pass, observed: [secret]}}")
	s.add("  - {name: about passwords, body: \"password: changeme\", expect: {verdict: pass, observed: []}}")
	s.add("  - {name: an example number, body: \"Visa 4111 1111 1111 1111\", expect: {verdict: pass, rules: []}}")
	s.add("  - {name: a locked archive, attachments: [{name: a.zip, encrypted: true, text: x}], expect: {verdict: level1, rules: [unscannable.encrypted]}}")
	s.add("  - name: colleagues\n    to: [anna@own-domain.example, bo@other.example]\n    body: %q", "IBAN SE35 5000 0000 0549 1000 0003, IBAN NL91 ABNA 0417 1643 00")
	s.add("    expect: {recipients: {anna@own-domain.example: pass, bo@other.example: level1}}")
}
