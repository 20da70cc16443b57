package extract

import (
	"strings"
	"testing"
)

// TestDelSp: what stands on two lines and is shown as one word is read as one.
func TestDelSp(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"number on two lines":   {"nr 8901 \r\n02-2387\r\nnext\r\n", "nr 890102-2387\r\nnext\r\n"},
		"on three":              {"8901 \n02- \n2387", "890102-2387"},
		"quoted":                {"> 8901 \n> 02-2387\n>> x\n", ">890102-2387\n>>x\n"},
		"stuffed":               {"8901 \n 02-2387", "890102-2387"},
		"quoted deeper":         {"8901 \n> 02-2387 \n> 1", "8901\n>02-23871"},
		"signature":             {"8901 \n-- \n02 \n1", "8901\n-- \n021"},
		"last line":             {"8901 \n02 \n", "890102"},
		"a blank is left":       {"one  \ntwo  \nthree\n", ""},
		"nothing flows":         {"one\ntwo\n", ""},
		"the end does not flow": {"one ", ""},
		"an empty line":         {"one \n\ntwo", ""},
	} {
		if got := joinFlowed(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	head := "Content-Type: text/plain; charset=utf-8; Format=Flowed; DelSp=Yes\n\n"
	if c := parseString(t, head+"nr 8901 \n02-2387\n"); !strings.Contains(dump(c), "hidden @ body/text: nr "+secret) || len(c.Unreadable) > 0 {
		t.Errorf("the number is not found:\n%s", dump(c))
	}
	if c := parseString(t, head+"a long  \nline\n"); len(c.Segments) != 1 {
		t.Errorf("read twice:\n%s", dump(c))
	}
}
