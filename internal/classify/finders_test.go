package classify

import (
	"strings"
	"testing"

	"sigill/internal/extract"
)

// TestLettersForDigits finds numbers in which letters stand that look like digits: as doubtful, and with the digits.
func TestLettersForDigits(t *testing.T) {
	t.Parallel()
	const passport = "N609815781SWE1112049F3304134<<<<<<<<<<<<<<<8"
	tests := []struct {
		name, text, value string
		confidence        Confidence
	}{
		{"exact", "IBAN SE3550000000054910000003", "SE3550000000054910000003", High},
		{"O for 0", "IBAN SE355000000005491000O003", "SE3550000000054910000003", Low},
		{"l for 1, groups", "SE35 5000 0000 0549 l000 0OO3 Tack", "SE3550000000054910000003", Low},
		{"I for 1", "SE35500000000549I0000003", "SE3550000000054910000003", Low},
		{"small", "se35500000000549loo0ooo3", "SE3550000000054910000003", Low},
		{"check digits", "NL9lABNA0417164300", "NL91ABNA0417164300", Low},
		{"both check digits", "IBAN SElO50000000000000000087", "SE1050000000000000000087", Low},
		{"letters of the bank stay", "NL91ABNAO4l7164300", "NL91ABNA0417164300", Low},
		{"another letter", "SE35500000000549A0000O03", "", None},
		{"another sum", "SE355000000005491000O004", "", None},
		{"too short", "SE355000000005491000O03", "", None},
		{"words", "be so lo ol il OO lO 20 IO olO lol IOI", "", None},
		{"beside an exact one", "SE3550000000054910000003 SE355000000005491000O003", "SE3550000000054910000003", High},

		{"passport", passport, "N609815781SWE1112049F33041348", High},
		{"passport, O and I", "N6098I5781SWE1112O49F33O4134<<<<<<<<<<<<<<<8", "N609815781SWE1112049F33041348", Low},
		{"passport, l", "N6098l578lSWE1112049F3304134<<<<<<<<<<<<<<<8", "N609815781SWE1112049F33041348", Low},
		{"passport, o, behind 36 others", "N60981578lSWE1112o49F3304134<<<<<<<<<<<<<<<8", "N609815781SWE1112049F33041348", Low},
		{"passport, another digit", "N6098I5782SWE1112O49F33O4134<<<<<<<<<<<<<<<8", "", None},
		{"passport, a letter at its end", passport + "l", "N609815781SWE1112049F33041348", High},
		{"card", "I<UTOD23I458907<<<<<<<<<<<<<<<\n74O8122F1204l59UTO<<<<<<<<<<<6", "IUTOD2314589077408122F1204159UTO6", Low},
		{"card, second line only", "I<UTOD231458907<<<<<<<<<<<<<<<\n7408l22F1204159UTO<<<<<<<<<<<6", "IUTOD2314589077408122F1204159UTO6", Low},
		{"guillemets for one each", strings.ReplaceAll(passport, "<", "«"), "N609815781SWE1112049F33041348", High},
		{"guillemets for two", strings.ReplaceAll(passport, "<<", "«"), "N609815781SWE1112049F33041348", High},
		{"guillemets, O and l", "N60981578lSWE1112O49F3304134«««««««<8", "N609815781SWE1112049F33041348", Low},
		{"guillemets, one too many", "N609815781SWE1112049F3304134««««««««<8", "", None},
	}
	e, err := Compile([]Detector{
		{ID: "iban", Finder: "iban", Validate: []string{"mod97_iban"}, Confidence: High},
		{ID: "mrz", Finder: "mrz", Validate: []string{"icao_mrz"}, Confidence: High},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := e.Scan(t.Context(), []extract.Segment{body(tt.text)}, today)
			if err != nil {
				t.Fatal(err)
			}
			hits := r.Hits
			if tt.confidence == None {
				if len(hits) > 0 {
					t.Fatalf("found %v", hits)
				}
				return
			}
			if len(hits) == 0 {
				t.Fatal("nothing found")
			}
			if hits[0].Value != tt.value || hits[0].Confidence != tt.confidence {
				t.Errorf("found %q, %v; want %q, %v", hits[0].Value, hits[0].Confidence, tt.value, tt.confidence)
			}
			for _, h := range hits[1:] {
				if h.Start < hits[0].End {
					t.Errorf("%q and %q overlap", hits[0].Masked, h.Masked)
				}
			}
		})
	}
}
