package message

import "fmt"

// Level is how strongly a message is protected for one recipient.
type Level uint8

// The levels, from none to strongest; they compare with <.
const (
	Pass   Level = iota // leaves as it came
	Level1              // sealed, opened with a password sent by e-mail
	Level2              // sealed, opened with a code sent by SMS
)

// String returns pass, level1 or level2.
func (l Level) String() string {
	switch l {
	case Pass:
		return "pass"
	case Level1:
		return "level1"
	case Level2:
		return "level2"
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// ParseLevel is the inverse of [Level.String].
func ParseLevel(s string) (Level, error) {
	for _, l := range []Level{Pass, Level1, Level2} {
		if l.String() == s {
			return l, nil
		}
	}
	return Pass, fmt.Errorf("unknown level %q: use pass, level1 or level2", s)
}

// MarshalText implements [encoding.TextMarshaler].
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *Level) UnmarshalText(b []byte) (err error) {
	*l, err = ParseLevel(string(b))
	return err
}
