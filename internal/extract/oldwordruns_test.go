package extract

import (
	"encoding/binary"
	"testing"
)

// TestWordRuns: characters that are not shown as they are (MS-DOC 2.4.6.2, 2.6.1), in a text of three stretches of which the second
// has properties.
func TestWordRuns(t *testing.T) {
	t.Parallel()
	const first, last = "8901", "-2387"
	for _, tt := range []struct {
		name, middle, properties string
	}{
		{"hidden", "99", "\x3c\x08\x01"},
		{"hidden against its style", "99", "\x3c\x08\x81"},
		{"hidden behind another property", "99", "\x35\x08\x01\x3c\x08\x01"},
		{"white", "99", "\x70\x68\xff\xff\xff\x00"},
		{"white of the old colours", "99", "\x42\x2a\x08"},
		{"tiny", "99", "\x43\x4a\x02\x00"},
		{"symbol", "(", "\x09\x6a\x03\x00\x30\xf0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			more := "02"
			if tt.name == "symbol" {
				more = "2"
			}
			text := first + tt.middle + more + last + "\rhej\r"
			c := parseLimits(t, attached("a.doc", wordWithRun(t, text, len(first), len(tt.middle), tt.properties)), Limits{})
			checkHeld(t, c, secret)
			for _, s := range c.Segments {
				if s.Kind == Hidden && s.Text != secret+"\n" {
					t.Errorf("hidden: %q", s.Text)
				}
			}
		})
	}
}

// wordWithRun is a document of Word 97 of which a stretch has properties of its own.
func wordWithRun(t testing.TB, text string, from, n int, properties string) []byte {
	t.Helper()
	main := make([]byte, 0x800)
	copy(main, "\xec\xa5\xc1\x00")
	start := uint32(len(main))
	page := main[3*wordPage:]
	for i, at := range []int{0, from, from + n, len(text)} {
		binary.LittleEndian.PutUint32(page[4*i:], start+uint32(at))
	}
	const runs, at = 3, 100
	page[4*(runs+1)+1] = at
	page[2*at] = byte(len(properties))
	copy(page[2*at+1:], properties)
	page[wordPage-1] = runs

	pieces := binary.LittleEndian.AppendUint32([]byte{0, 0, 0, 0}, uint32(len(text)))
	pieces = append(binary.LittleEndian.AppendUint32(append(pieces, 0, 0), 2*start|0x40000000), 0, 0)
	table := append(binary.LittleEndian.AppendUint32([]byte{2}, uint32(len(pieces))), pieces...)
	binary.LittleEndian.PutUint32(main[fibClx+4:], uint32(len(table)))
	binary.LittleEndian.PutUint32(main[fibCharacters:], uint32(len(table)))
	binary.LittleEndian.PutUint32(main[fibCharacters+4:], 12)
	table = binary.LittleEndian.AppendUint32(table, start)
	table = binary.LittleEndian.AppendUint32(table, start+uint32(len(text)))
	table = binary.LittleEndian.AppendUint32(table, 3)
	return compound(t, file{"WordDocument", string(main) + text}, file{"0Table", string(table)})
}

// FuzzWordRuns: any bytes give stretches in order that do not overlap.
func FuzzWordRuns(f *testing.F) {
	f.Add(make([]byte, 0x800), make([]byte, 40))
	f.Fuzz(func(t *testing.T, main, table []byte) {
		if len(main) < fibSize {
			return
		}
		end := int64(0)
		for _, r := range wordRuns(main, table) {
			if r.from < end || r.to <= r.from {
				t.Fatalf("%d to %d behind %d", r.from, r.to, end)
			}
			end = r.to
		}
		if at := int64(len(main)); at > 0 {
			_ = shownPiece(main, wordRuns(main, table), 0, at&^1, true)
		}
	})
}
