package policy

import (
	"maps"
	"slices"

	"sigill/internal/yamlfile"
)

// tests checks what the tests expect: a word that is not known would make a test pass for the wrong reason.
func (c *compiler) tests() {
	c.p.tests = c.f.Tests
	known := c.p.Rules()
	for _, r := range reasons {
		known = append(known, "unscannable."+string(r.reason))
	}
	known = append(known, "recipients.min")
	for i := range c.p.tests {
		t := &c.p.tests[i]
		t.To = c.listed(t.To)
		if t.Expect == nil || t.Expect.nothing() {
			c.errorf(t.Pos, "test %q expects nothing; add expect: {verdict: ...}", t.Name)
			continue
		}
		c.expect(t.Expect, known)
	}
}

func (n *expectNode) nothing() bool {
	return n.Verdict.Value == "" && n.Rules == nil && n.NotRules == nil && n.Observed == nil && n.Subject == nil && len(n.Findings)+len(n.Count)+len(n.Recipients) == 0
}

func (c *compiler) expect(n *expectNode, known []string) {
	observing := map[string]bool{}
	for i := range c.p.rules {
		observing[c.p.rules[i].id] = c.p.rules[i].observe
	}
	for _, list := range []*texts{n.Rules, &n.NotRules, n.Observed} {
		if list == nil {
			continue
		}
		*list = c.listed(*list)
		for _, id := range *list {
			switch {
			case !slices.Contains(known, id.Value):
				c.errorf(id.Pos, "there is no rule, trigger or label %q%s", id.Value, yamlfile.DidYouMean(id.Value, known))
			case list == n.Rules && observing[id.Value]:
				c.errorf(id.Pos, "rule %q only observes; name it under observed", id.Value)
			case list == n.Observed && !observing[id.Value]:
				c.errorf(id.Pos, "%q does not only observe; name it under rules", id.Value)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.Count)) {
		if !slices.Contains(known, id) {
			c.errorf(n.Pos, "count: there is no rule, trigger or label %q%s", id, yamlfile.DidYouMean(id, known))
		}
	}
	detectors := slices.Sorted(maps.Keys(c.p.detectors))
	for _, id := range slices.Sorted(maps.Keys(n.Findings)) {
		if !slices.Contains(detectors, id) {
			c.errorf(n.Pos, "findings: unknown detector %q%s", id, c.hint(id, detectors))
		}
	}
	c.expectLevels(n)
}

func (c *compiler) expectLevels(n *expectNode) {
	levels := []string{"pass", "level1", "level2"}
	if v := n.Verdict; v.said() && !slices.Contains(levels, v.Value) {
		c.errorf(v.Pos, "verdict %q: use pass, level1 or level2%s", v.Value, nearest(v.Value, levels))
	}
	for _, to := range slices.Sorted(maps.Keys(n.Recipients)) {
		if v := n.Recipients[to]; !slices.Contains(levels, v.Value) {
			c.errorf(v.Pos, "recipient %s: %q: use pass, level1 or level2%s", to, v.Value, nearest(v.Value, levels))
		}
	}
}
