package pdf

import (
	"bytes"
	"testing"
)

// TestMemories: memory that is used again is clear, and all of it together is bounded.
func TestMemories(t *testing.T) {
	t.Parallel()
	var m memories
	a := m.Allocate(0, 0)
	b := a.Reallocate(1 << 16)
	b[0], b[1<<16-1] = 1, 2
	if b = a.Reallocate(1 << 18); b[0] != 1 || b[1<<16-1] != 2 {
		t.Error("not kept when it grows")
	}
	b[1<<18-1] = 3
	a.Free()
	c := m.Allocate(0, 0)
	if again := c.Reallocate(1 << 16); &again[0] != &b[0] {
		t.Error("not used again")
	}
	if again := c.Reallocate(1 << 18); !bytes.Equal(again, make([]byte, 1<<18)) {
		t.Error("not clear")
	}
	if c.Reallocate(memoryMost+1) != nil {
		t.Error("no bound")
	}
	other := m.Allocate(0, 0)
	if other.Reallocate(1<<16) == nil || other.Reallocate(memoryMost-1<<16) != nil {
		t.Error("no bound for all together")
	}
	c.Free()
	other.Free()
	if m.used != 0 {
		t.Errorf("%d in use", m.used)
	}
}
