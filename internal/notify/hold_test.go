package notify

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/message"
)

// A rule that several detectors serve, or that is met in several places, is one line.
func TestOneLineForEachRule(t *testing.T) {
	t.Parallel()
	health := func(where string, count int) message.Finding {
		return message.Finding{
			Rule: "health", Title: map[string]string{"sv": "Hälsouppgifter", "nl": "Gezondheidsgegevens", "en": "Health information"},
			Where: where, Count: count, Level: message.Level2,
		}
	}
	low := health("subject", 9)
	low.Level = message.Level1 // did not decide, so it is not named
	for _, c := range []struct {
		name     string
		findings []message.Finding
		want     map[string]string
	}{
		{"a place that has no words", []message.Finding{health("header/x", 1), health("body/text", 2), low}, map[string]string{
			"sv": "Hälsouppgifter, 3 st, i texten", "nl": "Gezondheidsgegevens, 3 keer, in de tekst", "en": "Health information, 3 times, in the text",
		}},
		{"two places", []message.Finding{health("body/text", 1), health("att[2]/a.pdf", 1), health("body/html", 1)}, map[string]string{
			"sv": "Hälsouppgifter, 3 st, i texten och i bilaga 2 (pdf)", "nl": "Gezondheidsgegevens, 3 keer, in de tekst en in bijlage 2 (pdf)",
			"en": "Health information, 3 times, in the text and in attachment 2 (pdf)",
		}},
		{"many places", []message.Finding{health("subject", 1), health("body", 1), health("att[1]", 1), health("att[2]", 1), health("att[3]", 1)}, map[string]string{
			"en": "Health information, 5 times, in the subject, in the text, in attachment 1 and 2 more",
		}},
		{"nothing was counted", []message.Finding{health("", 0), health("", 0)}, map[string]string{"en": "Health information"}},
	} {
		for lang, want := range c.want {
			m := sample(t, lang)
			m.Decision.Findings = c.findings
			if diff := cmp.Diff([]string{want}, reason(composer(t, org(t, lang)).printer(m), m).Lines); diff != "" {
				t.Errorf("%s, %s: %s", c.name, lang, diff)
			}
		}
	}
}
