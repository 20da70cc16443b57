package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"
)

// PDFium gives out text in the order in which it is drawn, and puts in order only what stands in one line and is drawn in one go.
// Who looks at the page reads by place: a number whose end is drawn first, backwards, or column by column. Where a look at a few
// places says that the two differ, the lines of a page are put together by place too, and those with a number that is not in the
// text are kept.

// fewDigits is the least number of digits of a page that could hold a number.
const fewDigits = 6

// Bounds of what is looked at on one page: places of text, of digits beside each other, and of characters and lines if all are.
const (
	maxRects  = 1500
	maxPairs  = 1000
	maxPlaced = 100_000
	maxLines  = 1000
)

// placed returns the lines of a page that have a number by place which is not in its text.
func (d *Document) placed(text string, page requests.Page, in references.FPDF_TEXTPAGE, n int) string {
	if digits(text) < fewDigits || !stacked(text) && !d.scattered(in, n) && !d.backwards([]rune(text), in) {
		return ""
	}
	if n > maxPlaced {
		d.broken = true
		return ""
	}
	got, err := d.in.GetPageTextStructured(&requests.GetPageTextStructured{Page: page, Mode: requests.GetPageTextStructuredModeChars})
	if d.failed(err) {
		return ""
	}
	all := make([]glyph, 0, len(got.Chars))
	for _, c := range got.Chars {
		r, _ := utf8.DecodeRuneInString(clean(c.Text))
		if r == utf8.RuneError || unicode.IsSpace(r) {
			continue
		}
		p := c.PointPosition
		all = append(all, glyphAt(r, structs.FPDF_FS_RECTF{Left: float32(p.Left), Right: float32(p.Right), Bottom: float32(p.Bottom), Top: float32(p.Top)}, c.Angle))
	}
	return unseen(lines(all), text)
}

// stacked says whether two lines in a row are short and of a number, as when its characters stand higher and lower, or on a page
// that was turned.
func stacked(text string) bool {
	const short = 4
	before := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		now := line != "" && len(line) <= short && numeric(line)
		if now && before {
			return true
		}
		before = now
	}
	return false
}

// scattered says whether something stands on a page before what was drawn ahead of it in the same line, or in a line that others
// came between.
func (d *Document) scattered(in references.FPDF_TEXTPAGE, n int) bool {
	rects, err := d.in.FPDFText_CountRects(&requests.FPDFText_CountRects{TextPage: in, StartIndex: 0, Count: n})
	if d.failed(err) || rects.Count > maxRects {
		return true
	}
	const step, slant = 4, 2 // points that lines are apart, and that what follows may stand before the end
	type last struct {
		at    int
		right float64
	}
	seen := map[int]last{}
	for i := range rects.Count {
		r, err := d.in.FPDFText_GetRect(&requests.FPDFText_GetRect{TextPage: in, Index: i})
		if d.failed(err) {
			return true
		}
		line := int(math.Floor((r.Top + r.Bottom) / 2 / step))
		for k := line - 1; k <= line+1; k++ {
			if before, ok := seen[k]; ok && (before.at < i-1 || r.Left < before.right-slant) {
				return true
			}
		}
		seen[line] = last{i, r.Right}
	}
	return false
}

// backwards says whether what follows a character of a number in the text of a page stands anywhere but to the right of it, or is
// turned.
func (d *Document) backwards(text []rune, in references.FPDF_TEXTPAGE) bool {
	asked := 0
	for i := 1; i < len(text) && asked < maxPairs; i++ {
		before := i - 1
		if text[before] == ' ' && before > 0 {
			before--
		}
		if !inNumber(text[i]) || !inNumber(text[before]) {
			continue
		}
		asked++
		x, y, ok := d.origin(text, before, in)
		nextX, nextY, more := d.origin(text, i, in)
		if ok && more && (nextX <= x || math.Abs(nextY-y) > boxSlant) {
			return true
		}
		a, err := d.in.FPDFText_GetCharAngle(&requests.FPDFText_GetCharAngle{TextPage: in, Index: i})
		if !d.failed(err) && math.Cos(float64(a.CharAngle)) < 0 {
			return true
		}
	}
	return asked == maxPairs
}

// glyph is a character with its place, on a page that is turned so that its line is level.
type glyph struct {
	r         rune
	turned    int // by so many steps of a few degrees
	from, to  float64
	mid, half float64 // of its height
}

// em is the size of its letters, from the height of a digit or capital.
func (g glyph) em() float64 { return g.half * 2 / 0.7 }

// glyphAt turns a place by an angle, in radians clockwise.
func glyphAt(r rune, box structs.FPDF_FS_RECTF, angle float64) glyph {
	const steps = 120 // of a turn
	turned := (int(math.Round(-angle/(2*math.Pi)*steps))%steps + steps) % steps
	sin, cos := math.Sincos(2 * math.Pi * float64(turned) / steps)
	x, y := float64(box.Left+box.Right)/2, float64(box.Top+box.Bottom)/2
	wide, high := float64(box.Right-box.Left), float64(box.Top-box.Bottom)
	along, across := math.Abs(wide*cos)+math.Abs(high*sin), math.Abs(high*cos)+math.Abs(wide*sin)
	if around := math.Abs(cos) + math.Abs(sin); around > 1.01 { // the box stands around one that is turned
		along, across = along/around/around, across/around/around
	}
	u, v := x*cos+y*sin, y*cos-x*sin
	return glyph{r: r, turned: turned, from: u - along/2, to: u + along/2, mid: v, half: across / 2}
}

// row is a line of glyphs; its place and height are those of the first.
type row struct {
	glyph
	all []glyph
}

// lines puts glyphs together that stand in a line: letters and digits first, and then what is too small to say where a line is.
func lines(all []glyph) []row {
	var rows []row
	for _, small := range []bool{false, true} {
		last := 0
		for _, g := range all {
			if small != (!unicode.IsLetter(g.r) && !unicode.IsDigit(g.r)) {
				continue
			}
			if at := nearest(rows, g, small, last); at >= 0 {
				rows[at].all, last = append(rows[at].all, g), at
			} else if !small && len(rows) < maxLines {
				rows, last = append(rows, row{g, []glyph{g}}), len(rows)
			}
		}
	}
	for _, r := range rows {
		slices.SortStableFunc(r.all, func(a, b glyph) int { return cmp.Compare(a.from+a.to, b.from+b.to) })
	}
	return rows
}

// nearest is the line that a glyph belongs to, -1 for none; the last one is the most likely.
func nearest(rows []row, g glyph, small bool, last int) int {
	const most, near = 1.7, 0.5 // times half a height; lines are three apart and more
	found, least := -1, most
	for k := range rows {
		i := (last + k) % len(rows)
		r := &rows[i]
		half := r.half
		if !small {
			half = min(half, g.half)
		}
		if away := math.Abs(g.mid-r.mid) / max(half, 0.1); r.turned == g.turned && away <= least {
			if found, least = i, away; away <= near {
				break
			}
		}
	}
	return found
}

// words are the glyphs of a line that stand close, with the gap before each.
func (r row) words() (words []string, gaps []float64) {
	const digit, other, gapLeast = 0.5, 0.3, 0.25 // that they take at least, whatever of it is drawn
	end := math.Inf(-1)
	for _, g := range r.all {
		least := other
		if unicode.IsDigit(g.r) {
			least = digit
		}
		more := max(0, least*r.em()-(g.to-g.from)) / 2
		from, to := g.from-more, g.to+more
		if gap := (from - end) / r.em(); len(words) == 0 || gap > gapLeast {
			words, gaps = append(words, ""), append(gaps, gap)
		}
		words[len(words)-1] += string(g.r)
		end = to
	}
	return words, gaps
}

// text writes a line: a space between words, a tab where they stand apart as in a table. Digits in boxes stand apart too.
func (r row) text(words []string, gaps []float64) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case gaps[i] <= 1, len(w) == 1 && len(words[i-1]) == 1 && gaps[i]*r.em() <= boxWidth:
			b.WriteByte(' ')
		default:
			b.WriteByte('\t')
		}
		b.WriteString(w)
	}
	return b.String()
}

// unseen are the lines with a number that is in no line of a text, whatever space that has in it.
func unseen(rows []row, text string) string {
	text = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.mid, a.mid) })
	var out strings.Builder
	for _, r := range rows {
		words, gaps := r.words()
		if fresh(words, text) {
			out.WriteString(r.text(words, gaps) + "\r\n")
		}
	}
	return out.String()
}

// fresh says whether a word with enough digits is not in a text, or several in a row that are all of a number.
func fresh(words []string, text string) bool {
	number := ""
	for i, w := range words {
		if numeric(w) {
			if number += w; i+1 < len(words) && numeric(words[i+1]) {
				continue
			}
			w, number = number, ""
		}
		if digits(w) >= fewDigits && !strings.Contains(text, w) {
			return true
		}
	}
	return false
}

func numeric(s string) bool { return strings.Trim(s, "0123456789-+./") == "" }

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if digit(s[i]) {
			n++
		}
	}
	return n
}
