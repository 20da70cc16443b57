package extract

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"path"
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
			s.list = append(s.list, s.cur.String())
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
	s := &sheet{book: b, limit: w.text}
	w.xmlPart(a, zf, where, s)
	a.shows.add(s.out.String())
	w.segment(where, AttachmentText, a.f.att, s.out.String())
	w.segment(where, Hidden, a.f.att, s.loose.String())
}

// maxCell bounds the text of a cell; Excel allows 32,767 characters.
const maxCell = 1 << 20

type sheet struct {
	book   *workbook
	out    strings.Builder
	loose  strings.Builder // headers, footers, messages of validations
	value  strings.Builder
	limit  int64
	column int // of the next cell, 0-based
	at     int // of the present cell
	kind   string
	style  int
	in     string // "v", "t", "f", or the name of another element
	inCell bool
	begun  bool // the row has a cell
}

func (s *sheet) start(name string, attrs []xml.Attr) {
	switch name {
	case "row":
		s.column, s.begun = 0, false
		if s.out.Len() > 0 {
			s.out.WriteByte('\n')
		}
	case "c":
		s.inCell = true
		s.kind = attr(attrs, "t")
		s.style, _ = strconv.Atoi(attr(attrs, "s"))
		s.at = s.column
		if c, ok := columnOf(attr(attrs, "r")); ok {
			s.at = c
		}
		s.value.Reset()
	case "dataValidation":
		if int64(s.loose.Len()) <= s.limit {
			s.loose.WriteString(attr(attrs, "prompt") + "\n" + attr(attrs, "error") + "\n")
		}
	}
	s.in = name
}

func (s *sheet) end(name string) {
	if name == "c" && s.inCell {
		s.inCell = false
		s.cell()
	}
	s.in = ""
}

func (s *sheet) chars(b []byte) {
	switch {
	case int64(s.out.Len()) > s.limit:
	case s.inCell && (s.in == "v" || s.in == "t"):
		if s.value.Len() < maxCell {
			s.value.Write(b)
		}
	case s.inCell && s.in == "f":
		if bytes.IndexByte(b, '"') >= 0 && int64(s.loose.Len()) <= s.limit { // what is written into a formula
			s.loose.Write(b)
			s.loose.WriteByte('\n')
		}
	case !s.inCell && s.in != "" && int64(s.loose.Len()) <= s.limit && strings.TrimSpace(string(b)) != "":
		s.loose.Write(b)
		s.loose.WriteByte('\n')
	}
}

// cell writes the present cell in its column.
func (s *sheet) cell() {
	if int64(s.out.Len()) > s.limit {
		return
	}
	gap := s.at - s.column
	if s.begun {
		gap++
	}
	for range max(0, min(gap, maxTabs)) {
		s.out.WriteByte('\t')
	}
	if s.begun && gap < 1 {
		s.out.WriteByte('\t')
	}
	s.begun = true
	s.column = s.at + 1
	v := s.text()
	s.out.WriteString(v)
	s.underRules(v)
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
	return oneLine(s.book.formats.showText(v, s.style))
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
