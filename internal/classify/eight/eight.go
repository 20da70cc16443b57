// Package eight looks at eight bytes of text at once. A word holds them as binary.LittleEndian reads them, the first in the
// lowest place; what is true of a byte is its high bit (Warren, Hacker's Delight, chapter 6).
package eight

const (
	// Ones has the value 1 in each byte.
	Ones = 0x0101010101010101
	// Highs has the high bit of each byte: of bytes beyond ASCII it is set.
	Highs = 0x80 * Ones
)

// Equal has the high bit of each byte that is b, and perhaps of some above the first of them.
func Equal(w uint64, b byte) uint64 {
	x := w ^ uint64(b)*Ones
	return (x - Ones) &^ x & Highs
}

// Between has the high bit of each byte that is from first to last, which have these ASCII characters in every byte.
func Between(w, first, last uint64) uint64 {
	x := w &^ Highs
	return (x + 0x80*Ones - first) &^ (x + 0x7f*Ones - last) &^ w & Highs
}

// from has the high bit of each byte of w that is at least a character. Bytes of w are of ASCII.
func from(w, character uint64) uint64 { return w + (0x80-character)*Ones }

// between has the high bit of each byte of w that is from first to last, and anything else besides. Bytes of w are of ASCII.
func between(w, first, last uint64) uint64 { return from(w, first) ^ from(w, last+1) }

// Digits has the high bit of each byte that is an ASCII digit.
func Digits(w uint64) uint64 {
	x := w ^ '0'*Ones // 0 to 9
	return ^(x&^Highs + 0x76*Ones | x) & Highs
}

// Alnum has the high bit of each byte that is an ASCII digit or small letter.
func Alnum(w uint64) uint64 {
	x := w &^ Highs
	return (between(x, 'a', 'z') | between(x, '0', '9')) &^ w & Highs
}

// Word has the high bit of each byte that RE2 takes for part of a word: letters and digits of ASCII, and the underscore.
func Word(w uint64) uint64 {
	x := w &^ Highs
	return (between(x|0x20*Ones, 'a', 'z') | between(x, '0', '9') | between(x, '_', '_')) &^ w & Highs
}

// Lower puts ASCII letters in lower case. Bytes behind one beyond ASCII come out wrong.
func Lower(w uint64) uint64 {
	const fromA, afterZ = (0x80 - 'A') * Ones, (0x7f - 'Z') * Ones
	return w | ((w+fromA)^(w+afterZ))&Highs>>2
}

// Set makes a set of the high bits: bit i is that of the i-th byte.
func Set(highs uint64) uint8 { return uint8(highs >> 7 * 0x0102040810204080 >> 56) }

// Members has, for every set, how many bytes are in it, and which, in order, each number in a byte.
var Members = func() (t [256]struct {
	At uint64
	N  int
}) {
	for set := range t {
		for i := range uint64(8) {
			if set>>i&1 != 0 {
				t[set].At |= i << (8 * t[set].N)
				t[set].N++
			}
		}
	}
	return t
}()
