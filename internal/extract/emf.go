package extract

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// The types of pictures that are kept as the calls that draw them, text among these.
const (
	mimeEMF = "image/emf"
	mimeWMF = "image/wmf"
)

// drawn says whether content is a picture whose text stands in it as such.
func (s sniffed) drawn() bool { return s.mime == mimeEMF || s.mime == mimeWMF }

// drawnFile reads a part that is such a picture.
func (w *walker) drawnFile(l *lines, f *leaf) {
	if sp := w.spooled(l, f); sp != nil {
		w.metafile(f, sp.bytes())
		w.sayDrawn(f, sp.bytes())
	}
}

// sayDrawn says of such a picture that what it shows besides text is not read, and what else is in the file.
func (w *walker) sayDrawn(f *leaf, b []byte) {
	var x intruder
	_, _ = x.Write(b)
	w.say(f.mute())
	w.intrude(f, &x)
}

// metafile gives out the text that a picture draws, piece by piece as shown, and hidden with the pieces of a line joined: many
// programs draw each letter by itself.
func (w *walker) metafile(f *leaf, b []byte) {
	m := metafile{left: int(min(w.text, int64(len(b)))), expired: w.expired}
	if f.found.mime == mimeWMF {
		m.wmf(b)
	} else {
		m.emf(b)
	}
	w.segment(f.where, AttachmentText, f.att, m.pieces.String())
	if m.shapes >= leastShapes || m.plus >= leastShapes && m.pieces.Len() == 0 {
		w.unreadable(f.where, ImageOnly, "letters that are shapes of a font")
	}
	if joined := m.joined.String(); m.pieces.Len() > 0 && strings.TrimSpace(joined) != strings.TrimSpace(m.pieces.String()) {
		w.segment(f.where, Hidden, f.att, joined)
	}
}

// leastShapes is how many letters could be a number.
const leastShapes = 6

// metafile collects the text of a picture.
type metafile struct {
	pieces, joined strings.Builder
	y              int64 // where the last piece stands
	left           int   // bytes of text that may come
	expired        func() bool
	inner          []byte // an EMF that comes in pieces inside a WMF
	shapes, plus   int    // letters that are numbers of shapes in a font, and those of them that may stand there as text too
}

// add takes a piece of text that is drawn at a height.
func (m *metafile) add(s string, y int64) {
	s = strings.TrimRight(s, "\x00")
	if s == "" || m.left <= 0 {
		return
	}
	m.left -= len(s)
	if m.joined.Len() > 0 && y != m.y {
		m.joined.WriteByte('\n')
	}
	m.y = y
	m.joined.WriteString(s)
	m.pieces.WriteString(s)
	m.pieces.WriteByte('\n')
}

// wideChars decodes up to n characters of UTF-16.
func wideChars(b []byte, n int) string {
	n = min(n, len(b)/2)
	u := make([]uint16, 0, n)
	for i := range n {
		u = append(u, binary.LittleEndian.Uint16(b[2*i:]))
	}
	return strings.ToValidUTF8(string(utf16.Decode(u)), "\uFFFD")
}

// record gives access to the fields of a record, whatever it lacks.
type record []byte

func (r record) u16(at int) int {
	if at < 0 || at+2 > len(r) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(r[at:]))
}

func (r record) u32(at int) int {
	if at < 0 || at+4 > len(r) {
		return 0
	}
	return int(binary.LittleEndian.Uint32(r[at:]))
}

// from is the rest of the record from a place on.
func (r record) from(at int) record {
	if at < 0 || at > len(r) {
		return nil
	}
	return r[at:]
}

// Records of EMF (MS-EMF 2.3) that have text.
const (
	emrEOF          = 14
	emrComment      = 70
	emrExtTextOutA  = 83
	emrExtTextOutW  = 84
	emrPolyTextOutA = 96
	emrPolyTextOutW = 97
	emrSmallTextOut = 108
)

// Options of text.
const (
	etoGlyphs     = 0x10 // numbers of shapes stand for the characters
	etoNoRect     = 0x100
	etoSmallChars = 0x200
)

// emf reads an enhanced metafile: records, each with its kind and size.
func (m *metafile) emf(b []byte) {
	for n := 0; len(b) >= 8; n++ {
		kind, size := record(b).u32(0), record(b).u32(4)
		if size < 8 || n%4096 == 4095 && m.expired() {
			return
		}
		m.emfRecord(kind, b[:min(size, len(b))])
		if kind == emrEOF || size > len(b) {
			return
		}
		b = b[size:]
	}
}

func (m *metafile) emfRecord(kind int, r record) {
	const object, many, objectSize = 36, 40, 40 // where the description of text stands (MS-EMF 2.3.5.7, 2.3.5.32)
	switch kind {
	case emrExtTextOutA, emrExtTextOutW:
		m.emfText(r, object, kind == emrExtTextOutW)
	case emrPolyTextOutA, emrPolyTextOutW:
		for i := range min(r.u32(object), len(r)/objectSize) {
			m.emfText(r, many+i*objectSize, kind == emrPolyTextOutW)
		}
	case emrSmallTextOut:
		at, options := 36, r.u32(20)
		if options&etoNoRect == 0 {
			at += 16
		}
		m.characters(r.from(at), r.u32(16), options&etoSmallChars == 0, options, r.u32(12))
	case emrComment:
		if r.u32(12) == 0x2B464D45 { // "EMF+"
			m.emfPlus(r.from(16))
		}
	}
}

// emfText reads text by its description (MS-EMF 2.2.5): a place, a number of characters, and where in the record they are.
func (m *metafile) emfText(r record, at int, wide bool) {
	m.characters(r.from(r.u32(at+12)), r.u32(at+8), wide, r.u32(at+16), r.u32(at+4))
}

func (m *metafile) characters(b record, n int, wide bool, options, y int) {
	switch {
	case m.left <= 0:
	case options&etoGlyphs != 0:
		m.shapes += min(n, len(b)/2)
	case wide:
		m.add(wideChars(b, n), int64(y))
	default:
		m.add(codePage1252(b[:min(n, len(b))]), int64(y))
	}
}

// emfPlus reads the records of EMF+ in a comment (MS-EMFPLUS 2.3.4).
func (m *metafile) emfPlus(r record) {
	const drawString, drawDriverString, head = 0x401C, 0x4036, 12
	for len(r) >= head {
		size := r.u32(4)
		if size < head {
			return
		}
		in := r[:min(size, len(r))]
		switch r.u16(0) {
		case drawString:
			m.add(wideChars(in.from(head+28), in.u32(head+8)), int64(in.u32(head+16)))
		case drawDriverString:
			if in.u32(head+4)&1 != 0 { // characters, not numbers of shapes
				m.add(wideChars(in.from(head+16), in.u32(head+12)), -1)
			} else {
				m.plus += min(in.u32(head+12), len(in)/2)
			}
		}
		if size > len(r) {
			return
		}
		r = r[size:]
	}
}

// Records of WMF (MS-WMF 2.3) that have text.
const (
	metaEscape     = 0x0626
	metaTextOut    = 0x0521
	metaExtTextOut = 0x0A32
)

// wmf reads a metafile of Windows 3: after its head records, each with its size in words and its kind.
func (m *metafile) wmf(b []byte) {
	const placeable, head, least = 22, 18, 6
	if record(b).u32(0) == 0x9AC6CDD7 {
		b = b[min(placeable, len(b)):]
	}
	b = b[min(head, len(b)):]
	for n := 0; len(b) >= least; n++ {
		size := record(b).u32(0) * 2
		if size < least || n%4096 == 4095 && m.expired() {
			break
		}
		m.wmfRecord(record(b).u16(4), record(b[:min(size, len(b))]))
		if size > len(b) {
			break
		}
		b = b[size:]
	}
	if len(m.inner) > 0 {
		m.emf(m.inner)
	}
}

func (m *metafile) wmfRecord(kind int, r record) {
	const (
		text, clipped, rect = 14, 2 | 4, 8
		comment, inner      = 15, 44
	)
	switch kind {
	case metaTextOut:
		n := r.u16(6)
		m.characters(r.from(8), n, false, 0, r.u16(8+n+n%2))
	case metaExtTextOut:
		at, options := text, r.u16(12)
		if options&clipped != 0 {
			at += rect
		}
		m.characters(r.from(at), r.u16(10), false, options, r.u16(6))
	case metaEscape: // MS-WMF 2.3.6.2, a picture for newer programs
		if r.u16(6) == comment && r.u32(10) == 0x43464D57 && r.u32(14) == 1 {
			m.inner = append(m.inner, r.from(inner)...)
		}
	}
}
