package classify

import (
	"bytes"
	"strings"
)

// luhn is the mod 10 sum of ISO/IEC 7812-1 annex B, the check digit last.
func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// weighted is the sum of the digits times the weights.
func weighted(d []byte, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(d[i]-'0')
	}
	return sum
}

// mod97 reads letters as 10 to 35 and returns the remainder of the whole by 97 (ISO 7064).
func mod97(b []byte) int {
	r := 0
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			r = (r*100 + int(c-'A') + 10) % 97
		case c >= '0' && c <= '9':
			r = (r*10 + int(c-'0')) % 97
		default:
			return -1
		}
	}
	return r
}

// mod1110 is ISO 7064 MOD 11,10, the check digit last.
func mod1110(d []byte) bool {
	product := 10
	for _, c := range d[:len(d)-1] {
		sum := (int(c-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (11-product)%10 == int(d[len(d)-1]-'0')
}

// validDNI is the Spanish DNI or NIE: digits and a letter by mod 23; X, Y, Z in front count as 0, 1, 2.
func validDNI(b []byte) bool {
	if len(b) != 9 {
		return false
	}
	d := bytes.Clone(b[:8])
	if i := strings.IndexByte("XYZ", d[0]); i >= 0 {
		d[0] = '0' + byte(i)
	}
	if !allDigits(d) || bytes.Equal(d, []byte("00000000")) {
		return false
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[number(d)%23] == b[8]
}

// validHetu is the Finnish personal identity code without its century sign: DDMMYY, NNN, check character.
func validHetu(b []byte) bool {
	d := b
	if len(b) == 11 { // the sign is a letter and part of the compact form
		d = append(bytes.Clone(b[:6]), b[7:]...)
	}
	if len(d) != 10 || !allDigits(d[:9]) || !dayInMonth(2000+number(d[4:6]), number(d[2:4]), number(d[:2])) {
		return false
	}
	return "0123456789ABCDEFHJKLMNPRSTUVWXY"[number(d[:9])%31] == d[9]
}

// validFnr is the pair of mod 11 digits of a Norwegian number of 11 digits; D-, H- and synthetic numbers add 40 or 80.
func validFnr(d []byte) bool {
	if len(d) != 11 {
		return false
	}
	day, month := number(d[0:2]), number(d[2:4])
	if day > 40 {
		day -= 40
	}
	if month > 80 {
		month -= 80
	} else if month > 40 {
		month -= 40
	}
	if !dayInMonth(2000+number(d[4:6]), month, day) {
		return false
	}
	first := (11 - weighted(d, 3, 7, 6, 1, 8, 9, 4, 5, 2)%11) % 11
	second := (11 - weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
	return first == int(d[9]-'0') && second == int(d[10]-'0')
}

// validNHS is the mod 11 digit of an English NHS number.
func validNHS(d []byte) bool {
	if len(d) != 10 || sameDigit(d) {
		return false
	}
	return (11-weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11 == int(d[9]-'0')
}

// validCVR is the mod 11 sum of a Danish company number.
func validCVR(d []byte) bool {
	return len(d) == 8 && d[0] != '0' && weighted(d, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// validPESEL is the Polish number: date with the century in the month, and a mod 10 digit.
func validPESEL(d []byte) bool {
	if len(d) != 11 {
		return false
	}
	century := []int{1900, 2000, 2100, 2200, 1800}
	month := number(d[2:4])
	if month/20 >= len(century) || !dayInMonth(century[month/20]+number(d[0:2]), month%20, number(d[4:6])) {
		return false
	}
	return weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// validNN is the Belgian national number: 97 minus the first nine digits by 97, a 2 in front from 2000 on.
func validNN(d []byte) bool {
	if len(d) != 11 || number(d[2:4])%20 > 12 || number(d[2:4]) > 52 || number(d[4:6]) > 31 {
		return false
	}
	n, check := number(d[:9]), number(d[9:])
	return check == 97-n%97 || check == 97-(2_000_000_000+n)%97
}

// validNIR is the French number: its last two digits are 97 minus the 13 before by 97, 2A read as 19 and 2B as 18.
func validNIR(b []byte) bool {
	if len(b) != 15 || strings.IndexByte("123478", b[0]) < 0 {
		return false
	}
	d := bytes.Clone(b)
	if d[5] == '2' && (d[6] == 'A' || d[6] == 'B') {
		d[6] = '9' - (d[6] - 'A')
		d[5] = '1'
	}
	if !allDigits(d) {
		return false
	}
	month := number(d[3:5])
	return (month >= 1 && month <= 12 || month >= 20 && month <= 42 || month >= 50) && number(d[13:]) == 97-number(d[:13])%97
}

// validABA is an American routing number: weights 3 7 1, and a prefix that is in use.
func validABA(d []byte) bool {
	if len(d) != 9 || weighted(d, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 != 0 {
		return false
	}
	p := number(d[:2])
	return p <= 12 || p >= 21 && p <= 32 || p >= 61 && p <= 72 || p == 80
}

// number is the value of up to 18 digits.
func number(d []byte) int {
	n := 0
	for _, c := range d {
		n = n*10 + int(c-'0')
	}
	return n
}

// issuer says whether the digits begin with a card issuer's range and have its length (ISO/IEC 7812).
func issuer(d []byte) bool {
	if len(d) < 13 {
		return false
	}
	p4, n := number(d[:4]), len(d)
	p2, p3 := p4/100, p4/10
	switch {
	case d[0] == '4':
		return n == 13 || n == 16 || n == 19
	case p2 >= 51 && p2 <= 55, p4 >= 2221 && p4 <= 2720:
		return n == 16
	case p2 == 34, p2 == 37:
		return n == 15
	case p3 >= 300 && p3 <= 305, p2 == 36, p2 == 38, p2 == 39:
		return n == 14
	case p4 == 6011, p3 >= 644 && p3 <= 649, p2 == 65:
		return n >= 16 && n <= 19
	case p4 >= 3528 && p4 <= 3589:
		return n == 16
	}
	return false
}
