package ocr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// Errors of [Decode].
var (
	ErrSmall   = errors.New("too few pixels to read")
	ErrLarge   = errors.New("more pixels than the limit")
	ErrDamaged = errors.New("cannot be decoded")
)

// Format is a kind of picture that can be decoded; "" is none.
type Format string

// The formats.
const (
	PNG  Format = "png"
	JPEG Format = "jpeg"
	GIF  Format = "gif"
	BMP  Format = "bmp"
	TIFF Format = "tiff"
	WebP Format = "webp"
)

// Sniff tells the format by the first bytes of a file, at least 26 of them.
func Sniff(b []byte) Format {
	has := func(s string) bool { return bytes.HasPrefix(b, []byte(s)) }
	switch {
	case has("\x89PNG\r\n\x1a\n"):
		return PNG
	case has("\xFF\xD8\xFF"):
		return JPEG
	case has("GIF87a"), has("GIF89a"):
		return GIF
	case has("II*\x00"), has("MM\x00*"):
		return TIFF
	case has("RIFF") && len(b) > 12 && string(b[8:12]) == "WEBP":
		return WebP
	case has("BM") && len(b) > 26 && bitmapHead(b):
		return BMP
	}
	return ""
}

// bitmapHead knows the header behind the two letters that a BMP file begins with: reserved bytes, and one of the lengths that
// the second header may have.
func bitmapHead(b []byte) bool {
	sizes := []uint32{12, 40, 52, 56, 64, 108, 124}
	return binary.LittleEndian.Uint32(b[6:]) == 0 && slices.Contains(sizes, binary.LittleEndian.Uint32(b[14:]))
}

// Limits bound the pixels of a picture, width times height.
type Limits struct{ Least, Most int }

// maxPages bounds the list of pages in a TIFF file.
const maxPages = 10000

// Pages returns how many pictures a file holds that can be decoded each by itself, and whether it holds more than those, as
// an animation does.
func Pages(b []byte, f Format) (n int, more bool) {
	switch f {
	case TIFF:
		return max(1, len(directories(b))), false
	case GIF:
		return 1, moves(b)
	}
	return 1, false
}

// Decode decodes the picture with that index in a file, from 0. Colours become shades of gray, on white where the picture is
// transparent; what is large is made smaller and what is small larger, so that letters have the size that tesseract reads best.
// The error is [ErrSmall], [ErrLarge] or [ErrDamaged].
func Decode(b []byte, f Format, index int, lim Limits) (p *Picture, err error) {
	defer func() { // the bytes are hostile, and not all of the decoders are Go's own
		if recover() != nil {
			p, err = nil, ErrDamaged
		}
	}()
	if f == TIFF {
		if b = page(b, index); b == nil {
			return nil, ErrDamaged
		}
	}
	w, h, err := size(b, f)
	switch {
	case err != nil || w <= 0 || h <= 0:
		return nil, ErrDamaged
	case w > lim.Most/h:
		return nil, ErrLarge
	case w*h < lim.Least:
		return nil, ErrSmall
	}
	img, err := decoders[f].decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return FromGray(gray(img)), nil
}

type decoder struct {
	config func(r *bytes.Reader) (image.Config, error)
	decode func(r *bytes.Reader) (image.Image, error)
}

var decoders = map[Format]decoder{
	PNG:  {func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }},
	JPEG: {func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }},
	GIF:  {func(r *bytes.Reader) (image.Config, error) { return gif.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return gif.Decode(r) }},
	BMP:  {func(r *bytes.Reader) (image.Config, error) { return bmp.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return bmp.Decode(r) }},
	TIFF: {func(r *bytes.Reader) (image.Config, error) { return tiff.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return tiff.Decode(r) }},
	WebP: {func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) }},
}

// size is what the header says, and so what a decoder will make room for.
func size(b []byte, f Format) (w, h int, err error) {
	c, err := decoders[f].config(bytes.NewReader(b))
	if err != nil {
		return 0, 0, err
	}
	if f != WebP {
		return c.Width, c.Height, nil
	}
	// The header of an extended file speaks of its canvas, and the frame may have another size.
	one := frame(b)
	if one == nil {
		return 0, 0, ErrDamaged
	}
	in, err := webp.DecodeConfig(bytes.NewReader(one))
	return max(c.Width, in.Width), max(c.Height, in.Height), err
}

// frame makes a file of the first frame of a WebP file.
func frame(b []byte) []byte {
	for at := 12; at+8 <= len(b); {
		n := int64(binary.LittleEndian.Uint32(b[at+4:]))
		end := int64(at) + 8 + n + n%2
		if id := string(b[at : at+4]); id == "VP8 " || id == "VP8L" {
			out := append([]byte("RIFF\x00\x00\x00\x00WEBP"), b[at:min(end, int64(len(b)))]...)
			binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8)) //nolint:gosec // a part of a file that is far smaller
			return out
		}
		if end > int64(len(b)) {
			break
		}
		at = int(end)
	}
	return nil
}

// order is how the numbers of a TIFF file are written; nil if it is none.
func order(b []byte) binary.ByteOrder {
	switch {
	case len(b) < 8:
		return nil
	case b[0] == 'I':
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// directories lists where the pages of a TIFF file are described (TIFF 6.0, section 2). Each one says where the next is; one
// that was met before ends the list.
func directories(b []byte) []uint32 {
	o := order(b)
	if o == nil {
		return nil
	}
	var all []uint32
	seen := map[uint32]bool{}
	for at := o.Uint32(b[4:]); at != 0 && !seen[at] && len(all) < maxPages; {
		if int64(at)+2 > int64(len(b)) {
			break
		}
		seen[at] = true
		all = append(all, at)
		next := int64(at) + 2 + 12*int64(o.Uint16(b[at:]))
		if next+4 > int64(len(b)) {
			break
		}
		at = o.Uint32(b[next:])
	}
	return all
}

// page makes a file that begins with that page, as decoders look at the first one only.
func page(b []byte, index int) []byte {
	if index == 0 {
		return b
	}
	all := directories(b)
	if index >= len(all) {
		return nil
	}
	b = bytes.Clone(b)
	order(b).PutUint32(b[4:], all[index])
	return b
}

// moves says whether something stands behind the first picture of a GIF file. One that cannot be decoded does not matter:
// [Decode] says so.
func moves(b []byte) bool {
	at := 13
	if len(b) < at {
		return false
	}
	if b[10]&0x80 != 0 {
		at += 3 << (b[10]&7 + 1)
	}
	return frames(b, at) > 1
}

// frames counts the pictures of a GIF file from a place on, up to two (GIF89a, sections 20 to 27).
func frames(b []byte, at int) int {
	n := 0
	for at < len(b) && n < 2 {
		switch b[at] {
		case 0x21: // an extension: its label, then blocks
			at = blocks(b, at+2)
		case 0x2C:
			n++
			if at+10 > len(b) {
				return n
			}
			flags := b[at+9]
			at += 10
			if flags&0x80 != 0 {
				at += 3 << (flags&7 + 1)
			}
			at = blocks(b, at+1) // behind the size of the codes
		default:
			return n
		}
	}
	return n
}

// blocks returns where the blocks that begin at a place have ended.
func blocks(b []byte, at int) int {
	for at < len(b) && b[at] != 0 {
		at += 1 + int(b[at])
	}
	return at + 1
}
