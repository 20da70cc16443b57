package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// odfLists counts the items of lists of OpenDocument, whose labels are written nowhere (ODF 1.3 part 3, 19.880 and others): a prefix,
// a number or a mark, a suffix.
type odfLists struct {
	styles map[string]*[odfListLevels]odfLabel
	style  *[odfListLevels]odfLabel // that is being read
	open   []*odfList
	last   map[string]*odfList // by style, for those that go on
}

// odfListLevels is how many levels programs know.
const odfListLevels = 10

// outlineStyle stands for the one style that headings have.
const outlineStyle = "\x00"

// odfLabel is what a style says of a level.
type odfLabel struct {
	before, after, mark string
	whole               string // in place of all these, as LibreOffice writes it: %1% stands for a number
	form                listLevel
	shown               int  // levels whose numbers are shown
	joined              bool // nothing parts the label from the text
}

type odfList struct {
	style  string
	counts [odfListLevels]int
	due    bool // the item has no paragraph yet
}

// start follows an element, and says whether it was about lists.
func (o *odfLists) start(name string, attrs []xml.Attr) bool {
	switch name {
	case "list-style":
		o.begin(attr(attrs, "name"))
	case "outline-style":
		o.begin(outlineStyle)
	case "list-level-style-number", "list-level-style-bullet", "outline-level-style":
		o.level(attrs)
	case "list-level-label-alignment":
		if o.style != nil && attr(attrs, "label-followed-by") == "nothing" {
			for i := range o.style {
				o.style[i].joined = true
			}
		}
	case "list":
		o.list(attrs)
	case "list-item":
		if n := len(o.open); n > 0 {
			l := o.open[n-1]
			l.due = true
			o.step(l, n-1, attr(attrs, "start-value"))
		}
	default:
		return false
	}
	return true
}

func (o *odfLists) begin(name string) {
	if o.styles == nil {
		o.styles, o.last = map[string]*[odfListLevels]odfLabel{}, map[string]*odfList{}
	}
	if o.style = o.styles[name]; o.style == nil && len(o.styles) < maxEntries {
		o.style = &[odfListLevels]odfLabel{}
		o.styles[name] = o.style
	}
}

func (o *odfLists) level(attrs []xml.Attr) {
	at, _ := strconv.Atoi(attr(attrs, "level"))
	if o.style == nil || at < 1 || at > odfListLevels {
		return
	}
	v := &o.style[at-1]
	cut := func(s string) string { return s[:min(len(s), maxLabel)] }
	v.before, v.after, v.mark = cut(attr(attrs, "num-prefix")), cut(attr(attrs, "num-suffix")), cut(attr(attrs, "bullet-char"))
	v.whole = cut(attr(attrs, "num-list-format"))
	v.shown, _ = strconv.Atoi(attr(attrs, "display-levels"))
	v.form.start = 1
	if n, err := strconv.Atoi(attr(attrs, "start-value")); err == nil {
		v.form.start = n
	}
	switch format := attr(attrs, "num-format"); format {
	case "":
		v.form.format = "none"
	case "a", "A", "i", "I":
		v.form.format = map[string]string{"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}[format]
	}
}

func (o *odfLists) list(attrs []xml.Attr) {
	l := &odfList{style: attr(attrs, "style-name")}
	if n := len(o.open); n > 0 && l.style == "" {
		l.style = o.open[n-1].style
	}
	was := o.last[l.style]
	switch {
	case len(o.open) > 0:
		l.counts = o.open[len(o.open)-1].counts
		l.restart(len(o.open))
	case was != nil && (attr(attrs, "continue-numbering") == "true" || attr(attrs, "continue-list") != ""):
		l.counts = was.counts
	default:
		l.restart(0)
	}
	if len(o.open) < maxLevels {
		o.open = append(o.open, l)
	}
}

// restart forgets the numbers from a level on.
func (l *odfList) restart(from int) {
	for i := from; i < odfListLevels; i++ {
		l.counts[i] = -1
	}
}

// step counts an item.
func (o *odfLists) step(l *odfList, at int, start string) {
	s := o.styles[l.style]
	if s == nil || at >= odfListLevels {
		return
	}
	for i := range at + 1 {
		if l.counts[i] < 0 {
			l.counts[i] = s[i].form.start
			if i == at {
				l.counts[i]--
			}
		}
	}
	l.counts[at]++
	if n, err := strconv.Atoi(start); err == nil {
		l.counts[at] = n
	}
	l.restart(at + 1)
}

func (o *odfLists) end(name string) {
	switch name {
	case "list-style", "outline-style":
		o.style = nil
	case "list":
		if n := len(o.open); n > 0 {
			if n == 1 && o.last != nil && len(o.last) < maxEntries {
				o.last[o.open[0].style] = o.open[0]
			}
			o.open = o.open[:n-1]
		}
	}
}

// heading is the label and the text of a heading that stands in no list.
func (o *odfLists) heading(level, text string) string {
	at, _ := strconv.Atoi(level)
	if at < 1 || at > odfListLevels || len(o.open) > 0 || o.styles[outlineStyle] == nil {
		return ""
	}
	l := o.last[outlineStyle]
	if l == nil {
		l = &odfList{style: outlineStyle}
		l.restart(0)
		o.last[outlineStyle] = l
	}
	o.step(l, at-1, "")
	return o.label(l, at-1, text)
}

// item is the label and the text of the first paragraph of an item, or "" if the label says nothing.
func (o *odfLists) item(text string) string {
	n := len(o.open)
	if n == 0 || !o.open[n-1].due {
		return ""
	}
	o.open[n-1].due = false
	return o.label(o.open[n-1], n-1, text)
}

func (o *odfLists) label(l *odfList, at int, text string) string {
	s := o.styles[l.style]
	if s == nil || at >= odfListLevels {
		return ""
	}
	v := &s[at]
	var numbers []string
	for i := max(0, at+1-max(1, v.shown)); i <= at; i++ {
		if n := s[i].form.number(max(0, l.counts[i])); n != "" {
			numbers = append(numbers, n)
		}
	}
	label := v.before + strings.Join(numbers, ".") + v.after
	switch {
	case v.mark != "":
		label = v.before + v.mark + v.after
	case v.whole != "":
		label = v.whole
		for i := range s {
			label = strings.ReplaceAll(label, "%"+strconv.Itoa(i+1)+"%", s[i].form.number(max(0, l.counts[i])))
		}
	}
	return labelled(label, text, v.joined)
}
