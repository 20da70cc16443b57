package pdf

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// program is what a font program says of its glyphs (ISO/IEC 14496-22, 5.2.1: the table cmap).
type program struct {
	letters map[int]rune // digits and letters of ASCII, by the numbers of their glyphs
	codes   map[int]int  // the glyphs of codes of one byte, where there is a table for those
	find    []func(c int) int
}

// more are other characters of Latin, Greek and Cyrillic, by the numbers of their glyphs.
func (p program) more() map[int]rune {
	of := map[int]rune{}
	for _, in := range [][2]rune{{0x2010, 0x2044}, {0x370, 0x52F}, {0xA0, 0x24F}, {' ', '~'}} { // what comes last counts
		for c := in[0]; c <= in[1]; c++ {
			for _, glyph := range p.find {
				if g := glyph(int(c)); g > 0 {
					of[g] = c
				}
			}
		}
	}
	return of
}

// What a table of characters is for, by its platform and encoding.
const (
	forUnicode0  = 0 << 16
	forMac       = 1 << 16
	forSymbols   = 3 << 16
	forWindows   = 3<<16 | 1
	forWindows32 = 3<<16 | 10
)

// readProgram reads a font program as far as its table of characters; one without it says nothing.
func readProgram(r io.Reader) program {
	p := program{letters: map[int]rune{}, codes: map[int]int{}}
	b := characters(r)
	if len(b) < 4 {
		return p
	}
	for i := range min(int(binary.BigEndian.Uint16(b[2:])), (len(b)-4)/8) {
		entry := b[4+8*i:]
		at := binary.BigEndian.Uint32(entry[4:])
		if int64(at) >= int64(len(b)) {
			continue
		}
		glyph := glyphs(b[at:])
		switch kind := binary.BigEndian.Uint32(entry); {
		case kind>>16 == forUnicode0, kind == forWindows, kind == forWindows32:
			p.find = append(p.find, glyph)
			for c := '0'; c <= 'z'; c++ {
				if g := glyph(int(c)); g > 0 && asciiLetter(c) {
					p.letters[g] = c
				}
			}
		case kind == forMac, kind == forSymbols:
			for code := range 256 {
				g := glyph(code)
				if g == 0 && kind == forSymbols {
					g = glyph(0xF000 + code)
				}
				if _, known := p.codes[code]; g > 0 && (!known || kind == forSymbols) {
					p.codes[code] = g
				}
			}
		}
	}
	return p
}

// characters returns the table of characters of a font program.
func characters(r io.Reader) []byte {
	const header, entry, most = 12, 16, 1 << 20
	var head [header]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil
	}
	switch string(head[:4]) {
	case "\x00\x01\x00\x00", "true", "OTTO":
	default:
		return nil
	}
	list := make([]byte, entry*int(binary.BigEndian.Uint16(head[4:])))
	if _, err := io.ReadFull(r, list); err != nil {
		return nil
	}
	for i := 0; i < len(list); i += entry {
		if string(list[i:i+4]) != "cmap" {
			continue
		}
		at := int64(binary.BigEndian.Uint32(list[i+8:])) - int64(len(list)+header)
		size := int64(binary.BigEndian.Uint32(list[i+12:]))
		if _, err := io.CopyN(io.Discard, r, at); at < 0 || err != nil {
			return nil
		}
		b, _ := io.ReadAll(io.LimitReader(r, min(size, most))) // what is cut off has no glyphs
		return b
	}
	return nil
}

// glyphs returns what finds the glyph of a character in one table, 0 for none, in the formats that fonts have today.
func glyphs(b []byte) func(c int) int {
	word := func(at int) int {
		if at < 0 || at+2 > len(b) {
			return 0
		}
		return int(binary.BigEndian.Uint16(b[at:]))
	}
	long := func(at int) int { return word(at)<<16 | word(at+2) }
	switch word(0) {
	case 0: // 256 bytes
		return func(c int) int {
			if c < 256 && 6+c < len(b) {
				return int(b[6+c])
			}
			return 0
		}
	case 4: // segments
		return func(c int) int { return inSegments(c, word) }
	case 6: // one run
		return func(c int) int {
			if i := c - word(6); i >= 0 && i < word(8) {
				return word(10 + 2*i)
			}
			return 0
		}
	case 12: // groups
		return func(c int) int {
			for i := range min(long(12), len(b)/12) {
				if at := 16 + 12*i; c >= long(at) && c <= long(at+4) {
					return long(at+8) + c - long(at)
				}
			}
			return 0
		}
	}
	return func(int) int { return 0 }
}

// inSegments finds a glyph by segments: where they end and begin, what is added to a character in them, and where else its glyph
// stands.
func inSegments(c int, word func(at int) int) int {
	const ends = 14
	n := word(6) // bytes of one list
	for i := 0; i < n; i += 2 {
		if c > word(ends+i) {
			continue
		}
		begin := word(ends + 2 + n + i)
		if c < begin {
			return 0
		}
		delta, at := word(ends+2+2*n+i), ends+2+3*n+i
		if word(at) == 0 {
			return (c + delta) & 0xFFFF
		}
		if g := word(at + word(at) + 2*(c-begin)); g > 0 {
			return (g + delta) & 0xFFFF
		}
		return 0
	}
	return 0
}

// units writes a text in UTF-16 as a string of hexadecimal digits.
func units(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}
