package message

import (
	"errors"
	"fmt"
	"slices"
)

// State is where one recipient of a message stands. The zero value is not a state.
type State uint8

// The states, as drawn in the package comment.
const (
	Received State = iota + 1
	Queued
	Deferred
	Delivered
	Bounced
	Sealed
	Notified
	Opened
	NoticeBounced
	Held
	Cancelled
	Expired
	Revoked
	Purged
)

// ErrStep is returned for a step that the state machine does not draw.
var ErrStep = errors.New("step not allowed")

var stateNames = [...]string{
	"", "received", "queued", "deferred", "delivered", "bounced", "sealed", "notified",
	"opened", "notice_bounced", "held", "cancelled", "expired", "revoked", "purged",
}

// steps lists, for each state, the states that may follow it.
var steps = map[State][]State{
	Received:      {Queued, Sealed, Held},
	Queued:        {Delivered, Deferred, Bounced, Sealed},
	Deferred:      {Queued, Bounced, Sealed},
	Sealed:        {Notified, NoticeBounced, Held, Expired, Revoked},
	Notified:      {Opened, NoticeBounced, Held, Expired, Revoked},
	NoticeBounced: {Notified, Opened, Held, Expired, Revoked},
	Opened:        {Held, Expired, Revoked},
	Held:          {Sealed, Queued, Cancelled, Expired, Revoked},
	Cancelled:     {Held, Purged},
	Expired:       {Sealed, Purged},
	Revoked:       {Sealed, Purged},
}

// String returns the name that logs, commands and the database use.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// ParseState is the inverse of [State.String].
func ParseState(name string) (State, error) {
	for _, s := range States() {
		if s.String() == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("unknown state %q", name)
}

// States returns every state in the order of their declaration.
func States() []State {
	all := make([]State, 0, len(stateNames)-1)
	for s := Received; s <= Purged; s++ {
		all = append(all, s)
	}
	return all
}

// CanBecome says whether the step from s to next is drawn.
func (s State) CanBecome(next State) bool { return slices.Contains(steps[s], next) }

// Predecessors returns the states from which s may be reached. A driver uses it to
// make a hot update conditional without knowing the rules.
func (s State) Predecessors() []State {
	var from []State
	for _, p := range States() {
		if p.CanBecome(s) {
			from = append(from, p)
		}
	}
	return from
}

// Settled says that nothing more happens to the recipient and that the payload is
// not needed for it.
func (s State) Settled() bool { return s == Delivered || s == Bounced || s == Purged }

var readable = []State{Sealed, Notified, NoticeBounced, Opened}

// Readable says that the recipient may open the message in the portal.
func (s State) Readable() bool { return slices.Contains(readable, s) }

// Waiting says that the recipient is on its way by SMTP.
func (s State) Waiting() bool { return s == Queued || s == Deferred }
