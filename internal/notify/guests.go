package notify

import (
	"strings"
	"unicode"

	"sigill/internal/message"
)

// The most that is shown of what comes from outside, in characters.
const (
	maxName    = 60
	maxSubject = 120
	maxReply   = 300
)

// clean makes a text from outside fit to stand in a mail: one line, no control or
// direction characters, no runs of spaces, at most most characters.
func clean(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	kept := []rune(strings.Join(strings.Fields(s), " "))
	if len(kept) > most {
		kept = append(kept[:most-1], '…')
	}
	return string(kept)
}

// person is somebody to name: by a name that looks like one, else by the address.
type person struct {
	name    string // never ""
	address string // in ASCII wherever SMTP allows it, so that look-alike domains show
}

// named reports whether there is a name beside the address.
func (p person) named() bool { return p.name != p.address }

// newPerson drops a display name that pretends to be an address or a link.
func newPerson(name string, a message.Address) person {
	p := person{name: clean(name, maxName), address: clean(a.String(), 320)}
	low := strings.ToLower(p.name)
	if p.name == "" || strings.ContainsAny(p.name, "@<>") || strings.Contains(low, "://") || strings.Contains(low, "www.") {
		p.name = p.address
	}
	return p
}

// line is the name with its address behind it.
func (p person) line() string {
	if !p.named() {
		return p.address
	}
	return p.name + ", " + p.address
}

// sender is who a message comes from, as its recipients see it. A machine speaks
// for itself; who is responsible for it is not shown outside.
func sender(m *message.Message) person {
	if m.Unattended && !m.Envelope.From.IsNull() {
		return newPerson("", m.Envelope.From)
	}
	return newPerson(m.PersonName, m.Person)
}

// recipient is recipient i, as the person behind the message sees it.
func recipient(r *message.Recipient) person { return newPerson(r.Name, r.Address) }

// subject is what may be shown of a message's subject, "" for nothing.
func subject(m *message.Message) string { return clean(m.ShownSubject(), maxSubject) }
