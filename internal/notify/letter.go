package notify

import (
	"html/template"

	"sigill/internal/locale"
)

// letter is what one mail says, before it is shown as text and as HTML. Parts that
// are empty are left out; the order is that of the fields.
type letter struct {
	Lang    string
	Title   string // subject of the mail
	Kind    string // a few words beside the seal
	Preview string // what a mailbox shows behind the subject
	Heading string
	Lead    []words
	Facts   []fact
	Code    *code
	Button  *link
	Next    []words // what happens then
	Hints   []words // less important
	Copy    words   // asks to copy the address when the button does not work
	Genuine *section
	Answer  words  // how to answer
	Langs   []link // the same page in other languages
	Foot    words
	Links   []link
}

// words are one text in both forms.
type words struct {
	Text string
	HTML template.HTML
}

type fact struct {
	Name   string
	Lines  []string
	Strong bool // the first line is what matters most
	Loose  bool // the name is a person's: break it anywhere rather than widen its column
	Link   *link
}

type link struct{ Text, URL string }

type section struct {
	Title string
	Words words
	Link  *link
}

type code struct {
	Label words
	Code  string
}

// say returns a text of the catalog in both forms.
func say(p *locale.Printer, key string, values ...any) words {
	return words{Text: p.T(key, values...), HTML: p.H(key, values...)}
}

// sayN is say for a text with plural forms.
func sayN(p *locale.Printer, key string, n int, values ...any) words {
	return words{Text: p.N(key, n, values...), HTML: p.HN(key, n, values...)}
}
