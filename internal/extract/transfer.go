package extract

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// maxJunk bounds the raw lines kept because they do not fit their transfer encoding.
const maxJunk = 256 << 10

// decoder undoes a content transfer encoding (RFC 2045 6), piece by piece, and never
// fails: it keeps what does not fit.
type decoder interface {
	// decode appends the decoded form of a piece of a line to dst.
	decode(dst, piece []byte) []byte
	// flush appends what was still held back.
	flush(dst []byte) []byte
	// damage tells what did not fit the encoding.
	damage() damage
}

// damage is what did not fit a transfer encoding.
type damage struct {
	raw     []byte // the lines concerned, as they stand
	serious bool   // more than a stray character: programs could differ
	cut     bool   // the end is missing
	footed  bool   // plain lines stand behind the end, and nothing else is wrong
	bareCR  bool   // a CR alone stands where a soft line break would
	loose   bool   // outside the strict subset: not even a stray character belongs there
}

// transferEncoding is a recognised transfer encoding.
type transferEncoding uint8

const (
	identity transferEncoding = iota
	quoted
	base64d
)

// transfer reads the value of Content-Transfer-Encoding; sure is false where programs
// would differ in how they take it.
func transfer(value string) (e transferEncoding, sure bool) {
	token, rest := value, ""
	if i := strings.IndexAny(value, " \t;,("); i >= 0 {
		token, rest = value[:i], strings.TrimSpace(value[i:])
	}
	bare := strings.Trim(token, `"`)
	sure = rest == "" && bare == token
	token = bare
	switch strings.ToLower(token) {
	case "", "7bit", "8bit", "binary":
		return identity, sure
	case "quoted-printable":
		return quoted, sure
	case "base64":
		return base64d, sure
	}
	return identity, false
}

func newDecoder(e transferEncoding) decoder {
	switch e {
	case quoted:
		return &qpDecoder{}
	case base64d:
		return &base64Decoder{}
	}
	return plainDecoder{}
}

type plainDecoder struct{}

func (plainDecoder) decode(dst, piece []byte) []byte { return append(dst, piece...) }
func (plainDecoder) flush(dst []byte) []byte         { return dst }
func (plainDecoder) damage() damage                  { return damage{} }

// qpDecoder undoes quoted-printable (RFC 2045 6.7). A stray '=' is kept, lower-case hex
// is accepted, blanks before a line end (also behind a soft break) are dropped.
type qpDecoder struct {
	held [2]byte // "=" or "=X" at the end of a piece without a line end
	n    int
	bad  int
	cr   bool // "=" and a CR alone: for some programs a soft line break
}

func (d *qpDecoder) decode(dst, piece []byte) []byte {
	if d.n > 0 {
		piece = append(append(make([]byte, 0, d.n+len(piece)), d.held[:d.n]...), piece...)
		d.n = 0
	}
	body := bytes.TrimRight(piece, "\r\n")
	eol := piece[len(body):]
	if len(eol) == 0 {
		body = d.hold(body)
	} else {
		body = bytes.TrimRight(body, " \t")
		if n := len(body); n > 0 && body[n-1] == '=' {
			body, eol = body[:n-1], nil
		}
	}
	return append(d.unescape(dst, body), eol...)
}

func (d *qpDecoder) hold(body []byte) []byte {
	n := len(body)
	for k := 1; k <= 2 && k <= n; k++ {
		if body[n-k] == '=' {
			d.n = copy(d.held[:], body[n-k:])
			return body[:n-k]
		}
	}
	return body
}

func (d *qpDecoder) unescape(dst, body []byte) []byte {
	for {
		i := bytes.IndexByte(body, '=')
		if i < 0 {
			return append(dst, body...)
		}
		dst = append(dst, body[:i]...)
		if i+2 < len(body) {
			if hi, lo := unhex(body[i+1]), unhex(body[i+2]); hi >= 0 && lo >= 0 {
				dst = append(dst, byte(hi<<4|lo)) //nolint:gosec // two hexadecimal digits make one octet
				body = body[i+3:]
				continue
			}
		}
		d.bad++
		if i+1 < len(body) && body[i+1] == '\r' {
			d.cr = true
			body = body[i+2:]
			continue
		}
		dst = append(dst, '=')
		body = body[i+1:]
	}
}

func (d *qpDecoder) flush(dst []byte) []byte {
	held := d.held[:d.n]
	d.n = 0
	return append(dst, bytes.TrimSuffix(held, []byte("="))...)
}

// damage: a stray '=' is kept in the text, so that nothing is lost by it.
func (d *qpDecoder) damage() damage { return damage{loose: d.bad > 0, bareCR: d.cr} }

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// base64Decoder undoes base64 (RFC 2045 6.8) with lines of any length, with or without
// padding. What stands behind the padding is decoded where it is base64 too, and kept raw:
// some programs show it, some decode it, some drop it.
type base64Decoder struct {
	quad   [4]byte
	n      int
	any    bool // a line was decoded
	padded bool
	bad    int
	tail   bool
	more   bool // base64 goes on behind its end
	loose  bool // a blank inside a line, or groups that are not whole
	junk   []byte
	cut    bool
}

func (d *base64Decoder) decode(dst, piece []byte) []byte {
	line := bytes.TrimRight(piece, "\r\n \t")
	if d.n == 0 && !d.padded && !d.tail && len(line)%4 == 0 && bytes.IndexByte(line, '=') < 0 {
		if out, err := base64.StdEncoding.AppendDecode(dst, line); err == nil {
			d.any = d.any || len(line) > 0
			return out
		}
	}
	bad := d.bad
	whole := d.padded || d.tail || d.any && d.n == 0 && prosaic(line)
	if whole && len(line) > 0 && !pureBase64(line) {
		d.tail = true
		d.keep(piece)
		return dst
	}
	for _, c := range line {
		dst = d.add(dst, c)
	}
	d.any = d.any || len(line) > 0
	if (d.bad > bad || d.tail) && len(line) > 0 {
		d.keep(piece)
	}
	return dst
}

// prosaic says whether a line behind whole groups is none of base64 but of a text, as the
// footer of a mailing list is: it has words with blanks between them, or no letter at all.
func prosaic(line []byte) bool {
	if bytes.IndexByte(line, ' ') >= 0 {
		return true
	}
	for _, c := range line {
		if base64Value(c) >= 0 {
			return false
		}
	}
	return true
}

// pureBase64 says whether a line holds nothing but whole groups of base64.
func pureBase64(line []byte) bool {
	for _, c := range bytes.TrimRight(line, "=") {
		if base64Value(c) < 0 {
			return false
		}
	}
	return len(line)%4 == 0
}

func (d *base64Decoder) add(dst []byte, c byte) []byte {
	v := base64Value(c)
	switch {
	case c == '=':
		if d.n > 0 {
			dst = d.flushQuad(dst)
		}
		d.padded = true
	case v < 0:
		if c > ' ' {
			d.bad++
			d.tail = d.tail || d.padded
		}
		d.loose = true
	default:
		if d.padded {
			d.tail, d.padded, d.more = true, false, true
		}
		d.quad[d.n] = byte(v) //nolint:gosec // six bits
		if d.n++; d.n == 4 {
			dst = append(dst, d.quad[0]<<2|d.quad[1]>>4, d.quad[1]<<4|d.quad[2]>>2, d.quad[2]<<6|d.quad[3])
			d.n = 0
		}
	}
	return dst
}

func (d *base64Decoder) flushQuad(dst []byte) []byte {
	switch d.n {
	case 2:
		dst = append(dst, d.quad[0]<<2|d.quad[1]>>4)
	case 3:
		dst = append(dst, d.quad[0]<<2|d.quad[1]>>4, d.quad[1]<<4|d.quad[2]>>2)
	}
	d.n = 0
	return dst
}

func (d *base64Decoder) keep(piece []byte) {
	if room := maxJunk - len(d.junk); room > 0 {
		d.junk = append(d.junk, piece[:min(room, len(piece))]...)
	}
}

func (d *base64Decoder) flush(dst []byte) []byte {
	d.cut = d.cut || d.n == 1 && !d.tail
	d.loose = d.loose || d.n > 0
	return d.flushQuad(dst)
}

// damage: one or two stray characters are the work of careless gateways and are skipped
// by everybody; more, or text behind the padding, is not.
func (d *base64Decoder) damage() damage {
	return damage{raw: d.junk, footed: d.tail && !d.more && d.bad == 0, serious: d.tail || d.bad > 2, cut: d.cut, loose: d.loose || d.tail || d.bad > 0}
}

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
