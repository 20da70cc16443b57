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
	p := packed{end: n}
	var err error
	switch f.found.mime {
	case "application/gzip":
		err = w.gzip(f, &p, r)
	case "application/x-xz":
		needs, end := xzNeeds(io.NewSectionReader(r, 0, n))
		if needs > maxDictionary {
			w.unreadable(f.where, TooLarge, "needs more memory than the limit")
			return
		}
		if xzBehind(r, end) {
			p.end = end
		}
		p.plain, err = xz.NewReader(bufio.NewReader(io.NewSectionReader(r, 0, p.end)))
	default:
		p.bzip2(r)
	}
	if err != nil {
		w.unreadable(f.where, Corrupt, "damaged archive")
		return
	}
	if !w.entry(f) {
		return
	}
	w.file(f, packedName(f.name), &unpacker{w: w, where: f.where, r: p.plain, ratio: &ratio{packed: n}}, false)
	w.behindEnd(f, r, p.end, n)
}

// packed is what is read of a packed file, and where that ends in it; the latter is known when all was read.
type packed struct {
	plain io.Reader
	end   int64
}

// gzip reads all members of a file (RFC 1952 2.2), with what their heads say.
func (w *walker) gzip(f *leaf, p *packed, r io.ReaderAt) error {
	whole := io.NewSectionReader(r, 0, p.end)
	src := bufio.NewReader(whole)
	z, err := gzip.NewReader(src)
	if err != nil {
		return err
	}
	head := func() {
		z.Multistream(false)
		w.entryName(f, lenient([]byte(z.Name)))
		w.segment(f.where, Hidden, f.att, lenient([]byte(z.Comment)))
	}
	head()
	p.plain = readerFunc(func(b []byte) (int, error) {
		n, err := z.Read(b)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if next, _ := src.Peek(2); string(next) != "\x1F\x8B" { // a short one is the end
			p.end = taken(whole, src)
			return n, io.EOF
		}
		if err = z.Reset(src); err == nil {
			head()
		}
		return n, err
	})
	return nil
}

// bzip2 reads all streams of a file. The reader of them takes the two bytes that another one would begin with.
func (p *packed) bzip2(r io.ReaderAt) {
	whole := io.NewSectionReader(r, 0, p.end)
	src := bufio.NewReader(whole)
	z := bzip2.NewReader(src)
	p.plain = readerFunc(func(b []byte) (int, error) {
		n, err := z.Read(b)
		if errors.Is(err, bzip2.StructuralError("bad magic value in continuation file")) {
			p.end = taken(whole, src) - 2
			return n, io.EOF
		}
		return n, err
	})
}

// taken is how much was read of a file through a buffer.
func taken(whole *io.SectionReader, buf *bufio.Reader) int64 {
	at, _ := whole.Seek(0, io.SeekCurrent) // that is nowhere else
	return at - int64(buf.Buffered())
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
	for _, ext := range [...][2]string{{".svgz", ".svg"}, {".emz", ".emf"}, {".wmz", ".wmf"}} {
		if strings.HasSuffix(low, ext[0]) {
			return name[:len(name)-len(ext[0])] + ext[1]
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
	owner := ""
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
		w.segment(f.where, Hidden, f.att, lenient([]byte(h.PAXRecords["comment"])))
		if by := h.Uname + "\n" + h.Gname; by != owner {
			owner = by
			w.segment(f.where, Hidden, f.att, lenient([]byte(by)))
		}
		if h.Size > 0 && tarContent(h.Typeflag) {
			w.file(f, lenient([]byte(h.Name)), &unpacker{w: w, where: f.where, r: t, ratio: &ratio{packed: h.Size}}, false)
		}
	}
}

// tarContent says whether entries of a type have content: programs unpack those of a type that they do not know as ordinary files
// (POSIX.1-2001 pax, "typeflag").
func tarContent(kind byte) bool {
	switch kind {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo, tar.TypeXGlobalHeader:
		return false
	}
	return true
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
