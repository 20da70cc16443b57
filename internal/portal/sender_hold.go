package portal

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

// holdView is the form on which the sender gives the numbers that lack.
type holdView struct {
	*view
	Token   string
	H1      string
	Subject string
	SentBy  string
	Found   []foundView
	Until   time.Time
	Rows    []*holdRow
	Also    []alsoView
	SMS     bool
	Any     bool          // numbers may lie in any country
	Release bool          // the sender may say that it is not sensitive
	Problem template.HTML // what stands against sending, "" for nothing
	Grace   string
	Reason  string // typed
	NoWhy   bool   // the reason lacks
	NotSure bool   // the box before cancelling was not ticked
}

// foundView is one thing that the message was held for.
type foundView struct {
	Text   string
	Masked []string
}

// alsoView is a recipient who needs nothing.
type alsoView struct {
	Who person
	Now statusWord
}

// holdRow is one recipient without a number.
type holdRow struct {
	I         int
	Who       person
	Countries []option
	Country   string // chosen prefix
	Example   string
	Number    string // as typed
	ByMail    bool
	Drop      bool
	Error     string

	phone message.Phone // as read
}

// option is one country in the list.
type option struct {
	Value, Text string
	Chosen      bool
}

// newHoldView makes the form: empty, or with the rows that were sent in.
func (p *Portal) newHoldView(v *view, r *http.Request, m *message.Message, rows []*holdRow) holdView {
	held := m.In(message.Held)
	page := holdView{
		view: v, Token: r.PathValue("token"), Subject: v.shownSubject(m),
		H1: upper(v.N("page.hold.h1", len(held))), SMS: p.o.SMS, Any: len(p.o.Countries) == 0,
		Release: p.o.AllowRelease, Grace: v.days(p.o.Terms.Grace), Rows: rows,
	}
	if rows == nil {
		for _, i := range held {
			page.Rows = append(page.Rows, p.emptyRow(v, m, i))
		}
	}
	for _, i := range held {
		if end := m.Recipients[i].Expires; page.Until.IsZero() || end.Before(page.Until) {
			page.Until = end
		}
	}
	n := len(m.Recipients)
	page.SentBy = v.N("page.hold.sent", n, "When", v.Near(m.Accepted, v.Now))
	if m.Unattended {
		page.SentBy = v.N("page.hold.sent.for", n, "When", v.Near(m.Accepted, v.Now), "From", m.Envelope.From.String())
	}
	page.Found = v.found(m)
	for i := range m.Recipients {
		if m.Recipients[i].State != message.Held {
			page.Also = append(page.Also, v.also(m, i))
		}
	}
	return page
}

// maxFound is how many rules the form names, the deciding one first, and how many places and values of each.
const maxFound = 3

func (v *view) found(m *message.Message) []foundView {
	var all []foundView
	for _, group := range message.Grouped(m.Decision.Findings, v.Lang()) {
		if len(all) == maxFound {
			break
		}
		all = append(all, v.foundBy(group))
	}
	return all
}

// foundBy is what one rule found: how often in all, in which places, and what.
func (v *view) foundBy(group []message.Finding) foundView {
	var f foundView
	var places []string
	count := 0
	for _, one := range group {
		count += one.Count
		if at := v.placeOf(one.Where); !slices.Contains(places, at) {
			places = append(places, at)
		}
		if one.Masked != "" && !slices.Contains(f.Masked, one.Masked) && len(f.Masked) < maxFound {
			f.Masked = append(f.Masked, one.Masked)
		}
	}
	at := v.List(places)
	if more := len(places) - maxFound; more > 0 {
		at = strings.Join(places[:maxFound], ", ") + " " + v.N("mail.more", more)
	}
	f.Text = v.T("page.hold.found", "Title", upper(group[0].TitleIn(v.Lang())), "N", v.Int(int64(max(1, count))), "Place", at)
	return f
}

func (p *Portal) emptyRow(v *view, m *message.Message, i int) *holdRow {
	row := &holdRow{I: i, Who: to(m, i)}
	c := p.likely(m.Recipients[i].Address.Domain())
	row.Country, row.Example = c.Prefix, c.Example
	p.options(v, row)
	return row
}

func (p *Portal) options(v *view, row *holdRow) {
	row.Countries = nil
	for _, c := range p.countries {
		row.Countries = append(row.Countries, option{c.Prefix, v.countryName(c), c.Prefix == row.Country})
	}
	if len(p.o.Countries) == 0 {
		row.Countries = append(row.Countries, option{"", v.T("page.hold.country.other"), row.Country == ""})
	}
}

// readRows reads and checks every row, so that all that is wrong is said at once.
func (p *Portal) readRows(v *view, r *http.Request, m *message.Message) (rows []*holdRow, ok bool) {
	ok = true
	for _, i := range m.In(message.Held) {
		row := p.emptyRow(v, m, i)
		n := strconv.Itoa(i)
		if _, sent := r.PostForm["c"+n]; sent {
			row.Country = field(r, "c"+n, 8)
		}
		row.Number = field(r, "n"+n, 60)
		row.ByMail, row.Drop = r.PostForm.Get("m"+n) != "", r.PostForm.Get("d"+n) != ""
		p.options(v, row)
		row.Error = p.checkRow(v, row)
		ok = ok && row.Error == ""
		rows = append(rows, row)
	}
	return rows, ok
}

// checkRow returns what is wrong with a row, in words.
func (p *Portal) checkRow(v *view, row *holdRow) string {
	switch {
	case row.Drop || row.ByMail:
		return ""
	case !p.o.SMS:
		return v.T("page.hold.error.no_sms")
	}
	phone, err := message.ParsePhone(row.Number, row.Country)
	if err == nil && !p.allowed(phone.Region()) {
		err = &message.PhoneProblem{Reason: message.PhoneCountry, Region: phone.Region()}
	}
	var problem *message.PhoneProblem
	if errors.As(err, &problem) {
		return v.PhoneProblem(row.Number, string(problem.Reason), problem.Region, typedDigits(row.Number, problem), problem.Want)
	}
	if err != nil {
		return v.PhoneProblem(row.Number, string(message.PhoneNotValid), "", 0, 0)
	}
	row.phone = phone
	return ""
}

// typedDigits counts the digits as the person sees them: with the 0 in front, which a
// number too short to be written in national form loses.
func typedDigits(typed string, p *message.PhoneProblem) int {
	if strings.HasPrefix(typed, "+") || strings.HasPrefix(typed, "00") {
		return p.Digits
	}
	return digitsIn(typed)
}

// setNumbers takes the form: when every row is right, all are set in one transaction
// and the message leaves; else nothing is written. The answer is the page itself, not a
// way to it: it shows in full what was typed, which no address may.
func (p *Portal) setNumbers(w http.ResponseWriter, r *http.Request) {
	_, m, err := p.senderByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !p.form(w, r) {
		return
	}
	v := p.senderView(w, r)
	if len(m.In(message.Held)) == 0 {
		p.showStatus(w, r, http.StatusConflict, v, m, v.H("page.status.changed"))
		return
	}
	rows, ok := p.readRows(v, r, m)
	if !ok {
		page := p.newHoldView(v, r, m, rows)
		page.Problem = v.rowProblem(rows)
		p.render(w, r, http.StatusUnprocessableEntity, "hold", page)
		return
	}
	err = p.o.Store.Update(r.Context(), m.ID, func(stored *message.Message) (store.Effects, error) {
		m = stored
		return p.applyRows(m, rows)
	})
	switch {
	case errors.Is(err, message.ErrStep):
		p.senderChanged(w, r)
	case err != nil:
		p.fail(w, r, fmt.Errorf("set numbers: %w", err))
	default:
		p.o.Log.Info("numbers set", "msg", m.ID, "rows", len(rows))
		p.showDone(w, r, m, rows)
	}
}

// rowProblem names the rows that stand against sending, as links to them.
func (v *view) rowProblem(rows []*holdRow) template.HTML {
	var wrong []string
	for _, row := range rows {
		if row.Error != "" {
			text := v.T("page.hold.error.number", "Who", row.Who.Name)
			wrong = append(wrong, `<a href="#n`+strconv.Itoa(row.I)+`">`+template.HTMLEscapeString(text)+`</a>`)
		}
	}
	return v.H("page.hold.error", "Rows", template.HTML(v.List(wrong))) //nolint:gosec // each was escaped; List puts words of ours between them
}

// applyRows does what every row says. The rows must still be those who are held: what
// was set in the meantime is never overwritten.
func (p *Portal) applyRows(m *message.Message, rows []*holdRow) (store.Effects, error) {
	now := p.o.Now()
	var all store.Effects
	var set []int
	held := m.In(message.Held)
	for _, row := range rows {
		if !slices.Contains(held, row.I) {
			return store.Effects{}, message.ErrStep
		}
		e, err := p.applyRow(now, m, row, &all)
		if err != nil {
			return store.Effects{}, err
		}
		all.Add(e)
		if !row.Drop {
			set = append(set, row.I)
		}
	}
	if len(rows) != len(held) {
		return store.Effects{}, message.ErrStep
	}
	if len(set) > 0 {
		all.Add(m.NumbersSet(now, set))
	}
	return all, nil
}

func (p *Portal) applyRow(now time.Time, m *message.Message, row *holdRow, all *store.Effects) (message.Effects, error) {
	switch {
	case row.Drop:
		return m.Cancel(now, row.I, message.EventDropped, p.o.Terms)
	case row.ByMail:
		return m.SetNumber(now, row.I, "", true, p.o.Terms)
	}
	all.Contacts = append(all.Contacts, message.Contact{
		Org: m.Org, Sender: m.Person, Recipient: m.Recipients[row.I].Address, Phone: row.phone, At: now,
	})
	return m.SetNumber(now, row.I, row.phone, false, p.o.Terms)
}
