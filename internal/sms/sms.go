// Package sms sends a code to a phone.
//
// A [Sender] says of a failure whether trying again may help: [Temporary], the rest
// is for good, and [Refused] means that it is this number that cannot be reached,
// while others can. Errors never carry the number, the text or an account's token.
// A text with control characters is never handed on: some gateways read them.
package sms

import (
	"context"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"sigill/internal/message"
)

// Sender hands one text message to somebody who carries it. It returns when the
// message was taken, which is not yet delivered. The error is an [*Error].
type Sender interface {
	Send(ctx context.Context, to message.Phone, text string) error
}

// Kind says what a failure means for the next step.
type Kind uint8

// The kinds of failure.
const (
	KindTemporary Kind = iota + 1 // try again: the way is blocked for now
	KindPermanent                 // do not: the account or the message is at fault
	KindRefused                   // do not: this number gets no text messages
)

// String returns the name that logs and metrics use.
func (k Kind) String() string {
	switch k {
	case KindTemporary:
		return "temporary"
	case KindPermanent:
		return "permanent"
	case KindRefused:
		return "refused"
	}
	return "unknown"
}

// Error is why a text message was not taken or not delivered.
type Error struct {
	Kind   Kind
	Status int // of HTTP, 0 when there was no answer
	Code   int // of the provider, 0 when it gave none
	Err    error
}

func (e *Error) Error() string {
	s := "text message: " + e.Kind.String()
	if e.Status != 0 {
		s += fmt.Sprintf(", status %d", e.Status)
	}
	if e.Code != 0 {
		s += fmt.Sprintf(", code %d", e.Code)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary says that trying the same again may help. An error of unknown kind does
// not forbid it.
func Temporary(err error) bool { return err != nil && !Permanent(err) }

// Permanent says that trying the same again is of no use.
func Permanent(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind != KindTemporary
}

// Refused says that the number cannot be reached by text message.
func Refused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == KindRefused
}

// maxText is the most that is sent, in characters: ten segments in the wide alphabet.
const maxText = 670

// check refuses what must not reach a provider.
func check(to message.Phone, text string) error {
	if len(to) < 8 || len(to) > 16 || to[0] != '+' {
		return &Error{Kind: KindPermanent, Err: errors.New("number is not in international form")}
	}
	for _, c := range to[1:] {
		if c < '0' || c > '9' {
			return &Error{Kind: KindPermanent, Err: errors.New("number is not in international form")}
		}
	}
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxText {
		return &Error{Kind: KindPermanent, Err: errors.New("text is empty, too long or not UTF-8")}
	}
	for _, r := range text {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return &Error{Kind: KindPermanent, Err: errors.New("text has a control character")}
		}
	}
	return nil
}
