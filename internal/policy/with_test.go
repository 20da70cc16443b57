package policy

import (
	"context"
	"testing"

	"sigill/internal/message"
	"sigill/policies"
)

// TestParseWith fills the standard policy's list of own domains: mail within them stays outside the portal, mail to the
// domain that it was written with no longer does, and its own tests hold all the same.
func TestParseWith(t *testing.T) {
	t.Parallel()
	own := map[string][]string{"own_domains": {"kommun.example"}}
	p, err := ParseWith("policy.yaml", policies.Default, nil, own)
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]message.Level{
		"anna@kommun.example": message.Pass, "anna@own-domain.example": message.Level2, "bo@other.example": message.Level2,
	} {
		d, _ := judge(t, p, testNode{To: texts{{Value: to}}, Body: "personnummer 19890102-2387"})
		if d.Verdict != want {
			t.Errorf("%s: %s, expected %s", to, d.Verdict, want)
		}
	}
	results := p.RunTests(context.Background(), today)
	if len(results) < 300 {
		t.Errorf("%d tests", len(results))
	}
	for i := range results {
		if !results[i].Passed() {
			t.Errorf("%s: %v", results[i].Name, results[i].Failures)
		}
	}
}

// TestParseWithID holds that the lists are part of what a policy is made of.
func TestParseWithID(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, lists := range map[string]map[string][]string{
		"none":       nil,
		"one":        {"own_domains": {"a.example"}},
		"two":        {"own_domains": {"a.example", "b.example"}},
		"one joined": {"own_domains": {"a.example b.example"}},
	} {
		p, err := ParseWith("policy.yaml", policies.Default, nil, lists)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[p.ID()]; ok {
			t.Errorf("%s and %s have the same id", name, other)
		}
		seen[p.ID()] = name
	}
	if seen[parse(t, string(policies.Default)).ID()] != "none" {
		t.Error("without lists the id is not that of Parse")
	}
}
