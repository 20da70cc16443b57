package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sigill/internal/classify"
	"sigill/internal/message"
)

// Account is an explanation with all that it rests on, for a person who has the message at hand: the text of every part
// as the detectors read it, and what became of everything that looked like something. Unless clear values were asked for,
// every candidate is masked in it.
type Account struct {
	*Explanation
	Texts []AccountText `json:"texts"`
}

// AccountText is the text of one part of a message.
type AccountText struct {
	Where string        `json:"where"`
	Kind  string        `json:"kind"`
	Text  string        `json:"text"`
	Notes []string      `json:"notes,omitempty"` // what reading it changed
	Seen  []AccountSeen `json:"seen"`
}

// AccountSeen is a candidate. Start and End count characters of the text.
type AccountSeen struct {
	Detector   string         `json:"detector"`
	Title      string         `json:"title"`
	Start      int            `json:"start"`
	End        int            `json:"end"`
	Value      string         `json:"value"` // masked, unless clear values were asked for
	Outcome    Outcome        `json:"outcome"`
	Asked      bool           `json:"asked"`           // a rule asks for its detector
	Rules      []AccountRule  `json:"rules,omitempty"` // that count it
	Why        string         `json:"why,omitempty"`   // it does not count
	Base       string         `json:"base"`            // confidence by its form alone
	Confidence string         `json:"confidence"`
	Words      []AccountWords `json:"words,omitempty"`
}

// AccountRule is a rule that counts a candidate.
type AccountRule struct {
	Rule  string        `json:"rule"`
	Level message.Level `json:"level"`
	Mode  string        `json:"mode,omitempty"` // observe, when it only observes
}

// AccountWords is a word near a candidate.
type AccountWords struct {
	Word     string `json:"word"`
	Raises   bool   `json:"raises"`
	Place    string `json:"place"` // before, after, heading or subject
	Distance int    `json:"distance"`
}

// Outcome is what became of a candidate.
type Outcome string

// The outcomes.
const (
	Counted  Outcome = "counted"  // by a rule that holds
	Unused   Outcome = "unused"   // found, and yet no rule holds by it
	Unasked  Outcome = "unasked"  // no rule asks for its detector
	Dropped  Outcome = "rejected" // it looks like a value and is none
	Fragment Outcome = "fragment" // a piece of a longer number
)

// Account decides a message as [Policy.Evaluate] does and gives account of it. With clear, values are not masked.
func (p *Policy) Account(ctx context.Context, in Input, clear bool) (*Account, error) {
	start := time.Now()
	scanned, trace, err := p.engine.Trace(ctx, in.Content.Segments, in.Now)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	e := newEvaluation(p, &in, &scanned)
	e.run()
	a := accountant{e: e, trace: trace, clear: clear, hits: map[hitKey]int{}}
	for i := range scanned.Hits {
		h := &scanned.Hits[i]
		a.hits[hitKey{h.Segment, h.At, h.Detector}] = i
	}
	out := &Account{Explanation: e.explanation(start)}
	for i := range in.Content.Segments {
		out.Texts = append(out.Texts, a.text(i))
	}
	return out, nil
}

// accountant puts an account together.
type accountant struct {
	e     *evaluation
	trace *classify.Trace
	clear bool
	hits  map[hitKey]int
	next  int // of trace.Seen
}

type hitKey struct {
	segment, at int
	detector    string
}

func (a *accountant) text(segment int) AccountText {
	seg := &a.e.in.Content.Segments[segment]
	t := AccountText{Where: a.e.where(segment), Kind: seg.Kind.String(), Text: a.trace.Texts[segment].Masked, Notes: readingNotes(seg.Text), Seen: []AccountSeen{}}
	if a.clear {
		t.Where, t.Text = seg.Where, a.trace.Texts[segment].Clear
	}
	for ; a.next < len(a.trace.Seen) && a.trace.Seen[a.next].Segment == segment; a.next++ {
		t.Seen = append(t.Seen, a.seen(&a.trace.Seen[a.next]))
	}
	return t
}

func (a *accountant) seen(s *classify.Seen) AccountSeen {
	title := message.Finding{Rule: s.Detector, Title: a.e.p.detectors[s.Detector].byLanguage(s.Detector)}.TitleIn(a.e.p.locale)
	out := AccountSeen{
		Detector: s.Detector, Title: title, Start: s.Start, End: s.End, Value: s.Masked, Base: s.Base.String(), Confidence: s.Confidence.String(), Why: s.Why,
		Asked: a.e.p.lowest[s.Detector].asked,
	}
	if a.clear {
		out.Value = s.Clear
	}
	for _, w := range s.Words {
		out.Words = append(out.Words, AccountWords{Word: w.Shown, Raises: w.Raises, Place: string(w.Place), Distance: w.Distance})
	}
	hit, found := a.hits[hitKey{s.Segment, s.Start, s.Detector}]
	switch {
	case s.Why == "boundary":
		out.Outcome = Fragment
	case s.Why != "" || !found:
		out.Outcome = Dropped
	default:
		a.became(&out, hit)
	}
	return out
}

// became says what became of a hit.
func (a *accountant) became(out *AccountSeen, hit int) {
	for i := range a.e.causes {
		c := &a.e.causes[i]
		if _, ok := slices.BinarySearch(c.evidence, hit); !ok {
			continue
		}
		r := AccountRule{Rule: c.id, Level: c.level}
		if c.observe {
			r.Mode = "observe"
		}
		out.Rules = append(out.Rules, r)
	}
	use := a.e.p.lowest[out.Detector]
	switch {
	case len(out.Rules) > 0:
		out.Outcome = Counted
	case !use.asked:
		out.Outcome, out.Why = Unasked, "no rule asks for it"
	default:
		out.Outcome, out.Why = Unused, a.unused(hit, use)
	}
}

// unused says why a hit that rules ask for makes none of them hold.
func (a *accountant) unused(hit int, use asked) string {
	h := &a.e.scanned.Hits[hit]
	if h.Confidence < use.minimum {
		return fmt.Sprintf("its confidence is %s, and the rules want %s", h.Confidence, use.minimum)
	}
	var lifted, short []string
	for i := range a.e.p.rules {
		r := &a.e.p.rules[i]
		if !a.e.asksFor(r, h.Detector) {
			continue
		}
		if x := a.e.exceptedBy(r, hit); x != "" {
			lifted = append(lifted, fmt.Sprintf("%s is lifted by %s", r.id, x))
			continue
		}
		short = append(short, r.id)
	}
	if len(short) > 0 {
		lifted = append(lifted, "not enough alone for "+strings.Join(short, ", "))
	}
	return strings.Join(lifted, "; ")
}

// exceptedBy is the exception that takes a hit away from a rule, or lifts the rule.
func (e *evaluation) exceptedBy(r *rule, hit int) string {
	for i := range e.p.exceptions {
		x := &e.p.exceptions[i]
		if x.byHit() && x.applies(r.id, e.in) && e.excepts(x, &e.scanned.Hits[hit]) {
			return x.id
		}
	}
	for _, x := range e.excepted {
		if x.Rule == r.id && x.Recipient != "" {
			return x.Exception
		}
	}
	return ""
}

// readingNotes say what was changed to read a text, as far as its reader would not see it.
func readingNotes(text string) []string {
	var hidden, spaces, digits, dashes int
	for _, r := range text {
		if r < utf8.RuneSelf || unicode.IsLetter(r) {
			continue
		}
		switch n := classify.Normalise("a" + string(r) + "b")[1:]; {
		case n == "b":
			hidden++
		case n == " b":
			spaces++
		case n == "-b":
			dashes++
		case len(n) == 2 && n[0] >= '0' && n[0] <= '9':
			digits++
		}
	}
	var notes []string
	for _, x := range []struct {
		n    int
		what string
	}{
		{hidden, "invisible characters left out"},
		{spaces, "special spaces read as spaces"},
		{dashes, "other dashes read as '-'"},
		{digits, "other digits read as 0 to 9"},
	} {
		if x.n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d", x.what, x.n))
		}
	}
	if hasQuotes(text) {
		notes = append(notes, "quote marks at line starts left out")
	}
	return notes
}

func hasQuotes(text string) bool {
	return strings.HasPrefix(text, ">") || strings.Contains(text, "\n>")
}
