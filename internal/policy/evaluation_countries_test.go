package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// continental are the numbers of Germany, Belgium and France.
func continental() map[string]identity {
	return map[string]identity{
		"de.idnr": {make: steuerID, spoil: lastDigitWrong, style: map[string]func(string) string{"": grouped(" ", 2, 3, 3, 3), "bare": asMade}},
		"de.rvnr": {make: rentenNumber, spoil: lastDigitWrong, style: map[string]func(string) string{"sp": grouped(" ", 2, 6, 1, 3)}},
		"de.kvnr": {make: func(r *rand.Rand) string {
			s := from(r, capitals, 1) + digits(r, 8)
			return s + crossSums(letterAsDigits(s), 1, 2, 1, 2, 1, 2, 1, 2, 1, 2)
		}, spoil: lastDigitWrong},
		"de.personalausweis": {make: func(r *rand.Rand) string {
			s := from(r, "LMNPRTVWXYZ", 1) + from(r, "CFGHJKLMNPRTVWXYZ0123456789", 8)
			return s + mrzDigit(s)
		}, spoil: lastDigitWrong},
		"be.nn":  {make: func(r *rand.Rand) string { return belgian(r, 0) }, spoil: belgianWrong, style: belgianStyle()},
		"be.bis": {make: func(r *rand.Rand) string { return belgian(r, 40) }, spoil: belgianWrong, style: belgianStyle()},
		"fr.nir": {make: func(r *rand.Rand) string {
			s := from(r, "12", 1) + born(r, 1940, 2008).Format("0601") + fmt.Sprintf("%02d", 1+r.IntN(19)) + fmt.Sprintf("%03d", 1+r.IntN(900)) + fmt.Sprintf("%03d", 1+r.IntN(900))
			return s + fmt.Sprintf("%02d", 97-mod97(s))
		}, spoil: lastDigitWrong, style: map[string]func(string) string{"": grouped(" ", 1, 2, 2, 2, 3, 3, 2), "bare": asMade}},
	}
}

const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// steuerID has one digit twice and one not at all among the first ten (§ 139b AO), and ends with ISO 7064 MOD 11,10.
func steuerID(r *rand.Rand) string {
	for {
		p := r.Perm(10)
		p[r.IntN(9)+1] = p[0]
		r.Shuffle(10, func(i, j int) { p[i], p[j] = p[j], p[i] })
		if p[0] == 0 {
			continue
		}
		s := ""
		for _, d := range p {
			s += strconv.Itoa(d)
		}
		return s + steuerCheck(s)
	}
}

func steuerCheck(s string) string {
	product := 10
	for _, c := range s {
		sum := (int(c-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return strconv.Itoa((11 - product) % 10)
}

func rentenNumber(r *rand.Rand) string {
	areas := []string{"02", "04", "08", "10", "13", "15", "17", "24", "38", "42", "50", "52", "65", "80"}
	s := areas[r.IntN(len(areas))] + born(r, 1950, 2006).Format("020106") + from(r, "ABCDEFGHJKLMNPRSTVWZ", 1) + digits(r, 2)
	return s + crossSums(letterAsDigits(s), 2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
}

// letterAsDigits writes the one letter of s as its place in the alphabet, in two digits.
func letterAsDigits(s string) string {
	at := strings.IndexFunc(s, func(c rune) bool { return c >= 'A' })
	return s[:at] + fmt.Sprintf("%02d", s[at]-'A'+1) + s[at+1:]
}

func crossSums(s string, weights ...int) string {
	sum := 0
	for i, w := range weights {
		p := int(s[i]-'0') * w
		sum += p/10 + p%10
	}
	return strconv.Itoa(sum % 10)
}

func belgian(r *rand.Rand, addMonths int) string {
	t := born(r, 1940, 2019)
	s := t.Format("06") + fmt.Sprintf("%02d", int(t.Month())+addMonths) + t.Format("02") + fmt.Sprintf("%03d", 1+r.IntN(997))
	of := s
	if t.Year() >= 2000 {
		of = "2" + s
	}
	return s + fmt.Sprintf("%02d", 97-mod97(of))
}

// belgianWrong is wrong for a birth in either century.
func belgianWrong(r *rand.Rand, valid string) string {
	for {
		s := digitWrong(r, valid, 10)
		check, err := strconv.Atoi(s[9:])
		if err == nil && check != 97-mod97(s[:9]) && check != 97-mod97("2"+s[:9]) {
			return s
		}
	}
}

func belgianStyle() map[string]func(string) string {
	return map[string]func(string) string{
		"":     func(s string) string { return s[:2] + "." + s[2:4] + "." + s[4:6] + "-" + s[6:9] + "." + s[9:] },
		"bare": asMade,
	}
}

const dniLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

// southern are the numbers of Spain, Italy and Poland.
func southern() map[string]identity {
	dniWrong := func(r *rand.Rand, valid string) string {
		last := len(valid) - 1
		return valid[:last] + string(dniLetters[(strings.IndexByte(dniLetters, valid[last])+1+r.IntN(22))%23])
	}
	dni := func(prefix byte) func(r *rand.Rand) string {
		return func(r *rand.Rand) string {
			s := digits(r, 8)
			if prefix == 0 {
				s = from(r, "1234567", 1) + s[1:]
			} else {
				s = from(r, "012", 1) + s[1:]
			}
			n, err := strconv.Atoi(s)
			if err != nil {
				panic(err)
			}
			if prefix != 0 {
				s = string(prefix+s[0]-'0') + s[1:]
			}
			return s + string(dniLetters[n%23])
		}
	}
	return map[string]identity{
		"es.dni": {make: dni(0), spoil: dniWrong, style: map[string]func(string) string{"-": grouped("-", 8, 1)}},
		"es.nie": {make: dni('X'), spoil: dniWrong, style: map[string]func(string) string{"-": grouped("-", 1, 7, 1)}},
		"it.codicefiscale": {make: codiceFiscale, spoil: func(r *rand.Rand, valid string) string {
			return valid[:15] + string('A'+(valid[15]-'A'+byte(1+r.IntN(25)))%26)
		}},
		"pl.pesel": {make: func(r *rand.Rand) string {
			t := born(r, 1935, 2019)
			month := int(t.Month())
			if t.Year() >= 2000 {
				month += 20
			}
			s := t.Format("06") + fmt.Sprintf("%02d", month) + t.Format("02") + digits(r, 4)
			return s + strconv.Itoa((10-weighted(s, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10)
		}, spoil: lastDigitWrong},
	}
}

// codiceOdd are the values of 0-9 and A-Z at the odd places; at the even ones they count as themselves, A as 0.
var codiceOdd = [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

func codiceFiscale(r *rand.Rand) string {
	t := born(r, 1940, 2010)
	day := t.Day()
	if r.IntN(2) == 0 {
		day += 40
	}
	s := from(r, "BCDFGLMNPRSTV", 6) + t.Format("06") + string("ABCDEHLMPRST"[t.Month()-1]) + fmt.Sprintf("%02d", day) + from(r, "ABCDEFGHIL", 1) + fmt.Sprintf("%03d", 1+r.IntN(999))
	return s + codiceCheck(s)
}

func codiceCheck(s string) string {
	sum := 0
	for i := range 15 {
		v := int(s[i] - '0')
		if s[i] >= 'A' {
			v = int(s[i] - 'A')
		}
		if i%2 == 0 { // the first place is odd
			v = codiceOdd[v]
		}
		sum += v
	}
	return string(rune('A' + sum%26))
}

// british are the numbers of the United Kingdom.
func british() map[string]identity {
	return map[string]identity{
		"uk.nino": {make: func(r *rand.Rand) string {
			for {
				s := from(r, "ABCEGHJKLMNOPRSTWXYZ", 1) + from(r, "ABCEGHJKLMNPRSTWXYZ", 1)
				if !strings.Contains("BG GB KN NK NT TN ZZ", s) {
					return s + digits(r, 6) + from(r, "ABCD", 1)
				}
			}
		}, spoil: func(r *rand.Rand, valid string) string {
			return []string{"BG", "GB", "NK", "DA", "FK", "QR", "UT", "VA", "AO"}[r.IntN(9)] + valid[2:]
		}, style: map[string]func(string) string{"": grouped(" ", 2, 2, 2, 2, 1), "bare": asMade}},
		"uk.nhs": {make: func(r *rand.Rand) string {
			for {
				s := from(r, "4567", 1) + digits(r, 8)
				if check := (11 - weighted(s, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11) % 11; check != 10 {
					return s + strconv.Itoa(check)
				}
			}
		}, spoil: lastDigitWrong, style: map[string]func(string) string{"": grouped(" ", 3, 3, 4), "bare": asMade}},
		"uk.utr": {make: func(r *rand.Rand) string {
			s := digits(r, 9)
			return string("21987654321"[weighted(s, 6, 7, 8, 9, 10, 5, 4, 3, 2)%11]) + s
		}, spoil: func(r *rand.Rand, valid string) string { return digitWrong(r, valid, 0) }},
	}
}

// american are the numbers of the United States.
func american() map[string]identity {
	const letters, both = "ACDEFGHJKMNPQRTUVWXY", "ACDEFGHJKMNPQRTUVWXY0123456789"
	dashed := map[string]func(string) string{"": grouped("-", 3, 2, 4), "bare": asMade}
	return map[string]identity{
		"us.ssn": {make: func(r *rand.Rand) string {
			for {
				if area := 1 + r.IntN(898); area != 666 {
					return fmt.Sprintf("%03d%02d%04d", area, 1+r.IntN(99), 1+r.IntN(9999))
				}
			}
		}, spoil: func(r *rand.Rand, valid string) string {
			return []string{"000" + valid[3:], "666" + valid[3:], valid[:3] + "00" + valid[5:], valid[:5] + "0000", "9871" + valid[4:]}[r.IntN(5)]
		}, style: dashed},
		"us.itin": {make: func(r *rand.Rand) string { return "9" + digits(r, 2) + "7" + digits(r, 5) }, style: dashed},
		"us.mbi": {make: func(r *rand.Rand) string {
			return from(r, "123456789", 1) + from(r, letters, 1) + from(r, both, 1) + digits(r, 1) + from(r, letters, 1) +
				from(r, both, 1) + digits(r, 1) + from(r, letters, 2) + digits(r, 2)
		}, spoil: func(r *rand.Rand, valid string) string { return valid[:1] + from(r, "SLOIBZ", 1) + valid[2:] },
			style: map[string]func(string) string{"": grouped("-", 4, 3, 4), "bare": asMade}},
		"us.dea": {make: func(r *rand.Rand) string {
			s := digits(r, 6)
			return from(r, "ABFGM", 1) + from(r, capitals, 1) + s + strconv.Itoa((weighted(s, 1, 0, 1, 0, 1)+2*weighted(s, 0, 1, 0, 1, 0, 1))%10)
		}, spoil: lastDigitWrong},
		"us.npi": {make: func(r *rand.Rand) string {
			s := from(r, "12", 1) + digits(r, 8)
			return s + luhnDigit("80840"+s)
		}, spoil: lastDigitWrong},
		"us.aba": {make: func(r *rand.Rand) string {
			s := fmt.Sprintf("%02d", 1+r.IntN(12)) + digits(r, 6)
			return s + strconv.Itoa((10-weighted(s, 3, 7, 1, 3, 7, 1, 3, 7)%10)%10)
		}, spoil: lastDigitWrong},
	}
}
