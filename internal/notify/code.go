package notify

import (
	"errors"
	"regexp"
	"time"
	"unicode/utf16"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// What a code and the mark that ties it to its page may look like. Package auth makes
// both; what is sent is checked all the same.
var (
	codeForm = regexp.MustCompile(`^[0-9a-z]{4,24}$`)
	markForm = regexp.MustCompile(`^[0-9A-Z]{1,4}$`)
)

// Code brings recipient i the one-time password that they asked for. It says which
// message it opens, and has no link: who asked has the page open.
func (c *Composer) Code(m *message.Message, i int, password, mark string, until, now time.Time) (Mail, error) {
	r, err := m.Recipient(i)
	if err != nil {
		return Mail{}, err
	}
	if !codeForm.MatchString(password) || !markForm.MatchString(mark) {
		return Mail{}, errors.New("notify: the code or its mark has a wrong form")
	}
	p, from := c.printer(m), sender(m)
	title := p.T("mail.code.title", "Mark", mark)
	l := &letter{
		Lang: p.Lang(), Title: title, Kind: p.T("mail.code.kind", "Mark", mark), Heading: p.T("mail.code.heading"),
		Preview: p.T("mail.code.preview", "Until", p.Clock(until)),
		Lead:    []words{opens(p, m, from)},
		Code:    &code{say(p, "mail.code.label", "Mark", mark), password},
		Next:    []words{say(p, "mail.code.next", "Until", p.Clock(until))},
		Hints:   []words{say(p, "mail.code.hint", "Mark", mark)},
		Genuine: &section{Title: p.T("mail.genuine.title"), Words: say(p, "mail.code.genuine")},
	}
	c.foot(p, l)
	return c.finish(l, r.Address, now)
}

// opens says what a code opens.
func opens(p *locale.Printer, m *message.Message, from person) words {
	s := subject(m)
	switch {
	case s != "":
		return say(p, "mail.code.opens", "Subject", s, "Sender", from.line())
	case m.Decision.FileOnly:
		return say(p, "mail.code.opens_file", "Sender", from.line())
	}
	return say(p, "mail.code.opens_message", "Sender", from.line())
}

// CodeText returns the text message that brings recipient i a code: one segment
// where the organisation's name allows it, without a link, and without anything from
// the mail itself. Until is stated in the organisation's time.
func (c *Composer) CodeText(m *message.Message, i int, digits, mark string, until time.Time) string {
	p := c.printer(m)
	say := func(key string) string {
		return clean(locale.Plain(p.T(key, "Code", digits, "Mark", mark, "Org", c.org.Name, "Until", p.Clock(until))), maxReply)
	}
	for _, key := range []string{"sms.code", "sms.code_short"} {
		if s := say(key); oneSegment(s) {
			return s
		}
	}
	return say("sms.code_bare")
}

// gsm7 and gsm7Wide are the alphabet of text messages and its extension, whose
// characters count twice (3GPP TS 23.038 6.2.1).
const (
	gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsm7Wide = "^{}\\[~]|€"
)

// oneSegment says whether a text fits one text message: 160 characters of the
// alphabet, else 70 UTF-16 units.
func oneSegment(s string) bool {
	n, narrow := 0, true
	for _, r := range s {
		switch {
		case contains(gsm7, r):
			n++
		case contains(gsm7Wide, r):
			n += 2
		default:
			narrow = false
		}
	}
	if narrow {
		return n <= 160
	}
	return len(utf16.Encode([]rune(s))) <= 70
}

func contains(s string, r rune) bool {
	for _, c := range s {
		if c == r {
			return true
		}
	}
	return false
}
