package policy

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigill/internal/classify"
)

// reach is how many bytes around a value are searched for the word that speaks for it.
const reach = 2000

// near shows a value with the word that raised its confidence, as that stands in the text, and nothing else of the text:
// what lies between them is left out, but for line ends.
func (e *evaluation) near(h *classify.Hit) string {
	word := []byte(classify.Fold(h.Context))
	if len(word) == 0 {
		return ""
	}
	text := e.in.Content.Segments[h.Segment].Text
	var x classify.Text
	x.Reset([]byte(text[max(0, h.Start-reach):h.Start]))
	if at := lastWord(x.Folded(), word); at >= 0 {
		shown, rest := wholeWord(x.Bytes(), at, at+len(word))
		return shown + gap(rest) + h.Masked
	}
	x.Reset([]byte(text[h.End:min(len(text), h.End+reach)]))
	if at := firstWord(x.Folded(), word); at >= 0 {
		shown, _ := wholeWord(x.Bytes(), at, at+len(word))
		return h.Masked + gap(x.Bytes()[:at]) + shown
	}
	return h.Context + " … " + h.Masked // in the subject, or in a heading far above
}

// lastWord and firstWord find where a word begins, or -1.
func lastWord(folded, word []byte) int {
	for end := len(folded); ; {
		at := bytes.LastIndex(folded[:end], word)
		if at < 0 || startsWord(folded, at) {
			return at
		}
		end = at
	}
}

func firstWord(folded, word []byte) int {
	for from := 0; ; {
		n := bytes.Index(folded[from:], word)
		switch {
		case n < 0:
			return -1
		case startsWord(folded, from+n):
			return from + n
		}
		from += n + 1
	}
}

func startsWord(text []byte, at int) bool {
	r, n := utf8.DecodeLastRune(text[:at])
	return n == 0 || !unicode.IsLetter(r)
}

// wholeWord is what stands from at to end, with the letters that go on there, and the text behind it.
func wholeWord(text []byte, at, end int) (word string, rest []byte) {
	for end < len(text) {
		r, n := utf8.DecodeRune(text[end:])
		if !unicode.IsLetter(r) {
			break
		}
		end += n
	}
	return string(text[at:end]), text[end:]
}

// gap is what is shown of the text between a word and a value.
func gap(between []byte) string {
	said := bytes.ContainsFunc(between, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	var b strings.Builder
	switch {
	case bytes.IndexByte(between, '\n') >= 0:
		b.WriteByte('\n')
	case !said && bytes.IndexByte(between, '\t') >= 0:
		return "\t"
	case !said && bytes.IndexByte(between, ':') >= 0:
		return ": "
	default:
		b.WriteByte(' ')
	}
	if said {
		b.WriteString("… ")
	}
	return b.String()
}
