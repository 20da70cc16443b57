package extract

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// behind is the wording for what an archive has beside its files, and the name under which it is read.
const (
	behindArchive = "data behind the archive"
	behindName    = "behind"
)

// leftover reports what stands in a file from one place to another, where no program that opens the file as what it is looks,
// and reads it as the file or the text that it may be.
func (w *walker) leftover(f *leaf, r io.ReaderAt, from, to int64) {
	b := make([]byte, min(to-from, w.lim.Text))
	n, _ := r.ReadAt(b, from) // a short read is the end
	b = bytes.TrimLeft(b[:n], "\x00")
	filled := bytes.TrimRight(b, "\x00")
	if len(filled) == 0 { // what fills up a block is no data
		return
	}
	w.unreadable(f.where, Ambiguous, behindArchive)
	if sniff(filled[:min(len(filled), sniffLen)], "", "").class < asZip {
		b = filled
	}
	w.bytesInside(f, behindName, b)
}

// The records of an archive (APPNOTE 4.3) begin with a signature. That of a file and of the end of the list have a size of their
// own.
const (
	zipFile      = "PK\x03\x04"
	zipListed    = "PK\x01\x02"
	zipEnd64     = "PK\x06\x06"
	zipLocator   = "PK\x06\x07"
	zipEnd       = "PK\x05\x06"
	zipAfterFile = "PK\x07\x08" // optional, before the sums of a file that was written without knowing them
)

// zipRecords goes through an archive record by record, for what stands in none of them.
type zipRecords struct {
	r      io.ReaderAt
	n      int64
	files  []*zip.File           // of the list
	byData map[int64][]*zip.File // the same, by where their content begins
	left   int                   // records of the list that may come
	names  []string              // that files have beside their names in the list
	told   bool                  // it was reported that files are not in the list
	buf    []byte

	damaged bool // no list was found, so that what is no file may be a piece of one
}

// besideFiles reads what stands between the records of an archive and behind them, files among it, and the names of files that
// the list has not.
func (w *walker) besideFiles(f *leaf, z *zipRecords) {
	if s := z.at(0, 4); s != zipFile && s != zipEnd || len(z.files) > w.lim.Files { // that many are reported
		return
	}
	z.byData = map[int64][]*zip.File{}
	for _, zf := range z.files {
		if at, err := zf.DataOffset(); err == nil {
			z.byData[at] = append(z.byData[at], zf)
		}
	}
	for at, gaps := int64(0), 0; at < z.n && gaps <= w.lim.Files && !w.expired(); {
		size, last := z.record(at)
		if size == 0 {
			size = w.unlisted(f, z, at)
		}
		at += size
		if last && at < z.n || size == 0 {
			next := z.n
			if !last {
				next = z.next(at)
			}
			if !z.damaged {
				w.leftover(f, z.r, at, next)
			}
			at = next
			gaps++
		}
	}
	if len(z.names) > 0 {
		w.unreadable(f.where, Ambiguous, twoNames)
	}
	for _, name := range z.names {
		w.entryName(f, name)
	}
}

// at returns what stands at a place, of that length; less at the end.
func (z *zipRecords) at(at int64, size int) string {
	b := make([]byte, size)
	n, _ := z.r.ReadAt(b, at) // a short read is the end
	return string(b[:n])
}

// record says how long the record at a place is, 0 if there is none, and whether it is the last.
func (z *zipRecords) record(at int64) (size int64, last bool) {
	const end64 = 56
	h := z.at(at, 46) // the longest that does not vary
	short := func(i int) int64 {
		if len(h) < i+2 {
			return 0
		}
		return int64(binary.LittleEndian.Uint16([]byte(h[i:])))
	}
	switch h[:min(len(h), 4)] {
	case zipFile:
		return z.file(at, short(26), short(28)), false
	case zipListed:
		if z.left--; z.left < 0 { // one that the list has not can be as long as it likes
			return 0, false
		}
		return 46 + short(28) + short(30) + short(32), false
	case zipEnd64:
		if short(4) != end64-12 || short(6) != 0 { // more is room for anything
			return 0, false
		}
		return end64, false
	case zipLocator:
		return 20, false
	case zipEnd:
		return 22 + short(20), true
	}
	return 0, false
}

// file is the length of a file with what stands before and behind its content; 0 if it is not in the list.
func (z *zipRecords) file(at, name, extra int64) int64 {
	const head = 30
	data := at + head + name + extra
	listed := z.byData[data]
	if len(listed) == 0 {
		return 0
	}
	local, extras := z.at(at+head, int(name)), z.at(at+head+name, int(extra))
	for _, zf := range listed {
		if zf.Flags&zipLocked != zipLocked && slashed(zf.Name) != slashed(local) { // both flags mask the name here
			z.names = append(z.names, lenient([]byte(local)))
		}
		if second := unicodeName(extras); second != "" && second != unicodeName(string(zf.Extra)) && second != zipName(zf) {
			z.names = append(z.names, second)
		}
	}
	zf := listed[0]
	size := int64(zf.CompressedSize64) //nolint:gosec // compared with the size of the file
	if size < 0 || size > z.n-data {
		return 0
	}
	return data + size + z.sums(data+size, zf) - at
}

// slashed is a name with the separators that all but some programs write (APPNOTE 4.4.17).
func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// sums is the length of the record with the checksum and the sizes behind a file, 0 if there is none (APPNOTE 4.3.9).
func (z *zipRecords) sums(at int64, zf *zip.File) int64 {
	const mark, short, long = 4, 12, 20
	b := z.at(at, mark+long)
	var size int64
	if strings.HasPrefix(b, zipAfterFile) {
		b, size = b[mark:], mark
	}
	if len(b) < short {
		return 0
	}
	wide := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, zf.CompressedSize64), zf.UncompressedSize64)
	narrow := string(wide[:4]) + string(wide[8:12])
	switch sizes := b[4:]; { // a wrong checksum is found when the file is read
	case strings.HasPrefix(sizes, string(wide)):
		return size + long
	case strings.HasPrefix(sizes, narrow):
		return size + short
	}
	return 0
}

// next is where the next record begins behind a place that has none.
func (z *zipRecords) next(at int64) int64 {
	if z.buf == nil {
		z.buf = make([]byte, 64<<10)
	}
	for at++; at < z.n; {
		n, _ := z.r.ReadAt(z.buf, at) // a short read is the end
		b := z.buf[:n]
		for i := 0; ; {
			k := bytes.Index(b[i:], []byte("PK"))
			if k < 0 {
				break
			}
			i += k
			switch string(b[i:min(i+4, n)]) {
			case zipFile, zipListed, zipEnd64, zipLocator, zipEnd:
				return at + int64(i)
			}
			i += 2
		}
		at += int64(max(1, n-3))
	}
	return z.n
}
