package message

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// step moves recipient i along drawn steps and notes the event of the last one.
func (m *Message) step(now time.Time, i int, kind EventKind, detail map[string]string, path ...State) (Effects, error) {
	r, err := m.Recipient(i)
	if err != nil {
		return Effects{}, err
	}
	at := r.State
	for _, next := range path {
		if !at.CanBecome(next) {
			return Effects{}, fmt.Errorf("message %s, recipient %d: %w: %s to %s", m.ID, i, ErrStep, at, next)
		}
		at = next
	}
	r.State, r.Since = at, now
	return Effects{Events: []Event{m.event(now, i, kind, detail)}, Destroy: m.Settled()}, nil
}

// from checks where a recipient stands, for methods that a drawn step alone does not
// narrow enough.
func (m *Message) from(i int, what string, states ...State) (*Recipient, error) {
	r, err := m.Recipient(i)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(states, r.State) {
		return nil, fmt.Errorf("message %s, recipient %d: %w: %s in %s", m.ID, i, ErrStep, what, r.State)
	}
	return r, nil
}

func (m *Message) event(now time.Time, i int, kind EventKind, detail map[string]string) Event {
	return Event{Message: m.ID, Recipient: i, At: now, Kind: kind, Detail: detail}
}

func (m *Message) job(kind JobKind, i int, at time.Time) Job {
	return Job{ID: NewID(at), Kind: kind, Message: m.ID, Recipient: i, RunAt: at}
}

// note records an event without a step.
func (m *Message) note(now time.Time, i int, kind EventKind, detail map[string]string) Effects {
	return Effects{Events: []Event{m.event(now, i, kind, detail)}}
}

// Decide applies a verdict to a message whose recipients are all Received. The
// numbers are those that are remembered, by index of the recipient.
func (m *Message) Decide(now time.Time, d Decision, t Terms, numbers map[int]Phone) (Effects, error) {
	m.Decision = d
	all := m.note(now, All, EventDecided, map[string]string{"verdict": d.Verdict.String(), "by": d.DecidedBy})
	for i := range m.Recipients {
		e, err := m.decideOne(now, i, d.Level(i), t, numbers[i])
		if err != nil {
			return Effects{}, err
		}
		all.Add(e)
	}
	if len(m.In(Queued)) > 0 {
		all.Jobs = append(all.Jobs, m.job(JobRelay, All, now))
	}
	if len(m.In(Held)) > 0 {
		all.Jobs = append(all.Jobs, m.holdJobs(now, t)...)
	}
	for k := range d.Inform {
		j := m.job(JobInform, All, now)
		j.Ref = strconv.Itoa(k)
		all.Jobs = append(all.Jobs, j)
	}
	return all, nil
}

func (m *Message) decideOne(now time.Time, i int, level Level, t Terms, number Phone) (Effects, error) {
	if _, err := m.from(i, "decide", Received); err != nil {
		return Effects{}, err
	}
	m.Recipients[i].Level = level
	switch {
	case level == Pass:
		m.Recipients[i].Queued = now
		return m.step(now, i, EventQueued, nil, Queued)
	case level == Level2 && number == "":
		return m.hold(now, i, EventHeld, t)
	}
	m.Recipients[i].Phone = number
	return m.seal(now, i, EventSealed, nil, t)
}

// seal moves a recipient to Sealed: a notice goes out and the link's clock starts.
func (m *Message) seal(now time.Time, i int, kind EventKind, detail map[string]string, t Terms) (Effects, error) {
	e, err := m.step(now, i, kind, detail, Sealed)
	if err != nil {
		return Effects{}, err
	}
	r := &m.Recipients[i]
	r.Expires, r.Reminded = now.Add(t.Link), false
	e.Jobs = append(e.Jobs, m.job(JobNotify, i, now), m.job(JobExpire, i, r.Expires))
	if t.Reminder > 0 && t.Reminder < t.Link {
		e.Jobs = append(e.Jobs, m.job(JobRemind, i, r.Expires.Add(-t.Reminder)))
	}
	return e, nil
}

// hold moves a recipient to Held and starts the hold's clock.
func (m *Message) hold(now time.Time, i int, kind EventKind, t Terms) (Effects, error) {
	e, err := m.step(now, i, kind, nil, Held)
	if err != nil {
		return Effects{}, err
	}
	r := &m.Recipients[i]
	r.Expires, r.Phone, r.Typed, r.ByMail, r.Asked = now.Add(t.Hold), "", false, false, false
	return e, nil
}

// holdJobs asks now, reminds later and ends the hold; one set for all who are Held.
func (m *Message) holdJobs(now time.Time, t Terms) []Job {
	jobs := []Job{m.job(JobAskPhone, All, now), m.job(JobExpire, All, now.Add(t.Hold))}
	for _, after := range t.HoldReminders {
		if after < t.Hold {
			jobs = append(jobs, m.job(JobRemind, All, now.Add(after)))
		}
	}
	return jobs
}

// Relayed notes that the next hop has the message for recipient i.
func (m *Message) Relayed(now time.Time, i int, reply string) (Effects, error) {
	if err := m.requeue(now, i); err != nil {
		return Effects{}, err
	}
	m.Recipients[i].Attempts++
	m.Recipients[i].Reply = reply
	return m.step(now, i, EventDelivered, map[string]string{"reply": reply}, Delivered)
}

// Defer notes that the next hop did not take the message for now.
// The sender is told when it stays so for too long.
func (m *Message) Defer(now time.Time, i int, reply string, t Terms) (Effects, error) {
	if err := m.requeue(now, i); err != nil {
		return Effects{}, err
	}
	first := m.Recipients[i].Attempts == 0
	m.Recipients[i].Attempts++
	m.Recipients[i].Reply = reply
	e, err := m.step(now, i, EventDeferred, map[string]string{"reply": reply}, Deferred)
	if err == nil && first && t.Delay > 0 {
		e.Jobs = append(e.Jobs, m.job(JobDelay, i, m.Recipients[i].Queued.Add(t.Delay)))
	}
	return e, err
}

// Bounce notes that the next hop refused the message for good, or that the queue's
// time is over. The sender is told by a job of its own.
func (m *Message) Bounce(now time.Time, i int, reply string) (Effects, error) {
	if err := m.requeue(now, i); err != nil {
		return Effects{}, err
	}
	m.Recipients[i].Attempts++
	m.Recipients[i].Reply = reply
	e, err := m.step(now, i, EventBounced, map[string]string{"reply": reply}, Bounced)
	if err != nil {
		return Effects{}, err
	}
	e.Jobs = append(e.Jobs, m.job(JobBounce, i, now))
	e.Destroy = false // the notice may still quote the header; JobBounce destroys
	return e, nil
}

// BounceTold notes that the sender knows of the bounce; what is settled is destroyed.
func (m *Message) BounceTold(now time.Time, i int) Effects {
	e := m.note(now, i, EventDelayed, map[string]string{"notice": "failure"})
	e.Destroy = m.Settled()
	return e
}

// DelayTold notes that the sender was told that recipient i is late.
func (m *Message) DelayTold(now time.Time, i int) Effects {
	m.Recipients[i].Late = true
	return m.note(now, i, EventDelayed, map[string]string{"notice": "delay"})
}

// requeue takes a deferred recipient back to the queue, where a result can meet it.
func (m *Message) requeue(now time.Time, i int) error {
	r, err := m.Recipient(i)
	if err != nil {
		return err
	}
	if r.State == Deferred {
		r.State, r.Since = Queued, now
	}
	return nil
}

// Informed notes that an address that rules name was told.
func (m *Message) Informed(now time.Time, in Inform) Effects {
	return m.note(now, All, EventInformed, map[string]string{"rules": strings.Join(in.Rules, " ")})
}

// ToInform returns who a JobInform is about; false when the decision names nobody there.
func (m *Message) ToInform(ref string) (Inform, bool) {
	k, err := strconv.Atoi(ref)
	if err != nil || k < 0 || k >= len(m.Decision.Inform) {
		return Inform{}, false
	}
	return m.Decision.Inform[k], true
}

// SealInstead seals a passing recipient because its way turned out not to be safe.
func (m *Message) SealInstead(now time.Time, i int, t Terms) (Effects, error) {
	if _, err := m.from(i, "seal", Queued, Deferred); err != nil {
		return Effects{}, err
	}
	r := &m.Recipients[i]
	r.Level = max(r.Level, Level1)
	r.ByMail = r.Phone == "" // released from a hold that never got a number
	return m.seal(now, i, EventSealed, map[string]string{"why": "transport"}, t)
}

// NoticeSent notes that a notice, or a reminder, left for recipient i.
func (m *Message) NoticeSent(now time.Time, i int, reminder bool) (Effects, error) {
	r, err := m.Recipient(i)
	if err != nil {
		return Effects{}, err
	}
	kind := EventNotified
	if reminder {
		r.Reminded, kind = true, EventReminded
	}
	if r.State == Notified || r.State == Opened {
		return m.note(now, i, kind, nil), nil
	}
	return m.step(now, i, kind, nil, Notified)
}

// NoticeFailed notes that the notice came back; its sender is told.
func (m *Message) NoticeFailed(now time.Time, i int, reply string) (Effects, error) {
	e, err := m.step(now, i, EventNoticeBounced, map[string]string{"reply": reply}, NoticeBounced)
	if err != nil {
		return Effects{}, err
	}
	e.Jobs = append(e.Jobs, m.job(JobTell, i, now))
	return e, nil
}

// Resend sends the notice again, to a recipient who can read.
func (m *Message) Resend(now time.Time, i int) (Effects, error) {
	if _, err := m.from(i, "send a notice", readable...); err != nil {
		return Effects{}, err
	}
	j := m.job(JobNotify, i, now)
	j.Ref = RefAgain
	return Effects{Jobs: []Job{j}}, nil
}

// Open notes that recipient i proved itself and reads. It may be called each time.
func (m *Message) Open(now time.Time, i int) (Effects, error) {
	r, err := m.Recipient(i)
	if err != nil {
		return Effects{}, err
	}
	if r.Opened.IsZero() {
		r.Opened = now
	}
	switch r.State {
	case Opened:
		return m.note(now, i, EventOpened, nil), nil
	case Sealed: // the notice arrived before we noted that it left
		return m.step(now, i, EventOpened, nil, Notified, Opened)
	}
	return m.step(now, i, EventOpened, nil, Opened)
}

// SetNumber gives a held recipient a number (or, with byMail, the weaker way that
// the sender chose) and seals the message for it.
func (m *Message) SetNumber(now time.Time, i int, number Phone, byMail bool, t Terms) (Effects, error) {
	if (number == "") != byMail {
		return Effects{}, fmt.Errorf("message %s, recipient %d: want a number or a password by mail", m.ID, i)
	}
	if _, err := m.from(i, "set a number", Held); err != nil {
		return Effects{}, err
	}
	by := "typed"
	if byMail {
		by = "mail"
	}
	e, err := m.seal(now, i, EventNumberSet, map[string]string{"by": by}, t)
	if err != nil {
		return Effects{}, err
	}
	r := &m.Recipients[i]
	r.Phone, r.Typed, r.ByMail = number, !byMail, byMail
	return e, nil
}

// UndoNumber takes a typed number back, as long as no code went to it.
func (m *Message) UndoNumber(now time.Time, i int, t Terms) (Effects, error) {
	r, err := m.from(i, "undo a number", Sealed, Notified, NoticeBounced)
	if err != nil {
		return Effects{}, err
	}
	if r.Asked || !r.Typed && !r.ByMail {
		return Effects{}, fmt.Errorf("message %s, recipient %d: %w: a code already went out", m.ID, i, ErrStep)
	}
	return m.holdAgain(now, i, EventNumberUndone, t, false)
}

// NotMyNumber holds the message again because the recipient says that the number is
// not theirs; the person is asked anew.
func (m *Message) NotMyNumber(now time.Time, i int, t Terms) (Effects, error) {
	r, err := m.from(i, "hold again", readable...)
	if err != nil {
		return Effects{}, err
	}
	if r.Method() != Level2 {
		return Effects{}, fmt.Errorf("message %s, recipient %d: %w: no number was used", m.ID, i, ErrStep)
	}
	return m.holdAgain(now, i, EventNotMine, t, true)
}

func (m *Message) holdAgain(now time.Time, i int, kind EventKind, t Terms, ask bool) (Effects, error) {
	e, err := m.hold(now, i, kind, t)
	if err != nil {
		return Effects{}, err
	}
	jobs := m.holdJobs(now, t)
	if !ask { // the person is on the page and needs no mail
		jobs = jobs[1:]
	}
	e.Jobs = append(e.Jobs, jobs...)
	return e, nil
}

// Asked notes that the person was asked for numbers.
func (m *Message) Asked(now time.Time) Effects { return m.note(now, All, EventAsked, nil) }

// CodeAsked asks for a code: the job makes and sends it.
func (m *Message) CodeAsked(now time.Time, i int, access ID, session string) (Effects, error) {
	r, err := m.from(i, "send a code", readable...)
	if err != nil {
		return Effects{}, err
	}
	r.Asked = true
	e := m.note(now, i, EventCodeAsked, nil)
	j := m.job(JobSendCode, i, now)
	j.Ref = string(access) + "." + session
	e.Jobs = append(e.Jobs, j)
	return e, nil
}

// NumbersSet has the person told which numbers were set; it follows SetNumber.
func (m *Message) NumbersSet(now time.Time, recipients []int) Effects {
	j := m.job(JobConfirm, All, now)
	j.Ref = indexes(recipients)
	return Effects{Jobs: []Job{j}}
}

// HoldEnded has the person told how the hold of recipients ended: RefReleased and the
// like. It follows Release or Cancel.
func (m *Message) HoldEnded(now time.Time, how string, recipients []int) Effects {
	j := m.job(JobTell, All, now)
	j.Ref = how + ":" + indexes(recipients)
	return Effects{Jobs: []Job{j}}
}

func indexes(recipients []int) string {
	refs := make([]string, len(recipients))
	for k, i := range recipients {
		refs[k] = strconv.Itoa(i)
	}
	return strings.Join(refs, ",")
}

// Indexed reads the recipients of a Ref; what the message does not have is left out.
func (m *Message) Indexed(ref string) []int {
	var list []int
	for part := range strings.SplitSeq(ref, ",") {
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(m.Recipients) {
			list = append(list, i)
		}
	}
	return list
}

// TellPerson has the person told of what became of recipient i.
func (m *Message) TellPerson(now time.Time, i int) Effects {
	return Effects{Jobs: []Job{m.job(JobTell, i, now)}}
}

// Alarm has who is responsible told that too many wrong codes were typed in all.
func (m *Message) Alarm(now time.Time) Effects {
	return Effects{Jobs: []Job{m.job(JobAlarm, All, now)}}
}

// ToRelay returns who a relay job hands on: with All the recipients that pass by the
// verdict, else the one that was released. No two jobs ever serve the same recipient.
func (m *Message) ToRelay(recipient int) []int {
	var due []int
	for _, i := range m.In(Queued, Deferred) {
		released := m.Recipients[i].Level > Pass
		if recipient == All && !released || recipient == i {
			due = append(due, i)
		}
	}
	return due
}

// Note records a fact that is not a step.
func (m *Message) Note(now time.Time, i int, kind EventKind, detail map[string]string) Effects {
	return m.note(now, i, kind, detail)
}

// Release sends a held recipient's copy as ordinary mail, because who may says that
// it is not sensitive.
func (m *Message) Release(now time.Time, i int, why string) (Effects, error) {
	e, err := m.step(now, i, EventReleased, map[string]string{"why": why}, Queued)
	if err != nil {
		return Effects{}, err
	}
	m.Recipients[i].Expires, m.Recipients[i].Queued = time.Time{}, now
	// A job of its own: the one that relays the passing recipients may be at work.
	e.Jobs = append(e.Jobs, m.job(JobRelay, i, now))
	return e, nil
}

// Cancel ends the hold of recipient i without sending. It can be taken back within
// the grace.
func (m *Message) Cancel(now time.Time, i int, kind EventKind, t Terms) (Effects, error) {
	e, err := m.step(now, i, kind, nil, Cancelled)
	if err != nil {
		return Effects{}, err
	}
	e.Jobs = append(e.Jobs, m.job(JobPurge, All, now.Add(t.Grace)))
	return e, nil
}

// TakeBack holds a cancelled recipient again, within the grace.
func (m *Message) TakeBack(now time.Time, i int, t Terms) (Effects, error) {
	r, err := m.from(i, "take back", Cancelled)
	if err != nil {
		return Effects{}, err
	}
	if now.After(r.Since.Add(t.Grace)) {
		return Effects{}, fmt.Errorf("message %s, recipient %d: %w: the grace is over", m.ID, i, ErrStep)
	}
	return m.holdAgain(now, i, EventHeld, t, false)
}

// EndHold cancels every held recipient whose time is over and has the person told.
func (m *Message) EndHold(now time.Time, t Terms) (Effects, error) {
	var all Effects
	var over []int
	for _, i := range m.In(Held) {
		if now.Before(m.Recipients[i].Expires) {
			continue
		}
		e, err := m.Cancel(now, i, EventCancelled, t)
		if err != nil {
			return Effects{}, err
		}
		all.Add(e)
		over = append(over, i)
	}
	if len(over) > 0 {
		all.Add(m.HoldEnded(now, RefRanOut, over))
	}
	return all, nil
}

// Expire ends the link of recipient i when its time is over; nothing happens before.
func (m *Message) Expire(now time.Time, i int, t Terms) (Effects, error) {
	r, err := m.Recipient(i)
	if err != nil {
		return Effects{}, err
	}
	if !r.State.Readable() || now.Before(r.Expires) {
		return Effects{}, nil
	}
	return m.end(now, i, EventExpired, Expired, t)
}

// Revoke takes the message back from recipient i.
func (m *Message) Revoke(now time.Time, i int, t Terms) (Effects, error) {
	return m.end(now, i, EventRevoked, Revoked, t)
}

func (m *Message) end(now time.Time, i int, kind EventKind, to State, t Terms) (Effects, error) {
	e, err := m.step(now, i, kind, nil, to)
	if err != nil {
		return Effects{}, err
	}
	e.Jobs = append(e.Jobs, m.job(JobPurge, All, now.Add(t.Grace)))
	return e, nil
}

// Renew seals the message again for a recipient whose link ended, within the grace.
func (m *Message) Renew(now time.Time, i int, t Terms) (Effects, error) {
	r, err := m.from(i, "renew", Expired, Revoked)
	if err != nil {
		return Effects{}, err
	}
	if r.Method() == Level2 && r.Phone == "" || now.After(r.Since.Add(t.Grace)) {
		return Effects{}, fmt.Errorf("message %s, recipient %d: %w: the grace is over, or no number is known", m.ID, i, ErrStep)
	}
	return m.seal(now, i, EventRenewed, nil, t)
}

// Purge settles every recipient whose grace is over. When that was the last one, the
// effects destroy the key.
func (m *Message) Purge(now time.Time, t Terms) (Effects, error) {
	var all Effects
	for _, i := range m.In(Cancelled, Expired, Revoked) {
		if now.Before(m.Recipients[i].Since.Add(t.Grace)) {
			continue
		}
		e, err := m.step(now, i, EventPurged, nil, Purged)
		if err != nil {
			return Effects{}, err
		}
		all.Add(e)
	}
	return all, nil
}

// ClassifyLater accepts a message whose verdict comes from a job.
func (m *Message) ClassifyLater(now time.Time) Effects {
	e := m.note(now, All, EventAccepted, nil)
	e.Jobs = append(e.Jobs, m.job(JobClassify, All, now))
	return e
}
