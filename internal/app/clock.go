package app

import (
	"fmt"
	"runtime/debug"
	"time"
)

// clockSlack is how far two clocks may differ before it is worth a word.
const clockSlack = 5 * time.Second

// mark is a moment that is over: a clock that is before it is wrong.
type mark struct {
	what string
	at   time.Time
}

// held says whether a time server holds the clock of this machine.
type held uint8

const (
	heldUnknown held = iota // the kernel does not say
	heldNot
	heldByServer
)

// clock looks at this machine's clock, by which links, codes and holds end: it cannot be before what has happened, and
// something should keep it right.
func (d *doctor) clock() {
	marks := d.marks
	if at := builtAt(); !at.IsZero() {
		marks = append(marks, mark{"this program's source", at})
	}
	d.clockAt(time.Now(), marks, clockHeld())
}

func (d *doctor) clockAt(now time.Time, marks []mark, by held) {
	if err := behind(now, marks); err != nil {
		d.say("clock", err, "")
		return
	}
	switch by {
	case heldByServer:
		d.say("clock", nil, "kept by a time server")
	case heldNot:
		d.warn("clock", "no time server keeps it: links, codes and holds end by it; run chrony, ntpd or systemd-timesyncd")
	default:
		d.warn("clock", "not before anything that is known; whether a time server keeps it cannot be seen here")
	}
}

// behind returns an error that names the latest of the marks that the clock is before.
func behind(now time.Time, marks []mark) error {
	var worst mark
	for _, m := range marks {
		if m.at.After(worst.at) {
			worst = m
		}
	}
	if off := worst.at.Sub(now); off > clockSlack {
		return fmt.Errorf("is %s before %s; set it, and let it follow a time server", off.Round(time.Second), worst.what)
	}
	return nil
}

// builtAt is when the source of this program was committed, zero when the build does not say.
func builtAt() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			at, err := time.Parse(time.RFC3339, s.Value)
			if err == nil {
				return at
			}
		}
	}
	return time.Time{}
}
