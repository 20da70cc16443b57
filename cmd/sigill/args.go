package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigill/internal/message"
	"sigill/internal/yamlfile"
)

// Values on the command line read themselves, so that a wrong one is wrong use (exit 2)
// before anything is opened.

// idArg is the id of a message.
type idArg message.ID

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *idArg) UnmarshalText(b []byte) error {
	id, err := message.ParseID(string(b))
	*a = idArg(id)
	return err
}

// addressArg is a whole address, not the null sender.
type addressArg struct{ message.Address }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *addressArg) UnmarshalText(b []byte) error {
	var err error
	if a.Address, err = message.ParseAddress(string(b)); err == nil && a.IsNull() {
		err = errors.New("an address is wanted")
	}
	return err
}

// senderArg is an address or <>, the null sender; given says that it is on the command line.
type senderArg struct {
	message.Address
	given bool
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *senderArg) UnmarshalText(b []byte) error {
	a.given = true
	if string(b) == "<>" { // RFC 5321 4.5.5
		return nil
	}
	var one addressArg
	err := one.UnmarshalText(b)
	a.Address = one.Address
	return err
}

// ageArg is a length of time, back from now.
type ageArg time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *ageArg) UnmarshalText(b []byte) error {
	d, err := yamlfile.ParseDuration(string(b))
	*a = ageArg(d)
	return err
}

func (a ageArg) before(now time.Time) time.Time { return now.Add(-time.Duration(a)) }

func (a ageArg) String() string { return yamlfile.Duration(a).String() }

// countArg is how many, at least one.
type countArg int

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *countArg) UnmarshalText(b []byte) error {
	n, err := strconv.Atoi(string(b))
	if err != nil || n < 1 {
		return errors.New("a number from 1 up is wanted")
	}
	*a = countArg(n)
	return nil
}

// indexArg is the number of a recipient; nil stands for all.
type indexArg int

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *indexArg) UnmarshalText(b []byte) error {
	n, err := strconv.Atoi(string(b))
	if err != nil || n < 0 {
		return errors.New("a recipient's number from 0 up is wanted")
	}
	*a = indexArg(n)
	return nil
}

// levelArg is a level that protects.
type levelArg message.Level

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *levelArg) UnmarshalText(b []byte) error {
	level, err := message.ParseLevel(string(b))
	if err != nil || level == message.Pass {
		return errors.New("level1 or level2 is wanted")
	}
	*a = levelArg(level)
	return nil
}

// stepArg is a step that may be hurried.
type stepArg message.JobKind

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *stepArg) UnmarshalText(b []byte) error {
	var names []string
	for _, k := range outward() {
		names = append(names, string(k))
	}
	if !slices.Contains(names, string(b)) {
		return fmt.Errorf("one of %s is wanted", strings.Join(names, ", "))
	}
	*a = stepArg(b)
	return nil
}
