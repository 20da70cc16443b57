// Package testkit is what tests stand on: a next hop that can misbehave on demand, a
// certificate authority, a clock that stands still, the texts of the file SMS provider,
// a private PostgreSQL and a private Postfix.
//
// Nothing here sleeps or uses a fixed port: what takes time is waited for on a signal,
// and given up after [Patience] so that a broken test ends with a message.
//
// A package whose tests use [Postgres] has a TestMain that calls [Main], so that one
// cluster serves all of them and is gone at the end.
package testkit

import (
	"os"
	"testing"
	"time"
)

// Patience is how long a helper waits for something that must come. It is far above
// what any of them takes, because test machines are busy.
const Patience = 60 * time.Second

// Missing ends a test that needs a program which is not there: it is skipped on a
// developer's machine and fails where completeness is asked for (CI or
// SIGILL_REQUIRE_PEERS in the environment).
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("SIGILL_REQUIRE_PEERS") != "" {
		t.Fatalf("MISSING: %s", what)
	}
	t.Skipf("SKIPPED, NOT TESTED: %s", what)
}
