package policy

import (
	"slices"
	"strings"
	"time"

	"sigill/internal/classify"
	"sigill/internal/extract"
	"sigill/internal/message"
)

// maxFindings is how many findings of one message are kept; the rest adds nothing that a person would read.
const maxFindings = 100

// decision puts together what the rest of the gateway acts on.
func (e *evaluation) decision() message.Decision {
	d := message.Decision{
		Verdict: e.verdict, DecidedBy: e.decidedBy, Levels: e.levels, Observed: e.verdict, ObservedLevels: slices.Clone(e.levels), Subject: e.subject,
		Policy: e.p.id, Neutral: e.foundInSubject() || e.p.neutral, FileOnly: e.onlyInFiles(), Inform: e.inform(),
	}
	if len(e.in.Envelope.To) == 0 {
		d.Levels, d.ObservedLevels = nil, nil
	}
	for _, c := range e.ordered() {
		level := c.level
		if c.observe {
			level = message.Pass
		}
		for _, f := range e.found(c) {
			if len(d.Findings) == maxFindings {
				return d
			}
			d.Findings = append(d.Findings, message.Finding{
				Rule: f.Rule, Detector: f.Detector, Title: e.title(c, f.Detector).byLanguage(c.id), Confidence: f.Confidence, Where: f.Where, Count: f.Count,
				Masked: f.Masked, Level: level,
			})
		}
	}
	return d
}

// inform is who is told of the rules that protect the message, in the order of the findings.
func (e *evaluation) inform() []message.Inform {
	var out []message.Inform
	for _, c := range e.ordered() {
		if c.observe || len(c.notify) == 0 {
			continue
		}
		recipients := e.protects(c)
		if len(recipients) == 0 {
			continue
		}
		for _, a := range c.notify {
			k := slices.IndexFunc(out, func(in message.Inform) bool { return in.To.Key() == a.Key() })
			if k < 0 {
				k, out = len(out), append(out, message.Inform{To: a})
			}
			in := &out[k]
			if !slices.Contains(in.Rules, c.id) {
				in.Rules = append(in.Rules, c.id)
			}
			in.Recipients = append(in.Recipients, recipients...)
			slices.Sort(in.Recipients)
			in.Recipients = slices.Compact(in.Recipients)
		}
	}
	return out
}

// protects lists the recipients for whom a cause holds and who get protected mail.
func (e *evaluation) protects(c *cause) []int {
	var out []int
	for i, level := range e.levels {
		if level > message.Pass && c.holdsFor(i) {
			out = append(out, i)
		}
	}
	return out
}

// ordered is all causes, the deciding one first, those that only observe last.
func (e *evaluation) ordered() []*cause {
	var first, rest, observed []*cause
	for i := range e.causes {
		c := &e.causes[i]
		switch {
		case c.observe:
			observed = append(observed, c)
		case c.id == e.decidedBy:
			first = append(first, c)
		default:
			rest = append(rest, c)
		}
	}
	if e.decidedBy == "recipients.min" {
		first = append(first, &cause{id: e.decidedBy, kind: causeRecipient, title: builtinTitle(e.decidedBy), level: e.verdict, where: []string{"message"}})
	}
	return slices.Concat(first, rest, observed)
}

// title is that of the cause, else of the detector.
func (e *evaluation) title(c *cause, detector string) titles {
	if len(c.title) > 0 {
		return c.title
	}
	return e.p.detectors[detector]
}

// found turns a cause into findings, one for each detector and place. A value that was already found in an earlier place
// is not told again.
func (e *evaluation) found(c *cause) []Found {
	if len(c.evidence) == 0 {
		var out []Found
		for _, where := range c.where {
			out = append(out, Found{Rule: c.id, Title: e.localTitle(c, ""), Where: e.hide(where), Count: 1, Context: c.context, Level: c.level})
		}
		return out
	}
	type place struct {
		detector string
		segment  int
	}
	at := map[place]int{}
	seen := map[[2]string]bool{}
	var out []Found
	for _, i := range c.evidence {
		h := &e.scanned.Hits[i]
		if value := [2]string{h.Detector, h.Value}; seen[value] {
			continue
		} else {
			seen[value] = true
		}
		k := place{h.Detector, h.Segment}
		if j, ok := at[k]; ok {
			out[j].Count++
			continue
		}
		at[k] = len(out)
		near := ""
		if len(out) < maxFindings {
			near = e.near(h)
		}
		out = append(out, Found{
			Rule: c.id, Detector: h.Detector, Title: e.localTitle(c, h.Detector), Confidence: h.Confidence.String(), Where: e.where(h.Segment), Count: 1,
			Masked: h.Masked, Context: h.Context, Near: near, Level: c.level,
		})
	}
	return out
}

func (e *evaluation) localTitle(c *cause, detector string) string {
	t := e.title(c, detector).byLanguage(c.id)
	return message.Finding{Rule: c.id, Title: t}.TitleIn(e.p.locale)
}

// where is the address of a segment, without what was found in the names of files.
func (e *evaluation) where(segment int) string { return e.hide(e.in.Content.Segments[segment].Where) }

func (e *evaluation) hide(where string) string {
	for i := 0; i+1 < len(e.names); i += 2 {
		where = strings.ReplaceAll(where, e.names[i], e.names[i+1])
	}
	return where
}

// redacted masks in the subject what was found in it. A value that a trigger word cut apart is no longer seen there, so that
// nothing of the subject is left then.
func (e *evaluation) redacted(subject string) string {
	var found []*classify.Hit
	whole := subject
	for i := range e.scanned.Hits {
		if e.hiddenInSubject(i) {
			found = append(found, &e.scanned.Hits[i])
		}
	}
	slices.SortStableFunc(found, func(a, b *classify.Hit) int { return (b.End - b.Start) - (a.End - a.Start) })
	for _, h := range found {
		value := e.in.Content.Segments[h.Segment].Text[h.Start:h.End]
		if !strings.Contains(whole, value) && strings.Contains(e.in.Content.Header.Subject, value) {
			return ""
		}
		subject = strings.ReplaceAll(subject, value, h.Masked)
	}
	return subject
}

// hiddenInSubject says whether a hit stands in the subject and must not stand in clear there.
func (e *evaluation) hiddenInSubject(i int) bool {
	h := &e.scanned.Hits[i]
	return e.inSubject(i) && (h.Confidence >= classify.Medium && e.p.lowest[h.Detector].asked && !e.p.lowest[h.Detector].words ||
		slices.ContainsFunc(e.causes, func(c cause) bool { return slices.Contains(c.evidence, i) }))
}

// foundInSubject says whether the subject holds something that must not stand in clear: what made a rule hold, or any
// value that a detector of a rule is fairly sure of. Words alone count only when they made a rule hold.
func (e *evaluation) foundInSubject() bool {
	for i := range e.scanned.Hits {
		if e.hiddenInSubject(i) {
			return true
		}
	}
	return false
}

func (e *evaluation) inSubject(hit int) bool {
	return e.in.Content.Segments[e.scanned.Hits[hit].Segment].Kind == extract.Subject
}

// onlyInFiles says that everything that counts lies in attachments.
func (e *evaluation) onlyInFiles() bool {
	any := false
	for i := range e.causes {
		c := &e.causes[i]
		if c.observe {
			continue
		}
		any = true
		for _, h := range c.evidence {
			if e.in.Content.Segments[e.scanned.Hits[h].Segment].Attachment < 0 {
				return false
			}
		}
		if slices.ContainsFunc(c.where, func(w string) bool { return !strings.HasPrefix(w, "att[") }) {
			return false
		}
	}
	return any && e.decidedBy != "recipients.min"
}

// explanation puts together the whole record of work that began at start.
func (e *evaluation) explanation(start time.Time) *Explanation {
	x := &Explanation{
		Verdict: e.verdict, DecidedBy: e.decidedBy, Recipients: map[string]message.Level{}, Findings: []Found{}, Rejected: e.rejected(), Unscannable: []Unscannable{},
		Excepted: e.excepted, Limited: e.limited, AtLeast: slices.Concat(e.scanned.Capped, e.scanned.Weak), Policy: e.p.id,
	}
	for i, to := range e.in.Envelope.To {
		x.Recipients[to.Address.String()] = max(x.Recipients[to.Address.String()], e.levels[i])
	}
	for _, c := range e.ordered() {
		if c.observe {
			x.Observed = append(x.Observed, e.found(c)...)
			continue
		}
		x.Findings = append(x.Findings, e.found(c)...)
	}
	for _, in := range e.inform() {
		x.Notify = append(x.Notify, in.To.String())
	}
	x.Findings = x.Findings[:min(len(x.Findings), maxFindings)]
	x.Observed = x.Observed[:min(len(x.Observed), maxFindings)]
	for _, u := range e.unread {
		if len(x.Unscannable) == maxFindings {
			break
		}
		o := e.outcome(u.Reason)
		x.Unscannable = append(x.Unscannable, Unscannable{
			Reason: string(u.Reason), Where: e.hide(u.Where), Detail: u.Detail, Level: message.Level(o.Level), NotifySender: o.NotifySender, //nolint:gosec // 0 to 2
		})
	}
	x.TookMS = float64(time.Since(start).Microseconds()) / 1000
	return x
}

// rejected lists candidates of detectors that rules ask for, and hits too weak for every rule.
func (e *evaluation) rejected() []Rejected {
	out := []Rejected{}
	for _, r := range e.scanned.Rejected {
		if e.p.lowest[r.Detector].asked && len(out) < maxFindings {
			out = append(out, Rejected{Detector: r.Detector, Masked: r.Masked, Where: e.where(r.Segment), Why: r.Why})
		}
	}
	for i := range e.scanned.Hits {
		h := &e.scanned.Hits[i]
		if use := e.p.lowest[h.Detector]; use.asked && h.Confidence < use.minimum && len(out) < maxFindings {
			out = append(out, Rejected{Detector: h.Detector, Masked: h.Masked, Where: e.where(h.Segment), Why: "confidence " + h.Confidence.String()})
		}
	}
	return out
}

// asked says how rules use a detector.
type asked struct {
	asked   bool
	words   bool                // it finds words, not values
	minimum classify.Confidence // the lowest that any rule takes
}

// uses notes how the rules use each detector.
func (c *compiler) uses() {
	c.p.lowest = map[string]asked{}
	words := map[string]bool{}
	for i := range c.detectors {
		d := &c.detectors[i]
		words[d.ID] = len(d.Words) > 0 || len(d.Groups) > 0
	}
	for i := range c.p.rules {
		c.p.rules[i].when.uses(func(id string, least classify.Confidence) {
			u, ok := c.p.lowest[id]
			if !ok || least < u.minimum {
				u.minimum = least
			}
			u.asked, u.words = true, words[id]
			c.p.lowest[id] = u
		})
	}
}

func (x *condition) uses(f func(id string, least classify.Confidence)) {
	for _, id := range x.detectors {
		f(id, x.minimum)
	}
	for _, subs := range [][]condition{x.all, x.any, x.not} {
		for i := range subs {
			subs[i].uses(f)
		}
	}
}
