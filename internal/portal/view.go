package portal

import (
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sigill/internal/locale"
	"sigill/internal/message"
)

const (
	langCookie = "sigill-lang"
	yearOfLang = 365 * 24 * 60 * 60 // seconds
)

var langNames = map[string]string{"sv": "Svenska", "nl": "Nederlands", "en": "English"}

// view is what every page has: the reader's words and the organisation around it.
type view struct {
	*locale.Printer
	Org    Org
	Langs  []langLink
	CSS    string
	Logo   string
	Self   string // path that the language links lead to, "" for the page itself
	Sender bool   // the reader is the message's sender: another foot
	Now    time.Time
}

// Tel is the organisation's telephone number as a link.
func (v *view) Tel() template.URL { return template.URL(v.Org.Tel()) } //nolint:gosec // digits only

// langLink is one language that a page offers.
type langLink struct {
	Code, Name string
	Current    bool
}

// view makes the frame of a page in the reader's language. The person's choice (?lang=,
// kept in a cookie) comes first, then what it chose before on this access, then the
// browser's, then the organisation's.
func (p *Portal) view(w http.ResponseWriter, r *http.Request, usual string) *view {
	asked := p.chosen(r)
	if asked == "" {
		asked = usual
	}
	lang := p.o.Catalog.Match(asked, r.Header.Get("Accept-Language"), p.o.Org.Lang)
	if q := r.URL.Query().Get("lang"); strings.EqualFold(q, lang) {
		c := p.cookie(langCookie, lang, yearOfLang) //nolint:gosec // no secret
		c.SameSite = http.SameSiteLaxMode           // it is wanted when the page is entered from a mail, and proves nothing
		http.SetCookie(w, c)
	}
	v := &view{
		Printer: p.o.Catalog.Printer(lang, p.o.Org.Zone), Org: p.o.Org, Now: p.o.Now(),
		CSS: p.static["sigill.css"].path, Logo: p.static["logo.svg"].path,
	}
	for _, code := range p.o.Catalog.Languages() {
		v.Langs = append(v.Langs, langLink{code, langNames[code], code == v.Lang()})
	}
	return v
}

// chosen returns the language that the person chose in this browser, or "".
func (p *Portal) chosen(r *http.Request) string {
	if lang := r.URL.Query().Get("lang"); langNames[strings.ToLower(lang)] != "" {
		return strings.ToLower(lang)
	}
	if c, err := r.Cookie(p.cookieName(langCookie)); err == nil && langNames[c.Value] != "" {
		return c.Value
	}
	return ""
}

// Subject is the message's subject as it may stand before a code, or a neutral one.
func (v *view) shownSubject(m *message.Message) string {
	if s := strings.TrimSpace(m.ShownSubject()); s != "" {
		return s
	}
	return v.T("page.subject.neutral")
}

// fullSubject is the subject for who has proved itself.
func (v *view) fullSubject(m *message.Message) string {
	if s := strings.TrimSpace(m.Decision.Subject); s != "" {
		return s
	}
	return v.T("page.subject.neutral")
}

// person is somebody as a page names them.
type person struct {
	Name    string // display name, or the address where there is none
	Address string // ASCII domain (security.md T23), "" when Name is the address already
}

func personOf(name string, a message.Address) person {
	name = oneLine(name)
	if name == "" {
		return person{Name: a.String()}
	}
	return person{name, a.String()}
}

// sender is whom the recipient is told that the message comes from. For a machine that
// somebody stands in for, it is the machine.
func (v *view) sender(m *message.Message) person {
	a, name := m.Person, m.PersonName
	if m.Unattended && !m.Envelope.From.IsNull() {
		a, name = m.Envelope.From, ""
	}
	if a.IsNull() {
		return person{Name: v.Org.Name}
	}
	return personOf(name, a)
}

// Mail is where a recipient can write to the person, as a link; "" for nowhere.
func (p person) Mail() string {
	a := p.Address
	if a == "" {
		a = p.Name
	}
	if _, err := message.ParseAddress(a); err != nil || !strings.Contains(a, "@") {
		return ""
	}
	return "mailto:" + a
}

// oneLine takes out of a name what could make it look like something else: control
// and direction characters, line ends.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// upper makes the first letter a capital, for a number in letters at the start of a
// sentence.
func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// minutes is a short span in words: tio minuter.
func (v *view) minutes(d time.Duration) string {
	return v.N("page.minutes", int((d+time.Minute-1)/time.Minute))
}

// days is a span in words: sju dagar.
func (v *view) days(d time.Duration) string {
	return v.N("page.days", int((d+24*time.Hour-1)/(24*time.Hour)))
}

// code marks a word as something to be copied or compared, sign by sign.
func code(s string) template.HTML {
	return template.HTML(`<span class="code">` + template.HTMLEscapeString(s) + `</span>`) //nolint:gosec // escaped
}

// stamp marks the reference of a code.
func stamp(s string) template.HTML {
	return template.HTML(`<span class="stamp">` + template.HTMLEscapeString(s) + `</span>`) //nolint:gosec // escaped
}
