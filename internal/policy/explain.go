package policy

import (
	"encoding/json"
	"fmt"

	"sigill/internal/message"
)

// Explanation says what was found in a message, what came of it, and what was looked at and rejected. It holds masked
// evidence only. Its JSON form is what `sigill check --json` prints, one object a line.
type Explanation struct {
	File        string                   `json:"file,omitempty"` // set by whoever read the message from a file
	Verdict     message.Level            `json:"verdict"`
	DecidedBy   string                   `json:"decided_by"` // the deciding rule, "" when the message passes
	Recipients  map[string]message.Level `json:"recipients"`
	Findings    []Found                  `json:"findings"`           // the deciding one first
	Observed    []Found                  `json:"observed,omitempty"` // of rules that only observe
	Excepted    []Excepted               `json:"excepted,omitempty"`
	Limited     []Limited                `json:"limited,omitempty"`
	Rejected    []Rejected               `json:"rejected"`
	Unscannable []Unscannable            `json:"unscannable"`
	Notify      []string                 `json:"notify,omitempty"`   // who is told, by the rules that protect it
	AtLeast     []string                 `json:"at_least,omitempty"` // detectors of which there may be more than is counted
	Policy      string                   `json:"policy"`
	TookMS      float64                  `json:"took_ms"`
}

// Found is what one rule found with one detector in one place.
type Found struct {
	Rule       string        `json:"rule"`
	Detector   string        `json:"detector,omitempty"`
	Title      string        `json:"title"`
	Confidence string        `json:"confidence,omitempty"`
	Where      string        `json:"where"`
	Count      int           `json:"count"`
	Masked     string        `json:"masked,omitempty"`
	Context    string        `json:"context,omitempty"` // the word that raised the confidence, or the trigger word
	Near       string        `json:"near,omitempty"`    // that word as it stands, with the masked value
	Level      message.Level `json:"level"`
}

// Excepted is a rule that an exception lifted for a recipient.
type Excepted struct {
	Exception string `json:"exception"`
	Rule      string `json:"rule"`
	Recipient string `json:"recipient,omitempty"` // "" when values or segments were taken away for all
}

// Limited is a recipient whose level `recipients` or `journal` changed.
type Limited struct {
	Recipient string        `json:"recipient"`
	From      message.Level `json:"from"`
	To        message.Level `json:"to"`
	By        string        `json:"by"` // max, min, journal or split
}

// Rejected is a candidate that does not count.
type Rejected struct {
	Detector string `json:"detector"`
	Masked   string `json:"masked"`
	Where    string `json:"where"`
	Why      string `json:"why"`
}

// Unscannable is a place that could not be read, and what the policy makes of it.
type Unscannable struct {
	Reason       string        `json:"reason"`
	Where        string        `json:"where"`
	Detail       string        `json:"detail,omitempty"`
	Level        message.Level `json:"level"`
	NotifySender bool          `json:"notify_sender,omitempty"`
}

func (x *Explanation) json() (json.RawMessage, error) {
	b, err := json.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("write explanation: %w", err)
	}
	return b, nil
}

// builtinTitle is the title of what has no rule of its own: unreadable content and limits on recipients.
func builtinTitle(id string) titles {
	switch id {
	case "unscannable.encrypted":
		return titles{"sv": "Krypterad fil som inte kan läsas", "nl": "Versleuteld bestand dat niet gelezen kan worden", "en": "Encrypted file that cannot be read"}
	case "unscannable.corrupt":
		return titles{"sv": "Skadat innehåll", "nl": "Beschadigde inhoud", "en": "Damaged content"}
	case "unscannable.ambiguous":
		return titles{"sv": "Innehåll som kan läsas på flera sätt", "nl": "Inhoud die op meer manieren gelezen kan worden", "en": "Content that can be read in more than one way"}
	case "unscannable.unsupported":
		return titles{"sv": "Filtyp som inte kan läsas", "nl": "Bestandstype dat niet gelezen kan worden", "en": "File type that cannot be read"}
	case "recipients.min":
		return titles{"sv": "Mottagaren får alltid skyddad post", "nl": "Deze ontvanger krijgt altijd beveiligde post", "en": "This recipient always gets protected mail"}
	}
	return titles{"sv": "Innehåll som inte kan granskas", "nl": "Inhoud die niet gecontroleerd kan worden", "en": "Content that cannot be checked"}
}

// byLanguage gives a title for each language of the product; one string stands for all.
func (t titles) byLanguage(id string) map[string]string {
	out := map[string]string{}
	for lang, s := range t {
		if lang != "" {
			out[lang] = s
		}
	}
	if s := t[""]; s != "" {
		for _, lang := range []string{"sv", "nl", "en"} {
			out[lang] = s
		}
	}
	if len(out) == 0 {
		out["en"] = id
	}
	return out
}
