package classify

import (
	"bytes"
	"encoding/binary"
	"sort"
	"unicode"
	"unicode/utf8"

	"sigill/internal/classify/eight"
	"sigill/internal/extract"
)

// weigh sets the confidence by what stands around the candidate.
func (s *scanner) weigh(d *detector, p *pending) {
	c, place, conf := &p.candidate, p.place, p.confidence
	nearest, word := s.nearest(d, c, place)
	if c.digits && c.sep == sepNone && conf == Medium && nearest == far && s.inAddress(c) {
		conf = Low // the addresses of pages are full of numbers
	}
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
	if c.better && word > 0 && conf > None {
		conf = min(conf+1, High)
	}
	if conf == None {
		s.reject(c, s.whyNone(lowered))
		return
	}
	if !s.room(c.det, conf, p.value) {
		return
	}
	s.traced(c, conf, "")
	h := hit{det: c.det, start: c.start, end: c.end, confidence: conf, context: word, value: p.value}
	h.near = word > 0 && s.closeBefore(d, c)
	s.hits = append(s.hits, h)
}

// maxAddress is how far back the beginning of a page's address is looked for.
const maxAddress = 512

// inAddress says whether the candidate stands in the address of a page.
func (s *scanner) inAddress(c *candidate) bool {
	if s.kind == extract.Href {
		return true
	}
	before := s.text.fold[max(0, int(c.start)-maxAddress):c.start]
	before = before[bytes.LastIndexAny(before, " \t\n")+1:]
	return bytes.Contains(before, []byte("://")) || bytes.HasPrefix(bytes.TrimLeft(before, "<(\"["), []byte("www."))
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
				if !r.lowers || s.speaksOf(words[i].end, c, r.within) {
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

// speaksOf says whether a word that ends at from and speaks against candidates speaks of this one. "tel" is about the
// first number behind it, not about the next; and "faktura" is about a number only if nothing but what leads from a word
// to its number stands between: the rest of the word, digits, marks, and words such as "nr".
func (s *scanner) speaksOf(from int32, c *candidate, within int) bool {
	if int(c.start-from) > utf8.UTFMax*within {
		return false
	}
	between := s.text.fold[from:c.start]
	digits := 0
	for _, b := range between {
		if b-'0' <= 9 {
			digits++
		}
	}
	return digits < 4 && (!c.digits || leadsOn(between[wordEnd(between, 0):]))
}

// leadsOn says whether folded text holds no other words than those that lead from the name of a number to the number.
func leadsOn(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if !unicode.IsLetter(r) {
			b = b[n:]
			continue
		}
		end := bytes.IndexFunc(b, func(r rune) bool { return !unicode.IsLetter(r) && r != filler })
		if end < 0 {
			end = len(b)
		}
		if !leading(string(b[:end])) {
			return false
		}
		b = b[end:]
	}
	return true
}

// leading lists words that may stand between the name of a number and the number.
func leading(word string) bool {
	switch word {
	case "nr", "nro", "no", "num", "nummer", "numret", "nummeret", "numero", "numéro", "number", "id", "kod", "code", "sn", "ref", "referens", "referentie", "reference",
		"är", "var", "is", "was", "ist", "has", "har", "heeft", "on", "to", "est", "er", "lautet", "luidt", "och", "en", "and", "und", "eller", "of", "or", "samt",
		"vår", "vårt", "ert", "din", "ditt", "ons", "onze", "uw", "our", "your", "hos", "oss", "the", "het", "de":
		return true
	}
	return utf8.RuneCountInString(word) == 1
}

// chars counts the characters between two offsets, or says far when they are clearly more than within.
func (s *scanner) chars(from, to int32, within int) int {
	n := int(to - from)
	if n > utf8.UTFMax*within {
		return far
	}
	return runes(s.text.norm[from:to])
}

// runes counts the characters of valid UTF-8: all bytes but those that continue one.
func runes(b []byte) int {
	n := len(b)
	for len(b) >= 32 {
		sums := uint64(0) // eight counts, each of a fourth of the bytes, so that none is above 252
		k := 0
		for ; k < 63*32 && k+32 <= len(b); k += 32 {
			x := b[k : k+32 : k+32]
			sums += continuing(x) + continuing(x[8:]) + continuing(x[16:]) + continuing(x[24:])
		}
		n -= int((sums&0x00ff00ff00ff00ff + sums>>8&0x00ff00ff00ff00ff) * 0x0001000100010001 >> 48)
		b = b[k:]
	}
	for _, c := range b {
		if c&0xc0 == 0x80 {
			n--
		}
	}
	return n
}

// continuing has a one for each of eight bytes that continues a character.
func continuing(b []byte) uint64 {
	w := binary.LittleEndian.Uint64(b)
	return w &^ (w << 1) & eight.Highs >> 7
}

func wordIn(words []wordHit, from, to int32) (int32, bool) {
	i := sort.Search(len(words), func(i int) bool { return words[i].start >= from })
	if i < len(words) && words[i].end <= to {
		return words[i].key, true
	}
	return 0, false
}

// closeBy is how far a word that stands close to a candidate may be, in characters.
const closeBy = 39

// closeBefore says whether a word that speaks for the candidate stands close before it.
func (s *scanner) closeBefore(d *detector, c *candidate) bool {
	for i := range d.context {
		r := d.context[i]
		if r.lowers {
			continue
		}
		r.side, r.within = SideBefore, closeBy
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
