package config

import (
	"fmt"
	"time"

	"sigill/internal/yamlfile"
)

// Messages is how long what is kept.
type Messages struct {
	// Link is how long a recipient can open a sealed message; Reminder is how long before its end an unread one is
	// mentioned again, 0s never.
	Link     yamlfile.Duration `yaml:"link"`
	Reminder yamlfile.Duration `yaml:"reminder"`
	// Hold is how long a message waits for a number; HoldReminders are when its sender is asked again, each counted
	// from the beginning.
	Hold          yamlfile.Duration   `yaml:"hold"`
	HoldReminders []yamlfile.Duration `yaml:"hold_reminders"`
	// Grace is how long an ended message can still be brought back; 0s destroys it at once.
	Grace yamlfile.Duration `yaml:"grace"`
	// SenderMayRelease lets a sender say that a held message is not sensitive, which sends it as ordinary mail; the
	// reason is kept. Without it only `sigill hold release` can.
	SenderMayRelease bool `yaml:"sender_may_release"`
	// NumberAgain is when a remembered number that was neither proven nor entered again is asked for again.
	NumberAgain yamlfile.Duration `yaml:"number_again"`
	// Metadata is how long it is remembered that a message existed, once nothing more happens to it.
	Metadata yamlfile.Duration `yaml:"metadata"`
}

const day = yamlfile.Duration(24 * time.Hour)

func defaultMessages() Messages {
	hour := yamlfile.Duration(time.Hour)
	return Messages{
		Link: 30 * day, Reminder: 3 * day, Hold: 5 * day, HoldReminders: []yamlfile.Duration{4 * hour, day, 3 * day},
		Grace: 7 * day, SenderMayRelease: true, NumberAgain: 730 * day, Metadata: 365 * day,
	}
}

func (m Messages) validate(c *checker) {
	c.between("messages.link", m.Link, yamlfile.Duration(time.Hour), 3650*day)
	if m.Reminder < 0 || m.Reminder >= m.Link {
		c.fault("messages.reminder", "must be shorter than messages.link (%s), not %s", m.Link, m.Reminder)
	}
	c.between("messages.hold", m.Hold, yamlfile.Duration(time.Hour), 90*day)
	for i, reminder := range m.HoldReminders {
		key := fmt.Sprintf("messages.hold_reminders[%d]", i)
		if reminder <= 0 || reminder >= m.Hold {
			c.fault(key, "must be shorter than messages.hold (%s), not %s", m.Hold, reminder)
		}
		if i > 0 && reminder <= m.HoldReminders[i-1] {
			c.fault(key, "must be later than the one before it")
		}
	}
	c.between("messages.grace", m.Grace, 0, 90*day)
	c.between("messages.number_again", m.NumberAgain, day, 3650*day)
	c.between("messages.metadata", m.Metadata, day, 3650*day)
}

// Codes limits guessing. All counts hold across nodes, and when they cannot be read the answer is no.
type Codes struct {
	Life  yamlfile.Duration `yaml:"life"`
	Tries int               `yaml:"tries"` // of one code
	// Wrong tries in all, before a delay or a refusal.
	PerMessage      int `yaml:"per_message"`
	PerRecipientDay int `yaml:"per_recipient_day"`
	PerClientHour   int `yaml:"per_client_hour"`
	PerHour         int `yaml:"per_hour"` // everybody together: an alarm and a delay for all
	// Codes sent.
	SentPerMessage       int `yaml:"sent_per_message"`
	SentPerRecipientHour int `yaml:"sent_per_recipient_hour"`
}

func defaultCodes() Codes {
	return Codes{
		Life: yamlfile.Duration(10 * time.Minute), Tries: 5, PerMessage: 20, PerRecipientDay: 20, PerClientHour: 100, PerHour: 1000,
		SentPerMessage: 10, SentPerRecipientHour: 5,
	}
}

func (l Codes) validate(c *checker) {
	// OWASP ASVS 5.0 6.5.5: ten minutes at most.
	c.between("codes.life", l.Life, yamlfile.Duration(time.Minute), yamlfile.Duration(10*time.Minute))
	c.number("codes.tries", l.Tries, 1, 10)
	c.number("codes.per_message", l.PerMessage, l.Tries, 100)
	c.number("codes.per_recipient_day", l.PerRecipientDay, l.Tries, 100)
	c.number("codes.per_client_hour", l.PerClientHour, l.Tries, 10_000)
	c.number("codes.per_hour", l.PerHour, l.Tries, 1_000_000)
	c.number("codes.sent_per_message", l.SentPerMessage, 1, 100)
	c.number("codes.sent_per_recipient_hour", l.SentPerRecipientHour, 1, 100)
}
