package extract

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// openRTF reads rich text.
func (w *walker) openRTF(f *leaf, r io.ReaderAt, n int64) {
	b, err := io.ReadAll(io.NewSectionReader(r, 0, n))
	if err != nil {
		w.unreadable(f.where, Corrupt, "damaged RTF document")
		return
	}
	w.rtfText(f, b)
}

// rtfText gives out what an RTF document holds.
func (w *walker) rtfText(f *leaf, b []byte) {
	d := &rtf{limit: w.lim.Text, page: 1252, group: rtfGroup{skip: 1}}
	d.read(b, w.expired)
	if d.damaged {
		w.unreadable(f.where, Corrupt, "damaged RTF document")
	}
	text := d.text.shown.String() + d.beside.String()
	if d.html {
		w.markup(f, text, f.kind) // RTF that only carries HTML, MS-OXRTFEX
	} else {
		w.segment(f.where, f.kind, f.att, text)
	}
	w.segment(f.where, Hidden, f.att, d.hidden.String())
	w.segment(f.where+"!generator", Hidden, f.att, d.program.String())
	for i, digits := range d.objects {
		if !w.entry(f) {
			return
		}
		w.rtfObject(f, i+1, joinDigits(digits))
	}
	for i, digits := range d.drawn {
		b := joinDigits(digits)
		in := w.inside(f, "picture"+strconv.Itoa(i+1))
		if in.found = sniff(b[:min(len(b), sniffLen)], "", ""); in.found.drawn() {
			w.metafile(in, b)
		}
	}
}

// joinDigits makes bytes of values of four bits each.
func joinDigits(d []byte) []byte {
	out := d[:0]
	for i := 0; i+1 < len(d); i += 2 {
		out = append(out, d[i]<<4|d[i+1])
	}
	return out
}

// rtfObject reads an embedded file (MS-OLEDS 2.2.5): a header with names, then the data of its kind.
func (w *walker) rtfObject(f *leaf, n int, b []byte) {
	c := cursor{b: b}
	c.take(8) // version and kind
	class := string(bytes.TrimRight(c.take(int64(c.u32())), "\x00"))
	c.take(int64(c.u32())) // topic
	c.take(int64(c.u32())) // item
	data := c.take(int64(c.u32()))
	if c.short || len(data) == 0 {
		w.unreadable(f.where, Unsupported, "cannot read an embedded object")
		return
	}
	name := "object" + strconv.Itoa(n)
	if strings.EqualFold(class, "Package") {
		if label, file := nativeObject(append(make([]byte, 4, 4+len(data)), data...)); len(file) > 0 {
			w.entryName(f, label)
			name, data = label, file
		}
	}
	w.bytesInside(f, name, data)
}

// Bounds of an RTF document.
const (
	maxGroups     = 10000 // open at once
	maxRTFObjects = 100
)

// rtf reads Rich Text Format 1.9.1: groups in braces, control words behind a backslash, text.
type rtf struct {
	limit  int64
	page   uint16 // code page of the document
	group  rtfGroup
	stack  []rtfGroup
	bytes  []byte // text in the code page, not decoded yet
	text   rtfFlow
	beside strings.Builder // headers, footers, notes and text boxes: each a paragraph of its own, behind the text that it would cut
	hidden strings.Builder

	program strings.Builder // that wrote the document; it stands apart as that of OpenDocument does

	objects [][]byte // one digit a byte
	drawn   [][]byte // pictures in which text may stand, likewise
	apart   bool     // what is hidden next does not go on with what was hidden last
	html    bool     // the document carries HTML
	damaged bool
	colors  rtfColorTable
}

// rtfGroup is what holds until the closing brace.
type rtfGroup struct {
	skip    int // characters that stand in for one \u, \uc
	dest    rtfDest
	around  rtfDest  // of the group that comes in two writings, \upr
	hidden  bool     // \v
	tiny    bool     // too small to be made out
	pale    bool     // in white, or nearly so
	deleted bool     // by a tracked change, or moved away
	added   bool     // by a tracked change, or moved here
	second  bool     // what RTF needs beside the HTML that it carries
	star    bool     // \* was met: an unknown destination is to be passed over
	start   bool     // nothing was met yet
	own     bool     // the destination began with this group
	beside  *rtfFlow // what is shown beside the text, or nil
}

type rtfDest uint8

const (
	rtfBody    rtfDest = iota
	rtfAside           // what is not shown at first: properties, comments, bookmarks, codes of fields
	rtfBinary          // hexadecimal data of an object
	rtfIgnore          // tables of fonts, colours, styles; pictures
	rtfProgram         // the name of a program
	rtfColors          // the table of colours
	rtfDrawing         // hexadecimal data of a picture that is kept as the calls that draw it
)

func (d *rtf) read(b []byte, expired func() bool) {
	left := 0 // characters to pass over behind \u
	for n := 0; len(b) > 0; n++ {
		if n%4096 == 4095 && (expired() || !d.room()) {
			break
		}
		switch c := b[0]; c {
		case '{':
			d.flush()
			if len(d.stack) >= maxGroups {
				d.damaged = true
				return
			}
			d.stack = append(d.stack, d.group)
			d.group.start, d.group.star, d.group.own = true, false, false
			left, b = 0, b[1:]
		case '}':
			d.flush()
			if len(d.stack) == 0 {
				d.damaged = d.damaged || len(bytes.Trim(b, "}\x00 \r\n")) > 0
				return
			}
			if d.group.own && d.group.dest == rtfAside {
				d.apart = true // one property must not run into the next
			}
			d.closeGroup()
			left, b = 0, b[1:]
		case '\\':
			b = d.control(b[1:], &left)
		case '\r', '\n':
			b = b[1:]
		default:
			if left > 0 {
				left--
			} else {
				d.char(c)
			}
			b = b[1:]
		}
	}
	d.flush()
	d.damaged = d.damaged || len(d.stack) > 0 && d.room()
	for len(d.stack) > 0 {
		d.closeGroup()
	}
	d.endParagraph(&d.text)
}

// closeGroup goes back to the group around.
func (d *rtf) closeGroup() {
	in := d.group
	d.group = d.stack[len(d.stack)-1]
	d.stack = d.stack[:len(d.stack)-1]
	if in.beside == d.group.beside {
		return
	}
	d.endParagraph(in.beside)
	if in.beside.shown.Len() > 0 && d.room() {
		d.beside.WriteByte('\n')
		d.beside.WriteString(in.beside.shown.String())
	}
}

// room says whether more text may be taken.
func (d *rtf) room() bool { return d.text.len()+int64(d.beside.Len()) <= d.limit }

// control reads what stands behind a backslash, and returns the rest.
func (d *rtf) control(b []byte, left *int) []byte {
	if len(b) == 0 {
		d.damaged = true
		return nil
	}
	if c := b[0] | 0x20; c < 'a' || c > 'z' {
		return d.symbol(b, left)
	}
	i := 0
	for i < len(b) && i < 32 && b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z' {
		i++
	}
	word := string(b[:i])
	b = b[i:]
	i = 0
	if len(b) > 0 && b[0] == '-' {
		i++
	}
	for i < len(b) && i < 11 && b[i]-'0' <= 9 {
		i++
	}
	arg, err := strconv.Atoi(string(b[:i]))
	has := err == nil
	if has {
		b = b[i:]
	}
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if word == "bin" && has { // raw bytes follow
		return b[min(max(arg, 0), len(b)):]
	}
	if *left > 0 && word != "u" {
		*left--
		return b
	}
	d.word(word, arg, has, left)
	return b
}

// symbol reads a control symbol.
func (d *rtf) symbol(b []byte, left *int) []byte {
	switch c := b[0]; c {
	case '\'':
		if len(b) < 3 || unhex(b[1]) < 0 || unhex(b[2]) < 0 {
			d.damaged = true
			return b[1:]
		}
		if *left > 0 {
			*left--
		} else {
			d.char(byte(unhex(b[1])<<4 | unhex(b[2]))) //nolint:gosec // two hexadecimal digits make one octet
		}
		return b[3:]
	case '*':
		d.group.star = true
	case '~':
		d.put(" ")
	case '_':
		d.put("-")
	case '-', ':', '|':
	case '\r', '\n':
		d.put("\n")
	default:
		if *left > 0 {
			*left--
		} else {
			d.char(c)
		}
	}
	return b[1:]
}

// word acts on a control word.
func (d *rtf) word(word string, arg int, has bool, left *int) {
	first := d.group.start
	d.group.start = false
	switch word {
	case "par", "row", "sect", "page", "nestrow":
		d.endWith("\n")
	case "cell", "nestcell":
		d.endWith("\t")
	case "line", "column", "softline", "softpage", "softcol":
		d.put("\n")
	case "tab":
		d.put("\t")
	case "emdash", "endash":
		d.put("-")
	case "emspace", "enspace", "qmspace":
		d.put(" ")
	case "u":
		d.flush()
		if arg < 0 { // written as a signed number of 16 bits
			arg += 1 << 16
		}
		d.put(string(rune(max(0, min(arg, utf8.MaxRune)))))
		*left = d.group.skip
	case "uc":
		d.group.skip = max(0, min(arg, 16))
	case "ansicpg":
		d.page = uint16(min(max(arg, 0), 65535))
	case "mac":
		d.page = 10000
	case "pc":
		d.page = 437
	case "fromhtml":
		d.html = true
	case "emfblip", "wmetafile":
		if d.group.dest == rtfIgnore && len(d.drawn) < maxRTFObjects {
			d.group.dest = rtfDrawing
			d.drawn = append(d.drawn, nil)
		}
	case "v", "deleted", "revised", "mvf", "mvt", "plain", "htmlrtf":
		d.flush()
		d.property(word, !has || arg != 0)
	case "fs", "cf":
		d.flush()
		d.group.star = false
		d.look(word, arg, has)
	case "red", "green", "blue":
		d.colors.part(arg)
	default:
		if first || d.group.star {
			d.destination(word)
		}
	}
}

// property turns something on or off that holds for the text that follows.
func (d *rtf) property(word string, on bool) {
	switch g := &d.group; word {
	case "v":
		g.hidden = on
	case "deleted", "mvf":
		g.deleted = on
	case "revised", "mvt":
		g.added = on
	case "plain":
		g.hidden, g.deleted, g.added, g.tiny, g.pale = false, false, false, false, false
	case "htmlrtf": // up to \htmlrtf0
		g.second = on && d.html
	}
}

// look notes what makes the text that follows one that nobody sees.
func (d *rtf) look(word string, arg int, has bool) {
	const tiny = 5 // half points
	if word == "fs" {
		d.group.tiny = has && arg < tiny
		return
	}
	d.group.pale = d.colors.isPale(arg)
}

// endWith ends a paragraph or a cell.
func (d *rtf) endWith(mark string) {
	d.put(mark)
	if d.group.dest != rtfBody {
		return
	}
	if d.group.beside != nil {
		d.endParagraph(d.group.beside)
		return
	}
	d.endParagraph(&d.text)
}

// destination begins a group of a kind of its own.
func (d *rtf) destination(word string) {
	d.group.own = true
	switch word {
	case "colortbl":
		d.group.dest = rtfColors
	case "fonttbl", "stylesheet", "pict", "themedata", "colorschememapping", "latentstyles", "datastore", "listtable",
		"listoverridetable", "rsidtbl", "xmlnstbl", "pgptbl", "mmathPr", "blipuid", "nonshppict":
		d.group.dest = rtfIgnore
	case "objdata":
		d.group.dest = rtfBinary
		if len(d.objects) < maxRTFObjects {
			d.objects = append(d.objects, nil)
		}
	case "info", "title", "subject", "author", "manager", "company", "operator", "category", "keywords", "comment", "doccomm", "fldinst",
		"bkmkstart", "bkmkend", "userprops", "docvar", "atnauthor", "atnid", "xe", "tc", "objclass", "objname", "sn", "sv",
		"revtbl", "filetbl", "leveltext", "shprslt":
		d.group.dest = rtfAside
	case "generator":
		d.group.dest = rtfProgram
	case "upr": // what follows in it is written in a code page, and then once more in Unicode
		d.group.around, d.group.dest = d.group.dest, rtfAside
	case "ud":
		d.group.dest = d.group.around
	case "header", "footer", "headerl", "headerr", "headerf", "footerl", "footerr", "footerf", "footnote", "annotation", "shptxt", "dptxbxtext":
		d.group.beside = &rtfFlow{}
	case "htmltag": // MS-OXRTFEX 2.1.3.1: what stands in it goes on with what stands around it
		if !d.html {
			d.put("\n")
		}
	default:
		if d.group.star && d.group.dest == rtfBody && !transparentRTF(word) {
			d.group.dest = rtfAside
		}
	}
	if strings.HasPrefix(word, "mhtmltag") {
		d.group.dest = rtfIgnore
	}
	d.apart = d.hidden.Len() > 0
	d.group.star = false
}

// transparentRTF names words behind \* that hold text in its place: shapes, formulas, and those that are no destinations, so
// that programs pass over the mark.
func transparentRTF(word string) bool {
	switch word {
	case "shpinst", "do", "moMath", "moMathPara",
		"b", "i", "ul", "ulnone", "strike", "caps", "scaps", "outl", "shad", "sub", "super", "nosupersub", "f", "af", "fs", "afs", "cf", "cb",
		"highlight", "lang", "alang", "langfe", "langnp", "langfenp", "noproof", "kerning", "expnd", "expndtw", "cs", "ds", "ts", "s", "pard", "insrsid", "charrsid",
		"rtlch", "ltrch", "fcs", "loch", "hich", "dbch":
		return true
	}
	return strings.HasPrefix(word, "mhtmltag")
}

// char takes one character in the code page, or one digit of data.
func (d *rtf) char(c byte) {
	d.group.start = false
	switch d.group.dest {
	case rtfBinary:
		d.digit(d.objects, c)
		return
	case rtfDrawing:
		d.digit(d.drawn, c)
		return
	}
	if d.group.dest == rtfColors && c == ';' {
		d.colors.end()
	}
	if d.group.dest != rtfIgnore && d.group.dest != rtfColors {
		d.bytes = append(d.bytes, c)
	}
}

// digit adds to the last of several files, four bits at a time.
func (d *rtf) digit(files [][]byte, c byte) {
	v := unhex(c)
	n := len(files) - 1
	if v < 0 || n < 0 || int64(len(files[n])) > d.limit*2 {
		return
	}
	files[n] = append(files[n], byte(v)) //nolint:gosec // four bits
}

// flush decodes what was taken in the code page. Characters of several bytes may come in several escapes.
func (d *rtf) flush() {
	if len(d.bytes) == 0 {
		return
	}
	s := codePage(d.bytes, d.page)
	d.bytes = d.bytes[:0]
	d.put(s)
}

func (d *rtf) put(s string) {
	if len(d.bytes) > 0 {
		d.flush()
	}
	switch g := &d.group; {
	case g.dest == rtfIgnore || g.dest == rtfBinary || g.dest == rtfDrawing || g.dest == rtfColors:
	case g.dest == rtfProgram:
		if int64(d.program.Len()) <= d.limit {
			d.program.WriteString(s)
		}
	case g.dest == rtfAside || g.second:
		if int64(d.hidden.Len()) <= d.limit {
			if d.apart {
				d.apart = false
				d.hidden.WriteByte('\n')
			}
			d.hidden.WriteString(s)
		}
	case g.beside != nil:
		d.apart = d.hidden.Len() > 0
		if g.beside.len() <= d.limit {
			g.beside.put(s, g)
		}
	case d.room():
		d.apart = d.hidden.Len() > 0
		d.text.put(s, g)
	}
}
