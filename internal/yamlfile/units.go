package yamlfile

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time written with its unit: "90s", "10m", "4h", "30d", "2w", or several from large to small,
// "1d12h". A day is 24 hours, a week 7 days. A bare number is refused, because nobody can tell what it counts.
type Duration time.Duration

// Size is a number of bytes written with its unit: "512B", "256KB", "150MB", "2GB", "1TB". As mail systems count, each
// step is 1024 times the one before; KiB, MiB, GiB and TiB mean the same. A bare number is refused.
type Size int64

// unit is one suffix and what it multiplies.
type unit struct {
	name   string
	factor int64
}

// durationUnits goes from large to small; ms stands before m so that the longer suffix is tried first.
var durationUnits = []unit{
	{"w", int64(7 * 24 * time.Hour)},
	{"d", int64(24 * time.Hour)},
	{"h", int64(time.Hour)},
	{"m", int64(time.Minute)},
	{"s", int64(time.Second)},
	{"ms", int64(time.Millisecond)},
}

var sizeUnits = []unit{
	{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1},
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
}

var (
	errDuration = errors.New(`not a length of time; write a number and a unit (s, m, h, d, w), such as 90s, 10m, 4h or 30d`)
	errSize     = errors.New(`not a size; write a number and a unit (B, KB, MB, GB, TB), such as 256KB or 150MB`)
	errTooLarge = errors.New("too large")
)

// ParseDuration reads the written form of a Duration.
func ParseDuration(s string) (Duration, error) {
	var total int64
	rest, from := s, 0
	for first := true; first || rest != ""; first = false {
		value, name, after, err := leadingNumber(rest)
		if err != nil {
			return 0, fmt.Errorf("%q is %w", clip(s), orElse(err, errDuration))
		}
		i := unitIndex(durationUnits[from:], name)
		if i < 0 {
			return 0, fmt.Errorf("%q is %w", clip(s), errDuration)
		}
		part, fits := multiply(value, durationUnits[from+i].factor)
		if !fits || total > math.MaxInt64-part {
			return 0, fmt.Errorf("%q is %w", clip(s), errTooLarge)
		}
		total += part
		rest, from = after, from+i+1
	}
	return Duration(total), nil
}

// ParseSize reads the written form of a Size.
func ParseSize(s string) (Size, error) {
	value, name, rest, err := leadingNumber(s)
	if err != nil {
		return 0, fmt.Errorf("%q is %w", clip(s), orElse(err, errSize))
	}
	i := unitIndex(sizeUnits, name)
	if i < 0 || rest != "" {
		return 0, fmt.Errorf("%q is %w", clip(s), errSize)
	}
	total, fits := multiply(value, sizeUnits[i].factor)
	if !fits {
		return 0, fmt.Errorf("%q is %w", clip(s), errTooLarge)
	}
	return Size(total), nil
}

// leadingNumber splits "4h30m" into 4, "h" and "30m".
func leadingNumber(s string) (value int64, name, rest string, err error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 || digits == len(s) {
		return 0, "", "", errors.ErrUnsupported
	}
	value, err = strconv.ParseInt(s[:digits], 10, 64)
	if err != nil {
		return 0, "", "", errTooLarge
	}
	after := s[digits:]
	end := strings.IndexAny(after, "0123456789")
	if end < 0 {
		end = len(after)
	}
	return value, after[:end], after[end:], nil
}

// orElse is err when it says something of its own, else the general error of the unit.
func orElse(err, general error) error {
	if errors.Is(err, errTooLarge) {
		return err
	}
	return general
}

func unitIndex(units []unit, name string) int {
	for i, u := range units {
		if u.name == name {
			return i
		}
	}
	return -1
}

func multiply(value, factor int64) (int64, bool) {
	if value > math.MaxInt64/factor {
		return 0, false
	}
	return value * factor, true
}

// UnmarshalYAMLFile reads a length of time with its unit.
func (d *Duration) UnmarshalYAMLFile(n *Node) error {
	text, err := n.unitText("a length of time such as 10m or 30d")
	if err != nil {
		return err
	}
	value, err := ParseDuration(text)
	if err != nil {
		return n.problem("%v", err)
	}
	*d = value
	return nil
}

// UnmarshalYAMLFile reads a number of bytes with its unit.
func (s *Size) UnmarshalYAMLFile(n *Node) error {
	text, err := n.unitText("a size such as 256KB or 150MB")
	if err != nil {
		return err
	}
	value, err := ParseSize(text)
	if err != nil {
		return n.problem("%v", err)
	}
	*s = value
	return nil
}

// unitText is the text of a scalar that carries a unit.
func (n *Node) unitText(want string) (string, error) {
	switch n.Kind() {
	case Int, Float:
		return "", n.problem("%s has no unit; write %s", clip(n.y.Value), want)
	case String:
		return n.y.Value, nil
	case Null, Bool, List, Map:
	}
	return "", n.wrong(want)
}

// String is the written form, in the largest units that fit: "1d12h". Parts below a millisecond are dropped.
func (d Duration) String() string {
	rest := int64(d)
	var b strings.Builder
	for _, u := range durationUnits[1:] {
		if count := rest / u.factor; count > 0 {
			fmt.Fprintf(&b, "%d%s", count, u.name)
			rest -= count * u.factor
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// String is the written form, in the largest unit that divides it: "150MB".
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.factor == 0 {
			return fmt.Sprintf("%d%s", int64(s)/u.factor, u.name)
		}
	}
	return "0B"
}
