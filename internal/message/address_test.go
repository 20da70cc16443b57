package message

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"karin@ekman.example", "karin@ekman.example"},
		{"Karin.Ekman+x@EKMAN.example", "Karin.Ekman+x@ekman.example"},
		{"karin@ekman.example.", "karin@ekman.example"},
		{`"karin ekman"@ekman.example`, `"karin ekman"@ekman.example`},
		{`"karin"@ekman.example`, "karin@ekman.example"},
		{`"a\"b"@ekman.example`, `"a\"b"@ekman.example`},
		{`"a@b"@c.example`, `"a@b"@c.example`},
		{"åsa@räksmörgås.example", "åsa@xn--rksmrgs-5wao1o.example"},
		{"a\u0308@x.example", "ä@x.example"},
		{"x@[192.0.2.1]", "x@[192.0.2.1]"},
		{"x@[IPv6:2001:db8::1]", "x@[ipv6:2001:db8::1]"},
		{"", ""},
		{"karin", "error"},
		{"@ekman.example", "error"},
		{"karin@", "error"},
		{"a b@ekman.example", "error"},
		{"a..b@ekman.example", "error"},
		{".a@ekman.example", "error"},
		{"a@b@c.example", "error"},
		{"a@ekman..example", "error"},
		{"a@-ekman.example", "error"},
		{"a\r\nRCPT TO:<b@c.example>@d.example", "error"},
		{"\"a\r\n\"@d.example", "error"},
		{"a@d.example\n", "error"},
		{"a\x00@d.example", "error"},
		{"a\xff@d.example", "error"},
		{`"a\"@d.example`, "error"},
		{`"a"b"@d.example`, "error"},
		{"a@[192.0.2.1", "error"},
		{strings.Repeat("a", 65) + "@d.example", "error"},
		{"a@" + strings.Repeat("a", 64) + ".example", "error"},
	} {
		a, err := ParseAddress(c.in)
		if c.want == "error" {
			if !errors.Is(err, ErrAddress) {
				t.Errorf("%q: want an error, have %q, %v", c.in, a.String(), err)
			}
			continue
		}
		if err != nil || a.String() != c.want {
			t.Errorf("%q: want %q, have %q, %v", c.in, c.want, a.String(), err)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"karin@ekmanii.example":  "k•••n@e••••••.example",
		"ab@x.example":           "a••@x••.example",
		"åsa@räksmörgås.example": "å•a@x•••••••••••••••••.example",
	} {
		if got := address(t, in).Masked(); got != want {
			t.Errorf("%s: want %s, have %s", in, want, got)
		}
	}
	if got := Phone("+46701740612").Masked(); got != "+4•••••••612" {
		t.Error(got)
	}
}

func TestNothingPersonalInLogs(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	log := slog.New(slog.NewTextHandler(&b, nil))
	log.Info("x", "to", address(t, "karin@ekman.example"), "phone", Phone("+46701740612"))
	if strings.Contains(b.String(), "karin") || strings.Contains(b.String(), "0174") {
		t.Error(b.String())
	}
}

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw, prefix, want string
		reason            PhoneReason
	}{
		{"070-174 06 12", "+46", "+46701740612", ""},
		{"+46 70 174 06 12", "+31", "+46701740612", ""},
		{"0046701740612", "+31", "+46701740612", ""},
		{"06-12345678", "+31", "+31612345678", ""},
		{"041 574 6321", "+358", "+358415746321", ""},
		{"+46701740612", "", "+46701740612", ""},
		{"070-174 06", "+46", "", PhoneShort},
		{"070-174 06 12 33 44", "+46", "", PhoneLong},
		{"", "+46", "", PhoneEmpty},
		{"ring mig", "+46", "", PhoneLetters},
		{"08-123 456 00", "+46", "", PhoneFixed},
		{"0900-100 1000", "+46", "", PhonePremium},
	} {
		got, err := ParsePhone(c.raw, c.prefix)
		if c.reason == "" {
			if err != nil || string(got) != c.want {
				t.Errorf("%q %s: want %s, have %s, %v", c.raw, c.prefix, c.want, got, err)
			}
			continue
		}
		var p *PhoneProblem
		if !errors.As(err, &p) || p.Reason != c.reason {
			t.Errorf("%q %s: want %s, have %s, %v", c.raw, c.prefix, c.reason, got, err)
		}
	}
}

func TestPhoneProblemCountsWhatWasTyped(t *testing.T) {
	t.Parallel()
	var p *PhoneProblem
	if _, err := ParsePhone("070-174 06", "+46"); !errors.As(err, &p) || p.Digits != 8 || p.Want != 10 || p.Region != "SE" {
		t.Errorf("%+v", p)
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	a, b := NewID(start), NewID(start.Add(1e6))
	if a >= b {
		t.Errorf("%s, a millisecond older, sorts after %s", a, b)
	}
	if !a.Time().Equal(start) {
		t.Errorf("want %s, have %s", start, a.Time())
	}
	if _, err := ParseID(string(a)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "x", strings.Repeat("u", 26), strings.Repeat("A", 26)} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q was taken for an id", bad)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"a@b.example", `"a b"@c.example`, "åsa@ö.example", "a@[::1]", "<a@b>", "a@b@c", "\"\\\"\"@x.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(a.String(), "\r\n\x00") {
			t.Fatalf("%q: control characters in %q", s, a.String())
		}
		again, err := ParseAddress(a.String())
		if err != nil || again != a {
			t.Fatalf("%q: written as %q, read back as %q, %v", s, a.String(), again.String(), err)
		}
		_ = fmt.Sprint(a.Masked(), a.DisplayDomain())
	})
}
