package extract

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"
)

// The packets of OpenPGP (RFC 9580 5) that a message is made of.
const (
	pgpPublicKeyESK = 1
	pgpSignature    = 2
	pgpPasswordESK  = 3
	pgpOnePass      = 4
	pgpCompressed   = 8
	pgpEncrypted    = 9
	pgpMarker       = 10
	pgpLiteral      = 11
	pgpProtected    = 18
	pgpAEAD         = 20
	pgpPadding      = 21
)

// pgpContent says what a sequence of packets turned out to be.
type pgpContent uint8

const (
	pgpNone   pgpContent = iota // no OpenPGP message, as far as can be told
	pgpPlain                    // signed or packed, but open to everybody: it was given out
	pgpLocked                   // encrypted
)

// Bounds of what is followed inside of one message.
const (
	maxArmours   = 50
	maxPackets   = 10000
	maxPGPNested = 8 // packets of compressed data in one another
)

const notOpenPGP = "no OpenPGP message in it"

// armours looks into the PGP armour in a text (RFC 9580 6). The lines around it say nothing of what it holds: whoever signs
// or packs without encrypting gets the same ones.
func (w *walker) armours(f *leaf, text string) {
	for n := 0; ; n++ {
		i := nextArmour(text)
		if i < 0 {
			return
		}
		if n == maxArmours {
			w.unreadable(f.where, TooMany, "more PGP armour inside a text than the limit")
			return
		}
		text = text[i+len(armorHead):]
		inner, rest, closed := strings.Cut(text, armorTail)
		w.pgpArmour(f, inner, closed)
		text = rest
	}
}

// markupArmours looks into the armour in an HTML document: in what is shown, in what is hidden beside it, and in comments.
// Whoever copies it out has it in lines, or has the white space of the document collapsed.
func (w *walker) markupArmours(f *leaf, m *markup) {
	shown := m.Text
	if m.All != "" {
		shown = m.All
	}
	for _, text := range [...]string{shown, m.Hidden} {
		if strings.Contains(text, armorHead) {
			w.armours(f, inLines(text))
		}
	}
}

// inLines puts armour back into lines whose line ends were collapsed. What it does not know as such it leaves alone.
func inLines(text string) string {
	var out strings.Builder
	for {
		before, inner, ok := strings.Cut(text, armorHead)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		inner, rest, closed := strings.Cut(inner, armorTail)
		if data := collapsed(inner); data != nil {
			out.WriteString("\n" + armorHead + "\n\n" + strings.Join(data, "\n") + "\n")
		} else {
			out.WriteString(armorHead + inner)
		}
		if closed {
			out.WriteString(armorTail)
		}
		text = rest
	}
}

// collapsed returns the lines of data in armour that is one line with all before it, from the first that is as long as those
// that programs write; nil if it has none, or still has its lines.
func collapsed(inner string) []string {
	const most = 40 // letters in a word of a comment
	words := strings.Fields(inner)
	for i, word := range words {
		if len(word) > most && base64Line(word) {
			if strings.Contains(inner, "\n"+word) && strings.Contains(inner, word+"\n") {
				return nil
			}
			return words[i:]
		}
	}
	return nil
}

// nextArmour finds the next line that begins armour, or -1. It may be quoted or indented; inside a sentence it is a word.
func nextArmour(s string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], armorHead)
		if i < 0 {
			return -1
		}
		i += from
		if before := strings.TrimRight(s[from:i], "> \t"); before == "" || before[len(before)-1] == '\n' {
			return i
		}
		from = i + len(armorHead)
	}
}

// pgpArmour reads what stands between two lines of armour. Armour that is not closed may be a mail about armour.
func (w *walker) pgpArmour(f *leaf, inner string, closed bool) {
	b := unarmour(inner)
	switch w.pgp(f, b, 0) {
	case pgpLocked:
		if closed {
			w.unreadable(f.where, AlreadyProtected, "PGP message")
		}
	case pgpNone:
		if closed {
			w.noPGP(f, b)
		}
	}
}

// noPGP gives out bytes that only call themselves OpenPGP.
func (w *walker) noPGP(f *leaf, b []byte) {
	w.unreadable(f.where, Unsupported, notOpenPGP)
	if len(b) > 0 && w.entry(f) {
		w.pgpInside(f, "message", b)
	}
}

// pgpInside reads a file out of a message, in a process that may die.
func (w *walker) pgpInside(f *leaf, name string, b []byte) {
	if w.plain {
		w.needs = true
		return
	}
	w.bytesInside(f, name, b)
}

// unarmour decodes the base64 between two lines of armour, up to its checksum. The fields before it are passed over, and
// so are the marks of a quotation.
func unarmour(s string) []byte {
	var b []byte
	for line := range strings.Lines(s) {
		line = strings.Trim(line, "> \t\r\n")
		if strings.HasPrefix(line, "=") {
			break
		}
		if bare := strings.TrimRight(line, "="); strings.IndexFunc(bare, notBase64) < 0 {
			b = append(b, bare...)
			if len(bare) < len(line) {
				break
			}
		}
	}
	if len(b)%4 == 1 {
		b = b[:len(b)-1]
	}
	out, _ := base64.RawStdEncoding.AppendDecode(nil, b) // what does not fit at its end is dropped
	return out
}

// pgp walks the packets of a message. It is locked only when nothing but encrypted data and the keys to it are there: a
// plain packet behind them is shown by some programs.
func (w *walker) pgp(f *leaf, b []byte, nested int) pgpContent {
	got := pgpNone
	for n := 0; len(b) > 0; n++ {
		p, ok := nextPacket(b)
		if !ok || n == maxPackets {
			return unknownRest(got, b)
		}
		all := b
		if b = p.rest; len(bytes.TrimSpace(b)) == 0 {
			b = nil // the line end before a boundary
		}
		switch p.tag {
		case pgpMarker, pgpPadding, pgpOnePass, pgpSignature:
		case pgpPublicKeyESK, pgpPasswordESK, pgpEncrypted, pgpProtected, pgpAEAD:
			if wordy(p.body) {
				return pgpNone
			}
			got = max(got, pgpLocked)
		case pgpCompressed, pgpLiteral:
			if in := w.pgpOpen(f, p, nested); in != pgpPlain {
				return in
			}
			got = pgpPlain
		default:
			return unknownRest(got, all)
		}
	}
	return got
}

// unknownRest is what a message is with a rest that is no packet of one: no program finds more behind its keys, unless it
// can be read as it stands.
func unknownRest(got pgpContent, b []byte) pgpContent {
	if got == pgpLocked && !wordy(b) {
		return got
	}
	return pgpNone
}

// wordy says whether bytes that call themselves encrypted are in the main letters, digits and blanks.
func wordy(b []byte) bool {
	b = b[:min(len(b), 512)]
	if len(b) < 24 {
		return false
	}
	n := 0
	for _, c := range b {
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\r' {
			n++
		}
	}
	return n*4 > len(b)*3
}

// pgpOpen gives out a packet that holds a file, or packets in packed form.
func (w *walker) pgpOpen(f *leaf, p packet, nested int) pgpContent {
	switch {
	case w.plain:
		w.needs = true
		return pgpPlain
	case p.tag == pgpCompressed && nested < maxPGPNested:
		return w.pgp(f, w.pgpUnpacked(f, p.body), nested+1)
	case p.tag == pgpCompressed:
		w.unreadable(f.where, TooDeep, "files nested deeper than the limit")
		return pgpPlain
	}
	name, data, ok := literal(p.body)
	if !ok {
		return pgpNone
	}
	if w.entry(f) {
		w.entryName(f, lenient(name))
		w.pgpInside(f, lenient(name), data)
	}
	return pgpPlain
}

// literal takes a packet of literal data apart (RFC 9580 5.9): a format, a name with its length, a date.
func literal(b []byte) (name, data []byte, ok bool) {
	if len(b) < 2 || len(b) < 6+int(b[1]) {
		return nil, nil, false
	}
	n := 2 + int(b[1])
	return b[2:n], b[n+4:], true
}

// pgpUnpacked undoes a packet of compressed data (RFC 9580 5.6).
func (w *walker) pgpUnpacked(f *leaf, b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	var plain io.Reader
	src := bytes.NewReader(b[1:])
	switch b[0] { // RFC 9580 9.4
	case 0:
		plain = src
	case 1:
		plain = flate.NewReader(src)
	case 2:
		z, err := zlib.NewReader(src)
		if err != nil {
			return nil
		}
		plain = z
	case 3:
		plain = bzip2.NewReader(src)
	default:
		return nil
	}
	return w.rest(&unpacker{w: w, where: f.where, r: plain, ratio: &ratio{packed: int64(len(b))}}, nil, w.lim.Spool)
}

// packet is one of OpenPGP.
type packet struct {
	tag        byte
	body, rest []byte
}

// nextPacket cuts the first packet of b (RFC 9580 4.2). One that is cut off has what is there.
func nextPacket(b []byte) (packet, bool) {
	head := b[0]
	b = b[1:]
	switch {
	case head&0x80 == 0:
		return packet{}, false
	case head&0x40 != 0:
		body, rest := newLength(b)
		return packet{head & 0x3f, body, rest}, true
	}
	p := packet{tag: head >> 2 & 0x0f, body: b}
	if k := 1 << (head & 3); k < 8 { // 8 stands for a packet that goes on to the end
		if len(b) < k {
			return p, true
		}
		n := uint64(0)
		for _, c := range b[:k] {
			n = n<<8 | uint64(c)
		}
		p.body, p.rest = cut(b[k:], n)
	}
	return p, true
}

// newLength reads a body behind its length in the OpenPGP format, which may come in pieces.
func newLength(b []byte) (body, rest []byte) {
	var joint []byte
	for len(b) > 0 {
		c := b[0]
		switch {
		case c < 192:
			body, rest = cut(b[1:], uint64(c))
		case c < 224 && len(b) > 1:
			body, rest = cut(b[2:], uint64(c-192)<<8+uint64(b[1])+192)
		case c == 255 && len(b) > 4:
			body, rest = cut(b[5:], uint64(binary.BigEndian.Uint32(b[1:])))
		case c >= 224 && c < 255:
			body, b = cut(b[1:], 1<<(c&0x1f))
			joint = append(joint, body...)
			continue
		default:
			return append(joint, b...), nil
		}
		if joint == nil {
			return body, rest
		}
		return append(joint, body...), rest
	}
	return joint, nil
}

func cut(b []byte, n uint64) (first, rest []byte) {
	n = min(n, uint64(len(b)))
	return b[:n], b[n:]
}

// pgpFile reads a file that is named as one of PGP.
func (w *walker) pgpFile(l *lines, f *leaf) {
	if w.plain {
		w.abandon(l)
		return
	}
	b, size := w.gather(l, f, w.lim.Spool)
	w.size(f, size)
	w.damaged(f)
	w.buf = nil // b is read while the walker goes on
	if size > int64(len(b)) {
		w.unreadable(f.where, TooLarge, "attachment larger than the limit")
	}
	switch w.pgp(f, b, 0) {
	case pgpLocked:
		w.unreadable(f.where, Encrypted, "PGP file")
	case pgpNone:
		w.noPGP(f, b)
	}
}
