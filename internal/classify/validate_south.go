package classify

import (
	"strings"
	"time"
)

// southNames are the validators of this file.
var southNames = []string{
	"uk.nino", "uk.nhs", "uk.utr", "es.dni", "es.nie", "it.codicefiscale", "it.piva", "pl.pesel", "pl.nip", "us.ssn", "us.itin", "us.aba", "us.npi",
	"us.dea", "eu.vat", "eu.ehic", "mod23_dni", "it_cf", "uk_nhs", "pl_pesel", "us_aba",
}

// south returns the validators of Britain, Spain, Italy, Poland and the United States, and those that hold all over Europe.
func south(name string) (Validator, bool) {
	v := Validator{name: name}
	text := func(f func([]byte) bool) func(*Value) Verdict {
		return func(v *Value) Verdict { return verdict(f(v.Compact)) }
	}
	switch name {
	case "uk.nino":
		v.check = text(validNINO)
	case "uk.nhs", "uk_nhs":
		v.strength, v.check = 11, digitCheck(validNHS)
	case "uk.utr":
		v.strength, v.check = 11, digitCheck(validUTR)
	case "es.dni":
		v.strength, v.check = 23, text(func(b []byte) bool { return len(b) == 9 && b[0]-'0' <= 9 && validDNI(b) })
	case "es.nie":
		v.strength, v.check = 23, text(func(b []byte) bool { return len(b) == 9 && b[0] >= 'X' && validDNI(b) })
	case "mod23_dni":
		v.strength, v.check = 23, text(validDNI)
	case "it.codicefiscale", "it_cf":
		v.strength, v.check = 26, func(v *Value) Verdict { return verdict(validCodiceFiscale(v.Compact)) }
	case "it.piva":
		v.strength, v.check = 10, digitCheck(func(d []byte) bool { return len(d) == 11 && !sameDigit(d) && luhn(d) })
	case "pl.pesel", "pl_pesel":
		v.strength, v.check, v.canonical = 10, pesel, elevenDigits
	case "pl.nip":
		v.strength, v.check = 11, digitCheck(func(d []byte) bool {
			return len(d) == 10 && d[0] != '0' && weighted(d, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == int(d[9]-'0')
		})
	case "us.ssn":
		v.check = digitCheck(validSSN)
	case "us.itin":
		v.check = digitCheck(validITIN)
	case "us.aba", "us_aba":
		v.strength, v.check = 10, digitCheck(validABA)
	case "us.npi":
		v.strength, v.check = 10, digitCheck(validNPI)
	case "us.dea":
		v.strength, v.check = 10, text(validDEA)
	case "eu.vat":
		v.strength, v.check = 10, func(v *Value) Verdict { return vat(v.Compact) }
	case "eu.ehic":
		v.check = digitCheck(validEHIC)
	default:
		return v, false
	}
	return v, true
}

// validNINO is a British national insurance number: prefixes that are not given out (HMRC NIM39110).
func validNINO(b []byte) bool {
	if len(b) != 9 || !allDigits(b[2:8]) || b[8] < 'A' || b[8] > 'D' || b[0] < 'A' || b[1] < 'A' {
		return false
	}
	if strings.IndexByte("DFIQUV", b[0]) >= 0 || strings.IndexByte("DFIQUVO", b[1]) >= 0 {
		return false
	}
	switch string(b[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return true
}

// validNHS is the mod 11 digit of an English NHS number.
func validNHS(d []byte) bool {
	if len(d) != 10 || sameDigit(d) {
		return false
	}
	return (11-weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11 == int(d[9]-'0')
}

// validUTR is a British taxpayer reference: its first digit checks the nine behind it.
func validUTR(d []byte) bool {
	return len(d) == 10 && !sameDigit(d) && "21987654321"[weighted(d[1:], 6, 7, 8, 9, 10, 5, 4, 3, 2)%11] == d[0]
}

// validDNI is the Spanish DNI or NIE: digits and a letter by mod 23; X, Y, Z in front count as 0, 1, 2.
func validDNI(b []byte) bool {
	if len(b) != 9 {
		return false
	}
	var digits [8]byte
	d := append(digits[:0], b[:8]...)
	if i := strings.IndexByte("XYZ", d[0]); i >= 0 {
		d[0] = "012"[i]
	}
	if !allDigits(d) || string(d) == "00000000" {
		return false
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[number(d)%23] == b[8]
}

// cfOdd are the values of the characters at odd places of an Italian tax code, 0-9 and then A-Z (DM 23 December 1976).
var cfOdd = [36]byte{
	1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
	1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
}

// cfDigit reads a digit of the tax code; where two people would have the same, letters stand in for digits.
func cfDigit(c byte) int {
	if c-'0' <= 9 {
		return int(c - '0')
	}
	return strings.IndexByte("LMNPQRSTUV", c)
}

// validCodiceFiscale is the Italian tax code: name, year, month letter, day (plus 40 for women), place, check letter.
func validCodiceFiscale(b []byte) bool {
	if len(b) != 16 {
		return false
	}
	sum := 0
	for i, c := range b[:15] {
		letter := c >= 'A'
		digit := i >= 6 && i != 8 && i != 11
		if digit && cfDigit(c) < 0 || !digit && !letter {
			return false
		}
		at := int(c - '0')
		if letter {
			at = int(c-'A') + 10
		}
		switch {
		case i%2 == 0:
			sum += int(cfOdd[at])
		case letter:
			sum += at - 10
		default:
			sum += at
		}
	}
	month := strings.IndexByte("ABCDEHLMPRST", b[8]) + 1
	day := cfDigit(b[9])*10 + cfDigit(b[10])
	if day > 40 {
		day -= 40
	}
	return dayInMonth(2000+cfDigit(b[6])*10+cfDigit(b[7]), month, day) && b[15] == 'A'+byte(sum%26)
}

// pesel is the Polish number: a date with the century in the month, not in the future, and a mod 10 digit. Ten digits lack
// a zero in front.
func pesel(v *Value) Verdict {
	var digits [11]byte
	d := withZero(digits[:0], v.Compact, 11)
	if len(d) != 11 || !allDigits(d) {
		return Invalid
	}
	century := [...]int{1900, 2000, 2100, 2200, 1800}
	month, day := number(d[2:4]), number(d[4:6])
	if month/20 >= len(century) {
		return Invalid
	}
	year := century[month/20] + number(d[:2])
	if !dayInMonth(year, month%20, day) || time.Date(year, time.Month(month%20), day, 0, 0, 0, 0, time.UTC).After(v.Now) {
		return Invalid
	}
	return verdict(weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0)
}

// validSSN is an American social security number that can have been given out (SSA), without the well-known dummies.
func validSSN(d []byte) bool {
	if len(d) != 9 || string(d[3:5]) == "00" || string(d[5:]) == "0000" || d[0] == '9' {
		return false
	}
	switch string(d[:3]) {
	case "000", "666":
		return false
	}
	switch string(d) {
	case "078051120", "219099999", "457555462", "123456789":
		return false
	}
	return true
}

// validITIN is an American individual taxpayer number: 9, and a group in the ranges of the IRS.
func validITIN(d []byte) bool {
	if len(d) != 9 || d[0] != '9' {
		return false
	}
	g := number(d[3:5])
	return g >= 50 && g <= 65 || g >= 70 && g <= 88 || g >= 90 && g <= 92 || g >= 94
}

// validABA is an American routing number: weights 3 7 1, and a prefix that is in use.
func validABA(d []byte) bool {
	if len(d) != 9 || weighted(d, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 != 0 {
		return false
	}
	p := number(d[:2])
	return p <= 12 || p >= 21 && p <= 32 || p >= 61 && p <= 72 || p == 80
}

// validNPI is an American provider number: Luhn with 80840 in front (45 CFR 162.406).
func validNPI(d []byte) bool {
	if len(d) != 10 || d[0] != '1' && d[0] != '2' {
		return false
	}
	var digits [15]byte
	return luhn(append(append(digits[:0], "80840"...), d...))
}

// validDEA is the number of an American prescriber: two letters and seven digits, the last of them from the others.
func validDEA(b []byte) bool {
	if len(b) != 9 || !allDigits(b[2:]) || strings.IndexByte("ABCDEFGHJKLMPRSTUX", b[0]) < 0 || b[1] < 'A' && b[1] != '9' {
		return false
	}
	d := b[2:]
	return weighted(d, 1, 2, 1, 2, 1, 2)%10 == int(d[6]-'0')
}

// validEHIC is the number of a European health insurance card of the countries whose cards begin with 80 and their code.
func validEHIC(d []byte) bool {
	if len(d) != 20 || d[0] != '8' || d[1] != '0' {
		return false
	}
	switch string(d[2:5]) {
	case "752", "528", "578", "208", "246", "276", "056", "250", "724", "380", "616", "826", "040", "203", "372", "442", "620":
		return true
	}
	return false
}

// vat checks a VAT number by the rules of its country; where only the form is known, it is Unknown.
func vat(b []byte) Verdict {
	if len(b) < 8 {
		return Invalid
	}
	country, rest := string(b[:2]), b[2:]
	digits := allDigits(rest)
	switch country {
	case "DE":
		return verdict(digits && len(rest) == 9 && rest[0] != '0' && mod1110(rest))
	case "BE":
		return verdict(digits && validKBO(rest))
	case "DK":
		return verdict(digits && validCVR(rest))
	case "FI":
		return verdict(digits && validYtunnus(rest))
	case "SE":
		return verdict(digits && len(rest) == 12 && luhn(rest[:10]) && !sameDigit(rest[:10]))
	case "IT":
		return verdict(digits && len(rest) == 11 && !sameDigit(rest) && luhn(rest))
	case "PL":
		v, _ := south("pl.nip")
		return v.check(&Value{Compact: rest})
	case "PT":
		return verdict(digits && len(rest) == 9 && (11-weighted(rest, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11%10 == int(rest[8]-'0'))
	case "LU":
		return verdict(digits && len(rest) == 8 && number(rest[:6])%89 == number(rest[6:]))
	case "NL", "FR", "ES", "AT", "IE", "CZ", "EE", "HU", "LT", "LV", "SI", "SK", "EL", "HR", "RO", "BG", "CY", "MT":
		return Unknown
	}
	return Invalid
}
