package classify

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// keyword is one word or phrase to look for in folded text. A single space in it matches any run of white space.
type keyword struct {
	text       string // folded
	start, end bool   // a word must begin where it begins, end where it ends
}

// keywords are looked for in one walk.
type keywords struct {
	index map[keyword]int32
	all   []keyword
	uses  [][]use // by keyword: who wants to hear of it
	trie  *trie   // of all, once there are no more to come
}

// use is one consumer of a keyword.
type use struct {
	at   int32 // index of a detector or of a context set
	term int32 // index of the detector's term, or gate
}

// gate is the term of a keyword that opens a detector for the whole segment.
const gate = -1

// add returns the number of the keyword.
func (s *keywords) add(k keyword, u use) int32 {
	at, ok := s.index[k]
	if !ok {
		if s.index == nil {
			s.index = map[keyword]int32{}
		}
		at = int32(len(s.all))
		s.index[k] = at
		s.all, s.uses = append(s.all, k), append(s.uses, nil)
	}
	s.uses[at] = append(s.uses[at], u)
	return at
}

// foldWord is the form in which a word of a list is compared: normal, folded, white space as one space.
func foldWord(s string) string { return strings.Join(strings.Fields(Fold(s)), " ") }

// plainWord is foldWord without diacritics.
func plainWord(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(foldWord(s)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

// trie finds every keyword of a set in one walk: at each offset whose first bytes begin a keyword, it follows the keyword's
// bytes. No state is carried from one offset to the next, so most offsets cost one look into a bitmap. Inside a word only
// keywords that may begin there are looked for.
type trie struct {
	begin  bitmap          // the first two bytes of all keywords
	single [256]byte       // 1 for a keyword of one byte
	heads  [1 << 10]uint64 // hashes of the first six, four or three bytes of all others, whichever there are
	root   [256]int32
	nodes  []node
	edges  []edge
	outs   []int32 // keyword indexes
	keys   []keyword

	longest int // bytes of the longest keyword
}

// bitmap has two bits for every pair of bytes, the first in the low half: whether they begin a keyword, outside a word and
// inside one.
type bitmap [1 << 11]uint64

func (m *bitmap) bit(pair, inWord uint) uint {
	return uint(m[pair>>5&(1<<11-1)]>>((pair<<1|inWord)&63)) & 1
}

func (m *bitmap) set(a, b byte, inWord bool) {
	pair := uint(b)<<8 | uint(a)
	m[pair>>5] |= 1 << (pair << 1 & 63)
	if inWord {
		m[pair>>5] |= 1 << ((pair<<1 | 1) & 63)
	}
}

type node struct {
	edge, edges int32 // children: edges[edge : edge+edges], by byte
	out, outs   int32
	begins      uint64 // bit b%64 for every child's byte b: most steps end here
}

type edge struct {
	b  byte
	to int32
}

// building is a node of a trie being built.
type building struct {
	next map[byte]*building
	out  []int32
}

func newTrie(keys []keyword) *trie {
	t := &trie{keys: keys}
	root := &building{next: map[byte]*building{}}
	for i, k := range keys {
		n := root
		for j := range len(k.text) {
			child := n.next[k.text[j]]
			if child == nil {
				child = &building{next: map[byte]*building{}}
				n.next[k.text[j]] = child
			}
			n = child
		}
		n.out = append(n.out, int32(i))
		t.begin.mark(k.text, !k.start || alnums[k.text[0]] == 0) // what is no letter can begin a word behind one
		t.head(k)
		t.longest = max(t.longest, len(k.text))
	}
	t.freeze(root)
	for _, e := range t.edges[t.nodes[0].edge : t.nodes[0].edge+t.nodes[0].edges] {
		t.root[e.b] = e.to
	}
	return t
}

// goesOn is what a head of three or four bytes differs by behind which a letter or digit stands.
const goesOn = 1 << 63

// head notes the first bytes of a keyword, with any one white space for a space. Texts in which more stands between two
// bytes are told apart by [stretched].
func (t *trie) head(k keyword) {
	b := []byte(k.text)
	switch len(b) {
	case 1:
		t.single[b[0]] = 1
	case 2: // anything may stand behind it
		for c := range 256 {
			if !k.end || alnums[b[1]]&alnums[c] == 0 {
				t.setHead(append(b[:2:2], byte(c)), 2, 0)
				t.setHead(append(b[:2:2], byte(c)), 2, goesOn)
			}
		}
	case 3, 4:
		t.setHead(b, 0, 0)
		if !k.end || alnums[b[len(b)-1]] == 0 {
			t.setHead(b, 0, goesOn)
		}
	case 5:
		t.setHead(b[:4], 0, uint64(alnums[b[4]])*goesOn)
	default:
		t.setHead(b[:6], 0, 0)
	}
}

// setHead notes a head, and what it is with other white space for its spaces from that offset on.
func (t *trie) setHead(head []byte, from int, on uint64) {
	i := bytes.IndexByte(head[from:], ' ')
	if i < 0 {
		var b [8]byte
		copy(b[:], head)
		h := headHash(binary.LittleEndian.Uint64(b[:])|on, len(head))
		t.heads[h>>6] |= 1 << (h & 63)
		return
	}
	for _, c := range " \t\n" {
		head[from+i] = byte(c)
		t.setHead(head, from+i+1, on)
	}
	head[from+i] = ' '
}

// headHash is the same whether a head of n bytes is read from a keyword or cut out of eight bytes of a text.
func headHash(head uint64, n int) uint { return uint((head + uint64(n)) * 0x9e3779b97f4a7c15 >> 48) }

func (t *trie) headBit(v uint64, n int) uint {
	h := headHash(v, n)
	return uint(t.heads[h>>6&(1<<10-1)] >> (h & 63))
}

// may is 1 where a keyword can begin with these eight bytes of text, the first two of which begin one, else 0.
func (t *trie) may(v uint64) uint {
	three := v&(1<<24-1) | uint64(alnums[byte(v>>24)])<<63
	four := v&(1<<32-1) | uint64(alnums[byte(v>>32)])<<63
	return (t.headBit(three, 3)|t.headBit(four, 4)|t.headBit(v&(1<<48-1), 6)|uint(t.single[byte(v)]))&1 | stretched(v)
}

// stretched is 1 where something in eight bytes of text is passed over when a keyword is followed: a filler, a hyphen at a
// line end, white space after white space.
func stretched(v uint64) uint {
	line := equal(v, '\n')
	white := line | equal(v, ' ') | equal(v, '\t')
	x := equal(v, filler) | equal(v, '-')&(line>>8|1<<63) | white&(white>>8)
	return uint((x | -x) >> 63)
}

// mark notes the first two bytes of a keyword as they are. What stands second may also be a filler, a
// hyphen at a line end, or any white space.
func (m *bitmap) mark(text string, inWord bool) {
	if len(text) < 2 {
		for b := range 256 {
			m.set(text[0], byte(b), inWord)
		}
		return
	}
	seconds := []byte{text[1], filler, '-'}
	if text[1] == ' ' {
		seconds = append(seconds, '\t', '\n')
	}
	for _, b := range seconds {
		m.set(text[0], b, inWord)
	}
}

func (t *trie) freeze(b *building) int32 {
	at := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{out: int32(len(t.outs)), outs: int32(len(b.out))})
	t.outs = append(t.outs, b.out...)
	labels := make([]int, 0, len(b.next))
	for c := range b.next {
		labels = append(labels, int(c))
	}
	sort.Ints(labels)
	to := make([]int32, len(labels))
	for i, c := range labels {
		to[i] = t.freeze(b.next[byte(c)])
	}
	t.nodes[at].edge, t.nodes[at].edges = int32(len(t.edges)), int32(len(labels))
	for i, c := range labels {
		t.edges = append(t.edges, edge{byte(c), to[i]})
		t.nodes[at].begins |= 1 << (c & 63)
	}
	return at
}

func (t *trie) child(n int32, c byte) int32 {
	x := &t.nodes[n]
	if x.begins&(1<<(c&63)) == 0 {
		return -1
	}
	for _, e := range t.edges[x.edge : x.edge+x.edges] {
		if e.b == c {
			return e.to
		}
	}
	return -1
}

// block is how much text is sifted at once, at most.
const block = 512

// find calls found for every keyword in text[from:to], in order of their starts; they may reach beyond to. Places are sifted
// without a branch, twice: which of them pass is hard to foresee.
func (t *trie) find(text []byte, from, to int, found func(key int32, start, end int)) {
	var places [block]uint16
	inWord := uint(0)
	if from > 0 { // beyond ASCII a byte does not say whether it ends a word; report looks closer
		inWord = uint(alnums[text[from-1]])
	}
	i := from
	for {
		size := min(block, to-i, len(text)-8-i) &^ 7
		if size <= 0 {
			break
		}
		b := text[i : i+size+8]
		n := uint(0)
		for at := 0; at < size; at += 8 {
			v, next := binary.LittleEndian.Uint64(b[at:]), uint(b[at+8])
			for j := range 7 {
				places[n&(block-1)] = uint16(at + j)
				n += t.begin.bit(uint(v)&(1<<16-1), inWord)
				inWord = uint(alnums[byte(v)])
				v >>= 8
			}
			places[n&(block-1)] = uint16(at + 7)
			n += t.begin.bit(uint(v)|next<<8, inWord)
			inWord = uint(alnums[byte(v)])
		}
		m := uint(0)
		for _, at := range places[:n] {
			places[m&(block-1)] = at
			m += t.may(binary.LittleEndian.Uint64(b[at:]))
		}
		for _, at := range places[:m] {
			t.walk(text, i+int(at), found)
		}
		i += size
	}
	for ; i < to; i++ {
		two := uint(text[i])
		if i+1 < len(text) {
			two |= uint(text[i+1]) << 8
		}
		if t.begin.bit(two, inWord) != 0 {
			t.walk(text, i, found)
		}
		inWord = uint(alnums[text[i]])
	}
}

// alnums is 1 for the bytes of ASCII letters and digits.
var alnums = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(boolInt(alnum(byte(c))))
	}
	return t
}()

func (t *trie) walk(text []byte, start int, found func(key int32, start, end int)) {
	n := t.root[text[start]]
	inWord := -1 // whether start lies inside a word; -1: not asked yet
	for p := start + 1; n > 0; {
		if t.nodes[n].outs > 0 {
			if inWord < 0 {
				inWord = boolInt(insideWord(text, start))
			}
			t.report(n, text, start, p, inWord == 1, found)
		}
		if p >= len(text) {
			return
		}
		n, p = t.step(n, text, p)
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// step follows one character: white space as a whole run, fillers not at all, and a hyphen at a line end as if the
// word had not been broken there.
func (t *trie) step(n int32, text []byte, p int) (int32, int) {
	c := text[p]
	switch c {
	case filler:
		return n, p + 1
	case ' ', '\t', '\n':
		n = t.child(n, ' ')
		for p < len(text) && isSpace(text[p]) {
			p++
		}
		return n, p
	case '-':
		if to := t.child(n, c); to >= 0 || p+1 >= len(text) || text[p+1] != '\n' {
			return to, p + 1
		}
		return n, p + 2
	}
	return t.child(n, c), p + 1
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

func (t *trie) report(n int32, text []byte, start, end int, inWord bool, found func(key int32, start, end int)) {
	x := t.nodes[n]
	goesOn, asked := false, false
	for _, k := range t.outs[x.out : x.out+x.outs] {
		if t.keys[k].start && inWord {
			continue
		}
		if t.keys[k].end {
			if !asked {
				goesOn, asked = insideWord(text, end), true
			}
			if goesOn {
				continue
			}
		}
		found(k, start, end)
	}
}

// insideWord says whether the characters on both sides of offset p belong to one word.
func insideWord(text []byte, p int) bool {
	if p == 0 || p >= len(text) {
		return false
	}
	before, _ := utf8.DecodeLastRune(text[:p])
	if before == filler && p > 1 {
		before, _ = utf8.DecodeLastRune(bytes.TrimRight(text[:p], string(rune(filler))))
	}
	after, _ := utf8.DecodeRune(text[p:])
	return isWord(before) && (isWord(after) || after == filler)
}

// isWord says whether r is part of words: letters, marks, digits and the underscore of any script.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
}

// maxWord is how far the ends of a word are looked for.
const maxWord = 256

// wordEnd is where the word around offset p ends.
func wordEnd(text []byte, p int) int {
	for limit := p + maxWord; p < len(text) && p < limit; {
		r, n := utf8.DecodeRune(text[p:])
		if !isWord(r) && r != filler {
			break
		}
		p += n
	}
	return p
}

// wordStart is where the word around offset p begins.
func wordStart(text []byte, p int) int {
	for limit := p - maxWord; p > 0 && p > limit; {
		r, n := utf8.DecodeLastRune(text[:p])
		if !isWord(r) && r != filler {
			break
		}
		p -= n
	}
	return p
}
