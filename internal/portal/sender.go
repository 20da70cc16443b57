package portal

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sigill/internal/message"
	"sigill/internal/store"
)

// senderPage shows the sender what the message needs: numbers, or nothing any more.
func (p *Portal) senderPage(w http.ResponseWriter, r *http.Request) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := p.senderView(w, r)
	if len(m.In(message.Held)) > 0 {
		p.render(w, r, http.StatusOK, "hold", p.newHoldView(v, r, m, nil))
		return
	}
	p.showStatus(w, r, http.StatusOK, v, m, "")
}

// senderView is the frame of the sender's pages.
func (p *Portal) senderView(w http.ResponseWriter, r *http.Request) *view {
	v := p.view(w, r, "")
	v.Sender = true
	v.Self = "/s/" + r.PathValue("token")
	return v
}

// to names recipient i to the sender, who may see all of them.
func to(m *message.Message, i int) person {
	return personOf(m.Recipients[i].Name, m.Recipients[i].Address)
}

// senderStep runs one step of the sender's and sends on to the page that shows the
// result. A step that is not possible any more changes nothing; the page then says so.
func (p *Portal) senderStep(w http.ResponseWriter, r *http.Request, what string, then string, step func(m *message.Message) (store.Effects, error)) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	err = p.o.Store.Update(r.Context(), m.ID, step)
	switch {
	case errors.Is(err, message.ErrStep):
		p.senderChanged(w, r)
	case err != nil:
		p.fail(w, r, fmt.Errorf("sender: %s: %w", what, err))
	default:
		p.o.Log.Info("sender acted", "msg", m.ID, "what", what)
		see(w, r, "/s/"+r.PathValue("token")+then)
	}
}

// senderChanged shows the message as it is now, because what was asked for met another
// state than the page had shown.
func (p *Portal) senderChanged(w http.ResponseWriter, r *http.Request) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := p.senderView(w, r)
	if len(m.In(message.Held)) > 0 {
		page := p.newHoldView(v, r, m, nil)
		page.Problem = v.H("page.hold.error.changed")
		p.render(w, r, http.StatusConflict, "hold", page)
		return
	}
	p.showStatus(w, r, http.StatusConflict, v, m, v.H("page.status.changed"))
}

// chosenRecipients reads which recipients a button is about: one, or all in the states
// when it names none.
func chosenRecipients(r *http.Request, m *message.Message, states ...message.State) []int {
	text := r.PostForm.Get("who")
	if text == "" {
		return m.In(states...)
	}
	i, err := strconv.Atoi(text)
	if err != nil || i < 0 || i >= len(m.Recipients) {
		return nil
	}
	return []int{i}
}

// each runs a step for every chosen recipient and adds up what it has to write.
func each(list []int, step func(i int) (message.Effects, error)) (store.Effects, error) {
	var all store.Effects
	if len(list) == 0 {
		return all, message.ErrStep
	}
	for _, i := range list {
		e, err := step(i)
		if err != nil {
			return store.Effects{}, err
		}
		all.Add(e)
	}
	all.Jobs = distinct(all.Jobs)
	return all, nil
}

// distinct drops jobs that would do the same at the same time: a step for several
// recipients asks for one reminder, not for one each.
func distinct(jobs []message.Job) []message.Job {
	seen := map[message.Job]bool{}
	return slices.DeleteFunc(jobs, func(j message.Job) bool {
		j.ID = ""
		was := seen[j]
		seen[j] = true
		return was
	})
}

// placeOf says in words where something was found. The name of a file is left out when
// it may itself be what must not be shown before a code (DESIGN.md, promise 7).
func (v *view) placeOf(where string) string {
	where = strings.TrimPrefix(where, "reading[2]/") // the same mail, read in another way
	switch {
	case where == "subject" || strings.HasPrefix(where, "subject"):
		return v.T("page.hold.place.subject")
	case strings.HasPrefix(where, "att["):
		_, name, ok := strings.Cut(where, "/")
		name, _, _ = strings.Cut(name, "!")
		if name = oneLine(name); !ok || name == "" || digitsIn(name) >= 6 {
			return v.T("page.hold.place.some_file")
		}
		return v.T("page.hold.place.file", "Name", name)
	}
	return v.T("page.hold.place.body")
}

func digitsIn(s string) (n int) {
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}
