package notify

import (
	"time"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// HoldEnded tells the person behind a message that it was not sent to those in which,
// for whom no number came in time.
func (c *Composer) HoldEnded(m *message.Message, which []int, url string, now time.Time) (Mail, error) {
	l, err := c.notSent("mail.ended.", m, which, url, now)
	if err != nil {
		return Mail{}, err
	}
	return c.finish(l, m.Person, now)
}

// HoldDropped tells the person behind a message that an administrator ended the hold: it
// was not sent to those in which.
func (c *Composer) HoldDropped(m *message.Message, which []int, url string, now time.Time) (Mail, error) {
	l, err := c.notSent("mail.dropped.", m, which, url, now)
	if err != nil {
		return Mail{}, err
	}
	l.Hints = append(l.Hints, c.call(c.printer(m), "mail.dropped.why"))
	return c.finish(l, m.Person, now)
}

// notSent says why, in the words under key, a message was not sent to some, and what can
// be done: within the grace on the page, and else by sending it anew.
func (c *Composer) notSent(key string, m *message.Message, not []int, url string, now time.Time) (*letter, error) {
	if err := c.own(url); err != nil {
		return nil, err
	}
	p := c.printer(m)
	what := "mail.ended.none"
	if going(m) > 0 {
		what = "mail.ended.some"
	}
	l := &letter{
		Lang: p.Lang(), Title: p.T(what), Heading: p.T(what), Kind: p.T(key + "kind"),
		Preview: p.T(key + "preview"),
		Lead:    []words{sayN(p, key+"lead", len(not))},
		Facts:   []fact{about(p, m, now), people(p, m, p.T("mail.ended.not_to"), not)},
		Button:  &link{p.T("mail.unreached.button"), url},
		Hints:   []words{say(p, "mail.ended.anew")},
	}
	if others := going(m); others > 0 {
		l.Facts = append(l.Facts, fact{Name: p.T("mail.ended.others"), Lines: []string{p.N("mail.ended.others_n", others)}})
	}
	if end := c.graceEnd(m, not); end.After(now) {
		l.Button = &link{p.T("mail.ended.button"), url}
		l.Hints = []words{say(p, "mail.ended.grace", "Until", p.DateTime(end))}
	}
	c.toPerson(p, m, l)
	return l, nil
}

// graceEnd is until when the first of the cancelled can be taken back: zero for never.
func (c *Composer) graceEnd(m *message.Message, which []int) (end time.Time) {
	for _, i := range which {
		r := &m.Recipients[i]
		if e := r.Since.Add(c.org.Grace); r.State == message.Cancelled && (end.IsZero() || e.Before(end)) {
			end = e
		}
	}
	return end
}

// Released tells the person behind a message that it went to those in which as ordinary
// mail: because they said so themselves, or an administrator did. It cannot be undone, so
// whoever did not mean it must hear of it, and to whom to turn.
func (c *Composer) Released(m *message.Message, which []int, byAdmin bool, url string, now time.Time) (Mail, error) {
	if err := c.own(url); err != nil {
		return Mail{}, err
	}
	p, key := c.printer(m), "mail.released."
	by := key + "by_you."
	if byAdmin {
		by = key + "by_admin."
	}
	l := &letter{
		Lang: p.Lang(), Title: p.T(key + "title"), Heading: p.T(key + "title"), Kind: p.T(key + "kind"),
		Preview: p.T(by + "preview"),
		Lead:    []words{say(p, by+"lead", "When", p.Near(releasedAt(m, which, now), now))},
		Facts:   []fact{about(p, m, now), people(p, m, p.T(key+"to"), which)},
		Button:  &link{p.T(key + "button"), url},
		Next:    []words{c.call(p, by+"wrong")},
	}
	c.toPerson(p, m, l)
	return c.finish(l, m.Person, now)
}

// releasedAt is when the first of them was released.
func releasedAt(m *message.Message, which []int, now time.Time) time.Time {
	at := now
	for _, i := range which {
		if q := m.Recipients[i].Queued; !q.IsZero() && q.Before(at) {
			at = q
		}
	}
	return at
}

// NoticeFailed tells the person behind a message that recipient i was not reached:
// the notice came back, or no code could be sent to the phone, or no password by mail.
// The message itself is still sealed, and can be read as soon as the way is right.
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
	hint := what + "hint"
	switch {
	case r.State == message.NoticeBounced:
		what = "mail.unreached.notice."
		hint = what + "hint"
	case r.Method() == message.Level1: // the code was a password, by mail
		hint = "mail.unreached.password.hint"
	}
	l := &letter{
		Lang: p.Lang(), Title: p.T(what + "title"), Kind: p.T("mail.unreached.kind"),
		Preview: p.T("mail.unreached.preview"),
		Heading: p.T(what+"heading", "Recipient", who.name),
		Lead:    []words{say(p, what+"lead")},
		Facts:   unreached(p, m, r, now),
		Button:  &link{p.T("mail.unreached.button"), url},
		Hints:   []words{say(p, hint)},
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
