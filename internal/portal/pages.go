package portal

import (
	"html/template"
	"net/http"
)

// smallView is a page of a few sentences.
type smallView struct {
	*view
	State string // of the seal: sealed or gone
	Seal  string // the words beside it
	Title string
	Lead  template.HTML
	Text  []template.HTML
}

func (p *Portal) renderSmall(w http.ResponseWriter, r *http.Request, status int, v *view, name string, text ...template.HTML) {
	page := smallView{view: v, State: "sealed", Seal: v.T("page.home.title"), Title: v.T("page." + name + ".title")}
	if name == "closed" || name == "busy" { // there is a message, and it is safe
		page.Seal = v.T("page.sealed")
	}
	if len(text) > 0 {
		page.Lead, page.Text = text[0], text[1:]
	}
	p.render(w, r, status, "small", page)
}

// gone is the one page for every link that opens nothing.
func (p *Portal) gone(w http.ResponseWriter, r *http.Request) {
	v := p.view(w, r, "")
	p.render(w, r, http.StatusNotFound, "gone", v)
}

func (p *Portal) nothingHere(w http.ResponseWriter, r *http.Request) { p.gone(w, r) }

// closed is the page for a browser without a session of the access.
func (p *Portal) closed(w http.ResponseWriter, r *http.Request) {
	v := p.view(w, r, "")
	p.renderSmall(w, r, http.StatusForbidden, v, "closed",
		v.H("page.closed.lead"), v.H("page.closed.why", "Idle", v.minutes(p.o.Limits.Idle)))
}

func (p *Portal) busy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "30")
	v := p.view(w, r, "")
	p.renderSmall(w, r, http.StatusServiceUnavailable, v, "busy", v.H("page.busy.lead"))
}

func (p *Portal) bad(w http.ResponseWriter, r *http.Request) {
	v := p.view(w, r, "")
	p.renderSmall(w, r, http.StatusBadRequest, v, "bad", v.H("page.bad.lead"))
}

// foreign answers a POST that comes from another site's page.
func (p *Portal) foreign(w http.ResponseWriter, r *http.Request) {
	v := p.view(w, r, "")
	v.Self = "/"
	p.renderSmall(w, r, http.StatusForbidden, v, "bad", v.H("page.bad.lead"))
}

func (p *Portal) homePage(w http.ResponseWriter, r *http.Request) {
	v := p.view(w, r, "")
	p.renderSmall(w, r, http.StatusOK, v, "home", v.H("page.home.lead", "Org", p.o.Org.Name))
}

func (p *Portal) genuinePage(w http.ResponseWriter, r *http.Request) {
	if elsewhere(w, r, p.o.Org.GenuineURL) {
		return
	}
	v := p.view(w, r, "")
	ask := v.H("page.genuine.ask")
	if p.o.Org.Phone != "" {
		ask = v.H("page.genuine.call", "Phone", p.o.Org.Phone)
	}
	p.renderSmall(w, r, http.StatusOK, v, "genuine",
		v.H("page.genuine.lead", "Org", p.o.Org.Name, "Host", p.host),
		v.H("page.genuine.safe"), v.H("page.genuine.never"), ask)
}

func (p *Portal) helpPage(w http.ResponseWriter, r *http.Request) {
	if elsewhere(w, r, p.o.Org.HelpURL) {
		return
	}
	v := p.view(w, r, "")
	text := []template.HTML{v.H("page.help.code"), v.H("page.help.browser"), v.H("page.help.link")}
	if p.o.Org.Phone != "" {
		text = append(text, v.H("page.help.call", "Phone", p.o.Org.Phone))
	}
	p.renderSmall(w, r, http.StatusOK, v, "help", append([]template.HTML{""}, text...)...)
}

func (p *Portal) privacyPage(w http.ResponseWriter, r *http.Request) {
	if elsewhere(w, r, p.o.Org.PrivacyURL) {
		return
	}
	v := p.view(w, r, "")
	p.renderSmall(w, r, http.StatusOK, v, "privacy",
		v.H("page.privacy.kept", "Org", p.o.Org.Name), v.H("page.privacy.gone"))
}

func (p *Portal) termsPage(w http.ResponseWriter, r *http.Request) {
	if elsewhere(w, r, p.o.Org.TermsURL) {
		return
	}
	v := p.view(w, r, "")
	p.renderSmall(w, r, http.StatusOK, v, "terms", v.H("page.terms.lead"))
}

// elsewhere sends on to the organisation's own page, if it has one. The address is from
// the configuration, never from a request.
func elsewhere(w http.ResponseWriter, r *http.Request, url string) bool {
	if url == "" {
		return false
	}
	http.Redirect(w, r, url, http.StatusSeeOther)
	return true
}
