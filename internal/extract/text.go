package extract

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// readText reads the rest of a part as text, undoes its charset, and gives out what its
// class holds.
func (w *walker) readText(l *lines, f *leaf) {
	raw, all := w.gather(l, f, w.rawLimit(f))
	if f.kind != Body && f.att >= 0 && w.out.Attachments[f.att].Where == f.where {
		w.size(f, all)
	}
	if all > int64(len(raw)) {
		w.full(f.where)
	}
	w.damaged(f)
	w.giveText(f, raw)
}

// rawLimit bounds the bytes taken for text: markup may be much longer than what it shows.
func (w *walker) rawLimit(f *leaf) int64 {
	if f.found.class == asText {
		return w.text
	}
	return w.lim.Text
}

// gather appends the rest of the part to its head, up to limit bytes, and returns its
// whole size too.
func (w *walker) gather(l *lines, f *leaf, limit int64) (b []byte, size int64) {
	b = f.head
	var spill []byte
	for {
		p, ok := l.next()
		if !ok {
			break
		}
		if int64(len(b)) <= limit {
			b = f.dec.decode(b, p)
			continue
		}
		spill = f.dec.decode(spill[:0], p)
		size += int64(len(spill))
	}
	b = f.dec.flush(b)
	w.buf = b
	size += int64(len(b))
	return b[:min(int64(len(b)), limit)], size
}

const otherText = "base64 with other text in it"

// damaged reports a transfer encoding that did not hold, and gives out the lines as they
// stand: some programs show them.
func (w *walker) damaged(f *leaf) {
	d := f.dec.damage()
	if d.loose {
		w.outside()
	}
	switch {
	case d.footed:
		w.sloppy(f.where, otherText)
		if w.footed == nil {
			w.footed = map[string]bool{}
		}
		w.footed[f.where] = true
	case d.serious:
		w.doubt(f.where, otherText)
	}
	if d.bareCR {
		w.doubt(f.where, "bare CR in quoted-printable")
	}
	if d.cut {
		w.unreadable(f.where, Corrupt, "base64 is cut off")
	}
	if len(d.raw) > 0 {
		w.segment(f.where, Hidden, f.att, lenient(d.raw))
	}
}

// giveText gives out decoded text by its class. What a second program could take for
// another class is given out in that reading too.
func (w *walker) giveText(f *leaf, raw []byte) {
	r := f.decode(raw)
	if r.Loose && (f.shown || f.media.get("charset") != "") { // a file has no label
		w.outside()
	}
	switch {
	case r.Unsure == "":
	case r.Mild:
		w.sloppy(f.where, r.Unsure)
	default:
		w.doubt(f.where, r.Unsure)
	}
	for _, other := range r.Others {
		w.segment(f.where, Hidden, f.att, other)
		if f.found.class == asHTML {
			w.markup(f, other, Hidden)
		}
	}
	if zeros(r.Text) {
		w.doubt(f.where, "binary data in text")
	}
	w.byClass(f, r.Text)
	if !f.shown && (bytes.Contains(raw, intruders[1].sig) || bytes.Contains(raw, intruders[2].sig) || bytes.Contains(raw, archiveEnd) || gzipInside(raw)) {
		w.unreadable(f.where, Ambiguous, archiveInside+f.found.mime)
	}
	if f.over == quoted && f.enc == identity && bytes.IndexByte(raw, '=') >= 0 {
		w.decodedTwice(f, raw)
	}
	if f.found.class == asText && bytes.Contains(raw, []byte("begin")) {
		w.inlineFiles(f, string(raw)) // yEnc uses every byte, so the charset must not be undone
	}
	switch {
	case f.found.class == asHTML && f.second != "" && f.second != f.media.Type:
		w.segment(f.where, Hidden, f.att, r.Text)
	case f.found.class == asText && (f.second == "text/html" || mailMarkup(f.media.Type) || htmlHead(lowerHead(r.Text)) || !f.shown && likeHTML(f.ext, r.Text)):
		w.markup(f, enriched(r.Text, f.media.Type), Hidden)
	case f.found.class == asText && !f.shown && escapedRTF(f.ext, raw):
		w.unreadable(f.where, Ambiguous, unfit)
		if w.plain {
			w.needs = true
			return
		}
		w.rtfText(f, raw)
	case f.found.class == asText && jsonHead(r.Text):
		w.jsonText(f, r.Text)
	}
}

// escapedRTF says whether a text that is named as a document has the marks of rich text in it, so that a tolerant program may show
// it as that.
func escapedRTF(ext string, raw []byte) bool {
	switch ext {
	case "rtf", "doc", "dot":
		return bytes.Contains(raw, []byte(`{\r`)) && bytes.Contains(raw, []byte(`\'`))
	}
	return false
}

// decodedTwice gives out what a text is to programs that undo the quoted-printable of the multipart around it too.
func (w *walker) decodedTwice(f *leaf, raw []byte) {
	var d qpDecoder
	var b []byte
	for line := range bytes.Lines(raw) {
		b = d.decode(b, line)
	}
	if b = d.flush(b); len(b) < len(raw) {
		w.doubt(f.where, "multipart with a transfer encoding")
		w.segment(f.where, Hidden, f.att, decodeText(b, f.charset(b)).Text)
	}
}

func lowerHead(s string) []byte {
	s = strings.TrimLeft(s[:min(len(s), 512)], " \t\r\n")
	return []byte(strings.ToLower(s[:min(len(s), 256)]))
}

// zeros says whether text holds more zero bytes than a sloppy export leaves.
func zeros(s string) bool {
	return strings.IndexByte(s, 0) >= 0 && strings.Count(s, "\x00") > 8
}

func (w *walker) byClass(f *leaf, text string) {
	switch f.found.class {
	case asHTML:
		w.markup(f, text, f.kind)
	case asXML:
		w.xmlText(f, text)
	case asJSON:
		w.segment(f.where, f.kind, f.att, text)
		w.jsonText(f, text)
	case asCalendar:
		w.calendar(f, text)
	case asTable:
		w.segment(f.where, f.kind, f.att, shownCells(tabulate(text)))
	default:
		w.plainText(f, text)
	}
}

// markup gives out what an HTML document holds.
func (w *walker) markup(f *leaf, text string, k Kind) {
	m := walkHTML([]byte(text))
	w.segment(f.where, k, f.att, m.Text, m.Quoted...)
	w.segment(f.where, Hidden, f.att, m.All)
	w.segment(f.where, Hidden, f.att, m.Hidden)
	w.segment(f.where, Href, f.att, m.Links)
	if strings.Contains(m.Text, "begin") {
		w.inlineFiles(f, m.Text)
	}
	w.markupArmours(f, &m)
	w.dataFiles(f, append(m.Files, w.scripts(f, m.Scripts)...))
	if m.Unsure != "" {
		w.unreadable(f.where, Ambiguous, m.Unsure)
	}
}

// Marks of content inside plain text.
const (
	armorHead = "-----BEGIN PGP MESSAGE-----"
	armorTail = "-----END PGP MESSAGE-----"
)

// plainText gives out text, and notes what some programs make of it: PGP armour,
// uuencoded files.
func (w *walker) plainText(f *leaf, text string) {
	w.segment(f.where, f.kind, f.att, text, quotedLines(text)...)
	if f.media.delSp() {
		w.segment(f.where, Hidden, f.att, joinFlowed(text))
	}
	if strings.HasPrefix(text, "ID;") {
		w.segment(f.where, f.kind, f.att, sylk(text))
	}
	if strings.Contains(text, armorHead) {
		w.armours(f, text)
	}
	if strings.Contains(text, "data:") {
		w.dataFiles(f, slices.DeleteFunc(dataURLs(text), func(s string) bool {
			d := parseDataURL(s)
			return !d.base64 && !strings.Contains(d.typ, "/") // "metadata:a,b"
		}))
	}
}

// quotedLines finds runs of lines that begin with '>' (RFC 3676 4.5).
func quotedLines(s string) []Span {
	if !strings.HasPrefix(s, ">") && !strings.Contains(s, "\n>") {
		return nil
	}
	var out []Span
	open := false
	at := 0
	for line := range strings.Lines(s) {
		q := line[0] == '>'
		switch {
		case q && open:
			out[len(out)-1].End = at + len(line)
		case q:
			out = append(out, Span{at, at + len(line)})
		}
		open = q
		at += len(line)
	}
	return out
}

// jsonStrings returns the string values of JSON, also of damaged JSON, one a line.
func jsonStrings(s string) string {
	var out strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		n := quotedSpan(s[i:])
		var v string
		if json.Unmarshal([]byte(s[i:i+n]), &v) == nil {
			out.WriteString(v)
			out.WriteByte('\n')
		}
		s = s[i+n:]
	}
	return out.String()
}

// tabulate turns delimited text (RFC 4180, and the semicolons of European Excel) into
// rows whose cells are joined by a tab. It is lenient: quotes may be missing.
func tabulate(s string) string {
	delim, s := delimiter(s)
	var out strings.Builder
	out.Grow(len(s))
	inQuotes, fresh := false, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case inQuotes && c == '"' && i+1 < len(s) && s[i+1] == '"':
			out.WriteByte('"')
			i++
		case inQuotes && c == '"':
			inQuotes = false
		case inQuotes && (c == '\n' || c == '\r'):
			out.WriteByte(' ')
		case inQuotes:
			out.WriteByte(c)
		case c == '"' && fresh:
			inQuotes, fresh = true, false
		case c == delim:
			out.WriteByte('\t')
			fresh = true
		default:
			out.WriteByte(c)
			fresh = c == '\n'
		}
	}
	return out.String()
}

// delimiter guesses the delimiter by the first line, or takes what its "sep=" line says.
func delimiter(s string) (byte, string) {
	line, rest, _ := strings.Cut(s, "\n")
	if strings.HasPrefix(line, "sep=") && len(line) > 4 && line[4] < utf8.RuneSelf {
		return line[4], rest
	}
	best, most := byte(','), 0
	for _, d := range []byte("\t;,|") {
		if n := strings.Count(line, string(d)); n > most {
			best, most = d, n
		}
	}
	return best, s
}
