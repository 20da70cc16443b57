package demo

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"sigill/internal/locale"
)

//go:embed page.html mail.html parts.html
var files embed.FS

// pages are the demo's templates.
type pages struct{ page, mail *template.Template }

func parsePages() (*pages, error) {
	page, err := template.ParseFS(files, "page.html", "parts.html")
	if err != nil {
		return nil, err
	}
	mail, err := template.ParseFS(files, "mail.html", "parts.html")
	return &pages{page, mail}, err
}

// shown is how many messages of each kind the page lists.
const shown = 25

// frame is what every page of the demo has.
type frame struct {
	*printer
	Langs []string
	Self  string // path of this page, for the links to its other languages
}

// view is what the page shows.
type view struct {
	frame
	SMTP    string
	Samples []sampleView
	Form    form
	Problem string // why nothing was sent
	Reply   string // the gateway's own words for it
	Out     []outView
	Why     []whyView
	Fresh   string // where to see it anew
}

type sampleView struct {
	sample
	Subject string
}

// printer writes for one reader.
type printer struct {
	*locale.Printer
	zone *time.Location
}

// Time returns a time of day with its seconds: 14:20:31, in Swedish and Dutch 14.20.31.
func (p *printer) Time(t time.Time) string {
	if p.Lang() == "en" {
		return t.In(p.zone).Format("15:04:05")
	}
	return t.In(p.zone).Format("15.04.05")
}

// langCookie is where the portal keeps a person's language. The demo stands on the same
// address and shares it, so that the pages that it leads to speak the same language.
const langCookie = "sigill-lang"

// printer finds the reader's language: ?lang=, else what was chosen before, else the
// browser's, else that of the mails.
func (d *demo) printer(r *http.Request) *printer {
	asked := r.URL.Query().Get("lang")
	if c, err := r.Cookie(langCookie); err == nil && asked == "" {
		asked = c.Value
	}
	lang := d.words.Match(asked, r.Header.Get("Accept-Language"), d.lang)
	return &printer{d.words.Printer(lang, d.zone), d.zone}
}

// open begins a page, and remembers the language that was asked for.
func (d *demo) open(w http.ResponseWriter, r *http.Request) frame {
	p := d.printer(r)
	if r.URL.Query().Get("lang") == p.Lang() {
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // no secret, and the demo has no TLS
			Name: langCookie, Value: p.Lang(), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
	}
	return frame{printer: p, Langs: d.words.Languages(), Self: r.URL.Path}
}

func (d *demo) showPage(w http.ResponseWriter, r *http.Request) {
	d.writePage(w, r, http.StatusOK, view{Form: form{To: recipient}})
}

// writePage completes the view and sends it.
func (d *demo) writePage(w http.ResponseWriter, r *http.Request, status int, v view) {
	v.frame, v.SMTP = d.open(w, r), d.smtp
	v.Self = "/"
	v.Fresh = home(v.Lang())
	for _, s := range samples {
		v.Samples = append(v.Samples, sampleView{s, v.T("demo.sample." + s.ID + ".subject")})
	}
	var err error
	if v.Out, err = d.outgoing(r.Context(), v.printer); err == nil {
		v.Why, err = d.why(r.Context(), v.printer)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	render(w, status, d.pages.page, v)
}

// home is the page at what went out. A browser that stands there already loads it anew
// only when the address differs in more than its fragment; hence the time.
func home(lang string) string {
	q := url.Values{"lang": {lang}, "at": {strconv.FormatInt(time.Now().UnixMilli(), 36)}}
	return "/?" + q.Encode() + "#o"
}

func render(w http.ResponseWriter, status int, t *template.Template, v any) {
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	headers(w, "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the browser went away
}

func headers(w http.ResponseWriter, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
