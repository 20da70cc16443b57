package pdf

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A font says twice what its codes are: once for what draws them, by its encoding, by the names in it or by the table of characters
// in the font program, and once for what reads them, by a table that stands beside (ToUnicode; ISO 32000-1, 9.10.3). PDFium goes by the
// second, who looks at the page by the first. Most fonts say only one of the two, as subsets do that have numbers of their own.
// Where both speak of a digit or letter and do not agree, pages are read a second time by what is drawn.

// tables are the tables from codes to characters that fonts contradict.
type tables struct {
	fonts  []dict
	dicts  map[int]dict // that fonts are made of
	arrays map[int][]any
	told   map[int][]byte // by the number of a table: as it is with what is drawn
	bare   []bare
}

// bare is a font of many glyphs that says nothing of them. PDFium takes their numbers for characters.
type bare struct {
	num   int
	of    dict
	raw   []byte
	table []byte
}

// collections are the names of characters that numbers of glyphs are known for (9.7.5.2).
var collections = []string{"Japan1", "Japan2", "GB1", "CNS1", "Korea1", "KR"}

// fontParts are keys of dictionaries that fonts are made of: of a descendant and its descriptor (9.7.4, 9.8), of an encoding (9.6.6).
var fontParts = []name{"CIDSystemInfo", "FontFile", "FontFile2", "FontFile3", "Differences", "BaseEncoding"}

// font takes a dictionary that is a font with such a table, or a part of one. num is 0 for one inside another.
func (t *tables) font(num int, d dict) {
	if _, ok := d.of["ToUnicode"].(ref); ok && len(t.fonts) < maxFonts {
		t.fonts = append(t.fonts, d)
	}
	if e, _ := d.of["Encoding"].(name); num > 0 && d.of["Subtype"] == name("Type0") && d.of["ToUnicode"] == nil && strings.HasPrefix(string(e), "Identity") && len(t.bare) < maxFonts {
		t.bare = append(t.bare, bare{num: num, of: d, raw: bytes.Clone(d.raw)})
	}
	if num > 0 && len(t.dicts) < maxObjects && slices.ContainsFunc(fontParts, func(k name) bool { return d.of[k] != nil }) {
		t.dicts[num] = d
	}
}

func (t *tables) dict(v any) dict {
	if r, ok := v.(ref); ok {
		return t.dicts[r.num]
	}
	d, _ := v.(dict)
	return d
}

// compare compares what fonts say of their codes, when it is known where all is.
func (t *tables) compare(s *scanner) {
	if s.out.Locked {
		return
	}
	programs := map[int]program{}
	for _, f := range t.fonts {
		if s.stop() {
			return
		}
		table, _ := f.of["ToUnicode"].(ref)
		drawn, wide := t.drawn(s, f, programs)
		if len(drawn) == 0 {
			continue
		}
		told := toUnicode(s.unpacked(table.num, maxTable))
		contradicted := false
		for code, c := range drawn {
			contradicted = contradicted || told.contradicts(code, c, wide)
		}
		if contradicted {
			t.told[table.num] = told.with(drawn, wide)
		}
	}
	for i := range t.bare {
		if s.stop() {
			return
		}
		t.bare[i].table = t.ofGlyphs(s, t.bare[i].of, programs)
	}
	t.bare = slices.DeleteFunc(t.bare, func(b bare) bool { return b.table == nil })
	t.fonts, t.dicts, t.arrays = nil, nil, nil
}

// ofGlyphs writes a table for a font that has none: what its program says, and characters without a meaning for all else. It is nil
// for one whose glyphs are known.
func (t *tables) ofGlyphs(s *scanner, f dict, programs map[int]program) []byte {
	d := t.descendant(f)
	ordering, _ := t.dict(d.of["CIDSystemInfo"]).of["Ordering"].(text)
	if d.of == nil || slices.Contains(collections, string(ordering)) {
		return nil
	}
	of := t.drawnWide(s, f, programs, program.more)
	const most, private = 1 << 16, 0xE000
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\nbegincmap\n")
	for code := 0; code < most; code++ {
		if c, ok := of[code]; ok {
			fmt.Fprintf(&b, "1 beginbfchar\n<%04X> <%s>\nendbfchar\n", code, units(string(c)))
			continue
		}
		from := code
		for code&0xFF < 0xFF && of[code+1] == 0 {
			code++
		}
		fmt.Fprintf(&b, "1 beginbfrange\n<%04X> <%04X> <%04X>\nendbfrange\n", from, code, private+from&0xFF)
	}
	b.WriteString("endcmap\nend\n")
	return b.Bytes()
}

// drawn is what a font draws for its codes, as far as it says so of digits and letters, and whether codes have two bytes.
func (t *tables) drawn(s *scanner, f dict, programs map[int]program) (of map[int]rune, wide bool) {
	if f.of["Subtype"] == name("Type0") {
		return t.drawnWide(s, f, programs, func(p program) map[int]rune { return p.letters }), true
	}
	of = map[int]rune{}
	descriptor := t.dict(f.of["FontDescriptor"])
	file, embedded := descriptor.of["FontFile2"].(ref)
	if !embedded && descriptor.of["FontFile"] == nil && descriptor.of["FontFile3"] == nil {
		standard(of)
	}
	if r, ok := descriptor.of["FontFile"].(ref); ok {
		builtIn(s.unpacked(r.num, maxBuiltIn), of)
	}
	flags, _ := descriptor.of["Flags"].(int)
	const symbolic = 1 << 2
	if !embedded || flags&symbolic == 0 { // else it is not looked at (9.6.6.4)
		switch e := f.of["Encoding"].(type) {
		case name:
			standard(of)
		case dict, ref:
			d := t.dict(e)
			if d.of["BaseEncoding"] != nil {
				standard(of)
			}
			named(d, of)
		}
	}
	if embedded {
		p := t.program(s, file.num, programs)
		for code, glyph := range p.codes {
			if c, ok := p.letters[glyph]; ok {
				of[code] = c
			}
		}
	}
	return of, false
}

// drawnWide is what a font of many glyphs draws: what its program has for the number of a glyph, or the code itself in an encoding
// that is older than such fonts, all of which keep ASCII (9.7.5.2).
func (t *tables) drawnWide(s *scanner, f dict, programs map[int]program, in func(program) map[int]rune) map[int]rune {
	of := map[int]rune{}
	switch e := f.of["Encoding"].(type) {
	case name:
		if !strings.HasPrefix(string(e), "Identity") {
			standard(of)
			return of
		}
	case ref:
		glyphs := t.ofCIDs(s, f, programs, in)
		for code, cid := range glyphCodes(s.unpacked(e.num, maxTable)) {
			if c, ok := glyphs[cid]; ok {
				of[code] = c
			}
		}
		return of
	}
	return t.ofCIDs(s, f, programs, in)
}

// ofCIDs is what the program of a font of many glyphs has for their numbers.
func (t *tables) ofCIDs(s *scanner, f dict, programs map[int]program, in func(program) map[int]rune) map[int]rune {
	of := map[int]rune{}
	d := t.descendant(f)
	descriptor := t.dict(d.of["FontDescriptor"])
	file, ok := descriptor.of["FontFile2"].(ref)
	if file3, is := descriptor.of["FontFile3"].(ref); is {
		file, ok = file3, true
	}
	if !ok {
		return of
	}
	letters := in(t.program(s, file.num, programs))
	r, mapped := d.of["CIDToGIDMap"].(ref)
	if !mapped {
		for glyph, c := range letters {
			of[glyph] = c
		}
		return of
	}
	glyphs := s.unpacked(r.num, 2<<16)
	for i := 0; i+1 < len(glyphs); i += 2 { // 9.7.4.2
		if c, ok := letters[int(glyphs[i])<<8|int(glyphs[i+1])]; ok {
			of[i/2] = c
		}
	}
	return of
}

// descendant is the font that has the glyphs of one of many (9.7.4).
func (t *tables) descendant(f dict) dict {
	list, _ := f.of["DescendantFonts"].([]any)
	if r, ok := f.of["DescendantFonts"].(ref); ok {
		list = t.arrays[r.num]
	}
	if len(list) == 0 {
		return dict{}
	}
	return t.dict(list[0])
}

func (t *tables) program(s *scanner, num int, known map[int]program) program {
	p, ok := known[num]
	if !ok {
		if r, found := s.unpacking(num); found {
			p = readProgram(io.LimitReader(r, maxStream))
		}
		known[num] = p
	}
	return p
}

// standard is what codes are in all encodings that have a name (annex D).
func standard(of map[int]rune) {
	for c := '0'; c <= 'z'; c++ {
		if asciiLetter(c) {
			of[int(c)] = c
		}
	}
}

func asciiLetter(c rune) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// named takes the names that an encoding has for codes (9.6.6.1).
func named(encoding dict, of map[int]rune) {
	list, _ := encoding.of["Differences"].([]any)
	code := 0
	for _, v := range list {
		switch v := v.(type) {
		case int:
			code = v
		case name:
			if delete(of, code); asciiLetter(called(string(v))) {
				of[code] = called(string(v))
			}
			code++
		}
	}
}

// maxBuiltIn is how much of a program is clear, and has its encoding in it.
const maxBuiltIn = 64 << 10

// builtIn takes the encoding of a Type 1 program (Adobe Type 1 Font Format, 2.2).
func builtIn(b []byte, of map[int]rune) {
	_, b, ok := bytes.Cut(b, []byte("/Encoding"))
	if !ok {
		return
	}
	l := lexer{b: b}
	if l.value() == word("StandardEncoding") {
		standard(of)
		return
	}
	code := -1
	for !l.ended() {
		switch v := l.value().(type) {
		case int:
			code = v
		case name:
			if c := called(string(v)); asciiLetter(c) && code >= 0 {
				of[code] = c
			}
			code = -1
		case word:
			if v == "def" || v == "readonly" || v == "eexec" {
				return
			}
		}
	}
}

// called is the character that a glyph of a name is; 0 if that is not known here.
func called(glyph string) rune {
	if len(glyph) == 1 {
		return rune(glyph[0])
	}
	if i := slices.Index(digitNames, glyph); i >= 0 {
		return '0' + rune(i) //nolint:gosec // below 10
	}
	if hex, ok := strings.CutPrefix(glyph, "uni"); ok && len(hex) == 4 {
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil {
			return rune(n)
		}
	}
	return 0
}

// The most that is read of a table: bytes, and codes in it, twice as many as there are of two bytes.
const (
	maxTable = 4 << 20
	maxCodes = 1 << 17
)

// table is what codes stand for.
type table map[int]string

// toUnicode reads a table (9.10.3), of which each line says what one code stands for or a range of them.
func toUnicode(b []byte) table {
	t := table{}
	lists(b, map[word]tableList{
		"endbfchar":  {2, func(v []any) int { return t.say(v[0], v[1]) }},
		"endbfrange": {3, func(v []any) int { return t.sayRange(v[0], v[1], v[2]) }},
	})
	return t
}

// glyphCodes reads the codes that glyphs have by an encoding that is in the file (9.7.5.4).
func glyphCodes(b []byte) map[int]int {
	of := map[int]int{}
	say := func(from, to, is any) int {
		first, ok := number(from)
		last, more := number(to)
		cid, isInt := is.(int)
		if !ok || !more || !isInt || last-first >= maxCodes {
			return 1
		}
		for code := first; code <= last; code++ {
			of[code] = cid + code - first
		}
		return max(1, last-first)
	}
	lists(b, map[word]tableList{
		"endcidchar":  {2, func(v []any) int { return say(v[0], v[0], v[1]) }},
		"endcidrange": {3, func(v []any) int { return say(v[0], v[1], v[2]) }},
	})
	return of
}

// tableList is a kind of list in a table: how many operands a line of it has, and what takes them, which says how many codes it was.
type tableList struct {
	operands int
	take     func([]any) int
}

// lists reads a table by the words that end its lists.
func lists(b []byte, kinds map[word]tableList) {
	l := lexer{b: b}
	left := maxCodes
	var operands []any
	for !l.ended() && left > 0 {
		v := l.value()
		w, is := v.(word)
		if !is {
			operands = append(operands, v)
			continue
		}
		kind := kinds[w]
		for i := 0; kind.take != nil && i+kind.operands <= len(operands) && left > 0; i += kind.operands {
			left -= kind.take(operands[i : i+kind.operands])
		}
		operands = operands[:0]
	}
}

// number is the number that the bytes of a string are.
func number(v any) (int, bool) {
	s, ok := v.(text)
	n := 0
	for i := range len(s) {
		n = n<<8 | int(s[i])
	}
	return n, ok && len(s) > 0 && len(s) <= 4
}

func (t table) say(code, is any) int {
	n, ok := number(code)
	s, isText := is.(text)
	if ok && isText {
		t[n] = text("\xfe\xff" + s).plain()
	}
	return 1
}

// sayRange says how many codes it took.
func (t table) sayRange(from, to, is any) int {
	first, ok := number(from)
	last, more := number(to)
	if !ok || !more || last-first >= maxCodes {
		return 1
	}
	switch is := is.(type) {
	case text:
		s := []rune(text("\xfe\xff" + is).plain())
		for n := first; n <= last && len(s) > 0; n++ {
			t[n] = string(s)
			s[len(s)-1]++
		}
	case []any:
		for i, v := range is {
			if s, ok := v.(text); ok && first+i <= last {
				t[first+i] = text("\xfe\xff" + s).plain()
			}
		}
	}
	return max(1, last-first)
}

// contradicts says whether a code stands for another character than the one that is drawn. Capital letters may be drawn for small
// ones, and one glyph serves letters of several scripts. Where a table leaves out the number of a glyph, PDFium takes that for the
// character.
func (t table) contradicts(code int, drawn rune, wide bool) bool {
	s, ok := t[code]
	if !ok {
		return wide && drawn <= '9'
	}
	if strings.EqualFold(norm.NFKC.String(s), string(drawn)) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	return drawn <= '9' || first < utf8.RuneSelf || s == ""
}

// with writes the table, with what is drawn in it.
func (t table) with(drawn map[int]rune, wide bool) []byte {
	all := maps.Clone(t)
	for code, c := range drawn {
		all[code] = string(c)
	}
	format := "<%02X> <%s>\n"
	if wide {
		format = "<%04X> <%s>\n"
	}
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\nbegincmap\n")
	const most = 100 // in one list
	for codes := range slices.Chunk(slices.Sorted(maps.Keys(all)), most) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(codes))
		for _, code := range codes {
			fmt.Fprintf(&b, format, code, units(all[code]))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nend\n")
	return b.Bytes()
}
