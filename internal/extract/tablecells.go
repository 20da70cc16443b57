package extract

import (
	"strconv"
	"strings"
)

// shownCells shows the cells of a table that are formulas, or numbers in scientific form, as a spreadsheet does.
func shownCells(s string) string {
	if !strings.Contains(s, "=") && !strings.Contains(s, "E+") && !strings.Contains(s, "e+") {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	for s != "" {
		i := strings.IndexAny(s, "\t\r\n")
		if i < 0 {
			i = len(s)
		}
		out.WriteString(shownCell(s[:i]))
		out.WriteString(s[i:min(i+1, len(s))])
		s = s[min(i+1, len(s)):]
	}
	return out.String()
}

func shownCell(cell string) string {
	switch t := strings.TrimSpace(cell); {
	case len(t) < 3:
	case t[0] == '=':
		if v, ok := foldConstant(t[1:]); ok {
			return oneLine(v.text)
		}
	case digit(t[len(t)-1]) && strings.Trim(t, "0123456789.,-+eE") == "" && strings.ContainsAny(t, "eE"):
		return plainNumber(strings.Replace(t, ",", ".", 1))
	}
	return cell
}

// exponents returns the numbers of a text that are long and in scientific form, written out, one a line.
func exponents(s string) string {
	var out strings.Builder
	for at := 0; ; {
		i := strings.IndexAny(s[at:], "eE")
		if i < 0 {
			return out.String()
		}
		i += at
		at = i + 1
		if i == 0 || at >= len(s) || !digit(s[i-1]) || s[at] != '+' && !digit(s[at]) {
			continue
		}
		from, to := i, at+1
		for from > 0 && i-from < 30 && (digit(s[from-1]) || s[from-1] == '.') {
			from--
		}
		for to < len(s) && to-at < 5 && digit(s[to]) {
			to++
		}
		if v := plainNumber(s[from:to]); len(v) >= 6 && v != s[from:to] && strings.Trim(v, "0123456789") == "" {
			out.WriteString(v + "\n")
		}
		at = to
	}
}

// sylk reads a table in the form of Multiplan (SYLK), which spreadsheets still open, by its records of cells.
func sylk(s string) string {
	var out strings.Builder
	row, col, lastRow, lastCol := 1, 1, 1, 1
	for line := range strings.Lines(s) {
		fields := strings.Split(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), ";;", "\x00"), ";")
		if fields[0] != "C" && fields[0] != "F" {
			continue
		}
		value, formula := "", ""
		for _, f := range fields[1:] {
			if f == "" {
				continue
			}
			f, v := f[0], strings.ReplaceAll(f[1:], "\x00", ";")
			n, err := strconv.Atoi(v)
			switch {
			case f == 'X' && err == nil:
				col = n
			case f == 'Y' && err == nil:
				row = n
			case f == 'K':
				value = v
			case f == 'E':
				formula = v
			}
		}
		if fields[0] != "C" {
			continue
		}
		switch {
		case out.Len() == 0:
		case row != lastRow:
			out.WriteByte('\n')
		default:
			out.WriteString(strings.Repeat("\t", max(1, min(col-lastCol, maxTabs))))
		}
		out.WriteString(sylkValue(value, formula))
		lastRow, lastCol = row, col
	}
	return out.String()
}

// sylkValue is the value of a cell, which quotes text, and what its formula comes to if that is something else.
func sylkValue(value, formula string) string {
	shown := plainNumber(value)
	if len(value) > 1 && value[0] == '"' {
		shown = strings.TrimSuffix(value[1:], `"`)
	}
	if v, ok := foldConstant(formula); ok && v.text != shown {
		shown = strings.TrimSpace(v.text + " " + shown)
	}
	return oneLine(shown)
}
