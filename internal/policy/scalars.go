package policy

import "sigill/internal/yamlfile"

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

// said says whether the file holds it.
func (t text) said() bool { return !t.Pos.IsZero() }

// number is a whole number with its place.
type number struct {
	Pos   yamlfile.Pos
	Value int
}

// UnmarshalYAMLFile reads a whole number.
func (x *number) UnmarshalYAMLFile(n *yamlfile.Node) error {
	x.Pos = n.Pos()
	return n.Decode(&x.Value)
}

// said says whether the file holds it.
func (x number) said() bool { return !x.Pos.IsZero() }

// or is the number, or another when the file does not hold it.
func (x number) or(otherwise int) int {
	if x.said() {
		return x.Value
	}
	return otherwise
}

// scopes names kinds of places, at least one.
type scopes texts

// UnmarshalYAMLFile takes one word or a list.
func (s *scopes) UnmarshalYAMLFile(n *yamlfile.Node) error {
	if n.Kind() == yamlfile.List && len(n.List()) == 0 {
		return n.Errorf("names no place, and so nothing would ever be found; leave it out when nothing shall be said")
	}
	return n.Decode((*texts)(s))
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
	Only      texts `yaml:"only" doc:"These detectors of the pack alone."`
	Except    texts `yaml:"except" doc:"All detectors of the pack but these."`
	Languages texts `yaml:"languages" doc:"Of lists of words, those in these languages."`
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

// whenNodes is a condition or a list of them.
type whenNodes []whenNode

// UnmarshalYAMLFile takes one condition or a list.
func (w *whenNodes) UnmarshalYAMLFile(n *yamlfile.Node) error {
	return n.Decode((*yamlfile.OneOrMore[whenNode])(w))
}

// outcomeNode is an outcome that says a level.
type outcomeNode struct {
	Level        number `yaml:"level,required" doc:"What follows." enum:"1,2"`
	NotifySender bool   `yaml:"notify_sender" doc:"true: the sender is told."`
}

// outcome is what happens to what cannot be read: pass, or {level: 1}.
type outcome struct {
	Pos          yamlfile.Pos
	LevelPos     yamlfile.Pos // zero when it passes
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
	var full outcomeNode
	err := n.Decode(&full)
	o.Level, o.LevelPos, o.NotifySender = full.Level.Value, full.Level.Pos, full.NotifySender
	return err
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
