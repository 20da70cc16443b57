package extract

import (
	"encoding/binary"
	"strings"
)

// Records of a PowerPoint stream (MS-PPT 2.13.24).
const (
	pptText     = 0x0fa0
	pptBytes    = 0x0fa8
	pptString   = 0x0fba
	pptCrypt    = 0x2f14
	pptEndUser  = 0x0ff6
	pptLocked   = 0xf3d1c4df // headerToken of a locked presentation, MS-PPT 2.3.2
	pptContains = 0x0f       // version of records that contain others
)

// oldPowerPoint reads a presentation of before 2007 (MS-PPT): the texts of slides, notes and masters, in the order of the
// file. What an edit replaced may still be there and is read too.
func (w *walker) oldPowerPoint(o *oleFile) {
	if user := w.oleBytes(o, o.stream("Current User")); len(user) >= 16 && binary.LittleEndian.Uint32(user[12:]) == pptLocked {
		w.unreadable(o.f.where, Encrypted, "office document with a password")
		return
	}
	b := w.oleBytes(o, o.stream("PowerPoint Document"))
	var text strings.Builder
	for n := 0; len(b) >= 8 && int64(text.Len()) <= w.text; n++ {
		version, kind, size := binary.LittleEndian.Uint16(b)&0x0f, binary.LittleEndian.Uint16(b[2:]), int64(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		switch {
		case kind == pptCrypt:
			w.unreadable(o.f.where, Encrypted, "office document with a password")
			return
		case version == pptContains:
			continue // what it contains comes next
		case size > int64(len(b)):
			w.unreadable(o.f.where, Corrupt, "damaged PowerPoint presentation")
			size = int64(len(b))
		case n%1024 == 1023 && w.expired():
			return
		}
		text.WriteString(pptPiece(kind, b[:size]))
		b = b[size:]
	}
	w.segment(o.f.where, AttachmentText, o.f.att, text.String())
}

// pptPiece is the text of a record; paragraphs end with CR, lines with VT.
func pptPiece(kind uint16, b []byte) string {
	var s string
	switch kind {
	case pptText, pptString:
		s = utf16le(b)
	case pptBytes:
		s = latin1(b)
	default:
		return ""
	}
	return strings.NewReplacer("\r", "\n", "\v", "\n", "\x00", "").Replace(s) + "\n"
}
