package classify

import (
	"bytes"
	"strings"
)

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

// findIBAN calls found for every stretch that has the form of an IBAN: two letters, two digits, and as many letters and
// digits as the country asks for, in one piece or in groups with spaces, hyphens or a line end between.
func findIBAN(text []byte, groups []group, found func(start, end int)) {
	next := 0
	for _, g := range groups {
		start := int(g.start) - 2
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

// validMRZ checks the machine readable lines of a passport or identity card (ICAO 9303 parts 4 to 6): the check digits
// of number, birth and expiry on the line that holds them, and the composite digit where one line is enough for it.
func validMRZ(line []byte) bool {
	var b [90]byte
	n := 0
	for _, c := range bytes.ToUpper(line) {
		if c == ' ' || c == '\n' {
			continue
		}
		if n == len(b) {
			return false
		}
		b[n] = c
		n++
	}
	switch n {
	case 60: // TD1, first and second line
		return mrzDigit(b[5:14], b[14]) && mrzDigit(b[30:36], b[36]) && mrzDigit(b[38:44], b[44]) &&
			mrzDigit(concat(b[5:30], b[30:37], b[38:45], b[48:59]), b[59])
	case 44: // TD3, second line
		return mrzDigit(b[0:9], b[9]) && mrzDigit(b[13:19], b[19]) && mrzDigit(b[21:27], b[27]) &&
			mrzDigit(concat(b[0:10], b[13:20], b[21:43]), b[43])
	case 36: // TD2, second line
		return mrzDigit(b[0:9], b[9]) && mrzDigit(b[13:19], b[19]) && mrzDigit(b[21:27], b[27]) &&
			mrzDigit(concat(b[0:10], b[13:20], b[21:35]), b[35])
	}
	return false
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// mrzDigit is the check of ICAO 9303 part 3, 4.9: weights 7 3 1, letters 10 to 35, '<' 0.
func mrzDigit(b []byte, check byte) bool {
	sum := 0
	for i, c := range b {
		n := strings.IndexByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", c)
		if c == '<' {
			n = 0
		}
		if n < 0 {
			return false
		}
		sum += n * [...]int{7, 3, 1}[i%3]
	}
	return check == '0'+byte(sum%10)
}

// findMRZ calls found for every run of 36 or 44 characters of the machine readable zone that holds a '<' and stands
// alone, and for two such runs of 30 on lines below each other.
func findMRZ(text []byte, found func(start, end int)) {
	for at := 0; at < len(text); {
		n := bytes.IndexByte(text[at:], '<')
		if n < 0 {
			return
		}
		start, end := at+n, at+n+1
		for start > at && mrzChar(text[start-1]) {
			start--
		}
		for end < len(text) && mrzChar(text[end]) {
			end++
		}
		switch end - start {
		case 44, 36:
			found(start, end)
		case 30:
			if second := mrzBelow(text, end); second > 0 {
				found(start, second)
			}
		}
		at = end
	}
}

// mrzBelow is where a run of 30 characters on the next line ends, 0 if there is none.
func mrzBelow(text []byte, end int) int {
	for end < len(text) && text[end] == ' ' {
		end++
	}
	if end >= len(text) || text[end] != '\n' {
		return 0
	}
	start := end + 1
	for end = start; end < len(text) && mrzChar(text[end]); end++ {
	}
	if end-start != 30 {
		return 0
	}
	return end
}

func mrzChar(c byte) bool { return c == '<' || c >= 'A' && c <= 'Z' || c-'0' <= 9 }
