package extract

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
)

// Sizes of paper and of pictures, in square centimetres.
const (
	paper      = 21 * 29.7     // A4
	covering   = paper * 3 / 8 // on a page of the same size; a scan between the margins of a text has more, a photo across it has less
	centimetre = 360000.0      // of Office Open XML, in EMU
	point      = 2.54 / 72     // in centimetres
	column     = 609600.0      // in EMU, of a sheet as programs make it
	row        = 190500.0
)

// placed are the sizes of a document's pages and of the pictures on them.
type placed struct {
	page     float64 // the smallest; 0 unless it is said
	pictures []float64
}

// maxPlaced bounds the pictures that are measured.
const maxPlaced = 10000

func (p *placed) paged(area float64) {
	if area > 0 && (p.page == 0 || area < p.page) {
		p.page = area
	}
}

func (p *placed) picture(area float64) {
	if area > 0 && len(p.pictures) < maxPlaced {
		p.pictures = append(p.pictures, area)
	}
}

// add takes what is placed in another part of the document.
func (p *placed) add(in *placed) {
	p.paged(in.page)
	p.pictures = append(p.pictures, in.pictures[:min(len(in.pictures), maxPlaced-len(p.pictures))]...)
}

// covering is how many pictures cover so much of a page that they can be what was scanned. A page that is larger than paper is
// measured as paper: it is not the page that was scanned.
func (p *placed) covering() int {
	least := covering
	if p.page > 0 {
		least = min(least, p.page*covering/paper)
	}
	n := 0
	for _, area := range p.pictures {
		if area >= least {
			n++
		}
	}
	return n
}

// drawings measures the pictures of Office Open XML (ECMA-376 part 1, 20.1 to 20.5) and of VML in it.
type drawings struct {
	placed
	skip  int      // open elements whose pictures are of no page: previews of embedded objects, what older programs show instead
	in    []canvas // open
	outer float64  // area of what the shapes are anchored in
	fixed bool     // that has yet to be said

	cells [2][2]int // first and last column and row of an anchor
	cell  *int      // that is being read
	side  int
}

// canvas is an element that can show a picture.
type canvas struct {
	name  string
	shows bool
	area  float64
}

func (d *drawings) start(name string, attrs []xml.Attr) {
	switch name {
	case "oleObj", "object", "Fallback":
		d.skip++
	case "pgSz": // in twentieths of a point
		d.paged(number(attrs, "w") * number(attrs, "h") * point * point / 400)
	case "sldSz":
		d.paged(emu(attrs))
	case "inline", "anchor", "oneCellAnchor", "twoCellAnchor":
		d.outer, d.fixed, d.cells = 0, name == "oneCellAnchor", [2][2]int{}
	case "from", "to":
		d.side = 0
		if name == "to" {
			d.side = 1
		}
	case "col":
		d.cell = &d.cells[d.side][0]
	case "row":
		d.cell = &d.cells[d.side][1]
	case "extent":
		d.outer = emu(attrs)
	case "ext":
		d.extent(emu(attrs))
	case "blip":
		d.show(attr(attrs, "embed") != "")
	case "imagedata":
		d.show(true)
	case "pic", "sp", "wsp", "shape", "rect":
		d.open(canvas{name, false, styled(attr(attrs, "style"))})
	case "bg": // of a slide
		d.open(canvas{name, false, math.MaxFloat64})
	}
}

func (d *drawings) open(s canvas) {
	if len(d.in) < maxLevels {
		d.in = append(d.in, s)
	}
}

// extent takes the size of the innermost shape, or of an anchor before its shape.
func (d *drawings) extent(area float64) {
	switch n := len(d.in); {
	case n > 0:
		d.in[n-1].area = max(d.in[n-1].area, area)
	case d.fixed:
		d.outer, d.fixed = area, false
	}
}

func (d *drawings) show(picture bool) {
	if n := len(d.in); n > 0 && picture {
		d.in[n-1].shows = true
	}
}

func (d *drawings) end(name string) {
	switch name {
	case "oleObj", "object", "Fallback":
		d.skip = max(0, d.skip-1)
	case "col", "row":
		d.cell = nil
	}
	n := len(d.in) - 1
	if n < 0 || d.in[n].name != name {
		return
	}
	if d.in[n].shows && d.skip == 0 {
		d.picture(d.area(d.in[n].area))
	}
	d.in = d.in[:n]
}

// area is that of a shape itself, or of what it is anchored in.
func (d *drawings) area(own float64) float64 {
	switch {
	case own > 0:
		return own
	case d.outer > 0:
		return d.outer
	}
	wide, high := d.cells[1][0]-d.cells[0][0], d.cells[1][1]-d.cells[0][1]
	return float64(max(0, wide)) * column * float64(max(0, high)) * row / centimetre / centimetre
}

func (d *drawings) chars(b []byte) {
	if d.cell != nil {
		*d.cell, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	}
}

func number(attrs []xml.Attr, name string) float64 {
	v, _ := strconv.ParseFloat(attr(attrs, name), 64)
	return v
}

func emu(attrs []xml.Attr) float64 {
	return number(attrs, "cx") / centimetre * number(attrs, "cy") / centimetre
}

// styled is the area in the style of a shape of VML.
func styled(style string) float64 {
	area := 1.0
	for _, side := range []string{"width", "height"} {
		size := 0.0
		for rule := range strings.SplitSeq(style, ";") {
			if k, v, _ := strings.Cut(rule, ":"); strings.TrimSpace(k) == side {
				size = length(strings.TrimSpace(v))
			}
		}
		area *= size
	}
	return area
}

// length reads a length with its unit, in centimetres; 0 if that is not known.
func length(s string) float64 {
	var unit float64
	switch s[max(0, len(s)-2):] {
	case "cm":
		unit = 1
	case "mm":
		unit = 0.1
	case "in":
		unit = 2.54
	case "pt":
		unit = point
	case "pc":
		unit = 12 * point
	case "px":
		unit = 2.54 / 96
	default:
		return 0
	}
	n, _ := strconv.ParseFloat(s[:len(s)-2], 64) // what is no number is 0
	return n * unit
}

// frames measures the pictures of OpenDocument (ODF 1.3 part 3, 10.4).
type frames struct {
	placed
	area float64 // of the innermost frame
}

func (d *frames) start(name string, attrs []xml.Attr) {
	switch name {
	case "page-layout-properties":
		d.paged(length(attr(attrs, "page-width")) * length(attr(attrs, "page-height")))
	case "frame":
		d.area = length(attr(attrs, "width")) * length(attr(attrs, "height"))
	case "image":
		if !strings.Contains(attr(attrs, "href"), "ObjectReplacements/") {
			d.picture(d.area)
		}
		d.area = 0 // what follows is the same in another format
	}
}
