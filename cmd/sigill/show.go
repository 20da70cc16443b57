package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/internal/store"
)

// messageView is a message as commands print it: no content, no subject.
type messageView struct {
	ID         message.ID      `json:"id"`
	Accepted   time.Time       `json:"accepted"`
	From       string          `json:"from"`
	Asked      string          `json:"asked,omitempty"` // the person behind it
	Size       int64           `json:"size"`
	Verdict    string          `json:"verdict"`
	Observed   string          `json:"observed,omitempty"` // what enforcing would have made of it
	DecidedBy  string          `json:"decided_by"`
	Recipients []recipientView `json:"recipients"`
	Why        json.RawMessage `json:"why,omitempty"` // as check --json prints it
	Waiting    []jobRow        `json:"waiting,omitempty"`
	Events     []message.Event `json:"events,omitempty"`
}

type recipientView struct {
	Index   int       `json:"index"`
	Address string    `json:"address"`
	Level   string    `json:"level"`
	State   string    `json:"state"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero"` // the end of the hold, or of the link
	Tries   int       `json:"tries,omitempty"`
	Reply   string    `json:"reply,omitempty"`
}

func viewOf(m *message.Message) messageView {
	v := messageView{
		ID: m.ID, Accepted: m.Accepted.UTC(), From: m.Envelope.From.String(), Asked: m.Person.String(), Size: m.Size,
		Verdict: m.Decision.Verdict.String(), Observed: observed(&m.Decision), DecidedBy: m.Decision.DecidedBy, Why: m.Decision.Explanation,
	}
	for i := range m.Recipients {
		r := &m.Recipients[i]
		v.Recipients = append(v.Recipients, recipientView{
			i, r.Address.String(), r.Level.String(), r.State.String(), r.Since.UTC(), utc(r.Expires), r.Attempts, r.Reply,
		})
	}
	return v
}

// utc keeps the time that is none.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// observed is the level that only observing kept a message from, or "".
func observed(d *message.Decision) string {
	if d == nil || d.Observed <= d.Verdict {
		return ""
	}
	return d.Observed.String()
}

// showMessage prints everything about a stored message.
func showMessage(e *env, id message.ID, asJSON bool) error {
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		m, err := find(ctx, s, id)
		if err != nil {
			return err
		}
		return show(ctx, e, s, m, asJSON)
	})
}

func show(ctx context.Context, e *env, s store.Store, m *message.Message, asJSON bool) error {
	v := viewOf(m)
	jobs, err := s.Waiting(ctx, m.ID, allJobs)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		v.Waiting = append(v.Waiting, jobRowOf(j, m))
	}
	if v.Events, err = s.Events(ctx, m.ID); err != nil {
		return err
	}
	for i := range v.Events {
		v.Events[i].At = v.Events[i].At.UTC()
	}
	if asJSON {
		return list(e.out, true, nil, []messageView{v}, nil)
	}
	var b bytes.Buffer
	v.print(&b)
	_, err = b.WriteTo(e.out)
	return err
}

// print prints tables one below the other; a buffer takes everything.
func (v *messageView) print(b *bytes.Buffer) {
	fmt.Fprintf(b, "%s  accepted %s, from %s, %d octets, %s\n\n", v.ID, stamp(v.Accepted), sender(v.From), v.Size, verdict(v.Verdict, v.Observed))
	_ = list(b, false, []string{"RECIPIENT", "ADDRESS", "LEVEL", "STATE", "SINCE", "UNTIL", "LAST REPLY"}, v.Recipients, func(r recipientView) []string {
		return []string{strconv.Itoa(r.Index), r.Address, r.Level, r.State, stamp(r.Since), stamp(r.Until), r.Reply}
	})
	printWhy(b, v.Why)
	if len(v.Waiting) > 0 {
		b.WriteByte('\n')
		_ = list(b, false, []string{"WAITS", "RECIPIENT", "DUE", "TRIES"}, v.Waiting, func(r jobRow) []string {
			return []string{string(r.Step), whose(r.Recipient), stamp(r.Due), strconv.Itoa(r.Tries)}
		})
	}
	b.WriteByte('\n')
	_ = list(b, false, []string{"AT", "RECIPIENT", "WHAT", "MORE"}, v.Events, func(ev message.Event) []string {
		return []string{stamp(ev.At), whose(indexOf(ev.Recipient)), string(ev.Kind), details(ev.Detail)}
	})
}

// printWhy prints the explanation that is kept with a message, if there is one.
func printWhy(b *bytes.Buffer, raw json.RawMessage) {
	var x policy.Explanation
	if len(raw) == 0 || json.Unmarshal(raw, &x) != nil {
		return
	}
	b.WriteByte('\n')
	x.File = "policy"
	_ = writeExplanation(b, &x)
}

// verdict is what was done, and what would have been.
func verdict(was, observed string) string {
	if observed == "" {
		return was
	}
	return was + ", would be " + observed
}

func indexOf(recipient int) *int {
	if recipient == message.All {
		return nil
	}
	return &recipient
}

func whose(recipient *int) string {
	if recipient == nil {
		return "all"
	}
	return strconv.Itoa(*recipient)
}

func details(d map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(d)) {
		all = append(all, k+": "+d[k])
	}
	return strings.Join(all, ", ")
}
