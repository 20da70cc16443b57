package extract

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// namedTwice is an archive of one file with a second name in its extra field, in the list and before the file.
func namedTwice(t *testing.T, name, listed, local string) []byte {
	t.Helper()
	field := func(second string) []byte {
		b := binary.LittleEndian.AppendUint16(nil, 0x7075)
		b = binary.LittleEndian.AppendUint16(b, uint16(5+len(second)))
		b = append(b, 1)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name)))
		return append(b, second...)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name, Extra: field(local), CompressedSize64: 3, UncompressedSize64: 3, CRC32: crc32.ChecksumIEEE([]byte("hej")), NonUTF8: true}
	f, err := z.CreateRaw(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Write([]byte("hej")); err != nil {
		t.Fatal(err)
	}
	h.Extra = field(listed)
	if err = z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSecondNames(t *testing.T) {
	t.Parallel()
	doubt := []Unreadable{{"att[1]/a.zip", Ambiguous, twoNames}}
	tests := []struct {
		name, first, listed, local string
		found                      []Unreadable
	}{
		{"other letters", "\x86rende " + secret + ".txt", "ärende " + secret + ".txt", "ärende " + secret + ".txt", nil},
		{"other words", "a.txt", secret + ".txt", secret + ".txt", nil},
		{"other ending", "a.txt", secret + ".html", secret + ".html", doubt},
		{"another before the file", "a.txt", "a.txt", secret + ".txt", doubt},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.zip", namedTwice(t, tt.first, tt.listed, tt.local)), Limits{})
			name := tt.local
			checkContent(t, c, []Segment{{Where: "att[1]/a.zip!" + name, Kind: AttachmentName, Text: name}}, nil, tt.found)
		})
	}
}
