package classify

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestCards(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, validator, values string }{
		{"valid", "pay.card", "2223009111766307 4000004566492470 5105107724833518 2223008089052435 3530114185578855 4111111111111111 5555555555554444 378282246310005 30569309025904 6011361341252427 4026140141931417053"},
		{"invalid", "pay.card", "1234567812345670 0000000000000000 356938035643809 860000000000000 8975201234567890123 41111111111111 5105107724833 378282246310005111"},
		{"valid", "pay.maestro", "6759649826438453 6799990100000000019 5018097840300003 5893000012345673 6304000123456782"},
		{"invalid", "pay.maestro", "4111111111111111 5105107724833518 12345 67596498264384531234 6011361341252427 8944500000000000"},
	}
	for _, tt := range tests {
		for s := range strings.FieldsSeq(tt.values) {
			if got := check(t, tt.validator, s); got != (tt.name == "valid") {
				t.Errorf("%s of %s: %v", tt.validator, s, got)
			}
		}
	}
}

// TestCardLookalikes: numbers that carry the check digits of something else as well are doubtful.
func TestCardLookalikes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ what, number string }{
		{"GTIN-13 of a German article", "4006381333917"},
		{"GTIN-14", "36012345678903"},
		{"SIRET", "36252187900034"},
		{"SSCC", "650123456789012345"},
	} {
		d := []byte(tt.number)
		for c := byte('0'); c <= '9'; c++ { // the last digit that passes Luhn
			if d[len(d)-1] = c; luhn(d) {
				break
			}
		}
		for i := len(d) - 2; i > 5 && !(gtin(d) && luhn(d)) && !(len(d) == 14 && luhn(d[:9])); i-- {
			for c := range 100 { // and the pair of digits with which both sums hold
				d[i], d[i-1] = '0'+byte(c%10), '0'+byte(c/10)
				if gtin(d) && luhn(d) {
					break
				}
			}
		}
		if got := card(valueOf(string(d))); got != Doubtful {
			t.Errorf("%s %s: %v, want doubtful", tt.what, d, got)
		}
	}
}

func TestICD10(t *testing.T) {
	t.Parallel()
	for s := range strings.FieldsSeq("A00 B99 C50.4 C97 D48 D50 E11.9 F32.1 G30 H95 I26.9 J18 K21.0 L99 M54.5 N18 O80 P96 Q99 R99 S72.00 T98 U07.1 V01 W19 X59 Y98 Z99 C7A M1A.0") {
		want := Valid
		if strings.Contains(s, ".") {
			want = Better
		}
		if got := icd10(valueOf(s)); got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
	// Between the chapters and blocks nothing is coded.
	for s := range strings.FieldsSeq("A10 A12 A29 B12 B14 B84 C27 C42 C98 D54 D90 E08 E17 E47 F49 G15 H07 H96 I03 I53 I90 J07 J23 J48 K15 K32 L15 M26 M37 N24 N52 O17 O49 P16 Q08 R24 U06 U50 Y37 Y99 Z14 Z66 A4 F3 7A1 A1A") {
		if icd10(valueOf(s)) != Invalid {
			t.Errorf("%s: want invalid", s)
		}
	}
}

func TestReserveNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want   Verdict
		values string
	}{
		{Better, "991981000010 991945000023 991993000032 19810829M071 19450829K088 19930829X802 198108320014"},
		{Valid, "19810829SU3A 19450829SF2B 19930829SX0C 22850412AB23 22850412ABC3 00123456AB34 19850412T123 850412-DA0B 19850412-12M3 19850412123R 19850412R456"},
		{Invalid, "991981000011 198108320015 198108310014 19851332A123 99198100001 1985041 00121356AB34 851332-DA0B 8504AB123456 19850412AB123"},
	}
	for _, tt := range tests {
		for s := range strings.FieldsSeq(tt.values) {
			if got := reservnummer(valueOf(s)); got != tt.want {
				t.Errorf("%s: %v, want %v", s, got, tt.want)
			}
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	head := b64(`{"alg":"HS256","typ":"JWT"}`)
	for _, tt := range []struct {
		name, value string
		want        Verdict
	}{
		{"no end", head + "." + b64(`{"sub":"1"}`) + ".x", Valid},
		{"ends later", head + "." + b64(`{"exp": 4102444800}`) + ".x", Valid},
		{"ended", head + "." + b64(`{"sub":"1","exp":1577836800}`) + ".x", Doubtful},
		{"no algorithm", b64(`{"typ":"JWT"}`) + "." + b64(`{"sub":"1"}`) + ".x", Invalid},
		{"no claims", head + "." + b64("claims!") + ".x", Invalid},
		{"one part", head, Invalid},
		{"not base64", "ey!.ey!.x", Invalid},
		{"long claims", head + "." + b64(`{"scope":"`+strings.Repeat("read ", 2000)+`"}`) + ".x", Valid},
	} {
		if got := jwt(valueOf(tt.value)); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"<password>", "${DB_PASS}", "{{ secret }}", "%PASSWORD%", "[lösenord]", "changeme", "ChangeMe123", "xxxxxxxx", "********", "EXAMPLEKEY",
		"your-api-key", "YOUR_TOKEN_HERE", "dummy-4711", "test", "Test1234!", "test-password-1", "password", "my-password", "aaaaaaaaaaaa", "0000000000", "abababab", "redacted",
	} {
		if !placeholder([]byte(s)) {
			t.Errorf("%s: want a placeholder", s)
		}
	}
	for _, s := range []string{"Vinter2026!", "Password123!", "Testarossa#77", "latest9Build", "kL9mNq2", "aB<3xyz!", "hunter22", "f8rESQedUStPKR0CsTy4", "1q2w3e4r"} {
		if placeholder([]byte(s)) {
			t.Errorf("%s: want no placeholder", s)
		}
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"Vinter2026!", "Kanel9!bulle", "aB3$defgh", "Höst2026", "Segel-77-mast", "Fiets!tuin", "P@ssw0rd.Sommar2026"} {
		if !password([]byte(s)) {
			t.Errorf("%s: want a password", s)
		}
	}
	for _, s := range []string{
		"hemligt", "Required.", "Personligt.", "Återställning", "Förnyelse:", "Case-Sensitive", "https://reset.example/Abc123", "Anna.Berg@kommun.example",
		"Test1234!", "12345678", "2026-11-24", "Kort1!", "www.Example2.example", `C:\Users\Anna1`,
	} {
		if password([]byte(s)) {
			t.Errorf("%s: want no password", s)
		}
	}
}

func TestMoreValidatorsAllocateNothing(t *testing.T) { // not parallel: it counts allocations
	values := map[string][]string{
		"pay.card": {"4111111111111111", "36252187900034"}, "pay.maestro": {"6759649826438453"}, "icd10": {"F32.1", "C7A", "Z99"},
		"se.reservnummer": {"991981000010", "19810829M071", "850412-DA0B"},
		"jwt":             {"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE1Nzc4MzY4MDB9.x"}, "secret": {"Test1234!", "f8rESQedUStPKR0CsTy4"}, "password": {"Vinter2026!", "Höst2026"},
		"basic_auth": {"YW5uYTpWaW50ZXIyMDI2IQ"},
	}
	for _, name := range append([]string{"basic_auth"}, moreNames...) {
		v, err := LookupValidator(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(values[name]) == 0 {
			t.Errorf("%s is not counted", name)
		}
		for _, s := range values[name] {
			value := valueOf(s)
			if n := testing.AllocsPerRun(100, func() { v.Check(value) }); n != 0 {
				t.Errorf("%s of %s allocates %v times", name, s, n)
			}
		}
	}
}
