package main

import (
	"cmp"
	"slices"

	"sigill/internal/message"
	"sigill/internal/store"
)

// nothingFound is the row of the messages that no rule decided about.
const nothingFound = "(none)"

// countRules counts messages by the rule that decided, or would have. A message that is
// stored is counted there, where its decision is.
func countRules(traces []store.Trace, stored []*message.Message) []reportRow {
	counts := map[[2]string]*reportRow{}
	add := func(d *message.Decision) {
		rule, level := nothingFound, message.Pass
		if d != nil {
			level = max(d.Verdict, d.Observed)
			if d.DecidedBy != "" {
				rule = d.DecidedBy
			}
		}
		key := [2]string{rule, level.String()}
		row := counts[key]
		if row == nil {
			row = &reportRow{Rule: rule, Level: level.String()}
			counts[key] = row
		}
		if d != nil && d.Observed > d.Verdict {
			row.Observed++
			return
		}
		row.Enforced++
	}
	for _, t := range traces {
		if !t.Stored {
			add(t.Decision)
		}
	}
	for _, m := range stored {
		add(&m.Decision)
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
