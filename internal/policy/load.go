package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigill/internal/classify"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/yamlfile"
)

// Policy is a compiled policy. It never changes and may be shared.
type Policy struct {
	id          string
	name        string
	locale      string
	engine      *classify.Engine
	detectors   map[string]titles // by id
	lowest      map[string]asked  // by detector id
	triggers    []trigger
	labels      []label
	rules       []rule
	exceptions  []exception
	unscannable map[extract.Reason]outcome
	limits      extract.Limits
	clamps      []clamp
	journal     []string
	split       bool
	neutral     bool
	redact      bool
	tests       []testNode
	packs       []*pack
	own         []detectorNode // of the policy itself
	read        ReadFile
	written     func() (*Policy, error) // the policy with its own lists; nil when it has them
}

// ReadFile reads a file that a policy names, relative to the policy's own.
type ReadFile func(name string) ([]byte, error)

// Load reads and compiles the policy at path, with the files it includes. It does not run its tests.
func Load(path string) (*Policy, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	dir := filepath.Dir(path)
	return Parse(path, data, func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	})
}

// Parse compiles the policy in data; name is its name in errors. read gives the files that it names, and may be nil when
// it names none. All mistakes are returned together, as yamlfile.Errors.
func Parse(name string, data []byte, read ReadFile) (*Policy, error) {
	return compileData(name, data, read, nil)
}

// ParseWith is Parse with lists, by name, that take the place of the policy's own: what only the one who runs the policy
// knows, such as the organisation's domains. [Policy.ID] covers them. The tests of the policy speak of the lists that it was
// written with, and [Policy.RunOwnTests] runs them with those.
func ParseWith(name string, data []byte, read ReadFile, lists map[string][]string) (*Policy, error) {
	if len(lists) == 0 {
		return Parse(name, data, read)
	}
	p, err := compileData(name, data, read, lists)
	if err != nil {
		return nil, err
	}
	p.written = func() (*Policy, error) { return Parse(name, data, read) }
	return p, nil
}

// compileFile compiles a policy that is read, with lists in place of its own.
func compileFile(name string, data []byte, f *file, read ReadFile, lists map[string][]string) (*Policy, error) {
	if f.Version.Value != 1 {
		return nil, unknownVersion(name, f.Version)
	}
	c := newCompiler(name, data, f, read)
	if err := c.includes(); err != nil {
		return nil, err
	}
	return c.policy(lists)
}

func unknownVersion(name string, v number) error {
	if !v.said() { // an empty file
		v.Pos = yamlfile.Pos{File: name, Line: 1, Column: 1}
	}
	return yamlfile.Errors{v.Pos.Errorf("version %d is unknown; this program reads version 1", v.Value)}
}

func newCompiler(name string, data []byte, f *file, read ReadFile) *compiler {
	sum := sha256.New()
	sum.Write(data)
	return &compiler{
		name: name, p: &Policy{detectors: map[string]titles{}, read: read, split: true}, f: f, lists: map[string]texts{}, ids: map[string]yamlfile.Pos{}, sum: sum,
	}
}

// policy compiles what was read, with lists in place of the policy's own.
func (c *compiler) policy(lists map[string][]string) (*Policy, error) {
	c.replace(lists)
	c.compile()
	if err := c.errs.Err(); err != nil {
		return nil, err
	}
	c.p.id = "sha256:" + hex.EncodeToString(c.sum.Sum(nil))
	return c.p, nil
}

// ID is the hash of everything the policy is made of: its files and the packs it uses.
func (p *Policy) ID() string { return p.id }

// Name is the policy's own name, for people.
func (p *Policy) Name() string { return p.name }

// Locale is the language of titles where none is asked for: sv, nl or en.
func (p *Policy) Locale() string { return p.locale }

// Limits is what extracting a message may cost.
func (p *Policy) Limits() extract.Limits { return p.limits }

// Warnings names what works but costs: patterns that have to run over every text.
func (p *Policy) Warnings() []string { return slices.Clone(p.engine.Warnings()) }

// Expired names the exceptions whose last day is over. They no longer lift anything.
func (p *Policy) Expired(now time.Time) yamlfile.Errors {
	var errs yamlfile.Errors
	for i := range p.exceptions {
		if x := &p.exceptions[i]; !x.expires.IsZero() && !now.Before(x.expires) {
			errs = append(errs, x.pos.Errorf("exception %q has expired: %s was its last day; remove it, or give it a new one",
				x.id, x.expires.AddDate(0, 0, -1).Format(time.DateOnly)))
		}
	}
	return errs
}

// Expiring names the exceptions that still lift something and whose last day is over within so long.
func (p *Policy) Expiring(now time.Time, within time.Duration) []string {
	var out []string
	for i := range p.exceptions {
		if x := &p.exceptions[i]; now.Before(x.expires) && !now.Add(within).Before(x.expires) {
			out = append(out, x.pos.Errorf("exception %q expires: %s is its last day", x.id, x.expires.AddDate(0, 0, -1).Format(time.DateOnly)).Error())
		}
	}
	return out
}

// Told lists the addresses that rules name, each once, in alphabetical order of the rules.
func (p *Policy) Told() []message.Address {
	var out []message.Address
	for i := range p.rules {
		for _, a := range p.rules[i].notify {
			if !slices.ContainsFunc(out, func(b message.Address) bool { return a.Key() == b.Key() }) {
				out = append(out, a)
			}
		}
	}
	return out
}

// Rules lists the ids of rules, triggers and labels, in alphabetical order.
func (p *Policy) Rules() []string {
	var ids []string
	for i := range p.rules {
		ids = append(ids, p.rules[i].id)
	}
	for i := range p.triggers {
		ids = append(ids, p.triggers[i].id)
	}
	for i := range p.labels {
		ids = append(ids, p.labels[i].id)
	}
	slices.Sort(ids)
	return ids
}

// compiler turns a file into a Policy, gathering every mistake on the way.
type compiler struct {
	name      string // of the policy's file, in errors
	p         *Policy
	f         *file
	lists     map[string]texts
	detectors []detectorNode
	ids       map[string]yamlfile.Pos
	errs      yamlfile.Errors
	sum       hash.Hash
}

func (c *compiler) errorf(pos yamlfile.Pos, format string, args ...any) {
	c.errs = append(c.errs, pos.Errorf(format, args...))
}

// includes merges the further files; each may include nothing itself.
func (c *compiler) includes() error {
	for _, inc := range c.f.Include {
		if c.p.read == nil || !filepath.IsLocal(filepath.FromSlash(inc.Value)) {
			return yamlfile.Errors{inc.Pos.Errorf("include %q: only files beside the policy or below can be read", inc.Value)}
		}
		data, err := c.p.read(inc.Value)
		if err != nil {
			return yamlfile.Errors{inc.Pos.Errorf("include %q: %v", inc.Value, err)}
		}
		var x included
		name := filepath.Join(filepath.Dir(c.name), inc.Value)
		if err := yamlfile.Decode(name, data, &x); err != nil {
			return err
		}
		if x.Version.or(1) != 1 {
			return unknownVersion(name, x.Version)
		}
		c.sum.Write(data)
		c.merge(name, &x)
	}
	return nil
}

func (c *compiler) merge(in string, x *included) {
	f := c.f
	f.Triggers, f.Labels, f.Detectors = append(f.Triggers, x.Triggers...), append(f.Labels, x.Labels...), append(f.Detectors, x.Detectors...)
	f.Rules, f.Exceptions = append(f.Rules, x.Rules...), append(f.Exceptions, x.Exceptions...)
	f.Recipients, f.Tests = append(f.Recipients, x.Recipients...), append(f.Tests, x.Tests...)
	f.Use, f.Journal = append(f.Use, x.Use...), append(f.Journal, x.Journal...)
	if f.Lists == nil {
		f.Lists = map[string]texts{}
	}
	for name, list := range x.Lists {
		if have, ok := f.Lists[name]; ok {
			c.errorf(posOf(list, in), "list %q is defined twice, first at %s", name, firstPos(have))
			continue
		}
		f.Lists[name] = list
	}
	if f.Unscannable == nil {
		f.Unscannable = map[string]outcome{}
	}
	for reason, o := range x.Unscannable {
		if have, ok := f.Unscannable[reason]; ok {
			c.errorf(o.Pos, "unscannable %q is said twice, first at %s", reason, have.Pos)
			continue
		}
		f.Unscannable[reason] = o
	}
}

// posOf is where a list begins; an empty one has no place but its file.
func posOf(t texts, file string) yamlfile.Pos {
	if len(t) == 0 {
		return yamlfile.Pos{File: file}
	}
	return t[0].Pos
}

// replace puts the lists given in the place of the policy's own. Each goes into the sum with its length and those of its
// values, so that no two sets of lists look alike.
func (c *compiler) replace(lists map[string][]string) {
	if c.f.Lists == nil && len(lists) > 0 {
		c.f.Lists = map[string]texts{}
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		var at yamlfile.Pos
		if have := c.f.Lists[name]; len(have) > 0 {
			at = have[0].Pos
		}
		list := texts{}
		_, _ = fmt.Fprintf(c.sum, "%q %d", name, len(lists[name])) // a hash takes everything
		for _, v := range lists[name] {
			_, _ = fmt.Fprintf(c.sum, " %q", v)
			list = append(list, text{Pos: at, Value: v})
		}
		c.f.Lists[name] = list
	}
}

func firstPos(t texts) string {
	if len(t) == 0 {
		return "another file"
	}
	return t[0].Pos.String()
}

func (c *compiler) compile() {
	c.p.name, c.p.locale = c.f.Name, c.f.Locale.Value
	if c.p.locale == "" {
		c.p.locale = "en"
	}
	if !slices.Contains([]string{"sv", "nl", "en"}, c.p.locale) {
		c.errorf(c.f.Locale.Pos, "locale %q: use sv, nl or en", c.p.locale)
	}
	c.lists = c.f.Lists
	c.packs()
	c.override()
	c.engine()
	c.p.triggers = c.triggers()
	c.p.labels = c.labels()
	c.p.rules = c.rules()
	c.uses()
	c.p.exceptions = c.exceptions()
	c.outcomes()
	c.limits()
	c.recipients()
	c.subject()
	c.tests()
}

func (c *compiler) subject() {
	switch c.f.Subject.Value {
	case "", "show":
	case "neutral":
		c.p.neutral = true
	case "redact":
		c.p.redact = true
	default:
		c.errorf(c.f.Subject.Pos, "subject: use show, redact or neutral")
	}
	if c.f.Split != nil {
		c.p.split = *c.f.Split
	}
}

// packs reads what is used, and gathers all detectors with those of the policy itself.
func (c *compiler) packs() {
	if common, err := readPack(commonPack); err == nil {
		if c.lists == nil {
			c.lists = map[string]texts{}
		}
		for name, list := range common.lists {
			if _, ok := c.lists[name]; !ok {
				c.lists[name] = list
			}
		}
	}
	seen := map[string]bool{}
	for i := range c.f.Use {
		u := &c.f.Use[i]
		p, err := readPack(u.Pack)
		if err != nil {
			c.errorf(u.Pos, "%v", err)
			continue
		}
		if seen[p.name] {
			c.errorf(u.Pos, "pack %s is used twice", p.name)
			continue
		}
		seen[p.name] = true
		c.sum.Write(p.data)
		p.offer(c.lists)
		left, err := p.narrowed(c, u)
		if err != nil {
			c.errs = append(c.errs, asError(err, u.Pos))
			continue
		}
		c.detectors = append(c.detectors, left...)
		c.p.packs = append(c.p.packs, p)
	}
	c.detectors = append(c.detectors, c.f.Detectors...)
	c.p.own = c.f.Detectors
}

func asError(err error, pos yamlfile.Pos) yamlfile.Error {
	if e, ok := err.(yamlfile.Error); ok { //nolint:errorlint // made a few lines away, never wrapped
		return e
	}
	return pos.Errorf("%v", err)
}

// unique notes an id of a rule, trigger, label or exception and refuses it the second time.
func (c *compiler) unique(id string, pos yamlfile.Pos) {
	if id == "" {
		c.errorf(pos, "the id is empty")
		return
	}
	if strings.HasPrefix(id, "unscannable.") || strings.HasPrefix(id, "recipients.") {
		c.errorf(pos, "ids that begin with unscannable. or recipients. are taken")
	}
	if first, ok := c.ids[id]; ok {
		c.errorf(pos, "id %q is used twice, first at %s", id, first)
		return
	}
	c.ids[id] = pos
}
