package portal

import (
	"net/http"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

// doneView says that the message left, and lets take numbers back.
type doneView struct {
	*view
	Token string
	Since time.Time
	Lead  string
	Rows  []doneRow
}

// doneRow is one recipient whose way was chosen and can still be taken back.
type doneRow struct {
	I     int
	Who   person
	Phone string // in full in the answer to the form, else masked; "" for a password by mail
}

func (p *Portal) donePage(w http.ResponseWriter, r *http.Request) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.showDone(w, r, m, nil)
}

// showDone shows the numbers that can be taken back: in full those that this very
// request brought, to be read once more, and masked all others. So they are in full in
// the answer to the form and never behind the link, which may have been passed on.
func (p *Portal) showDone(w http.ResponseWriter, r *http.Request, m *message.Message, rows []*holdRow) {
	typed := map[int]message.Phone{}
	for _, row := range rows {
		typed[row.I] = row.phone
	}
	page := doneView{view: p.senderView(w, r), Token: r.PathValue("token")}
	going, until := 0, time.Time{}
	for i := range m.Recipients {
		rcpt := &m.Recipients[i]
		if rcpt.State.Readable() {
			going++
			if rcpt.Expires.After(until) {
				until = rcpt.Expires
			}
		}
		if undoable(rcpt) {
			page.Rows = append(page.Rows, doneRow{i, to(m, i), shownNumber(rcpt.Phone, typed[i])})
			if rcpt.Since.After(page.Since) {
				page.Since = rcpt.Since
			}
		}
	}
	if len(page.Rows) == 0 {
		see(w, r, page.Self)
		return
	}
	page.Self += "/done"
	page.Lead = page.N("page.done.lead", going, "Subject", page.shownSubject(m), "Until", page.Stamp(until))
	p.render(w, r, http.StatusOK, "done", page)
}

// shownNumber is a number for the sender: in full for who has just typed it.
func shownNumber(n, typed message.Phone) string {
	switch n {
	case "":
		return ""
	case typed:
		return n.Pretty()
	}
	return n.Masked()
}

// undoable says whether a way that the sender chose can still be taken back: until a
// code was asked for.
func undoable(r *message.Recipient) bool {
	return r.State.Readable() && r.State != message.Opened && !r.Asked && (r.Typed || r.ByMail)
}

// undoNumber takes a number back and forgets it; the message waits for its sender again.
func (p *Portal) undoNumber(w http.ResponseWriter, r *http.Request) {
	if !p.form(w, r) {
		return
	}
	p.senderStep(w, r, "undo", "", func(m *message.Message) (store.Effects, error) {
		var forget []message.Contact
		list := chosenRecipients(r, m)
		e, err := each(list, func(i int) (message.Effects, error) {
			if m.Recipients[i].Typed {
				forget = append(forget, message.Contact{Org: m.Org, Sender: m.Person, Recipient: m.Recipients[i].Address})
			}
			return m.UndoNumber(p.o.Now(), i, p.o.Terms)
		})
		e.Forget = forget
		return e, err
	})
}
