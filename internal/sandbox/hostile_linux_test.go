package sandbox

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"sigill/internal/extract"
	"sigill/internal/testkit/hostile"
)

// TestHostile gives each attack to a child that may hold little memory: it must end with the finding that the attack deserves,
// the child must survive it (or, where nothing else bounds the reader's memory, die and be replaced), and the next message
// must be read as if nothing had happened.
func TestHostile(t *testing.T) {
	t.Parallel()
	memory := int64(384 << 20)
	if raceEnabled {
		memory = 4 << 30 // the race detector needs more
	}
	p := newPool(t, Options{Memory: memory})
	next := withDocument(t, "nr 890102-2387")
	for _, m := range hostile.Messages() {
		t.Run(m.Name, func(t *testing.T) {
			if m.Kills && raceEnabled {
				t.Skip("no limit below what the race detector needs")
			}
			raw, before := m.Raw(), p.Stats()
			open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
			began := time.Now()
			c, err := p.Parse(context.Background(), open, extract.Limits{Time: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			after := p.Stats()
			t.Logf("%d bytes, %v, %v", len(raw), time.Since(began).Round(time.Millisecond), c.Unreadable)
			if m.Reason != "" && !slices.ContainsFunc(c.Unreadable, func(u extract.Unreadable) bool { return u.Reason == m.Reason }) {
				t.Errorf("no finding %s in %v", m.Reason, c.Unreadable)
			}
			if m.Text && !strings.Contains(texts(c), hostile.Number) {
				t.Errorf("the number was not read: %s", texts(c))
			}
			if died := after.Replaced > before.Replaced; died != m.Kills {
				t.Errorf("%d children died", after.Replaced-before.Replaced)
			}
			c, err = p.Parse(context.Background(), opener(next), extract.Limits{})
			if err != nil || len(c.Unreadable) > 0 || !strings.Contains(texts(c), documentText) {
				t.Errorf("the next message: %v, %s", err, texts(c))
			}
		})
	}
}
