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

// keywordSet gathers keywords, each once, with the consumers that want to hear of it.
type keywordSet struct {
	index map[keyword]int32
	all   []keyword
	uses  [][]use // by keyword
}

// use is one consumer of a keyword.
type use struct {
	kind useKind
	at   int32 // index of a detector or context set
	term int32 // useWord: index of the detector's term
}

type useKind uint8

const (
	useWord    useKind = iota // a phrase of a word detector
	useContext                // a word of a context set
	useGate                   // opens a pattern or detector for the whole segment
)

func newKeywordSet() *keywordSet { return &keywordSet{index: map[keyword]int32{}} }

func (s *keywordSet) add(k keyword, u use) {
	at, ok := s.index[k]
	if !ok {
		at = int32(len(s.all))
		s.index[k] = at
		s.all, s.uses = append(s.all, k), append(s.uses, nil)
	}
	s.uses[at] = append(s.uses[at], u)
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

// trie finds every keyword of a set in one walk: at each offset whose first two bytes begin a keyword, it follows the
// keyword's bytes. No state is carried from one offset to the next, so most offsets cost one look into a bitmap. Inside
// a word only keywords that may begin there are looked for.
type trie struct {
	begin  bitmap // the first two bytes of all keywords
	inside bitmap // of those that may begin inside a word
	short  bitmap // of those whose first four bytes cannot be told
	long   bitmap // hashes of the first four bytes of the others
	root   [256]int32
	nodes  []node
	edges  []edge
	outs   []int32 // keyword indexes
	keys   []keyword
}

// bitmap has a bit for every pair of bytes.
type bitmap [1 << 10]uint64

func (m *bitmap) has(w uint) bool { return m[w>>6]&(1<<(w&63)) != 0 }

func (m *bitmap) set(a, b byte) {
	w := uint(a)<<8 | uint(b)
	m[w>>6] |= 1 << (w & 63)
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
		t.begin.mark(k.text)
		if !k.start {
			t.inside.mark(k.text)
		}
		if plainStart(k.text) {
			t.long.setHash(binary.LittleEndian.Uint32([]byte(k.text)))
		} else {
			t.short.mark(k.text)
		}
	}
	t.freeze(root)
	for _, e := range t.edges[t.nodes[0].edge : t.nodes[0].edge+t.nodes[0].edges] {
		t.root[e.b] = e.to
	}
	return t
}

// plainStart says whether the first four bytes of a keyword stand in a text as they are, unless a filler or a hyphen at a
// line end stands between them.
func plainStart(text string) bool {
	return len(text) >= 4 && !strings.ContainsAny(text[:4], " -")
}

func hash16(w uint32) uint { return uint(w * 0x9e3779b1 >> 16) }

func (m *bitmap) setHash(w uint32) {
	h := hash16(w)
	m[h>>6] |= 1 << (h & 63)
}

// may says whether a keyword can begin with these four bytes of text, the first two of which begin one.
func (t *trie) may(w uint32, two uint) bool {
	return t.long.has(hash16(w)) || t.short.has(two) || holds(w, filler) || holds(w, '-')
}

// holds says whether one of four bytes is b.
func holds(w uint32, b byte) bool {
	x := w ^ uint32(b)*0x01010101
	return (x-0x01010101)&^x&0x80808080 != 0
}

// mark notes the first two bytes of a keyword. What stands second may also be a filler, or any white space.
func (m *bitmap) mark(text string) {
	if len(text) < 2 {
		for b := range 256 {
			m.set(text[0], byte(b))
		}
		return
	}
	m.set(text[0], text[1])
	m.set(text[0], filler)
	if text[1] == ' ' {
		m.set(text[0], '\t')
		m.set(text[0], '\n')
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

// find calls found for every keyword in text[from:to], in order of their starts; they may reach beyond to.
func (t *trie) find(text []byte, from, to int, found func(key int32, start, end int)) {
	prev := byte(' ')
	if from > 0 {
		prev = text[from-1]
	}
	for i := from; i < to; i++ {
		c := text[i]
		w := uint(c) << 8
		if i+1 < len(text) {
			w |= uint(text[i+1])
		}
		// Beyond ASCII a byte does not say whether it ends a word; report looks closer.
		if t.begin.has(w) && (!alnum(prev) || t.inside.has(w)) && (i+4 > len(text) || t.may(binary.LittleEndian.Uint32(text[i:]), w)) {
			t.walk(text, i, found)
		}
		prev = c
	}
}

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
