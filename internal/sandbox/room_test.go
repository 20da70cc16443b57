package sandbox

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestRoom: large messages wait for one another and are put off after a while; small ones never wait, and those of middling size
// not for the large ones.
func TestRoom(t *testing.T) {
	t.Parallel()
	r := newRoom(64<<20, 10*time.Millisecond)
	take := func(text int64) (*hold, error) {
		h := &hold{room: r}
		return h, h.take(t.Context(), text)
	}
	first, err := take(20 << 20) // more than there is: all of it
	if err != nil {
		t.Fatal(err)
	}
	if _, err := take(5 << 20); !errors.Is(err, ErrBusy) {
		t.Errorf("a large one beside it: %v", err)
	}
	for range 100 {
		if _, err := take(256 << 10); err != nil {
			t.Fatalf("a small one: %v", err)
		}
	}
	middling, err := take(1 << 20)
	if err != nil {
		t.Errorf("one of middling size: %v", err)
	}
	middling.keep(0)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&hold{room: r}).take(gone, 5<<20); !errors.Is(err, context.Canceled) || errors.Is(err, ErrBusy) {
		t.Errorf("a session that ended: %v", err)
	}
	first.keep(1 << 20) // it was no text after all
	second, err := take(5 << 20)
	if err != nil {
		t.Errorf("after most was given back: %v", err)
	}
	first.keep(0)
	second.keep(0)
	second.keep(0)
	if h, err := take(64 << 20); err != nil || h.n != 48<<20 {
		t.Errorf("after all was given back: %v", err)
	}
}

// TestRoomWithout: nothing waits where there is no bound.
func TestRoomWithout(t *testing.T) {
	t.Parallel()
	h := &hold{room: newRoom(0, time.Millisecond)}
	for range 3 {
		if err := h.take(t.Context(), 1<<40); err != nil {
			t.Fatal(err)
		}
	}
	h.keep(0)
}
