package extract

import (
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// formats knows the number formats of a workbook (ECMA-376 part 1, 18.8.30).
type formats struct {
	codes  map[int]string  // by format id
	rules  []string        // those of conditional formatting and of tables
	cells  []int           // format id by style
	shapes map[int]shapeOf // by format id, made when the first cell asks
	inXfs  bool
	inDxfs bool
	from04 bool // days are counted from 1904
}

// shapeOf is what a style makes of a value: nothing, leading zeros and dashes, or whatever its format says.
type shapeOf struct {
	mask   string
	format *numFormat
}

func (f *formats) start(name string, attrs []xml.Attr) {
	switch name {
	case "numFmt":
		f.numFmt(attrs)
	case "cellXfs":
		f.inXfs = true
	case "dxfs":
		f.inDxfs = true
	case "xf":
		if f.inXfs {
			id, _ := strconv.Atoi(attr(attrs, "numFmtId"))
			f.style(id)
		}
	}
}

func (f *formats) numFmt(attrs []xml.Attr) {
	code := attr(attrs, "formatCode")
	if f.inDxfs {
		if len(f.rules) < maxEntries {
			f.rules = append(f.rules, code)
		}
		return
	}
	if id, err := strconv.Atoi(attr(attrs, "numFmtId")); err == nil {
		f.code(id, code)
	}
}

// code notes the code of a format.
func (f *formats) code(id int, code string) {
	if len(f.codes) >= maxEntries {
		return
	}
	if f.codes == nil {
		f.codes = map[int]string{}
	}
	f.codes[id] = code
	delete(f.shapes, id) // a damaged file has codes behind the cells that use them
}

// style notes the format of the next style.
func (f *formats) style(id int) {
	if len(f.cells) < 1<<16 {
		f.cells = append(f.cells, id)
	}
}

func (f *formats) end(name string) {
	switch name {
	case "cellXfs":
		f.inXfs = false
	case "dxfs":
		f.inDxfs = false
	}
}

func (f *formats) chars([]byte) {}

// shape returns what a style does.
func (f *formats) shape(style int) shapeOf {
	if style < 0 || style >= len(f.cells) {
		return shapeOf{}
	}
	id := f.cells[style]
	s, ok := f.shapes[id]
	if !ok {
		if f.shapes == nil {
			f.shapes = map[int]shapeOf{}
		}
		s = f.shapeOfID(id)
		f.shapes[id] = s
	}
	return s
}

func (f *formats) shapeOfID(id int) shapeOf {
	code, ok := f.codes[id]
	if !ok {
		code = builtIn(id)
	}
	if n := parseFormat(code); n.speaks() {
		return shapeOf{format: n}
	}
	return shapeOf{mask: literalMask(code)}
}

// builtIn is the code of a format that is not written into files and shows a date or a time (ECMA-376 part 1, 18.8.30). The
// first and the last follow the country of the reader.
func builtIn(id int) string {
	switch id {
	case 14, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58:
		return "yyyy-mm-dd"
	case 15:
		return "d-mmm-yy"
	case 16:
		return "d-mmm"
	case 17:
		return "mmm-yy"
	case 18:
		return "h:mm AM/PM"
	case 19:
		return "h:mm:ss AM/PM"
	case 20:
		return "h:mm"
	case 21:
		return "h:mm:ss"
	case 22:
		return "yyyy-mm-dd h:mm"
	case 45:
		return "mm:ss"
	case 46:
		return "[h]:mm:ss"
	case 47:
		return "mmss.0"
	}
	return ""
}

// show writes a number as a reader sees it as far as identifiers are concerned: without
// scientific form, with the leading zeros and dashes of a format like 000000-0000, and with what a format
// writes beside it or in its place.
func (f *formats) show(v string, style int) string {
	v = plainNumber(v)
	s := f.shape(style)
	if s.format != nil {
		return s.format.number(v, f.from04)
	}
	return applyMask(s.mask, v)
}

// showText writes a text as a reader sees it.
func (f *formats) showText(v string, style int) string {
	if s := f.shape(style); s.format != nil {
		return s.format.text(v)
	}
	return v
}

// covered returns a number that its format does not show, or "".
func (f *formats) covered(v, shown string, style int) string {
	if f.shape(style).format == nil {
		return ""
	}
	if v = plainNumber(v); len(v) < 6 || strings.Trim(v, "0123456789") != "" || strings.Contains(shown, v) {
		return ""
	}
	return v
}

// literals returns the formats with digits of their own, as they are written and as they read.
func (f *formats) literals() string {
	var out strings.Builder
	give := func(code string) {
		if n := parseFormat(code); n.spelled {
			out.WriteString(code + "\n" + n.words())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.codes)) {
		give(f.codes[id])
	}
	for _, code := range f.rules {
		give(code)
	}
	return out.String()
}

// spelledRules returns the formats with digits that a condition may lay over a cell.
func (f *formats) spelledRules() []*numFormat {
	var out []*numFormat
	for _, code := range f.rules {
		if n := parseFormat(code); n.spelled && len(out) < maxRules {
			out = append(out, n)
		}
	}
	return out
}

// maxRules is how many formats of conditions are tried on each cell.
const maxRules = 16

// plainNumber writes 1.98901022387E+11 out, and drops the rounding noise of doubles.
func plainNumber(v string) string {
	dot := strings.IndexByte(v, '.')
	if !strings.ContainsAny(v, "eE") && (dot < 0 || len(v)-dot < 11) {
		return v
	}
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || x > 1e21 || x < -1e21 {
		return v
	}
	if x, err = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 15, 64), 64); err != nil {
		return v
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// applyMask sets digits into a mask of zeros and literals. Fewer than six zeros are no
// identifier's, but for those that only fill up a part of one.
func applyMask(mask, digits string) string {
	if mask == "" {
		return digits
	}
	zeros := strings.Count(mask, "0")
	if zeros < 6 && (zeros < 2 || zeros < len(mask)) || digits == "" || strings.Trim(digits, "0123456789") != "" || len(digits) > 30 {
		return digits
	}
	if len(digits) < zeros {
		digits = strings.Repeat("0", zeros-len(digits)) + digits
	}
	extra := len(digits) - zeros
	out, digits := digits[:extra], digits[extra:]
	for i := range len(mask) {
		if mask[i] == '0' {
			out += digits[:1]
			digits = digits[1:]
			continue
		}
		out += mask[i : i+1]
	}
	return out
}

// literalMask returns the first section of a format code without quotes and escapes, or
// "" if it is more than zeros, dashes, dots, slashes and blanks.
func literalMask(code string) string {
	if len(code) > 100 {
		return ""
	}
	code, _, _ = strings.Cut(code, ";")
	if i := strings.IndexByte(code, ']'); strings.HasPrefix(code, "[") && i > 0 {
		code = code[i+1:]
	}
	mask := strings.NewReplacer(`\`, "", `"`, "", "#", "").Replace(code)
	if strings.Trim(mask, "0-/ ") != "" {
		return ""
	}
	return mask
}
