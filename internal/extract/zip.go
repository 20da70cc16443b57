package extract

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// archive is an opened zip file.
type archive struct {
	f     *leaf
	files []*zip.File
	byLow map[string]*zip.File // by lower-case name: office programs do not tell case apart
	types contentTypes
	shows showing

	hiding   map[string]bool // styles that hide their text
	odfLists odfLists
	lists    *lists // nil if there are none
}

// openZip reads a zip file of size n.
func (w *walker) openZip(f *leaf, r io.ReaderAt, n int64) {
	zr, err := zip.NewReader(r, n)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		w.unreadable(f.where, Corrupt, "damaged zip file")
		w.besideFiles(f, &zipRecords{r: r, n: n, left: w.lim.Files, told: true, damaged: true})
		return
	}
	w.segment(f.where, Hidden, f.att, lenient([]byte(zr.Comment)))
	first := listsFirst(r, zr.File)
	if !first {
		w.unreadable(f.where, Ambiguous, "archive whose first file is not in its list")
	}
	w.besideFiles(f, &zipRecords{r: r, n: n, files: zr.File, left: len(zr.File), told: !first})
	a := w.index(f, zr.File)
	a.shows.first = len(w.out.Pictures)
	switch {
	case a.has("[content_types].xml") || a.hasMain():
		w.misnamed(a, unfit)
		w.ooxml(a)
	case a.has("content.xml") && (a.has("mimetype") || a.has("meta-inf/manifest.xml")):
		w.misnamed(a, unfit)
		w.odf(a)
	default:
		if !w.misnamed(a, noDocument) && documentNamed(f.ext) {
			w.unreadable(f.where, Corrupt, withoutMain)
		}
		w.listZip(a)
	}
}

// listsFirst says whether the file that an archive begins with is in its list. It is not where an archive was cut off and the
// list that is found belongs to another one inside it, and where one archive stands before another: programs that read from
// the start show other files than those that read the list at the end.
func listsFirst(r io.ReaderAt, files []*zip.File) bool {
	const size = 30 // of a local file header, APPNOTE 4.3.7
	var head [size]byte
	if _, err := r.ReadAt(head[:], 0); err != nil || string(head[:4]) != "PK\x03\x04" {
		return true
	}
	first := size + int64(binary.LittleEndian.Uint16(head[26:])) + int64(binary.LittleEndian.Uint16(head[28:]))
	for _, f := range files {
		if at, err := f.DataOffset(); err == nil && at == first {
			return true
		}
	}
	return false
}

// index lists the files of an archive, up to the limit.
func (w *walker) index(f *leaf, files []*zip.File) *archive {
	a := &archive{f: f, byLow: make(map[string]*zip.File, min(len(files), w.lim.Files))}
	for _, zf := range files {
		if !w.entry(f) {
			break
		}
		low := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(zf.Name, `\`, "/"), "/"))
		if _, twice := a.byLow[low]; twice {
			w.unreadable(f.where, Ambiguous, "two files of one name in the archive")
		}
		w.segment(f.where, Hidden, f.att, lenient([]byte(zf.Comment)))
		a.byLow[low] = zf
		a.files = append(a.files, zf)
	}
	return a
}

func (a *archive) has(low string) bool { return a.byLow[low] != nil }

// listZip reads the files of an archive that is no document.
func (w *walker) listZip(a *archive) {
	locked := false
	for _, zf := range a.files {
		name := zipName(zf)
		w.entryName(a.f, name)
		w.otherName(a.f, zf)
		switch {
		case zf.Flags&zipLocked != 0:
			locked = true
		case strings.HasSuffix(name, "/"):
		default:
			w.embed(a, zf, false)
		}
	}
	if locked {
		w.unreadable(a.f.where, Encrypted, "archive with a password")
	}
}

// zipLocked are the general purpose flags of a file that needs a password (APPNOTE 4.4.4): bit 0, also set for AES, and
// bit 13, whose names are masked too.
const zipLocked = 1 | 1<<13

// zipName is the name of a file in valid UTF-8; old programs write it in a code page.
func zipName(zf *zip.File) string {
	return lenient([]byte(zf.Name))
}

// unicodeName is the name in UTF-8 that the extra field of a file has beside the one in a code page, APPNOTE 4.6.9; "" if it has
// none.
func unicodeName(extra string) string {
	const id, head, fixed, version = 0x7075, 4, 5, 1
	for len(extra) >= head {
		size := int(binary.LittleEndian.Uint16([]byte(extra[2:])))
		size = min(size, len(extra)-head)
		if binary.LittleEndian.Uint16([]byte(extra)) == id && size > fixed && extra[head] == version {
			return lenient([]byte(extra[head+fixed : head+size]))
		}
		extra = extra[head+size:]
	}
	return ""
}

// otherName gives out the second name of a file. One with another ending makes another file of it, to programs that go by it.
func (w *walker) otherName(f *leaf, zf *zip.File) {
	second := unicodeName(string(zf.Extra))
	if second == "" || second == zipName(zf) {
		return
	}
	w.entryName(f, second)
	if extension(second) != extension(zipName(zf)) {
		w.unreadable(f.where, Ambiguous, twoNames)
	}
}

const twoNames = "two names of one file in the archive"

// unpack starts to read a file of the archive under the limits for unpacking. It returns nil, after a report, if that
// cannot be.
func (w *walker) unpack(a *archive, zf *zip.File) (*unpacker, io.Closer) {
	if zf.Flags&zipLocked != 0 {
		w.unreadable(a.f.where, Encrypted, "file with a password")
		return nil, nil
	}
	rc, err := zf.Open()
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		w.unreadable(a.f.where, Unsupported, "cannot read this kind of compression")
		return nil, nil
	case err != nil:
		w.unreadable(a.f.where, Corrupt, "damaged zip file")
		return nil, nil
	}
	return &unpacker{w: w, where: a.f.where, r: rc, ratio: &ratio{packed: int64(zf.CompressedSize64)}}, rc //nolint:gosec // a lie here is a ratio that is judged, not a length that is read
}

// readAll unpacks a whole file of at most limit bytes.
func (w *walker) readAll(a *archive, zf *zip.File, limit int64) []byte {
	u, closer := w.unpack(a, zf)
	if u == nil {
		return nil
	}
	defer closer.Close()
	return w.rest(u, nil, limit)
}

// embed reads a file that lies in a zip file: a document, a message, text, another archive. quiet says that pictures are
// no finding. It says whether the file shows a picture and nothing else.
func (w *walker) embed(a *archive, zf *zip.File, quiet bool) (picture bool) {
	u, closer := w.unpack(a, zf)
	if u == nil {
		return false
	}
	defer closer.Close()
	return w.file(a.f, zipName(zf), u, quiet)
}
