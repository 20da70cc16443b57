package classify

import (
	"cmp"
	"slices"
)

// pending is a candidate that passed every check of its own and waits for the words around it.
type pending struct {
	candidate
	value string
	place place
}

// span is a stretch of the normal form.
type span struct{ from, to int }

// maxPending is how many candidates of a segment may wait. With more of them the words of the whole segment are read.
const maxPending = 10_000

// wait keeps a candidate until all of the segment are known. Then context words are looked for around these alone: they are
// the commonest words of a policy, and most of a text is near no candidate.
func (s *scanner) wait(d *detector, c *candidate, value string) {
	p := pending{candidate: *c, value: value}
	if len(d.context) > 0 {
		p.place = s.place(c)
	}
	if s.everywhere {
		s.weigh(d, &p)
		return
	}
	if s.waiting = append(s.waiting, p); len(s.waiting) > maxPending {
		s.readAll()
		s.weighAll()
	}
}

// weighAll weighs the candidates that wait.
func (s *scanner) weighAll() {
	if !s.everywhere {
		s.readAround()
	}
	for i := range s.waiting {
		s.weigh(&s.e.detectors[s.waiting[i].det], &s.waiting[i])
	}
	s.waiting = s.waiting[:0]
}

// readAll finds the context words of the whole segment.
func (s *scanner) readAll() {
	s.everywhere = true
	s.e.context.trie.find(s.text.fold, 0, len(s.text.fold), s.foundContext)
}

// readAround finds the context words that the waiting candidates can be near to, in order.
func (s *scanner) readAround() {
	s.spans = s.spans[:0]
	for i := range s.waiting {
		p := &s.waiting[i]
		if n := s.e.detectors[p.det].reach; n > 0 {
			s.spans = append(s.spans, span{s.back(int(p.start), n), s.ahead(int(p.end), n)})
		}
		if p.place.to > p.place.from {
			s.spans = append(s.spans, span{int(p.place.from), int(p.place.to)})
		}
	}
	slices.SortFunc(s.spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	read := 0
	for _, x := range s.spans {
		if from := max(x.from, read); from < x.to {
			s.e.context.trie.find(s.text.fold, from, x.to, s.foundContext)
			read = x.to
		}
	}
}

func (s *scanner) foundContext(key int32, start, end int) {
	for _, u := range s.e.context.uses[key] {
		if len(s.found[u.at]) == 0 {
			s.touched = append(s.touched, u.at)
		}
		s.found[u.at] = append(s.found[u.at], wordHit{int32(start), int32(end), key})
	}
}

// back is an offset before which no context word begins that ends at most n characters before p.
func (s *scanner) back(p, n int) int {
	for n > 0 && p > 0 {
		from := max(0, p-n)
		n -= runes(s.text.norm[from:p])
		p = from
	}
	for left := s.e.context.trie.longest; left > 0 && p > 0; p-- {
		switch s.text.fold[p-1] {
		case filler, '-', ' ', '\t', '\n': // may stand within a word or phrase as often as they like
		default:
			left--
		}
	}
	return p
}

// ahead is an offset behind every character that is at most n characters behind p.
func (s *scanner) ahead(p, n int) int {
	for n++; n > 0 && p < len(s.text.norm); {
		to := min(len(s.text.norm), p+n)
		n -= runes(s.text.norm[p:to])
		p = to
	}
	return p
}
