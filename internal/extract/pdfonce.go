package extract

import (
	"crypto/sha256"
	"io"
	"slices"
	"strings"
)

// pdfKey is what the reading of a PDF file depends on, but for the address under which it is given out.
type pdfKey struct {
	sum  [sha256.Size]byte
	ext  string
	typ  string
	kind Kind
	nest int
}

// pdfRead is what was found in a PDF file. Its pictures are not in it: those that were met before are not put aside again.
type pdfRead struct {
	where      string
	segments   []Segment
	unreadable []Unreadable
}

// onePDF reads a PDF file, and gives out again what was found when the same file was met before, as it is where a message is
// read twice: to read one costs more than all else in most messages.
func (w *walker) onePDF(f *leaf, r io.ReaderAt, n int64) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, n)); err != nil || w.pdf == nil {
		w.openPDF(f, r, n)
		return
	}
	key := pdfKey{[sha256.Size]byte(h.Sum(nil)), f.ext, f.media.Type, f.kind, f.s.nest}
	if known := w.pdfs[key]; known != nil && w.repeat(f, known) {
		return
	}
	segments, unreadable, attachments := len(w.out.Segments), len(w.out.Unreadable), len(w.out.Attachments)
	w.openPDF(f, r, n)
	if w.late || w.fullText || w.unpacked < 0 || w.files > w.lim.Files || len(w.out.Attachments) > attachments {
		return // not all of it, or a message in it, which the two readings take apart by themselves
	}
	if w.pdfs == nil {
		w.pdfs = map[pdfKey]*pdfRead{}
	}
	w.pdfs[key] = &pdfRead{f.where, slices.Clone(w.out.Segments[segments:]), slices.Clone(w.out.Unreadable[unreadable:])}
}

// repeat gives out what was found in a file before, under the address and for the attachment of f; false if there is no room.
func (w *walker) repeat(f *leaf, p *pdfRead) bool {
	var all int64
	for i := range p.segments {
		all += int64(len(p.segments[i].Text))
	}
	if all > w.text {
		return false
	}
	w.text -= all
	for _, s := range p.segments {
		s.Where, s.Attachment = f.where+strings.TrimPrefix(s.Where, p.where), f.att
		w.out.Segments = append(w.out.Segments, s)
	}
	for _, u := range p.unreadable {
		w.unreadable(f.where+strings.TrimPrefix(u.Where, p.where), u.Reason, u.Detail)
	}
	return true
}
