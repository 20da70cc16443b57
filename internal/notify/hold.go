package notify

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// maxRows is how many recipients a mail names; the page names all.
const maxRows = 8

// AskPhone asks the person behind a message for the numbers that lack. Reminder is
// 0 for the first mail and counts from 1.
func (c *Composer) AskPhone(m *message.Message, url string, reminder int, now time.Time) (Mail, error) {
	if err := c.own(url); err != nil {
		return Mail{}, err
	}
	p, held := c.printer(m), m.In(message.Held)
	n := len(held)
	l := &letter{
		Lang: p.Lang(), Kind: p.T("mail.hold.kind"), Preview: p.T("mail.hold.preview"),
		Title: p.N("mail.hold.title", n), Heading: p.N("mail.hold.title", n),
		Lead:   []words{sayN(p, "mail.hold.lead", n)},
		Button: &link{p.N("mail.hold.button", n), url},
		Hints:  []words{say(p, "mail.hold.hint")},
	}
	if reminder > 0 {
		l.Title = p.N("mail.hold.title_again", n)
		l.Kind = p.T("mail.hold.kind_again")
	}
	l.Facts = append(l.Facts, about(p, m, now), reason(p, m), people(p, m, p.T("mail.hold.lacks"), held))
	if others := going(m); others > 0 {
		l.Facts = append(l.Facts, fact{Name: p.T("mail.hold.others"), Lines: []string{p.N("mail.hold.others_n", others)}})
	}
	if end := lastExpiry(m, held); !end.IsZero() {
		l.Facts = append(l.Facts, fact{Name: p.T("mail.hold.until"), Lines: []string{p.Short(end)}})
	}
	c.toPerson(p, m, l)
	return c.finish(l, m.Person, now)
}

// about names the message: its subject when that may be shown, and when it was sent.
func about(p *locale.Printer, m *message.Message, now time.Time) fact {
	sent := p.T("mail.sent_at", "When", p.Near(m.Accepted, now))
	if s := subject(m); s != "" {
		return fact{Name: p.T("mail.message"), Lines: []string{s, sent}, Strong: true}
	}
	return fact{Name: p.T("mail.message"), Lines: []string{p.T("mail.no_subject"), sent}, Strong: true}
}

// maxFound is how many rules a mail names, and how many places of each.
const maxFound = 3

// reason names what was found, by its title, how often and where.
func reason(p *locale.Printer, m *message.Message) fact {
	return found(p, m, func(f *message.Finding) bool { return f.Level >= m.Decision.Verdict })
}

// found is reason for the findings that are asked for.
func found(p *locale.Printer, m *message.Message, asked func(*message.Finding) bool) fact {
	var told []message.Finding
	for i := range m.Decision.Findings {
		if f := &m.Decision.Findings[i]; asked(f) {
			told = append(told, *f)
		}
	}
	var lines []string
	for _, group := range message.Grouped(told, p.Lang()) {
		if line := foundLine(p, group); !slices.Contains(lines, line) && len(lines) < maxFound {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		lines = []string{p.T("mail.hold.rule_other")}
	}
	return fact{Name: p.T("mail.hold.rule"), Lines: lines}
}

// foundLine is what one rule found: how often in all, and in which places.
func foundLine(p *locale.Printer, group []message.Finding) string {
	count, places := 0, []string(nil)
	for _, f := range group {
		count += f.Count
		if at := place(p, f.Where); at != "" && !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	line := clean(group[0].TitleIn(p.Lang()), maxName)
	if count > 0 {
		line = p.N("mail.hold.found", count, "Title", line)
	}
	at := p.List(places)
	if more := len(places) - maxFound; more > 0 {
		at = strings.Join(places[:maxFound], ", ") + " " + p.N("mail.more", more)
	}
	if at != "" {
		line = p.T("mail.hold.found_in", "Found", line, "Place", at)
	}
	return line
}

// attachment reads the address of a segment in an attachment: att[2]/list.xlsx!Sheet1.
var attachment = regexp.MustCompile(`^att\[([0-9]{1,5})\](?:/([^!]*))?`)

// extension lists what may be told of a file's name: an ending that is not in common
// use could be part of what was found.
var extension = regexp.MustCompile(`^\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|txt|csv|html?|xml|json|eml|msg|zip|7z|rar|png|jpe?g|tiff?|gif|heic)$`)

// place says in words where something was found. Of an attachment it gives the
// number and the kind, never the name: it may lie in the name.
func place(p *locale.Printer, where string) string {
	where = strings.TrimPrefix(where, "reading[2]/") // the same mail, read in another way
	switch {
	case where == "subject":
		return p.T("mail.in.subject")
	case strings.HasPrefix(where, "body"):
		return p.T("mail.in.body")
	}
	at := attachment.FindStringSubmatch(where)
	if at == nil {
		return ""
	}
	if ext := strings.ToLower(path.Ext(at[2])); extension.MatchString(ext) {
		return p.T("mail.in.file_kind", "N", at[1], "Kind", ext[1:])
	}
	return p.T("mail.in.file", "N", at[1])
}

// people lists recipients, the first of them by name.
func people(p *locale.Printer, m *message.Message, name string, which []int) fact {
	f := fact{Name: name}
	for k, i := range which {
		if k == maxRows && len(which) > maxRows+1 {
			f.Lines = append(f.Lines, p.N("mail.more", len(which)-k))
			break
		}
		f.Lines = append(f.Lines, recipient(&m.Recipients[i]).line())
	}
	return f
}

// going counts the recipients that lack nothing.
func going(m *message.Message) int {
	return len(m.Recipients) - len(m.In(message.Held, message.Cancelled, message.Revoked, message.Purged))
}

// lastExpiry is when the last of the recipients' clocks ends.
func lastExpiry(m *message.Message, which []int) (end time.Time) {
	for _, i := range which {
		if m.Recipients[i].Expires.After(end) {
			end = m.Recipients[i].Expires
		}
	}
	return end
}

// toPerson ends a letter to the person behind a message: why they get it.
func (c *Composer) toPerson(p *locale.Printer, m *message.Message, l *letter) {
	l.Foot = say(p, "mail.foot.sender")
	if m.Unattended {
		l.Foot = say(p, "mail.foot.responsible", "Sender", c.machine(p, m))
	}
	if c.org.StaffURL != "" {
		l.Links = append(l.Links, link{p.T("mail.foot.staff"), c.org.StaffURL})
	}
}

// machine names what sent a message for which somebody else is asked.
func (c *Composer) machine(p *locale.Printer, m *message.Message) string {
	if m.Envelope.From.IsNull() {
		return p.T("mail.no_sender")
	}
	return clean(m.Envelope.From.String(), maxSubject)
}
