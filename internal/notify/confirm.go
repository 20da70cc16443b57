package notify

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// Confirm tells the person behind a message which numbers were set for the
// recipients in set, with a way to undo, and how it goes to everybody else. The way
// to undo is the page itself, at the fragment r and the recipient's index: opening it
// changes nothing.
func (c *Composer) Confirm(m *message.Message, set []int, url string, now time.Time) (Mail, error) {
	if err := c.own(url); err != nil {
		return Mail{}, err
	}
	set = existing(m, set)
	if len(set) == 0 {
		return Mail{}, errors.New("notify: no recipient to confirm")
	}
	p, waiting := c.printer(m), len(m.In(message.Held))
	l := &letter{
		Lang: p.Lang(), Kind: p.T("mail.confirm.kind"), Heading: p.T("mail.confirm.heading"),
		Title: p.T("mail.confirm.title"), Preview: p.N("mail.confirm.preview", len(set)),
		Button: &link{p.T("mail.confirm.button"), url},
		Hints:  []words{c.call(p, "mail.confirm.undo")},
	}
	l.Lead = []words{c.went(p, m, set, now)}
	if waiting > 0 {
		l.Lead = append(l.Lead, sayN(p, "mail.confirm.waiting", waiting))
	}
	l.Facts = c.ways(p, m, set, url)
	c.toPerson(p, m, l)
	return c.finish(l, m.Person, now)
}

// existing keeps the indexes that the message has, each once.
func existing(m *message.Message, set []int) (kept []int) {
	for _, i := range set {
		if i >= 0 && i < len(m.Recipients) && !slices.Contains(kept, i) {
			kept = append(kept, i)
		}
	}
	return kept
}

// call is a text that sends people to IT support: by phone where its number is known.
func (c *Composer) call(p *locale.Printer, key string) words {
	if c.org.Support == "" {
		return say(p, key)
	}
	return say(p, key+"_call", "Phone", locale.Whole(c.org.Support))
}

// went says what left, and until when it can be read.
func (c *Composer) went(p *locale.Printer, m *message.Message, set []int, now time.Time) words {
	when, until := p.Near(now, now), p.DateTime(lastExpiry(m, set))
	if s := subject(m); s != "" {
		return sayN(p, "mail.confirm.went", len(set), "Subject", s, "When", when, "Until", until)
	}
	return sayN(p, "mail.confirm.went_plain", len(set), "When", when, "Until", until)
}

// ways gives each recipient a line: those just set first, then the others.
func (c *Composer) ways(p *locale.Printer, m *message.Message, set []int, url string) (facts []fact) {
	in := make(map[int]bool, len(set))
	for _, i := range set {
		in[i] = true
	}
	order := slices.Clone(set)
	for i := range m.Recipients {
		if !in[i] {
			order = append(order, i)
		}
	}
	for k, i := range order {
		if k == maxRows && len(order) > maxRows+1 {
			return append(facts, fact{Name: p.T("mail.confirm.rest"), Lines: []string{p.N("mail.more", len(order)-k)}})
		}
		r := &m.Recipients[i]
		f := fact{Name: recipient(r).name, Loose: true, Lines: []string{way(p, r, in[i])}}
		if in[i] && !r.Asked && (r.Typed || r.ByMail) {
			f.Link = &link{p.T("mail.confirm.wrong"), url + "#r" + strconv.Itoa(i)}
		}
		facts = append(facts, f)
	}
	return facts
}

// way says how a message reaches a recipient. Only a number that was just typed is
// shown whole, for whoever typed it to check.
func way(p *locale.Printer, r *message.Recipient, set bool) string {
	switch r.State {
	case message.Held:
		return p.T("mail.way.waiting")
	case message.Cancelled, message.Revoked, message.Expired, message.Purged:
		return p.T("mail.way.not")
	case message.Queued, message.Deferred, message.Delivered, message.Bounced:
		return p.T("mail.way.plain")
	}
	switch {
	case r.Method() == message.Level1:
		return p.T("mail.way.mail")
	case set && r.Typed:
		return p.T("mail.way.typed", "Phone", r.Phone.Pretty())
	}
	end := string(r.Phone)
	if len(end) > 3 {
		end = end[len(end)-3:]
	}
	return p.T("mail.way.known", "End", end)
}
