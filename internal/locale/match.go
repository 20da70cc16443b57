package locale

import (
	"strings"

	"golang.org/x/text/language"
)

// maxAccept bounds what is read of an Accept-Language field, in octets; browsers
// send less than a hundred.
const maxAccept = 400

// Match chooses a reader's language: what the link asks for (?lang=nl), else the
// best of the Accept-Language field (RFC 9110 12.5.4), else usual, else English.
func (c *Catalog) Match(asked, accept, usual string) string {
	if lang, ok := c.known(asked); ok {
		return lang
	}
	if lang, ok := c.accepted(accept); ok {
		return lang
	}
	if lang, ok := c.known(usual); ok {
		return lang
	}
	return fallback
}

func (c *Catalog) known(lang string) (string, bool) {
	lang = strings.ToLower(lang)
	_, ok := c.words[lang]
	return lang, ok
}

func (c *Catalog) accepted(field string) (string, bool) {
	if field == "" || len(field) > maxAccept {
		return "", false
	}
	tags, weights, err := language.ParseAcceptLanguage(field)
	if err != nil {
		return "", false
	}
	for i, tag := range tags {
		base, _ := tag.Base()
		if lang, ok := c.known(readsAs(base.String())); ok && weights[i] > 0 {
			return lang, true
		}
	}
	return "", false
}

// readsAs returns the nearest of our languages that speakers of a language read
// without effort: Norwegians and Danes Swedish, Frisians and Afrikaners Dutch.
func readsAs(base string) string {
	switch base {
	case "nb", "nn", "no", "da":
		return "sv"
	case "af", "fy":
		return "nl"
	}
	return base
}
