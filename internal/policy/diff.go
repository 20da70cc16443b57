package policy

import (
	"slices"
	"strings"

	"sigill/internal/message"
)

// Difference is what another policy would make of a message.
type Difference struct {
	File       string                `json:"file"`
	Old        message.Level         `json:"old"`
	New        message.Level         `json:"new"`
	OldBy      string                `json:"old_decided_by"`
	NewBy      string                `json:"new_decided_by"`
	Recipients []RecipientDifference `json:"recipients,omitempty"` // whose level changes
	Gained     []string              `json:"gained,omitempty"`     // rules that hold only under the new policy
	Lost       []string              `json:"lost,omitempty"`       // and only under the old one
}

// RecipientDifference is a recipient whose level changes.
type RecipientDifference struct {
	Recipient string        `json:"recipient"`
	Old       message.Level `json:"old"`
	New       message.Level `json:"new"`
}

// Changed says whether anybody would get the message in another way.
func (d *Difference) Changed() bool { return d.Old != d.New || len(d.Recipients) > 0 }

// Directions says whether somebody would get the message with more protection, and whether somebody with less.
func (d *Difference) Directions() (more, less bool) {
	more, less = d.New > d.Old, d.New < d.Old
	for _, r := range d.Recipients {
		more, less = more || r.New > r.Old, less || r.New < r.Old
	}
	return more, less
}

// Compare holds the decisions of two policies about one message against each other.
func Compare(before, after *Explanation) Difference {
	d := Difference{File: after.File, Old: before.Verdict, New: after.Verdict, OldBy: before.DecidedBy, NewBy: after.DecidedBy}
	for to, level := range after.Recipients {
		if was := before.Recipients[to]; was != level {
			d.Recipients = append(d.Recipients, RecipientDifference{Recipient: to, Old: was, New: level})
		}
	}
	slices.SortFunc(d.Recipients, func(a, b RecipientDifference) int { return strings.Compare(a.Recipient, b.Recipient) })
	was, is := before.rules(), after.rules()
	d.Gained = slices.DeleteFunc(slices.Clone(is), func(id string) bool { return slices.Contains(was, id) })
	d.Lost = slices.DeleteFunc(slices.Clone(was), func(id string) bool { return slices.Contains(is, id) })
	return d
}

// rules are those that hold and act, each once.
func (x *Explanation) rules() []string {
	var ids []string
	for _, f := range x.Findings {
		if !slices.Contains(ids, f.Rule) {
			ids = append(ids, f.Rule)
		}
	}
	return ids
}
