package eight

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestBytes compares what is said of each byte with what the byte is.
func TestBytes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fn func(uint64) uint64
		is func(byte) bool
	}{
		"digits": {Digits, func(b byte) bool { return b >= '0' && b <= '9' }},
		"alnum":  {Alnum, func(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' }},
		"word": {Word, func(b byte) bool {
			return b < utf8.RuneSelf && strings.ContainsRune("0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", rune(b))
		}},
		"beyond ASCII": {func(w uint64) uint64 { return w & Highs }, func(b byte) bool { return b >= utf8.RuneSelf }},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		for range 20_000 {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], r.Uint64())
			b[r.IntN(8)] = "0/9:a`z{A@Z[_^\x7f\x80"[r.IntN(16)]
			set := Set(c.fn(binary.LittleEndian.Uint64(b[:])))
			n := 0
			for i, x := range b {
				if got := set>>i&1 == 1; got != c.is(x) {
					t.Fatalf("%s of %q, byte %d: %v", name, b, i, got)
				}
				if c.is(x) {
					if at := int(Members[set].At >> (8 * n) & 0xff); at != i {
						t.Fatalf("%s of %q: member %d is %d, want %d", name, b, n, at, i)
					}
					n++
				}
			}
			if Members[set].N != n {
				t.Fatalf("%s of %q: %d members, want %d", name, b, Members[set].N, n)
			}
		}
	}
}

// TestEqual: the first byte that is b is the first that is said to be.
func TestEqual(t *testing.T) {
	t.Parallel()
	for x := range 256 {
		for i := range 8 {
			b := [8]byte{9, 9, 9, 9, 9, 9, 9, 9}
			b[i] = byte(x)
			set := Set(Equal(binary.LittleEndian.Uint64(b[:]), '\r'))
			if got := set>>i&1 == 1 && set&(1<<i-1) == 0; got != (x == '\r') || !got && set != 0 {
				t.Fatalf("byte %d of %q: %08b", i, b, set)
			}
		}
	}
}

func TestLower(t *testing.T) {
	t.Parallel()
	for x := range byte(utf8.RuneSelf) {
		b := [8]byte{x, x, x, x, x, x, x, 'Q'}
		binary.LittleEndian.PutUint64(b[:], Lower(binary.LittleEndian.Uint64(b[:])))
		if want := strings.ToLower(strings.Repeat(string(rune(x)), 7)) + "q"; string(b[:]) != want {
			t.Fatalf("%q: %q, want %q", x, b, want)
		}
	}
}
