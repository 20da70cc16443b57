package extract

import (
	"encoding/binary"
	"math"
	"strings"
)

// aside reads the records that hold text beside the cells, and says whether kind is one of them.
func (x *biff) aside(kind uint16, d []byte) bool {
	const (
		tipHead  = 10 // of a tool tip: kind, flags, cells; MS-XLS 2.4.141
		noteHead = 12
		at       = 6 // where the length of a note stands, MS-XLS 2.4.179
	)
	switch kind {
	case biffHeader, biffFooter:
		if len(d) > 0 {
			x.pageText(x.longOrShort(d))
		}
	case biffPages:
		x.otherPages(d)
	case biffNote:
		if x.wide { // the text of the note is that of its drawing; its author stands here
			x.loosely(x.long(d[min(len(d), at+2):]))
		} else {
			x.oldNote(d)
		}
	case biffSeries: // the title of a chart or an axis, MS-XLS 2.4.254
		x.loosely(x.short(d[min(len(d), 2):]))
	case biffTip:
		x.loosely(utf16le(d[min(len(d), tipHead):]))
	case biffName:
		x.definedName(d)
	case biffNameNote:
		x.loosely(wideRuns(d[min(len(d), noteHead):]) + "\n" + latin1Runs(d[min(len(d), noteHead):]))
	case biffObject:
		if !x.wide { // later versions keep the text of drawings in records of their own
			x.loosely(latin1Runs(d))
		}
	case biffArtGroup, biffArt:
		x.art = append(x.art, d...)
		for _, more := range x.continued() {
			x.art = append(x.art, more...)
		}
	case biffCached:
		x.loosely(x.long(d))
	default:
		return false
	}
	return true
}

// pageText keeps a header or footer of pages, as [sheet.pageText] does.
func (x *biff) pageText(v string) {
	last := ""
	for digits := 1; digits <= 3; digits++ {
		if s := headerText(v, digits, "", x.f.name); s != last {
			last = s
			x.loosely(s)
		}
	}
}

// otherPages reads the headers and footers of even and of first pages (MS-XLS 2.4.137): a head, an identifier, flags, four lengths,
// then those that are not empty.
func (x *biff) otherPages(d []byte) {
	const head, n = 30, 4
	if len(d) < head+2*n {
		return
	}
	s := stringReader{parts: [][]byte{d[head+2*n:]}}
	for i := range n {
		if binary.LittleEndian.Uint16(d[head+2*i:]) == 0 {
			continue
		}
		size, ok := s.exactly(2)
		if !ok {
			return
		}
		x.pageText(s.chars(int(binary.LittleEndian.Uint16(size))))
	}
}

// oldNote reads a note of Excel 5 and 95: row, column, length, text; where it goes on the row is -1.
func (x *biff) oldNote(d []byte) {
	const head, more = 6, 0xffff
	if len(d) < head {
		return
	}
	text := codePage1252(d[head:])
	if binary.LittleEndian.Uint16(d) == more {
		s := strings.TrimSuffix(x.loose.String(), "\n")
		x.loose.Reset()
		x.loose.WriteString(s)
	}
	x.loosely(text)
}

// definedName reads a name of the workbook and what it stands for (MS-XLS 2.4.150).
func (x *biff) definedName(d []byte) {
	const head, builtIn = 14, 0x20
	if len(d) < head {
		return
	}
	n := int(d[3])
	if binary.LittleEndian.Uint16(d)&builtIn == 0 {
		x.loosely(x.chars(d[head:], n))
	}
	x.literals(d[head:])
	if x.wide && len(d) > head {
		if n <<= d[head] & 1; head+1+n <= len(d) {
			x.loosely(x.constant(append([]byte{d[4], d[5]}, d[head+1+n:]...)))
		}
	}
}

// constant computes a formula of nothing but texts and numbers that are put together (MS-XLS 2.5.198): its tokens stand behind their
// length. It returns "" for others.
func (x *biff) constant(d []byte) string {
	const ptgConcat, ptgParen, ptgString, ptgAttr, ptgInt, ptgNumber = 0x08, 0x15, 0x17, 0x19, 0x1e, 0x1f
	if !x.wide || len(d) < 2 {
		return ""
	}
	n := int(binary.LittleEndian.Uint16(d))
	c := cursor{b: d[2:min(len(d), 2+n)]}
	var stack []string
	joined := 0
	for len(c.b) > 0 {
		switch c.take(1)[0] {
		case ptgString:
			n := c.u8()
			flags := c.u8()
			stack = append(stack, x.chars(append([]byte{flags}, c.take(int64(n)<<(flags&1))...), int(n)))
		case ptgInt:
			stack = append(stack, numberOperand(float64(c.u16())).text)
		case ptgNumber:
			if b := c.take(8); b != nil {
				stack = append(stack, numberOperand(math.Float64frombits(binary.LittleEndian.Uint64(b))).text)
			}
		case ptgParen:
		case ptgAttr:
			if c.u8()&4 != 0 { // a table of places follows
				return ""
			}
			c.take(2)
		case ptgConcat:
			if joined++; len(stack) < 2 || joined > maxConcat {
				return ""
			}
			last := len(stack) - 1
			stack = append(stack[:last-1], stack[last-1]+stack[last])
		default:
			return ""
		}
	}
	if len(stack) != 1 || joined == 0 || c.short {
		return ""
	}
	return stack[0]
}

// maxConcat bounds how often pieces are put together.
const maxConcat = 256
