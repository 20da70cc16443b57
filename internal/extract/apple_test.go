package extract

import (
	"encoding/binary"
	"strings"
	"testing"
)

// appleOf makes a file of a Mac: AppleSingle if it holds a file, AppleDouble if not.
func appleOf(magic string, entries map[uint32]string) []byte {
	b := append([]byte(magic+"\x00\x02\x00\x00Mac OS X        "), 0, byte(len(entries)))
	at := uint32(len(b) + appleEntry*len(entries))
	var data []byte
	for _, id := range []uint32{9, 3, 4, 2, 1} {
		if s, ok := entries[id]; ok {
			b = binary.BigEndian.AppendUint32(b, id)
			b = binary.BigEndian.AppendUint32(b, at)
			b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
			at += uint32(len(s))
			data = append(data, s...)
		}
	}
	return append(b, data...)
}

const (
	appleDouble = "\x00\x05\x16\x07"
	appleSingle = "\x00\x05\x16\x00"
)

// TestApple: what a Mac says of a file does not contradict the file's name, and the file itself is read.
func TestApple(t *testing.T) {
	t.Parallel()
	flags := strings.Repeat("\x00", 32)
	double := appleOf(appleDouble, map[uint32]string{9: flags, 2: "icons"})
	document := string(zipOf(t, docx("<w:p><w:r><w:t>"+secret+"</w:t></w:r></w:p>")...))
	mute := Unreadable{"att[1]/hej.docx", UnknownType, "nothing to read in application/applefile"}
	said := func(where string, r Reason, detail string) []Unreadable {
		return []Unreadable{mute, {"att[1]/hej.docx" + where, r, detail}}
	}
	in := func(where string, k Kind) []Segment {
		return []Segment{{Where: "att[1]/hej.docx" + where, Kind: k, Text: secret}}
	}
	tests := []struct {
		name  string
		typ   string
		data  []byte
		want  []Segment
		found []Unreadable
	}{
		{"beside the file", "application/applefile", double, nil, []Unreadable{mute}},
		{"under another type", "application/octet-stream", double, nil, said("", Ambiguous, unfit)},
		{"with the file in it", "application/applefile", appleOf(appleSingle, map[uint32]string{9: flags, 1: document}), in("!hej.docx", AttachmentText), []Unreadable{mute}},
		{"with another file in it", "application/applefile", appleOf(appleSingle, map[uint32]string{9: flags, 1: "\x89PNG\r\n\x1a\nabc"}), nil,
			append(said("!hej.docx", Ambiguous, unfit), Unreadable{"att[1]/hej.docx!hej.docx", UnreadPicture, "picture that is not read: image/png"})},
		{"a file although it is called double", "application/applefile", appleOf(appleDouble, map[uint32]string{9: flags, 1: document}), in("!hej.docx", AttachmentText), []Unreadable{mute}},
		{"its name and a comment", "application/applefile", appleOf(appleSingle, map[uint32]string{3: secret, 4: "c " + secret, 9: flags}), append(in("", AttachmentName), in("", Hidden)...), []Unreadable{mute}},
		{"a document in the icons", "application/applefile", appleOf(appleDouble, map[uint32]string{2: "%PDF-1.4"}), nil, said("", Ambiguous, "document behind application/applefile")},
		{"cut", "application/applefile", double[:len(double)-1], nil, []Unreadable{{"att[1]/hej.docx", Corrupt, damagedApple}, mute}},
		{"entries over each other", "application/applefile", []byte(appleDouble + "\x00\x02\x00\x00Mac OS X        \x00\x02" + strings.Repeat("\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x30", 2)), nil, []Unreadable{{"att[1]/hej.docx", Corrupt, damagedApple}, mute}},
		{"cut in the list", "application/applefile", double[:40], nil, []Unreadable{{"att[1]/hej.docx", Corrupt, damagedApple}}},
		{"cut in the head", "application/applefile", double[:20], nil, []Unreadable{{"att[1]/hej.docx", Corrupt, damagedApple}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			msg := strings.Replace(attached("hej.docx", tt.data), "application/octet-stream", tt.typ, 1)
			checkContent(t, parseLimits(t, msg, Limits{}), tt.want, nil, tt.found)
		})
	}
}

// TestAppleDouble: both halves as Apple Mail sends them.
func TestAppleDouble(t *testing.T) {
	t.Parallel()
	half := func(typ string, data []byte) string {
		return "Content-Type: " + typ + "; name=\"hej.docx\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"hej.docx\"\r\n\r\n" + lines76(data)
	}
	c := parseLimits(t, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n\r\nHej\r\n--A\r\nContent-Type: multipart/appledouble; boundary=B\r\n\r\n--B\r\n"+
		half("application/applefile", appleOf(appleDouble, map[uint32]string{9: strings.Repeat("\x00", 32)}))+"\r\n--B\r\n"+
		half("application/vnd.openxmlformats-officedocument.wordprocessingml.document", zipOf(t, docx("<w:p><w:r><w:t>"+secret+"</w:t></w:r></w:p>")...))+"\r\n--B--\r\n--A--\r\n", Limits{})
	checkContent(t, c, []Segment{{Where: "att[2]/hej.docx", Kind: AttachmentText, Text: secret}}, nil, []Unreadable{{"att[1]/hej.docx", UnknownType, "nothing to read in application/applefile"}})
}
