package message

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a mobile number in E.164 form (+46701740612). The zero value is none.
// It never prints itself in a log.
type Phone string

// PhoneProblem says why a typed number was not taken.
type PhoneProblem struct {
	Reason PhoneReason
	Digits int    // how many digits were typed, without the country prefix
	Want   int    // how many a mobile number of the region has, 0 when not known
	Region string // ISO 3166 code of the country
}

// PhoneReason is the kind of a [PhoneProblem].
type PhoneReason string

// The reasons.
const (
	PhoneEmpty    PhoneReason = "empty"
	PhoneLetters  PhoneReason = "letters"
	PhoneShort    PhoneReason = "short"
	PhoneLong     PhoneReason = "long"
	PhoneNotValid PhoneReason = "not_valid"
	PhoneFixed    PhoneReason = "fixed"   // a landline: no text messages
	PhonePremium  PhoneReason = "premium" // costs extra, or is not a person's
	PhoneCountry  PhoneReason = "country" // not in the allowed countries
)

func (p *PhoneProblem) Error() string {
	return fmt.Sprintf("phone number: %s (%d digits, region %s)", p.Reason, p.Digits, p.Region)
}

// ParsePhone reads a number as a person types it. The prefix is a country calling
// code with plus (+46) that counts when raw has no + or 00 of its own; it may be
// empty. The error is a [*PhoneProblem].
func ParsePhone(raw, prefix string) (Phone, error) {
	text := strings.TrimSpace(raw)
	if text == "" {
		return "", &PhoneProblem{Reason: PhoneEmpty}
	}
	region := regionOf(prefix)
	if rest, ok := strings.CutPrefix(text, "00"); ok {
		text = "+" + rest
	}
	n, err := phonenumbers.Parse(text, region)
	if err != nil {
		return "", parseProblem(err, text, region)
	}
	phone, problem := checkPhone(n)
	if problem != nil {
		if text[0] != '+' {
			problem.Digits = digits(text) // as typed, a leading zero included
		}
		return "", problem
	}
	return phone, nil
}

func regionOf(prefix string) string {
	for _, c := range strings.TrimPrefix(prefix, "+") {
		if c < '0' || c > '9' {
			return ""
		}
	}
	code := 0
	if _, err := fmt.Sscan(strings.TrimPrefix(prefix, "+"), &code); err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForCountryCode(code)
}

func parseProblem(err error, text, region string) *PhoneProblem {
	p := &PhoneProblem{Reason: PhoneNotValid, Region: region, Digits: digits(text)}
	switch {
	case errors.Is(err, phonenumbers.ErrNotANumber):
		p.Reason = PhoneLetters
	case errors.Is(err, phonenumbers.ErrTooShortNSN), errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		p.Reason = PhoneShort
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		p.Reason = PhoneLong
	}
	return p
}

func checkPhone(n *phonenumbers.PhoneNumber) (Phone, *PhoneProblem) {
	region := phonenumbers.GetRegionCodeForNumber(n)
	if region == "" {
		region = phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))
	}
	p := &PhoneProblem{Region: region, Digits: digits(phonenumbers.Format(n, phonenumbers.NATIONAL))}
	if ex := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE); ex != nil {
		p.Want = digits(phonenumbers.Format(ex, phonenumbers.NATIONAL))
	}
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		p.Reason = PhoneShort
		return "", p
	case phonenumbers.TOO_LONG:
		p.Reason = PhoneLong
		return "", p
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return Phone(phonenumbers.Format(n, phonenumbers.E164)), nil
	case phonenumbers.FIXED_LINE:
		p.Reason = PhoneFixed
	case phonenumbers.UNKNOWN:
		p.Reason = p.lengthReason()
	default:
		p.Reason = PhonePremium
	}
	return "", p
}

// lengthReason names the length when that is what is wrong with a number.
func (p *PhoneProblem) lengthReason() PhoneReason {
	switch {
	case p.Want > 0 && p.Digits < p.Want:
		return PhoneShort
	case p.Want > 0 && p.Digits > p.Want:
		return PhoneLong
	}
	return PhoneNotValid
}

func digits(s string) (n int) {
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

// Region returns the ISO 3166 code of the number's country, or "".
func (p Phone) Region() string {
	n, err := phonenumbers.Parse(string(p), "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(n)
}

// Pretty returns the number in international form with spaces, for its owner or setter.
func (p Phone) Pretty() string {
	n, err := phonenumbers.Parse(string(p), "")
	if err != nil {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// Masked shows the plus, the first digit and the last three: +4•••••••612.
func (p Phone) Masked() string {
	if len(p) < 6 {
		return ""
	}
	return string(p[:2]) + strings.Repeat("•", len(p)-5) + string(p[len(p)-3:])
}

// LogValue keeps numbers out of logs.
func (p Phone) LogValue() slog.Value { return slog.StringValue("[phone]") }
