package locale

import (
	"strings"
	"unicode"
)

// maxTyped is how much of what a person typed is shown back, in characters.
const maxTyped = 40

// PhoneProblem says to the person who typed a number why it was not taken, and what
// would be right. Reason is one of empty, letters, short, long, not_valid, fixed,
// premium and country; want is how many digits a mobile number of the region (ISO
// 3166) has, 0 when that is not known; digits is how many were typed.
func (p *Printer) PhoneProblem(typed, reason, region string, digits, want int) string {
	typed = echo(typed)
	if reason == "empty" || typed == "" {
		return p.T("phone.empty")
	}
	key := "phone." + reason
	if _, ok := p.words.texts[key]; !ok {
		key = "phone.not_valid"
	}
	s := p.T(key, "Typed", typed)
	if (reason == "short" && digits < want || reason == "long" && digits > want) && want > 0 {
		s += " " + p.N("phone.digits", digits, "Country", p.country(region), "Want", p.Word(want))
	}
	return s
}

func (p *Printer) country(region string) string {
	if t, ok := p.words.texts["phone.country."+region]; ok {
		return t.plain(nil)
	}
	return p.T("phone.country.other")
}

// echo makes what a person typed fit to be shown back.
func echo(typed string) string {
	kept := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.TrimSpace(typed)))
	if len(kept) > maxTyped {
		return string(kept[:maxTyped]) + "…"
	}
	return string(kept)
}
