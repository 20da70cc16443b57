package sandbox

import "sync"

const (
	window    = 200 // messages looked back on
	tolerated = 10  // 5 % of them
)

// share counts how many of the last messages ended by timeout.
type share struct {
	mu    sync.Mutex
	ring  [window]bool
	next  int
	count int
}

// add notes how a message ended and says whether too many ended by timeout.
func (s *share) add(timeout bool) (ill bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring[s.next] {
		s.count--
	}
	s.ring[s.next] = timeout
	if timeout {
		s.count++
	}
	s.next = (s.next + 1) % window
	return s.count > tolerated
}

func (s *share) ill() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count > tolerated
}
