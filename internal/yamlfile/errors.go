package yamlfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxErrors is how many problems of one file are listed; more help nobody.
const maxErrors = 50

// Pos is a place in a file. Lines and columns count from 1; columns count characters. A struct with a field of type Pos
// (tagged `yaml:"-"`) has it filled with the place where its map begins, or where its key stands.
type Pos struct {
	File   string
	Line   int
	Column int
}

// IsZero says whether the place is unknown: nothing in a file stands at line 0.
func (p Pos) IsZero() bool { return p.Line == 0 }

// String is "file:line:column", or the file alone when the place in it is unknown.
func (p Pos) String() string {
	if p.IsZero() {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Errorf makes an Error at this place, for what is found wrong only after decoding.
func (p Pos) Errorf(format string, args ...any) Error {
	return Error{File: p.File, Line: p.Line, Column: p.Column, Msg: fmt.Sprintf(format, args...)}
}

// Error is one problem and its place.
type Error struct {
	File   string
	Line   int // from 1; 0 when the problem has no place
	Column int // from 1, in characters
	Key    string
	Msg    string
}

// Pos is the place of the problem.
func (e Error) Pos() Pos { return Pos{File: e.File, Line: e.Line, Column: e.Column} }

// Error is "file:line:column: key: message", without the parts that are empty.
func (e Error) Error() string {
	var parts []string
	for _, part := range []string{e.Pos().String(), e.Key, e.Msg} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Errors is every problem of one file, in the order of their places.
type Errors []Error

// Error puts one problem on each line.
func (e Errors) Error() string {
	var lines []string
	for i, one := range e {
		if i == maxErrors {
			lines = append(lines, fmt.Sprintf("and %d more", len(e)-maxErrors))
			break
		}
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "\n")
}

// Err is nil when there is no problem, and otherwise the list in order of place.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	sorted := slices.Clone(e)
	slices.SortStableFunc(sorted, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(sorted)
}

// asErrors turns whatever a destination returned into problems with a place; an error that brings none gets that of n.
func asErrors(err error, n *Node) Errors {
	if many, ok := errors.AsType[Errors](err); ok {
		return many
	}
	if one, ok := errors.AsType[Error](err); ok {
		return Errors{one}
	}
	return Errors{n.problem("%v", err)}
}
