package match

import (
	"encoding/binary"
	"math/bits"

	"sigill/internal/classify/eight"
)

// Run is a run of ASCII digits in a text: byte offsets.
type Run struct{ Start, End int32 }

// candidate is a literal found in the text: its offset and length there.
type candidate struct {
	literal, at, n int32
}

// Scanner holds the memory of one scan. It is for one goroutine at a time; [Engine.Scan] takes one from a pool.
type Scanner struct {
	e      *Engine
	text   []byte
	runs   []Run
	exotic []int32
	fold   folded
	found  []candidate
	auto   *cache // of Engine.numbers
	atEdge *cache // of Engine.edges
	reach  *cache // of Engine.reach
	digits uint64 // all ones when runs of digits are wanted
	hits   []int32

	rules []progress
	gen   uint32
	out   []Match
	want  []bool
	stop  <-chan struct{}
	left  int // confirmations still allowed
	over  bool
}

func newScanner(e *Engine) *Scanner {
	s := &Scanner{e: e, rules: make([]progress, len(e.rules)), auto: newCache(e.numbers), atEdge: newCache(e.edges), reach: newCache(e.reach)}
	if s.auto != nil {
		s.digits = ^uint64(0)
	}
	return s
}

// NewScanner returns a scanner of its own.
func (e *Engine) NewScanner() *Scanner { return newScanner(e) }

// Limits bound one scan.
type Limits struct {
	Confirms int             // how many candidates an expression is run on
	Want     []bool          // by rule: whether it is looked for; nil for all
	Done     <-chan struct{} // ends the scan when it is closed; may be nil
}

// Scan appends all matches of the rules in text to out, in no particular order. complete is false when a limit ended the
// search: then matches may be missing.
func (e *Engine) Scan(text []byte, out []Match, lim Limits) (matches []Match, complete bool) {
	s := e.pool.Get().(*Scanner) //nolint:errcheck // the pool holds nothing else
	defer e.pool.Put(s)
	return s.Scan(text, out, lim)
}

// Scan is [Engine.Scan] on this scanner.
func (s *Scanner) Scan(text []byte, out []Match, lim Limits) (matches []Match, complete bool) {
	s.begin(text, out, lim)
	s.probeText()
	return s.finish()
}

func (s *Scanner) begin(text []byte, out []Match, lim Limits) {
	s.gen++
	s.text, s.out, s.left, s.over, s.want, s.stop = text, out, lim.Confirms, false, lim.Want, lim.Done
	s.runs, s.exotic, s.found = s.runs[:0], s.exotic[:0], s.found[:0]
}

// finish does what remains when the text has been probed.
func (s *Scanner) finish() (matches []Match, complete bool) {
	text := s.text
	if len(s.exotic) > 0 {
		s.probeExotic()
	}
	s.sortFound()
	for _, c := range s.found {
		for k := s.e.first[c.literal]; k < s.e.first[c.literal+1]; k++ {
			if u := &s.e.uses[k]; u.besides.stands(text, int(c.at), int(c.n)) && s.wanted(u.rule) {
				s.candidate(u.rule, int(c.at), int(c.n))
			}
		}
	}
	s.numbers()
	s.edges()
	for _, r := range s.e.always {
		if s.wanted(r) {
			s.wholeText(r)
		}
	}
	out := s.out
	s.text, s.out, s.want, s.stop = nil, nil, nil, nil
	return out, !s.over
}

const (
	cases = caseBit * eight.Ones
)

// probeText looks at every window of the text, eight bytes at a time.
func (s *Scanner) probeText() {
	n := len(s.text)
	s.ends(-3, 0)
	body := 0
	if n >= 16 {
		switch s.e.table.stride {
		case 4:
			body = s.stride4()
		case 2:
			body = s.stride2()
		default:
			body = s.stride1()
		}
	}
	for i := body; i < n; i += 8 { // the rest, which a load of sixteen bytes would overrun
		w := load8(s.text, i)
		s.note(i, highBytes(w), eight.Digits(w)&s.digits)
	}
	s.ends(body, n)
}

// ends probes windows near the ends of the text one by one.
func (s *Scanner) ends(from, to int) {
	for i := from; i < to; i++ {
		if (i+16)%s.e.table.stride == 0 {
			s.probe(s.text, i, false)
		}
	}
}

// highBytes has the high bit of each byte of w that may be the lead byte of an exotic character: those from C4 on.
func highBytes(w uint64) uint64 { return (w&^eight.Highs + 0x3c*eight.Ones) & w & eight.Highs }

// note keeps the exotic characters and the runs of digits among eight bytes at i.
func (s *Scanner) note(i int, high, digits uint64) {
	if high != 0 {
		s.noteExotic(i, high)
	}
	if digits == 0 {
		return
	}
	m := eight.Set(digits)
	for m != 0 {
		from := bits.TrailingZeros8(m)
		to := from + bits.TrailingZeros8(^(m >> from))
		m = m >> to << to
		start, end := int32(i+from), int32(i+to)
		if n := len(s.runs); n > 0 && s.runs[n-1].End == start {
			s.runs[n-1].End = end
			continue
		}
		s.runs = append(s.runs, Run{start, end})
	}
}

func (s *Scanner) stride4() int {
	t := &s.e.table
	bm, shift, text, wanted := t.bitmap, t.shift&31, s.text, s.digits
	i := 0
	for ; i+16 <= len(text); i += 8 {
		b := text[i : i+16 : i+16]
		w := binary.LittleEndian.Uint64(b)
		v := w | cases
		h0, h1 := uint32(v)*multiplier>>shift, uint32(v>>32)*multiplier>>shift
		b0, b1 := bm[uint16(h0>>6)]>>(h0&63), bm[uint16(h1>>6)]>>(h1&63)
		if (b0|b1)&1 != 0 {
			if b0&1 != 0 {
				s.window(text, i, uint32(v), false)
			}
			if b1&1 != 0 {
				s.window(text, i+4, uint32(v>>32), false)
			}
		}
		if high, digits := highBytes(w), eight.Digits(w)&wanted; high|digits != 0 {
			s.note(i, high, digits)
		}
	}
	return i
}

func (s *Scanner) stride2() int {
	t := &s.e.table
	bm, shift, text, wanted := t.bitmap, t.shift&31, s.text, s.digits
	i := 0
	for ; i+24 <= len(text); i += 16 {
		b := text[i : i+24 : i+24]
		w, w2 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		v, v2 := w|cases, w2|cases
		h0, h1 := uint32(v)*multiplier>>shift, uint32(v>>16)*multiplier>>shift
		h2, h3 := uint32(v>>32)*multiplier>>shift, uint32(v>>48|v2<<16)*multiplier>>shift
		h4, h5 := uint32(v2)*multiplier>>shift, uint32(v2>>16)*multiplier>>shift
		h6, h7 := uint32(v2>>32)*multiplier>>shift, (binary.LittleEndian.Uint32(b[14:])|caseBits)*multiplier>>shift
		b0, b1 := bm[uint16(h0>>6)]>>(h0&63), bm[uint16(h1>>6)]>>(h1&63)
		b2, b3 := bm[uint16(h2>>6)]>>(h2&63), bm[uint16(h3>>6)]>>(h3&63)
		b4, b5 := bm[uint16(h4>>6)]>>(h4&63), bm[uint16(h5>>6)]>>(h5&63)
		b6, b7 := bm[uint16(h6>>6)]>>(h6&63), bm[uint16(h7>>6)]>>(h7&63)
		if (b0|b1|b2|b3|b4|b5|b6|b7)&1 != 0 {
			s.windows(i, 2, b0&1|b1&1<<1|b2&1<<2|b3&1<<3|b4&1<<4|b5&1<<5|b6&1<<6|b7&1<<7)
		}
		high, digits := highBytes(w), eight.Digits(w)&wanted
		high2, digits2 := highBytes(w2), eight.Digits(w2)&wanted
		if high|digits|high2|digits2 != 0 {
			s.note(i, high, digits)
			s.note(i+8, high2, digits2)
		}
	}
	return i
}

// windows looks at those of eight windows from i on, stride bytes from each to the next, that are in a set.
func (s *Scanner) windows(i, stride int, set uint64) {
	for ; set != 0; set &= set - 1 {
		at := i + stride*bits.TrailingZeros64(set)
		s.window(s.text, at, binary.LittleEndian.Uint32(s.text[at:])|caseBits, false)
	}
}

func (s *Scanner) stride1() int {
	t := &s.e.table
	bm, shift, text, wanted := t.bitmap, t.shift&31, s.text, s.digits
	i := 0
	for ; i+16 <= len(text); i += 8 {
		b := text[i : i+16 : i+16]
		w := binary.LittleEndian.Uint64(b)
		v, v2 := w|cases, binary.LittleEndian.Uint64(b[4:])|cases
		h0, h1 := uint32(v)*multiplier>>shift, uint32(v>>8)*multiplier>>shift
		h2, h3 := uint32(v>>16)*multiplier>>shift, uint32(v>>24)*multiplier>>shift
		h4, h5 := uint32(v2)*multiplier>>shift, uint32(v2>>8)*multiplier>>shift
		h6, h7 := uint32(v2>>16)*multiplier>>shift, uint32(v2>>24)*multiplier>>shift
		b0, b1 := bm[uint16(h0>>6)]>>(h0&63), bm[uint16(h1>>6)]>>(h1&63)
		b2, b3 := bm[uint16(h2>>6)]>>(h2&63), bm[uint16(h3>>6)]>>(h3&63)
		b4, b5 := bm[uint16(h4>>6)]>>(h4&63), bm[uint16(h5>>6)]>>(h5&63)
		b6, b7 := bm[uint16(h6>>6)]>>(h6&63), bm[uint16(h7>>6)]>>(h7&63)
		if (b0|b1|b2|b3|b4|b5|b6|b7)&1 != 0 {
			s.windows(i, 1, b0&1|b1&1<<1|b2&1<<2|b3&1<<3|b4&1<<4|b5&1<<5|b6&1<<6|b7&1<<7)
		}
		if high, digits := highBytes(w), eight.Digits(w)&wanted; high|digits != 0 {
			s.note(i, high, digits)
		}
	}
	return i
}

// probe looks at the window at i of a text, which may reach beyond its ends.
func (s *Scanner) probe(text []byte, i int, exotic bool) {
	k := uint32(load8(text, i)) | caseBits
	h := k * multiplier >> s.e.table.shift
	if s.e.table.bitmap[uint16(h>>6)]>>(h&63)&1 != 0 {
		s.window(text, i, k, exotic)
	}
}

// window takes the literals that stand around a window of text whose bit is set. With exotic, text is that of s.fold and
// only literals that hold an exotic character count; else only those that hold none.
func (s *Scanner) window(text []byte, i int, key uint32, exotic bool) {
	t := &s.e.table
	j := t.home(key)
	for t.keys[j].key != key || t.keys[j].posts == 0 {
		if t.keys[j].posts == 0 {
			return
		}
		j = (j + 1) & t.mask
	}
	for k := t.keys[j].posts - 1; ; k++ {
		p := &t.posts[k]
		if at := i - int(p.offset); p.is(text, at) {
			s.literal(text, p, at, exotic)
		}
		if p.flags&lastPost != 0 {
			return
		}
	}
}

// literal takes a literal whose first bytes stand at an offset of a text, if the others do.
func (s *Scanner) literal(text []byte, p *post, at int, exotic bool) {
	if !exotic && p.flags&wholeVal != 0 {
		s.found = append(s.found, candidate{p.literal, int32(at), int32(p.size)})
		return
	}
	l := &s.e.literals[p.literal]
	switch {
	case at+len(l.s) > len(text):
	case exotic:
		s.exoticLiteral(p.literal, at)
	case sameFold(text[at:at+len(l.s)], l.s):
		s.found = append(s.found, candidate{p.literal, int32(at), int32(len(l.s))})
	}
}

// exoticLiteral takes a literal found at an offset of s.fold, unless the probe of the text itself sees it.
func (s *Scanner) exoticLiteral(literal int32, at int) {
	l := &s.e.literals[literal].s
	if string(s.fold.b[at:at+len(*l)]) != *l {
		return
	}
	from, to := int(s.fold.orig[at]), int(s.fold.orig[at+len(*l)])
	if to > from && s.hasExotic(from, to) {
		s.found = append(s.found, candidate{literal, int32(from), int32(to - from)})
	}
}
