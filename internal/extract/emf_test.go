package extract

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// words is what goes into a record: numbers of 32 bits, or bytes as they are.
func words(parts ...any) string {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = binary.LittleEndian.AppendUint32(b, uint32(p))
		case string:
			b = append(b, p...)
		}
	}
	return string(b)
}

func emfRecordOf(kind int, body string) string {
	body += strings.Repeat("\x00", -len(body)&3)
	return words(kind, 8+len(body)) + body
}

func emfOf(records ...string) string {
	head := emfRecordOf(1, words(0, 0, 9, 9, 0, 0, 9, 9)+" EMF"+words(0x10000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	return head + strings.Join(records, "") + emfRecordOf(emrEOF, words(0, 0, 20))
}

// emfTextOf is a record that draws a text at a height.
func emfTextOf(kind, y int, s string) string {
	n := len(s)
	if kind == emrExtTextOutW {
		s = wide(s)
	}
	return emfRecordOf(kind, words(0, 0, 0, 0, 1, 0, 0, 5, y, n, 76, 0, 0, 0, 0, 0, 0)+s)
}

func wmfRecordOf(kind int, body string) string {
	return words((6+len(body))/2) + string([]byte{byte(kind), byte(kind >> 8)}) + body
}

func wmfOf(records ...string) string {
	return "\x01\x00\x09\x00\x00\x03" + strings.Repeat("\x00", 12) + strings.Join(records, "") + wmfRecordOf(0, "")
}

const wmfPlace = "\xD7\xCD\xC6\x9A\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func TestMetafiles(t *testing.T) {
	t.Parallel()
	const short = "\x0b\x00" // of the number
	inner := emfOf(emfTextOf(emrExtTextOutW, 7, secret))
	escape := "\x0f\x00" + "\x00\x00" + "WMFC" + words(1, 0x10000) + "\x00\x00" + words(0, 1, len(inner), 0, len(inner)) + inner
	tests := []struct {
		name, file, data string
		kind             Kind
	}{
		{"ExtTextOutW", "a.emf", emfOf(emfTextOf(emrExtTextOutW, 7, secret)), AttachmentText},
		{"ExtTextOutA", "a.emf", emfOf(emfTextOf(emrExtTextOutA, 7, secret)), AttachmentText},
		{"in pieces", "a.emf", emfOf(emfTextOf(emrExtTextOutW, 7, "8901"), emfTextOf(emrExtTextOutW, 7, "02-2387")), Hidden},
		{"SmallTextOut", "a.emf", emfOf(emfRecordOf(emrSmallTextOut, words(0, 0, 11, etoNoRect|etoSmallChars, 1, 0, 0)+secret)), AttachmentText},
		{"PolyTextOutA", "a.emf", emfOf(emfRecordOf(emrPolyTextOutA, words(0, 0, 0, 0, 1, 0, 0, 1, 0, 7, 11, 80, 0, 0, 0, 0, 0, 0)+secret)), AttachmentText},
		{"EMF+", "a.emf", emfOf(emfRecordOf(emrComment, words(4+12+28+22)+"EMF+\x1c\x40\x00\x00"+words(12+28+22, 28+22, 0, 0, 11, 0, 0, 0, 0)+wide(secret))), AttachmentText},
		{"TextOut", "a.wmf", wmfPlace + wmfOf(wmfRecordOf(metaTextOut, short+secret+"\x00\x07\x00\x00\x00")), AttachmentText},
		{"ExtTextOut", "a.wmf", wmfOf(wmfRecordOf(metaExtTextOut, "\x07\x00\x00\x00"+short+"\x00\x00"+secret+"\x00")), AttachmentText},
		{"EMF in WMF", "a.wmf", wmfOf(wmfRecordOf(metaEscape, escape)), AttachmentText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.file, []byte(tt.data)), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/" + tt.file, Kind: tt.kind, Text: secret}}, nil,
				[]Unreadable{{"att[1]/" + tt.file, UnreadPicture, "picture that is not read: image/" + tt.file[2:]}})
		})
	}
	t.Run("in a document", func(t *testing.T) {
		t.Parallel()
		c := parseLimits(t, attached("a.docx", zipOf(t, docx("<w:p><w:r><w:t>se bilden</w:t></w:r></w:p>", file{"word/media/image1.emf", inner})...)), Limits{})
		checkContent(t, c, []Segment{{Where: "att[1]/a.docx!word_media_image1.emf", Kind: AttachmentText, Text: secret}}, nil, nil)
	})
	for word, picture := range map[string]string{"emfblip": inner, "wmetafile8": wmfOf(wmfRecordOf(metaTextOut, short+secret+"\x00\x07\x00\x00\x00"))} {
		t.Run("in RTF, "+word, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.rtf", []byte(`{\rtf1 se bilden {\pict{\*\blipuid 0a}\picw9\`+word+"\n"+hex.EncodeToString([]byte(picture))+`} slut}`)), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/a.rtf!picture1", Kind: AttachmentText, Text: secret}, {Where: "att[1]/a.rtf", Kind: AttachmentText, Text: "se bilden  slut"}}, nil, nil)
		})
	}
	t.Run("packed", func(t *testing.T) {
		t.Parallel()
		c := parseLimits(t, attached("a.emz", []byte(gzipped(t, inner))), Limits{})
		if !hasSegment(c, Segment{Where: "att[1]/a.emz!a.emf", Kind: AttachmentText, Text: secret}) {
			t.Error(dump(c))
		}
	})
}

// TestShapes: letters that are only numbers of the shapes of a font cannot be read. A few are an ornament, and EMF+ may stand beside text.
func TestShapes(t *testing.T) {
	t.Parallel()
	shapes := func(n int) string {
		return emfRecordOf(emrExtTextOutW, words(0, 0, 0, 0, 1, 0, 0, 5, 7, n, 76, etoGlyphs, 0, 0, 0, 0, 0)+wide(strings.Repeat("\x13", n)))
	}
	plus := emfRecordOf(emrComment, words(4+12+16+22)+"EMF+\x36\x40\x00\x00"+words(12+16+22, 16+22, 0, 0, 0, 11)+wide(strings.Repeat("\x13", 11)))
	for _, tt := range []struct {
		name, data string
		reported   bool
	}{
		{"a number", emfOf(shapes(11)), true},
		{"a number in pieces", emfOf(shapes(6), shapes(5), emfTextOf(emrExtTextOutW, 7, "text")), true},
		{"an ornament", emfOf(shapes(1), emfTextOf(emrExtTextOutW, 7, "text")), false},
		{"EMF+ alone", emfOf(plus), true},
		{"EMF+ beside text", emfOf(plus, emfTextOf(emrExtTextOutW, 7, "text")), false},
	} {
		var found []Unreadable
		if tt.reported {
			found = []Unreadable{{"att[1]/a.docx!word_media_image1.emf", ImageOnly, "letters that are shapes of a font"}}
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.docx", zipOf(t, docx("<w:p><w:r><w:t>se bilden</w:t></w:r></w:p>", file{"word/media/image1.emf", tt.data})...)), Limits{})
			checkContent(t, c, nil, nil, found)
		})
	}
}

func FuzzMetafile(f *testing.F) {
	f.Add([]byte(emfOf(emfTextOf(emrExtTextOutW, 7, secret), emfTextOf(emrExtTextOutA, 7, secret))))
	f.Add([]byte(wmfPlace + wmfOf(wmfRecordOf(metaTextOut, "\x0b\x00"+secret+"\x00\x07\x00\x00\x00"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func(*metafile, []byte){(*metafile).emf, (*metafile).wmf} {
			m := &metafile{left: len(b), expired: func() bool { return false }}
			read(m, bytes.Clone(b))
			if m.joined.Len() > 8*len(b)+8 {
				t.Fatalf("%d bytes of text in %d", m.joined.Len(), len(b))
			}
		}
	})
}
