package testkit

import (
	"sync"
	"time"
)

// Clock is a clock that only moves when told to. Its Now is handed in wherever a
// func() time.Time is taken. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at a time; zero means noon UTC on 2 March 2026.
func NewClock(at time.Time) *Clock {
	if at.IsZero() {
		at = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	}
	return &Clock{now: at}
}

// Now returns the time at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock and returns the new time.
func (c *Clock) Add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// Set moves the clock to a time.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}
