package match

import (
	"encoding/binary"
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode/utf8"

	"sigill/internal/classify/eight"
)

// automaton is many expressions as one program (Thompson). It never changes; each scanner builds the states it needs.
type automaton struct {
	inst    []syntax.Inst // all programs, addresses shifted; the Arg of a match is its pattern
	parts   [][]uint32    // the beginnings of the patterns that are looked for together
	pairs   pairs         // the two bytes that a match can begin with
	hull    [2]hull       // what holds all first bytes of these, and all second ones
	outside uint64        // all ones if a match can begin with one that is no part of a word, else 0

	class [256]uint8 // of a byte: those of one class make no difference to any instruction
	end   uint8      // the class of the end of the text
	width int32      // how many classes, and an even number
}

// newAutomaton makes one of some expressions, or none of none. With apart each is looked for by itself, else all together.
func newAutomaton(trees []*syntax.Regexp, apart bool) (*automaton, error) {
	if len(trees) == 0 {
		return nil, nil
	}
	a := &automaton{}
	for i, re := range trees {
		p, err := syntax.Compile(re.Simplify())
		if err != nil {
			return nil, fmt.Errorf("compile expression: %w", err)
		}
		base := uint32(len(a.inst))
		for _, in := range p.Inst {
			switch in.Op {
			case syntax.InstMatch:
				in.Arg = uint32(i)
			case syntax.InstAlt, syntax.InstAltMatch:
				in.Out, in.Arg = in.Out+base, in.Arg+base
			default:
				in.Out += base
			}
			a.inst = append(a.inst, in)
		}
		if apart || i == 0 {
			a.parts = append(a.parts, nil)
		}
		last := &a.parts[len(a.parts)-1]
		*last = append(*last, base+uint32(p.Start))
	}
	a.classify()
	return a, nil
}

// classify puts the symbols in classes.
func (a *automaton) classify() {
	var sets []*syntax.Inst // each set of characters once
	seen, key := map[string]bool{}, []byte(nil)
	for i := range a.inst {
		in := &a.inst[i]
		switch in.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			key = binary.LittleEndian.AppendUint32(append(key[:0], byte(in.Op)), in.Arg)
			for _, r := range in.Rune {
				key = binary.LittleEndian.AppendUint32(key, uint32(r))
			}
			if !seen[string(key)] {
				seen[string(key)] = true
				sets = append(sets, in)
			}
		}
	}
	known := map[string]uint8{}
	for sym := range symbols {
		key = append(key[:0], assertionKind(sym))
		for _, in := range sets {
			if takes(in, sym) {
				key = append(key, 1)
			} else {
				key = append(key, 0)
			}
		}
		if _, ok := known[string(key)]; !ok {
			known[string(key)] = uint8(len(known))
		}
		switch c := known[string(key)]; {
		case sym < symHigh:
			a.class[sym] = c
		case sym == symHigh:
			for b := symHigh; b < len(a.class); b++ {
				a.class[b] = c
			}
		default:
			a.end = c
		}
	}
	a.width = int32(len(known)+1) &^ 1
}

// assertionKind tells symbols apart that assertions do.
func assertionKind(sym int) byte {
	switch {
	case sym == symEnd:
		return 'e'
	case sym == '\n':
		return 'n'
	case sym < symHigh && wordByte(byte(sym)):
		return 'w'
	}
	return 0
}

// pairs has a bit for two bytes of text, the first in the lowest place, at which a match can begin: behind a byte that is no part
// of a word, and behind one that is. Where the first is beyond ASCII the second does not matter.
type pairs [2][1 << 10]uint64

// may is 1 if a match can begin with two bytes, else 0.
func (t *pairs) may(behindWord uint8, two uint16) uint8 {
	return uint8(t[behindWord&1][two>>6]>>(two&63)) & 1
}

// hull is a range of ASCII, each end as the eight bytes of a word, and beyond, which is [eight.Highs] if other bytes are in it too.
type hull struct{ first, last, beyond uint64 }

// of has the high bit of each byte of w that is in the hull.
func (h *hull) of(w uint64) uint64 { return eight.Between(w, h.first, h.last) | w&h.beyond }

func newHull(set *[256]bool) hull {
	first, last := byte(utf8.RuneSelf-1), byte(0)
	h := hull{}
	for b, in := range set {
		switch {
		case in && b >= utf8.RuneSelf:
			h.beyond = eight.Highs
		case in:
			first, last = min(first, byte(b)), max(last, byte(b))
		}
	}
	h.first, h.last = uint64(first)*eight.Ones, uint64(last)*eight.Ones
	return h
}

// begins finds the bytes that a match of the first part can begin with.
func (a *automaton) begins() {
	c := newCache(a)
	for before := range beforeText + 1 {
		from, seconds := c.start(0, before), map[int32]*[symHigh + 1]bool{}
		for b := range symHigh + 1 {
			to := c.known(from, b)
			if to == c.dead {
				continue
			}
			if b == symHigh || !wordByte(byte(b)) {
				a.outside = ^uint64(0)
			}
			if seconds[to] == nil {
				seconds[to] = c.seconds(to)
			}
			t := &a.pairs[0]
			if before == beforeWord {
				t = &a.pairs[1]
			}
			note(t, b, seconds[to])
		}
	}
	var set [2][256]bool
	for two := range 1 << 16 {
		if (a.pairs.may(0, uint16(two)) | a.pairs.may(1, uint16(two))) != 0 {
			set[0][two&0xff], set[1][two>>8] = true, true
		}
	}
	a.hull = [2]hull{newHull(&set[0]), newHull(&set[1])}
}

// seconds are the symbols that can stand behind the first one of a match, which led to a row.
func (c *cache) seconds(row int32) *[symHigh + 1]bool {
	var can [symHigh + 1]bool
	for b := range can {
		can[b] = len(c.outs[row/c.a.width]) > 0 || c.known(row, b) != c.dead
	}
	return &can
}

// note notes a first symbol with those that can stand behind it.
func note(t *[1 << 10]uint64, first int, can *[symHigh + 1]bool) {
	last := first
	if first == symHigh {
		last = 0xff
	}
	for b := first; b <= last; b++ {
		for second := range 0x100 {
			if first == symHigh || can[min(second, symHigh)] {
				t[(b|second<<8)>>6] |= 1 << (b & 63)
			}
		}
	}
}

// Symbols of the automaton: the bytes of ASCII, any other character, and the end of the text.
const (
	symHigh = utf8.RuneSelf
	symEnd  = symHigh + 1
	symbols = symEnd + 1
)

// maxStates bounds a cache; beyond it the states are built anew.
const maxStates = 20000

// What stands before a place, as far as an expression can see it.
const (
	beforeOther uint8 = iota
	beforeWord
	beforeLine
	beforeText
)

// cache is the part of the deterministic automaton that texts have asked for. A state is known by where its row of next begins.
type cache struct {
	a    *automaton
	next []int32 // at a row plus a class: the row that follows, plus 1 if patterns match on entering it
	dead int32   // the row from which nothing follows; the one before stands for what is not known yet
	core [][]uint32
	prev []uint8
	outs [][]int32 // patterns that match on entering the state
	ids  map[string]int32

	begin []int32 // by part and what stands before it; 0 for not made yet

	stack, set []uint32
	out        []int32
	mark       []uint32
	gen        uint32
	key        []byte
}

// unknown is a row that has not been made yet.
const unknown int32 = 0

func newCache(a *automaton) *cache {
	if a == nil {
		return nil
	}
	c := &cache{a: a, dead: a.width, mark: make([]uint32, len(a.inst)), begin: make([]int32, 4*len(a.parts))}
	c.reset()
	return c
}

func (c *cache) reset() {
	c.next, c.core, c.prev, c.outs, c.ids = c.next[:0], c.core[:0], c.prev[:0], c.outs[:0], map[string]int32{}
	c.state(nil, 0, nil) // unknown
	c.state(nil, 1, nil) // dead
	clear(c.begin)
}

// start is the state in which a part begins.
func (c *cache) start(part int, before uint8) int32 {
	i := 4*part + int(before)
	if c.begin[i] == unknown {
		c.begin[i] = c.state(c.a.parts[part], before, nil)
	}
	return c.begin[i]
}

// state returns the row of the state with that core, made if it is new.
func (c *cache) state(core []uint32, prev uint8, out []int32) int32 {
	key := append(c.key[:0], prev)
	for _, x := range core {
		key = binary.LittleEndian.AppendUint32(key, x)
	}
	key = append(key, 0xff)
	for _, x := range out {
		key = binary.LittleEndian.AppendUint32(key, uint32(x))
	}
	c.key = key
	if row, ok := c.ids[string(key)]; ok {
		return row
	}
	row := int32(len(c.next))
	c.ids[string(key)] = row
	c.core, c.prev, c.outs = append(c.core, slices.Clone(core)), append(c.prev, prev), append(c.outs, slices.Clone(out))
	c.next = append(c.next, make([]int32, c.a.width)...)
	return row
}

// step is the row of the state behind one symbol.
func (c *cache) step(from int32, sym int) int32 {
	from /= c.a.width
	c.gen++
	c.out, c.set = c.out[:0], c.set[:0]
	c.stack = append(c.stack[:0], c.core[from]...)
	holds := assertions(c.prev[from], sym)
	for len(c.stack) > 0 {
		pc := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		if c.mark[pc] == c.gen {
			continue
		}
		c.mark[pc] = c.gen
		c.follow(&c.a.inst[pc], sym, holds)
	}
	if len(c.set) == 0 && len(c.out) == 0 {
		return c.dead
	}
	slices.Sort(c.set)
	slices.Sort(c.out)
	prev := beforeOther
	switch {
	case sym == '\n':
		prev = beforeLine
	case sym < symHigh && wordByte(byte(sym)):
		prev = beforeWord
	}
	return c.state(slices.Compact(c.set), prev, c.out)
}

// follow runs one instruction.
func (c *cache) follow(in *syntax.Inst, sym int, holds syntax.EmptyOp) {
	switch in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		c.stack = append(c.stack, in.Out, in.Arg)
	case syntax.InstCapture, syntax.InstNop:
		c.stack = append(c.stack, in.Out)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(in.Arg)&^holds == 0 {
			c.stack = append(c.stack, in.Out)
		}
	case syntax.InstMatch:
		c.out = append(c.out, int32(in.Arg))
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		if takes(in, sym) {
			c.set = append(c.set, in.Out)
		}
	case syntax.InstFail:
	}
}

// takes says whether an instruction may go on over a symbol. Of characters beyond ASCII only that there is one is known.
func takes(in *syntax.Inst, sym int) bool {
	switch {
	case sym == symEnd:
		return false
	case sym < symHigh:
		return in.MatchRune(rune(sym))
	case in.Op == syntax.InstRuneAny, in.Op == syntax.InstRuneAnyNotNL:
		return true
	case len(in.Rune) == 1: // one character, perhaps in any case
		return in.Rune[0] >= utf8.RuneSelf || syntax.Flags(in.Arg)&syntax.FoldCase != 0
	}
	return len(in.Rune) > 0 && in.Rune[len(in.Rune)-1] >= utf8.RuneSelf
}

// assertions are what holds between what stood before and a symbol.
func assertions(prev uint8, sym int) syntax.EmptyOp {
	var holds syntax.EmptyOp
	switch prev {
	case beforeText:
		holds = syntax.EmptyBeginText | syntax.EmptyBeginLine
	case beforeLine:
		holds = syntax.EmptyBeginLine
	}
	switch sym {
	case symEnd:
		holds |= syntax.EmptyEndText | syntax.EmptyEndLine
	case '\n':
		holds |= syntax.EmptyEndLine
	}
	if word := sym < symHigh && wordByte(byte(sym)); (prev == beforeWord) != word {
		return holds | syntax.EmptyWordBoundary
	}
	return holds | syntax.EmptyNoWordBoundary
}

// at appends the patterns of a part that may match from offset p on, and returns up to where it had to read to know. It never
// misses one, and what stands behind end makes no difference to any.
func (c *cache) at(text []byte, part, p int, hits []int32) (found []int32, end int) {
	if len(c.core) > maxStates {
		c.reset()
	}
	row, class := c.start(part, standing(text, p)), &c.a.class
	for p < len(text) {
		b := text[p]
		to := c.next[int(row)+int(class[b])]
		if to <= c.dead {
			if to == unknown {
				to = c.learn(row, class[b], min(int(b), symHigh))
			}
			if to == c.dead {
				return hits, p + runeLen(text[p:])
			}
		}
		if to&1 != 0 {
			hits = c.enter(to, hits)
		}
		row = to &^ 1
		p++
		if b >= utf8.RuneSelf {
			p += runeLen(text[p-1:]) - 1
		}
	}
	to := c.next[int(row)+int(c.a.end)]
	if to == unknown {
		to = c.learn(row, c.a.end, symEnd)
	}
	if to&1 != 0 {
		hits = c.enter(to, hits)
	}
	return hits, p
}

// known is the row behind a byte of ASCII, or any other character.
func (c *cache) known(row int32, sym int) int32 {
	to := c.next[int(row)+int(c.a.class[sym])]
	if to == unknown {
		to = c.learn(row, c.a.class[sym], sym)
	}
	return to &^ 1
}

// learn finds out what follows a row, and keeps it.
func (c *cache) learn(row int32, class uint8, sym int) int32 {
	to := c.step(row, sym)
	if len(c.outs[to/c.a.width]) > 0 {
		to |= 1
	}
	c.next[int(row)+int(class)] = to
	return to
}

// enter adds the patterns that match on entering a state.
func (c *cache) enter(to int32, hits []int32) []int32 {
	for _, o := range c.outs[to/c.a.width] {
		if !slices.Contains(hits, o) {
			hits = append(hits, o)
		}
	}
	return hits
}

func runeLen(text []byte) int {
	_, n := utf8.DecodeRune(text)
	return n
}

// standing is what stands before offset p.
func standing(text []byte, p int) uint8 {
	switch {
	case p == 0:
		return beforeText
	case text[p-1] == '\n':
		return beforeLine
	case wordByte(text[p-1]):
		return beforeWord
	}
	return beforeOther
}

// readings is how often each character of a text may be read by an automaton, on average: enough for any text but one made
// for it.
const readings = 64

func (s *Scanner) allowance() int { return readings * (len(s.text) + 64) }

func (s *Scanner) anyWanted(rules []int32) bool {
	return len(rules) > 0 && (s.want == nil || slices.ContainsFunc(rules, s.wanted))
}

// numbers starts the automaton wherever a run of digits can belong to a match.
func (s *Scanner) numbers() {
	if !s.anyWanted(s.e.digits) {
		return
	}
	e, text, next, left := s.e, s.text, 0, s.allowance()
	for _, d := range s.runs {
		p := max(next, int(d.Start)-e.before)
		behindWord := uint8(0)
		if p > 0 {
			behindWord = wordBytes[text[p-1]]
		}
		next = int(d.End)
		for ; p < int(d.End); p++ {
			b := text[p]
			two := uint16(b)
			if p+1 < len(text) {
				two |= uint16(text[p+1]) << 8
			}
			may := e.numbers.pairs.may(behindWord, two)
			behindWord = wordBytes[b]
			if may == 0 && p+1 < len(text) || b >= utf8.RuneSelf && inside(text, p) {
				continue
			}
			if left -= s.start(s.auto, e.digits, p); left < 0 {
				s.each(e.digits)
				return
			}
		}
	}
}

// edges starts the automaton at every word boundary.
func (s *Scanner) edges() {
	if !s.anyWanted(s.e.words) {
		return
	}
	left := s.allowance()
	var at [edgeBlock + 8]uint8
	for from := 0; from < len(s.text); from += edgeBlock {
		for _, x := range at[:s.boundaries(from, &at)] {
			p := from + int(x)
			if s.text[p] >= utf8.RuneSelf && inside(s.text, p) {
				continue
			}
			if left -= s.start(s.atEdge, s.e.words, p); left < 0 {
				s.each(s.e.words)
				return
			}
		}
	}
}

// edgeBlock is how much text is looked through for word boundaries at once.
const edgeBlock = 256

// boundaries lists the word boundaries in a block of text at which a match can begin. They are hard to foresee, so that where bytes
// like those are common there is no branch on them.
func (s *Scanner) boundaries(from int, at *[edgeBlock + 8]uint8) (n int) {
	edges := s.e.edges
	hull, text := &edges.hull, s.text[from:]
	var end [edgeBlock]byte // of the text, padded
	b := &end
	if len(text) >= len(end) {
		b = (*[edgeBlock]byte)(text)
	} else {
		copy(end[:], text)
	}
	for i := 0; i < min(edgeBlock, len(text)); i += 8 {
		w := binary.LittleEndian.Uint64(b[i&(edgeBlock-8):])
		can := hull[0].of(w)
		if can == 0 {
			continue
		}
		if can &= hull[1].of(w)>>8 | 0x80<<56; can == 0 {
			continue
		}
		word, before := eight.Word(w), uint64(0)
		if p := from + i; p > 0 {
			before = uint64(wordBytes[s.text[p-1]]) << 7
		}
		f := &eight.Members[eight.Set((word^(word<<8|before))&(word|edges.outside)&can)]
		binary.LittleEndian.PutUint64(at[n&(edgeBlock-1):], f.At+uint64(i)*eight.Ones)
		n += f.N
	}
	last := len(s.text) - 1 - from // nothing stands behind it
	for n > 0 && int(at[n-1]) >= last {
		n--
	}
	m := 0
	for _, x := range at[:n] {
		at[m&(edgeBlock-1)] = x
		two := uint16(load8(s.text, from+int(x)))
		m += int(edges.pairs.may(1-wordBytes[byte(two)], two))
	}
	if last < edgeBlock {
		at[m] = uint8(last)
		m++
	}
	return m
}

// start looks for rules at offset p, and returns how much it read for it.
func (s *Scanner) start(auto *cache, rules []int32, p int) int {
	hits, end := auto.at(s.text, 0, p, s.hits[:0])
	for _, h := range hits {
		if r := rules[h]; s.wanted(r) {
			s.anchored(r, &s.e.rules[r], p)
		}
	}
	s.hits = hits
	return end - p
}

// each searches the text for every one of some rules by itself, in place of what is left of the work of their automaton.
func (s *Scanner) each(rules []int32) {
	for _, r := range rules {
		if s.wanted(r) && s.done(r) < len(s.text) {
			s.wholeText(r)
		}
	}
}
