package extract

import (
	"archive/zip"
	"encoding/xml"
	"path"
	"slices"
	"strconv"
	"strings"
)

// workbook is what the sheets of a SpreadsheetML file share.
type workbook struct {
	strings []string
	formats formats
	rules   []*numFormat      // that conditions may lay over a cell
	names   map[string]string // sheet name by lower-case file name
}

func (b *workbook) sheetName(low string) string {
	if b != nil && b.names[low] != "" {
		return b.names[low]
	}
	return strings.TrimSuffix(path.Base(low), ".xml")
}

// workbook reads the shared strings, the number formats and the names of the sheets, or
// returns nil if the document has no sheets.
func (w *walker) workbook(a *archive) *workbook {
	b := &workbook{names: map[string]string{}}
	found := false
	for _, zf := range a.files {
		low := strings.ToLower(strings.TrimPrefix(zf.Name, "/"))
		switch t := a.types.of(low); {
		case strings.Contains(t, "sharedstrings") || low == "xl/sharedstrings.xml":
			found = true
			s := &sharedStrings{limit: w.lim.Text}
			w.xmlPart(a, zf, a.f.where, s)
			if len(s.list) >= maxStrings {
				w.unreadable(a.f.where, TooMany, "more strings than the limit")
			}
			b.strings = s.list
			w.segment(a.f.where, Hidden, a.f.att, s.phonetic.String())
		case strings.Contains(t, "sheet.main+xml") || low == "xl/workbook.xml":
			found = true
			w.sheetNames(a, zf, low, b)
		case strings.Contains(t, "styles+xml") && strings.HasPrefix(low, "xl/"):
			w.xmlPart(a, zf, a.f.where, &b.formats)
		case strings.Contains(t, "worksheet+xml"):
			found = true
		}
	}
	if !found {
		return nil
	}
	w.segment(a.f.where, Hidden, a.f.att, b.formats.literals())
	if len(b.formats.codes) >= maxEntries {
		w.unreadable(a.f.where, TooMany, "more number formats than the limit")
	}
	b.rules = b.formats.spelledRules()
	return b
}

// sheetNames reads the workbook part and its relations.
func (w *walker) sheetNames(a *archive, zf *zip.File, low string, b *workbook) {
	var list sheetList
	w.xmlPart(a, zf, a.f.where, &list)
	rel := targets{}
	if rf := a.byLow[path.Dir(low)+"/_rels/"+path.Base(low)+".rels"]; rf != nil {
		w.xmlPart(a, rf, a.f.where, rel)
	}
	for _, s := range list.sheets {
		target := rel[s.id]
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(low), target)
		}
		b.names[strings.ToLower(strings.TrimPrefix(target, "/"))] = s.name
	}
	b.formats.from04 = b.formats.from04 || list.from04
	w.segment(a.f.where, AttachmentText, a.f.att, list.text())
}

type sheetList struct {
	sheets []struct{ name, id string }
	loose  strings.Builder
	from04 bool
}

func (l *sheetList) start(name string, attrs []xml.Attr) {
	if name == "workbookPr" {
		l.from04 = isSet(attr(attrs, "date1904"))
	}
	if name == "sheet" && len(l.sheets) < maxEntries {
		l.sheets = append(l.sheets, struct{ name, id string }{attr(attrs, "name"), attr(attrs, "id")})
	}
}
func (l *sheetList) end(string) {}

// chars keeps the constants among the defined names.
func (l *sheetList) chars(b []byte) {
	if l.loose.Len() < maxLinks {
		l.loose.Write(b)
		l.loose.WriteByte('\n')
	}
}

func (l *sheetList) text() string {
	var b strings.Builder
	for _, s := range l.sheets {
		b.WriteString(s.name)
		b.WriteByte('\n')
	}
	b.WriteString(strings.TrimSpace(l.loose.String()))
	return b.String()
}

// targets maps relation ids to their targets.
type targets map[string]string

func (t targets) start(name string, attrs []xml.Attr) {
	if name == "Relationship" && len(t) < maxEntries {
		t[attr(attrs, "Id")] = attr(attrs, "Target")
	}
}
func (t targets) end(string)   {}
func (t targets) chars([]byte) {}

// maxStrings bounds the string table: an empty entry takes a few bytes of a file, but
// more in memory.
const maxStrings = 2 << 20

// sharedStrings reads the string table (ECMA-376 part 1, 18.4); the runs of an entry are
// joined.
type sharedStrings struct {
	list     []string
	cur      strings.Builder
	phonetic strings.Builder
	inText   bool
	ruby     bool
	limit    int64
	taken    int64
}

func (s *sharedStrings) start(name string, _ []xml.Attr) {
	switch name {
	case "si":
		s.cur.Reset()
	case "t":
		s.inText = true
	case "rPh":
		s.ruby = true
	}
}

func (s *sharedStrings) end(name string) {
	switch name {
	case "si":
		if len(s.list) < maxStrings {
			s.list = append(s.list, unescaped(s.cur.String()))
		}
	case "t":
		s.inText = false
	case "rPh":
		s.ruby = false
		s.phonetic.WriteByte('\n')
	}
}

func (s *sharedStrings) chars(b []byte) {
	if !s.inText || s.taken > s.limit {
		return
	}
	s.taken += int64(len(b))
	if s.ruby {
		s.phonetic.Write(b)
		return
	}
	s.cur.Write(b)
}

// sheet reads one worksheet (ECMA-376 part 1, 18.3): cells joined by tabs in their
// columns, rows by newlines.
func (w *walker) sheet(a *archive, zf *zip.File, name string, b *workbook) {
	if b == nil {
		b = &workbook{}
	}
	where := a.f.where + "!" + safeName(name)
	s := &sheet{book: b, limit: w.text, title: name, file: path.Base(a.f.where)}
	w.xmlPart(a, zf, where, s)
	s.endRow()
	text, loose := s.out.String(), s.loose.String()
	if len(s.holes) > 0 {
		text, loose = w.fill(a, zf, where, s, text, loose)
	}
	a.shows.add(text)
	w.segment(where, AttachmentText, a.f.att, text)
	w.segment(where, Hidden, a.f.att, loose)
	if s.disordered {
		w.segment(where, Hidden, a.f.att, inOrder(text, s.rows))
	}
	if s.beyond {
		w.unreadable(where, TooMany, beyondSheet)
	}
}

// What a sheet can have (ECMA-376 leaves it open; so do Excel and LibreOffice, up to here).
const (
	maxRows     = 1 << 20
	maxColumns  = 1 << 14
	beyondSheet = "row or column beyond what a sheet can have"
)

// maxCell bounds the text of a cell; Excel allows 32,767 characters.
const maxCell = 1 << 20

type sheet struct {
	book  *workbook
	title string
	file  string
	out   strings.Builder
	loose strings.Builder // headers, footers, messages of validations
	value strings.Builder
	limit int64

	row    int // the present one, 1-based
	column int // of the next cell, 0-based
	at     int // of the present cell
	kind   string
	style  int
	in     string // "v", "t", "f", or the name of another element
	inCell bool

	line     []byte // the cells of the row, one behind the other
	cells    []cellAt
	unsorted bool // they do not come in the order of their columns

	rows       []int32 // the numbers of the rows in out
	disordered bool    // which are not in order
	beyond     bool

	veils    []veil // columns that are hidden
	veiled   bool   // the row is hidden
	skipped  bool   // a hidden row stands behind the last one that is not
	lastFrom int    // of the last row that is not hidden, in out
	lastTo   int

	formulas
}

// cellAt is a cell of the row: its column, and where its text stands in the line.
type cellAt struct {
	col, from, to int
	veiled        bool
}

func (s *sheet) start(name string, attrs []xml.Attr) {
	switch name {
	case "row":
		s.startRow(attrs)
	case "c":
		s.startCell(attrs)
	case "f":
		s.startFormula(attrs)
	case "col":
		s.hiddenColumns(attrs)
	case "dataValidation":
		for _, n := range [...]string{"promptTitle", "prompt", "errorTitle", "error"} {
			s.loosely(attr(attrs, n))
		}
	case "hyperlink":
		for _, n := range [...]string{"display", "tooltip", "location"} {
			s.loosely(attr(attrs, n))
		}
	case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter":
		s.value.Reset()
	}
	s.in = name
}

func (s *sheet) startRow(attrs []xml.Attr) {
	s.endRow()
	s.row++
	if n, err := strconv.Atoi(attr(attrs, "r")); err == nil {
		s.row = n
	}
	s.beyond = s.beyond || s.row > maxRows
	s.column = 0
	s.veiled = isSet(attr(attrs, "hidden")) || attr(attrs, "ht") == "0"
	if s.out.Len() > 0 {
		s.newLine()
	}
}

func (s *sheet) newLine() {
	s.out.WriteByte('\n')
	s.rows = append(s.rows, int32(min(max(s.row, 0), 1<<30)))
}

func (s *sheet) startCell(attrs []xml.Attr) {
	s.inCell = true
	s.kind = attr(attrs, "t")
	s.style, _ = strconv.Atoi(attr(attrs, "s"))
	s.at = s.column
	s.value.Reset()
	s.formula.Reset()
	s.share, s.moved = "", false
	ref := attr(attrs, "r")
	if ref == "" {
		return
	}
	if c, ok := columnOf(ref); ok {
		s.at = c
	} else if c := ref[0] | 0x20; c >= 'a' && c <= 'z' {
		s.beyond = true
	}
	n, err := strconv.Atoi(strings.TrimLeft(ref, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if err == nil && n != s.row { // the cell knows best
		s.beyond = s.beyond || n > maxRows
		s.endRow()
		s.row = n
		if s.out.Len() > 0 {
			s.newLine()
		}
	}
}

func (s *sheet) end(name string) {
	switch name {
	case "c":
		if s.inCell {
			s.inCell = false
			s.cell()
		}
	case "sheetData":
		s.endRow()
	case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter":
		s.pageText(s.value.String())
	}
	s.in = ""
}

func (s *sheet) chars(b []byte) {
	switch {
	case int64(s.out.Len()) > s.limit:
	case s.inCell && (s.in == "v" || s.in == "t"), !s.inCell && headerOrFooter(s.in):
		if s.value.Len() < maxCell {
			s.value.Write(b)
		}
	case s.inCell && s.in == "f":
		if s.formula.Len() < maxCell {
			s.formula.Write(b)
		}
	case !s.inCell && s.in != "" && int64(s.loose.Len()) <= s.limit && strings.TrimSpace(string(b)) != "":
		s.loose.Write(b)
		s.loose.WriteByte('\n')
	}
}

// cell keeps the present cell for its row.
func (s *sheet) cell() {
	if int64(s.out.Len()+len(s.line)) > s.limit {
		return
	}
	if s.wanted != nil {
		s.remember()
		s.column = s.at + 1
		return
	}
	from := len(s.line)
	v, known := s.computed()
	if !known {
		v = s.text()
		s.underRules(v)
	}
	s.line = append(s.line, v...)
	if n := len(s.cells); n > 0 && s.at < s.cells[n-1].col {
		s.unsorted = true
	}
	s.cells = append(s.cells, cellAt{s.at, from, len(s.line), s.isVeiled(s.at)})
	s.column = s.at + 1
}

// endRow writes the cells of the row in their columns.
func (s *sheet) endRow() {
	if len(s.cells) == 0 {
		s.skipped = s.skipped || s.veiled
		return
	}
	if s.unsorted {
		slices.SortStableFunc(s.cells, func(a, b cellAt) int { return a.col - b.col })
	}
	if len(s.rows) == 0 {
		s.rows = append(s.rows, int32(min(max(s.row, 0), 1<<30)))
	}
	if n := len(s.rows); n > 1 && s.rows[n-1] <= s.rows[n-2] {
		s.disordered = true
	}
	start := s.out.Len()
	last := 0
	for i, c := range s.cells {
		gap := c.col - last
		if i > 0 {
			gap = max(1, gap)
		}
		for range min(gap, maxTabs) {
			s.out.WriteByte('\t')
		}
		s.out.Write(s.line[c.from:c.to])
		last = c.col
	}
	s.withoutHidden(start)
	s.line, s.cells, s.unsorted = s.line[:0], s.cells[:0], false
}

// inOrder puts rows in the order of their numbers, and those of one number side by side.
func inOrder(text string, rows []int32) string {
	lines := strings.Split(text, "\n")
	order := make([]int, min(len(lines), len(rows)))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(rows[a]) - int(rows[b]) })
	var out strings.Builder
	for i, k := range order {
		switch {
		case i > 0 && rows[k] == rows[order[i-1]]:
			out.WriteByte('\t')
		case i > 0:
			out.WriteByte('\n')
		}
		out.WriteString(strings.TrimLeft(lines[k], "\t"))
	}
	return out.String()
}

// underRules keeps the cell as the formats of conditions would show it.
func (s *sheet) underRules(v string) {
	for _, r := range s.book.rules {
		if s.kind == "" || s.kind == "n" {
			s.loosely(r.number(plainNumber(strings.TrimSpace(s.value.String())), s.book.formats.from04))
		} else {
			s.loosely(r.text(v))
		}
	}
}

// text is the value of the present cell as it is shown.
func (s *sheet) text() string {
	v := s.value.String()
	switch s.kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil || i < 0 || i >= len(s.book.strings) {
			return ""
		}
		return oneLine(s.book.formats.showText(s.book.strings[i], s.style))
	case "", "n":
		return s.number(strings.TrimSpace(v))
	case "d":
		if days, ok := serial(v, s.book.formats.from04); ok && s.book.formats.shape(s.style).format != nil {
			return s.number(days)
		}
		return v
	case "b", "e":
		return v
	}
	return oneLine(s.book.formats.showText(unescaped(v), s.style))
}

func (s *sheet) number(v string) string {
	shown := s.book.formats.show(v, s.style)
	s.loosely(s.book.formats.covered(v, shown, s.style))
	return shown
}

// loosely keeps what is not shown in a cell.
func (s *sheet) loosely(v string) {
	if v != "" && int64(s.loose.Len()) <= s.limit {
		s.loose.WriteString(v)
		s.loose.WriteByte('\n')
	}
}

// isSet reads a boolean of XML.
func isSet(v string) bool { return v == "1" || v == "true" || v == "on" }

// oneLine keeps a row on one line: a cell may hold line ends of its own.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(s)
}

// columnOf reads the column of a cell reference: "C5" is 2.
func columnOf(ref string) (int, bool) {
	n := 0
	for i := range len(ref) {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			return n - 1, i > 0
		}
		if n = n*26 + int(c-'A') + 1; n > 1<<14 {
			return 0, false
		}
	}
	return 0, false
}
