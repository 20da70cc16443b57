package extract

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// markup is what an HTML document holds.
type markup struct {
	Text   string   // as shown: blocks on lines of their own, cells joined by tabs
	All    string   // the same with hidden elements in place; empty when there are none
	Hidden string   // comments, titles, alternative texts and the like, one a line
	Links  string   // link targets, one a line
	Files  []string // addresses that hold what they point to
	Quoted []Span   // block quotes in Text
	Unsure string   // fixed wording, empty when browsers agree

	Scripts *scripts
}

// walkHTML reads HTML with a tokenizer and no tree, so that depth costs nothing and the
// time is linear. Inline elements join their neighbours (`pay<b>roll</b>` is one word),
// blocks are separated by a newline, cells by a tab.
func walkHTML(doc []byte) markup {
	w := htmlWalker{links: map[string]bool{}, sheet: sheetsOf(doc), additions: additions{adds: additionsOf(doc)}}
	w.outlook = &outlook{text: &w.text}
	w.text.Grow(len(doc) / 2)
	w.run(doc)
	m := markup{
		Text: w.text.String(), Hidden: w.hidden.String(), Links: w.href.String(),
		Files: w.files, Quoted: w.quotes(), Unsure: w.unsure,
		Scripts: &w.scripts,
	}
	if w.sawHidden {
		m.All = w.all.String()
	}
	return m
}

type htmlWalker struct {
	text      flow // what is shown
	all       flow // with hidden elements
	hidden    strings.Builder
	href      strings.Builder
	links     map[string]bool
	files     []string
	quoted    []Span
	quote     int // open block quotes
	veil      string
	veiled    int // open elements named veil since a hidden one began
	sawHidden bool
	sheet     map[string]cast // what style sheets may do with elements
	cast      cast            // what they, or its attributes, do with the one that begins
	additions
	outlook   *outlook // the lines as Outlook has them
	inside    bool     // what is read is a comment that only Outlook shows
	dimName   string
	dimmed    int  // open elements named dimName since one began that may not be seen
	dimGone   bool // that one is not drawn at all
	views     views
	pre       int
	scripts   scripts
	program   program // the script that is read
	foreign   int     // open svg and math elements
	inComment bool    // reading the inside of a comment
	raw       string
	unsure    string
	reverse   bool // the element that begins turns its text round
	reversed  int  // open elements that do
}

func (w *htmlWalker) run(doc []byte) {
	z := html.NewTokenizer(bytes.NewReader(doc))
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.endLines()
			return
		case html.TextToken:
			w.textToken(z)
		case html.StartTagToken, html.SelfClosingTagToken:
			w.startTag(z)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.endTag(tagName(name))
		case html.CommentToken:
			w.comment(z.Text(), false)
		}
	}
}

func (w *htmlWalker) textToken(z *html.Tokenizer) {
	raw := w.raw
	w.raw = ""
	if raw == "style" || raw == "script" {
		w.skipped(z, raw)
		return
	}
	text := unescapeTwice(z.Text())
	if raw == "title" {
		w.aside(string(text))
		return
	}
	if w.program == runs && w.foreign > 0 {
		w.scripts.add(string(text))
	}
	w.show(text)
}

// skipped drops a style sheet or a script but for the strings that a sheet shows, unless
// it runs to the end of the document: then programs differ in what they show.
func (w *htmlWalker) skipped(z *html.Tokenizer, name string) {
	text := append([]byte(nil), z.Text()...)
	if name == "style" {
		w.aside(styleStrings(string(text)))
		if overridden(string(text)) {
			w.unsure = shownBackwards
		}
		w.carried(text)
	} else if w.program == data {
		w.scripts.data(string(text))
	} else {
		w.scripts.add(string(text))
	}
	if z.Next() == html.EndTagToken {
		return
	}
	if len(bytes.TrimSpace(text)) > 0 {
		w.unsure = "unclosed style or script"
		w.aside(string(text))
	}
}

// unescapeTwice undoes a second level of entities: the tokenizer has undone the first.
func unescapeTwice(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 {
		return b
	}
	return []byte(html.UnescapeString(string(b)))
}

func (w *htmlWalker) show(text []byte) {
	w.all.add(text, w.pre > 0)
	if w.veiled > 0 {
		w.sawHidden = w.sawHidden || len(bytes.TrimSpace(text)) > 0
		return
	}
	w.draw(text)
	w.text.add(text, w.pre > 0)
}

// aside keeps text that is not shown as part of the flow.
func (w *htmlWalker) aside(s string) {
	if s = strings.TrimSpace(s); s != "" {
		w.hidden.WriteString(s)
		w.hidden.WriteByte('\n')
	}
}

// comment reads the inside of a comment as HTML too: Outlook shows conditional ones. live says that it is no comment, but a
// document in an attribute.
func (w *htmlWalker) comment(b []byte, live bool) {
	condition, rest := w.conditional(b, live)
	if w.inComment || bytes.IndexByte(b, '<') < 0 {
		w.aside(string(unescapeTwice(b)))
		return
	}
	sub := htmlWalker{links: w.links, inComment: true, sheet: w.sheet, additions: additions{adds: w.adds}, outlook: w.outlook, inside: condition}
	if !condition {
		sub.outlook = &outlook{text: &sub.text}
	}
	sub.all.literal(string(b[:len(b)-len(rest)]))
	sub.run(append([]byte(nil), rest...))
	w.aside(sub.all.String())
	w.hidden.WriteString(sub.hidden.String())
	w.href.WriteString(sub.href.String())
	w.files = append(w.files, sub.files...)
	if live {
		w.scripts.join(&sub.scripts)
	}
}

func (w *htmlWalker) startTag(z *html.Tokenizer) {
	b, more := z.TagName()
	name := tagName(b)
	hide := false
	w.program = none
	if name == "script" {
		w.program = runs
	}
	w.cast = w.sheet[name] | w.sheet["*"]
	w.rules = w.rules[:0]
	w.ruled(name)
	w.ruled("*")
	if w.notDrawn(name) {
		w.cast |= castGone
	}
	if more {
		hide = w.attributes(z, name)
	}
	if w.foreign > 0 || rawMarkup(name) {
		z.NextIsNotRawText()
	} else {
		w.raw = name
	}
	if w.veiled > 0 && name == w.veil {
		w.veiled++
	} else if hide && w.veiled == 0 && !void(name) {
		w.veil, w.veiled = name, 1
	}
	w.dimTag(name)
	w.beginEdge(name, hide)
	w.open(name)
	w.added(name)
	if w.reverse {
		w.reverse = false
		w.reversed++
		w.show([]byte(reverseOn))
	}
}

// dimTag counts the elements inside of one that may not be seen. Some are ended by the next of their kind.
func (w *htmlWalker) dimTag(name string) {
	if w.dimmed > 0 && name == w.dimName {
		if !endsItself(name) {
			w.dimmed++
			return
		}
		w.dimmed = 0
	}
	if w.cast&(castFaint|castGone) != 0 && w.dimmed == 0 && !void(name) {
		w.dimName, w.dimmed, w.dimGone = name, 1, w.cast&castGone != 0
	}
}

func endsItself(name string) bool {
	switch name {
	case "p", "li", "td", "th", "tr", "dt", "dd", "option":
		return true
	}
	return false
}

// rawMarkup names elements whose inside a browser with scripts takes as text, but a mail
// program shows as markup.
func rawMarkup(name string) bool {
	switch name {
	case "noscript", "noembed", "noframes", "iframe":
		return true
	}
	return false
}

func (w *htmlWalker) open(name string) {
	switch name {
	case "tr", "table", "tbody", "thead", "tfoot", "caption":
		w.row()
	case "td", "th":
		w.cell()
	case "pre", "listing", "textarea", "xmp", "plaintext":
		w.pre++
		w.block()
	case "blockquote":
		w.block()
		if w.quote++; w.quote == 1 {
			w.quoted = append(w.quoted, Span{Start: w.text.len()})
		}
	case "svg", "math":
		w.foreign++
	default:
		if isBlock(name) {
			w.block()
		}
	}
}

func (w *htmlWalker) endTag(name string) {
	w.raw = ""
	gone := w.gone()
	if w.veiled > 0 && name == w.veil {
		w.veiled--
	}
	if w.dimmed > 0 && name == w.dimName {
		w.dimmed--
	}
	w.addedBehind(name)
	w.endEdge(name, gone)
	switch name {
	case "tr", "table", "tbody", "thead", "tfoot", "caption":
		w.row()
	case "pre", "listing", "textarea", "xmp":
		w.pre = max(0, w.pre-1)
		w.block()
	case "blockquote":
		w.block()
		if w.quote == 1 {
			w.quoted[len(w.quoted)-1].End = w.text.len()
		}
		w.quote = max(0, w.quote-1)
	case "svg", "math":
		w.foreign = max(0, w.foreign-1)
	case "bdo":
		if w.reversed > 0 {
			w.reversed--
			w.show([]byte(reverseOff))
		}
	default:
		if isBlock(name) && name != "br" && name != "hr" {
			w.block()
		}
	}
}

func (w *htmlWalker) block() { w.border(); w.text.block(); w.all.block() }
func (w *htmlWalker) row()   { w.border(); w.text.row(); w.all.row() }
func (w *htmlWalker) cell()  { w.border(); w.text.cell(); w.all.cell() }

// quotes returns the block quotes with the open ones closed at the end, empty ones left
// out.
func (w *htmlWalker) quotes() []Span {
	out := w.quoted[:0]
	for i, q := range w.quoted {
		if i == len(w.quoted)-1 && w.quote > 0 {
			q.End = w.text.len()
		}
		if q.End > q.Start {
			out = append(out, q)
		}
	}
	return out
}

// attributes keeps texts and links, and says whether the element is hidden.
func (w *htmlWalker) attributes(z *html.Tokenizer, tag string) (hide bool) {
	for more := true; more; {
		var key, val []byte
		key, val, more = z.TagAttr()
		switch string(key) {
		case "style":
			st := styleOf(val)
			c := st.cast()
			hide = hide || c&castGone != 0
			w.cast |= c &^ castGone
			if st.strings {
				w.aside(styleStrings(string(val)))
			}
			if overridden(string(val)) {
				w.unsure = shownBackwards
			}
			w.carried(val)
		case "hidden":
			hide = true
		case "open":
			if tag == "dialog" {
				w.cast &^= castGone
			}
		case "cellpadding", "width", "align":
			w.cast |= laidOut(string(key), tag, string(val))
		case "display", "visibility", "opacity", "fill":
			if w.foreign > 0 {
				w.cast |= painted(string(key), string(val))
			}
		case "class":
			w.sheeted(".", val)
		case "id":
			w.sheeted("#", val)
		case "color":
			if tag == "font" && paleColor(strings.ToLower(string(bytes.TrimSpace(val)))) {
				w.cast |= castFaint
			}
		case "dir":
			w.reverse = tag == "bdo" && strings.EqualFold(string(bytes.TrimSpace(val)), "rtl")
		case "href", "action", "formaction", "cite", "background", "xlink:href", "longdesc", "poster":
			w.link(val)
		case "type":
			if tag == "script" && dataBlock(string(val)) {
				w.program = data
			}
		case "src":
			w.scripts.active = w.scripts.active || tag == "script"
			if isDataURL(val) {
				w.files = append(w.files, string(val))
			} else {
				w.link(val)
			}
		case "srcset", "imagesrcset":
			w.carried(val)
		case "alt", "title", "placeholder", "summary", "label", "value", "string": // the last one of v:textpath
			w.aside(string(val))
		case "srcdoc":
			w.comment(val, true)
		case "content":
			if tag == "meta" {
				w.aside(string(val))
				w.carried(val)
			}
		default:
			if val = bytes.TrimSpace(val); len(key) > 1 && key[0] == 'o' || bytes.IndexByte(val, ':') > 0 {
				w.scripts.attribute(string(key), string(val))
			}
			if isDataURL(val) {
				w.files = append(w.files, string(val))
			} else if bytes.HasPrefix(key, []byte("data-")) || bytes.HasPrefix(key, []byte("aria-")) { // what programs keep there may be anything
				w.aside(string(val))
			}
		}
		if len(w.sheet) > 0 {
			w.cast |= w.sheet["["+string(key)]
		}
		if len(w.adds) > 0 {
			w.ruled("[" + string(key))
		}
		if len(w.adds) > 0 && len(w.values) < maxValues && len(val) <= maxValue {
			w.values = append(w.values, value{string(key), string(val)})
		}
	}
	return hide
}

// sheeted notes what style sheets may do with the element by its classes or its id.
func (w *htmlWalker) sheeted(mark string, val []byte) {
	if len(w.sheet) == 0 && len(w.adds) == 0 {
		return
	}
	for name := range strings.FieldsSeq(strings.ToLower(string(val))) {
		w.cast |= w.sheet[mark+name]
		if len(w.adds) > 0 {
			w.ruled(mark + name)
		}
	}
}

// carried keeps the addresses in a style sheet or in a list of sources that hold what they point to.
func (w *htmlWalker) carried(val []byte) {
	if bytes.IndexByte(val, ',') < 0 || bytes.IndexByte(val, ':') < 0 {
		return
	}
	s := string(val)
	w.files = append(w.files, dataURLs(s)...)
	if strings.IndexByte(s, '\\') >= 0 {
		w.files = append(w.files, dataURLs(unescapeStyle(s))...)
	}
}

// maxDistinct bounds the links remembered so that each is given out once.
const maxDistinct = 10000

// maxLink bounds the text kept of one link.
const maxLink = 8 << 10

func (w *htmlWalker) link(val []byte) {
	val = bytes.TrimSpace(val)
	if isDataURL(val) {
		w.files = append(w.files, string(val))
	}
	if len(val) == 0 || val[0] == '#' || len(val) > maxLink && bytes.HasPrefix(val, []byte("data:")) {
		return
	}
	if w.links[string(val)] {
		return
	}
	s := string(val)
	w.scripts.attribute("", s)
	if len(w.links) < maxDistinct {
		w.links[s] = true
	}
	w.href.WriteString(s)
	w.href.WriteByte('\n')
	if strings.IndexByte(s, '%') >= 0 {
		if plain, err := url.PathUnescape(s); err == nil && plain != s {
			w.href.WriteString(strings.ToValidUTF8(plain, "\uFFFD"))
			w.href.WriteByte('\n')
		}
	}
}
