package portal

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"sigill/internal/message"
)

// statusView tells the sender what became of the message, per recipient.
type statusView struct {
	*view
	Token   string
	State   string // of the seal: sealed or gone
	Seal    string
	Subject string
	Lead    string
	Rows    []statusRow
	Problem template.HTML
	Live    int // how many can still open it
	Grace   string
	NotSure bool // the box before taking all back was not ticked
	Events  []eventView
}

// statusRow is one recipient.
type statusRow struct {
	I       int
	Who     person
	Now     statusWord
	When    string
	Detail  string
	Again   bool // the notice can be sent again
	Undo    bool // the number can be taken back
	Take    bool // the message can be taken back
	Restore bool // what was ended can be undone
	Add     bool // a number lacks
}

// statusWord is a state in one or two words, with a sign.
type statusWord struct {
	Text, Sign, Tone string
}

// act is one button about one recipient.
type act struct {
	Token, Do, Class, Text, Whose string
	Who                           int
}

func newAct(token, do string, who int, class, text, whose string) act {
	return act{token, do, class, text, whose, who}
}

// eventView is one line of what happened.
type eventView struct {
	At   time.Time
	Text string
}

func (p *Portal) statusPage(w http.ResponseWriter, r *http.Request) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := p.senderView(w, r)
	v.Self += "/status"
	p.showStatus(w, r, http.StatusOK, v, m, "")
}

func (p *Portal) showStatus(w http.ResponseWriter, r *http.Request, status int, v *view, m *message.Message, problem template.HTML) {
	p.showStatusOf(w, r, status, statusView{view: v, Problem: problem}, m)
}

func (p *Portal) showStatusOf(w http.ResponseWriter, r *http.Request, status int, page statusView, m *message.Message) {
	v := page.view
	events, err := p.o.Store.Events(r.Context(), m.ID)
	if err != nil {
		p.fail(w, r, fmt.Errorf("load events: %w", err))
		return
	}
	page.Token, page.Subject = r.PathValue("token"), v.shownSubject(m)
	page.Grace, page.Events = v.days(p.o.Terms.Grace), v.events(m, events)
	for i := range m.Recipients {
		row := p.statusRow(v, m, i)
		page.Rows = append(page.Rows, row)
		if row.Take {
			page.Live++
		}
	}
	page.State, page.Seal = sealOf(v, m)
	page.Lead = v.lead(m)
	p.render(w, r, status, "status", page)
}

func sealOf(v *view, m *message.Message) (state, words string) {
	switch {
	case len(m.In(message.Held)) > 0:
		return "sealed", v.T("page.status.seal.held")
	case len(m.In(message.Sealed, message.Notified, message.NoticeBounced, message.Opened, message.Queued, message.Deferred, message.Delivered)) == 0:
		return "gone", v.T("page.status.seal.gone")
	}
	return "sealed", v.T("page.status.seal", "When", v.Near(m.Accepted, v.Now))
}

// lead sums the rows up.
func (v *view) lead(m *message.Message) string {
	opened := 0
	for i := range m.Recipients {
		if !m.Recipients[i].Opened.IsZero() {
			opened++
		}
	}
	parts := []string{v.N("page.status.lead", len(m.Recipients), "Opened", v.Int(int64(opened)))}
	if n := len(m.In(message.NoticeBounced)); n > 0 {
		parts = append(parts, upper(v.N("page.status.lead.bounced", n)))
	}
	if n := len(m.In(message.Held)); n > 0 {
		parts = append(parts, upper(v.N("page.status.lead.held", n)))
	}
	return strings.Join(parts, " ")
}

func (p *Portal) statusRow(v *view, m *message.Message, i int) statusRow {
	r := &m.Recipients[i]
	row := statusRow{
		I: i, Who: to(m, i), Now: v.word(r), When: v.Near(r.Since, v.Now), Detail: v.detail(r),
		Undo: undoable(r), Take: r.State.Readable(), Add: r.State == message.Held,
		Again: r.State == message.Notified || r.State == message.NoticeBounced,
	}
	if ended(r.State) && v.Now.Before(r.Since.Add(p.o.Terms.Grace)) {
		row.Restore = true
		row.Detail = v.T("page.status.undo_until", "When", v.Near(r.Since.Add(p.o.Terms.Grace), v.Now))
	}
	return row
}

// ended says whether somebody's choice ended a recipient, so that it can be undone.
func ended(s message.State) bool { return s == message.Cancelled || s == message.Revoked }

// word is where a recipient stands, in a word.
func (v *view) word(r *message.Recipient) statusWord {
	key := r.State.String()
	sign, tone := "mail", ""
	switch r.State {
	case message.Delivered, message.Opened:
		sign, tone = "check", "good"
	case message.Bounced, message.NoticeBounced:
		sign, tone = "warn", "bad"
	case message.Held, message.Received, message.Deferred:
		sign, tone = "wait", "warn"
	case message.Queued:
		sign = "arrow"
	case message.Cancelled, message.Expired, message.Revoked, message.Purged:
		sign = "undo"
	case message.Sealed, message.Notified:
		if r.Asked {
			key, sign, tone = "code", "phone", "warn"
			if r.Method() != message.Level2 {
				sign = "mail"
			}
		}
	}
	return statusWord{v.T("page.status." + key), sign, tone}
}

// detail is what is worth knowing beside the state.
func (v *view) detail(r *message.Recipient) string {
	switch r.State {
	case message.Bounced, message.NoticeBounced, message.Deferred:
		if reply := oneLine(r.Reply); reply != "" {
			return v.T("page.status.reply", "Reply", reply)
		}
	case message.Held:
		return v.T("page.status.no_number") + ", " + v.T("page.status.until", "When", v.Short(r.Expires))
	case message.Sealed, message.Notified, message.Opened:
		if r.Method() == message.Level2 {
			return v.T("page.status.number", "To", r.Phone.Masked())
		}
		return v.T("page.status.mail")
	}
	return ""
}

// also is a recipient beside those who lack a number.
func (v *view) also(m *message.Message, i int) alsoView {
	r := &m.Recipients[i]
	a := alsoView{to(m, i), v.word(r)}
	switch {
	case r.State.Readable() && r.Method() == message.Level2 && len(r.Phone) > 3:
		a.Now = statusWord{v.T("page.hold.known", "Last", string(r.Phone[len(r.Phone)-3:])), "check", "good"}
	case r.State.Readable():
		a.Now = statusWord{upper(v.T("page.status.mail")), "mail", ""}
	case r.Level == message.Pass:
		a.Now = statusWord{upper(v.T("page.status.plain")), "arrow", ""}
	}
	return a
}

// maxEvents is how many lines of the story are shown, the newest.
const maxEvents = 200

// told are the events that a sender is told of.
var told = []message.EventKind{
	message.EventAccepted, message.EventQueued, message.EventDelivered, message.EventBounced, message.EventSealed,
	message.EventNotified, message.EventReminded, message.EventNoticeBounced, message.EventHeld, message.EventAsked,
	message.EventNumberSet, message.EventNumberUndone, message.EventNotMine, message.EventDropped, message.EventReleased,
	message.EventCancelled, message.EventCodeSent, message.EventCodeFailed, message.EventLocked, message.EventOpened,
	message.EventDownloaded, message.EventExpired, message.EventRevoked, message.EventRenewed, message.EventPurged,
}

// events tells the story, newest first.
func (v *view) events(m *message.Message, events []message.Event) []eventView {
	var all []eventView
	for _, e := range slices.Backward(events) {
		if len(all) == maxEvents {
			break
		}
		if !slices.Contains(told, e.Kind) {
			continue
		}
		who := v.T("page.event.everyone")
		if e.Recipient >= 0 && e.Recipient < len(m.Recipients) {
			who = to(m, e.Recipient).Name
		}
		all = append(all, eventView{e.At, upper(v.T("page.event."+string(e.Kind), "Who", who))})
	}
	return all
}
