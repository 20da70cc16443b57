package portal

import (
	"errors"
	"fmt"
	"net/http"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

// notMeView is the page for who thinks that the message, or the number, is not theirs.
type notMeView struct {
	*view
	letter
	Path string // of the page that it was asked on
	Done bool
}

// notMePage, behind the link, explains what can be done. Nothing changes.
func (p *Portal) notMePage(w http.ResponseWriter, r *http.Request) {
	a, m, err := p.recipientByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.explainNotMe(w, r, a, m, "/b/"+r.PathValue("token"))
}

// codeNotMePage is the same for who stands before the field for the code.
func (p *Portal) codeNotMePage(w http.ResponseWriter, r *http.Request) {
	v, err := p.visit(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.explainNotMe(w, r, v.access, v.message, "/c/"+string(v.access.ID))
}

// explainNotMe says what can be done: at level 2 the number can be refused, by a button.
func (p *Portal) explainNotMe(w http.ResponseWriter, r *http.Request, a *auth.Access, m *message.Message, path string) {
	v := p.view(w, r, a.Lang)
	page := notMeView{view: v, letter: v.letter(m, a.Recipient), Path: path}
	name := "not_me"
	if page.SMS {
		name = "not_mine"
	}
	p.render(w, r, http.StatusOK, name, page)
}

func (p *Portal) notMyNumber(w http.ResponseWriter, r *http.Request) {
	a, m, err := p.recipientByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.refuseNumber(w, r, a, m, "/b/"+r.PathValue("token"))
}

func (p *Portal) codeNotMyNumber(w http.ResponseWriter, r *http.Request) {
	v, err := p.visit(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.refuseNumber(w, r, v.access, v.message, "/c/"+string(v.access.ID))
}

// refuseNumber holds the message again and has its sender asked anew. Every link and
// session of the recipient ends: whoever has that number must not get in by it, and the
// number is not remembered any longer.
func (p *Portal) refuseNumber(w http.ResponseWriter, r *http.Request, a *auth.Access, m *message.Message, path string) {
	v := p.view(w, r, a.Lang)
	v.Self = "/"
	page := notMeView{view: v, letter: v.letter(m, a.Recipient), Done: true}
	if !page.SMS {
		see(w, r, path+"/not-me")
		return
	}
	err := p.o.Store.UpdateAccess(r.Context(), a.ID, nil, func(a *auth.Access, m *message.Message, _ []int64) (store.Effects, error) {
		if !readable(m, a.Recipient, p.o.Now()) {
			return store.Effects{}, errNothing
		}
		e, err := m.NotMyNumber(p.o.Now(), a.Recipient, p.o.Terms)
		if err != nil {
			return store.Effects{}, err
		}
		a.Links, a.Sessions = nil, nil
		return store.Effects{Effects: e, Forget: remembered(m, a.Recipient)}, nil
	})
	switch {
	case errors.Is(err, message.ErrStep):
		p.gone(w, r)
	case err != nil:
		p.fail(w, r, fmt.Errorf("refuse a number: %w", err))
	default:
		p.o.Log.Info("number refused", p.facts(m, a.Recipient)...)
		p.render(w, r, http.StatusOK, "not_mine", page)
	}
}

// remembered names the numbers that may be remembered for a recipient: what its sender
// typed, and what counts for the organisation.
func remembered(m *message.Message, i int) []message.Contact {
	to := m.Recipients[i].Address
	return []message.Contact{
		{Org: m.Org, Sender: m.Person, Recipient: to},
		{Org: m.Org, Recipient: to},
	}
}
