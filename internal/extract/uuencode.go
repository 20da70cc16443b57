package extract

import "strings"

// inlineFiles reads the files that stand encoded in a text: uuencoded ones (POSIX uuencode, in either of its codes) and yEnc. Outlook and others
// show them as attachments.
func (w *walker) inlineFiles(f *leaf, text string) {
	for at, n := 0, 0; n < maxInline; n++ {
		i, kind := nextInline(text[at:])
		if i < 0 {
			return
		}
		if w.plain {
			w.needs = true
			return
		}
		name, data, length, whole := decodeInline(text[at+i:], kind, w.lim.Spool)
		at += i + length
		if !w.entry(f) {
			return
		}
		if !whole {
			w.unreadable(f.where, Corrupt, "damaged file inside a text")
		}
		if int64(len(data)) > w.lim.Spool {
			w.unreadable(f.where, TooLarge, "attachment larger than the limit")
			data = data[:w.lim.Spool]
		}
		w.entryName(f, name)
		w.bytesInside(f, name, data)
	}
	w.unreadable(f.where, TooMany, "more files inside a text than the limit")
}

// maxInline bounds the files inside one text.
const maxInline = 50

type inlineKind uint8

const (
	inlineUU inlineKind = iota + 1
	inlineYEnc
	inlineBase64
)

// nextInline finds the next line that begins a file.
func nextInline(s string) (at int, kind inlineKind) {
	yenc := nextLine(s, "=ybegin ", func(string) bool { return true })
	if yenc >= 0 {
		s = s[:yenc]
	}
	b64 := nextLine(s, "begin-base64 ", beginBase64)
	if b64 >= 0 {
		s = s[:b64]
	}
	if uu := nextLine(s, "begin ", beginLine); uu >= 0 {
		return uu, inlineUU
	}
	if b64 >= 0 {
		return b64, inlineBase64
	}
	return yenc, inlineYEnc
}

// nextLine finds the next line that begins with head and is what is looked for, or -1.
func nextLine(s, head string, is func(string) bool) int {
	for from := 0; ; {
		i := strings.Index(s[from:], head)
		if i < 0 {
			return -1
		}
		if i += from; lineStart(s, i) && is(s[i:]) {
			return i
		}
		from = i + len(head)
	}
}

func lineStart(s string, i int) bool { return i == 0 || s[i-1] == '\n' }

// beginLine says whether s begins with "begin 644 name" and a line of uuencoded bytes.
func beginLine(s string) bool {
	line, next, ok := strings.Cut(s[:min(len(s), 400)], "\n")
	return ok && len(line) > 10 && strings.HasPrefix(line, "begin ") && strings.Trim(line[6:9], "01234567") == "" && line[9] == ' ' &&
		next != "" && next[0] > ' ' && next[0] <= 'M'
}

// beginBase64 says whether s begins with "begin-base64 644 name" and a line of base64.
func beginBase64(s string) bool {
	line, next, _ := strings.Cut(s[:min(len(s), 400)], "\n")
	_, ok := inlineName(line)
	next, _, _ = strings.Cut(next, "\n")
	return ok && base64Line(next)
}

func base64Line(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && strings.IndexFunc(strings.TrimRight(line, "="), notBase64) < 0
}

// inlineName is the name in the first line of a uuencoded file, behind the word and the mode.
func inlineName(line string) (string, bool) {
	_, rest, _ := strings.Cut(line, " ")
	mode, name, ok := strings.Cut(rest, " ")
	return strings.TrimSpace(name), ok && len(mode) > 2 && strings.Trim(mode, "01234567") == ""
}

// decodeInline decodes the file that s begins with; length is what it takes of s, and whole says that its end was found. Behind
// most bytes it goes on with a few more, and then looks only for the end: a line of uuencode may lack the blanks at its end, and
// two bytes stand for 45.
func decodeInline(s string, kind inlineKind, most int64) (name string, data []byte, length int, whole bool) {
	head, _, _ := strings.Cut(s, "\n")
	length = min(len(s), len(head)+1)
	rest := s[length:]
	if kind == inlineYEnc {
		if i := strings.Index(head, "name="); i >= 0 {
			name = strings.TrimSpace(head[i+5:])
		}
	} else {
		name, _ = inlineName(head)
	}
	var b64 base64Decoder
	for line := range strings.Lines(rest) {
		length += len(line)
		bare := strings.TrimRight(line, "\r\n")
		switch {
		case kind == inlineBase64 && bare == "====":
			return name, b64.flush(data), length, true
		case kind == inlineBase64 && !base64Line(bare):
			return name, b64.flush(data), length, false
		case kind == inlineBase64:
			data = b64.decode(data, []byte(line))
		case kind == inlineUU && bare == "end", kind == inlineYEnc && strings.HasPrefix(bare, "=yend"):
			return name, data, length, true
		case kind == inlineYEnc && strings.HasPrefix(bare, "=ypart"), int64(len(data)) > most:
		case kind == inlineYEnc:
			data = yEncLine(data, bare)
		default:
			var ok bool
			if data, ok = uuLine(data, bare); !ok {
				return name, data, length, false
			}
		}
	}
	return name, b64.flush(data), length, false
}

// uuLine decodes a line: its length, then four characters of six bits for three bytes.
func uuLine(dst []byte, line string) ([]byte, bool) {
	if line == "" || line == "`" {
		return dst, true
	}
	n := int(line[0]-' ') & 63
	line = strings.TrimRight(line[1:], " ")
	if n > 45 || len(line) > 62 {
		return dst, false
	}
	line += strings.Repeat("`", max(0, (n+2)/3*4-len(line)))
	for i := 0; n > 0; i += 4 {
		var v uint32
		for k := range 4 {
			c := line[i+k]
			if c < ' ' || c > '`' {
				return dst, false
			}
			v = v<<6 | uint32(c-' ')&63
		}
		dst = append(dst, []byte{byte(v >> 16), byte(v >> 8), byte(v)}[:min(3, n)]...)
		n -= 3
	}
	return dst, true
}

// yEncLine decodes a line: each byte is 42 more than it was, and after '=' another 64.
func yEncLine(dst []byte, line string) []byte {
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '=' && i+1 < len(line) {
			i++
			c = line[i] - 64
		}
		dst = append(dst, c-42)
	}
	return dst
}
