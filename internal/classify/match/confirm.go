package match

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"
)

// sortFound puts the candidates in the order of the text: those of the second probe follow those of the first, and a literal is
// found where its rarest window stands, which may be behind another literal that begins in it.
func (s *Scanner) sortFound() {
	inOrder := func(a, b candidate) int { return cmp.Compare(a.at, b.at) }
	if !slices.IsSortedFunc(s.found, inOrder) {
		slices.SortFunc(s.found, inOrder)
	}
}

// progress is how far the search for a rule has come in the present text.
type progress struct {
	gen  uint32
	end  int32 // up to where its matches are known
	read int64 // bytes that tries may have read
}

func (s *Scanner) progress(r int32) *progress {
	p := &s.rules[r]
	if p.gen != s.gen {
		*p = progress{gen: s.gen}
	}
	return p
}

func (s *Scanner) done(r int32) int {
	if p := &s.rules[r]; p.gen == s.gen {
		return int(p.end)
	}
	return 0
}

func (s *Scanner) mark(r int32, end int) { s.progress(r).end = int32(end) }

func (s *Scanner) emit(r int32, from, to int) {
	s.mark(r, to)
	s.out = append(s.out, Match{r, int32(from), int32(to)})
}

// spend takes one from the confirmations that are allowed, and looks at the clock now and then.
func (s *Scanner) spend() bool {
	if s.left <= 0 {
		s.over = true
		return false
	}
	s.left--
	if s.left%256 != 0 || s.stop == nil {
		return true
	}
	select {
	case <-s.stop:
		s.left, s.over = 0, true
		return false
	default:
		return true
	}
}

func (s *Scanner) wanted(r int32) bool { return s.want == nil || s.want[r] }

// neighbours are the byte that the word before ends in and the one that the word behind begins with, under the case bit; 0 where
// there is no word. Most occurrences of one word of a phrase are not next to another, and this says so before anything of the
// rule itself is looked at.
type neighbours struct{ before, behind byte }

// stands says whether the words around text[p:p+n] may be these.
func (x neighbours) stands(text []byte, p, n int) bool {
	if x.behind != 0 {
		if p+n+1 >= len(text) || !space(text[p+n]) {
			return false
		}
		if c := text[p+n+1]; c|caseBit != x.behind && !space(c) && c < firstExotic {
			return false
		}
	}
	if x.before != 0 {
		if p < 2 || !space(text[p-1]) {
			return false
		}
		if c := text[p-2]; c|caseBit != x.before && !space(c) && c < utf8.RuneSelf {
			return false
		}
	}
	return true
}

// firstExotic is the least byte that an exotic character begins with.
const firstExotic = 0xc4

// candidate confirms a rule whose literal stands at text[p:p+n].
func (s *Scanner) candidate(r int32, p, n int) {
	x := &s.e.rules[r]
	switch x.mode {
	case modePhrase:
		s.phrase(r, x, p, n)
	case modeAnchor:
		at := x.plain
		if s.hasExotic(p-x.at.most, p) {
			at = x.at
		}
		for q := max(0, p-at.most); q <= p-at.least; q++ {
			s.anchored(r, x, q)
		}
	case modeLine, modeParagraph:
		s.between(r, p)
	case modeText:
		if s.done(r) < len(s.text) {
			s.wholeText(r)
		}
	}
}

// between searches the line around p, or all lines around it between two empty ones. A paragraph ends between the two line
// ends that make an empty line: no match of the rule holds both.
func (s *Scanner) between(r int32, p int) {
	if p < s.done(r) || !s.spend() {
		return
	}
	end, before := lineEnd, s.text[:p]
	if s.e.rules[r].mode == modeParagraph {
		end, before = emptyLine, s.text[:p+1]
	}
	from, to := bytes.LastIndex(before, end)+1, len(s.text)
	if i := bytes.Index(s.text[p:], end); i >= 0 {
		to = p + i + 1
	}
	s.search(r, from, to, 0)
	s.mark(r, to)
}

var lineEnd, emptyLine = []byte("\n"), []byte("\n\n")

// wholeText searches the whole text, by the definition. Matches that are known already are passed over.
func (s *Scanner) wholeText(r int32) {
	if !s.spend() {
		return
	}
	s.search(r, 0, len(s.text), s.done(r))
	s.mark(r, len(s.text))
}

// search takes the matches in text[from:to] that begin at known or behind it. Each counts as a confirmation: a text may
// hold as many as it has characters.
func (s *Scanner) search(r int32, from, to, known int) {
	for _, m := range s.e.rules[r].re.get().FindAllIndex(s.text[from:to], s.left+1) {
		if !s.spend() {
			return
		}
		if from+m[0] >= known {
			s.emit(r, from+m[0], from+m[1])
		}
	}
}

// triesPerByte is how often an expression whose matches may be of any length may read a text, by being tried at many places
// of it. Beyond that the text is searched once.
const triesPerByte = 4

// anchored looks for a match that begins at exactly offset o: with one character before it, which is what an expression
// can see of what stands there.
func (s *Scanner) anchored(r int32, x *rule, o int) {
	p := s.progress(r)
	if o < int(p.end) || inside(s.text, o) {
		return
	}
	text := s.text
	if x.reach >= 0 { // how far it looks is found out first, and in most places that it finds nothing
		hits, end := s.reach.at(text, int(x.reach), o, s.hits[:0])
		if p.read += int64(end - o); p.read > int64(triesPerByte*len(text)+256<<10) {
			s.wholeText(r)
			return
		}
		if len(hits) == 0 {
			return
		}
		text = text[:end]
	}
	if !s.spend() {
		return
	}
	if o == 0 {
		if m := x.top.get().Find(text); m != nil {
			s.emit(r, 0, len(m))
		}
		return
	}
	_, c := utf8.DecodeLastRune(text[:o])
	if m := x.mid.get().Find(text[o-c:]); m != nil {
		s.emit(r, o, o-c+len(m))
	}
}

// phrase compares the words on both sides of the one at text[p:p+n].
func (s *Scanner) phrase(r int32, x *rule, p, n int) {
	from, to := p, p+n
	for j := x.anchor - 1; j >= 0; j-- {
		gap := from
		for gap > 0 && space(s.text[gap-1]) {
			gap--
		}
		at := s.before(gap, x.words[j])
		if gap == from || at < 0 {
			return
		}
		from = at
	}
	for j := x.anchor + 1; j < len(x.words); j++ {
		gap := to
		for gap < len(s.text) && space(s.text[gap]) {
			gap++
		}
		at := s.behind(gap, x.words[j])
		if gap == to || at < 0 {
			return
		}
		to = at
	}
	if from >= s.done(r) && alone(s.text, from, to) {
		s.emit(r, from, to)
	}
}

// space says whether c is white space to RE2's \s.
func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// behind is where the folded word w ends if it begins at p, else -1.
func (s *Scanner) behind(p int, w string) int {
	if end := p + len(w); end <= len(s.text) && sameFold(s.text[p:end], w) && !s.hasExotic(p, end) {
		return end
	}
	if len(s.exotic) == 0 {
		return -1
	}
	for _, want := range w {
		r, n := utf8.DecodeRune(s.text[p:])
		if n == 0 || r == utf8.RuneError && n == 1 || canon(r) != want {
			return -1
		}
		p += n
	}
	return p
}

// before is where the folded word w begins if it ends at p, else -1.
func (s *Scanner) before(p int, w string) int {
	if from := p - len(w); from >= 0 && sameFold(s.text[from:p], w) && !s.hasExotic(from, p) {
		return from
	}
	if len(s.exotic) == 0 {
		return -1
	}
	for w != "" {
		want, k := utf8.DecodeLastRuneInString(w)
		r, n := utf8.DecodeLastRune(s.text[:p])
		if n == 0 || r == utf8.RuneError && n == 1 || canon(r) != want {
			return -1
		}
		p, w = p-n, w[:len(w)-k]
	}
	return p
}

// Groups returns the places of the groups of a match of an expression, as regexp's FindSubmatchIndex does.
func (e *Engine) Groups(text []byte, m Match) []int {
	x, from := &e.rules[m.Rule], int(m.Start)
	re := &x.top
	if from > 0 {
		_, n := utf8.DecodeLastRune(text[:from])
		from -= n
		re = &x.mid
	}
	loc := re.get().FindSubmatchIndex(text[from:])
	if loc == nil {
		return nil
	}
	for i := range loc {
		if loc[i] >= 0 {
			loc[i] += from
		}
	}
	loc[0] = int(m.Start)
	return loc
}
