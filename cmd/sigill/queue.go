package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
)

type queueCmd struct {
	List  queueListCmd  `cmd:"" help:"List what waits to go out, soonest first."`
	Show  queueShowCmd  `cmd:"" help:"Show one message: recipients, states, why, what waits, what happened."`
	Retry queueRetryCmd `cmd:"" help:"Make what waits for a message due at once."`
}

// outward are the steps that are tried again by themselves, and may be hurried; clocks
// such as expire and remind are not among them.
func outward() []message.JobKind {
	return []message.JobKind{
		message.JobClassify, message.JobRelay, message.JobNotify, message.JobAskPhone, message.JobConfirm,
		message.JobSendCode, message.JobBounce, message.JobTell, message.JobInform, message.JobAlarm,
	}
}

type queueListCmd struct {
	asJSON
	All   bool     `help:"Also the clocks of messages: remind, expire, delay, purge."`
	Limit countArg `help:"At most so many." default:"100"`
}

// allJobs is how many jobs are looked through for those that are asked for.
const allJobs = 1_000_000

// jobRow is a job as commands print it.
type jobRow struct {
	Message    message.ID      `json:"message"`
	Step       message.JobKind `json:"step"`
	From       string          `json:"from"`
	Recipient  *int            `json:"recipient,omitempty"` // index; none when the step is for all
	Recipients []string        `json:"to"`
	Due        time.Time       `json:"due"`
	Tries      int             `json:"tries"`
	Reply      string          `json:"reply,omitempty"` // the next hop's last
}

func (c *queueListCmd) Run(e *env) error {
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		jobs, err := s.Waiting(ctx, "", allJobs)
		if err != nil {
			return err
		}
		if !c.All {
			jobs = slices.DeleteFunc(jobs, func(j message.Job) bool { return !slices.Contains(outward(), j.Kind) })
		}
		jobs, more := first(jobs, c.Limit)
		rows, err := jobRows(ctx, s, jobs)
		if err != nil {
			return err
		}
		err = list(e.out, c.JSON, []string{"MESSAGE", "STEP", "FROM", "TO", "DUE", "TRIES", "LAST REPLY"}, rows, jobRow.cells)
		if err == nil {
			noteMore(e, more, c.Limit)
		}
		return err
	})
}

// jobRows adds to each job what its message says. A message that went meanwhile leaves
// its job alone.
func jobRows(ctx context.Context, s store.Store, jobs []message.Job) ([]jobRow, error) {
	rows := make([]jobRow, 0, len(jobs))
	known := map[message.ID]*message.Message{}
	for _, j := range jobs {
		m, ok := known[j.Message]
		if !ok {
			var err error
			if m, err = s.Message(ctx, j.Message); err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			known[j.Message] = m
		}
		rows = append(rows, jobRowOf(j, m))
	}
	return rows, nil
}

func jobRowOf(j message.Job, m *message.Message) jobRow {
	row := jobRow{Message: j.Message, Step: j.Kind, Due: j.RunAt.UTC(), Tries: j.Attempt}
	if j.Recipient != message.All {
		row.Recipient = &j.Recipient
	}
	if m == nil {
		return row
	}
	row.From = m.Envelope.From.String()
	for i := range m.Recipients {
		r := &m.Recipients[i]
		if i == j.Recipient || j.Recipient == message.All && concerns(j.Kind, r.State) {
			row.Recipients = append(row.Recipients, r.Address.String())
			if j.Kind == message.JobRelay {
				row.Reply = r.Reply
			}
		}
	}
	return row
}

// concerns says whether a step for the whole message is about a recipient in a state.
func concerns(k message.JobKind, s message.State) bool {
	switch k {
	case message.JobRelay:
		return s.Waiting()
	case message.JobAskPhone:
		return s == message.Held
	case message.JobAlarm, message.JobInform:
		return false
	}
	return true
}

func (r jobRow) cells() []string {
	return []string{string(r.Message), string(r.Step), sender(r.From), several(r.Recipients), stamp(r.Due), strconv.Itoa(r.Tries), r.Reply}
}

// sender is a MAIL FROM as people write it.
func sender(from string) string {
	if from == "" {
		return "<>"
	}
	return from
}

// several keeps a column narrow.
func several(to []string) string {
	if len(to) < 2 {
		return fmt.Sprint(append(to, "")[0])
	}
	return fmt.Sprintf("%s and %d more", to[0], len(to)-1)
}

type queueShowCmd struct {
	asJSON
	ID idArg `arg:"" help:"Message id."`
}

func (c *queueShowCmd) Run(e *env) error { return showMessage(e, message.ID(c.ID), c.JSON) }

type queueRetryCmd struct {
	ID   idArg    `arg:"" help:"Message id."`
	Step *stepArg `help:"Only this step, such as relay or notify; without it, everything that is on its way out." placeholder:"STEP"`
}

func (c *queueRetryCmd) Run(e *env) error {
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		id := message.ID(c.ID)
		if _, err := find(ctx, s, id); err != nil {
			return err
		}
		kinds := outward()
		if c.Step != nil {
			kinds = []message.JobKind{message.JobKind(*c.Step)}
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
			return no("nothing waits for message %s that could be hurried", id)
		}
		_, err := fmt.Fprintf(e.out, "%d due now\n", n)
		return err
	})
}

// find reads a message; that there is none is an answer.
func find(ctx context.Context, s store.Store, id message.ID) (*message.Message, error) {
	m, err := s.Message(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, no("there is no message %s in the store", id)
	}
	return m, err
}
