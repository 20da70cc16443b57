package portal

import (
	"net/http"
	"strconv"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
)

// pause is why and until when nothing goes on.
type pause struct {
	Reason string    // tries or codes
	Until  time.Time // zero: it does not go on by itself
}

// pause says when a counter lets through again. Windows are whole hours and days since
// 1970 (package store).
func (p *Portal) pause(over auth.Counter, until time.Time, reason string) pause {
	if until.IsZero() && over.Window > 0 {
		now, w := p.o.Now().UnixMicro(), over.Window.Microseconds()
		until = time.UnixMicro(now/w*w + w)
	}
	return pause{reason, until}
}

// day is the date at the organisation's place.
func (p *Portal) day(t time.Time) string { return t.In(p.o.Org.Zone).Format(time.DateOnly) }

// lockedView says that there were too many tries or codes, and what can be done.
type lockedView struct {
	*view
	letter
	pause
	H1 string
}

func (p *Portal) locked(w http.ResponseWriter, r *http.Request, a *auth.Access, m *message.Message, why pause) {
	v := p.view(w, r, a.Lang)
	v.Self = "/c/" + string(a.ID)
	h1 := v.T("page.locked." + why.Reason + ".end")
	if !why.Until.IsZero() {
		h1 = v.T("page.locked."+why.Reason, "Clock", v.Clock(why.Until))
		if p.day(why.Until) != p.day(v.Now) {
			h1 = v.T("page.locked."+why.Reason, "Clock", v.Near(why.Until, v.Now))
		}
	}
	if wait := why.Until.Sub(v.Now); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	}
	p.render(w, r, http.StatusTooManyRequests, "locked", lockedView{v, v.letter(m, a.Recipient), why, h1})
}
