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
	t.shown.WriteString(s)
}

// len is what the text takes so far.
func (t *rtfFlow) len() int64 { return int64(t.shown.Len() + t.whole.Len()) }

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
	t.split, t.lacks, t.edited = false, false, false
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
