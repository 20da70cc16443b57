package classify

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"sigill/internal/extract"
)

// candidate is a stretch of the normal form that looks like a value.
type candidate struct {
	det        int32
	start, end int32
	confidence Confidence
	sep        uint8
	digits     bool  // of a digit shape
	term       int32 // of a word detector: index plus 1
}

// candidate puts a stretch of text through every check of its detector.
func (s *scanner) candidate(found candidate) {
	s.now = found
	c := &s.now
	d := &s.e.detectors[c.det]
	if why := s.boundary(d, c); why != "" {
		if !c.digits || why != "boundary" { // pieces of other numbers are no news to anybody
			s.reject(c, why)
		}
		return
	}
	s.value.Text = s.text.norm[c.start:c.end]
	s.value.Compact = appendCompact(s.value.Compact[:0], s.value.Text)
	s.value.Sep = sepByte(c.sep)
	if why := s.excluded(d, c); why != "" {
		s.reject(c, why)
		return
	}
	value := ""
	for i := range d.validators {
		v := &d.validators[i]
		if v.check(&s.value) == Invalid {
			s.reject(c, v.why)
			return
		}
		if v.canonical != nil {
			value = v.canonical(&s.value)
		}
	}
	switch {
	case c.term > 0:
		value = d.terms[c.term-1]
	case value == "" && len(s.value.Compact) > 0 && (len(d.validators) == 0 || d.strength > 0):
		value = string(s.value.Compact)
	case value == "":
		value = string(s.value.Text)
	}
	s.weigh(d, c, value)
}

func sepByte(sep uint8) byte {
	switch sep {
	case sepPlus:
		return '+'
	case sepDash:
		return '-'
	case sepNone:
		return 0
	}
	return ' '
}

func (s *scanner) boundary(d *detector, c *candidate) string {
	text := s.text.norm
	start, end := int(c.start), int(c.end)
	switch {
	case c.digits || d.boundary == BoundaryNumber:
		if !numberEnds(text, start, end) {
			return "boundary"
		}
		if c.digits && c.sep&(sepSpace|sepDot) != 0 && amount(s.text.fold, start, end) {
			return "amount"
		}
	case d.boundary == BoundaryWord:
		if insideWord(text, start) || insideWord(text, end) {
			return "boundary"
		}
	}
	return ""
}

func (s *scanner) excluded(d *detector, c *candidate) string {
	x := &d.exclude
	switch {
	case x.same && sameDigit(s.value.Compact):
		return "same digit"
	case x.seq && sequence(s.value.Compact):
		return "sequence"
	case len(x.values) > 0 && x.values[string(s.value.Compact)]:
		return "excluded value"
	case x.regex != nil && x.regex.Match(s.value.Text):
		return "excluded form"
	}
	if len(x.stopwords) > 0 {
		from, to := int(c.start), int(c.end)
		if c.term > 0 {
			from, to = wordStart(s.text.fold, from), wordEnd(s.text.fold, to)
		}
		for _, w := range x.stopwords {
			if bytes.Contains(s.text.fold[from:to], []byte(w)) {
				return "stopword " + w
			}
		}
	}
	if x.line != nil {
		if from, to, ok := lineNear(s.text.norm, int(c.start)); ok && x.line.Match(s.text.norm[from:to]) {
			return "excluded line"
		}
	}
	return ""
}

// weigh sets the confidence by what stands around the candidate.
func (s *scanner) weigh(d *detector, c *candidate, value string) {
	conf := c.confidence
	place := s.place(c)
	nearest, word := s.nearest(d, c, place)
	against := s.against(d, c, place)
	if against < nearest { // what stands nearest decides
		word = 0
	}
	lowered := int32(0)
	for i := range d.context {
		r := &d.context[i]
		dist, key, ok := s.near(r, c, place)
		if !ok || r.lowers && nearest <= dist || !r.lowers && against < nearest {
			continue
		}
		before := conf
		conf = r.apply(conf)
		if conf < before {
			lowered = key
		}
	}
	if conf == None {
		s.reject(c, s.whyNone(lowered))
		return
	}
	if !s.room(c.det, conf) {
		return
	}
	h := hit{det: c.det, start: c.start, end: c.end, confidence: conf, context: word, value: value}
	h.near = word > 0 && s.closeBefore(d, c)
	s.hits = append(s.hits, h)
}

// room counts a hit and says whether it may be kept. Weak ones are counted apart, so that a flood of them hides nothing.
func (s *scanner) room(det int32, conf Confidence) bool {
	counts, most := s.count, int32(maxHits)
	if conf < Medium {
		counts, most = s.weak, maxWeak
	}
	if counts[det] >= most {
		s.capped(det)
		return false
	}
	counts[det]++
	return true
}

func (s *scanner) whyNone(lowered int32) string {
	if lowered > 0 {
		return "near " + s.e.shown[lowered-1]
	}
	return "no context"
}

func (r *contextRule) apply(c Confidence) Confidence {
	switch {
	case !r.fixed:
		return Confidence(min(int(High), max(int(None), int(c)+r.shift)))
	case r.lowers:
		return min(c, r.to)
	}
	return max(c, r.to)
}

// far is a distance beyond every window.
const far = 1 << 30

// subjectDistance is how near the subject counts as being to everything: inside the usual window, not inside a narrow one.
const subjectDistance = 300

// nearest is the distance of the nearest word that speaks for the candidate, and that word.
func (s *scanner) nearest(d *detector, c *candidate, p place) (distance int, word int32) {
	distance = far
	for i := range d.context {
		if d.context[i].lowers {
			continue
		}
		if dist, key, ok := s.near(&d.context[i], c, p); ok && dist < distance {
			distance, word = dist, key
		}
	}
	return distance, word
}

// against is the distance of the nearest word that speaks against the candidate.
func (s *scanner) against(d *detector, c *candidate, p place) int {
	distance := far
	for i := range d.context {
		if !d.context[i].lowers {
			continue
		}
		if dist, _, ok := s.near(&d.context[i], c, p); ok {
			distance = min(distance, dist)
		}
	}
	return distance
}

// near says whether a word of the rule stands inside its window: in the text, in the heading of the candidate's column,
// or, for what raises, in the subject. key is the keyword plus 1.
func (s *scanner) near(r *contextRule, c *candidate, p place) (dist int, key int32, ok bool) {
	dist = far
	words := s.found[r.set]
	next := sort.Search(len(words), func(i int) bool { return words[i].start >= c.start })
	if r.side != SideAfter {
		for i := next - 1; i >= 0 && i >= next-8; i-- {
			if words[i].end <= c.start {
				if !r.lowers || !s.numberBetween(words[i].end, c.start, r.within) {
					dist, key = s.chars(words[i].end, c.start, r.within), words[i].key+1
				}
				break
			}
		}
	}
	if r.side != SideBefore {
		for i := next; i < len(words); i++ {
			if words[i].start < c.end {
				continue
			}
			if after := s.chars(c.end, words[i].start, r.within); after < dist {
				dist, key = after, words[i].key+1
			}
			break
		}
	}
	if p.to > p.from {
		if w, ok := wordIn(words, p.from, p.to); ok {
			dist, key = 0, w+1
		}
	}
	if dist > r.within && !r.lowers && s.subject[r.set] > 0 && s.kind != extract.Subject {
		dist, key = subjectDistance, s.subject[r.set]
	}
	return dist, key, dist <= r.within
}

// numberBetween says that another number stands between a word and the candidate: "tel" speaks of the first number
// behind it, not of the next.
func (s *scanner) numberBetween(from, to int32, within int) bool {
	if int(to-from) > utf8.UTFMax*within {
		return false
	}
	digits := 0
	for _, b := range s.text.norm[from:to] {
		if b-'0' <= 9 {
			digits++
		}
	}
	return digits >= 4
}

// chars counts the characters between two offsets, or says far when they are clearly more than within.
func (s *scanner) chars(from, to int32, within int) int {
	n := int(to - from)
	if n > utf8.UTFMax*within {
		return far
	}
	return utf8.RuneCount(s.text.norm[from:to])
}

func wordIn(words []wordHit, from, to int32) (int32, bool) {
	i := sort.Search(len(words), func(i int) bool { return words[i].start >= from })
	if i < len(words) && words[i].end <= to {
		return words[i].key, true
	}
	return 0, false
}

// closeBefore says whether a word that speaks for the candidate ends less than 40 characters before it.
func (s *scanner) closeBefore(d *detector, c *candidate) bool {
	for i := range d.context {
		r := d.context[i]
		if r.lowers {
			continue
		}
		r.side, r.within = SideBefore, 39
		if _, _, ok := s.near(&r, c, place{}); ok {
			return true
		}
	}
	return false
}

// place is the heading of the column in which a candidate stands; empty when it stands in no table.
type place struct{ from, to int32 }

// maxLine is how far from a candidate the ends of its line are looked for; a longer line is no row of a table. It keeps
// a text of one endless line from being read once for each candidate.
const maxLine = 8 << 10

// place finds the heading. In a body a table is a row of lines with tabs; in an attachment it is the whole text, where
// a line that holds nothing but the candidate is a table of one column.
func (s *scanner) place(c *candidate) place {
	text := s.text.norm
	from, to, ok := lineNear(text, int(c.start))
	if !ok {
		return place{}
	}
	line := text[from:to]
	attached := s.kind == extract.AttachmentText
	if bytes.IndexByte(line, '\t') < 0 && !(attached && len(bytes.TrimSpace(line)) == int(c.end-c.start)) {
		return place{}
	}
	head := 0
	if !attached {
		head = s.table.start(text, from, to)
	}
	if head >= from {
		return place{}
	}
	return cell(text, head, bytes.Count(line[:int(c.start)-from], []byte{'\t'}))
}

// lineNear is the line around offset p, if both its ends are near.
func lineNear(text []byte, p int) (from, to int, ok bool) {
	low, high := max(0, p-maxLine), min(len(text), p+maxLine)
	from = low + bytes.LastIndexByte(text[low:p], '\n') + 1
	if from == low && low > 0 {
		return 0, 0, false
	}
	n := bytes.IndexByte(text[p:high], '\n')
	if n < 0 {
		return from, high, high == len(text)
	}
	return from, p + n, true
}

// table remembers the last row of lines with tabs, so that a long table is walked back once and not for each candidate.
type table struct{ head, end int }

// start is where the first of the lines with tabs around the line from:to begins.
func (t *table) start(text []byte, from, to int) int {
	if from >= t.head && from < t.end {
		return t.head
	}
	head := from
	for head > 0 {
		if head == t.end {
			head = t.head
			break
		}
		prev := bytes.LastIndexByte(text[:head-1], '\n') + 1
		if bytes.IndexByte(text[prev:head], '\t') < 0 {
			break
		}
		head = prev
	}
	t.head, t.end = head, min(to+1, len(text))
	return head
}

// cell is the column-th cell of the line that begins at head.
func cell(text []byte, head, column int) place {
	_, end, ok := lineNear(text, head)
	if !ok {
		return place{}
	}
	at := head
	for range column {
		n := bytes.IndexByte(text[at:end], '\t')
		if n < 0 {
			return place{}
		}
		at += n + 1
	}
	if n := bytes.IndexByte(text[at:end], '\t'); n >= 0 {
		end = at + n
	}
	return place{int32(at), int32(end)}
}

func (s *scanner) reject(c *candidate, why string) {
	if s.rejects[c.det] >= maxRejected {
		return
	}
	s.rejects[c.det]++
	d := &s.e.detectors[c.det]
	s.result.Rejected = append(s.result.Rejected, Rejected{
		Detector: d.id, Masked: maskText(s.text.norm[c.start:c.end], d.mask), Segment: s.segment, Why: why,
	})
}

// resolve keeps one hit for each stretch of text: of hits that overlap, the one with the better claim. Detectors that
// allow it share their text with others, but not with themselves.
func (s *scanner) resolve() []hit {
	slices.SortFunc(s.hits, byPlace)
	kept := s.hits[:0]
	for i := 0; i < len(s.hits); {
		end, reach := i+1, s.hits[i].end
		for end < len(s.hits) && s.hits[end].start < reach {
			reach = max(reach, s.hits[end].end)
			end++
		}
		if end-i == 1 {
			kept = append(kept, s.hits[i])
		} else {
			kept = s.contest(kept, s.hits[i:end])
		}
		i = end
	}
	return kept
}

func byPlace(a, b hit) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.det, b.det), cmp.Compare(a.end, b.end))
}

// contest appends to kept those of a row of overlapping hits that stand, by place. kept may share memory with the row's
// beginning, so the row is judged on a copy.
func (s *scanner) contest(kept, row []hit) []hit {
	rivals := slices.Clone(row)
	slices.SortFunc(rivals, s.claim)
	taken := map[int32][]hit{}
	first := len(kept)
	for _, h := range rivals {
		owner := int32(-1)
		if s.e.detectors[h.det].overlap {
			owner = h.det
		}
		spans := taken[owner]
		i := sort.Search(len(spans), func(i int) bool { return spans[i].start >= h.end })
		if i > 0 && spans[i-1].end > h.start {
			if winner := spans[i-1]; winner.det != h.det {
				s.reject(&candidate{det: h.det, start: h.start, end: h.end}, "part of "+s.e.detectors[winner.det].id)
			}
			continue
		}
		taken[owner] = slices.Insert(spans, i, h)
		kept = append(kept, h)
	}
	slices.SortFunc(kept[first:], byPlace)
	return kept
}

// claim orders hits by how good their claim to a stretch of text is.
func (s *scanner) claim(a, b hit) int {
	x, y := &s.e.detectors[a.det], &s.e.detectors[b.det]
	return cmp.Or(
		-cmp.Compare(boolInt(a.near), boolInt(b.near)),
		-cmp.Compare(a.confidence, b.confidence),
		-cmp.Compare(x.strength, y.strength),
		-cmp.Compare(a.end-a.start, b.end-b.start),
		strings.Compare(x.id, y.id),
		cmp.Compare(a.start, b.start),
	)
}

func compareHits(a, b Hit) int {
	return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.At, b.At), strings.Compare(a.Detector, b.Detector))
}

// compact is the ASCII letters and digits of b in upper case.
func compact(dst, b []byte) string { return string(appendCompact(dst, b)) }

func appendCompact(dst, b []byte) []byte {
	for _, c := range b {
		switch {
		case c-'0' <= 9, c >= 'A' && c <= 'Z':
			dst = append(dst, c)
		case c >= 'a' && c <= 'z':
			dst = append(dst, c&^0x20)
		}
	}
	return dst
}

// maskText hides letters and digits and keeps what stands between them; line ends and tabs become spaces. It is the
// only place that turns a value into something that people may see.
func maskText(b []byte, m Mask) string {
	r := []rune(string(b))
	show := func(i int) bool { return i >= len(r)-2 }
	switch m {
	case MaskAll:
		show = func(int) bool { return false }
	case MaskNone:
		show = func(int) bool { return true }
	case MaskFirst1Last:
		show = func(i int) bool { return i == 0 || i >= len(r)-2 }
	case MaskLast2:
	}
	const longest = 64
	var out strings.Builder
	for i, c := range r {
		switch {
		case c == '\n' || c == '\t':
			c = ' '
		case c == '-' || c == ' ' || c == '+' || c == '.' || c == '/':
		case !show(i) || len(r) < 4 && m != MaskNone:
			c = '*'
		}
		if i < longest || i >= len(r)-2 {
			out.WriteRune(c)
		}
	}
	return out.String()
}
