package extract

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/richardlehane/mscfb"
)

// Places in the File Information Block of a Word document (MS-DOC 2.5).
const (
	fibMagic    = 0xa5ec
	fibSize     = 0x1aa // up to and with fcClx and lcbClx of Word 97 and later
	fibVersion  = 0x02
	fibFlags    = 0x0a
	fibTextFrom = 0x18 // of Word 6 and 95
	fibTextTo   = 0x1c
	fibClx      = 0x1a2

	wordComplex   = 0x0004
	wordEncrypted = 0x0100
	wordTable1    = 0x0200
	word97        = 0xc1
)

// maxPieces bounds the pieces of a document.
const maxPieces = 1 << 20

// oldWord reads a Word document of before 2007 (MS-DOC): the body, and behind it notes, headers, comments and text boxes.
func (w *walker) oldWord(o *oleFile) {
	b := w.oleBytes(o, o.stream("WordDocument"))
	if len(b) < 0x60 || binary.LittleEndian.Uint16(b) != fibMagic && binary.LittleEndian.Uint16(b[fibVersion:]) >= word97 {
		w.unreadable(o.f.where, Corrupt, "damaged Word document")
		return
	}
	flags := binary.LittleEndian.Uint16(b[fibFlags:])
	switch {
	case flags&wordEncrypted != 0:
		w.unreadable(o.f.where, Encrypted, "office document with a password")
	case binary.LittleEndian.Uint16(b[fibVersion:]) < word97:
		w.word95(o, b, flags)
	case len(b) < fibSize:
		w.unreadable(o.f.where, Corrupt, "damaged Word document")
	default:
		w.word97(o, b, flags)
	}
}

// word95 reads the one stretch of text that these versions have, unless it was saved in pieces.
func (w *walker) word95(o *oleFile, b []byte, flags uint16) {
	from, to := int64(binary.LittleEndian.Uint32(b[fibTextFrom:])), int64(binary.LittleEndian.Uint32(b[fibTextTo:]))
	if flags&wordComplex != 0 || from >= to || to > int64(len(b)) {
		w.unreadable(o.f.where, Unsupported, "cannot read a document of Word 95 that was saved in pieces")
		return
	}
	w.wordText(o, codePage(b[from:to], 1252))
}

// word97 puts the text together from its pieces (MS-DOC 2.4.1).
func (w *walker) word97(o *oleFile, b []byte, flags uint16) {
	name := "0Table"
	if flags&wordTable1 != 0 {
		name = "1Table"
	}
	table := w.oleBytes(o, o.stream(name))
	at, n := int64(binary.LittleEndian.Uint32(b[fibClx:])), int64(binary.LittleEndian.Uint32(b[fibClx+4:]))
	if at+n > int64(len(table)) {
		w.unreadable(o.f.where, Corrupt, "damaged Word document")
		return
	}
	pieces := pieceTable(table[at : at+n])
	if pieces == nil {
		w.unreadable(o.f.where, Corrupt, "damaged Word document")
		return
	}
	var text, seen strings.Builder
	runs := wordRuns(b, table)
	count := min((len(pieces)-4)/12, maxPieces)
	for i := range count {
		from, to := binary.LittleEndian.Uint32(pieces[4*i:]), binary.LittleEndian.Uint32(pieces[4*i+4:])
		fc := binary.LittleEndian.Uint32(pieces[4*(count+1)+8*i+2:])
		at, n, wide, ok := wordPiece(b, fc, int64(to)-int64(from))
		if !ok {
			w.unreadable(o.f.where, Corrupt, "damaged Word document")
			break
		}
		text.WriteString(shownPiece(b, nil, at, n, wide))
		if len(runs) > 0 {
			seen.WriteString(shownPiece(b, runs, at, n, wide))
		}
		if int64(text.Len()) > w.text {
			break // the rest is more than the limit, which segment reports
		}
	}
	whole := w.wordText(o, text.String())
	if len(runs) > 0 {
		shown, _ := wordLines(seen.String())
		w.segment(o.f.where, Hidden, o.f.att, otherLines(shown, whole))
	}
	w.wordAside(o, text.String(), b, table)
}

// wordAside reads what stands in no piece of the text: fields to choose in and their texts (MS-DOC 2.9.79), WordArt and descriptions of
// pictures (MS-ODRAW 2.3.22), strings of the document. The pictures of drawings stand behind the text, those in the text in a stream
// of their own.
func (w *walker) wordAside(o *oleFile, text string, main, table []byte) {
	data := w.oleBytes(o, o.stream("Data"))
	w.segment(o.f.where, Hidden, o.f.att, wideRuns(data)+wideRuns(table))
	o.shows.add(text)
	o.shows.others = o.embeds()
	o.art = append(o.art, data, main)
}

// embeds says whether there are other documents in storages of this one.
func (o *oleFile) embeds() bool {
	return slices.ContainsFunc(o.streams, func(s *mscfb.File) bool { return len(s.Path) > 0 && strings.EqualFold(s.Path[0], "ObjectPool") })
}

// pieceTable finds the PlcPcd in a Clx (MS-DOC 2.9.38), behind property modifiers.
func pieceTable(clx []byte) []byte {
	for len(clx) >= 5 {
		switch clx[0] {
		case 1:
			n := 3 + int(binary.LittleEndian.Uint16(clx[1:]))
			if n > len(clx) {
				return nil
			}
			clx = clx[n:]
		case 2:
			n := int64(binary.LittleEndian.Uint32(clx[1:]))
			if n > int64(len(clx)-5) || n < 16 {
				return nil
			}
			return clx[5 : 5+n]
		default:
			return nil
		}
	}
	return nil
}

// wordPiece says where n characters at fc stand (MS-DOC 2.9.73): in UTF-16, or in one byte each where bit 30 is set.
func wordPiece(b []byte, fc uint32, n int64) (at, size int64, wide, ok bool) {
	at, wide = int64(fc&0x3fffffff), fc&0x40000000 == 0
	if wide {
		n *= 2
	} else {
		at /= 2
	}
	return at, n, wide, n >= 0 && at+n <= int64(len(b))
}

func codePage1252(b []byte) string {
	enc, _ := lookup("windows-1252")
	return decodeWith(enc, b)
}

// Marks inside the text of a Word document (MS-DOC 2.4.1).
const (
	wordCell       = 0x07 // ends a cell, and once more the row
	wordFieldStart = 0x13
	wordFieldMid   = 0x14
	wordFieldEnd   = 0x15
)

// wordText gives out text with the marks of Word, and returns what is no field.
func (w *walker) wordText(o *oleFile, s string) string {
	text, fields := wordLines(s)
	w.segment(o.f.where, AttachmentText, o.f.att, text)
	w.segment(o.f.where, Hidden, o.f.att, fields)
	return text
}

// wordLines reads the marks of Word: cells joined by tabs, and what fields are computed from apart.
func wordLines(s string) (shown, codes string) {
	var text, fields strings.Builder
	code := 0 // open fields whose result has not begun
	prev := rune(0)
	for _, r := range s {
		out := r
		switch r {
		case wordFieldStart:
			code++
			out = -1
		case wordFieldMid, wordFieldEnd:
			if code > 0 {
				code--
				fields.WriteByte('\n')
			}
			out = -1
		case wordCell:
			if out = '\t'; prev == wordCell {
				out = '\n'
			}
		case '\r', 0x0b, 0x0c:
			out = '\n'
		case 0x1e:
			out = '-'
		case 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x08, 0x1f:
			out = -1
		}
		prev = r
		switch {
		case out < 0:
		case code > 0:
			fields.WriteRune(out)
		default:
			text.WriteRune(out)
		}
	}
	return strings.ReplaceAll(text.String(), "\t\n", "\n"), fields.String()
}
