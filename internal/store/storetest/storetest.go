// Package storetest says what every driver of the store must do: one suite, run
// against each of them.
//
// It knows a driver only by the contract of package store. Time is a clock that the
// tests move, so that leases and windows end without waiting.
package storetest

import (
	"sync"
	"testing"
	"time"

	"sigill/internal/seal"
	"sigill/internal/seal/sealtest"
	"sigill/internal/store"
)

// Driver is what the suite needs of a driver.
type Driver struct {
	// Open opens the store that lives in o.Folder, and makes it when there is none. The
	// same folder is the same store, opened again or at the same time (a second node)
	// when Nodes says that the driver can.
	Open  func(tb testing.TB, o Options) (store.Store, error)
	Nodes bool
	// Files lists all files that hold anything of the store in o.Folder, after what is in
	// memory was written to them. nil means those under o.Folder.
	Files func(tb testing.TB, o Options) []string
}

// Options is how the suite wants a store opened.
type Options struct {
	Folder string // the store's own, empty at first; large payloads go into its subfolder "payloads"
	Inline int64  // payloads up to so many octets go into the database; 0 for the default
	Ring   *seal.Keyring
	Now    func() time.Time
	Node   string
	// Fault is called at each point where the store is about to write or has written; an
	// error fails that step. nil for none.
	Fault func(point string) error
	// NoDir puts large payloads into the database.
	NoDir bool
	// Alone makes each call a transaction of its own: the benchmark compares with it.
	Alone bool
}

// Clock is a clock that stands until a test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at a fixed time in the middle of a month.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 14, 12, 0, 0, 0, time.UTC)} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// bench is one store under test.
type bench struct {
	store.Store
	*Clock
	tb     testing.TB
	driver Driver
	opts   Options
}

// fresh opens a new store, closed when the test ends.
func fresh(tb testing.TB, d Driver, change ...func(*Options)) *bench {
	tb.Helper()
	b := &bench{Clock: NewClock(), tb: tb, driver: d}
	b.opts = Options{Folder: tb.TempDir(), Ring: sealtest.Keyring(tb), Now: b.Now, Node: "a"}
	for _, c := range change {
		c(&b.opts)
	}
	b.Store = b.open(b.opts)
	return b
}

// open opens the same store, as after a restart or on another node.
func (b *bench) open(o Options) store.Store {
	b.tb.Helper()
	s, err := b.driver.Open(b.tb, o)
	if err != nil {
		b.tb.Fatalf("open: %v", err)
	}
	b.tb.Cleanup(func() { _ = s.Close() })
	return s
}

// reopen closes the store and opens it again.
func (b *bench) reopen() {
	b.tb.Helper()
	if err := b.Close(); err != nil {
		b.tb.Fatalf("close: %v", err)
	}
	b.Store = b.open(b.opts)
}

// Run runs the whole suite.
func Run(t *testing.T, d Driver) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"messages", messageTests()},
		{"payloads", payloadTests()},
		{"find", findTests()},
		{"accesses", accessTests()},
		{"contacts", contactTests()},
		{"jobs", jobTests()},
		{"traces", traceTests()},
		{"sweep", sweepTests()},
		{"keys", keyTests()},
		{"faults", faultTests()},
		{"backup", backupTests()},
		{"nodes", nodeTests()},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range g.tests {
				t.Run(tt.name, func(t *testing.T) {
					t.Parallel()
					tt.run(t, d)
				})
			}
		})
	}
}

// test is one sentence of the contract.
type test struct {
	name string
	run  func(t *testing.T, d Driver)
}
