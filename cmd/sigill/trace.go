package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
	"sigill/internal/yamlfile"
)

type traceCmd struct {
	asJSON
	From  string `help:"Sender's address, whole."`
	To    string `help:"Recipient's address, whole."`
	Since string `help:"Only so far back, such as 2h or 7d." default:"7d"`
	ID    string `help:"One message."`
	Limit int    `help:"At most so many." default:"100"`
}

// traceRow is one message on its way, stored or not.
type traceRow struct {
	ID      message.ID        `json:"id"`
	At      time.Time         `json:"at"`
	From    string            `json:"from"`
	To      []string          `json:"to"`
	Verdict string            `json:"verdict"`
	Stored  bool              `json:"stored"`
	Reply   string            `json:"reply,omitempty"`
	TookMS  int64             `json:"took_ms"`
	Why     *message.Decision `json:"why,omitempty"`
}

func (c *traceCmd) Run(e *env) error {
	if c.ID != "" {
		return showMessage(e, c.ID, c.JSON)
	}
	q, err := c.query(time.Now())
	if err != nil {
		return err
	}
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		traces, err := s.FindTraces(ctx, q)
		if err != nil {
			return err
		}
		rows := make([]traceRow, 0, len(traces))
		for _, t := range traces {
			rows = append(rows, traceRowOf(t))
		}
		return list(e.out, c.JSON, []string{"MESSAGE", "AT", "FROM", "TO", "VERDICT", "WHERE", "MS"}, rows, func(r traceRow) []string {
			where := "passed on: " + r.Reply
			if r.Stored {
				where = "stored"
			}
			return []string{string(r.ID), stamp(r.At), r.From, strings.Join(r.To, " "), r.Verdict, where, fmt.Sprint(r.TookMS)}
		})
	})
}

func (c *traceCmd) query(now time.Time) (store.Query, error) {
	q := store.Query{Limit: c.Limit}
	back, err := yamlfile.ParseDuration(c.Since)
	if err != nil {
		return q, fmt.Errorf("--since: %w", err)
	}
	q.Since = now.Add(-time.Duration(back))
	if q.From, err = message.ParseAddress(c.From); err != nil {
		return q, fmt.Errorf("--from: %w", err)
	}
	if q.To, err = message.ParseAddress(c.To); err != nil {
		return q, fmt.Errorf("--to: %w", err)
	}
	return q, nil
}

func traceRowOf(t store.Trace) traceRow {
	r := traceRow{
		ID: t.ID, At: t.At, From: t.From.String(), Verdict: t.Verdict.String(), Stored: t.Stored,
		Reply: t.Reply, TookMS: t.Took.Milliseconds(), Why: t.Decision,
	}
	for _, a := range t.To {
		r.To = append(r.To, a.String())
	}
	return r
}

type reportCmd struct {
	asJSON
	Since string `help:"Only so far back, such as 7d." default:"7d"`
	Limit int    `help:"At most so many messages are read." default:"100000"`
}

// reportRow counts what one rule decided, or would have decided.
type reportRow struct {
	Rule     string `json:"rule"`
	Level    string `json:"level"`
	Enforced int    `json:"enforced"`
	Observed int    `json:"observed"`
}

// Run counts the verdicts of a time, by the rule that decided: what was enforced, and
// what observing would have done.
func (c *reportCmd) Run(e *env) error {
	back, err := yamlfile.ParseDuration(c.Since)
	if err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		q := store.Query{Since: time.Now().Add(-time.Duration(back)), Limit: c.Limit}
		traces, err := s.FindTraces(ctx, q)
		if err != nil {
			return err
		}
		stored, err := s.Find(ctx, q)
		if err != nil {
			return err
		}
		return list(e.out, c.JSON, []string{"RULE", "LEVEL", "ENFORCED", "OBSERVED ONLY"}, countRules(traces, stored), func(r reportRow) []string {
			return []string{r.Rule, r.Level, fmt.Sprint(r.Enforced), fmt.Sprint(r.Observed)}
		})
	})
}
