package locale

import (
	"regexp"
	"strings"
)

// No-break characters, which keep a word or a number and its unit on one line.
const (
	nbsp   = "\u00a0"
	hyphen = "\u2011"
)

// joined are the words that stay in one piece at the end of a line.
var joined = strings.NewReplacer(
	"e-post", "e"+hyphen+"post", "E-post", "E"+hyphen+"post",
	"e-mail", "e"+hyphen+"mail", "E-mail", "E"+hyphen+"mail",
	"sms-", "sms"+hyphen, "Sms-", "Sms"+hyphen, "SMS-", "SMS"+hyphen,
	"IT-", "IT"+hyphen,
	"kl. ", "kl."+nbsp,
)

// hours finds the Dutch word for o'clock behind its number.
var hours = regexp.MustCompile(`([0-9}]) uur\b`)

// tidy puts no-break characters into a text as it is loaded.
func tidy(s, lang string) string {
	s = joined.Replace(s)
	if lang == "nl" {
		s = hours.ReplaceAllString(s, "${1}"+nbsp+"uur")
	}
	return s
}

var whole = strings.NewReplacer(" ", nbsp, "-", hyphen)

// Whole returns s, such as a telephone number, so that it stays on one line.
func Whole(s string) string { return whole.Replace(s) }

// plainer undoes what tidy and the numbers put in.
var plainer = strings.NewReplacer(nbsp, " ", hyphen, "-", "\u202f", " ")

// Plain returns s with ordinary spaces and hyphens, for text messages, the plain
// part of a mail, and headers.
func Plain(s string) string { return plainer.Replace(s) }
