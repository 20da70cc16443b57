package extract

import (
	"encoding/binary"
	"io"
)

// A Mac keeps two things under one name: what the file holds, and what the system says of it, icons and flags mostly. Mail and
// archives carry the second as a file of its own that bears the name of the first (AppleDouble), or both in one (AppleSingle);
// RFC 1740 4 has the format.

// Entries of such a file (RFC 1740, appendix A). The others hold dates, flags and icons.
const (
	appleData    = 1 // the file itself
	appleName    = 3
	appleComment = 4
)

const (
	appleHead    = 26 // bytes before the list of entries
	appleEntry   = 12
	maxApple     = 100 // entries; fifteen kinds are known
	damagedApple = "damaged file of a Mac"
	unclearApple = "file of a Mac that holds two files"
)

// apple says whether a part is declared as a file of a Mac and is one. Its name is that of the file that it belongs to.
func (f *leaf) apple() bool {
	return f.found.class == asApple && f.media.Type == "application/applefile"
}

// openApple reads the file in a file of a Mac under the name that it has. What else is there is passed over, as pictures are.
func (w *walker) openApple(f *leaf, r io.ReaderAt, n int64) {
	head := make([]byte, appleHead)
	if k, _ := r.ReadAt(head, 0); k < appleHead {
		w.unreadable(f.where, Corrupt, damagedApple)
		return
	}
	entries := int64(binary.BigEndian.Uint16(head[appleHead-2:]))
	if entries > maxApple || appleHead+entries*appleEntry > n {
		w.unreadable(f.where, Corrupt, damagedApple)
		return
	}
	var x intruder
	var file []byte
	data, more, left := false, false, n
	for i := range entries {
		var e [appleEntry]byte
		_, _ = r.ReadAt(e[:], appleHead+i*appleEntry) // it was measured
		id, at, size := binary.BigEndian.Uint32(e[:]), int64(binary.BigEndian.Uint32(e[4:])), int64(binary.BigEndian.Uint32(e[8:]))
		if at > n || size > n-at {
			w.unreadable(f.where, Corrupt, damagedApple)
			size = max(0, n-at)
		}
		if left -= size; left < 0 { // no two entries share what they hold
			w.unreadable(f.where, Corrupt, damagedApple)
			break
		}
		if size == 0 {
			continue
		}
		in := io.NewSectionReader(r, at, size)
		switch {
		case id == appleData && data:
			w.unreadable(f.where, Ambiguous, unclearApple)
		case id == appleData:
			data = true
			file, _ = io.ReadAll(in)
		case id == appleName:
			w.segment(f.where, AttachmentName, f.att, appleText(in))
		case id == appleComment:
			w.segment(f.where, Hidden, f.att, appleText(in))
		default:
			more = true
			_, _ = io.Copy(&x, in)
		}
	}
	if more {
		w.say(Unreadable{f.where, UnknownType, "nothing to read in " + f.found.mime})
	}
	w.intrude(f, &x)
	if len(file) > 0 {
		w.appleFile(f, file)
	}
}

// appleText reads a name or a comment, of which no more than a little is shown.
func appleText(r io.Reader) string {
	b, _ := io.ReadAll(io.LimitReader(r, 64<<10))
	return lenient(b)
}

// appleFile reads the file that lies in a file of a Mac, which has its name.
func (w *walker) appleFile(f *leaf, b []byte) {
	name := f.name
	if name == "" {
		name = "file"
	}
	in := w.inside(f, name)
	if in.s.nest > w.lim.Depth {
		w.unreadable(in.where, TooDeep, "files nested deeper than the limit")
		return
	}
	in.head = b[:min(len(b), sniffLen)]
	in.found = sniff(in.head, "", in.ext)
	w.mismatch(in)
	w.embedded(in, b)
}
