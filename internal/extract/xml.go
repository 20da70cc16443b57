package extract

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// xmlHandler takes the tokens of an XML document. Names come without prefix.
type xmlHandler interface {
	start(name string, attrs []xml.Attr)
	end(name string)
	chars(b []byte)
}

// commentHandler takes the comments too.
type commentHandler interface{ comment(b []byte) }

// tokens reads XML without a tree, without entities of its own and without schema. What
// is malformed is reported as corrupt at where; what came before was handed on.
func (w *walker) tokens(r io.Reader, where string, h xmlHandler) {
	g := &tokenGuard{r: r, max: w.lim.Text + tokenRoom}
	d := xml.NewDecoder(widened(g))
	d.CharsetReader = charsetReader
	w.decode(d, g, where, h)
}

// decode hands the tokens of d to h.
func (w *walker) decode(d *xml.Decoder, g *tokenGuard, where string, h xmlHandler) {
	d.Strict = false
	text := joiner{h: h, max: w.lim.Text + tokenRoom}
	defer text.end()
	for n := 1; ; n++ {
		g.n = 0
		if n%1024 == 0 && w.expired() {
			return
		}
		t, err := d.RawToken()
		if g.over {
			w.unreadable(where, TooLarge, "XML with a huge element")
			return
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, errLimit) {
				w.unreadable(where, Corrupt, "malformed XML")
			}
			return
		}
		switch t := t.(type) {
		case xml.StartElement:
			text.end()
			h.start(t.Name.Local, t.Attr)
		case xml.EndElement:
			text.end()
			h.end(t.Name.Local)
		case xml.CharData:
			text.add(t)
		case xml.Comment:
			if c, ok := h.(commentHandler); ok {
				c.comment(t)
			}
		case xml.Directive:
			if !declare(d, string(t)) {
				w.unreadable(where, Unsupported, "XML that declares entities")
			}
		}
	}
}

// joiner makes one of text that is cut by comments, instructions to programs and sections of CDATA: nobody sees them.
type joiner struct {
	h   xmlHandler
	b   []byte
	max int64 // beyond the limit for all text
}

func (j *joiner) add(b []byte) {
	if int64(len(j.b)) > j.max {
		j.end()
	}
	j.b = append(j.b, b...)
}

func (j *joiner) end() {
	if len(j.b) > 0 {
		j.h.chars(j.b)
		j.b = j.b[:0]
	}
}

// Bounds of the entities that a document may declare.
const (
	maxEntities   = 200
	maxEntityText = 512
)

// declare makes the entities of a document type known that stand for text, as those that drawing programs write for the names of
// their vocabularies. It says whether there are no others: what a file elsewhere holds, or what has entities or tags in it.
func declare(d *xml.Decoder, directive string) bool {
	const mark = "<!ENTITY"
	if !strings.Contains(directive, mark) {
		return !strings.Contains(directive, "ENTITY ")
	}
	if d.Entity == nil {
		d.Entity = map[string]string{}
	}
	for _, s := range strings.Split(directive, mark)[1:] {
		s = strings.TrimLeft(s, " \t\r\n")
		end := strings.IndexAny(s, " \t\r\n")
		if end <= 0 {
			return false
		}
		name, value := s[:end], strings.TrimLeft(s[end:], " \t\r\n")
		if value == "" || value[0] != '"' && value[0] != '\'' {
			return false
		}
		value, _, closed := strings.Cut(value[1:], value[:1])
		if !closed || len(value) > maxEntityText || strings.ContainsAny(value, "<&%") || len(d.Entity) >= maxEntities {
			return false
		}
		if _, twice := d.Entity[name]; !twice { // the first one counts, XML 1.0 4.2
			d.Entity[name] = value
		}
	}
	return true
}

// tokenRoom is what a tag or a stretch of text between two tags may take beyond the limit
// for all text: the decoder holds it in memory several times.
const tokenRoom = 1 << 20

// tokenGuard ends the input when a single token takes too much of it.
type tokenGuard struct {
	r    io.Reader
	max  int64
	n    int64 // bytes read since the last token
	over bool
}

// Read implements [io.Reader].
func (g *tokenGuard) Read(p []byte) (int, error) {
	if g.n > g.max {
		g.over = true
		return 0, errLimit
	}
	n, err := g.r.Read(p)
	g.n += int64(n)
	return n, err
}

// widened turns UTF-16 into UTF-8 by its byte order mark, and leaves the rest alone.
func widened(r io.Reader) io.Reader {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	joint := io.MultiReader(strings.NewReader(string(head[:n])), r)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return joint
	}
	enc, skip := byteOrderMark(head[:n])
	if enc == nil {
		return joint
	}
	joint = io.MultiReader(strings.NewReader(string(head[skip:n])), r)
	return transform.NewReader(joint, enc.NewDecoder())
}

// charsetReader serves the encoding that an XML declaration names. UTF-16 was undone
// before.
func charsetReader(name string, r io.Reader) (io.Reader, error) {
	if strings.HasPrefix(strings.ToLower(name), "utf-16") {
		return r, nil
	}
	enc, _ := lookup(strings.ToLower(name))
	if enc == nil {
		enc = encoding.Nop
	}
	return transform.NewReader(r, enc.NewDecoder()), nil
}

// attr returns the value of the attribute of that local name.
func attr(attrs []xml.Attr, name string) string {
	for i := range attrs {
		if attrs[i].Name.Local == name {
			return attrs[i].Value
		}
	}
	return ""
}

// xmlText gives out an XML attachment: the text between the tags one a line, or in the paragraphs of a vocabulary that is
// known, the values of attributes, and comments. XML that cannot be read to its end is given out as it stands too.
func (w *walker) xmlText(f *leaf, text string) {
	g := &genericXML{limit: int(w.lim.Text), markup: fragments{limit: int(w.lim.Text)}}
	x := &flatXML{genericXML: g, limit: w.lim.Text}
	give := func() { w.segment(f.where, f.kind, f.att, g.text.String()) }
	x.shows.first = len(w.out.Pictures)
	switch vocabularyOf(text) {
	case wordXML:
		d := newParagraphs(w.text)
		d.lists = w.flatLists(f, text)
		x.text = d
		give = func() {
			shown, _ := w.giveParagraphs(f.where, f.att, d)
			x.shows.add(shown)
		}
	case odfXML:
		d := w.newODFText(f.where, f.att)
		d.tables, d.slides = strings.Contains(text, "office:spreadsheet"), strings.Contains(text, "<office:presentation")
		x.text = d
		flush, letter := d.flush, strings.Contains(text, "<office:text")
		d.flush = func(name, text string) {
			if letter || !d.master {
				x.shows.add(text)
			}
			flush(name, text)
		}
		give = func() { w.giveODF(f.where, f.att, d) }
	case svgXML, anyXML:
		r := &liveXML{limit: int(w.lim.Text), sheet: sheetsOf([]byte(text))}
		x.text = r
		give = func() {
			w.segment(f.where, f.kind, f.att, g.text.String())
			w.giveLive(f, r)
			x.shows.others = true
		}
	}
	before := len(w.out.Unreadable)
	guard := &tokenGuard{r: strings.NewReader(text), max: w.lim.Text + tokenRoom}
	d := xml.NewDecoder(guard)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // the charset was undone
	w.decode(d, guard, f.where, x)
	give()
	w.segment(f.where, Hidden, f.att, g.attrs.String())
	w.segment(f.where, Href, f.att, g.links.String())
	if len(w.out.Unreadable) > before {
		w.segment(f.where, Hidden, f.att, text)
	}
	w.flatFiles(f, x)
	g.fragment()
	w.giveFragments(f, &g.markup)
}

// flatLists reads the lists of a document of Word in one file; nil if it has none.
func (w *walker) flatLists(f *leaf, text string) *listCount {
	if !strings.Contains(text, "abstractNum") && !strings.Contains(text, "listDef") {
		return nil
	}
	r := &listReader{lists: newLists()}
	guard := &tokenGuard{r: strings.NewReader(text), max: w.lim.Text + tokenRoom}
	d := xml.NewDecoder(guard)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // the charset was undone
	w.decode(d, guard, f.where, r)
	if len(r.lists.numbered) == 0 {
		return nil
	}
	return &listCount{lists: r.lists}
}

// genericXML collects everything that XML of an unknown vocabulary could show.
type genericXML struct {
	text, attrs, links strings.Builder
	limit              int
	markup             fragments // HTML that is written as text
	from               int       // where the text of the present element begins
}

func (g *genericXML) start(_ string, attrs []xml.Attr) {
	for i := range attrs {
		v := attrs[i].Value
		g.markup.add(v)
		switch {
		case v == "" || attrs[i].Name.Space == "xmlns" || attrs[i].Name.Local == "xmlns" || g.attrs.Len() > g.limit:
		case strings.Contains(v, "://") || strings.HasPrefix(v, "mailto:"):
			g.links.WriteString(v)
			g.links.WriteByte('\n')
		default:
			g.attrs.WriteString(v)
			g.attrs.WriteByte('\n')
		}
	}
}

func (g *genericXML) end(string) {
	g.fragment()
	if s := g.text.String(); s != "" && s[len(s)-1] != '\n' {
		g.text.WriteByte('\n')
	}
}

// fragment keeps the text since the last tag that ended an element.
func (g *genericXML) fragment() {
	s := g.text.String()
	g.markup.add(s[g.from:])
	g.from = len(s)
}

func (g *genericXML) comment(b []byte) {
	g.markup.add(string(b))
	if g.attrs.Len() <= g.limit && strings.TrimSpace(string(b)) != "" {
		g.attrs.Write(b)
		g.attrs.WriteByte('\n')
	}
}

func (g *genericXML) chars(b []byte) {
	if g.text.Len() <= g.limit && strings.TrimSpace(string(b)) != "" {
		g.text.Write(b)
	}
}
