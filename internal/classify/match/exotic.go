package match

import (
	"math/bits"
	"sort"
	"unicode/utf8"
)

// An exotic character is one whose other case may be written with other bytes than the case bit says: all beyond Latin-1
// but punctuation and scripts without case. They are rare in the mail this is for, so the probe only notes where they
// stand, and the text around each is folded and probed once more.

// exoticAt says whether the lead byte at i begins an exotic character.
func exoticAt(text []byte, i int) bool {
	c := text[i]
	switch {
	case c < 0xc4:
		return false
	case c < 0xe0, c == 0xe1, c == 0xea, c == 0xef, c >= 0xf0:
		return true
	case c == 0xe2: // E2 80 to E2 83: dashes, quotes, dots, currency signs
		return i+1 >= len(text) || text[i+1] >= 0x84
	}
	return false
}

// noteExotic adds the exotic characters among the bytes of a word of eight at i; bits has the high bit of each candidate.
func (s *Scanner) noteExotic(i int, high uint64) {
	for ; high != 0; high &= high - 1 {
		if p := i + bits.TrailingZeros64(high)>>3; exoticAt(s.text, p) {
			s.exotic = append(s.exotic, int32(p))
		}
	}
}

// hasExotic says whether an exotic character begins in text[from:to].
func (s *Scanner) hasExotic(from, to int) bool {
	if len(s.exotic) == 0 {
		return false
	}
	i := sort.Search(len(s.exotic), func(i int) bool { return int(s.exotic[i]) >= from })
	return i < len(s.exotic) && int(s.exotic[i]) < to
}

// folded is a stretch of text in canonical case, with the way back.
type folded struct {
	b    []byte  // pad, text, pad
	orig []int32 // by byte of b: where it came from
}

// pad surrounds what is probed as a whole, so that windows and loads of eight bytes need no test of their own.
const pad = 16

// fold fills f from text[from:to].
func (f *folded) fold(text []byte, from, to int) {
	f.b, f.orig = f.b[:0], f.orig[:0]
	add := func(c byte, at int) {
		f.b, f.orig = append(f.b, c), append(f.orig, int32(at))
	}
	for range pad {
		add(' ', from)
	}
	var enc [utf8.UTFMax]byte
	for i := from; i < to; {
		r, n := utf8.DecodeRune(text[i:to])
		if r == utf8.RuneError && n == 1 {
			add(text[i], i)
			i++
			continue
		}
		for k := range utf8.EncodeRune(enc[:], canon(r)) {
			add(enc[k], i)
		}
		i += n
	}
	for range pad + 8 {
		add(' ', to)
	}
}

// probeExotic probes the text around exotic characters, and takes the literals that hold one.
func (s *Scanner) probeExotic() {
	reach := s.e.longest * utf8.UTFMax
	for k := 0; k < len(s.exotic); {
		from, to := max(0, int(s.exotic[k])-reach), int(s.exotic[k])+reach
		for k++; k < len(s.exotic) && int(s.exotic[k])-reach <= to; k++ {
			to = int(s.exotic[k]) + reach
		}
		to = min(to, len(s.text))
		for from > 0 && !utf8.RuneStart(s.text[from]) {
			from--
		}
		for to < len(s.text) && !utf8.RuneStart(s.text[to]) {
			to++
		}
		s.fold.fold(s.text, from, to)
		for i := pad - 3; i+8 < len(s.fold.b); i++ {
			s.probe(s.fold.b, i, true)
		}
	}
}
