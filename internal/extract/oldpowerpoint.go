package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"strconv"
	"strings"
)

// Records of a PowerPoint stream (MS-PPT 2.13.24).
const (
	pptText     = 0x0fa0
	pptBytes    = 0x0fa8
	pptString   = 0x0fba
	pptCrypt    = 0x2f14
	pptObject   = 0x1011
	pptTagData  = 0x138b
	pptMaster   = 0x03f8
	artOptions  = 0xf00b // properties of a drawing, MS-ODRAW 2.2.9 to 2.2.11
	artOptions2 = 0xf121
	artOptions3 = 0xf122
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
	var objects []pptStorage
	master := len(b) // what is left of the stream where the text of a master ends
	for n := 0; len(b) >= 8 && int64(text.Len()) <= w.text; n++ {
		head, kind, size := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), int64(binary.LittleEndian.Uint32(b[4:]))
		version := head & 0x0f
		b = b[8:]
		switch {
		case kind == pptCrypt:
			w.unreadable(o.f.where, Encrypted, "office document with a password")
			return
		case version == pptContains, kind == pptTagData:
			if kind == pptMaster {
				master = len(b) - int(min(size, int64(len(b))))
			}
			continue // what it contains comes next; comments stand in the data of tags
		case size > int64(len(b)):
			w.unreadable(o.f.where, Corrupt, "damaged PowerPoint presentation")
			size = int64(len(b))
		case n%1024 == 1023 && w.expired():
			return
		}
		if kind == pptObject {
			objects = append(objects, pptStorage{b[:size], head>>4 == 1})
		}
		piece := pptPiece(kind, b[:size])
		text.WriteString(piece)
		if b = b[size:]; len(b) < master && (kind == pptText || kind == pptBytes) {
			o.shows.add(piece)
		}
	}
	w.segment(o.f.where, AttachmentText, o.f.att, text.String())
	o.shows.others = len(objects) > 0
	o.art = append(o.art, w.oleBytes(o, o.stream("Pictures")))
	for i, s := range objects {
		if !w.entry(o.f) {
			return
		}
		w.pptEmbedded(o, "object"+strconv.Itoa(i+1), s)
	}
}

// pptStorage is an embedded document (MS-PPT 2.10.34): a compound file, packed behind its length or as it is.
type pptStorage struct {
	data   []byte
	packed bool
}

func (w *walker) pptEmbedded(o *oleFile, name string, s pptStorage) {
	if !s.packed {
		w.bytesInside(o.f, name, s.data)
		return
	}
	if len(s.data) < 4 {
		w.unreadable(o.f.where, Corrupt, "damaged PowerPoint presentation")
		return
	}
	z, err := zlib.NewReader(bytes.NewReader(s.data[4:]))
	if err != nil {
		w.unreadable(o.f.where, Corrupt, "damaged PowerPoint presentation")
		return
	}
	w.file(o.f, name, &unpacker{w: w, where: o.f.where, r: z, ratio: &ratio{packed: int64(len(s.data))}}, true)
}

// pptPiece is the text of a record; paragraphs end with CR, lines with VT.
func pptPiece(kind uint16, b []byte) string {
	var s string
	switch kind {
	case pptText, pptString:
		s = utf16le(b)
	case pptBytes:
		s = latin1(b)
	case artOptions, artOptions2, artOptions3: // WordArt, and what stands for a picture where it is not seen
		return wideRuns(b)
	default:
		return ""
	}
	return strings.NewReplacer("\r", "\n", "\v", "\n", "\x00", "").Replace(s) + "\n"
}
