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
	Phone string // in full while it was just typed, then masked; "" for a password by mail
}

func (p *Portal) donePage(w http.ResponseWriter, r *http.Request) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := p.senderView(w, r)
	page := doneView{view: v, Token: r.PathValue("token")}
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
			page.Rows = append(page.Rows, doneRow{i, to(m, i), p.justTyped(rcpt)})
			if rcpt.Since.After(page.Since) {
				page.Since = rcpt.Since
			}
		}
	}
	if len(page.Rows) == 0 {
		see(w, r, v.Self)
		return
	}
	page.Lead = v.N("page.done.lead", going, "Subject", v.shownSubject(m), "Until", v.Stamp(until))
	p.render(w, r, http.StatusOK, "done", page)
}

// inFull is how long a typed number is shown in full, to be read once more.
const inFull = 10 * time.Minute

// justTyped is the number of a recipient: in full for who typed it a moment ago, masked
// for who comes by the link later.
func (p *Portal) justTyped(r *message.Recipient) string {
	if p.o.Now().Sub(r.Since) < inFull {
		return r.Phone.Pretty()
	}
	return r.Phone.Masked()
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
