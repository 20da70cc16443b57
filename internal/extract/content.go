package extract

import (
	"strings"
	"time"
)

// Content is everything that was found in one message.
type Content struct {
	Header      Header
	Segments    []Segment
	Attachments []Attachment // in the order met, those of nested messages included
	Unreadable  []Unreadable
	Pictures    []Picture // put aside to be read; none unless the limits ask for them
}

// Header is the header of a message, decoded (RFC 2047) and unfolded.
type Header struct {
	Fields        []Field // in order, without Bcc and Resent-Bcc
	Subject       string  // of the first Subject field
	From          []Mailbox
	Sender        []Mailbox
	To            []Mailbox
	Cc            []Mailbox
	ReplyTo       []Mailbox
	MessageID     string   // without angle brackets
	InReplyTo     string   // the first id, without angle brackets
	References    []string // without angle brackets, oldest first
	Date          time.Time
	AutoSubmitted string // lower case, without parameters
	HasBcc        bool
}

// Field is one header field; Value is valid UTF-8 without line ends.
type Field struct{ Name, Value string }

// Mailbox is a display name with the address as found; it is not validated.
type Mailbox struct{ Name, Address string }

// Get returns the value of the first field of that name, in any case, or "".
func (h *Header) Get(name string) string {
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, name) {
			return h.Fields[i].Value
		}
	}
	return ""
}

// Kind says what a segment is made of.
type Kind uint8

// The kinds of segments.
const (
	Subject        Kind = iota + 1 // Subject of the message itself, not of a nested one, and the old one in Thread-Topic
	Body                           // text that a mail program shows as the message, and the names of sender and recipients
	AttachmentName                 // a file name, also of a file inside an archive
	AttachmentText                 // text of an attachment or a nested message
	Href                           // link targets, one a line
	Hidden                         // what is not shown at first: comments, alt, titles, hidden text, a part as a mail program could take it that misreads its header, text around the parts of a multipart, the raw text of an ambiguous message
)

var kindNames = [...]string{"", "subject", "body", "attachment_name", "attachment_text", "href", "hidden"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Segment is one stretch of text and where it stands. Text is valid UTF-8; line ends are
// as found (LF or CRLF); cells of a row are joined by a tab.
type Segment struct {
	Where      string
	Kind       Kind
	Text       string
	Quoted     []Span // what is quoted from an earlier mail
	Attachment int    // index into Attachments, or -1
}

// Span is a range of bytes of a segment's text, End excluded.
type Span struct{ Start, End int }

// Attachment is a part that is not shown as the message's own text. Size is in bytes,
// decoded; it is an estimate (exact but for damaged base64).
type Attachment struct {
	Where        string
	Name         string // as declared, decoded; may be empty
	DeclaredType string // media type in lower case, without parameters
	DetectedType string // by content
	Ext          string // of the name, lower case, without the dot
	Size         int64
	Inline       bool
}

// Reason says why something could not be read for sure.
type Reason string

// The reasons. A message may have several.
const (
	Encrypted        Reason = "encrypted"         // needs a password
	Corrupt          Reason = "corrupt"           // damaged or cut off
	TooLarge         Reason = "too_large"         // more than a size limit
	TooDeep          Reason = "depth"             // nested deeper than the limit
	TooMany          Reason = "too_many"          // more parts, files or fields than the limit
	Ratio            Reason = "ratio"             // unpacks to suspiciously much
	Timeout          Reason = "timeout"           // took longer than the limit
	UnknownType      Reason = "unknown_type"      // sound, video, font: nothing to read by design
	UnreadPicture    Reason = "picture"           // a picture, in which text may stand
	ImageOnly        Reason = "image_only"        // pages and documents that are pictures, as scanned ones are
	AlreadyProtected Reason = "already_protected" // S/MIME or PGP, encrypted by the sender
	Ambiguous        Reason = "ambiguous"         // two programs could read it differently
	Unsupported      Reason = "unsupported"       // could hold text, but cannot be read here
)

// Unreadable is one place that could not be read for sure. Detail is fixed wording, free
// of content.
type Unreadable struct {
	Where  string
	Reason Reason
	Detail string
}
