package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
	"time"
)

type holdCmd struct {
	List    holdListCmd    `cmd:"" help:"List the messages that wait for a number."`
	Show    holdShowCmd    `cmd:"" help:"Show one message."`
	Release holdReleaseCmd `cmd:"" help:"Send the held recipients' copies as ordinary mail: it is not sensitive."`
	Drop    holdDropCmd    `cmd:"" help:"Do not send to the held recipients. It can be taken back within the grace."`
}

type holdListCmd struct {
	asJSON
	Limit int `help:"At most so many." default:"100"`
}

type holdRow struct {
	ID      message.ID `json:"id"`
	From    string     `json:"from"`
	Waiting int        `json:"waiting"`
	Since   time.Time  `json:"since"`
	Until   time.Time  `json:"until"`
}

func (c *holdListCmd) Run(e *env) error {
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		held, err := s.Find(ctx, store.Query{States: []message.State{message.Held}, Limit: c.Limit})
		if err != nil {
			return err
		}
		rows := make([]holdRow, 0, len(held))
		for _, m := range held {
			in := m.In(message.Held)
			if len(in) == 0 {
				continue
			}
			first := m.Recipients[in[0]]
			rows = append(rows, holdRow{m.ID, m.Person.String(), len(in), first.Since, first.Expires})
		}
		return list(e.out, c.JSON, []string{"MESSAGE", "SENDER", "WAITING", "SINCE", "UNTIL"}, rows, func(r holdRow) []string {
			return []string{string(r.ID), r.From, strconv.Itoa(r.Waiting), stamp(r.Since), stamp(r.Until)}
		})
	})
}

type holdShowCmd struct {
	asJSON
	ID string `arg:"" help:"Message id."`
}

func (c *holdShowCmd) Run(e *env) error { return showMessage(e, c.ID, c.JSON) }

type holdReleaseCmd struct {
	ID        string `arg:"" help:"Message id."`
	Recipient int    `help:"Only this recipient, as hold show numbers them." default:"-1"`
	Why       string `help:"The reason, kept with the message." required:""`
}

func (c *holdReleaseCmd) Run(e *env) error {
	return eachHeld(e, c.ID, c.Recipient, "released", func(m *message.Message, i int, _ message.Terms) (message.Effects, error) {
		return m.Release(time.Now(), i, c.Why)
	})
}

type holdDropCmd struct {
	ID        string `arg:"" help:"Message id."`
	Recipient int    `help:"Only this recipient, as hold show numbers them." default:"-1"`
}

func (c *holdDropCmd) Run(e *env) error {
	return eachHeld(e, c.ID, c.Recipient, "dropped", func(m *message.Message, i int, t message.Terms) (message.Effects, error) {
		return m.Cancel(time.Now(), i, message.EventDropped, t)
	})
}

// eachHeld runs a step for every held recipient, or for one.
func eachHeld(e *env, rawID string, only int, done string, step func(*message.Message, int, message.Terms) (message.Effects, error)) error {
	id, err := message.ParseID(rawID)
	if err != nil {
		return err
	}
	return withStore(e, func(ctx context.Context, cfg *config.Config, s store.Store) error {
		n := 0
		err := s.Update(ctx, id, func(m *message.Message) (store.Effects, error) {
			var all message.Effects
			n = 0
			for _, i := range m.In(message.Held) {
				if only >= 0 && i != only {
					continue
				}
				one, err := step(m, i, app.Terms(cfg))
				if err != nil {
					return store.Effects{}, err
				}
				all.Add(one)
				n++
			}
			return store.Effects{Effects: all}, nil
		})
		switch {
		case errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("there is no message %s", id)
		case err != nil:
			return err
		case n == 0:
			_, _ = fmt.Fprintln(e.err, "nobody is held in this message")
			return errNo
		}
		_, err = fmt.Fprintf(e.out, "%d %s\n", n, done)
		return err
	})
}
