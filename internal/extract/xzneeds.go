package extract

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// xzNeeds is the most memory that any block of an xz file asks for as its dictionary, and where the last whole stream of it ends,
// 0 without one. The file is walked from block to block
// without unpacking: the reader of xz takes what each block asks for as soon as it meets it, in later streams too. Where the
// walk cannot go on, the file is damaged, and the reader stops there as well.
func xzNeeds(r io.Reader) (most, end int64) {
	x := xzWalk{r: bufio.NewReader(r)}
	for x.stream() == nil {
		end = x.at
	}
	return x.most, end
}

// xzMagic begins a stream (2.1.1.1).
const xzMagic = "\xFD7zXZ\x00"

// xzBehind says whether something else than a stream, be it one that is damaged, stands behind a stream. Zeros may stand between
// them.
func xzBehind(r io.ReaderAt, end int64) bool {
	b := make([]byte, 4<<10)
	for at := end; end > 0; {
		n, _ := r.ReadAt(b, at) // a short read is the end
		if rest := bytes.TrimLeft(b[:n], "\x00"); len(rest) > 0 || n == 0 {
			at += int64(n - len(rest))
			n, _ = r.ReadAt(b[:len(xzMagic)], at)
			return n > 0 && !strings.HasPrefix(xzMagic, string(b[:n]))
		}
		at += int64(n)
	}
	return false
}

type xzWalk struct {
	r    *bufio.Reader
	at   int64
	most int64
}

var errXz = errors.New("not followed")

// take reads n bytes; they are valid until the next call.
func (x *xzWalk) take(n int) ([]byte, error) {
	b, err := x.r.Peek(n)
	if err != nil {
		return nil, err
	}
	return b, x.pass(n)
}

// pass passes over n bytes.
func (x *xzWalk) pass(n int) error {
	k, err := x.r.Discard(n)
	x.at += int64(k)
	return err
}

// stream walks one stream with the padding before it (xz file format 1.2.1, 2.1, 2.2).
func (x *xzWalk) stream() error {
	b, err := x.r.Peek(4)
	for err == nil && string(b) == "\x00\x00\x00\x00" {
		if err = x.pass(4); err == nil {
			b, err = x.r.Peek(4)
		}
	}
	if err != nil {
		return err
	}
	const head = 12
	if b, err = x.take(head); err != nil {
		return err
	}
	if string(b[:6]) != xzMagic {
		return errXz
	}
	check := [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[b[7]&15]
	for {
		if b, err = x.r.Peek(1); err != nil {
			return err
		}
		if b[0] == 0 {
			return x.index()
		}
		if err = x.block(4*(int(b[0])+1), check); err != nil {
			return err
		}
	}
}

// block walks a block whose header has that many bytes (3.1 to 3.4).
func (x *xzWalk) block(head, check int) error {
	b, err := x.take(head)
	if err != nil {
		return err
	}
	x.most = max(x.most, xzDictionary(b))
	size := 0
	for {
		n, err := x.chunk()
		if err != nil {
			return err
		}
		if size += n; n == 1 {
			break
		}
		size &= 3 // only the padding is computed of it
	}
	return x.pass((4-size&3)&3 + check)
}

// chunk passes over a chunk of LZMA2 and returns its length; 1 is the last.
func (x *xzWalk) chunk() (int, error) {
	b, err := x.take(1)
	if err != nil {
		return 0, err
	}
	head, at := 2, 0 // of a chunk that is not compressed
	switch control := b[0]; {
	case control == 0:
		return 1, nil
	case control <= 2:
	case control < 0x80:
		return 0, errXz
	case control < 0xc0:
		head, at = 4, 2
	default:
		head, at = 5, 2
	}
	if b, err = x.take(head); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(b[at:])) + 1
	return 1 + head + n, x.pass(n)
}

// index walks the index and the footer (4, 2.1.2).
func (x *xzWalk) index() error {
	size := 1
	number := func() (uint64, error) {
		v := uint64(0)
		for shift := 0; shift < 64; shift += 7 {
			b, err := x.take(1)
			if err != nil {
				return 0, err
			}
			size++
			if v |= uint64(b[0]&0x7f) << shift; b[0] < 0x80 {
				return v, nil
			}
		}
		return 0, errXz
	}
	if _, err := x.take(1); err != nil {
		return err
	}
	records, err := number()
	for range records {
		if err != nil {
			return err
		}
		if _, err = number(); err == nil {
			_, err = number()
		}
	}
	if err != nil {
		return err
	}
	const crc, footer = 4, 12
	return x.pass((4-size&3)&3 + crc + footer)
}

// xzDictionary is the memory that the header of a block asks for (xz file format 3.1, 5.3.1), 0 if that is not to be found.
func xzDictionary(b []byte) int64 {
	flags, b := b[1], b[2:]
	skip := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[max(0, min(n, len(b))):]
		return v
	}
	for _, has := range []byte{0x40, 0x80} { // sizes
		if flags&has != 0 {
			skip()
		}
	}
	for range flags&3 + 1 {
		id, n := skip(), skip()
		if n > uint64(len(b)) {
			return 0
		}
		if id == 0x21 && n == 1 { // LZMA2
			d := b[0] & 0x3f
			return int64(2|d&1) << (d/2 + 11)
		}
		b = b[n:]
	}
	return 0
}
