package extract

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// Properties of messages and attachments (MS-OXPROPS) that are looked at by name; every other text is given out as hidden.
const (
	mapiSubject     = 0x0037
	mapiHeaders     = 0x007d
	mapiBody        = 0x1000
	mapiRTF         = 0x1009
	mapiHTML        = 0x1013
	mapiDisplayName = 0x3001
	mapiData        = 0x3701
	mapiShortName   = 0x3704
	mapiLongName    = 0x3707
	mapiCodePage    = 0x3ffd
	mapiBodyPage    = 0x3fde
)

// Types of properties (MS-OXCDATA 2.11.1).
const (
	mapiInt32   = 0x0003
	mapiObject  = 0x000d
	mapiANSI    = 0x001e
	mapiUnicode = 0x001f
	mapiBinary  = 0x0102
	mapiMany    = 0x1000
)

// mapiProps are the texts and data of a message or an attachment, by property. A property may stand there twice, as it is and as an
// attribute of TNEF or in two types: which of them a program takes is its own affair, so that all of them count.
type mapiProps struct {
	text   map[uint16]string
	data   map[uint16][][]byte
	others strings.Builder
	page   uint16
	odd    bool // a code page was named in which ASCII does not stand for itself
}

func newMAPI(page uint16) *mapiProps {
	return &mapiProps{text: map[uint16]string{}, data: map[uint16][][]byte{}, page: page}
}

// put keeps a property by its type.
func (p *mapiProps) put(id, kind uint16, b []byte) {
	switch kind &^ mapiMany {
	case mapiANSI:
		p.putText(id, strings.TrimRight(codePage(b, p.page), "\x00"))
	case mapiUnicode:
		p.putText(id, strings.TrimRight(utf16le(b), "\x00"))
	case mapiBinary, mapiObject:
		if have := p.data[id]; len(b) > 0 && (len(have) == 0 || !bytes.Equal(have[len(have)-1], b)) {
			p.data[id] = append(have, b)
		}
	case mapiInt32:
		if (id == mapiCodePage || id == mapiBodyPage) && len(b) >= 2 {
			p.setPage(binary.LittleEndian.Uint16(b))
		}
	}
}

func (p *mapiProps) setPage(page uint16) {
	p.page = page
	p.odd = p.odd || oddPage(page)
}

// oddPage names the code pages in which ASCII does not stand for itself: those of EBCDIC, and UTF-7.
func oddPage(page uint16) bool {
	switch page {
	case 37, 500, 870, 875, 1026, 1047, 20420, 20423, 20424, 20833, 20838, 20871, 20880, 20905, 20924, 21025, 65000:
		return true
	}
	return page >= 1140 && page <= 1149 || page >= 20273 && page <= 20297
}

func (p *mapiProps) putText(id uint16, s string) {
	switch id {
	case mapiSubject, mapiBody, mapiHTML, mapiLongName, mapiShortName, mapiDisplayName, mapiHeaders:
		switch was := p.text[id]; {
		case strings.HasPrefix(s, was):
			p.text[id] = s
			return
		case strings.HasPrefix(was, s):
			return
		}
	}
	p.others.WriteString(s + "\n")
}

// names are the file names of an attachment, that which programs show first.
func (p *mapiProps) names() []string {
	var out []string
	for _, id := range []uint16{mapiLongName, mapiShortName, mapiDisplayName} {
		if s := p.text[id]; s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if out == nil {
		return []string{"file"}
	}
	return out
}

// mapiMessage gives out the texts of a message. What the body says in several forms is read in each.
func (w *walker) mapiMessage(f *leaf, p *mapiProps) {
	w.segment(f.where+"!subject", AttachmentText, f.att, p.text[mapiSubject])
	w.segment(f.where+"!body", AttachmentText, f.att, p.text[mapiBody], quotedLines(p.text[mapiBody])...)
	in := *f
	in.where += "!body"
	if s := p.text[mapiHTML]; s != "" {
		w.markup(&in, s, AttachmentText)
	}
	for _, b := range p.data[mapiHTML] {
		in.found.class, in.part = asHTML, &part{}
		r := in.decode(b)
		for _, text := range r.all() {
			w.markup(&in, text, AttachmentText)
		}
	}
	for _, b := range p.data[mapiRTF] {
		if w.expired() {
			return
		}
		limit := 3 * w.lim.Text // it is more than its text
		rtf, ok := decompressRTF(b, limit)
		switch {
		case int64(len(rtf)) >= limit:
			w.full(f.where)
		case !ok:
			w.unreadable(f.where, Corrupt, "damaged RTF body")
		}
		w.rtfText(&in, rtf)
	}
	if p.odd {
		w.unreadable(f.where, Unsupported, "cannot read text in this code page")
	}
	w.segment(f.where, Hidden, f.att, p.text[mapiHeaders])
	w.segment(f.where, Hidden, f.att, p.others.String())
}

// mapiAttachment reads a file attached to such a message.
func (w *walker) mapiAttachment(f *leaf, p *mapiProps) {
	names := p.names()
	for _, name := range names {
		w.entryName(f, name)
	}
	w.segment(f.where, Hidden, f.att, p.others.String())
	for i, b := range p.data[mapiData] {
		if i > 0 && !w.entry(f) {
			return
		}
		w.bytesInside(f, names[0], b)
	}
}

// rtfDictionary is what the dictionary of compressed RTF begins with (MS-OXRTFCP 2.1.2.1).
const rtfDictionary = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` + "\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

// Magic numbers of compressed RTF (MS-OXRTFCP 2.1.3.1.1).
const (
	rtfPacked = 0x75465a4c // "LZFu"
	rtfRaw    = 0x414c454d // "MELA"
)

// decompressRTF undoes MS-OXRTFCP, up to limit bytes. ok is false for what is damaged or larger; what came before is returned. The
// mark at its end is believed rather than the size that it says it has, which only some programs look at.
func decompressRTF(b []byte, limit int64) (rtf []byte, ok bool) {
	if len(b) < 16 {
		return nil, false
	}
	size, kind := int64(binary.LittleEndian.Uint32(b[4:])), binary.LittleEndian.Uint32(b[8:])
	b = b[16:]
	if kind == rtfRaw {
		return b[:min(limit, int64(len(b)))], int64(len(b)) <= limit
	}
	if kind != rtfPacked {
		return nil, false
	}
	var dict [4096]byte
	at := copy(dict[:], rtfDictionary)
	put := func(c byte) {
		rtf = append(rtf, c)
		dict[at] = c
		at = (at + 1) % len(dict)
	}
	for len(b) > 0 && int64(len(rtf)) < limit {
		control := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(b) > 0; bit++ {
			if control>>bit&1 == 0 {
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return rtf, false
			}
			ref := binary.BigEndian.Uint16(b)
			b = b[2:]
			from, n := int(ref>>4), int(ref&15)+2
			if from == at {
				return rtf, true
			}
			for i := range n {
				put(dict[(from+i)%len(dict)])
			}
		}
	}
	return rtf, len(b) == 0 && int64(len(rtf)) >= size
}
