package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sigill/internal/classify"
)

// validators names those of a detector, without the ones that it refuses: unknown ones, and those that no value can meet.
func (c *compiler) validators(t texts) []string {
	var good []string
	low, high := 0, math.MaxInt
	for _, v := range c.listed(t) {
		if why := refused(v.Value); why != "" {
			c.errorf(v.Pos, "%s", why)
			continue
		}
		good = append(good, v.Value)
		if name, args := called(v.Value); name == "length" {
			least, most, _ := bounds(args) // they were read a moment ago
			low, high = max(low, least), min(high, most)
			if low > high {
				c.errorf(v.Pos, "validator %q: no value has both this length and the one asked for before", v.Value)
				low, high = 0, math.MaxInt
			}
		}
	}
	return good
}

// refused says what is wrong with a validator; "" when nothing is.
func refused(spec string) string {
	name, args := called(spec)
	if why := unmet(name, args); why != "" {
		return fmt.Sprintf("validator %q never holds: %s", spec, why)
	}
	_, err := classify.LookupValidator(spec)
	if err == nil {
		return ""
	}
	var known, general []string
	for _, v := range classify.ValidatorNames() {
		bare, _ := called(v)
		known = append(known, bare)
		if !strings.Contains(bare, ".") {
			general = append(general, v)
		}
	}
	if slices.Contains(known, name) {
		return err.Error()
	}
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("unknown validator %q%s", name, near)
	}
	return fmt.Sprintf("unknown validator %q; there are %s, and those of national numbers by their detectors, such as se.personnummer", name, strings.Join(general, ", "))
}

// called takes a validator apart: "length(6, 10)" is length with 6 and 10.
func called(spec string) (name string, args []string) {
	name, rest, _ := strings.Cut(strings.TrimSpace(spec), "(")
	for arg := range strings.SplitSeq(strings.TrimSuffix(rest, ")"), ",") {
		args = append(args, strings.TrimSpace(arg))
	}
	return name, args
}

// unmet says why no value can meet a validator; "" when one can, or when it is not written as it must be.
func unmet(name string, args []string) string {
	switch name {
	case "length":
		if low, high, ok := bounds(args); ok && low > high {
			return fmt.Sprintf("nothing is at least %d and at most %d characters long", low, high)
		}
	case "date":
		if len(args) != 3 {
			return ""
		}
		if low, high, ok := bounds(args[1:]); ok && low > high {
			return fmt.Sprintf("no year lies between %d and %d; write the earlier one first", low, high)
		}
	case "entropy":
		if bits, err := strconv.ParseFloat(args[0], 64); err == nil && (bits == 8 || math.IsNaN(bits)) { // of UTF-8, some bytes are never used
			return "no text has so many bits per character"
		}
	}
	return ""
}

// bounds are the smallest and the largest of what is asked for, which may be one number.
func bounds(args []string) (low, high int, ok bool) {
	low, errLow := strconv.Atoi(args[0])
	high, errHigh := strconv.Atoi(args[len(args)-1])
	return low, high, errLow == nil && errHigh == nil && len(args) <= 2
}
