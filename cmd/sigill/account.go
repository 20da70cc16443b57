package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"

	"sigill/internal/policy"
)

// writeAccount prints an account for a person.
func writeAccount(w io.Writer, a *policy.Account, all bool, colours paint) error {
	x := accountWriter{all: all, p: colours}
	x.verdict(a)
	for i := range a.Texts {
		x.text(&a.Texts[i])
	}
	x.ending(a)
	_, err := x.b.WriteTo(w)
	return err
}

// accountWriter collects the lines of an account.
type accountWriter struct {
	b   bytes.Buffer
	p   paint
	all bool
}

func (x *accountWriter) line(indent int, s string) {
	x.b.WriteString(strings.TrimRight(strings.Repeat(" ", indent)+s, " ") + "\n")
}

func (x *accountWriter) verdict(a *policy.Account) {
	head := clean(a.File) + ": " + x.p.in(bold, a.Verdict.String())
	if a.DecidedBy != "" {
		head += ", decided by " + x.p.in(bold, a.DecidedBy)
	}
	x.line(0, head)
	var l lines
	l.recipients(a.Explanation)
	x.b.Write(l.b.Bytes())
}

// ending is what does not belong to one place.
func (x *accountWriter) ending(a *policy.Account) {
	var l lines
	for _, f := range a.Findings {
		if f.Detector == "" {
			l.add("  also %s (%s): %s, in %s %s", f.Title, f.Rule, f.Level, f.Where, f.Context)
		}
	}
	l.changes(a.Explanation)
	l.unread(a.Explanation)
	if l.b.Len() > 0 {
		x.b.WriteByte('\n')
		x.b.Write(l.b.Bytes())
	}
}

// text prints one part: the lines in which something was seen, and what.
func (x *accountWriter) text(t *policy.AccountText) {
	rows := strings.Split(strings.TrimRight(t.Text, "\n"), "\n")
	seen, more := x.told(t.Seen)
	count := fmt.Sprintf("%d lines", len(rows))
	if len(rows) == 1 {
		count = "1 line"
	}
	if len(seen) == 0 {
		count += ", nothing that counts or nearly does"
	}
	x.line(0, "\n"+x.p.in(bold, clean(t.Where))+x.p.in(dim, "  "+count))
	for _, n := range t.Notes {
		x.line(2, x.p.in(dim, "reading it: "+n))
	}
	x.rows(rows, seen)
	for _, id := range slices.Sorted(maps.Keys(more)) {
		x.line(8, fmt.Sprintf("and %d more of %s", more[id], id))
	}
}

// alike is how many candidates of one detector are told of in one text.
const alike = 10

// told picks what is told of without being asked for all: what counts or nearly does, and what was rejected where
// nothing was found.
func (x *accountWriter) told(all []policy.AccountSeen) (told []policy.AccountSeen, more map[string]int) {
	if x.all {
		return all, nil
	}
	more = map[string]int{}
	shown := map[string]int{}
	for _, s := range all {
		if !s.Asked || s.Outcome == policy.Fragment || s.Outcome == policy.Dropped && beaten(all, s) {
			continue
		}
		if shown[s.Detector]++; shown[s.Detector] > alike {
			more[s.Detector]++
			continue
		}
		told = append(told, s)
	}
	return told, more
}

// beaten says that something else was found where a candidate stands. all is in order of place, and so are the nearest
// ones, which alone are looked at.
func beaten(all []policy.AccountSeen, s policy.AccountSeen) bool {
	at := sort.Search(len(all), func(i int) bool { return all[i].Start >= s.End })
	for i := at - 1; i >= max(0, at-50); i-- {
		if o := &all[i]; o.End > s.Start && (o.Outcome == policy.Counted || o.Outcome == policy.Unused) {
			return true
		}
	}
	return false
}

// spot is a stretch of one line in which candidates stand.
type spot struct {
	row, from, to int
	seen          []policy.AccountSeen // that begin here
}

// rows prints lines with marks under them. Without all, lines far from every mark are left out.
func (x *accountWriter) rows(rows []string, seen []policy.AccountSeen) {
	marks := marksOf(rows, seen)
	last := -1
	for i, row := range rows {
		mine := slices.DeleteFunc(slices.Clone(marks), func(m spot) bool { return m.row != i })
		near := slices.ContainsFunc(marks, func(m spot) bool { return m.row >= i-1 && m.row <= i+1 })
		if !x.all && !near {
			continue
		}
		if last >= 0 && last < i-1 {
			x.line(4, x.p.in(dim, "⋮"))
		}
		last = i
		x.row(i, row, mine)
	}
}

func (x *accountWriter) row(i int, row string, marks []spot) {
	shown := []rune(showable(row))
	number := fmt.Sprintf("%5d │ ", i+1)
	cut := window(len(shown), marks)
	x.line(0, x.p.in(dim, number)+x.colour(shown, marks, cut))
	if len(marks) == 0 {
		return
	}
	under := slices.Repeat([]rune{' '}, len(shown)+1)
	for _, m := range marks {
		for j := m.from; j < m.to && j < len(shown); j++ {
			under[j] = '^'
		}
	}
	x.line(0, x.p.in(dim, "      │ ")+x.p.in(dim, cut.of(under, ' ')))
	for _, m := range marks {
		x.spot(m)
	}
}

// colour paints what the marks of a line stand under.
func (x *accountWriter) colour(row []rune, marks []spot, cut stretch) string {
	if !x.p || len(marks) == 0 {
		return cut.of(row, '…')
	}
	var b strings.Builder
	for i := cut.from; i < cut.to && i < len(row); i++ {
		c := ""
		for _, m := range marks {
			if i >= m.from && i < m.to {
				c = m.paint(c)
			}
		}
		if c == "" {
			b.WriteRune(row[i])
			continue
		}
		b.WriteString(x.p.in(c, string(row[i])))
	}
	return b.String()
}

func (m spot) paint(before string) string {
	for _, s := range m.seen {
		if s.Outcome == policy.Counted || before == green {
			return green
		}
		if s.Outcome == policy.Unused {
			before = yellow
		}
	}
	if before == "" {
		return red
	}
	return before
}

// spot prints what became of the candidates of one stretch; those that were rejected for one reason together.
func (x *accountWriter) spot(m spot) {
	rejected := map[string][]string{}
	value := ""
	for _, s := range m.seen {
		if s.Outcome != policy.Dropped && s.Outcome != policy.Fragment {
			x.found(s)
			continue
		}
		value = s.Value
		why := whyNot(s)
		rejected[why] = append(rejected[why], s.Detector)
	}
	for _, why := range slices.Sorted(maps.Keys(rejected)) {
		x.line(8, fmt.Sprintf("%s  %s as %s: %s", showable(value), x.p.in(red, "rejected"), strings.Join(rejected[why], ", "), why))
	}
}

// found prints what became of a value.
func (x *accountWriter) found(s policy.AccountSeen) {
	name := s.Detector
	if s.Title != s.Detector {
		name = s.Title + " (" + s.Detector + ")"
	}
	x.line(8, fmt.Sprintf("%s  %s", showable(s.Value), clean(name)))
	if s.Outcome == policy.Counted {
		x.line(10, x.p.in(green, "counts")+" for "+rulesOf(s))
	} else {
		x.line(10, x.p.in(yellow, "does not count")+": "+s.Why)
	}
	x.line(10, x.p.in(dim, sureness(s)))
}

func rulesOf(s policy.AccountSeen) string {
	var all []string
	for _, r := range s.Rules {
		one := "rule " + r.Rule + ", " + r.Level.String()
		if r.Mode != "" {
			one += " (only observes)"
		}
		all = append(all, one)
	}
	return strings.Join(all, "; ")
}

// whyNot turns the engine's reason into a sentence.
func whyNot(s policy.AccountSeen) string {
	kind, what, _ := strings.Cut(s.Why, " ")
	switch kind {
	case "checksum":
		if !strings.Contains(what, ".") { // one of many checks, and not that of a whole identifier
			return "it fails " + what
		}
		return "its check digits or its date are wrong"
	case "boundary":
		return "it is a piece of something longer"
	case "near":
		return quote(what) + " near it says that it is something else"
	case "part":
		return "it is " + s.Why
	case "no":
		return "no word near it says what it is"
	case "amount":
		return "it is an amount"
	}
	return s.Why
}

func quote(s string) string { return "“" + s + "”" }

// sureness says how sure the form alone is, and what the words near it made of that.
func sureness(s policy.AccountSeen) string {
	var raises, lowers []string
	for _, w := range s.Words {
		if w.Raises {
			raises = append(raises, quote(w.Word)+" "+placeOf(w))
		} else {
			lowers = append(lowers, quote(w.Word)+" "+placeOf(w))
		}
	}
	text := "confidence " + s.Base + " by its form"
	if s.Base != s.Confidence {
		text += ", " + s.Confidence + " by the words near it"
	}
	if len(raises) > 0 {
		text += "; for it: " + strings.Join(raises, ", ")
	}
	if len(lowers) > 0 {
		text += "; against it: " + strings.Join(lowers, ", ")
	}
	return text
}

func placeOf(w policy.AccountWords) string {
	switch w.Place {
	case "heading":
		return "in the heading"
	case "subject":
		return "in the subject"
	}
	if w.Distance == 1 {
		return "right " + w.Place
	}
	return fmt.Sprintf("%d characters %s", w.Distance, w.Place)
}

// marksOf splits candidates into the lines that they lie on. Those of one stretch share one.
func marksOf(rows []string, seen []policy.AccountSeen) []spot {
	starts := make([]int, len(rows)+1)
	for i, r := range rows {
		starts[i+1] = starts[i] + len([]rune(r)) + 1
	}
	var marks []spot
	for _, s := range seen {
		for i := range rows {
			from, to := max(s.Start, starts[i]), min(s.End, starts[i+1]-1)
			if from >= to {
				continue
			}
			m := spot{row: i, from: from - starts[i], to: to - starts[i]}
			if s.End <= starts[i+1] { // told of under its last line
				m.seen = []policy.AccountSeen{s}
			}
			if j := slices.IndexFunc(marks, func(o spot) bool { return o.row == i && o.from == m.from && o.to == m.to }); j >= 0 {
				marks[j].seen = append(marks[j].seen, m.seen...)
				continue
			}
			marks = append(marks, m)
		}
	}
	return marks
}

// stretch is the part of a line that is shown.
type stretch struct{ from, to int }

// wide is how much of a long line is shown.
const wide = 110

// window is the part of a long line around its marks.
func window(n int, marks []spot) stretch {
	if n <= wide {
		return stretch{0, n}
	}
	from := n
	to := 0
	for _, m := range marks {
		from, to = min(from, m.from), max(to, m.to)
	}
	if from >= to {
		return stretch{0, wide}
	}
	return stretch{max(0, from-60), min(n, to+30)}
}

// of cuts a line, with a mark where something is left out.
func (s stretch) of(row []rune, ends rune) string {
	out := slices.Clone(row[min(s.from, len(row)):min(s.to, len(row))])
	if s.from > 0 && len(out) > 0 {
		out[0] = ends
	}
	if s.to < len(row)-1 && len(out) > 0 {
		out[len(out)-1] = ends
	}
	return string(out)
}

// showable shows the border of cells, and nothing that a terminal would act on.
func showable(s string) string {
	return clean(strings.NewReplacer("\t", "⇥", "\n", "⏎").Replace(s))
}
