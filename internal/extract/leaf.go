package extract

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"
)

// leaf is a part that is no multipart, on its way through the walker.
type leaf struct {
	*part
	s     *scope
	dec   decoder
	head  []byte // the first bytes, decoded
	found sniffed
	ext   string
	where string
	att   int // index in Attachments, or that of the scope for a body
	kind  Kind
	shown bool // it is the message itself, not a file

	pictures bool // it is the wrapping of pictures and of nothing else
}

// leaf reads a part that is no multipart: as the message's own text, or as an attachment.
func (w *walker) leaf(l *lines, p *part, s *scope) {
	first := !s.started
	s.started = true
	f := leaf{part: p, s: s, dec: newDecoder(p.enc), ext: extension(p.name), att: s.att, kind: Body}
	if p.enc == identity && isMessage(p.media.Type) {
		w.attach(&f, sniffed{"message/rfc822", asMessage})
		if w.nested != nil {
			b := bytes.Clone(w.collect(l, w.lim.Spool))
			w.size(&f, int64(len(b)))
			w.nested(b, &f)
			return
		}
		was := l.read
		w.descend(l, &f)
		w.size(&f, l.read-was)
		return
	}
	w.head(l, &f)
	f.found = sniff(f.head, p.media.Type, f.ext)
	if f.isBody(first) {
		w.body(l, &f)
		return
	}
	w.attach(&f, f.found)
	w.attachment(l, &f)
}

func isMessage(t string) bool { return t == "message/rfc822" || t == "message/global" }

func extension(name string) string {
	name = strings.TrimRight(name, " .") // Windows drops them
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}

// head decodes the start of the part into the walker's buffer.
func (w *walker) head(l *lines, f *leaf) {
	w.buf = slices.Grow(w.buf[:0], sniffLen+512)
	for len(w.buf) < sniffLen {
		p, ok := l.next()
		if !ok {
			w.buf = f.dec.flush(w.buf)
			break
		}
		w.buf = f.dec.decode(w.buf, p)
	}
	f.head = w.buf
}

// isBody says whether a mail program shows the part as the message itself.
func (f *leaf) isBody(first bool) bool {
	return f.disp != "attachment" && (first || len(f.names) == 0) && f.declaredText()
}

func (f *leaf) declaredText() bool {
	return f.media.Type == "text/plain" || f.media.Type == "text/html"
}

// body reads text that is shown as the message.
func (w *walker) body(l *lines, f *leaf) {
	f.shown = true
	isHTML := f.media.Type == "text/html"
	if isHTML {
		f.s.htmls++
		f.where = f.s.where(numbered("body/html", f.s.htmls))
	} else {
		f.s.texts++
		f.where = f.s.where(numbered("body/text", f.s.texts))
	}
	if f.s.att >= 0 {
		f.kind = AttachmentText
	}
	for _, n := range f.names {
		w.segment(f.where, AttachmentName, f.att, n)
	}
	if f.found.class >= asZip && len(f.head) > 0 {
		w.doubt(f.where, "binary data in text")
	}
	f.found = sniffed{f.media.Type, asText}
	if isHTML {
		f.found.class = asHTML
	}
	if f.bare && headerAgain(f.head) {
		w.doubt(f.where, "header fields where the body begins")
	}
	w.doubts(f.part, f.where)
	w.readText(l, f)
}

// headerAgain says whether a body begins with content fields, as when a blank line or a
// damaged first field stands before the header: some programs pass over it and decode
// what follows.
func headerAgain(b []byte) bool {
	first := true
	for line := range bytes.Lines(bytes.TrimLeft(b, " \t\r\n")) {
		content := len(line) > 9 && bytes.EqualFold(line[:9], []byte("Content-T"))
		switch {
		case content:
			return true
		case len(bytes.TrimSpace(line)) == 0, first && !fieldLine(line):
			return false
		}
		first = false
	}
	return false
}

// doubts reports what the header left open.
func (w *walker) doubts(p *part, where string) {
	switch {
	case p.doubt == "":
	case p.mild:
		w.sloppy(where, p.doubt)
	default:
		w.doubt(where, p.doubt)
	}
}

// attach enters the part into the list of attachments and gives out its names.
func (w *walker) attach(f *leaf, found sniffed) {
	f.s.atts++
	f.found = found
	f.kind = AttachmentText
	f.where = f.s.where("att[" + strconv.Itoa(f.s.atts) + "]")
	if f.name != "" {
		f.where += "/" + safeName(f.name)
	}
	f.att = len(w.out.Attachments)
	w.out.Attachments = append(w.out.Attachments, Attachment{
		Where: f.where, Name: f.name, DeclaredType: f.media.Type, DetectedType: found.mime,
		Ext: f.ext, Inline: f.disp == "inline" || f.disp == "" && f.cid != "",
	})
	for _, n := range f.names {
		w.segment(f.where, AttachmentName, f.att, n)
	}
	w.doubts(f.part, f.where)
}

func (w *walker) size(f *leaf, n int64) { w.out.Attachments[f.att].Size = n }

// attachment does with the part what its class allows.
func (w *walker) attachment(l *lines, f *leaf) {
	w.mismatch(f)
	if f.media.Type == "message/partial" {
		w.doubt(f.where, "message sent in pieces")
	}
	if format := w.pictured(f); format != "" {
		w.pictureFile(l, f, format)
		return
	}
	switch c := f.found.class; {
	case f.found.drawn():
		w.drawnFile(l, f)
	case c == asMessage, c == asMailbox:
		w.savedMessage(l, f)
	case c < asZip:
		w.readText(l, f)
	case c.opens():
		w.held(l, f)
	case c == asCMS:
		w.cms(l, f)
	case c == asMedia:
		w.mediaFile(l, f)
	default:
		w.other(l, f)
	}
}

// archiveEnd begins the record that ends a ZIP archive of one volume (APPNOTE 4.3.16).
// Programs look for it from the end of a file, whatever stands at the start.
var archiveEnd = []byte("PK\x05\x06\x00\x00\x00\x00")

// mute says of a picture, a sound or a film that it is one.
func (f *leaf) mute() Unreadable {
	if strings.HasPrefix(f.found.mime, "image/") {
		return Unreadable{f.where, UnreadPicture, "picture that is not read: " + f.found.mime}
	}
	return Unreadable{f.where, UnknownType, "nothing to read in " + f.found.mime}
}

// mediaFile passes over an image, a sound or a film, looking for another file in it.
func (w *walker) mediaFile(l *lines, f *leaf) {
	var x intruder
	w.size(f, w.each(l, f, func(b []byte) { _, _ = x.Write(b) }))
	mute := f.mute()
	w.unreadable(mute.Where, mute.Reason, detailed(mute.Detail, f))
	w.intrude(f, &x)
}

// mismatch reports content that contradicts its name in a way that lets programs read
// different things: an image that calls itself a document, text that calls itself an
// archive. Text named .xls or .doc is what many systems export, and is simply read. What a Mac
// says of a file bears the file's name.
func (w *walker) mismatch(f *leaf) {
	want, got, detail := family(f.ext), f.found.class, unfit
	if want == 0 {
		if want = familyOfType(f.media.Type); want != asText {
			detail = unfitType
		}
	}
	switch {
	case len(f.head) == 0, f.apple():
	case want != 0 && want != got && (want >= asZip || got >= asZip) && !fits(want, got):
		w.unreadable(f.where, Ambiguous, detail)
	case got < asZip && binaryType(f.media.Type):
		w.unreadable(f.where, Ambiguous, unfitType)
	}
}

// familyOfType groups declared types as [family] does names: programs go by them where a name says nothing.
func familyOfType(t string) class {
	switch t {
	case "text/rtf", "application/rtf", "application/x-rtf":
		return asRTF
	case "application/pdf", "application/x-pdf":
		return asPDF
	case "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/vnd.ms-outlook":
		return asOLE
	}
	switch {
	case strings.HasPrefix(t, "text/"):
		return asText
	case strings.HasPrefix(t, "application/vnd.openxmlformats-officedocument."), strings.HasPrefix(t, "application/vnd.oasis.opendocument."):
		return asZip
	}
	return 0
}

const (
	unfit      = "content does not fit the name"
	unfitType  = "content does not fit the declared type"
	noDocument = "archive without a document in it, which its name says it is"
)

// binaryType says whether a declared type is one whose content is never text. Those that systems give to text by the ending
// of a name, as that of old spreadsheets to .csv and that of films to .ts, are not among them.
func binaryType(t string) bool {
	switch t {
	case "application/pdf", "application/zip", "image/png", "image/jpeg", "image/gif", "image/tiff", "image/bmp", "image/webp", "audio/mpeg", "video/mp4":
		return true
	}
	return false
}

// misnamed reports a ZIP archive that is named as a document and is none, or one of another program's, and says whether it is.
func (w *walker) misnamed(a *archive, detail string) bool {
	own := documentFolder(a.f.ext)
	if own == "" || a.holds(own) {
		return false
	}
	if a.has("[content_types].xml") && !a.holds("word/") && !a.holds("xl/") && !a.holds("ppt/") {
		return false // reported as damaged
	}
	w.unreadable(a.f.where, Ambiguous, detail)
	return true
}

// documentFolder is where programs put the parts of a document of Office Open XML, by its name; the content of an
// OpenDocument file is one part.
func documentFolder(ext string) string {
	switch ext {
	case "docx", "docm", "dotx", "dotm":
		return "word/"
	case "xlsx", "xlsm", "xltx", "xltm":
		return "xl/"
	case "pptx", "pptm", "ppsx":
		return "ppt/"
	case "odt", "ods", "odp":
		return "content.xml"
	}
	return ""
}

func (a *archive) holds(folder string) bool {
	for low := range a.byLow {
		if strings.HasPrefix(low, folder) {
			return true
		}
	}
	return false
}

// fits says whether content of the one class is commonly found under a name of the other: a document with a password is an
// OLE file whatever its kind, old names stand for new formats and for exports as text.
func fits(want, got class) bool {
	switch want {
	case asZip:
		return got == asOLE
	case asOLE, asRTF:
		return got < asZip || got == asZip || got == asRTF || got == asOLE
	case asTar:
		return got == asPacked
	case asMedia:
		return got == asOther || got == asPDF
	case asText:
		return got == asOther || got == asCMS
	case asOther:
		return got >= asZip && got != asMedia
	}
	return false
}

// detailed adds to a wording that the content contradicts the declared type.
func detailed(s string, f *leaf) string {
	top, _, _ := strings.Cut(f.media.Type, "/")
	got, _, _ := strings.Cut(f.found.mime, "/")
	if (top == "image" || top == "audio" || top == "video" || top == "text") && top != got {
		return s + ", declared as something else"
	}
	return s
}

// other reports content that could hold text but cannot be read here.
func (w *walker) other(l *lines, f *leaf) {
	if len(f.head) == 0 {
		w.skip(l, f)
		return
	}
	if (f.ext == "gpg" || f.ext == "pgp" || f.ext == "asc") && f.head[0]&0x80 != 0 {
		w.pgpFile(l, f)
		return
	}
	w.size(f, w.skip(l, f))
	w.unreadable(f.where, Unsupported, detailed("cannot read "+f.found.mime, f))
}

// each hands the decoded part to fn, the head first, and returns its size.
func (w *walker) each(l *lines, f *leaf, fn func([]byte)) int64 {
	n := int64(len(f.head))
	fn(f.head)
	var buf []byte
	for {
		p, ok := l.next()
		if !ok {
			break
		}
		buf = f.dec.decode(buf[:0], p)
		n += int64(len(buf))
		fn(buf)
	}
	buf = f.dec.flush(buf[:0])
	fn(buf)
	return n + int64(len(buf))
}

// skip passes over the rest of the part without decoding it, and returns its size as far
// as that can be told without.
func (w *walker) skip(l *lines, f *leaf) int64 {
	var raw int64
	for {
		p, ok := l.next()
		if !ok {
			break
		}
		if f.enc == base64d {
			p = bytes.TrimRight(p, "= \t\r\n")
		}
		raw += int64(len(p))
	}
	if f.enc == base64d {
		raw = raw * 3 / 4
	}
	return int64(len(f.head)) + raw
}
