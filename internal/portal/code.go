package portal

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

// maxCode bounds a typed code in octets; with what people paste around it.
const maxCode = 64

// codeView is the page on which a code is typed.
type codeView struct {
	*view
	letter
	Access  message.ID
	Mark    string
	Until   time.Time     // zero when the code was not made yet
	Problem template.HTML // what the last try came to, "" for none
	Typed   string        // a wrong code, shown back
}

// Masked, Stamp, Bold are parts of texts.
func (c codeView) Masked() template.HTML { return code(c.To) }

// Stamp is the mark of the newest code.
func (c codeView) Stamp() template.HTML { return stamp(c.Mark) }

func (p *Portal) codePage(w http.ResponseWriter, r *http.Request) {
	v, err := p.visit(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if v.session.IsProven() {
		see(w, r, "/r/"+string(v.access.ID))
		return
	}
	if p.o.Now().Before(v.access.Locked) {
		p.locked(w, r, v.access, v.message, pause{"tries", v.access.Locked})
		return
	}
	page := p.newCodeView(w, r, v)
	failed, err := p.codeFailed(r, v)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if failed {
		page.Problem = page.H("page.code.failed."+page.Way(), "Who", page.Who.Name)
	}
	p.render(w, r, http.StatusOK, "code", page)
}

func (p *Portal) newCodeView(w http.ResponseWriter, r *http.Request, v *visit) codeView {
	frame := p.view(w, r, v.access.Lang)
	page := codeView{view: frame, letter: frame.letter(v.message, v.access.Recipient), Access: v.access.ID}
	page.Self = "/c/" + string(v.access.ID)
	if c := v.session.Newest(); c != nil {
		page.Mark = c.Mark
		page.Until = c.Ends
	}
	return page
}

// codeFailed says whether the last that happened to the recipient's code is that it
// could not be handed over.
func (p *Portal) codeFailed(r *http.Request, v *visit) (bool, error) {
	events, err := p.o.Store.Events(r.Context(), v.message.ID)
	if err != nil {
		return false, fmt.Errorf("load events: %w", err)
	}
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Recipient != v.access.Recipient {
			continue
		}
		switch events[i].Kind {
		case message.EventCodeFailed:
			return true, nil
		case message.EventCodeSent, message.EventCodeAsked:
			return false, nil
		}
	}
	return false, nil
}

// trial is what became of a typed code.
type trial struct {
	outcome auth.Outcome
	secret  auth.Secret // of the proven session
	over    auth.Counter
	until   time.Time
	visit   visit // as it stands after the try
	braked  bool  // nobody's code is looked at in this hour
}

// tryCode compares a typed code. The try is counted in the transaction that compares it,
// before it does.
func (p *Portal) tryCode(w http.ResponseWriter, r *http.Request) {
	v, err := p.visit(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !p.form(w, r) {
		return
	}
	if v.session.IsProven() {
		see(w, r, "/r/"+string(v.access.ID))
		return
	}
	typed := field(r, "code", maxCode)
	got, err := p.try(r, v, typed)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.metrics.tries.WithLabelValues(outcomeName(got.outcome)).Inc()
	p.o.Log.Info("code tried", p.facts(v.message, v.access.Recipient, "access", v.access.ID, "outcome", outcomeName(got.outcome))...)
	if got.braked {
		p.alarm(context.WithoutCancel(r.Context()), v.access.ID) // also when the client has hung up
	}
	switch got.outcome {
	case auth.Right:
		p.keep(w, v.access.ID, got.secret)
		see(w, r, "/r/"+string(v.access.ID))
	case auth.Locked:
		p.locked(w, r, v.access, v.message, p.pause(got.over, got.until, "tries"))
	default:
		p.sayWrong(w, r, &got, typed)
	}
}

// alarm says that the brake for everybody holds: each time in the metrics, and once an hour
// in the log and by mail to who is responsible. The mail is counted, so that all nodes
// together send one.
func (p *Portal) alarm(ctx context.Context, access message.ID) {
	p.metrics.braked.Inc()
	hour := p.o.Now().Unix() / 3600
	if p.alarmed.Swap(hour) == hour {
		return
	}
	p.o.Log.ErrorContext(ctx, "alarm: no code is accepted until the hour is over, too many wrong ones were typed in all", "per_hour", p.o.Limits.GlobalHour)
	take := p.o.Limits.AlarmCounters()
	err := p.o.Store.UpdateAccess(ctx, access, take, func(_ *auth.Access, m *message.Message, counts []int64) (store.Effects, error) {
		if auth.Over(take, counts) {
			return store.Effects{}, nil
		}
		return store.Effects{Effects: m.Alarm(p.o.Now())}, nil
	})
	if err != nil {
		p.alarmed.Store(0) // the next try says it again
		p.o.Log.ErrorContext(ctx, "alarm not mailed", "error", err)
	}
}

func (p *Portal) sayWrong(w http.ResponseWriter, r *http.Request, got *trial, typed string) {
	page := p.newCodeView(w, r, &got.visit)
	key := "page.code." + outcomeName(got.outcome) + "." + page.Way()
	switch got.outcome {
	case auth.Wrong:
		page.Problem = page.HN(key, got.visit.access.Left(got.visit.session, p.o.Limits), "Mark", page.Mark)
		page.Typed = oneLine(typed)
	default:
		page.Problem = page.H(key, "Mark", page.Mark)
	}
	p.render(w, r, http.StatusUnprocessableEntity, "code", page)
}

func (p *Portal) try(r *http.Request, v *visit, typed string) (trial, error) {
	take := p.o.Limits.TryCounters(v.message, v.access.Recipient, p.client(r))
	var got trial
	err := p.o.Store.UpdateAccess(r.Context(), v.access.ID, take, func(a *auth.Access, m *message.Message, counts []int64) (store.Effects, error) {
		now := p.o.Now()
		if !readable(m, a.Recipient, now) {
			return store.Effects{}, errNothing
		}
		s, err := a.Session(now, v.secret, p.o.Limits)
		if err != nil {
			return store.Effects{}, errClosed
		}
		over := auth.Over(take, counts)
		shut := over || now.Before(a.Locked)
		got = trial{outcome: a.Try(now, s, typed, over, p.o.Limits)}
		got.visit = visit{a, m, s, v.secret}
		got.until = a.Locked
		got.braked = auth.Braked(take, counts)
		if over {
			got.over, got.until = longestOver(take, counts), time.Time{}
		}
		return p.afterTry(now, a, m, s, &got, take, shut)
	})
	if err != nil && !errors.Is(err, errNothing) && !errors.Is(err, errClosed) {
		err = fmt.Errorf("try a code: %w", err)
	}
	return got, err
}

// afterTry writes what a try came to. Only a try that was compared and wrong stays
// counted: one that meets a closed door could else keep it closed. A code that was used
// does not count as one of too many either.
func (p *Portal) afterTry(now time.Time, a *auth.Access, m *message.Message, s *auth.Session, got *trial, take []auth.Counter, shut bool) (store.Effects, error) {
	switch {
	case got.outcome == auth.Right:
		e, err := p.prove(now, a, m, s, got)
		e.Refund = append(slices.Clone(take), p.o.Limits.AskCounters(m, a.Recipient)...)
		return e, err
	case got.outcome == auth.Wrong:
		return store.Effects{Effects: m.Note(now, a.Recipient, message.EventCodeWrong, nil)}, nil
	case got.outcome == auth.Locked && !shut:
		return store.Effects{Effects: m.Note(now, a.Recipient, message.EventLocked, nil)}, nil
	}
	return store.Effects{Refund: take}, nil
}

// prove opens the message for a session whose code was right. A number that a code went
// to is proven by it: from now on it counts for the whole organisation.
func (p *Portal) prove(now time.Time, a *auth.Access, m *message.Message, s *auth.Session, got *trial) (store.Effects, error) {
	got.secret = s.Renew()
	e, err := m.Open(now, a.Recipient)
	if err != nil {
		return store.Effects{}, err
	}
	effects := store.Effects{Effects: e}
	r := &m.Recipients[a.Recipient]
	if c := s.Newest(); c != nil && c.Method == message.Level2 && r.Phone != "" {
		effects.Contacts = []message.Contact{{Org: m.Org, Recipient: r.Address, Phone: r.Phone, At: now}}
	}
	return effects, nil
}

// askAgain sends a new code to the session that there is.
func (p *Portal) askAgain(w http.ResponseWriter, r *http.Request) {
	v, err := p.visit(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	got, err := p.ask(r, v.access, v.message, v.secret, false)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.answerAsk(w, r, v.access, v.message, got)
}
