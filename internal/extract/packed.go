package extract

import (
	"archive/tar"
	"bufio"
	"compress/bzip2"
	"compress/gzip"
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
		if xzNeeds(io.NewSectionReader(r, 0, n)) > maxDictionary {
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
func (w *walker) openTar(f *leaf, r io.ReaderAt, n int64) {
	src := io.NewSectionReader(r, 0, n)
	t := tar.NewReader(src)
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			w.behindTar(f, r, src, n)
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

// behindTar reads what stands behind the zeros that end an archive and fill it up. Some programs go on there (tar -i), and two
// archives in a row are what cat makes of them.
func (w *walker) behindTar(f *leaf, r io.ReaderAt, src io.Seeker, n int64) {
	at, err := src.Seek(0, io.SeekCurrent)
	if err != nil {
		return
	}
	zeros := bufio.NewReader(io.NewSectionReader(r, at, n-at))
	for ; at < n; at++ {
		if c, err := zeros.ReadByte(); err != nil || c != 0 {
			w.leftover(f, r, at, n)
			return
		}
	}
}
