package classify

import (
	"bytes"
	"cmp"
	"maps"
	"math/bits"
	"slices"
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
	at   int32 // index of a detector, of a context set or of a literal
	term int32 // index of the detector's term, or one of these
}

const (
	gate    = -1 // the keyword opens a detector for the whole segment
	literal = -2 // it may be a literal of patterns
)

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

// trie finds every keyword of a set: at each place where the first bytes of one stand, it follows the keyword's bytes. No state
// is carried from one place to the next, and at most places one look into a table says that no keyword begins there.
type trie struct {
	sieve
	root  [256]int32
	nodes []node
	edges []edge
	tails []byte  // what is left of keywords where no other goes on
	outs  []int32 // keyword indexes
	keys  []keyword

	longest int // bytes of the longest keyword
}

type node struct {
	edge, edges int32 // children: edges[edge : edge+edges], by their bits
	out, outs   int32
	begins      uint64 // bit b%64 for every child's byte b: most steps end here
	shared      bool   // two children have the same bit
	only        bool   // there is one way on, without a branch: tails[edge : edge+edges], to the node at leaf
	leaf        int32
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
		t.sieve.add(k)
		t.longest = max(t.longest, len(k.text))
	}
	t.freeze(root)
	for _, e := range t.edges[t.nodes[0].edge : t.nodes[0].edge+t.nodes[0].edges] {
		t.root[e.b] = e.to
	}
	return t
}

func (t *trie) freeze(b *building) int32 {
	at := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{out: int32(len(t.outs)), outs: int32(len(b.out))})
	t.outs = append(t.outs, b.out...)
	if tail, last := b.tail(); last != nil && at > 0 { // the root is for itself
		from := len(t.tails)
		t.tails = append(t.tails, tail...)
		leaf := t.freeze(last)
		x := &t.nodes[at]
		x.edge, x.edges, x.only, x.leaf = int32(from), int32(len(tail)), true, leaf
		return at
	}
	labels := slices.SortedFunc(maps.Keys(b.next), func(x, y byte) int { return cmp.Compare(x&63, y&63) })
	to := make([]int32, len(labels))
	for i, c := range labels {
		to[i] = t.freeze(b.next[c])
	}
	x := &t.nodes[at]
	x.edge, x.edges = int32(len(t.edges)), int32(len(labels))
	for i, c := range labels {
		t.edges = append(t.edges, edge{c, to[i]})
		x.shared = x.shared || x.begins&(1<<(c&63)) != 0
		x.begins |= 1 << (c & 63)
	}
	return at
}

// tail is the one way on from a node to the end of a keyword behind which no other goes on; last is nil if there is no such way.
func (b *building) tail() (way []byte, last *building) {
	for len(b.next) == 1 {
		for c, next := range b.next {
			way, b = append(way, c), next
		}
		if len(b.out) > 0 {
			break
		}
	}
	if len(way) == 0 || len(b.next) > 0 {
		return nil, nil
	}
	return way, b
}

func (t *trie) child(n int32, c byte) int32 {
	x := &t.nodes[n]
	bit := uint64(1) << (c & 63)
	if x.begins&bit == 0 {
		return -1
	}
	if !x.shared {
		if e := t.edges[int(x.edge)+bits.OnesCount64(x.begins&(bit-1))]; e.b == c {
			return e.to
		}
		return -1
	}
	for _, e := range t.edges[x.edge : x.edge+x.edges] {
		if e.b == c {
			return e.to
		}
	}
	return -1
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
		if x := &t.nodes[n]; x.only {
			n, p = x.leaf, follow(t.tails[x.edge:x.edge+x.edges], text, p)
			if p < 0 {
				return
			}
			continue
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

// follow is step for all of a tail: where it ends, or -1.
func follow(tail, text []byte, p int) int {
	for i := 0; i < len(tail); {
		if p >= len(text) {
			return -1
		}
		switch c := text[p]; {
		case c == ' ' || c == '\t' || c == '\n':
			if tail[i] != ' ' {
				return -1
			}
			for i++; p < len(text) && isSpace(text[p]); p++ {
			}
		case c == tail[i]:
			i, p = i+1, p+1
		case c == filler:
			p++
		case c == '-' && p+1 < len(text) && text[p+1] == '\n':
			p += 2
		default:
			return -1
		}
	}
	return p
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
