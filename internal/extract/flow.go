package extract

import (
	"bytes"
	"strings"
)

// maxTabs bounds the tabs written for empty cells in a row.
const maxTabs = 64

// flow collects running text: separators are held back until text follows, so that empty
// blocks, cells and rows leave no trace at the end.
type flow struct {
	b     strings.Builder
	nl    bool // a newline is due
	line  bool // it is due because a row began, so that an empty cell does not undo it
	tabs  int  // cell marks due
	cells int  // cells begun in this row
	space bool // a space is due
	shown bool // there is text on this line
	from  int  // where the text of the present line, or of the present cell, begins
}

// Grow reserves n bytes.
func (f *flow) Grow(n int) { f.b.Grow(n) }

func (f *flow) len() int       { return f.b.Len() }
func (f *flow) String() string { return f.b.String() }

// block begins a new line, but not at the start of a cell.
func (f *flow) block() {
	if f.tabs == 0 {
		f.nl = true
	}
	f.space = false
}

// row begins a new row.
func (f *flow) row() {
	f.nl, f.line, f.tabs, f.cells, f.space = true, true, 0, 0, false
}

// cell begins a cell; all but the first of a row are preceded by a tab.
func (f *flow) cell() {
	if f.cells > 0 {
		f.tabs = min(f.tabs+1, maxTabs)
		f.nl = f.line
	}
	f.cells++
	f.space = false
}

func (f *flow) separate() {
	switch {
	case f.nl:
		if f.b.Len() > 0 {
			f.b.WriteByte('\n')
		}
		f.shown = false
		for range f.tabs {
			f.b.WriteByte('\t')
		}
	case f.tabs > 0:
		for range f.tabs {
			f.b.WriteByte('\t')
		}
		f.shown = false
	case f.space && f.shown:
		f.b.WriteByte(' ')
	}
	if f.nl || f.tabs > 0 {
		f.from = f.b.Len()
	}
	f.nl, f.line, f.tabs, f.space = false, false, 0, false
}

// add appends text with white space collapsed, or as it is when pre is set. Soft hyphens
// vanish.
func (f *flow) add(s []byte, pre bool) {
	if bytes.Contains(s, []byte("\u00ad")) {
		s = bytes.ReplaceAll(s, []byte("\u00ad"), nil)
	}
	if pre {
		f.literal(string(s))
		return
	}
	for i := 0; i < len(s); {
		if blank(s[i]) {
			f.space = true
			i++
			continue
		}
		j := i + 1 // the run may hold single spaces
		for j < len(s) && (!blank(s[j]) || s[j] == ' ' && j+1 < len(s) && !blank(s[j+1])) {
			j++
		}
		f.separate()
		f.b.Write(s[i:j])
		f.shown = true
		i = j
	}
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' }

// literal appends text whose white space counts.
func (f *flow) literal(s string) {
	if s == "" {
		return
	}
	f.separate()
	if i := strings.LastIndexAny(s, "\n\t"); i >= 0 {
		f.from = f.b.Len() + i + 1
	}
	f.b.WriteString(s)
	f.shown = !strings.HasSuffix(s, "\n")
}
