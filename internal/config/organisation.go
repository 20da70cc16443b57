package config

import (
	"regexp"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed
)

// Language is a language of pages, mails and text messages.
type Language string

// The languages there are.
const (
	Swedish Language = "sv"
	Dutch   Language = "nl"
	English Language = "en"
)

// Organisation is whose mail the gateway carries.
type Organisation struct {
	// ID is written into every row and sealed into every message: it can never be changed.
	ID string `yaml:"id"`
	// Name is how notices and pages call the organisation.
	Name string `yaml:"name"`
	// Domains are the organisation's own: mail comes from them, and nothing with a link or a subject in it is ever
	// mailed to a sender outside them.
	Domains []string `yaml:"domains"`
	// Responsible is asked when nobody in Domains can be.
	Responsible string `yaml:"responsible"`
	// Unattended are senders that nobody reads mail for, such as printers; * stands for any characters.
	Unattended []string `yaml:"unattended"`
	// Language is used where the recipient's own is not known.
	Language Language `yaml:"language"`
	// Timezone is the IANA name of the zone that times are shown in.
	Timezone string `yaml:"timezone"`
	// SupportURL, PrivacyURL, TermsURL and GenuineURL are pages that notices and the portal point to; GenuineURL tells
	// a recipient how to know that a notice is genuine.
	SupportURL string `yaml:"support_url"`
	PrivacyURL string `yaml:"privacy_url"`
	TermsURL   string `yaml:"terms_url"`
	GenuineURL string `yaml:"genuine_url"`
	// Phone is where a recipient can ask whether a notice is genuine.
	Phone string `yaml:"phone"`
	// StaffPhone and StaffURL are for the organisation's own people: who helps them, and what they should know about
	// secure mail. Only mails to them show these.
	StaffPhone string `yaml:"staff_phone"`
	StaffURL   string `yaml:"staff_url"`
}

// Location is the zone that times are shown in; UTC when Timezone was never checked and names none.
func (o Organisation) Location() *time.Location {
	if zone, err := location(o.Timezone); err == nil {
		return zone
	}
	return time.UTC
}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func (o Organisation) validate(c *checker) {
	if !idForm.MatchString(o.ID) {
		c.fault("organisation.id", "%q must be 1 to 32 of a-z, 0-9 and -, and can never be changed later", o.ID)
	}
	c.need("organisation.name", o.Name, "the name that recipients know the organisation by")
	c.line("organisation.name", o.Name)
	c.line("organisation.phone", o.Phone)
	c.line("organisation.staff_phone", o.StaffPhone)
	if len(o.Domains) == 0 {
		c.fault("organisation.domains", "is required: the organisation's own mail domains, such as [example.org]")
	}
	c.domains("organisation.domains", o.Domains)
	c.address("organisation.responsible", o.Responsible, "the address that is asked when a message has no sender who can be")
	if isAddress(o.Responsible) && len(o.Domains) > 0 && !within(o.Responsible, o.Domains) {
		c.fault("organisation.responsible", "must be an address in organisation.domains: nothing about a message is mailed outside them")
	}
	c.patterns("organisation.unattended", o.Unattended)
	oneOf(c, "organisation.language", o.Language, Swedish, Dutch, English)
	if _, err := location(o.Timezone); err != nil {
		c.fault("organisation.timezone", "%q is not a time zone; use a name such as Europe/Stockholm or UTC", o.Timezone)
	}
	c.page("organisation.support_url", o.SupportURL)
	c.page("organisation.privacy_url", o.PrivacyURL)
	c.page("organisation.terms_url", o.TermsURL)
	c.page("organisation.genuine_url", o.GenuineURL)
	c.page("organisation.staff_url", o.StaffURL)
}
