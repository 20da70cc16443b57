package extract

import (
	"bytes"
	"strings"
)

// cast is what a style or a name makes of an element.
type cast uint8

const (
	castFaint cast = 1 << iota // its text may not be seen
	castGone                   // it is not drawn at all, as if it were not there
	castSoft                   // it is inline, and the blanks around it are shown
	castTight                  // it stands beside what surrounds it; the blanks around it are not shown unless castSoft says so
	castRow                    // what is in it stands side by side
	castSnug                   // nothing is between its text and its border
	castWide                   // it takes more room than its text
	castLined                  // a line break that has other content than a break
)

func (s sheetStyle) cast() cast {
	c := s.side
	switch s.sight() {
	case faint:
		c |= castFaint
	case outOfSight:
		c |= castGone
	case inSight:
	}
	if s.column {
		c &^= castRow
	}
	if s.wide {
		c |= castWide
	}
	return c
}

// displayed says where the value of "display" puts a block (CSS Display 3). Most ordinary values leave it on a line of its own.
func displayed(v string) cast {
	switch v {
	case "none", "block", "list-item", "table", "table-row", "table-row-group", "table-header-group", "table-footer-group", "table-column",
		"table-column-group", "table-caption", "flow-root", "revert", "inherit", "":
		return 0
	case "flex", "grid", "-webkit-box", "-webkit-flex", "-ms-flexbox":
		return castRow
	case "inline-flex", "inline-grid", "-webkit-inline-box", "-webkit-inline-flex":
		return castRow | castSoft | castTight
	case "inline-block", "inline-table":
		return castSoft | castTight
	case "table-cell":
		return castTight
	}
	return castSoft
}

// place reads declarations that put blocks side by side.
func (s *sheetStyle) place(name, v string) {
	switch name {
	case "float":
		if v == "left" || v == "right" || strings.HasPrefix(v, "inline-") {
			s.side |= castTight
		}
	case "position":
		if v == "absolute" || v == "fixed" {
			s.side |= castTight
		}
	case "all":
		if v == "unset" || v == "initial" {
			s.side |= castSoft
		}
	case "flex-direction", "flex-flow":
		s.column = strings.Contains(v, "column")
	case "content":
		s.side |= castLined
	default: // padding
		if size, ok := measure(v); ok && size == 0 {
			s.side |= castSnug
		}
	}
}

// roomy says whether a size is more than a few digits take.
func roomy(v string) bool {
	const digits = 60
	size, ok := measure(strings.ToLower(strings.TrimSpace(v)))
	return ok && (size > digits || strings.HasSuffix(v, "%"))
}

// notDrawn names elements whose inside browsers do not draw (HTML 15.3.1, 4.8; SVG 2, 5). Mail programs that do not know them do.
func (w *htmlWalker) notDrawn(name string) bool {
	switch name {
	case "audio", "video", "canvas", "iframe", "noembed", "noframes", "noscript", "template", "datalist", "rp", "title":
		return true
	case "dialog": // unless it is open
		return true
	case "style", "script", "desc", "metadata", "defs", "symbol", "clippath", "mask", "pattern", "marker", "annotation", "annotation-xml":
		return w.foreign > 0
	}
	return false
}

// asDrawn makes a line of a text once more where it differs for a program that leaves out some of it, or puts blocks side by side: a
// number with something between its digits that nobody sees is one for whoever reads it.
type asDrawn struct {
	line  flow
	open  bool // the present line differs
	mixed bool // there is text on it that is not only this program's

	due   bool // there are edges since the last text:
	hard  bool // of a line
	inner bool // of a line, in what only this program sees
	wall  bool // of what stands on lines of its own with all in it
	soft  bool // blanks between them are shown
	tight bool // of blocks side by side, whose own lines do not matter
	blank bool // there are blanks among them
}

// border takes an edge of an element. f is the text as it is without this line.
func (d *asDrawn) border(c cast, inner bool, f *flow) {
	if !d.due {
		d.due, d.blank = true, f.space
	}
	d.soft = d.soft || c&castSoft != 0
	d.tight = d.tight || c&castTight != 0
	switch {
	case c&(castGone|castSoft|castTight) != 0:
	case c&castRow != 0:
		d.wall = true
	case inner:
		d.inner = true
	default:
		d.hard = true
	}
}

// settle begins or ends a line where text follows after edges, and returns the one that ended.
func (d *asDrawn) settle(f *flow) (done string, ended bool) {
	if !d.due {
		return "", false
	}
	if ended = d.wall || (d.hard || d.inner) && !d.tight; ended {
		open := d.open && d.inner && !d.hard && !d.wall
		done = d.end(f)
		d.open = open
	} else {
		if !d.open {
			d.begin(f)
		}
		d.line.space = d.line.space && (d.soft || !d.tight)
	}
	d.due, d.hard, d.inner, d.wall, d.soft, d.tight, d.blank = false, false, false, false, false, false, false
	return done, ended
}

// begin takes what stands on the present line of f.
func (d *asDrawn) begin(f *flow) {
	s := f.lastLine()
	d.open, d.mixed = true, s != ""
	d.line.literal(s)
	d.line.space = f.space || d.due && d.blank
}

// add takes text that is shown to all.
func (d *asDrawn) add(s []byte, pre bool) {
	if d.open {
		d.mixed = true
		d.line.add(s, pre)
	}
}

// blanks takes text that is only blanks.
func (d *asDrawn) blanks(s []byte) {
	if d.open {
		d.line.add(s, false)
	}
	d.blank = d.blank || d.due
}

// omit leaves out text that f takes next. ended says that a line was ended before it.
func (d *asDrawn) omit(f *flow, ended bool) {
	switch {
	case ended:
		d.open = true
	case !d.open:
		d.begin(f)
	}
}

// lastLine is what stands on the present line, or in the present cell.
func (f *flow) lastLine() string { return f.b.String()[f.from:] }

// end returns the line, if it differs from that of f.
func (d *asDrawn) end(f *flow) string {
	if !d.open {
		return ""
	}
	s := ""
	if d.mixed && d.line.String() != f.lastLine() {
		s = d.line.String()
	}
	d.open, d.mixed, d.line = false, false, flow{}
	return s
}

// views are the lines of a document as different programs draw them, and what is needed to tell.
type views struct {
	joined asDrawn // with blocks side by side
	less   asDrawn // the same without what may not be seen
	edge   cast    // of the tag that is read
	sides  map[string]uint64
	tables uint64 // the open ones, the last bits for the innermost: castSnug and castWide
	row    string // name of an element in which all stands side by side
	rows   int    // open ones of that name since
}

// sideBits are kept of each open element, for its end.
const (
	sideBits = 2
	sideMask = 1<<sideBits - 1
)

func (w *htmlWalker) gone() bool { return w.veiled > 0 || w.dimmed > 0 && w.dimGone }

// beginEdge tells what the edge is with which an element begins.
func (w *htmlWalker) beginEdge(name string, hide bool) {
	v, c := &w.views, w.cast
	if c&castLined != 0 && name == "br" {
		c |= castSoft
	}
	side := c & (castSoft | castTight)
	switch name {
	case "table":
		v.tables = v.tables<<sideBits | uint64(c&(castSnug|castWide)/castSnug)
	case "td", "th":
		side = 0
		c |= cast(v.tables&sideMask) * castSnug
		if c&(castSnug|castWide) == castSnug {
			side = castTight
		}
	case "tr", "tbody", "thead", "tfoot":
		side &^= castSoft
	}
	switch {
	case w.gone(), void(name) && (hide || c&castGone != 0):
		v.edge = castGone
	case v.rows > 0:
		v.edge = castTight
	default:
		v.edge = side | c&castRow
	}
	if side != 0 && v.sides == nil {
		v.sides = map[string]uint64{}
	}
	if v.sides != nil && isBlock(name) && !void(name) {
		v.sides[name] = v.sides[name]<<sideBits | uint64(side/castSoft)
	}
	if v.rows > 0 && name == v.row {
		v.rows++
	} else if v.rows == 0 && c&castRow != 0 {
		v.row, v.rows = name, 1
	}
}

// endEdge tells what the edge is with which an element ends.
func (w *htmlWalker) endEdge(name string, gone bool) {
	v := &w.views
	v.edge = 0
	if v.rows > 0 && name == v.row {
		if v.rows--; v.rows == 0 {
			v.edge = castRow
		}
	}
	if v.sides != nil && isBlock(name) {
		v.edge |= cast(v.sides[name]&sideMask) * castSoft
		v.sides[name] >>= sideBits
	}
	if name == "table" {
		v.tables >>= sideBits
	}
	switch {
	case gone:
		v.edge = castGone
	case v.rows > 0:
		v.edge = castTight
	}
}

// border hands the edge of the present tag to all views.
func (w *htmlWalker) border() {
	v := &w.views
	w.outlook.border(v.edge, w.inside)
	v.joined.border(v.edge, false, &w.text)
	v.less.border(v.edge, false, &w.text)
}

// draw takes text that is shown, before it is added to the text.
func (w *htmlWalker) draw(text []byte) {
	v := &w.views
	if len(bytes.TrimSpace(text)) == 0 {
		v.joined.blanks(text)
		v.less.blanks(text)
		w.outlook.blanks(text, w.inside)
		return
	}
	w.aside(w.outlook.take(text, w.pre > 0, w.inside, w.dimmed > 0))
	if v.joined.tight && !v.joined.soft {
		text = bytes.TrimLeft(text, " \t\r\n\f")
	}
	one, ended := v.joined.settle(&w.text)
	if w.gone() {
		v.joined.omit(&w.text, ended)
	} else {
		v.joined.add(text, w.pre > 0)
	}
	other, ended := v.less.settle(&w.text)
	if w.dimmed > 0 {
		v.less.omit(&w.text, ended)
	} else {
		v.less.add(text, w.pre > 0)
	}
	w.bothLines(one, other)
}

// endLines ends the views with the document.
func (w *htmlWalker) endLines() {
	w.bothLines(w.views.joined.end(&w.text), w.views.less.end(&w.text))
	if !w.inside {
		w.aside(w.outlook.last())
	}
}

func (w *htmlWalker) bothLines(one, other string) {
	w.aside(one)
	if other != one {
		w.aside(other)
	}
}

// laidOut reads the attributes of tables that say how close together things are.
func laidOut(key, tag, val string) cast {
	switch {
	case tag != "table" && tag != "td" && tag != "th":
	case key == "cellpadding" && strings.TrimSpace(val) == "0":
		return castSnug
	case key == "width" && roomy(val):
		return castWide
	case key == "align" && tag == "table" && (strings.EqualFold(val, "left") || strings.EqualFold(val, "right")):
		return castTight
	}
	return 0
}

// painted reads the attributes of SVG that are properties of style.
func painted(key, val string) cast {
	if key == "fill" {
		if val = strings.ToLower(strings.TrimSpace(val)); val == "none" || paleColor(val) {
			return castFaint
		}
		return 0
	}
	return styleOf([]byte(key + ":" + val)).cast()
}
