package policy

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigill/internal/classify"
	"sigill/internal/yamlfile"
)

// defaultWindow is how many characters context words reach, each way, unless something else is said.
const defaultWindow = 300

// override lays the entries with `override` over the detectors of packs that they name.
func (c *compiler) override() {
	at := map[string]int{}
	changed := map[string]yamlfile.Pos{}
	var left []detectorNode
	for _, d := range c.detectors {
		if d.Override != "" {
			continue
		}
		if first, ok := at[d.ID]; ok {
			c.errorf(d.Pos, "detector %q is defined twice, first at %s", d.ID, left[first].Pos)
			continue
		}
		if d.ID == "" {
			c.errorf(d.Pos, "the detector has no id")
		}
		at[d.ID] = len(left)
		left = append(left, d)
	}
	for i := range c.detectors {
		d := &c.detectors[i]
		if d.Override == "" {
			continue
		}
		target, ok := at[d.Override]
		if !ok || d.ID != "" {
			c.errorf(d.Pos, "override %q: name a detector of a pack that is used, and give no id%s", d.Override, nearest(d.Override, slices.Sorted(maps.Keys(at))))
			continue
		}
		if first, ok := changed[d.Override]; ok {
			c.errorf(d.Pos, "detector %q is overridden twice, first at %s", d.Override, first)
			continue
		}
		changed[d.Override] = d.Pos
		left[target].overlay(d)
	}
	c.detectors = left
}

// nearest is what an error ends with when one of the known words was probably meant.
func nearest(word string, known []string) string {
	near, ok := yamlfile.Nearest(word, known)
	if !ok {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", near)
}

// overlay takes from o what it says. A new way to match replaces the old one whole.
func (d *detectorNode) overlay(o *detectorNode) {
	d.Pos = o.Pos
	if len(o.Patterns) > 0 || len(o.Words) > 0 || len(o.Groups) > 0 || o.ValidatorOnly.said() {
		d.Patterns, d.Words, d.Groups, d.ValidatorOnly = o.Patterns, o.Words, o.Groups, o.ValidatorOnly
	}
	if len(o.Title) > 0 {
		d.Title = o.Title
	}
	if o.Prefilter != nil {
		d.Prefilter = o.Prefilter
	}
	if o.Validate != nil {
		d.Validate = o.Validate
	}
	if o.Exclude != nil {
		d.Exclude = o.Exclude
	}
	if o.Context != nil {
		d.Context = o.Context
	}
	if o.Confidence != nil {
		d.Confidence = o.Confidence
	}
	if o.Fold != nil {
		d.Fold = o.Fold
	}
	for _, s := range []struct{ to, from *text }{{&d.Boundary, &o.Boundary}, {&d.Mask, &o.Mask}, {&d.Overlap, &o.Overlap}} {
		if s.from.said() {
			*s.to = *s.from
		}
	}
}

// engine compiles all detectors.
func (c *compiler) engine() {
	var all []classify.Detector
	for i := range c.detectors {
		d := &c.detectors[i]
		c.p.detectors[d.ID] = d.Title
		all = append(all, c.detector(d))
	}
	engine, err := classify.Compile(all)
	if err == nil {
		c.p.engine = engine
		return
	}
	for i := range all {
		c.faults(&c.detectors[i], &all[i])
	}
	if len(c.errs) == 0 {
		c.errs = append(c.errs, yamlfile.Error{Msg: err.Error()})
	}
}

// detector turns a node into what the engine takes.
func (c *compiler) detector(n *detectorNode) classify.Detector {
	d := classify.Detector{
		ID: n.ID, Finder: n.ValidatorOnly.Value, Prefilter: c.expand(n.Prefilter), Boundary: classify.Boundary(n.Boundary.Value), Validate: c.validators(n.Validate),
		Mask: classify.Mask(n.Mask.Value), Confidence: classify.Medium, Fold: n.Fold != nil && *n.Fold, Words: c.words(n.Words),
	}
	if len(n.Words) > 0 || n.ValidatorOnly.said() {
		d.Confidence = classify.High
	}
	if n.Confidence != nil {
		d.Confidence = *n.Confidence
	}
	for group, words := range n.Groups {
		if d.Groups == nil {
			d.Groups = map[string][]string{}
		}
		d.Groups[group] = c.words(words)
	}
	d.Overlap = c.overlap(n)
	for _, p := range n.Patterns {
		conf := classify.Medium
		if p.Confidence != nil {
			conf = *p.Confidence
		}
		d.Patterns = append(d.Patterns, classify.Pattern{Regex: p.Regex.Value, Value: p.Value.Value, Digits: p.Digits.Value, Separators: p.Separators, Confidence: conf})
	}
	if x := n.Exclude; x != nil {
		d.Exclude = classify.Exclude{
			Values: c.expand(x.Values), Regex: x.Regex.Value, Stopwords: c.expand(x.Stopwords), SameDigit: x.SameDigit, Sequence: x.Sequence,
		}
		if c.regex(x.LineRegex) != nil {
			d.Exclude.LineRegex = x.LineRegex.Value
		}
	}
	for i := range n.Context {
		d.Context = append(d.Context, c.context(&n.Context[i]))
	}
	return d
}

// overlap says whether hits may share their text with those of other detectors. Words may unless something else is said:
// two lists that hold the same word are not two readings of one number.
func (c *compiler) overlap(n *detectorNode) bool {
	switch n.Overlap.Value {
	case "allow":
		return true
	case "":
		return len(n.Words) > 0 || len(n.Groups) > 0
	case "one":
		return false
	}
	c.errorf(n.Overlap.Pos, "overlap %q: use allow or one", n.Overlap.Value)
	return false
}

func (c *compiler) words(w langWords) []string {
	var all []string
	for _, list := range w {
		for _, s := range c.expand(list) {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	slices.Sort(all)
	return all
}

func (c *compiler) context(n *contextNode) classify.Context {
	if (n.Set == nil) == !n.Shift.said() {
		c.errorf(n.Pos, "say either set or shift")
	}
	if n.Shift.said() && n.Shift.Value == 0 {
		c.errorf(n.Shift.Pos, "shift 0 changes nothing; write 1 or -1")
	}
	c.least("within", n.Within, 1)
	within := max(1, n.Within.or(c.f.Defaults.Window.or(defaultWindow)))
	return classify.Context{Near: c.expand(n.Near), Within: within, Side: classify.Side(n.Side.Value), Set: n.Set, Shift: n.Shift.Value}
}

// matching returns the detectors that ids, globs and lists name.
func (c *compiler) matching(names texts) []string {
	var known, ids []string
	for i := range c.detectors {
		known = append(known, c.detectors[i].ID)
	}
	for _, name := range c.listed(names) {
		found := false
		for _, id := range known {
			if ok, _ := path.Match(name.Value, id); ok {
				found = true
				ids = append(ids, id)
			}
		}
		if !found {
			c.errorf(name.Pos, "unknown detector %q%s", name.Value, c.hint(name.Value, known))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// hint says how an unknown detector may have been meant: as one of a pack that is not used, or as another word.
func (c *compiler) hint(name string, known []string) string {
	if near, ok := yamlfile.Nearest(name, known); ok {
		return yamlfile.DidYouMean(near, known)
	}
	prefix, _, _ := strings.Cut(name, ".")
	for _, pack := range PackNames() {
		p, err := readPack(pack)
		if err != nil {
			continue
		}
		for i := range p.detectors {
			if p.detectors[i].ID == name || strings.HasPrefix(p.detectors[i].ID, prefix+".") && pack == prefix {
				return "; is the pack in use: [" + pack + "]?"
			}
		}
	}
	return yamlfile.DidYouMean(name, known)
}
