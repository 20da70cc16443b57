package auth

import (
	"errors"
	"time"

	"sigill/internal/message"
)

// What a caller must tell apart.
var (
	ErrNoSession = errors.New("no such session")
	ErrEnded     = errors.New("access has ended")
	ErrTooMany   = errors.New("too many codes asked for")
)

// Access is the way of one person to one message: a recipient's to its content, or
// the sender's (Recipient is message.All) to the page about it.
type Access struct {
	ID        message.ID `json:"-"`
	Org       string     `json:"-"`
	Message   message.ID `json:"-"`
	Recipient int        `json:"-"` // index, or message.All for the sender
	Links     []Link     `json:"links"`
	Sessions  []Session  `json:"sessions"`
	Wrong     int        `json:"wrong"`          // wrong tries since the last right one
	Locked    time.Time  `json:"locked"`         // no try and no code before this time
	Lang      string     `json:"lang,omitempty"` // chosen by the person
}

// Link is one token that leads to an access.
type Link struct {
	Hash []byte    `json:"hash"`
	Made time.Time `json:"made"`
}

// Session is one browser that pressed the button.
type Session struct {
	ID         string      `json:"id"` // names it in a job; not a secret
	Hash       []byte      `json:"hash"`
	Made       time.Time   `json:"made"`
	Seen       time.Time   `json:"seen"`
	Proven     time.Time   `json:"proven"`     // zero until a code was right
	Challenges []Challenge `json:"challenges"` // the newest last
}

// Bounds on what one access keeps.
const (
	maxLinks      = 8
	maxSessions   = 16
	maxChallenges = 6
)

// NewAccess makes the access of a recipient, or of the sender with message.All.
func NewAccess(m *message.Message, recipient int, now time.Time) *Access {
	return &Access{ID: message.NewID(now), Org: m.Org, Message: m.ID, Recipient: recipient}
}

// Sender says that this is the sender's access.
func (a *Access) Sender() bool { return a.Recipient == message.All }

// NewLink makes a token. Earlier ones live on, up to eight; the oldest gives way.
func (a *Access) NewLink(now time.Time) Secret {
	token := NewSecret()
	a.Links = append(a.Links, Link{Hash: token.Hash(), Made: now})
	if extra := len(a.Links) - maxLinks; extra > 0 {
		a.Links = a.Links[extra:]
	}
	return token
}

// Start begins a browser session that nothing proves yet, and returns its secret for
// the cookie.
func (a *Access) Start(now time.Time, l Limits) (*Session, Secret) {
	a.forget(now, l)
	secret := NewSecret()
	a.Sessions = append(a.Sessions, Session{
		ID: randomText(letterAlphabet, 10), Hash: secret.Hash(), Made: now, Seen: now,
	})
	return &a.Sessions[len(a.Sessions)-1], secret
}

// forget drops sessions that are over, and the oldest unproven ones beyond the bound.
func (a *Access) forget(now time.Time, l Limits) {
	kept := a.Sessions[:0]
	for _, s := range a.Sessions {
		if now.Before(s.Seen.Add(l.Idle)) {
			kept = append(kept, s)
		}
	}
	a.Sessions = kept
	for i := 0; len(a.Sessions) >= maxSessions && i < len(a.Sessions); {
		if !a.Sessions[i].Proven.IsZero() {
			i++
			continue
		}
		a.Sessions = append(a.Sessions[:i], a.Sessions[i+1:]...)
	}
}

// Session finds the live session of a cookie's secret.
func (a *Access) Session(now time.Time, secret Secret, l Limits) (*Session, error) {
	for i := range a.Sessions {
		s := &a.Sessions[i]
		if secret.Matches(s.Hash) && now.Before(s.Seen.Add(l.Idle)) {
			return s, nil
		}
	}
	return nil, ErrNoSession
}

// SessionByID finds a session for the worker that makes its code.
func (a *Access) SessionByID(id string) (*Session, error) {
	for i := range a.Sessions {
		if a.Sessions[i].ID == id {
			return &a.Sessions[i], nil
		}
	}
	return nil, ErrNoSession
}

// IsProven says that a code was right in this session.
func (s *Session) IsProven() bool { return !s.Proven.IsZero() }

// Newest returns the challenge that counts, or nil.
func (s *Session) Newest() *Challenge {
	if len(s.Challenges) == 0 {
		return nil
	}
	return &s.Challenges[len(s.Challenges)-1]
}

// Ask opens a challenge in the session. The code is made later, by [Session.Make], in
// the worker that sends it.
func (a *Access) Ask(now time.Time, s *Session, method message.Level, l Limits) error {
	if now.Before(a.Locked) {
		return ErrTooMany
	}
	mark := newMark()
	for len(s.Challenges) > 0 && mark == s.Newest().Mark {
		mark = newMark()
	}
	s.Challenges = append(s.Challenges, Challenge{Mark: mark, Method: method, Asked: now, Ends: now.Add(l.CodeLife)})
	if extra := len(s.Challenges) - maxChallenges; extra > 0 {
		s.Challenges = s.Challenges[extra:]
	}
	s.Seen = now
	return nil
}

// Make makes the code of the newest challenge and keeps only its hash. A second call
// (the first worker died) makes another code, and the first one is void.
func (s *Session) Make(now time.Time, l Limits) (Code, *Challenge, error) {
	c := s.Newest()
	if c == nil || c.Used || !now.Before(c.Ends) {
		return "", nil, ErrEnded
	}
	code := newCode(c.Method)
	c.set(code)
	c.Ends = now.Add(l.CodeLife)
	return code, c, nil
}

// Outcome is what became of a try.
type Outcome int

// The outcomes.
const (
	Wrong     Outcome = iota // counted
	Right                    // the session is proven
	Overtaken                // a code that a newer one replaced: not counted
	Late                     // the code's time is over
	Locked                   // too many tries, for now
	Unsent                   // no code was made yet
)

// Try compares what was typed with the newest code of the session. The caller has
// counted the try already, in the same transaction, and says by over whether a count
// was above its limit.
func (a *Access) Try(now time.Time, s *Session, typed string, over bool, l Limits) Outcome {
	c := s.Newest()
	switch {
	case over || now.Before(a.Locked):
		return Locked
	case c == nil || len(c.Hash) == 0:
		return Unsent
	case s.overtaken(typed):
		return Overtaken
	case !now.Before(c.Ends) || c.Used:
		return Late
	case c.Tries >= l.Tries:
		return a.lock(now, l)
	}
	c.Tries++
	if !c.matches(typed) {
		return a.wrong(now, c, l)
	}
	c.Used, s.Proven, s.Seen, a.Wrong = true, now, now, 0
	return Right
}

// wrong counts a wrong try. A code has its tries; an access has those of two codes in a
// row, so that asking for ever new codes, in however many browsers, gives no more.
func (a *Access) wrong(now time.Time, c *Challenge, l Limits) Outcome {
	a.Wrong++
	if c.Tries >= l.Tries || a.Wrong%l.perAccess() == 0 {
		return a.lock(now, l)
	}
	return Wrong
}

// maxDoubling bounds how often the lock doubles: a quarter of an hour becomes 42 days.
const maxDoubling = 12

// lock shuts the access for a while, which doubles with each further code's worth of wrong
// tries in a row. It always ends by itself; but within the 30 days of a link nobody types
// 100 wrong codes in a row, which is the most that NIST SP 800-63B-4 3.2.2 allows.
func (a *Access) lock(now time.Time, l Limits) Outcome {
	if !now.Before(a.Locked) {
		doubled := min(max(a.Wrong/max(l.Tries, 1)-1, 0), maxDoubling)
		a.Locked = now.Add(l.Lock << doubled)
	}
	return Locked
}

// overtaken says whether the typed text is an older code of this session.
func (s *Session) overtaken(typed string) bool {
	for i := range len(s.Challenges) - 1 {
		if s.Challenges[i].matches(typed) {
			return true
		}
	}
	return false
}

// Renew replaces the secret of a session that was just proven, so that a cookie that
// somebody planted or saw before is worth nothing (ASVS 5.0 7.2.4).
func (s *Session) Renew() Secret {
	secret := NewSecret()
	s.Hash = secret.Hash()
	return secret
}

// Left says how many tries are left for the newest code of a session.
func (a *Access) Left(s *Session, l Limits) int {
	c := s.Newest()
	if c == nil {
		return 0
	}
	return max(0, min(l.Tries-c.Tries, l.perAccess()-a.Wrong%l.perAccess()))
}

// End drops a session, as when the person leaves.
func (a *Access) End(s *Session) {
	for i := range a.Sessions {
		if a.Sessions[i].ID == s.ID {
			a.Sessions = append(a.Sessions[:i], a.Sessions[i+1:]...)
			return
		}
	}
}

// DropLink forgets a token whose mail never left.
func (a *Access) DropLink(token Secret) {
	for i := range a.Links {
		if token.Matches(a.Links[i].Hash) {
			a.Links = append(a.Links[:i], a.Links[i+1:]...)
			return
		}
	}
}
