package extract

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// rar4Of writes a RAR archive of blocks: kind, flags, what the head has, data.
func rar4Of(blocks ...any) []byte {
	out := []byte("Rar!\x1a\x07\x00")
	for i := 0; i < len(blocks); i += 4 {
		rest := blocks[i+2].(string)                                                              //nolint:forcetypeassert // written below
		b := []byte{byte(blocks[i].(int)), byte(blocks[i+1].(int)), byte(blocks[i+1].(int) >> 8)} //nolint:forcetypeassert // written below
		b = append(binary.LittleEndian.AppendUint16(b, uint16(7+len(rest))), rest...)
		out = append(binary.LittleEndian.AppendUint16(out, uint16(crc32.ChecksumIEEE(b)&0xffff)), b...)
		out = append(out, blocks[i+3].(string)...) //nolint:forcetypeassert // written below
	}
	return out
}

// rar4File is the head of a file or a service block.
func rar4File(name, data string, method byte, attributes uint32) string {
	n := uint32(len(data))
	b := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, n), n)
	b = binary.LittleEndian.AppendUint32(append(b, 3), crc32.ChecksumIEEE([]byte(data)))
	b = append(binary.LittleEndian.AppendUint32(b, 0x5d6b5000), 29, method)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
	return string(binary.LittleEndian.AppendUint32(b, attributes)) + name
}

// rar5Of writes a RAR 5 archive of blocks of small numbers: head behind the checksum, data.
func rar5Of(blocks ...string) []byte {
	out := []byte("Rar!\x1a\x07\x01\x00")
	for i := 0; i < len(blocks); i += 2 {
		b := append([]byte{byte(len(blocks[i]))}, blocks[i]...)
		out = append(append(binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(b)), b...), blocks[i+1]...)
	}
	return out
}

// rar5File is the head of a file or a service block without a checksum of its data.
func rar5File(kind byte, name, data string, method byte, extra string) string {
	flags := byte(2)
	if extra != "" {
		flags |= 1
	}
	b := []byte{kind, flags}
	if extra != "" {
		b = append(b, byte(len(extra)))
	}
	n := byte(len(data))
	b = append(b, n, 0, n, 0x20)
	b = binary.AppendUvarint(b, uint64(method)<<rarMethodShift)
	return string(append(b, 1, byte(len(name)))) + name + extra
}

// TestTextOfArchives: what programs show of an archive beside its files.
func TestTextOfArchives(t *testing.T) {
	t.Parallel()
	const main, end = "\x00\x00\x00\x00\x00\x00", ""
	one4 := []any{0x74, 0x8000, rar4File("a.txt", "hej", rarStored, 0o100644), "hej", 0x7b, 0x4000, end, ""}
	old := func(flags int, more ...any) []byte {
		return rar4Of(append(append([]any{0x73, flags, main, ""}, more...), one4...)...)
	}
	comment4 := func(flags int, text string, method byte, sub uint32) []byte {
		return old(0, 0x7a, 0x8000|flags, rar4File("CMT", text, method, sub), text)
	}
	comment5 := func(method byte, extra string) []byte {
		return rar5Of("\x01\x00\x00", "", rar5File(3, "CMT", secret, method, extra), secret, rar5File(2, "a.txt", "hej", 0, ""), "hej", "\x05\x00\x00", "")
	}
	link := "\x05\x01\x00\x0b" + secret
	link = string([]byte{byte(len(link))}) + link
	unread := []Unreadable{{"att[1]/a.rar", Unsupported, packedComment}}
	locked := []Unreadable{{"att[1]/a.rar", Encrypted, "archive with a password"}}
	for _, tt := range []struct {
		name  string
		data  []byte
		want  string
		found []Unreadable
	}{
		{"no comment, RAR 4", old(0), "hej", nil},
		{"RAR 4", comment4(0, secret, rarStored, 0), secret, nil},
		{"RAR 4, UTF-16", comment4(0, wide(secret), rarStored, 1), secret, nil},
		{"RAR 4, packed", comment4(0, "?", 0x33, 0), "hej", unread},
		{"RAR 4, locked", comment4(4, "?", rarStored, 0), "hej", locked},
		{"RAR 2", old(2), "hej", unread},
		{"RAR 5", comment5(0, ""), secret, nil},
		{"RAR 5, packed", comment5(3, ""), "hej", unread},
		{"RAR 5, locked", comment5(0, "\x02\x01\x00"), "hej", locked},
		{"where a link goes", rar5Of("\x01\x00\x00", "", rar5File(2, "a.txt", "", 0, link), "", "\x05\x00\x00", ""), secret, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkHeld(t, parseLimits(t, attached("a.rar", tt.data), Limits{}), tt.want, tt.found...)
		})
	}
}

func TestTarEntries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		head tar.Header
		data string
	}{
		{"contiguous", tar.Header{Typeflag: tar.TypeCont}, secret},
		{"of a vendor", tar.Header{Typeflag: 'Z'}, secret},
		{"comment", tar.Header{PAXRecords: map[string]string{"comment": secret}}, "x"},
		{"comment on all", tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": secret}}, ""},
		{"owner", tar.Header{Uname: secret}, "x"},
		{"group", tar.Header{Gname: secret}, "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			if tt.head.Size = int64(len(tt.data)); tt.head.Typeflag != tar.TypeXGlobalHeader {
				tt.head.Name, tt.head.Mode = "a.txt", 0o644
			}
			if err := w.WriteHeader(&tt.head); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(tt.data)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			checkHeld(t, parseLimits(t, attached("a.tar", b.Bytes()), Limits{}), secret)
		})
	}
}
