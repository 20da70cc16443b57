package policy

import (
	"sigill/internal/classify"
	"sigill/internal/yamlfile"
)

// file is a policy as it stands in YAML.
type file struct {
	Version     int                `yaml:"version,required"`
	Name        string             `yaml:"name"`
	Locale      string             `yaml:"locale"`
	Use         []useEntry         `yaml:"use"`
	Include     []text             `yaml:"include"`
	Defaults    defaultsNode       `yaml:"defaults"`
	Lists       map[string]texts   `yaml:"lists"`
	Triggers    []triggerNode      `yaml:"triggers"`
	Labels      []labelNode        `yaml:"labels"`
	Detectors   []detectorNode     `yaml:"detectors"`
	Rules       []ruleNode         `yaml:"rules"`
	Exceptions  []exceptionNode    `yaml:"exceptions"`
	Unscannable map[string]outcome `yaml:"unscannable"`
	Limits      limitsNode         `yaml:"limits"`
	Recipients  []clampNode        `yaml:"recipients"`
	Journal     texts              `yaml:"journal"`
	Subject     text               `yaml:"subject"`
	Split       *bool              `yaml:"split"`
	Tests       []testNode         `yaml:"tests"`
}

// included is a further file: the same, but for what only one file can say.
type included struct {
	Version    int              `yaml:"version"`
	Lists      map[string]texts `yaml:"lists"`
	Triggers   []triggerNode    `yaml:"triggers"`
	Labels     []labelNode      `yaml:"labels"`
	Detectors  []detectorNode   `yaml:"detectors"`
	Rules      []ruleNode       `yaml:"rules"`
	Exceptions []exceptionNode  `yaml:"exceptions"`
	Recipients []clampNode      `yaml:"recipients"`
	Tests      []testNode       `yaml:"tests"`
}

// packFile is a pack of detectors.
type packFile struct {
	Pack      string           `yaml:"pack,required"`
	Lists     map[string]texts `yaml:"lists"`
	Detectors []detectorNode   `yaml:"detectors"`
}

// text is a string with its place.
type text struct {
	Pos   yamlfile.Pos
	Value string
}

// UnmarshalYAMLFile reads a scalar as it stands.
func (t *text) UnmarshalYAMLFile(n *yamlfile.Node) error {
	t.Pos = n.Pos()
	return n.Decode(&t.Value)
}

// texts is a string or a list of them; @name stands for the list of that name.
type texts []text

// UnmarshalYAMLFile takes one string or a list.
func (t *texts) UnmarshalYAMLFile(n *yamlfile.Node) error {
	if n.Kind() == yamlfile.List {
		return n.Decode((*[]text)(t))
	}
	var one text
	if err := n.Decode(&one); err != nil {
		return err
	}
	*t = texts{one}
	return nil
}

// titles is a title by language, or one string for all.
type titles map[string]string

// UnmarshalYAMLFile takes a string or a map.
func (t *titles) UnmarshalYAMLFile(n *yamlfile.Node) error {
	if n.Kind() == yamlfile.Map {
		return n.Decode((*map[string]string)(t))
	}
	var one string
	if err := n.Decode(&one); err != nil {
		return err
	}
	*t = titles{"": one}
	return nil
}

// langWords is a list of words, or lists by language.
type langWords map[string]texts

// UnmarshalYAMLFile takes a list, a string, or a map of lists.
func (w *langWords) UnmarshalYAMLFile(n *yamlfile.Node) error {
	if n.Kind() == yamlfile.Map {
		return n.Decode((*map[string]texts)(w))
	}
	var all texts
	if err := n.Decode(&all); err != nil {
		return err
	}
	*w = langWords{"": all}
	return nil
}

// useEntry takes in a pack, whole or narrowed.
type useEntry struct {
	Pos    yamlfile.Pos
	Pack   string
	Narrow narrow
}

type narrow struct {
	Only      texts `yaml:"only"`
	Except    texts `yaml:"except"`
	Languages texts `yaml:"languages"`
}

// UnmarshalYAMLFile takes a name, or a name with what to narrow it to.
func (u *useEntry) UnmarshalYAMLFile(n *yamlfile.Node) error {
	u.Pos = n.Pos()
	if n.Kind() != yamlfile.Map {
		return n.Decode(&u.Pack)
	}
	entries := n.Entries()
	if len(entries) != 1 {
		return n.Errorf("write one pack a line: - name, or - name: {only: [...]}")
	}
	u.Pack = entries[0].Key
	return entries[0].Value.Decode(&u.Narrow)
}

type defaultsNode struct {
	Scope         texts                `yaml:"scope"`
	MinConfidence *classify.Confidence `yaml:"min_confidence"`
	Window        int                  `yaml:"window"`
	Count         countNode            `yaml:"count"`
	Level         int                  `yaml:"level"`
}

type countNode struct {
	Pos    yamlfile.Pos `yaml:"-"`
	Min    *int         `yaml:"min"`
	Max    *int         `yaml:"max"`
	Unique *bool        `yaml:"unique"`
}

type triggerNode struct {
	Pos      yamlfile.Pos `yaml:"-"`
	ID       string       `yaml:"id,required"`
	Title    titles       `yaml:"title"`
	Words    texts        `yaml:"words,required"`
	In       string       `yaml:"in"`
	Strip    *bool        `yaml:"strip"`
	Position string       `yaml:"position"`
	Level    int          `yaml:"level,required"`
}

type labelNode struct {
	Pos     yamlfile.Pos `yaml:"-"`
	ID      string       `yaml:"id,required"`
	Title   titles       `yaml:"title"`
	Header  string       `yaml:"header,required"`
	Equals  texts        `yaml:"equals"`
	Matches string       `yaml:"matches"`
	Level   int          `yaml:"level,required"`
}

type detectorNode struct {
	Pos           yamlfile.Pos         `yaml:"-"`
	ID            string               `yaml:"id"`
	Override      string               `yaml:"override"`
	Title         titles               `yaml:"title"`
	Prefilter     texts                `yaml:"prefilter"`
	Patterns      []patternNode        `yaml:"patterns"`
	Words         langWords            `yaml:"words"`
	Groups        map[string]langWords `yaml:"groups"`
	ValidatorOnly string               `yaml:"validator_only"`
	Boundary      string               `yaml:"boundary"`
	Validate      texts                `yaml:"validate"`
	Exclude       *excludeNode         `yaml:"exclude"`
	Context       []contextNode        `yaml:"context"`
	Mask          string               `yaml:"mask"`
	Confidence    *classify.Confidence `yaml:"confidence"`
	Fold          *bool                `yaml:"fold"`
	Overlap       string               `yaml:"overlap"`
	Tests         *examplesNode        `yaml:"tests"`
}

type patternNode struct {
	Pos        yamlfile.Pos         `yaml:"-"`
	Regex      string               `yaml:"regex"`
	Value      int                  `yaml:"value"`
	Digits     string               `yaml:"digits"`
	Separators string               `yaml:"separators"`
	Confidence *classify.Confidence `yaml:"confidence"`
}

type excludeNode struct {
	Values    texts  `yaml:"values"`
	Regex     string `yaml:"regex"`
	LineRegex string `yaml:"line_regex"`
	Stopwords texts  `yaml:"stopwords"`
	SameDigit bool   `yaml:"same_digit"`
	Sequence  bool   `yaml:"sequence"`
}

type contextNode struct {
	Pos    yamlfile.Pos         `yaml:"-"`
	Near   texts                `yaml:"near,required"`
	Within int                  `yaml:"within"`
	Side   string               `yaml:"side"`
	Set    *classify.Confidence `yaml:"set"`
	Shift  int                  `yaml:"shift"`
}

// examplesNode are texts in which a detector must find something, or nothing, of at least medium confidence, or of
// another that is named.
type examplesNode struct {
	Confidence *classify.Confidence `yaml:"confidence"`
	Match      texts                `yaml:"match"`
	Miss       texts                `yaml:"miss"`
}

type ruleNode struct {
	Pos           yamlfile.Pos         `yaml:"-"`
	ID            string               `yaml:"id,required"`
	Title         titles               `yaml:"title"`
	When          whenNode             `yaml:"when,required"`
	Level         *int                 `yaml:"level"`
	Mode          string               `yaml:"mode"`
	Scope         texts                `yaml:"scope"`
	MinConfidence *classify.Confidence `yaml:"min_confidence"`
	Notify        texts                `yaml:"notify"`
}

// whenNode is a condition: everything that is said in it must hold.
type whenNode struct {
	Pos           yamlfile.Pos         `yaml:"-"`
	Detector      texts                `yaml:"detector"`
	Count         *countNode           `yaml:"count"`
	MinConfidence *classify.Confidence `yaml:"min_confidence"`
	Scope         texts                `yaml:"scope"`
	Sender        *partyNode           `yaml:"sender"`
	Recipient     *partyNode           `yaml:"recipient"`
	Header        *headerNode          `yaml:"header"`
	Attachment    *attachmentNode      `yaml:"attachment"`
	Size          *sizeNode            `yaml:"size"`
	All           []whenNode           `yaml:"all"`
	Any           []whenNode           `yaml:"any"`
	Not           whenNodes            `yaml:"not"`
	Within        int                  `yaml:"within"`
}

// whenNodes is a condition or a list of them.
type whenNodes []whenNode

// UnmarshalYAMLFile takes one condition or a list.
func (w *whenNodes) UnmarshalYAMLFile(n *yamlfile.Node) error {
	return n.Decode((*yamlfile.OneOrMore[whenNode])(w))
}

type partyNode struct {
	Pos     yamlfile.Pos `yaml:"-"`
	Address texts        `yaml:"address"`
	Domain  texts        `yaml:"domain"`
	Outside texts        `yaml:"outside"`
}

type headerNode struct {
	Pos      yamlfile.Pos `yaml:"-"`
	Name     string       `yaml:"name,required"`
	Equals   texts        `yaml:"equals"`
	Contains texts        `yaml:"contains"`
	Matches  string       `yaml:"matches"`
}

type attachmentNode struct {
	Pos   yamlfile.Pos   `yaml:"-"`
	Type  texts          `yaml:"type"`
	Name  string         `yaml:"name"`
	Min   *yamlfile.Size `yaml:"min"`
	Count *countNode     `yaml:"count"`
}

type sizeNode struct {
	Pos yamlfile.Pos   `yaml:"-"`
	Min *yamlfile.Size `yaml:"min"`
	Max *yamlfile.Size `yaml:"max"`
}

type exceptionNode struct {
	Pos     yamlfile.Pos      `yaml:"-"`
	ID      string            `yaml:"id,required"`
	Rules   texts             `yaml:"rules"`
	When    exceptionWhenNode `yaml:"when,required"`
	Outcome string            `yaml:"outcome"`
	Expires text              `yaml:"expires"`
}

type exceptionWhenNode struct {
	Value     texts      `yaml:"value"`
	Segment   texts      `yaml:"segment"`
	Sender    *partyNode `yaml:"sender"`
	Recipient *partyNode `yaml:"recipient"`
	Transport string     `yaml:"transport"`
}

// outcome is what happens to what cannot be read: pass, or {level: 1}.
type outcome struct {
	Pos          yamlfile.Pos
	Level        int
	NotifySender bool
}

// UnmarshalYAMLFile takes pass or a map with a level.
func (o *outcome) UnmarshalYAMLFile(n *yamlfile.Node) error {
	o.Pos = n.Pos()
	if n.Kind() == yamlfile.String {
		if n.String() != "pass" {
			return n.Errorf("write pass, or {level: 1}, not %q", n.String())
		}
		return nil
	}
	var full struct {
		Level        int  `yaml:"level,required"`
		NotifySender bool `yaml:"notify_sender"`
	}
	err := n.Decode(&full)
	o.Level, o.NotifySender = full.Level, full.NotifySender
	return err
}

type limitsNode struct {
	Depth int                `yaml:"depth"`
	Files int                `yaml:"files"`
	Text  *yamlfile.Size     `yaml:"text"`
	Ratio int                `yaml:"ratio"`
	Time  *yamlfile.Duration `yaml:"time"`
}

type clampNode struct {
	Pos           yamlfile.Pos `yaml:"-"`
	Match         texts        `yaml:"match,required"`
	Max           *levelText   `yaml:"max"`
	Min           *levelText   `yaml:"min"`
	AllowTriggers *bool        `yaml:"allow_triggers"`
}

// levelText is a level as a number, or pass.
type levelText int

// UnmarshalYAMLFile takes pass, 0, 1 or 2.
func (l *levelText) UnmarshalYAMLFile(n *yamlfile.Node) error {
	switch n.String() {
	case "pass", "0":
		*l = 0
	case "1":
		*l = 1
	case "2":
		*l = 2
	default:
		return n.Errorf("write pass, 1 or 2")
	}
	return nil
}

type testNode struct {
	Pos         yamlfile.Pos         `yaml:"-"`
	Name        string               `yaml:"name,required"`
	From        string               `yaml:"from"`
	To          texts                `yaml:"to"`
	Subject     string               `yaml:"subject"`
	Body        string               `yaml:"body"`
	HTML        string               `yaml:"html"`
	Headers     map[string]string    `yaml:"headers"`
	Attachments []testAttachmentNode `yaml:"attachments"`
	File        string               `yaml:"file"`
	Expect      *expectNode          `yaml:"expect"`
}

type testAttachmentNode struct {
	Pos       yamlfile.Pos `yaml:"-"`
	Name      string       `yaml:"name,required"`
	Text      string       `yaml:"text"`
	Base64    string       `yaml:"base64"` // instead of text, for what is not text
	Type      string       `yaml:"type"`
	Encrypted bool         `yaml:"encrypted"`
}

type expectNode struct {
	Pos        yamlfile.Pos      `yaml:"-"`
	Verdict    string            `yaml:"verdict"`
	Rules      *[]string         `yaml:"rules"`
	NotRules   []string          `yaml:"not_rules"`
	Findings   map[string]int    `yaml:"findings"`
	Count      map[string]int    `yaml:"count"`
	Recipients map[string]string `yaml:"recipients"`
	Subject    *string           `yaml:"subject"`
}
