package classify

import "strings"

// ibanLengths is the length of an IBAN by country (SWIFT IBAN registry), two digits after each code; a country whose
// account numbers hold letters is in lower case.
const ibanLengths = "al28 ad24 AT20 az28 bh22 by28 BE16 BA20 br29 bg22 CR22 HR21 cy28 CZ24 DK18 do28 TL23 EE20 EG29 FO18 FI18 fr27 ge22 DE22 gi23 " +
	"gr27 GL18 gt28 HU28 IS26 iq23 ie22 IL23 it27 jo30 kz20 XK20 kw30 lv21 lb28 LY25 li21 LT20 lu20 mt31 MR27 mu30 md24 mc27 ME22 nl18 mk19 NO15 " +
	"pk24 ps29 PL28 PT25 qa29 ro24 lc32 sm27 ST25 sa24 RS22 sc31 SK24 SI19 ES24 SD18 SE24 ch21 TN24 tr26 ua29 AE23 gb22 VA22 vg24"

// ibanCountry returns the length of a country's IBAN and whether it is digits only; 0 for no such country.
func ibanCountry(a, b byte) (length int, digits bool) {
	a, b = a&^0x20, b&^0x20
	for i := 0; i+3 < len(ibanLengths); i += 5 {
		if ibanLengths[i]&^0x20 == a && ibanLengths[i+1]&^0x20 == b {
			return number([]byte(ibanLengths[i+2 : i+4])), ibanLengths[i] < 'a'
		}
	}
	return 0, false
}

// validIBAN is ISO 13616: the country's length, digits where the country has only digits, and mod 97 after the first
// four characters are moved to the end.
func validIBAN(b []byte) bool {
	if len(b) < 15 || len(b) > 34 {
		return false
	}
	length, digits := ibanCountry(b[0], b[1])
	if len(b) != length || !allDigits(b[2:4]) || digits && !allDigits(b[4:]) {
		return false
	}
	var moved [34]byte
	n := copy(moved[:], b[4:])
	n += copy(moved[n:], b[:4])
	return mod97(moved[:n]) == 1
}

// iban checks an account number. One whose check digits hold only once letters are read as the digits that they look like
// is doubtful: a typist and a program that reads pictures take one for the other, but chance makes such numbers as well.
func iban(v *Value) Verdict {
	switch {
	case validIBAN(v.Compact):
		return Valid
	case validIBAN(ibanDigits(v.Text)):
		return Doubtful
	}
	return Invalid
}

func canonicalIBAN(v *Value) string {
	if validIBAN(v.Compact) {
		return ""
	}
	return string(ibanDigits(v.Text))
}

// ibanDigits reads letters as the digits that they look like, but for the country and the letters of its banks. It is nil
// if there are none, or if other letters stand behind those.
func ibanDigits(text []byte) []byte {
	var b []byte
	replaced, bank := false, 0
	for _, c := range text {
		n := len(b)
		if !alnum(c) {
			continue
		}
		if n < 2 || n >= 4 && n < 4+bank {
			b = appendCompact(b, []byte{c})
		} else {
			b = append(b, drawnAs(c))
			replaced = replaced || b[n] != c
			if !isDigit(b[n]) {
				return nil
			}
		}
		if n == 1 {
			bank = bankLetters(string(b))
		}
	}
	if !replaced {
		return nil
	}
	return b
}

// bankLetters is how many letters the account numbers of a country begin with (SWIFT IBAN registry).
func bankLetters(country string) int {
	switch {
	case strings.Contains("AZ BH BG BY DO GB GI GT IE IQ JO KW LC LV MT MU NL PK PS QA RO SC VG", country):
		return 4
	case country == "GE":
		return 2
	case country == "IT", country == "SM":
		return 1
	}
	return 0
}

// drawnAs is the digit that a letter looks like, or c.
func drawnAs(c byte) byte {
	switch c {
	case 'O', 'o':
		return '0'
	case 'I', 'l':
		return '1'
	}
	return c
}

// findIBAN calls found for every stretch that has the form of an IBAN: two letters, two digits, and as many letters and
// digits as the country asks for, in one piece or in groups with spaces, hyphens or a line end between. For the two digits
// letters may stand that look like some.
func findIBAN(text []byte, groups []group, found func(start, end int)) {
	next := 0
	for _, g := range groups {
		start := int(g.start) - 2
		for n := 0; n < 2 && start > 0 && alnum(text[start-1]) && drawnAs(text[start+1]) != text[start+1]; n++ {
			start--
		}
		if start < next || !letter(text[start]) || !letter(text[start+1]) || start > 0 && alnum(text[start-1]) {
			continue
		}
		length, _ := ibanCountry(text[start], text[start+1])
		if length == 0 {
			continue
		}
		if end, ok := gather(text, start, length); ok {
			found(start, end)
			next = end
		}
	}
}

func letter(c byte) bool { return c|0x20-'a' < 26 }

// gather takes length letters and digits from start on, over single separators. A line end may stand beside one of
// another kind: flowed text keeps the space at which a line was broken (RFC 3676 4.1).
func gather(text []byte, start, length int) (end int, ok bool) {
	n, gap := 0, sepNone
	for p := start; p < len(text); p++ {
		c := text[p]
		if alnum(c) {
			n, gap = n+1, sepNone
			if n == length {
				return p + 1, p+1 == len(text) || !alnum(text[p+1])
			}
			continue
		}
		kind := separatorByte(c) & (sepSpace | sepDash | sepDot | sepLine)
		if kind == sepNone || gap&kind != 0 || gap != sepNone && (gap|kind)&sepLine == 0 {
			return 0, false
		}
		gap |= kind
	}
	return 0, false
}
