package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// paragraphs collects the text of WordprocessingML and DrawingML (ECMA-376 part 1, 17 and
// 21). The runs of a paragraph are joined: a number is often cut into several by proofing
// marks and edits. Text boxes and notes that stand inside a paragraph are set apart, so
// that they do not cut it. What a tracked change removed is read once more in place of
// what it put in. So is a stretch of which there are several versions (forks.go).
type paragraphs struct {
	levels []*level
	aside  strings.Builder // text boxes, in order
	hidden strings.Builder
	limit  int64 // bytes of text that are still worth collecting
	taken  int64

	in      string // "t", "delText", "instrText", or "" outside of text
	tabs    bool   // inside the definition of tab stops
	deleted int    // open deletions
	added   int    // open insertions
	run     bool   // inside a run
	vanish  bool   // the run is hidden, or hard to see
	props   bool   // inside the properties of a paragraph
	looks   bool   // inside the properties of a run, or of the mark of a paragraph
	field   strings.Builder
	drawn   drawings

	pictures  bool     // the run is in a font of pictures
	overrides []string // of direction, that are open
	deeper    int      // more of them

	forks forks
	lists *listCount // nil if there are none
	past  int        // open elements that tell how a paragraph was

	style  string          // that is being defined
	hiding map[string]bool // styles that hide their text
}

// maxLevels bounds text boxes in text boxes; what is deeper joins the deepest.
const maxLevels = 50

// level is the text of the body, or of a text box in a paragraph of it.
type level struct {
	flow
	before strings.Builder // the paragraph as it was before tracked changes
	edited bool
	seen   []byte // the paragraph without hidden runs
	hides  bool   // it has some

	vanish  bool   // the style of the paragraph hides it
	endless bool   // its mark is hidden or deleted, so that the next one goes on in its line
	joint   []byte // the paragraphs before it with such marks, without hidden runs
	pieces  int    // that are in joint

	forked bool // the paragraph has other readings
	others [otherReadings][]byte
	above  []byte // what stands above the line

	bullets bullets
	named   string    // the style of the paragraph
	list    listPlace // as it says itself
	label   string
	joined  bool // nothing parts it from the text
	counted bool
}

func newParagraphs(limit int64) *paragraphs {
	return &paragraphs{levels: []*level{{}}, limit: limit, hiding: map[string]bool{}}
}

func (d *paragraphs) top() *level { return d.levels[len(d.levels)-1] }

func (d *paragraphs) start(name string, attrs []xml.Attr) {
	d.drawn.start(name, attrs)
	d.forks.names(attrs)
	switch name {
	case "AlternateContent", "Choice", "Fallback", "ruby", "rubyBase", "rt":
		d.startFork(name, attrs)
	case "t", "delText", "instrText", "delInstrText":
		d.in = name
	case "p":
		l := d.top()
		d.endReadings(l)
		l.block()
		l.vanish, l.endless = false, false
		l.named, l.list, l.label, l.counted = "", listPlace{}, "", false
	case "tr":
		d.top().row()
	case "tc":
		d.top().cell()
	case "pPr":
		d.props = true
		d.bullet(name, attrs)
	case "rPr":
		d.looks = true
	case "tabs":
		d.tabs = true
	case "tab", "ptab":
		if !d.tabs {
			d.put("\t")
		}
	case "br", "cr":
		d.put("\n")
	case "noBreakHyphen":
		d.put("-")
	case "del", "moveFrom":
		d.deleted++
		d.top().endless = d.top().endless || d.props
	case "ins", "moveTo":
		d.added++
	case "txbxContent":
		if len(d.levels) < maxLevels {
			d.levels = append(d.levels, &level{})
		}
	case "r":
		d.run, d.vanish, d.pictures = true, d.top().vanish, false
	case "vanish", "specVanish", "color", "srgbClr", "sz", "rStyle", "pStyle", "style", "basedOn":
		d.sight(name, attrs)
		if name == "pStyle" {
			d.startList(name, attrs)
		}
	case "buChar", "buAutoNum":
		d.bullet(name, attrs)
	case "cmAuthor", "author", "section", "custShow", "cSld":
		d.loose(attr(attrs, "name"))
	case "numFmt": // of a chart
		if code := attr(attrs, "formatCode"); strings.ContainsAny(code, `"\\`) {
			d.loose(parseFormat(code).words())
		}
	case "numId", "ilfo", "ilvl", "lvlText", "pPrChange":
		d.startList(name, attrs)
	case "rFonts", "latin", "sym":
		if d.font(attrs); attr(attrs, "char") != "" {
			d.put(symbol(attr(attrs, "font"), attr(attrs, "char")))
		}
	case "bdo":
		d.startOverride(attr(attrs, "val"))
	case "textpath": // WordArt, watermarks
		d.besides(attr(attrs, "string"))
	case "docVar", "default", "statusText", "helpText", "listEntry": // the last ones of a form field
		if v := attr(attrs, "val"); len(v) > 1 {
			d.loose(v)
		}
	case "fldSimple":
		d.loose(attr(attrs, "instr"))
	}
	d.attributes(attrs)
}

// sight notes what hides a run, the mark of a paragraph, or what is written in a style.
func (d *paragraphs) sight(name string, attrs []xml.Attr) {
	v := attr(attrs, "val")
	hides := d.hiding[v]
	switch name {
	case "style":
		d.style = attr(attrs, "styleId")
		return
	case "pStyle":
		d.top().vanish = hides
		d.top().endless = d.top().endless || hides
		return
	case "vanish", "specVanish":
		hides = v != "0" && v != "false" && v != "off"
		if !hides && d.run {
			d.vanish = false
		}
	case "color", "srgbClr":
		hides = v != "" && paleColor("#"+strings.ToLower(v))
	case "sz":
		n, err := strconv.Atoi(v)
		hides = err == nil && n < 5 // half points
	}
	switch {
	case !hides:
	case d.run && d.looks:
		d.vanish = true
	case d.style != "":
		if len(d.hiding) < maxEntries {
			d.hiding[d.style] = true
		}
	case d.props && (name == "vanish" || name == "specVanish"):
		d.top().endless = true
	}
}

// attributes keeps what a reader can call up: descriptions of pictures, tool tips, cached
// values of pivot tables.
func (d *paragraphs) attributes(attrs []xml.Attr) {
	for i := range attrs {
		switch attrs[i].Name.Local {
		case "descr", "title", "alt", "tooltip", "caption", "author", "displayText":
			d.loose(attrs[i].Value)
		case "v":
			if len(attrs[i].Value) > 1 {
				d.loose(attrs[i].Value)
			}
		}
	}
}

func (d *paragraphs) end(name string) {
	d.drawn.end(name)
	d.forks.endNames()
	switch name {
	case "AlternateContent", "Choice", "Fallback", "ruby", "rubyBase", "rt":
		d.endFork(name)
	case "t", "delText":
		d.in = ""
	case "instrText", "delInstrText":
		d.in = ""
	case "p":
		d.endParagraph()
	case "tr":
		d.top().row()
	case "r":
		d.run, d.vanish, d.pictures = false, false, false
	case "tabs":
		d.tabs = false
	case "pPr":
		if d.props = false; d.past == 0 && d.style == "" {
			d.number(d.top())
		}
	case "pPrChange":
		d.past = max(0, d.past-1)
		d.props = true
	case "rPr":
		d.looks = false
	case "style":
		d.style = ""
	case "bdo":
		d.endOverride()
	case "del", "moveFrom":
		d.deleted = max(0, d.deleted-1)
	case "ins", "moveTo":
		d.added = max(0, d.added-1)
	case "txbxContent":
		if len(d.levels) > d.forks.floor() {
			d.endBox()
		}
	}
}

// endBox closes a text box.
func (d *paragraphs) endBox() {
	l := d.top()
	d.settle(l)
	d.levels = d.levels[:len(d.levels)-1]
	d.besides(l.String())
}

// settle gives out the readings of a paragraph that ends.
func (d *paragraphs) settle(l *level) {
	if l.edited {
		d.loose(l.before.String())
	}
	if l.hides {
		d.loose(string(l.seen))
	}
	d.endReadings(l)
	d.join(l)
	l.before.Reset()
	l.seen = l.seen[:0]
	l.edited, l.hides = false, false
}

func (d *paragraphs) endParagraph() {
	l := d.top()
	d.endLabel(l)
	d.settle(l)
	l.block()
	d.loose(d.field.String())
	d.field.Reset()
}

// join makes one line of paragraphs between which the marks are not shown.
func (d *paragraphs) join(l *level) {
	if !l.endless && l.pieces == 0 {
		return
	}
	if len(l.seen) > 0 {
		l.pieces++
		l.joint = append(l.joint, l.seen...)
	}
	if l.endless {
		return
	}
	if l.pieces > 1 {
		d.loose(string(l.joint))
	}
	l.joint, l.pieces = l.joint[:0], 0
}

func (d *paragraphs) chars(b []byte) {
	d.drawn.chars(b)
	if d.taken += int64(len(b)); d.taken > d.limit+chunk {
		return
	}
	switch d.in {
	case "t":
		s := string(b)
		if d.pictures {
			s = fromPictures(s)
		} else {
			s = fromSymbols(s)
		}
		d.put(s)
	case "delText":
		l := d.top()
		l.before.Write(b)
		l.edited = true
	case "instrText", "delInstrText":
		d.field.Write(b)
	default:
		d.loose(string(b))
	}
}

// put appends to the paragraph; what is being moved away belongs to the old text only.
func (d *paragraphs) put(s string) {
	l := d.top()
	l.edited = l.edited || d.added > 0
	if d.added == 0 || d.deleted > 0 {
		l.before.WriteString(s)
	}
	if d.deleted > 0 {
		l.edited = true
		return
	}
	l.literal(s)
	if l.hides = l.hides || d.vanish; !d.vanish {
		l.seen = append(l.seen, s...)
		if l.forked {
			d.otherwise(l, s)
		}
	}
}

// besides keeps what is shown, but not in the row of the text.
func (d *paragraphs) besides(s string) {
	if d.forks.apart > 0 {
		d.loose(s)
		return
	}
	if s != "" && int64(d.aside.Len()) <= d.limit {
		d.aside.WriteString("\n" + s)
	}
}

// loose keeps text that stands outside of paragraphs.
func (d *paragraphs) loose(s string) {
	if s = strings.TrimSpace(s); s != "" && int64(d.hidden.Len()) <= d.limit {
		d.hidden.WriteString(s)
		d.hidden.WriteByte('\n')
	}
}

func (d *paragraphs) result() (text, hidden string) {
	d.forks.deep = 0
	for n := len(d.forks.open); n > 0; n-- { // not closed: the file is damaged
		d.endFork(d.forks.open[n-1].name)
	}
	for len(d.levels) > 1 {
		d.endBox()
	}
	d.levels[0].endless = false
	d.settle(d.levels[0])
	return d.levels[0].String() + d.aside.String(), d.hidden.String()
}
