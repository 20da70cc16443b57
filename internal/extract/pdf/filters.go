package pdf

import (
	"bufio"
	"compress/lzw"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/hex"
	"io"
	"math"
	"strings"

	tifflzw "golang.org/x/image/tiff/lzw"
)

// maxFilters bounds what one stream is packed with.
const maxFilters = 4

// unfiltered undoes what a stream is packed with (ISO 32000-1, 7.4); false if that is not known here. A reader of what nobody can
// read is empty.
func unfiltered(d dict, r io.Reader) (io.Reader, bool) {
	filters, ok := listed(d.of["Filter"])
	params, known := listed(d.of["DecodeParms"])
	if !ok || !known || len(filters) > maxFilters {
		return nil, false
	}
	for i, f := range filters {
		var p dict
		if i < len(params) {
			if _, elsewhere := params[i].(ref); elsewhere {
				return nil, false
			}
			p, _ = params[i].(dict)
		}
		switch f {
		case name("FlateDecode"), name("Fl"):
			z, err := zlib.NewReader(r)
			if err != nil {
				return strings.NewReader(""), true // nobody reads it
			}
			r, ok = predicted(p, z)
		case name("LZWDecode"), name("LZW"):
			r, ok = predicted(p, unLZW(p, r))
		case name("RunLengthDecode"), name("RL"):
			r = &runs{r: bufio.NewReader(r)}
		case name("ASCIIHexDecode"), name("AHx"):
			r = hex.NewDecoder(&until{r: r, end: '>'})
		case name("ASCII85Decode"), name("A85"):
			r = ascii85.NewDecoder(&until{r: r, end: '~'})
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return r, true
}

// listed is the list that a value is or stands for; false if it stands elsewhere in the file.
func listed(v any) ([]any, bool) {
	switch v := v.(type) {
	case ref:
		return nil, false
	case []any:
		return v, true
	case nil:
		return nil, true
	}
	return []any{v}, true
}

// whole is a number of a dictionary, or what it is if it is not given; false if it is no number.
func whole(d dict, key name, usual int) (int, bool) {
	v, given := d.of[key]
	if !given {
		return usual, true
	}
	n, ok := v.(int)
	return n, ok
}

// unLZW reads what is packed by LZW (7.4.4), whose codes grow one early unless it is said otherwise, as in TIFF.
func unLZW(p dict, r io.Reader) io.Reader {
	if early, ok := whole(p, "EarlyChange", 1); ok && early == 0 {
		return lzw.NewReader(r, lzw.MSB, 8)
	}
	return tifflzw.NewReader(r, tifflzw.MSB, 8)
}

// runs reads what is packed by counting equal bytes (7.4.5).
type runs struct {
	r     *bufio.Reader
	plain int  // bytes to come as they stand
	equal int  // bytes to come that are equal
	value byte // those
}

// Read implements [io.Reader].
func (u *runs) Read(p []byte) (int, error) {
	if u.plain == 0 && u.equal == 0 {
		n, err := u.r.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case n < 128:
			u.plain = int(n) + 1
		case n == 128:
			return 0, io.EOF
		default:
			u.equal = 257 - int(n)
			if u.value, err = u.r.ReadByte(); err != nil {
				return 0, err
			}
		}
	}
	if u.plain > 0 {
		n, err := u.r.Read(p[:min(len(p), u.plain)])
		u.plain -= n
		return n, err
	}
	n := min(len(p), u.equal)
	for i := range n {
		p[i] = u.value
	}
	u.equal -= n
	return n, nil
}

// predicted undoes that bytes were written as differences (7.4.4.4); false if that is done in a way that is not known here.
func predicted(p dict, r io.Reader) (io.Reader, bool) {
	const tiff, png = 2, 10
	kind, ok1 := whole(p, "Predictor", 1)
	columns, ok2 := whole(p, "Columns", 1)
	colors, ok3 := whole(p, "Colors", 1)
	depth, ok4 := whole(p, "BitsPerComponent", 8)
	switch {
	case ok1 && kind <= 1:
		return r, true
	case !ok1 || !ok2 || !ok3 || !ok4 || kind > 15 || columns < 1 || colors < 1 || depth < 1 || depth > 16 || colors > math.MaxUint16 || columns > maxStream:
		return nil, false
	case kind == tiff && depth != 8 || kind > tiff && kind < png:
		return nil, false
	}
	bits := colors * depth
	size := (columns*bits + 7) / 8
	if size > maxStream {
		return nil, false
	}
	back := max(1, bits/8)
	return &rows{r: r, png: kind >= png, back: back, row: make([]byte, back+size), above: make([]byte, back+size)}, true
}

// rows reads rows of differences. A row begins with as many zeros as its first bytes look back.
type rows struct {
	r          io.Reader
	png        bool // a byte before each row says what it differs from
	back       int
	row, above []byte
	out        []byte
	err        error
}

// Read implements [io.Reader].
func (u *rows) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.next()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// next reads a row; of one that is cut off, what there is.
func (u *rows) next() {
	u.row, u.above = u.above, u.row
	kind := []byte{1} // of PNG: the difference from what is left, as in TIFF
	if u.png {
		if _, u.err = io.ReadFull(u.r, kind); u.err != nil {
			return
		}
	}
	var n int
	n, u.err = io.ReadFull(u.r, u.row[u.back:])
	clear(u.row[u.back+n:])
	for i := u.back; i < u.back+n; i++ {
		left, up, corner := u.row[i-u.back], u.above[i], u.above[i-u.back]
		switch kind[0] {
		case 1:
			u.row[i] += left
		case 2:
			u.row[i] += up
		case 3:
			u.row[i] += byte((int(left) + int(up)) / 2) //nolint:gosec // a mean of bytes
		case 4:
			u.row[i] += paeth(left, up, corner)
		}
	}
	u.out = u.row[u.back : u.back+n]
}

// paeth is the neighbour that is nearest to what a plane through all three would have (PNG, 9.4).
func paeth(left, up, corner byte) byte {
	p := int(left) + int(up) - int(corner)
	distance := func(b byte) int { return max(p-int(b), int(b)-p) }
	switch l, u, c := distance(left), distance(up), distance(corner); {
	case l <= u && l <= c:
		return left
	case u <= c:
		return up
	}
	return corner
}

// until reads letters and digits up to the one that ends them, without the space between them.
type until struct {
	r    io.Reader
	end  byte
	done bool
}

// Read implements [io.Reader].
func (u *until) Read(p []byte) (int, error) {
	if u.done {
		return 0, io.EOF
	}
	n, err := u.r.Read(p)
	k := 0
	for _, c := range p[:n] {
		if c == u.end {
			u.done = true
			break
		}
		if !space(c) {
			p[k] = c
			k++
		}
	}
	if u.done && k == 0 {
		err = io.EOF
	}
	return k, err
}
