package app

import (
	"math"
	"runtime/debug"

	"sigill/internal/config"
)

// calm is what the process takes beside the bodies in memory and the messages that are read and judged.
const calm = 96 << 20

// LimitMemory has the garbage collector work harder when the process holds all that its configuration allows: by itself it lets
// the heap grow to twice of what is in use. It refuses nothing. A limit that the environment sets (GOMEMLIMIT) stays.
func LimitMemory(c *config.Config) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(calm + int64(c.SMTP.SpoolMemory) + int64(c.Scan.AtOnce))
	}
}
