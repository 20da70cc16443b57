package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
)

// Provider is who carries text messages.
type Provider string

// The providers there are.
const (
	// NoSMS sends none: no message can be opened at level 2.
	NoSMS Provider = "none"
	// FileSMS appends them to a file, for tests and drills.
	FileSMS Provider = "file"
	// TwilioSMS sends them.
	TwilioSMS Provider = "twilio"
)

// SMS is how codes reach phones.
type SMS struct {
	Provider Provider `yaml:"provider"`
	File     SMSFile  `yaml:"file"`
	Twilio   Twilio   `yaml:"twilio"`
	// Countries are the only ones that numbers may lie in, as two letters (ISO 3166-1).
	Countries []string `yaml:"countries"`
	// DefaultCountry is that of a number typed without a prefix.
	DefaultCountry string `yaml:"default_country"`
	// PerDay is how many may be sent in 24 hours, in all: what an attack can cost.
	PerDay int `yaml:"per_day"`
}

// SMSFile gets one JSON object a line.
type SMSFile struct {
	Path string `yaml:"path"`
}

// Twilio is an account there. From (a number or a sender name) or MessagingService is who the text comes from.
type Twilio struct {
	AccountSID       string `yaml:"account_sid"`
	AuthToken        Secret `yaml:"auth_token"`
	AuthTokenFile    string `yaml:"auth_token_file"`
	From             string `yaml:"from"`
	MessagingService string `yaml:"messaging_service"`
	// StatusCallback lets Twilio report to the portal what became of a text; the portal must be reachable for it.
	StatusCallback bool `yaml:"status_callback"`
	// BaseURL is another address of the service, such as one in a region of its own.
	BaseURL string `yaml:"base_url"`
}

func defaultSMS() SMS {
	return SMS{Provider: NoSMS, Countries: []string{"SE", "NL", "NO", "DK", "FI", "DE", "BE"}, PerDay: 1000}
}

func (s *SMS) fill(language Language) {
	if s.DefaultCountry != "" {
		return
	}
	home := map[Language]string{Swedish: "SE", Dutch: "NL"}[language]
	switch {
	case home != "" && slices.Contains(s.Countries, home):
		s.DefaultCountry = home
	case len(s.Countries) > 0:
		s.DefaultCountry = s.Countries[0]
	}
}

var (
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	accountForm = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
	serviceForm = regexp.MustCompile(`^MG[0-9a-f]{32}$`)
	fromForm    = regexp.MustCompile(`^(\+[1-9][0-9]{5,14}|[A-Za-z0-9 ]{1,11})$`)
)

func (s SMS) validate(c *checker) {
	oneOf(c, "sms.provider", s.Provider, NoSMS, FileSMS, TwilioSMS)
	switch s.Provider {
	case FileSMS:
		c.need("sms.file.path", s.File.Path, "the file that texts are appended to")
	case TwilioSMS:
		s.Twilio.validate(c)
	case NoSMS:
	}
	if len(s.Countries) == 0 {
		c.fault("sms.countries", "is required: the countries that texts may be sent to, such as [SE, NL]")
	}
	for i, country := range s.Countries {
		if !countryForm.MatchString(country) {
			c.fault(fmt.Sprintf("sms.countries[%d]", i), "%q is not a country as two capital letters, such as SE", country)
		}
	}
	if len(s.Countries) > 0 && !slices.Contains(s.Countries, s.DefaultCountry) {
		c.fault("sms.default_country", "%q is none of sms.countries", s.DefaultCountry)
	}
	c.number("sms.per_day", s.PerDay, 1, 10_000_000)
}

func (t Twilio) validate(c *checker) {
	if !accountForm.MatchString(t.AccountSID) {
		c.fault("sms.twilio.account_sid", "is required: AC and 32 hexadecimal digits, from the provider's console")
	}
	if t.AuthToken.IsZero() && t.AuthTokenFile == "" {
		c.fault("sms.twilio.auth_token_file", "is required: a file with the account's token")
	}
	if (t.From == "") == (t.MessagingService == "") {
		c.fault("sms.twilio.from", "give either this (a number or a sender name) or messaging_service")
	}
	if t.From != "" && !fromForm.MatchString(t.From) {
		c.fault("sms.twilio.from", "%q is neither a number such as +46700000000 nor a name of at most 11 letters and digits", t.From)
	}
	if t.MessagingService != "" && !serviceForm.MatchString(t.MessagingService) {
		c.fault("sms.twilio.messaging_service", "must be MG and 32 hexadecimal digits")
	}
	u, err := url.Parse(t.BaseURL)
	if t.BaseURL != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && !loopback(u.Host))) {
		c.fault("sms.twilio.base_url", "%q must be a web address that begins with https://", t.BaseURL)
	}
}
