package classify

import (
	"strings"
	"time"
)

// northNames are the validators of this file.
var northNames = []string{
	"no.fodselsnummer", "no.fodselsnummer_2032", "no.orgnr", "no.konto", "dk.cpr", "dk.cvr", "fi.hetu", "fi.ytunnus", "de.idnr", "de.rvnr", "de.kvnr",
	"de.personalausweis", "be.nn", "be.kbo", "fr.nir", "fr.siren", "fr.siret", "no_fnr", "dk_cvr", "mod31_hetu", "be_nn", "fr_nir",
}

// north returns the validators of Norway, Denmark, Finland, Germany, Belgium and France.
func north(name string) (Validator, bool) {
	v := Validator{name: name}
	switch name {
	case "no.fodselsnummer", "no_fnr":
		v.strength, v.check, v.canonical = 121, func(v *Value) Verdict { return verdict(validFnr(v, false)) }, elevenDigits
	case "no.fodselsnummer_2032":
		v.strength, v.check, v.canonical = 30, func(v *Value) Verdict { return verdict(validFnr(v, true)) }, elevenDigits
	case "no.orgnr":
		v.strength, v.check = 11, digitCheck(validNorwegianOrgnr)
	case "no.konto":
		v.strength, v.check = 11, digitCheck(validKonto)
	case "dk.cpr":
		v.better, v.check, v.canonical = true, cpr, canonicalCPR
	case "dk.cvr", "dk_cvr":
		v.strength, v.check = 11, digitCheck(validCVR)
	case "fi.hetu", "mod31_hetu":
		v.strength, v.check = 31, func(v *Value) Verdict { return verdict(validHetu(v)) }
	case "fi.ytunnus":
		v.strength, v.check = 11, digitCheck(validYtunnus)
	case "de.idnr":
		v.strength, v.check = 10, digitCheck(validIdNr)
	case "de.rvnr":
		v.strength, v.check = 10, func(v *Value) Verdict { return verdict(validRVNR(v.Compact)) }
	case "de.kvnr":
		v.strength, v.check = 10, func(v *Value) Verdict { return verdict(validKVNR(v.Compact)) }
	case "de.personalausweis":
		v.strength, v.check = 10, func(v *Value) Verdict { return ausweis(v.Compact) }
	case "be.nn", "be_nn":
		v.strength, v.check, v.canonical = 97, func(v *Value) Verdict { return verdict(validNN(v)) }, elevenDigits
	case "be.kbo":
		v.strength, v.check = 97, digitCheck(validKBO)
	case "fr.nir", "fr_nir":
		v.strength, v.check = 97, func(v *Value) Verdict { return verdict(validNIR(v.Compact)) }
	case "fr.siren":
		v.strength, v.check = 10, digitCheck(func(d []byte) bool { return len(d) == 9 && !sameDigit(d) && luhn(d) })
	case "fr.siret":
		v.strength, v.check = 10, digitCheck(validSIRET)
	default:
		return v, false
	}
	return v, true
}

// withZero puts back the zero in front that spreadsheets take from a number of n digits in a cell, in dst. Everything else
// comes back as it is.
func withZero(dst, d []byte, n int) []byte {
	if len(d) != n-1 || !allDigits(d) {
		return d
	}
	return append(append(dst, '0'), d...)
}

// elevenDigits puts back the zero in front that spreadsheets take from a number in a cell.
func elevenDigits(v *Value) string {
	if len(v.Compact) == 10 {
		return "0" + string(v.Compact)
	}
	return ""
}

// padded writes a number of 10 or 11 digits with all 11. ok says that it was one.
func padded(v *Value) (d [11]byte, ok bool) {
	n := len(v.Compact)
	if n != 10 && n != 11 || !allDigits(v.Compact) {
		return d, false
	}
	d[0] = '0'
	copy(d[11-n:], v.Compact)
	return d, true
}

// future says that a date lies after now.
func future(v *Value, year, month, day int) bool {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).After(v.Now)
}

// validFnr is a Norwegian number of 11 digits: a date of birth, three digits that tell the century, and two mod 11 digits
// (Skatteetaten). D-numbers add 40 to the day, H-numbers 40 and synthetic ones 80 to the month. From 2032 the first sum
// may leave 0, 1, 2 or 3 by 11.
func validFnr(v *Value, from2032 bool) bool {
	digits, ok := padded(v)
	if !ok {
		return false
	}
	d := digits[:]
	day, month, year := number(d[0:2]), number(d[2:4]), fnrYear(d)
	if day > 40 {
		day -= 40
	}
	if month > 80 {
		month -= 80
	} else if month > 40 {
		month -= 40
	}
	if year == 0 || !dayInMonth(year, month, day) || future(v, year, month, day) {
		return false
	}
	first := (weighted(d, 3, 7, 6, 1, 8, 9, 4, 5, 2) + int(d[9]-'0')) % 11
	second := (weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) + int(d[10]-'0')) % 11
	return second == 0 && (first == 0 || from2032 && first <= 3)
}

// fnrYear is the year of birth by the three digits behind the date; 0 where they belong to no century.
func fnrYear(d []byte) int {
	year, individual := number(d[4:6]), number(d[6:9])
	switch {
	case individual < 500:
		return 1900 + year
	case year < 40:
		return 2000 + year
	case individual < 750 && year >= 54:
		return 1800 + year
	case individual >= 900:
		return 1900 + year
	}
	return 0
}

// validKonto is the mod 11 digit of a Norwegian bank account.
func validKonto(d []byte) bool {
	return len(d) == 11 && !sameDigit(d) && (weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)+int(d[10]-'0'))%11 == 0
}

// validNorwegianOrgnr is the mod 11 digit of a Norwegian organisation number.
func validNorwegianOrgnr(d []byte) bool {
	return len(d) == 9 && (d[0] == '8' || d[0] == '9') && (weighted(d, 3, 2, 7, 6, 5, 4, 3, 2)+int(d[8]-'0'))%11 == 0
}

// cpr checks a Danish number: a date that exists and is not in the future. The mod 11 sum is not guaranteed since 2007
// (CPR-kontoret), so it only makes surer. Replacement numbers of hospitals add 60 to the day. Nine digits lack a zero.
func cpr(v *Value) Verdict {
	var digits [10]byte
	d := withZero(digits[:0], v.Compact, 10)
	if len(d) != 10 || !allDigits(d) {
		return Invalid
	}
	day, month, year := number(d[0:2]), number(d[2:4]), cprYear(d)
	if day > 60 {
		day -= 60
	}
	if !dayInMonth(year, month, day) || future(v, year, month, day) {
		return Invalid
	}
	if weighted(d, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 {
		return Better
	}
	return Valid
}

func canonicalCPR(v *Value) string { return string(withZero(nil, v.Compact, 10)) }

// cprYear is the year of birth by the seventh digit.
func cprYear(d []byte) int {
	year, seventh := number(d[4:6]), d[6]
	switch {
	case seventh <= '3':
		return 1900 + year
	case seventh == '4' || seventh == '9':
		if year <= 36 {
			return 2000 + year
		}
		return 1900 + year
	case year <= 57:
		return 2000 + year
	}
	return 1800 + year
}

// validCVR is the mod 11 sum of a Danish company number.
func validCVR(d []byte) bool {
	return len(d) == 8 && d[0] != '0' && weighted(d, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// validHetu is the Finnish personal identity code: a date, a sign for the century, three digits, and a check character of
// the nine digits by 31 (Digi- ja väestötietovirasto; the signs beyond + - A came in 2023). Blanks may stand around the sign.
func validHetu(v *Value) bool {
	t := v.Text
	if len(t) < 11 || len(t) > 13 {
		return false
	}
	sign, blanks := byte(0), 0
	for _, c := range t[6 : len(t)-4] {
		if c == ' ' {
			blanks++
		} else {
			sign = c
		}
	}
	if blanks != len(t)-11 {
		return false
	}
	var d [9]byte
	copy(d[:6], t[:6])
	copy(d[6:], t[len(t)-4:])
	century := hetuCentury(sign)
	if !allDigits(d[:]) || century == 0 {
		return false
	}
	year, month, day := century+number(d[4:6]), number(d[2:4]), number(d[:2])
	if !dayInMonth(year, month, day) || future(v, year, month, day) {
		return false
	}
	check := t[len(t)-1]
	if check >= 'a' {
		check &^= 0x20
	}
	return number(d[6:]) >= 2 && "0123456789ABCDEFHJKLMNPRSTUVWXY"[number(d[:])%31] == check
}

// hetuCentury is the century that a sign stands for, 0 for none.
func hetuCentury(sign byte) int {
	switch letter := sign &^ 0x20; { // in upper case; the marks lose a bit
	case sign == '+':
		return 1800
	case sign == '-', letter >= 'U' && letter <= 'Y':
		return 1900
	case letter >= 'A' && letter <= 'F':
		return 2000
	}
	return 0
}

// validYtunnus is the mod 11 digit of a Finnish company number.
func validYtunnus(d []byte) bool {
	if len(d) != 8 || sameDigit(d) {
		return false
	}
	rest := weighted(d, 7, 9, 10, 5, 8, 4, 2) % 11
	return rest != 1 && (11-rest)%11 == int(d[7]-'0')
}

// validIdNr is the German tax number of a person: among the first ten digits one stands twice or three times and no other
// more than once, then a check digit by ISO 7064 MOD 11,10 (Bundeszentralamt für Steuern).
func validIdNr(d []byte) bool {
	if len(d) != 11 || d[0] == '0' || !mod1110(d) {
		return false
	}
	var count [10]int
	repeated := 0
	for _, c := range d[:10] {
		count[c-'0']++
		if count[c-'0'] == 2 {
			repeated++
		}
		if count[c-'0'] > 3 {
			return false
		}
	}
	return repeated == 1
}

// letterDigits writes a letter as its place in the alphabet, two digits, in front of the rest of b.
func letterDigits(dst []byte, letter byte) []byte {
	n := letter - 'A' + 1
	return append(dst, '0'+n/10, '0'+n%10)
}

// crossSums adds the cross sums of digits times weights that repeat.
func crossSums(d []byte, weights ...int) int {
	sum := 0
	for i, c := range d {
		p := int(c-'0') * weights[i%len(weights)]
		sum += p/10 + p%10
	}
	return sum
}

// validRVNR is the German pension insurance number (VKVV section 4): area, date of birth, letter, serial, check digit.
func validRVNR(b []byte) bool {
	if len(b) != 12 || !allDigits(b[:8]) || b[8] < 'A' || b[8] > 'Z' || !allDigits(b[9:]) {
		return false
	}
	day := number(b[2:4])
	if day > 50 {
		day -= 50
	}
	if number(b[:2]) < 2 || !dayInMonth(2000+number(b[6:8]), number(b[4:6]), day) {
		return false
	}
	var digits [12]byte
	d := append(digits[:0], b[:8]...)
	d = letterDigits(d, b[8])
	d = append(d, b[9:11]...)
	return crossSums(d, 2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)%10 == int(b[11]-'0')
}

// validKVNR is the German health insurance number (SGB V section 290): a letter, eight digits, a check digit.
func validKVNR(b []byte) bool {
	if len(b) != 10 || b[0] < 'A' || b[0] > 'Z' || !allDigits(b[1:]) || sameDigit(b[1:]) {
		return false
	}
	var digits [10]byte
	d := append(letterDigits(digits[:0], b[0]), b[1:9]...)
	return crossSums(d, 1, 2)%10 == int(b[9]-'0')
}

// ausweis is the serial number of a German identity card or passport: nine characters without vowels and a check digit by
// 7 3 1 (ICAO 9303), which stands in the machine readable lines and not on the face of the card.
func ausweis(b []byte) Verdict {
	if len(b) != 9 && len(b) != 10 || b[0] < 'A' {
		return Invalid
	}
	sum, digits := 0, 0
	for i, c := range b[:9] {
		v := int(c - '0')
		if c >= 'A' {
			if strings.IndexByte("CFGHJKLMNPRTVWXYZ", c) < 0 {
				return Invalid
			}
			v = int(c-'A') + 10
		} else {
			digits++
		}
		sum += v * [...]int{7, 3, 1}[i%3]
	}
	switch {
	case len(b) == 10:
		return verdict(int(b[9])-'0' == sum%10)
	case digits == 0: // a word in capitals
		return Invalid
	}
	return Unknown
}

// validNN is the Belgian national number: a date, whose month or day may be 00, and 97 minus the first nine digits by 97,
// with a 2 in front for births from 2000. BIS numbers add 20 or 40 to the month. Ten digits lack a zero in front; those
// that begin with 0 or 1 are company numbers, which have the same sum.
func validNN(v *Value) bool {
	digits, ok := padded(v)
	if !ok || len(v.Compact) == 10 && v.Compact[0] <= '1' {
		return false
	}
	d := digits[:]
	year, month, day := number(d[:2]), number(d[2:4]), number(d[4:6])
	if month > 52 || month%20 > 12 || day > 31 || month%20 > 0 && day > 0 && !dayInMonth(2000+year, month%20, day) {
		return false
	}
	n, check := number(d[:9]), number(d[9:])
	if check == 97-n%97 {
		return true
	}
	return check == 97-(2_000_000_000+n)%97 && !future(v, 2000+year, max(1, month%20), max(1, day))
}

// validKBO is a Belgian company number: 97 minus the first eight digits by 97.
func validKBO(d []byte) bool {
	return len(d) == 10 && d[0] <= '1' && number(d[8:]) == 97-number(d[:8])%97
}

// validSIRET is a French establishment number: Luhn, but for those of La Poste, whose digits add up to a multiple of 5.
func validSIRET(d []byte) bool {
	if len(d) != 14 || sameDigit(d) {
		return false
	}
	if luhn(d) {
		return true
	}
	sum := 0
	for _, c := range d {
		sum += int(c - '0')
	}
	return number(d[:9]) == 356000000 && sum%5 == 0
}

// validNIR is the French number: its last two digits are 97 minus the 13 before by 97, 2A read as 19 and 2B as 18.
func validNIR(b []byte) bool {
	if len(b) != 15 || strings.IndexByte("123478", b[0]) < 0 {
		return false
	}
	var digits [15]byte
	d := append(digits[:0], b...)
	if d[5] == '2' && (d[6] == 'A' || d[6] == 'B') {
		d[6] = '9' - (d[6] - 'A')
		d[5] = '1'
	}
	if !allDigits(d) {
		return false
	}
	month, department, order := number(d[3:5]), number(d[5:7]), number(d[10:13])
	if month < 1 || month > 12 && month < 20 || month > 42 && month < 50 || department == 0 || order == 0 {
		return false
	}
	return number(d[13:]) == 97-number(d[:13])%97
}
