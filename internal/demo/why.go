package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/store"
)

// whyView is one message, its verdict, and what became of it.
type whyView struct {
	At       time.Time
	Subject  string
	To       string
	Verdict  message.Level
	Status   string
	Class    string // of the status: good, warn, bad or none
	Sign     string // beside the status
	Found    []foundView
	Rejected []rejectedView
	Events   []eventView
	Took     string // in milliseconds, of mail that passed
}

// foundView is one reason for a verdict.
type foundView struct {
	Title  string
	Masked string
	Text   string // where, how many, and what made it sure
}

// rejectedView is something that was looked at and did not count.
type rejectedView struct{ Masked, Why string }

// eventView is what happened within one second.
type eventView struct {
	At   time.Time
	Text string
}

// why lists messages with their verdicts, stored ones and those that passed, newest first.
func (d *demo) why(ctx context.Context, p *printer) ([]whyView, error) {
	all, err := d.whyStored(ctx, p)
	if err != nil {
		return nil, err
	}
	traces, err := d.store.FindTraces(ctx, store.Query{Limit: shown})
	if err != nil {
		return nil, err
	}
	for _, t := range traces {
		if !t.Stored {
			all = append(all, d.whyPassed(ctx, p, t))
		}
	}
	slices.SortStableFunc(all, func(a, b whyView) int { return b.At.Compare(a.At) })
	return all[:min(len(all), shown)], nil
}

func (d *demo) whyStored(ctx context.Context, p *printer) ([]whyView, error) {
	stored, err := d.store.Find(ctx, store.Query{Limit: shown})
	if err != nil {
		return nil, err
	}
	var all []whyView
	for _, m := range stored {
		events, err := d.store.Events(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		v := explain(p, m.Accepted, &m.Decision)
		v.Subject, v.Events = m.Subject, timeline(p, m, events)
		v.stand(p, m, events)
		var to []string
		for i := range m.Recipients {
			to = append(to, m.Recipients[i].Address.String())
		}
		v.To = strings.Join(to, ", ")
		all = append(all, v)
	}
	return all, nil
}

// whyPassed is a message of which only a trace is left. Its subject is not in the trace,
// but in the mail that the next hop got under the same id.
func (d *demo) whyPassed(ctx context.Context, p *printer, t store.Trace) whyView {
	v := explain(p, t.At, t.Decision)
	v.Subject = d.subjectOf(ctx, t.ID)
	v.Status, v.Class, v.Sign = p.T("demo.state.passed"), "good", "check"
	v.Took = p.Int(max(1, t.Took.Milliseconds()))
	var to []string
	for _, a := range t.To {
		to = append(to, a.String())
	}
	v.To = strings.Join(to, ", ")
	return v
}

// subjectOf finds the mail whose Received field bears the id.
func (d *demo) subjectOf(ctx context.Context, id message.ID) string {
	mails, _ := d.hop.all()
	for _, m := range mails {
		head, _, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
		if !bytes.Contains(head, []byte("id "+string(id))) {
			continue
		}
		if read, err := extract.Read(ctx, bytes.NewReader(m.Raw), extract.DefaultLimits()); err == nil {
			return read.Header.Subject
		}
	}
	return ""
}

// record is what the demo reads of an explanation.
type record struct {
	Findings []struct {
		Rule, Where, Confidence, Context string
	} `json:"findings"`
	Rejected []struct {
		Masked, Why string
	} `json:"rejected"`
}

// explain says in words why a message was decided as it was.
func explain(p *printer, at time.Time, d *message.Decision) whyView {
	v := whyView{At: at}
	if d == nil {
		return v
	}
	v.Verdict = d.Verdict
	var x record
	if len(d.Explanation) > 0 && json.Unmarshal(d.Explanation, &x) != nil {
		x = record{}
	}
	for i, f := range d.Findings {
		sure, word := "", ""
		if i < len(x.Findings) && x.Findings[i].Rule == f.Rule && x.Findings[i].Where == f.Where {
			sure, word = x.Findings[i].Confidence, x.Findings[i].Context
		}
		v.Found = append(v.Found, foundView{f.TitleIn(p.Lang()), dots(f.Masked), foundText(p, f, sure, word)})
	}
	for _, r := range x.Rejected {
		one := rejectedView{dots(r.Masked), whyNot(p, r.Why)}
		found := slices.ContainsFunc(v.Found, func(f foundView) bool { return f.Masked == one.Masked })
		if one.Why != "" && !found && !slices.Contains(v.Rejected, one) {
			v.Rejected = append(v.Rejected, one)
		}
	}
	return v
}

// foundText is where something was found and what made it sure, as sentences.
func foundText(p *printer, f message.Finding, sure, word string) string {
	where := place(p, f.Where)
	if f.Masked == "" && word != "" {
		return p.T("demo.why.trigger", "Word", word, "Place", where) + "."
	}
	text := where
	if f.Count > 1 {
		text += ", " + p.T("demo.why.count", "N", p.Int(int64(f.Count)))
	}
	text += "."
	if word != "" {
		text += " " + p.T("demo.why.word", "Word", word)
	} else if sure != "" {
		text += " " + p.T("demo.why.sure."+sure)
	}
	return text
}

// place says in words where something was found.
func place(p *printer, where string) string {
	where = strings.TrimPrefix(where, "reading[2]/") // the same mail, read in another way
	switch {
	case where == "subject":
		return p.T("demo.place.subject")
	case strings.HasPrefix(where, "att["):
		_, name, _ := strings.Cut(where, "/")
		name, _, _ = strings.Cut(name, "!")
		if name == "" || strings.Contains(name, "*") { // something was found in the name itself
			return p.T("demo.place.some_file")
		}
		return p.T("demo.place.file", "Name", name)
	}
	return p.T("demo.place.body")
}

// whyNot puts the classifier's reason into words; "" for one that tells nobody anything.
func whyNot(p *printer, why string) string {
	kind, rest, _ := strings.Cut(why, " ")
	switch kind {
	case "checksum":
		return p.T("demo.not.checksum")
	case "near", "stopword":
		return p.T("demo.not.near", "Word", rest)
	case "no":
		return p.T("demo.not.context")
	case "confidence":
		return p.T("demo.not.confidence")
	case "excluded", "same", "sequence":
		return p.T("demo.not.excluded")
	case "part":
		return ""
	}
	return p.T("demo.not.form")
}

// dots writes a masked value as the pages do.
func dots(masked string) string { return strings.ReplaceAll(masked, "*", "•") }

// standing are the states of which one says how a message stands: first those in which
// somebody still has to do something.
var standing = []message.State{
	message.Held, message.NoticeBounced, message.Received, message.Deferred, message.Queued, message.Sealed, message.Notified, message.Opened, message.Delivered,
}

// stand says in a word how a stored message stands: the state of the recipient who still
// needs somebody, if there is one.
func (v *whyView) stand(p *printer, m *message.Message, events []message.Event) {
	held := slices.ContainsFunc(events, func(e message.Event) bool { return e.Kind == message.EventHeld })
	for _, s := range standing {
		if len(m.In(s)) == 0 {
			continue
		}
		v.Status, v.Sign = p.T("demo.state."+s.String()), "level"
		switch {
		case s == message.Held:
			v.Class, v.Sign = "warn", "wait"
		case s == message.NoticeBounced:
			v.Class, v.Sign = "bad", "warn"
		case s == message.Opened, s == message.Delivered:
			v.Class, v.Sign = "good", "check"
		case held:
			v.Status, v.Class, v.Sign = p.T("demo.state.held_sent"), "warn", "wait"
		}
		return
	}
	v.Status, v.Sign = p.T("demo.state.over"), "level"
}

// timeline is what happened, newest first; what happened in one second is one line.
func timeline(p *printer, m *message.Message, events []message.Event) []eventView {
	var all []eventView
	for _, e := range events {
		text := eventText(p, m, e)
		if last := len(all) - 1; last >= 0 && p.Time(all[last].At) == p.Time(e.At) {
			all[last].Text += ", " + text
			continue
		}
		all = append(all, eventView{e.At, text})
	}
	for i := range all {
		all[i].Text = upper(all[i].Text)
	}
	slices.Reverse(all)
	return all
}

func eventText(p *printer, m *message.Message, e message.Event) string {
	who := p.T("demo.event.recipient")
	if r, err := m.Recipient(e.Recipient); err == nil {
		who = firstName(r.Address.String())
	}
	return p.T("demo.event."+string(e.Kind), "Who", who, "From", firstName(m.Person.String()))
}

// upper makes the first letter a capital.
func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
