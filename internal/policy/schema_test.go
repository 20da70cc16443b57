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
	var out []string
	if ref, ok := s["$ref"].(string); ok {
		return v.check(at, v.definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any), value)
	}
	for _, one := range listOf(s["allOf"]) {
		out = append(out, v.check(at, one.(map[string]any), value)...)
	}
	if choices := listOf(s["anyOf"]); choices != nil && !slices.ContainsFunc(choices, func(one any) bool { return len(v.check(at, one.(map[string]any), value)) == 0 }) {
		out = append(out, at+": fits none")
	}
	if enum := listOf(s["enum"]); enum != nil && !slices.ContainsFunc(enum, func(one any) bool { return fmt.Sprint(one) == fmt.Sprint(value) }) {
		out = append(out, at+": is none of the words")
	}
	if c, ok := s["const"]; ok && fmt.Sprint(c) != fmt.Sprint(value) {
		out = append(out, at+": is another word")
	}
	if s["type"] != nil && !slices.ContainsFunc(append(listOf(s["type"]), s["type"]), func(kind any) bool { return kind == kindOf(value) }) {
		return append(out, fmt.Sprintf("%s: is %s", at, kindOf(value)))
	}
	if pattern, ok := s["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(fmt.Sprint(value)) {
		out = append(out, at+": has another form")
	}
	if items, ok := s["items"].(map[string]any); ok {
		for i, one := range listOf(value) {
			out = append(out, v.check(fmt.Sprintf("%s[%d]", at, i), items, one)...)
		}
	}
	return append(out, v.object(at, s, value)...)
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
