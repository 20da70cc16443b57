package extract

import (
	"bytes"
	"strings"
)

// Mail programs agree on well-formed mail, and differ on the rest. What is written as
// below is therefore read once, by the streaming walk. Whatever else a message holds, it
// is outside: it needs the second reading ([walker.again]) in a process that may die, and
// what both readings find is given out.
//
// The strict subset, for the message and for each message attached to it (the name of its
// test in TestStrict):
//
//  1. a header that begins with a field or is empty, holds fields only and ends with an
//     empty line or with the message (RFC 5322 2.2): "no header", "line that is no field",
//     "header runs into a boundary", "bare CR in the header", "blank line in the header",
//     "NUL in a content field";
//  2. at most one Content-Type, Content-Transfer-Encoding and Content-Disposition in each
//     header, even if they say the same: "field twice";
//  3. these fields in ASCII, a type or disposition of tokens, parameters with a token or a
//     quoted string without backslashes as value, none twice, and no comments (RFC 2045
//     5.1): "type that is no token", "comment", "value with a blank", "8-bit name",
//     "unterminated quotes", "backslash", "parameter twice". A value may be cut or encoded
//     as RFC 2231 says, but not a boundary or a charset: "boundary in sections";
//  4. a transfer encoding that RFC 2045 6.1 lists, and none of those that encode on a
//     multipart or a message: "unknown encoding", "encoding with a comment", "encoded
//     multipart", "encoded message";
//  5. boundaries of at most 70 of the characters of RFC 2046 5.1.1, none of which begins
//     another one around it, each closed by its close delimiter, and no line that
//     resembles one: "odd boundary", "boundary begins another", "not closed", "closed by
//     an outer one", "near boundary", "no parts"; and no boundary on anything
//     else: "boundary on a text";
//  6. nothing around the parts but the sentence for old programs: "preamble", "epilogue";
//  7. base64 of whole groups, padded at its end and nowhere else, without stray characters
//     (RFC 2045 6.8): "stray byte in base64", "base64 without padding", "text behind
//     base64", "blank in base64";
//  8. quoted-printable with no '=' but before two hexadecimal digits or a line end (6.7):
//     "stray equals sign";
//  9. text that is valid in its charset, 8-bit text only under a label, and a known
//     charset that reads ASCII as ASCII: "8-bit without a label", "broken UTF-8", "UTF-8
//     under another label", "unknown charset", "utf-7", "utf-16";
// 10. one kind of line end throughout, and no bare CR: "mixed line ends", "bare CR".
//
// What both readings agree on in substance ([prints.differ]) is no doubt any more, though
// it is outside: sloppy mail is common and harmless. Doubts about which of two contradictory
// statements counts stay, since both readings may pick the same one and a mail program the
// other.

// outside notes that the message left the strict subset.
func (w *walker) outside() { w.odd = true }

// doubt reports what programs may read in two ways, whatever the second reading says.
func (w *walker) doubt(where, detail string) {
	w.outside()
	w.unreadable(where, Ambiguous, detail)
	delete(w.settled, Unreadable{where, Ambiguous, detail})
}

// sloppy reports what programs may read in two ways, unless the second reading agrees with
// the first.
func (w *walker) sloppy(where, detail string) {
	w.outside()
	u := Unreadable{where, Ambiguous, detail}
	for _, known := range w.out.Unreadable {
		if known == u {
			return // it is listed, and if it was a doubt that stays it is one still
		}
	}
	w.unreadable(where, Ambiguous, detail)
	if w.settled == nil {
		w.settled = map[Unreadable]bool{}
	}
	w.settled[u] = true
}

// strictField says whether the value of a structural field is written as the strict subset
// has it. The value is unfolded.
func strictField(s string) bool {
	head, rest, more := strings.Cut(s, ";")
	top, sub, slash := strings.Cut(strings.TrimRight(head, " \t"), "/")
	if !token(top) || slash && !token(sub) {
		return false
	}
	for more {
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return true // a semicolon at the end is common, and says nothing
		}
		name, value, ok := strings.Cut(rest, "=")
		if !ok || !token(name) {
			return false
		}
		if rest, more, ok = strictValue(value); !ok {
			return false
		}
	}
	return true
}

// strictValue passes over the value of a parameter and the semicolon behind it.
func strictValue(s string) (rest string, more, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, more := strings.Cut(s, ";")
		return rest, more, token(strings.TrimRight(value, " \t"))
	}
	i := 1
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' || s[i] >= 0x7f || s[i] < ' ' && s[i] != '\t' {
			return "", false, false
		}
	}
	if i >= len(s) {
		return "", false, false
	}
	rest = strings.TrimLeft(s[i+1:], " \t")
	if rest == "" {
		return "", false, true
	}
	rest, ok = strings.CutPrefix(rest, ";")
	return rest, true, ok
}

// strictBoundary says whether a boundary is written as RFC 2046 5.1.1 has it.
func strictBoundary(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && strings.IndexByte("'()+_,-./:=? ", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 70
}

// usualFiller says whether text before the first part is a sentence for old programs, such
// as "This is a multi-part message in MIME format." or "This is a MIME-encapsulated message".
func usualFiller(t []byte) bool {
	low := bytes.ToLower(t[:min(len(t), 200)])
	return len(t) < 200 && bytes.HasPrefix(low, []byte("this is a")) && bytes.Contains(low, []byte("message")) && bytes.IndexByte(bytes.TrimSpace(low), '\n') < 0
}

// harmlessEncoding names what careless programs write for "not encoded".
func harmlessEncoding(value string) bool {
	switch strings.ToLower(strings.Trim(value, `" `)) {
	case "7-bit", "8-bit", "7bits", "8bits", "7 bit", "8 bit", "none", "plain", "text", "ascii", "us-ascii", "utf-8", "utf8", "iso-8859-1", "8bitmime":
		return true
	}
	return false
}
