package extract

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

// tableSpan follows where in a table of OpenDocument the present cell is. Equal rows and cells are written once, with their
// number; most tables end in many that are empty.
type tableSpan struct {
	rows, columns int // before the present row and cell
	deep, wide    int // how often these are repeated
	beyond        bool
}

// maxFilled bounds the cells that repeat a text: programs give up, or show what they made so far.
const maxFilled = 1 << 24

func (t *tableSpan) begin() { t.rows, t.columns, t.deep, t.wide = 0, 0, 0, 0 }

func (t *tableSpan) row(attrs []xml.Attr) {
	t.rows = min(t.rows+t.deep, maxFilled)
	n, _ := strconv.Atoi(attr(attrs, "number-rows-repeated"))
	t.deep, t.columns, t.wide = max(1, n), 0, 0
}

func (t *tableSpan) column(n int) {
	t.columns = min(t.columns+t.wide, maxFilled)
	t.wide = max(1, n)
}

// text notes a cell that holds something where no cell can be.
func (t *tableSpan) text(b []byte) {
	if t.rows+t.deep <= maxRows && t.columns+t.wide <= maxColumns && int64(t.deep)*int64(t.wide) <= maxFilled || len(bytes.TrimSpace(b)) == 0 {
		return
	}
	t.beyond = true
}
