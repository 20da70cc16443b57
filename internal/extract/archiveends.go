package extract

import (
	"encoding/binary"
	"io"
)

// behindEnd reads what stands behind the place where an archive says that it ends.
func (w *walker) behindEnd(f *leaf, r io.ReaderAt, end, n int64) {
	if end > 0 && end < n {
		w.leftover(f, r, end, n)
	}
}

// sevenZipEnd is where the list of a 7z archive ends, which stands behind all else (7zFormat.txt, "SignatureHeader"); 0 if that
// cannot be.
func sevenZipEnd(r io.ReaderAt) int64 {
	const size = 32
	var h [size]byte
	if _, err := r.ReadAt(h[:], 0); err != nil {
		return 0
	}
	at, length := binary.LittleEndian.Uint64(h[12:]), binary.LittleEndian.Uint64(h[20:])
	if at > 1<<62 || length > 1<<62-at {
		return 0
	}
	return size + int64(at+length) //nolint:gosec // bounded
}

// maxRARBlocks bounds the walk over a RAR archive.
const maxRARBlocks = 1 << 16

// rarEnd is where the block of a RAR archive ends that ends it; 0 if the walk does not come there: old archives have none, and
// what is behind encrypted heads cannot be known. It hands each block to visit.
func rarEnd(r io.ReaderAt, n int64, visit func(five bool, at, end int64)) int64 {
	at, next := int64(7), rar4Block
	var sig [8]byte
	k, _ := r.ReadAt(sig[:], 0) // a short read is the end
	five := k == len(sig) && sig[6] == 1
	if five {
		at, next = 8, rar5Block
	}
	for range maxRARBlocks {
		size, last := next(r, at)
		if size <= 0 || size > n-at {
			return 0
		}
		visit(five, at, at+size)
		if at += size; last {
			return at
		}
	}
	return 0
}

// rar4Block reads the size of a block up to RAR 4, its data included, and whether it is the last: a checksum, a kind, flags, the
// size of the head, and with a flag or in the block of a file that of the data.
func rar4Block(r io.ReaderAt, at int64) (size int64, last bool) {
	const (
		archive, file, service, end = 0x73, 0x74, 0x7a, 0x7b
		lockedHeads, large, more    = 0x80, 0x100, 0x8000
	)
	var b [36]byte
	k, _ := r.ReadAt(b[:], at) // a short read is the end
	if k < 7 {
		return 0, false
	}
	kind, flags := b[2], binary.LittleEndian.Uint16(b[3:])
	size = int64(binary.LittleEndian.Uint16(b[5:]))
	if size < 7 || kind == archive && flags&lockedHeads != 0 {
		return 0, false
	}
	if flags&more != 0 || kind == file || kind == service {
		size += int64(binary.LittleEndian.Uint32(b[7:]))
		if flags&large != 0 && (kind == file || kind == service) {
			size += int64(binary.LittleEndian.Uint32(b[32:])&0x7fffffff) << 32
		}
	}
	return size, kind == end
}

// rar5Block is rar4Block for RAR 5: a checksum, then numbers of seven bits a byte: the size of the head, its kind, flags, the
// size of what is extra in it, that of the data.
func rar5Block(r io.ReaderAt, at int64) (size int64, last bool) {
	const (
		locked, end      = 4, 5
		hasExtra, hasTwo = 1, 2
		checksum         = 4
	)
	var b [checksum + 5*binary.MaxVarintLen64]byte
	k, _ := r.ReadAt(b[:], at) // a short read is the end
	i := checksum
	number := func() uint64 {
		if i >= k {
			i = k + 1
			return 0
		}
		v, used := binary.Uvarint(b[i:k])
		if used <= 0 {
			used = k + 1
		}
		i += used
		return v
	}
	head := number()
	begin := uint64(i)
	kind, flags := number(), number()
	if flags&hasExtra != 0 {
		number()
	}
	data := uint64(0)
	if flags&hasTwo != 0 {
		data = number()
	}
	if i > k || kind == locked || head > 1<<32 || data > 1<<60 {
		return 0, false
	}
	return int64(begin + head + data), kind == end
}
