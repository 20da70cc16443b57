package extract

import (
	"bytes"
	"encoding/xml"
	"path"
	"strconv"
	"strings"
)

// odf reads an OpenDocument file (OASIS ODF 1.3): text, spreadsheet or presentation.
func (w *walker) odf(a *archive) {
	kind := "application/vnd.oasis.opendocument"
	if zf := a.byLow["mimetype"]; zf != nil {
		kind = strings.TrimSpace(string(w.readAll(a, zf, 200)))
	}
	if strings.HasPrefix(kind, "application/vnd.oasis.opendocument") {
		w.setDetected(a, kind)
	}
	if zf := a.byLow["meta-inf/manifest.xml"]; zf != nil {
		var m manifest
		w.xmlPart(a, zf, a.f.where, &m)
		if m.encrypted {
			w.unreadable(a.f.where, Encrypted, "OpenDocument file with a password")
			return
		}
	}
	a.hiding = map[string]bool{}
	styles := a.byLow["styles.xml"] // before the text that they hide
	if styles != nil {
		w.odfPart(a, "styles.xml", kind)
	}
	for _, zf := range a.files {
		if w.expired() {
			return
		}
		low := strings.ToLower(zf.Name)
		ext := strings.TrimPrefix(path.Ext(low), ".")
		switch {
		case strings.HasSuffix(low, "/") || low == "mimetype" || low == "meta-inf/manifest.xml" || quietODF(low) || zf == styles:
		case ext == "xml":
			w.odfPart(a, low, kind)
		default:
			a.shows.file(low, ext, "", w.embed(a, zf, true))
		}
	}
	w.onlyPictures(a.f, &a.shows)
}

// quietODF names parts that hold settings and previews.
func quietODF(low string) bool {
	return strings.HasPrefix(low, "configurations2/") || strings.HasPrefix(low, "thumbnails/") ||
		strings.HasSuffix(low, ".rdf") || low == "layout-cache" || low == "settings.xml"
}

type manifest struct{ encrypted bool }

func (m *manifest) start(name string, _ []xml.Attr) {
	m.encrypted = m.encrypted || name == "encryption-data"
}
func (m *manifest) end(string)   {}
func (m *manifest) chars([]byte) {}

// odfPart reads one XML part of a document of that kind; a spreadsheet gives one segment a table, a presentation one a slide.
// What stands on the pages of every spreadsheet and presentation by itself is not text that its author wrote.
func (w *walker) odfPart(a *archive, low, kind string) {
	where := a.f.where
	if low != "content.xml" {
		where += "!" + safeName(strings.TrimSuffix(low, ".xml"))
	}
	d := w.newODFText(where, a.f.att)
	if path.Base(low) == "content.xml" {
		d.tables, d.slides = strings.Contains(kind, "spreadsheet"), strings.Contains(kind, "presentation")
	}
	d.hiding, d.lists = a.hiding, &a.odfLists
	if flush := d.flush; low != "styles.xml" || strings.Contains(kind, "text") {
		d.flush = func(name, text string) {
			a.shows.add(text)
			flush(name, text)
		}
	}
	w.xmlPart(a, a.byLow[low], where, d)
	w.giveODF(where, a.f.att, d)
	a.shows.placed.add(&d.placed.placed)
}

func (w *walker) newODFText(where string, att int) *odfText {
	d := &odfText{levels: []*odfLevel{{}}, limit: w.text, hiding: map[string]bool{}, lists: &odfLists{}}
	d.flush = func(name, text string) {
		at := where
		if name != "" {
			at += "!" + safeName(name)
		}
		w.segment(at, AttachmentText, att, text)
	}
	return d
}

func (w *walker) giveODF(where string, att int, d *odfText) {
	d.finish()
	if d.span.beyond {
		w.unreadable(where, TooMany, beyondSheet)
	}
	w.segment(where, AttachmentText, att, strings.Join(d.names, "\n"))
	w.segment(where, Hidden, att, d.hidden.String())
	w.segment(where+"!generator", Hidden, att, d.program.String())
	w.segment(where, Href, att, d.links.String())
}

// odfText collects paragraphs, notes and tables of OpenDocument.
type odfText struct {
	levels []*odfLevel
	aside  strings.Builder
	hidden strings.Builder
	links  strings.Builder
	limit  int64

	// The program that wrote the document stands apart: the number of its build would speak for or against numbers beside it.
	program   strings.Builder
	inProgram bool

	taken  int64
	para   int    // open paragraphs
	tables bool   // each table is a segment of its own
	slides bool   // each page is
	depth  int    // open tables
	pages  int    // begun
	part   string // name of the table or slide

	style  string          // that is being defined
	hiding map[string]bool // styles that hide their text
	spans  int             // open ones
	veil   int             // which of them began to hide text, 0 for none

	number   string // value of the cell whose text is being collected
	numberAt int    // the level that collects it, 0 for none

	lists   *odfLists
	master  bool     // the text is that of the pages of every document
	heading string   // the level of the heading that is open
	names   []string // of sheets and pages

	region  string            // the change that is being read
	removed map[string]string // text by change, shown where it was
	from    int               // where the text of the region begins

	span   tableSpan
	placed frames
	flush  func(name, text string)
}

// odfLevel is the text of the body, or of a note or a text box in it.
type odfLevel struct {
	flow
	less unseen
}

func (d *odfText) top() *odfLevel { return d.levels[len(d.levels)-1] }

// put appends to the paragraph.
func (d *odfText) put(s string) {
	l := d.top()
	switch {
	case d.veil > 0:
		l.less.cut(&l.flow)
	case l.less.open:
		l.less.line.literal(s)
	}
	l.literal(s)
}

// endLine keeps a line once more if there are things in it that may not be seen.
func (d *odfText) endLine() { d.loose(d.top().less.end()) }

func (d *odfText) start(name string, attrs []xml.Attr) {
	d.placed.start(name, attrs)
	if choice := attr(attrs, "display-text"); choice != "" {
		d.loose(choice)
		return
	}
	if d.lists.start(name, attrs) {
		return
	}
	switch name {
	case "p", "h":
		d.para++
		d.endLine()
		d.top().block()
		d.heading = attr(attrs, "outline-level")
	case "math": // its numbers stand in elements of their own
		d.para++
	case "s":
		n, _ := strconv.Atoi(attr(attrs, "c"))
		d.put(strings.Repeat(" ", max(1, min(n, maxTabs))))
	case "tab":
		d.put("\t")
	case "line-break":
		d.put("\n")
	case "span":
		if d.spans++; d.veil == 0 && d.hiding[attr(attrs, "style-name")] {
			d.veil = d.spans
		}
	case "style", "text-properties":
		d.sight(name, attrs)
	case "table-row":
		d.top().row()
		d.span.row(attrs)
	case "table-cell", "covered-table-cell":
		d.cell(attrs)
	case "table":
		d.openTable(attr(attrs, "name"))
	case "changed-region":
		d.region, d.from = attr(attrs, "id"), d.top().len()
	case "change":
		d.putRemoved(attr(attrs, "change-id"))
	case "page":
		d.openPage(attr(attrs, "name"))
	case "content-validation":
		if v := attr(attrs, "condition"); strings.Contains(v, `"`) {
			d.loose(v)
		}
	case "generator":
		d.inProgram = true
	case "a":
		if d.links.Len() < maxLinks {
			d.links.WriteString(attr(attrs, "href") + "\n")
		}
		d.values(name, attrs)
	default:
		if d.beside(name) && len(d.levels) < maxLevels {
			d.levels = append(d.levels, &odfLevel{})
		}
		d.values(name, attrs)
	}
}

// beside names what holds text that does not go on with the text around it.
func (d *odfText) beside(name string) bool {
	switch name {
	case "title", "desc": // of a picture; elsewhere they stand in no paragraph
		return d.para > 0
	case "note", "annotation", "text-box", "tracked-changes", "ruby-text",
		"custom-shape", "rect", "line", "polyline", "polygon", "regular-polygon", "path", "circle", "ellipse", "connector", "caption", "measure":
		return true
	}
	return false
}

// values keeps what fields and controls of a form show, or would if a condition held, and what is shown beside links and cells.
func (d *odfText) values(name string, attrs []xml.Attr) {
	for i := range attrs {
		v := attrs[i].Value
		switch attrs[i].Name.Local {
		case "string-value", "string-value-if-true", "string-value-if-false", "current-value", "label", "title", "comment":
			d.loose(v)
		case "num-prefix", "num-suffix":
			if digitsIn(v) > 3 {
				d.loose(v)
			}
		case "value":
			if valueODF(name) || strings.Contains(v, `"`) {
				d.loose(v)
			}
		case "formula", "expression":
			d.computed(v)
		}
	}
}

// valueODF names the fields and controls that show a value of theirs.
func valueODF(name string) bool {
	switch name {
	case "label", "list-item", "text", "textarea", "combobox", "formatted-text", "hidden", "option", "item":
		return true
	}
	return false
}

// computed keeps what is written into a formula, and what it comes to if that takes no cells.
func (d *odfText) computed(formula string) {
	if !strings.Contains(formula, `"`) {
		return
	}
	d.loose(formula)
	parts := strings.Split(formula, `"`)
	parts[0] = strings.TrimPrefix(parts[0][strings.IndexByte(parts[0], ':')+1:], "=") // its language, as in of:=
	for i := 0; i < len(parts); i += 2 {                                              // the others are texts
		parts[i] = strings.ReplaceAll(parts[i], ";", ",")
	}
	if v, ok := foldConstant(strings.Join(parts, `"`)); ok {
		d.loose(v.text)
	}
}

// named keeps the name of a sheet or a page, which programs show.
func (d *odfText) named(s string) {
	if s != "" && len(d.names) < maxEntries {
		d.names = append(d.names, s)
	}
}

// keepRemoved keeps the text of a change, which programs show where it was (ODF 1.3 part 3, 5.5.4).
func (d *odfText) keepRemoved() {
	s := d.top().String()
	if s = strings.TrimSpace(s[min(d.from, len(s)):]); d.region == "" || s == "" || len(s) > maxRemoved || len(d.removed) >= maxEntries {
		return
	}
	if d.removed == nil {
		d.removed = map[string]string{}
	}
	d.removed[d.region] = s
}

// maxRemoved is the longest text that is shown within other text: a longer one stands for itself.
const maxRemoved = 200

func (d *odfText) putRemoved(id string) {
	if s := d.removed[id]; s != "" {
		l := d.top()
		l.less.cut(&l.flow)
		l.less.line.literal(s)
	}
}

// sight notes the styles whose text nobody sees (ODF 1.3 part 3, 20.393 and others).
func (d *odfText) sight(name string, attrs []xml.Attr) {
	if name == "style" {
		d.style = attr(attrs, "name")
		if d.hiding[attr(attrs, "parent-style-name")] && len(d.hiding) < maxEntries {
			d.hiding[d.style] = true
		}
		return
	}
	color, behind := attr(attrs, "color"), attr(attrs, "background-color")
	size, ok := measure(strings.ToLower(attr(attrs, "font-size")))
	hides := attr(attrs, "display") == "none" || ok && size < 3 || paleColor(strings.ToLower(color)) && (behind == "" || paleColor(strings.ToLower(behind))) || color != "" && color == behind
	if hides && d.style != "" && len(d.hiding) < maxEntries {
		d.hiding[d.style] = true
	}
}

// cell begins a cell; several empty ones in a row are written as one element.
func (d *odfText) cell(attrs []xml.Attr) {
	n, _ := strconv.Atoi(attr(attrs, "number-columns-repeated"))
	d.span.column(n)
	for range max(1, min(n, maxTabs)) {
		d.top().cell()
	}
	if v := attr(attrs, "value"); len(v) >= 8 && d.numberAt == 0 && len(d.levels) < maxLevels {
		d.levels = append(d.levels, &odfLevel{})
		d.number, d.numberAt = plainNumber(v), len(d.levels)
	}
	d.loose(attr(attrs, "string-value"))
	d.computed(attr(attrs, "formula"))
}

// endCell writes a number into its row: as it is shown, or plainly if that is only to group its digits or to round it.
func (d *odfText) endCell() {
	if d.numberAt != 0 && d.numberAt == len(d.levels) {
		d.endLine()
		text := d.top().String()
		d.levels = d.levels[:len(d.levels)-1]
		switch {
		case text == d.number:
		case strings.Trim(d.number, "0123456789") == "" && strings.Trim(text, "0123456789 \u00a0\u202f.,'’#E+") == "":
			d.loose(text)
			text = d.number
		default:
			d.loose(d.number)
		}
		d.top().literal(text)
	}
	d.numberAt = 0
}

func (d *odfText) openTable(name string) {
	if d.depth++; d.depth == 1 {
		d.span.begin()
	}
	if d.tables && d.depth == 1 {
		d.give()
		d.part = name
		d.named(name)
	}
	d.top().row()
}

// openPage begins a page, which is numbered as the parts of a newer presentation of Microsoft's are: its name can be anything.
func (d *odfText) openPage(name string) {
	d.named(name)
	if d.slides {
		d.give()
		d.pages++
		d.part = "slide" + strconv.Itoa(d.pages)
	}
}

func (d *odfText) end(name string) {
	switch name {
	case "p", "h":
		d.para = max(0, d.para-1)
		d.endLabel()
		d.endLine()
		d.top().block()
	case "math":
		d.para = max(0, d.para-1)
	case "master-styles":
		d.master = true
		d.give()
		d.master = false
	case "changed-region":
		d.keepRemoved()
		d.region = ""
	case "span":
		if d.veil == d.spans {
			d.veil = 0
		}
		d.spans = max(0, d.spans-1)
	case "style":
		d.style = ""
	case "table-cell", "covered-table-cell":
		d.endCell()
	case "generator":
		d.inProgram = false
	case "table":
		if d.depth = max(0, d.depth-1); d.tables && d.depth == 0 {
			d.give()
			d.part = ""
		}
	case "page":
		if d.slides {
			d.give()
			d.part = ""
		}
	default:
		if d.lists.end(name); d.beside(name) {
			d.endBeside()
		}
	}
}

func (d *odfText) endBeside() {
	if len(d.levels) > 1 {
		d.endLine()
		if s := d.top().String(); s != "" {
			d.aside.WriteString("\n" + s)
		}
		d.levels = d.levels[:len(d.levels)-1]
	}
}

// endLabel keeps a paragraph with the label that it is shown with.
func (d *odfText) endLabel() {
	l := d.top()
	text := ""
	if !l.nl && l.tabs == 0 {
		text = l.String()[l.from:]
	}
	if d.heading != "" {
		d.loose(d.lists.heading(d.heading, text))
		d.heading = ""
	}
	d.loose(d.lists.item(text))
}

func (d *odfText) chars(b []byte) {
	if d.taken += int64(len(b)); d.taken > d.limit+chunk {
		return
	}
	if d.inProgram {
		d.program.Write(b)
		return
	}
	if d.para > 0 {
		d.span.text(b)
		l := d.top()
		if d.veil == 0 {
			l.less.add(b, false)
		} else if len(bytes.TrimSpace(b)) > 0 {
			l.less.cut(&l.flow)
		}
		l.add(b, false)
		return
	}
	d.loose(string(b))
}

func (d *odfText) loose(s string) {
	if s = strings.TrimSpace(s); s != "" && int64(d.hidden.Len()) <= d.limit {
		d.hidden.WriteString(s)
		d.hidden.WriteByte('\n')
	}
}

// give hands on what was collected and begins anew.
func (d *odfText) give() {
	d.flush(d.part, d.levels[0].String()+d.aside.String())
	*d.levels[0] = odfLevel{}
	d.aside.Reset()
}

func (d *odfText) finish() {
	for len(d.levels) > 1 { // not closed: the file is damaged
		d.end("note")
	}
	d.give()
}
