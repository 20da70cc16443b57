package classify

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"sigill/internal/classify/eight"
)

// sieve says at which places of a text a keyword can begin: few at which none does, and never too few.
type sieve struct {
	words   beginnings // of keywords that begin where a word does
	inner   beginnings // of those that can begin inside one too
	singles []byte     // keywords of one byte, which are in neither
	starts  bool       // there are any of the first kind
	inside  bool       // there are any of the second
}

// beginnings are hashes of the first bytes of keywords.
type beginnings struct {
	three [1 << 10]uint64 // the first three bytes of texts in which a keyword stands, see beginnings.open
	six   [1 << 10]uint64 // the first six bytes of keywords that have as many
	heads [1 << 10]uint64 // the first four, three or two bytes of all others, whichever there are
}

// longHead is how many bytes a keyword of beginnings.six has at least.
const longHead = 6

func (s *sieve) add(k keyword) {
	first, _ := utf8.DecodeRuneInString(k.text)
	switch {
	case len(k.text) == 1:
		if !slices.Contains(s.singles, k.text[0]) {
			s.singles = append(s.singles, k.text[0])
		}
	case k.start && isWord(first) && first != '_': // behind a letter or digit it is not looked for
		s.starts = true
		s.words.add(k, len(k.text) < longHead || strings.Contains(k.text[:longHead], " "))
	default:
		s.inside = true
		s.inner.add(k, true)
	}
}

// add notes a keyword, in beginnings.three only if asked to.
func (b *beginnings) add(k keyword, three bool) {
	if three {
		b.open(k.text[1:], uint32(k.text[0]), 1, 0)
	}
	b.head(k)
}

// open notes all ways in which three bytes of a text can begin a keyword: v holds n of them, rest is what is missing of the
// keyword, and last the byte of v that decides what may be passed over, or 0: see [trie.step].
func (b *beginnings) open(rest string, v uint32, n int, last byte) {
	if n == 3 {
		h := threeHash(v)
		b.three[h>>6] |= 1 << (h & 63)
		return
	}
	put := func(rest string, c, last byte) { b.open(rest, v|uint32(c)<<(8*n), n+1, last) }
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
		for c := range 256 {
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

// threeHash is the place of three bytes, of which v holds those and perhaps one more. It looks at six bits of each, which tell small
// letters apart and leave few places for a byte that may be any.
func threeHash(v uint32) uint32 { return v & 0x3f3f3f * 0x9e3779b1 >> 16 }

func (b *beginnings) threeBit(v uint32) uint64 {
	h := threeHash(v)
	return b.three[h>>6&(1<<10-1)] >> (h & 63)
}

// goesOn is what a head of two to four bytes differs by behind which a letter or digit stands.
const goesOn = 1 << 63

// head notes the first bytes of a keyword, with any one white space for a space. Texts in which more stands between two
// bytes are told apart by [stretched].
func (b *beginnings) head(k keyword) {
	text := []byte(k.text)
	switch n := len(text); n {
	case 2, 3, 4:
		setHead(&b.heads, text, 0, 0)
		if !k.end || alnums[text[n-1]] == 0 {
			setHead(&b.heads, text, 0, goesOn)
		}
	case 5:
		setHead(&b.heads, text[:4], 0, uint64(alnums[text[4]])*goesOn)
	default:
		setHead(&b.six, text[:longHead], 0, 0)
	}
}

// setHead notes a head, and what it is with other white space for its spaces from that offset on.
func setHead(table *[1 << 10]uint64, head []byte, from int, on uint64) {
	i := bytes.IndexByte(head[from:], ' ')
	if i < 0 {
		var v [8]byte
		copy(v[:], head)
		h := headHash(binary.LittleEndian.Uint64(v[:])|on, len(head))
		table[h>>6] |= 1 << (h & 63)
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

func (b *beginnings) headBit(v uint64, n int) uint64 {
	h := headHash(v, n)
	return b.heads[h>>6&(1<<10-1)] >> (h & 63)
}

func (b *beginnings) sixBit(v uint64) uint64 {
	h := headHash(v&(1<<(8*longHead)-1), longHead)
	return b.six[h>>6&(1<<10-1)] >> (h & 63)
}

// may is 1 where a keyword can begin with these eight bytes of text, else 0.
func (b *beginnings) may(v uint64) uint64 {
	two := v&(1<<16-1) | uint64(alnums[byte(v>>16)])<<63
	three := v&(1<<24-1) | uint64(alnums[byte(v>>24)])<<63
	four := v&(1<<32-1) | uint64(alnums[byte(v>>32)])<<63
	return (b.headBit(two, 2)|b.headBit(three, 3)|b.headBit(four, 4)|b.sixBit(v))&1 | stretched(v)
}

// stretched is 1 where something in eight bytes of text is passed over when a keyword is followed: a filler, a hyphen at a
// line end, white space after white space.
func stretched(v uint64) uint64 {
	line := eight.Equal(v, '\n')
	white := line | eight.Equal(v, ' ') | eight.Equal(v, '\t')
	x := eight.Equal(v, filler) | eight.Equal(v, '-')&(line>>8|1<<63) | white&(white>>8)
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
			copy(last[:], text[i:])
		}
		size := min(block, to-i)
		var p places
		if t.starts {
			before = t.words.sift(b, size, before, &p)
		}
		if t.inside {
			t.inner.siftAll(b, size, &p)
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

// sift marks the places among the first size bytes of b, and perhaps of some more, where a word and a keyword can begin. before
// is 0x80 if an ASCII letter or digit stands before b; what is returned is the same for the next block. Beyond ASCII a byte does
// not say whether it ends a word; report looks closer. There are no branches where they are hard to foresee.
func (t *beginnings) sift(b *sifted, size int, before uint64, p *places) uint64 {
	var at [block + 8]uint8
	n := 0
	for i := 0; i < size; i += 8 {
		v := binary.LittleEndian.Uint64(b[i&(block-8):])
		in := eight.Alnum(v)
		first := in | v&(v<<1)&eight.Highs // or a character beyond ASCII begins
		f := &eight.Members[eight.Set(first&^(in<<8|before))]
		before = in >> 56
		binary.LittleEndian.PutUint64(at[n&(block-1):], f.At+uint64(i)*eight.Ones)
		n += f.N
	}
	odd, m := passedOver(b[:]), 0
	for _, x := range at[:n] {
		v := binary.LittleEndian.Uint64(b[x:])
		at[m&(block-1)] = x
		m += int((t.sixBit(v) | t.threeBit(uint32(v)) | odd>>(x>>3)) & 1)
	}
	for _, x := range at[:m] {
		p[x>>6] |= t.may(binary.LittleEndian.Uint64(b[x:])) << (x & 63)
	}
	return before
}

// siftAll marks the places among the first size bytes of b, and perhaps of some more, where a keyword can begin.
func (t *beginnings) siftAll(b *sifted, size int, p *places) {
	var at [block + 8]uint8
	n := 0
	for i := 0; i < size; i += 8 {
		v := binary.LittleEndian.Uint64(b[i&(block-8):])
		w := binary.LittleEndian.Uint64(b[i&(block-8)+4:])
		set := t.threeBit(uint32(v))&1 | t.threeBit(uint32(v>>8))&1<<1 | t.threeBit(uint32(v>>16))&1<<2 | t.threeBit(uint32(v>>24))&1<<3 |
			t.threeBit(uint32(w))&1<<4 | t.threeBit(uint32(w>>8))&1<<5 | t.threeBit(uint32(w>>16))&1<<6 | t.threeBit(uint32(w>>24))&1<<7
		f := &eight.Members[uint8(set)]
		binary.LittleEndian.PutUint64(at[n&(block-1):], f.At+uint64(i)*eight.Ones)
		n += f.N
	}
	for _, x := range at[:n] {
		p[x>>6] |= t.may(binary.LittleEndian.Uint64(b[x:])) << (x & 63)
	}
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

// passedOver has a bit for each eight bytes of b in which, or in the eight behind which, a hyphen at a line end or a filler
// stands: what may be passed over where no space is in a keyword.
func passedOver(b []byte) (odd uint64) {
	for i := 0; ; i++ {
		n := bytes.IndexByte(b[i:], '-')
		if n < 0 {
			break
		}
		if i += n; i == len(b)-1 || b[i+1] == '\n' {
			odd |= 1 << (i / 8)
		}
	}
	for i := 0; ; i++ {
		n := bytes.IndexByte(b[i:], filler)
		if n < 0 {
			break
		}
		i += n
		odd |= 1 << (i / 8)
	}
	return odd | odd>>1
}

// alnums is 1 for the bytes of ASCII letters and digits.
var alnums = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(boolInt(alnum(byte(c))))
	}
	return t
}()
