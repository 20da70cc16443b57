package match

import (
	"unicode"
	"unicode/utf8"
)

// canon is the one representative of a simple case-folding orbit: the ASCII lower-case letter, else the largest Latin-1
// member, else the shortest in UTF-8 and then the largest.
func canon(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	best := r
	for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
		if better(x, best) {
			best = x
		}
	}
	if best < utf8.RuneSelf {
		return unicode.ToLower(best)
	}
	return best
}

func better(x, y rune) bool {
	if (x < 0x100) != (y < 0x100) {
		return x < 0x100
	}
	if x < 0x80 || y < 0x80 {
		return x < y
	}
	if a, b := utf8.RuneLen(x), utf8.RuneLen(y); a != b {
		return a < b
	}
	return x > y
}

// orbit returns the fewest and the most bytes in which a case of r is written.
func orbit(r rune) (least, most int) {
	least = max(1, utf8.RuneLen(r))
	most = least
	for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
		n := utf8.RuneLen(x)
		least, most = min(least, n), max(most, n)
	}
	return least, most
}

func foldString(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = utf8.AppendRune(b, canon(r))
	}
	return string(b)
}

// caseBit makes ASCII letters, and the second byte of Latin-1 letters, the same in both cases. It also makes some other
// bytes the same, so what is equal under it has still to be compared.
const caseBit = 0x20

// sameFold says whether text, which holds no exotic character, is s in some case. The lengths are equal.
func sameFold(text []byte, s string) bool {
	prev := byte(0)
	for i, c := range text {
		if c != s[i] && (c|caseBit != s[i] || c-'A' >= 26 && (prev != 0xc3 || c < 0x80 || c > 0x9e || c == 0x97)) {
			return false
		}
		prev = c
	}
	return true
}

// isWord says whether r continues a word: letters, marks, digits of any script, and the underscore.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return wordByte(byte(r))
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// wordByte is RE2's \w.
func wordByte(c byte) bool {
	return c|0x20-'a' < 26 || c-'0' < 10 || c == '_'
}

// wordBytes is 1 for these bytes.
var wordBytes = func() (t [256]uint8) {
	for b := range t {
		if wordByte(byte(b)) {
			t[b] = 1
		}
	}
	return t
}()

// alone says whether text[s:e] stands alone as a word.
func alone(text []byte, s, e int) bool {
	if s > 0 {
		if c := text[s-1]; c < utf8.RuneSelf {
			if wordByte(c) {
				return false
			}
		} else if r, _ := utf8.DecodeLastRune(text[:s]); isWord(r) {
			return false
		}
	}
	if e >= len(text) {
		return true
	}
	if c := text[e]; c < utf8.RuneSelf {
		return !wordByte(c)
	}
	r, _ := utf8.DecodeRune(text[e:])
	return !isWord(r)
}

// inside says whether offset o is within a character, where no match can start.
func inside(t []byte, o int) bool {
	if o >= len(t) || utf8.RuneStart(t[o]) {
		return false
	}
	for k := 1; k <= 3 && k <= o; k++ {
		if utf8.RuneStart(t[o-k]) {
			_, n := utf8.DecodeRune(t[o-k:])
			return n > k
		}
	}
	return false
}
