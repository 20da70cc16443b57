package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
)

type holdCmd struct {
	List    holdListCmd    `cmd:"" help:"List the messages that wait for a number, newest first."`
	Show    holdShowCmd    `cmd:"" help:"Show one message: recipients, states, why, what waits, what happened."`
	Release holdReleaseCmd `cmd:"" help:"Send the held recipients' copies as ordinary mail: it is not sensitive. The sender is mailed."`
	Drop    holdDropCmd    `cmd:"" help:"Do not send to the held recipients. The sender is mailed, and can take it back within the grace."`
}

type holdListCmd struct {
	asJSON
	Limit countArg `help:"At most so many." default:"100"`
}

type holdRow struct {
	ID        message.ID `json:"id"`
	Asked     string     `json:"asked"` // the person who gives numbers
	Waiting   []string   `json:"waiting"`
	DecidedBy string     `json:"decided_by"`
	Since     time.Time  `json:"since"`
	Until     time.Time  `json:"until"`
}

func (c *holdListCmd) Run(e *env) error {
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		held, err := s.Find(ctx, store.Query{States: []message.State{message.Held}, Limit: int(c.Limit) + 1})
		if err != nil {
			return err
		}
		held, more := first(held, c.Limit)
		rows := make([]holdRow, 0, len(held))
		for _, m := range held {
			if row, ok := holdRowOf(m); ok {
				rows = append(rows, row)
			}
		}
		err = list(e.out, c.JSON, []string{"MESSAGE", "ASKED", "WAITING", "RULE", "SINCE", "UNTIL"}, rows, func(r holdRow) []string {
			return []string{string(r.ID), r.Asked, several(r.Waiting), r.DecidedBy, stamp(r.Since), stamp(r.Until)}
		})
		if err == nil {
			noteMore(e, more, c.Limit)
		}
		return err
	})
}

func holdRowOf(m *message.Message) (holdRow, bool) {
	in := m.In(message.Held)
	if len(in) == 0 {
		return holdRow{}, false
	}
	first := m.Recipients[in[0]]
	row := holdRow{ID: m.ID, Asked: m.Person.String(), DecidedBy: m.Decision.DecidedBy, Since: first.Since.UTC(), Until: first.Expires.UTC()}
	for _, i := range in {
		row.Waiting = append(row.Waiting, m.Recipients[i].Address.String())
	}
	return row, true
}

type holdShowCmd struct {
	asJSON
	ID idArg `arg:"" help:"Message id."`
}

func (c *holdShowCmd) Run(e *env) error { return showMessage(e, message.ID(c.ID), c.JSON) }

// oneHold says which held recipients a decision is about.
type oneHold struct {
	ID        idArg     `arg:"" help:"Message id."`
	Recipient *indexArg `help:"Only this recipient, as hold show numbers them." placeholder:"N"`
}

type holdReleaseCmd struct {
	oneHold
	Why string `help:"The reason, kept with the message." placeholder:"TEXT"`
}

func (c *holdReleaseCmd) Run(e *env) error {
	return c.each(e, "released", message.RefReleasedByAdmin, func(m *message.Message, i int, _ message.Terms) (message.Effects, error) {
		return m.Release(time.Now(), i, c.Why)
	})
}

type holdDropCmd struct{ oneHold }

func (c *holdDropCmd) Run(e *env) error {
	return c.each(e, "dropped", message.RefDropped, func(m *message.Message, i int, t message.Terms) (message.Effects, error) {
		return m.Cancel(time.Now(), i, message.EventDropped, t)
	})
}

// holdStep ends the hold of one recipient.
type holdStep func(m *message.Message, i int, t message.Terms) (message.Effects, error)

// each runs a step for every held recipient, or for one, and has the person behind the
// message told.
func (c *oneHold) each(e *env, done, how string, step holdStep) error {
	id := message.ID(c.ID)
	return withStore(e, func(ctx context.Context, cfg *config.Config, s store.Store) error {
		n := 0
		err := s.Update(ctx, id, func(m *message.Message) (store.Effects, error) {
			which, err := c.which(m)
			if err != nil {
				return store.Effects{}, err
			}
			n = len(which)
			all, err := stepAll(m, which, app.Terms(cfg), step)
			all.Add(m.HoldEnded(time.Now(), how, which))
			return store.Effects{Effects: all}, err
		})
		switch {
		case errors.Is(err, store.ErrNotFound):
			return no("there is no message %s in the store", id)
		case err != nil:
			return err
		}
		_, err = fmt.Fprintf(e.out, "%d %s\n", n, done)
		return err
	})
}

// which are the recipients that a decision is about.
func (c *oneHold) which(m *message.Message) ([]int, error) {
	if c.Recipient == nil {
		held := m.In(message.Held)
		if len(held) == 0 {
			return nil, no("nobody is held in message %s", m.ID)
		}
		return held, nil
	}
	i := int(*c.Recipient)
	if i >= len(m.Recipients) {
		return nil, no("message %s has no recipient %d", m.ID, i)
	}
	if state := m.Recipients[i].State; state != message.Held {
		return nil, no("recipient %s of message %s is not held, but %s", strconv.Itoa(i), m.ID, state)
	}
	return []int{i}, nil
}

func stepAll(m *message.Message, which []int, t message.Terms, step holdStep) (message.Effects, error) {
	var all message.Effects
	for _, i := range which {
		one, err := step(m, i, t)
		if err != nil {
			return message.Effects{}, err
		}
		all.Add(one)
	}
	for i := range all.Events {
		sign(&all.Events[i])
	}
	return all, nil
}

// sign notes that an administrator did it, and leaves out a reason that was not given.
func sign(ev *message.Event) {
	detail := map[string]string{"by": "admin"}
	for k, v := range ev.Detail {
		if v != "" {
			detail[k] = v
		}
	}
	ev.Detail = detail
}
