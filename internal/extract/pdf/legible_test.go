package pdf

import "testing"

func TestLegible(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"text", true}, {"", true}, {"ett \ue001 två", true}, {"nummer \ue001\ue002\ue003\ue004\ue005\ue006", false},
		{"\x01\x02 ok", true}, {"\x01\x02\x03 ok", false},
		{"✓ ja ✗ nej ✓ ja", true}, {"tabell ✓ ✗ ✓ ✗ ✓ ✗ ✓ ✓ ✗", true}, {"betyg ★★★★★★★", true},
		{"ord och ord igen ✭✮✯✰ ✱✲✳✤", false}, {"✁✂✄☎✆ ✝✞✄", false},
	} {
		if got := legible(tt.text); got != tt.want {
			t.Errorf("%q: %v", tt.text, got)
		}
	}
}
