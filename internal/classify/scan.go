package classify

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"time"

	"sigill/internal/classify/match"
	"sigill/internal/extract"
)

// Result is what a message holds.
type Result struct {
	Hits     []Hit      // by segment, then by place, then by detector
	Rejected []Rejected // candidates that do not count, at most 20 of a detector
	Capped   []string   // detectors of which there may be more hits than are listed
	Weak     []string   // the same, where all that are missing are of low confidence

	// Incomplete are segments in which a pattern had more matches than are looked at: something may have been missed.
	Incomplete []int
}

// Hit is one value that was found.
type Hit struct {
	Detector   string
	Value      string // canonical and clear: it never leaves memory
	Masked     string // what people may see of it
	Segment    int
	Start, End int // bytes of the segment's text
	At, To     int // characters of its normal form, for distances between hits
	Confidence Confidence
	Context    string // the word that raised it, as the policy writes it
	Word       bool   // a word or phrase of a list, not a number or pattern
}

// Rejected is a candidate that does not count, and why.
type Rejected struct {
	Detector string
	Masked   string
	Segment  int
	Why      string
}

// Limits of what is kept of one message. Beyond the first two a hit is only kept if its value is new in its segment, up to as many
// again as maxHits: what comes often hides nothing else. A detector of which hits were dropped is named in [Result.Capped] or [Result.Weak].
const (
	maxHits     = 10_000  // of one detector
	maxWeak     = 1_000   // of one detector, of low confidence
	maxRejected = 20      // of one detector
	maxTries    = 500_000 // of patterns in one segment
)

// scanner holds the buffers of one scan.
type scanner struct {
	e      *Engine
	src    []byte
	text   Text
	groups []group
	runs   []match.Run   // of digits
	places []match.Place // where literals of patterns may stand

	found      [][]wordHit // by context set: in this segment, near candidates
	subject    []int32     // by context set: a keyword of the subject, plus 1
	touched    []int32     // context sets with words in this segment
	open       []bool      // by detector: a prefilter word is in this segment
	openAlways []bool      // by detector: a prefilter word is in the subject
	want       []bool      // by pattern: its detector is open
	matches    []match.Match
	wordHits   []termHit
	waiting    []pending
	everywhere bool   // context words of the whole segment are in found
	spans      []span // scratch of readAround

	segment int
	kind    extract.Kind
	hits    []hit
	count   []int32            // by detector: hits so far
	weak    []int32            // by detector: hits of low confidence so far
	values  []map[located]bool // by detector: what was found, once there is too much of it
	table   table
	rejects []int32
	refused []span // where those of this segment stand that are the last of result.Rejected
	shaped  []candidate
	value   Value
	now     candidate // under consideration
	result  Result
	trace   *Trace // nil but for [Engine.Trace]
}

// wordHit is a context word in the text.
type wordHit struct {
	start, end int32
	key        int32
}

// termHit is a word of a detector in the text.
type termHit struct {
	start, end int32
	det, term  int32
}

// hit is a candidate that passed every check of its own detector.
type hit struct {
	det        int32
	start, end int32 // normal form
	confidence Confidence
	near       bool // a word of its own stands close before it
	context    int32
	value      string
}

func newScanner(e *Engine) *scanner {
	n := len(e.detectors)
	s := &scanner{
		e: e, found: make([][]wordHit, e.sets), subject: make([]int32, e.sets), open: make([]bool, n), openAlways: make([]bool, n),
		want: make([]bool, len(e.patterns)), count: make([]int32, n), weak: make([]int32, n), rejects: make([]int32, n),
		values: make([]map[located]bool, n),
	}
	s.value.Series = s.series
	return s
}

// Scan reads the segments of one message. now is what "not in the future" is measured by. An error means that ctx
// ended first: nothing is known then.
func (e *Engine) Scan(ctx context.Context, segments []extract.Segment, now time.Time) (Result, error) {
	return e.scan(ctx, segments, now, nil)
}

func (e *Engine) scan(ctx context.Context, segments []extract.Segment, now time.Time, trace *Trace) (Result, error) {
	s := e.pool.Get().(*scanner) //nolint:errcheck // the pool holds nothing else
	defer e.pool.Put(s)
	s.reset(now)
	s.trace = trace
	for _, subjects := range []bool{true, false} {
		for i := range segments {
			if (segments[i].Kind == extract.Subject) != subjects {
				continue
			}
			if err := s.scan(ctx, i, &segments[i]); err != nil {
				return Result{}, fmt.Errorf("scan segment %d: %w", i, err)
			}
		}
	}
	slices.SortStableFunc(s.result.Hits, compareHits)
	result := s.result
	s.result = Result{}
	return result, nil
}

func (s *scanner) reset(now time.Time) {
	clear(s.subject)
	clear(s.openAlways)
	clear(s.count)
	clear(s.weak)
	clear(s.values)
	clear(s.rejects)
	s.value.Now = now
	s.result = Result{}
}

func (s *scanner) scan(ctx context.Context, index int, seg *extract.Segment) error {
	s.segment, s.kind, s.table = index, seg.Kind, table{}
	s.src = append(s.src[:0], seg.Text...)
	s.text.Reset(s.src)
	if seg.Kind == extract.AttachmentName {
		s.nameAsText()
	}
	s.traceText()
	s.clearSegment()
	if err := s.findWords(ctx); err != nil {
		return err
	}
	s.runs = appendRuns(s.runs[:0], s.text.norm)
	s.groups = appendGroups(s.groups[:0], s.runs, s.text.norm)
	if seg.Kind == extract.Subject || s.trace != nil { // what it says is near everything; a trace tells of words near anything
		s.readAll()
	}
	if seg.Kind == extract.Subject {
		s.keepSubject()
	}
	if err := s.takeWords(ctx); err != nil {
		return err
	}
	if err := s.matchShapes(ctx); err != nil {
		return err
	}
	if err := s.matchPatterns(ctx); err != nil {
		return err
	}
	s.runFinders()
	s.weighAll()
	s.settle()
	return nil
}

// nameAsText lets words and numbers in a file name end at '_' and '.'.
func (s *scanner) nameAsText() {
	for _, b := range [][]byte{s.text.norm, s.text.fold} {
		for i, c := range b {
			if c == '_' || c == '.' {
				b[i] = ' '
			}
		}
	}
}

func (s *scanner) clearSegment() {
	for _, set := range s.touched {
		s.found[set] = s.found[set][:0]
	}
	s.touched, s.wordHits, s.places, s.hits = s.touched[:0], s.wordHits[:0], s.places[:0], s.hits[:0]
	s.waiting, s.everywhere = s.waiting[:0], false
	s.refused = s.refused[:0]
	copy(s.open, s.openAlways)
}

// stretch is how much text is read between two looks at the clock.
const stretch = 64 << 10

func (s *scanner) findWords(ctx context.Context) error {
	n := len(s.text.fold)
	for from := 0; from < n; from += stretch {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.e.words.trie.find(s.text.fold, from, min(n, from+stretch), s.foundWord)
	}
	return ctx.Err()
}

func (s *scanner) foundWord(key int32, start, end int) {
	for _, u := range s.e.words.uses[key] {
		switch u.term {
		case gate:
			s.open[u.at] = true
		case literal:
			s.places = append(s.places, match.Place{Literal: u.at, At: int32(start) - s.e.leads[u.at]})
		default:
			s.wordHits = append(s.wordHits, termHit{int32(start), int32(end), u.at, u.term})
		}
	}
}

// keepSubject remembers what the subject says: it is context for the whole message.
func (s *scanner) keepSubject() {
	for _, set := range s.touched {
		if s.subject[set] == 0 {
			s.subject[set] = s.found[set][0].key + 1
		}
	}
	copy(s.openAlways, s.open)
}

func (s *scanner) takeWords(ctx context.Context) error {
	for i, w := range s.wordHits {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		d := &s.e.detectors[w.det]
		if d.gated && !s.open[w.det] {
			continue
		}
		s.candidate(candidate{det: w.det, start: w.start, end: w.end, confidence: d.confidence, term: w.term + 1})
	}
	return nil
}

func (s *scanner) matchShapes(ctx context.Context) error {
	for i := range s.groups {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n, behind := s.groups[i].digits, sepNone
		if n > maxGroup {
			continue
		}
		if i+1 < len(s.groups) {
			behind = s.groups[i+1].sep
		}
		s.shaped = s.shaped[:0]
		for _, at := range s.e.byLength[n][bits.Len8(behind)] {
			x := &s.e.shapes[at]
			if s.e.detectors[x.det].gated && !s.open[x.det] {
				continue
			}
			sep, ok := x.shape.match(s.groups, i)
			if !ok {
				continue
			}
			last := s.groups[i+len(x.shape.groups)-1]
			s.shape(candidate{det: x.det, start: s.groups[i].start, end: last.end, confidence: x.confidence, sep: sep, digits: true, group: int32(i)})
		}
		for _, c := range s.shaped {
			s.candidate(c)
		}
	}
	return nil
}

// shape keeps a candidate of digits: one for each detector and end, the surest, whatever number of its shapes it has.
func (s *scanner) shape(c candidate) {
	for i := range s.shaped {
		if x := &s.shaped[i]; x.det == c.det && x.end == c.end {
			if c.confidence > x.confidence {
				*x = c
			}
			return
		}
	}
	s.shaped = append(s.shaped, c)
}

func (s *scanner) matchPatterns(ctx context.Context) error {
	for i := range s.e.patterns {
		p := &s.e.patterns[i]
		s.want[i] = !p.gated || s.open[p.det]
	}
	var complete bool
	limits := match.Limits{Confirms: maxTries, Want: s.want, Done: ctx.Done()}
	if s.e.known {
		known := match.Known{Literals: s.places, Digits: s.runs, Plain: s.text.plain}
		s.matches, complete = s.e.regexes.ScanKnown(s.text.norm, known, s.matches[:0], limits)
	} else {
		s.matches, complete = s.e.regexes.Scan(s.text.norm, s.matches[:0], limits)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !complete {
		s.result.Incomplete = append(s.result.Incomplete, s.segment)
	}
	slices.SortFunc(s.matches, func(a, b match.Match) int { return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Start, b.Start)) })
	for i, m := range s.matches {
		if i%1024 == 1023 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.takeMatch(m)
	}
	return nil
}

// takeMatch makes a candidate of a match of a pattern, or of the group in it that holds the value.
func (s *scanner) takeMatch(m match.Match) {
	p := &s.e.patterns[m.Rule]
	from, to := m.Start, m.End
	if p.value > 0 {
		groups := s.e.regexes.Groups(s.text.norm, m)
		if groups == nil || groups[2*p.value] < 0 {
			return
		}
		from, to = int32(groups[2*p.value]), int32(groups[2*p.value+1])
	}
	if to > from {
		s.candidate(candidate{det: p.det, start: from, end: to, confidence: p.confidence})
	}
}

func (s *scanner) runFinders() {
	for i := range s.e.detectors {
		d := &s.e.detectors[i]
		if d.finder == "" || d.gated && !s.open[i] {
			continue
		}
		found := func(start, end int) {
			s.candidate(candidate{det: int32(i), start: int32(start), end: int32(end), confidence: d.confidence})
		}
		if d.finder == "iban" {
			findIBAN(s.text.norm, s.groups, found)
		} else {
			findMRZ(s.text.norm, found)
		}
	}
}

// settle decides which of overlapping hits stand, and adds them to the result.
func (s *scanner) settle() {
	kept := s.resolve()
	s.hideParts(kept)
	at, chars := 0, 0
	for _, h := range kept {
		chars += runes(s.text.norm[at:h.start])
		at = int(h.start)
		d := &s.e.detectors[h.det]
		from, to := s.text.Original(int(h.start), int(h.end))
		out := Hit{
			Detector: d.id, Value: h.value, Masked: maskText(s.text.norm[h.start:h.end], d.mask), Segment: s.segment, Start: from, End: to,
			At: chars, To: chars + runes(s.text.norm[h.start:h.end]), Confidence: h.confidence,
			Word: len(d.terms) > 0,
		}
		if h.context > 0 {
			out.Context = s.e.shown[h.context-1]
		}
		s.result.Hits = append(s.result.Hits, out)
	}
}

// hideParts hides what was rejected where it shares characters with a hit and ends elsewhere: the last characters of both would be
// more of one value than may be seen.
func (s *scanner) hideParts(kept []hit) {
	rejected := s.result.Rejected[len(s.result.Rejected)-len(s.refused):]
	for i, r := range s.refused {
		behind := sort.Search(len(kept), func(k int) bool { return int(kept[k].start) >= r.to })
		for _, h := range kept[max(0, behind-maxBeside):behind] {
			if int(h.end) > r.from && int(h.end) != r.to {
				rejected[i].Masked = maskText(s.text.norm[r.from:r.to], MaskAll)
			}
		}
	}
}

// maxBeside is how many hits before the end of a stretch may hold characters of it: few detectors share their text with others.
const maxBeside = 16

// room counts a hit and says whether it may be kept. Weak ones are counted apart, so that a flood of them hides nothing.
func (s *scanner) room(det int32, conf Confidence, value string) bool {
	counts, most, capped := s.count, int32(maxHits), &s.result.Capped
	if conf < Medium {
		counts, most, capped = s.weak, maxWeak, &s.result.Weak
	}
	if counts[det] < most {
		counts[det]++
		return true
	}
	if s.newValue(det, value) {
		return true
	}
	if id := s.e.detectors[det].id; !slices.Contains(*capped, id) {
		*capped = append(*capped, id)
	}
	return false
}

// located is a value in a segment.
type located struct {
	segment int
	value   string
}

// newValue says whether a value is none of those that are kept already, and may be kept.
func (s *scanner) newValue(det int32, value string) bool {
	known := s.values[det]
	if known == nil {
		known = map[located]bool{}
		s.values[det] = known
		for i := range s.result.Hits {
			if h := &s.result.Hits[i]; h.Detector == s.e.detectors[det].id {
				known[located{h.Segment, h.Value}] = true
			}
		}
		for i := range s.hits {
			if h := &s.hits[i]; h.det == det {
				known[located{s.segment, h.value}] = true
			}
		}
	}
	at := located{s.segment, value}
	if known[at] || len(known) >= 2*maxHits {
		return false
	}
	known[at] = true
	return true
}
