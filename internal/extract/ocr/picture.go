package ocr

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"math"
)

// Picture is a picture in shades of gray: 8 bits a pixel, rows from the top, packed by DEFLATE.
type Picture struct {
	Width, Height int
	Pixels        []byte `json:"-"` // they go beside
}

// Tesseract reads letters best that are about 30 pixels high. A page of 300 dots an inch has them; what is beyond takes time
// and helps nothing. On a screen they are far smaller.
const (
	mostPixels = 9 << 20 // A4 at 300 dots an inch
	fewPixels  = 1 << 20 // a picture of a screen, or of a part of it
	mostSide   = 32000   // tesseract takes 32767
)

// FromGray packs a picture, after it was given the size that is read best. It does not keep g.
func FromGray(g *image.Gray) *Picture {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	n := w * h
	switch {
	case n > mostPixels || max(w, h) > mostSide:
		f := min(math.Sqrt(float64(mostPixels)/float64(n)), float64(mostSide)/float64(max(w, h)))
		if k := int(1 / f); k > 1 {
			g = boxed(g, k)
			f = min(1, f*float64(k))
		}
		g = scaled(g, max(1, int(float64(g.Rect.Dx())*f)), max(1, int(float64(g.Rect.Dy())*f)))
	case n < fewPixels && 2*max(w, h) <= mostSide:
		g = scaled(g, 2*w, 2*h)
	}
	p := &Picture{Width: g.Rect.Dx(), Height: g.Rect.Dy()}
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return p // the level is one that there is
	}
	for y := range p.Height {
		_, _ = z.Write(g.Pix[y*g.Stride : y*g.Stride+p.Width]) // a buffer takes all
	}
	_ = z.Close()
	p.Pixels = out.Bytes()
	return p
}

// portable gives out a picture as a file: a portable graymap (netpbm, "P5"), as long as its header says, or an error.
func portable(w, h int, packed io.Reader) io.Reader {
	z := flate.NewReader(packed)
	return io.MultiReader(bytes.NewReader(fmt.Appendf(nil, "P5\n%d %d\n255\n", w, h)), &exactly{r: z, left: int64(w) * int64(h)})
}

var errShort = errors.New("fewer pixels than the picture has")

// exactly reads so many bytes, and fails if there are fewer.
type exactly struct {
	r    io.Reader
	left int64
}

// Read implements [io.Reader].
func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	switch {
	case e.left == 0:
		return n, nil
	case err != nil:
		return n, errShort
	}
	return n, nil
}

// gray turns colours into shades, on white; on black where nothing could be seen on white.
func gray(img image.Image) *image.Gray {
	switch img := img.(type) {
	case *image.Gray:
		return img
	case *image.YCbCr: // the first plane is what an eye sees without colours
		return &image.Gray{Pix: img.Y, Stride: img.YStride, Rect: image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy())}
	}
	g := grayOn(img, image.White)
	if o, ok := img.(interface{ Opaque() bool }); ok && !o.Opaque() && plain(g) {
		return grayOn(img, image.Black)
	}
	return g
}

// strip is the number of rows whose colours are held at a time.
const strip = 64

func grayOn(img image.Image, ground image.Image) *image.Gray {
	r := img.Bounds()
	g := image.NewGray(image.Rect(0, 0, r.Dx(), r.Dy()))
	rows := image.NewRGBA(image.Rect(0, 0, r.Dx(), min(strip, r.Dy())))
	for top := 0; top < r.Dy(); top += strip {
		part := image.Rect(0, 0, r.Dx(), min(strip, r.Dy()-top))
		draw.Draw(rows, part, ground, image.Point{}, draw.Src)
		draw.Draw(rows, part, img, r.Min.Add(image.Pt(0, top)), draw.Over)
		for y := range part.Dy() {
			in, out := rows.Pix[y*rows.Stride:], g.Pix[(top+y)*g.Stride:]
			for x := range part.Dx() {
				out[x] = color.GrayModel.Convert(color.RGBA{in[4*x], in[4*x+1], in[4*x+2], 0xff}).(color.Gray).Y //nolint:errcheck // the model of gray makes gray
			}
		}
	}
	return g
}

// plain says whether all pixels are the same.
func plain(g *image.Gray) bool {
	for _, v := range g.Pix {
		if v != g.Pix[0] {
			return false
		}
	}
	return true
}

// boxed makes a picture k times smaller, each pixel the mean of those that it stands for.
func boxed(g *image.Gray, k int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, max(1, g.Rect.Dx()/k), max(1, g.Rect.Dy()/k)))
	kx, ky := min(k, g.Rect.Dx()), min(k, g.Rect.Dy())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			sum := 0
			for dy := range ky {
				at := (y*k+dy)*g.Stride + x*k
				for _, v := range g.Pix[at : at+kx] {
					sum += int(v)
				}
			}
			out.Pix[y*out.Stride+x] = uint8(sum / (kx * ky)) //nolint:gosec // a mean of bytes
		}
	}
	return out
}

// scaled gives a picture another size, by the four nearest pixels. Numbers are fixed, 8 bits behind the point.
func scaled(g *image.Gray, w, h int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		y0, y1, fy := between(y, h, g.Rect.Dy())
		upper, lower := g.Pix[y0*g.Stride:], g.Pix[y1*g.Stride:]
		row := out.Pix[y*out.Stride:]
		for x := range w {
			x0, x1, fx := between(x, w, g.Rect.Dx())
			top := int(upper[x0])*(256-fx) + int(upper[x1])*fx
			low := int(lower[x0])*(256-fx) + int(lower[x1])*fx
			row[x] = uint8((top*(256-fy) + low*fy) >> 16) //nolint:gosec // a mean of bytes
		}
	}
	return out
}

// between finds the two of n places that the i-th of m places stands between, and how near it is to the second.
func between(i, m, n int) (a, b, part int) {
	at := max(0, ((2*i+1)*n*256/m-256)/2)
	a = min(at>>8, n-1)
	return a, min(a+1, n-1), at & 0xff
}

// Blank is a small picture without anything, to see whether a program works.
func Blank() Picture {
	g := image.NewGray(image.Rect(0, 0, 64, 32))
	draw.Draw(g, g.Rect, image.White, image.Point{}, draw.Src)
	return *FromGray(g)
}
