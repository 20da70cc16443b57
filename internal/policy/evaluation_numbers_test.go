package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// The numbers of the evaluation are made here, from the published rule of each, and not by the code that looks for them.

// identity is a number of one kind: how to make a valid one, how to spoil it, and how it is written.
type identity struct {
	make  func(r *rand.Rand) string
	spoil func(r *rand.Rand, valid string) string // nil when the kind has nothing that could be wrong
	style map[string]func(string) string          // "" is how it is written when nothing is said; none: as made
}

// identities are all kinds, by the name that a placeholder uses. A name may have a variant after the kind's own name.
func identities() map[string]identity {
	all := map[string]identity{}
	for _, some := range []map[string]identity{
		northern(), dutch(), continental(), southern(), british(), american(), payments(), papers(), secrets(), lookalikes(),
	} {
		for name, id := range some {
			all[name] = id
		}
	}
	return all
}

func digits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(r.IntN(10))
	}
	return string(b)
}

func from(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// born is a date of birth of someone alive, in the years given.
func born(r *rand.Rand, first, last int) time.Time {
	start := time.Date(first, 1, 1, 0, 0, 0, 0, time.UTC)
	days := int(time.Date(last, 12, 31, 0, 0, 0, 0, time.UTC).Sub(start).Hours() / 24)
	return start.AddDate(0, 0, r.IntN(days))
}

// weighted is the sum of the digits of s times the weights, in order.
func weighted(s string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return sum
}

// luhnDigit is the digit that makes s+digit pass Luhn's test.
func luhnDigit(s string) string {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return strconv.Itoa((10 - sum%10) % 10)
}

// mod97 is the remainder of a number too long for an int.
func mod97(s string) int {
	rest := 0
	for _, c := range s {
		rest = (rest*10 + int(c-'0')) % 97
	}
	return rest
}

// lastDigitWrong changes the last digit, which is the check digit of most numbers.
func lastDigitWrong(r *rand.Rand, valid string) string {
	return digitWrong(r, valid, len(valid)-1)
}

func digitWrong(r *rand.Rand, valid string, at int) string {
	other := byte('0' + (int(valid[at]-'0')+1+r.IntN(9))%10)
	return valid[:at] + string(other) + valid[at+1:]
}

// grouped writes s in groups of the sizes given, with sep between them.
func grouped(sep string, sizes ...int) func(string) string {
	return func(s string) string {
		var parts []string
		for _, n := range sizes {
			n = min(n, len(s))
			parts = append(parts, s[:n])
			s = s[n:]
		}
		if s != "" {
			parts = append(parts, s)
		}
		return strings.Join(parts, sep)
	}
}

func asMade(s string) string { return s }

func swedish(make func(r *rand.Rand) string, spoil bool) identity {
	id := identity{make: make, style: map[string]func(string) string{
		"":      func(s string) string { return s[2:8] + "-" + s[8:] },
		"12-":   grouped("-", 8, 4),
		"12":    asMade,
		"10":    func(s string) string { return s[2:] },
		"10sp":  func(s string) string { return s[2:8] + " " + s[8:] },
		"+":     func(s string) string { return s[2:8] + "+" + s[8:] },
		"date":  func(s string) string { return s[:8] },
		"last4": func(s string) string { return s[8:] },
	}}
	if spoil {
		id.spoil = lastDigitWrong
	}
	return id
}

// northern are the numbers of Sweden, Norway, Denmark and Finland.
func northern() map[string]identity {
	personnummer := func(first, last, addDays int) func(*rand.Rand) string {
		return func(r *rand.Rand) string {
			t := born(r, first, last)
			s := t.Format("200601") + fmt.Sprintf("%02d", t.Day()+addDays) + digits(r, 3)
			return s + luhnDigit(s[2:])
		}
	}
	hundred := swedish(personnummer(1922, 1925, 0), false)
	hundred.style[""] = hundred.style["+"]
	return map[string]identity{
		"se.personnummer":         swedish(personnummer(1932, 2019, 0), true),
		"se.personnummer.100":     hundred,
		"se.personnummer.baddate": swedish(impossible, false),
		"se.samordningsnummer":    swedish(personnummer(1950, 2005, 60), true),
		"se.samordningsnummer.baddate": swedish(func(r *rand.Rand) string { // day 92 to 99
			s := born(r, 1950, 2005).Format("200601") + "9" + from(r, "23456789", 1) + digits(r, 3)
			return s + luhnDigit(s[2:])
		}, false),
		"no.fodselsnummer": {make: func(r *rand.Rand) string { return norwegian(r, 0) }, spoil: lastDigitWrong, style: map[string]func(string) string{"sp": grouped(" ", 6, 5)}},
		"no.dnummer":       {make: func(r *rand.Rand) string { return norwegian(r, 40) }, spoil: lastDigitWrong},
		"dk.cpr":           {make: func(r *rand.Rand) string { return danish(r, 1940, 1999, "0123", true) }, style: cprStyle()},
		"dk.cpr.new":       {make: func(r *rand.Rand) string { return danish(r, 2008, 2024, "4567", false) }, style: cprStyle()},
		"dk.cpr.baddate": {make: func(r *rand.Rand) string {
			return []string{"32", "3" + from(r, "3456789", 1), "31"}[r.IntN(3)] + "13" + digits(r, 2) + "1" + digits(r, 3)
		}, style: cprStyle()},
		"fi.hetu": {make: func(r *rand.Rand) string { return finnish(r, 1935, 2020, "-", "A") }, spoil: func(r *rand.Rand, valid string) string {
			return valid[:10] + string(hetuLetters[(strings.IndexByte(hetuLetters, valid[10])+1+r.IntN(30))%31])
		}},
		"fi.hetu.new": {make: func(r *rand.Rand) string { return finnish(r, 2001, 2022, "Y", "BCDEF") }},
	}
}

// impossible is a Swedish number with a right check digit and a day that does not exist.
func impossible(r *rand.Rand) string {
	day := []string{"0230", "0431", "0631", "0931", "1131", "1301", "0532"}[r.IntN(7)]
	s := strconv.Itoa(1940+r.IntN(60)) + day + digits(r, 3)
	return s + luhnDigit(s[2:])
}

func norwegian(r *rand.Rand, addDays int) string {
	for {
		t := born(r, 1941, 2019)
		individual := fmt.Sprintf("%03d", r.IntN(500))
		if t.Year() >= 2000 {
			individual = fmt.Sprintf("%03d", 500+r.IntN(500))
		}
		s := fmt.Sprintf("%02d", t.Day()+addDays) + t.Format("0106") + individual
		one := (11 - weighted(s, 3, 7, 6, 1, 8, 9, 4, 5, 2)%11) % 11
		if one == 10 {
			continue
		}
		s += strconv.Itoa(one)
		if two := (11 - weighted(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11; two != 10 {
			return s + strconv.Itoa(two)
		}
	}
}

// danish has a right check digit or surely a wrong one: numbers without are given out since 2007.
func danish(r *rand.Rand, first, last int, seventh string, check bool) string {
	for {
		s := born(r, first, last).Format("020106") + from(r, seventh, 1) + digits(r, 3)
		if (weighted(s, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0) == check {
			return s
		}
	}
}

func cprStyle() map[string]func(string) string {
	return map[string]func(string) string{"": grouped("-", 6, 4), "sp": grouped(" ", 6, 4), "bare": asMade}
}

const hetuLetters = "0123456789ABCDEFHJKLMNPRSTUVWXY"

func finnish(r *rand.Rand, first, last int, old, young string) string {
	t := born(r, first, last)
	sign := from(r, old, 1)
	if t.Year() >= 2000 {
		sign = from(r, young, 1)
	}
	individual := fmt.Sprintf("%03d", 2+r.IntN(898))
	n, err := strconv.Atoi(t.Format("020106") + individual)
	if err != nil {
		panic(err)
	}
	return t.Format("020106") + sign + individual + string(hetuLetters[n%31])
}

// dutch are the numbers of the Netherlands.
func dutch() map[string]identity {
	bsn := func(first string) func(*rand.Rand) string {
		return func(r *rand.Rand) string {
			for {
				s := from(r, first, 1) + from(r, "123456789", 1) + digits(r, 6)
				if rest := weighted(s, 9, 8, 7, 6, 5, 4, 3, 2) % 11; rest < 10 {
					return s + strconv.Itoa(rest)
				}
			}
		}
	}
	const plate = "ABCDEFGHJKLMNPRSTUVWXYZ"
	return map[string]identity{
		"nl.bsn": {make: bsn("123456789"), spoil: lastDigitWrong, style: map[string]func(string) string{
			"dots": grouped(".", 4, 2, 3), "sp": grouped(" ", 3, 3, 3), "dots3": grouped(".", 3, 3, 3),
		}},
		"nl.bsn.zero":  {make: bsn("0"), spoil: lastDigitWrong},
		"nl.rijbewijs": {make: func(r *rand.Rand) string { return from(r, "345", 1) + digits(r, 9) }},
		"nl.paspoort": {make: func(r *rand.Rand) string {
			return from(r, "NX", 1) + from(r, plate, 1) + from(r, plate+"123456789", 6) + digits(r, 1)
		}},
	}
}
