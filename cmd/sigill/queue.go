package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
)

type queueCmd struct {
	List  queueListCmd  `cmd:"" help:"List the jobs that wait, soonest first."`
	Show  queueShowCmd  `cmd:"" help:"Show one message: recipients, states, what happened."`
	Retry queueRetryCmd `cmd:"" help:"Make the jobs of a message due at once."`
}

type queueListCmd struct {
	asJSON
	Limit int `help:"At most so many." default:"100"`
}

// jobRow is a job as commands print it.
type jobRow struct {
	Message   message.ID      `json:"message"`
	Kind      message.JobKind `json:"kind"`
	Recipient int             `json:"recipient"`
	Due       time.Time       `json:"due"`
	Attempt   int             `json:"attempt"`
}

func (c *queueListCmd) Run(e *env) error {
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		jobs, err := s.Waiting(ctx, "", c.Limit)
		if err != nil {
			return err
		}
		rows := make([]jobRow, 0, len(jobs))
		for _, j := range jobs {
			rows = append(rows, jobRow{j.Message, j.Kind, j.Recipient, j.RunAt, j.Attempt})
		}
		return list(e.out, c.JSON, []string{"MESSAGE", "STEP", "RECIPIENT", "DUE", "ATTEMPT"}, rows, func(r jobRow) []string {
			return []string{string(r.Message), string(r.Kind), whose(r.Recipient), stamp(r.Due), strconv.Itoa(r.Attempt)}
		})
	})
}

func whose(recipient int) string {
	if recipient == message.All {
		return "all"
	}
	return strconv.Itoa(recipient)
}

type queueShowCmd struct {
	asJSON
	ID string `arg:"" help:"Message id."`
}

func (c *queueShowCmd) Run(e *env) error { return showMessage(e, c.ID, c.JSON) }

type queueRetryCmd struct {
	ID   string `arg:"" help:"Message id."`
	Step string `help:"Only this kind of step, such as relay or notify; without it, everything that is on its way out."`
}

// outward are the steps that are tried again by themselves, and may be hurried; clocks
// such as expire and remind are not among them.
var outward = []message.JobKind{
	message.JobClassify, message.JobRelay, message.JobNotify, message.JobAskPhone, message.JobConfirm,
	message.JobSendCode, message.JobBounce, message.JobTell,
}

func (c *queueRetryCmd) Run(e *env) error {
	id, err := message.ParseID(c.ID)
	if err != nil {
		return err
	}
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		kinds := outward
		if c.Step != "" {
			kinds = []message.JobKind{message.JobKind(c.Step)}
		}
		n := 0
		for _, k := range kinds {
			one, err := s.Hurry(ctx, id, k)
			if err != nil {
				return err
			}
			n += one
		}
		if n == 0 {
			_, _ = fmt.Fprintln(e.err, "nothing waits for this message")
			return errNo
		}
		_, err = fmt.Fprintf(e.out, "%d due now\n", n)
		return err
	})
}

// messageView is a message as commands print it: no content, no subject.
type messageView struct {
	ID         message.ID      `json:"id"`
	Accepted   time.Time       `json:"accepted"`
	From       string          `json:"from"`
	Size       int64           `json:"size"`
	Verdict    string          `json:"verdict"`
	DecidedBy  string          `json:"decided_by"`
	Recipients []recipientView `json:"recipients"`
	Events     []message.Event `json:"events,omitempty"`
}

type recipientView struct {
	Index   int       `json:"index"`
	Address string    `json:"address"`
	Level   string    `json:"level"`
	State   string    `json:"state"`
	Since   time.Time `json:"since"`
	Reply   string    `json:"reply,omitempty"`
}

func viewOf(m *message.Message, events []message.Event) messageView {
	v := messageView{
		ID: m.ID, Accepted: m.Accepted, From: m.Envelope.From.String(), Size: m.Size,
		Verdict: m.Decision.Verdict.String(), DecidedBy: m.Decision.DecidedBy, Events: events,
	}
	for i := range m.Recipients {
		r := &m.Recipients[i]
		v.Recipients = append(v.Recipients, recipientView{i, r.Address.String(), r.Level.String(), r.State.String(), r.Since, r.Reply})
	}
	return v
}

func showMessage(e *env, rawID string, asJSON bool) error {
	id, err := message.ParseID(rawID)
	if err != nil {
		return err
	}
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		m, err := s.Message(ctx, id)
		if err != nil {
			return fmt.Errorf("message %s: %w", id, err)
		}
		events, err := s.Events(ctx, id)
		if err != nil {
			return err
		}
		v := viewOf(m, events)
		if asJSON {
			return list(e.out, true, nil, []messageView{v}, nil)
		}
		return v.print(e)
	})
}

func (v messageView) print(e *env) error {
	_, err := fmt.Fprintf(e.out, "%s  accepted %s, from <%s>, %d octets, %s %s\n\n", v.ID, stamp(v.Accepted), v.From, v.Size, v.Verdict, v.DecidedBy)
	if err != nil {
		return err
	}
	err = list(e.out, false, []string{"RECIPIENT", "ADDRESS", "LEVEL", "STATE", "SINCE", "REPLY"}, v.Recipients, func(r recipientView) []string {
		return []string{strconv.Itoa(r.Index), r.Address, r.Level, r.State, stamp(r.Since), r.Reply}
	})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(e.out) // the error comes with the table
	return list(e.out, false, []string{"AT", "RECIPIENT", "WHAT"}, v.Events, func(ev message.Event) []string {
		return []string{stamp(ev.At), whose(ev.Recipient), string(ev.Kind)}
	})
}
