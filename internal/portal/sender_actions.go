package portal

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

// maxReason bounds the sentence that says why a message is not sensitive, in octets.
const maxReason = 500

// releaseHeld sends what is held as ordinary mail, because its sender says why it is
// not sensitive.
func (p *Portal) releaseHeld(w http.ResponseWriter, r *http.Request) {
	if !p.o.AllowRelease {
		p.gone(w, r)
		return
	}
	if !p.form(w, r) {
		return
	}
	why := oneLine(field(r, "why", maxReason))
	if why == "" {
		p.askReason(w, r)
		return
	}
	p.senderStep(w, r, "release", "/status", func(m *message.Message) (store.Effects, error) {
		held := m.In(message.Held)
		e, err := each(held, func(i int) (message.Effects, error) { return m.Release(p.o.Now(), i, why) })
		e.Add(m.HoldEnded(p.o.Now(), message.RefReleased, held))
		return e, err
	})
}

// askReason shows the form again, because the reason lacks.
func (p *Portal) askReason(w http.ResponseWriter, r *http.Request) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := p.senderView(w, r)
	page := p.newHoldView(v, r, m, nil)
	page.Problem, page.NoWhy = v.H("page.hold.error.reason"), true
	p.render(w, r, http.StatusUnprocessableEntity, "hold", page)
}

// askSure shows the page again, because the box that says "I mean it" was not ticked.
// A program that presses every button on a page does not tick it (security.md T16).
func (p *Portal) askSure(w http.ResponseWriter, r *http.Request) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := p.senderView(w, r)
	if len(m.In(message.Held)) > 0 {
		page := p.newHoldView(v, r, m, nil)
		page.Problem, page.NotSure = v.H("page.hold.error.sure"), true
		p.render(w, r, http.StatusUnprocessableEntity, "hold", page)
		return
	}
	p.showStatusOf(w, r, http.StatusUnprocessableEntity, statusView{view: v, Problem: v.H("page.hold.error.sure"), NotSure: true}, m)
}

// cancelHeld ends the hold without sending.
func (p *Portal) cancelHeld(w http.ResponseWriter, r *http.Request) {
	if !p.form(w, r) {
		return
	}
	if r.PostForm.Get("sure") == "" {
		p.askSure(w, r)
		return
	}
	p.senderStep(w, r, "cancel", "/status", func(m *message.Message) (store.Effects, error) {
		return each(m.In(message.Held), func(i int) (message.Effects, error) {
			return m.Cancel(p.o.Now(), i, message.EventCancelled, p.o.Terms)
		})
	})
}

// takeBack ends what can be opened, for one recipient or for all.
func (p *Portal) takeBack(w http.ResponseWriter, r *http.Request) {
	if !p.form(w, r) {
		return
	}
	if r.PostForm.Get("who") == "" && r.PostForm.Get("sure") == "" {
		p.askSure(w, r)
		return
	}
	p.senderStep(w, r, "take back", "/status", func(m *message.Message) (store.Effects, error) {
		list := chosenRecipients(r, m, message.Sealed, message.Notified, message.NoticeBounced, message.Opened)
		return each(list, func(i int) (message.Effects, error) {
			if !m.Recipients[i].State.Readable() {
				return message.Effects{}, message.ErrStep
			}
			return m.Revoke(p.o.Now(), i, p.o.Terms)
		})
	})
}

// restore undoes, within the grace, what its sender ended: a hold waits again, a
// message that was taken back can be opened again.
func (p *Portal) restore(w http.ResponseWriter, r *http.Request) {
	if !p.form(w, r) {
		return
	}
	p.senderStep(w, r, "restore", "", func(m *message.Message) (store.Effects, error) {
		return each(chosenRecipients(r, m, message.Cancelled, message.Revoked), func(i int) (message.Effects, error) {
			switch m.Recipients[i].State {
			case message.Cancelled:
				return m.TakeBack(p.o.Now(), i, p.o.Terms)
			case message.Revoked:
				return m.Renew(p.o.Now(), i, p.o.Terms)
			}
			return message.Effects{}, message.ErrStep
		})
	})
}

// againAnHour is how often the notice to one recipient is repeated by hand.
const againAnHour = 3

var errEnough = errors.New("sent often enough")

// noticeAgain sends the notice to one recipient again.
func (p *Portal) noticeAgain(w http.ResponseWriter, r *http.Request) {
	if !p.form(w, r) {
		return
	}
	a, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	list := chosenRecipients(r, m)
	if len(list) != 1 {
		p.senderChanged(w, r)
		return
	}
	i := list[0]
	take := []auth.Counter{{Kind: "again.recipient", Value: m.Recipients[i].Address.Key(), Window: time.Hour, Most: againAnHour}}
	err = p.o.Store.UpdateAccess(r.Context(), a.ID, take, func(_ *auth.Access, m *message.Message, counts []int64) (store.Effects, error) {
		if auth.Over(take, counts) {
			return store.Effects{}, errEnough
		}
		e, err := m.Resend(p.o.Now(), i)
		return store.Effects{Effects: e}, err
	})
	switch {
	case errors.Is(err, errEnough):
		v := p.senderView(w, r)
		p.showStatus(w, r, http.StatusTooManyRequests, v, m, v.H("page.status.enough"))
	case errors.Is(err, message.ErrStep):
		p.senderChanged(w, r)
	case err != nil:
		p.fail(w, r, fmt.Errorf("send a notice again: %w", err))
	default:
		see(w, r, "/s/"+r.PathValue("token")+"/status")
	}
}
