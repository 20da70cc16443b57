package extract

import (
	"bytes"
	"net/mail"
	"strings"
	"time"
)

// maxFields bounds the fields of one header.
const maxFields = 10000

// block is the header of an entity as read.
type block struct {
	fields []Field // raw values, folded
	junk   []byte  // lines that are no fields, and what follows them
	odd    string  // why programs could differ in reading it; fixed wording
	mild   bool    // odd is settled when a second reading agrees
	loose  bool    // outside the strict subset, for what makes no difference here
	over   Reason  // a limit that was hit

	others []string // what other programs read in the fields, once they are decoded
}

// readBlock reads header fields up to the empty line (RFC 5322 2.2). Nothing is lost: a
// header that does not begin like one is left to be read as the body.
func (w *walker) readBlock(l *lines) block {
	raw, over, ended := w.readRaw(l)
	if ended && len(raw) == 0 && l.back != nil {
		w.outside() // the body begins where a header should
	}
	b := splitFields(string(raw), w.lim.LineBytes)
	if b.over == "" {
		b.over = over
	}
	if !ended && len(raw) > 0 && l.hit >= 0 {
		b.odd, b.mild = "header runs into a boundary", b.odd == ""
		b.junk = append(b.junk, raw...)
	}
	return b
}

// readRaw collects the raw header; ended says that its empty line was met.
func (w *walker) readRaw(l *lines) (raw []byte, over Reason, ended bool) {
	raw = w.hbuf[:0]
	first := true
	for {
		p, ok := l.next()
		if !ok {
			return w.keepHeader(raw), over, false
		}
		if l.start && (string(p) == "\r\n" || string(p) == "\n") {
			return w.keepHeader(raw), over, true
		}
		if first && l.start && !fieldLine(p) && !envelopeLine(p) {
			l.unread(p)
			return raw, over, true
		}
		first = false
		if len(raw)+len(p) > w.lim.HeaderBytes {
			over = TooLarge
			continue
		}
		raw = append(raw, p...)
	}
}

func (w *walker) keepHeader(raw []byte) []byte {
	w.hbuf = raw
	return raw
}

// envelopeLine is the "From " line of an mbox file.
func envelopeLine(p []byte) bool {
	return bytes.HasPrefix(p, []byte("From ")) || bytes.HasPrefix(p, []byte(">From "))
}

// fieldLine says whether a line begins with a field name and a colon (RFC 5322 2.2, with
// the blanks before the colon of 4.5).
func fieldLine[T string | []byte](p T) bool {
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == ':':
			return i > 0
		case c == ' ' || c == '\t':
			rest := i
			for rest < len(p) && (p[rest] == ' ' || p[rest] == '\t') {
				rest++
			}
			return i > 0 && rest < len(p) && p[rest] == ':'
		case c < 33 || c > 126:
			return false
		}
	}
	return false
}

func splitFields(raw string, maxLine int) block {
	var b block
	b.fields = make([]Field, 0, min(24, 1+len(raw)/40))
	if strings.Count(raw, "\r") != strings.Count(raw, "\r\n") {
		b.odd = "bare CR in the header"
	}
	blank := false // a continuation line of nothing but blanks was met
	for raw != "" {
		line, rest := foldedLine(raw)
		if i := strings.IndexByte(line, '\n'); i >= 0 && blankFold(line[i+1:]) {
			blank = true
		}
		switch {
		case len(b.fields) >= maxFields:
			b.over = TooMany
			return b
		case fieldLine(line):
			b.addField(line, maxLine, blank)
		case len(b.fields) == 0 && envelopeLine([]byte(line)):
		default:
			// Some programs skip such a line, for others the body begins here.
			if b.odd == "" {
				b.odd, b.mild = "line in the header that is no field", !structural(line)
			}
			if len(b.junk) == 0 {
				b.junk = []byte(raw)
			}
		}
		raw = rest
	}
	return b
}

// foldedLine cuts the first line with its continuation lines.
func foldedLine(s string) (line, rest string) {
	end := 0
	for {
		i := strings.IndexByte(s[end:], '\n')
		if i < 0 {
			return s, ""
		}
		end += i + 1
		if end >= len(s) || s[end] != ' ' && s[end] != '\t' {
			return s[:end], s[end:]
		}
	}
}

// blankFold says whether any of the lines is blank.
func blankFold(s string) bool {
	for line := range strings.Lines(s) {
		if strings.Trim(line, " \t\r\n") == "" {
			return true
		}
	}
	return false
}

// structural says whether a line begins as the fields do that say how to read the body.
func structural(line string) bool {
	return len(line) > 8 && strings.EqualFold(line[:8], "content-")
}

func (b *block) addField(line string, maxLine int, blank bool) {
	name, value, _ := strings.Cut(line, ":")
	trimmed := strings.TrimRight(name, " \t")
	if len(value) > maxLine {
		value = value[:maxLine]
		b.over = TooLarge
	}
	if structural(trimmed) {
		b.mild = false // for those who read the body from the odd line on, this one is text
		switch {
		case len(trimmed) != len(name):
			b.odd = "blank before the colon of a content field"
		case blank:
			b.odd = "blank line inside the header"
		case strings.ContainsAny(strings.TrimRight(value, "\r\n"), "\x00\v\f"):
			b.odd = "control character in a content field"
		}
	}
	b.fields = append(b.fields, Field{Name: trimmed, Value: value})
}

// get returns the first raw value of a field, unfolded. A second one that differs makes
// the header odd: programs differ in which they take.
func (b *block) get(name string) string {
	first, found := "", false
	for i := range b.fields {
		if !strings.EqualFold(b.fields[i].Name, name) {
			continue
		}
		v := unfold(b.fields[i].Value)
		if !found {
			first, found = v, true
			continue
		}
		b.loose = true
		if v != first {
			b.odd = "two " + name + " fields"
		}
	}
	return first
}

// last returns the last value of a field, unfolded.
func (b *block) last(name string) string {
	for i := len(b.fields) - 1; i >= 0; i-- {
		if strings.EqualFold(b.fields[i].Name, name) {
			return unfold(b.fields[i].Value)
		}
	}
	return ""
}

// unfold removes line ends and the blanks around a value (RFC 5322 2.2.3).
func unfold(s string) string {
	s = strings.Trim(s, " \t\r\n")
	if strings.IndexByte(s, '\n') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, "\r\n"))
	}
	return b.String()
}

// header decodes the fields of a message.
func (b *block) header() Header {
	h := Header{Fields: make([]Field, 0, len(b.fields))}
	for i := range b.fields {
		f := Field{Name: b.fields[i].Name, Value: unfold(b.fields[i].Value)}
		raw := f.Value
		if strings.EqualFold(f.Name, "Bcc") || strings.EqualFold(f.Name, "Resent-Bcc") {
			h.HasBcc = true
			continue
		}
		var others []string
		f.Value, others = readWords(f.Value)
		b.others = append(b.others, others...)
		h.note(f, raw)
		h.Fields = append(h.Fields, f)
	}
	return h
}

// note fills the parsed form of the fields that have one; the first of each counts, but
// addresses of repeated fields are added.
func (h *Header) note(f Field, raw string) {
	switch len(f.Name) {
	case 2, 4, 6, 7, 8, 10, 11, 14:
	default:
		return
	}
	switch strings.ToLower(f.Name) {
	case "subject":
		if h.Subject == "" {
			h.Subject = f.Value
		}
	case "from":
		h.From = append(h.From, parseMailboxes(raw)...)
	case "sender":
		h.Sender = append(h.Sender, parseMailboxes(raw)...)
	case "to":
		h.To = append(h.To, parseMailboxes(raw)...)
	case "cc":
		h.Cc = append(h.Cc, parseMailboxes(raw)...)
	case "reply-to":
		h.ReplyTo = append(h.ReplyTo, parseMailboxes(raw)...)
	case "message-id":
		if h.MessageID == "" {
			h.MessageID = firstOf(messageIDs(raw))
		}
	case "in-reply-to":
		if h.InReplyTo == "" {
			h.InReplyTo = firstOf(messageIDs(raw))
		}
	case "references":
		h.References = append(h.References, messageIDs(raw)...)
	case "date":
		if h.Date.IsZero() {
			if t, err := parseDate(raw); err == nil {
				h.Date = t
			}
		}
	case "auto-submitted":
		v, _, _ := strings.Cut(strings.ToLower(raw), ";")
		h.AutoSubmitted = strings.TrimSpace(v)
	}
}

// parseDate reads a date (RFC 5322 3.3). The way in which nearly all are written is tried first: each that does not fit costs
// an error.
func parseDate(s string) (time.Time, error) {
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s); err == nil {
		return t, nil
	}
	return mail.ParseDate(s)
}

// messageIDs returns what stands in angle brackets, or the whole value if nothing does.
func messageIDs(s string) []string {
	var out []string
	for rest := s; len(out) < 1000; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			break
		}
		id, after, ok := strings.Cut(after, ">")
		if !ok {
			break
		}
		if id = strings.TrimSpace(id); id != "" {
			out = append(out, id)
		}
		rest = after
	}
	if s = strings.TrimSpace(s); len(out) == 0 && s != "" {
		return []string{strings.Trim(s, "<>")}
	}
	return out
}

func firstOf(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}
