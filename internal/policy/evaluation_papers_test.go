package policy_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"math/rand/v2"
	"strconv"
	"strings"
)

// payments are cards and bank accounts.
func payments() map[string]identity {
	all := map[string]identity{}
	card := func(name, prefixes string, length int, sizes ...int) {
		all["pay.card."+name] = identity{make: func(r *rand.Rand) string {
			p := strings.Fields(prefixes)
			s := p[r.IntN(len(p))]
			s += digits(r, length-1-len(s))
			return s + luhnDigit(s)
		}, spoil: lastDigitWrong, style: map[string]func(string) string{"": grouped(" ", sizes...), "-": grouped("-", sizes...), "bare": asMade}}
	}
	card("visa", "4", 16, 4, 4, 4, 4)
	card("mc", "51 52 53 54 55 2223 2498 2650", 16, 4, 4, 4, 4)
	card("amex", "34 37", 15, 4, 6, 5)
	card("discover", "6011 644 65", 16, 4, 4, 4, 4)
	for country, bban := range map[string]string{
		"SE": "00000000000000000000", "NL": "AAAA0000000000", "DE": "000000000000000000", "FI": "00000000000000", "NO": "00000000000",
		"FR": "00000000000000000000000", "GB": "AAAA00000000000000", "ES": "00000000000000000000", "IT": "A0000000000000000000000", "PL": "000000000000000000000000",
	} {
		all["eu.iban."+country] = identity{make: func(r *rand.Rand) string {
			return iban(country, patterned(r, strings.ReplaceAll(bban, "A", "A")))
		}, spoil: lastDigitWrong, style: map[string]func(string) string{"": grouped(" ", 4, 4, 4, 4, 4, 4, 4, 4), "bare": asMade}}
	}
	return all
}

func iban(country, bban string) string {
	n := ""
	for _, c := range bban + country + "00" {
		if c >= 'A' {
			n += strconv.Itoa(int(c-'A') + 10)
			continue
		}
		n += string(c)
	}
	return country + fmt.Sprintf("%02d", 98-mod97(n)) + bban
}

// patterned replaces 0 by any digit, 1 by one that is not 0, A by any capital; z is a plain 0.
func patterned(r *rand.Rand, s string) string {
	return strings.Map(func(c rune) rune {
		switch c {
		case '0':
			return '0' + rune(r.IntN(10))
		case '1':
			return '1' + rune(r.IntN(9))
		case 'A':
			return 'A' + rune(r.IntN(26))
		case 'z':
			return '0'
		}
		return c
	}, s)
}

// papers are the machine readable lines of travel documents (ICAO 9303) and the European health insurance card.
func papers() map[string]identity {
	all := map[string]identity{}
	escaped := map[string]func(string) string{"html": html.EscapeString}
	spoil := func(r *rand.Rand, valid string) string { // a digit of the date of birth, which two check digits cover
		at := strings.IndexByte(valid, '\n') + 1
		if strings.Count(valid, "\n") == 1 {
			at += 13
		}
		return digitWrong(r, valid, at+1)
	}
	for _, country := range []string{"SWE", "GBR", "NLD"} {
		all["eu.mrz.td3."+country] = identity{make: func(r *rand.Rand) string { return passport(r, country) }, spoil: spoil, style: escaped}
		all["eu.mrz.td1."+country] = identity{make: func(r *rand.Rand) string { return idCard(r, country) }, spoil: spoil, style: escaped}
	}
	for country, code := range map[string]string{"SE": "80752", "NL": "80528"} {
		all["eu.ehic."+country] = identity{make: func(r *rand.Rand) string { return code + digits(r, 15) }}
	}
	return all
}

func mrzDigit(s string) string {
	sum := 0
	for i := range len(s) {
		v := 0
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		sum += v * []int{7, 3, 1}[i%3]
	}
	return strconv.Itoa(sum % 10)
}

func mrzName(r *rand.Rand) string {
	last := []string{"LINDQVIST", "VAN<DIJK", "WHITFIELD", "HADDAD", "OEBERG"}
	first := []string{"KARIN<EVA", "TOM", "AMIR", "SANNE", "PETER<JAMES"}
	return last[r.IntN(len(last))] + "<<" + first[r.IntN(len(first))]
}

func filled(s string, n int) string { return s + strings.Repeat("<", n-len(s)) }

func passport(r *rand.Rand, country string) string {
	number, birth := from(r, capitals, 2)+digits(r, 7), born(r, 1940, 2015).Format("060102")
	expiry := fmt.Sprintf("%02d%02d%02d", 27+r.IntN(9), 1+r.IntN(12), 1+r.IntN(28))
	n, b, e, extra := number+mrzDigit(number), birth+mrzDigit(birth), expiry+mrzDigit(expiry), filled("", 14)+"0"
	return filled("P<"+country+mrzName(r), 44) + "\n" + n + country + b + from(r, "MF", 1) + e + extra + mrzDigit(n+b+e+extra)
}

func idCard(r *rand.Rand, country string) string {
	number, birth := from(r, capitals, 2)+digits(r, 7), born(r, 1940, 2015).Format("060102")
	expiry := fmt.Sprintf("%02d%02d%02d", 27+r.IntN(9), 1+r.IntN(12), 1+r.IntN(28))
	one := filled("I<"+country+number+mrzDigit(number), 30)
	b, e, extra := birth+mrzDigit(birth), expiry+mrzDigit(expiry), filled("", 11)
	return one + "\n" + b + from(r, "MF", 1) + e + country + extra + mrzDigit(one[5:]+b+e+extra) + "\n" + filled(mrzName(r), 30)
}

// secrets are put together here from parts, so that nothing in the repository looks like one.
func secrets() map[string]identity {
	const lower = "abcdefghijkmnopqrstuvwxyz"
	const all = capitals + lower + "0123456789"
	prefixed := func(n int, alphabet string, prefix ...string) identity {
		return identity{make: func(r *rand.Rand) string { return strings.Join(prefix, "") + from(r, alphabet, n) }}
	}
	password := func(r *rand.Rand) string {
		return from(r, capitals, 1) + from(r, lower, 3+r.IntN(3)) + digits(r, 2) + from(r, "!#%+?", 1) + from(r, lower, 2) + from(r, capitals, 1) + digits(r, 2)
	}
	pem := func(r *rand.Rand) string {
		var b strings.Builder
		b.WriteString("-----BEGIN " + "PRIVATE" + " KEY-----\n")
		for range 12 {
			b.WriteString(base64Text(r, 64) + "\n")
		}
		return b.String() + "-----END " + "PRIVATE" + " KEY-----"
	}
	return map[string]identity{
		"secret.password": {make: password},
		"secret.word":     {make: func(r *rand.Rand) string { return from(r, all, 12) + digits(r, 2) }},
		"secret.aws":      prefixed(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "AK", "IA"),
		"secret.awskey":   {make: func(r *rand.Rand) string { return base64Text(r, 40) }},
		"secret.gcp":      prefixed(35, all+"_-", "AI", "za"),
		"secret.github":   prefixed(36, all, "gh", "p_"),
		"secret.gitlab":   prefixed(20, all, "gl", "pat-"),
		"secret.stripe":   prefixed(24, all, "sk", "_live_"),
		"secret.azure":    {make: func(r *rand.Rand) string { return base64Text(r, 86) + "==" }},
		"secret.slack": {make: func(r *rand.Rand) string {
			return "xo" + "xb-" + digits(r, 12) + "-" + digits(r, 12) + "-" + from(r, all, 24)
		}},
		"secret.slackhook": {make: func(r *rand.Rand) string {
			return "https://hooks." + "slack.com/services/T" + from(r, capitals, 8) + "/B" + from(r, capitals, 8) + "/" + from(r, all, 24)
		}},
		"secret.connstring": {make: func(r *rand.Rand) string {
			return "postgres" + "://crm_app:" + from(r, all, 13) + digits(r, 1) + "@db1.ekdalen.example:5432/crm"
		}},
		"secret.pem": {make: pem, style: map[string]func(string) string{"json": func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }}},
		"secret.jwt": {make: func(r *rand.Rand) string {
			enc := base64.RawURLEncoding
			claims := fmt.Sprintf(`{"sub":"svc-%d","aud":"orders","exp":1893456000}`, r.IntN(9000))
			return enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString([]byte(claims)) + "." + from(r, all, 43)
		}},
	}
}

func base64Text(r *rand.Rand, n int) string {
	return from(r, capitals+"abcdefghijklmnopqrstuvwxyz0123456789+/", n)
}

// lookalikes are numbers of things, with the check digits that things have.
func lookalikes() map[string]identity {
	plain := func(f func(r *rand.Rand) string) identity { return identity{make: f} }
	withLuhn := func(pattern string) identity {
		return plain(func(r *rand.Rand) string { s := patterned(r, pattern); return s + luhnDigit(s) })
	}
	return map[string]identity{
		"imei":  withLuhn("35000000000000"),
		"iccid": withLuhn("894600000000000000"),
		"siret": {make: withLuhn("1000000000000").make, style: map[string]func(string) string{"": grouped(" ", 3, 3, 3, 5)}},
		"ean13": plain(func(r *rand.Rand) string {
			s := "73" + digits(r, 10)
			return s + strconv.Itoa((10-weighted(s, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3)%10)%10)
		}),
		"se.organisationsnummer": {make: func(r *rand.Rand) string { s := patterned(r, "556000000"); return s + luhnDigit(s) },
			style: map[string]func(string) string{"": grouped("-", 6, 4), "10": asMade}},
		"se.bankgiro": {make: withLuhn("5000000").make, style: map[string]func(string) string{"": grouped("-", 4, 4)}},
		"fi.ytunnus": plain(func(r *rand.Rand) string {
			for {
				s := patterned(r, "2000000")
				if rest := weighted(s, 7, 9, 10, 5, 8, 4, 2) % 11; rest != 1 {
					return s + "-" + strconv.Itoa((11-rest)%11)
				}
			}
		}),
		"be.ogm": plain(func(r *rand.Rand) string {
			s := patterned(r, "1000000000")
			return grouped("/", 3, 4, 5)(s + fmt.Sprintf("%02d", (mod97(s)+96)%97+1))
		}),
		"be.company": plain(func(r *rand.Rand) string {
			s := "04" + digits(r, 6)
			return grouped(".", 4, 3, 3)(s + fmt.Sprintf("%02d", 97-mod97(s)))
		}),
	}
}
