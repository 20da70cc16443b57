package classify

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
