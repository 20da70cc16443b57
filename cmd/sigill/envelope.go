package main

import (
	"sigill/internal/extract"
	"sigill/internal/message"
)

// envelopeOf makes the envelope of a mail file: as given, else as its header says. A
// header that names nobody leaves one recipient that nothing is known of.
func envelopeOf(c *extract.Content, from senderArg, to []addressArg) message.Envelope {
	env := message.Envelope{From: from.Address}
	if !from.given {
		env.From = headerSender(c)
	}
	for _, t := range to {
		env.To = append(env.To, message.RcptTo{Address: t.Address})
	}
	if len(env.To) == 0 {
		env.To = headerRecipients(c)
	}
	return env
}

// headerSender is the first From. One that is broken is the mail's own fault, and no
// reason not to judge it.
func headerSender(c *extract.Content) message.Address {
	if len(c.Header.From) == 0 {
		return message.Address{}
	}
	a, err := message.ParseAddress(c.Header.From[0].Address)
	if err != nil {
		return message.Address{}
	}
	return a
}

func headerRecipients(c *extract.Content) []message.RcptTo {
	var all []message.RcptTo
	for _, boxes := range [][]extract.Mailbox{c.Header.To, c.Header.Cc} {
		for _, b := range boxes {
			if a, err := message.ParseAddress(b.Address); err == nil && !a.IsNull() {
				all = append(all, message.RcptTo{Address: a})
			}
		}
	}
	if len(all) == 0 {
		unknown, _ := message.ParseAddress("unknown@recipient.invalid")
		all = append(all, message.RcptTo{Address: unknown})
	}
	return all
}
