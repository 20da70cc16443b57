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

// openView is the page behind a recipient's link.
type openView struct {
	*view
	letter
	Token string
	Sent  time.Time
	Until time.Time
	Life  string
}

// letter is what a recipient is told about a message before the code.
type letter struct {
	Subject string
	Who     person
	SMS     bool   // the code goes by SMS, else by mail
	To      string // where it goes, masked
}

// Way is mail or sms, the end of the keys of texts that differ.
func (l letter) Way() string {
	if l.SMS {
		return "sms"
	}
	return "mail"
}

func (v *view) letter(m *message.Message, i int) letter {
	r := &m.Recipients[i]
	l := letter{Subject: v.shownSubject(m), Who: v.sender(m), SMS: r.Method() == message.Level2, To: r.Address.Masked()}
	if l.SMS {
		l.To = r.Phone.Masked()
	}
	return l
}

// openPage names the message and says what the button does. Nothing changes.
func (p *Portal) openPage(w http.ResponseWriter, r *http.Request) {
	a, m, err := p.recipientByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := p.view(w, r, a.Lang)
	p.render(w, r, http.StatusOK, "open", openView{
		view: v, letter: v.letter(m, a.Recipient), Token: r.PathValue("token"),
		Sent: m.Accepted, Until: m.Recipients[a.Recipient].Expires, Life: v.minutes(p.o.Limits.CodeLife),
	})
}

// asking is what became of the wish for a code.
type asking struct {
	secret auth.Secret  // new; "" for a session that there was
	proven bool         // nothing to ask: the message is open in this browser
	over   auth.Counter // above its limit; no Kind for none
	until  time.Time    // no code before
}

func (a asking) refused() bool { return a.over.Kind != "" || !a.until.IsZero() }

// askFirstCode is the button behind the link: it starts a session in this browser and
// asks for a code.
func (p *Portal) askFirstCode(w http.ResponseWriter, r *http.Request) {
	a, m, err := p.recipientByLink(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	secret, err := p.secret(r, a.ID)
	if err != nil {
		secret = "" // no session yet
	}
	got, err := p.ask(r, a, m, secret, true)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.answerAsk(w, r, a, m, got)
}

// answerAsk sends on to where the code is typed, or says why there is none.
func (p *Portal) answerAsk(w http.ResponseWriter, r *http.Request, a *auth.Access, m *message.Message, got asking) {
	way := "mail"
	if m.Recipients[a.Recipient].Method() == message.Level2 {
		way = "sms"
	}
	switch {
	case got.proven:
		see(w, r, "/r/"+string(a.ID))
		return
	case got.refused():
		p.metrics.asked.WithLabelValues(way, "refused").Inc()
		p.locked(w, r, a, m, p.pause(got.over, got.until, reasonOf(got)))
		return
	case got.secret != "":
		p.keep(w, a.ID, got.secret)
	}
	p.metrics.asked.WithLabelValues(way, "asked").Inc()
	p.o.Log.Info("code asked for", p.facts(m, a.Recipient, "access", a.ID, "way", way)...)
	see(w, r, "/c/"+string(a.ID))
}

func reasonOf(got asking) string {
	if got.over.Kind == "" {
		return "tries" // the access is locked
	}
	return "codes"
}

// ask counts the wish, opens a challenge and has the worker send a code, in one
// transaction. Without a session it starts one if it may. What is refused is not
// counted: nothing was sent.
func (p *Portal) ask(r *http.Request, a *auth.Access, m *message.Message, secret auth.Secret, start bool) (asking, error) {
	take := p.o.Limits.AskCounters(m, a.Recipient)
	lang := p.chosen(r)
	var got asking
	err := p.o.Store.UpdateAccess(r.Context(), a.ID, take, func(a *auth.Access, m *message.Message, counts []int64) (store.Effects, error) {
		got = asking{}
		now := p.o.Now()
		if !readable(m, a.Recipient, now) {
			return store.Effects{}, errNothing
		}
		s, err := a.Session(now, secret, p.o.Limits)
		if err == nil && !now.Before(s.Made.Add(p.o.SessionLife)) {
			a.End(s)
			err = auth.ErrEnded
		}
		switch {
		case err == nil && s.IsProven():
			got.proven = true
			return store.Effects{Refund: take}, nil
		case err != nil && !start:
			return store.Effects{}, errClosed
		case auth.Over(take, counts):
			got.over = longestOver(take, counts)
			return store.Effects{Refund: take}, nil
		case now.Before(a.Locked):
			got.until = a.Locked
			return store.Effects{Refund: take}, nil
		case err != nil:
			s, got.secret = a.Start(now, p.o.Limits)
		}
		if lang != "" {
			a.Lang = lang
		}
		return p.open(now, a, m, s)
	})
	if err != nil && !errors.Is(err, errNothing) && !errors.Is(err, errClosed) {
		err = fmt.Errorf("ask for a code: %w", err)
	}
	return got, err
}

// open opens the challenge and asks the worker for its code.
func (p *Portal) open(now time.Time, a *auth.Access, m *message.Message, s *auth.Session) (store.Effects, error) {
	if err := a.Ask(now, s, m.Recipients[a.Recipient].Method(), p.o.Limits); err != nil {
		return store.Effects{}, err
	}
	e, err := m.CodeAsked(now, a.Recipient, a.ID, s.ID)
	return store.Effects{Effects: e}, err
}

// longestOver finds the counter above its limit that ends last: before that, nothing
// goes on.
func longestOver(counters []auth.Counter, counts []int64) auth.Counter {
	var over auth.Counter
	for i, c := range counters {
		if i < len(counts) && counts[i] <= int64(c.Most) {
			continue
		}
		if over.Kind == "" || outlasts(c, over) {
			over = c
		}
	}
	return over
}

// outlasts says whether c keeps shut for longer than over; a window of 0 never ends.
func outlasts(c, over auth.Counter) bool {
	return over.Window != 0 && (c.Window == 0 || c.Window > over.Window)
}

// facts are the attributes of a log line about one recipient.
func (p *Portal) facts(m *message.Message, i int, more ...any) []any {
	all := append([]any{"msg", m.ID, "rcpt", i}, more...)
	if p.o.LogAddresses {
		all = append(all, "to", m.Recipients[i].Address.String())
	}
	return all
}
