package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/internal/store"
)

type reportCmd struct {
	asJSON
	Since ageArg   `help:"Only so far back, such as 7d." default:"7d" placeholder:"TIME"`
	Limit countArg `help:"At most so many messages are read." default:"100000"`
}

// reportRow counts what one rule decided, or would have decided.
type reportRow struct {
	Rule     string `json:"rule"`
	Level    string `json:"level"`
	Enforced int    `json:"enforced"`
	Observed int    `json:"observed"`
}

// Run counts the verdicts of a time, by the rule that decided: what was enforced, and
// what enforcing would have done where the gateway, or the rule, only observes.
func (c *reportCmd) Run(e *env) error {
	return withStore(e, func(ctx context.Context, _ *config.Config, s store.Store) error {
		q := store.Query{Since: c.Since.before(time.Now()), Limit: int(c.Limit) + 1}
		traces, err := s.FindTraces(ctx, q)
		if err != nil {
			return err
		}
		stored, err := s.Find(ctx, q)
		if err != nil {
			return err
		}
		traces, moreTraces := first(traces, c.Limit)
		stored, moreStored := first(stored, c.Limit)
		if err := printReport(e, c.JSON, countRules(traces, stored)); err != nil {
			return err
		}
		noteMore(e, moreTraces || moreStored, c.Limit)
		return nil
	})
}

func printReport(e *env, asJSON bool, rows []reportRow) error {
	if !asJSON {
		rows = append(rows, totalOf(rows))
	}
	return list(e.out, asJSON, []string{"RULE", "LEVEL", "OUTCOME", "ENFORCED", "ONLY OBSERVED"}, rows, func(r reportRow) []string {
		return []string{r.Rule, r.Level, r.outcome(), strconv.Itoa(r.Enforced), strconv.Itoa(r.Observed)}
	})
}

// The names in the first column that are no rule's.
const (
	nothingFound = "(none)" // no rule decided
	total        = "total"
)

// totalOf adds up rows. Every message is enforced once, so that the sum is their number.
func totalOf(rows []reportRow) reportRow {
	sum := reportRow{Rule: total}
	for _, r := range rows {
		sum.Enforced += r.Enforced
		sum.Observed += r.Observed
	}
	return sum
}

// outcome is a level in words.
func (r reportRow) outcome() string {
	switch {
	case r.Rule == total && r.Observed > 0:
		return fmt.Sprintf("%d of %d would have been sealed or held", r.Observed, r.Enforced)
	case r.Rule == total:
		return fmt.Sprintf("%d messages", r.Enforced)
	case r.Level == message.Level1.String():
		return "sealed"
	case r.Level == message.Level2.String():
		return "sealed, or held for a number"
	}
	return "left as it came"
}

// tally counts by rule and level.
type tally map[[2]string]*reportRow

func (t tally) row(rule string, level message.Level) *reportRow {
	key := [2]string{rule, level.String()}
	if t[key] == nil {
		t[key] = &reportRow{Rule: rule, Level: level.String()}
	}
	return t[key]
}

// add counts one message: under what was done, and under what would have been, if that
// is more. A message without a decision passed.
func (t tally) add(d *message.Decision) {
	if d == nil {
		d = &message.Decision{}
	}
	rule := nothingFound
	if d.Verdict > message.Pass {
		rule = cmp.Or(d.DecidedBy, nothingFound)
	}
	t.row(rule, d.Verdict).Enforced++
	if d.Observed > d.Verdict {
		t.row(wouldDecide(d), d.Observed).Observed++
	}
}

// wouldDecide is the rule that observing kept from deciding: the deciding one when the
// whole gateway observes, and one that itself only observes when it would have gone higher.
func wouldDecide(d *message.Decision) string {
	var x policy.Explanation
	if json.Unmarshal(d.Explanation, &x) == nil && (d.DecidedBy == "" || x.Verdict < d.Observed) {
		for _, f := range x.Observed {
			if f.Level >= d.Observed {
				return f.Rule
			}
		}
	}
	return cmp.Or(d.DecidedBy, nothingFound)
}

// countRules counts messages by the rule that decided, or would have. A message that is
// stored is counted there, where its decision is.
func countRules(traces []store.Trace, stored []*message.Message) []reportRow {
	counts := tally{}
	for _, t := range traces {
		if !t.Stored {
			counts.add(t.Decision)
		}
	}
	for _, m := range stored {
		counts.add(&m.Decision)
	}
	rows := make([]reportRow, 0, len(counts))
	for _, r := range counts {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b reportRow) int {
		return cmp.Or(cmp.Compare(b.Enforced+b.Observed, a.Enforced+a.Observed), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Level, b.Level))
	})
	return rows
}
