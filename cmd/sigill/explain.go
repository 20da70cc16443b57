package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sigill/internal/policy"
)

// lines collects what is said about a message, each line safe to show.
type lines struct{ b bytes.Buffer }

func (l *lines) add(format string, args ...any) {
	l.b.WriteString(strings.TrimRight(clean(fmt.Sprintf(format, args...)), " ") + "\n")
}

// writeExplanation prints a verdict for a person: what was decided for whom, what was
// found where, and what was looked at and rejected.
func writeExplanation(w io.Writer, x *policy.Explanation) error {
	var l lines
	head := x.File
	if head == "" {
		head = "message"
	}
	head += ": " + x.Verdict.String()
	if x.DecidedBy != "" {
		head += ", decided by " + x.DecidedBy
	}
	l.add("%s", head)
	l.recipients(x)
	l.findings(x)
	l.changes(x)
	for _, r := range x.Rejected {
		l.add("  rejected %s %s in %s: %s", r.Detector, r.Masked, r.Where, r.Why)
	}
	l.unread(x)
	_, err := l.b.WriteTo(w)
	return err
}

func (l *lines) recipients(x *policy.Explanation) {
	for _, to := range slices.Sorted(maps.Keys(x.Recipients)) {
		l.add("  for %s: %s", to, x.Recipients[to])
	}
}

func (l *lines) unread(x *policy.Explanation) {
	for _, u := range x.Unscannable {
		l.add("  not read: %s, %s: %s %s", u.Where, u.Reason, u.Level, u.Detail)
	}
}

func (l *lines) findings(x *policy.Explanation) {
	for _, f := range x.Findings {
		least := ""
		if slices.Contains(x.AtLeast, f.Detector) {
			least = "at least "
		}
		line := fmt.Sprintf("  found %s (%s): %s%d in %s", f.Title, f.Rule, least, f.Count, f.Where)
		if f.Masked != "" {
			line += ", " + f.Masked
		}
		if f.Confidence != "" {
			line += ", confidence " + f.Confidence
		}
		l.add("%s", line)
	}
	for _, f := range x.Observed {
		l.add("  observed only: %s (%s), %s, in %s", f.Title, f.Rule, f.Level, f.Where)
	}
}

// changes are what exceptions and limits made of the rules' levels.
func (l *lines) changes(x *policy.Explanation) {
	for _, e := range x.Excepted {
		l.add("  excepted by %s: %s %s", e.Exception, e.Rule, e.Recipient)
	}
	for _, c := range x.Limited {
		l.add("  %s: %s became %s, by %s", c.Recipient, c.From, c.To, c.By)
	}
}
