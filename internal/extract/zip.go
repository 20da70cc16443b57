package extract

import (
	"archive/zip"
	"errors"
	"io"
	"path"
	"strings"
)

// archive is an opened zip file.
type archive struct {
	f     *leaf
	files []*zip.File
	byLow map[string]*zip.File // by lower-case name: office programs do not tell case apart
	types contentTypes
}

// zipped opens a zip file held in memory: a document is read, the names of any other
// archive are given out.
func (w *walker) zipped(l *lines, f *leaf) {
	if w.plain {
		w.abandon(l)
		return
	}
	sp := &spool{max: w.lim.Spool}
	w.size(f, w.each(l, f, sp.write))
	w.damaged(f)
	if sp.over {
		w.unreadable(f.where, TooLarge, "attachment larger than the limit")
		return
	}
	w.openZip(f, sp, sp.n)
}

// openZip reads a zip file of size n.
func (w *walker) openZip(f *leaf, r io.ReaderAt, n int64) {
	zr, err := zip.NewReader(r, n)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		w.unreadable(f.where, Corrupt, "damaged zip file")
		return
	}
	a := w.index(f, zr.File)
	switch {
	case a.has("[content_types].xml"):
		w.ooxml(a)
	case a.has("content.xml") && (a.has("mimetype") || a.has("meta-inf/manifest.xml")):
		w.odf(a)
	default:
		w.listZip(a)
	}
}

// index lists the files of an archive, up to the limit.
func (w *walker) index(f *leaf, files []*zip.File) *archive {
	a := &archive{f: f, byLow: make(map[string]*zip.File, min(len(files), w.lim.Files))}
	for _, zf := range files {
		if w.files++; w.files > w.lim.Files {
			w.unreadable(f.where, TooMany, "more files than the limit")
			break
		}
		low := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(zf.Name, `\`, "/"), "/"))
		if _, twice := a.byLow[low]; twice {
			w.unreadable(f.where, Ambiguous, "two files of one name in the archive")
		}
		a.byLow[low] = zf
		a.files = append(a.files, zf)
	}
	return a
}

func (a *archive) has(low string) bool { return a.byLow[low] != nil }

// listZip gives out the names of an archive that is not opened here.
func (w *walker) listZip(a *archive) {
	locked := false
	for _, zf := range a.files {
		locked = locked || zf.Flags&1 != 0
		if name := zipName(zf); name != "" {
			w.segment(a.f.where+"!"+safeName(name), AttachmentName, a.f.att, name)
		}
	}
	if locked {
		w.unreadable(a.f.where, Encrypted, "archive with a password")
		return
	}
	w.unreadable(a.f.where, Unsupported, "cannot read application/zip")
}

// zipName is the name of a file in valid UTF-8; old programs write it in a code page.
func zipName(zf *zip.File) string {
	return lenient([]byte(zf.Name))
}

// errLimit ends the reading of a file; the reason was reported.
var errLimit = errors.New("limit reached")

// open starts to read a file of the archive under the limits for unpacking. It returns
// nil, after a report, if that cannot be.
func (w *walker) open(a *archive, zf *zip.File) *unpacker {
	if zf.Flags&1 != 0 {
		w.unreadable(a.f.where, Encrypted, "file with a password")
		return nil
	}
	rc, err := zf.Open()
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		w.unreadable(a.f.where, Unsupported, "cannot read this kind of compression")
		return nil
	case err != nil:
		w.unreadable(a.f.where, Corrupt, "damaged zip file")
		return nil
	}
	return &unpacker{w: w, where: a.f.where, rc: rc, packed: int64(zf.CompressedSize64)} //nolint:gosec // a lie here is a ratio that is judged, not a length that is read
}

// unpacker reads one file of an archive and counts what comes out, whatever the archive
// says of its size.
type unpacker struct {
	w      *walker
	where  string
	rc     io.ReadCloser
	packed int64
	n      int64
	ticks  int
}

// freeRatio is what a file may unpack to before its ratio counts.
const freeRatio = 1 << 20

func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.rc.Read(p)
	u.n += int64(n)
	u.w.unpacked -= int64(n)
	u.ticks++
	switch {
	case u.n > freeRatio && u.n > u.packed*int64(u.w.lim.Ratio):
		u.w.unreadable(u.where, Ratio, "unpacks to more than the limit allows for its size")
		return 0, errLimit
	case u.w.unpacked < 0:
		u.w.unreadable(u.where, TooLarge, "unpacks to more than the limit")
		return 0, errLimit
	case u.ticks%16 == 0 && u.w.expired():
		return 0, errLimit
	}
	return n, err
}

func (u *unpacker) Close() error { return u.rc.Close() }

// readAll unpacks a whole file of at most limit bytes.
func (w *walker) readAll(a *archive, zf *zip.File, limit int64) []byte {
	u := w.open(a, zf)
	if u == nil {
		return nil
	}
	defer u.Close()
	return w.rest(u, nil, limit)
}

// embed reads a file that lies inside a document: another document, a message, text.
func (w *walker) embed(a *archive, zf *zip.File) {
	name := zipName(zf)
	f := &leaf{
		part: &part{name: path.Base(name)}, s: a.f.s, dec: plainDecoder{},
		ext: extension(name), where: a.f.where + "!" + safeName(name), att: a.f.att, kind: AttachmentText,
	}
	if a.f.s.nest+1 > w.lim.Depth {
		w.unreadable(f.where, TooDeep, "files nested deeper than the limit")
		return
	}
	u := w.open(a, zf)
	if u == nil {
		return
	}
	defer u.Close()
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(u, head)
	f.head = head[:n]
	f.found = sniff(f.head, "", f.ext)
	if f.found.class == asMedia {
		return // pictures in documents are no finding of their own
	}
	inner := *a.f.s
	inner.nest++
	f.s = &inner
	w.embedded(f, append(f.head, w.rest(u, err, w.lim.Spool)...))
}

// rest reads what is left of a file, unless err says that there is nothing.
func (w *walker) rest(u *unpacker, err error, limit int64) []byte {
	var b []byte
	if err == nil {
		b, err = io.ReadAll(io.LimitReader(u, limit+1))
	}
	switch {
	case err != nil && !errors.Is(err, errLimit) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		w.unreadable(u.where, Corrupt, "damaged zip file")
	case int64(len(b)) > limit:
		w.unreadable(u.where, TooLarge, "embedded file larger than the limit")
		b = b[:limit]
	}
	return b
}

func (w *walker) embedded(f *leaf, b []byte) {
	switch f.found.class {
	case asText, asHTML, asXML, asJSON, asCalendar, asTable:
		w.giveText(f, b[:min(int64(len(b)), w.lim.Text)])
	case asMessage:
		w.inner(b, f)
	case asZip:
		w.openZip(f, readerAt(b), int64(len(b)))
	case asOLE:
		w.oldDocument(f, b)
	default:
		if len(b) > 0 {
			w.unreadable(f.where, Unsupported, "cannot read "+f.found.mime)
		}
	}
}

// readerAt reads from a slice.
type readerAt []byte

// ReadAt implements [io.ReaderAt].
func (b readerAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
