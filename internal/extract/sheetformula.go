package extract

import (
	"archive/zip"
	"encoding/xml"
	"strconv"
	"strings"
)

// formulas is what a sheet knows of its formulas. Programs write what a formula came to beside it; where that is missing,
// the cell shows what the program of the reader computes, and so do we, as far as it is text that is put together.
type formulas struct {
	formula strings.Builder // of the present cell
	share   string          // the number of the shared formula it has a part in
	moved   bool            // it is not the one that the formula is written in
	shared  map[string]hole

	holes  []hole
	given  bool // a formula that makes text could not be kept
	wanted map[cellPlace]operand
}

// cellPlace is a cell: its row, 1-based, and its column.
type cellPlace struct{ row, col int }

// hole is a cell whose formula has no result.
type hole struct {
	cellPlace
	src    string
	style  int
	dr, dc int // how far a shared formula was moved
	busy   bool
	done   bool
	result operand
	ok     bool
}

// Bounds of what is computed in a sheet.
const (
	maxHoles  = 20000
	maxWanted = 200000
)

func (s *sheet) startFormula(attrs []xml.Attr) {
	if attr(attrs, "t") == "shared" {
		s.share = attr(attrs, "si")
	}
}

// computed returns what a formula without a result comes to: at once if it is of constants, or a mark that is replaced at
// the end.
func (s *sheet) computed() (string, bool) {
	src := strings.TrimSpace(s.formula.String())
	if src == "" && s.share == "" {
		return "", false
	}
	if strings.IndexByte(src, '"') >= 0 {
		s.loosely(src) // what is written into it
	}
	h := hole{cellPlace: cellPlace{s.row, s.at}, src: src, style: s.style}
	if s.share != "" {
		h = s.sharing(h)
	}
	if strings.TrimSpace(s.value.String()) != "" {
		if strings.IndexByte(src, '"') >= 0 {
			if v, ok := foldConstant(src); ok && v.text != s.value.String() && s.kind != "s" {
				s.loosely(v.text) // shown once it is computed anew
			}
		}
		return "", false
	}
	if v, ok := foldConstant(h.src); ok {
		return s.book.formats.showOperand(v, s.style), true
	}
	if len(s.holes) >= maxHoles {
		s.given = s.given || makesText(h.src)
		return "", false
	}
	s.holes = append(s.holes, h)
	return holeMark + strconv.Itoa(len(s.holes)-1) + holeMark, true
}

// holeMark stands on both sides of the number of a hole. XML cannot have it.
const holeMark = "\x00"

// sharing finds the formula that a cell shares, or keeps it (ECMA-376 part 1, 18.3.1.40).
func (s *sheet) sharing(h hole) hole {
	if h.src != "" {
		if s.shared == nil {
			s.shared = map[string]hole{}
		}
		if len(s.shared) < maxHoles {
			s.shared[s.share] = h
		}
		return h
	}
	first := s.shared[s.share]
	h.src, h.dr, h.dc = first.src, h.row-first.row, h.col-first.col
	return h
}

// showOperand shows a value as a cell of that style does.
func (f *formats) showOperand(v operand, style int) string {
	if v.isNum {
		return f.show(v.text, style)
	}
	return oneLine(f.showText(v.text, style))
}

// fill computes the formulas that have no result, and puts what they come to into the text. The sheet is read again for
// the cells that they name.
func (w *walker) fill(a *archive, zf *zip.File, where string, s *sheet, text, loose string) (filled, besides string) {
	c := &computing{holes: map[cellPlace]*hole{}, wanted: map[cellPlace]operand{}, from04: s.book.formats.from04}
	for i := range s.holes {
		h := &s.holes[i]
		c.holes[h.cellPlace] = h
		if i%64 == 0 && w.expired() {
			break
		}
		c.wants(h)
	}
	if len(c.wanted) > 0 {
		again := &sheet{book: s.book, limit: s.limit}
		again.wanted = c.wanted
		w.xmlPart(a, zf, where, again)
	}
	texts := make([]string, len(s.holes))
	given := s.given
	for i := range s.holes {
		h := &s.holes[i]
		if i%64 == 0 && w.expired() {
			break
		}
		if v, ok := c.result(h, 0); ok {
			texts[i] = s.book.formats.showOperand(v, h.style)
		} else {
			given = given || makesText(h.src)
		}
	}
	if given {
		w.unreadable(where, Unsupported, "formula that makes text and has no result")
	}
	return filledIn(text, texts), filledIn(loose, texts)
}

// filledIn puts texts in the place of their marks.
func filledIn(s string, texts []string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, holeMark)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		var number string
		number, s, _ = strings.Cut(rest, holeMark)
		if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(texts) {
			out.WriteString(texts[i])
		}
	}
}

// remember keeps the value of a cell that a formula names.
func (s *sheet) remember() {
	p := cellPlace{s.row, s.at}
	if _, ok := s.wanted[p]; !ok {
		return
	}
	v := s.value.String()
	switch s.kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(v))
		if err == nil && i >= 0 && i < len(s.book.strings) {
			s.wanted[p] = textOperand(s.book.strings[i])
		}
	case "", "n":
		if x, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			s.wanted[p] = numberOperand(x)
		}
	default:
		s.wanted[p] = textOperand(unescaped(v))
	}
}

// computing is the formulas of a sheet with the cells that they name.
type computing struct {
	holes  map[cellPlace]*hole
	wanted map[cellPlace]operand
	from04 bool
}

// wants notes the cells that a formula names.
func (c *computing) wants(h *hole) {
	f := folding{src: h.src, dr: h.dr, dc: h.dc, value: func(row, col int) (operand, bool) {
		if len(c.wanted) >= maxWanted {
			return operand{}, false
		}
		c.wanted[cellPlace{row, col}] = operand{}
		return numberOperand(1), true
	}}
	f.whole()
}

// result computes a formula, and those it needs first.
func (c *computing) result(h *hole, depth int) (operand, bool) {
	if h.done || h.busy || depth > maxFolding {
		return h.result, h.ok
	}
	h.busy = true
	f := folding{src: h.src, dr: h.dr, dc: h.dc, from04: c.from04, value: func(row, col int) (operand, bool) {
		p := cellPlace{row, col}
		if other := c.holes[p]; other != nil {
			return c.result(other, depth+1)
		}
		v, ok := c.wanted[p]
		return v, ok
	}}
	h.result, h.ok = f.whole()
	h.busy, h.done = false, true
	return h.result, h.ok
}
