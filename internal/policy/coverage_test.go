package policy

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/message"
	"sigill/policies"
)

func TestCoverage(t *testing.T) {
	t.Parallel()
	p := parse(t, `
version: 1
use: [se]
triggers:
  - {id: trigger, words: ["[a]"], level: 1}
labels:
  - {id: label, header: Sensitivity, equals: [private], level: 2}
rules:
  - {id: number, when: {detector: se.personnummer}, level: 2}
  - {id: watch, when: {detector: se.personnummer}, mode: observe, level: 2}
  - {id: sheet, when: {attachment: {type: csv}}, level: 1}
  - {id: never, when: {detector: se.konto}, level: 1}
tests:
  - {name: both, body: "pnr 19890102-2387", expect: {verdict: level2}}
  - {name: wrong digit, body: "pnr 19890102-2385", expect: {verdict: pass}}
  - {name: nothing, body: "Hej", expect: {rules: []}}
  - {name: not watched, body: "pnr 19890102-2385", expect: {observed: []}}
  - {name: by name, body: "x", expect: {not_rules: [sheet]}}
  - {name: lower, headers: {Sensitivity: Personal}, subject: "[a]", body: "[a]", expect: {verdict: level1}}
`)
	got, err := p.Coverage(context.Background(), today)
	if err != nil {
		t.Fatal(err)
	}
	want := []Coverage{
		{"label", 0, 3, 1}, {"never", 0, 2, 0}, {"number", 1, 3, 1}, {"sheet", 0, 3, 3}, {"trigger", 1, 2, 0}, {"watch", 1, 1, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDefaultIsCovered holds that the tests of the standard policy try each rule, and come near to it without firing.
func TestDefaultIsCovered(t *testing.T) {
	t.Parallel()
	covered, err := parse(t, string(policies.Default)).Coverage(context.Background(), today)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range covered {
		if c.Fires == 0 || c.Near == 0 {
			t.Errorf("%+v", c)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	before := &Explanation{
		Verdict: message.Level1, DecidedBy: "a", Findings: []Found{{Rule: "a"}, {Rule: "b"}, {Rule: "b"}},
		Recipients: map[string]message.Level{"x@x.example": message.Level1, "y@x.example": message.Level1, "z@x.example": message.Level1},
	}
	after := &Explanation{
		File: "a.eml", Verdict: message.Level2, DecidedBy: "c", Findings: []Found{{Rule: "c"}, {Rule: "b"}},
		Recipients: map[string]message.Level{"x@x.example": message.Level1, "z@x.example": message.Level2, "y@x.example": message.Pass},
	}
	got := Compare(before, after)
	want := Difference{
		File: "a.eml", Old: message.Level1, New: message.Level2, OldBy: "a", NewBy: "c", Gained: []string{"c"}, Lost: []string{"a"},
		Recipients: []RecipientDifference{{"y@x.example", message.Level1, message.Pass}, {"z@x.example", message.Level1, message.Level2}},
	}
	if diff := cmp.Diff(want, got); diff != "" || !got.Changed() {
		t.Errorf("-want +got:\n%s", diff)
	}
	if more, less := got.Directions(); !more || !less {
		t.Errorf("more %t, less %t", more, less)
	}
	if same := Compare(before, before); same.Changed() || len(same.Gained)+len(same.Lost) > 0 {
		t.Errorf("%+v", same)
	}
}
