package classify

import "testing"

// TestGateTakesContextWords holds that one list serves as prefilter and as context: a '$' there asks for a whole word, and
// only as context.
func TestGateTakesContextWords(t *testing.T) {
	t.Parallel()
	e, err := Compile([]Detector{{
		ID: "card", Prefilter: []string{"egk$", "kvnr"}, Patterns: []Pattern{{Regex: `\b[A-Z]\d{3}\b`, Confidence: None}},
		Context: []Context{{Near: []string{"egk$", "kvnr"}, Within: 20, Set: new(Medium)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"eGK A123": 1, "KVNR A123": 1, "KVNRs A123": 1, "eGKs A123": 0, "Raum A123": 0} {
		if got := scanText(t, e, body(text)); len(got) != want {
			t.Errorf("%q: %v, want %d", text, got, want)
		}
	}
}
