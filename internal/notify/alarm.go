package notify

import (
	"time"

	"sigill/internal/message"
)

// Alarm tells who is responsible for secure mail that more than most wrong codes were typed
// in the hour of at, and that no code is taken before until. It names no message, no
// recipient and no client, and has no link.
func (c *Composer) Alarm(to message.Address, most int, at, until, now time.Time) (Mail, error) {
	p, key := c.catalog.Printer(c.org.Lang, c.org.Zone), "mail.alarm."
	l := &letter{
		Lang: p.Lang(), Title: p.T(key + "title"), Heading: p.T(key + "title"), Kind: p.T(key + "kind"),
		Preview: p.T(key+"preview", "Until", p.Clock(until)),
		Lead:    []words{say(p, key+"lead", "Most", p.Int(int64(most))), say(p, key+"shut")},
		Facts: []fact{
			{Name: p.T(key + "at"), Lines: []string{p.Stamp(at)}},
			{Name: p.T(key + "until"), Lines: []string{p.Stamp(until)}},
		},
		Next:  []words{say(p, key+"next")},
		Hints: []words{say(p, key+"again")},
		Foot:  say(p, "mail.foot.alarm", "Org", c.org.Name),
	}
	return c.finish(l, to, now)
}
