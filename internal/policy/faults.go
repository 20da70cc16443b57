package policy

import (
	"slices"

	"sigill/internal/classify"
	"sigill/internal/yamlfile"
)

// faults tries the parts of a detector that the engine may refuse, each beside nothing that is wrong, and names every one
// that is at its own place.
func (c *compiler) faults(n *detectorNode, d *classify.Detector) {
	known := len(c.errs)
	c.try(n.Pos, kindsOf(d))
	if d.Finder != "" {
		c.try(n.ValidatorOnly.Pos, classify.Detector{ID: d.ID, Finder: d.Finder})
	}
	c.try(n.Boundary.Pos, classify.Detector{ID: d.ID, Words: []string{"x"}, Boundary: d.Boundary})
	masked := classify.Detector{ID: d.ID, Mask: d.Mask, Words: []string{"x"}}
	if len(d.Words)+len(d.Groups) == 0 {
		masked.Words, masked.Patterns = nil, harmless(1)
	}
	c.try(n.Mask.Pos, masked)
	if n.Exclude != nil {
		c.try(n.Exclude.Regex.Pos, classify.Detector{ID: d.ID, Patterns: harmless(1), Exclude: classify.Exclude{Regex: d.Exclude.Regex}})
	}
	for i, w := range c.listed(n.Prefilter) {
		c.try(w.Pos, classify.Detector{ID: d.ID, Patterns: harmless(1), Prefilter: d.Prefilter[i : i+1]})
	}
	for i := range d.Patterns {
		c.faultyPattern(&n.Patterns[i], i, d)
	}
	for i := range d.Context {
		c.faultyContext(&n.Context[i], i, d)
	}
	if len(c.errs) == known {
		c.try(n.Pos, *d)
	}
}

// try compiles a detector alone, and says whether it can be.
func (c *compiler) try(pos yamlfile.Pos, d classify.Detector) bool {
	_, err := classify.Compile([]classify.Detector{d})
	if err != nil {
		c.errorf(pos, "%v", err)
	}
	return err == nil
}

// harmless are patterns that stand before the one that is tried, so that an error counts as the file does.
func harmless(n int) []classify.Pattern {
	return slices.Repeat([]classify.Pattern{{Regex: "x"}}, n)
}

// kindsOf is a detector that finds things in as many ways, of which none is wrong.
func kindsOf(d *classify.Detector) classify.Detector {
	out := classify.Detector{ID: d.ID, Patterns: harmless(min(1, len(d.Patterns)))}
	if len(d.Words) > 0 {
		out.Words = []string{"x"}
	}
	if len(d.Groups) > 0 {
		out.Groups = map[string][]string{"x": {"x"}}
	}
	if d.Finder != "" {
		out.Finder = "iban"
	}
	return out
}

func (c *compiler) faultyPattern(n *patternNode, i int, d *classify.Detector) {
	at := n.Pos
	switch {
	case n.Regex.said() && !n.Digits.said():
		at = n.Regex.Pos
	case n.Digits.said() && !n.Regex.said():
		at = n.Digits.Pos
	}
	p := d.Patterns[i]
	p.Value = 0
	if c.try(at, classify.Detector{ID: d.ID, Patterns: append(harmless(i), p)}) {
		c.try(n.Value.Pos, classify.Detector{ID: d.ID, Patterns: append(harmless(i), d.Patterns[i])})
	}
}

func (c *compiler) faultyContext(n *contextNode, i int, d *classify.Detector) {
	high := classify.High
	fine := slices.Repeat([]classify.Context{{Near: []string{"x"}, Within: 1, Set: &high}}, i)
	x := d.Context[i]
	x.Side = ""
	if c.try(n.Pos, classify.Detector{ID: d.ID, Words: []string{"x"}, Context: append(slices.Clone(fine), x)}) {
		c.try(n.Side.Pos, classify.Detector{ID: d.ID, Words: []string{"x"}, Context: append(fine, d.Context[i])})
	}
}
