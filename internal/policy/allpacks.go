package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigill/internal/classify"
)

// AllPacks writes the policy that uses every pack, with a rule for every detector and two tests for each rule: it shows
// what there is, and testing it tests all packs. now is the day on which the tests take place.
func AllPacks(ctx context.Context, now time.Time) ([]byte, error) {
	s := starter{now: now}
	s.add("# Every detector of every pack, each with a rule of its own: to look things up, to copy from, and to test all packs at once.\n" +
		"# It is no policy to use: it protects every invoice. This file is made of the packs by `make docs`.\n\n" +
		"version: 1\nname: All packs\nlocale: en\n\nuse:")
	for _, name := range PackNames() {
		s.add("  - %q", name)
	}
	people := gather(countries(), func(c country) []string { return c.people })
	s.add("\nrules:")
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			return nil, err
		}
		s.add("  # %s", name)
		for i := range p.detectors {
			d := &p.detectors[i]
			level, least := 1, ""
			if slices.Contains(people, d.ID) || name == "health" {
				level = 2
			}
			if d.surest() < classify.Medium {
				least = ", min_confidence: low"
			}
			s.add("  - {id: %s, when: {detector: %s%s}, level: %d}", d.ID, d.ID, least, level)
		}
	}
	return s.finish(ctx, s.allTests)
}

// allTests writes for each detector its first example that counts, and its first that does not, which comes near if one
// does.
func (s *starter) allTests(ctx context.Context, p *Policy) error {
	for _, name := range PackNames() {
		pk, err := readPack(name)
		if err != nil {
			return err
		}
		for i := range pk.detectors {
			if err := s.tryBoth(ctx, p, &pk.detectors[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *starter) tryBoth(ctx context.Context, p *Policy, d *detectorNode) error {
	if d.Tests == nil {
		return nil
	}
	body, _, err := s.firing(ctx, p, d.Tests.Match.values(), d.ID)
	if err != nil {
		return err
	}
	got, _, verdict, err := s.outcomeOf(ctx, p, &testNode{Body: body})
	if err != nil {
		return err
	}
	s.test(d.ID, testNode{Body: body}, fmt.Sprintf("{verdict: %s, rules: [%s]}", verdict, strings.Join(got, ", ")))
	other, err := s.silent(ctx, p, d.Tests.Miss.values(), d.ID, func(e *evaluation) bool {
		return !slices.ContainsFunc(e.causes, func(c cause) bool { return c.id == d.ID })
	})
	if err != nil {
		return err
	}
	s.test("not "+d.ID, testNode{Body: other}, fmt.Sprintf("{not_rules: [%s]}", d.ID))
	return nil
}
