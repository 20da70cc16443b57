package pdf

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxGap is how much of what stands between objects is held until it is looked at.
const maxGap = 1 << 20

// gap is what stands between objects, as far as it was not looked at.
type gap struct {
	b     []byte
	table bool // a table of places goes on
}

// skipped takes what stands between objects.
func (s *scanner) skipped(b []byte) {
	for len(b) > 0 {
		n := min(len(b), maxGap-len(s.gap.b))
		s.gap.b = append(s.gap.b, b[:n]...)
		if b = b[n:]; len(b) > 0 {
			s.between()
		}
	}
}

// between looks at what stands between objects: the words and numbers that belong there, and what does not, which no reader shows.
func (s *scanner) between() {
	binary := 0
	for line := range bytes.FieldsFuncSeq(s.gap.b, func(r rune) bool { return r == '\n' || r == '\r' }) {
		rest := s.structure(line)
		if len(rest) == 0 {
			continue
		}
		if !s.out.comment(rest) {
			binary += len(bytes.Trim(rest, "\x00"))
		}
	}
	s.out.Stray = s.out.Stray || binary >= leastBinary
	s.gap.b = s.gap.b[:0]
}

// mostPlace is the most that is taken for a place even where the file has none such: eight digits are no number of a person.
const mostPlace = 99_999_999

// leastBinary is the least that is no text and stands between objects that could hold something. Less is what is left of a mark.
const leastBinary = 64

// structure takes from a line what belongs between objects (7.5), and returns the rest: tables of places, the place of one, the
// ends of objects.
func (s *scanner) structure(line []byte) []byte {
	for {
		line = bytes.TrimLeft(line, " \t\f\x00")
		var w []byte
		if i := bytes.IndexAny(line, " \t\f\x00"); i >= 0 {
			w = line[:i]
		} else {
			w = line
		}
		switch string(w) {
		case "":
			return nil
		case "xref", "startxref":
			s.gap.table = true
		case "endobj", "endstream", "obj", "n", "f":
		default:
			n, err := strconv.ParseInt(string(w), 10, 64)
			if bytes.HasPrefix(w, []byte("%PDF-")) && len(w) <= len("%PDF-1.7")+1 {
				break
			}
			if !s.gap.table || err != nil || n < 0 || n > max(s.n, mostPlace) {
				return line
			}
		}
		line = line[len(w):]
	}
}

// comment keeps what no reader shows. It says whether it is text, as the mark of a file that is none is not (7.5.2).
func (c *Carried) comment(b []byte) (isText bool) {
	s := clean(text(bytes.Trim(b, "% \t\r\n\f\x00")).plain())
	control, ascii, others := 0, 0, 0
	for _, r := range s {
		switch {
		case unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r':
			control++
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
		case r < utf8.RuneSelf:
			ascii++
		default:
			others++
		}
	}
	switch {
	case control > 0:
		return false
	case ascii == 0 && others <= longestMark || c.said[s]:
		return true
	}
	if c.unpacked += int64(len(s)); len(c.said) == maxObjects || c.unpacked > maxUnpacked {
		c.Much = true
		return true
	}
	c.said[s] = true
	c.Comments = append(c.Comments, s)
	return true
}

// longestMark is the most letters of a mark that says that a file is no text.
const longestMark = 8

// comments keeps the comments in content (7.8.2), which are what stands behind a percent sign outside of strings and pictures.
func (c *Carried) comments(b []byte) {
	if bytes.IndexByte(b, '%') < 0 || bytes.Contains(b, []byte("begincmap")) || bytes.HasPrefix(b, []byte("%!")) {
		return
	}
	pictures := true // that have an end
	for i, open := 0, 0; i < len(b); i++ {
		switch ch := b[i]; {
		case ch == '\\' && open > 0:
			i++
		case ch == '(':
			open++
		case ch == ')':
			open = max(0, open-1)
		case open > 0:
		case ch == 'I' && pictures && inlinePicture(b, i):
			end := bytes.Index(b[i:], []byte("EI"))
			pictures = end > 0
			i += max(0, end)
		case ch == '%':
			end := len(b)
			if k := bytes.IndexAny(b[i:], "\r\n"); k >= 0 {
				end = i + k
			}
			c.comment(b[i:end])
			i = end
		}
	}
}

// inlinePicture says whether the data of a picture begins at a place (8.9.7).
func inlinePicture(b []byte, i int) bool {
	return i > 0 && space(b[i-1]) && i+2 < len(b) && b[i+1] == 'D' && space(b[i+2])
}

// besideObjects keeps what stands in a stream of objects beside them. Ends are where those end that begin at starts.
func (c *Carried) besideObjects(b []byte, starts, ends []int) {
	for i, end := range ends {
		next := len(b)
		if i+1 < len(starts) {
			next = starts[i+1]
		}
		if end < next {
			if rest := strings.TrimSpace(string(b[end:next])); rest != "" {
				c.comment([]byte(rest))
			}
		}
	}
}
