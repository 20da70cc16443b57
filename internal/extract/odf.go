package extract

import (
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
	text := strings.Contains(kind, "text")
	for _, zf := range a.files {
		if w.expired() {
			return
		}
		low := strings.ToLower(zf.Name)
		ext := strings.TrimPrefix(path.Ext(low), ".")
		switch {
		case strings.HasSuffix(low, "/") || low == "mimetype" || low == "meta-inf/manifest.xml" || quietODF(low):
		case ext == "xml" && path.Base(low) == "content.xml":
			w.odfPart(a, low, strings.Contains(kind, "spreadsheet"), text)
		case ext == "xml":
			w.odfPart(a, low, false, text)
		default:
			a.shows.file(low, ext, "", w.embed(a, zf, true))
		}
	}
	w.onlyPictures(a)
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

// odfPart reads one XML part; a spreadsheet gives one segment a table.
// What stands on the pages of every spreadsheet and presentation by itself is not text that its author wrote.
func (w *walker) odfPart(a *archive, low string, tables, text bool) {
	where := a.f.where
	if low != "content.xml" {
		where += "!" + safeName(strings.TrimSuffix(low, ".xml"))
	}
	d := w.newODFText(where, a.f.att, tables)
	if flush := d.flush; low != "styles.xml" || text {
		d.flush = func(name, text string) {
			a.shows.add(text)
			flush(name, text)
		}
	}
	w.xmlPart(a, a.byLow[low], where, d)
	w.giveODF(where, a.f.att, d)
	a.shows.placed.add(&d.placed.placed)
}

func (w *walker) newODFText(where string, att int, tables bool) *odfText {
	d := &odfText{levels: []*flow{{}}, limit: w.text, tables: tables}
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
	w.segment(where, Hidden, att, d.hidden.String())
	w.segment(where+"!generator", Hidden, att, d.program.String())
	w.segment(where, Href, att, d.links.String())
}

// odfText collects paragraphs, notes and tables of OpenDocument.
type odfText struct {
	levels []*flow
	aside  strings.Builder
	hidden strings.Builder
	links  strings.Builder
	limit  int64

	// The program that wrote the document stands apart: the number of its build would speak for or against numbers beside it.
	program   strings.Builder
	inProgram bool

	taken  int64
	para   int  // open paragraphs
	tables bool // each table is a segment of its own
	depth  int  // open tables
	table  string

	number   string // value of the cell whose text is being collected
	numberAt int    // the level that collects it, 0 for none

	placed frames
	flush  func(name, text string)
}

func (d *odfText) top() *flow { return d.levels[len(d.levels)-1] }

func (d *odfText) start(name string, attrs []xml.Attr) {
	d.placed.start(name, attrs)
	switch name {
	case "p", "h":
		d.para++
		d.top().block()
	case "s":
		n, _ := strconv.Atoi(attr(attrs, "c"))
		d.top().literal(strings.Repeat(" ", max(1, min(n, maxTabs))))
	case "tab":
		d.top().literal("\t")
	case "line-break":
		d.top().literal("\n")
	case "table-row":
		d.top().row()
	case "table-cell", "covered-table-cell":
		d.cell(attrs)
	case "table":
		d.openTable(attr(attrs, "name"))
	case "note", "annotation", "text-box", "tracked-changes", "custom-shape":
		if len(d.levels) < maxLevels {
			d.levels = append(d.levels, &flow{})
		}
	case "user-field-decl", "variable-set", "user-field-get":
		d.loose(attr(attrs, "string-value"))
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
	}
}

// cell begins a cell; several empty ones in a row are written as one element.
func (d *odfText) cell(attrs []xml.Attr) {
	n, _ := strconv.Atoi(attr(attrs, "number-columns-repeated"))
	for range max(1, min(n, maxTabs)) {
		d.top().cell()
	}
	if v := attr(attrs, "value"); len(v) >= 8 && d.numberAt == 0 && len(d.levels) < maxLevels {
		d.levels = append(d.levels, &flow{})
		d.number, d.numberAt = plainNumber(v), len(d.levels)
	}
	d.loose(attr(attrs, "string-value"))
	if v := attr(attrs, "formula"); strings.Contains(v, `"`) {
		d.loose(v) // what is written into it
	}
}

// endCell writes a number into its row: as it is shown, or plainly if that is only to group its digits or to round it.
func (d *odfText) endCell() {
	if d.numberAt != 0 && d.numberAt == len(d.levels) {
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
	if d.depth++; d.tables && d.depth == 1 {
		d.give()
		d.table = name
	}
	d.top().row()
}

func (d *odfText) end(name string) {
	switch name {
	case "p", "h":
		d.para = max(0, d.para-1)
		d.top().block()
	case "table-cell", "covered-table-cell":
		d.endCell()
	case "generator":
		d.inProgram = false
	case "table":
		if d.depth = max(0, d.depth-1); d.tables && d.depth == 0 {
			d.give()
			d.table = ""
		}
	case "note", "annotation", "text-box", "tracked-changes", "custom-shape":
		if len(d.levels) > 1 {
			if s := d.top().String(); s != "" {
				d.aside.WriteString("\n" + s)
			}
			d.levels = d.levels[:len(d.levels)-1]
		}
	}
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
		d.top().add(b, false)
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
	d.flush(d.table, d.levels[0].String()+d.aside.String())
	*d.levels[0] = flow{}
	d.aside.Reset()
}

func (d *odfText) finish() {
	for len(d.levels) > 1 { // not closed: the file is damaged
		d.end("note")
	}
	d.give()
}
