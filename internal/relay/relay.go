// Package relay hands a message to the next hop and says what happened, per recipient.
//
// A [Sender] serves one next hop over a pool of warm connections. go-smtp's client makes
// each connection: greeting, EHLO or HELO, AUTH. STARTTLS and the mail transaction are
// done here, on the same connection, for reasons that its client cannot meet:
//
//   - it says "EHLO localhost" before STARTTLS and shakes hands lazily, so that neither
//     the name nor the difference between "not offered" and "failed" can be had;
//   - it waits for every reply (no PIPELINING, RFC 2920); in a group, MAIL, RCPT and DATA
//     cost one round trip and two system calls instead of three and six;
//   - its dot writer looks at every octet and turns a bare LF into CRLF; a relay copies
//     blocks and adds dots, and changes nothing (RFC 5321 4.5.2);
//   - it cannot wait for a reply twice, which cut-through needs: 30 seconds for the
//     client that stands in the door, then minutes for the job.
//
// Two ways lead out. [Sender.Send] takes what it can get: recipients that the hop refuses
// are refused, the others get the message. [Sender.CutThrough] is all or nothing, because
// a client waits for one answer about the whole message.
//
// When the connection is lost after the final dot nobody knows whether the hop has the
// message. It is then tried again, and said so: twice is better than never.
package relay

import (
	"fmt"
	"strings"

	"sigill/internal/message"
)

// Mail is one message as a next hop gets it: Prefix, then Body, octet by octet.
type Mail struct {
	From       message.Address
	To         []message.RcptTo
	UTF8       bool         // the client asked for SMTPUTF8 (RFC 6531)
	EightBit   bool         // BODY=8BITMIME (RFC 6152)
	Return     string       // RET=FULL or HDRS, "" for none (RFC 3461 4.3)
	EnvID      string       // ENVID, xtext decoded (RFC 3461 4.4)
	Prefix     []byte       // header fields in front of the body, each ended by CRLF
	Body       message.Body // wire form
	RequireTLS bool         // only over TLS with a certificate that was verified
}

// size is what the hop will count (RFC 1870 5): dots unstuffed, without the final dot.
func (m *Mail) size() int64 { return int64(len(m.Prefix)) + m.Body.Size() }

// Class says whether it makes sense to try again. Its zero value says yes.
type Class uint8

// The classes.
const (
	Temporary Class = iota // not now; nothing is known to have been delivered
	Accepted               // the next hop is responsible
	Permanent              // never like this
)

// String returns accepted, temporary or permanent.
func (c Class) String() string {
	switch c {
	case Accepted:
		return "accepted"
	case Permanent:
		return "permanent"
	}
	return "temporary"
}

// Stage is how far a message came.
type Stage string

// The stages, in order.
const (
	StageConnect Stage = "connect" // no connection, or no place in the pool
	StageTLS     Stage = "tls"
	StageHello   Stage = "hello" // greeting and EHLO
	StageAuth    Stage = "auth"
	StageMail    Stage = "mail"
	StageRcpt    Stage = "rcpt"
	StageData    Stage = "data"
	StageBody    Stage = "body"  // before the final dot
	StageFinal   Stage = "final" // after it
)

// Outcome is what happened for one recipient.
type Outcome struct {
	Class  Class
	Code   int    // of the hop's reply; when it gave none, what we would have said
	Status string // RFC 3463, never ""
	Text   string // the hop's words without addresses, or ours
	Stage  Stage
}

// Reply returns the outcome as a reply.
func (o Outcome) Reply() message.Reply {
	return message.Reply{Code: o.Code, Status: o.Status, Text: o.Text}
}

// OutcomeOf is the outcome that a reply to the final dot means.
func OutcomeOf(r message.Reply) Outcome {
	o := Outcome{Class: Temporary, Code: r.Code, Status: r.Status, Text: r.Text, Stage: StageFinal}
	switch r.Code / 100 {
	case 2:
		o.Class = Accepted
	case 5:
		o.Class = Permanent
	}
	return o
}

// Result is what became of a [Mail] that was sent the queued way.
type Result struct {
	Recipients []Outcome // one for each of Mail.To, in its order
	// Uncertain says that the connection was lost after the final dot: the recipients that
	// are Temporary may have the message.
	Uncertain bool
	TLS       string // version of TLS, "" for cleartext or no connection
	// Err is why there was no reply: connection, TLS, AUTH, or our own body. It names no
	// address of a person. nil when the hop answered.
	Err error
}

// outcome makes an outcome of a hop's reply at a stage.
func (r reply) outcome(at Stage) Outcome {
	o := OutcomeOf(r.message())
	o.Stage = at
	return o
}

// local makes an outcome in our own words.
func local(class Class, code int, status, text string, at Stage) Outcome {
	return Outcome{Class: class, Code: code, Status: status, Text: text, Stage: at}
}

// Error is a failure of the way to the next hop. It names the hop and the stage.
type Error struct {
	Hop   string // host:port
	Stage Stage
	Reply message.Reply // the hop's, if it gave one
	Err   error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "next hop %s: %s", e.Hop, e.Stage)
	if e.Reply.Code != 0 {
		fmt.Fprintf(&b, ": %s", e.Reply)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// outcome says what a broken way means for a recipient: always to try again, because it
// is about the hop and not about the message.
func (e *Error) outcome() Outcome {
	o := local(Temporary, 451, "4.4.2", "The connection to the next server was lost", e.Stage)
	switch e.Stage {
	case StageConnect:
		o.Status, o.Text = "4.4.1", "The next server does not answer"
	case StageTLS:
		o.Status, o.Text = "4.7.5", "No safe connection to the next server"
	case StageAuth:
		o.Status, o.Text = "4.7.8", "The next server does not let us in"
	}
	if e.Reply.Code != 0 {
		o.Text = cut(o.Text + ": " + e.Reply.String())
	}
	return o
}
