package extract

import (
	"archive/zip"
	"bytes"
	"errors"
	"image"
	"io"
	"strconv"
	"strings"
	"time"

	"sigill/internal/extract/pdf"
)

// Parser reads messages by what it is given for it. The zero value reads all but PDF.
type Parser struct {
	PDF *pdf.Engine // nil where none may be read; then PDF is unsupported
}

// openPDF reads a PDF file of size n: its pages with all that hangs on them, what it says of itself, and the files in it.
func (w *walker) openPDF(f *leaf, r io.ReaderAt, n int64) {
	if w.pdf == nil {
		w.unreadable(f.where, Unsupported, "cannot read application/pdf here")
		return
	}
	w.archiveBehind(f, r, n)
	if !endsAsPDF(r, n) { // what stood behind the cut is missed by nobody who opens it
		w.unreadable(f.where, Corrupt, "PDF file without its end")
	}
	w.behindPDF(f, r, n)
	d, err := w.pdf.Open(r, n)
	switch {
	case errors.Is(err, pdf.ErrEncrypted):
		w.unreadable(f.where, Encrypted, "document with a password")
		return
	case errors.Is(err, pdf.ErrDamaged):
		w.unreadable(f.where, Corrupt, "damaged PDF file")
		return
	case err != nil:
		w.unreadable(f.where, Unsupported, "the reader for PDF does not work here")
		return
	}
	defer d.Close()
	c := pdf.Carry(r, n, w.expired)
	file, size := r, n
	if c.Locked {
		c, file, size = w.unlocked(f, d, c)
	}
	if c.Replaced {
		d.ShowMarked()
	}
	reading := w.lim.Pictures.Count > 0
	d.LookBehind(func(text string) bool { return reading || fewText(text) })
	seen := shownLines{}
	w.pdfPages(f, d, seen)
	for _, said := range []struct {
		place string
		texts []string
	}{{"!properties", d.Properties()}, {"!bookmarks", d.Bookmarks()}, {"!scripts", d.Scripts()}} {
		text := strings.Join(said.texts, "\n")
		w.segment(f.where+said.place, Hidden, f.att, text)
		seen.add(text)
	}
	for _, packet := range d.XFA() {
		w.pdfXML(f, "form", packet)
	}
	w.xmp(f, file, size)
	files, complete := d.Files()
	if !complete {
		w.unreadable(f.where, TooMany, "more files in the PDF file than the limit")
	}
	w.pdfFiles(f, files, seen)
	w.carried(f, c)
	w.asides(f, c, seen)
	w.pdfScripts(f, append(d.Scripts(), c.Asides...), seen)
	w.revisions(f, d, c, r, seen)
	w.beside(f, d, c, file, size, seen)
	w.drawnOtherwise(f, d, c, file, size, seen)
	if d.Broken() {
		w.unreadable(f.where, Corrupt, "PDF file that the reader stopped at")
	}
}

// archiveBehind reads a PDF file as the archive that it is too, if it is one: which of the two somebody sees depends on the
// name under which it is kept.
func (w *walker) archiveBehind(f *leaf, r io.ReaderAt, n int64) {
	if _, err := zip.NewReader(r, n); err == nil {
		w.unreadable(f.where, Ambiguous, "archive behind application/pdf")
		w.openZip(f, r, n)
	}
}

// endsAsPDF looks for the mark that ends a file, which readers expect in its last 1024 bytes (ISO 32000-1, H.3). Some programs
// fill up with zeros behind it.
func endsAsPDF(r io.ReaderAt, n int64) bool {
	buf := make([]byte, min(n, 16<<10))
	k, _ := r.ReadAt(buf, n-int64(len(buf))) // a short read is the end
	tail := bytes.TrimRight(buf[:k], "\x00 \t\r\n")
	return bytes.Contains(tail[max(0, len(tail)-1024):], []byte("%%EOF"))
}

// behindPDF reads what stands behind the mark that ends a file. Nobody is shown it, and nothing keeps it from being sent. Web
// servers leave text there, which is no doubt about the file.
func (w *walker) behindPDF(f *leaf, r io.ReaderAt, n int64) {
	buf := make([]byte, min(n, 16<<10))
	k, _ := r.ReadAt(buf, n-int64(len(buf))) // a short read is the end
	i := bytes.LastIndex(buf[:k], []byte("%%EOF"))
	if i < 0 {
		return
	}
	tail := bytes.Trim(buf[i+len("%%EOF"):k], "\x00\x1a \t\r\n")
	switch {
	case len(tail) == 0 || bytes.Contains(tail, archiveEnd): // that was read as an archive
	case sniff(tail[:min(len(tail), sniffLen)], "", "").class < asZip:
		w.bytesInside(f, behindName, tail)
	default:
		w.unreadable(f.where, Ambiguous, "data behind the PDF file")
	}
}

func (w *walker) pdfPages(f *leaf, d *pdf.Document, seen shownLines) {
	pages, err := d.Pages()
	if err != nil || pages == 0 {
		w.unreadable(f.where, Corrupt, "PDF file without pages")
		return
	}
	shows := false
	var behind []int // pages whose text lies on pictures
	only, damaged := 0, 0
	for i := range pages {
		if w.expired() || w.fullText {
			return
		}
		where := f.where + "!page[" + strconv.Itoa(i+1) + "]"
		p, err := d.Page(i)
		if err == nil {
			damaged = 0
		} else {
			w.unreadable(f.where, Corrupt, "damaged page of a PDF file")
			if damaged++; damaged == maxDamaged {
				w.unreadable(f.where, TooMany, manyDamaged)
				break
			}
		}
		switch detail := pictured(p); {
		case detail != "":
			only++
			w.pictureOfPage(f, where, d, i, pageFinding(f, where, detail, only))
		case p.Covered:
			behind = append(behind, i)
		}
		w.segment(where, AttachmentText, f.att, p.Text)
		w.segment(where, AttachmentText, f.att, p.Shown)
		w.segment(where+"!placed", AttachmentText, f.att, p.Placed)
		seen.add(p.Text)
		seen.add(p.Shown)
		w.segment(where, Hidden, f.att, strings.Join(append(p.Comments, p.Fields...), "\n"))
		w.segment(where, Href, f.att, strings.Join(p.Links, "\n"))
		for _, said := range [][]string{p.Comments, p.Fields, p.Links} {
			seen.add(strings.ReplaceAll(strings.Join(said, "\n"), "\t", "\n"))
		}
		w.pdfFiles(f, p.Files, seen)
		shows = shows || !p.Empty
	}
	if !shows { // a damaged file can look so
		w.unreadable(f.where, Corrupt, "PDF file that shows nothing")
	}
	for _, i := range behind {
		w.behindText(f, f.where+"!page["+strconv.Itoa(i+1)+"]", d, i)
	}
}

const (
	pageWithoutText = "page without text"
	pageWithFew     = "page that is a picture with a few words"
	morePictures    = "more pages that are pictures"
	manyDamaged     = "more damaged pages in the PDF file than the limit"
)

// maxNamed bounds the pages without text that are named each by itself; maxDamaged is how many damaged ones in a row are tried: a
// small file can say that it has a million.
const (
	maxNamed   = 10
	maxDamaged = 10000
)

// fewText says whether a text is no more than what a scanner or a stamp adds to a page.
func fewText(text string) bool { return wordsIn(text, fewWords+1) <= fewWords }

// pictured says what there is to say of a page that shows a picture instead of text, or with next to none; "" for all others.
func pictured(p *pdf.Page) string {
	switch {
	case p.Picture:
		return pageWithoutText
	case p.Covered && fewText(p.Text):
		return pageWithFew
	}
	return ""
}

// pageFinding is what is to be said of a page without text, of which it is the nth in its file: the first ones are named each by
// itself, the others together.
func pageFinding(f *leaf, where, detail string, nth int) Unreadable {
	if nth > maxNamed {
		return Unreadable{f.where, ImageOnly, morePictures}
	}
	return Unreadable{where, ImageOnly, detail}
}

// pictureOfPage puts the picture of a page without text aside, or says u of it.
func (w *walker) pictureOfPage(f *leaf, where string, d *pdf.Document, index int, u Unreadable) {
	if !w.drawnPage(f, where, u, func(most int) (*image.Gray, error) { return d.Draw(index, most) }) {
		w.say(u)
	}
}

// behindText puts the picture of a page with text aside, while there is room for others: the text of most such pages is all there
// is, and a picture is decoration, or what the text was read from.
func (w *walker) behindText(f *leaf, where string, d *pdf.Document, index int) {
	if len(w.out.Pictures) < w.lim.Pictures.Count/2 && w.aside.bytes < w.lim.Pictures.Bytes/2 && time.Now().Before(w.aside.until) {
		w.drawnPage(f, where, Unreadable{}, func(most int) (*image.Gray, error) { return d.Draw(index, most) })
	}
}

// pdfFiles reads the files that lie in a PDF file.
func (w *walker) pdfFiles(f *leaf, files []pdf.File, seen shownLines) {
	for i := range files {
		if !w.entry(f) {
			return
		}
		seen.file(&files[i])
		w.entryName(f, files[i].Name)
		if files[i].Content == nil {
			w.unreadable(f.where, Corrupt, "damaged file in a PDF file")
			continue
		}
		if w.unpacked -= int64(len(files[i].Content)); w.unpacked < 0 {
			w.unreadable(f.where, TooLarge, "unpacks to more than the limit")
			return
		}
		w.bytesInside(f, files[i].Name, files[i].Content)
	}
}

// xmp reads the metadata that stands in a file as XML, mostly in clear so that any program may find it (XMP part 1, 7.3).
func (w *walker) xmp(f *leaf, r io.ReaderAt, n int64) {
	const begin, end, most = "<x:xmpmeta", "</x:xmpmeta>", 1 << 20
	for _, packet := range between(r, n, begin, end, most) {
		w.pdfXML(f, "properties", packet)
	}
}

// between finds the stretches of a file from one word to another, each of at most that many bytes, and at most a hundred.
func between(r io.ReaderAt, n int64, begin, end string, most int) [][]byte {
	var all [][]byte
	buf := make([]byte, chunk+most)
	for at := int64(0); at < n && len(all) < 100; {
		k, _ := r.ReadAt(buf, at) // a short read is the end
		s := string(buf[:k])
		i := strings.Index(s, begin)
		if i < 0 || i >= chunk {
			at += chunk - int64(len(begin))
			continue
		}
		j := strings.Index(s[i:min(len(s), i+most)], end)
		if j < 0 {
			j = len(begin)
		} else {
			j += len(end)
			all = append(all, []byte(s[i:i+j]))
		}
		at += int64(i + j)
	}
	return all
}

// pdfXML gives out the text of XML in a PDF file.
func (w *walker) pdfXML(f *leaf, name string, b []byte) {
	in := *f
	in.where, in.kind = f.where+"!"+name, Hidden
	w.xmlText(&in, string(b))
}
