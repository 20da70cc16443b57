package extract

import (
	"bytes"
	"strings"

	"sigill/internal/extract/ocr"
)

// class is what can be done with content of a type.
type class uint8

const (
	asText     class = iota + 1
	asHTML           // text with markup
	asXML            // text with markup of any vocabulary
	asJSON           // text with escapes
	asCalendar       // text with folded lines: ics, vcf
	asTable          // text with delimiters: csv, tsv
	asMessage        // a message of its own
	asMailbox        // several of them, RFC 4155
	asZip            // an archive that may be a document
	asOLE            // an old container of Microsoft's
	asRTF            // rich text
	asPDF            // a PDF document
	asTNEF           // winmail.dat
	asSevenZip       // a 7z archive
	asRAR            // a RAR archive
	asPacked         // one file packed: gzip, bzip2, xz
	asTar            // files in a row
	asApple          // a file of a Mac with what the system says of it, RFC 1740
	asCMS            // S/MIME
	asMedia          // nothing to read by design
	asOther          // could hold text, cannot be read here
)

// sniffed is a type found by content.
type sniffed struct {
	mime  string
	class class
}

// picture says whether content is a picture that is not read as text.
func (s sniffed) picture() bool { return s.class == asMedia && strings.HasPrefix(s.mime, "image/") }

// sniffLen is how much of the start of a part is looked at. Acrobat accepts %PDF within
// the first 1024 bytes.
const sniffLen = 4 << 10

// magic is a signature at a fixed place.
type magic struct {
	at   int
	sig  string
	mime string
	class
}

// magics is searched in order; a plain table is fast enough for one look at each part.
var magics = [...]magic{
	{0, "PK\x03\x04", "application/zip", asZip},
	{0, "PK\x05\x06", "application/zip", asZip},
	{0, "PK\x07\x08", "application/zip", asZip},
	{0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "application/x-ole-storage", asOLE},
	{0, "\x89PNG\r\n\x1a\n", "image/png", asMedia},
	{0, "\xFF\xD8\xFF", "image/jpeg", asMedia},
	{0, "GIF87a", "image/gif", asMedia},
	{0, "GIF89a", "image/gif", asMedia},
	{0, "II*\x00", "image/tiff", asMedia},
	{0, "MM\x00*", "image/tiff", asMedia},
	{0, "8BPS", "image/vnd.adobe.photoshop", asMedia},
	{8, "WEBP", "image/webp", asMedia},
	{8, "WAVE", "audio/wav", asMedia},
	{8, "AVI ", "video/x-msvideo", asMedia},
	{4, "ftyp", "video/mp4", asMedia},
	{0, "OggS", "audio/ogg", asMedia},
	{0, "fLaC", "audio/flac", asMedia},
	{0, "ID3", "audio/mpeg", asMedia},
	{0, "MThd", "audio/midi", asMedia},
	{0, "#!AMR", "audio/amr", asMedia},
	{0, "\x1A\x45\xDF\xA3", "video/x-matroska", asMedia},
	{0, "FLV\x01", "video/x-flv", asMedia},
	{0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11", "video/x-ms-asf", asMedia},
	{0, "\x00\x00\x00\x0CjP  ", "image/jp2", asMedia},
	{0, "\xD7\xCD\xC6\x9A", mimeWMF, asMedia},
	{0, "\x01\x00\x09\x00\x00\x03", mimeWMF, asMedia}, // without the head that says where it is placed
	{0, "\x01\x00\x09\x00\x00\x01", mimeWMF, asMedia},
	{40, " EMF", mimeEMF, asMedia},
	{0, "VCLMTF", "image/x-svm", asMedia},                     // the pictures that LibreOffice keeps of embedded objects
	{0, "\x00\x05\x16\x07", "application/applefile", asApple}, // AppleDouble
	{0, "\x00\x05\x16\x00", "application/applefile", asApple}, // AppleSingle
	{0, "wOFF", "font/woff", asMedia},
	{0, "wOF2", "font/woff2", asMedia},
	{0, "OTTO", "font/otf", asMedia},
	{0, "\x00\x01\x00\x00\x00", "font/ttf", asMedia},
	{0, "{\\rt", "application/rtf", asRTF}, // programs ask for no more
	{0, "%!PS", "application/postscript", asOther},
	{0, "\x78\x9F\x3E\x22", "application/ms-tnef", asTNEF},
	{0, "7z\xBC\xAF\x27\x1C", "application/x-7z-compressed", asSevenZip},
	{0, "Rar!\x1A\x07", "application/vnd.rar", asRAR},
	{0, "\x1F\x8B", "application/gzip", asPacked},
	{0, "BZh", "application/x-bzip2", asPacked},
	{0, "\xFD7zXZ\x00", "application/x-xz", asPacked},
	{0, "\x28\xB5\x2F\xFD", "application/zstd", asOther},
	{0, "\x04\x22\x4D\x18", "application/x-lz4", asOther},
	{0, "\x1F\x9D", "application/x-compress", asOther},
	{0, "MSCF", "application/vnd.ms-cab-compressed", asOther},
	{0, "!<arch>", "application/x-archive", asOther},
	{257, "ustar", "application/x-tar", asTar},
	{2, "-lh", "application/x-lzh", asOther},
	{0, "SQLite format 3\x00", "application/vnd.sqlite3", asOther},
}

// sniff finds the type of content by its first bytes. The declared type and the name are
// only asked where content of several types looks alike, as text does.
func sniff(b []byte, declared, ext string) sniffed {
	text := printable(b)
	for i := range magics {
		m := &magics[i]
		if text && !m.text() {
			continue
		}
		if len(b) >= m.at+len(m.sig) && string(b[m.at:m.at+len(m.sig)]) == m.sig && !riffOther(b, m) {
			return sniffed{m.mime, m.class}
		}
	}
	if i := bytes.Index(b[:min(len(b), 1024)], []byte("%PDF-")); i >= 0 && (i == 0 || !prose(b[:i])) {
		return sniffed{"application/pdf", asPDF}
	}
	if s := sniffCMS(b); s.class != 0 {
		return s
	}
	if calledCMS(declared, ext) {
		if s := sniffCMSText(b); s.class != 0 {
			return s
		}
	}
	if enc, n := wideText(b); enc != nil {
		return sniffText([]byte(decodeWith(enc, b[n:])), declared, ext)
	}
	if printable(b) {
		return sniffText(b, declared, ext)
	}
	if strings.HasPrefix(declared, "image/") || strings.HasPrefix(declared, "audio/") || strings.HasPrefix(declared, "video/") {
		if weakMedia(b) {
			return sniffed{declared, asMedia}
		}
	}
	if ocr.Sniff(b) == ocr.BMP {
		return sniffed{"image/bmp", asMedia}
	}
	return sniffed{"application/octet-stream", asOther}
}

// text says whether files of the type read as text, so that the signature alone decides.
// A text that happens to begin with BZh or ID3 must not pass for an archive or a song.
func (m *magic) text() bool {
	return m.mime == "application/rtf" || m.mime == "application/postscript"
}

// riffOther keeps the signatures at offset 8 to files that begin with RIFF.
func riffOther(b []byte, m *magic) bool {
	return m.at == 8 && !bytes.HasPrefix(b, []byte("RIFF"))
}

// prose says whether b is readable text, so that a mail that mentions %PDF- is no PDF.
func prose(b []byte) bool {
	return len(bytes.TrimSpace(b)) > 0 && looksText(b)
}

// weakMedia knows media whose signature is too short to be trusted alone.
func weakMedia(b []byte) bool {
	return bytes.HasPrefix(b, []byte("BM")) || bytes.HasPrefix(b, []byte("\x00\x00\x01\x00")) ||
		len(b) > 1 && b[0] == 0xFF && b[1]&0xE0 == 0xE0 ||
		bytes.HasPrefix(b, []byte("\x00\x00\x01\xBA")) || bytes.HasPrefix(b, []byte("\x01\x00\x00\x00"))
}

// looksText says whether b reads as text, in UTF-16 or an encoding that extends ASCII.
func looksText(b []byte) bool {
	enc, _ := wideText(b)
	return enc != nil || printable(b)
}

// printable says whether b has no zero bytes and hardly any other control characters.
func printable(b []byte) bool {
	control := 0
	for _, c := range b {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b:
			control++
		}
	}
	return control*50 <= len(b)
}

// sniffText tells kinds of text apart.
func sniffText(b []byte, declared, ext string) sniffed {
	head := bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")), " \t\r\n")
	lower := bytes.ToLower(head[:min(len(head), 256)])
	switch {
	case mailboxHead(head):
		return sniffed{"application/mbox", asMailbox}
	case calledMessage(declared, ext) || messageHead(lower) || headerLike(head):
		return sniffed{"message/rfc822", asMessage}
	case htmlHead(lower) || declared == "text/html" || htmlName(ext) || declared == "application/xhtml+xml":
		return sniffed{"text/html", asHTML}
	case bytes.HasPrefix(lower, []byte("<?xml")) || strings.HasSuffix(declared, "/xml") || strings.HasSuffix(declared, "+xml") || ext == "xml" || ext == "svg" || bytes.HasPrefix(lower, []byte("<svg")):
		return sniffed{"text/xml", asXML}
	case bytes.HasPrefix(lower, []byte("begin:v")):
		return sniffed{"text/calendar", asCalendar}
	case declared == "application/json" || ext == "json":
		return sniffed{"application/json", asJSON}
	case declared == "text/csv" || declared == "text/tab-separated-values" || ext == "csv" || ext == "tsv":
		return sniffed{"text/csv", asTable}
	}
	return sniffed{"text/plain", asText}
}

// htmlName says whether a file of that name is opened by a browser.
func htmlName(ext string) bool {
	switch ext {
	case "html", "htm", "xhtml", "xht", "shtml", "shtm", "stm", "hta", "htc":
		return true
	}
	return false
}

// likeHTML says whether a browser that is given a text without a type it knows shows the markup in it: those look at how it begins.
func likeHTML(ext, text string) bool {
	if c := family(ext); c != 0 || ext == "svg" {
		return false
	}
	text = strings.TrimLeft(text, "\uFEFF \t\r\n\f")
	if len(text) < 3 || text[0] != '<' {
		return false
	}
	c := text[1] | 0x20
	return c >= 'a' && c <= 'z' || text[1] == '!'
}

// mailboxHead says whether a text begins with the line that stands before each message of a mailbox (RFC 4155): From, an
// address, and a date with its time.
func mailboxHead(b []byte) bool {
	line, _, _ := bytes.Cut(b[:min(len(b), 400)], []byte("\n"))
	fields := bytes.Fields(line)
	if !bytes.HasPrefix(line, []byte("From ")) || len(fields) < 7 {
		return false
	}
	return bytes.Count(line, []byte(":")) >= 1 && (bytes.IndexByte(fields[1], '@') > 0 || string(fields[1]) == "-" || len(fields) == 7)
}

// htmlHead says whether the (lower-case) start of a text is that of an HTML document.
func htmlHead(b []byte) bool {
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<table"} {
		if bytes.HasPrefix(b, []byte(tag)) {
			return true
		}
	}
	return bytes.HasPrefix(b, []byte("<?xml")) && bytes.Contains(b, []byte("<html"))
}

// messageHead says whether the (lower-case) start of a text is that of a saved message.
func messageHead(b []byte) bool {
	for _, name := range []string{"mime-version:", "received:", "return-path:", "delivered-to:", "x-mozilla-status:"} {
		if bytes.HasPrefix(b, []byte(name)) {
			return true
		}
	}
	return false
}

func calledMessage(declared, ext string) bool { return isMessage(declared) || ext == "eml" }

// headerLike says whether a text begins with the header of a message, by its fields: at least two that messages have, and
// something in them that hides text from whoever reads it as it stands, an encoding or parts. A mail quoted in a text has
// no such fields, and is all there.
func headerLike(b []byte) bool {
	known, coded := 0, false
	for len(b) > 0 {
		var line []byte
		line, b, _ = bytes.Cut(b, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		coded = coded || bytes.Contains(line, []byte("=?"))
		switch {
		case len(line) == 0:
			return known > 1 && coded
		case line[0] == ' ' || line[0] == '\t':
		case !fieldLine(line):
			if known == 0 {
				return false // elsewhere a line that is none stands in the way of few programs
			}
		default:
			name, _, _ := bytes.Cut(line, []byte(":"))
			k, c := messageField(strings.ToLower(string(bytes.TrimRight(name, " \t"))))
			if k {
				known++
			}
			coded = coded || c
		}
	}
	return known > 1 && coded
}

// messageField says whether a field (in lower case) is one of messages, and whether it says how to read the body.
func messageField(name string) (known, coded bool) {
	switch name {
	case "mime-version", "content-type", "content-transfer-encoding", "content-disposition":
		return true, true
	case "from", "to", "cc", "subject", "message-id", "received", "return-path", "reply-to", "sender", "delivered-to", "in-reply-to", "references":
		return true, false
	}
	return false, false
}

// guessedMessage says whether only the content of a file makes it a message: others show it as the text that it is.
func (f *leaf) guessedMessage() bool {
	return f.found.class == asMessage && !calledMessage(f.media.Type, f.ext)
}

// Object identifiers of CMS content (RFC 5652, RFC 5083), DER.
const (
	oidSigned        = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"
	oidEnveloped     = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03"
	oidCompressed    = "\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x09"
	oidAuthEnveloped = "\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x17"
)

// The types of S/MIME content told apart.
const (
	mimeEnveloped  = "application/pkcs7-mime; enveloped-data"
	mimeSigned     = "application/pkcs7-mime; signed-data"
	mimeCompressed = "application/pkcs7-mime; compressed-data"
)

func sniffCMS(b []byte) sniffed {
	if len(b) < 20 || b[0] != 0x30 {
		return sniffed{}
	}
	switch {
	case cmsIs(b, oidEnveloped), cmsIs(b, oidAuthEnveloped):
		return sniffed{mimeEnveloped, asCMS}
	case cmsIs(b, oidSigned):
		return sniffed{mimeSigned, asCMS}
	case cmsIs(b, oidCompressed):
		return sniffed{mimeCompressed, asCMS}
	}
	return sniffed{}
}

// cmsIs says whether b is a SEQUENCE that begins with the object identifier.
func cmsIs(b []byte, oid string) bool {
	n := 2
	if b[1] > 0x80 {
		n += int(b[1] & 0x7f)
	}
	return n <= 6 && bytes.HasPrefix(b[n:], []byte(oid))
}

// family groups names by what their content must be, to notice content that does not fit.
func family(ext string) class {
	switch ext {
	case "docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "xltm", "pptx", "pptm", "ppsx", "odt", "ods", "odp", "zip":
		return asZip
	case "pdf":
		return asPDF
	case "rtf":
		return asRTF
	case "7z":
		return asSevenZip
	case "rar":
		return asRAR
	case "gz", "bz2", "xz":
		return asPacked
	case "tar", "tgz":
		return asTar
	case "png", "jpg", "jpeg", "gif", "tif", "tiff", "bmp", "webp", "heic", "ico", "mp3", "mp4", "m4a", "mov", "wav", "avi", "ogg", "wmf", "emf":
		return asMedia
	case "doc", "xls", "ppt", "msg":
		return asOLE
	case "txt", "csv", "tsv", "log", "md", "htm", "html", "xml", "json", "ics", "vcf", "eml":
		return asText
	case "exe", "dll", "scr", "msi":
		return asOther
	}
	return 0
}
