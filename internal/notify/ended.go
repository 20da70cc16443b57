package notify

import (
	"time"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// HoldEnded tells the person behind a message that it was not sent to those for
// whom no number came in time.
func (c *Composer) HoldEnded(m *message.Message, url string, now time.Time) (Mail, error) {
	if err := c.own(url); err != nil {
		return Mail{}, err
	}
	p, not := c.printer(m), m.In(message.Cancelled)
	what := "mail.ended.none"
	if going(m) > 0 {
		what = "mail.ended.some"
	}
	l := &letter{
		Lang: p.Lang(), Title: p.T(what), Heading: p.T(what), Kind: p.T("mail.ended.kind"),
		Preview: p.T("mail.ended.preview"),
		Lead:    []words{sayN(p, "mail.ended.lead", len(not))},
		Facts:   []fact{about(p, m, now), people(p, m, p.T("mail.ended.not_to"), not)},
	}
	if others := going(m); others > 0 {
		l.Facts = append(l.Facts, fact{Name: p.T("mail.ended.others"), Lines: []string{p.N("mail.ended.others_n", others)}})
	}
	if end := c.graceEnd(m, not); end.After(now) {
		l.Button = &link{p.T("mail.ended.button"), url}
		l.Hints = []words{say(p, "mail.ended.grace", "Until", p.DateTime(end))}
	}
	c.toPerson(p, m, l)
	return c.finish(l, m.Person, now)
}

// graceEnd is until when the first of the cancelled can be taken back.
func (c *Composer) graceEnd(m *message.Message, which []int) (end time.Time) {
	for _, i := range which {
		if e := m.Recipients[i].Since.Add(c.org.Grace); end.IsZero() || e.Before(end) {
			end = e
		}
	}
	return end
}

// NoticeFailed tells the person behind a message that recipient i was not reached:
// the notice came back, or no code could be sent to the phone. The message itself is
// still sealed, and can be read as soon as the way is right.
func (c *Composer) NoticeFailed(m *message.Message, i int, url string, now time.Time) (Mail, error) {
	if err := c.own(url); err != nil {
		return Mail{}, err
	}
	r, err := m.Recipient(i)
	if err != nil {
		return Mail{}, err
	}
	p, who := c.printer(m), recipient(r)
	what := "mail.unreached.code."
	if r.State == message.NoticeBounced {
		what = "mail.unreached.notice."
	}
	l := &letter{
		Lang: p.Lang(), Title: p.T(what + "title"), Kind: p.T("mail.unreached.kind"),
		Preview: p.T("mail.unreached.preview"),
		Heading: p.T(what+"heading", "Recipient", who.name),
		Lead:    []words{say(p, what+"lead")},
		Facts:   unreached(p, m, r, now),
		Button:  &link{p.T("mail.unreached.button"), url},
		Hints:   []words{say(p, what+"hint")},
	}
	c.toPerson(p, m, l)
	return c.finish(l, m.Person, now)
}

func unreached(p *locale.Printer, m *message.Message, r *message.Recipient, now time.Time) []fact {
	facts := []fact{about(p, m, now), {Name: p.T("mail.recipient"), Lines: []string{recipient(r).line()}}}
	if s := clean(r.Reply, maxReply); s != "" && r.State == message.NoticeBounced {
		facts = append(facts, fact{Name: p.T("mail.reply"), Lines: []string{s}})
	}
	if !r.Expires.IsZero() {
		facts = append(facts, fact{Name: p.T("mail.readable"), Lines: []string{p.Stamp(r.Expires)}})
	}
	return facts
}
