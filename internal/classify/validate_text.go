package classify

import (
	"bytes"
	"encoding/base64"
)

// validJWT says whether the first part of a token decodes to JSON that names an algorithm (RFC 7515 4.1.1).
func validJWT(b []byte) bool {
	head, _, ok := bytes.Cut(b, []byte("."))
	var out [1024]byte
	if !ok || base64.RawURLEncoding.DecodedLen(len(head)) > len(out) {
		return false
	}
	n, err := base64.RawURLEncoding.Decode(out[:], head)
	return err == nil && n > 0 && out[0] == '{' && bytes.Contains(out[:n], []byte(`"alg"`))
}

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
	return true
}

// icdLast is the last number that ICD-10 (WHO, 2019) uses behind each letter, A to Z.
const icdLast = "\x63\x63\x61\x59\x5a\x63\x63\x5f\x63\x63\x5d\x63\x63\x63\x63\x60\x63\x63\x63\x62\x63\x63\x63\x63\x62\x63"

// validICD10 says whether a code lies in the range of its chapter.
func validICD10(b []byte) bool {
	if len(b) < 3 || b[0] < 'A' || b[0] > 'Z' || b[1]-'0' > 9 {
		return false
	}
	if b[2]-'0' > 9 { // C7A, M1A, Z3A: national extensions
		return b[2] == 'A' || b[2] == 'B'
	}
	return (b[1]-'0')*10+b[2]-'0' <= icdLast[b[0]-'A']
}
