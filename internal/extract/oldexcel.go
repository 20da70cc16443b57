package extract

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/richardlehane/mscfb"
)

// Records of a BIFF stream (MS-XLS 2.3).
const (
	biffFormula  = 0x0006
	biffArtGroup = 0x00eb
	biffArt      = 0x00ec
	biffEOF      = 0x000a
	biffHeader   = 0x0014
	biffFooter   = 0x0015
	biffName     = 0x0018
	biffNote     = 0x001c
	biffObject   = 0x005d
	biffCached   = 0x00cd // a text of the source of a pivot table
	biffDates    = 0x0022
	biffFilePass = 0x002f
	biffContinue = 0x003c
	biffSheet    = 0x0085
	biffMulRK    = 0x00bd
	biffRString  = 0x00d6
	biffXF       = 0x00e0
	biffSST      = 0x00fc
	biffLabelSST = 0x00fd
	biffTextBox  = 0x01b6
	biffInput    = 0x01be
	biffLink     = 0x01b8
	biffNumber   = 0x0203
	biffLabel    = 0x0204
	biffString   = 0x0207
	biffRK       = 0x027e
	biffFormat   = 0x041e
	biffTip      = 0x0800
	biffBOF      = 0x0809
	biffNameNote = 0x0894
	biffPages    = 0x089c
	biffSeries   = 0x100d
)

// oldExcel reads a workbook of before 2007 (MS-XLS), and those of Excel 5 and 95.
func (w *walker) oldExcel(o *oleFile) {
	for _, s := range o.streams { // one that is written for two versions has both, and each version reads its own
		if len(s.Path) == 0 && (strings.EqualFold(s.Name, "Workbook") || strings.EqualFold(s.Name, "Book")) {
			w.biffStream(o, s)
		}
	}
	for _, s := range o.streams {
		if len(s.Path) == 1 && strings.EqualFold(s.Path[0], "_SX_DB_CUR") { // what pivot tables are made of, MS-XLS 2.1.7.19
			x := &biff{w: w, f: o.f, limit: w.text, rest: w.oleBytes(o, s), begun: true, wide: true}
			x.run()
			x.flush()
		}
	}
}

func (w *walker) biffStream(o *oleFile, s *mscfb.File) {
	x := &biff{w: w, f: o.f, limit: w.text, rest: w.oleBytes(o, s)}
	x.run()
	x.flush()
	switch {
	case x.locked:
		w.unreadable(o.f.where, Encrypted, "office document with a password")
	case x.damaged || !x.begun:
		w.unreadable(o.f.where, Corrupt, "damaged Excel workbook")
	}
	w.segment(o.f.where, AttachmentText, o.f.att, strings.Join(x.names, "\n"))
	w.segment(o.f.where, Hidden, o.f.att, x.formats.literals())
	w.segment(o.f.where, Hidden, o.f.att, wideRuns(x.art))
	o.shows.words += x.words
	o.shows.others = len(o.dirs(nil, "")) > 0
	o.art = append(o.art, x.art)
}

// biff reads the records of a workbook, sheet by sheet.
type biff struct {
	w     *walker
	f     *leaf
	rest  []byte
	limit int64

	begun, locked, damaged bool
	wide                   bool // BIFF8: strings may be UTF-16
	names                  []string
	sheets                 int // sheets begun
	strings                []string
	formats                formats

	out      strings.Builder
	loose    strings.Builder // of the sheet: headers, footers, comments, drawings, links, what formulas are made of
	row, col int
	cells    bool // the sheet has a cell
	formula  bool // the result of a formula follows as a string

	formulaStyle int

	art   []byte // records of drawings, joined
	words int    // of the cells and boxes, as far as it matters that there are some
}

// next returns the next record, false at the end.
func (x *biff) next() (kind uint16, data []byte, ok bool) {
	if len(x.rest) < 4 {
		return 0, nil, false
	}
	kind, n := binary.LittleEndian.Uint16(x.rest), int(binary.LittleEndian.Uint16(x.rest[2:]))
	if kind == 0 && n == 0 {
		return 0, nil, false // what fills the last sector
	}
	if n > len(x.rest)-4 {
		x.damaged = true
		return 0, nil, false
	}
	data = x.rest[4 : 4+n]
	x.rest = x.rest[4+n:]
	return kind, data, true
}

// continued returns the data of the records that go on with the present one.
func (x *biff) continued() [][]byte {
	var more [][]byte
	for len(x.rest) >= 4 && binary.LittleEndian.Uint16(x.rest) == biffContinue {
		_, data, ok := x.next()
		if !ok {
			break
		}
		more = append(more, data)
	}
	return more
}

func (x *biff) run() {
	for n := 0; !x.locked && int64(x.out.Len()) <= x.limit; n++ {
		kind, data, ok := x.next()
		if !ok || n%1024 == 1023 && x.w.expired() {
			return
		}
		x.record(kind, data)
	}
}

// record handles one record by its kind; one too short for its kind is passed over as damage.
func (x *biff) record(kind uint16, d []byte) {
	shortest := map[uint16]int{biffSheet: 8, biffXF: 4, biffSST: 8, biffLabelSST: 10, biffNumber: 14, biffLabel: 8, biffRString: 8, biffRK: 10, biffMulRK: 6, biffFormula: 14, biffInput: 4, biffTextBox: 12, biffFormat: 4}
	if len(d) < shortest[kind] {
		x.damaged = true
		return
	}
	switch kind {
	case biffBOF, 0x0009, 0x0209, 0x0409:
		x.bof(d)
	case biffFilePass:
		x.locked = true
	case biffDates:
		x.formats.from04 = len(d) > 0 && d[0] == 1
	case biffSheet:
		x.names = append(x.names, x.short(d[6:]))
	case biffXF:
		x.formats.style(int(binary.LittleEndian.Uint16(d[2:])))
	case biffFormat:
		x.format(d)
	case biffSST:
		x.sharedStrings(d)
	case biffTextBox:
		x.textBox(d)
	case biffInput:
		x.inputHelp(d)
	case biffLink:
		x.loosely(utf16le(d[min(len(d), 8):]))
	default:
		if !x.aside(kind, d) {
			x.cellRecord(kind, d)
		}
	}
}

func (x *biff) cellRecord(kind uint16, d []byte) {
	switch kind {
	case biffLabelSST:
		if i := binary.LittleEndian.Uint32(d[6:]); int64(i) < int64(len(x.strings)) {
			x.cell(d, oneLine(x.formats.showText(x.strings[i], x.style(d))))
		}
	case biffLabel, biffRString:
		x.cell(d, oneLine(x.formats.showText(x.long(d[6:]), x.style(d))))
	case biffNumber:
		x.number(d, math.Float64frombits(binary.LittleEndian.Uint64(d[6:])))
	case biffRK:
		x.number(d, rk(binary.LittleEndian.Uint32(d[6:])))
	case biffMulRK:
		x.manyRK(d)
	case biffFormula:
		x.formulaResult(d)
	case biffString:
		if x.formula && len(d) >= 2 {
			s := stringReader{parts: append([][]byte{d[2:]}, x.continued()...)}
			text := s.chars(int(binary.LittleEndian.Uint16(d)))
			if !x.wide {
				text = x.long(d)
			}
			x.out.WriteString(oneLine(x.formats.showText(text, x.formulaStyle)))
		}
		x.formula = false
	}
}

// bof begins a substream: the workbook's own, or a sheet's.
func (x *biff) bof(d []byte) {
	if len(d) < 4 {
		x.damaged = true
		return
	}
	x.wide = binary.LittleEndian.Uint16(d) >= 0x0600
	if x.begun {
		x.flush()
		x.sheets++
	}
	x.begun = true
}

// flush gives out the sheet that was read.
func (x *biff) flush() {
	where := x.f.where
	if x.sheets > 0 && x.sheets <= len(x.names) {
		where += "!" + safeName(x.names[x.sheets-1])
	}
	x.words += wordsIn(x.out.String(), 1)
	x.w.segment(where, AttachmentText, x.f.att, x.out.String())
	x.w.segment(where, Hidden, x.f.att, x.loose.String())
	x.limit -= int64(x.out.Len() + x.loose.Len())
	x.out.Reset()
	x.loose.Reset()
	x.row, x.col, x.cells, x.formula = 0, 0, false, false
}

// cell writes text into its row and column, which d begins with.
func (x *biff) cell(d []byte, text string) {
	row, col := int(binary.LittleEndian.Uint16(d)), int(binary.LittleEndian.Uint16(d[2:]))
	switch {
	case !x.cells:
		x.col = 0
	case row != x.row:
		x.out.WriteByte('\n')
		x.col = 0
	}
	tabs := col - x.col
	if x.cells && row == x.row {
		tabs = max(1, tabs)
	}
	for range max(0, min(tabs, maxTabs)) {
		x.out.WriteByte('\t')
	}
	x.cells, x.row, x.col = true, row, col
	x.out.WriteString(text)
}

func (x *biff) number(d []byte, v float64) {
	plain, style := strconv.FormatFloat(v, 'g', 15, 64), x.style(d)
	shown := x.formats.show(plain, style)
	x.cell(d, shown)
	x.loosely(x.formats.covered(plain, shown, style))
}

// style is that of a cell, which d begins with.
func (x *biff) style(d []byte) int { return int(binary.LittleEndian.Uint16(d[4:])) }

// rk is a number in 30 bits (MS-XLS 2.5.217).
func rk(v uint32) float64 {
	var f float64
	if v&2 != 0 {
		f = float64(int32(v) >> 2) //nolint:gosec // the sign is meant
	} else {
		f = math.Float64frombits(uint64(v&^3) << 32)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

func (x *biff) manyRK(d []byte) {
	first := binary.LittleEndian.Uint16(d[2:])
	var one [6]byte
	copy(one[:], d[:2])
	for i, at := 0, 4; at+6 <= len(d)-2; i, at = i+1, at+6 {
		binary.LittleEndian.PutUint16(one[2:], first+uint16(i))
		copy(one[4:], d[at:at+2])
		x.number(one[:], rk(binary.LittleEndian.Uint32(d[at+2:])))
	}
}

// formulaResult writes what a formula came to; a text follows in a record of its own.
func (x *biff) formulaResult(d []byte) {
	x.formula = false
	if len(d) > 22 {
		x.literals(d[22:])
		x.loosely(x.constant(d[20:]))
	}
	if binary.LittleEndian.Uint16(d[12:]) != 0xffff {
		x.number(d, math.Float64frombits(binary.LittleEndian.Uint64(d[6:])))
		return
	}
	if d[6] == 0 {
		x.cell(d, "")
		x.formula, x.formulaStyle = true, x.style(d)
	}
}

// minLiteral is the shortest text in a formula that is looked at; operands look like shorter ones by chance.
const minLiteral = 6

// literals gives out the texts that are written into a formula (PtgStr, MS-XLS 2.5.198.89). The tokens before them are not
// understood but searched: what is no text is told by its control characters.
func (x *biff) literals(tokens []byte) {
	const ptgStr = 0x17
	for i := 0; i+2 < len(tokens); i++ {
		n := int(tokens[i+1])
		if tokens[i] != ptgStr || n < minLiteral {
			continue
		}
		body, size := tokens[i+2:], n
		if x.wide {
			size = 1 + n<<(body[0]&1)
		}
		if size > len(body) || x.wide && body[0] > 1 {
			continue
		}
		if s := strings.ReplaceAll(x.chars(body, n), "\x00", "\t"); strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' }) < 0 {
			x.loosely(s)
			i += 1 + size
		}
	}
}

// inputHelp reads what is shown where a cell is filled in (MS-XLS 2.4.90): title and text, of the prompt and of the error.
func (x *biff) inputHelp(d []byte) {
	s := stringReader{parts: [][]byte{d[4:]}}
	for range 4 {
		n, ok := s.exactly(2)
		if !ok {
			return
		}
		x.loosely(s.chars(int(binary.LittleEndian.Uint16(n))))
	}
	if rest := s.take(len(d)); rest != nil {
		x.literals(rest) // a list of what may be chosen
	}
}

func (x *biff) format(d []byte) {
	x.formats.code(int(binary.LittleEndian.Uint16(d)), x.longOrShort(d[2:]))
}

// short is a string with its length in one byte.
func (x *biff) short(d []byte) string {
	if len(d) < 2 {
		return ""
	}
	return x.chars(d[1:], int(d[0]))
}

// longOrShort is a string with its length in two bytes, or in one before BIFF8.
func (x *biff) longOrShort(d []byte) string {
	if x.wide {
		return x.long(d)
	}
	return x.short(d)
}

// long is a string with its length in two bytes.
func (x *biff) long(d []byte) string {
	if len(d) < 2 {
		return ""
	}
	return x.chars(d[2:], int(binary.LittleEndian.Uint16(d)))
}

// chars reads n characters: in BIFF8 behind a byte of flags (MS-XLS 2.5.293), before that as bytes.
func (x *biff) chars(d []byte, n int) string {
	if !x.wide || len(d) == 0 {
		return codePage1252(d[:min(n, len(d))])
	}
	flags := d[0]
	d = d[1:]
	if flags&8 != 0 {
		d = d[min(2, len(d)):]
	}
	if flags&4 != 0 {
		d = d[min(4, len(d)):]
	}
	if flags&1 != 0 {
		return utf16le(d[:min(2*n, len(d))])
	}
	return latin1(d[:min(n, len(d))])
}

// latin1 widens the low bytes of UTF-16.
func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// textBox reads the text of a comment or a drawing (MS-XLS 2.4.329), which stands in the next record.
func (x *biff) textBox(d []byte) {
	n := int(binary.LittleEndian.Uint16(d[10:]))
	if more := x.continued(); n > 0 && len(more) > 0 {
		s := stringReader{parts: more}
		text := s.chars(n)
		x.words += wordsIn(text, 1)
		x.loosely(text)
	}
}

func (x *biff) loosely(s string) {
	if s = strings.TrimSpace(strings.Trim(s, "\x00")); s != "" && int64(x.loose.Len()) <= x.limit {
		x.loose.WriteString(strings.ToValidUTF8(s, ""))
		x.loose.WriteByte('\n')
	}
}

// sharedStrings reads the table of strings (MS-XLS 2.4.265), which goes on over several records.
func (x *biff) sharedStrings(d []byte) {
	total := int64(binary.LittleEndian.Uint32(d[4:]))
	s := stringReader{parts: append([][]byte{d[8:]}, x.continued()...)}
	taken := int64(0)
	for i := int64(0); ; i++ { // there may be more than it says
		t, ok := s.entry()
		if !ok {
			x.damaged = x.damaged || i < total
			return
		}
		if taken += int64(len(t)); taken > x.limit || len(x.strings) >= maxStrings {
			return
		}
		x.strings = append(x.strings, t)
	}
}

// stringReader reads strings that run over the borders of records: where characters are cut, the next record says anew how
// wide they are.
type stringReader struct{ parts [][]byte }

// take returns up to n bytes of the present record.
func (s *stringReader) take(n int) []byte {
	for len(s.parts) > 0 && len(s.parts[0]) == 0 {
		s.parts = s.parts[1:]
	}
	if len(s.parts) == 0 {
		return nil
	}
	b := s.parts[0][:min(n, len(s.parts[0]))]
	s.parts[0] = s.parts[0][len(b):]
	return b
}

// exactly returns n bytes, over borders too.
func (s *stringReader) exactly(n int) ([]byte, bool) {
	out := s.take(n)
	for len(out) < n {
		b := s.take(n - len(out))
		if b == nil {
			return nil, false
		}
		out = append(out[:len(out):len(out)], b...)
	}
	return out, true
}

// entry reads one string of the table: length, flags, runs, phonetics, characters.
func (s *stringReader) entry() (string, bool) {
	head, ok := s.exactly(3)
	if !ok {
		return "", false
	}
	n, flags := int(binary.LittleEndian.Uint16(head)), head[2]
	skip := 0
	if flags&8 != 0 {
		b, ok := s.exactly(2)
		if !ok {
			return "", false
		}
		skip += 4 * int(binary.LittleEndian.Uint16(b))
	}
	if flags&4 != 0 {
		b, ok := s.exactly(4)
		if !ok {
			return "", false
		}
		skip += int(min(binary.LittleEndian.Uint32(b), 1<<20))
	}
	t := s.wide(n, flags)
	for skip > 0 {
		b := s.take(skip)
		if b == nil {
			return t, false
		}
		skip -= len(b)
	}
	return t, true
}

// chars reads n characters behind a byte of flags.
func (s *stringReader) chars(n int) string {
	b := s.take(1)
	if b == nil {
		return ""
	}
	return s.wide(n, b[0])
}

// wide reads n characters, looking for new flags at each border.
func (s *stringReader) wide(n int, flags byte) string {
	var out strings.Builder
	for n > 0 {
		for len(s.parts) > 0 && len(s.parts[0]) == 0 {
			if s.parts = s.parts[1:]; len(s.parts) > 0 && len(s.parts[0]) > 0 {
				flags = s.parts[0][0]
				s.parts[0] = s.parts[0][1:]
			}
		}
		if len(s.parts) == 0 {
			break
		}
		size := 1
		if flags&1 != 0 {
			size = 2
		}
		b := s.take(n * size)
		if len(b) < size {
			break
		}
		if size == 2 {
			out.WriteString(utf16le(b))
		} else {
			out.WriteString(latin1(b))
		}
		n -= len(b) / size
	}
	return out.String()
}
