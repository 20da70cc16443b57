package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/message"
	"sigill/internal/store"
)

// memory is a [message.Body] in memory.
type memory []byte

func (b memory) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
func (b memory) Size() int64                  { return int64(len(b)) }
func (b memory) SHA256() []byte               { s := sha256.Sum256(b); return s[:] }

func addr(tb testing.TB, s string) message.Address {
	tb.Helper()
	a, err := message.ParseAddress(s)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func addrs(tb testing.TB, all ...string) []message.Address {
	tb.Helper()
	var out []message.Address
	for _, s := range all {
		out = append(out, addr(tb, s))
	}
	return out
}

const text = "From: anna@org.example\r\nSubject: hej\r\n\r\nhello\r\n"

// mail makes a message of org "org" from anna with a body of its own.
func (b *bench) mail(to ...string) *message.Message {
	b.tb.Helper()
	env := message.Envelope{From: addr(b.tb, "anna@org.example"), Source: message.Source{Addr: "192.0.2.7", Helo: "mx"}}
	for _, a := range addrs(b.tb, to...) {
		env.To = append(env.To, message.RcptTo{Address: a})
	}
	m := message.New(message.NewID(b.Now()), "org", env, b.Now())
	m.Person, m.Subject, m.Lang, m.MessageID = env.From, "hej", "sv", "1@org.example"
	m.Date = b.Now().Add(-time.Minute)
	return m
}

// pass decides that every recipient passes; sealed that every one is sealed at level 1.
func (b *bench) pass(m *message.Message) message.Effects { return b.decide(m, message.Pass) }

func (b *bench) seal(m *message.Message) message.Effects { return b.decide(m, message.Level1) }

func (b *bench) decide(m *message.Message, level message.Level) message.Effects {
	b.tb.Helper()
	e, err := m.Decide(b.Now(), message.Decision{Verdict: level, DecidedBy: "rule", Subject: m.Subject}, message.DefaultTerms(), nil)
	if err != nil {
		b.tb.Fatal(err)
	}
	return e
}

// put stores a message and fails the test when that fails.
func (b *bench) put(n store.New) []message.Job {
	b.tb.Helper()
	if n.Body == nil {
		n.Body = memory(text)
	}
	jobs, err := b.Create(context.Background(), n)
	if err != nil {
		b.tb.Fatalf("create: %v", err)
	}
	return jobs
}

// passing stores a message whose recipients are Queued and returns it with its job.
func (b *bench) passing(to ...string) (*message.Message, message.Job) {
	b.tb.Helper()
	m := b.mail(to...)
	jobs := b.put(store.New{Message: m, Effects: store.Effects{Effects: b.pass(m)}, Lease: time.Minute})
	if len(jobs) != 1 {
		b.tb.Fatalf("claimed %d jobs, want 1", len(jobs))
	}
	return m, jobs[0]
}

// sealed stores a message whose recipients are Sealed.
func (b *bench) sealed(to ...string) *message.Message {
	b.tb.Helper()
	m := b.mail(to...)
	b.put(store.New{Message: m, Effects: store.Effects{Effects: b.seal(m)}})
	return m
}

// read returns a stored message.
func (b *bench) read(id message.ID) *message.Message {
	b.tb.Helper()
	m, err := b.Message(context.Background(), id)
	if err != nil {
		b.tb.Fatalf("message: %v", err)
	}
	return m
}

// kinds returns the kinds of a message's events, oldest first.
func (b *bench) kinds(id message.ID) []message.EventKind {
	b.tb.Helper()
	events, err := b.Events(context.Background(), id)
	if err != nil {
		b.tb.Fatalf("events: %v", err)
	}
	var kinds []message.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// body reads a payload.
func (b *bench) body(id message.ID) ([]byte, error) {
	body, err := b.OpenBody(context.Background(), id, nil)
	if err != nil {
		return nil, err
	}
	r, err := body.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// claim takes jobs.
func (b *bench) claim(n int, lease time.Duration) []message.Job {
	b.tb.Helper()
	jobs, _, err := b.Claim(context.Background(), n, lease)
	if err != nil {
		b.tb.Fatalf("claim: %v", err)
	}
	return jobs
}

// waiting returns the jobs of a message.
func (b *bench) waiting(id message.ID) []message.Job {
	b.tb.Helper()
	jobs, err := b.Waiting(context.Background(), id, 0)
	if err != nil {
		b.tb.Fatalf("waiting: %v", err)
	}
	return jobs
}

// find returns the ids that a query finds.
func (b *bench) find(q store.Query) []message.ID {
	b.tb.Helper()
	found, err := b.Find(context.Background(), q)
	if err != nil {
		b.tb.Fatalf("find: %v", err)
	}
	var ids []message.ID
	for _, m := range found {
		ids = append(ids, m.ID)
	}
	return ids
}

// update runs a step that must work.
func (b *bench) update(id message.ID, fn func(m *message.Message) (store.Effects, error)) {
	b.tb.Helper()
	if err := b.Update(context.Background(), id, fn); err != nil {
		b.tb.Fatalf("update: %v", err)
	}
}

// same compares; addresses have no exported fields.
func same(tb testing.TB, what string, want, got any) {
	tb.Helper()
	opt := cmp.Comparer(func(a, b message.Address) bool { return a == b })
	if diff := cmp.Diff(want, got, opt); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func want(tb testing.TB, err, target error) {
	tb.Helper()
	if !errors.Is(err, target) {
		tb.Errorf("got error %v, want %v", err, target)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
