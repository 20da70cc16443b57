package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"strings"
)

// cms reads S/MIME content (RFC 8551): what is encrypted is reported, what is signed or packed is read.
func (w *walker) cms(l *lines, f *leaf) {
	if f.found.mime == mimeEnveloped && f.head[0] == derSequence {
		w.size(f, w.skip(l, f))
		w.unreadable(f.where, AlreadyProtected, envelopedCMS)
		return
	}
	if b, whole, _ := w.inMemory(l, f); whole {
		w.openCMS(f, b)
	}
}

const envelopedCMS = "S/MIME enveloped"

// openCMS reads CMS content (RFC 5652) that is in memory, in DER, BER, PEM or base64.
func (w *walker) openCMS(f *leaf, b []byte) {
	if b[0] != derSequence {
		w.segment(f.where, Hidden, f.att, besideBase64(b))
		b = cmsOfText(b)
	}
	if f.found.mime == mimeEnveloped {
		w.unreadable(f.where, AlreadyProtected, envelopedCMS)
		return
	}
	content, is := encapsulated(b)
	switch {
	case is == cmsUnknown && f.signature() && len(b) <= maxSignature:
	case is == cmsDetached && len(b) <= maxSignature: // a signature, or certificates
	case is != cmsData:
		w.unreadable(f.where, Unsupported, "cannot read "+f.found.mime)
	case f.found.mime == mimeCompressed && w.plain:
		w.needs = true
	case f.found.mime == mimeCompressed:
		z, err := zlib.NewReader(bytes.NewReader(content))
		if err != nil {
			w.unreadable(f.where, Corrupt, "damaged archive")
			return
		}
		w.cmsEntity(f, w.rest(&unpacker{w: w, where: f.where, r: z, ratio: &ratio{packed: int64(len(content))}}, nil, w.lim.Spool))
	default:
		w.cmsEntity(f, content)
	}
}

// cmsEntity reads what was signed or packed: in mail an entity of MIME, of which nothing is said outside; elsewhere a file whose
// name goes before that of the whole.
func (w *walker) cmsEntity(f *leaf, b []byte) {
	name := packedName(f.name)
	ext := extension(name)
	class := sniff(b[:min(len(b), sniffLen)], "", ext).class
	entity := contentField(b)
	if class < asZip && ext == "" || entity {
		w.inner(b, f)
	}
	switch {
	case class < asZip && ext == "" || entity && class == asMessage:
	case !w.entry(f):
	case w.plain:
		w.needs = true
	default:
		w.bytesInside(f, name, b)
	}
}

// contentField says whether bytes begin with a field that says how to read what follows.
func contentField(b []byte) bool {
	const content, version = "content-", "mime-version"
	b = bytes.TrimLeft(b[:min(len(b), 256)], " \t\r\n")
	low := bytes.ToLower(b[:min(len(b), len(version))])
	return fieldLine(b) && (bytes.HasPrefix(low, []byte(content)) || bytes.HasPrefix(low, []byte(version)))
}

// maxSignature is the most that a detached signature with its certificates takes.
const maxSignature = 64 << 10

func (f *leaf) signature() bool {
	return f.found.mime == mimeSigned &&
		(f.media.Type == "application/pkcs7-signature" || f.media.Type == "application/x-pkcs7-signature" || f.ext == "p7s")
}

// calledCMS says whether a declared type or a name is that of CMS content, which may then be written in letters.
func calledCMS(declared, ext string) bool {
	switch ext {
	case "p7m", "p7s", "p7c", "p7z", "p7b", "cms":
		return true
	}
	switch declared {
	case "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/cms":
		return true
	}
	return false
}

// sniffCMSText finds CMS content in PEM (RFC 7468) or base64.
func sniffCMSText(b []byte) sniffed { return sniffCMS(cmsOfText(b)) }

// cmsOfText decodes the first lines of base64 in a text that begin as CMS content does.
func cmsOfText(b []byte) []byte {
	var digits []byte
	for line := range bytes.Lines(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))) {
		line = bytes.TrimSpace(line)
		bare := bytes.TrimRight(line, "=")
		more := base64Octets(bare) && (len(digits) > 0 || bytes.HasPrefix(bare, []byte("M"))) // as a sequence begins
		if more {
			digits = append(digits, bare...)
		}
		if len(digits) > 0 && (!more || len(bare) < len(line)) {
			if out := decodeDigits(digits); sniffCMS(out).class != 0 {
				return out
			}
			digits = digits[:0]
		}
	}
	return decodeDigits(digits)
}

func base64Octets(b []byte) bool {
	for _, c := range b {
		if base64Value(c) < 0 {
			return false
		}
	}
	return len(b) > 0
}

func decodeDigits(b []byte) []byte {
	if len(b)%4 == 1 {
		b = b[:len(b)-1]
	}
	out, _ := base64.RawStdEncoding.AppendDecode(nil, b) // what does not fit at its end is dropped
	return out
}

// besideBase64 is what stands in a text beside its long lines of base64.
func besideBase64(b []byte) string {
	const short = 40 // the last line of the data, or a word
	var out strings.Builder
	for line := range bytes.Lines(b) {
		if bare := bytes.TrimRight(bytes.TrimSpace(line), "="); len(bare) < short || !base64Octets(bare) {
			out.Write(line)
		}
	}
	return lenient([]byte(out.String()))
}

// Octets that begin an element of ASN.1 (X.690 8.1.2).
const (
	derSequence    = 0x30
	derOctets      = 0x04
	derOctetsParts = 0x24
	derExplicit    = 0xA0
	derConstructed = 0x20
)

type cmsContent uint8

const (
	cmsUnknown  cmsContent = iota // cannot be followed
	cmsDetached                   // what is signed is elsewhere
	cmsData
)

// encapsulated finds the content that is signed or packed (RFC 5652 5.1, RFC 3274 1.1): both begin with a version and algorithms.
func encapsulated(b []byte) ([]byte, cmsContent) {
	c := ber{b: b}
	ok := c.enter(derSequence) && c.pass() && c.enter(derExplicit) && c.enter(derSequence) && c.pass() && c.pass() && c.enter(derSequence)
	oid, data := c.oid()
	switch {
	case !ok || oid == nil:
		return nil, cmsUnknown
	case c.ended():
		return nil, cmsDetached
	case !data || !c.enter(derExplicit):
		return nil, cmsUnknown
	}
	content, ok := c.octets(nil, 0)
	if !ok {
		return nil, cmsUnknown
	}
	return content, cmsData
}

// oidData is the type of content that is octets, for RFC 8551 an entity of MIME.
const oidData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"

// ber reads elements of ASN.1 in BER (X.690), of which DER is a part.
type ber struct {
	b     []byte // what is left of the element that was entered
	steps int
}

// Bounds of what is followed.
const (
	maxBERNested = 16
	maxBERSteps  = 1 << 20
)

// next reads the head of an element; size is -1 if the element goes on to a mark.
func (c *ber) next() (tag byte, size int, ok bool) {
	c.steps++
	if len(c.b) < 2 || c.b[0]&0x1F == 0x1F || c.steps > maxBERSteps {
		return 0, 0, false
	}
	tag, first := c.b[0], int(c.b[1])
	c.b = c.b[2:]
	switch {
	case first == 0x80:
		return tag, -1, tag&derConstructed != 0
	case first < 0x80:
		size = first
	default:
		k := first & 0x7F
		if k > 8 || k > len(c.b) {
			return 0, 0, false
		}
		for _, o := range c.b[:k] {
			if size = size<<8 | int(o); size > 1<<40 {
				return 0, 0, false
			}
		}
		c.b = c.b[k:]
	}
	return tag, min(size, len(c.b)), true // what is cut off has what is there
}

// enter goes into an element; what stands behind it is not looked at again.
func (c *ber) enter(want byte) bool {
	tag, size, ok := c.next()
	if !ok || tag != want {
		return false
	}
	if size >= 0 {
		c.b = c.b[:size]
	}
	return true
}

// ended says whether the element that was entered is over.
func (c *ber) ended() bool { return len(c.b) == 0 || len(c.b) > 1 && c.b[0] == 0 && c.b[1] == 0 }

// pass goes behind an element.
func (c *ber) pass() bool {
	open := 0
	for {
		tag, size, ok := c.next()
		switch {
		case !ok:
			return false
		case size < 0:
			open++
		case tag == 0 && size == 0 && open > 0:
			open--
		default:
			c.b = c.b[size:]
		}
		if open == 0 {
			return true
		}
	}
}

// oid reads an object identifier and says whether it is that of data.
func (c *ber) oid() (id []byte, data bool) {
	tag, size, ok := c.next()
	if !ok || tag != 0x06 || size < 0 {
		return nil, false
	}
	id, c.b = c.b[:size], c.b[size:]
	return id, string(id) == oidData
}

// octets reads a string of octets, which in BER may come in parts.
func (c *ber) octets(out []byte, nested int) ([]byte, bool) {
	tag, size, ok := c.next()
	switch {
	case !ok || nested > maxBERNested:
		return out, false
	case tag == derOctets && size >= 0:
		out, c.b = append(out, c.b[:size]...), c.b[size:]
		return out, true
	case tag != derOctetsParts:
		return out, false
	}
	in, behind := ber{b: c.b, steps: c.steps}, []byte(nil)
	if size >= 0 {
		in.b, behind = c.b[:size], c.b[size:]
	}
	for !in.ended() {
		if out, ok = in.octets(out, nested+1); !ok {
			return out, false
		}
	}
	if size < 0 {
		behind = in.b[min(2, len(in.b)):]
	}
	c.b, c.steps = behind, in.steps
	return out, true
}
