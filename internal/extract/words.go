package extract

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// decodeWords decodes the encoded words of a header value (RFC 2047), tolerantly: spaces
// inside a word and missing padding are accepted. Neighbouring words of one charset are
// joined before the charset is decoded, as many programs split a multi-byte character.
func decodeWords(s string) string {
	text, _ := wordsAs(s, 0)
	return text
}

// readWords decodes encoded words; others are the readings of programs that differ in a charset.
func readWords(s string) (text string, others []string) {
	text, ways := wordsAs(s, 0)
	for n := 1; n <= ways; n++ {
		other, _ := wordsAs(s, n)
		others = append(others, other)
	}
	return text, others
}

// wordsAs decodes encoded words in the n-th other reading of each that has so many. It returns how many there are at most.
func wordsAs(s string, n int) (text string, ways int) {
	if !strings.Contains(s, "=?") {
		return validHeader(s), 0
	}
	var out strings.Builder
	var raw []byte
	charset := ""
	flush := func() {
		if len(raw) > 0 {
			r := decodeText(raw, charset)
			ways = max(ways, len(r.Others))
			if n > 0 && n <= len(r.Others) {
				r.Text = r.Others[n-1]
			}
			out.WriteString(r.Text)
			raw = raw[:0]
		}
	}
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, size := encodedWord(s[i:])
		if size == 0 {
			flush()
			out.WriteString(validHeader(s[:i+2]))
			s = s[i+2:]
			continue
		}
		gap := s[:i]
		if len(raw) == 0 || strings.Trim(gap, " \t\r\n") != "" {
			flush()
			out.WriteString(validHeader(gap))
		}
		if len(raw) > 0 && !strings.EqualFold(charset, w.charset) {
			flush()
		}
		charset = w.charset
		raw = append(raw, w.bytes...)
		s = s[i+size:]
	}
	flush()
	out.WriteString(validHeader(s))
	return out.String(), ways
}

type word struct {
	charset string
	bytes   []byte
}

// maxWord is the longest encoded word looked for; RFC 2047 2 allows 75 characters.
const maxWord = 4 << 10

// encodedWord reads =?charset?encoding?text?= at the start of s and returns its length, 0
// if there is none.
func encodedWord(s string) (word, int) {
	s = s[:min(len(s), maxWord)]
	charset, rest, ok := strings.Cut(s[2:], "?")
	if !ok || charset == "" || len(charset) > 60 || strings.ContainsAny(charset, " \t\r\n") || len(rest) < 2 || rest[1] != '?' {
		return word{}, 0
	}
	kind := rest[0] | 0x20
	end := strings.Index(rest[2:], "?=")
	if end < 0 || kind != 'q' && kind != 'b' {
		return word{}, 0
	}
	text := rest[2 : 2+end]
	n := 2 + len(charset) + 1 + 2 + end + 2
	charset, _, _ = strings.Cut(charset, "*") // RFC 2231 5: language
	if kind == 'q' {
		return word{charset, wordQ(text)}, n
	}
	return word{charset, wordB(text)}, n
}

func wordQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2]))) //nolint:gosec // two hexadecimal digits make one octet
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

func wordB(s string) []byte {
	if out, err := base64.StdEncoding.DecodeString(s); err == nil {
		return out
	}
	var d base64Decoder
	return d.flush(d.decode(nil, []byte(s)))
}

// validHeader makes raw 8-bit text of a header UTF-8 (RFC 6532) and drops line ends.
func validHeader(s string) string {
	if strings.ContainsAny(s, "\r\n") {
		s = strings.NewReplacer("\r", "", "\n", "").Replace(s)
	}
	if utf8.ValidString(s) {
		return s
	}
	return lenient([]byte(s))
}
