package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// Document is an open file. It is for one goroutine.
type Document struct {
	in     pdfium.Pdfium
	ref    references.FPDF_DOCUMENT
	broken bool
	marked bool                      // text that stands for another is taken away before a page is read
	asked  func(text string) bool    // whether a page with that text is looked at for pictures behind it; nil for none
	first  *Document                 // that the instance belongs to; nil for itself
	again  func() (*Document, error) // opens the file in another instance; nil where that is not done
	ahead  *ahead
}

// Broken says whether PDFium came to a stop somewhere, as when a file needs more memory than it may have: then anything may
// be missing from what was read.
func (d *Document) Broken() bool { return d.broken }

// failed says whether a call failed, be it only because what was asked for is not there. A stop of PDFium is kept in mind: it
// comes as an error of wazero, or as a panic of go-pdfium.
func (d *Document) failed(err error) bool {
	if err != nil && (strings.Contains(err.Error(), "wasm error") || strings.Contains(err.Error(), "panic occurred")) {
		d.broken = true
	}
	return err != nil
}

// Close lets go of the file.
func (d *Document) Close() {
	if d.ahead != nil {
		d.ahead.close()
	}
	if d.first != nil {
		_, _ = d.in.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: d.ref}) // the instance goes soon
		return
	}
	_ = d.in.Close() // the instance goes, whatever it says
}

// Pages returns the number of pages.
func (d *Document) Pages() (int, error) {
	n, err := d.in.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: d.ref})
	if d.failed(err) {
		return 0, ErrDamaged
	}
	return n.PageCount, nil
}

// Page is what was found on a page.
type Page struct {
	Text     string   // as it is shown, fields and notes included; lines end with CRLF
	Shown    string   // the same, where the file has another text for what is shown
	Placed   string   // lines with numbers, as they stand on the page, that are drawn in another order
	Fields   []string // of forms: name, value and choices, which need not be shown
	Comments []string // of annotations: content, author, subject
	Links    []string // targets
	Files    []File   // that hang on annotations
	Picture  bool     // something is shown there, and none of it is text that can be read
	Covered  bool     // there is text, and pictures cover most of the page: see [Document.LookBehind]
	Empty    bool     // nothing is shown there
}

// File is a file inside the document. Content is nil when it could not be read.
type File struct {
	Name    string
	Content []byte
}

// maxNotes bounds the annotations of a page that are looked at; Page says whether there are more.
const maxNotes = 10000

// Page reads the page with that index, from 0. The error is [ErrDamaged]; what was read before it is returned.
func (d *Document) Page(index int) (*Page, error) {
	if index == 0 {
		if pages, err := d.Pages(); err == nil {
			d.readAhead(pages)
		}
	}
	if d.ahead != nil {
		if r := d.ahead.page(index, d); r != nil {
			return r.page, r.err
		}
	}
	return d.page(index)
}

func (d *Document) page(index int) (*Page, error) {
	p := &Page{}
	loaded, err := d.load(index)
	if d.failed(err) {
		return p, err
	}
	notes, err := d.in.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: byReference(loaded)})
	if d.failed(err) {
		return p, ErrDamaged
	}
	var problem error
	if notes.Count > 0 {
		problem = d.annotations(p, byReference(loaded), notes.Count)
		if loaded, err = d.flat(loaded, index); err != nil {
			return p, err
		}
	}
	if p.Text, p.Placed, err = d.text(byReference(loaded)); err != nil {
		problem = err
	}
	if d.marked && d.unmark(byReference(loaded)) {
		var placed string
		if p.Shown, placed, err = d.text(byReference(loaded)); err != nil {
			problem = err
		}
		if placed != p.Placed {
			p.Placed += placed
		}
		if p.Shown == p.Text {
			p.Shown = ""
		}
	}
	switch {
	case strings.TrimSpace(p.Text) == "":
		d.drawn(p, byReference(loaded))
	case !legible(p.Text):
		p.Picture = true
	case d.asked != nil && d.asked(p.Text):
		p.Covered = d.covered(byReference(loaded))
	}
	d.unload(loaded)
	return p, problem
}

func (d *Document) load(index int) (references.FPDF_PAGE, error) {
	loaded, err := d.in.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: d.ref, Index: index})
	if d.failed(err) {
		return "", ErrDamaged
	}
	return loaded.Page, nil
}

func (d *Document) unload(page references.FPDF_PAGE) {
	_, _ = d.in.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: page}) // the document is closed soon
}

func byReference(page references.FPDF_PAGE) requests.Page { return requests.Page{ByReference: &page} }

// flat makes fields and notes part of the page, so that what they show is read with it.
func (d *Document) flat(page references.FPDF_PAGE, index int) (references.FPDF_PAGE, error) {
	_, err := d.in.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: byReference(page), Usage: requests.FPDFPage_FlattenUsageNormalDisplay})
	d.unload(page)
	if d.failed(err) {
		return "", ErrDamaged
	}
	return d.load(index)
}

// text is all text of a page, whether it can be seen or not, and what lines are by place that are others in it.
func (d *Document) text(page requests.Page) (text, placed string, err error) {
	t, err := d.in.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if d.failed(err) {
		return "", "", ErrDamaged
	}
	defer d.in.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: t.TextPage}) //nolint:errcheck // the document is closed soon
	n, err := d.in.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: t.TextPage})
	if d.failed(err) {
		return "", "", ErrDamaged
	}
	if n.Count == 0 {
		return "", "", nil
	}
	got, err := d.in.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: t.TextPage, Count: n.Count})
	if d.failed(err) {
		return "", "", ErrDamaged
	}
	text = clean(d.boxes(got.Text, t.TextPage))
	return text, d.placed(text, page, t.TextPage, n.Count), nil
}

// clean takes out what PDFium writes for characters that it cannot name (U+FFFE, also for a hyphen at the end of a line)
// and the zeros that end its strings.
func clean(s string) string {
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		switch r {
		case 0:
			return -1
		case '\ufffe', '\u0002':
			return '-'
		}
		return r
	}, s), "\ufffd")
}

// manyStrokes is the number of lines and curves from which a page without text may be writing that was turned into drawings.
const manyStrokes = 200

// drawn says what a page without text shows: pictures, or so many strokes that they could be writing, or nothing.
func (d *Document) drawn(p *Page, page requests.Page) {
	n, err := d.in.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if d.failed(err) {
		p.Picture = true
		return
	}
	p.Empty = n.Count == 0
	p.Picture = n.Count >= manyStrokes
	for i := range min(n.Count, manyStrokes) {
		p.Picture = p.Picture || !d.stroke(page, i, p.Text != "")
	}
}

// stroke says whether an object of a page is a line or curve, or nothing but spaces.
func (d *Document) stroke(page requests.Page, index int, spaces bool) bool {
	o, err := d.in.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: index})
	if d.failed(err) {
		return false
	}
	t, err := d.in.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: o.PageObject})
	return !d.failed(err) && (t.Type == enums.FPDF_PAGEOBJ_PATH || t.Type == enums.FPDF_PAGEOBJ_TEXT && spaces)
}

// unreadRun is how many characters without a meaning in a row may be a number that cannot be read.
const unreadRun = 6

// legible says whether most of a text is characters that have a meaning, and no run of them has none: fonts without a table from
// their glyphs to characters give none, or numbers of their own, or the ornaments of which glyphs have the names that Ghostscript
// gives to those that have none ("a1"; annex D.6).
func legible(s string) bool {
	good, bad, run := 0, 0, 0
	ornaments := ""
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
		case r >= 0x2701 && r <= 0x27BE:
			if !strings.ContainsRune(ornaments, r) { // a row of ticks and crosses has a meaning
				ornaments += string(r)
				bad++
			}
			if utf8.RuneCountInString(ornaments) == unreadRun {
				return false
			}
		case unicode.Is(unicode.So, r): // neither: some of those ornaments are others too
		case unicode.Is(unicode.Co, r), unicode.IsControl(r), r == unicode.ReplacementChar:
			bad++
			run++
		default:
			good++
			run = 0
			ornaments = ""
		}
		if run == unreadRun {
			return false
		}
	}
	return good >= bad
}

// annotations reads the n things that hang on a page.
func (d *Document) annotations(p *Page, page requests.Page, n int) error {
	form := false
	for i := range min(n, maxNotes) {
		a, err := d.in.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: page, Index: i})
		if d.failed(err) {
			continue // an annotation that is none
		}
		form = d.annotation(p, a.Annotation) || form
		_, _ = d.in.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: a.Annotation}) // the document is closed soon
	}
	if form {
		d.fields(p, page)
	}
	if n > maxNotes {
		return ErrDamaged
	}
	return nil
}

// noteKeys are the strings of an annotation (ISO 32000-1, 12.5.2 and 12.5.6.2): its content, plain and rich, its author and
// subject; of a field its value and default (12.7.3.1), its name and what is shown for it.
var noteKeys = []string{"Contents", "RC", "T", "Subj", "V", "DV", "TU", "OverlayText"}

// annotation reads what hangs on a page, and says whether it is a field of a form.
func (d *Document) annotation(p *Page, a references.FPDF_ANNOTATION) (field bool) {
	for _, k := range noteKeys {
		v, err := d.in.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: k})
		if !d.failed(err) && v.Value != "" {
			p.Comments = append(p.Comments, clean(v.Value))
		}
	}
	t, err := d.in.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: a})
	if d.failed(err) {
		return false
	}
	switch t.Subtype {
	case enums.FPDF_ANNOT_SUBTYPE_WIDGET:
		return true
	case enums.FPDF_ANNOT_SUBTYPE_LINK:
		d.link(p, a)
	case enums.FPDF_ANNOT_SUBTYPE_FILEATTACHMENT:
		f, err := d.in.FPDFAnnot_GetFileAttachment(&requests.FPDFAnnot_GetFileAttachment{Document: d.ref, Annotation: a})
		if d.failed(err) {
			p.Files = append(p.Files, File{})
			return false
		}
		p.Files = append(p.Files, d.file(f.Attachment))
	}
	return false
}

func (d *Document) link(p *Page, a references.FPDF_ANNOTATION) {
	l, err := d.in.FPDFAnnot_GetLink(&requests.FPDFAnnot_GetLink{Annotation: a})
	if d.failed(err) {
		return
	}
	action, err := d.in.FPDFLink_GetAction(&requests.FPDFLink_GetAction{Link: l.Link})
	if d.failed(err) || action.Action == nil {
		return
	}
	uri, err := d.in.FPDFAction_GetURIPath(&requests.FPDFAction_GetURIPath{Document: d.ref, Action: *action.Action})
	if !d.failed(err) && uri.URIPath != nil {
		p.Links = append(p.Links, clean(*uri.URIPath))
	}
}

// fields reads the form on a page.
func (d *Document) fields(p *Page, page requests.Page) {
	form, err := d.in.GetForm(&requests.GetForm{Page: page})
	if d.failed(err) {
		return // fields of no form; what they hold was read with the annotations
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		parts := append([]string{f.Name, f.ToolTip}, f.Values...)
		if f.Value != nil {
			parts = append(parts, *f.Value)
		}
		parts = append(parts, f.Options...)
		p.Fields = append(p.Fields, clean(strings.Join(parts, "\t")))
	}
}

// Files returns the files that lie in the document (ISO 32000-1, 7.11.4), and whether all could be listed.
func (d *Document) Files() (files []File, complete bool) {
	n, err := d.in.FPDFDoc_GetAttachmentCount(&requests.FPDFDoc_GetAttachmentCount{Document: d.ref})
	if d.failed(err) {
		return nil, false
	}
	for i := range min(n.AttachmentCount, maxFiles) {
		a, err := d.in.FPDFDoc_GetAttachment(&requests.FPDFDoc_GetAttachment{Document: d.ref, Index: i})
		if d.failed(err) {
			files = append(files, File{})
			continue
		}
		files = append(files, d.file(a.Attachment))
	}
	return files, n.AttachmentCount <= maxFiles
}

const maxFiles = 1000

func (d *Document) file(a references.FPDF_ATTACHMENT) File {
	var f File
	if name, err := d.in.FPDFAttachment_GetName(&requests.FPDFAttachment_GetName{Attachment: a}); !d.failed(err) {
		f.Name = clean(name.Name)
	}
	if content, err := d.in.FPDFAttachment_GetFile(&requests.FPDFAttachment_GetFile{Attachment: a}); !d.failed(err) {
		f.Content = content.Contents
	}
	return f
}

// Properties returns the entries of the document information (ISO 32000-1, 14.3.3).
func (d *Document) Properties() []string {
	meta, err := d.in.GetMetaData(&requests.GetMetaData{Document: d.ref})
	if d.failed(err) {
		return nil
	}
	var all []string
	for _, t := range meta.Tags {
		if !strings.HasSuffix(t.Tag, "Date") && t.Value != "" {
			all = append(all, clean(t.Value))
		}
	}
	return all
}

// maxBookmarks bounds an outline, which may go in circles.
const maxBookmarks = 5000

// Bookmarks returns the titles of the outline.
func (d *Document) Bookmarks() []string {
	var all []string
	todo := []*references.FPDF_BOOKMARK{nil}
	for len(todo) > 0 && len(all) < maxBookmarks {
		parent := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		child, err := d.in.FPDFBookmark_GetFirstChild(&requests.FPDFBookmark_GetFirstChild{Document: d.ref, Bookmark: parent})
		for !d.failed(err) && child.Bookmark != nil && len(all) < maxBookmarks {
			b := *child.Bookmark
			todo = append(todo, &b)
			if title, err := d.in.FPDFBookmark_GetTitle(&requests.FPDFBookmark_GetTitle{Bookmark: b}); !d.failed(err) {
				all = append(all, clean(title.Title))
			}
			next, nextErr := d.in.FPDFBookmark_GetNextSibling(&requests.FPDFBookmark_GetNextSibling{Document: d.ref, Bookmark: b})
			if d.failed(nextErr) {
				break
			}
			child.Bookmark = next.Bookmark
		}
	}
	return all
}

// Scripts returns the JavaScript of the document.
func (d *Document) Scripts() []string {
	got, err := d.in.GetJavaScriptActions(&requests.GetJavaScriptActions{Document: d.ref})
	if d.failed(err) {
		return nil
	}
	var all []string
	for _, a := range got.JavaScriptActions {
		all = append(all, clean(a.Script))
	}
	return all
}

// XFA returns the packets of a form written as XML (ISO 32000-1, 12.7.8).
func (d *Document) XFA() [][]byte {
	n, err := d.in.FPDF_GetXFAPacketCount(&requests.FPDF_GetXFAPacketCount{Document: d.ref})
	if d.failed(err) {
		return nil
	}
	var all [][]byte
	for i := range min(n.Count, maxFiles) {
		p, err := d.in.FPDF_GetXFAPacketContent(&requests.FPDF_GetXFAPacketContent{Document: d.ref, Index: i})
		if !d.failed(err) && len(p.Content) > 0 {
			all = append(all, p.Content)
		}
	}
	return all
}
