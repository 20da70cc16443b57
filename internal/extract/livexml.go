package extract

import (
	"encoding/xml"
	"strings"
)

// liveXML reads XML as whoever shows it does: SVG and XHTML as a browser, with elements inside of a line and scripts; other
// vocabularies only where an element holds text and elements, as documents do and data does not.
type liveXML struct {
	lines   strings.Builder // with all text
	less    strings.Builder // of what is drawn
	cur     xmlLine
	seen    xmlLine
	live    bool // SVG or XHTML was met
	ended   bool // an element ended last
	hidden  int  // open elements since one that is not drawn
	inside  int  // open elements since a script
	code    strings.Builder
	scripts scripts
	sheet   map[string]cast
	limit   int
}

// xmlLine is a line that is put together from several pieces.
type xmlLine struct {
	text   []byte
	pieces int
	cut    bool // some of it is left out
	some   bool // there was a line that is put together
}

// end ends a line. One that is in one piece is kept too if all is set.
func (l *xmlLine) end(out *strings.Builder, all bool, limit int) {
	joined := l.pieces > 1 || l.cut && l.pieces > 0
	l.some = l.some || joined
	if (joined || all && l.pieces > 0) && out.Len() <= limit {
		out.Write(l.text)
		out.WriteByte('\n')
	}
	l.text, l.pieces, l.cut = l.text[:0], 0, false
}

func (x *liveXML) newLine() {
	x.cur.end(&x.lines, x.live, x.limit)
	x.seen.end(&x.less, x.live, x.limit)
}

func (x *liveXML) start(name string, attrs []xml.Attr) {
	c := x.attributes(attrs)
	switch {
	case x.inside > 0:
		x.inside++
	case name == "script" && x.live:
		x.inside = 1
		if dataBlock(attr(attrs, "type")) {
			x.inside = 0
		} else if attr(attrs, "href") != "" || attr(attrs, "src") != "" {
			x.scripts.active = true
		}
	}
	switch {
	case x.hidden > 0:
		x.hidden++
	case x.live && (c != 0 || notPainted(name)):
		x.hidden = 1
	default:
		if x.live && ownLine(name) || !x.live && x.ended {
			x.newLine()
		}
	}
	x.ended = false
}

func (x *liveXML) attributes(attrs []xml.Attr) (c cast) {
	for i := range attrs {
		a := &attrs[i]
		if a.Value == "http://www.w3.org/1999/xhtml" || a.Value == "http://www.w3.org/2000/svg" {
			x.live = true
		}
		switch a.Name.Local {
		case "style":
			c |= styleOf([]byte(a.Value)).cast()
		case "display", "visibility", "opacity", "fill":
			c |= painted(a.Name.Local, a.Value)
		case "class":
			for name := range strings.FieldsSeq(strings.ToLower(a.Value)) {
				c |= x.sheet["."+name]
			}
		case "id":
			c |= x.sheet["#"+strings.ToLower(a.Value)]
		}
	}
	if x.live {
		for i := range attrs {
			x.scripts.attribute(attrs[i].Name.Local, attrs[i].Value)
		}
	}
	return c & (castFaint | castGone)
}

func (x *liveXML) end(name string) {
	if x.inside > 0 {
		if x.inside--; x.inside == 0 {
			x.scripts.add(x.code.String())
			x.code.Reset()
		}
	}
	if x.hidden > 0 {
		x.hidden--
	} else if x.live && ownLine(name) {
		x.newLine()
	}
	x.ended = true
}

func (x *liveXML) chars(b []byte) {
	if x.inside > 0 && x.code.Len() <= x.limit {
		x.code.Write(b)
	}
	blank := strings.TrimSpace(string(b)) == ""
	if blank && !x.live && strings.IndexByte(string(b), '\n') >= 0 {
		x.newLine()
		return
	}
	x.ended = false
	x.cur.add(b, blank, x.limit)
	if x.hidden > 0 {
		x.seen.cut = x.seen.cut || !blank
		return
	}
	x.seen.add(b, blank, x.limit)
}

func (l *xmlLine) add(b []byte, blank bool, limit int) {
	if len(l.text) > limit {
		return
	}
	l.text = append(l.text, b...)
	if !blank {
		l.pieces++
	}
}

// notPainted names elements of SVG and XHTML that are not drawn.
func notPainted(name string) bool {
	switch name {
	case "style", "script", "title", "desc", "metadata", "defs", "symbol", "clipPath", "mask", "pattern", "marker", "canvas", "audio", "video",
		"template", "iframe", "datalist", "noscript":
		return true
	}
	return false
}

// ownLine names elements of SVG and XHTML that stand on lines of their own.
func ownLine(name string) bool {
	switch name {
	case "text", "foreignObject", "svg", "table", "tr", "td", "th":
		return true
	}
	return isBlock(name)
}

// giveLive gives out what the present document shows besides its text.
func (w *walker) giveLive(f *leaf, x *liveXML) {
	x.newLine()
	if x.inside > 0 {
		x.scripts.add(x.code.String())
	}
	if x.cur.some {
		w.segment(f.where, Hidden, f.att, x.lines.String())
	}
	if less := x.less.String(); x.seen.some && less != x.lines.String() {
		w.segment(f.where, Hidden, f.att, less)
	}
	if x.scripts.active || x.scripts.text.Len() > 0 {
		w.dataFiles(f, w.scripts(f, &x.scripts))
	}
}
