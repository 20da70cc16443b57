package policy

import (
	"slices"
	"strings"

	"sigill/internal/classify"
	"sigill/internal/extract"

	"sigill/internal/message"
)

// view is a message as one rule sees it for one recipient.
type view struct {
	e         *evaluation
	excepted  map[int]bool
	recipient message.Address
	all       bool // only limits on hits leave anything unknown
}

// doubt says how a condition is answered that could turn out differently if everything had been read.
type doubt uint8

const (
	asFound  doubt = iota // by what was found
	surely                // yes only when nothing that was not read could change it
	possibly              // yes when something that was not read could make it so
)

// under is how the conditions under `not` are answered: what cannot be answered counts as not holding there.
func (d doubt) under() doubt {
	if d == surely {
		return possibly
	}
	return surely
}

// holds says whether a condition holds, and with which hits. window, when not nil, is all that may be counted.
func (v *view) holds(x *condition, window []int, d doubt) (bool, []int) {
	if !v.facts(x) {
		return false, nil
	}
	var evidence []int
	if x.detectors != nil {
		hits := v.hits(x, window)
		if !x.count.answer(v.count(hits, x.count.unique), d, v.complete(x)) {
			return false, nil
		}
		evidence = hits
	}
	if len(x.all) > 0 {
		ok, more := v.every(x, window, d)
		if !ok {
			return false, nil
		}
		evidence = append(evidence, more...)
	}
	if len(x.any) > 0 {
		ok, more := v.some(x.any, window, d)
		if !ok {
			return false, nil
		}
		evidence = append(evidence, more...)
	}
	for i := range x.not {
		if ok, _ := v.holds(&x.not[i], window, d.under()); ok {
			return false, nil
		}
	}
	return true, evidence
}

// answer says whether a count holds of which n were found.
func (c count) answer(n int, d doubt, complete bool) bool {
	switch {
	case complete || d == asFound:
		return c.holds(n)
	case d == surely:
		return n >= c.min && c.max == 0
	}
	return c.max == 0 || n <= c.max
}

// complete says that everything was read in which a condition looks, and every hit of its detectors is known.
func (v *view) complete(x *condition) bool {
	return (v.all || v.read(x)) && !v.e.capped(x)
}

// capped says whether there may be more hits than are known that a condition counts.
func (e *evaluation) capped(x *condition) bool {
	return slices.ContainsFunc(x.detectors, func(id string) bool {
		return slices.Contains(e.scanned.Capped, id) || x.minimum < classify.Medium && slices.Contains(e.scanned.Weak, id)
	})
}

// read says that everything was read in which a condition looks.
func (v *view) read(x *condition) bool {
	for _, u := range v.e.unread {
		where := kindBit(extract.Body)
		if strings.HasPrefix(u.Where, "att[") || strings.HasPrefix(u.Where, "reading[2]/att[") {
			where = kindBit(extract.AttachmentText)
		}
		if u.Reason != extract.UnknownType && u.Reason != extract.UnreadPicture && x.places()&where != 0 {
			return false
		}
	}
	return true
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
func (v *view) every(x *condition, window []int, d doubt) (bool, []int) {
	if x.within == 0 || window != nil {
		return v.together(x.all, window, d)
	}
	ids := map[string]bool{}
	for i := range x.all {
		x.all[i].detectorsIn(ids)
	}
	if len(ids) == 0 {
		return v.together(x.all, nil, d)
	}
	return v.anyWindow(x, ids, d)
}

func (v *view) together(all []condition, window []int, d doubt) (bool, []int) {
	var evidence []int
	for i := range all {
		ok, more := v.holds(&all[i], window, d)
		if !ok {
			return false, nil
		}
		evidence = append(evidence, more...)
	}
	return true, evidence
}

func (v *view) some(any []condition, window []int, d doubt) (bool, []int) {
	held := false
	var evidence []int
	for i := range any {
		if ok, more := v.holds(&any[i], window, d); ok {
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
func (v *view) anyWindow(x *condition, ids map[string]bool, d doubt) (bool, []int) {
	var hits []int
	for i := range v.e.scanned.Hits {
		if ids[v.e.scanned.Hits[i].Detector] && !v.excepted[i] {
			hits = append(hits, i)
		}
	}
	held, cut := false, len(hits) > maxWindows
	var evidence []int
	last := 0
	for i := range hits[:min(len(hits), maxWindows)] {
		first := &v.e.scanned.Hits[hits[i]]
		end := max(i, last)
		for end < len(hits) {
			h := &v.e.scanned.Hits[hits[end]]
			if h.Segment != first.Segment || h.To > first.At+x.within {
				break
			}
			if end-i >= maxInWindow {
				cut = true
				break
			}
			end++
		}
		if end == last && i > 0 && held { // nothing new came into view
			continue
		}
		last = end
		if ok, more := v.together(x.all, hits[i:end], d); ok {
			held = true
			evidence = append(evidence, more...)
		}
	}
	slices.Sort(evidence)
	return held || cut && d == possibly, slices.Compact(evidence)
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

// count counts unique values, or places. The text and the HTML of one message are the same places, what is quoted
// below says again what stands above, and so does a second reading of the message.
func (v *view) count(hits []int, unique bool) int {
	type key struct{ detector, value string }
	seen := map[key][6]int{} // places in text and in HTML, own and quoted, elsewhere, and in other readings of the mail
	for _, i := range hits {
		h := &v.e.scanned.Hits[i]
		k := key{h.Detector, h.Value}
		n := seen[k]
		n[v.version(h)]++
		seen[k] = n
	}
	if unique {
		return len(seen)
	}
	sum := 0
	for _, n := range seen {
		sum += max(max(n[0], n[1], n[2], n[3])+n[4], n[5])
	}
	return sum
}

// version says in which version of the message's text a hit stands.
func (v *view) version(h *classify.Hit) int {
	seg := &v.e.in.Content.Segments[h.Segment]
	n := 0
	switch {
	case strings.HasPrefix(seg.Where, "body/text"):
	case strings.HasPrefix(seg.Where, "body/html"):
		n = 1
	case strings.HasPrefix(seg.Where, "reading["):
		return 5
	default:
		return 4
	}
	if quoted(seg, h) {
		n += 2
	}
	return n
}
