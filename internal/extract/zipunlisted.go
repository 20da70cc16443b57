package extract

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"encoding/binary"
	"io"
	"strings"
)

const unlistedFile = "file in the archive that is not in its list"

// unlisted reads a file of an archive that is not in its list, as programs do that read an archive from its start or mend one.
// It returns how long the file is with what stands before and behind its content; 0 if there is none at that place.
func (w *walker) unlisted(f *leaf, z *zipRecords, at int64) int64 {
	zf, data := z.local(at)
	if zf == nil || len(z.byData[data]) > 0 || !w.entry(f) {
		return 0
	}
	if !z.told {
		w.unreadable(f.where, Ambiguous, unlistedFile)
		z.told = true
	}
	w.entryName(f, zipName(zf))
	end := data + int64(zf.CompressedSize64) //nolint:gosec // what is not within the file is corrected
	if end < data || end > z.n || zf.CompressedSize64 == 0 && zf.Flags&zipSumsBehind != 0 {
		end = z.next(data - 1)
		if i := end - 16; i >= data && z.at(i, 4) == zipAfterFile {
			end = i
		}
		zf.CompressedSize64, zf.UncompressedSize64 = uint64(end-data), uint64(end-data) //nolint:gosec // not negative
	}
	switch {
	case zf.Flags&zipLocked != 0:
		w.unreadable(f.where, Encrypted, "archive with a password")
	case strings.HasSuffix(zf.Name, "/"):
	case zf.Method == zip.Store:
		w.file(f, zipName(zf), &unpacker{w: w, where: f.where, r: io.NewSectionReader(z.r, data, end-data), ratio: &ratio{packed: end - data}}, false)
	case zf.Method == zip.Deflate:
		end = data + w.inflated(f, z, zf, data)
	default:
		w.unreadable(f.where, Unsupported, "cannot read this kind of compression")
	}
	return end + z.sums(end, zf) - at
}

// inflated reads an unlisted file, which ends where its content says so whatever its head says. It returns how long the packed
// content is, and says in zf how much there is of it.
func (w *walker) inflated(f *leaf, z *zipRecords, zf *zip.File, data int64) int64 {
	in := &counted{r: bufio.NewReader(io.NewSectionReader(z.r, data, z.n-data))}
	u := &unpacker{w: w, where: f.where, r: flate.NewReader(in), ratio: &in.ratio}
	w.file(f, zipName(zf), u, false)
	if u.err == nil {
		w.pass(u, nil)
	}
	zf.CompressedSize64, zf.UncompressedSize64 = uint64(in.ratio.packed), uint64(in.ratio.out) //nolint:gosec // counted
	return in.ratio.packed
}

// counted counts what is read, as what is packed. It is read byte by byte, so that nothing is read in advance.
type counted struct {
	r     *bufio.Reader
	ratio ratio
}

// Read implements [io.Reader].
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.ratio.packed += int64(n)
	return n, err
}

// ReadByte implements [io.ByteReader].
func (c *counted) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.ratio.packed++
	}
	return b, err
}

// zipSumsBehind is the flag of a file whose sizes stand behind it (APPNOTE 4.4.4, bit 3).
const zipSumsBehind = 8

// local reads the head of a file (APPNOTE 4.3.7) and says where its content begins; nil if it is none.
func (z *zipRecords) local(at int64) (zf *zip.File, data int64) {
	const size, newest, methods = 30, 63, 99
	h := []byte(z.at(at, size))
	if len(h) < size || string(h[:4]) != zipFile || h[4] > newest {
		return nil, 0
	}
	short := func(i int) uint16 { return binary.LittleEndian.Uint16(h[i:]) }
	long := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(h[i:])) }
	data = at + size + int64(short(26)) + int64(short(28))
	if data > z.n || short(8) > methods {
		return nil, 0
	}
	return &zip.File{FileHeader: zip.FileHeader{
		Name: z.at(at+size, int(short(26))), Flags: short(6), Method: short(8), CompressedSize64: long(18), UncompressedSize64: long(22),
	}}, data
}
