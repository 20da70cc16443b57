package extract

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
)

// isDataURL says whether an address holds what it points to (RFC 2397).
func isDataURL[T string | []byte](s T) bool {
	return len(s) > 6 && strings.EqualFold(string(s[:5]), "data:")
}

// dataURLs returns the addresses of that kind in a style sheet or in a list of sources, each up to the quote or the bracket that
// it began with, or to a blank.
func dataURLs(s string) []string {
	var out []string
	for at := 0; ; {
		i := strings.IndexAny(s[at:], "dD")
		if i < 0 {
			return out
		}
		if at += i; !isDataURL(s[at:]) {
			at++
			continue
		}
		end := " \t\r\n"
		if before := strings.TrimRight(s[max(0, at-8):at], " \t\r\n"); before != "" {
			switch c := before[len(before)-1]; c {
			case '"', '\'':
				end = string(c)
			case '(':
				end = ")"
			}
		}
		n := strings.IndexAny(s[at:], end)
		if n < 0 {
			n = len(s) - at
		}
		if strings.IndexByte(s[at:at+n], ',') > 0 {
			out = append(out, s[at:at+n])
		}
		at += n
	}
}

// dataFiles reads the files that stand in addresses. As in a document, a picture among them is no finding by itself.
func (w *walker) dataFiles(f *leaf, list []string) {
	seen := make(map[string]bool, len(list))
	n := 0
	for _, s := range list {
		if seen[s] {
			continue
		}
		seen[s] = true
		d := parseDataURL(s)
		n++
		in := w.inside(f, "data"+strconv.Itoa(n)+dataExtension(d.typ))
		in.head = d.decode(sniffLen)
		in.found = sniff(in.head, d.typ, in.ext)
		switch picture := w.pictured(in) != ""; {
		case len(in.head) == 0, in.found.class == asMedia && !picture:
			continue
		case w.plain && (picture || in.found.class >= asMessage):
			w.needs = true
			return
		case !w.entry(f):
			return
		}
		b := d.decode(len(s))
		w.file(f, in.name, &unpacker{w: w, where: f.where, r: bytes.NewReader(b), ratio: &ratio{packed: int64(len(b))}}, true)
	}
}

type dataURL struct {
	typ    string // media type, lower case
	data   string
	base64 bool
}

func parseDataURL(s string) dataURL {
	head, data, _ := strings.Cut(s[len("data:"):], ",")
	typ, params, _ := strings.Cut(strings.ToLower(head), ";")
	return dataURL{strings.TrimSpace(typ), data, strings.HasSuffix(strings.TrimSpace(params), "base64")}
}

// decode returns the content, or about as much of its start as is asked for. Base64 is read as far as it goes.
func (d *dataURL) decode(most int) []byte {
	data := d.data[:min(len(d.data), 2*most+2)]
	if strings.IndexByte(data, '%') >= 0 {
		data = unescapeURL(data)
	}
	if !d.base64 {
		return []byte(data)
	}
	data = base64Letters.Replace(data)
	if len(data)%4 == 1 {
		data = data[:len(data)-1]
	}
	b, _ := base64.RawStdEncoding.AppendDecode(nil, []byte(data)) // what does not fit is the end
	return b
}

// base64Letters takes out what may stand between the letters of base64, and turns those for addresses into the usual ones.
var base64Letters = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "=", "", "-", "+", "_", "/")

// unescapeURL undoes %41, and leaves what only looks like it.
func unescapeURL(s string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "%")
		out.WriteString(before)
		switch {
		case !ok:
			return out.String()
		case len(rest) > 1 && unhex(rest[0]) >= 0 && unhex(rest[1]) >= 0:
			out.WriteByte(byte(unhex(rest[0])<<4 | unhex(rest[1]))) //nolint:gosec // two hexadecimal digits make one octet
			rest = rest[2:]
		default:
			out.WriteByte('%')
		}
		s = rest
	}
}

// dataExtension is the ending of a name for types that the content alone does not tell.
func dataExtension(typ string) string {
	switch typ {
	case "text/html", "application/xhtml+xml":
		return ".html"
	case "image/svg+xml":
		return ".svg"
	case "text/xml", "application/xml":
		return ".xml"
	case "application/json":
		return ".json"
	case "text/csv":
		return ".csv"
	case "message/rfc822":
		return ".eml"
	}
	return ""
}
