package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/internal/store"
)

// decided is a decision by a rule, of which only the levels matter.
func decided(by string, verdict, observed message.Level) message.Decision {
	return message.Decision{DecidedBy: by, Verdict: verdict, Observed: observed}
}

// explained adds a record in which rules that only observe found something.
func explained(t *testing.T, d message.Decision, verdict message.Level, observed ...policy.Found) message.Decision {
	t.Helper()
	raw, err := json.Marshal(policy.Explanation{Verdict: verdict, DecidedBy: d.DecidedBy, Observed: observed})
	if err != nil {
		t.Fatal(err)
	}
	d.Explanation = raw
	return d
}

func TestCountRules(t *testing.T) {
	t.Parallel()
	const pass, one, two = message.Pass, message.Level1, message.Level2
	trial := func(level message.Level) policy.Found { return policy.Found{Rule: "trial", Level: level} }
	for name, c := range map[string]struct {
		passed []message.Decision // of traces; the zero one stands for none
		stored []message.Decision
		want   []reportRow
	}{
		"nothing": {want: []reportRow{}},
		"passed, and nothing found": {
			passed: []message.Decision{{}, {}},
			want:   []reportRow{{nothingFound, "pass", 2, 0}},
		},
		"enforced, the most first": {
			passed: []message.Decision{{}},
			stored: []message.Decision{decided("bsn", two, two), decided("bsn", two, two), decided("bsn", one, one), decided("card", one, one)},
			want:   []reportRow{{"bsn", "level2", 2, 0}, {nothingFound, "pass", 1, 0}, {"bsn", "level1", 1, 0}, {"card", "level1", 1, 0}},
		},
		"the gateway observes": {
			passed: []message.Decision{decided("bsn", pass, two), decided("bsn", pass, two), decided("card", pass, one)},
			want:   []reportRow{{nothingFound, "pass", 3, 0}, {"bsn", "level2", 0, 2}, {"card", "level1", 0, 1}},
		},
		"a rule observes, and nothing else holds": {
			passed: []message.Decision{explained(t, decided("", pass, one), pass, trial(one))},
			want:   []reportRow{{nothingFound, "pass", 1, 0}, {"trial", "level1", 0, 1}},
		},
		"a rule observes, and would go higher": {
			stored: []message.Decision{explained(t, decided("card", one, two), one, trial(one), trial(two))},
			want:   []reportRow{{"card", "level1", 1, 0}, {"trial", "level2", 0, 1}},
		},
		"a rule observes, and would change nothing": {
			stored: []message.Decision{explained(t, decided("card", one, one), one, trial(one))},
			want:   []reportRow{{"card", "level1", 1, 0}},
		},
		"gateway and rule observe": {
			passed: []message.Decision{explained(t, decided("bsn", pass, two), two, trial(two))},
			want:   []reportRow{{nothingFound, "pass", 1, 0}, {"bsn", "level2", 0, 1}},
		},
		"lifted for a journal: nothing was done": {
			passed: []message.Decision{decided("bsn", pass, pass)},
			want:   []reportRow{{nothingFound, "pass", 1, 0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			traces := []store.Trace{{Stored: true}} // counted where it is stored
			for i := range c.passed {
				d := &c.passed[i]
				if d.DecidedBy == "" && d.Observed == pass {
					d = nil
				}
				traces = append(traces, store.Trace{Decision: d})
			}
			var stored []*message.Message
			for _, d := range c.stored {
				stored = append(stored, &message.Message{Decision: d})
			}
			got := countRules(traces, stored)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if sum := totalOf(got); sum.Enforced != len(c.passed)+len(c.stored) {
				t.Errorf("%d messages in all", sum.Enforced)
			}
		})
	}
}
