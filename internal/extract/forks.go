package extract

import (
	"encoding/xml"
	"strings"
)

// A document may hold several versions of a stretch of it (ECMA-376 part 3, 9.3): a program shows the first one whose vocabulary
// it knows, or the one that is left for the others. What Word of today shows is read in its place. The others are read as a text
// of their own, and the paragraph is read once more for each way in which a program may choose.

// The readings of a paragraph, as bits.
const (
	asWord     = 1 << iota // what is in its place
	asFallback             // by a program that knows none of the vocabularies
	asChoice               // by one that knows them all

	everyReading  = asWord | asFallback | asChoice
	otherReadings = 2 // readings beside the one in its place
)

// fork is an open element with versions, or one of them.
type fork struct {
	name  string
	shown uint8 // the readings that hold what stands around it
	left  uint8 // those that have yet to find their version
	at    int   // levels around a version that is read by itself, or 0
}

// forks are the open ones.
type forks struct {
	open  []fork
	deep  int   // open ones beyond the bound
	away  uint8 // the readings that do not hold what stands here
	apart int   // open versions that are not in their place

	depth  int
	spaces []space
}

// space is a prefix that was given a meaning.
type space struct {
	prefix, uri string
	depth       int
}

// names keeps the meanings of prefixes as far as elements are open that give them.
func (f *forks) names(attrs []xml.Attr) {
	f.depth++
	for i := range attrs {
		if attrs[i].Name.Space == "xmlns" && len(f.spaces) < maxEntries {
			f.spaces = append(f.spaces, space{attrs[i].Name.Local, attrs[i].Value, f.depth})
		}
	}
}

func (f *forks) endNames() {
	for n := len(f.spaces); n > 0 && f.spaces[n-1].depth >= f.depth; n-- {
		f.spaces = f.spaces[:n-1]
	}
	f.depth = max(0, f.depth-1)
}

// knows says whether Word of today knows the vocabularies that a version needs.
func (f *forks) knows(requires string) bool {
	for prefix := range strings.FieldsSeq(requires) {
		uri := ""
		for i := len(f.spaces) - 1; i >= 0 && uri == ""; i-- {
			if f.spaces[i].prefix == prefix {
				uri = f.spaces[i].uri
			}
		}
		if uri != "" && !vocabularies(uri) {
			return false
		}
	}
	return true
}

// vocabularies says whether a namespace is one that versions are made for by programs of Microsoft.
func vocabularies(uri string) bool {
	rest, ok := strings.CutPrefix(uri, "http://schemas.microsoft.com/office/")
	if !ok {
		return uri == "urn:schemas-microsoft-com:mac:vml" || strings.HasPrefix(uri, "http://schemas.openxmlformats.org/")
	}
	switch rest {
	case "word/2006/wordml", "word/2008/6/28/wordprocessingCanvas", "word/2010/wordml", "word/2010/wordprocessingCanvas", "word/2010/wordprocessingDrawing",
		"word/2010/wordprocessingGroup", "word/2010/wordprocessingInk", "word/2010/wordprocessingShape", "word/2012/wordml", "word/2012/wordprocessingDrawing",
		"word/2015/wordml/symex", "word/2016/wordml/cid", "word/2018/wordml", "word/2018/wordml/cex",
		"drawing/2010/main", "drawing/2012/chart", "drawing/2013/main", "drawing/2014/main", "drawing/2014/chartex", "drawing/2015/9/8/chartex",
		"drawing/2015/10/21/chartex", "drawing/2016/5/9/chartex", "drawing/2016/5/10/chartex", "drawing/2016/5/11/chartex", "drawing/2016/5/12/chartex",
		"drawing/2016/5/13/chartex", "drawing/2016/5/14/chartex", "drawing/2016/ink", "drawing/2017/model3d", "drawing/2010/slicer", "drawing/2012/timeslicer",
		"drawing/2007/8/2/chart", "drawing/2016/SVG/main", "powerpoint/2010/main", "powerpoint/2012/main", "powerpoint/2015/09/main", "powerpoint/2015/main",
		"powerpoint/2016/sectionzoom", "powerpoint/2016/slidezoom", "powerpoint/2016/summaryzoom", "spreadsheetml/2009/9/main", "spreadsheetml/2009/9/ac",
		"spreadsheetml/2010/11/ac", "spreadsheetml/2010/11/main", "spreadsheetml/2011/1/ac", "excel/2010/spreadsheetDrawing", "thememl/2012/main":
		return true
	}
	return false
}

// floor is how many levels are not the text boxes of the present version.
func (f *forks) floor() int {
	for i := len(f.open) - 1; i >= 0; i-- {
		if f.open[i].at > 0 {
			return f.open[i].at + 1
		}
	}
	return 1
}

// startFork opens an element with versions, or one of them.
func (d *paragraphs) startFork(name string, attrs []xml.Attr) {
	f := &d.forks
	if len(f.open) >= maxLevels {
		f.deep++
		return
	}
	v := fork{name: name, shown: everyReading &^ f.away}
	switch name {
	case "AlternateContent", "ruby":
		v.left = everyReading
		f.open = append(f.open, v)
		return
	}
	var in uint8
	if n := len(f.open); n > 0 {
		around := &f.open[n-1]
		in = around.versions(name, f.knows(attr(attrs, "Requires")))
		around.left &^= in
	}
	if len(f.open) == 0 {
		in = everyReading // it is no version of anything
	}
	d.forking()
	if in&asWord == 0 && len(d.levels) < maxLevels {
		v.at = len(d.levels)
		v.left = in & v.shown
		d.levels = append(d.levels, &level{})
		f.apart++
		f.away = 0
	} else {
		f.away |= everyReading &^ in
	}
	f.open = append(f.open, v)
}

// versions returns the readings for which a version is the one shown.
func (f *fork) versions(name string, known bool) uint8 {
	switch {
	case f.name == "ruby" && name == "rubyBase":
		return everyReading &^ asFallback
	case f.name == "ruby":
		return asFallback
	case f.name != "AlternateContent":
		return everyReading
	case name == "Fallback":
		return f.left
	case known:
		return f.left & (asWord | asChoice)
	}
	return f.left & asChoice
}

// endFork closes one.
func (d *paragraphs) endFork(name string) {
	f := &d.forks
	if f.deep > 0 {
		f.deep--
		return
	}
	n := len(f.open) - 1
	if n < 0 || f.open[n].name != name {
		return
	}
	v := f.open[n]
	f.open = f.open[:n]
	if v.at > 0 {
		d.endVersion(v)
	}
	f.away = everyReading &^ v.shown
}

// endVersion puts what was read by itself into the readings that show it.
func (d *paragraphs) endVersion(v fork) {
	for len(d.levels) > v.at+1 { // not closed: the file is damaged
		d.endBox()
	}
	if len(d.levels) <= v.at {
		return
	}
	l := d.top()
	d.settle(l)
	text := l.String()
	d.levels = d.levels[:v.at]
	d.forks.apart--
	l = d.top()
	if v.name == "rt" {
		l.above = append(l.above, text...)
	}
	if v.left == 0 {
		d.loose(text) // a version that no program shows
	}
	for i := range l.others {
		if v.left&(asFallback<<i) != 0 {
			l.others[i] = append(l.others[i], text...)
		}
	}
}

// forking begins the other readings of the present paragraph.
func (d *paragraphs) forking() {
	l := d.top()
	if l.forked {
		return
	}
	l.forked = true
	for i := range l.others {
		l.others[i] = append(l.others[i][:0], l.seen...)
	}
}

// otherwise appends to the other readings.
func (d *paragraphs) otherwise(l *level, s string) {
	for i := range l.others {
		if d.forks.away&(asFallback<<i) == 0 {
			l.others[i] = append(l.others[i], s...)
		}
	}
}

// endReadings gives out the readings of a paragraph that differ from the one in its place.
func (d *paragraphs) endReadings(l *level) {
	if !l.forked {
		return
	}
	first, second := string(l.others[0]), string(l.others[1])
	if first != string(l.seen) {
		d.loose(first)
	}
	if second != string(l.seen) && second != first {
		d.loose(second)
	}
	d.besides(string(l.above))
	l.forked, l.above = false, nil
}
