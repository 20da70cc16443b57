package extract

import (
	"crypto/sha256"
	"io"
	"strconv"
	"strings"

	"sigill/internal/extract/pdf"
)

// shownLines are the lines that were given out of a PDF file, so that what stands in it twice is given out once.
type shownLines map[string]bool

// add says whether a text has a line that was not there.
func (s shownLines) add(text string) (fresh bool) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !s[line] {
			s[line], fresh = true, true
		}
	}
	return fresh
}

// file says whether a file was not there; of one that could not be read only the name tells.
func (s shownLines) file(in *pdf.File) (fresh bool) {
	name, sum := " name "+in.Name, sha256.Sum256(in.Content) // no line begins so
	content := " content " + string(sum[:])
	fresh = !s[content]
	if in.Content == nil {
		fresh = !s[name]
	}
	s[name] = true
	s[content] = s[content] || in.Content != nil
	return fresh
}

// asides gives out what hangs on anything but the pages, where nothing above came upon it.
func (w *walker) asides(f *leaf, c *pdf.Carried, seen shownLines) {
	var texts []string
	for _, t := range c.Asides {
		if seen.add(strings.ReplaceAll(t, "\t", "\n")) {
			texts = append(texts, t)
		}
	}
	w.segment(f.where+"!asides", Hidden, f.att, strings.Join(texts, "\n"))
	var files []pdf.File
	for i := range c.Files {
		if seen.file(&c.Files[i]) {
			files = append(files, c.Files[i])
		}
	}
	w.pdfFiles(f, files, seen)
}

// pdfScripts gives out the strings that scripts put together: what a field or a message shows need not stand in one piece. Where a script
// stands is not known of all strings, but which could be one.
func (w *walker) pdfScripts(f *leaf, texts []string, seen shownLines) {
	var said []string
	for _, t := range texts {
		if strings.ContainsAny(t, "=(") {
			if s := scriptStrings(t).text.String(); seen.add(s) {
				said = append(said, s)
			}
		}
	}
	w.segment(f.where+"!scripts", Hidden, f.att, strings.Join(said, ""))
}

// unlocked goes through a file that is encrypted, and opens without a password, as it is without.
func (w *walker) unlocked(f *leaf, d *pdf.Document, c *pdf.Carried) (*pdf.Carried, io.ReaderAt, int64) {
	b, err := d.Unlocked(w.lim.Spool)
	if err != nil {
		w.unreadable(f.where, Unsupported, "encrypted PDF file, of which only the pages can be read")
	}
	in := pdf.Carry(readerAt(b), int64(len(b)), w.expired)
	in.Revisions, in.Comments, in.Stray = c.Revisions, append(c.Comments, in.Comments...), c.Stray
	return in, readerAt(b), int64(len(b))
}

// carried gives out what stands in the bytes of a PDF file for what is shown, and reports what cannot be known.
func (w *walker) carried(f *leaf, c *pdf.Carried) {
	w.segment(f.where+"!replacements", Hidden, f.att, strings.Join(c.Texts, "\n"))
	for _, packet := range c.XML {
		w.pdfXML(f, "properties", packet)
	}
	w.segment(f.where+"!comments", Hidden, f.att, strings.Join(c.Comments, "\n"))
	if c.Stray {
		w.unreadable(f.where, Unsupported, "data between the objects of a PDF file")
	}
	if c.Drawn {
		w.unreadable(f.where, ImageOnly, "letters that are drawings")
	}
	if c.Odd {
		w.unreadable(f.where, Unsupported, "data in a PDF file packed in an unusual way")
	}
	if c.Much {
		w.unreadable(f.where, TooLarge, "more in the PDF file than the limit")
	}
}

// beside reads what a reader of a PDF file does not come upon, or shows without its being text to it: pages that are in no
// list, patterns, content without a place.
func (w *walker) beside(f *leaf, d *pdf.Document, c *pdf.Carried, file io.ReaderAt, n int64, seen shownLines) {
	pages, err := d.Pages()
	if err != nil || w.expired() {
		return // reported
	}
	b, err := d.Beside(c, file, n, pages)
	if err != nil {
		w.unreadable(f.where, Corrupt, "PDF file with more in it than its pages, which cannot be opened")
	}
	if b == nil || err != nil {
		return
	}
	defer b.Close()
	if !b.Complete {
		w.unreadable(f.where, TooMany, "more patterns or unlisted pages in the PDF file than the limit")
	}
	w.besidePages(f, b.Document, "!unlisted", 0, b.Unlisted, AttachmentText, seen)
	w.besidePages(f, b.Document, "!pattern", b.Unlisted, b.Patterns, AttachmentText, seen)
	w.besidePages(f, b.Document, "!loose", b.Unlisted+b.Patterns, b.Loose, Hidden, seen)
}

// drawnOtherwise reads a PDF file whose fonts draw other letters than they say, as it is drawn.
func (w *walker) drawnOtherwise(f *leaf, d *pdf.Document, c *pdf.Carried, file io.ReaderAt, n int64, seen shownLines) {
	drawn, err := d.Drawn(c, file, n)
	if err != nil {
		w.unreadable(f.where, Ambiguous, "letters of a PDF file that are drawn as others")
	}
	if drawn == nil || err != nil {
		return
	}
	defer drawn.Close()
	if pages, err := drawn.Pages(); err == nil {
		w.besidePages(f, drawn, "!drawn!page", 0, pages, AttachmentText, seen)
	}
}

// besidePages reads n pages from one on, and gives out those that say something new.
func (w *walker) besidePages(f *leaf, d *pdf.Document, place string, from, n int, k Kind, seen shownLines) {
	only, damaged := 0, 0
	for i := range n {
		if w.expired() || w.fullText {
			return
		}
		p, err := d.Page(from + i)
		if err != nil && p.Text == "" { // a page that no reader can open either
			if damaged++; damaged == maxDamaged {
				w.unreadable(f.where, TooMany, manyDamaged)
				return
			}
			continue
		}
		damaged = 0
		number := "[" + strconv.Itoa(i+1) + "]"
		if detail := pictured(p); detail != "" && place != "!pattern" && k == AttachmentText {
			only++
			u := pageFinding(f, f.where+strings.TrimPrefix(place, "!drawn")+number, detail, only)
			w.pictureOfPage(f, f.where+place+number, d, from+i, u)
		}
		all := strings.Join(append([]string{p.Text, p.Shown, p.Placed}, append(p.Comments, p.Fields...)...), "\n")
		if seen.add(all) {
			w.segment(f.where+place+number, k, f.att, all)
		}
	}
}

// maxRevisions bounds the earlier states of a PDF file that are read; each costs as much as the file itself.
const maxRevisions = 20

// revisions reads a PDF file as it was before it was changed: the earlier text is still in it.
func (w *walker) revisions(f *leaf, d *pdf.Document, c *pdf.Carried, r io.ReaderAt, seen shownLines) {
	ends := c.Revisions
	if len(ends) > maxRevisions {
		w.unreadable(f.where, TooMany, "more revisions of the PDF file than the limit")
		ends = ends[len(ends)-maxRevisions:]
	}
	for i, end := range ends {
		if w.expired() || w.fullText {
			return
		}
		old, err := d.Other(r, end)
		if err != nil {
			continue // the words that end a file stand by themselves
		}
		if pages, err := old.Pages(); err == nil {
			w.besidePages(f, old, "!revision["+strconv.Itoa(i+1)+"]!page", 0, pages, Hidden, seen)
		}
		old.Close()
	}
}
