package extract

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

// isUTF7 knows the names of UTF-7 (RFC 2152).
func isUTF7(label string) bool {
	switch label {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "unicode-2-0-utf-7", "x-unicode-2-0-utf-7", "csunicode11utf7", "csutf7":
		return true
	}
	return false
}

// fromUTF7 decodes UTF-7, and says whether anything in it is encoded: what is too short for a character, as in "+46 8",
// stands for itself. The sign that ends what is encoded is no part of the text, unless ends says so.
func fromUTF7(b []byte, ends bool) (text string, encoded bool) {
	var out strings.Builder
	var units []uint16
	for len(b) > 0 {
		i := bytes.IndexByte(b, '+')
		if i < 0 {
			break
		}
		out.WriteString(lenient(b[:i]))
		b = b[i:]
		n := 1
		units = units[:0]
		acc, bits := uint32(0), 0
		for ; n < len(b) && base64Value(b[n]) >= 0; n++ {
			acc = acc<<6 | uint32(base64Value(b[n])) //nolint:gosec // six bits
			if bits += 6; bits >= 16 {
				bits -= 16
				units = append(units, uint16(acc>>bits)) //nolint:gosec // the upper bits were taken before
			}
		}
		switch {
		case len(units) > 0:
			out.WriteString(string(utf16.Decode(units)))
			encoded = true
		case n == 1:
			out.WriteByte('+')
		default:
			out.Write(b[:n])
		}
		if n < len(b) && b[n] == '-' && (n == 1 || len(units) > 0 && !ends) {
			n++
		}
		b = b[n:]
	}
	out.WriteString(lenient(b))
	return out.String(), encoded
}
