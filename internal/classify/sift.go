package classify

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// sieve says at which places of a text a keyword can begin: few at which none does, and never too few.
type sieve struct {
	words   beginnings // of keywords that begin where a word does
	inner   beginnings // of those that can begin inside one too, of two bytes or more
	singles []byte     // inner keywords of one byte
	starts  bool       // there are any of the first kind
	inside  bool       // there are any of the second
}

// beginnings are hashes of the first bytes of keywords.
type beginnings struct {
	three  [1 << 10]uint64 // the first three bytes of texts in which a keyword stands, see beginnings.open
	six    [1 << 10]uint64 // the first six bytes of keywords that have as many
	heads  [1 << 10]uint64 // the first four, three or two bytes of all others, whichever there are
	single [256]byte       // 1 for a keyword of one byte
}

// longHead is how many bytes a keyword of beginnings.six has at least.
const longHead = 6

func (s *sieve) add(k keyword) {
	first, _ := utf8.DecodeRuneInString(k.text)
	switch {
	case k.start && isWord(first) && first != '_': // behind a letter or digit it is not looked for
		s.starts = true
		s.words.add(k, len(k.text) < longHead)
	case len(k.text) == 1:
		if !slices.Contains(s.singles, k.text[0]) {
			s.singles = append(s.singles, k.text[0])
		}
	default:
		s.inside = true
		s.inner.add(k, true)
	}
}

// add notes a keyword, in beginnings.three only if asked to.
func (b *beginnings) add(k keyword, three bool) {
	if len(k.text) == 1 {
		b.single[k.text[0]] = 1
		return
	}
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

// threeHash is the place of three bytes, of which v holds those and perhaps one more.
func threeHash(v uint32) uint32 { return v << 8 * 0x9e3779b1 >> 16 }

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
	return (b.headBit(two, 2)|b.headBit(three, 3)|b.headBit(four, 4)|b.sixBit(v)|uint64(b.single[byte(v)]))&1 | stretched(v)
}

// stretched is 1 where something in eight bytes of text is passed over when a keyword is followed: a filler, a hyphen at a
// line end, white space after white space.
func stretched(v uint64) uint64 {
	line := equal(v, '\n')
	white := line | equal(v, ' ') | equal(v, '\t')
	x := equal(v, filler) | equal(v, '-')&(line>>8|1<<63) | white&(white>>8)
	return (x | -x) >> 63
}

// block is how much text is sifted at once, at most.
const block = 256

// find calls found for every keyword in text[from:to], in order of their starts; they may reach beyond to. Places are sifted
// without a branch where that is hard to foresee.
func (t *trie) find(text []byte, from, to int, found func(key int32, start, end int)) {
	before := uint64(0)
	if from > 0 {
		before = alnumBytes(uint64(text[from-1]))
	}
	i := from
	for {
		size := min(block, to-i, len(text)-8-i) &^ 7
		if size <= 0 {
			break
		}
		var places [block / 64]uint64
		b := text[i : i+size+8]
		if t.starts {
			before = t.words.sift(b, before, &places)
		}
		if t.inside {
			t.inner.siftAll(b, &places)
		}
		for _, c := range t.singles {
			markByte(b[:size], c, &places)
		}
		for w, x := range places {
			for ; x != 0; x &= x - 1 {
				t.walk(text, i+64*w+bits.TrailingZeros64(x), found)
			}
		}
		i += size
	}
	for ; i < to; i++ {
		t.walk(text, i, found)
	}
}

// sift marks the places in b, but for its last eight bytes, where a word and a keyword can begin. before is 0x80 if an ASCII
// letter or digit stands before b; what is returned is the same for the next part of the text. Beyond ASCII a byte does not
// say whether it ends a word; report looks closer.
func (t *beginnings) sift(b []byte, before uint64, places *[block / 64]uint64) uint64 {
	var at [block + 8]byte
	n, size := 0, len(b)-8
	var odd, carry uint64 // bit i of odd: something is passed over in the i-th eight bytes
	for i := 0; i < size; i += 8 {
		v := binary.LittleEndian.Uint64(b[i:])
		in := alnumBytes(v)
		first := in | v&(v<<1)&highBits // or a character beyond ASCII begins
		f := &offsets[uint8(first&^(in<<8|before)>>7*0x0102040810204080>>56)]
		before = in >> 56
		binary.LittleEndian.PutUint64(at[n&(block-1):], f.at+uint64(i)*oneEach)
		n += f.n
		var x uint64
		x, carry = passedOver(v, carry)
		odd |= x << (i / 8 & 63)
	}
	x, _ := passedOver(binary.LittleEndian.Uint64(b[size:]), carry)
	odd |= x << (size / 8 & 63)
	odd |= odd >> 1
	m := 0
	for _, p := range at[:n] {
		v := binary.LittleEndian.Uint64(b[p:])
		at[m] = p
		m += int((t.sixBit(v) | t.threeBit(uint32(v)) | uint64(t.single[byte(v)]) | odd>>(p>>3)) & 1)
	}
	for _, p := range at[:m] {
		places[p>>6] |= t.may(binary.LittleEndian.Uint64(b[p:])) << (p & 63)
	}
	return before
}

// passedOver is 1 where something in eight bytes of text, or in the byte before them and the first of them, may be passed over
// when a keyword is followed, as [stretched] says exactly. carry is from the eight bytes before.
func passedOver(v, carry uint64) (odd, next uint64) {
	low := ^(v&^highBits + (0x7f-' ')*oneEach | v) & highBits // white space, fillers
	x := low | equal(v, '-')
	odd = equal(v, filler) | low&(x<<8|carry)
	return (odd | -odd) >> 63, x >> 56
}

// offsets has, for every set of eight bytes, how many they are and where they stand, each in a byte.
var offsets = func() (t [256]struct {
	at uint64
	n  int
}) {
	for set := range t {
		for i := range uint64(8) {
			if set>>i&1 != 0 {
				t[set].at |= i << (8 * t[set].n)
				t[set].n++
			}
		}
	}
	return t
}()

// siftAll marks the places in b, but for its last eight bytes, where a keyword can begin.
func (t *beginnings) siftAll(b []byte, places *[block / 64]uint64) {
	var at [block + 8]byte
	n := 0
	for i := 0; i+8 < len(b); i += 8 {
		v := binary.LittleEndian.Uint64(b[i:])
		w := binary.LittleEndian.Uint64(b[i+4:])
		set := t.threeBit(uint32(v))&1 | t.threeBit(uint32(v>>8))&1<<1 | t.threeBit(uint32(v>>16))&1<<2 | t.threeBit(uint32(v>>24))&1<<3 |
			t.threeBit(uint32(w))&1<<4 | t.threeBit(uint32(w>>8))&1<<5 | t.threeBit(uint32(w>>16))&1<<6 | t.threeBit(uint32(w>>24))&1<<7
		f := &offsets[uint8(set)]
		binary.LittleEndian.PutUint64(at[n&(block-1):], f.at+uint64(i)*oneEach)
		n += f.n
	}
	for _, p := range at[:n] {
		places[p>>6] |= t.may(binary.LittleEndian.Uint64(b[p:])) << (p & 63)
	}
}

// markByte marks the places of a byte.
func markByte(b []byte, c byte, places *[block / 64]uint64) {
	for i := 0; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], c)
		if n < 0 {
			return
		}
		i += n
		places[i>>6] |= 1 << (i & 63)
	}
}

// alnumBytes has the high bit of each of eight bytes that is a digit or small letter of ASCII.
func alnumBytes(v uint64) uint64 {
	x := v &^ highBits
	letter := (x + (0x80-'a')*oneEach) &^ (x + (0x7f-'z')*oneEach)
	digit := (x + (0x80-'0')*oneEach) &^ (x + (0x7f-'9')*oneEach)
	return (letter | digit) &^ v & highBits
}

// alnums is 1 for the bytes of ASCII letters and digits.
var alnums = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(boolInt(alnum(byte(c))))
	}
	return t
}()
