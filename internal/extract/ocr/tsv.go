package ocr

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Result is what was read in a picture.
type Result struct {
	Text       string // valid UTF-8; lines end with LF, paragraphs with an empty line
	Confidence int    // from 0 to 100: the mean of what tesseract says of each word, by its length
}

// What a picture must show to count as read: so many letters and digits, of that confidence on the whole. Of a photo without any
// writing tesseract reads a few signs of low confidence, and of handwriting words that nobody wrote.
const (
	leastSigns      = 3
	leastConfidence = 55
)

// Legible says whether a picture counts as read. If not, its text is a guess, and something may stand there that was not read.
func (r *Result) Legible() bool {
	n := 0
	for _, c := range r.Text {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			n++
		}
	}
	return n >= leastSigns && r.Confidence >= leastConfidence
}

// Bounds of what is taken from tesseract.
const (
	maxTable = 8 << 20
	maxText  = 512 << 10
	maxLine  = 64 << 10
)

var errTable = errors.New("the table of words is not understood")

// columns of the table: level, page, block, paragraph, line and number of a word, its box, confidence, text.
const (
	colLevel, colBlock, colPar, colLine, colConf, colText = 0, 2, 3, 4, 10, 11
	columns                                               = 12
	levelWord                                             = "5"
)

// readTable reads the table of words that tesseract writes ("tsv"), text within limits.
func readTable(r io.Reader) (*Result, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4<<10), maxLine)
	if !s.Scan() || !strings.HasPrefix(s.Text(), "level\t") {
		return nil, errTable
	}
	var t table
	for s.Scan() {
		f := bytes.SplitN(bytes.TrimRight(s.Bytes(), "\r"), []byte("\t"), columns)
		if len(f) < columns-1 {
			return nil, errTable
		}
		if len(f) < columns || string(f[colLevel]) != levelWord {
			continue
		}
		conf, err := strconv.ParseFloat(string(f[colConf]), 64)
		if err != nil || conf != conf || t.out.Len() > maxText {
			return nil, errTable
		}
		t.word(f, min(max(conf, 0), 100))
	}
	if s.Err() != nil {
		return nil, errTable
	}
	res := &Result{Text: t.out.String()}
	if t.weight > 0 {
		res.Confidence = int(t.sum / t.weight)
	}
	return res, nil
}

// table puts words together to lines.
type table struct {
	out         strings.Builder
	par, line   string // where the last word stood
	sum, weight float64
}

func (t *table) word(f [][]byte, conf float64) {
	text := strings.TrimSpace(strings.Map(visible, strings.ToValidUTF8(string(f[colText]), "\uFFFD")))
	if text == "" {
		return
	}
	par := string(f[colBlock]) + "/" + string(f[colPar])
	line := par + "/" + string(f[colLine])
	switch {
	case t.out.Len() == 0:
	case par != t.par:
		t.out.WriteString("\n\n")
	case line != t.line:
		t.out.WriteByte('\n')
	default:
		t.out.WriteByte(' ')
	}
	t.par, t.line = par, line
	t.out.WriteString(text)
	n := float64(utf8.RuneCountInString(text))
	t.sum += conf * n
	t.weight += n
}

// visible drops control characters.
func visible(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}
