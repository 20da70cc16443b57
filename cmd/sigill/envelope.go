package main

import (
	"fmt"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// envelopeOf makes the envelope of a mail file: as given, else as its header says. A
// header that names nobody leaves one recipient that nothing is known of.
func envelopeOf(c *extract.Content, from string, to []string) (message.Envelope, error) {
	var env message.Envelope
	var err error
	if env.From, err = senderOf(c, from); err != nil {
		return env, err
	}
	for _, t := range to {
		a, err := message.ParseAddress(t)
		if err != nil || a.IsNull() {
			return env, fmt.Errorf("--to %s: not an address", t)
		}
		env.To = append(env.To, message.RcptTo{Address: a})
	}
	if len(env.To) == 0 {
		env.To = headerRecipients(c)
	}
	return env, nil
}

func senderOf(c *extract.Content, from string) (message.Address, error) {
	if from != "" {
		a, err := message.ParseAddress(from)
		if err != nil {
			return a, fmt.Errorf("--from %s: %w", from, err)
		}
		return a, nil
	}
	if len(c.Header.From) == 0 {
		return message.Address{}, nil
	}
	a, err := message.ParseAddress(c.Header.From[0].Address)
	if err != nil {
		return message.Address{}, nil // a broken From is the mail's own, and no reason not to judge it
	}
	return a, nil
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
