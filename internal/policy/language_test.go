package policy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sigill/internal/yamlfile"
	"sigill/policies"
)

// TestCompleteLanguage loads a policy that uses every key, and runs its tests.
func TestCompleteLanguage(t *testing.T) {
	t.Parallel()
	p, err := Load(filepath.Join("testdata", "complete.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.RunTests(context.Background(), today) {
		for _, f := range r.Failures {
			t.Errorf("%s: %s: %s", r.Pos, r.Name, f)
		}
	}
	if p.Name() != "Complete" || p.Locale() != "sv" || !strings.HasPrefix(p.ID(), "sha256:") || p.Limits().Depth != 5 {
		t.Errorf("name %q, locale %q, id %q, limits %+v", p.Name(), p.Locale(), p.ID(), p.Limits())
	}
	if ids := p.Rules(); len(ids) != 16 {
		t.Errorf("%d rules, triggers and labels: %v", len(ids), ids)
	}
}

// TestLanguageErrors checks that every mistake is named with its place.
func TestLanguageErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, source, want string }{
		{"version", "version: 2\n", "policy.yaml:1:10: version 2 is unknown"},
		{"no version", "name: x\n", `the key "version" is missing`},
		{"unknown key", "version: 1\nrulez: []\n", `policy.yaml:2:1: unknown key "rulez", did you mean "rules"?`},
		{"unknown key in a rule", "version: 1\nuse: [se]\nrules:\n  - {id: a, wen: {detector: se.personnummer}}\n", `unknown key "wen", did you mean "when"?`},
		{"unknown pack", "version: 1\nuse: [sé]\n", `policy.yaml:2:7: unknown pack "sé", did you mean "se"?`},
		{"pack twice", "version: 1\nuse: [se, se]\n", "used twice"},
		{"unknown in only", "version: 1\nuse:\n  - se: {only: [se.personnumer]}\n", `policy.yaml:3:17: pack se has no detector "se.personnumer", did you mean "se.personnummer"?`},
		{"unknown detector", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.personnumer}}\n", `policy.yaml:4:30: unknown detector "se.personnumer", did you mean "se.personnummer"?`},
		{"pack not used", "version: 1\nrules:\n  - {id: a, when: {detector: nl.bsn}}\n", "is the pack in use: [nl]?"},
		{"unknown list", "version: 1\nlists: {own: [a.example]}\nrecipients:\n  - {match: '@onw', max: pass}\n", `unknown list @onw, did you mean "own"?`},
		{"empty condition", "version: 1\nrules:\n  - {id: a, when: {}}\n", "would hold for every message"},
		{"level", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*}, level: 3}\n", "level 3: use 1 or 2"},
		{"level 0", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*}, level: 0}\n", "level 0: use 1 or 2"},
		{"rule twice", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*}}\n  - {id: a, when: {detector: se.*}}\n", `policy.yaml:5:5: id "a" is used twice, first at policy.yaml:4:5`},
		{"reserved id", "version: 1\nuse: [se]\nrules:\n  - {id: unscannable.x, when: {detector: se.*}}\n", "are taken"},
		{"impossible count", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*, count: {min: 3, max: 2}}}\n", "never holds"},
		{"count alone", "version: 1\nrules:\n  - {id: a, when: {count: {min: 3}, size: {min: 1KB}}}\n", "count needs a detector"},
		{"within alone", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*, within: 3}}\n", "within needs"},
		{"mode", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*}, mode: watch}\n", "use enforce or observe"},
		{"scope", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*}, scope: [boddy]}\n", `unknown scope "boddy", did you mean "body"?`},
		{"confidence", "version: 1\ndefaults: {min_confidence: big}\n", "use none, low, medium or high"},
		{"plain trigger", "version: 1\ntriggers:\n  - {id: t, words: [secure], level: 1}\n", "needs position: start"},
		{"trigger in body", "version: 1\ntriggers:\n  - {id: t, words: ['#a'], in: body, level: 1}\n", "stands in the subject"},
		{"trigger at two levels", "version: 1\ntriggers:\n  - {id: t, words: ['#a'], level: 1}\n  - {id: u, words: ['#A'], level: 2}\n", "has another level"},
		{"bad regex", "version: 1\ndetectors:\n  - {id: a, patterns: [{regex: '('}]}\n", "policy.yaml:3:32: detector a: pattern 1"},
		{"empty match", "version: 1\ndetectors:\n  - {id: a, patterns: [{regex: 'x*'}]}\n", "matches the empty string"},
		{"validator", "version: 1\ndetectors:\n  - {id: a, patterns: [{regex: 'x'}], validate: [lunh]}\n", "lunh"},
		{"nothing to match", "version: 1\ndetectors:\n  - {id: a}\n", "needs exactly one of"},
		{"context", "version: 1\ndetectors:\n  - {id: a, words: [x], context: [{near: [y], within: 5}]}\n", "say either set or shift"},
		{"detector twice", "version: 1\nuse: [se]\ndetectors:\n  - {id: se.personnummer, words: [x]}\n", "defined twice"},
		{"override nothing", "version: 1\ndetectors:\n  - {override: se.personnummer, mask: all}\n", "name a detector of a pack that is used"},
		{"exception without rules", "version: 1\nexceptions:\n  - {id: e, when: {value: ['1']}}\n", "names no rules"},
		{"exception lifts a trigger", "version: 1\ntriggers:\n  - {id: t, words: ['#a'], level: 1}\nexceptions:\n  - {id: e, rules: [t], when: {value: ['1']}}\n", `there is no rule "t"`},
		{"exception without when", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*}}\nexceptions:\n  - {id: e, rules: [a], when: {}}\n", "says neither"},
		{"expires", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*}}\nexceptions:\n  - {id: e, rules: [a], when: {value: ['1']}, expires: soon}\n", "write a day"},
		{"unscannable", "version: 1\nunscannable: {encryptd: pass}\n", `did you mean "encrypted"?`},
		{"unscannable level", "version: 1\nunscannable: {encrypted: {level: 4}}\n", "use 1 or 2"},
		{"clamp", "version: 1\nrecipients:\n  - {match: [a.example]}\n", "say max or min"},
		{"test without expect", "version: 1\ntests:\n  - {name: x, body: y}\n", `policy.yaml:3:5: test "x" expects nothing`},
		{"include away", "version: 1\ninclude: [../x.yaml]\n", "only files beside the policy"},
		{"locale", "version: 1\nlocale: fi\n", "use sv, nl or en"},
		{"subject", "version: 1\nsubject: hide\n", "use show, redact or neutral"},
		{"party", "version: 1\nrules:\n  - {id: a, when: {sender: {}}}\n", "say address, domain or outside"},
		{"label", "version: 1\nlabels:\n  - {id: l, header: X, level: 1}\n", "must hold"},
		{"block is no outcome", "version: 1\nuse: [se]\nrules:\n  - {id: a, when: {detector: se.*}, level: block}\n", "policy.yaml:4:44: rules[0].level: must be a whole number"},
		{"language that a pack lacks", "version: 1\nuse:\n  - terms: {languages: [svv]}\n", `policy.yaml:3:25: pack terms has no words in "svv", did you mean "sv"?`},
		{"override misspelt", "version: 1\nuse: [se]\ndetectors:\n  - {override: se.personnumer, mask: all}\n", `policy.yaml:4:5: override "se.personnumer": name a detector of a pack that is used, and give no id, did you mean "se.personnummer"?`},
		{"override twice", "version: 1\nuse: [se]\ndetectors:\n  - {override: se.konto, mask: all}\n  - {override: se.konto, mask: last2}\n", `policy.yaml:5:5: detector "se.konto" is overridden twice, first at policy.yaml:4:5`},
		{"list of itself", "version: 1\nlists: {a: ['@b'], b: ['@a']}\nrecipients:\n  - {match: '@a', max: pass}\n", "policy.yaml:2:24: list @a contains itself"},
		{"label matches everything", "version: 1\nlabels:\n  - {id: l, header: X, matches: 'a*', level: 1}\n", "policy.yaml:3:33: regex \"a*\" matches the empty string"},
		{"header matches everything", "version: 1\nrules:\n  - {id: a, when: {header: {name: X, matches: '(x|)'}}}\n", "matches the empty string"},
		{"name matches everything", "version: 1\nrules:\n  - {id: a, when: {attachment: {name: '.*'}}}\n", "matches the empty string"},
		{"line_regex drops everything", "version: 1\ndetectors:\n  - {id: a, patterns: [{regex: 'x'}], exclude: {line_regex: 'y?'}}\n", "matches the empty string"},
		{"never sure", "version: 1\ndetectors:\n  - {id: a, patterns: [{regex: 'x1', confidence: low}]}\nrules:\n  - {id: r, when: {detector: a}}\n", "policy.yaml:5:13: the condition never holds: a is never surer than low, and medium is asked for"},
		{"never so many", "version: 1\ndetectors:\n  - {id: a, words: [x, y]}\nrules:\n  - {id: r, when: {detector: a, count: {min: 3}}}\n", "the condition never holds: 3 different words are asked for, and there are 2"},
		{"never that size", "version: 1\nrules:\n  - {id: r, when: {size: {min: 2MB, max: 1MB}}}\n", "never holds: min is above max"},
		{"never together", "version: 1\ndetectors:\n  - {id: a, words: [x]}\nrules:\n  - {id: r, when: {all: [{detector: a, scope: [subject]}, {detector: a, scope: [body]}], within: 9}}\n", "looked for in different places"},
		{"wanted and forbidden", "version: 1\nuse: [se]\nrules:\n  - {id: r, when: {all: [{detector: se.konto}], not: {detector: se.konto}}}\n", "what is asked for stands under not as well"},
		{"in and outside", "version: 1\nrules:\n  - {id: r, when: {recipient: {domain: [a.own.example], outside: ['*.own.example']}}}\n", "every domain is one of those that it must lie outside of"},
		{"trigger begins with another", "version: 1\ntriggers:\n  - {id: t, words: ['#a'], level: 1}\n  - {id: u, words: ['#a b'], level: 2}\n", `policy.yaml:4:5: trigger word "#a b" begins with "#a" of t`},
		{"test of an unknown rule", "version: 1\nuse: [se]\nrules:\n  - {id: number, when: {detector: se.*}}\ntests:\n  - {name: x, body: y, expect: {not_rules: [numbr]}}\n", `policy.yaml:6:45: there is no rule, trigger or label "numbr", did you mean "number"?`},
		{"test counts an unknown rule", "version: 1\ntests:\n  - {name: x, body: y, expect: {count: {numbr: 1}}}\n", `count: there is no rule, trigger or label "numbr"`},
		{"test counts an unknown detector", "version: 1\nuse: [se]\ntests:\n  - {name: x, body: y, expect: {findings: {se.kontto: 1}}}\n", `findings: unknown detector "se.kontto", did you mean "se.konto"?`},
		{"test of an unknown verdict", "version: 1\ntests:\n  - {name: x, body: y, expect: {verdict: levl2}}\n", `verdict "levl2": use pass, level1 or level2, did you mean "level2"?`},
		{"test of an unknown level", "version: 1\ntests:\n  - {name: x, body: y, expect: {recipients: {a@b.example: 2}}}\n", `recipient a@b.example: "2": use pass`},
		{"test expects what only observes", "version: 1\nuse: [se]\nrules:\n  - {id: r, mode: observe, when: {detector: se.*}}\ntests:\n  - {name: x, body: y, expect: {rules: [r]}}\n", "only observes; name it under observed"},
		{"test observes what acts", "version: 1\nuse: [se]\nrules:\n  - {id: r, when: {detector: se.*}}\ntests:\n  - {name: x, body: y, expect: {observed: [r]}}\n", "name it under rules"},
		{"empty expectation", "version: 1\ntests:\n  - {name: x, body: y, expect: {}}\n", "expects nothing"},
		{"rule misspelt in an exception", "version: 1\nuse: [se]\nrules:\n  - {id: number, when: {detector: se.*}}\nexceptions:\n  - {id: e, rules: [numbr], when: {value: x1}}\n", `policy.yaml:6:21: there is no rule "numbr" that can be lifted, did you mean "number"?`},
		{"locale has its place", "version: 1\nlocale: fi\n", "policy.yaml:2:9: locale"},
		{"limit has its place", "version: 1\nlimits: {depth: -1}\n", "policy.yaml:2:17: depth: write a number from 1"},
		{"journal", "version: 1\njournal: [nobody]\n", "journal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("policy.yaml", []byte(tt.source), nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if _, ok := errors.AsType[yamlfile.Errors](err); err != nil && !ok {
				t.Errorf("the error has no place: %T", err)
			}
		})
	}
}

// TestMistakesHaveTheirPlace holds that what is wrong is named where it stands, once, and that nothing else is wrong with
// the file: the mistake, between « and », is put there.
func TestMistakesHaveTheirPlace(t *testing.T) {
	t.Parallel()
	rule := func(rest string) string { return "rules:\n  - {id: r, when: {detector: pl.nip}, " + rest + "}\n" }
	when := func(rest string) string { return "rules:\n  - {id: r, when: {" + rest + "}}\n" }
	regex := func(rest string) string { return "detectors:\n  - {id: d, patterns: [{regex: 'x1'}], " + rest + "}\n" }
	words := func(rest string) string { return "detectors:\n  - {id: d, words: [x], " + rest + "}\n" }
	for _, tt := range []struct{ source, want string }{
		{rule("level: «3»"), "level 3: use 1 or 2"},
		{rule("mode: «observ»"), `mode "observ": use enforce or observe, did you mean "observe"?`},
		{rule("scope: [body, «boddy»]"), `unknown scope "boddy", did you mean "body"?`},
		{rule("scope: «[]»"), "rules[0].scope: names no place"},
		{rule("scope: «'@none'»"), "scope: @none names no place"},
		{rule("notify: [a@own.example, «nobody»]"), "notify: "},
		{rule("min_confidence: «big»"), "use none, low, medium or high"},
		{"defaults: {scope: «[]»}\n", "defaults.scope: names no place"},
		{"defaults: {level: «3»}\n", "level 3: use 1 or 2"},
		{"defaults: {window: «0»}\n", "window: write a number from 1"},
		{"defaults: {count: {min: 3, max: «2»}}\n", "a count of at least 3 and at most 2 never holds"},
		{"defaults: {count: {min: «-1»}}\n", "min: write a number from 0"},
		{when("detector: pl.nip, scope: «[]»"), "names no place"},
		{when("detector: pl.nip, count: {min: 3, max: «2»}"), "never holds"},
		{when("all: [{detector: pl.nip}], within: «-3»"), "within: write a number from 1"},
		{when("detector: pl.nip, within: «9»"), "within needs all beside it"},
		{when("header: {name: X, matches: «'('»}"), "missing closing"},
		{when("attachment: {name: «'.*'»}"), "matches the empty string"},
		{when("recipient: {domain: [own.example, «a b»]}"), "is not a domain name"},
		{regex("boundary: «numbr»"), `boundary "numbr": use number, word or none`},
		{regex("mask: «lst2»"), `mask "lst2": use all`},
		{regex("mask: «none»"), "mask none is for words only"},
		{regex("overlap: «alow»"), `overlap "alow": use allow or one`},
		{regex("validate: [luhn, «lunh»]"), `unknown validator "lunh", did you mean "luhn"?`},
		{regex("validate: [«quite_else»]"), `unknown validator "quite_else"; there are luhn, `},
		{regex("validate: [«se.personnumer»]"), `unknown validator "se.personnumer", did you mean "se.personnummer"?`},
		{regex("validate: «'dat(yymmdd)'»"), `unknown validator "dat", did you mean "date"?`},
		{regex("validate: «'date(yyyymmdd,2030,1900)'»"), "never holds: no year lies between 2030 and 1900"},
		{regex("validate: «'date(yyyymmdd,20,1900)'»"), "write four digits"},
		{regex("validate: «'length(9, 3)'»"), "never holds: nothing is at least 9 and at most 3 characters long"},
		{regex("validate: ['length(1,3)', «'length(4,5)'»]"), "no value has both this length and the one asked for before"},
		{regex("validate: «entropy(9)»"), "bits per character go from 0 to 8"},
		{regex("validate: «entropy(8)»"), "no text has so many bits"},
		{regex("validate: «entropy(NaN)»"), "no text has so many bits"},
		{regex("validate: «classes(5)»"), "there are 1 to 4 classes"},
		{regex("prefilter: [y, «''»]"), `prefilter "": empty`},
		{regex("exclude: {regex: «'('»}"), "exclude regex"},
		{regex("exclude: {line_regex: «'('»}"), "missing closing"},
		{regex("context: [{near: [y], set: high, side: «befor»}]"), `context 1: side "befor": use before, after or both`},
		{regex("context: [{near: [y], set: high, within: «0»}]"), "within: write a number from 1"},
		{regex("context: [{near: [y], set: «hihg»}]"), "use none, low, medium or high"},
		{regex("context: [{near: [y], shift: «0»}]"), "shift 0 changes nothing"},
		{words("confidence: «hihg»"), "use none, low, medium or high"},
		{words("validate: [«lunh»]"), "unknown validator"},
		{"detectors: [{id: d, validator_only: «ibn»}]\n", `validator_only "ibn": known are iban and mrz`},
		{"detectors: [{id: d, patterns: [{regex: x1}, {regex: «'y*'»}]}]\n", "pattern 2: regex \"y*\" matches the empty string"},
		{"detectors: [{id: d, patterns: [{regex: x1, value: «2»}]}]\n", "pattern 1: value 2: the regex has 0 groups"},
		{"detectors: [{id: d, patterns: [{digits: «'x'»}]}]\n", "pattern 1"},
		{"triggers: [{id: t, words: ['#x'], level: 1, in: «body»}]\n", "stands in the subject"},
		{"triggers: [{id: t, words: [x], level: 1, position: «end»}]\n", "use start"},
		{"triggers: [{id: t, words: ['#x', «secure»], level: 1}]\n", "needs position: start"},
		{"triggers: [{id: t, words: ['#x'], level: «0»}]\n", "level 0: use 1 or 2"},
		{"labels: [{id: l, header: X, equals: y, level: «3»}]\n", "level 3: use 1 or 2"},
		{rule("level: 1") + "exceptions: [{id: e, rules: [r], when: {transport: «tls»}}]\n", "use tls_verified"},
		{rule("level: 1") + "exceptions: [{id: e, rules: [r], when: {segment: [«quotd»]}}]\n", "unknown scope"},
		{rule("level: 1") + "exceptions: [{id: e, rules: [r], when: {value: x1}, outcome: «level1»}]\n", "can only pass"},
		{rule("level: 1") + "exceptions: [{id: e, rules: [r], when: {value: x1}, expires: «''»}]\n", "write a day"},
		{"unscannable: {corrupt: {level: «4»}}\n", "use 1 or 2"},
		{"unscannable: {corrupt: «ignore»}\n", "write pass"},
		{"limits: {depth: 3, files: «0»}\n", "files: write a number from 1"},
		{"recipients: [{match: x.example, max: «3»}]\n", "write pass, 1 or 2"},
		{"journal: [a@own.example, «nobody»]\n", "journal: "},
		{"subject: «hide»\n", "use show, redact or neutral"},
		{"tests: [{name: x, expect: {verdict: «levl1»}}]\n", `did you mean "level1"?`},
		{"tests: [{name: x, expect: {recipients: {a@b.example: «2»}}}]\n", "use pass"},
	} {
		before, rest, _ := strings.Cut("version: 1\nuse: [pl]\nlists: {none: []}\n"+tt.source, "«")
		line := strings.Count(before, "\n") + 1
		column := len(before) - strings.LastIndex(before, "\n")
		_, err := Parse("policy.yaml", []byte(before+strings.Replace(rest, "»", "", 1)), nil)
		place := fmt.Sprintf("policy.yaml:%d:%d: ", line, column)
		if err == nil || !strings.HasPrefix(err.Error(), place) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\ngot  %v\nwant %s ... %s", tt.source, err, place, tt.want)
		}
	}
}

// TestMistakesDoNotHideEachOther holds that a value that cannot be read leaves the mistakes in other parts to be seen, and
// brings up none that would not be there without it.
func TestMistakesDoNotHideEachOther(t *testing.T) {
	t.Parallel()
	const detectors = "version: 1\ndetectors: [{id: a, words: [x]}]\n"
	const rules = "rules:\n  - {id: good, when: {detector: a}}\n"
	for _, tt := range []struct {
		source string
		want   []string // beginnings of the lines, behind the file's name
	}{
		{detectors + rules + "  - {id: r, when: {detector: a}, level: high}\n  - {id: s, when: {detector: b}, level: 3}\nexceptions: [{id: e, when: {value: x1}}]\n",
			[]string{"5:41: rules[1].level: must be", "6:30: unknown detector", "6:41: level 3", "7:14: exception \"e\" names no rules"}},
		{detectors + rules + "recipients: [{match: x.example, max: 4}]\nlimits: {depth: 0}\n", []string{"5:38: recipients[0].max: write pass", "6:17: depth"}},
		{detectors + rules + "unscannable: {corrupt: maybe, encrypted: {level: 4}}\nlocale: fi\n", []string{"5:24: unscannable.corrupt: write pass", "6:9: locale"}},
		{detectors + rules + "  - {id: r, wen: {detector: a}}\n  - {id: s, when: {}}\nexceptions: [{id: e, rules: [r, q], when: {value: x1}}]\n",
			[]string{`5:5: rules[1]: the key "when" is missing`, `5:13: rules[1]: unknown key "wen"`, "6:13: the condition is empty", `7:33: there is no rule "q"`}},
		// Without its id, nothing that names it can be judged; nor can a test of a rule, nor anything without lists and detectors.
		{detectors + "rules: [{idd: r, when: {detector: a}}]\nexceptions: [{id: e, rules: [r], when: {value: x1}}]\n", []string{`3:9: rules[0]: the key "id" is missing`, `3:10: rules[0]: unknown key "idd"`}},
		{detectors + "rules: [{id: r, when: {detector: a}, mod: observe}]\ntests: [{name: x, expect: {observed: [r]}}]\n", []string{`3:38: rules[0]: unknown key "mod"`}},
		{"version: 1\ndetecters: [{id: a, words: [x]}]\n" + rules, []string{`2:1: unknown key "detecters"`}},
		{"version: 1\ndetectors: [{id: a, wrds: [x]}]\n" + rules + "  - {id: s, when: {}}\n", []string{`2:21: detectors[0]: unknown key "wrds"`}},
	} {
		_, err := Parse("p", []byte(tt.source), nil)
		if err == nil {
			t.Errorf("%s\nno error", tt.source)
			continue
		}
		got := strings.Split(err.Error(), "\n")
		ok := len(got) == len(tt.want)
		for i := range min(len(got), len(tt.want)) {
			ok = ok && strings.HasPrefix(got[i], "p:"+tt.want[i])
		}
		if !ok {
			t.Errorf("%s\ngot  %v\nwant %q", tt.source, err, tt.want)
		}
	}
}

// TestNeverHolds holds that plain contradictions are refused once, and what only looks like one is not.
func TestNeverHolds(t *testing.T) {
	t.Parallel()
	for when, want := range map[string]string{
		"all: [{detector: a}, {not: {detector: a}}]":                                                 "what is asked for stands under not as well: detector a",
		"detector: a, not: {detector: a}":                                                            "under not as well: detector a",
		"detector: a, all: [{not: [{detector: b}, {detector: a}]}]":                                  "under not as well: detector a",
		"all: [{attachment: {type: pdf}}, {not: {attachment: {type: pdf}}}]":                         "under not as well: attachment",
		"attachment: {type: pdf}, detector: a, not: {attachment: {type: pdf}}":                       "under not as well: attachment",
		"all: [{header: {name: X, matches: y}}, {not: {header: {name: X, matches: y}}}]":             "under not as well: header",
		"all: [{recipient: {domain: x.example}}, {not: {recipient: {domain: x.example}}}]":           "under not as well: recipient",
		"all: [{detector: a, count: {min: 2}}, {not: {detector: a}}]":                                "under not as well: detector a",
		"all: [{detector: a}, {not: {detector: [a, b]}}]":                                            "under not as well: detector a, b",
		"all: [{detector: a, scope: [body]}, {not: {detector: a}}]":                                  "under not as well: detector a",
		"all: [{detector: a}, {all: [{detector: b}, {not: {detector: a}}]}]":                         "under not as well: detector a",
		"all: [{any: [{detector: a}, {detector: b}]}, {not: {any: [{detector: a}, {detector: b}]}}]": "under not as well: detector a, detector b",
		"all: [{detector: a}, {not: {any: [{detector: a}, {detector: b}]}}]":                         "under not as well: detector a, detector b",
		"all: [{detector: a}, {detector: b}], not: {all: [{detector: b}, {detector: a}]}":            "under not as well",
		"all: [{detector: a, count: {min: 3}}, {detector: a, count: {max: 2}}]":                      "at least 3 of a are asked for, and at most 2",
		"all: [{size: {min: 2MB}}, {size: {max: 1MB}}]":                                              "a size is asked for that is above the one allowed",
		"all: [{detector: a}, {not: {detector: a}}], within: 50":                                     "under not as well: detector a",
		"all: [{detector: a}, {detector: b}], within: 50, not: {detector: a}":                        "under not as well: detector a",
		"all: [{all: [{detector: a}, {not: {detector: a}}]}, {detector: b}]":                         "under not as well: detector a",
		"any: [{detector: b}, {all: [{detector: a}, {not: {detector: a}}]}]":                         "under not as well: detector a",
		"any: [{detector: a}], not: {detector: a}":                                                   "under not as well: detector a",
		"detector: a, any: []": "any lists no condition",

		"all: [{detector: a}, {not: {detector: b}}]":                                                            "",
		"all: [{detector: a}, {not: {detector: a, count: {min: 2}}}]":                                           "",
		"all: [{detector: a}, {not: {detector: a, scope: [subject]}}]":                                          "",
		"all: [{detector: a}, {not: {detector: a, min_confidence: high}}]":                                      "",
		"all: [{detector: [a, b]}, {not: {detector: a}}]":                                                       "",
		"all: [{detector: a}, {not: {detector: a, sender: {domain: x.example}}}]":                               "",
		"any: [{detector: a}, {detector: b}], not: {all: [{detector: a}, {detector: b}]}":                       "",
		"detector: a, all: [{detector: b}, {not: {detector: a}}], within: 50":                                   "",
		"all: [{detector: a, count: {max: 1}}, {detector: b}], within: 50, not: {detector: a, count: {max: 1}}": "",
		"all: [{detector: a, count: {min: 3, unique: false}}, {detector: a, count: {max: 2}}]":                  "",
		"not: {not: {detector: a}}":                                                                             "",
	} {
		source := "version: 1\ndetectors:\n  - {id: a, words: [x, y, z, w], confidence: medium, context: [{near: [v], set: high}]}\n  - {id: b, words: [u]}\nrules:\n  - {id: r, when: {" + when + "}}\n"
		_, err := Parse("policy.yaml", []byte(source), nil)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", when, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: %v, want %s", when, err, want)
		}
	}
}

func TestLoadMissing(t *testing.T) {
	t.Parallel()
	if _, err := Load(filepath.Join(t.TempDir(), "no.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
}

// TestOrderDoesNotMatter shuffles everything that is a list in a policy and spreads it over files: the verdict and the
// whole explanation stay.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "complete.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	messages := []testNode{
		{Subject: "[säker] #sms 890102-2387", Body: "Patienten lider av smärta, pnr 19490823-9959 kort 5105 1077 2483 3518 jnr 1234566 Granit SE3550000000054910000003"},
		{Subject: "x", Body: "19890102-2387 19490823-9959 19350611-9993", To: texts{{Value: "a@region.example"}, {Value: "b@court.example"}, {Value: "c@shelter.example"}}},
		{Body: "skriftlig varning och avsked", From: "hr@own.example", Attachments: []testAttachmentNode{{Name: "a.zip", Encrypted: true}}},
	}
	r := rand.New(rand.NewPCG(7, 8))
	var want []*Explanation
	for round := range 15 {
		p := shuffled(t, r, data, round)
		for i, m := range messages {
			_, x := judge(t, p, m)
			if round == 0 {
				want = append(want, x)
				continue
			}
			if diff := cmp.Diff(want[i], x, cmpopts.IgnoreFields(Explanation{}, "TookMS", "Policy")); diff != "" {
				t.Fatalf("message %d (-first +shuffled):\n%s", i, diff)
			}
		}
	}
}

// shuffled is the policy of a round, spread over three files; that of round 0 is as it was written.
func shuffled(t *testing.T, r *rand.Rand, data []byte, round int) *Policy {
	t.Helper()
	var f file
	if err := yamlfile.Decode("policy.yaml", data, &f); err != nil {
		t.Fatal(err)
	}
	c := newCompiler("policy.yaml", data, &f, func(name string) ([]byte, error) { return os.ReadFile(filepath.Join("testdata", name)) })
	if err := c.includes(); err != nil {
		t.Fatal(err)
	}
	if round > 0 {
		shuffle(r, &f)
		for _, part := range []*included{spread(r, &f), spread(r, &f)} {
			c.merge("more.yaml", part)
		}
	}
	p, err := c.policy(nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// spread moves about half of everything into a further file.
func spread(r *rand.Rand, f *file) *included {
	x := included{Lists: map[string]texts{}}
	for name, list := range f.Lists {
		if r.IntN(2) == 0 {
			x.Lists[name] = list
			delete(f.Lists, name)
		}
	}
	half(r, &f.Use, &x.Use)
	half(r, &f.Triggers, &x.Triggers)
	half(r, &f.Labels, &x.Labels)
	half(r, &f.Detectors, &x.Detectors)
	half(r, &f.Rules, &x.Rules)
	half(r, &f.Exceptions, &x.Exceptions)
	half(r, &f.Recipients, &x.Recipients)
	half(r, &f.Tests, &x.Tests)
	return &x
}

func half[T any](r *rand.Rand, from, to *[]T) {
	n := r.IntN(len(*from) + 1)
	*to = append(*to, (*from)[n:]...)
	*from = (*from)[:n:n]
}

func shuffleList[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func shuffle(r *rand.Rand, f *file) {
	shuffleList(r, f.Use)
	shuffleList(r, f.Triggers)
	shuffleList(r, f.Labels)
	shuffleList(r, f.Detectors)
	shuffleList(r, f.Rules)
	shuffleList(r, f.Exceptions)
	shuffleList(r, f.Recipients)
	shuffleList(r, f.Tests)
	for _, list := range f.Lists {
		shuffleList(r, list)
	}
	for i := range f.Rules {
		shuffleWhen(r, &f.Rules[i].When)
	}
	for i := range f.Exceptions {
		shuffleList(r, f.Exceptions[i].Rules)
		shuffleList(r, f.Exceptions[i].When.Value)
	}
	for i := range f.Triggers {
		shuffleList(r, f.Triggers[i].Words)
	}
}

func shuffleWhen(r *rand.Rand, n *whenNode) {
	shuffleList(r, n.Detector)
	for _, subs := range [][]whenNode{n.All, n.Any, n.Not} {
		shuffleList(r, subs)
		for i := range subs {
			shuffleWhen(r, &subs[i])
		}
	}
}

// FuzzParse feeds anything to the compiler: it answers with a policy or an error that has a place, and never breaks.
func FuzzParse(f *testing.F) {
	complete, err := os.ReadFile(filepath.Join("testdata", "complete.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(complete)
	f.Add(policies.Default)
	for _, s := range []string{
		"version: 1\n", "", "version: 1\nuse: [se, {nl: {only: nl.bsn}}]\nrules: [{id: a, when: {not: {detector: 'nl.*'}}}]\n",
		"version: 1\nrules:\n  - {id: a, when: {any: [{size: {min: 1KB}}], not: [{header: {name: X, matches: y}}]}, level: 2}\n",
		"version: 1\ndetectors: [{id: a, groups: {x: [b*], y: {sv: [c]}}, fold: true}, {id: d, patterns: [{digits: '2..4|3', separators: '- '}]}]\n",
		"version: 1\ntriggers: [{id: t, words: ['[x y]', '#z'], level: 1}]\nrecipients: [{match: '*@a', min: 2}]\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 {
			return
		}
		p, err := Parse("policy.yaml", data, nil)
		if err != nil {
			if _, ok := errors.AsType[yamlfile.Errors](err); !ok {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		judge(t, p, testNode{Subject: "[x y] #z 890102-2387", Body: fmt.Sprintf("patient %s 123456782", "diagnos")})
	})
}
