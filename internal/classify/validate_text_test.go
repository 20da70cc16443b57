package classify

import (
	"encoding/base64"
	"testing"
)

func TestTextValidators(t *testing.T) {
	t.Parallel()
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, tt := range []struct {
		validator, value string
		want             Verdict
	}{
		{"jwt", b64(`{"alg":"HS256"}`) + "." + b64(`{"sub":"1"}`) + ".x", Valid},
		{"jwt", b64(`{"typ":"JWT"}`) + "." + b64(`{"sub":"1"}`) + ".x", Invalid},
		{"jwt", b64(`"alg"`) + ".x.y", Invalid},
		{"jwt", "not base64!.x.y", Invalid},
		{"jwt", "nodot", Invalid},
		{"basic_auth", base64.StdEncoding.EncodeToString([]byte("anna:hemligt")), Valid},
		{"basic_auth", base64.StdEncoding.EncodeToString([]byte("no colon here")), Invalid},
		{"basic_auth", base64.StdEncoding.EncodeToString([]byte(":x")), Invalid},
		{"basic_auth", base64.StdEncoding.EncodeToString([]byte("a:")), Invalid},
		{"basic_auth", base64.StdEncoding.EncodeToString([]byte("a:\x01b")), Invalid},
		{"icd10", "F32.1", Better},
		{"icd10", "C97", Valid},
		{"icd10", "C98", Invalid},
		{"icd10", "D90", Invalid},
		{"icd10", "C7A", Valid},
		{"icd10", "H96", Invalid},
		{"icd10", "F3", Invalid},
	} {
		v, err := LookupValidator(tt.validator)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Check(valueOf(tt.value)); got != tt.want {
			t.Errorf("%s of %q: %d, want %d", tt.validator, tt.value, got, tt.want)
		}
	}
}
