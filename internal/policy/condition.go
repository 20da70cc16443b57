package policy

import (
	"regexp"
	"slices"
	"strings"

	"sigill/internal/classify"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/yamlfile"
)

// condition is a compiled `when`: everything that is set must hold.
type condition struct {
	detectors []string // sorted; nil when the condition asks for none
	count     count
	minimum   classify.Confidence
	scope     scope

	sender, recipient *party
	header            *headerMatch
	attachment        *attachmentMatch
	size              *sizeMatch

	all, any, not []condition
	within        int
	perRecipient  bool // the answer may differ between recipients
}

type count struct {
	min, max int // max 0 means no limit
	unique   bool
}

func (c count) holds(n int) bool { return n >= c.min && (c.max == 0 || n <= c.max) }

// scope is a set of kinds of segments, as bits.
type scope uint16

// scopeQuoted stands beside the kinds of extract: text quoted from an earlier mail.
const scopeQuoted scope = 1 << 15

func kindBit(k extract.Kind) scope { return 1 << k }

// place is where a segment stands, as a scope. What a mail does not show at first, and what its links lead to, is read
// like the text that it belongs to: the body, or an attachment.
func place(seg *extract.Segment) scope {
	switch {
	case seg.Kind != extract.Hidden && seg.Kind != extract.Href:
		return kindBit(seg.Kind)
	case seg.Attachment < 0:
		return kindBit(extract.Body)
	}
	return kindBit(extract.AttachmentText)
}

// scopeOf reads a word of `scope` or of `segment`.
func scopeOf(name string) (scope, bool) {
	switch name {
	case "subject":
		return kindBit(extract.Subject), true
	case "body":
		return kindBit(extract.Body), true
	case "attachment_name":
		return kindBit(extract.AttachmentName), true
	case "attachment_text":
		return kindBit(extract.AttachmentText), true
	case "href":
		return kindBit(extract.Href), true
	case "quoted":
		return scopeQuoted, true
	}
	return 0, false
}

var scopeWords = []string{"subject", "body", "attachment_name", "attachment_text", "href"}

func (c *compiler) scope(names scopes, quoted bool) scope {
	var s scope
	listed := c.listed(texts(names))
	if len(names) > 0 && len(listed) == 0 {
		c.errorf(names[0].Pos, "scope: %s names no place, and so nothing would ever be found", names[0].Value)
	}
	for _, name := range listed {
		bit, ok := scopeOf(name.Value)
		if !ok || bit == scopeQuoted && !quoted {
			words := scopeWords
			if quoted {
				words = append(slices.Clone(words), "quoted")
			}
			c.errorf(name.Pos, "unknown scope %q%s", name.Value, yamlfile.DidYouMean(name.Value, words))
		}
		s |= bit
	}
	return s
}

// party is a condition on a sender or a recipient.
type party struct {
	addresses, domains, outside []string
	hasOutside                  bool
}

// holds says whether the address is one of those listed and, when outside is said, not of those domains.
func (p *party) holds(a message.Address) bool {
	if len(p.addresses) > 0 && !slices.ContainsFunc(p.addresses, func(g string) bool { return glob(g, a.Key()) }) {
		return false
	}
	if len(p.domains) > 0 && !inDomains(p.domains, a) {
		return false
	}
	return !p.hasOutside || !inDomains(p.outside, a)
}

func inDomains(domains []string, a message.Address) bool {
	return slices.ContainsFunc(domains, func(g string) bool { return glob(g, a.Domain()) })
}

// glob matches s, in lower case, against a pattern in which '*' stands for any characters.
func glob(pattern, s string) bool {
	first, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, part)
		}
		at := strings.Index(s, part)
		if at < 0 {
			return false
		}
		s, rest = s[at+len(part):], after
	}
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}

func (c *compiler) party(n *partyNode) *party {
	if n == nil {
		return nil
	}
	p := &party{addresses: lower(c.expand(n.Address)), domains: c.domains(n.Domain), outside: c.domains(n.Outside), hasOutside: len(n.Outside) > 0}
	if len(p.addresses) == 0 && len(p.domains) == 0 && !p.hasOutside {
		c.errorf(n.Pos, "say address, domain or outside")
	}
	return p
}

// domains brings domain names to the form in which addresses carry them.
func (c *compiler) domains(t texts) []string {
	listed := c.listed(t)
	list := lower(listed.values())
	for i, s := range list {
		if d, err := message.ParseDomain(strings.TrimPrefix(s, "*.")); err == nil {
			list[i] = s[:len(s)-len(strings.TrimPrefix(s, "*."))] + d
		} else if !strings.Contains(s, "*") {
			c.errorf(listed[i].Pos, "%q is not a domain name", s)
		}
	}
	return list
}

// headerMatch is a condition on a header field.
type headerMatch struct {
	name             string
	equals, contains []string // folded
	matches          *regexp.Regexp
}

func (h *headerMatch) holds(fields []extract.Field) bool {
	for _, f := range fields {
		if strings.EqualFold(f.Name, h.name) && h.value(f.Value) {
			return true
		}
	}
	return false
}

func (h *headerMatch) value(v string) bool {
	folded := strings.TrimSpace(classify.Fold(v))
	if slices.Contains(h.equals, folded) || h.matches != nil && h.matches.MatchString(v) {
		return true
	}
	return slices.ContainsFunc(h.contains, func(s string) bool { return strings.Contains(folded, s) })
}

func (c *compiler) header(pos yamlfile.Pos, name string, equals, contains texts, matches text) *headerMatch {
	h := &headerMatch{name: name, matches: c.regex(matches)}
	for _, s := range c.expand(equals) {
		h.equals = append(h.equals, strings.TrimSpace(classify.Fold(s)))
	}
	for _, s := range c.expand(contains) {
		h.contains = append(h.contains, classify.Fold(s))
	}
	if len(h.equals)+len(h.contains) == 0 && matches.Value == "" {
		c.errorf(pos, "say what the field %q must hold", name)
	}
	return h
}

// regex compiles an expression that matches somewhere in a text; one that matches nothing at all matches everywhere.
func (c *compiler) regex(expr text) *regexp.Regexp {
	if expr.Value == "" {
		return nil
	}
	re, err := regexp.Compile(expr.Value)
	switch {
	case err != nil:
		c.errorf(expr.Pos, "%v", err)
	case re.MatchString(""):
		c.errorf(expr.Pos, "regex %q matches the empty string, and so everything", expr.Value)
	}
	return re
}

// attachmentMatch is a condition on the attachments.
type attachmentMatch struct {
	types []string
	name  *regexp.Regexp
	min   int64
	count count
}

func (m *attachmentMatch) holds(all []extract.Attachment) bool {
	n := 0
	for i := range all {
		if m.one(&all[i]) {
			n++
		}
	}
	return m.count.holds(n)
}

func (m *attachmentMatch) one(a *extract.Attachment) bool {
	if len(m.types) > 0 && !slices.ContainsFunc(m.types, func(t string) bool { return t == a.Ext || t == a.DetectedType || t == a.DeclaredType }) {
		return false
	}
	return (m.name == nil || m.name.MatchString(a.Name)) && a.Size >= m.min
}

func (c *compiler) attachment(n *attachmentNode) *attachmentMatch {
	if n == nil {
		return nil
	}
	m := &attachmentMatch{name: c.regex(n.Name), count: c.count(n.Count)}
	for _, t := range lower(c.expand(n.Type)) {
		m.types = append(m.types, strings.TrimPrefix(t, "."))
	}
	if n.Min != nil {
		m.min = int64(*n.Min)
	}
	return m
}

// sizeMatch is a condition on the size of the whole message.
type sizeMatch struct{ min, max int64 }

func (m *sizeMatch) holds(size int64) bool { return size >= m.min && (m.max == 0 || size <= m.max) }

func (c *compiler) size(n *sizeNode) *sizeMatch {
	if n == nil {
		return nil
	}
	m := &sizeMatch{}
	if n.Min != nil {
		m.min = int64(*n.Min)
	}
	if n.Max != nil {
		m.max = int64(*n.Max)
	}
	if m.min == 0 && m.max == 0 {
		c.errorf(n.Pos, "say min or max")
	}
	return m
}

func (c *compiler) count(n *countNode) count {
	d := &c.f.Defaults.Count
	out := count{min: 1, unique: true}
	for _, from := range []*countNode{d, n} {
		if from == nil {
			continue
		}
		out.min, out.max = from.Min.or(out.min), from.Max.or(out.max)
		if from.Unique != nil {
			out.unique = *from.Unique
		}
	}
	if n != nil && (out.min < 0 || out.max < 0 || out.max > 0 && out.max < out.min || n.Max.said() && n.Max.Value == 0) {
		at := n.Pos
		for _, x := range []number{n.Min, n.Max} {
			if x.said() {
				at = x.Pos
			}
		}
		c.errorf(at, "a count of at least %d and at most %d never holds", out.min, out.max)
	}
	return out
}

// inherited is what a condition takes over from the rule around it.
type inherited struct {
	minimum classify.Confidence
	scope   scope
}

func (c *compiler) when(n *whenNode, up inherited) condition {
	if n.MinConfidence != nil {
		up.minimum = *n.MinConfidence
	}
	if len(n.Scope) > 0 {
		up.scope = c.scope(n.Scope, false)
	}
	x := condition{
		count: c.count(n.Count), minimum: up.minimum, scope: up.scope, sender: c.party(n.Sender), recipient: c.party(n.Recipient),
		attachment: c.attachment(n.Attachment), size: c.size(n.Size), within: n.Within.Value,
	}
	if len(n.Detector) > 0 {
		x.detectors = c.matching(n.Detector)
	} else if n.Count != nil {
		c.errorf(n.Count.Pos, "count needs a detector beside it")
	}
	if n.Header != nil {
		x.header = c.header(n.Header.Pos, n.Header.Name, n.Header.Equals, n.Header.Contains, n.Header.Matches)
	}
	c.members(n)
	known := len(c.errs)
	x.all, x.any, x.not = c.whens(n.All, up), c.whens(n.Any, up), c.whens(n.Not, up)
	x.perRecipient = x.recipient != nil
	for _, subs := range [][]condition{x.all, x.any, x.not} {
		x.perRecipient = x.perRecipient || slices.ContainsFunc(subs, func(s condition) bool { return s.perRecipient })
	}
	c.never(n.Pos, &x, len(c.errs) > known)
	if x.empty() && len(n.Detector) == 0 {
		c.errorf(n.Pos, "the condition is empty; it would hold for every message")
	}
	return x
}

// members refuses lists of conditions without any, and a window over nothing.
func (c *compiler) members(n *whenNode) {
	for _, list := range []struct {
		key   string
		nodes []whenNode
	}{{"all", n.All}, {"any", n.Any}, {"not", n.Not}} {
		if list.nodes != nil && len(list.nodes) == 0 {
			c.errorf(n.Pos, "%s lists no condition", list.key)
		}
	}
	if n.Detector != nil && len(n.Detector) == 0 {
		c.errorf(n.Pos, "detector names none")
	}
	if !n.Within.said() {
		return
	}
	c.least("within", n.Within, 1)
	if len(n.All) == 0 {
		c.errorf(n.Within.Pos, "within needs all beside it: it is what the members of all find that must lie so near")
	}
}

func (c *compiler) whens(nodes []whenNode, up inherited) []condition {
	var out []condition
	for i := range nodes {
		out = append(out, c.when(&nodes[i], up))
	}
	return out
}

// empty says that nothing is asked for. A condition of `not` alone is not empty.
func (x *condition) empty() bool {
	return x.detectors == nil && x.sender == nil && x.recipient == nil && x.header == nil && x.attachment == nil && x.size == nil &&
		len(x.all)+len(x.any)+len(x.not) == 0
}

// detectorsIn adds the ids of all detectors that the condition asks for.
func (x *condition) detectorsIn(ids map[string]bool) {
	for _, id := range x.detectors {
		ids[id] = true
	}
	for _, subs := range [][]condition{x.all, x.any, x.not} {
		for i := range subs {
			subs[i].detectorsIn(ids)
		}
	}
}
