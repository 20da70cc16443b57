package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"sigill/internal/extract"
)

// What a message takes in the calling process while it is read and judged is about four times its text: the text, its normal
// form, and where each letter of that came from. Before it is read it may be all text.
const perText = 4

// free is the weight up to which a message does not wait: mail of 256 KB.
const free = perText * 256 << 10

// room bounds what all messages that are read and judged at the same time take in the calling process. A part of it is kept for
// messages of middling size, which else would stand in line behind the large ones. The nil room has no bound.
type room struct {
	large, middling *semaphore.Weighted
	size            int64 // of large
	part            int64 // of middling
	wait            time.Duration
}

func newRoom(size int64, wait time.Duration) *room {
	if size <= 0 {
		return nil
	}
	part := size / 4
	return &room{semaphore.NewWeighted(size - part), semaphore.NewWeighted(part), size - part, part, wait}
}

// hold is what one message has of the room. One goroutine uses it at a time.
type hold struct {
	room *room
	lane *semaphore.Weighted
	n    int64
}

// take waits for room for so many bytes of text. What was held before is given back first, so that nobody holds some and waits
// for more.
func (h *hold) take(ctx context.Context, text int64) error {
	h.keep(0)
	n := perText * text
	if h.room == nil || n <= free {
		return nil
	}
	lane, size := h.room.large, h.room.size
	if n <= h.room.part/4 {
		lane, size = h.room.middling, h.room.part
	}
	n = min(n, size) // what is larger has it to itself
	within, cancel := context.WithTimeout(ctx, h.room.wait)
	defer cancel()
	if err := lane.Acquire(within, n); err != nil {
		if errors.Is(ctx.Err(), context.Canceled) { // nobody waits for it any more; a deadline is a wait too long
			return fmt.Errorf("wait for room: %w", ctx.Err())
		}
		return fmt.Errorf("%w: too much is read at once", ErrBusy)
	}
	h.lane, h.n = lane, n
	return nil
}

// keep gives back all but what so many bytes of text take.
func (h *hold) keep(text int64) {
	n := perText * text
	if n <= free {
		n = 0
	}
	if h.n > n {
		h.lane.Release(h.n - n)
		h.n = n
	}
}

// textOf is how much text was found.
func textOf(c *extract.Content) (n int64) {
	for i := range c.Segments {
		n += int64(len(c.Segments[i].Text))
	}
	return n
}
