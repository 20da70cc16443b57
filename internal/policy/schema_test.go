package policy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigill/internal/yamlfile"
	"sigill/policies"
)

// TestEveryKeyIsDescribed holds that no key of the language is without words, and that those of a further file are keys
// of the first.
func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	for _, l := range languageTypes() {
		for _, f := range keysOf(l.t) {
			if f.Tag.Get("doc") == "" {
				t.Errorf("%s.%s has no doc tag", l.t.Name(), f.Name)
			}
		}
	}
	whole := reflect.TypeFor[file]()
	for _, f := range keysOf(reflect.TypeFor[included]()) {
		if same, ok := whole.FieldByName(f.Name); !ok || same.Type != f.Type {
			t.Errorf("included.%s is not as in the first file", f.Name)
		}
	}
}

// TestEnums holds that every word of an enum tag is taken by the compiler, and no other.
func TestEnums(t *testing.T) {
	t.Parallel()
	sources := map[string]string{
		"version":                   "version: %s\n",
		"locale":                    "version: 1\nlocale: %s\n",
		"subject":                   "version: 1\nsubject: %s\n",
		"defaults.scope":            "version: 1\ndefaults: {scope: [%s]}\n",
		"defaults.level":            "version: 1\ndefaults: {level: %s}\nuse: [se]\nrules: [{id: r, when: {detector: se.konto}}]\n",
		"triggers.in":               "version: 1\ntriggers: [{id: t, words: ['#x'], in: %s, level: 1}]\n",
		"triggers.position":         "version: 1\ntriggers: [{id: t, words: [x], position: %s, level: 1}]\n",
		"triggers.level":            "version: 1\ntriggers: [{id: t, words: ['#x'], level: %s}]\n",
		"labels.level":              "version: 1\nlabels: [{id: t, header: x, equals: y, level: %s}]\n",
		"detectors.validator_only":  "version: 1\ndetectors: [{id: d, validator_only: %s}]\n",
		"detectors.boundary":        "version: 1\ndetectors: [{id: d, patterns: [{regex: x1}], boundary: %s}]\n",
		"detectors.mask":            "version: 1\ndetectors: [{id: d, words: [x], mask: %s}]\n",
		"detectors.overlap":         "version: 1\ndetectors: [{id: d, words: [x], overlap: %s}]\n",
		"detectors.context.side":    "version: 1\ndetectors: [{id: d, words: [x], context: [{near: [y], side: %s, set: high}]}]\n",
		"rules.level":               "version: 1\nuse: [se]\nrules: [{id: r, when: {detector: se.konto}, level: %s}]\n",
		"rules.mode":                "version: 1\nuse: [se]\nrules: [{id: r, when: {detector: se.konto}, mode: %s}]\n",
		"rules.scope":               "version: 1\nuse: [se]\nrules: [{id: r, when: {detector: se.konto}, scope: [%s]}]\n",
		"rules.when.scope":          "version: 1\nuse: [se]\nrules: [{id: r, when: {detector: se.konto, scope: [%s]}}]\n",
		"exceptions.outcome":        "version: 1\nuse: [se]\nrules: [{id: r, when: {detector: se.konto}}]\nexceptions: [{id: e, rules: [r], when: {value: x1}, outcome: %s}]\n",
		"exceptions.when.segment":   "version: 1\nuse: [se]\nrules: [{id: r, when: {detector: se.konto}}]\nexceptions: [{id: e, rules: [r], when: {segment: [%s]}}]\n",
		"exceptions.when.transport": "version: 1\nuse: [se]\nrules: [{id: r, when: {detector: se.konto}}]\nexceptions: [{id: e, rules: [r], when: {transport: %s}}]\n",
		"unscannable.level":         "version: 1\nunscannable: {corrupt: {level: %s}}\n",
		"recipients.max":            "version: 1\nrecipients: [{match: x.example, max: %s}]\n",
		"recipients.min":            "version: 1\nrecipients: [{match: x.example, min: %s}]\n",
		"tests.expect.verdict":      "version: 1\ntests: [{name: x, expect: {verdict: %s}}]\n",
	}
	for _, l := range languageTypes() {
		for _, f := range keysOf(l.t) {
			words := enumOf(f)
			if words == nil {
				continue
			}
			name, _ := keyOf(f)
			path := strings.TrimPrefix(l.path+"."+name, ".")
			source, ok := sources[path]
			if !ok {
				t.Errorf("no source tries the words of %s", path)
				continue
			}
			for _, w := range append(slices.Clone(words), "9x") {
				_, err := Parse("policy.yaml", fmt.Appendf(nil, source, w), nil)
				if (err == nil) != (w != "9x") {
					t.Errorf("%s: %s: %v", path, w, err)
				}
			}
		}
	}
}

// schemaOf is the schema as an editor reads it.
func schemaOf(t *testing.T) map[string]any {
	t.Helper()
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchema holds policies against the schema: those that compile fit, and those with a slip do not.
func TestSchema(t *testing.T) {
	t.Parallel()
	s := schemaOf(t)
	complete, err := os.ReadFile(filepath.Join("testdata", "complete.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{"default": string(policies.Default), "complete": string(complete), "small": small} {
		for _, problem := range misfits(t, s, source) {
			t.Errorf("%s: %s", name, problem)
		}
	}
	for source, want := range map[string]string{
		"name: x\n":                              "version",
		"version: 1\nrulez: []\n":                "rulez",
		"version: 1\nuse: [xx]\n":                "use",
		"version: 1\nuse: [{se: {olny: [a]}}]\n": "use",
		"version: 1\nrules: [{id: a, when: {detector: b, not: {detectr: c}}}]\n": "not",
		"version: 1\nrules: [{id: a, when: {detector: b}, level: 3}]\n":          "level",
		"version: 1\nrules: [{id: a, when: {detector: b}, mode: watch}]\n":       "mode",
		"version: 1\nunscannable: {encryptd: pass}\n":                            "encryptd",
		"version: 1\nlimits: {text: 20}\n":                                       "text",
	} {
		if got := strings.Join(misfits(t, s, source), "\n"); !strings.Contains(got, want) {
			t.Errorf("%q: %q does not name %s", source, got, want)
		}
	}
}

// TestSchemaAgrees holds for the form of each part of the language that the schema takes what the compiler takes, and
// refuses what it refuses.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	s := schemaOf(t)
	const rule = "version: 1\nuse: [pl]\nrules:\n  - {id: r, when: {detector: pl.nip}"
	exception := func(rest string) string { return rule + "}\nexceptions:\n  - {id: e, " + rest + "}\n" }
	detector := func(rest string) string { return "version: 1\nuse: [pl]\ndetectors:\n  - {" + rest + "}\n" }
	when := func(rest string) string { return "version: 1\nuse: [pl]\nrules:\n  - {id: r, when: {" + rest + "}}\n" }
	for _, tt := range []struct {
		source string
		fits   bool
	}{
		{"version: 1\n", true}, {"version: 2\n", false}, {"version: \"1\"\n", false}, {"name: x\n", false}, {"subject: show\n", false},
		{"version: 1\ntests: [{name: x, body: y}]\n", false},
		{"version: 1\ntests: [{name: x, expect: {}}]\n", false},
		{"version: 1\ntests: [{name: x, expect: {verdict: pass}}]\n", true},
		{"version: 1\ntests: [{name: x, expect: {verdict: level3}}]\n", false},
		{detector("id: d, words: [x], patterns: [{regex: x1}]"), false},
		{detector("id: d, words: [x]"), true}, {detector("id: d, words: x"), true}, {detector("id: d, words: {sv: [x]}"), true}, {detector("id: d, words: []"), false},
		{detector("id: d, words: {}"), false}, {detector("id: d, patterns: []"), false}, {detector("id: d, groups: {}"), false},
		{detector("id: d, patterns: [{regex: x1}]"), true}, {detector("id: d, groups: {a: [x]}"), true}, {detector("id: d, validator_only: iban"), true},
		{detector("id: d"), false}, {detector("words: [x]"), false}, {detector("override: pl.nip, mask: all"), true}, {detector("override: pl.nip, id: d"), false},
		{detector("override: pl.nip, words: [x], patterns: [{regex: x1}]"), false},
		{detector("id: d, words: [x], mask: none"), true}, {detector("id: d, patterns: [{regex: x1}], mask: none"), false},
		{detector("id: d, patterns: [{regex: x1, digits: '6'}]"), false}, {detector("id: d, patterns: [{value: 1}]"), false},
		{detector("id: d, patterns: [{regex: x1, value: -1}]"), false}, {detector("id: d, patterns: [{digits: '6|4', separators: '- '}]"), true},
		{detector("id: d, words: [x], context: [{near: [y], set: high}]"), true}, {detector("id: d, words: [x], context: [{near: [y]}]"), false},
		{detector("id: d, words: [x], context: [{near: [y], set: high, shift: 1}]"), false}, {detector("id: d, words: [x], context: [{near: [], set: high}]"), false},
		{detector("id: d, words: [x], context: [{near: [y], shift: 0}]"), false}, {detector("id: d, words: [x], context: [{near: [y], set: high, within: 0}]"), false},
		{exception("rules: [r], when: {value: x1}"), true}, {exception("when: {value: x1}"), false}, {exception("rules: [], when: {value: x1}"), false},
		{exception("rules: [r], when: {}"), false}, {exception("rules: [r]"), false}, {exception("rules: [r], when: {value: []}"), false}, {exception("rules: [r], when: {value: [], sender: {domain: x.example}}"), false}, {exception("rules: [r], when: {segment: []}"), false},
		{exception("rules: [r], when: {segment: [quoted], sender: {address: a@b.example}}"), true},
		{exception("rules: [r], when: {value: x1, recipient: {domain: b.example}}"), false}, {exception("rules: [r], when: {segment: body, transport: tls_verified}"), false},
		{exception("rules: [r], when: {value: x1}, expires: tomorrow"), false}, {exception("rules: [r], when: {value: x1}, expires: 2027-12-31"), true},
		{exception("rules: [r], when: {value: x1}, expires: \"2027-12-31\""), true}, {exception("rules: [r], when: {value: x1}, expires: 2027-13-31"), false},
		{exception("rules: [r], when: {value: x1}, expires: 31/12/2027"), false}, {exception("rules: [r], when: {value: x1}, outcome: level1"), false},
		{when(""), false}, {when("scope: [body]"), false}, {when("detector: []"), false}, {when("all: []"), false}, {when("detector: pl.nip, any: []"), false},
		{when("detector: pl.nip, not: []"), false}, {when("detector: pl.nip, scope: []"), false}, {when("not: {detector: pl.nip}"), true},
		{when("count: {min: 2}, size: {min: 1KB}"), false}, {when("detector: pl.nip, count: {min: 2}"), true}, {when("detector: pl.nip, count: {max: 0}"), false},
		{when("detector: pl.nip, count: {min: -1}"), false}, {when("detector: pl.nip, within: 3"), false}, {when("all: [{detector: pl.nip}], within: 30"), true},
		{when("all: [{detector: pl.nip}], within: 0"), false}, {when("size: {}"), false}, {when("size: {min: 1KB}"), true}, {when("size: {min: 1 KB}"), false},
		{when("size: {min: 1.5KB}"), false}, {when("size: {min: 1MiB}"), true}, {when("sender: {}"), false}, {when("recipient: {outside: [a.example]}"), true},
		{when("header: {name: X}"), false}, {when("header: {name: X, contains: y}"), true}, {when("attachment: {}"), true}, {when("attachment: {type: pdf, min: 1MB}"), true},
		{rule + ", scope: []}\n", false}, {rule + ", scope: body}\n", true}, {rule + ", level: 3}\n", false}, {rule + ", level: \"1\"}\n", false}, {rule + ", mode: observ}\n", false},
		{"version: 1\ndefaults: {scope: []}\n", false}, {"version: 1\ndefaults: {window: 0}\n", false}, {"version: 1\ndefaults: {count: {max: 0}}\n", false},
		{"version: 1\ndefaults: {count: {min: 0}}\n", true}, {"version: 1\ndefaults: {level: 0}\n", false},
		{"version: 1\nlabels: [{id: l, header: x, level: 1}]\n", false}, {"version: 1\nlabels: [{id: l, header: x, equals: y, level: 1}]\n", true},
		{"version: 1\nlabels: [{id: l, header: x, matches: y, level: 1}]\n", true}, {"version: 1\nlabels: [{id: l, equals: y, level: 1}]\n", false},
		{"version: 1\ntriggers: [{id: t, words: [], level: 1}]\n", false}, {"version: 1\ntriggers: [{id: t, words: '#x', level: 1}]\n", true},
		{"version: 1\nrecipients: [{match: x.example}]\n", false}, {"version: 1\nrecipients: [{match: x.example, max: pass}]\n", true},
		{"version: 1\nunscannable: {corrupt: {level: 0}}\n", false}, {"version: 1\nunscannable: {corrupt: {notify_sender: true}}\n", false},
		{"version: 1\nunscannable: {corrupt: ignore}\n", false}, {"version: 1\nunscannable: {corrupt: {level: 2, notify_sender: true}}\n", true},
		{"version: 1\nlimits: {depth: 0}\n", false}, {"version: 1\nlimits: {depth: 3, time: 1m30s, text: 5MB}\n", true}, {"version: 1\nlimits: {time: 30s1m}\n", false}, {"version: 1\nlimits: {time: \"\"}\n", false},
	} {
		problems := misfits(t, s, tt.source)
		if _, err := Parse("policy.yaml", []byte(tt.source), nil); (err == nil) != tt.fits {
			t.Errorf("%q: the compiler says %v", tt.source, err)
		}
		if (len(problems) == 0) != tt.fits {
			t.Errorf("%q: the schema says %q", tt.source, problems)
		}
	}
}

// TestSchemaOfFurtherFiles holds that a file that another one includes need not say its version.
func TestSchemaOfFurtherFiles(t *testing.T) {
	t.Parallel()
	s := schemaOf(t)
	for source, fits := range map[string]bool{
		"lists: {own: [a.example]}\n": true, "version: 1\nlists: {own: [a.example]}\n": true, "version: 2\nlists: {own: [a.example]}\n": false, "list: {own: [a.example]}\n": false,
	} {
		problems := misfits(t, s, source)
		_, err := Parse("policy.yaml", []byte("version: 1\ninclude: [more.yaml]\n"), func(string) ([]byte, error) { return []byte(source), nil })
		if (err == nil) != fits || (len(problems) == 0) != fits {
			t.Errorf("%q: %v; the schema says %q", source, err, problems)
		}
	}
}

// TestSchemaTakesAllThatIsShipped holds every policy and recipe, and the detectors of every pack, against the schema.
func TestSchemaTakesAllThatIsShipped(t *testing.T) {
	t.Parallel()
	s := schemaOf(t)
	var files []string
	for _, pattern := range []string{"../../policies/*.yaml", "../../docs/recipes/*.yaml", "testdata/*.yaml"} {
		some, err := filepath.Glob(pattern)
		if err != nil || len(some) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(some), err)
		}
		files = append(files, some...)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if problems := misfits(t, s, string(data)); len(problems) > 0 {
			t.Errorf("%s: %q", name, problems)
		}
	}
	for _, name := range append(PackNames(), commonPack) {
		data, err := packFiles.ReadFile("packs/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, parts, _ := strings.Cut("\n"+string(data), "\npack:")
		_, parts, _ = strings.Cut(parts, "\n")
		if problems := misfits(t, s, "version: 1\n"+parts); len(problems) > 0 {
			t.Errorf("pack %s: %q", name, problems)
		}
	}
}

// misfits lists what of a policy does not fit the schema.
func misfits(t *testing.T, s map[string]any, source string) []string {
	t.Helper()
	var value any
	if err := yamlfile.Decode("policy.yaml", []byte(source), &value); err != nil {
		t.Fatal(err)
	}
	v := validator{definitions: s["definitions"].(map[string]any)}
	return v.check("", s, value)
}

// validator knows as much of JSON schema (draft 7) as the schema of policies uses.
type validator struct{ definitions map[string]any }

func (v *validator) check(at string, s map[string]any, value any) []string {
	if ref, ok := s["$ref"].(string); ok {
		return v.check(at, v.definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any), value)
	}
	out := v.several(at, s, value)
	if enum := listOf(s["enum"]); enum != nil && !slices.ContainsFunc(enum, func(one any) bool { return equal(one, value) }) {
		out = append(out, at+": is none of the words")
	}
	if c, ok := s["const"]; ok && !equal(c, value) {
		out = append(out, at+": is another word")
	}
	if s["type"] != nil && !slices.ContainsFunc(append(listOf(s["type"]), s["type"]), func(kind any) bool { return isKind(kind, value) }) {
		return append(out, fmt.Sprintf("%s: is %s", at, kindOf(value)))
	}
	if pattern, ok := s["pattern"].(string); ok && kindOf(value) == "string" && !regexp.MustCompile(pattern).MatchString(value.(string)) {
		out = append(out, at+": has another form")
	}
	if text, ok := value.(string); ok && below(len(text), s["minLength"]) {
		out = append(out, at+": is too short")
	}
	if n, ok := value.(int64); ok && below(int(n), s["minimum"]) {
		out = append(out, at+": is too small")
	}
	if list, ok := value.([]any); ok && below(len(list), s["minItems"]) {
		out = append(out, at+": holds too little")
	}
	if items, ok := s["items"].(map[string]any); ok {
		for i, one := range listOf(value) {
			out = append(out, v.check(fmt.Sprintf("%s[%d]", at, i), items, one)...)
		}
	}
	return append(out, v.object(at, s, value)...)
}

// several are the schemas that speak of others: of all, of any, of one, of none, and of what follows from one.
func (v *validator) several(at string, s map[string]any, value any) []string {
	var out []string
	fits := func(one any) bool { return len(v.check(at, one.(map[string]any), value)) == 0 }
	for _, one := range listOf(s["allOf"]) {
		out = append(out, v.check(at, one.(map[string]any), value)...)
	}
	if choices := listOf(s["anyOf"]); choices != nil && !slices.ContainsFunc(choices, fits) {
		out = append(out, at+": fits none")
	}
	if choices := listOf(s["oneOf"]); choices != nil {
		n := 0
		for _, one := range choices {
			if fits(one) {
				n++
			}
		}
		if n != 1 {
			out = append(out, fmt.Sprintf("%s: fits %d of those that exclude each other", at, n))
		}
	}
	if s["not"] != nil && fits(s["not"]) {
		out = append(out, at+": fits what it must not")
	}
	if s["if"] != nil && fits(s["if"]) {
		out = append(out, v.check(at, s["then"].(map[string]any), value)...)
	}
	return out
}

func below(n int, least any) bool {
	m, ok := least.(float64)
	return ok && n < int(m)
}

func equal(want, got any) bool {
	return fmt.Sprint(want) == fmt.Sprint(got) && (kindOf(want) == "string") == (kindOf(got) == "string")
}

func isKind(kind, value any) bool {
	return kind == kindOf(value) || kind == "number" && kindOf(value) == "integer"
}

func (v *validator) object(at string, s map[string]any, value any) []string {
	m, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	var out []string
	for _, key := range listOf(s["required"]) {
		if _, ok := m[key.(string)]; !ok {
			out = append(out, fmt.Sprintf("%s: %s is missing", at, key))
		}
	}
	if below(len(m), s["minProperties"]) {
		out = append(out, at+": holds too little")
	}
	if most, ok := s["maxProperties"].(float64); ok && len(m) > int(most) {
		out = append(out, at+": holds too much")
	}
	dependencies, _ := s["dependencies"].(map[string]any)
	for key, others := range dependencies {
		for _, other := range listOf(others) {
			if m[key] != nil && m[other.(string)] == nil {
				out = append(out, fmt.Sprintf("%s: %s goes with %s", at, key, other))
			}
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for key, one := range m {
		if p, ok := properties[key]; ok {
			out = append(out, v.check(at+"."+key, p.(map[string]any), one)...)
			continue
		}
		switch more := s["additionalProperties"].(type) {
		case bool:
			if !more {
				out = append(out, at+"."+key+": unknown")
			}
		case map[string]any:
			out = append(out, v.check(at+"."+key, more, one)...)
		}
	}
	return out
}

func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case int64:
		return "integer"
	case float64:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "null"
}
