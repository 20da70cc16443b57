package match

import (
	_ "embed"
	"encoding/binary"
	"math"
	"math/bits"
)

// window is four bytes of text under the case bit, the first in the lowest place.

// multiplier spreads windows over tables (Knuth, 6.4: 2^32 by the golden ratio).
const multiplier = 0x9e3779b1

const caseBits = caseBit | caseBit<<8 | caseBit<<16 | caseBit<<24

// gramData says, by hash of a window, how often it stands in ordinary mail: a logarithm to the base 2, in quarters, of its
// share times 2^32.
//
//go:embed grams.bin
var gramData string

// windows estimates how common windows are.
type windows struct{ share [1 << 16]float32 }

func commonWindows() *windows {
	w := &windows{}
	for i := range w.share {
		w.share[i] = float32(math.Exp2(float64(gramData[i])/4 - 32))
	}
	return w
}

func (w *windows) of(key uint32) float64 { return float64(w.share[key*multiplier>>16]) }

// rarest is the share of the rarest window of a literal. One of three bytes is as common as all the windows that it begins.
func (w *windows) rarest(s string) float64 {
	switch len(s) {
	case 0, 1, 2:
		return 0.5
	case 3:
		sum := 0.0
		for _, b := range anyBytes {
			sum += w.of((uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(b)<<24) | caseBits)
		}
		return sum
	}
	best := 1.0
	for i := 0; i+4 <= len(s); i++ {
		best = min(best, w.of(windowOf(s[i:])))
	}
	return best
}

func windowOf(s string) uint32 {
	return (uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24) | caseBits
}

// table says which literals a window belongs to.
type table struct {
	stride int
	shift  uint             // of a hash into the bitmap
	bitmap *[1 << 16]uint64 // only as much of it as the shift reaches is ever touched
	keys   []slot           // open addressing
	mask   uint32
	posts  []post
}

type slot struct {
	key   uint32
	posts int32 // the index of the first one, plus 1; 0 for an empty slot
}

// post is a literal with the place of the window in it. It holds enough of the literal for most looks at it to end here: what is
// of the literal itself lies elsewhere in memory, and large sets do not fit into the caches.
type post struct {
	val     uint64 // the literal's first bytes under the case bit, at most eight
	literal int32
	offset  int16
	size    uint8 // how many bytes val has
	flags   uint8
}

// Flags of a post.
const (
	lastPost uint8 = 1 << iota // of its window
	wholeVal                   // val is all of the literal, and its bytes are letters of ASCII: nothing else has the same val
)

func newPost(literals []literal, i, offset int) post {
	s := literals[i].s
	p := post{literal: int32(i), offset: int16(offset), size: uint8(min(8, len(s)))} // see maxOffset
	whole := len(s) <= 8
	for j := range int(p.size) {
		p.val |= uint64(s[j]|caseBit) << (8 * j)
		whole = whole && s[j]-'a' < 26
	}
	if whole {
		p.flags = wholeVal
	}
	return p
}

// is says whether the literal's first bytes can stand at an offset of a text.
func (p *post) is(text []byte, at int) bool {
	return at >= 0 && at+int(p.size) <= len(text) && (load8(text, at)|cases)<<(64-8*p.size) == p.val<<(64-8*p.size)
}

// maxOffset is how far into a literal its windows are chosen from.
const maxOffset = 1 << 14

// maxBits bounds the bitmap: half a megabyte still lies in the second cache.
const maxBits = 22

func newTable(literals []literal, freq *windows) table {
	t := table{stride: strideFor(literals), bitmap: new([1 << 16]uint64)}
	found := map[uint32][]post{}
	for i := range literals {
		for phase := range t.stride {
			offset, keys := rarestWindow(&literals[i], phase, t.stride, freq)
			for _, k := range keys {
				found[k] = append(found[k], newPost(literals, i, offset))
			}
		}
	}
	size := min(max(bits.Len(uint(len(found)*48)), 13), maxBits)
	t.shift = uint(32 - size)
	t.fill(found)
	return t
}

func (t *table) fill(found map[uint32][]post) {
	size := uint32(16)
	for int(size) < 2*len(found) {
		size *= 2
	}
	t.mask, t.keys = size-1, make([]slot, size)
	for k, posts := range found {
		h := k * multiplier >> t.shift
		t.bitmap[h>>6] |= 1 << (h & 63)
		j := t.home(k)
		for t.keys[j].posts != 0 {
			j = (j + 1) & t.mask
		}
		t.keys[j] = slot{k, int32(len(t.posts)) + 1}
		t.posts = append(t.posts, posts...)
		t.posts[len(t.posts)-1].flags |= lastPost
	}
}

func (t *table) home(key uint32) uint32 { return key * multiplier >> 7 & t.mask }

// fewLiterals is up to how many literals longer strides pay: with more, the windows in the bitmap multiply faster than the
// looks into it become fewer.
const (
	fewLiterals  = 40
	someLiterals = 600
	longEnough   = 5 // bytes of a literal, for the longest stride
)

func strideFor(literals []literal) int {
	least := 1 << 30
	for i := range literals {
		least = min(least, len(literals[i].s))
	}
	switch {
	case len(literals) <= fewLiterals && least >= longEnough:
		return 4
	case len(literals) <= someLiterals && least >= 3:
		return 2
	}
	return 1
}

// rarestWindow chooses the window of a literal at the offsets of one phase, and lists the keys under which it may appear:
// bytes outside the literal are written out in all their possibilities.
func rarestWindow(l *literal, phase, stride int, freq *windows) (offset int, keys []uint32) {
	low, high := 0, min(maxOffset, len(l.s)-4)
	for outside := 1; high-low+1 < stride; outside++ { // too short for a whole window in every phase
		if outside%2 == 1 {
			low--
		} else {
			high++
		}
	}
	best := -1.0
	for o := low; o <= high; o++ {
		if (o+16)%stride != phase {
			continue
		}
		list := l.window(o)
		cost := float64(len(list)-1) * 1e-5
		for _, k := range list {
			cost += freq.of(k)
		}
		if best < 0 || cost < best {
			best, offset, keys = cost, o, list
		}
	}
	return offset, keys
}

// edgeBytes lists, under the case bit, the bytes that can stand next to a whole word; anyBytes all.
var edgeBytes, anyBytes = func() (edge, any []byte) {
	for c := range 256 {
		b := byte(c)
		if b&caseBit == 0 {
			continue
		}
		any = append(any, b)
		if b >= 0x80 || !wordByte(b) || !wordByte(b&^caseBit) {
			edge = append(edge, b)
		}
	}
	return edge, any
}()

// window lists the keys of the four bytes at offset o, which may lie partly outside of the literal.
func (l *literal) window(o int) []uint32 {
	keys := []uint32{0}
	for k := range 4 {
		set := anyBytes
		i := o + k
		switch {
		case i >= 0 && i < len(l.s):
			set = []byte{l.s[i] | caseBit}
		case l.word && (i == -1 || i == len(l.s)):
			set = edgeBytes
		}
		next := make([]uint32, 0, len(keys)*len(set))
		for _, key := range keys {
			for _, b := range set {
				next = append(next, key|uint32(b)<<(8*k))
			}
		}
		keys = next
	}
	return keys
}

// load8 reads eight bytes, the first in the lowest place; what lies beyond the text reads as spaces.
func load8(text []byte, at int) uint64 {
	if at >= 0 && at+8 <= len(text) {
		return binary.LittleEndian.Uint64(text[at:])
	}
	w := uint64(0)
	for k := 7; k >= 0; k-- {
		c := byte(' ')
		if i := at + k; i >= 0 && i < len(text) {
			c = text[i]
		}
		w = w<<8 | uint64(c)
	}
	return w
}
