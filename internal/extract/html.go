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
}

// walkHTML reads HTML with a tokenizer and no tree, so that depth costs nothing and the
// time is linear. Inline elements join their neighbours (`pay<b>roll</b>` is one word),
// blocks are separated by a newline, cells by a tab.
func walkHTML(doc []byte) markup {
	w := htmlWalker{links: map[string]bool{}}
	w.text.Grow(len(doc) / 2)
	w.run(doc)
	m := markup{
		Text: w.text.String(), Hidden: w.hidden.String(), Links: w.href.String(),
		Files: w.files, Quoted: w.quotes(), Unsure: w.unsure,
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
	pre       int
	foreign   int  // open svg and math elements
	inComment bool // reading the inside of a comment
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
			return
		case html.TextToken:
			w.textToken(z)
		case html.StartTagToken, html.SelfClosingTagToken:
			w.startTag(z)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.endTag(tagName(name))
		case html.CommentToken:
			w.comment(z.Text())
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
	w.text.add(text, w.pre > 0)
}

// aside keeps text that is not shown as part of the flow.
func (w *htmlWalker) aside(s string) {
	if s = strings.TrimSpace(s); s != "" {
		w.hidden.WriteString(s)
		w.hidden.WriteByte('\n')
	}
}

// comment reads the inside of a comment as HTML too: Outlook shows conditional ones.
func (w *htmlWalker) comment(b []byte) {
	if w.inComment || bytes.IndexByte(b, '<') < 0 {
		w.aside(string(unescapeTwice(b)))
		return
	}
	sub := htmlWalker{links: w.links, inComment: true}
	sub.run(append([]byte(nil), b...))
	w.aside(sub.all.String())
	w.hidden.WriteString(sub.hidden.String())
	w.href.WriteString(sub.href.String())
	w.files = append(w.files, sub.files...)
}

func (w *htmlWalker) startTag(z *html.Tokenizer) {
	b, more := z.TagName()
	name := tagName(b)
	hide := false
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
	w.open(name)
	if w.reverse {
		w.reverse = false
		w.reversed++
		w.show([]byte(reverseOn))
	}
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
	if w.veiled > 0 && name == w.veil {
		w.veiled--
	}
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

func (w *htmlWalker) block() { w.text.block(); w.all.block() }
func (w *htmlWalker) row()   { w.text.row(); w.all.row() }
func (w *htmlWalker) cell()  { w.text.cell(); w.all.cell() }

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
			hide = hide || hiddenStyle(val)
			if overridden(string(val)) {
				w.unsure = shownBackwards
			}
			w.carried(val)
		case "hidden":
			hide = true
		case "dir":
			w.reverse = tag == "bdo" && strings.EqualFold(string(bytes.TrimSpace(val)), "rtl")
		case "href", "action", "formaction", "cite", "background", "xlink:href", "longdesc", "poster":
			w.link(val)
		case "src":
			if isDataURL(val) {
				w.files = append(w.files, string(val))
			} else {
				w.link(val)
			}
		case "srcset", "imagesrcset":
			w.carried(val)
		case "alt", "title", "placeholder", "summary", "label", "value":
			w.aside(string(val))
		case "srcdoc":
			w.comment(val)
		case "content":
			if tag == "meta" {
				w.aside(string(val))
				w.carried(val)
			}
		default:
			if val = bytes.TrimSpace(val); isDataURL(val) {
				w.files = append(w.files, string(val))
			} else if bytes.HasPrefix(key, []byte("data-")) || bytes.HasPrefix(key, []byte("aria-")) { // what programs keep there may be anything
				w.aside(string(val))
			}
		}
	}
	return hide
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

// hiddenStyle says whether an inline style hides the element in every program.
func hiddenStyle(style []byte) bool {
	for decl := range bytes.SplitSeq(style, []byte(";")) {
		name, value, ok := bytes.Cut(decl, []byte(":"))
		if !ok {
			continue
		}
		v, _, _ := strings.Cut(strings.ToLower(string(bytes.TrimSpace(value))), "!")
		v = strings.TrimSpace(v)
		switch strings.ToLower(string(bytes.TrimSpace(name))) {
		case "display":
			if v == "none" {
				return true
			}
		case "visibility":
			if v == "hidden" || v == "collapse" {
				return true
			}
		case "mso-hide":
			if v == "all" {
				return true
			}
		case "font-size", "max-height", "opacity":
			if strings.Trim(v, "0.") == "" || v == "0px" || v == "0pt" || v == "0em" || v == "0%" {
				return true
			}
		}
	}
	return false
}

// tagName returns the name without an allocation for the usual ones.
func tagName(b []byte) string {
	switch string(b) {
	case "p":
		return "p"
	case "div":
		return "div"
	case "span":
		return "span"
	case "td":
		return "td"
	case "tr":
		return "tr"
	case "br":
		return "br"
	case "a":
		return "a"
	case "b":
		return "b"
	case "table":
		return "table"
	case "tbody":
		return "tbody"
	case "font":
		return "font"
	case "strong":
		return "strong"
	case "img":
		return "img"
	case "o:p":
		return "o:p"
	}
	return string(b)
}

// isBlock names the elements that begin on a line of their own (HTML 15.3).
func isBlock(name string) bool {
	switch name {
	case "p", "div", "br", "hr", "li", "ul", "ol", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6",
		"body", "html", "head", "address", "article", "aside", "section", "header", "footer", "nav", "main",
		"figure", "figcaption", "form", "fieldset", "legend", "center", "dir", "menu", "details", "summary",
		"dialog", "option", "optgroup", "select", "iframe", "noscript", "noframes", "frameset", "marquee",
		"colgroup", "hgroup", "search", "title", "textarea":
		return true
	}
	return false
}

func void(name string) bool {
	switch name {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr":
		return true
	}
	return false
}
