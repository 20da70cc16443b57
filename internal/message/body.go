package message

import (
	"fmt"
	"io"
)

// Body is the wire form of a message: header and text as they came, lines ended by
// CRLF, dots unstuffed, without the final dot. It may be opened more than once, and
// at the same time.
type Body interface {
	Open() (io.ReadCloser, error)
	Size() int64    // octets
	SHA256() []byte // of those octets
}

// Reply is what is said to an SMTP client (RFC 5321 4.2, RFC 3463).
type Reply struct {
	Code   int    // 250, 451, 550, ...
	Status string // 2.0.0, 4.3.0, ...
	Text   string // one line, ASCII, no addresses and no content
}

// The replies that more than one room gives.
var (
	ReplyLocal   = Reply{451, "4.3.0", "Not now, please try again later"}
	ReplyStorage = Reply{452, "4.3.1", "Not enough storage, please try again later"}
	ReplyRelay   = Reply{550, "5.7.1", "Relaying is not allowed from here"}
	ReplyLoop    = Reply{554, "5.4.6", "This message goes round in a loop"}
)

// OK says whether the reply is positive.
func (r Reply) OK() bool { return r.Code >= 200 && r.Code < 400 }

// Temporary says whether the client should try again (4yz).
func (r Reply) Temporary() bool { return r.Code >= 400 && r.Code < 500 }

// String returns the reply as one line, without its CRLF.
func (r Reply) String() string {
	if r.Status == "" {
		return fmt.Sprintf("%d %s", r.Code, r.Text)
	}
	return fmt.Sprintf("%d %s %s", r.Code, r.Status, r.Text)
}
