package extract

import (
	"errors"
	"io"
	"strings"

	"github.com/bodgit/sevenzip"
	"github.com/nwaples/rardecode/v2"
)

// openSevenZip reads a 7z archive. Its files are packed together, so the ratio is that of the whole.
func (w *walker) openSevenZip(f *leaf, r io.ReaderAt, n int64) {
	w.behindEnd(f, r, sevenZipEnd(r), n)
	z, err := sevenzip.NewReader(r, n)
	if err != nil {
		w.sevenZipError(f, err)
		return
	}
	all := &ratio{packed: n}
	for _, zf := range z.File {
		if !w.entry(f) {
			return
		}
		name := lenient([]byte(zf.Name))
		w.entryName(f, name)
		if zf.FileInfo().IsDir() || zf.UncompressedSize == 0 {
			continue
		}
		if !w.sevenZipFile(f, zf, name, all) {
			return
		}
	}
}

// sevenZipFile reads one file and says whether to go on: an archive that is locked or damaged is so for all that follow.
func (w *walker) sevenZipFile(f *leaf, zf *sevenzip.File, name string, all *ratio) bool {
	rc, err := zf.Open()
	if err != nil {
		w.sevenZipError(f, err)
		return false
	}
	defer rc.Close()
	locked := false
	w.file(f, name, &unpacker{w: w, where: f.where, ratio: all, r: readerFunc(func(p []byte) (int, error) {
		n, err := rc.Read(p)
		var re *sevenzip.ReadError
		if errors.As(err, &re) && re.Encrypted {
			locked = true
			return n, errLimit
		}
		return n, err
	})}, false)
	if locked {
		w.unreadable(f.where, Encrypted, "archive with a password")
	}
	return !locked
}

func (w *walker) sevenZipError(f *leaf, err error) {
	var re *sevenzip.ReadError
	if errors.As(err, &re) && re.Encrypted {
		w.unreadable(f.where, Encrypted, "archive with a password")
		return
	}
	if strings.Contains(err.Error(), "unsupported compression algorithm") { // the reader has no name for it
		w.unreadable(f.where, Unsupported, "cannot read this kind of compression")
		return
	}
	w.unreadable(f.where, Corrupt, "damaged archive")
}

type readerFunc func([]byte) (int, error)

// Read implements [io.Reader].
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// openRAR reads a RAR archive of one volume.
func (w *walker) openRAR(f *leaf, r io.ReaderAt, n int64) {
	end := rarEnd(r, n, func(five bool, at, end int64) { w.rarAside(f, r, five, at, end) })
	w.behindEnd(f, r, end, n)
	z, err := rardecode.NewReader(io.NewSectionReader(r, 0, n), rardecode.MaxDictionarySize(maxDictionary))
	if err != nil {
		w.rarError(f, err)
		return
	}
	all := &ratio{packed: n}
	for {
		h, err := z.Next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			w.rarError(f, err)
			return
		case !w.entry(f):
			return
		}
		name := lenient([]byte(h.Name))
		w.entryName(f, name)
		w.segment(f.where, Hidden, f.att, lenient([]byte(h.LinkTarget)))
		switch {
		case h.Encrypted:
			w.unreadable(f.where, Encrypted, "archive with a password")
		case !h.IsDir:
			w.file(f, name, &unpacker{w: w, where: f.where, r: z, ratio: all}, false)
		}
	}
}

func (w *walker) rarError(f *leaf, err error) {
	switch {
	case errors.Is(err, rardecode.ErrArchiveEncrypted), errors.Is(err, rardecode.ErrArchivedFileEncrypted), errors.Is(err, rardecode.ErrBadPassword):
		w.unreadable(f.where, Encrypted, "archive with a password")
	case errors.Is(err, rardecode.ErrMultiVolume):
		w.unreadable(f.where, Unsupported, "archive in several volumes")
	default:
		w.unreadable(f.where, Corrupt, "damaged archive")
	}
}
