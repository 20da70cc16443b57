package classify

import "fmt"

// Confidence is how sure a hit is. The steps are those of Microsoft Purview's 65, 75 and 85.
type Confidence uint8

// The confidences, in order; they compare with <. None is a candidate that only context can make count.
const (
	None   Confidence = iota
	Low               // shape only, or a weak checksum without context
	Medium            // checksum and structure, or shape and context where no checksum exists
	High              // checksum and context
)

var confidenceNames = [...]string{"none", "low", "medium", "high"}

// String returns none, low, medium or high.
func (c Confidence) String() string { return confidenceNames[c] }

// ParseConfidence is the inverse of [Confidence.String].
func ParseConfidence(s string) (Confidence, error) {
	for i, name := range confidenceNames {
		if s == name {
			return Confidence(i), nil
		}
	}
	return None, fmt.Errorf("unknown confidence %q: use none, low, medium or high", s)
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (c *Confidence) UnmarshalText(b []byte) (err error) {
	*c, err = ParseConfidence(string(b))
	return err
}

// MarshalText implements [encoding.TextMarshaler].
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Boundary says what may stand next to a match.
type Boundary string

// The boundaries.
const (
	BoundaryNumber Boundary = "number" // no digit or letter, no separator with a further digit behind it
	BoundaryWord   Boundary = "word"   // the match is not inside a word of any script
	BoundaryNone   Boundary = "none"
)

// Mask says how much of a value people see.
type Mask string

// The masks. MaskNone shows the value and is meant for words, which stand in the policy anyway.
const (
	MaskAll        Mask = "all"
	MaskLast2      Mask = "last2"
	MaskFirst1Last Mask = "first1last2"
	MaskNone       Mask = "none"
)

// Detector says what to look for. Exactly one of Words, Groups, Patterns and Finder is set.
type Detector struct {
	ID string

	// Words are phrases: whole words, any case, a space for any white space. A '*' at an end lets the word go on there.
	Words []string
	// Groups are words by group; a hit's value is then the group, so that counting unique values counts groups.
	Groups map[string][]string
	// Patterns are tried in order.
	Patterns []Pattern
	// Finder names a search that no regular expression can express: iban or mrz.
	Finder string

	Fold       bool     // Words and Groups: also find them written without diacritics
	Prefilter  []string // one of these must occur in the segment or the subject
	Boundary   Boundary // of Patterns; "" is none for regular expressions, and always number for digits
	Validate   []string // all must hold, such as luhn or entropy(3.5)
	Exclude    Exclude
	Context    []Context
	Confidence Confidence // of Words, Groups and Finder
	Mask       Mask
	Overlap    bool // may share its text with hits of other detectors
}

// Pattern is one way in which a value is written: a regular expression (RE2 syntax, on normalised text) or digit groups.
type Pattern struct {
	Regex string
	Value int // the capture group that holds the value

	Digits     string // lengths of digit groups: "6|4", "13..19"
	Separators string // what may stand between groups: "-+ ./\t\n"

	Confidence Confidence
}

// Exclude drops candidates whose value is known to mean nothing.
type Exclude struct {
	Values    []string // compared by letters and digits alone
	Regex     string   // matches the whole value
	LineRegex string   // matches anywhere on the line of the candidate
	Stopwords []string // inside the value
	SameDigit bool     // 999999999
	Sequence  bool     // 123456789
}

// Context raises or lowers the confidence of candidates near words, or drops them.
type Context struct {
	Near   []string // beginnings of words, or whole words when they end in '$'
	Within int      // characters of normalised text
	Side   Side
	Set    *Confidence // None drops the candidate
	Shift  int         // steps up or down, when Set is nil
}

// Side says where context words may stand.
type Side string

// The sides; "" means both.
const (
	SideBoth   Side = "both"
	SideBefore Side = "before"
	SideAfter  Side = "after"
)

// lowers says that the context speaks against the candidate.
func (c *Context) lowers() bool {
	if c.Set != nil {
		return *c.Set <= Low
	}
	return c.Shift < 0
}
