package classify

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"
	"time"

	"sigill/internal/extract"
)

// Trace is all that a scan saw, for a person who wants to know why: far more than live mail keeps.
type Trace struct {
	Texts []TraceText // by segment
	Seen  []Seen      // by segment, then by place, then by detector
}

// TraceText is a segment as the detectors read it. Masked is the same with every candidate masked, character for
// character.
type TraceText struct{ Clear, Masked string }

// Seen is a candidate and what became of it. Start and End count characters of the segment's normal form.
type Seen struct {
	Detector   string
	Segment    int
	Start, End int
	Masked     string
	Clear      string
	Base       Confidence // by its form alone
	Confidence Confidence // with the words around it
	Why        string     // why it does not count, "" for a hit
	Words      []SeenWord
}

// SeenWord is a context word that was near a candidate.
type SeenWord struct {
	Shown    string // as the detector writes it
	Raises   bool
	Distance int // in characters
	Place    SeenPlace
}

// SeenPlace is where a context word stands.
type SeenPlace string

// The places.
const (
	PlaceBefore  SeenPlace = "before"
	PlaceAfter   SeenPlace = "after"
	PlaceHeading SeenPlace = "heading" // of the column
	PlaceSubject SeenPlace = "subject"
)

// maxSeen is how many candidates a trace keeps.
const maxSeen = 20_000

// Trace is Scan that also tells what it saw.
func (e *Engine) Trace(ctx context.Context, segments []extract.Segment, now time.Time) (Result, *Trace, error) {
	t := &Trace{Texts: make([]TraceText, len(segments))}
	result, err := e.scan(ctx, segments, now, t)
	if err != nil {
		return Result{}, nil, err
	}
	slices.SortStableFunc(t.Seen, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Start, b.Start), strings.Compare(a.Detector, b.Detector))
	})
	t.mask(e)
	return result, t, nil
}

// traceText notes the normal form of a segment.
func (s *scanner) traceText() {
	if s.trace != nil {
		s.trace.Texts[s.segment].Clear = string(s.text.norm)
	}
}

// traced notes what became of a candidate: why it does not count, or its confidence.
func (s *scanner) traced(c *candidate, conf Confidence, why string) {
	if s.trace == nil || len(s.trace.Seen) >= maxSeen {
		return
	}
	d := &s.e.detectors[c.det]
	start := runes(s.text.norm[:c.start])
	seen := Seen{
		Detector: d.id, Segment: s.segment, Start: start, End: start + runes(s.text.norm[c.start:c.end]), Masked: maskText(s.text.norm[c.start:c.end], d.mask),
		Clear: string(s.text.norm[c.start:c.end]), Base: c.confidence, Confidence: conf, Why: why,
	}
	if strings.HasPrefix(why, "part of ") && s.trace.beaten(&seen) {
		return
	}
	seen.Words = s.seenWords(d, c)
	s.trace.Seen = append(s.trace.Seen, seen)
}

// beaten notes that a hit stands no longer, because another one has the better claim to its text.
func (t *Trace) beaten(by *Seen) bool {
	for i := len(t.Seen) - 1; i >= 0 && t.Seen[i].Segment == by.Segment; i-- {
		if x := &t.Seen[i]; x.Detector == by.Detector && x.Start == by.Start && x.End == by.End && x.Why == "" {
			x.Why = by.Why
			return true
		}
	}
	return false
}

// seenWords are the words near a candidate, one for each rule of its detector that found any.
func (s *scanner) seenWords(d *detector, c *candidate) []SeenWord {
	var words []SeenWord
	head := s.place(c)
	for i := range d.context {
		r := &d.context[i]
		dist, key, ok := s.near(r, c, head)
		if !ok {
			continue
		}
		w := SeenWord{Shown: s.e.shown[key-1], Raises: !r.lowers, Distance: dist, Place: s.seenPlace(r, c, head, key-1)}
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}

func (s *scanner) seenPlace(r *contextRule, c *candidate, head place, key int32) SeenPlace {
	words := s.found[r.set]
	next := sort.Search(len(words), func(i int) bool { return words[i].start >= c.start })
	if head.to > head.from {
		if w, ok := wordIn(words, head.from, head.to); ok && w == key {
			return PlaceHeading
		}
	}
	if slices.ContainsFunc(words[:next], func(w wordHit) bool { return w.key == key && w.end <= c.start }) {
		return PlaceBefore
	}
	if slices.ContainsFunc(words[next:], func(w wordHit) bool { return w.key == key && w.start >= c.end }) {
		return PlaceAfter
	}
	return PlaceSubject
}

// mask makes the masked form of every text: a character is shown when all candidates that it belongs to show it.
func (t *Trace) mask(e *Engine) {
	masks := map[string]Mask{}
	for i := range e.detectors {
		masks[e.detectors[i].id] = e.detectors[i].mask
	}
	texts := make([][]rune, len(t.Texts))
	for i := range t.Texts {
		texts[i] = []rune(t.Texts[i].Clear)
	}
	for i := range t.Seen {
		x := &t.Seen[i]
		for j, r := range maskRunes([]rune(x.Clear), masks[x.Detector]) {
			if r == '*' {
				texts[x.Segment][x.Start+j] = r
			}
		}
	}
	for i := range t.Texts {
		t.Texts[i].Masked = string(texts[i])
	}
}
