package classify

import (
	"bytes"
	"encoding/base64"
	"unicode"
	"unicode/utf8"
)

// jwt checks a JSON Web Token: the first two of its parts decode to JSON, and the first names an algorithm (RFC 7515
// 4.1.1). A token whose time is over (RFC 7519 4.1.4) opens nothing by itself.
func jwt(v *Value) Verdict {
	var head, body [2048]byte
	first, rest, ok := bytes.Cut(v.Text, []byte("."))
	second, _, ok2 := bytes.Cut(rest, []byte("."))
	h, p := decodeURL(head[:], first), decodeURL(body[:], second)
	switch {
	case !ok || !ok2 || !object(h) || !object(p) || !bytes.Contains(h, []byte(`"alg"`)):
		return Invalid
	case over(p, v.Now.Unix()):
		return Doubtful
	}
	return Valid
}

// decodeURL decodes as much of base64url text as dst has room for; nil when it is none.
func decodeURL(dst, src []byte) []byte {
	if most := len(dst) / 3 * 4; len(src) > most {
		src = src[:most]
	}
	n, err := base64.RawURLEncoding.Decode(dst, src)
	if err != nil {
		return nil
	}
	return dst[:n]
}

func object(b []byte) bool {
	b = bytes.TrimLeft(b, " \r\n\t")
	return len(b) > 1 && b[0] == '{' && utf8.Valid(b[:2])
}

// over says whether a claim set ends before now, in seconds.
func over(claims []byte, now int64) bool {
	at := bytes.Index(claims, []byte(`"exp"`))
	if at < 0 {
		return false
	}
	rest := bytes.TrimLeft(claims[at+len(`"exp"`):], " :")
	n, digits := int64(0), 0
	for digits < len(rest) && digits < 12 && rest[digits]-'0' <= 9 {
		n = n*10 + int64(rest[digits]-'0')
		digits++
	}
	return digits > 0 && n < now
}

// maxSecret is how much of a value is looked at for marks of a placeholder.
const maxSecret = 512

// placeholder says that a value stands where a secret will be put: <password>, ${DB_PASS}, changeme, xxxx, test1234.
func placeholder(value []byte) bool {
	var lower [maxSecret]byte
	n := copy(lower[:], value)
	b := lower[:n]
	for i, c := range b {
		if c-'A' < 26 {
			b[i] = c | 0x20
		}
	}
	return framed(b) || marked(b) || monotonous(b) || standsIn(b)
}

// framed says that the value is a variable of a template.
func framed(b []byte) bool {
	if open := bytes.IndexByte(b, '<'); open == 0 || open > 0 && bytes.IndexByte(b[open:], '>') > 0 {
		return true
	}
	if len(b) > 2 && b[0] == '%' && b[len(b)-1] == '%' || len(b) > 2 && b[0] == '[' && b[len(b)-1] == ']' {
		return true
	}
	return bytes.Contains(b, []byte("${")) || bytes.Contains(b, []byte("{{")) || bytes.Contains(b, []byte("$(")) || bytes.Contains(b, []byte("%("))
}

// marked says that the value holds a word that no secret does.
func marked(b []byte) bool {
	for _, w := range [...]string{
		"example", "exempel", "voorbeeld", "beispiel", "changeme", "change_me", "change-me", "placeholder", "redacted", "removed", "xxxx", "****", "....",
		"dummy", "your-", "your_", "yourpass", "yourkey", "insert-", "insert_", "ditt-", "ditt_", "mitt-", "jouw-", "uw-", "foobar", "•",
	} {
		if bytes.Contains(b, []byte(w)) {
			return true
		}
	}
	return false
}

// monotonous says that one character, or very few, make up the value.
func monotonous(b []byte) bool {
	var count [256]int
	different, most := 0, 0
	for _, c := range b {
		if count[c] == 0 {
			different++
		}
		count[c]++
		most = max(most, count[c])
	}
	return len(b) > 3 && (different <= 2 || len(b) > 7 && different <= 3 || most*2 > len(b))
}

// standsIn says that every word of the value stands for a secret in instructions: test1234, my-password. A name for
// passwords with digits or marks round it may well be somebody's.
func standsIn(b []byte) bool {
	made, words, others := false, 0, 0
	for at := 0; at < len(b); {
		end := at
		for end < len(b) && b[end]-'a' < 26 {
			end++
		}
		if end == at {
			if b[at] != '-' && b[at] != '_' {
				others++
			}
			at++
			continue
		}
		switch string(b[at:end]) {
		case "test", "tests", "testing", "tester", "tst", "demo", "sample", "fake", "foo", "bar", "todo", "null", "none", "undefined", "example":
			made = true
		case "password", "passwd", "pass", "pwd", "pw", "secret", "user", "username", "name", "key", "token", "api", "my", "the", "here", "db",
			"losenord", "wachtwoord", "passwort", "kennwort", "passord":
		default:
			return false
		}
		words++
		at = end
	}
	return words > 0 && (made || others == 0)
}

// password says that a value is made as passwords are: at least eight characters of at least three of the classes lower
// case, upper case, digits and others. Addresses are none, and neither is a placeholder; the marks at the end of a
// sentence belong to the sentence, and without a digit the marks inside of words are no class.
func password(value []byte) bool {
	b := bytes.TrimRight(value, `.,:;)]"'`)
	if utf8.RuneCount(b) < 8 || address(b) || placeholder(b) {
		return false
	}
	var lower, upper, digit, mark, hyphen int
	for at := 0; at < len(b); {
		r, n := utf8.DecodeRune(b[at:])
		at += n
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		case r < utf8.RuneSelf && bytes.IndexByte([]byte(`-'/.,:;()&`), byte(r)) >= 0:
			hyphen = 1
		default:
			mark = 1
		}
	}
	if digit == 0 {
		hyphen = 0
	}
	return lower+upper+digit+max(mark, hyphen) >= 3
}

// address says that the value is one of a page, of a mailbox, or of a file.
func address(b []byte) bool {
	if bytes.Contains(b, []byte("://")) || bytes.HasPrefix(b, []byte("www.")) || bytes.Contains(b, []byte(`:\`)) || bytes.HasPrefix(b, []byte("mailto:")) {
		return true
	}
	at, dot := bytes.IndexByte(b, '@'), bytes.LastIndexByte(b, '.')
	if at < 1 || dot < at+2 || len(b)-dot < 3 {
		return false
	}
	for _, c := range b[dot+1:] {
		if c|0x20-'a' >= 26 {
			return false
		}
	}
	return true
}
