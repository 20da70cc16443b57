package classify

import (
	"bytes"
	"encoding/base64"
)

// validBasic says whether credentials decode to a name, a colon and a password (RFC 7617 2).
func validBasic(b []byte) bool {
	var out [512]byte
	b = bytes.TrimRight(b, "=")
	if base64.RawStdEncoding.DecodedLen(len(b)) > len(out) {
		return false
	}
	n, err := base64.RawStdEncoding.Decode(out[:], b)
	if err != nil {
		return false
	}
	colon := bytes.IndexByte(out[:n], ':')
	if colon < 1 || colon == n-1 {
		return false
	}
	for _, c := range out[:n] {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return !placeholder(out[colon+1 : n])
}
