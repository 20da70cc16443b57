package policy

import (
	"context"
	"testing"

	"sigill/policies"
)

// TestDefaultPolicy runs the tests that the standard policy carries.
func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	p := parse(t, string(policies.Default))
	results := p.RunTests(context.Background(), today)
	if len(p.tests) < 30 || len(results) < 300 {
		t.Errorf("%d tests, %d with those of the packs", len(p.tests), len(results))
	}
	for i := range results {
		r := &results[i]
		for _, f := range r.Failures {
			t.Errorf("%s: %s: %s", r.Pos, r.Name, f)
		}
		if !r.Passed() && r.Explanation != nil {
			b, _ := r.Explanation.json()
			t.Logf("%s", b)
		}
	}
	if w := p.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %q", w)
	}
}
