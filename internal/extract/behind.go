package extract

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
)

// What programs find in a file that begins as something else: they look for the end of a ZIP archive from the end of a file, for
// other archives and for a document anywhere or in its first bytes.
const (
	archiveInside  = "archive behind "
	documentInside = "document behind "
)

// intruders are looked for in files that hold no text, by a signature that is long enough to be no accident.
var intruders = [...]struct {
	sig    []byte
	detail string
}{
	{archiveEnd, archiveInside},
	{[]byte("7z\xBC\xAF\x27\x1C"), archiveInside},
	{[]byte("Rar!\x1A\x07"), archiveInside},
	{[]byte("%PDF-1."), documentInside},
	{[]byte("%PDF-2."), documentInside},
}

// intruder looks for another file in one that comes in slices.
type intruder struct {
	buf    []byte
	past   int64 // bytes that are no longer in buf
	detail string
}

// Sizes of what is kept of a file while it is searched.
const (
	intruderRoom = 64 << 10
	intruderTail = 512 // searched twice, for what stands on the border
)

// Write implements [io.Writer].
func (x *intruder) Write(b []byte) (int, error) {
	n := len(b)
	for x.detail == "" && len(b) > 0 {
		k := min(len(b), intruderRoom-len(x.buf))
		x.buf = append(x.buf, b[:k]...)
		b = b[k:]
		if len(x.buf) == intruderRoom {
			x.search()
			x.past += intruderRoom - intruderTail
			x.buf = append(x.buf[:0], x.buf[intruderRoom-intruderTail:]...)
		}
	}
	return n, nil
}

// found ends the search and returns the beginning of the wording for what was found, or "".
func (x *intruder) found() string {
	if x.detail == "" {
		x.search()
	}
	return x.detail
}

func (x *intruder) search() {
	const first = 1024 // of the bytes in which Acrobat accepts the mark of a document, whatever its version
	if i := bytes.Index(x.buf[:min(len(x.buf), first)], []byte("%PDF-")); x.past == 0 && i >= 0 {
		x.detail = documentInside
	}
	for i := range intruders {
		if x.detail == "" && bytes.Contains(x.buf, intruders[i].sig) {
			x.detail = intruders[i].detail
		}
	}
	if x.detail == "" && gzipInside(x.buf) {
		x.detail = archiveInside
	}
}

// gzipInside says whether a gzip file begins somewhere in b. Its signature is too short to be trusted alone (RFC 1952 2.3.1).
func gzipInside(b []byte) bool {
	const size, flags, mostSystem, unknownSystem = 10, 0x1F, 13, 255
	for {
		i := bytes.Index(b, []byte("\x1F\x8B\x08"))
		if i < 0 || len(b)-i < size {
			return false
		}
		b = b[i:]
		extra, system := b[8], b[9]
		if b[3]&^flags == 0 && (extra == 0 || extra == 2 || extra == 4) && (system <= mostSystem || system == unknownSystem) && unpacks(b) {
			return true
		}
		b = b[3:]
	}
}

// unpacks says whether b begins with what gzip unpacks, as far as b goes.
func unpacks(b []byte) bool {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return false
	}
	z.Multistream(false)
	var some [64]byte
	n, err := io.ReadFull(z, some[:])
	return err == nil || n > 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF))
}

// intrude reports what was found in a file.
func (w *walker) intrude(f *leaf, x *intruder) {
	if detail := x.found(); detail != "" {
		w.unreadable(f.where, Ambiguous, detail+f.found.mime)
	}
}
