package extract

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"
)

// folding computes a formula of a spreadsheet as far as that takes no more than constants, cells that are given, and the
// functions that make text.
type folding struct {
	src    string
	at     int
	depth  int
	work   int                                // bytes handled
	value  func(row, col int) (operand, bool) // of a cell, 1-based row, 0-based column; nil if there are none
	dr, dc int                                // how far a shared formula was moved
	from04 bool
}

// operand is a value in a formula: a text, a number, or those of a range of cells.
type operand struct {
	text  string
	x     float64
	isNum bool
	list  []operand
}

// Bounds of what is computed.
const (
	maxFormula  = 8192 // characters; Excel's own limit
	maxFolding  = 64   // expressions in expressions
	maxRange    = 1000 // cells of a range
	maxFolded   = 32767
	maxFoldWork = 256 << 10 // bytes handled for one formula
)

func textOperand(s string) operand { return operand{text: s} }

func numberOperand(x float64) operand {
	return operand{x: x, isNum: true, text: plainNumber(strconv.FormatFloat(x, 'g', 15, 64))}
}

// foldConstant computes a formula without cells.
func foldConstant(src string) (operand, bool) {
	f := folding{src: src}
	return f.whole()
}

func (f *folding) whole() (operand, bool) {
	if len(f.src) > maxFormula {
		return operand{}, false
	}
	v, ok := f.compared()
	f.blanks()
	return v, ok && f.at == len(f.src) && v.list == nil
}

func (f *folding) blanks() {
	for f.at < len(f.src) && blank(f.src[f.at]) {
		f.at++
	}
}

// next takes one of these characters, or returns 0.
func (f *folding) next(set string) byte {
	f.blanks()
	if f.at < len(f.src) && strings.IndexByte(set, f.src[f.at]) >= 0 {
		f.at++
		return f.src[f.at-1]
	}
	return 0
}

// compared reads values and what compares them, which binds least of all (ECMA-376 part 1, 18.17.2.2).
func (f *folding) compared() (operand, bool) {
	v, ok := f.concat()
	for ok {
		op := f.next("<>=")
		if op == 0 {
			break
		}
		more := byte(0)
		if op != '=' && f.at < len(f.src) && (f.src[f.at] == '=' || op == '<' && f.src[f.at] == '>') {
			more = f.src[f.at]
			f.at++
		}
		var r operand
		if r, ok = f.concat(); ok {
			ok = v.list == nil && r.list == nil
			order := v.compare(r)
			v = truthOperand(order < 0 && op == '<' || order > 0 && (op == '>' || more == '>') || order == 0 && (op == '=' || more == '='))
		}
	}
	return v, ok
}

const truthText, untruthText = "TRUE", "FALSE"

func truthOperand(is bool) operand {
	if is {
		return textOperand(truthText)
	}
	return textOperand(untruthText)
}

// truth says whether a condition holds.
func (v operand) truth() (is, ok bool) {
	switch {
	case v.list != nil:
		return false, false
	case v.isNum || v.text == "":
		return v.x != 0, true
	}
	is = strings.EqualFold(v.text, truthText)
	return is, is || strings.EqualFold(v.text, untruthText)
}

// compare orders values: numbers before texts, whose case does not count. An empty cell is either.
func (v operand) compare(o operand) int {
	vText, oText := !v.isNum && v.text != "", !o.isNum && o.text != ""
	switch {
	case vText && o.isNum:
		return 1
	case oText && v.isNum:
		return -1
	case vText || oText:
		return strings.Compare(strings.ToLower(v.text), strings.ToLower(o.text))
	}
	return cmp.Compare(v.x, o.x)
}

func (f *folding) concat() (operand, bool) {
	if f.depth++; f.depth > maxFolding {
		return operand{}, false
	}
	defer func() { f.depth-- }()
	v, ok := f.sum()
	for ok && f.next("&") != 0 {
		var r operand
		if r, ok = f.sum(); ok {
			ok = v.list == nil && r.list == nil && len(v.text)+len(r.text) <= maxFolded
			v = textOperand(v.text + r.text)
			ok = f.spend(v) && ok
		}
	}
	return v, ok
}

func (f *folding) sum() (operand, bool) {
	return f.binary("+-", func() (operand, bool) {
		return f.binary("*/", func() (operand, bool) { return f.binary("^", f.unary) })
	})
}

func (f *folding) binary(ops string, part func() (operand, bool)) (operand, bool) {
	v, ok := part()
	for ok {
		op := f.next(ops)
		if op == 0 {
			break
		}
		var r operand
		if r, ok = part(); !ok {
			break
		}
		a, okA := v.number()
		b, okB := r.number()
		ok = okA && okB && !(op == '/' && b == 0)
		switch op {
		case '+':
			a += b
		case '-':
			a -= b
		case '*':
			a *= b
		case '/':
			a /= b
		case '^':
			a = math.Pow(a, b)
		}
		ok = ok && !math.IsNaN(a) && !math.IsInf(a, 0)
		v = numberOperand(a)
	}
	return v, ok
}

// spend counts the bytes that were handled, and says whether there may be more.
func (f *folding) spend(list ...operand) bool {
	for i := range list {
		f.work += 1 + len(list[i].text) + len(list[i].list)
	}
	return f.work <= maxFoldWork
}

// number is the operand as a number; an empty cell is 0.
func (v operand) number() (float64, bool) {
	if v.isNum || v.text == "" && v.list == nil {
		return v.x, true
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(v.text), 64)
	return x, err == nil && v.list == nil
}

func (f *folding) unary() (operand, bool) {
	if op := f.next("+-"); op != 0 {
		if f.depth++; f.depth > maxFolding {
			return operand{}, false
		}
		defer func() { f.depth-- }()
		v, ok := f.unary()
		if op == '-' && ok {
			var x float64
			x, ok = v.number()
			v = numberOperand(-x)
		}
		return v, ok
	}
	v, ok := f.primary()
	for ok && f.next("%") != 0 {
		var x float64
		x, ok = v.number()
		v = numberOperand(x / 100)
	}
	return v, ok
}

func (f *folding) primary() (operand, bool) {
	f.blanks()
	if f.at >= len(f.src) {
		return operand{}, false
	}
	switch c := f.src[f.at]; {
	case c == '"':
		return f.quoted()
	case c == '(':
		f.at++
		v, ok := f.compared()
		return v, ok && f.next(")") != 0
	case c >= '0' && c <= '9' || c == '.':
		return f.numeral()
	}
	return f.named()
}

func (f *folding) quoted() (operand, bool) {
	var out strings.Builder
	for i := f.at + 1; i < len(f.src); i++ {
		if f.src[i] != '"' {
			out.WriteByte(f.src[i])
			continue
		}
		if i+1 < len(f.src) && f.src[i+1] == '"' {
			out.WriteByte('"')
			i++
			continue
		}
		f.at = i + 1
		return textOperand(out.String()), true
	}
	return operand{}, false
}

func (f *folding) numeral() (operand, bool) {
	i := f.at
	for i < len(f.src) && (f.src[i] >= '0' && f.src[i] <= '9' || f.src[i] == '.') {
		i++
	}
	if i+1 < len(f.src) && f.src[i]|0x20 == 'e' {
		j := i + 1
		if f.src[j] == '+' || f.src[j] == '-' {
			j++
		}
		for k := j; k < len(f.src) && f.src[k] >= '0' && f.src[k] <= '9'; k++ {
			i = k + 1
		}
	}
	x, err := strconv.ParseFloat(f.src[f.at:i], 64)
	f.at = i
	return numberOperand(x), err == nil
}

// named is a function, or a cell or a range of them.
func (f *folding) named() (operand, bool) {
	i := f.at
	for i < len(f.src) && nameByte(f.src[i]) {
		i++
	}
	name := f.src[f.at:i]
	f.at = i
	if f.next("(") != 0 {
		args, ok := f.arguments()
		if !ok {
			return operand{}, false
		}
		return f.call(strings.TrimPrefix(strings.ToUpper(name), "_XLFN."), args)
	}
	if strings.EqualFold(name, truthText) || strings.EqualFold(name, untruthText) {
		return truthOperand(len(name) == len(truthText)), true
	}
	row, col, ok := f.cell(name)
	if !ok {
		return operand{}, false
	}
	if f.next(":") == 0 {
		return f.value(row, col)
	}
	f.blanks()
	for i = f.at; i < len(f.src) && nameByte(f.src[i]); {
		i++
	}
	toRow, toCol, ok := f.cell(f.src[f.at:i])
	f.at = i
	if !ok || toRow < row || toCol < col || (toRow-row+1)*(toCol-col+1) > maxRange {
		return operand{}, false
	}
	out := operand{list: []operand{}}
	for r := row; r <= toRow; r++ {
		for c := col; c <= toCol; c++ {
			v, ok := f.value(r, c)
			if !ok {
				return operand{}, false
			}
			out.list = append(out.list, v)
		}
	}
	return out, true
}

func nameByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '$' || c == '_' || c == '.'
}

// cell reads a reference like $C5, moved as far as the formula was.
func (f *folding) cell(ref string) (row, col int, ok bool) {
	if f.value == nil {
		return 0, 0, false
	}
	fixed := strings.HasPrefix(ref, "$")
	col, ok = columnOf(strings.ReplaceAll(ref, "$", ""))
	rest := strings.TrimLeft(strings.TrimPrefix(ref, "$"), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	row, err := strconv.Atoi(strings.TrimPrefix(rest, "$"))
	if !ok || err != nil {
		return 0, 0, false
	}
	if !fixed {
		col += f.dc
	}
	if !strings.HasPrefix(rest, "$") {
		row += f.dr
	}
	return row, col, row > 0 && row <= maxRows && col >= 0 && col < maxColumns
}

// arguments reads what stands behind an opening bracket, up to the closing one.
func (f *folding) arguments() ([]operand, bool) {
	var out []operand
	if f.next(")") != 0 {
		return nil, true
	}
	for len(out) < 255 {
		v, ok := f.compared()
		if !ok {
			return nil, false
		}
		out = append(out, v)
		switch f.next(",;)") {
		case ')':
			return out, true
		case 0:
			return nil, false
		}
	}
	return nil, false
}

// call computes a function.
func (f *folding) call(name string, args []operand) (operand, bool) {
	var flat []operand
	for _, a := range args {
		if a.list != nil {
			flat = append(flat, a.list...)
		} else {
			flat = append(flat, a)
		}
	}
	if !f.spend(flat...) {
		return operand{}, false
	}
	switch name {
	case "IF":
		return choice(args)
	case "CONCAT", "CONCATENATE":
		return joined(flat, "", false)
	case "TEXTJOIN":
		if len(args) < 3 || args[0].list != nil {
			return operand{}, false
		}
		return joined(flat[2:], args[0].text, true)
	case "SUM":
		total := 0.0
		for _, a := range flat {
			if a.isNum {
				total += a.x
			}
		}
		return numberOperand(total), true
	}
	if len(flat) != len(args) || len(args) == 0 {
		return operand{}, false
	}
	return f.simple(name, args)
}

func joined(list []operand, sep string, omit bool) (operand, bool) {
	var out strings.Builder
	for _, a := range list {
		if omit && a.text == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteString(sep)
		}
		if out.WriteString(a.text); out.Len() > maxFolded {
			return operand{}, false
		}
	}
	return textOperand(out.String()), true
}

// simple computes a function whose arguments are single values, at least one.
func (f *folding) simple(name string, args []operand) (operand, bool) {
	s := args[0].text
	num := func(i, otherwise int) int {
		if i >= len(args) {
			return otherwise
		}
		x, ok := args[i].number()
		if !ok || x < 0 || x > maxFolded {
			return -1
		}
		return int(x)
	}
	r := []rune(s)
	switch name {
	case "TEXT":
		if len(args) != 2 {
			return operand{}, false
		}
		return textOperand(inFormat(args[0], args[1].text, f.from04)), true
	case "T", "TRIM", "CLEAN":
		return textOperand(strings.TrimSpace(s)), true
	case "UPPER":
		return textOperand(strings.ToUpper(s)), true
	case "LOWER":
		return textOperand(strings.ToLower(s)), true
	case "VALUE", "N", "INT", "ABS", "ROUND":
		x, ok := args[0].number()
		switch name {
		case "INT":
			x = math.Floor(x)
		case "ABS":
			x = math.Abs(x)
		case "ROUND":
			p := math.Pow(10, float64(num(1, 0)))
			x = math.Round(x*p) / p
		}
		return numberOperand(x), ok
	case "CHAR", "UNICHAR":
		n := num(0, 0)
		return textOperand(string(rune(max(0, n)))), n > 0 //nolint:gosec // num is bounded
	case "LEFT":
		n := num(1, 1)
		return textOperand(string(r[:max(0, min(n, len(r)))])), n >= 0
	case "RIGHT":
		n := num(1, 1)
		return textOperand(string(r[len(r)-max(0, min(n, len(r))):])), n >= 0
	case "MID":
		from, n := num(1, 0)-1, num(2, 0)
		if from < 0 || n < 0 {
			return operand{}, false
		}
		r = r[min(from, len(r)):]
		return textOperand(string(r[:min(n, len(r))])), true
	case "REPT":
		n := num(1, 0)
		if n < 0 || n*len(s) > maxFolded {
			return operand{}, false
		}
		return textOperand(strings.Repeat(s, n)), true
	case "SUBSTITUTE":
		if len(args) != 3 || args[1].text == "" || len(s)*(len(args[2].text)+1) > maxFolded {
			return operand{}, false
		}
		return textOperand(strings.ReplaceAll(s, args[1].text, args[2].text)), true
	case "HYPERLINK":
		return args[len(args)-1], true
	case "DATE":
		if len(args) != 3 {
			return operand{}, false
		}
		t := time.Date(num(0, 0), time.Month(num(1, 0)), num(2, 0), 0, 0, 0, 0, time.UTC)
		return numberOperand(float64(t.Unix())/secsInDay + unixDay), true
	}
	return operand{}, false
}

// choice is what IF comes to.
func choice(args []operand) (operand, bool) {
	if len(args) < 2 || len(args) > 3 {
		return operand{}, false
	}
	is, ok := args[0].truth()
	switch {
	case !ok:
		return operand{}, false
	case is:
		return args[1], true
	case len(args) == 3:
		return args[2], true
	}
	return truthOperand(false), true
}

// inFormat is what TEXT makes of a value.
func inFormat(v operand, code string, from04 bool) string {
	n := parseFormat(code)
	x, err := strconv.ParseFloat(v.text, 64)
	if err != nil {
		return n.text(v.text)
	}
	plain := numberOperand(x).text
	if mask := applyMask(literalMask(code), plain); mask != plain {
		return mask
	}
	return n.number(plain, from04)
}

// makesText says whether a formula can put texts together, or make one of a number.
func makesText(src string) bool {
	var b strings.Builder // without what is quoted: texts, and names of sheets
	var quote byte
	for i := range len(src) {
		switch c := src[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		default:
			b.WriteByte(c)
		}
	}
	s := strings.ToUpper(b.String())
	if strings.IndexByte(s, '&') >= 0 {
		return true
	}
	for _, name := range [...]string{"CONCAT", "TEXT", "CHAR(", "REPT(", "LEFT(", "RIGHT(", "MID(", "SUBSTITUTE(", "REPLACE(", "FIXED(", "DOLLAR(", "BASE("} {
		if strings.Contains(s, name) {
			return true
		}
	}
	return false
}
