package policy

import (
	"slices"
	"strings"

	"sigill/internal/message"
)

// view is a message as one rule sees it for one recipient.
type view struct {
	e         *evaluation
	excepted  map[int]bool
	recipient message.Address
}

// holds says whether a condition holds, and with which hits. window, when not nil, is all that may be counted.
func (v *view) holds(x *condition, window []int) (bool, []int) {
	if !v.facts(x) {
		return false, nil
	}
	var evidence []int
	if x.detectors != nil {
		hits := v.hits(x, window)
		if !x.count.holds(v.count(hits, x.count.unique)) {
			return false, nil
		}
		evidence = hits
	}
	if len(x.all) > 0 {
		ok, more := v.every(x, window)
		if !ok {
			return false, nil
		}
		evidence = append(evidence, more...)
	}
	if len(x.any) > 0 {
		ok, more := v.some(x.any, window)
		if !ok {
			return false, nil
		}
		evidence = append(evidence, more...)
	}
	for i := range x.not {
		if ok, _ := v.holds(&x.not[i], window); ok {
			return false, nil
		}
	}
	return true, evidence
}

// facts are the parts of a condition that no hit answers.
func (v *view) facts(x *condition) bool {
	in := v.e.in
	return (x.sender == nil || x.sender.holds(in.Envelope.From)) &&
		(x.recipient == nil || x.recipient.holds(v.recipient)) &&
		(x.header == nil || x.header.holds(in.Content.Header.Fields)) &&
		(x.attachment == nil || x.attachment.holds(in.Content.Attachments)) &&
		(x.size == nil || x.size.holds(in.Size))
}

// every says whether all members hold, inside one window when the condition asks for it.
func (v *view) every(x *condition, window []int) (bool, []int) {
	if x.within == 0 || window != nil {
		return v.together(x.all, window)
	}
	ids := map[string]bool{}
	for i := range x.all {
		x.all[i].detectorsIn(ids)
	}
	if len(ids) == 0 {
		return v.together(x.all, nil)
	}
	return v.anyWindow(x, ids)
}

func (v *view) together(all []condition, window []int) (bool, []int) {
	var evidence []int
	for i := range all {
		ok, more := v.holds(&all[i], window)
		if !ok {
			return false, nil
		}
		evidence = append(evidence, more...)
	}
	return true, evidence
}

func (v *view) some(any []condition, window []int) (bool, []int) {
	held := false
	var evidence []int
	for i := range any {
		if ok, more := v.holds(&any[i], window); ok {
			held = true
			evidence = append(evidence, more...)
		}
	}
	return held, evidence
}

// Bounds on windows, so that a message made of nothing but hits costs no more than its reading. A window with more hits
// than maxInWindow is cut into several.
const (
	maxWindows  = 20_000
	maxInWindow = 200
)

// anyWindow tries a window at every hit, within one segment.
func (v *view) anyWindow(x *condition, ids map[string]bool) (bool, []int) {
	var hits []int
	for i := range v.e.scanned.Hits {
		if ids[v.e.scanned.Hits[i].Detector] && !v.excepted[i] {
			hits = append(hits, i)
		}
	}
	held := false
	var evidence []int
	last := 0
	for i := range hits[:min(len(hits), maxWindows)] {
		first := &v.e.scanned.Hits[hits[i]]
		end := max(i, last)
		for end < len(hits) && end-i < maxInWindow {
			h := &v.e.scanned.Hits[hits[end]]
			if h.Segment != first.Segment || h.To > first.At+x.within {
				break
			}
			end++
		}
		if end == last && i > 0 && held { // nothing new came into view
			continue
		}
		last = end
		if ok, more := v.together(x.all, hits[i:end]); ok {
			held = true
			evidence = append(evidence, more...)
		}
	}
	slices.Sort(evidence)
	return held, slices.Compact(evidence)
}

// hits are those that a condition may count.
func (v *view) hits(x *condition, window []int) []int {
	var out []int
	add := func(i int) {
		h := &v.e.scanned.Hits[i]
		if h.Confidence >= x.minimum && !v.excepted[i] && v.e.inScope(x.scope, h) {
			out = append(out, i)
		}
	}
	if window == nil {
		for _, id := range x.detectors {
			for _, i := range v.e.byDetector[id] {
				add(i)
			}
		}
		return out
	}
	for _, i := range window {
		if _, ok := slices.BinarySearch(x.detectors, v.e.scanned.Hits[i].Detector); ok {
			add(i)
		}
	}
	return out
}

// count counts unique values, or places. The text and the HTML of one message are the same places.
func (v *view) count(hits []int, unique bool) int {
	type key struct{ detector, value string }
	seen := map[key][3]int{} // places in text, in HTML, elsewhere
	for _, i := range hits {
		h := &v.e.scanned.Hits[i]
		k := key{h.Detector, h.Value}
		n := seen[k]
		n[bodyPart(v.e.in.Content.Segments[h.Segment].Where)]++
		seen[k] = n
	}
	if unique {
		return len(seen)
	}
	sum := 0
	for _, n := range seen {
		sum += max(n[0], n[1]) + n[2]
	}
	return sum
}

func bodyPart(where string) int {
	switch {
	case strings.HasPrefix(where, "body/text"):
		return 0
	case strings.HasPrefix(where, "body/html"):
		return 1
	}
	return 2
}
