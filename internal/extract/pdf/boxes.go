package pdf

import (
	"math"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// Digits in the boxes of a form stand so far apart that PDFium takes each for a line of its own. The most that two may be apart,
// and that one may be higher, in points.
const (
	boxWidth = 36
	boxSlant = 1
)

// maxBoxes bounds the pairs of a page whose places are asked for.
const maxBoxes = 10_000

// boxes writes in one line, with a space between, what digits stand side by side and were written below each other.
func (d *Document) boxes(text string, page references.FPDF_TEXTPAGE) string {
	r := []rune(text)
	out, asked := r[:0:0], 0
	for i := 0; i < len(r); i++ {
		if asked < maxBoxes && boxed(r, i) {
			asked++
			if d.aside(r, i, page) {
				out = append(out, ' ')
				i++
				continue
			}
		}
		out = append(out, r[i])
	}
	if asked == 0 {
		return text
	}
	return string(out)
}

// boxed says whether a line ends at i, and the last of it and all of the next is one character of a number.
func boxed(r []rune, i int) bool {
	return r[i] == '\r' && i > 0 && i+2 < len(r) && r[i+1] == '\n' && inNumber(r[i-1]) && inNumber(r[i+2]) &&
		(i == 1 || r[i-2] == ' ' || r[i-2] == '\n') && (i+3 == len(r) || r[i+3] == ' ' || r[i+3] == '\r')
}

func inNumber(r rune) bool { return r >= '0' && r <= '9' || r == '-' || r == '+' }

// aside says whether the characters around the line end at i stand side by side.
func (d *Document) aside(r []rune, i int, page references.FPDF_TEXTPAGE) bool {
	x, y, ok := d.origin(r, i-1, page)
	if !ok {
		return false
	}
	nextX, nextY, ok := d.origin(r, i+2, page)
	return ok && nextX > x && nextX-x <= boxWidth && math.Abs(nextY-y) <= boxSlant
}

// origin is where a character stands, if it is the one that PDFium has by that number.
func (d *Document) origin(r []rune, i int, page references.FPDF_TEXTPAGE) (x, y float64, ok bool) {
	u, err := d.in.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: page, Index: i})
	if d.failed(err) || u.Unicode != uint(r[i]) { //nolint:gosec // not negative
		return 0, 0, false
	}
	o, err := d.in.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: page, Index: i})
	if d.failed(err) {
		return 0, 0, false
	}
	return o.X, o.Y, true
}
