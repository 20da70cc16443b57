package gateway

import (
	"context"
	"slices"
	"strings"
	"time"

	"sigill/internal/message"
	"sigill/internal/notify"
	"sigill/internal/relay"
	"sigill/internal/store"
)

// Pauses between tries to send one of our own mails.
const (
	minNoticePause = 15 * time.Second
	maxNoticePause = 30 * time.Minute
)

// Notify tells one recipient that a message is sealed for it.
func (g *Gateway) Notify(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	r, err := m.Recipient(j.Recipient)
	if err != nil {
		return message.Done(), err
	}
	again := j.Ref == message.RefAgain && r.State.Readable()
	if r.State != message.Sealed && !again {
		return message.Done(), nil
	}
	return g.notice(ctx, m, j, false)
}

// notice sends the notice, or the reminder, with a fresh link and writes the result.
func (g *Gateway) notice(ctx context.Context, m *message.Message, j message.Job, reminder bool) (message.Next, error) {
	url, forget, err := g.link(ctx, m.ID, j.Recipient)
	if err != nil {
		return message.Done(), err
	}
	compose, kind := g.o.Compose.Notice, "notice"
	if reminder {
		compose, kind = g.o.Compose.Reminder, "reminder"
	}
	mail, err := compose(m, j.Recipient, url, g.o.Now())
	if err != nil {
		return message.Done(), err
	}
	g.o.Fault("notice.before_send")
	out, err := g.deliver(ctx, kind, m, j.Recipient, mail)
	if err != nil {
		return message.Done(), err
	}
	g.o.Fault("notice.after_send")
	now := g.o.Now()
	tooLate := now.After(j.Since().Add(g.o.Terms.Queue))
	if out.Class == relay.Accepted {
		if !reminder && j.Ref != message.RefAgain {
			g.reportRelayed(ctx, m, j.Recipient)
		}
		return g.write(ctx, j, func(m *message.Message) (message.Effects, error) {
			return m.NoticeSent(now, j.Recipient, reminder)
		})
	}
	forget(ctx)
	if out.Class == relay.Permanent || tooLate {
		return g.write(ctx, j, func(m *message.Message) (message.Effects, error) {
			if m.Recipients[j.Recipient].State != message.Sealed { // an earlier notice arrived: this one is only missing
				return m.Note(now, j.Recipient, message.EventNoticeBounced, nil), nil
			}
			return m.NoticeFailed(now, j.Recipient, out.Reply().String())
		})
	}
	return message.RetryAt(now.Add(pause(j.Attempt, minNoticePause, maxNoticePause))), nil
}

// write runs a step and finishes the job in one transaction.
func (g *Gateway) write(ctx context.Context, j message.Job, step func(*message.Message) (message.Effects, error)) (message.Next, error) {
	err := g.o.Store.Update(ctx, j.Message, func(m *message.Message) (store.Effects, error) {
		e, err := step(m)
		return store.Effects{Effects: e, Done: &j}, err
	})
	return message.Finished(), err
}

// toPerson sends a mail to who is asked about a message, and runs the step when it left.
// A refusal for good ends the job: the person cannot be reached, and the hold's own
// clock goes on.
func (g *Gateway) toPerson(ctx context.Context, kind string, m *message.Message, j message.Job,
	compose func(url string) (notify.Mail, error), step func(*message.Message) (message.Effects, error),
) (message.Next, error) {
	url, forget, err := g.link(ctx, m.ID, message.All)
	if err != nil {
		return message.Done(), err
	}
	mail, err := compose(url)
	if err != nil {
		return message.Done(), err
	}
	out, err := g.deliver(ctx, kind, m, message.All, mail)
	if err != nil {
		return message.Done(), err
	}
	if out.Class == relay.Accepted {
		return g.write(ctx, j, step)
	}
	forget(ctx)
	if out.Class == relay.Permanent || g.o.Now().After(j.Since().Add(g.o.Terms.Queue)) {
		g.o.Log.Warn("the person behind a message cannot be reached", "msg", m.ID, "kind", kind, "code", out.Code)
		return message.Done(), nil
	}
	return message.RetryAt(g.o.Now().Add(pause(j.Attempt, minNoticePause, maxNoticePause))), nil
}

// AskPhone asks the person for the numbers that lack.
func (g *Gateway) AskPhone(ctx context.Context, j message.Job) (message.Next, error) {
	return g.ask(ctx, j, 0)
}

func (g *Gateway) ask(ctx context.Context, j message.Job, reminder int) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil || len(m.In(message.Held)) == 0 {
		return message.Done(), err
	}
	return g.toPerson(ctx, "ask_phone", m, j,
		func(url string) (notify.Mail, error) { return g.o.Compose.AskPhone(m, url, reminder, g.o.Now()) },
		func(m *message.Message) (message.Effects, error) { return m.Asked(g.o.Now()), nil })
}

// Confirm tells the person which numbers were set, with a way to undo.
func (g *Gateway) Confirm(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	set := stillSet(m, j.Ref)
	if len(set) == 0 {
		return message.Done(), nil
	}
	return g.toPerson(ctx, "confirm", m, j,
		func(url string) (notify.Mail, error) { return g.o.Compose.Confirm(m, set, url, g.o.Now()) },
		func(*message.Message) (message.Effects, error) { return message.Effects{}, nil })
}

// stillSet reads the recipients of a JobConfirm and keeps those whose number stands.
func stillSet(m *message.Message, ref string) []int {
	return slices.DeleteFunc(m.Indexed(ref), func(i int) bool { return !m.Recipients[i].Typed && !m.Recipients[i].ByMail })
}

// Remind repeats an unread notice before its end, or a hold that nobody answered.
func (g *Gateway) Remind(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	if j.Recipient == message.All {
		n := g.whichReminder(m, j)
		if n == 0 {
			return message.Done(), nil
		}
		return g.ask(ctx, j, n)
	}
	r, err := m.Recipient(j.Recipient)
	if err != nil {
		return message.Done(), err
	}
	early := g.o.Now().Before(r.Expires.Add(-g.o.Terms.Reminder))
	if r.State != message.Notified || r.Reminded || early {
		return message.Done(), nil
	}
	return g.notice(ctx, m, j, true)
}

// whichReminder counts the reminders of a hold from 1. It is 0 for a job of a hold that
// ended meanwhile: a later hold has reminders of its own.
func (g *Gateway) whichReminder(m *message.Message, j message.Job) int {
	for _, i := range m.In(message.Held) {
		for k, after := range g.o.Terms.HoldReminders {
			if m.Recipients[i].Since.Add(after).Sub(j.Since()).Abs() < time.Second {
				return k + 1
			}
		}
	}
	return 0
}

// Expire ends a link or a hold whose time is over.
func (g *Gateway) Expire(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	if early := g.early(j); early > 0 {
		return message.RetryAt(g.o.Now().Add(early)), nil
	}
	return gone(g.write(ctx, j, func(m *message.Message) (message.Effects, error) {
		if j.Recipient == message.All {
			return m.EndHold(g.o.Now(), g.o.Terms)
		}
		return m.Expire(g.o.Now(), j.Recipient, g.o.Terms)
	}))
}

// early says how long before its time a clock job was claimed: somebody hurried it, or
// the clock was set back.
func (g *Gateway) early(j message.Job) time.Duration { return j.Since().Sub(g.o.Now()) }

// Purge settles what is over for good; the last recipient takes the key with it.
func (g *Gateway) Purge(ctx context.Context, j message.Job) (message.Next, error) {
	if early := g.early(j); early > 0 {
		return message.RetryAt(g.o.Now().Add(early)), nil
	}
	return gone(g.write(ctx, j, func(m *message.Message) (message.Effects, error) {
		return m.Purge(g.o.Now(), g.o.Terms)
	}))
}

// Tell tells the person how a hold or a notice ended.
func (g *Gateway) Tell(ctx context.Context, j message.Job) (message.Next, error) {
	m, err := g.load(ctx, j)
	if m == nil {
		return message.Done(), err
	}
	nothing := func(*message.Message) (message.Effects, error) { return message.Effects{}, nil }
	if j.Recipient == message.All {
		compose := g.holdEnded(m, j.Ref)
		if compose == nil {
			return message.Done(), nil
		}
		return g.toPerson(ctx, "hold_ended", m, j, compose, nothing)
	}
	return g.toPerson(ctx, "notice_failed", m, j, func(url string) (notify.Mail, error) {
		return g.o.Compose.NoticeFailed(m, j.Recipient, url, g.o.Now())
	}, nothing)
}

// holdEnded chooses what the person is told of the end of a hold; nil when that is not so
// any more: it was taken back, or sealed on its way.
func (g *Gateway) holdEnded(m *message.Message, ref string) func(url string) (notify.Mail, error) {
	how, list, _ := strings.Cut(ref, ":")
	which := m.Indexed(list)
	if ref == "" { // written before a Ref said how
		which = m.In(message.Cancelled)
	}
	stand := []message.State{message.Cancelled, message.Purged} // purged at once, where there is no grace
	if how == message.RefReleased || how == message.RefReleasedByAdmin {
		stand = []message.State{message.Queued, message.Deferred, message.Delivered, message.Bounced}
	}
	which = slices.DeleteFunc(which, func(i int) bool { return !slices.Contains(stand, m.Recipients[i].State) })
	if len(which) == 0 {
		return nil
	}
	return func(url string) (notify.Mail, error) {
		switch how {
		case message.RefReleased, message.RefReleasedByAdmin:
			return g.o.Compose.Released(m, which, how == message.RefReleasedByAdmin, url, g.o.Now())
		case message.RefDropped:
			return g.o.Compose.HoldDropped(m, which, url, g.o.Now())
		}
		return g.o.Compose.HoldEnded(m, which, url, g.o.Now())
	}
}
