package extract

import (
	"crypto/sha256"
	"errors"
	"io"
	"path"
	"strings"
)

// opens says whether content of the class is opened: held in memory and read in a process that may die.
func (c class) opens() bool {
	switch c {
	case asZip, asOLE, asRTF, asPDF, asTNEF, asSevenZip, asRAR, asPacked, asTar, asApple:
		return true
	}
	return false
}

// held reads the rest of the part into memory, to be opened.
func (w *walker) held(l *lines, f *leaf) {
	if sp := w.spooled(l, f); sp != nil {
		w.open(f, sp, sp.n)
	}
}

// spooled holds the rest of the part; nil if another process is to read it, or if it is too large.
func (w *walker) spooled(l *lines, f *leaf) *spool {
	if w.plain {
		w.abandon(l)
		return nil
	}
	sp := &spool{max: w.lim.Spool}
	w.size(f, w.each(l, f, sp.write))
	w.damaged(f)
	if sp.over {
		w.unreadable(f.where, TooLarge, "attachment larger than the limit")
		return nil
	}
	if w.opened == nil {
		w.opened = map[[sha256.Size]byte]bool{}
	}
	w.opened[sp.sum()] = true
	return sp
}

// open reads content of n bytes that can be read at any place. The readers of others' formats are others' code in part, and
// the bytes are hostile: what makes one of them panic is damaged, and takes nothing else with it.
func (w *walker) open(f *leaf, r io.ReaderAt, n int64) {
	defer func() {
		if recover() != nil {
			if w.gaveUp != nil {
				w.gaveUp()
			}
			w.unreadable(f.where, Corrupt, "the reader gave up")
		}
	}()
	switch f.found.class {
	case asZip:
		w.openZip(f, r, n)
	case asOLE:
		w.openOLE(f, r, n)
	case asRTF:
		w.openRTF(f, r, n)
	case asPDF:
		w.onePDF(f, r, n)
	case asTNEF:
		w.openTNEF(f, r, n)
	case asSevenZip:
		w.openSevenZip(f, r, n)
	case asRAR:
		w.openRAR(f, r, n)
	case asPacked:
		w.openPacked(f, r, n)
	case asTar:
		w.openTar(f, r, n)
	case asApple:
		w.openApple(f, r, n)
	default:
		w.unreadable(f.where, Unsupported, "cannot read "+f.found.mime)
	}
}

// inside is a file that lies in another one. name is as the container has it; it is cleaned for the address.
func (w *walker) inside(f *leaf, name string) *leaf {
	s := *f.s
	s.nest++
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	return &leaf{
		part: &part{name: base}, s: &s, dec: plainDecoder{},
		ext: extension(base), where: f.where + "!" + safeName(name), att: f.att, kind: AttachmentText,
	}
}

// file reads a file that lies in the container f, unless the nesting is too deep. quiet says that pictures in it are no
// finding, as in a document. It says whether the file shows a picture and nothing else.
func (w *walker) file(f *leaf, name string, u *unpacker, quiet bool) (picture bool) {
	return w.fileAs(f, name, "", u, quiet)
}

// fileAs is file for one whose type the container says.
func (w *walker) fileAs(f *leaf, name, declared string, u *unpacker, quiet bool) (picture bool) {
	in := w.inside(f, name)
	if in.s.nest > w.lim.Depth {
		w.unreadable(in.where, TooDeep, "files nested deeper than the limit")
		return false
	}
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(u, head)
	in.head = head[:n]
	in.found = sniff(in.head, declared, in.ext)
	if format := w.pictured(in); format != "" {
		w.fileOfPicture(in, format, u, err, quiet)
		return true
	}
	if in.found.drawn() {
		b := append(in.head, w.rest(u, err, w.lim.Spool)...)
		w.metafile(in, b)
		if !quiet {
			w.sayDrawn(in, b)
		}
		return true
	}
	if in.found.class == asMedia && quiet {
		return in.found.picture()
	}
	switch c := in.found.class; {
	case c <= asMailbox && chunkClass(declared) != 0 && chunkClass(declared) != c:
		w.chunk(in, chunkClass(declared), append(in.head, w.rest(u, err, w.lim.Text)...))
	case c < asZip && c != asMessage && c != asMailbox:
		w.embedded(in, append(in.head, w.rest(u, err, w.lim.Text)...))
	case c == asMessage || c == asMailbox || c == asCMS || c.opens():
		w.embedded(in, append(in.head, w.rest(u, err, w.lim.Spool)...))
	case c == asMedia:
		w.embedded(in, in.head)
		var x intruder
		_, _ = x.Write(in.head)
		w.passTo(&x, u, err)
		w.intrude(in, &x)
	default:
		w.embedded(in, in.head)
		w.pass(u, err)
	}
	return in.found.picture() || in.pictures
}

// pass unpacks what is left of a file without keeping it, so that what the limits count stays true.
func (w *walker) pass(u *unpacker, err error) { w.passTo(io.Discard, u, err) }

func (w *walker) passTo(out io.Writer, u *unpacker, err error) {
	if err == nil {
		_, err = io.Copy(out, u)
	}
	if err != nil && u.broken() {
		w.unreadable(u.where, Corrupt, "damaged archive")
	}
}

// bytesInside is file for content that is in memory already.
func (w *walker) bytesInside(f *leaf, name string, b []byte) (picture bool) {
	in := w.inside(f, name)
	if in.s.nest > w.lim.Depth {
		w.unreadable(in.where, TooDeep, "files nested deeper than the limit")
		return false
	}
	in.head = b[:min(len(b), sniffLen)]
	in.found = sniff(in.head, "", in.ext)
	w.embedded(in, b)
	return in.found.picture() || in.pictures
}

// embedded reads the content of a file that lies in another one.
func (w *walker) embedded(f *leaf, b []byte) {
	switch c := f.found.class; {
	case len(b) == 0:
	case w.pictured(f) != "":
		w.pictures(f, w.pictured(f), b, false)
	case c == asMessage || c == asMailbox:
		w.saved(f, b)
	case c < asZip:
		if int64(len(b)) > w.lim.Text {
			w.full(f.where)
			b = b[:w.lim.Text]
		}
		w.giveText(f, b)
	case f.found.drawn():
		w.metafile(f, b)
		w.sayDrawn(f, b)
	case c == asMedia:
		w.say(f.mute())
	case c == asCMS:
		w.openCMS(f, b)
	default:
		w.open(f, readerAt(b), int64(len(b)))
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

// errLimit ends the reading of a file; the reason was reported.
var errLimit = errors.New("limit reached")

// ratio compares what came out of an archive with what went in.
type ratio struct{ packed, out int64 }

// freeRatio is what may be unpacked before the ratio counts.
const freeRatio = 1 << 20

func (r *ratio) over(limit int) bool {
	return r.out > freeRatio && r.out/int64(limit) > r.packed
}

// unpacker reads one file of a container and counts what comes out, whatever the container says of its size.
type unpacker struct {
	w     *walker
	where string
	r     io.Reader
	ratio *ratio
	ticks int
	err   error // what r ended with
}

// broken says whether the file ended by damage: neither where it should nor at a limit, which was reported.
func (u *unpacker) broken() bool {
	return u.err != nil && !errors.Is(u.err, io.EOF) && !errors.Is(u.err, errLimit)
}

// Read implements [io.Reader].
func (u *unpacker) Read(p []byte) (int, error) {
	if u.w.unpacked < 0 {
		return 0, errLimit
	}
	n, err := u.r.Read(p)
	u.err = err
	u.ratio.out += int64(n)
	u.w.unpacked -= int64(n)
	u.ticks++
	switch {
	case u.ratio.over(u.w.lim.Ratio):
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

// rest reads what is left of a file of at most limit bytes, unless err says that there is nothing.
func (w *walker) rest(u *unpacker, err error, limit int64) []byte {
	var b []byte
	if err == nil {
		b, err = io.ReadAll(io.LimitReader(u, limit+1))
	}
	switch {
	case err != nil && u.broken():
		w.unreadable(u.where, Corrupt, "damaged archive")
	case int64(len(b)) > limit:
		w.unreadable(u.where, TooLarge, "file inside larger than the limit")
		b = b[:limit]
	}
	return b
}

// entry counts a file of a container and says whether it may be looked at.
func (w *walker) entry(f *leaf) bool {
	if w.files++; w.files > w.lim.Files {
		w.unreadable(f.where, TooMany, "more files than the limit")
		return false
	}
	return w.unpacked >= 0 && !w.expired()
}

// entryName gives out the name of a file in an archive: names are read even where content is locked.
func (w *walker) entryName(f *leaf, name string) {
	if name = strings.TrimSpace(name); name != "" {
		w.segment(f.where+"!"+safeName(name), AttachmentName, f.att, name)
	}
}
