package relay

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/testkit"
)

// memory is a body in memory.
type memory []byte

func (m memory) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m)), nil }
func (m memory) Size() int64                  { return int64(len(m)) }
func (m memory) SHA256() []byte               { s := sha256.Sum256(m); return s[:] }

// brokenBody fails, or ends, after some octets.
type brokenBody struct {
	memory
	after int
	err   error // nil: it just ends
}

func (b brokenBody) Open() (io.ReadCloser, error) {
	end := io.Reader(bytes.NewReader(nil))
	if b.err != nil {
		end = &failing{b.err}
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(b.memory[:b.after]), end)), nil
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

var errDisk = errors.New("disk")

func addr(t testing.TB, s string) message.Address {
	t.Helper()
	a, err := message.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const (
	prefix = "Received: from c.test\r\n\tby relay.test; Mon, 2 Mar 2026 12:00:00 +0000\r\n"
	text   = "Subject: hej\r\n\r\n.a line with a dot\r\n..two\r\n.\r\nlast\r\n"
)

func mail(t testing.TB, to ...string) Mail {
	t.Helper()
	m := Mail{From: addr(t, "a@x.test"), Prefix: []byte(prefix), Body: memory(text)}
	for _, r := range to {
		m.To = append(m.To, message.RcptTo{Address: addr(t, r)})
	}
	return m
}

// quick shortens the waits, but not so that a busy machine runs into them by chance; a
// test that wants a timeout sets that one.
func quick(o *Options) {
	o.CommandTimeout, o.DataTimeout, o.FinalTimeout = 20*time.Second, 20*time.Second, 20*time.Second
	o.DialTimeout, o.CutTimeout = 20*time.Second, 20*time.Second
}

func sender(t testing.TB, s *testkit.Sink, change ...func(*Options)) *Sender {
	t.Helper()
	hop, err := ParseHop(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Hop: hop, Hello: "relay.test"}
	quick(&o)
	for _, c := range change {
		c(&o)
	}
	out, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return out
}

// warm makes a sender that has one idle connection, and forgets how.
func warm(t testing.TB, s *testkit.Sink, change ...func(*Options)) *Sender {
	t.Helper()
	out := sender(t, s, change...)
	if r := out.Send(t.Context(), mail(t, "w@x.test")); r.Recipients[0].Class != Accepted {
		t.Fatalf("warming up: %+v", r)
	}
	s.Clear()
	return out
}

func outcomes(r Result) (classes []Class, codes []int) {
	for _, o := range r.Recipients {
		classes, codes = append(classes, o.Class), append(codes, o.Code)
	}
	return classes, codes
}
