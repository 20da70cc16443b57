package ocr

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"io"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"sigill/internal/testkit/drawn"
)

// tinyWebP is a picture of 1 x 1 pixel, without loss.
const tinyWebP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

var all = Limits{Least: 1, Most: 1 << 30}

func encoded(t testing.TB, encode func(w io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkered is a picture whose left half is white and whose right half is black.
func checkered(w, h int) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w / 2 {
			g.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	return g
}

// pixels unpacks a picture.
func pixels(t testing.TB, p *Picture) []byte {
	t.Helper()
	b, err := io.ReadAll(flate.NewReader(bytes.NewReader(p.Pixels)))
	if err != nil || len(b) != p.Width*p.Height {
		t.Fatalf("%d pixels of %d x %d: %v", len(b), p.Width, p.Height, err)
	}
	return b
}

func TestDecode(t *testing.T) {
	t.Parallel()
	g := checkered(200, 100)
	paletted := image.NewPaletted(g.Rect, color.Palette{color.White, color.Black})
	for y := range 100 {
		for x := 100; x < 200; x++ {
			paletted.SetColorIndex(x, y, 1)
		}
	}
	webp, err := base64.StdEncoding.DecodeString(tinyWebP)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		format Format
		b      []byte
		w, h   int
	}{
		{"png", PNG, drawn.PNG(t, g), 400, 200},
		{"png paletted", PNG, drawn.PNG(t, paletted), 400, 200},
		{"jpeg", JPEG, drawn.JPEG(t, g), 400, 200},
		{"gif", GIF, encoded(t, func(w io.Writer) error { return gif.Encode(w, paletted, nil) }), 400, 200},
		{"bmp", BMP, encoded(t, func(w io.Writer) error { return bmp.Encode(w, g) }), 400, 200},
		{"tiff", TIFF, encoded(t, func(w io.Writer) error { return tiff.Encode(w, g, nil) }), 400, 200},
		{"webp", WebP, webp, 2, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := Sniff(test.b); got != test.format {
				t.Fatalf("format %q", got)
			}
			if n, more := Pages(test.b, test.format); n != 1 || more {
				t.Errorf("%d pages, %v", n, more)
			}
			p, err := Decode(test.b, test.format, 0, all)
			if err != nil {
				t.Fatal(err)
			}
			if p.Width != test.w || p.Height != test.h {
				t.Errorf("%d x %d", p.Width, p.Height)
			}
			if b := pixels(t, p); test.w > 2 && (b[0] < 250 || b[test.w-1] > 5) {
				t.Errorf("%d at the left, %d at the right", b[0], b[test.w-1])
			}
			for n := range test.b { // what is cut off is damaged, or small, and nothing worse
				if p, err := Decode(test.b[:n], test.format, 0, all); err != nil && !errors.Is(err, ErrDamaged) || err == nil && p == nil {
					t.Fatalf("cut at %d: %v", n, err)
				}
			}
		})
	}
}

// TestDecodeLimits: what is too large is refused by what its header says, before room is made for it.
func TestDecodeLimits(t *testing.T) {
	t.Parallel()
	bomb := drawn.PNG(t, image.NewGray(image.Rect(0, 0, 10, 10)))
	binary.BigEndian.PutUint32(bomb[16:], 30_000)
	binary.BigEndian.PutUint32(bomb[20:], 30_000)
	// The decoder checks the sum of the header before it says the size.
	copy(bomb[29:], crcOf(bomb[12:29]))
	for _, test := range []struct {
		name string
		b    []byte
		lim  Limits
		want error
	}{
		{"at the least", drawn.PNG(t, checkered(100, 100)), Limits{10_000, 10_000}, nil},
		{"small", drawn.PNG(t, checkered(100, 99)), Limits{10_000, 10_000}, ErrSmall},
		{"large", drawn.PNG(t, checkered(100, 101)), Limits{10_000, 10_000}, ErrLarge},
		{"bomb", bomb, Limits{1, 40_000_000}, ErrLarge},
		{"noise", []byte("\x89PNG\r\n\x1a\nnothing"), all, ErrDamaged},
	} {
		if _, err := Decode(test.b, PNG, 0, test.lim); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

// extendedWebP says that its canvas is small, and holds a frame that is not.
func extendedWebP(t *testing.T) []byte {
	t.Helper()
	b := []byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x09\x00\x00")
	// A key frame of VP8 (RFC 6386 9.1) of 16383 x 16383 pixels.
	frame := []byte("VP8 \x0a\x00\x00\x00\x10\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f")
	b = append(b, frame...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func TestWebPFrame(t *testing.T) {
	t.Parallel()
	if _, err := Decode(extendedWebP(t), WebP, 0, Limits{1, 40_000_000}); !errors.Is(err, ErrLarge) {
		t.Error(err)
	}
}

// pagesTIFF puts TIFF files of one page behind each other, as pages of one file.
func pagesTIFF(t testing.TB, pages ...*image.Gray) []byte {
	t.Helper()
	out := []byte("II*\x00\x00\x00\x00\x00")
	link := 4
	for _, g := range pages {
		one := encoded(t, func(w io.Writer) error { return tiff.Encode(w, g, nil) })
		base := uint32(len(out))
		out = append(out, one...)
		dir := binary.LittleEndian.Uint32(one[4:])
		n := binary.LittleEndian.Uint16(one[dir:])
		for i := range n { // places are counted from the start of the file
			entry := base + dir + 2 + 12*uint32(i)
			tag, kind, count := binary.LittleEndian.Uint16(out[entry:]), binary.LittleEndian.Uint16(out[entry+2:]), binary.LittleEndian.Uint32(out[entry+4:])
			size := count * map[uint16]uint32{1: 1, 2: 1, 3: 2, 4: 4, 5: 8}[kind]
			if size > 4 || tag == 273 {
				binary.LittleEndian.PutUint32(out[entry+8:], binary.LittleEndian.Uint32(out[entry+8:])+base)
			}
		}
		binary.LittleEndian.PutUint32(out[link:], base+dir)
		link = int(base + dir + 2 + 12*uint32(n))
	}
	return out
}

func TestPagesOfTIFF(t *testing.T) {
	t.Parallel()
	b := pagesTIFF(t, checkered(200, 100), checkered(300, 100), checkered(400, 100))
	n, more := Pages(b, TIFF)
	if n != 3 || more {
		t.Fatalf("%d pages", n)
	}
	for i, want := range []int{400, 600, 800} {
		p, err := Decode(b, TIFF, i, all)
		if err != nil || p.Width != want {
			t.Errorf("page %d: %+v, %v", i, p, err)
		}
	}
	if _, err := Decode(b, TIFF, 3, all); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	// A list of pages that goes in circles ends.
	at := binary.LittleEndian.Uint32(b[4:])
	link := at + 2 + 12*uint32(binary.LittleEndian.Uint16(b[at:]))
	binary.LittleEndian.PutUint32(b[link:], at)
	if n, _ := Pages(b, TIFF); n != 1 {
		t.Errorf("%d pages in a circle", n)
	}
}

func TestAnimation(t *testing.T) {
	t.Parallel()
	frame := image.NewPaletted(image.Rect(0, 0, 20, 20), color.Palette{color.White, color.Black})
	b := encoded(t, func(w io.Writer) error {
		return gif.EncodeAll(w, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}})
	})
	if n, more := Pages(b, GIF); n != 1 || !more {
		t.Errorf("%d, %v", n, more)
	}
}

// TestTransparent: black on nothing stands on white, white on nothing on black.
func TestTransparent(t *testing.T) {
	t.Parallel()
	for _, ink := range []uint8{0, 255} {
		img := image.NewNRGBA(image.Rect(0, 0, 100, 100))
		img.SetNRGBA(5, 5, color.NRGBA{ink, ink, ink, 255})
		if plain(gray(img)) {
			t.Errorf("ink %d cannot be seen", ink)
		}
	}
}

// TestSizes: a picture gets the size that is read best, and keeps its shape.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ w, h, wantW, wantH int }{
		{1, 1, 2, 2}, {800, 600, 1600, 1200}, {1654, 2339, 1654, 2339}, {6000, 4000, 3762, 2508}, {40000, 10, 32000, 8}, {1, 40000, 1, 32000},
	} {
		p := FromGray(checkered(test.w, test.h))
		if dw, dh := p.Width-test.wantW, p.Height-test.wantH; max(dw, -dw, dh, -dh) > 2 {
			t.Errorf("%d x %d became %d x %d", test.w, test.h, p.Width, p.Height)
		}
		b := pixels(t, p)
		if test.w > 1 && (b[0] < 250 || b[p.Width-1] > 5) {
			t.Errorf("%d x %d: %d at the left, %d at the right", test.w, test.h, b[0], b[p.Width-1])
		}
	}
}

// FuzzDecode: whatever the bytes are, a picture is within its limits and whole.
func FuzzDecode(f *testing.F) {
	g := checkered(40, 30)
	f.Add(drawn.PNG(f, g))
	f.Add(drawn.JPEG(f, g))
	f.Add(encoded(f, func(w io.Writer) error { return gif.Encode(w, g, nil) }))
	f.Add(encoded(f, func(w io.Writer) error { return bmp.Encode(w, g) }))
	f.Add(pagesTIFF(f, g, g))
	f.Fuzz(func(t *testing.T, b []byte) {
		format := Sniff(b)
		if format == "" {
			return
		}
		n, _ := Pages(b, format)
		for i := range min(n, 3) {
			p, err := Decode(b, format, i, Limits{Least: 1, Most: 1 << 20})
			if err != nil {
				continue
			}
			if p.Width*p.Height > 4<<20 {
				t.Fatalf("%d x %d", p.Width, p.Height)
			}
			pixels(t, p)
		}
	})
}

func crcOf(b []byte) []byte {
	var out bytes.Buffer
	_ = binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(b))
	return out.Bytes()
}
