package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
)

type traceCmd struct {
	asJSON
	From  addressArg `help:"Sender's address, whole." placeholder:"ADDRESS"`
	To    addressArg `help:"Recipient's address, whole." placeholder:"ADDRESS"`
	Since ageArg     `help:"Only so far back, such as 2h or 7d." default:"7d" placeholder:"TIME"`
	ID    *idArg     `help:"All about one message; the other filters do not count." placeholder:"ID"`
	Limit countArg   `help:"At most so many." default:"100"`
}

// traceRow is one message on its way, stored or not.
type traceRow struct {
	ID       message.ID      `json:"id"`
	At       time.Time       `json:"at"`
	From     string          `json:"from"`
	To       []string        `json:"to"`
	Size     int64           `json:"size"`
	Verdict  string          `json:"verdict"`
	Observed string          `json:"observed,omitempty"` // what enforcing would have made of it
	Stored   bool            `json:"stored"`
	Reply    string          `json:"reply,omitempty"` // the next hop's
	TookMS   int64           `json:"took_ms"`
	Why      json.RawMessage `json:"why,omitempty"` // as check --json prints it
}

func (c *traceCmd) Run(e *env) error {
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		if c.ID != nil {
			return c.one(ctx, e, s, message.ID(*c.ID))
		}
		q := store.Query{From: c.From.Address, To: c.To.Address, Since: c.Since.before(time.Now()), Limit: int(c.Limit) + 1}
		traces, err := s.FindTraces(ctx, q)
		if err != nil {
			return err
		}
		traces, more := first(traces, c.Limit)
		rows := make([]traceRow, 0, len(traces))
		for _, t := range traces {
			rows = append(rows, traceRowOf(t))
		}
		err = list(e.out, c.JSON, []string{"MESSAGE", "AT", "FROM", "TO", "VERDICT", "MS", "WHAT BECAME OF IT"}, rows, traceRow.cells)
		if err == nil {
			noteMore(e, more, c.Limit)
		}
		return err
	})
}

// one prints what is known of one message: all if it is stored, else its trace.
func (c *traceCmd) one(ctx context.Context, e *env, s store.Store, id message.ID) error {
	m, err := s.Message(ctx, id)
	if err == nil {
		return show(ctx, e, s, m, c.JSON)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	traces, err := s.FindTraces(ctx, around(id))
	if err != nil {
		return err
	}
	for _, t := range traces {
		if t.ID == id {
			return traceRowOf(t).show(e, c.JSON)
		}
	}
	return no("there is no message %s", id)
}

// around is the moment at which a message came in, which its id holds.
func around(id message.ID) store.Query {
	return store.Query{Since: id.Time().Add(-time.Second), Until: id.Time().Add(time.Second), Limit: allJobs}
}

func traceRowOf(t store.Trace) traceRow {
	r := traceRow{
		ID: t.ID, At: t.At.UTC(), From: t.From.String(), Size: t.Size, Verdict: t.Verdict.String(), Stored: t.Stored,
		Reply: t.Reply, TookMS: t.Took.Milliseconds(),
	}
	if t.Observed > t.Verdict {
		r.Observed = t.Observed.String()
	}
	if t.Decision != nil {
		r.Why = t.Decision.Explanation
	}
	for _, a := range t.To {
		r.To = append(r.To, a.String())
	}
	return r
}

func (r traceRow) cells() []string {
	return []string{string(r.ID), stamp(r.At), sender(r.From), several(r.To), verdict(r.Verdict, r.Observed), strconv.FormatInt(r.TookMS, 10), r.outcome()}
}

func (r traceRow) outcome() string {
	if r.Stored {
		return "stored; trace --id shows it"
	}
	return "next hop: " + r.Reply
}

func (r traceRow) show(e *env, asJSON bool) error {
	if asJSON {
		return list(e.out, true, nil, []traceRow{r}, nil)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s  passed on %s, from %s, %d octets, %s\n", r.ID, stamp(r.At), sender(r.From), r.Size, verdict(r.Verdict, r.Observed))
	for _, to := range r.To {
		fmt.Fprintf(&b, "  to %s\n", to)
	}
	fmt.Fprintf(&b, "  %s, after %d ms\n", clean(r.outcome()), r.TookMS)
	printWhy(&b, r.Why)
	_, err := b.WriteTo(e.out)
	return err
}
