package policy

import (
	"fmt"
	"slices"
	"strings"

	"sigill/internal/classify"
	"sigill/internal/extract"
	"sigill/internal/yamlfile"
)

// never refuses a condition that no message can fulfil: whoever wrote it meant something else.
// What a member of it says of itself is not said again: told means that something was.
func (c *compiler) never(pos yamlfile.Pos, x *condition, told bool) {
	contradiction := ""
	if !told {
		contradiction = x.contradicts()
	}
	for _, why := range []string{c.neverSure(x), c.neverMany(x), x.neverSize(), x.neverWithin(), contradiction, x.neverParty()} {
		if why != "" {
			c.errorf(pos, "the condition never holds: %s", why)
		}
	}
}

// neverSure says that no detector is ever as sure as is asked for.
func (c *compiler) neverSure(x *condition) string {
	best := classify.None
	for i := range c.detectors {
		if d := &c.detectors[i]; slices.Contains(x.detectors, d.ID) {
			best = max(best, d.surest())
		}
	}
	if len(x.detectors) == 0 || best >= x.minimum {
		return ""
	}
	return fmt.Sprintf("%s is never surer than %s, and %s is asked for", strings.Join(x.detectors, ", "), best, x.minimum)
}

// surest is the highest confidence that a detector can reach.
func (d *detectorNode) surest() classify.Confidence {
	best := classify.None
	switch {
	case len(d.Patterns) > 0:
	case d.Confidence != nil:
		best = *d.Confidence
	default:
		best = classify.High
	}
	for i := range d.Patterns {
		conf := classify.Medium
		if d.Patterns[i].Confidence != nil {
			conf = *d.Patterns[i].Confidence
		}
		best = max(best, conf)
	}
	raised := false
	for i := range d.Context {
		switch r := &d.Context[i]; {
		case r.Set != nil:
			best, raised = max(best, *r.Set), raised || *r.Set > classify.Low
		case r.Shift.Value > 0:
			best, raised = min(classify.High, best+classify.Confidence(min(r.Shift.Value, int(classify.High)))), true
		}
	}
	if raised && d.mayBetter() { // one step further than words take it
		best = min(classify.High, best+1)
	}
	return best
}

// mayBetter says whether a check of the detector may hold more surely than the format asks for.
func (d *detectorNode) mayBetter() bool {
	return slices.ContainsFunc(d.Validate, func(x text) bool {
		v, err := classify.LookupValidator(x.Value)
		return err == nil && v.MayBetter()
	})
}

// neverMany says that lists of words hold fewer different words than are asked for.
func (c *compiler) neverMany(x *condition) string {
	if !x.count.unique || len(x.detectors) == 0 {
		return ""
	}
	most := 0
	for i := range c.detectors {
		d := &c.detectors[i]
		if !slices.Contains(x.detectors, d.ID) {
			continue
		}
		if len(d.Words)+len(d.Groups) == 0 {
			return ""
		}
		most += len(c.words(d.Words)) + len(d.Groups)
	}
	if most >= x.count.min {
		return ""
	}
	return fmt.Sprintf("%d different words are asked for, and there are %d", x.count.min, most)
}

func (x *condition) neverSize() string {
	if x.size == nil || x.size.max == 0 || x.size.min <= x.size.max {
		return ""
	}
	return "min is above max"
}

// neverWithin says that members that must stand in one text are looked for in different ones.
func (x *condition) neverWithin() string {
	if x.within == 0 {
		return ""
	}
	shared := ^scope(0)
	for i := range x.all {
		if x.all[i].detectors != nil {
			shared &= x.all[i].places()
		}
	}
	if shared != 0 {
		return ""
	}
	return "its members are looked for in different places, and within asks for one"
}

// places are the kinds of text in which the condition may find something. A link lies in the body or in a document.
func (x *condition) places() scope {
	if x.scope&kindBit(extract.Href) != 0 {
		return x.scope | kindBit(extract.Body) | kindBit(extract.AttachmentText)
	}
	return x.scope
}

// neverParty says that every domain that is asked for is one of those that are ruled out.
func (x *condition) neverParty() string {
	for _, p := range []*party{x.sender, x.recipient} {
		if p == nil || len(p.domains) == 0 || !p.hasOutside {
			continue
		}
		out := func(d string) bool { return slices.ContainsFunc(p.outside, func(g string) bool { return glob(g, d) }) }
		if !slices.ContainsFunc(p.domains, func(d string) bool { return !out(d) }) {
			return "every domain is one of those that it must lie outside of"
		}
	}
	return ""
}
