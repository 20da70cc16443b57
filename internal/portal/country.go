package portal

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// country is one that a text message may go to.
type country struct {
	Code    string // ISO 3166
	Prefix  string // +46
	Example string // a mobile number as people there write it
}

// everywhere are the countries offered when any is allowed.
var everywhere = []string{"SE", "NL", "NO", "DK", "FI", "DE", "BE"}

// listCountries returns the offered countries. Those without a prefix are left out.
func listCountries(codes []string) []country {
	if len(codes) == 0 {
		codes = everywhere
	}
	var all []country
	for _, code := range codes {
		prefix := phonenumbers.GetCountryCodeForRegion(code)
		if prefix == 0 {
			continue
		}
		c := country{Code: code, Prefix: "+" + strconv.Itoa(prefix)}
		if n := phonenumbers.GetExampleNumberForType(code, phonenumbers.MOBILE); n != nil {
			c.Example = phonenumbers.Format(n, phonenumbers.NATIONAL)
		}
		all = append(all, c)
	}
	return all
}

// allowed says whether a text message may go to a country.
func (p *Portal) allowed(region string) bool {
	return len(p.o.Countries) == 0 || slices.Contains(p.o.Countries, region)
}

// likely is the country that a recipient's number is probably in: that of the domain,
// else the usual one.
func (p *Portal) likely(domain string) country {
	top := strings.ToUpper(domain[strings.LastIndexByte(domain, '.')+1:])
	if top == "UK" {
		top = "GB"
	}
	for _, code := range []string{top, p.o.DefaultCountry} {
		for _, c := range p.countries {
			if c.Code == code {
				return c
			}
		}
	}
	if len(p.countries) > 0 {
		return p.countries[0]
	}
	return country{}
}

// countryName is a country in the reader's words: Sverige +46.
func (v *view) countryName(c country) string {
	key := "page.country." + c.Code
	name := v.T(key)
	if name == key {
		name = c.Code
	}
	return name + " " + c.Prefix
}
