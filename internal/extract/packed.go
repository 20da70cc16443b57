package extract

import (
	"archive/tar"
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/ulikunitz/xz"
)

// openPacked unpacks one file: gzip (RFC 1952), bzip2 or xz.
func (w *walker) openPacked(f *leaf, r io.ReaderAt, n int64) {
	src := bufio.NewReader(io.NewSectionReader(r, 0, n))
	name := packedName(f.name)
	var plain io.Reader
	var err error
	switch f.found.mime {
	case "application/gzip":
		var z *gzip.Reader
		if z, err = gzip.NewReader(src); err == nil {
			plain = z
			w.entryName(f, lenient([]byte(z.Name)))
			w.segment(f.where, Hidden, f.att, lenient([]byte(z.Comment)))
		}
	case "application/x-xz":
		head, _ := src.Peek(64)
		if xzDictionary(head) > maxDictionary {
			w.unreadable(f.where, TooLarge, "needs more memory than the limit")
			return
		}
		plain, err = xz.NewReader(src)
	default:
		plain = bzip2.NewReader(src)
	}
	if err != nil {
		w.unreadable(f.where, Corrupt, "damaged archive")
		return
	}
	if w.entry(f) {
		w.file(f, name, &unpacker{w: w, where: f.where, r: plain, ratio: &ratio{packed: n}}, false)
	}
}

// maxDictionary is the most that an archive may ask to be held in memory: what xz -9 writes.
const maxDictionary = 64 << 20

// xzDictionary is the memory that the first block of an xz stream asks for (xz file format 3.1, 5.3.1), 0 if that is not
// to be found.
func xzDictionary(b []byte) int64 {
	const header = 12
	if len(b) < header+8 {
		return 0
	}
	flags, b := b[header+1], b[header+2:]
	skip := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[max(0, min(n, len(b))):]
		return v
	}
	for _, has := range []byte{0x40, 0x80} { // sizes
		if flags&has != 0 {
			skip()
		}
	}
	for range flags&3 + 1 {
		id, n := skip(), skip()
		if n > uint64(len(b)) {
			return 0
		}
		if id == 0x21 && n == 1 { // LZMA2
			d := b[0] & 0x3f
			return int64(2|d&1) << (d/2 + 11)
		}
		b = b[n:]
	}
	return 0
}

// packedName is the name of the file inside, by the habit of the programs that pack.
func packedName(name string) string {
	low := strings.ToLower(name)
	for _, ext := range []string{".tgz", ".tbz", ".tbz2", ".txz"} {
		if strings.HasSuffix(low, ext) {
			return name[:len(name)-len(ext)] + ".tar"
		}
	}
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i]
	}
	return "file"
}

// openTar reads files in a row (POSIX.1-2001 pax, ustar, GNU). Links point to names and hold nothing, so nothing is
// followed.
func (w *walker) openTar(f *leaf, r io.Reader) {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			w.unreadable(f.where, Corrupt, "damaged archive")
			return
		case !w.entry(f):
			return
		}
		w.entryName(f, lenient([]byte(h.Name)))
		w.segment(f.where, Hidden, f.att, lenient([]byte(h.Linkname)))
		if h.Typeflag == tar.TypeReg && h.Size > 0 {
			w.file(f, lenient([]byte(h.Name)), &unpacker{w: w, where: f.where, r: t, ratio: &ratio{packed: h.Size}}, false)
		}
	}
}
