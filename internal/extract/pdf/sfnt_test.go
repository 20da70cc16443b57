package pdf

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// cmapOf is a font program with one table of characters for that platform and encoding.
func cmapOf(kind uint32, words ...uint16) []byte {
	table := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 1}, kind)
	table = append(table, 0, 0, 0, 12)
	for _, w := range words {
		table = binary.BigEndian.AppendUint16(table, w)
	}
	b := []byte("OTTO\x00\x02\x00\x00\x00\x00\x00\x00CFF \x00\x00\x00\x00\x00\x00\x00\x2C\x00\x00\x00\x01cmap\x00\x00\x00\x00\x00\x00\x00\x2D")
	b = binary.BigEndian.AppendUint32(b, uint32(len(table)))
	return append(append(b, 'x'), table...)
}

func TestProgram(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		data   []byte
		letter rune // that glyph 9 is
		code   int  // that glyph 9 has
	}{
		{"segments with a difference", cmapOf(forWindows, 4, 0, 0, 4, 0, 0, 0, '9', 0xFFFF, 0, '0', 0xFFFF, 0xFFD9, 1, 0, 0), '0', -1},
		{"segments with a list", cmapOf(forUnicode0|3, 4, 0, 0, 4, 0, 0, 0, 'b', 0xFFFF, 0, 'a', 0xFFFF, 0, 1, 4, 0, 7, 9), 'b', -1},
		{"groups", cmapOf(forWindows32, 12, 0, 0, 0, 0, 0, 0, 1, 0, 'A', 0, 'Z', 0, 7), 'C', -1},
		{"one run", cmapOf(forWindows, 6, 0, 0, 'x', 2, 8, 9), 'y', -1},
		{"bytes", cmapOf(forMac, 0, 0, 0, 0x0102, 0x0309), 0, 3},
		{"symbols", cmapOf(forSymbols, 6, 0, 0, 0xF000+'1', 1, 9), 0, '1'},
		{"run that is cut off", cmapOf(forWindows, 6, 0, 0, 'x', 900), 0, -1},
		{"segments that are cut off", cmapOf(forWindows, 4, 0, 0, 0xFFF0, 0, 0, 0, 'z'), 0, -1},
		{"no program", []byte("%!PS-AdobeFont-1.0"), 0, -1},
	} {
		p := readProgram(bytes.NewReader(tt.data))
		code := -1
		for c, g := range p.codes {
			if g == 9 {
				code = c
			}
		}
		if p.letters[9] != tt.letter || code != tt.code {
			t.Errorf("%s: %q, %d, %v", tt.name, p.letters[9], code, p)
		}
	}
}

func FuzzProgram(f *testing.F) {
	f.Add(cmapOf(forWindows, 4, 0, 0, 4, 0, 0, 0, '9', 0xFFFF, 0, '0', 0xFFFF, 0xFFD9, 1, 0, 0))
	f.Add(cmapOf(forWindows32, 12, 0, 0, 0, 0, 0, 0, 1, 0, 'A', 0, 'Z', 0, 7))
	f.Fuzz(func(t *testing.T, data []byte) {
		for g, c := range readProgram(bytes.NewReader(data)).letters {
			if g <= 0 || !asciiLetter(c) {
				t.Fatalf("glyph %d is %q", g, c)
			}
		}
	})
}

func TestToUnicode(t *testing.T) {
	t.Parallel()
	got := toUnicode([]byte("1 beginbfchar <0041> <0062> <20> <D83DDE00> endbfchar 2 beginbfrange <01> <03> <0030> <04> <05> [<0041> <00420043>] <0> <ffffffff> <0030> endbfrange"))
	for code, want := range map[int]string{0x41: "b", 0x20: "😀", 1: "0", 3: "2", 4: "A", 5: "BC", 6: ""} {
		if got[code] != want {
			t.Errorf("%d: %q, want %q", code, got[code], want)
		}
	}
	if again := toUnicode(got.with(map[int]rune{4: 'x'}, true)); again[4] != "x" || again[5] != "BC" || again[0x20] != "😀" {
		t.Errorf("written as %v", again)
	}
}
