package app_test

import (
	"strings"
	"testing"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/policy"
)

// TestPolicyNotes: what has expired, what soon will, and who is never told, is named; the rest is not.
func TestPolicyNotes(t *testing.T) {
	t.Parallel()
	day := func(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }
	p, err := policy.Parse("policy.yaml", []byte(`version: 1
detectors: [{id: d, words: {en: [kestrel]}}]
rules: [{id: r, when: {detector: d}, level: 1, notify: [iso@norrsund.example, ciso@elsewhere.example]}]
exceptions:
  - {id: gone, rules: [r], when: {value: a}, expires: `+day(-3)+`}
  - {id: soon, rules: [r], when: {value: b}, expires: `+day(10)+`}
  - {id: later, rules: [r], when: {value: c}, expires: `+day(90)+`}
  - {id: never, rules: [r], when: {value: d}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{}
	cfg.Organisation.Domains = []string{"norrsund.example"}
	notes := app.PolicyNotes(p, cfg, time.Now())
	all := strings.Join(notes, "\n")
	for _, want := range []string{`"gone"`, `"soon"`, "ciso@elsewhere.example"} {
		if !strings.Contains(all, want) {
			t.Errorf("no word of %s in:\n%s", want, all)
		}
	}
	if len(notes) != 3 {
		t.Errorf("notes:\n%s", all)
	}
}
