package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	// MaxBytes is the longest file that is read.
	MaxBytes = 8 << 20
	// maxDepth is how deeply lists and maps may nest; far above what a hand writes, far below what hurts.
	maxDepth = 64
	// maxExpanded is how many values aliases may add to those that are written out.
	maxExpanded = 10_000
)

// parse turns a file into its root value, or nil when it holds none. Whatever comes out is a tree that can be walked:
// no cycles, no bombs, no duplicate keys, no tags.
func parse(name string, data []byte) (*yaml.Node, error) {
	if err := checkText(name, data); err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, syntaxError(name, data, err)
	}
	if err := decoder.Decode(&second); err == nil {
		place := Pos{File: name, Line: max(1, second.Line), Column: max(1, second.Column)}
		return nil, Errors{place.Errorf("a second document begins here; a file holds one")}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(name, data, err)
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	c := checker{file: name, sizes: map[*yaml.Node]int{}}
	c.walk(document.Content[0], "", 0)
	return document.Content[0], c.problems.Err()
}

// checkText refuses what is not text before the parser sees it, because the parser's own complaint names no place.
func checkText(name string, data []byte) error {
	if len(data) > MaxBytes {
		return Errors{{File: name, Msg: fmt.Sprintf("the file is longer than %s", Size(MaxBytes))}}
	}
	line, column := 1, 1
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			return Errors{{File: name, Line: line, Column: column, Msg: "not UTF-8; save the file as UTF-8"}}
		case r == '\n':
			line, column = line+1, 0
		case r < 0x20 && r != '\t' && r != '\r', r >= 0x7f && r < 0xa0 && r != 0x85, r == 0xfeff && at > 0:
			return Errors{{File: name, Line: line, Column: column, Msg: fmt.Sprintf("control character %U; write it as an escape in double quotes", r)}}
		}
		at, column = at+size, column+1
	}
	return nil
}

var (
	parserLine    = regexp.MustCompile(`^line (\d+): `)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	// grammarFault is how complaints of the library's parser begin. They name the line where the list or map around the
	// mistake began, counted from 0.
	grammarFault = regexp.MustCompile(`^(did not find expected (<|node|'|key)|found (undefined tag|duplicate %|incompatible))`)
)

// hints says what to do about complaints that name only the symptom.
var hints = [...]struct{ complaint, hint string }{
	{"cannot start any token", "put a value that begins with @, % or ` in quotes, and indent with spaces, not tabs"},
	{"expected alphabetic or numeric character", "put a value that begins with * or & in quotes"},
	{"mapping values are not allowed", "put a value that holds a colon and a space in quotes, and check the indentation"},
}

// syntaxError gives the library's complaint a place. The library names a line (or none, for the first); the column is
// that of the first character on it.
func syntaxError(name string, data []byte, err error) Errors {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := unknownAnchor.FindStringSubmatch(msg); m != nil {
		return Errors{aliasError(name, string(data), m[1])}
	}
	line, lines := 1, strings.SplitAfter(string(data), "\n")
	if m := parserLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
	}
	if grammarFault.MatchString(msg) {
		line = brokenLine(lines)
	}
	for _, h := range hints {
		if strings.Contains(msg, h.complaint) {
			msg += "; " + h.hint
		}
	}
	line = min(max(1, line), len(lines))
	text := lines[line-1]
	column := len(text) - len(strings.TrimLeft(text, " \t")) + 1
	return Errors{{File: name, Line: line, Column: column, Msg: msg}}
}

// brokenLine is the number of the line that breaks a file: all before it are fine by themselves. A value of several lines
// is not fine until it is complete, so a search in halves may stop at the first line of one; it goes on when some lines
// later all is well again.
func brokenLine(lines []string) int {
	const longest = 40 // lines of one value that are looked over
	good := 0
	for {
		bad := len(lines)
		for good+1 < bad {
			if middle := (good + bad) / 2; parses(lines[:middle]) {
				good = middle
			} else {
				bad = middle
			}
		}
		next := bad + 1
		for next < min(len(lines), bad+longest) && !parses(lines[:next]) {
			next++
		}
		if next >= min(len(lines), bad+longest) {
			return bad
		}
		good = next
	}
}

func parses(lines []string) bool {
	decoder := yaml.NewDecoder(strings.NewReader(strings.Join(lines, "")))
	for {
		var n yaml.Node
		if err := decoder.Decode(&n); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// aliasError finds the alias that names nothing, because the library does not say where it stands.
func aliasError(name, text, alias string) Error {
	before, _, found := strings.Cut(text, "*"+alias)
	if !found {
		before = ""
	}
	start := strings.LastIndex(before, "\n") + 1
	place := Pos{File: name, Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[start:]) + 1}
	return place.Errorf("*%s refers to nothing; put a value that begins with * in quotes", clip(alias))
}

// checker walks the tree once and finds everything that is wrong with any file, whatever it is decoded into.
type checker struct {
	file     string
	problems Errors
	expanded int                // values that aliases added so far
	sizes    map[*yaml.Node]int // values below a node, aliases followed; -1 while it is being counted
}

func (c *checker) fault(n *yaml.Node, path, format string, args ...any) {
	place := Pos{File: c.file, Line: n.Line, Column: n.Column}
	problem := place.Errorf(format, args...)
	problem.Key = path
	c.problems = append(c.problems, problem)
}

// walk returns how many values stand at and below n once aliases are followed.
func (c *checker) walk(n *yaml.Node, path string, depth int) int {
	if depth > maxDepth {
		c.fault(n, path, "nested deeper than %d", maxDepth)
		return 1
	}
	if n.Style&yaml.TaggedStyle != 0 {
		c.fault(n, path, "tags such as %q are not used here; remove it", n.Tag)
	}
	c.sizes[n] = -1
	size := 1
	switch n.Kind {
	case yaml.AliasNode:
		size = c.alias(n, path)
	case yaml.MappingNode:
		size += c.mapping(n, path, depth)
	case yaml.SequenceNode:
		for i, child := range n.Content {
			size += c.walk(child, fmt.Sprintf("%s[%d]", path, i), depth+1)
		}
	case yaml.DocumentNode, yaml.ScalarNode:
	}
	c.sizes[n] = size
	return size
}

func (c *checker) mapping(n *yaml.Node, path string, depth int) int {
	first := map[string]int{}
	size := 0
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		below := join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode:
			c.fault(key, path, "a key must be a plain word")
			below = path
		case key.Value == "<<" && key.Style == 0:
			c.fault(key, path, "merge keys (<<) are not used here; write the keys out")
		case first[key.Value] != 0:
			c.fault(key, below, "duplicate key %q, first on line %d", clip(key.Value), first[key.Value])
		default:
			first[key.Value] = key.Line
		}
		if key.Style&yaml.TaggedStyle != 0 {
			c.fault(key, below, "tags such as %q are not used here; remove it", key.Tag)
		}
		size += 1 + c.walk(value, below, depth+1)
	}
	return size
}

// alias refuses an alias into itself and a file that aliases make far larger than it looks. An anchor stands before its
// alias, so the size of what it names is already known.
func (c *checker) alias(n *yaml.Node, path string) int {
	size := c.sizes[n.Alias]
	if size < 0 {
		c.fault(n, path, "alias %q contains itself", n.Value)
		return 1
	}
	c.expanded += size
	if c.expanded > maxExpanded {
		if c.expanded-size <= maxExpanded {
			c.fault(n, path, "aliases make the file too large; write the values out")
		}
		return 1
	}
	return size
}

// join is the dotted path of a key inside path.
func join(path, key string) string {
	if path == "" {
		return clip(key)
	}
	return path + "." + clip(key)
}

// clip shortens a quoted word so that an error stays one readable line.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
