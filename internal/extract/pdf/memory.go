package pdf

import (
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

const (
	// memoryMost is the most that files may make PDFium hold, one and those that lie in it together: 512 MB.
	memoryMost = memoryPages << 16
	// maxKept is the most memory of one instance that is kept for the next: more than all but few files need.
	maxKept = 32 << 20
	// keptMemories is how many are kept: a file has two instances.
	keptMemories = 2
)

// memories hands the memory of an instance that has ended to the next one, cleared: to get a new one for every file keeps
// the collector busy for longer than it takes to read a short file.
type memories struct {
	mu   sync.Mutex
	kept [][]byte
	used uint64 // by instances that run
}

// Allocate implements [experimental.MemoryAllocator].
func (m *memories) Allocate(_, _ uint64) experimental.LinearMemory { return &memory{of: m} }

// grow counts size more bytes as used, unless that is too much. What an instance begins with, it gets: wazero cannot be told no.
func (m *memories) grow(size uint64, first bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used+size > memoryMost && !first {
		return false
	}
	m.used += size
	return true
}

// take returns memory of at least that size, all zero.
func (m *memories) take(size uint64) []byte {
	m.mu.Lock()
	var b []byte
	if last := len(m.kept) - 1; last >= 0 {
		b, m.kept = m.kept[last], m.kept[:last]
	}
	m.mu.Unlock()
	if uint64(len(b)) < size {
		return make([]byte, size)
	}
	clear(b) // what one file left there must not reach another
	return b[:size]
}

func (m *memories) free(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= uint64(len(b))
	if cap(b) <= maxKept && len(m.kept) < keptMemories {
		m.kept = append(m.kept, b)
	}
}

// memory is that of one instance.
type memory struct {
	of *memories
	b  []byte
}

// Reallocate implements [experimental.LinearMemory].
func (m *memory) Reallocate(size uint64) []byte {
	if size < uint64(len(m.b)) || !m.of.grow(size-uint64(len(m.b)), m.b == nil) {
		return nil
	}
	switch {
	case m.b == nil:
		m.b = m.of.take(size)
	case size <= uint64(cap(m.b)):
		m.b = m.b[:size]
	default:
		b := make([]byte, size, max(size, min(uint64(cap(m.b))/2*3, memoryMost)))
		copy(b, m.b)
		m.b = b
	}
	return m.b
}

// Free implements [experimental.LinearMemory].
func (m *memory) Free() {
	m.of.free(m.b)
	m.b = nil
}
