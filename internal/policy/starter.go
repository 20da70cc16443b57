package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigill/internal/message"
)

// Starter writes a policy to start from for one or more countries, with its tests: it is made of the packs of these
// countries, and each test is tried before it is written. now is the day on which the tests take place.
func Starter(ctx context.Context, codes []string, now time.Time) ([]byte, error) {
	all, err := countriesOf(codes)
	if err != nil {
		return nil, err
	}
	s := starter{countries: all, now: now}
	if err := s.write(); err != nil {
		return nil, err
	}
	return s.finish(ctx, s.tests)
}

// starter writes a policy.
type starter struct {
	b         strings.Builder
	countries []country
	now       time.Time
	people    []string          // detectors, as the rules name them
	ids       map[string]string // rules by the detector that they are about
}

func (s *starter) add(format string, args ...any) { fmt.Fprintf(&s.b, format+"\n", args...) }

const ruleLine = "# ---------------------------------------------------------------------------------------------------------------------"

func (s *starter) head(lines ...string) {
	s.add("\n%s", ruleLine)
	for _, l := range lines {
		s.add("# %s", l)
	}
}

func (s *starter) write() error {
	names := gather(s.countries, func(c country) []string { return []string{c.name} })
	s.add("# A policy to start from, for %s.", joined(names))
	s.add("#\n#   level 1   the mail is sealed; the recipient opens it with a password that is sent by e-mail")
	s.add("#   level 2   the mail is sealed; the recipient opens it with a code that is sent by SMS to a number the sender gives")
	s.add("#\n# Put your domains under own_domains, then:\n#\n#   sigill policy test FILE       runs the tests at the end of the file")
	s.add("#   sigill policy coverage FILE   says which rules the tests do not try\n#   sigill policy explain --policy FILE MAIL.eml")
	s.add("#\n# Begin with `policy.mode: observe` in the configuration: everything passes, and `sigill report` says what would have happened.")
	s.add("#\n# Editors complete and check this file after `sigill policy schema > sigill-policy.json`:\n# yaml-language-server: $schema=sigill-policy.json")
	s.add("\nversion: 1\nname: %q\nlocale: %s", strings.Join(names, ", "), s.countries[0].locale)
	if err := s.packs(); err != nil {
		return err
	}
	s.lists()
	s.asked()
	s.peopleRules()
	s.otherRules()
	s.rest()
	return nil
}

func joined(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func (s *starter) packs() error {
	s.head("Packs bring detectors. A pack alone does nothing; only the rules below do.")
	s.add("use:")
	for _, c := range s.countries {
		s.add("  - %q", c.code)
	}
	s.add("  - eu\n  - pay\n  - secrets")
	for _, pack := range []string{"health", "terms"} {
		languages, err := speaks(s.countries, pack)
		if err != nil {
			return err
		}
		s.add("  - %s: {languages: [%s]}", pack, strings.Join(languages, ", "))
	}
	return nil
}

func (s *starter) lists() {
	s.add("\nlists:\n  # Your own domains: mail between them is not moved to the portal, see recipients below.\n  own_domains: [own-domain.example]")
	s.add("  # Numbers that stand in your forms as examples. They never count.\n  example_numbers: [\"4111 1111 1111 1111\"]")
}

// asked writes what senders ask for.
func (s *starter) asked() {
	s.head("Words by which a sender asks for protection. They count in the subject only, and are taken out of what the recipient sees.")
	var words []string
	for _, w := range append(gather(s.countries, func(c country) []string { return c.secure }), "secure") {
		if quoted := fmt.Sprintf("%q", "["+w+"]"); !slices.Contains(words, quoted) {
			words = append(words, quoted, fmt.Sprintf("%q", "#"+w))
		}
	}
	s.add("triggers:\n  - id: trigger.secure\n    title: {sv: Avsändaren bad om skydd, nl: De afzender vroeg om beveiliging, en: The sender asked for protection}")
	s.add("    words: [%s]\n    level: 1", strings.Join(words, ", "))
	s.add("  - id: trigger.sms\n    title: {sv: Avsändaren bad om kod med sms, nl: De afzender vroeg om een sms-code, en: The sender asked for a code by SMS}")
	s.add("    words: [\"[sms]\", \"#sms\"]\n    level: 2")
	s.head("Labels that mail programs put into the header: what Outlook calls confidential, and labels of Microsoft Purview by their names.")
	s.add("labels:\n  - id: label.sensitivity\n    title: {sv: Märkt som konfidentiellt, nl: Gemarkeerd als vertrouwelijk, en: Marked as confidential}")
	s.add("    header: Sensitivity\n    equals: [company-confidential, private]\n    level: 1")
	s.add("  - id: label.confidential\n    title: {sv: Känslighetsetikett, nl: Vertrouwelijkheidslabel, en: Sensitivity label}\n    header: msip_labels")
	s.add("    matches: '(?i)_Name=(?:%s)\\b'\n    level: 2", strings.Join(s.confidential(), "|"))
}

func (s *starter) confidential() []string {
	return append(gather(s.countries, func(c country) []string { return c.confidential }), "confidential")
}

func (s *starter) peopleRules() {
	s.head("Rules. When several hold, the highest level wins; all that hold are recorded.")
	s.add("rules:\n  # Numbers that name a person.")
	s.ids = map[string]string{}
	taken := map[string]bool{}
	for _, c := range s.countries {
		for _, d := range c.people {
			_, id, _ := strings.Cut(d, ".")
			if taken[id] {
				id = c.code + "." + id
			}
			taken[id] = true
			s.ids[d] = id
			s.people = append(s.people, d)
			s.add("  - {id: %s, when: {detector: %s}, level: 2}", id, d)
		}
	}
	s.ids["eu.mrz"] = "passport-line"
	s.add("  - {id: passport-line, when: {detector: eu.mrz}, level: 2}")
}

// persons are detectors of people, in YAML.
func (s *starter) persons(more ...string) string {
	return strings.Join(append(slices.Clone(s.people), more...), ", ")
}

func (s *starter) otherRules() {
	s.add("\n  # Words about health are everywhere. Two of different kinds count close to one person.")
	s.add("  - id: health\n    title: {sv: Hälsouppgifter, nl: Gezondheidsgegevens, en: Health information}\n    when:\n      all:")
	s.add("        - any:\n            - {detector: health.terms, count: {min: 2, unique: true}}\n            - {detector: [health.icd10, health.diagnosis]}")
	s.add("        - any:\n            - {detector: [%s]}\n            - {detector: health.person_words, min_confidence: high}", s.persons("health.named_person"))
	s.add("      within: 600\n    level: 2")
	s.add("\n  - {id: payment-card, when: {detector: pay.card}, level: 1}")
	s.add("\n  # One IBAN stands on every invoice. Two different ones, or one beside a person's number, is somebody's list.")
	s.add("  - id: bank-accounts\n    title: {sv: Bankkonton, nl: Bankrekeningen, en: Bank accounts}\n    when: {detector: eu.iban, count: {min: 2, unique: true}}\n    level: 1")
	accounts := append([]string{"eu.iban"}, gather(s.countries, func(c country) []string { return c.accounts })...)
	s.add("  - id: bank-account-of-person\n    title: {sv: Bankkonto för en person, nl: Bankrekening van een persoon, en: Bank account of a person}\n    when:\n      all:")
	s.add("        - {detector: [%s]}\n        - {detector: [%s]}\n      within: 600\n    level: 1", strings.Join(accounts, ", "), s.persons())
	s.add("\n  # Two different words about staff or law in one message.")
	s.add("  - {id: staff-matter, when: {detector: term.hr, count: {min: 2, unique: true}}, level: 1}")
	s.add("  - {id: legal-matter, when: {detector: term.legal, count: {min: 2, unique: true}}, level: 1}")
	s.add("\n  # Keys and passwords. Watch for some weeks what this finds before it is enforced.")
	s.add("  - id: secret\n    title: {sv: Nyckel eller lösenord, nl: Sleutel of wachtwoord, en: Key or password}\n    when: {detector: [secret.private_key, secret.password]}\n    level: 1\n    mode: observe")
}

func (s *starter) rest() {
	s.head("Exceptions are narrow: each names the rules it lifts, and its use is recorded. Give one that is meant for a while a last day:", "expires: 2027-12-31.")
	s.add("exceptions:\n  - id: exception.examples\n    rules: [payment-card]\n    when: {value: \"@example_numbers\"}")
	s.head("What cannot be read is not clean.")
	s.add("unscannable:\n  encrypted: {level: 1}\n  corrupt: {level: 1}\n  unsupported: {level: 1}\n  image_only: {level: 1}     # scanned pages\n  picture: pass              # logos are pictures too\n  unknown_type: pass         # sound, films\n  already_protected: pass    # S/MIME, PGP")
	s.head("The last word, for each recipient. A trigger word counts all the same.")
	s.add("recipients:\n  - {match: \"@own_domains\", max: pass}")
}

// finish compiles what was written, lets write put the tests to it, and holds the whole against them.
func (s *starter) finish(ctx context.Context, write func(context.Context, *Policy) error) ([]byte, error) {
	p, err := Parse("policy.yaml", []byte(s.b.String()), nil)
	if err != nil {
		return nil, fmt.Errorf("compile what was made: %w", err)
	}
	s.head("Tests: messages and what must become of them. A policy that fails its own tests is refused.")
	s.add("tests:")
	if err := write(ctx, p); err != nil {
		return nil, err
	}
	out := []byte(s.b.String())
	p, err = Parse("policy.yaml", out, nil)
	if err != nil {
		return nil, fmt.Errorf("compile what was made: %w", err)
	}
	for i := range p.tests {
		if r := p.runTest(ctx, &p.tests[i], s.now); !r.Passed() {
			return nil, fmt.Errorf("test %q: %s", r.Name, strings.Join(r.Failures, "; "))
		}
	}
	return out, nil
}

// outcomeOf is what becomes of a text: the rules that hold, those that only observe, and the verdict.
func (s *starter) outcomeOf(ctx context.Context, p *Policy, n *testNode) (rules, observed []string, verdict message.Level, err error) {
	e, err := p.tried(ctx, n, s.now)
	if err != nil {
		return nil, nil, 0, err
	}
	for i := range e.causes {
		if c := &e.causes[i]; c.observe {
			observed = append(observed, c.id)
		} else {
			rules = append(rules, c.id)
		}
	}
	slices.Sort(rules)
	return rules, observed, e.verdict, nil
}
