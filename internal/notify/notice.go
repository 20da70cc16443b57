package notify

import (
	"strings"
	"time"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// Notice tells recipient i that a message, or only its files, is sealed for them.
// The link opens it; it is stated until when, with date and time.
func (c *Composer) Notice(m *message.Message, i int, link string, now time.Time) (Mail, error) {
	r, err := c.recipient(m, i, link)
	if err != nil {
		return Mail{}, err
	}
	p, from := c.printer(m), sender(m)
	what := "mail.notice.message."
	if m.Decision.FileOnly {
		what = "mail.notice.file."
	}
	l := c.toRecipient(p, m, r, link, what)
	l.Title = p.T(what+"title", "Address", from.address)
	l.Kind = p.T(what + "kind")
	l.Preview = p.T("mail.notice.preview", "Until", p.Short(r.Expires))
	l.Heading = p.T(what+"heading", "Sender", from.name)
	l.Next = []words{c.how(p, r)}
	l.Answer = say(p, what+"answer")
	l.Langs = c.languages(p.Lang(), link)
	return c.finish(l, r.Address, now)
}

// Reminder tells recipient i once, some days before the end, that the message is
// still unread.
func (c *Composer) Reminder(m *message.Message, i int, link string, now time.Time) (Mail, error) {
	r, err := c.recipient(m, i, link)
	if err != nil {
		return Mail{}, err
	}
	p, from := c.printer(m), sender(m)
	l := c.toRecipient(p, m, r, link, noticeKind(m))
	l.Title = p.N("mail.reminder.title", locale.DaysLeft(r.Expires, now), "Address", from.address)
	l.Kind = p.T("mail.reminder.kind")
	l.Preview = p.T("mail.reminder.preview", "Until", p.Short(r.Expires))
	l.Heading = p.T("mail.reminder.heading", "Sender", from.name)
	l.Lead = []words{say(p, "mail.reminder.lead", "Until", p.Short(r.Expires))}
	l.Next = []words{say(p, "mail.reminder.next")}
	l.Langs = c.languages(p.Lang(), link)
	return c.finish(l, r.Address, now)
}

func noticeKind(m *message.Message) string {
	if m.Decision.FileOnly {
		return "mail.notice.file."
	}
	return "mail.notice.message."
}

// recipient returns recipient i and checks the link that goes to them.
func (c *Composer) recipient(m *message.Message, i int, link string) (*message.Recipient, error) {
	if err := c.own(link); err != nil {
		return nil, err
	}
	return m.Recipient(i)
}

// toRecipient starts a letter to a recipient: who, what, when, until when, the
// button, and how to tell that the mail is genuine.
func (c *Composer) toRecipient(p *locale.Printer, m *message.Message, r *message.Recipient, url, what string) *letter {
	from := sender(m)
	l := &letter{
		Lang:   p.Lang(),
		Button: &link{p.T(what + "button"), url},
		Copy:   say(p, "mail.copy"),
		Facts:  []fact{{Name: p.T("mail.from"), Lines: []string{from.name}}},
	}
	if from.named() {
		l.Facts[0].Lines = append(l.Facts[0].Lines, from.address)
	}
	if s := subject(m); s != "" {
		l.Facts = append(l.Facts, fact{Name: p.T("mail.subject"), Lines: []string{s}})
	}
	l.Facts = append(l.Facts,
		fact{Name: p.T("mail.sent"), Lines: []string{p.Stamp(m.Accepted)}},
		fact{Name: p.T(what + "until"), Lines: []string{p.Stamp(r.Expires)}, Strong: true})
	l.Genuine = &section{Title: p.T("mail.genuine.title"), Words: c.genuine(p, from)}
	if c.org.GenuineURL != "" {
		l.Genuine.Link = &link{p.T("mail.genuine.link"), c.org.GenuineURL}
	}
	c.foot(p, l)
	return l
}

// how says how the recipient proves itself.
func (c *Composer) how(p *locale.Printer, r *message.Recipient) words {
	if r.Method() == message.Level2 {
		return say(p, "mail.how.sms", "Org", c.org.Name)
	}
	return say(p, "mail.how.mail")
}

// genuine says where our mails come from and lead to, and whom to call in doubt.
func (c *Composer) genuine(p *locale.Printer, from person) words {
	if c.org.Phone == "" {
		return say(p, "mail.genuine.text", "Domain", c.org.Domain, "Host", c.host)
	}
	return say(p, "mail.genuine.call", "Domain", c.org.Domain, "Host", c.host, "Phone", c.org.Phone, "Sender", from.name)
}

// foot adds who we are and the ways to help, privacy and terms.
func (c *Composer) foot(p *locale.Printer, l *letter) {
	if c.org.Phone == "" {
		l.Foot = say(p, "mail.foot.name", "Org", c.org.Name)
	} else {
		l.Foot = say(p, "mail.foot.phone", "Org", c.org.Name, "Phone", c.org.Phone)
	}
	for _, f := range [][2]string{
		{"mail.foot.help", c.org.HelpURL}, {"mail.foot.privacy", c.org.PrivacyURL}, {"mail.foot.terms", c.org.TermsURL},
	} {
		if f[1] != "" {
			l.Links = append(l.Links, link{p.T(f[0]), f[1]})
		}
	}
}

// languages links the same page in every other language, each in its own words.
func (c *Composer) languages(lang, url string) (all []link) {
	mark := "?"
	if strings.Contains(url, "?") {
		mark = "&"
	}
	for _, other := range c.catalog.Languages() {
		if other != lang {
			all = append(all, link{c.catalog.Printer(other, nil).T("mail.read_in"), url + mark + "lang=" + other})
		}
	}
	return all
}
