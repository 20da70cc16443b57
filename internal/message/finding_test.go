package message

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGrouped(t *testing.T) {
	t.Parallel()
	both := map[string]string{"en": "Health", "nl": "Gezondheid"}
	all := []Finding{
		{Rule: "health", Detector: "words", Title: both, Where: "header/to", Count: 1},
		{Rule: "identity", Title: both, Count: 1}, // another rule, though its title is the same
		{Rule: "health", Detector: "codes", Title: both, Where: "body/text", Count: 2},
		{Rule: "health", Detector: "pnr", Title: map[string]string{"en": "Identity number", "nl": "Gezondheid"}, Count: 4},
	}
	for lang, want := range map[string][][]Finding{
		"en": {{all[0], all[2]}, {all[1]}, {all[3]}}, // one rule whose detectors have titles of their own
		"nl": {{all[0], all[2], all[3]}, {all[1]}},   // and read alike in another language
	} {
		if diff := cmp.Diff(want, Grouped(all, lang)); diff != "" {
			t.Errorf("%s: %s", lang, diff)
		}
	}
	if got := Grouped(nil, "en"); got != nil {
		t.Errorf("nothing was found: %v", got)
	}
}
