package message

import (
	"fmt"
	"time"
)

// Source says from where and how a message came in.
type Source struct {
	Addr string `json:"addr"`           // IP address of the client
	Helo string `json:"helo"`           // what it called itself
	User string `json:"user,omitempty"` // AUTH identity
	TLS  string `json:"tls,omitempty"`  // version and cipher suite, "" for cleartext
	// Trusted says that the client may relay: a listed network, AUTH, or a client certificate.
	Trusted bool   `json:"trusted,omitempty"`
	Network string `json:"network,omitempty"` // name of the listed network it came from
}

// Envelope is what SMTP says about a message: who sent it, to whom, and how.
type Envelope struct {
	From     Address  `json:"from"` // null for a bounce
	To       []RcptTo `json:"to"`
	UTF8     bool     `json:"utf8,omitempty"`   // SMTPUTF8 (RFC 6531)
	EightBit bool     `json:"8bit,omitempty"`   // BODY=8BITMIME (RFC 6152)
	Return   string   `json:"ret,omitempty"`    // RET=FULL or HDRS (RFC 3461 4.3)
	ID       string   `json:"env_id,omitempty"` // ENVID, xtext decoded (RFC 3461 4.4)
	Source   Source   `json:"source"`
	Foreign  bool     `json:"foreign,omitempty"` // a listed network that forwards mail from outside
}

// RcptTo is one recipient of an [Envelope].
type RcptTo struct {
	Address Address `json:"address"`
	Notify  Notify  `json:"notify,omitempty"`
	Orig    string  `json:"orcpt,omitempty"` // ORCPT as given: type;address (RFC 3461 4.2)
}

// Notify is the set of events for which a delivery status notice is wanted
// (RFC 3461 4.1). Zero means the default: failure and delay.
type Notify uint8

// The bits of [Notify].
const (
	NotifySuccess Notify = 1 << iota
	NotifyFailure
	NotifyDelay
	NotifyNever
)

// Wants says whether a notice is wanted for the event.
func (n Notify) Wants(event Notify) bool {
	if n == 0 {
		return event == NotifyFailure || event == NotifyDelay
	}
	return n&NotifyNever == 0 && n&event != 0
}

// Recipient is one recipient of a message and where the message stands for them.
type Recipient struct {
	Address Address   `json:"address"`
	Notify  Notify    `json:"notify,omitempty"`
	Orig    string    `json:"orcpt,omitempty"`
	Name    string    `json:"name,omitempty"` // display name from To or Cc
	Listed  bool      `json:"listed"`         // named in To or Cc; others are never shown to outsiders
	Level   Level     `json:"level"`
	State   State     `json:"state"`
	Since   time.Time `json:"since"` // when State was entered
	Expires time.Time `json:"expires"`

	Phone  Phone `json:"phone,omitempty"`   // where an SMS code goes
	Typed  bool  `json:"typed,omitempty"`   // Phone was typed for this message, not remembered
	ByMail bool  `json:"by_mail,omitempty"` // the sender chose a password by mail instead
	Asked  bool  `json:"asked,omitempty"`   // a code went out: the number can no longer just be changed

	Queued   time.Time `json:"queued"`             // when it was first to be relayed; its queue time counts from then
	Attempts int       `json:"attempts,omitempty"` // tries to relay
	Reply    string    `json:"reply,omitempty"`    // the last reply of the next hop, without addresses
	Late     bool      `json:"late,omitempty"`     // the sender was told that it is late
	Reminded bool      `json:"reminded,omitempty"`
	Opened   time.Time `json:"opened"` // first opened
}

// Method says how the recipient proves itself: Level1 by mail, Level2 by SMS.
func (r *Recipient) Method() Level {
	if r.ByMail || r.Level < Level2 {
		return Level1
	}
	return Level2
}

// Message is one message under way.
type Message struct {
	ID         ID
	Org        string    // the organisation it belongs to
	Accepted   time.Time // when it was received
	Size       int64     // octets of the wire form, dots unstuffed
	BodyHash   []byte    // SHA-256 of the wire form
	MessageID  string    // of the header, without angle brackets
	Envelope   Envelope
	Person     Address // who is asked; may be the organisation's responsible
	PersonName string  // display name of the person, or ""
	Unattended bool    // Person stands in for a machine
	Subject    string  // as sent; see Decision for what may be shown
	Date       time.Time
	Lang       string // language of the notices: sv, nl or en
	Decision   Decision
	Recipients []Recipient
	Version    int64 // counts writes; set by the store
}

// New starts a message: every recipient is Received.
func New(id ID, org string, env Envelope, now time.Time) *Message {
	m := &Message{ID: id, Org: org, Accepted: now, Envelope: env}
	for _, to := range env.To {
		m.Recipients = append(m.Recipients, Recipient{
			Address: to.Address, Notify: to.Notify, Orig: to.Orig, State: Received, Since: now,
		})
	}
	return m
}

// ShownSubject is the subject that may stand in clear: without trigger words, and
// "" when something was found in it.
func (m *Message) ShownSubject() string {
	if m.Decision.Neutral {
		return ""
	}
	return m.Decision.Subject
}

// Settled says that no recipient needs the payload any longer.
func (m *Message) Settled() bool {
	for i := range m.Recipients {
		if !m.Recipients[i].State.Settled() {
			return false
		}
	}
	return true
}

// InVain says that the message is over and reached nobody.
func (m *Message) InVain() bool {
	return len(m.In(Bounced, Cancelled, Expired, Revoked, Purged)) == len(m.Recipients)
}

// In returns the indexes of the recipients that are in one of the states.
func (m *Message) In(states ...State) []int {
	var in []int
	for i := range m.Recipients {
		for _, s := range states {
			if m.Recipients[i].State == s {
				in = append(in, i)
			}
		}
	}
	return in
}

// Recipient returns recipient i, or an error when there is none.
func (m *Message) Recipient(i int) (*Recipient, error) {
	if i < 0 || i >= len(m.Recipients) {
		return nil, fmt.Errorf("message %s has no recipient %d", m.ID, i)
	}
	return &m.Recipients[i], nil
}

// Clone returns a deep copy, so that a step that fails half way leaves no trace.
func (m *Message) Clone() *Message {
	c := *m
	c.Recipients = append([]Recipient(nil), m.Recipients...)
	return &c
}
