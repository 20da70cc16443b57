package pdf

import (
	"errors"
	"image"
	"math"

	"github.com/klippa-app/go-pdfium/requests"
)

// drawnDPI is the resolution of a page that is drawn to be read, in dots an inch: what scanners use for letters.
const drawnDPI = 200

// leastDPI is the resolution below which nothing can be read.
const leastDPI = 40

// ErrTooLarge says that a page has more pixels than may be drawn.
var ErrTooLarge = errors.New("page too large to be drawn")

// Draw draws the page with that index in shades of gray, as it is shown on paper, with at most so many pixels. The error is
// [ErrDamaged] or [ErrTooLarge].
func (d *Document) Draw(index, pixels int) (*image.Gray, error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: index}}
	size, err := d.in.GetPageSize(&requests.GetPageSize{Page: page})
	if d.failed(err) {
		return nil, ErrDamaged
	}
	dpi := drawnDPI
	if inches := size.Width / 72 * size.Height / 72; inches*drawnDPI*drawnDPI > float64(pixels) {
		dpi = int(math.Sqrt(float64(pixels) / inches))
	}
	if dpi < leastDPI {
		return nil, ErrTooLarge
	}
	drawn, err := d.in.RenderPageInDPI(&requests.RenderPageInDPI{Page: page, DPI: dpi, ImageFormat: requests.RenderImageFormatGrayscale})
	if d.failed(err) {
		return nil, ErrDamaged
	}
	defer drawn.CleanupFunc()
	in, ok := drawn.Result.RenderedImage.(*image.Gray)
	if !ok {
		return nil, ErrDamaged
	}
	out := image.NewGray(image.Rect(0, 0, in.Rect.Dx(), in.Rect.Dy()))
	for y := range out.Rect.Dy() { // what PDFium has drawn is gone with it
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], in.Pix[y*in.Stride:])
	}
	return out, nil
}
