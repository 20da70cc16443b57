package notify

import (
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// Org is the organisation that the mails speak for.
type Org struct {
	Name    string          // as people know it
	Initial string          // on the seal; "" is the first letter of Name
	Domain  string          // the domain that the mails come from, shown to tell them from others
	Host    string          // where the portal is: https://brev.example
	From    message.Address // sender of every mail
	Phone   string          // switchboard, as people write it, or ""
	Support string          // phone of those who help the organisation's own people, or ""

	HelpURL    string // all four: a web address, or "" for none
	PrivacyURL string
	TermsURL   string
	GenuineURL string // how to tell our mails from others
	StaffURL   string // about secure mail, for the organisation's own people

	Zone    *time.Location // nil is UTC
	Lang    string         // of mails about a message that has no language of its own
	Grace   time.Duration  // how long what ended can be taken back
	Colours Colours
}

// Colours are #rrggbb; "" takes the default.
type Colours struct {
	Accent, OnAccent, Link, Seal       string
	DarkAccent, DarkOnAccent, DarkLink string
}

// defaultColours are the brand of look's style sheet.
var defaultColours = Colours{
	Accent: "#163f60", OnAccent: "#ffffff", Link: "#135387", Seal: "#97202e",
	DarkAccent: "#a3cdec", DarkOnAccent: "#0b1a26", DarkLink: "#93c6ee",
}

// Composer writes mails. It may be used by many at the same time.
type Composer struct {
	org     Org
	host    string // of org.Host, without its scheme
	catalog *locale.Catalog
	page    *template.Template
}

// Mail is one finished mail.
type Mail struct {
	From, To  message.Address
	MessageID string // without angle brackets
	Raw       []byte // header and body, every line ended by CRLF
}

// New checks the organisation and returns its Composer.
func New(org Org, catalog *locale.Catalog) (*Composer, error) {
	if catalog == nil {
		return nil, errors.New("notify: no texts")
	}
	if org.Name = clean(org.Name, maxName); org.Name == "" || org.From.IsNull() {
		return nil, errors.New("notify: the organisation needs a name and a sender")
	}
	if org.Domain == "" {
		org.Domain = org.From.Domain()
	}
	host, err := url.Parse(org.Host)
	if err != nil || host.Host == "" || host.Path != "" || host.Scheme != "https" && host.Scheme != "http" {
		return nil, errors.New("notify: the portal's address must be like https://brev.example")
	}
	for _, u := range []string{org.HelpURL, org.PrivacyURL, org.TermsURL, org.GenuineURL, org.StaffURL} {
		if u != "" && !webAddress(u) {
			return nil, fmt.Errorf("notify: %q is not a web address", u)
		}
	}
	if org.Colours, err = org.Colours.filled(); err != nil {
		return nil, err
	}
	org.Phone, org.Support = clean(org.Phone, maxName), clean(org.Support, maxName)
	if org.Initial = clean(org.Initial, 2); org.Initial == "" {
		org.Initial = initial(org.Name)
	}
	if org.Zone == nil {
		org.Zone = time.UTC
	}
	page, err := parsePage()
	if err != nil {
		return nil, err
	}
	return &Composer{org: org, host: host.Host, catalog: catalog, page: page}, nil
}

func initial(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "S"
}

var colourForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (c Colours) filled() (Colours, error) {
	d := defaultColours
	for _, f := range []struct{ have, def *string }{
		{&c.Accent, &d.Accent}, {&c.OnAccent, &d.OnAccent}, {&c.Link, &d.Link}, {&c.Seal, &d.Seal},
		{&c.DarkAccent, &d.DarkAccent}, {&c.DarkOnAccent, &d.DarkOnAccent}, {&c.DarkLink, &d.DarkLink},
	} {
		if *f.have == "" {
			*f.have = *f.def
		}
		if !colourForm.MatchString(*f.have) {
			return c, fmt.Errorf("notify: colour %q is not #rrggbb", *f.have)
		}
	}
	return c, nil
}

// webAddress says whether s is an absolute web address without anything that would
// end a line or an attribute.
func webAddress(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"<>\^{|}`+"`", r) }) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http")
}

// printer returns the words for a message's mails.
func (c *Composer) printer(m *message.Message) *locale.Printer {
	lang := m.Lang
	if lang == "" {
		lang = c.org.Lang
	}
	return c.catalog.Printer(lang, c.org.Zone)
}

// own refuses a link that does not lead to our portal.
func (c *Composer) own(link string) error {
	if !webAddress(link) || !strings.HasPrefix(link, strings.TrimSuffix(c.org.Host, "/")+"/") {
		return errors.New("notify: the link does not lead to the portal")
	}
	return nil
}
