package extract

import (
	"encoding/binary"
	"io"
	"strings"
)

// Attributes of a TNEF stream (MS-OXTNEF 2.1.3.3).
const (
	tnefOwner      = 0x0000
	tnefSentFor    = 0x0001
	tnefDelegate   = 0x0002
	tnefFrom       = 0x8000
	tnefSubject    = 0x8004
	tnefBody       = 0x800c
	tnefData       = 0x800f
	tnefTitle      = 0x8010
	tnefFileName   = 0x9001
	tnefRendered   = 0x9002 // begins an attachment
	tnefProps      = 0x9003
	tnefRecipients = 0x9004
	tnefAttachment = 0x9005
	tnefCodePage   = 0x9007
)

// openTNEF reads winmail.dat: what Exchange and Outlook make of a message for others of their kind.
func (w *walker) openTNEF(f *leaf, r io.ReaderAt, n int64) {
	b, err := io.ReadAll(io.NewSectionReader(r, 0, n))
	if err != nil || len(b) < 6 {
		w.unreadable(f.where, Corrupt, "damaged winmail.dat")
		return
	}
	t := &tnef{w: w, f: f, message: newMAPI(1252)}
	if !t.read(b[6:]) {
		w.unreadable(f.where, Corrupt, "damaged winmail.dat")
	}
	t.endFile()
	w.mapiMessage(f, t.message)
}

type tnef struct {
	w       *walker
	f       *leaf
	message *mapiProps
	file    *mapiProps // the attachment being read
}

// read goes through the attributes: level, id, length, data, checksum. It says whether all of them were whole.
func (t *tnef) read(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 11 {
			return false
		}
		id, n := binary.LittleEndian.Uint16(b[1:]), int64(binary.LittleEndian.Uint32(b[5:]))
		b = b[9:]
		if n+2 > int64(len(b)) {
			return false
		}
		if !t.attribute(id, b[:n]) {
			return false
		}
		b = b[n+2:]
	}
	return true
}

func (t *tnef) attribute(id uint16, b []byte) bool {
	switch id {
	case tnefCodePage:
		if len(b) >= 2 {
			t.message.setPage(binary.LittleEndian.Uint16(b))
		}
	case tnefOwner, tnefSentFor, tnefDelegate, tnefFrom: // names and addresses between lengths
		t.message.others.WriteString(strings.Map(betweenNames, codePage(b, t.message.page)) + "\n")
	case tnefRecipients:
		return readRows(t.message, b)
	case tnefSubject:
		t.message.put(mapiSubject, mapiANSI, b)
	case tnefBody:
		t.message.put(mapiBody, mapiANSI, b)
	case tnefProps:
		return readProps(t.message, b)
	case tnefRendered:
		t.endFile()
		t.file = newMAPI(t.message.page)
	case tnefTitle, tnefFileName, tnefData, tnefAttachment:
		if t.file == nil {
			t.file = newMAPI(t.message.page)
		}
		return t.fileAttribute(id, b)
	}
	return true
}

func (t *tnef) fileAttribute(id uint16, b []byte) bool {
	switch id {
	case tnefTitle:
		t.file.put(mapiShortName, mapiANSI, b)
	case tnefFileName:
		t.file.put(mapiDisplayName, mapiANSI, b)
	case tnefData:
		t.file.put(mapiData, mapiBinary, b)
	case tnefAttachment:
		return readProps(t.file, b)
	}
	return true
}

// betweenNames makes blanks of what is no text.
func betweenNames(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

// endFile reads the attachment whose attributes are complete. An attached message lies in it as another TNEF stream, a document as a
// compound file, behind the identifier of its interface (MS-OXTNEF 2.1.3.4).
func (t *tnef) endFile() {
	p := t.file
	t.file = nil
	if p == nil || !t.w.entry(t.f) {
		return
	}
	const message, storage = "\x78\x9f\x3e\x22", "\xD0\xCF\x11\xE0"
	for i, b := range p.data[mapiData] {
		if len(b) > 20 && (string(b[16:20]) == message || string(b[16:20]) == storage) {
			p.data[mapiData][i] = b[16:]
		}
	}
	t.w.mapiAttachment(t.f, p)
}

// readProps reads a list of properties (MS-OXTNEF 2.1.3.4) and says whether it was whole.
func readProps(p *mapiProps, b []byte) bool {
	c := cursor{b: b}
	readList(p, &c)
	return c.done()
}

// readRows reads lists of properties in a row, as those of recipients are.
func readRows(p *mapiProps, b []byte) bool {
	c := cursor{b: b}
	n := c.u32()
	for i := uint32(0); i < n && !c.short; i++ {
		row := newMAPI(p.page)
		readList(row, &c)
		p.others.WriteString(row.text[mapiDisplayName] + "\n" + row.others.String())
	}
	return c.done()
}

func readList(p *mapiProps, c *cursor) {
	n := c.u32()
	for i := uint32(0); i < n && !c.short; i++ {
		kind, id := c.u16(), c.u16()
		if id >= 0x8000 { // a name of its own
			c.take(16)
			if c.u32() == 0 {
				c.take(4)
			} else {
				c.padded(int64(c.u32()))
			}
		}
		readValues(p, c, id, kind)
	}
}

func readValues(p *mapiProps, c *cursor, id, kind uint16) {
	size := fixedSize(kind &^ mapiMany)
	count := uint32(1)
	if kind&mapiMany != 0 || size == 0 {
		count = c.u32()
	}
	for i := uint32(0); i < count && !c.short; i++ {
		n := size
		if n == 0 {
			n = int64(c.u32())
		}
		if v := c.padded(n); !c.short {
			p.put(id, kind, v)
		}
	}
}

// fixedSize is the length of the values of a type, 0 where each says its own (MS-OXCDATA 2.11.1).
func fixedSize(kind uint16) int64 {
	switch kind {
	case mapiObject, mapiANSI, mapiUnicode, mapiBinary:
		return 0
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040:
		return 8
	case 0x0048:
		return 16
	}
	return 4
}

// cursor reads numbers and bytes in a row. short says that they ended too early; all that follows is empty then.
type cursor struct {
	b     []byte
	short bool
}

// done says whether all was read, but for what fills up the last value.
func (c *cursor) done() bool { return !c.short && len(c.b) < 4 }

func (c *cursor) take(n int64) []byte {
	if n < 0 || n > int64(len(c.b)) {
		c.b, c.short = nil, true
		return nil
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

// padded takes n bytes and what fills them up to a multiple of four; the last may lack it.
func (c *cursor) padded(n int64) []byte {
	v := c.take(n)
	c.take(min((4-n%4)%4, int64(len(c.b))))
	return v
}

func (c *cursor) u8() uint8 {
	if v := c.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if v := c.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if v := c.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}
