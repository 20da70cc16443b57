package pdf

import (
	"math/bits"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"
)

// LookBehind has pages with text looked at for pictures that cover them, where asked says so of the text. It may be called from
// several goroutines.
func (d *Document) LookBehind(asked func(text string) bool) { d.asked = asked }

// maxCovering bounds the objects of a page that are looked at for pictures: so many from its start and from its end, where a
// picture lies under all else or over it.
const maxCovering = 500

// squares is a page cut into squares, and which of them are covered. A scan may come in strips.
type squares struct {
	box  structs.FPDF_FS_RECTF
	rows [side]uint32
	left int // objects that may be looked at
}

const side = 32

// covered says whether pictures cover at least half of a page.
func (d *Document) covered(page requests.Page) bool {
	box, err := d.in.FPDF_GetPageBoundingBox(&requests.FPDF_GetPageBoundingBox{Page: page})
	if d.failed(err) || box.Rect.Right <= box.Rect.Left || box.Rect.Top <= box.Rect.Bottom {
		return false
	}
	n, err := d.in.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if d.failed(err) {
		return false
	}
	s := squares{box: box.Rect, left: 2 * maxCovering}
	for i := range n.Count {
		if i >= maxCovering && i < n.Count-maxCovering {
			continue
		}
		o, err := d.in.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: i})
		if !d.failed(err) {
			d.cover(&s, o.PageObject, nil)
		}
	}
	return s.count() >= side*side/2
}

// cover notes what an object covers that is a picture, or has some in it. Within are the matrices of what it is in, from the
// outside.
func (d *Document) cover(s *squares, o references.FPDF_PAGEOBJECT, within []structs.FPDF_FS_MATRIX) {
	if s.left--; s.left < 0 || len(within) > maxNesting {
		return
	}
	t, err := d.in.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: o})
	if d.failed(err) || t.Type != enums.FPDF_PAGEOBJ_IMAGE && t.Type != enums.FPDF_PAGEOBJ_FORM {
		return
	}
	if t.Type == enums.FPDF_PAGEOBJ_IMAGE {
		b, err := d.in.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: o})
		if !d.failed(err) {
			s.cover(structs.FPDF_FS_RECTF{Left: b.Left, Bottom: b.Bottom, Right: b.Right, Top: b.Top}, within)
		}
		return
	}
	m, err := d.in.FPDFPageObj_GetMatrix(&requests.FPDFPageObj_GetMatrix{PageObject: o})
	n, countErr := d.in.FPDFFormObj_CountObjects(&requests.FPDFFormObj_CountObjects{PageObject: o})
	if d.failed(err) || d.failed(countErr) {
		return
	}
	within = append(within[:len(within):len(within)], m.Matrix)
	for i := range min(n.Count, maxCovering) {
		in, err := d.in.FPDFFormObj_GetObject(&requests.FPDFFormObj_GetObject{PageObject: o, Index: uint64(i)})
		if !d.failed(err) {
			d.cover(s, in.PageObject, within)
		}
	}
}

// cover notes the squares whose middle lies in a rectangle.
func (s *squares) cover(r structs.FPDF_FS_RECTF, within []structs.FPDF_FS_MATRIX) {
	for i := len(within) - 1; i >= 0; i-- {
		r = moved(r, within[i])
	}
	wide, high := (s.box.Right-s.box.Left)/side, (s.box.Top-s.box.Bottom)/side
	var row uint32
	for x := range side {
		if at := s.box.Left + (float32(x)+0.5)*wide; at >= r.Left && at <= r.Right {
			row |= 1 << x
		}
	}
	for y := range side {
		if at := s.box.Bottom + (float32(y)+0.5)*high; at >= r.Bottom && at <= r.Top {
			s.rows[y] |= row
		}
	}
}

func (s *squares) count() int {
	n := 0
	for _, row := range s.rows {
		n += bits.OnesCount32(row)
	}
	return n
}

// moved is the rectangle around one that a matrix moves.
func moved(r structs.FPDF_FS_RECTF, m structs.FPDF_FS_MATRIX) structs.FPDF_FS_RECTF {
	x := func(x, y float32) float32 { return m.A*x + m.C*y + m.E }
	y := func(x, y float32) float32 { return m.B*x + m.D*y + m.F }
	x1, x2, x3, x4 := x(r.Left, r.Bottom), x(r.Right, r.Bottom), x(r.Left, r.Top), x(r.Right, r.Top)
	y1, y2, y3, y4 := y(r.Left, r.Bottom), y(r.Right, r.Bottom), y(r.Left, r.Top), y(r.Right, r.Top)
	return structs.FPDF_FS_RECTF{Left: min(x1, x2, x3, x4), Right: max(x1, x2, x3, x4), Bottom: min(y1, y2, y3, y4), Top: max(y1, y2, y3, y4)}
}
