package classify

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	"sigill/internal/classify/eight"
)

// sieve says at which places of a text a keyword can begin: few at which none does, and never too few.
type sieve struct {
	first   [1 << 16]byte   // by hashes of the first bytes that texts can have where a keyword stands, see [firstHash]
	six     [1 << 10]uint64 // hashes of the first six bytes of keywords that have as many
	heads   [1 << 10]uint64 // of the first four or three bytes of all others
	singles []byte          // keywords of one byte, which are in none of these
	some    bool            // there are others
}

// longHead is how many bytes a keyword of sieve.six has at least.
const longHead = 6

// Bits of sieve.first: a keyword that begins where a word does, one that begins anywhere.
const (
	atWords byte = 1
	inWords byte = 1 << 4
)

func (s *sieve) add(k keyword) {
	if len(k.text) == 1 {
		if !slices.Contains(s.singles, k.text[0]) {
			s.singles = append(s.singles, k.text[0])
		}
		return
	}
	where := inWords
	if first, _ := utf8.DecodeRuneInString(k.text); k.start && isWord(first) && first != '_' {
		where = atWords // behind a letter or digit it is not looked for
	}
	s.open(where, k.text[1:], uint32(k.text[0]), 1, 0)
	s.head(k)
	s.some = true
}

// open notes all ways in which four bytes of a text can begin a keyword: v holds n of them, rest is what is missing of the
// keyword, and last the byte of v that decides what may be passed over, or 0: see [trie.step].
func (s *sieve) open(where byte, rest string, v uint32, n int, last byte) {
	if n == 4 {
		s.first[firstHash(v&(sixBits&(1<<32-1)))] |= where
		return
	}
	put := func(rest string, c, last byte) { s.open(where, rest, v|uint32(c)<<(8*n), n+1, last) }
	if last == '-' {
		put(rest, '\n', 0)
		return
	}
	if last == ' ' {
		for _, c := range []byte(" \t\n") {
			put(rest, c, ' ')
		}
	}
	if rest == "" {
		for c := range anyBits[n] {
			put(rest, byte(c), 0)
		}
		return
	}
	put(rest, filler, 0)
	put(rest, '-', '-')
	if rest[0] != ' ' {
		put(rest[1:], rest[0], 0)
		return
	}
	for _, c := range []byte(" \t\n") {
		put(rest[1:], c, ' ')
	}
}

// sixBits are what [firstHash] looks at of the first bytes: they tell small letters apart.
const sixBits = 0x3f * eight.Ones

// firstHash is the place of the first three bytes of v and the last two bits of the fourth: a keyword of three bytes has few places,
// and one of two not too many.
func firstHash(v uint32) uint32 { return v * (0x9e3779b1 << 6 & (1<<32 - 1)) >> 16 }

// anyBits is how many values [firstHash] tells apart of a byte, by its place.
var anyBits = [4]int{64, 64, 64, 4}

// fours has, for each of four places of text one behind the other, [atWords] and [inWords] moved up by the place, where keywords can
// begin with its four bytes under sixBits.
func (s *sieve) fours(a, b, c, d uint32) byte {
	return s.first[firstHash(a)] + s.first[firstHash(b)]<<1 + s.first[firstHash(c)]<<2 + s.first[firstHash(d)]<<3
}

// goesOn is what a head of three or four bytes differs by behind which a letter or digit stands.
const goesOn = 1 << 63

// head notes the first bytes of a keyword, with any one white space for a space. Texts in which more stands between two
// bytes are told apart by [stretched].
func (s *sieve) head(k keyword) {
	text := []byte(k.text)
	switch n := len(text); n {
	case 2: // whatever stands behind it
		for c := range 256 {
			setHead(s.heads[:], append(text[:2:2], byte(c)), 0, 0)
			setHead(s.heads[:], append(text[:2:2], byte(c)), 0, goesOn)
		}
	case 3, 4:
		setHead(s.heads[:], text, 0, 0)
		if !k.end || alnums[text[n-1]] == 0 {
			setHead(s.heads[:], text, 0, goesOn)
		}
	case 5:
		setHead(s.heads[:], text[:4], 0, alnums[text[4]])
	default:
		setHead(s.six[:], text[:longHead], 0, 0)
	}
}

// setHead notes a head, and what it is with other white space for its spaces from that offset on.
func setHead(table []uint64, head []byte, from int, on uint64) {
	i := bytes.IndexByte(head[from:], ' ')
	if i < 0 {
		var v [8]byte
		copy(v[:], head)
		h := headHash(binary.LittleEndian.Uint64(v[:])|on, len(head))
		table[h>>6%uint(len(table))] |= 1 << (h & 63)
		return
	}
	for _, c := range " \t\n" {
		head[from+i] = byte(c)
		setHead(table, head, from+i+1, on)
	}
	head[from+i] = ' '
}

// headHash is the same whether a head of n bytes is read from a keyword or cut out of eight bytes of a text.
func headHash(head uint64, n int) uint { return uint((head + uint64(n)) * 0x9e3779b97f4a7c15 >> 48) }

func (s *sieve) headBit(v uint64, n int) uint64 {
	h := headHash(v, n)
	return s.heads[h>>6%uint(len(s.heads))] >> (h & 63)
}

func (s *sieve) sixBit(v uint64) uint64 {
	h := headHash(v&(1<<(8*longHead)-1), longHead)
	return s.six[h>>6%uint(len(s.six))] >> (h & 63)
}

// may is 1 where a keyword can begin with these eight bytes of text, else 0.
func (s *sieve) may(v uint64) uint64 {
	three, four := v&(1<<24-1)|alnums[byte(v>>24)], v&(1<<32-1)|alnums[byte(v>>32)]
	return (s.headBit(three, 3)|s.headBit(four, 4)|s.sixBit(v))&1 | stretched(v)
}

// stretched is 1 where something in eight bytes of text may be passed over when a keyword is followed: a filler, a hyphen at a
// line end, white space after white space.
func stretched(v uint64) uint64 {
	low := (v - 0x21*eight.Ones) &^ v & eight.Highs // white space, and fillers, which have neither 0x20 nor 0x08
	x := low&(low>>8|^(v<<2|v<<4)) | eight.Equal(v, '-')&(low>>8|1<<63)
	return (x | -x) >> 63
}

// block is how much text is sifted at once.
const block = 256

// sifted is a block of text, with what has to be seen behind its last places.
type sifted [block + 8]byte

// places has a bit for every place of a block.
type places [block / 64]uint64

// find calls found for every keyword in text[from:to], in order of their starts; they may reach beyond to.
func (t *trie) find(text []byte, from, to int, found func(key int32, start, end int)) {
	var last sifted // of text, padded: no keyword begins with a zero
	before := uint64(0)
	if from > 0 {
		before = eight.Alnum(uint64(text[from-1]))
	}
	for i := from; i < to; i += block {
		b := &last
		if i+len(b) <= len(text) {
			b = (*sifted)(text[i:])
		} else {
			clear(last[copy(last[:], text[i:]):])
		}
		size := min(block, to-i)
		var p places
		if t.some {
			before = t.sift(b, size, before, &p)
		}
		for _, c := range t.singles {
			p.mark(b[:size], c)
		}
		for w, x := range p {
			for ; x != 0; x &= x - 1 {
				if at := i + 64*w + bits.TrailingZeros64(x); at < to {
					t.walk(text, at, found)
				}
			}
		}
	}
}

// sift marks the places among the first size bytes of b, and perhaps of some more, where a keyword can begin. before is 0x80 if an
// ASCII letter or digit stands before b; what is returned is the same for the next block. Beyond ASCII a byte does not say whether
// it ends a word; report looks closer. There are no branches where they are hard to foresee.
func (s *sieve) sift(b *sifted, size int, before uint64, p *places) uint64 {
	var at [block + 8]uint8
	n := 0
	for i := 0; i < size; i += 8 {
		v := binary.LittleEndian.Uint64(b[i&(block-8):])
		in := eight.Alnum(v)
		first := eight.Set((in | v&(v<<1)&eight.Highs) &^ (in<<8 | before)) // or a character beyond ASCII begins
		before = in >> 56
		x, y := v&sixBits, binary.LittleEndian.Uint64(b[i&(block-8)+4:])&sixBits
		low, high := s.fours(uint32(x), uint32(x>>8), uint32(x>>16), uint32(x>>24)), s.fours(uint32(y), uint32(y>>8), uint32(y>>16), uint32(y>>24))
		f := &eight.Members[(low&0xf|high<<4)&first|low>>4|high&0xf0]
		binary.LittleEndian.PutUint64(at[n&(block-1):], f.At+uint64(i)*eight.Ones)
		n += f.N
	}
	for _, x := range at[:n] {
		p[x>>6] |= s.may(binary.LittleEndian.Uint64(b[x:])) << (x & 63)
	}
	return before
}

// mark marks the places of a byte.
func (p *places) mark(b []byte, c byte) {
	for i := 0; ; i++ {
		n := bytes.IndexByte(b[i:], c)
		if n < 0 {
			return
		}
		i += n
		p[i>>6] |= 1 << (i & 63)
	}
}

// alnums is goesOn for the bytes of ASCII letters and digits, else 0.
var alnums = func() (t [256]uint64) {
	for c := range t {
		t[c] = uint64(boolInt(alnum(byte(c)))) * goesOn
	}
	return t
}()
