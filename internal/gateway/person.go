package gateway

import (
	"path"
	"strings"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// Org is what the gateway must know about the organisation that it works for.
type Org struct {
	ID          string
	Domains     []string        // lower-case A-labels; nothing with a link leaves them
	Responsible message.Address // is asked when nobody else can be
	Unattended  []string        // senders that nobody reads for: addresses, * stands for anything
	Lang        string          // of notices: sv, nl or en
}

// Own says whether an address is the organisation's.
func (o *Org) Own(a message.Address) bool {
	for _, d := range o.Domains {
		if a.Domain() == d {
			return true
		}
	}
	return false
}

func (o *Org) unattended(a message.Address) bool { return matchAny(o.Unattended, a) }

// matchAny says whether an address matches one of the patterns, in which * stands for
// any signs. A pattern without @ is a domain.
func matchAny(patterns []string, a message.Address) bool {
	if a.IsNull() {
		return false
	}
	for _, p := range patterns {
		subject := a.Key()
		if !strings.Contains(p, "@") {
			subject = a.Domain()
		}
		if ok, err := path.Match(strings.ToLower(p), subject); err == nil && ok {
			return true
		}
	}
	return false
}

// setPerson finds who is asked about a message: MAIL FROM when it is the
// organisation's; else Sender, else a single From; else the responsible. A sender that
// nobody reads for is stood in for at once.
func (g *Gateway) setPerson(m *message.Message, h *extract.Header) {
	who, name := g.person(m.Envelope, h)
	m.Person, m.PersonName = who, name
	if who.IsNull() || g.o.Org.unattended(who) {
		m.Person, m.PersonName, m.Unattended = g.o.Org.Responsible, "", true
	}
}

func (g *Gateway) person(env message.Envelope, h *extract.Header) (message.Address, string) {
	if !env.From.IsNull() && g.o.Org.Own(env.From) {
		return env.From, nameOf(h, env.From)
	}
	for _, boxes := range [][]extract.Mailbox{h.Sender, h.From} {
		if len(boxes) != 1 {
			continue
		}
		a, err := message.ParseAddress(boxes[0].Address)
		if err == nil && !a.IsNull() && g.o.Org.Own(a) {
			return a, boxes[0].Name
		}
	}
	return message.Address{}, ""
}

// nameOf returns the display name that the header gives to an address.
func nameOf(h *extract.Header, who message.Address) string {
	for _, boxes := range [][]extract.Mailbox{h.From, h.Sender} {
		for _, b := range boxes {
			if a, err := message.ParseAddress(b.Address); err == nil && a.Key() == who.Key() {
				return b.Name
			}
		}
	}
	return ""
}

// fromOwn says whether the header names an author of the organisation, which a bounce
// or an automatic answer of its own server does.
func (g *Gateway) fromOwn(h *extract.Header) bool {
	for _, b := range h.From {
		if a, err := message.ParseAddress(b.Address); err == nil && !a.IsNull() && g.o.Org.Own(a) {
			return true
		}
	}
	return false
}

// setListed marks the recipients that the header names, and takes their display names.
// The others were sent a blind copy: outsiders never learn of them.
func setListed(m *message.Message, h *extract.Header) {
	names := map[string]string{}
	for _, boxes := range [][]extract.Mailbox{h.To, h.Cc} {
		for _, b := range boxes {
			if a, err := message.ParseAddress(b.Address); err == nil {
				names[a.Key()] = b.Name
			}
		}
	}
	for i := range m.Recipients {
		r := &m.Recipients[i]
		r.Name, r.Listed = names[r.Address.Key()], false
		if _, ok := names[r.Address.Key()]; ok {
			r.Listed = true
		}
	}
}
