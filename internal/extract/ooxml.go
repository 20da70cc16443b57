package extract

import (
	"archive/zip"
	"encoding/xml"
	"path"
	"strings"
)

// maxEntries bounds the lists of a document that only say where things are.
const maxEntries = 20000

// contentTypes is what [Content_Types].xml says (ECMA-376 part 2, 10.1.2): the media type
// by lower-case file name, and by extension.
type contentTypes struct {
	byName, byExt map[string]string
}

func (c *contentTypes) start(name string, attrs []xml.Attr) {
	t := strings.ToLower(attr(attrs, "ContentType"))
	if len(c.byName)+len(c.byExt) > maxEntries {
		return
	}
	switch name {
	case "Override":
		c.byName[strings.ToLower(strings.TrimPrefix(attr(attrs, "PartName"), "/"))] = t
	case "Default":
		c.byExt[strings.ToLower(attr(attrs, "Extension"))] = t
	}
}
func (c *contentTypes) end(string)   {}
func (c *contentTypes) chars([]byte) {}

// of returns the media type of a file.
func (c *contentTypes) of(low string) string {
	if t := c.byName[low]; t != "" {
		return t
	}
	return c.byExt[strings.TrimPrefix(path.Ext(low), ".")]
}

// ooxml reads an office document (ECMA-376). Every part is read, whether the main part
// refers to it or not: what is not shown can still be found by who gets the file.
func (w *walker) ooxml(a *archive) {
	a.types = contentTypes{byName: map[string]string{}, byExt: map[string]string{}}
	a.hiding = map[string]bool{}
	if zf := a.byLow["[content_types].xml"]; zf != nil {
		w.xmlPart(a, zf, a.f.where, &a.types)
	} else {
		w.unreadable(a.f.where, Corrupt, "office document without its list of types")
	}
	w.mainPart(a)
	book := w.workbook(a)
	a.lists = w.listsOf(a)
	styles := a.byLow["word/styles.xml"] // before the text that they hide
	if styles != nil {
		w.officePart(a, styles, book)
	}
	for _, zf := range a.files {
		if w.expired() {
			return
		}
		if zf != styles {
			w.officePart(a, zf, book)
		}
	}
	w.onlyPictures(a.f, &a.shows)
}

const withoutMain = "office document without its main part"

// hasMain says whether there is a main part under its usual name.
func (a *archive) hasMain() bool {
	return a.has("word/document.xml") || a.has("xl/workbook.xml") || a.has("ppt/presentation.xml")
}

// documentNamed says whether a file that is an archive is named as a document.
func documentNamed(ext string) bool { return family(ext) == asZip && ext != "zip" }

// mainPart checks that the part a document is made of exists, and names its type.
func (w *walker) mainPart(a *archive) {
	main, named := "", false
	for name, t := range a.types.byName {
		if strings.Contains(t, ".main+xml") || strings.Contains(t, "sheet.binary") {
			named = true
			if a.has(name) {
				main = t
			}
		}
	}
	if main == "" && named || main == "" && !a.hasMain() {
		w.unreadable(a.f.where, Corrupt, withoutMain)
	}
	w.setDetected(a, strings.TrimSuffix(main, ".main+xml"))
}

// setDetected names the type of a document that is an attachment by itself.
func (w *walker) setDetected(a *archive, mime string) {
	if mime != "" && a.f.att >= 0 && w.out.Attachments[a.f.att].Where == a.f.where {
		w.out.Attachments[a.f.att].DetectedType = mime
	}
}

// officePart reads one file of an office document by its type.
func (w *walker) officePart(a *archive, zf *zip.File, book *workbook) {
	low := strings.ToLower(strings.TrimPrefix(zf.Name, "/"))
	t, ext := a.types.of(low), strings.TrimPrefix(path.Ext(low), ".")
	switch {
	case strings.HasSuffix(low, "/") || low == "[content_types].xml" || strings.Contains(t, "sharedstrings") || strings.Contains(t, "sheet.main+xml"):
	case chunkType(t):
		a.shows.file(low, ext, t, w.embedAs(a, zf, t))
	case quietPart(low, ext):
	case ext == "rels":
		w.relations(a, zf)
	case strings.Contains(t, "worksheet+xml") || book != nil && strings.HasPrefix(low, "xl/worksheets/") && ext == "xml":
		w.sheet(a, zf, book.sheetName(low), book)
	case ext == "xml" || ext == "vml" || strings.HasSuffix(t, "+xml") || strings.HasSuffix(t, "/xml"):
		w.document(a, zf)
	case strings.HasSuffix(low, "vbaproject.bin"):
		w.unreadable(a.f.where, Unsupported, "cannot read macro code")
	default:
		a.shows.file(low, ext, t, w.embed(a, zf, true))
	}
}

// quietPart names parts that hold settings of printers and fonts.
func quietPart(low, ext string) bool {
	return strings.Contains(low, "printersettings") || ext == "odttf" || ext == "fntdata" ||
		strings.Contains(low, "/theme/") && ext == "xml"
}

// partWhere is the address of a part: that of the document for its main text.
func partWhere(a *archive, name string) string {
	if strings.EqualFold(name, "word/document.xml") {
		return a.f.where
	}
	base := path.Base(name)
	return a.f.where + "!" + safeName(strings.TrimSuffix(base, path.Ext(base)))
}

// xmlPart reads one file as XML.
func (w *walker) xmlPart(a *archive, zf *zip.File, where string, h xmlHandler) {
	if u, closer := w.unpack(a, zf); u != nil {
		w.tokens(u, where, h)
		_ = closer.Close() // it was only read
	}
}

// document reads a part that holds paragraphs, as all but sheets do.
func (w *walker) document(a *archive, zf *zip.File) {
	where := partWhere(a, zipName(zf))
	d := newParagraphs(w.text)
	if a.hiding != nil {
		d.hiding = a.hiding
	}
	if a.lists != nil {
		d.lists = &listCount{lists: a.lists}
	}
	var h xmlHandler = d
	if low := strings.ToLower(zipName(zf)); strings.HasPrefix(low, "xl/") {
		h = &sheetPart{paragraphs: d, named: namedPart(low)}
	}
	if !w.xmlOrFile(a, zf, where, h) {
		a.shows.others = true
		return
	}
	text, hidden := w.giveParagraphs(where, a.f.att, d)
	switch low := strings.ToLower(zf.Name); {
	case template(low):
	case strings.Contains(low, "/charts/"): // values that are kept for a chart
		a.shows.add(hidden)
		fallthrough
	default:
		a.shows.add(text)
		a.shows.placed.add(&d.drawn.placed)
	}
}

func (w *walker) giveParagraphs(where string, att int, d *paragraphs) (text, hidden string) {
	text, hidden = d.result()
	w.segment(where, AttachmentText, att, text)
	w.segment(where, Hidden, att, hidden)
	return text, hidden
}

// relations gives out the links that lead out of the document.
func (w *walker) relations(a *archive, zf *zip.File) {
	var r outwards
	w.xmlPart(a, zf, a.f.where, &r)
	w.segment(a.f.where, Href, a.f.att, r.String())
}

// maxLinks bounds the text of the links of a document part.
const maxLinks = 1 << 20

type outwards struct{ strings.Builder }

func (r *outwards) start(name string, attrs []xml.Attr) {
	if name == "Relationship" && r.Len() < maxLinks && strings.EqualFold(attr(attrs, "TargetMode"), "External") {
		r.WriteString(attr(attrs, "Target"))
		r.WriteByte('\n')
	}
}
func (r *outwards) end(string)   {}
func (r *outwards) chars([]byte) {}
