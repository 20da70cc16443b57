package yamlfile

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Kind is what a value looks like in the file, by the core schema of YAML 1.2.2 section 10.3.
type Kind int

// The kinds. Everything in quotes is a String.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

var kindNames = [...]string{
	Null: "nothing", Bool: "true or false", Int: "a whole number", Float: "a number", String: "a string", List: "a list", Map: "a map",
}

// String is the kind in words, with its article: "a list".
func (k Kind) String() string { return kindNames[k] }

// Unmarshaler is implemented by a destination that takes more than one shape, such as a string or a map. It is called
// for a key without a value too, with a Node of kind Null. An error it returns that carries no place gets the node's.
type Unmarshaler interface {
	UnmarshalYAMLFile(n *Node) error
}

// Node is one value of a file together with its place and its path.
type Node struct {
	file string
	path string
	key  *yaml.Node // the key it stands under; nil in a list and at the top
	y    *yaml.Node
}

// Entry is one key of a map with its value.
type Entry struct {
	Key   string
	Pos   Pos // of the key
	Value *Node
}

func newNode(file, path string, key, y *yaml.Node) *Node {
	if y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	return &Node{file: file, path: path, key: key, y: y}
}

// Pos is where the value begins.
func (n *Node) Pos() Pos {
	return Pos{File: n.file, Line: max(1, n.y.Line), Column: max(1, n.y.Column)}
}

// Path is the dotted path of the value from the top: "smtp.networks[2].cidr".
func (n *Node) Path() string { return n.path }

// Quoted says whether a scalar stands in quotes or in a block (| or >), so that it can only be a string.
func (n *Node) Quoted() bool { return n.y.Kind == yaml.ScalarNode && n.y.Style != 0 }

// String is the text of a scalar as it stands, quotes resolved; it is empty for lists, maps and Null.
func (n *Node) String() string {
	if n.y.Kind != yaml.ScalarNode || n.Kind() == Null {
		return ""
	}
	return n.y.Value
}

var (
	intForm   = regexp.MustCompile(`^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$`)
	floatForm = regexp.MustCompile(`^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$`)
)

// Kind is what the value looks like.
func (n *Node) Kind() Kind {
	switch n.y.Kind {
	case yaml.MappingNode:
		return Map
	case yaml.SequenceNode:
		return List
	case yaml.DocumentNode, yaml.ScalarNode, yaml.AliasNode:
	}
	return n.scalarKind()
}

func (n *Node) scalarKind() Kind {
	if n.Quoted() {
		return String
	}
	switch n.y.Value {
	case "", "~", "null", "Null", "NULL":
		return Null
	case "true", "false":
		return Bool
	}
	if intForm.MatchString(n.y.Value) {
		return Int
	}
	if floatForm.MatchString(n.y.Value) {
		return Float
	}
	return String
}

// List is the values of a list, in order; it is empty for any other kind.
func (n *Node) List() []*Node {
	if n.y.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]*Node, len(n.y.Content))
	for i, child := range n.y.Content {
		items[i] = newNode(n.file, fmt.Sprintf("%s[%d]", n.path, i), nil, child)
	}
	return items
}

// Entries is the keys and values of a map, in the order of the file; it is empty for any other kind.
func (n *Node) Entries() []Entry {
	if n.y.Kind != yaml.MappingNode {
		return nil
	}
	entries := make([]Entry, 0, len(n.y.Content)/2)
	for i := 0; i+1 < len(n.y.Content); i += 2 {
		key, value := n.y.Content[i], n.y.Content[i+1]
		entries = append(entries, Entry{
			Key:   key.Value,
			Pos:   Pos{File: n.file, Line: key.Line, Column: key.Column},
			Value: newNode(n.file, join(n.path, key.Value), key, value),
		})
	}
	return entries
}

// Get is the value under key in a map, or nil.
func (n *Node) Get(key string) *Node {
	for _, entry := range n.Entries() {
		if entry.Key == key {
			return entry.Value
		}
	}
	return nil
}

// Decode fills into, a pointer, from this value, by the same rules as the package's Decode. A destination that calls it
// on itself recurses for ever: declare `type plain T` and decode into that.
func (n *Node) Decode(into any) error { return decodeNode(n, into) }

// Errorf makes an Error at this value's place, naming its path.
func (n *Node) Errorf(format string, args ...any) error { return n.problem(format, args...) }

// UnknownKey makes the Error for a key of this map that is none of known, naming the nearest one.
func (n *Node) UnknownKey(e Entry, known []string) error { return n.unknownKey(e, known) }

func (n *Node) unknownKey(e Entry, known []string) Error {
	problem := e.Pos.Errorf("unknown key %q%s", clip(e.Key), DidYouMean(e.Key, known))
	problem.Key = n.path
	return problem
}

func (n *Node) problem(format string, args ...any) Error {
	place := n.Pos()
	if n.key != nil && n.y.Kind == yaml.ScalarNode && n.y.Value == "" && !n.Quoted() {
		// An absent value has no place of its own worth showing; its key has.
		place = Pos{File: n.file, Line: n.key.Line, Column: n.key.Column}
	}
	problem := place.Errorf(format, args...)
	problem.Key = n.path
	return problem
}

// wrong is the error for a value of the wrong kind. It names kinds only, never the value, which might be a secret.
func (n *Node) wrong(want string) Error {
	if n.Kind() == Null {
		return n.problem("needs a value: %s", want)
	}
	return n.problem("must be %s, not %s", want, n.Kind())
}

// integer reads a whole number in any of the core schema's notations, without the leading zeros that other tools read
// as octal.
func (n *Node) integer() (int64, error) {
	text := n.y.Value
	if n.Kind() != Int {
		return 0, n.wrong("a whole number without quotes")
	}
	digits := strings.TrimLeft(text, "+-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] != 'x' && digits[1] != 'o' {
		return 0, n.problem("write a number without leading zeros, or octal as 0o%s", strings.TrimLeft(digits, "0"))
	}
	base := 10
	if len(digits) > 1 && (digits[1] == 'x' || digits[1] == 'o') {
		base = 0
	}
	value, err := strconv.ParseInt(strings.TrimPrefix(text, "+"), base, 64)
	if err != nil {
		return 0, n.problem("the number is too large")
	}
	return value, nil
}

func (n *Node) float() (float64, error) {
	if n.Kind() != Int && n.Kind() != Float {
		return 0, n.wrong("a number without quotes")
	}
	value, err := strconv.ParseFloat(n.y.Value, 64)
	if err != nil || math.IsInf(value, 0) {
		return 0, n.problem("not a number that can be used")
	}
	return value, nil
}
