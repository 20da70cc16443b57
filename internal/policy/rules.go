package policy

import (
	"slices"
	"strings"
	"time"

	"sigill/internal/classify"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/yamlfile"
)

// rule is a compiled rule.
type rule struct {
	id      string
	title   titles
	when    condition
	level   message.Level
	observe bool
	notify  []message.Address
}

// label is a level that a header field asks for.
type label struct {
	id    string
	title titles
	match *headerMatch
	level message.Level
}

// exception lifts rules, for some values, segments or recipients.
type exception struct {
	id                string
	rules             []string
	values            []string // compact forms
	segments          scope
	sender, recipient *party
	verifiedTLS       bool
	expires           time.Time // the first moment at which it no longer holds
	pos               yamlfile.Pos
}

// byHit says that the exception takes hits away before they are counted; else it lifts rules for recipients.
func (x *exception) byHit() bool { return len(x.values) > 0 || x.segments != 0 }

func (c *compiler) level(n number) message.Level {
	if n.Value < 1 || n.Value > 2 {
		c.errorf(n.Pos, "level %d: use 1 or 2", n.Value)
	}
	return message.Level(min(2, max(0, n.Value)))
}

// least refuses a number below the smallest that means something.
func (c *compiler) least(key string, n number, least int) {
	if n.said() && n.Value < least {
		c.errorf(n.Pos, "%s: write a number from %d", key, least)
	}
}

func (c *compiler) rules() []rule {
	c.defaults()
	up := inherited{minimum: classify.Medium, scope: c.scope(c.f.Defaults.Scope, false)}
	if c.f.Defaults.MinConfidence != nil {
		up.minimum = *c.f.Defaults.MinConfidence
	}
	if up.scope == 0 {
		for _, name := range scopeWords[:4] {
			bit, _ := scopeOf(name)
			up.scope |= bit
		}
	}
	var out []rule
	for i := range c.f.Rules {
		out = append(out, c.rule(&c.f.Rules[i], up))
	}
	slices.SortFunc(out, func(a, b rule) int { return strings.Compare(a.id, b.id) })
	return out
}

// defaults refuses what would be wrong in every rule and detector that takes it over.
func (c *compiler) defaults() {
	d := &c.f.Defaults
	c.least("window", d.Window, 1)
	c.least("min", d.Count.Min, 0)
	c.least("max", d.Count.Max, 1)
	if most := d.Count.Max; most.said() && most.Value >= 1 && most.Value < d.Count.Min.or(1) {
		c.errorf(most.Pos, "a count of at least %d and at most %d never holds", d.Count.Min.or(1), most.Value)
	}
	if d.Level.said() {
		c.level(d.Level)
	}
}

func (c *compiler) rule(n *ruleNode, up inherited) rule {
	c.unique(n.ID, n.Pos)
	if n.MinConfidence != nil {
		up.minimum = *n.MinConfidence
	}
	if len(n.Scope) > 0 {
		up.scope = c.scope(n.Scope, false)
	}
	r := rule{id: n.ID, title: n.Title, when: c.when(&n.When, up), level: message.Level(min(2, max(1, c.f.Defaults.Level.or(1))))}
	if n.Level.said() {
		r.level = c.level(n.Level)
	}
	switch n.Mode.Value {
	case "", "enforce":
	case "observe":
		r.observe = true
	default:
		c.errorf(n.Mode.Pos, "mode %q: use enforce or observe%s", n.Mode.Value, nearest(n.Mode.Value, []string{"enforce", "observe"}))
	}
	for _, s := range c.listed(n.Notify) {
		a, err := message.ParseAddress(s.Value)
		switch {
		case err != nil:
			c.errorf(s.Pos, "notify: %v", err)
		case a.IsNull():
			c.errorf(s.Pos, "notify: an address is empty")
		default:
			r.notify = append(r.notify, a)
		}
	}
	if len(r.title) == 0 && len(r.when.detectors) == 1 {
		r.title = c.p.detectors[r.when.detectors[0]]
	}
	return r
}

func (c *compiler) labels() []label {
	var out []label
	for i := range c.f.Labels {
		n := &c.f.Labels[i]
		c.unique(n.ID, n.Pos)
		out = append(out, label{id: n.ID, title: n.Title, match: c.header(n.Pos, n.Header, n.Equals, nil, n.Matches), level: c.level(n.Level)})
	}
	slices.SortFunc(out, func(a, b label) int { return strings.Compare(a.id, b.id) })
	return out
}

func (c *compiler) exceptions() []exception {
	var out []exception
	for i := range c.f.Exceptions {
		out = append(out, c.exception(&c.f.Exceptions[i]))
	}
	slices.SortFunc(out, func(a, b exception) int { return strings.Compare(a.id, b.id) })
	return out
}

func (c *compiler) exception(n *exceptionNode) exception {
	c.unique(n.ID, n.Pos)
	w := &n.When
	x := exception{
		id: n.ID, pos: n.Pos, segments: c.scope(w.Segment, true), sender: c.party(w.Sender), recipient: c.party(w.Recipient), verifiedTLS: w.Transport.Value == "tls_verified",
	}
	for _, v := range c.expand(w.Value) {
		x.values = append(x.values, compactValue(v))
	}
	if w.Value != nil && len(x.values) == 0 { // it would lift the rules whatever was found
		c.errorf(n.Pos, "value: exception %q names none", n.ID)
	}
	if w.Transport.said() && !x.verifiedTLS {
		c.errorf(w.Transport.Pos, "transport %q: use tls_verified", w.Transport.Value)
	}
	if w.Value == nil && w.Segment == nil && w.Sender == nil && w.Recipient == nil && !w.Transport.said() {
		c.errorf(n.Pos, "exception %q says neither value, segment, sender, recipient nor transport", n.ID)
	}
	if x.byHit() && (x.recipient != nil || x.verifiedTLS) {
		c.errorf(n.Pos, "an exception is either by value or segment, or by recipient; write two")
	}
	if n.Outcome.said() && n.Outcome.Value != "pass" {
		c.errorf(n.Outcome.Pos, "outcome %q: an exception can only pass", n.Outcome.Value)
	}
	c.excepted(n, &x)
	if n.Expires.said() {
		day, err := time.Parse(time.DateOnly, n.Expires.Value)
		if err != nil {
			c.errorf(n.Expires.Pos, "expires %q: write a day such as 2027-12-31", n.Expires.Value)
		}
		x.expires = day.AddDate(0, 0, 1)
	}
	return x
}

// excepted notes which rules an exception lifts. Only rules: a trigger is the sender's own demand.
func (c *compiler) excepted(n *exceptionNode, x *exception) {
	var known []string
	for i := range c.f.Rules {
		known = append(known, c.f.Rules[i].ID)
	}
	rules := c.listed(n.Rules)
	if len(rules) == 0 {
		c.errorf(n.Pos, "exception %q names no rules", n.ID)
	}
	for _, id := range rules {
		if !slices.Contains(known, id.Value) {
			c.errorf(id.Pos, "there is no rule %q that can be lifted%s", id.Value, yamlfile.DidYouMean(id.Value, known))
		}
		x.rules = append(x.rules, id.Value)
	}
}

// compactValue is the form in which values are compared: letters and digits.
func compactValue(s string) string {
	var b strings.Builder
	for _, r := range classify.Normalise(s) {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			b.WriteRune(r)
		} else if r >= 'a' && r <= 'z' {
			b.WriteRune(r - 'a' + 'A')
		}
	}
	return b.String()
}

// reasons are all reasons why something cannot be read, and what happens when the policy does not say.
var reasons = []struct {
	reason extract.Reason
	level  int
}{
	{extract.Encrypted, 1},
	{extract.Corrupt, 1},
	{extract.TooLarge, 1},
	{extract.TooDeep, 1},
	{extract.TooMany, 1},
	{extract.Ratio, 1},
	{extract.Timeout, 1},
	{extract.Ambiguous, 1},
	{extract.Unsupported, 1},
	{extract.UnknownType, 0},
	{extract.UnreadPicture, 0}, // the logo in a signature is one
	{extract.AlreadyProtected, 0},
	{extract.ImageOnly, 1},
}

func (c *compiler) outcomes() {
	c.p.unscannable = map[extract.Reason]outcome{}
	var known []string
	for _, r := range reasons {
		c.p.unscannable[r.reason] = outcome{Level: r.level}
		known = append(known, string(r.reason))
	}
	for name, o := range c.f.Unscannable {
		if !slices.Contains(known, name) {
			c.errorf(o.Pos, "unscannable %q is unknown%s", name, yamlfile.DidYouMean(name, known))
			continue
		}
		if o.LevelPos.Line > 0 && o.Level < 1 || o.Level > 2 {
			c.errorf(o.LevelPos, "level %d: use 1 or 2, or write pass", o.Level)
		}
		c.p.unscannable[extract.Reason(name)] = o
	}
}

func (c *compiler) limits() {
	l, n := extract.DefaultLimits(), &c.f.Limits
	c.least("depth", n.Depth, 1)
	c.least("files", n.Files, 1)
	c.least("ratio", n.Ratio, 1)
	l.Depth, l.Files, l.Ratio = n.Depth.or(l.Depth), n.Files.or(l.Files), n.Ratio.or(l.Ratio)
	if n.Text != nil {
		l.Text = int64(*n.Text)
	}
	if n.Time != nil {
		l.Time = time.Duration(*n.Time)
	}
	c.p.limits = l
	if n.Text != nil && *n.Text == 0 || n.Time != nil && *n.Time == 0 {
		c.errorf(n.Pos, "a limit of nothing would leave everything unread")
	}
}

// clamp bounds the level for some recipients.
type clamp struct {
	addresses     []string // globs on whole addresses
	domains       []string
	min, max      message.Level
	allowTriggers bool
}

func (x *clamp) matches(a message.Address) bool {
	return inDomains(x.domains, a) || slices.ContainsFunc(x.addresses, func(g string) bool { return glob(g, a.Key()) })
}

func (c *compiler) recipients() {
	for i := range c.f.Recipients {
		n := &c.f.Recipients[i]
		x := clamp{max: message.Level2, allowTriggers: n.AllowTriggers == nil || *n.AllowTriggers}
		x.addresses, x.domains = c.match(n.Match)
		if n.Max != nil {
			x.max = message.Level(*n.Max) //nolint:gosec // 0 to 2
		}
		if n.Min != nil {
			x.min = message.Level(*n.Min) //nolint:gosec // 0 to 2
		}
		if n.Max == nil && n.Min == nil || x.min > x.max {
			c.errorf(n.Pos, "say max or min, and min not above max")
		}
		c.p.clamps = append(c.p.clamps, x)
	}
	for _, a := range c.listed(c.f.Journal) {
		addr, err := message.ParseAddress(a.Value)
		if err != nil {
			c.errorf(a.Pos, "journal: %v", err)
			continue
		}
		c.p.journal = append(c.p.journal, addr.Key())
	}
}

// match sorts a list of addresses and domains.
func (c *compiler) match(t texts) (addresses, domains []string) {
	for _, s := range lower(c.expand(t)) {
		if strings.Contains(s, "@") {
			addresses = append(addresses, s)
		} else {
			domains = append(domains, s)
		}
	}
	return addresses, domains
}
