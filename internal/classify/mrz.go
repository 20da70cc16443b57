package classify

import (
	"bytes"
	"strings"
)

// The machine readable lines that are looked for (ICAO 9303 parts 4 to 6), by what stands where: digits (9), digits or
// letters of the number (n) and of what the country adds (o), and what is never read otherwise (-).
const (
	mrzTD3 = "nnnnnnnnn9---9999999-9999999oooooooooooooo99"                      // passports, second line
	mrzTD2 = "nnnnnnnnn9---9999999-9999999ooooooo9"                              // wider cards, second line
	mrzTD1 = "-----nnnnnnnnn9ooooooooooooooo" + "9999999-9999999---ooooooooooo9" // cards, first and second line
	mrzRow = len(mrzTD1) / 2                                                     // a line of these
)

// guillemet is what word processors make of one '<' or of two. In bytes it is as long as two.
var guillemet = []byte("«")

// mrz checks machine readable lines. Those whose check digits hold only once letters are read as the digits that they look
// like are doubtful.
func mrz(v *Value) Verdict {
	switch lines, exact := readMRZ(v.Text); {
	case lines == nil:
		return Invalid
	case !exact:
		return Doubtful
	}
	return Valid
}

func canonicalMRZ(v *Value) string {
	lines, _ := readMRZ(v.Text)
	return compact(nil, lines)
}

// readMRZ is the lines that text stands for, in one: with one '<' or with two for each guillemet, and, if the check digits
// do not hold so, with digits for letters that look like them. exact says that no letter was read as a digit. Lines of
// which the check digits hold in no way are nil.
func readMRZ(text []byte) (lines []byte, exact bool) {
	text = bytes.Join(bytes.Fields(text), nil)
	if small := bytes.ToLower(text); bytes.Equal(small, text) {
		text = bytes.ToUpper(text)
	}
	forms := [][]byte{bytes.ReplaceAll(text, guillemet, []byte("<"))}
	if len(forms[0]) < len(text) {
		forms = append(forms, bytes.ReplaceAll(text, guillemet, []byte("<<")))
	}
	for _, form := range forms {
		if validMRZ(form) {
			return form, true
		}
	}
	if !bytes.ContainsAny(text, "OIol") {
		return nil, false
	}
	for _, form := range forms {
		for _, places := range []string{"9", "9n", "9o", "9no"} {
			if lines := mrzDigits(form, places); validMRZ(lines) {
				return lines, false
			}
		}
	}
	return nil, false
}

// mrzDigits is lines with digits for the letters that look like them: the small ones wherever digits may stand, as there are
// no small letters in such lines, the others where the kind of the place is one of these.
func mrzDigits(lines []byte, places string) []byte {
	layout := ""
	for _, l := range []string{mrzTD1, mrzTD2, mrzTD3} {
		if len(l) == len(lines) {
			layout = l
		}
	}
	out := bytes.ToUpper(lines)
	for i := range layout {
		c, kind := lines[i], layout[i]
		if c >= 'a' && kind != '-' || strings.IndexByte(places, kind) >= 0 {
			out[i] = drawnAs(c)
		}
	}
	return out
}

// validMRZ checks the lines of a passport or identity card: the check digits of number, birth and expiry on the line that
// holds them, and the composite digit where one line is enough for it.
func validMRZ(b []byte) bool {
	switch len(b) {
	case len(mrzTD1):
		return mrzDigit(b[5:14], b[14]) && mrzDigit(b[30:36], b[36]) && mrzDigit(b[38:44], b[44]) &&
			mrzDigit(concat(b[5:30], b[30:37], b[38:45], b[48:59]), b[59])
	case len(mrzTD3):
		return mrzDigit(b[0:9], b[9]) && mrzDigit(b[13:19], b[19]) && mrzDigit(b[21:27], b[27]) &&
			mrzDigit(concat(b[0:10], b[13:20], b[21:43]), b[43])
	case len(mrzTD2):
		return mrzDigit(b[0:9], b[9]) && mrzDigit(b[13:19], b[19]) && mrzDigit(b[21:27], b[27]) &&
			mrzDigit(concat(b[0:10], b[13:20], b[21:35]), b[35])
	}
	return false
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// mrzDigit is the check of ICAO 9303 part 3, 4.9: weights 7 3 1, letters 10 to 35, '<' 0.
func mrzDigit(b []byte, check byte) bool {
	sum := 0
	for i, c := range b {
		n := strings.IndexByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", c)
		if c == '<' {
			n = 0
		}
		if n < 0 {
			return false
		}
		sum += n * [...]int{7, 3, 1}[i%3]
	}
	return check == '0'+byte(sum%10)
}

// findMRZ calls found for every run of 36 or 44 characters of the machine readable zone that holds a '<' and stands
// alone, and for two such runs of 30 on lines below each other. A guillemet counts as one character or as two. What small
// letters that look like digits belong to is tried beside what stands between them.
func findMRZ(text []byte, found func(start, end int)) {
	quote := -1 // where the next guillemet is
	tried := 0  // where the last run with small letters ends
	for at := 0; at < len(text); {
		if quote < at {
			quote = at + index(text[at:], guillemet)
		}
		first := at + index(text[at:quote], []byte("<"))
		if first == len(text) {
			return
		}
		start, end := mrzRun(text, at, first, false)
		last := mrzEnd(text, start, end, false)
		if last > 0 {
			found(start, last)
		}
		at = end
		if first < tried {
			continue
		}
		from, to := mrzRun(text, tried, first, true)
		if further := mrzEnd(text, from, to, true); further > 0 && (from != start || further != last) {
			found(from, further)
		}
		tried = to
	}
}

// mrzMost is more than such a row has, in bytes.
const mrzMost = 2*mrzRow + 1

// index is where part begins in b, or the end of b.
func index(b, part []byte) int {
	if i := bytes.Index(b, part); i >= 0 {
		return i
	}
	return len(b)
}

// mrzRun is the run of characters of the zone around the one at first, not before low. Small letters that look like digits
// are of it if drawn is set.
func mrzRun(text []byte, low, first int, drawn bool) (start, end int) {
	start, end = first, first
	for n := 1; n > 0; start -= n {
		n = mrzBefore(text[low:start], drawn)
	}
	for n := 1; n > 0; end += n {
		n = mrzAfter(text[end:], drawn)
	}
	return start, end
}

// mrzAfter is the length of the character of the zone that b begins with, 0 if it is none.
func mrzAfter(b []byte, drawn bool) int {
	switch {
	case len(b) > 0 && mrzChar(b[0], drawn):
		return 1
	case bytes.HasPrefix(b, guillemet):
		return len(guillemet)
	}
	return 0
}

// mrzBefore is the length of the character of the zone that b ends with, 0 if it is none.
func mrzBefore(b []byte, drawn bool) int {
	switch {
	case len(b) > 0 && mrzChar(b[len(b)-1], drawn):
		return 1
	case bytes.HasSuffix(b, guillemet):
		return len(guillemet)
	}
	return 0
}

func mrzChar(c byte, drawn bool) bool {
	return c == '<' || c >= 'A' && c <= 'Z' || c-'0' <= 9 || drawn && (c == 'l' || c == 'o')
}

// mrzEnd is where lines end of which text[start:end] is the first, 0 if it can be none.
func mrzEnd(text []byte, start, end int, drawn bool) int {
	run := text[start:end]
	if mrzLong(run, mrzRow) {
		if last := mrzBelow(text, end, drawn); last > 0 {
			return last
		}
	}
	if mrzLong(run, len(mrzTD2)) || mrzLong(run, len(mrzTD3)) {
		return end
	}
	return 0
}

// mrzLong says whether a run may have n characters.
func mrzLong(run []byte, n int) bool {
	return len(run) == n || len(run) > n && len(run) <= 2*n && len(run)-bytes.Count(run, guillemet) == n
}

// mrzBelow is where a run as long as half of mrzTD1 on the next line ends, 0 if there is none.
func mrzBelow(text []byte, end int, drawn bool) int {
	for end < len(text) && text[end] == ' ' {
		end++
	}
	if end >= len(text) || text[end] != '\n' {
		return 0
	}
	start := end + 1
	_, end = mrzRun(text[:min(len(text), start+mrzMost)], start, start, drawn)
	if !mrzLong(text[start:end], mrzRow) {
		return 0
	}
	return end
}
