package portal

import (
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/auth"
	"sigill/internal/extract"
	"sigill/internal/locale"
	"sigill/internal/message"
	"sigill/internal/store"
)

// Options is what a portal is built from.
type Options struct {
	Store   store.Store
	Catalog *locale.Catalog
	Org     Org
	Base    string // URL of the portal without a slash at the end; https makes cookies Secure

	Terms   message.Terms
	Limits  auth.Limits
	Extract extract.Limits
	// SessionLife ends a session however much it is used (ASVS 5.0 7.3.2); 0 means 8 hours.
	SessionLife time.Duration

	Countries      []string // where text messages may go, as ISO 3166 codes; empty for anywhere
	DefaultCountry string   // of a number typed without a prefix
	SMS            bool     // text messages can be sent
	AllowRelease   bool     // the sender may say that a held message is not sensitive

	TrustedProxies []netip.Prefix // may say who the client is
	Now            func() time.Time
	Log            *slog.Logger
	Metrics        prometheus.Registerer // nil for none
	LogAddresses   bool
}

// Org is whose pages these are. An empty URL stands for a small page of our own.
type Org struct {
	ID         string
	Name       string
	Lang       string // sv, nl or en: for readers whose own is not known
	Zone       *time.Location
	Phone      string
	HelpURL    string
	PrivacyURL string
	TermsURL   string
	GenuineURL string
	Domains    []string
}

// Tel is the telephone number as an address (RFC 3966).
func (o Org) Tel() string {
	return "tel:" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, o.Phone)
}

// Portal serves the pages. It holds no state of its own: any number of them may stand
// before one store.
type Portal struct {
	o         Options
	secure    bool
	host      string
	pages     map[string]*template.Template
	static    map[string]asset
	countries []country
	cleaner   cleaner
	metrics   metrics
	alarmed   atomic.Int64 // the hour since 1970 in which the alarm was last written
}

// New builds a portal. The error names the option or template that is wrong.
func New(o Options) (*Portal, error) {
	if o.Store == nil || o.Catalog == nil {
		return nil, errors.New("portal: needs a store and a catalog")
	}
	base, err := url.Parse(o.Base)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("portal: base %q is not a URL with a host", o.Base)
	}
	o.Base = strings.TrimRight(o.Base, "/")
	o.fill()
	p := &Portal{o: o, secure: base.Scheme == "https", host: base.Host, countries: listCountries(o.Countries), cleaner: newCleaner()}
	if p.pages, err = parsePages(); err != nil {
		return nil, err
	}
	if p.static, err = readAssets(); err != nil {
		return nil, err
	}
	if p.metrics, err = newMetrics(o.Metrics); err != nil {
		return nil, err
	}
	return p, nil
}

func (o *Options) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SessionLife <= 0 {
		o.SessionLife = 8 * time.Hour
	}
	if o.Org.Zone == nil {
		o.Org.Zone = time.UTC
	}
}

// route is one line of the site map.
type route struct {
	pattern string
	handle  http.HandlerFunc
}

// routes is the site map. Whatever is not in it is the page of a link that opens nothing.
func (p *Portal) routes() []route {
	return []route{
		// the recipient: open, prove, read
		{"GET /b/{token}", p.openPage},
		{"POST /b/{token}", p.askFirstCode},
		{"GET /b/{token}/not-me", p.notMePage},
		{"POST /b/{token}/not-me", p.notMePage},
		{"GET /c/{access}", p.codePage},
		{"POST /c/{access}", p.tryCode},
		{"POST /c/{access}/again", p.askAgain},
		{"GET /c/{access}/not-me", p.codeNotMePage},
		{"POST /c/{access}/not-me", p.refuseNumber},
		{"GET /r/{access}", p.readerPage},
		{"GET /r/{access}/html", p.mailFrame},
		{"GET /r/{access}/file/{n}", p.downloadFile},
		{"GET /r/{access}/view/{n}", p.viewFile},
		{"POST /r/{access}/leave", p.leave},

		// the sender: numbers, and what became of the message
		{"GET /s/{token}", p.senderPage},
		{"POST /s/{token}", p.setNumbers},
		{"GET /s/{token}/done", p.donePage},
		{"GET /s/{token}/status", p.statusPage},
		{"POST /s/{token}/undo", p.undoNumber},
		{"POST /s/{token}/release", p.releaseHeld},
		{"POST /s/{token}/cancel", p.cancelHeld},
		{"POST /s/{token}/takeback", p.takeBack},
		{"POST /s/{token}/restore", p.restore},
		{"POST /s/{token}/again", p.noticeAgain},

		// for everybody
		{"GET /{$}", p.homePage},
		{"GET /genuine", p.genuinePage},
		{"GET /help", p.helpPage},
		{"GET /privacy", p.privacyPage},
		{"GET /terms", p.termsPage},
		{"GET /static/{name}", p.staticFile},
		{"GET /", p.nothingHere},
	}
}

// Handler returns the whole site. The server around it sets the time limits.
func (p *Portal) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range p.routes() {
		mux.HandleFunc(r.pattern, r.handle)
	}
	cross := http.NewCrossOriginProtection()
	_ = cross.AddTrustedOrigin(strings.ToLower(originOf(p.o.Base))) // New has parsed it
	cross.SetDenyHandler(http.HandlerFunc(p.foreign))
	return p.around(cross.Handler(mux))
}

// originOf cuts a URL down to scheme and host.
func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
