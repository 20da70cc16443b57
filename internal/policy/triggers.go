package policy

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"sigill/internal/classify"
	"sigill/internal/message"
)

// trigger is a word in the subject by which a sender asks for protection.
type trigger struct {
	id      string
	title   titles
	words   []triggerWord
	level   message.Level
	strip   bool
	longest bool // hides the shorter words that its own begin with
}

type triggerWord struct {
	folded string // as it stands in a subject
	shown  string
	text   string // folded, without brackets; spaces match any white space
	kind   triggerKind
}

type triggerKind uint8

const (
	triggerBracket triggerKind = iota // [word], anywhere
	triggerHash                       // #word, a whole token
	triggerStart                      // a plain word that the subject begins with
)

func (c *compiler) triggers() []trigger {
	var out []trigger
	levels := map[string]trigger{}
	for i := range c.f.Triggers {
		n := &c.f.Triggers[i]
		c.unique(n.ID, n.Pos)
		t := trigger{id: n.ID, title: n.Title, level: c.level(n.Level), strip: n.Strip == nil || *n.Strip, longest: n.Longest}
		if n.In.said() && n.In.Value != "subject" {
			c.errorf(n.In.Pos, "in: %q: a trigger stands in the subject", n.In.Value)
		}
		if n.Position.said() && n.Position.Value != "start" {
			c.errorf(n.Position.Pos, "position %q: use start", n.Position.Value)
		}
		words := c.listed(n.Words)
		if len(words) == 0 {
			c.errorf(n.Pos, "trigger %q has no words, and so nobody can ask for it", n.ID)
		}
		for _, s := range words {
			w := c.triggerWord(n, s)
			if other, ok := levels[w.text]; ok && other.level != t.level {
				c.errorf(s.Pos, "trigger word %q has another level in %s", s.Value, other.id)
			}
			levels[w.text] = t
			t.words = append(t.words, w)
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b trigger) int { return strings.Compare(a.id, b.id) })
	c.prefixes(out)
	return out
}

// prefixes refuses two words of different levels of which one begins with the other, unless the longer one says which of
// them is meant where it stands.
func (c *compiler) prefixes(all []trigger) {
	for i := range all {
		for j := range all {
			short, long := &all[i], &all[j]
			if short.level == long.level || long.longest {
				continue
			}
			if s, l, ok := begins(short, long); ok {
				c.errorf(c.ids[long.id], "trigger word %q begins with %q of %s, which has another level; say longest: true when the longer one alone is meant", l, s, short.id)
			}
		}
	}
}

// begins finds a word of long that begins with one of short.
func begins(short, long *trigger) (s, l string, ok bool) {
	for _, a := range short.words {
		for _, b := range long.words {
			if a.folded != b.folded && strings.HasPrefix(b.folded, a.folded) {
				return a.shown, b.shown, true
			}
		}
	}
	return "", "", false
}

func (c *compiler) triggerWord(n *triggerNode, s text) triggerWord {
	f := strings.Join(strings.Fields(classify.Fold(s.Value)), " ")
	w := triggerWord{shown: s.Value, folded: f, text: f, kind: triggerStart}
	switch {
	case strings.HasPrefix(f, "[") && strings.HasSuffix(f, "]"):
		w.kind, w.text = triggerBracket, strings.TrimSpace(f[1:len(f)-1])
	case strings.HasPrefix(f, "#"):
		w.kind, w.text = triggerHash, f[1:]
	case !n.Position.said():
		c.errorf(s.Pos, "trigger word %q: write it as [%s] or #%s; a plain word needs position: start", s.Value, s.Value, s.Value)
	}
	if w.text == "" {
		c.errorf(s.Pos, "trigger word %q is empty", s.Value)
	}
	return w
}

// span is a stretch of the folded subject.
type span struct{ start, end int }

// find returns where the word stands in a folded subject.
func (w *triggerWord) find(s []byte) []span {
	var out []span
	if w.kind == triggerStart {
		at := replyPrefix(s)
		if end, ok := matchSpaced(s, at, w.text); ok && tokenEnds(s, end) {
			out = append(out, span{at, end})
		}
		return out
	}
	open := byte('[')
	if w.kind == triggerHash {
		open = '#'
	}
	for i := 0; i < len(s); i++ {
		if s[i] != open {
			continue
		}
		if end, ok := w.at(s, i); ok {
			out = append(out, span{i, end})
			i = end - 1
		}
	}
	return out
}

func (w *triggerWord) at(s []byte, i int) (int, bool) {
	if w.kind == triggerHash {
		end, ok := matchSpaced(s, i+1, w.text)
		return end, ok && tokenEnds(s, end) && (i == 0 || strings.IndexByte(" \t(:,;", s[i-1]) >= 0)
	}
	end, ok := matchSpaced(s, skipSpace(s, i+1), w.text)
	end = skipSpace(s, end)
	return end + 1, ok && end < len(s) && s[end] == ']'
}

func skipSpace(s []byte, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n') {
		i++
	}
	return i
}

// matchSpaced matches want at offset i, a space in it matching any run of white space; bytes below 2 are fillers.
func matchSpaced(s []byte, i int, want string) (int, bool) {
	for j := 0; j < len(want); j++ {
		for i < len(s) && s[i] < 2 {
			i++
		}
		if want[j] == ' ' {
			next := skipSpace(s, i)
			if next == i {
				return i, false
			}
			i = next
			continue
		}
		if i >= len(s) || s[i] != want[j] {
			return i, false
		}
		i++
	}
	return i, true
}

// tokenEnds says that no word goes on at offset i.
func tokenEnds(s []byte, i int) bool {
	if i >= len(s) {
		return true
	}
	r, _ := utf8.DecodeRune(s[i:])
	return strings.ContainsRune(" \t\n.,:;!?)]", r)
}

// replyPrefix is where the subject begins after "Re:", "Sv:", "Antw:" and the like, once or more.
func replyPrefix(s []byte) int {
	at := skipSpace(s, 0)
	for {
		colon := bytes.IndexByte(s[at:], ':')
		if colon < 1 || colon > 5 {
			return at
		}
		switch string(s[at : at+colon]) {
		case "re", "sv", "vs", "vl", "fw", "fwd", "vb", "aw", "wg", "antw", "doorst":
			at = skipSpace(s, at+colon+1)
		default:
			return at
		}
	}
}

// triggered is a trigger found in a subject.
type triggered struct {
	t     *trigger
	words []string // as the policy writes them
}

// trigger finds all triggers in a subject, and returns the subject without the words that are to be taken out.
func (p *Policy) trigger(subject string) (found []triggered, stripped string) {
	if len(p.triggers) == 0 || !strings.ContainsAny(subject, "[#\uff03\uff3b") && !p.plainTriggers() {
		return nil, subject
	}
	var x classify.Text
	x.Reset([]byte(subject))
	var cut []span
	taken := p.longest(x.Folded())
	for i := range p.triggers {
		t := &p.triggers[i]
		hit := triggered{t: t}
		for j := range t.words {
			spans := t.words[j].find(x.Folded())
			if !t.longest {
				spans = slices.DeleteFunc(spans, func(s span) bool { return slices.ContainsFunc(taken, s.inside) })
			}
			if len(spans) == 0 {
				continue
			}
			hit.words = append(hit.words, t.words[j].shown)
			for _, s := range spans {
				if from, to := x.Original(s.start, s.end); t.strip {
					cut = append(cut, span{from, to})
				}
			}
		}
		if len(hit.words) > 0 {
			found = append(found, hit)
		}
	}
	return found, cutOut(subject, cut)
}

// longest is where the words stand that hide shorter ones.
func (p *Policy) longest(folded []byte) []span {
	var taken []span
	for i := range p.triggers {
		if t := &p.triggers[i]; t.longest {
			for j := range t.words {
				taken = append(taken, t.words[j].find(folded)...)
			}
		}
	}
	return taken
}

// inside says that s is the beginning of a longer span.
func (s span) inside(longer span) bool { return s.start == longer.start && s.end < longer.end }

func (p *Policy) plainTriggers() bool {
	return slices.ContainsFunc(p.triggers, func(t trigger) bool {
		return slices.ContainsFunc(t.words, func(w triggerWord) bool { return w.kind == triggerStart })
	})
}

// cutOut removes spans from a subject, and what they leave: runs of space, separators at the ends.
func cutOut(s string, cut []span) string {
	if len(cut) == 0 {
		return s
	}
	slices.SortFunc(cut, func(a, b span) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for _, c := range cut {
		if c.start < at {
			at = max(at, c.end)
			continue
		}
		b.WriteString(s[at:c.start])
		at = c.end
	}
	b.WriteString(s[at:])
	left := strings.Join(strings.Fields(b.String()), " ")
	return strings.Trim(left, " -–—|,;/")
}
