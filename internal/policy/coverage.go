package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigill/internal/classify"
	"sigill/internal/message"
)

// Coverage is how the tests of a policy try one of its rules, triggers or labels.
type Coverage struct {
	Rule   string `json:"rule"`
	Fires  int    `json:"fires"`  // tests in which it holds
	Silent int    `json:"silent"` // tests that say that it must not hold
	Near   int    `json:"near"`   // of those, the ones that hold something of what it asks for
}

// Coverage counts, for each rule, trigger and label by name, the tests that try it. now is the day on which the tests
// take place.
func (p *Policy) Coverage(ctx context.Context, now time.Time) ([]Coverage, error) {
	var subjects []subject
	for i := range p.rules {
		subjects = append(subjects, p.rules[i].subject())
	}
	for i := range p.triggers {
		t := &p.triggers[i]
		subjects = append(subjects, subject{id: t.id, level: t.level, near: t.nearly})
	}
	for i := range p.labels {
		l := &p.labels[i]
		near := func(e *evaluation) bool { return e.in.Content.Header.Get(l.match.name) != "" }
		subjects = append(subjects, subject{id: l.id, level: l.level, near: near})
	}
	slices.SortFunc(subjects, func(a, b subject) int { return strings.Compare(a.id, b.id) })
	all := make([]Coverage, len(subjects))
	for i := range subjects {
		all[i].Rule = subjects[i].id
	}
	for i := range p.tests {
		e, err := p.tried(ctx, &p.tests[i], now)
		if err != nil {
			return nil, fmt.Errorf("test %q: %w", p.tests[i].Name, err)
		}
		for j := range subjects {
			all[j].count(&subjects[j], e, p.tests[i].Expect)
		}
	}
	return all, nil
}

// subject is what tests are to try.
type subject struct {
	id      string
	level   message.Level
	observe bool
	near    func(*evaluation) bool // the message holds something of what it asks for
}

func (r *rule) subject() subject {
	ids := map[string]bool{}
	r.when.detectorsIn(ids)
	near := func(e *evaluation) bool {
		return len(ids) == 0 ||
			slices.ContainsFunc(e.scanned.Hits, func(h classify.Hit) bool { return ids[h.Detector] }) ||
			slices.ContainsFunc(e.scanned.Rejected, func(x classify.Rejected) bool { return ids[x.Detector] })
	}
	return subject{id: r.id, level: r.level, observe: r.observe, near: near}
}

// nearly says that a trigger's word stands somewhere, in a form or place in which it asks for nothing.
func (t *trigger) nearly(e *evaluation) bool {
	for i := range e.in.Content.Segments {
		text := classify.Fold(e.in.Content.Segments[i].Text)
		if slices.ContainsFunc(t.words, func(w triggerWord) bool { return strings.Contains(text, w.text) }) {
			return true
		}
	}
	return false
}

// tried decides the message of a test.
func (p *Policy) tried(ctx context.Context, t *testNode, now time.Time) (*evaluation, error) {
	in, err := p.testInput(ctx, t, now)
	if err != nil {
		return nil, err
	}
	scanned, err := p.engine.Scan(ctx, in.Content.Segments, now)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	e := newEvaluation(p, &in, &scanned)
	e.run()
	return e, nil
}

func (c *Coverage) count(s *subject, e *evaluation, expected *expectNode) {
	switch {
	case slices.ContainsFunc(e.causes, func(x cause) bool { return x.id == s.id }):
		c.Fires++
	case expected.forbids(s):
		c.Silent++
		if s.near(e) {
			c.Near++
		}
	}
}

// forbids says whether a test says that a rule must not hold.
func (n *expectNode) forbids(s *subject) bool {
	switch {
	case n.NotRules.has(s.id):
		return true
	case s.observe:
		return n.Observed != nil && !n.Observed.has(s.id)
	case n.Rules != nil:
		return !n.Rules.has(s.id)
	}
	level, err := message.ParseLevel(n.Verdict.Value)
	return n.Verdict.Value != "" && err == nil && level < s.level
}
