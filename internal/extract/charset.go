package extract

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// reading is text decoded from a charset. Others are the readings of programs that differ;
// Unsure says that none is certain.
type reading struct {
	Text   string
	Others []string
	Unsure string // fixed wording, empty when the reading is certain
	Mild   bool   // Unsure is settled when a second reading agrees
	Loose  bool   // outside the strict subset: bytes and label do not fit
}

// also adds another reading, unless it says nothing new.
func (r *reading) also(text string) {
	if text != r.Text && !contains(r.Others, text) {
		r.Others = append(r.Others, text)
	}
}

// all is every reading.
func (r *reading) all() []string { return append([]string{r.Text}, r.Others...) }

// decodeText turns bytes into UTF-8. A byte order mark beats the label; text labelled
// with a one-byte charset (or none) that is valid multi-byte UTF-8 is UTF-8; Latin-1 is
// read as windows-1252, as browsers do (WHATWG Encoding 4.2).
func decodeText(b []byte, label string) reading {
	if bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) {
		return reading{Text: lenient(b[3:])}
	}
	if enc, n := byteOrderMark(b); n > 0 {
		return reading{Text: decodeWith(enc, b[n:])}
	}
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	if isUTF7(label) || bytes.HasPrefix(b, []byte("+/v")) { // the mark of UTF-7 begins so
		return unsureUTF7(b)
	}
	switch label {
	case "utf-8", "utf8", "us-ascii", "ascii", "", "iso-8859-1", "iso_8859-1", "latin1", "windows-1252", "cp1252", "ansi_x3.4-1968":
		if enc := wideWithoutMark(b); enc != nil {
			return reading{Text: decodeWith(enc, b), Others: []string{lenient(b)}, Unsure: withoutMark}
		}
		return reading{Text: lenient(b), Loose: unlabelled(b, label)}
	case "utf-16", "utf16", "unicode", "csunicode", "csutf16", "ucs-2", "iso-10646-ucs-2":
		return eitherOrder(b)
	}
	enc, super := lookup(label)
	if enc == nil {
		r := reading{Text: lenient(b), Loose: true}
		if !utf8.Valid(b) {
			r.Unsure, r.Mild = "unknown charset", mostlyASCII(b)
		}
		return r
	}
	r := reading{Text: decodeWith(enc, b), Loose: !super}
	if !super || multiByte(b) {
		if alt := lenient(b); alt != r.Text {
			r.also(alt)
			r.Loose = true
		}
	}
	return r
}

// unsureUTF7 reads UTF-7 as it stands and decoded: few programs of today know it. Where nothing is encoded, they agree.
func unsureUTF7(b []byte) reading {
	r := reading{Text: lenient(b), Unsure: "charset UTF-7"}
	decoded, encoded := fromUTF7(b, false)
	r.also(decoded)
	if encoded {
		kept, _ := fromUTF7(b, true) // the sign at the end is easily left where it stands
		r.also(kept)
	}
	r.Mild = !encoded
	return r
}

// eitherOrder reads UTF-16 that has no mark: the big end comes first by RFC 2781 4.3, and the little end by the WHATWG
// Encoding Standard 4.2. Text without zero bytes may be no UTF-16 at all.
func eitherOrder(b []byte) reading {
	little := decodeWith(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), b)
	big := decodeWith(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), b)
	r := reading{Text: little, Loose: true}
	if enc := wideWithoutMark(b); enc != nil {
		r.Text = decodeWith(enc, b)
	}
	r.also(little)
	r.also(big)
	r.also(lenient(b))
	return r
}

const withoutMark = "UTF-16 without a mark"

// lookup finds a charset by name, and says whether it reads plain ASCII as ASCII.
func lookup(label string) (enc encoding.Encoding, superset bool) {
	enc, err := htmlindex.Get(label)
	if err != nil || enc == encoding.Replacement {
		if enc, err = ianaindex.MIME.Encoding(label); err != nil {
			if enc, err = ianaindex.IANA.Encoding(label); err != nil {
				enc = nil
			}
		}
	}
	if enc == nil || enc == encoding.Replacement {
		if strings.HasPrefix(label, "utf-32") {
			return utf32.UTF32(utf32.BigEndian, utf32.UseBOM), false
		}
		return nil, false
	}
	const probe = "09 aZ-.@~{"
	return enc, decodeWith(enc, []byte(probe)) == probe
}

func decodeWith(enc encoding.Encoding, b []byte) string {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return lenient(b)
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// byteOrderMark returns the wide encoding that b announces and the length of the mark.
func byteOrderMark(b []byte) (encoding.Encoding, int) {
	switch {
	case bytes.HasPrefix(b, []byte("\xFF\xFE\x00\x00")):
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), 4
	case bytes.HasPrefix(b, []byte("\xFF\xFE")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 2
	case bytes.HasPrefix(b, []byte("\xFE\xFF")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 2
	}
	return nil, 0
}

// wideText returns the encoding of text in UTF-16 or UTF-32 and the length of its mark, which may be 0; nil for other text.
func wideText(b []byte) (encoding.Encoding, int) {
	if enc, n := byteOrderMark(b); enc != nil {
		return enc, n
	}
	return wideWithoutMark(b), 0
}

// wideWithoutMark finds UTF-16 by its zero bytes, which western text has at every second
// place.
func wideWithoutMark(b []byte) encoding.Encoding {
	if len(b) < 4 || bytes.IndexByte(b[:min(len(b), 64)], 0) < 0 {
		return nil
	}
	var zero [2]int
	control := 0
	n := min(len(b), 1024) &^ 1
	for i := range n {
		switch c := b[i]; {
		case c == 0:
			zero[i&1]++
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			control++
		}
	}
	switch {
	case control*20 > n: // western text has none, other text few; a bitmap has many
	case zero[1]*10 >= n*3 && zero[0]*20 <= n:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zero[0]*10 >= n*3 && zero[1]*20 <= n:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// lenient reads UTF-8, and takes each byte that is not part of it as windows-1252.
func lenient(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	s.Grow(len(b) + len(b)/8)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			r = charmap.Windows1252.DecodeByte(b[0])
		}
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

// unlabelled says whether 8-bit text stands under a label that does not cover it.
func unlabelled(b []byte, label string) bool {
	switch label {
	case "utf-8", "utf8":
		return !utf8.Valid(b)
	case "", "us-ascii", "ascii", "ansi_x3.4-1968":
		return !ascii(b)
	}
	return multiByte(b) // Latin-1, which is anything but UTF-8
}

// mostlyASCII says whether a text can be read without its charset, as one in a western or
// central European language can.
func mostlyASCII(b []byte) bool {
	n := 0
	for _, c := range b {
		if c >= 0x80 || c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			n++
		}
	}
	return n*4 <= len(b)
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// multiByte says whether b is UTF-8 with characters beyond ASCII.
func multiByte(b []byte) bool { return !ascii(b) && utf8.Valid(b) }
