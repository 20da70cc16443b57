package portal

import (
	"html/template"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"sigill/internal/extract"
)

// plainText is the message as text: as it was sent, or made of its HTML.
func plainText(m *extract.Mail) string {
	if strings.TrimSpace(m.Text) != "" {
		return m.Text
	}
	return textOf(m.HTML)
}

// webAddress finds addresses that can be pressed. The closing signs of a sentence do
// not belong to them.
var webAddress = regexp.MustCompile(`https?://[^\s<>"'()\[\]{}|\\^]+[^\s<>"'()\[\]{}|\\^.,;:!?]`)

// paragraphs turns text into HTML: paragraphs at empty lines, line breaks kept, web
// addresses pressable, everything else as it stands.
func paragraphs(text string) []template.HTML {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var all []template.HTML
	var lines []string
	flush := func() {
		if len(lines) > 0 {
			all = append(all, template.HTML(strings.Join(lines, "<br>"))) //nolint:gosec // each line was escaped
		}
		lines = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, " \t")
		if strings.TrimSpace(line) == "" {
			flush()
			continue
		}
		lines = append(lines, escapeLine(line))
	}
	flush()
	return all
}

// escapeLine escapes a line, keeps the spaces that indent it, and makes web addresses
// links that tell the other side nothing.
func escapeLine(line string) string {
	rest := strings.TrimLeft(line, " \t")
	var b strings.Builder
	b.WriteString(strings.Repeat("\u00a0", min(indent(line[:len(line)-len(rest)]), 40)))
	last := 0
	for _, at := range webAddress.FindAllStringIndex(rest, -1) {
		b.WriteString(template.HTMLEscapeString(rest[last:at[0]]))
		url := template.HTMLEscapeString(rest[at[0]:at[1]])
		b.WriteString(`<a href="` + url + `" target="_blank" rel="noopener noreferrer nofollow">` + url + `</a>`)
		last = at[1]
	}
	b.WriteString(template.HTMLEscapeString(rest[last:]))
	return b.String()
}

func indent(white string) int {
	n := 0
	for _, c := range white {
		if c == '\t' {
			n += 7
		}
		n++
	}
	return n
}

// breaks are the elements that begin and end on a line of their own.
var breaks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Br: true, atom.Tr: true, atom.Li: true, atom.Table: true, atom.Ul: true, atom.Ol: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Hr: true,
	atom.Blockquote: true, atom.Pre: true, atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true,
}

// spaced are those with an empty line around them.
var spaced = map[atom.Atom]bool{
	atom.P: true, atom.Table: true, atom.Ul: true, atom.Ol: true, atom.Blockquote: true, atom.Pre: true, atom.Hr: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true,
}

// textWriter collects the text of HTML.
type textWriter struct {
	b    strings.Builder
	skip int  // depth inside elements that are not text
	pre  int  // depth inside <pre>
	gap  bool // white space was seen since the last word
	href []string
}

// textOf writes HTML as text: blocks on lines of their own, the address of a link
// behind its words.
func textOf(markup string) string {
	w := &textWriter{}
	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return strings.TrimSpace(w.b.String())
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(z.Token(), kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			w.end(z.Token())
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

func (w *textWriter) text(raw string) {
	if w.skip > 0 {
		return
	}
	s := html.UnescapeString(raw)
	if w.pre > 0 {
		w.b.WriteString(s)
		return
	}
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' {
			w.gap = true
			continue
		}
		if w.gap && w.b.Len() > 0 && !strings.HasSuffix(w.b.String(), "\n") {
			w.b.WriteByte(' ')
		}
		w.gap = false
		w.b.WriteRune(r)
	}
}

func (w *textWriter) start(t html.Token, closed bool) {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript:
		if !closed {
			w.skip++
		}
		return
	case atom.Pre:
		w.pre++
	case atom.Td, atom.Th:
		w.gap = true
	case atom.A:
		w.href = append(w.href, attribute(t, "href"))
	case atom.Img:
		w.text(html.EscapeString(attribute(t, "alt")))
	}
	w.line(t.DataAtom)
	if t.DataAtom == atom.Li && w.skip == 0 {
		w.b.WriteString("- ")
	}
}

func (w *textWriter) end(t html.Token) {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript:
		w.skip = max(0, w.skip-1)
		return
	case atom.Pre:
		w.pre = max(0, w.pre-1)
	case atom.A:
		w.closeLink()
	}
	w.line(t.DataAtom)
}

// closeLink writes where a link leads, unless its words said so.
func (w *textWriter) closeLink() {
	if len(w.href) == 0 {
		return
	}
	href := w.href[len(w.href)-1]
	w.href = w.href[:len(w.href)-1]
	if w.skip > 0 || !strings.HasPrefix(href, "http://") && !strings.HasPrefix(href, "https://") {
		return
	}
	if !strings.HasSuffix(w.b.String(), href) {
		w.b.WriteString(" " + href)
	}
}

func (w *textWriter) line(a atom.Atom) {
	if !breaks[a] || w.skip > 0 || w.b.Len() == 0 {
		return
	}
	w.gap = false
	s := w.b.String()
	if a == atom.Br || !strings.HasSuffix(s, "\n") {
		w.b.WriteByte('\n')
	}
	if spaced[a] && !strings.HasSuffix(w.b.String(), "\n\n") {
		w.b.WriteByte('\n')
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
