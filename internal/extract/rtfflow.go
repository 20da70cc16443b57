package extract

import "strings"

// rtfFlow is the text of the document, or of a header, a note or a text box in it.
type rtfFlow struct {
	shown strings.Builder
	para  int // where the present paragraph begins in it

	// The present paragraph, from the first run on that is hidden or of a tracked change.
	split  bool
	lacks  bool            // some of it is not shown
	edited bool            // there are tracked changes
	whole  strings.Builder // with all that is not shown in its place
	before strings.Builder // as it was before the changes
	faint  bool            // some of it is shown so that nobody sees it
	seen   strings.Builder // without that
}

// put appends a run.
func (t *rtfFlow) put(s string, g *rtfGroup) {
	if !t.split && (g.hidden || g.deleted || g.added) {
		t.split = true
		sofar := t.shown.String()[t.para:]
		t.whole.WriteString(sofar)
		t.before.WriteString(sofar)
	}
	if t.split {
		t.whole.WriteString(s)
		t.edited = t.edited || g.deleted || g.added
		if g.deleted || !g.added {
			t.before.WriteString(s)
		}
	}
	if g.hidden || g.deleted {
		t.lacks = true
		return
	}
	faint := g.tiny || g.pale
	if faint && !t.faint {
		t.faint = true
		t.seen.WriteString(t.shown.String()[t.para:])
	}
	if t.faint && !faint {
		t.seen.WriteString(s)
	}
	t.shown.WriteString(s)
}

// len is what the text takes so far.
func (t *rtfFlow) len() int64 { return int64(t.shown.Len() + t.whole.Len() + t.seen.Len()) }

// endParagraph keeps what else can be made of a paragraph than is shown: simple programs show all of it, and Word the text
// before the changes.
func (d *rtf) endParagraph(t *rtfFlow) {
	whole, before := t.whole.String(), t.before.String()
	if t.lacks {
		d.aside(whole)
	}
	if t.edited && !(t.lacks && before == whole) {
		d.aside(before)
	}
	if t.faint {
		d.aside(t.seen.String())
	}
	t.split, t.lacks, t.edited, t.faint = false, false, false, false
	t.seen.Reset()
	t.whole.Reset()
	t.before.Reset()
	t.para = t.shown.Len()
}

// aside keeps a paragraph that is not shown as it stands.
func (d *rtf) aside(s string) {
	if strings.TrimSpace(s) == "" || int64(d.hidden.Len()) > d.limit {
		return
	}
	if d.hidden.Len() > 0 {
		d.hidden.WriteByte('\n')
	}
	d.hidden.WriteString(s)
	d.apart = true
}

// rtfColorTable is what the table of colours says of each (RTF 1.9.1, "Color Table"): whether it is white or nearly so.
type rtfColorTable struct {
	pale  []bool
	light int // parts of the present colour that are
}

func (c *rtfColorTable) part(v int) {
	const pale = 0xf0
	if v >= pale {
		c.light++
	}
}

func (c *rtfColorTable) end() {
	const parts = 3
	if len(c.pale) < maxEntries {
		c.pale = append(c.pale, c.light >= parts)
	}
	c.light = 0
}

func (c *rtfColorTable) isPale(i int) bool { return i >= 0 && i < len(c.pale) && c.pale[i] }
