package extract

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/richardlehane/mscfb"
)

// oleFile is an opened compound file (MS-CFB): storages like folders, streams like files.
type oleFile struct {
	f       *leaf
	streams []*mscfb.File
	ratio   ratio

	art   [][]byte // in which pictures of drawings stand
	shows showing
}

// openOLE reads an old document of Microsoft's, or the envelope round an encrypted new one.
func (w *walker) openOLE(f *leaf, r io.ReaderAt, n int64) {
	c, err := mscfb.New(r)
	if err != nil {
		w.unreadable(f.where, Corrupt, "damaged OLE file")
		return
	}
	o := &oleFile{f: f, ratio: ratio{packed: n}}
	for _, s := range c.File {
		if !s.FileInfo().IsDir() {
			o.streams = append(o.streams, s)
		}
	}
	w.oleDocument(o)
}

// oleDocument reads a compound file by the streams that its kind has.
func (w *walker) oleDocument(o *oleFile) {
	switch {
	case o.stream("EncryptedPackage") != nil && o.stream("EncryptionInfo") != nil:
		w.unreadable(o.f.where, Encrypted, "office document with a password") // MS-OFFCRYPTO 2.3
		return
	case o.stream("WordDocument") != nil:
		w.detected(o.f, "application/msword")
		w.oldWord(o)
	case o.stream("Workbook") != nil || o.stream("Book") != nil:
		w.detected(o.f, "application/vnd.ms-excel")
		w.oldExcel(o)
	case o.stream("PowerPoint Document") != nil:
		w.detected(o.f, "application/vnd.ms-powerpoint")
		w.oldPowerPoint(o)
	case o.stream("__properties_version1.0") != nil:
		w.detected(o.f, "application/vnd.ms-outlook")
		w.outlookMessage(o, nil)
		return
	case !o.carrier():
		w.unreadable(o.f.where, Unsupported, "cannot read "+o.f.found.mime)
	}
	w.oleProperties(o)
	w.oleObjects(o)
	w.artwork(o) // behind the objects, of which they are pictures too
}

// carrier says whether the file is but the wrapping of another one, as documents embed them.
func (o *oleFile) carrier() bool {
	return slices.ContainsFunc(o.streams, func(s *mscfb.File) bool {
		return len(s.Path) == 0 && (native(s) || wrapped(s))
	})
}

// native says whether a stream holds a file that was dropped into a document.
func native(s *mscfb.File) bool {
	return strings.EqualFold(s.Name, "Ole10Native") || strings.EqualFold(s.Name, "\x01Ole10Native")
}

// wrapped says whether a stream holds a file as it is.
func wrapped(s *mscfb.File) bool {
	return strings.EqualFold(s.Name, "Package") || strings.EqualFold(s.Name, "CONTENTS") || strings.EqualFold(s.Name, "package_stream")
}

// detected names the type of content that is an attachment by itself.
func (w *walker) detected(f *leaf, mime string) {
	if f.att >= 0 && w.out.Attachments[f.att].Where == f.where {
		w.out.Attachments[f.att].DetectedType = mime
	}
}

// stream returns the stream of that name in the root or at path.
func (o *oleFile) stream(name string, path ...string) *mscfb.File {
	for _, s := range o.streams {
		if strings.EqualFold(s.Name, name) && samePath(s.Path, path) {
			return s
		}
	}
	return nil
}

// samePath compares paths as programs look them up: case does not count (MS-CFB 2.6.4).
func samePath(a, b []string) bool { return slices.EqualFunc(a, b, strings.EqualFold) }

// oleBytes reads a whole stream, nil if it is not there.
func (w *walker) oleBytes(o *oleFile, s *mscfb.File) []byte {
	if s == nil {
		return nil
	}
	return w.rest(&unpacker{w: w, where: o.f.where, r: s, ratio: &o.ratio}, nil, w.lim.Spool)
}

// oleProperties gives out the texts among the document's properties (MS-OLEPS): title, author, keywords, comments.
func (w *walker) oleProperties(o *oleFile) {
	for _, name := range []string{"SummaryInformation", "DocumentSummaryInformation"} {
		if b := w.oleBytes(o, o.stream(name)); b != nil {
			w.segment(o.f.where+"!properties", AttachmentText, o.f.att, strings.Join(propertyTexts(b, w.text), "\n"))
		}
	}
}

// Types of property values (MS-OLEPS 2.2).
const (
	vtLPSTR  = 0x1e
	vtLPWSTR = 0x1f
	vtI2     = 0x02
)

// maxProperties bounds the properties of one set.
const maxProperties = 1000

// propertyTexts returns the strings of a property set stream, until they are more than limit: many properties may point to one
// long string.
func propertyTexts(b []byte, limit int64) []string {
	var out []string
	if len(b) < 48 || binary.LittleEndian.Uint16(b) != 0xfffe {
		return nil
	}
	sets := int(min(binary.LittleEndian.Uint32(b[24:]), 2))
	for i := range sets {
		at := 28 + i*20 + 16
		if at+4 > len(b) {
			break
		}
		if off := int64(binary.LittleEndian.Uint32(b[at:])); off < int64(len(b)) {
			texts, left := propertySet(b[off:], limit)
			out, limit = append(out, texts...), left
		}
	}
	return out
}

// propertySet returns the strings of one set, and what is left of the limit.
func propertySet(b []byte, limit int64) (texts []string, left int64) {
	if len(b) < 8 {
		return nil, limit
	}
	n := int(min(binary.LittleEndian.Uint32(b[4:]), maxProperties))
	page := uint16(1252)
	for pass := range 2 { // the code page is a property too, and may come last
		for i := range n {
			at := 8 + 8*i
			if at+8 > len(b) {
				break
			}
			id, off := binary.LittleEndian.Uint32(b[at:]), int64(binary.LittleEndian.Uint32(b[at+4:]))
			if off+8 > int64(len(b)) {
				continue
			}
			v := b[off:]
			switch kind := binary.LittleEndian.Uint32(v); {
			case pass == 0 && id == 1 && kind == vtI2:
				page = binary.LittleEndian.Uint16(v[4:])
			case pass == 1 && (kind == vtLPSTR || kind == vtLPWSTR) && limit >= 0:
				text := propertyText(v[4:], kind, page)
				texts = append(texts, text)
				limit -= int64(len(text))
			}
		}
	}
	return texts, limit
}

func propertyText(v []byte, kind uint32, page uint16) string {
	n := int64(binary.LittleEndian.Uint32(v))
	if kind == vtLPWSTR {
		n *= 2
	}
	v = v[4:]
	v = v[:min(n, int64(len(v)))]
	if kind == vtLPWSTR || page == 1200 {
		return strings.TrimRight(utf16le(v), "\x00")
	}
	return strings.TrimRight(codePage(v, page), "\x00")
}

// utf16le decodes UTF-16 in the byte order of these formats.
func utf16le(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// codePage decodes text of a Windows code page.
func codePage(b []byte, page uint16) string {
	if page == 65001 || page == 0 {
		return lenient(b)
	}
	if name, ok := codePages[page]; ok {
		if enc, _ := lookup(name); enc != nil {
			return decodeWith(enc, b)
		}
	}
	return lenient(b) // windows-1252 where it is no UTF-8
}

// codePages names the code pages that have another name than windows-N.
var codePages = map[uint16]string{
	437: "ibm437", 850: "ibm850", 852: "ibm852", 855: "ibm855", 866: "ibm866", 874: "windows-874", 932: "shift_jis", 936: "gbk", 949: "euc-kr", 950: "big5",
	1250: "windows-1250", 1251: "windows-1251", 1253: "windows-1253", 1254: "windows-1254", 1255: "windows-1255", 1256: "windows-1256",
	1257: "windows-1257", 1258: "windows-1258", 10000: "macintosh", 20866: "koi8-r", 28592: "iso-8859-2", 28605: "iso-8859-15", 54936: "gb18030",
}

// oleObjects reads what is embedded in a document: packages, and other documents in storages of their own.
func (w *walker) oleObjects(o *oleFile) {
	pictures, others := 0, 0
	defer func() { o.f.pictures = pictures > 0 && others == 0 && o.carrier() }()
	count := func(picture bool) {
		if picture {
			pictures++
		} else {
			others++
		}
	}
	for _, s := range o.streams {
		if !w.entry(o.f) {
			return
		}
		where := strings.Join(append(slices.Clone(s.Path), s.Name), "_")
		switch {
		case native(s):
			if name, data := nativeObject(w.oleBytes(o, s)); len(data) > 0 {
				w.entryName(o.f, name)
				count(w.bytesInside(o.f, name, data))
			}
		case wrapped(s):
			count(w.bytesInside(o.f, where, w.oleBytes(o, s)))
		case len(s.Path) > 0 && mainStream(s):
			count(false)
			w.oleStorage(o, s)
		case len(s.Path) > 0 && strings.EqualFold(strings.TrimLeft(s.Name, "\x01"), "CompObj") && !o.known(s.Path):
			count(false)
			w.unreadable(o.f.where, Unsupported, "cannot read an embedded object")
		case strings.EqualFold(s.Name, "_VBA_PROJECT"):
			w.unreadable(o.f.where, Unsupported, "cannot read macro code")
		}
	}
}

// known says whether what is embedded in the storage at path is of a kind that is read.
func (o *oleFile) known(path []string) bool {
	return slices.ContainsFunc(o.streams, func(s *mscfb.File) bool {
		return samePath(s.Path, path) && (native(s) || wrapped(s) || mainStream(s))
	})
}

// mainStream says whether a stream is that by which a document is told.
func mainStream(s *mscfb.File) bool {
	switch strings.ToLower(s.Name) {
	case "worddocument", "workbook", "book", "powerpoint document", "__properties_version1.0":
		return true
	}
	return false
}

// oleStorage reads a document that lies in a storage of the present one.
func (w *walker) oleStorage(o *oleFile, main *mscfb.File) {
	in := w.inside(o.f, strings.Join(main.Path, "_"))
	if in.s.nest > w.lim.Depth {
		w.unreadable(in.where, TooDeep, "files nested deeper than the limit")
		return
	}
	sub := o.below(in, main.Path)
	if len(sub.streams) < len(o.streams) { // a storage inside itself is damage
		w.oleDocument(sub)
	}
}

// nativeObject reads the package that Windows makes of a file that is dropped into a document (MS-OLEDS 2.3.6): length,
// two bytes, label, file name, 8 bytes, temporary path with its length, data with its length.
func nativeObject(b []byte) (name string, data []byte) {
	if len(b) < 8 {
		return "", nil
	}
	rest := b[6:]
	label, rest := cString(rest)
	file, rest := cString(rest)
	name = lenient(label)
	if name == "" {
		name = lenient(file)
	}
	if len(rest) < 8 {
		return name, b[4:]
	}
	n := int64(binary.LittleEndian.Uint32(rest[4:]))
	rest = rest[8:]
	if n > int64(len(rest)) {
		return name, b[4:]
	}
	rest = rest[n:]
	if len(rest) < 4 {
		return name, b[4:]
	}
	n = int64(binary.LittleEndian.Uint32(rest))
	return name, rest[4:min(int64(len(rest)), 4+n)]
}

func cString(b []byte) (s, rest []byte) {
	for i, c := range b {
		if c == 0 {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}
