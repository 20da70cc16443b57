package policy_test

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"testing"
)

// TestEvaluationNumbers holds the rules by which the evaluation makes numbers against numbers that others published.
func TestEvaluationNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, got, want string }{
		{"personnummer", luhnDigit("490823995"), "9"},
		{"card", luhnDigit("411111111111111"), "1"},
		{"npi", luhnDigit("80840" + "123456789"), "3"},
		{"rvnr", crossSums(letterAsDigits("15070649C10"), 2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), "3"},
		{"kvnr", crossSums(letterAsDigits("A00050001"), 1, 2, 1, 2, 1, 2, 1, 2, 1, 2), "5"},
		{"iban", iban("NL", "ABNA0417164300"), "NL91ABNA0417164300"},
		{"iban", iban("SE", "50000000054910000003"), "SE3550000000054910000003"},
		{"codice fiscale", codiceCheck("RSSMRA85T10A562"), "S"},
		{"codice fiscale", codiceCheck("MRTLGU07T11Z110"), "P"},
		{"identity card", mrzDigit("D231458907<<<<<<<<<<<<<<<" + "7408122" + "1204159" + "<<<<<<<<<<<"), "6"},
		{"passport", mrzDigit("L898902C3") + mrzDigit("740812") + mrzDigit("120415"), "629"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.name, c.got, c.want)
		}
	}
	for name, ok := range map[string]bool{
		"bsn":      weighted("99994439", 9, 8, 7, 6, 5, 4, 3, 2)%11 == 3,
		"cpr":      weighted("2503685224", 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0,
		"fnr":      (11-weighted("081097735", 3, 7, 6, 1, 8, 9, 4, 5, 2)%11)%11 == 3,
		"hetu":     hetuLetters[61106960%31] == '8',
		"nn":       97-mod97("040416509") == 93 && 97-mod97("2000125567") == 77,
		"nir":      97-mod97("2090633999869") == 29,
		"dni":      dniLetters[99528386%23] == 'A',
		"nhs":      (11-weighted("999863694", 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11 == 9,
		"pesel":    (10-weighted("9590172471", 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10 == 1,
		"dea":      (weighted("819853", 1, 0, 1, 0, 1)+2*weighted("819853", 0, 1, 0, 1, 0, 1))%10 == 6,
		"steuerid": steuerCheck("1740832960") == "0",
	} {
		if !ok {
			t.Errorf("%s: the rule does not give the published number", name)
		}
	}
}

// TestEvaluationSet says what set a is made of: how many messages, how many of them with nothing to protect, and that
// each is a message that another reader of mail can read.
func TestEvaluationSet(t *testing.T) {
	t.Parallel()
	frames, names := readFrames(t), map[string]bool{}
	all, nothing, near, own := readSet(t, "a"), 0, 0, 0
	for i := range all {
		s := &all[i]
		if names[s.name] {
			t.Errorf("two messages are called %s", s.name)
		}
		names[s.name] = true
		if !strings.Contains(s.name, "#") {
			own++
		}
		if len(s.expect) == 0 {
			nothing++
		} else if s.near != "" {
			t.Errorf("%s is near and far", s.name)
		}
		if s.near != "" {
			near++
		}
		readable(t, s, frames)
	}
	t.Logf("%d messages, %d of them written by hand; %d with nothing to protect, %d of those with a number that is wrong", len(all), own, nothing, near)
	if len(all) < 400 || own < 200 || nothing*10 < len(all)*4 {
		t.Error("the set is smaller than it says")
	}
	for _, s := range slices.Concat(readSet(t, "c"), ordinaryMail(t)[:50]) {
		readable(t, &s, frames)
	}
}

func readable(t *testing.T, s *sample, frames map[string]*frame) {
	t.Helper()
	raw := s.wire(frames)
	if _, err := mail.ReadMessage(bytes.NewReader(raw)); err != nil {
		t.Errorf("%s: %v", s.name, err)
	}
	if n := bytes.Count(raw, []byte("\n")); n != bytes.Count(raw, []byte("\r\n")) || n != bytes.Count(raw, []byte("\r")) {
		t.Errorf("%s: bare CR or LF", s.name)
	}
	if bytes.Contains(raw, []byte("$[")) || bytes.Contains(raw, []byte("\n@para")) {
		t.Errorf("%s: a placeholder is left", s.name)
	}
}
