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
	Step string // ask (for a code first), prove (by a code first), refuse or done
}

// errUnproven says that only a session in which a code was right may do it.
var errUnproven = errors.New("the session is not proven")

// notMePage, behind the link, explains what can be done. It changes nothing, however it
// is entered: whoever holds the link, programs that press buttons among them, could else
// take the message away from its recipient. A number is refused where its code is typed.
func (p *Portal) notMePage(w http.ResponseWriter, r *http.Request) {
	a, m, err := p.recipientByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if p.asked(r, a) {
		see(w, r, "/c/"+string(a.ID)+"/not-me")
		return
	}
	p.explainNotMe(w, r, http.StatusOK, a, m, "/b/"+r.PathValue("token"), "ask")
}

// asked says whether this browser has asked for a code by the access.
func (p *Portal) asked(r *http.Request, a *auth.Access) bool {
	secret, err := p.secret(r, a.ID)
	if err != nil {
		return false
	}
	_, err = p.session(a, secret)
	return err == nil
}

// codeNotMePage is the same for who stands before the field for the code; there the
// number can be refused, by a button.
func (p *Portal) codeNotMePage(w http.ResponseWriter, r *http.Request) {
	v, err := p.visit(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	step := "refuse"
	if !mayRefuse(v.recipient(), v.session) {
		step = "prove"
	}
	p.explainNotMe(w, r, http.StatusOK, v.access, v.message, "/c/"+string(v.access.ID), step)
}

func (p *Portal) explainNotMe(w http.ResponseWriter, r *http.Request, status int, a *auth.Access, m *message.Message, path, step string) {
	v := p.view(w, r, a.Lang)
	page := notMeView{view: v, letter: v.letter(m, a.Recipient), Path: path, Step: step}
	name := "not_me"
	if page.SMS {
		name = "not_mine"
	}
	p.render(w, r, status, name, page)
}

// mayRefuse says whether a session may say that the number is not its person's. Once
// the message was opened, only one may in which a code was right.
func mayRefuse(rcpt *message.Recipient, s *auth.Session) bool {
	return s.IsProven() || rcpt.Opened.IsZero()
}

// refuseNumber holds the message again and has its sender asked anew. Every link and
// session of the recipient ends: whoever has that number must not get in by it.
func (p *Portal) refuseNumber(w http.ResponseWriter, r *http.Request) {
	visit, err := p.visit(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	a, m, path := visit.access, visit.message, "/c/"+string(visit.access.ID)
	v := p.view(w, r, a.Lang)
	v.Self = "/"
	page := notMeView{view: v, letter: v.letter(m, a.Recipient), Step: "done"}
	if !page.SMS {
		see(w, r, path+"/not-me")
		return
	}
	err = p.refuse(r, visit)
	switch {
	case errors.Is(err, errUnproven):
		p.explainNotMe(w, r, http.StatusForbidden, a, m, path, "prove")
	case errors.Is(err, message.ErrStep):
		p.gone(w, r)
	case err != nil:
		p.fail(w, r, fmt.Errorf("refuse a number: %w", err))
	default:
		p.o.Log.Info("number refused", p.facts(m, a.Recipient)...)
		p.render(w, r, http.StatusOK, "not_mine", page)
	}
}

func (p *Portal) refuse(r *http.Request, v *visit) error {
	return p.o.Store.UpdateAccess(r.Context(), v.access.ID, nil, func(a *auth.Access, m *message.Message, _ []int64) (store.Effects, error) {
		if !readable(m, a.Recipient, p.o.Now()) {
			return store.Effects{}, errNothing
		}
		s, err := p.session(a, v.secret)
		if err != nil {
			return store.Effects{}, err
		}
		if !mayRefuse(&m.Recipients[a.Recipient], s) {
			return store.Effects{}, errUnproven
		}
		forget := forgotten(m, a.Recipient, s)
		e, err := m.NotMyNumber(p.o.Now(), a.Recipient, p.o.Terms)
		if err != nil {
			return store.Effects{}, err
		}
		a.Links, a.Sessions = nil, nil
		return store.Effects{Effects: e, Forget: forget}, nil
	})
}

// forgotten names the numbers that are forgotten when a session refuses one: what the
// sender typed for the recipient; and what was proven for the whole organisation only
// when the session is proven too.
func forgotten(m *message.Message, i int, s *auth.Session) []message.Contact {
	to := m.Recipients[i].Address
	list := []message.Contact{{Org: m.Org, Sender: m.Person, Recipient: to}}
	if s.IsProven() {
		list = append(list, message.Contact{Org: m.Org, Recipient: to})
	}
	return list
}
