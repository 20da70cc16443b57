package notify

import (
	"slices"
	"time"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// Inform tells an address that rules of the policy name that they protect a message, and for whom. It holds nothing of the
// content and no link: who is told is no party to the message. What the administrators find it by is its id.
func (c *Composer) Inform(m *message.Message, in message.Inform, now time.Time) (Mail, error) {
	p, key := c.printer(m), "mail.inform."
	ruled := found(p, m, func(f *message.Finding) bool { return slices.Contains(in.Rules, f.Rule) && f.Level > message.Pass })
	l := &letter{
		Lang: p.Lang(), Kind: p.T(key + "kind"), Preview: p.T(key + "preview"),
		Title: p.T(key+"title", "Title", ruleTitle(p, m, in)), Heading: p.T(key + "heading"),
		Lead: []words{say(p, key+"lead")},
		Facts: []fact{
			about(p, m, now), ruled, {Name: p.T(key + "by"), Lines: []string{c.sentBy(p, m)}},
			people(p, m, p.T(key+"to"), in.Recipients), {Name: p.T(key + "id"), Lines: []string{string(m.ID)}},
		},
		Hints: []words{say(p, key+"hint")},
		Foot:  say(p, "mail.foot.inform", "Org", c.org.Name),
	}
	if c.org.StaffURL != "" {
		l.Links = append(l.Links, link{p.T("mail.foot.staff"), c.org.StaffURL})
	}
	return c.finish(l, in.To, now)
}

// ruleTitle is the title of the first of the rules.
func ruleTitle(p *locale.Printer, m *message.Message, in message.Inform) string {
	for i := range m.Decision.Findings {
		if f := &m.Decision.Findings[i]; slices.Contains(in.Rules, f.Rule) {
			return clean(f.TitleIn(p.Lang()), maxName)
		}
	}
	return clean(in.Rules[0], maxName)
}

// sentBy names who sent a message: a person by name and address, a machine as its mail says.
func (c *Composer) sentBy(p *locale.Printer, m *message.Message) string {
	if m.Unattended {
		return c.machine(p, m)
	}
	return newPerson(m.PersonName, m.Person).line()
}
