package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"strconv"
)

// artPicture is a picture of a drawing in an old document (MS-ODRAW 2.2.23): a bitmap as it is, or a packed picture of calls.
type artPicture struct {
	data   []byte
	packed bool
	alien  bool // of a kind that only the Macintosh had
}

// Kinds of pictures by the type of their record, with the instance that goes with it; one more says that there is a second
// identifier (MS-ODRAW 2.2.24 to 2.2.31).
const (
	artEMF   = 0xf01a
	artWMF   = 0xf01b
	artPICT  = 0xf01c
	artJPEG  = 0xf01d
	artPNG   = 0xf01e
	artDIB   = 0xf01f
	artTIFF  = 0xf029
	artJPEG2 = 0xf02a
)

func artInstance(kind, instance uint16) bool {
	switch instance &^ 1 {
	case 0x3d4:
		return kind == artEMF
	case 0x216:
		return kind == artWMF
	case 0x542:
		return kind == artPICT
	case 0x46a, 0x6e2:
		return kind == artJPEG || kind == artJPEG2
	case 0x6e0:
		return kind == artPNG
	case 0x7a8:
		return kind == artDIB
	case 0x6e4:
		return kind == artTIFF
	}
	return false
}

// artPictures finds the pictures in a stream, wherever their records stand: where to look is told in other streams, and differs from
// program to program.
func artPictures(b []byte) []artPicture {
	const head, identifier, calls, mark = 8, 16, 34, 1
	var out []artPicture
	for len(b) > head && len(out) < maxEntries {
		i := bytes.IndexByte(b[3:], 0xf0)
		if i < 0 || len(b)-i < head {
			break
		}
		b = b[i:]
		instance, kind, size := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), int64(binary.LittleEndian.Uint32(b[4:]))
		if instance&0xf != 0 || !artInstance(kind, instance>>4) || size > int64(len(b)-head) {
			b = b[1:]
			continue
		}
		body := b[head : head+size]
		b = b[head+size:]
		body = body[min(len(body), identifier<<(instance>>4&1)):]
		switch kind {
		case artEMF, artWMF, artPICT:
			if len(body) > calls {
				out = append(out, artPicture{data: body[calls:], packed: body[calls-2] == 0, alien: kind == artPICT})
			}
		case artDIB:
			out = append(out, artPicture{data: bitmapFile(body[min(len(body), mark):])})
		default:
			out = append(out, artPicture{data: body[min(len(body), mark):]})
		}
	}
	return out
}

// bitmapFile puts before a bitmap the head that a file of one has.
func bitmapFile(b []byte) []byte {
	const own, least = 14, 40
	if len(b) < least {
		return b
	}
	bits, colors := binary.LittleEndian.Uint16(b[14:]), binary.LittleEndian.Uint32(b[32:])
	if colors == 0 && bits <= 8 {
		colors = 1 << bits
	}
	out := binary.LittleEndian.AppendUint32([]byte("BM"), uint32(own+len(b))) //nolint:gosec // it is in memory
	out = append(out, 0, 0, 0, 0)
	out = binary.LittleEndian.AppendUint32(out, own+binary.LittleEndian.Uint32(b)+4*min(colors, 256))
	return append(out, b...)
}

// artwork reads the pictures of a document as those of newer documents are.
func (w *walker) artwork(o *oleFile) {
	if len(o.art) == 0 {
		return
	}
	o.shows.first = len(w.out.Pictures)
	for _, b := range o.art {
		w.drawings(o, b)
	}
	w.onlyPictures(o.f, &o.shows)
}

// drawings reads the pictures in one stream.
func (w *walker) drawings(o *oleFile, b []byte) {
	for _, p := range artPictures(b) {
		if !w.entry(o.f) {
			return
		}
		if p.alien {
			w.unreadable(o.f.where, Unsupported, "cannot read a picture of the Macintosh")
			continue
		}
		r := io.Reader(bytes.NewReader(p.data))
		if p.packed {
			z, err := zlib.NewReader(r)
			if err != nil {
				continue // nobody can show it
			}
			r = z
		}
		o.shows.art++
		u := &unpacker{w: w, where: o.f.where, r: r, ratio: &ratio{packed: int64(len(p.data))}}
		o.shows.file("", "", "", w.file(o.f, "picture"+strconv.Itoa(o.shows.art), u, true))
	}
}
