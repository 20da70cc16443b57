package message

import (
	"encoding/json"
	"slices"
)

// Finding is one thing that a policy found in a message, masked once and for all.
type Finding struct {
	Rule       string            `json:"rule"`
	Detector   string            `json:"detector,omitempty"`
	Title      map[string]string `json:"title,omitempty"` // by language
	Confidence string            `json:"confidence,omitempty"`
	Where      string            `json:"where"` // the segment's address, as att[2]/lista.xlsx!Blad1
	Count      int               `json:"count"`
	Masked     string            `json:"masked,omitempty"`
	Level      Level             `json:"level"`
}

// TitleIn returns the finding's title in a language, else in English, else its rule id.
func (f Finding) TitleIn(lang string) string {
	for _, l := range []string{lang, "en", "sv", "nl"} {
		if t := f.Title[l]; t != "" {
			return t
		}
	}
	return f.Rule
}

// Grouped puts together the findings that read alike: those of one rule under one title in a language, whichever detectors
// made them and wherever they lie. The groups stand in the order of their first finding; none is empty.
func Grouped(all []Finding, lang string) [][]Finding {
	var groups [][]Finding
	for _, f := range all {
		k := slices.IndexFunc(groups, func(g []Finding) bool {
			return g[0].Rule == f.Rule && g[0].TitleIn(lang) == f.TitleIn(lang)
		})
		if k < 0 {
			groups = append(groups, []Finding{f})
			continue
		}
		groups[k] = append(groups[k], f)
	}
	return groups
}

// Decision is the verdict on a message, per recipient, with its reasons. It is
// made once, before the 250, and never changes.
type Decision struct {
	Verdict   Level   `json:"verdict"`    // the highest of the recipients'
	DecidedBy string  `json:"decided_by"` // the deciding rule, "" when it passes
	Levels    []Level `json:"levels"`     // by recipient, in the order of the envelope

	// Observed is what would have been decided; it differs from Verdict and Levels
	// when the gateway only observes.
	Observed       Level   `json:"observed"`
	ObservedLevels []Level `json:"observed_levels,omitempty"`

	Findings []Finding `json:"findings,omitempty"` // the deciding one first
	Subject  string    `json:"subject"`            // trigger words taken out
	Neutral  bool      `json:"neutral"`            // something was found in the subject: never show it in clear
	FileOnly bool      `json:"file_only"`          // everything that was found is in attachments
	Inform   []Inform  `json:"inform,omitempty"`   // who else is told, one entry for each address
	Policy   string    `json:"policy"`             // sha256:... of the compiled policy

	// Explanation is the whole record of package policy, as JSON.
	Explanation json.RawMessage `json:"explanation,omitempty"`
}

// Inform is an address that rules name, and for what it is told.
type Inform struct {
	To         Address  `json:"to"`
	Rules      []string `json:"rules"`      // that name it and that protect the message
	Recipients []int    `json:"recipients"` // for whom they do, ascending
}

// Acting leaves of those who are told the ones whose rules still protect somebody, when levels fell after the policy had
// decided. The slice that it is given stays as it is.
func Acting(told []Inform, levels []Level) []Inform {
	var out []Inform
	for _, in := range told {
		in.Recipients = slices.DeleteFunc(slices.Clone(in.Recipients), func(i int) bool { return i >= len(levels) || levels[i] == Pass })
		if len(in.Recipients) > 0 {
			out = append(out, in)
		}
	}
	return out
}

// Found says that the explanation must be kept even when the message passes.
func (d Decision) Found() bool { return len(d.Findings) > 0 || d.Observed > Pass }

// Level returns what was decided for recipient i.
func (d Decision) Level(i int) Level {
	if i < len(d.Levels) {
		return d.Levels[i]
	}
	return d.Verdict
}
