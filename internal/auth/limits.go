package auth

import (
	"strconv"
	"time"

	"sigill/internal/message"
)

// Limits bounds what can be asked for and tried (security.md, threats T14 to T17).
type Limits struct {
	CodeLife time.Duration // a code's
	Idle     time.Duration // a session's, between two requests
	Lock     time.Duration // how long an access is locked after too many tries; the next time twice as long

	Tries           int // wrong tries per code
	PerMessage      int // wrong tries per message of one recipient and day
	PerRecipientDay int // wrong tries per recipient and day
	PerClientHour   int // wrong tries per client address and hour
	GlobalHour      int // wrong tries per hour in all: above it everybody waits

	CodesPerRecipientHour int // codes sent
	CodesPerMessage       int // codes sent per message of one recipient and day
}

// DefaultLimits returns the limits used when nothing is configured.
func DefaultLimits() Limits {
	return Limits{
		CodeLife: 10 * time.Minute, Idle: 30 * time.Minute, Lock: 15 * time.Minute,
		Tries: 5, PerMessage: 20, PerRecipientDay: 20, PerClientHour: 100, GlobalHour: 1000,
		CodesPerRecipientHour: 5, CodesPerMessage: 10,
	}
}

// perAccess is how many wrong tries in a row an access has, for whatever codes, before it
// is locked.
func (l Limits) perAccess() int { return 2 * max(l.Tries, 1) }

// Counter is one count that all nodes share. Kind and Value name it; the store keeps
// a keyed hash of the value.
type Counter struct {
	Kind   string
	Value  string
	Window time.Duration // counts start anew each window; 0 never
	Most   int           // above it the counted thing is refused
}

const day = 24 * time.Hour

// tryAll is the kind of the counter that everybody shares.
const tryAll = "try.all"

// TryCounters are counted before a code is compared, and given back when it was right.
// What is about the message counts for one recipient only: nobody can use up another's
// tries. Every window ends, so that the rightful person gets in again.
func (l Limits) TryCounters(m *message.Message, recipient int, client string) []Counter {
	return []Counter{
		{"try.message", copyOf(m, recipient), day, l.PerMessage},
		{"try.recipient", m.Recipients[recipient].Address.Key(), day, l.PerRecipientDay},
		{"try.client", client, time.Hour, l.PerClientHour},
		{tryAll, "", time.Hour, l.GlobalHour},
	}
}

// AskCounters are counted before a code is made.
func (l Limits) AskCounters(m *message.Message, recipient int) []Counter {
	return []Counter{
		{"ask.recipient", m.Recipients[recipient].Address.Key(), time.Hour, l.CodesPerRecipientHour},
		{"ask.message", copyOf(m, recipient), day, l.CodesPerMessage},
	}
}

// AlarmCounters are counted before an alarm is mailed: once an hour is enough, for all
// nodes together.
func (l Limits) AlarmCounters() []Counter {
	return []Counter{{"alarm.tries", "", time.Hour, 1}}
}

// BrakeEnds is when a count of everybody's wrong tries that is above its limit at a time
// starts anew.
func BrakeEnds(at time.Time) time.Time { return at.Truncate(time.Hour).Add(time.Hour) }

// Braked says whether the count of everybody's wrong tries together is above its limit:
// somebody guesses at many doors at once, and whoever runs the gateway must know. Counts
// that are missing raise no alarm; [Over] refuses the try all the same.
func Braked(counters []Counter, counts []int64) bool {
	for i, c := range counters {
		if c.Kind == tryAll && i < len(counts) && counts[i] > int64(c.Most) {
			return true
		}
	}
	return false
}

// copyOf names one recipient's copy of a message.
func copyOf(m *message.Message, recipient int) string {
	return string(m.ID) + "/" + strconv.Itoa(recipient)
}

// Over says whether one of the counts is above its limit. Counts that are missing
// count as above: it fails closed.
func Over(counters []Counter, counts []int64) bool {
	if len(counts) != len(counters) {
		return true
	}
	for i, c := range counters {
		if counts[i] > int64(c.Most) {
			return true
		}
	}
	return false
}
