package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigill/internal/classify"
	"sigill/internal/extract"
	"sigill/internal/message"
)

// Input is a message to decide.
type Input struct {
	Envelope message.Envelope
	Content  *extract.Content
	Size     int64     // octets of the wire form
	Now      time.Time // what "not in the future" and "expired" mean
	// VerifiedTLS says whether mail to an address is sure to go over verified TLS; nil means never. Exceptions with
	// transport: tls_verified hold only then.
	VerifiedTLS func(message.Address) bool
}

// Evaluate decides a message. The levels of the decision stand in the order of the envelope's recipients. An error means
// that nothing was decided (the context ended): the caller says "not now", never "clean".
func (p *Policy) Evaluate(ctx context.Context, in Input) (message.Decision, *Explanation, error) {
	start := time.Now()
	scanned, err := p.engine.Scan(ctx, in.Content.Segments, in.Now)
	if err != nil {
		return message.Decision{}, nil, fmt.Errorf("evaluate: %w", err)
	}
	e := newEvaluation(p, &in, &scanned)
	e.run()
	if err := ctx.Err(); err != nil {
		return message.Decision{}, nil, fmt.Errorf("evaluate: %w", err)
	}
	d, x := e.decision(), e.explanation(start)
	if d.Explanation, err = x.json(); err != nil {
		return message.Decision{}, nil, err
	}
	return d, x, nil
}

// evaluation is the work on one message.
type evaluation struct {
	p          *Policy
	in         *Input
	scanned    *classify.Result
	byDetector map[string][]int // indexes of hits
	unread     []extract.Unreadable
	beyond     []string // rules that might hold if more hits were known
	names      []string // per attachment name with hits: original, masked, original, masked, ...

	subject  string // without trigger words
	causes   []cause
	excepted []Excepted
	limited  []Limited

	recipients []message.Address
	levels     []message.Level
	verdict    message.Level
	decidedBy  string
}

// cause is one reason for a level: a rule that holds, a label, a trigger, something unreadable.
type cause struct {
	id       string
	kind     causeKind
	title    titles
	level    message.Level
	observe  bool
	all      bool   // holds for every recipient
	holds    []bool // by recipient, unless all
	evidence []int  // indexes of hits
	where    []string
	context  string
	notify   []message.Address
}

// causeKind orders causes of one level: what was found comes before what was asked for.
type causeKind uint8

const (
	causeRule causeKind = iota
	causeLabel
	causeTrigger
	causeUnscannable
	causeRecipient
)

func (c *cause) holdsFor(i int) bool { return c.all || c.holds[i] }

func newEvaluation(p *Policy, in *Input, scanned *classify.Result) *evaluation {
	e := &evaluation{p: p, in: in, scanned: scanned, byDetector: map[string][]int{}}
	for i := range scanned.Hits {
		h := &scanned.Hits[i]
		e.byDetector[h.Detector] = append(e.byDetector[h.Detector], i)
		if seg := &in.Content.Segments[h.Segment]; seg.Kind == extract.AttachmentName && h.End > h.Start {
			e.names = append(e.names, seg.Text[h.Start:h.End], h.Masked)
		}
	}
	e.unread = slices.Clone(in.Content.Unreadable)
	for _, i := range scanned.Incomplete {
		e.unread = append(e.unread, extract.Unreadable{Where: in.Content.Segments[i].Where, Reason: extract.TooMany, Detail: "more matches than are looked at"})
	}
	for _, to := range in.Envelope.To {
		e.recipients = append(e.recipients, to.Address)
	}
	if len(e.recipients) == 0 { // a message on its own: as if to somebody outside
		e.recipients = []message.Address{{}}
	}
	return e
}

func (e *evaluation) run() {
	for i := range e.p.rules {
		e.rule(&e.p.rules[i])
	}
	for _, id := range e.beyond {
		e.unread = append(e.unread, extract.Unreadable{Where: "message", Reason: extract.TooMany, Detail: "more found than is counted: " + id})
	}
	for i := range e.p.labels {
		l := &e.p.labels[i]
		if l.match.holds(e.in.Content.Header.Fields) {
			e.causes = append(e.causes, cause{id: l.id, kind: causeLabel, title: l.title, level: l.level, all: true, where: []string{"header"}})
		}
	}
	var found []triggered
	found, e.subject = e.p.trigger(e.in.Content.Header.Subject)
	for _, f := range found {
		e.causes = append(e.causes, cause{
			id: f.t.id, kind: causeTrigger, title: f.t.title, level: f.t.level, all: true, where: []string{"subject"}, context: strings.Join(f.words, " "),
		})
	}
	if e.p.redact {
		e.subject = e.redacted(e.subject)
	}
	e.unreadable()
	e.settle()
}

// rule evaluates a rule, for each recipient where it matters, and notes what exceptions do to it.
func (e *evaluation) rule(r *rule) {
	v := view{e: e, excepted: e.exceptedHits(r)}
	c := cause{id: r.id, kind: causeRule, title: r.title, level: r.level, observe: r.observe, notify: r.notify, holds: make([]bool, len(e.recipients))}
	any := false
	for i := range e.recipients {
		if i > 0 && !r.when.perRecipient {
			c.holds[i] = c.holds[0]
			continue
		}
		v.recipient = e.recipients[i]
		ok, evidence := v.holds(&r.when, nil, asFound)
		c.holds[i] = ok
		if ok {
			c.evidence = append(c.evidence, evidence...)
		}
		e.notKnown(r, &v, i, ok)
	}
	for i := range e.recipients {
		if c.holds[i] && e.lifted(r, i) {
			c.holds[i] = false
		}
		any = any || c.holds[i]
	}
	if !any {
		return
	}
	slices.Sort(c.evidence)
	c.evidence = slices.Compact(c.evidence)
	if len(c.evidence) == 0 {
		c.where = []string{e.place(&r.when)}
	}
	e.causes = append(e.causes, c)
}

// notKnown notes a rule that does not hold for recipient i, but might if every hit was known.
func (e *evaluation) notKnown(r *rule, v *view, i int, holds bool) {
	if holds || r.observe || len(e.scanned.Hits) < maxInWindow || slices.Contains(e.beyond, r.id) {
		return
	}
	known := view{e: e, excepted: v.excepted, recipient: v.recipient, all: true}
	if could, _ := known.holds(&r.when, nil, possibly); could && !e.lifted(r, i) {
		e.beyond = append(e.beyond, r.id)
	}
}

// place is where a rule without hits found what it asks for.
func (e *evaluation) place(x *condition) string {
	if x.attachment != nil {
		for i := range e.in.Content.Attachments {
			if a := &e.in.Content.Attachments[i]; x.attachment.one(a) {
				return a.Where
			}
		}
	}
	for i := range x.all {
		if w := e.place(&x.all[i]); w != "message" {
			return w
		}
	}
	return "message"
}

// exceptedHits are the hits that exceptions take away from a rule.
func (e *evaluation) exceptedHits(r *rule) map[int]bool {
	var out map[int]bool
	for i := range e.p.exceptions {
		x := &e.p.exceptions[i]
		if !x.byHit() || !x.applies(r.id, e.in) {
			continue
		}
		for j := range e.scanned.Hits {
			if h := &e.scanned.Hits[j]; e.asksFor(r, h.Detector) && e.excepts(x, h) {
				if out == nil {
					out = map[int]bool{}
				}
				out[j] = true
				e.note(Excepted{Exception: x.id, Rule: r.id})
			}
		}
	}
	return out
}

func (e *evaluation) asksFor(r *rule, detector string) bool {
	ids := map[string]bool{}
	r.when.detectorsIn(ids)
	return ids[detector]
}

func (e *evaluation) note(x Excepted) {
	if !slices.Contains(e.excepted, x) {
		e.excepted = append(e.excepted, x)
	}
}

// applies says whether an exception is about a rule, in force, and about this sender.
func (x *exception) applies(rule string, in *Input) bool {
	return slices.Contains(x.rules, rule) && (x.expires.IsZero() || in.Now.Before(x.expires)) && (x.sender == nil || x.sender.holds(in.Envelope.From))
}

func (e *evaluation) excepts(x *exception, h *classify.Hit) bool {
	if len(x.values) > 0 && !slices.ContainsFunc(x.values, func(v string) bool { return sameValue(v, h.Value) }) {
		return false
	}
	return x.segments == 0 || e.inScope(x.segments, h)
}

// sameValue compares a value as an administrator writes it with a canonical one, which may have a century or a zero more.
func sameValue(written, canonical string) bool {
	c := compactValue(canonical)
	return written == c || len(written) >= 8 && len(c)-len(written) <= 2 && strings.HasSuffix(c, written)
}

// inScope says whether a hit stands in one of the kinds of segment. A word in the address of a link is the name of a page
// and counts only where the policy asks for href.
func (e *evaluation) inScope(s scope, h *classify.Hit) bool {
	seg := &e.in.Content.Segments[h.Segment]
	if s&kindBit(seg.Kind) != 0 || s&place(seg) != 0 && !(h.Word && seg.Kind == extract.Href) {
		return true
	}
	return s&scopeQuoted != 0 && quoted(seg, h)
}

// quoted says whether a hit stands in what is quoted from an earlier mail.
func quoted(seg *extract.Segment, h *classify.Hit) bool {
	return slices.ContainsFunc(seg.Quoted, func(q extract.Span) bool { return q.Start <= h.Start && h.End <= q.End })
}

// lifted says whether an exception lifts the rule for recipient i, and notes it.
func (e *evaluation) lifted(r *rule, i int) bool {
	for j := range e.p.exceptions {
		x := &e.p.exceptions[j]
		to := e.recipients[i]
		if x.byHit() || !x.applies(r.id, e.in) || x.recipient != nil && (to.IsNull() || !x.recipient.holds(to)) {
			continue
		}
		if x.verifiedTLS && (e.in.VerifiedTLS == nil || !e.in.VerifiedTLS(to)) {
			continue
		}
		e.note(Excepted{Exception: x.id, Rule: r.id, Recipient: to.String()})
		return true
	}
	return false
}

// unreadable turns what could not be read into causes, one for each reason.
func (e *evaluation) unreadable() {
	at := map[extract.Reason]int{}
	for _, u := range e.unread {
		o := e.outcome(u.Reason)
		if o.Level == 0 {
			continue
		}
		i, ok := at[u.Reason]
		if !ok {
			id := "unscannable." + string(u.Reason)
			i = len(e.causes)
			at[u.Reason] = i
			level := message.Level(o.Level) //nolint:gosec // 1 or 2
			e.causes = append(e.causes, cause{id: id, kind: causeUnscannable, title: builtinTitle(id), level: level, all: true})
		}
		if !slices.Contains(e.causes[i].where, u.Where) {
			e.causes[i].where = append(e.causes[i].where, u.Where)
		}
	}
}

// outcome is what the policy makes of a reason; one that it does not know is not clean.
func (e *evaluation) outcome(r extract.Reason) outcome {
	if o, ok := e.p.unscannable[r]; ok {
		return o
	}
	return outcome{Level: 1}
}

// settle finds the level of each recipient and what decides.
func (e *evaluation) settle() {
	slices.SortStableFunc(e.causes, compareCauses)
	e.levels = make([]message.Level, len(e.recipients))
	deciding := make([]*cause, len(e.recipients))
	for i := range e.recipients {
		e.levels[i], deciding[i] = e.level(i)
		e.verdict = max(e.verdict, e.levels[i])
	}
	var best *cause
	for i, c := range deciding {
		if e.levels[i] == e.verdict && c != nil && (best == nil || compareCauses(*c, *best) < 0) {
			best = c
		}
	}
	if e.verdict > message.Pass && best != nil {
		e.decidedBy = best.id
	}
	if !e.p.split {
		for i := range e.levels {
			e.limit(i, e.levels[i], e.verdict, "split")
			e.levels[i] = e.verdict
		}
	}
}

func compareCauses(a, b cause) int {
	if a.level != b.level {
		return int(b.level) - int(a.level)
	}
	if a.kind != b.kind {
		return int(a.kind) - int(b.kind)
	}
	return strings.Compare(a.id, b.id)
}

// level is the level of recipient i, and what decides it.
func (e *evaluation) level(i int) (message.Level, *cause) {
	var found, asked message.Level // by everything but triggers, and by triggers
	var by, askedBy *cause
	for j := range e.causes {
		c := &e.causes[j]
		switch {
		case c.observe || !c.holdsFor(i):
		case c.kind == causeTrigger && c.level > asked:
			asked, askedBy = c.level, c
		case c.kind != causeTrigger && c.level > found:
			found, by = c.level, c
		}
	}
	to := e.recipients[i]
	if slices.Contains(e.p.journal, to.Key()) && !to.IsNull() {
		e.limit(i, max(found, asked), message.Pass, "journal")
		return message.Pass, nil
	}
	lowest, highest, triggers := e.p.bounds(to)
	capped := min(found, highest)
	if !triggers {
		asked = min(asked, highest)
	}
	if asked > capped || asked == capped && by == nil {
		by = askedBy
	}
	level := max(capped, asked)
	if level < max(found, asked) {
		e.limit(i, max(found, asked), level, "max")
	}
	if level < lowest {
		e.limit(i, level, lowest, "min")
		return lowest, &cause{id: "recipients.min", kind: causeRecipient, level: lowest}
	}
	return level, by
}

// bounds are the least and highest level for a recipient, and whether triggers may go beyond. Of several entries the
// narrowest bounds count; a least level above the highest wins, because it protects.
func (p *Policy) bounds(to message.Address) (lowest, highest message.Level, triggers bool) {
	highest, triggers = message.Level2, true
	for i := range p.clamps {
		x := &p.clamps[i]
		if to.IsNull() || !x.matches(to) {
			continue
		}
		lowest, highest = max(lowest, x.min), min(highest, x.max)
		triggers = triggers && x.allowTriggers
	}
	return lowest, highest, triggers
}

func (e *evaluation) limit(i int, from, to message.Level, by string) {
	if from != to {
		e.limited = append(e.limited, Limited{Recipient: e.recipients[i].String(), From: from, To: to, By: by})
	}
}
