package extract

import (
	"encoding/binary"
	"io"
)

// rarService is a block of a RAR archive that holds neither a file nor the archive's own settings, but something beside them.
type rarService struct {
	name           string
	size           int64 // of its data, which the block ends with
	packed, locked bool
	wide           bool // text in UTF-16
}

const (
	rarComment     = "CMT"
	packedComment  = "cannot read the comment of the archive"
	maxRARHead     = 512
	rarStored      = 0x30 // RAR 4
	rarMethodMask  = 7    // RAR 5
	rarMethodShift = 7
)

// rarAside gives out the comment of an archive, which WinRAR shows to who opens it.
func (w *walker) rarAside(f *leaf, r io.ReaderAt, five bool, at, end int64) {
	b := make([]byte, min(end-at, maxRARHead))
	n, _ := r.ReadAt(b, at) // a short read is the end
	s, old := rar4Service(b[:n])
	if five {
		s, old = rar5Service(b[:n]), false
	}
	switch {
	case old:
		w.unreadable(f.where, Unsupported, packedComment)
	case s.name != rarComment:
	case s.locked:
		w.unreadable(f.where, Encrypted, "archive with a password")
	case s.packed || s.size > end-at || s.size > w.lim.Text:
		w.unreadable(f.where, Unsupported, packedComment)
	default:
		text := make([]byte, s.size)
		n, _ := r.ReadAt(text, end-s.size)
		if text = text[:n]; s.wide {
			text = []byte(utf16le(text))
		}
		w.segment(f.where, Hidden, f.att, lenient(text))
	}
}

// rar4Service reads the head of a block as [rar4Block] does. old says that it is the head of an archive with a comment inside, as
// RAR 2 packed them.
func rar4Service(b []byte) (s rarService, old bool) {
	const (
		archive, service, headLen = 0x73, 0x7a, 32
		hasComment                = 0x02 // in the head of an archive
		locked, large             = 0x04, 0x100
		inUTF16                   = 1
	)
	if len(b) < headLen || b[2] != service {
		return s, len(b) > 4 && b[2] == archive && b[3]&hasComment != 0
	}
	flags := binary.LittleEndian.Uint16(b[3:])
	s.size = int64(binary.LittleEndian.Uint32(b[7:]))
	s.packed, s.locked = b[25] != rarStored, flags&locked != 0
	s.wide = binary.LittleEndian.Uint32(b[28:])&inUTF16 != 0
	at, n := headLen, int(binary.LittleEndian.Uint16(b[26:]))
	if flags&large != 0 {
		at += 8
	}
	if at+n <= len(b) {
		s.name = string(b[at : at+n])
	}
	return s, false
}

// rar5Service reads the head of a block as [rar5Block] does: kind, flags, sizes, then what the head of a file has.
func rar5Service(b []byte) (s rarService) {
	const (
		service           = 3
		hasExtra, hasData = 1, 2
		hasTime, hasSum   = 2, 4
		lock              = 1 // in what is extra
	)
	i := min(4, len(b))
	number := func() uint64 {
		v, used := binary.Uvarint(b[i:])
		if used <= 0 {
			i = len(b)
			return 0
		}
		i += used
		return v
	}
	skip := func(n int) { i = min(i+n, len(b)) }
	number() // the size of the head
	if number() != service {
		return s
	}
	flags, extra := number(), uint64(0)
	if flags&hasExtra != 0 {
		extra = number()
	}
	if flags&hasData != 0 {
		s.size = int64(number() & (1<<60 - 1))
	}
	what := number()
	number() // unpacked
	number() // attributes
	if what&hasTime != 0 {
		skip(4)
	}
	if what&hasSum != 0 {
		skip(4)
	}
	s.packed = number()>>rarMethodShift&rarMethodMask != 0
	number() // system
	n := number()
	if n > maxRARHead || int(n) > len(b)-i {
		return s
	}
	s.name = string(b[i : i+int(n)])
	skip(int(n))
	if extra > 0 {
		number()
		s.locked = number() == lock
	}
	return s
}
