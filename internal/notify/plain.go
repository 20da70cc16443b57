package notify

import (
	"strings"
	"unicode/utf8"

	"sigill/internal/locale"
)

// columns is the width of the plain text. It leaves room for the marks that a mail
// program puts in front when it quotes.
const columns = 72

// plain shows a letter as text. Lines end in LF.
func (c *Composer) plain(l *letter) string {
	var w plainWriter
	w.wrap(c.org.Name + " | " + l.Kind)
	w.gap()
	w.heading(l.Heading)
	for _, s := range l.Lead {
		w.block(s.Text)
	}
	w.facts(l.Facts)
	if l.Code != nil {
		w.block(l.Code.Label.Text)
		w.line("    " + l.Code.Code)
		w.gap()
	}
	if l.Button != nil {
		w.line(l.Button.Text + ":")
		w.line(l.Button.URL)
		w.gap()
	}
	for _, s := range append(l.Next, l.Hints...) {
		w.block(s.Text)
	}
	w.genuine(l.Genuine)
	w.tail(l.Answer.Text, l.Langs)
	w.line("-- ")
	w.tail(l.Foot.Text, l.Links)
	return strings.TrimRight(w.b.String(), "\n") + "\n"
}

type plainWriter struct{ b strings.Builder }

func (w *plainWriter) line(s string) { w.b.WriteString(locale.Plain(s) + "\n") }

func (w *plainWriter) gap() { w.b.WriteByte('\n') }

func (w *plainWriter) wrap(s string) {
	for _, l := range wrap(s, columns) {
		w.line(l)
	}
}

func (w *plainWriter) block(s string) {
	if s != "" {
		w.wrap(s)
		w.gap()
	}
}

func (w *plainWriter) heading(s string) {
	widest := 0
	for _, l := range wrap(s, columns) {
		w.line(l)
		widest = max(widest, width(l))
	}
	w.line(strings.Repeat("=", min(widest, columns)))
	w.gap()
}

// facts writes two columns, the names in one as wide as the widest that is not too wide.
func (w *plainWriter) facts(all []fact) {
	if len(all) == 0 {
		return
	}
	const most = 24
	left := 12
	for _, f := range all {
		if w := width(f.Name) + 2; w <= most {
			left = max(left, w)
		}
	}
	for _, f := range all {
		lines := f.Lines
		if f.Link != nil {
			lines = append(lines[:len(lines):len(lines)], f.Link.Text+":", f.Link.URL)
		}
		w.fact(f.Name+":", lines, left)
	}
	w.gap()
}

func (w *plainWriter) fact(name string, lines []string, left int) {
	if width(name) >= left { // too wide for its column: a line of its own
		w.wrap(name)
		name = ""
	}
	for _, value := range lines {
		for _, l := range wrap(value, columns-left) {
			w.line(name + strings.Repeat(" ", left-width(name)) + l)
			name = ""
		}
	}
}

func (w *plainWriter) genuine(s *section) {
	if s == nil {
		return
	}
	w.line(strings.Repeat("-", 40))
	w.line(s.Title)
	w.gap()
	var more []link
	if s.Link != nil {
		more = append(more, *s.Link)
	}
	w.tail(s.Words.Text, more)
}

// tail writes a text and the links that follow it, each on the line if it fits.
func (w *plainWriter) tail(s string, links []link) {
	if s == "" && len(links) == 0 {
		return
	}
	lines := wrap(s, columns)
	for _, l := range links {
		name := strings.TrimSuffix(l.Text, ":") + ":"
		last := len(lines) - 1
		switch {
		case last >= 0 && width(lines[last])+width(name)+width(l.URL)+2 <= columns && !strings.Contains(lines[last], "://"):
			lines[last] += " " + name + " " + l.URL
		case width(name)+width(l.URL)+1 <= columns:
			lines = append(lines, name+" "+l.URL)
		default:
			lines = append(lines, name, l.URL)
		}
	}
	for _, l := range lines {
		w.line(l)
	}
	w.gap()
}

func width(s string) int { return utf8.RuneCountInString(s) }

// wrap breaks a text at its ordinary spaces into lines of at most most characters.
// A longer word keeps a line of its own: it may be an address.
func wrap(s string, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Split(s, " ") {
		switch {
		case word == "":
		case line == "":
			line = word
		case width(line)+1+width(word) <= most:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
