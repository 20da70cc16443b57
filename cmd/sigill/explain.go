package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"sigill/internal/policy"
)

// writeExplanation prints a verdict for a person: what was decided for whom, what was
// found where, and what was looked at and rejected.
func writeExplanation(w io.Writer, x *policy.Explanation) error {
	var b bytes.Buffer
	name := x.File
	if name == "" {
		name = "message"
	}
	fmt.Fprintf(&b, "%s: %s", name, x.Verdict)
	if x.DecidedBy != "" {
		fmt.Fprintf(&b, ", decided by %s", x.DecidedBy)
	}
	fmt.Fprintln(&b)
	for _, to := range slices.Sorted(maps.Keys(x.Recipients)) {
		fmt.Fprintf(&b, "  for %s: %s\n", to, x.Recipients[to])
	}
	for _, f := range x.Findings {
		fmt.Fprintf(&b, "  found %s (%s): %d in %s", f.Title, f.Rule, f.Count, f.Where)
		if f.Masked != "" {
			fmt.Fprintf(&b, ", %s", f.Masked)
		}
		if f.Confidence != "" {
			fmt.Fprintf(&b, ", confidence %s", f.Confidence)
		}
		fmt.Fprintln(&b)
	}
	for _, f := range x.Observed {
		fmt.Fprintf(&b, "  observed only: %s (%s) in %s\n", f.Title, f.Rule, f.Where)
	}
	for _, e := range x.Excepted {
		fmt.Fprintf(&b, "  excepted by %s: %s %s\n", e.Exception, e.Rule, e.Recipient)
	}
	for _, r := range x.Rejected {
		fmt.Fprintf(&b, "  rejected %s %s in %s: %s\n", r.Detector, r.Masked, r.Where, r.Why)
	}
	for _, u := range x.Unscannable {
		fmt.Fprintf(&b, "  not read: %s, %s: %s %s\n", u.Where, u.Reason, u.Level, u.Detail)
	}
	_, err := b.WriteTo(w)
	return err
}
