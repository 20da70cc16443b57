package classify

import "bytes"

// moreNames are the validators of this file and of validate_secret.go.
var moreNames = []string{"pay.card", "pay.maestro", "icd10", "se.reservnummer", "jwt", "secret", "password"}

// more returns the validators of cards, of diagnosis codes, of reserve numbers and of secrets.
func more(name string) (Validator, bool) {
	v := Validator{name: name}
	switch name {
	case "pay.card":
		v.check = card
	case "pay.maestro":
		v.check = digitCheck(maestro)
	case "icd10":
		v.better, v.check = true, icd10
	case "se.reservnummer":
		v.better, v.check = true, reservnummer
	case "jwt":
		v.strength, v.check = 10, jwt
	case "secret":
		v.check = func(v *Value) Verdict { return verdict(!placeholder(v.Text)) }
	case "password":
		v.check = func(v *Value) Verdict { return verdict(password(v.Text)) }
	default:
		return v, false
	}
	return v, true
}

// card checks that an issuer has such numbers (ISO/IEC 7812). Of the lengths that article numbers (GTIN-13, GTIN-14),
// shipping units (SSCC, 18) and French companies (SIRET, 14) share, one in ten passes Luhn by chance or by rule: what
// carries the check digits of those as well is doubtful.
func card(v *Value) Verdict {
	d := v.Compact
	switch {
	case !allDigits(d) || !issuer(d):
		return Invalid
	case (len(d) == 13 || len(d) == 14 || len(d) == 18) && gtin(d), len(d) == 14 && luhn(d[:9]):
		return Doubtful
	}
	return Valid
}

// gtin is the mod 10 sum of GS1: weights 3 and 1 from the right, the check digit last.
func gtin(d []byte) bool {
	sum := 0
	for i := range d {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			n *= 3
		}
		sum += n
	}
	return sum%10 == 0
}

// maestro says whether the digits begin as debit cards of Maestro do: 50, 56 to 58, and 6 where no other issuer is.
func maestro(d []byte) bool {
	if len(d) < 12 || len(d) > 19 || issuer(d) {
		return false
	}
	p := number(d[:2])
	return p == 50 || p >= 56 && p <= 58 || p/10 == 6
}

// icdBlocks are the blocks of ICD-10 (WHO, 2019) as ranges of categories, those that touch joined; U holds what is in use
// for single diagnoses.
const icdBlocks = "A00-09 A15-28 A30-99 B00-10 B15-83 B85-99 C00-26 C30-41 C43-58 C60-97 D00-53 D55-77 D80-89 E00-07 E10-16 E20-35 E40-46 " +
	"E50-68 E70-90 F00-48 F50-99 G00-14 G20-26 G30-32 G35-37 G40-47 G50-64 G70-73 G80-83 G90-99 H00-06 H10-13 H15-22 H25-28 H30-36 H40-62 " +
	"H65-75 H80-83 H90-95 I00-02 I05-28 I30-52 I60-89 I95-99 J00-06 J09-22 J30-47 J60-70 J80-86 J90-99 K00-14 K20-31 K35-46 K50-52 K55-67 " +
	"K70-77 K80-93 L00-08 L10-14 L20-30 L40-45 L50-75 L80-99 M00-03 M05-25 M30-36 M40-43 M45-54 M60-63 M65-68 M70-79 M80-99 N00-08 N10-23 " +
	"N25-51 N60-64 N70-77 N80-99 O00-08 O10-16 O20-48 O60-75 O80-92 O94-99 P00-15 P20-29 P35-39 P50-61 P70-78 P80-83 P90-96 Q00-07 Q10-18 " +
	"Q20-45 Q50-56 Q60-99 R00-23 R25-99 S00-99 T00-35 T36-98 U07-12 V01-99 W00-99 X00-99 Y00-36 Y40-98 Z00-13 Z20-65 Z70-99 "

// icdExtensions are categories with a letter in third place, of national editions.
const icdExtensions = "C4A C7A C7B D3A M1A O9A Z3A "

// icd10 checks a diagnosis code; one that is written with its dot is more surely one.
func icd10(v *Value) Verdict {
	switch {
	case !validICD10(v.Compact):
		return Invalid
	case bytes.IndexByte(v.Text, '.') > 0:
		return Better
	}
	return Valid
}

// validICD10 says whether a code lies in a block that exists.
func validICD10(b []byte) bool {
	if len(b) < 3 || b[0] < 'A' || b[0] > 'Z' || b[1]-'0' > 9 {
		return false
	}
	if b[2]-'0' > 9 {
		for i := 0; i < len(icdExtensions); i += 4 {
			if icdExtensions[i] == b[0] && icdExtensions[i+1] == b[1] && icdExtensions[i+2] == b[2] {
				return true
			}
		}
		return false
	}
	for i := 0; i < len(icdBlocks); i += 7 { // A00-09 and a space
		if icdBlocks[i] == b[0] && !less(b[1:3], icdBlocks[i+1:i+3]) && !less(icdBlocks[i+4:i+6], b[1:3]) {
			return true
		}
	}
	return false
}

// less compares two digits with two digits.
func less[A, B []byte | string](a A, b B) bool {
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

// reservnummer checks the numbers that Swedish health care gives to people whose identity number is not known (Inera,
// "Lokala reservid" and "Nationellt reservid"). Each region has its own form; some end in a Luhn digit.
func reservnummer(v *Value) Verdict {
	d := v.Compact
	if allDigits(d) {
		return better(reserveDigits(d))
	}
	digits := 0
	for digits < len(d) && d[digits]-'0' <= 9 {
		digits++
	}
	if len(d) != 12 {
		return verdict(len(d) == 10 && digits == 6 && dayInMonth(2000+number(d[:2]), number(d[2:4]), number(d[4:6])))
	}
	switch {
	case digits < 8:
		return Invalid
	case unknownBirth(d):
		return verdict(digits == 8)
	case !dayInMonth(number(d[:4]), number(d[4:6]), number(d[6:8])):
		return Invalid
	case digits == 8 && reserveLuhn(d):
		return Better
	}
	return Valid
}

func better(ok bool) Verdict {
	if ok {
		return Better
	}
	return Invalid
}

// reserveDigits knows the forms without a letter: 99, a year, a serial and a Luhn digit over what follows the century
// (Stockholm); a year, a month, a day from 32 to 59, a serial and a Luhn digit (national, older; Halland).
func reserveDigits(d []byte) bool {
	if len(d) != 12 {
		return false
	}
	if d[0] == '9' && d[1] == '9' {
		year := number(d[2:6])
		return year >= 1900 && year < 2300 && luhn(d[4:])
	}
	year, month, day := number(d[:4]), number(d[4:6]), number(d[6:8])
	return year >= 1700 && year < 2100 && month >= 1 && month <= 12 && day >= 32 && day <= 59 && luhn(d[2:])
}

// unknownBirth says that a national reserve number stands for no date: 00, then a serial that cannot be one.
func unknownBirth(d []byte) bool {
	return number(d[:2]) == 0 && number(d[4:6]) >= 20 && number(d[6:8]) >= 40 && number(d[6:8]) <= 59
}

// reserveLuhn is the check digit of Västra Götaland: K, M and X in the serial count as 5, 7 and 8.
func reserveLuhn(d []byte) bool {
	var digits [10]byte
	copy(digits[:], d[2:])
	i := bytes.IndexByte([]byte("KMX"), digits[6])
	if i < 0 {
		return false
	}
	digits[6] = "578"[i]
	return allDigits(digits[:]) && luhn(digits[:])
}
