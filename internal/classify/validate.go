package classify

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Verdict is what a validator says of a value.
type Verdict uint8

// The verdicts. Unknown keeps the candidate at the confidence of its pattern; Doubtful holds, but something ordinary is
// written the same way, so that only context takes the candidate above low. Better holds more surely than the format
// asks for: words that speak for the candidate take it one step further.
const (
	Invalid Verdict = iota
	Valid
	Unknown
	Doubtful
	Better
)

// Value is a candidate as validators see it.
type Value struct {
	Text    []byte    // as it stands in the normal form
	Compact []byte    // its ASCII letters and digits, upper case
	Sep     byte      // the separator between its digit groups, 0 for none
	Now     time.Time // what "not in the future" means
	// Series says whether another number close by begins with the same digits, as many as are asked for, and goes on
	// with others: the rows of a list of times do. It may be nil.
	Series func(digits int) bool
}

// Validator checks the values of a detector.
type Validator struct {
	name     string
	why      string // a value is rejected for it
	strength int    // of the checksum: how many values it tells apart, 0 for none
	check    func(v *Value) Verdict
	better   bool // it may answer Better
	// canonical returns the one form of a valid value, or "" for its compact form.
	canonical func(v *Value) string
}

// Name is the validator as the policy names it.
func (v Validator) Name() string { return v.name }

// MayBetter says whether the validator may answer [Better].
func (v Validator) MayBetter() bool { return v.better }

// Check says whether the value holds.
func (v Validator) Check(x *Value) Verdict { return v.check(x) }

// LookupValidator returns the validator that a policy names, such as luhn, se.personnummer or entropy(3.5).
func LookupValidator(spec string) (Validator, error) {
	name, rest, called := strings.Cut(strings.TrimSpace(spec), "(")
	var args []string
	if called {
		inside, ok := strings.CutSuffix(rest, ")")
		if !ok {
			return Validator{}, fmt.Errorf("validator %q: the bracket is not closed", spec)
		}
		for arg := range strings.SplitSeq(inside, ",") {
			args = append(args, strings.TrimSpace(arg))
		}
	}
	if v, ok := checksum(name); ok {
		if called {
			return Validator{}, fmt.Errorf("validator %q takes nothing in brackets", name)
		}
		v.why = "checksum " + name
		return v, nil
	}
	v, err := parametric(name, args)
	if err != nil {
		return Validator{}, fmt.Errorf("validator %q: %w", spec, err)
	}
	v.name, v.why = spec, spec
	return v, nil
}

// ValidatorNames lists every validator, those with parameters as they are written.
func ValidatorNames() []string {
	names := []string{
		"luhn", "mod97_iban", "nl_11proef", "mod11_10", "icao_mrz", "iin", "basic_auth", "se.personnummer", "se.samordningsnummer", "se.organisationsnummer", "nl.bsn",
		"date(layout)", "entropy(bits)", "length(min, max)", "classes(count)",
	}
	return append(append(append(names, northNames...), southNames...), moreNames...)
}

// checksum returns the validators that take no parameters.
func checksum(name string) (Validator, bool) {
	v := Validator{name: name}
	switch name {
	case "luhn":
		v.strength, v.check = 10, digitCheck(luhn)
	case "mod97_iban":
		v.strength, v.check, v.canonical = 97, iban, canonicalIBAN
	case "nl_11proef", "nl.bsn":
		v.strength, v.check, v.canonical = 11, digitCheck(validBSN), canonicalBSN
	case "mod11_10":
		v.strength, v.check = 10, digitCheck(mod1110)
	case "icao_mrz":
		v.strength, v.check, v.canonical = 10, mrz, canonicalMRZ
	case "iin":
		v.check = digitCheck(issuer)
	case "basic_auth":
		v.check = func(v *Value) Verdict { return verdict(validBasic(v.Text)) }
	case "se.personnummer":
		v.strength, v.check, v.canonical = 10, personnummer, canonicalPerson
	case "se.samordningsnummer":
		v.strength, v.check, v.canonical = 10, samordningsnummer, canonicalPerson
	case "se.organisationsnummer":
		v.strength, v.check = 10, digitCheck(validOrgnr)
	default:
		if v, ok := north(name); ok {
			return v, true
		}
		if v, ok := more(name); ok {
			return v, true
		}
		return south(name)
	}
	return v, true
}

func parametric(name string, args []string) (Validator, error) {
	switch name {
	case "date":
		return dateValidator(args)
	case "entropy":
		return entropyValidator(args)
	case "length":
		return lengthValidator(args)
	case "classes":
		return classesValidator(args)
	}
	return Validator{}, fmt.Errorf("unknown, known are %s", strings.Join(ValidatorNames(), ", "))
}

func verdict(ok bool) Verdict {
	if ok {
		return Valid
	}
	return Invalid
}

// digitCheck makes a check of a function on digits; anything else in the value is invalid.
func digitCheck(f func(digits []byte) bool) func(*Value) Verdict {
	return func(v *Value) Verdict {
		return verdict(allDigits(v.Compact) && f(v.Compact))
	}
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return len(b) > 0
}

func sameDigit(b []byte) bool {
	for _, c := range b {
		if c != b[0] {
			return false
		}
	}
	return len(b) > 0
}

// sequence says whether each digit is the one before plus one, or minus one, 0 following 9.
func sequence(b []byte) bool {
	if len(b) < 3 || !allDigits(b) {
		return false
	}
	up, down := true, true
	for i := 1; i < len(b); i++ {
		up = up && (b[i]-'0') == (b[i-1]-'0'+1)%10
		down = down && (b[i]-'0'+1)%10 == b[i-1]-'0'
	}
	return up || down
}

func lengthValidator(args []string) (Validator, error) {
	if len(args) < 1 || len(args) > 2 {
		return Validator{}, fmt.Errorf("write length(min, max) or length(exact)")
	}
	low, err := strconv.Atoi(args[0])
	high, err2 := strconv.Atoi(args[len(args)-1])
	if err != nil || err2 != nil || low < 0 || high < low {
		return Validator{}, fmt.Errorf("not two numbers")
	}
	return Validator{check: func(v *Value) Verdict { return verdict(len(v.Compact) >= low && len(v.Compact) <= high) }}, nil
}

func entropyValidator(args []string) (Validator, error) {
	if len(args) != 1 {
		return Validator{}, fmt.Errorf("write entropy(bits), such as entropy(3.5)")
	}
	least, err := strconv.ParseFloat(args[0], 64)
	if err != nil || least < 0 || least > 8 {
		return Validator{}, fmt.Errorf("bits per character go from 0 to 8")
	}
	return Validator{check: func(v *Value) Verdict { return verdict(entropy(v.Text) >= least) }}, nil
}

// entropy is Shannon's entropy of the bytes of b, in bits per byte.
func entropy(b []byte) float64 {
	var count [256]int
	for _, c := range b {
		count[c]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(b))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// classesValidator demands characters of at least so many classes: lower case, upper case, digits, others.
func classesValidator(args []string) (Validator, error) {
	if len(args) != 1 {
		return Validator{}, fmt.Errorf("write classes(count)")
	}
	least, err := strconv.Atoi(args[0])
	if err != nil || least < 1 || least > 4 {
		return Validator{}, fmt.Errorf("there are 1 to 4 classes")
	}
	return Validator{check: func(v *Value) Verdict { return verdict(classes(v.Text) >= least) }}, nil
}

func classes(b []byte) int {
	var seen [4]int
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z':
			seen[0] = 1
		case c >= 'A' && c <= 'Z':
			seen[1] = 1
		case c >= '0' && c <= '9':
			seen[2] = 1
		default:
			seen[3] = 1
		}
	}
	return seen[0] + seen[1] + seen[2] + seen[3]
}
