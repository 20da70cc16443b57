package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The labels of lists stand in a part of their own (ECMA-376 part 1, 17.9), and are counted by the program that shows them.

// listLevels is how many levels a list has.
const listLevels = 9

// lists is what a document says of its lists.
type lists struct {
	abstract map[string]*abstractList // by abstractNumId
	numbered map[string]*list         // by numId
	styles   map[string]listStyle
	linked   map[string]string // abstractNumId by the style that it defines
	usual    string            // the style of paragraphs that name none
}

func newLists() *lists {
	return &lists{abstract: map[string]*abstractList{}, numbered: map[string]*list{}, styles: map[string]listStyle{}, linked: map[string]string{}}
}

type abstractList struct {
	levels [listLevels]listLevel
	link   string // a style that has it in place of this one
}

// list is one that paragraphs refer to.
type list struct {
	abstract string
	starts   map[int]int
	levels   map[int]listLevel // in place of those of the abstract one
}

type listLevel struct {
	start  int
	format string
	zeros  int // digits at least
	text   string
	suffix string
	style  string
	legal  bool // all numbers are decimal
}

// listStyle is what a style says of the list that its paragraphs are in.
type listStyle struct {
	place listPlace
	based string
}

// listPlace is where a paragraph stands in a list.
type listPlace struct{ id, level string }

// listsOf reads the lists and the styles of a document, or returns nil if it has no lists.
func (w *walker) listsOf(a *archive) *lists {
	r := &listReader{lists: newLists()}
	read := func(of func(low string) bool) {
		for _, zf := range a.files {
			if of(strings.ToLower(strings.TrimPrefix(zf.Name, "/"))) {
				w.xmlPart(a, zf, partWhere(a, zipName(zf)), r)
			}
		}
	}
	if read(a.types.listPart); len(r.lists.numbered) == 0 {
		return nil
	}
	read(a.types.stylePart)
	return r.lists
}

// listPart says whether a part holds lists, and stylePart whether it holds styles.
func (c *contentTypes) listPart(low string) bool {
	return strings.Contains(c.of(low), "wordprocessingml.numbering+xml") || low == "word/numbering.xml"
}

func (c *contentTypes) stylePart(low string) bool {
	return strings.Contains(c.of(low), "wordprocessingml.styles+xml") || low == "word/styles.xml"
}

// listReader reads the part of the lists, and that of the styles.
type listReader struct {
	lists *lists
	cur   *abstractList
	id    string // of cur
	num   *list
	at    int
	level listLevel
	style string
	was   int // open elements that tell of the past
}

func (r *listReader) start(name string, attrs []xml.Attr) {
	v := attr(attrs, "val")
	switch name {
	case "abstractNum", "listDef": // the latter of Word 2003
		r.cur = &abstractList{}
		if id := attr(attrs, "abstractNumId") + attr(attrs, "listDefId"); len(r.lists.abstract) < maxEntries {
			r.lists.abstract[id], r.id = r.cur, id
		}
	case "styleLink":
		if len(r.lists.linked) < maxEntries {
			r.lists.linked[v] = r.id
		}
	case "numStyleLink":
		if r.cur != nil {
			r.cur.link = v
		}
	case "num", "list":
		r.num = &list{starts: map[int]int{}, levels: map[int]listLevel{}}
		if len(r.lists.numbered) < maxEntries {
			r.lists.numbered[attr(attrs, "numId")+attr(attrs, "ilfo")] = r.num
		}
	case "abstractNumId", "ilst":
		if r.num != nil {
			r.num.abstract = v
		}
	case "lvlOverride", "lvl":
		r.at = levelNumber(attr(attrs, "ilvl"))
		if name == "lvl" {
			r.level = listLevel{format: "decimal"}
		}
	case "startOverride":
		if n, err := strconv.Atoi(v); err == nil && r.num != nil {
			r.num.starts[r.at] = n
		}
	case "style":
		r.style = attr(attrs, "styleId")
		if attr(attrs, "type") == "paragraph" && truth(attr(attrs, "default")) {
			r.lists.usual = r.style
		}
	case "pPrChange":
		r.was++
	case "basedOn", "numId", "ilfo", "ilvl":
		r.styled(name, v)
	default:
		r.startLevel(name, v, attrs)
	}
}

func (r *listReader) startLevel(name, v string, attrs []xml.Attr) {
	switch name {
	case "start":
		r.level.start, _ = strconv.Atoi(v)
	case "numFmt":
		r.level.format = v
		first, _, _ := strings.Cut(attr(attrs, "format"), ",")
		r.level.zeros = min(len(strings.Trim(first, " ")), 20)
		if v == "decimalZero" {
			r.level.zeros = 2
		}
	case "nfc":
		r.level.format = map[string]string{"1": "upperRoman", "2": "lowerRoman", "3": "upperLetter", "4": "lowerLetter", "23": "bullet", "255": "none"}[v]
	case "lvlText":
		r.level.text = v[:min(len(v), maxLabel)]
	case "suff":
		r.level.suffix = v
	case "pStyle":
		r.level.style = v
	case "isLgl":
		r.level.legal = v == "" || truth(v)
	}
}

// styled notes what a style says.
func (r *listReader) styled(name, v string) {
	s, ok := r.lists.styles[r.style]
	if r.style == "" || r.was > 0 || r.cur != nil || r.num != nil || !ok && len(r.lists.styles) >= maxEntries {
		return
	}
	switch name {
	case "basedOn":
		s.based = v
	case "numId", "ilfo":
		s.place.id = v
	default:
		s.place.level = v
	}
	r.lists.styles[r.style] = s
}

func (r *listReader) end(name string) {
	switch name {
	case "abstractNum", "listDef":
		r.cur = nil
	case "num", "list":
		r.num = nil
	case "lvl":
		switch {
		case r.num != nil:
			r.num.levels[r.at] = r.level
		case r.cur != nil:
			r.cur.levels[r.at] = r.level
		}
	case "style":
		r.style = ""
	case "pPrChange":
		r.was = max(0, r.was-1)
	}
}

func (r *listReader) chars([]byte) {}

func truth(v string) bool { return v == "1" || v == "true" || v == "on" }

func levelNumber(v string) int {
	n, _ := strconv.Atoi(v) // the first, if it is no number
	return max(0, min(n, listLevels-1))
}

// place is where a paragraph of that style stands.
func (l *lists) place(style string, own listPlace) listPlace {
	if style == "" {
		style = l.usual
	}
	named := style
	for range maxLevels {
		if own.id != "" || style == "" {
			break
		}
		s := l.styles[style]
		if own.id = s.place.id; own.id != "" && own.level == "" {
			if own.level = l.levelOf(own.id, named); own.level == "" {
				own.level = s.place.level
			}
		}
		style = s.based
	}
	return own
}

// levelOf is the level that belongs to a style.
func (l *lists) levelOf(id, style string) string {
	if n := l.numbered[id]; n != nil {
		_, a := l.resolve(n)
		for i := range a.levels {
			if a.levels[i].style == style {
				return strconv.Itoa(i)
			}
		}
	}
	return ""
}

// resolve follows a list to its levels.
func (l *lists) resolve(n *list) (id string, a *abstractList) {
	id = n.abstract
	if a = l.abstract[id]; a != nil && a.link != "" {
		if to, ok := l.linked[a.link]; ok {
			id, a = to, l.abstract[to]
		}
	}
	if a == nil {
		a = &abstractList{}
	}
	return id, a
}

// listCount counts the paragraphs of lists.
type listCount struct {
	*lists
	counts map[string]*[listLevels]int // by abstractNumId
	begun  map[string]bool             // lists and levels that were started anew
}

// maxLabel bounds what is made of one label.
const maxLabel = 1000

// label counts a paragraph and returns what stands before it, and whether nothing parts the two.
func (c *listCount) label(style string, own listPlace) (label string, joined bool) {
	p := c.place(style, own)
	n := c.numbered[p.id]
	if n == nil {
		return "", false
	}
	id, a := c.resolve(n)
	at := levelNumber(p.level)
	counts := c.counts[id]
	if counts == nil {
		counts = &[listLevels]int{}
		for i := range counts {
			counts[i] = -1
		}
		if c.counts == nil {
			c.counts, c.begun = map[string]*[listLevels]int{}, map[string]bool{}
		}
		c.counts[id] = counts
	}
	for i := 0; i <= at; i++ {
		c.count(counts, p.id, n, a, i, i == at)
	}
	for i := at + 1; i < listLevels; i++ {
		counts[i] = -1
	}
	v := n.level(a, at)
	return v.label(n, a, counts), v.suffix == "nothing"
}

// count steps one level on, or begins it.
func (c *listCount) count(counts *[listLevels]int, id string, n *list, a *abstractList, i int, step bool) {
	key := id + "/" + strconv.Itoa(i)
	start, anew := n.starts[i]
	switch {
	case anew && !c.begun[key]:
		counts[i] = start
		c.begun[key] = true
	case counts[i] < 0 && anew:
		counts[i] = start
	case counts[i] < 0:
		counts[i] = n.level(a, i).start
	case step:
		counts[i]++
	}
}

func (n *list) level(a *abstractList, i int) listLevel {
	if v, ok := n.levels[i]; ok {
		return v
	}
	return a.levels[i]
}

// ownText says whether the text of a level has more than numbers to be filled in, and a mark.
func ownText(s string) bool {
	n := 0
	for i := range len(s) {
		if c := s[i]; c > ' ' && c != '%' && strings.IndexByte(".()-:", c) < 0 && (i == 0 || s[i-1] != '%') {
			n++
		}
	}
	return n > 3 // the most that a mark takes in UTF-8
}

// label writes the text of a level, with %1 to %9 for the numbers.
func (v *listLevel) label(n *list, a *abstractList, counts *[listLevels]int) string {
	var out strings.Builder
	for s := v.text; s != "" && out.Len() < maxLabel; {
		before, after, ok := strings.Cut(s, "%")
		out.WriteString(before)
		switch {
		case !ok:
			return out.String()
		case after != "" && after[0] >= '1' && after[0] <= '9':
			of := n.level(a, int(after[0]-'1'))
			if v.legal {
				of.format = "decimal"
			}
			out.WriteString(of.number(max(0, counts[after[0]-'1'])))
			after = after[1:]
		default:
			out.WriteByte('%')
		}
		s = after
	}
	return out.String()
}

// number writes a number in the format of its level, as far as formats of digits go.
func (v *listLevel) number(n int) string {
	switch v.format {
	case "none", "bullet":
		return ""
	case "lowerLetter", "upperLetter":
		if n < 1 || n > 26*9 {
			return ""
		}
		first := "a"
		if v.format == "upperLetter" {
			first = "A"
		}
		return strings.Repeat(string(first[0]+byte((n-1)%26)), (n-1)/26+1)
	case "lowerRoman", "upperRoman":
		s := roman(n)
		if v.format == "lowerRoman" {
			s = strings.ToLower(s)
		}
		return s
	}
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, v.zeros-len(s))) + s
}

func roman(n int) string {
	var out strings.Builder
	for _, r := range [...]struct {
		n int
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= r.n && out.Len() < 30; n -= r.n {
			out.WriteString(r.s)
		}
	}
	return out.String()
}

// labelled is a paragraph with its label, or "" if that says nothing: a mark, or a number of few digits that ends as such.
func labelled(label, text string, joined bool) string {
	const few, short = 6, 12 // digits, characters
	digits, n := digitsIn(label), utf8.RuneCountInString(label)
	bare := strings.TrimRight(label, " ")
	switch {
	case bare == "" || digits == 0 && n <= 2:
		return ""
	case strings.ContainsAny(bare[len(bare)-1:], ".):]") && digits < few && n <= short:
		return ""
	case !joined && text != "" && !(numeral(bare[len(bare)-1]) && numeral(text[0])):
		return label + "\t" + text // at the next stop
	}
	return label + text // how far the stop is cannot be told
}

func digitsIn(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// numeral says whether a number may go on with a character.
func numeral(c byte) bool { return c >= '0' && c <= '9' || c == '-' || c == '+' || c >= utf8.RuneSelf }

// startList notes where a paragraph stands in a list.
func (d *paragraphs) startList(name string, attrs []xml.Attr) {
	l, v := d.top(), attr(attrs, "val")
	switch {
	case name == "pPrChange":
		d.past++
	case name == "lvlText":
		if ownText(v) {
			d.loose(v)
		}
	case d.past > 0 || !d.props || d.style != "":
	case name == "numId", name == "ilfo":
		l.list.id = v
	case name == "ilvl":
		l.list.level = v
	case name == "pStyle":
		l.named = v
	}
}

// bullets counts the paragraphs of a presentation, which say each for itself what stands before them (ECMA-376 part 1, 21.1.2.4).
type bullets struct {
	at     int // the level of the present paragraph
	counts [listLevels]struct {
		kind string
		n    int
	}
}

// bullet notes what stands before a paragraph of a presentation.
func (d *paragraphs) bullet(name string, attrs []xml.Attr) {
	l := d.top()
	b := &l.bullets
	switch {
	case name == "pPr":
		b.at = levelNumber(attr(attrs, "lvl"))
		return
	case !d.props:
		return
	case name == "buChar":
		c := attr(attrs, "char")
		l.label = c[:min(len(c), maxLabel)]
	case strings.HasPrefix(attr(attrs, "type"), "arabic"):
		count, kind := &b.counts[b.at], attr(attrs, "type")+attr(attrs, "startAt")
		if count.n++; count.kind != kind {
			start, err := strconv.Atoi(attr(attrs, "startAt"))
			if err != nil {
				start = 1
			}
			count.kind, count.n = kind, start
		}
		l.label = strconv.Itoa(count.n)
		if strings.Contains(kind, "Period") {
			l.label += "."
		} else if strings.Contains(kind, "Paren") {
			l.label += ")"
		}
	}
	l.joined, l.counted = false, true
}

// number counts a paragraph once it is known where it stands.
func (d *paragraphs) number(l *level) {
	if d.lists == nil || l.counted {
		return
	}
	l.counted = true
	l.label, l.joined = d.lists.label(l.named, l.list)
}

// endLabel gives out a paragraph with its label.
func (d *paragraphs) endLabel(l *level) {
	d.number(l)
	if l.label != "" {
		d.loose(labelled(l.label, string(l.seen), l.joined))
	}
}
