package policy

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sigill/internal/classify"
	"sigill/internal/extract"
	"sigill/internal/extract/pdf"
	"sigill/internal/message"
	"sigill/internal/yamlfile"
)

// TestResult is the outcome of one test.
type TestResult struct {
	Name        string
	Pos         yamlfile.Pos
	Failures    []string     // empty when the test passed
	Explanation *Explanation // of the message, when there was one
}

// Passed says whether everything was as expected.
func (r *TestResult) Passed() bool { return len(r.Failures) == 0 }

func (r *TestResult) failf(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

// RunTests runs the tests of the policy and the examples of its detectors and of the packs it uses. Each is a real message
// that goes through the same code as live mail. now is the day on which the tests take place.
func (p *Policy) RunTests(ctx context.Context, now time.Time) []TestResult {
	return p.RunTestsOnce(ctx, now, map[string]bool{})
}

// RunTestsOnce is RunTests but for the examples of the packs named in done, to which it adds those that it ran: over
// several policies, each pack is tried once.
func (p *Policy) RunTestsOnce(ctx context.Context, now time.Time, done map[string]bool) []TestResult {
	results := p.RunOwnTests(ctx, now)
	for _, pk := range p.packs {
		if engine, err := pk.engine(); err == nil && !done[pk.name] {
			set := exampleSet{engine, pk.detectors}
			results = append(results, set.run(ctx, now)...)
		}
		done[pk.name] = true
	}
	return results
}

// RunOwnTests is RunTests without the examples of packs. These come with the program, and what they give cannot depend on
// the policy that uses them.
func (p *Policy) RunOwnTests(ctx context.Context, now time.Time) []TestResult {
	if p.written != nil {
		written, err := p.written()
		if err != nil {
			return []TestResult{{Name: "the policy with its own lists", Failures: []string{err.Error()}}}
		}
		p = written
	}
	var results []TestResult
	for i := range p.tests {
		results = append(results, p.runTest(ctx, &p.tests[i], now))
	}
	own := exampleSet{p.engine, p.own}
	return append(results, own.run(ctx, now)...)
}

func (p *Policy) runTest(ctx context.Context, t *testNode, now time.Time) TestResult {
	r := TestResult{Name: t.Name, Pos: t.Pos}
	in, err := p.testInput(ctx, t, now)
	if err != nil {
		r.failf("%v", err)
		return r
	}
	d, x, err := p.Evaluate(ctx, in)
	if err != nil {
		r.failf("%v", err)
		return r
	}
	r.Explanation = x
	t.Expect.compare(&r, &d, x)
	return r
}

// testInput is the message of a test, read as live mail is.
func (p *Policy) testInput(ctx context.Context, t *testNode, now time.Time) (Input, error) {
	env, err := t.envelope()
	if err != nil {
		return Input{}, err
	}
	raw, err := t.raw(p.read)
	if err != nil {
		return Input{}, err
	}
	content, err := extract.Parser{PDF: pdf.Default()}.Parse(ctx, bytes.NewReader(raw), p.limits) // the mail is the policy owner's
	if err != nil {
		return Input{}, fmt.Errorf("read the message: %w", err)
	}
	return Input{Envelope: env, Content: content, Size: int64(len(raw)), Now: now}, nil
}

// compare holds what came out against what is expected, naming everything that differs.
func (n *expectNode) compare(r *TestResult, d *message.Decision, x *Explanation) {
	if n.Verdict.Value != "" && n.Verdict.Value != d.Verdict.String() {
		r.failf("verdict is %s, expected %s", d.Verdict, n.Verdict.Value)
	}
	counts, findings := map[string]int{}, map[string]int{}
	observed := map[string]bool{}
	for _, f := range x.Observed {
		observed[f.Rule] = true
	}
	for _, f := range x.Findings {
		counts[f.Rule] += f.Count
		if f.Detector != "" {
			findings[f.Detector] = max(findings[f.Detector], counts[f.Rule])
		}
	}
	fired := slices.Sorted(maps.Keys(counts))
	compareRules(r, "rules", n.Rules, fired)
	compareRules(r, "observed rules", n.Observed, slices.Sorted(maps.Keys(observed)))
	for _, id := range n.NotRules {
		if _, ok := counts[id.Value]; ok || observed[id.Value] {
			r.failf("rule %s holds, expected it not to", id.Value)
		}
	}
	n.compareCounts(r, "rule", n.Count, counts)
	n.compareCounts(r, "detector", n.Findings, findings)
	for _, to := range slices.Sorted(maps.Keys(n.Recipients)) {
		if got, ok := x.Recipients[to]; !ok || got.String() != n.Recipients[to].Value {
			r.failf("recipient %s gets %s, expected %s", to, got, n.Recipients[to].Value)
		}
	}
	if n.Subject != nil && *n.Subject != d.Subject {
		r.failf("subject is %q, expected %q", d.Subject, *n.Subject)
	}
}

func compareRules(r *TestResult, what string, expected *texts, got []string) {
	if expected == nil {
		return
	}
	if want := slices.Sorted(slices.Values(expected.values())); !slices.Equal(got, want) {
		r.failf("%s are [%s], expected [%s]", what, strings.Join(got, " "), strings.Join(want, " "))
	}
}

func (n *expectNode) compareCounts(r *TestResult, what string, want, got map[string]int) {
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if got[id] != want[id] {
			r.failf("%s %s is found %d times, expected %d", what, id, got[id], want[id])
		}
	}
}

// exampleSet is detectors with examples of their own, on an engine of their own: what else the policy looks for must
// not change what a pack promises.
type exampleSet struct {
	engine    *classify.Engine
	detectors []detectorNode
}

// engine compiles the whole pack, whatever a policy uses of it.
func (p *pack) engine() (*classify.Engine, error) {
	c := compiler{p: &Policy{detectors: map[string]titles{}}, f: &file{}, lists: p.lists, detectors: p.detectors}
	c.engine()
	return c.p.engine, c.errs.Err()
}

func (s *exampleSet) run(ctx context.Context, now time.Time) []TestResult {
	var results []TestResult
	for i := range s.detectors {
		d := &s.detectors[i]
		if d.Tests == nil {
			continue
		}
		id := d.ID + d.Override // one of them is empty
		e := example{detector: id, least: classify.Medium}
		if d.Tests.Confidence != nil {
			e.least = *d.Tests.Confidence
		}
		e.found = true
		for j, x := range d.Tests.Match {
			results = append(results, s.example(ctx, fmt.Sprintf("%s match %d", id, j+1), e, x, now))
		}
		e.found = false
		for j, x := range d.Tests.Miss {
			results = append(results, s.example(ctx, fmt.Sprintf("%s miss %d", id, j+1), e, x, now))
		}
	}
	return results
}

// joint is taken out of an example, and of the text of a test, before it is used. It keeps keys and passwords that stand in examples from being taken
// for real ones by programs that search repositories.
const joint = "{+}"

// example says what a detector must find in a text, or must not.
type example struct {
	detector string
	least    classify.Confidence // what is less sure does not count
	found    bool
}

// example checks that a text holds, or does not hold, what a detector looks for.
func (s *exampleSet) example(ctx context.Context, name string, e example, x text, now time.Time) TestResult {
	r := TestResult{Name: name, Pos: x.Pos}
	t := testNode{Body: x.Value}
	raw, err := t.raw(nil)
	if err != nil {
		r.failf("%v", err)
		return r
	}
	content, err := extract.Parse(ctx, bytes.NewReader(raw), extract.DefaultLimits())
	if err != nil {
		r.failf("read the message: %v", err)
		return r
	}
	scanned, err := s.engine.Scan(ctx, content.Segments, now)
	if err != nil {
		r.failf("%v", err)
		return r
	}
	got := slices.ContainsFunc(scanned.Hits, func(h classify.Hit) bool { return h.Detector == e.detector && h.Confidence >= e.least })
	switch {
	case e.found && !got:
		r.failf("nothing found in %q%s", x.Value, whyNot(&scanned, e.detector))
	case got && !e.found:
		r.failf("found in %q", x.Value)
	}
	return r
}

// whyNot says what happened to the candidates of a detector.
func whyNot(scanned *classify.Result, detector string) string {
	for _, r := range scanned.Rejected {
		if r.Detector == detector {
			return ": rejected, " + r.Why
		}
	}
	for _, h := range scanned.Hits {
		if h.Detector == detector {
			return ": found, confidence " + h.Confidence.String()
		}
	}
	return ""
}
