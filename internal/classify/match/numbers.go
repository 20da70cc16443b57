package match

import (
	"encoding/binary"
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// automaton is many expressions as one program (Thompson). It never changes; each scanner builds the states it needs.
type automaton struct {
	inst   []syntax.Inst // all programs, addresses shifted; the Arg of a match is its pattern
	starts []uint32
}

func newAutomaton(trees []*syntax.Regexp) (*automaton, error) {
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
		a.starts = append(a.starts, base+uint32(p.Start))
	}
	return a, nil
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

const (
	stateUnknown int32 = iota
	stateDead
)

// cache is the part of the deterministic automaton that texts have asked for.
type cache struct {
	a     *automaton
	next  []int32 // state*symbols + symbol
	core  [][]uint32
	prev  []uint8
	outs  [][]int32 // patterns that match on entering the state
	ids   map[string]int32
	begin [4]int32

	stack, set []uint32
	out        []int32
	mark       []uint32
	gen        uint32
	key        []byte
}

func newCache(a *automaton) *cache {
	c := &cache{a: a, mark: make([]uint32, len(a.inst))}
	c.reset()
	return c
}

func (c *cache) reset() {
	c.next, c.core, c.prev, c.outs, c.ids = c.next[:0], c.core[:0], c.prev[:0], c.outs[:0], map[string]int32{}
	c.state(nil, 0, nil) // unknown
	c.state(nil, 1, nil) // dead
	for p := range c.begin {
		c.begin[p] = c.state(c.a.starts, uint8(p), nil)
	}
}

// state returns the state with that core, made if it is new.
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
	if id, ok := c.ids[string(key)]; ok {
		return id
	}
	id := int32(len(c.core))
	c.ids[string(key)] = id
	c.core, c.prev, c.outs = append(c.core, slices.Clone(core)), append(c.prev, prev), append(c.outs, slices.Clone(out))
	c.next = append(c.next, make([]int32, symbols)...)
	return id
}

// step is the state behind one symbol.
func (c *cache) step(from int32, sym int) int32 {
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
		return stateDead
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

// at appends the patterns that may match from offset p on, and returns how many characters it read. It never misses one.
func (c *cache) at(text []byte, p int, hits []int32) (found []int32, read int) {
	if len(c.core) > maxStates {
		c.reset()
	}
	state := c.begin[standing(text, p)]
	for {
		sym := symEnd
		if p < len(text) {
			sym = min(int(text[p]), symHigh)
		}
		to := c.next[int(state)*symbols+sym]
		if to == stateUnknown {
			to = c.step(state, sym)
			c.next[int(state)*symbols+sym] = to
		}
		if to == stateDead {
			return hits, read
		}
		for _, o := range c.outs[to] {
			if !slices.Contains(hits, o) {
				hits = append(hits, o)
			}
		}
		switch sym {
		case symEnd:
			return hits, read
		case symHigh:
			_, n := utf8.DecodeRune(text[p:])
			p += n
		default:
			p++
		}
		state = to
		read++
	}
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

// readings is how often each character of a text may be read by the automaton, on average: enough for any text but one
// made of digits.
const readings = 64

// numbers starts the automaton wherever a run of digits can belong to a match.
func (s *Scanner) numbers() {
	if s.auto == nil || s.want != nil && !slices.ContainsFunc(s.e.digits, s.wanted) {
		return
	}
	e, next, left := s.e, 0, readings*(len(s.text)+64)
	for _, d := range s.runs {
		for p := max(next, int(d.start)-e.before); p < int(d.end); p++ {
			next = p + 1
			if e.edged && wordByte(s.text[p]) == (p > 0 && wordByte(s.text[p-1])) || inside(s.text, p) {
				continue
			}
			var read int
			s.hits, read = s.auto.at(s.text, p, s.hits[:0])
			for _, h := range s.hits {
				if r := e.digits[h]; s.wanted(r) {
					s.anchored(r, &e.rules[r], p)
				}
			}
			if left -= read; left < 0 {
				s.eachNumber()
				return
			}
		}
	}
}

// eachNumber searches the text for each of the automaton's rules by itself, in place of what is left of it.
func (s *Scanner) eachNumber() {
	for _, r := range s.e.digits {
		if s.wanted(r) && s.done(r) < len(s.text) {
			s.wholeText(r)
		}
	}
}
