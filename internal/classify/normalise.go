package classify

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sigill/internal/classify/eight"
)

// Text is a piece of text in its normal form, with the way back to the original. The zero value is ready for [Text.Reset].
type Text struct {
	norm  []byte // valid UTF-8
	fold  []byte // norm in canonical case; the same length, so that offsets are shared
	plain bool   // no byte of norm is beyond C3
	marks []mark // where norm and original drift apart, in order
	orig  int    // bytes of the original

	buf     []byte  // scratch of the slow path: a stretch without invisible characters
	from    []int32 // where each byte of buf came from
	piece   []byte  // scratch: one normalised piece
	swapped []mark  // scratch of unquote
}

// mark says that from norm on, original = orig + (offset - norm), until the next mark.
type mark struct{ norm, orig int32 }

// Bytes is the normal form. It is valid until the next Reset.
func (t *Text) Bytes() []byte { return t.norm }

// Normalise returns the normal form of s: NFKC without invisible format characters; every decimal digit as an ASCII
// digit, without the marks that cross it out or frame it; every space as U+0020, every dash as '-', every line end as
// '\n', tabs kept; quote marks at line starts removed; broken UTF-8 as U+FFFD. It is idempotent.
func Normalise(s string) string {
	var t Text
	t.Reset([]byte(s))
	return string(t.norm)
}

// Reset makes t the normal form of src.
func (t *Text) Reset(src []byte) {
	t.norm, t.marks, t.orig = t.norm[:0], t.marks[:0], len(src)
	t.fold, t.plain = t.fold[:0], true
	if cap(t.norm) < len(src) {
		t.norm = make([]byte, 0, len(src)+len(src)/8+16)
	}
	t.normalise(src)
	t.foldRest()
	t.unquote()
}

// anchor notes that what is appended next comes from offset src of the original.
func (t *Text) anchor(src int) {
	at := len(t.norm)
	if n := len(t.marks); n > 0 {
		last := t.marks[n-1]
		if int(last.orig)-int(last.norm) == src-at {
			return
		}
		if int(last.norm) == at {
			t.marks[n-1].orig = int32(src)
			return
		}
	} else if src == at {
		return
	}
	t.marks = append(t.marks, mark{int32(at), int32(src)})
}

func (t *Text) normalise(src []byte) {
	lastOut, lastSrc := -1, -1 // the plain character that was written last, which a combining mark may join
	for i := 0; i < len(src); {
		if plainLetter(src[i:]) > 0 {
			t.anchor(i)
			i += t.plainRun(src[i:])
			last := 1
			if src[i-1] >= utf8.RuneSelf {
				last = 2
			}
			lastOut, lastSrc = len(t.norm)-last, i-last
			continue
		}
		if src[i] == '\r' {
			if i+1 == len(src) || src[i+1] != '\n' {
				t.anchor(i)
				t.norm = append(t.norm, '\n')
			}
			lastOut, lastSrc = -1, -1
			i++
			continue
		}
		r, n := utf8.DecodeRune(src[i:])
		switch {
		case plain(r):
			t.anchor(i)
			lastOut, lastSrc = len(t.norm), i
			t.norm = appendMapped(t.norm, r)
			i += n
		case invisible(r):
			i += n
		default:
			if lastOut >= 0 {
				t.truncate(lastOut)
				i = lastSrc
			}
			i = t.slow(src, i)
			lastOut, lastSrc = -1, -1
		}
	}
	t.anchor(len(src))
}

// plainRun appends the run that src begins with of ASCII without carriage returns and the letters U+00C0 to U+00FF, and what it is in
// canonical case: most mail is nothing else. It returns the length of the run.
func (t *Text) plainRun(src []byte) int {
	t.foldRest()
	at := len(t.norm)
	t.norm, t.fold = slices.Grow(t.norm, len(src)), slices.Grow(t.fold, len(src))
	norm, fold := t.norm[at:at+len(src)], t.fold[at:at+len(src)]
	i := 0
	for i < len(src) {
		for i+plainBlock <= len(src) {
			n := plainASCII((*[plainBlock]byte)(norm[i:]), (*[plainBlock]byte)(fold[i:]), (*[plainBlock]byte)(src[i:]))
			if i += n; n < plainBlock {
				break
			}
		}
		n := plainLetter(src[i:])
		if n == 0 {
			break
		}
		norm[i] = src[i]
		if n == 1 {
			foldRune(fold[i:], src[i:])
		} else {
			norm[i+1] = src[i+1]
			fold[i], fold[i+1] = foldLatin(src[i+1])
		}
		i += n
	}
	t.norm, t.fold = t.norm[:at+i], t.fold[:at+i]
	return i
}

// plainBlock is how many bytes plainASCII looks at.
const plainBlock = 64

// plainASCII writes the ASCII that src begins with, up to a carriage return, to norm, and in lower case to fold. It returns its length.
func plainASCII(norm, fold, src *[plainBlock]byte) int {
	for i := 0; i < plainBlock; i += 8 {
		w := binary.LittleEndian.Uint64(src[i&(plainBlock-8):])
		binary.LittleEndian.PutUint64(norm[i&(plainBlock-8):], w)
		binary.LittleEndian.PutUint64(fold[i&(plainBlock-8):], eight.Lower(w)) // right for all bytes before the first beyond ASCII
		if odd := w&eight.Highs | eight.Equal(w, '\r'); odd != 0 {
			return i + bits.TrailingZeros64(odd)/8
		}
	}
	return plainBlock
}

// plainLetter is the length of the character that b begins with, if plainRun takes it, else 0.
func plainLetter(b []byte) int {
	switch {
	case len(b) == 0 || b[0] == '\r':
		return 0
	case b[0] < utf8.RuneSelf:
		return 1
	case b[0] == 0xc3 && len(b) > 1 && b[1]&0xc0 == 0x80:
		return 2
	}
	return 0
}

// plain says that r is its own NFKC form (or is mapped by mapRune alone) and never joins what stands before it; what
// stands after it may still join it. Only what European mail is made of is listed; everything else takes the slow path.
func plain(r rune) bool {
	switch {
	case r < 0xa0:
		return r < utf8.RuneSelf && r != '\r'
	case r >= 0xc0 && r < 0x180:
		return r != 0x132 && r != 0x133 && r != 0x13f && r != 0x140 && r != 0x149 && r != 0x17f
	case r >= 0x2018 && r <= 0x2022, r >= 0x2012 && r <= 0x2015, r == 0x20ac, r == 0x2212:
		return true
	}
	return false
}

// invisible says that r is dropped: format characters (Cf), soft hyphen, zero-width and bidi marks, variation
// selectors, the grapheme joiner.
func invisible(r rune) bool {
	return r == 0x34f || r >= 0x180b && r <= 0x180f || r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef || r >= 0xad && unicode.Is(unicode.Cf, r)
}

// truncate takes back everything from offset at on.
func (t *Text) truncate(at int) {
	t.norm, t.fold = t.norm[:at], t.fold[:min(at, len(t.fold))]
	for len(t.marks) > 0 && int(t.marks[len(t.marks)-1].norm) > at {
		t.marks = t.marks[:len(t.marks)-1]
	}
}

// slow normalises from offset i up to the next plain character and returns where that stands.
func (t *Text) slow(src []byte, i int) int {
	t.buf, t.from = t.buf[:0], t.from[:0]
	end := i
	for end < len(src) {
		r, n := utf8.DecodeRune(src[end:])
		if src[end] == '\r' || end > i && plain(r) {
			break
		}
		if !invisible(r) {
			before := len(t.buf)
			t.buf = utf8.AppendRune(t.buf, drawnDigit(r))
			for range len(t.buf) - before {
				t.from = append(t.from, int32(end))
			}
		}
		end += n
	}
	for at := 0; at < len(t.buf); {
		n := norm.NFKC.NextBoundary(t.buf[at:], true)
		t.piece = norm.NFKC.Append(t.piece[:0], t.buf[at:at+n]...)
		if r, _ := utf8.DecodeRune(t.piece); unicode.Is(unicode.Nd, r) {
			t.dashBetween()
		}
		t.anchor(int(t.from[at]))
		for p := 0; p < len(t.piece); {
			r, size := utf8.DecodeRune(t.piece[p:])
			if r < 0x300 || !unicode.In(r, unicode.Mn, unicode.Me) || !endsNumber(t.norm) {
				t.norm = appendMapped(t.norm, r)
			}
			p += size
		}
		at += n
	}
	if end < len(src) && isDigit(src[end]) {
		t.dashBetween()
	}
	return end
}

// dashBetween makes a dash of a line that is one only between digits, if that and a digit are what was written last. A
// digit comes next.
func (t *Text) dashBetween() {
	if n := lineLen(t.norm); n > 0 {
		t.truncate(len(t.norm) - n)
		t.norm = append(t.norm, '-')
	}
}

// lineLen is the length of the line behind a digit that b ends with, else 0: those of Japanese, Chinese, Korean and Coptic
// writing, the full stop of Urdu, and what frames are drawn of.
func lineLen(b []byte) int {
	r, n := utf8.DecodeLastRune(b)
	switch r {
	case 0x6d4, 0x23af, 0x2500, 0x2501, 0x2cba, 0x30fc, 0x3161, 0x4e00:
		if len(b) > n && isDigit(b[len(b)-n-1]) {
			return n
		}
	}
	return 0
}

// endsNumber says that b ends with a digit, or with a digit and what may stand between two. A mark behind it crosses it out
// or frames it.
func endsNumber(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	switch c := b[len(b)-1]; c {
	case '-', ' ', '.', '/', '+':
		return len(b) > 1 && isDigit(b[len(b)-2])
	default:
		return isDigit(c) || lineLen(b) > 0
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// drawnDigit is the digit that a sign shows which NFKC keeps, or takes apart into a digit and other signs, else r.
func drawnDigit(r rune) rune {
	switch {
	case r < 0x2474:
		return r
	case r <= 0x247c: // (1)
		return '1' + r - 0x2474
	case r >= 0x2488 && r <= 0x2490: // 1.
		return '1' + r - 0x2488
	case r >= 0x24f5 && r <= 0x24fd: // in two circles
		return '1' + r - 0x24f5
	case r >= 0x2776 && r <= 0x277e: // on a black circle
		return '1' + r - 0x2776
	case r >= 0x2780 && r <= 0x2788: // in a circle, without serifs
		return '1' + r - 0x2780
	case r >= 0x278a && r <= 0x2792: // on a black circle, without serifs
		return '1' + r - 0x278a
	case r == 0x24ff, r == 0x1f100, r == 0x1f10b, r == 0x1f10c: // zero, for each of them
		return '0'
	case r >= 0x1f101 && r <= 0x1f10a: // 0,
		return '0' + r - 0x1f101
	case r >= 0x1ccf0 && r <= 0x1ccf9: // outlined
		return '0' + r - 0x1ccf0
	}
	return r
}

func appendMapped(b []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(b, byte(r))
	}
	if r = mapRune(r); r < 0 {
		return b
	}
	return utf8.AppendRune(b, r)
}

// mapRune is what normalisation does beyond NFKC, or -1 for what vanishes.
func mapRune(r rune) rune {
	switch {
	case r >= 0xc0 && r < 0x180:
		return r
	case r == 0x85, r == 0x2028, r == 0x2029:
		return '\n'
	case r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0xfe58, r == 0xfe63, r == 0xff0d, // dashes
		r == 0x2d7, r == 0x58a, r == 0x5be, r == 0x1806, r == 0x2043, r == 0x2796, r == 0x2e3a, r == 0x2e3b, r == 0x2e40: // and what looks like one
		return '-'
	case unicode.Is(unicode.Zs, r):
		return ' '
	case invisible(r):
		return -1
	case unicode.Is(unicode.Nd, r):
		return '0' + digitValue(r)
	}
	return r
}

// digitValue is the value of a decimal digit of any script: Unicode keeps each script's ten in one row, in order.
func digitValue(r rune) rune {
	for _, x := range unicode.Nd.R16 {
		if r >= rune(x.Lo) && r <= rune(x.Hi) {
			return (r - rune(x.Lo)) % 10
		}
	}
	for _, x := range unicode.Nd.R32 {
		if r >= rune(x.Lo) && r <= rune(x.Hi) {
			return (r - rune(x.Lo)) % 10
		}
	}
	return 0
}

// unquote removes the marks of quoted mail ("> ", "| ") from line starts.
func (t *Text) unquote() {
	b, fold := t.norm, t.fold
	if quoteLen(b) == 0 && !bytes.Contains(b, []byte("\n>")) && !bytes.Contains(b, []byte("\n| ")) {
		return
	}
	old := append(t.swapped[:0], t.marks...)
	t.marks, t.norm, t.fold = t.marks[:0], b[:0], fold[:0]
	next := 0 // of old
	add := func(from, to int) { t.norm, t.fold = append(t.norm, b[from:to]...), append(t.fold, fold[from:to]...) }
	keep := func(from, to int) {
		t.anchor(origAt(old, t.orig, from))
		for next < len(old) && int(old[next].norm) <= from {
			next++
		}
		for ; next < len(old) && int(old[next].norm) < to; next++ {
			m := old[next]
			add(from, int(m.norm))
			from = int(m.norm)
			t.anchor(int(m.orig))
		}
		add(from, to)
	}
	from := 0
	for at := 0; ; { // at the beginning of each line
		if n := quoteLen(b[at:]); n > 0 {
			if from < at {
				keep(from, at)
			}
			at += n
			from = at
		}
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
	}
	if from < len(b) {
		keep(from, len(b))
	}
	t.anchor(t.orig)
	t.swapped = old
}

func quoteLen(line []byte) int {
	n := 0
	for n < len(line) {
		switch {
		case line[n] == '>':
			n++
			if n < len(line) && line[n] == ' ' {
				n++
			}
		case line[n] == '|' && n+1 < len(line) && line[n+1] == ' ':
			n += 2
		default:
			return n
		}
	}
	return n
}

// Original maps a span of the normal form to the bytes of the original that it came from.
func (t *Text) Original(start, end int) (from, to int) {
	from = origAt(t.marks, t.orig, start)
	return from, max(from, origAt(t.marks, t.orig, end))
}

func origAt(marks []mark, length, p int) int {
	i := sort.Search(len(marks), func(i int) bool { return int(marks[i].norm) > p })
	at := p
	if i > 0 {
		at = int(marks[i-1].orig) + p - int(marks[i-1].norm)
	}
	if i < len(marks) {
		at = min(at, int(marks[i].orig))
	}
	return min(at, length)
}

// filler stands in folded text where a letter became shorter; matching skips it.
const filler = 1

// foldRest brings t.fold up to t.norm.
func (t *Text) foldRest() {
	if from := len(t.fold); from < len(t.norm) {
		var plain bool
		t.fold, plain = appendFolded(t.fold, t.norm[from:])
		t.plain = t.plain && plain
	}
}

// appendFolded appends src in canonical case, byte for byte the same length. plain says that no byte of it is beyond C3.
func appendFolded(dst, src []byte) (all []byte, plain bool) {
	at := len(dst)
	all, plain = slices.Grow(dst, len(src))[:at+len(src)], true
	dst = all[at:]
	for i := 0; i < len(src); {
		if i+8 <= len(src) {
			w := binary.LittleEndian.Uint64(src[i:])
			binary.LittleEndian.PutUint64(dst[i:], eight.Lower(w)) // right for all bytes before the first beyond ASCII
			if w&eight.Highs == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(w&eight.Highs) / 8
		}
		plain = plain && src[i] <= 0xc3
		i += foldRune(dst[i:], src[i:])
	}
	return all, plain
}

// foldLatin folds the two-byte letters U+00C0 to U+00FF, of which c is the second byte.
func foldLatin(c byte) (byte, byte) {
	switch {
	case c == 0x9f: // ß
		return 's', 's'
	case c <= 0x9e && c != 0x97:
		return 0xc3, c | 0x20
	}
	return 0xc3, c
}

// foldRune folds the character that src begins with, and returns its length.
func foldRune(dst, src []byte) int {
	c := src[0]
	switch {
	case c < utf8.RuneSelf:
		if c-'A' < 26 {
			c |= 0x20
		}
		dst[0] = c
		return 1
	case c == 0xc3 && len(src) > 1:
		dst[0], dst[1] = foldLatin(src[1])
		return 2
	}
	r, n := utf8.DecodeRune(src)
	switch r {
	case 0x130, 0x131: // İ and ı
		dst[0], dst[1] = 'i', filler
		return n
	case 0x1e9e: // ẞ
		dst[0], dst[1], dst[2] = 's', 's', filler
		return n
	case 0x3c2: // final sigma
		r = 0x3c3
	}
	low := unicode.ToLower(r)
	if utf8.RuneLen(low) != n { // a handful of letters that no list of words here uses
		low = r
	}
	if low == utf8.RuneError && n == 1 {
		dst[0] = src[0]
		return 1
	}
	utf8.EncodeRune(dst[:n], low)
	return n
}

// Fold returns s normalised and in canonical case, as words are compared.
func Fold(s string) string {
	var t Text
	t.Reset([]byte(s))
	return string(bytes.ReplaceAll(t.fold, []byte{filler}, nil))
}

// Folded is the normal form in canonical case, of the same length; a byte of value 1 is to be skipped. It is valid until
// the next Reset.
func (t *Text) Folded() []byte { return t.fold }
