package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

func sweepTests() []test {
	return []test{
		{"a message that is settled is forgotten with all that belongs to it", forgotten},
		{"many messages are forgotten in one sweep", forgottenMany},
		{"a message is kept as long as one recipient is not settled, and from then on", forgottenLate},
		{"without a time everything is kept", forgottenNever},
		{"numbers are forgotten by when they were remembered", contactsSwept},
		{"the key of a month goes when nothing is sealed under it", monthDestroyed},
		{"the key of a month stays as long as anything is sealed under it", monthKept},
		{"what is sealed late in a month whose key went can be read", monthAgain},
		{"what is left after a sweep is dumped and restored", sweptDump},
	}
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// sweep keeps messages and traces for a year and numbers for two.
func (b *bench) sweep() int {
	b.tb.Helper()
	now := b.Now()
	n, err := b.Sweep(context.Background(), store.Retention{
		Traces: now.Add(-year), Messages: now.Add(-year), Contacts: now.Add(-2 * year)})
	must(b.tb, err)
	return n
}

// rows counts what the store holds, by table. The installation's own row is left out.
func (b *bench) rows() map[string]int {
	b.tb.Helper()
	counts, table := map[string]int{}, ""
	for line := range bytes.Lines(b.dump()) {
		var l struct {
			Table string
			Row   []json.RawMessage
			File  string
		}
		must(b.tb, json.Unmarshal(line, &l))
		switch {
		case l.Table != "":
			table = l.Table
		case l.Row != nil && table != store.TableInstallation.String():
			counts[table]++
		case l.File != "":
			counts["files"]++
		}
	}
	return counts
}

// delivered stores a message with all that can belong to one, and delivers it. Its
// payload is left.
func (b *bench) delivered(to ...string) *message.Message {
	b.tb.Helper()
	m := b.mail(to...)
	a := auth.NewAccess(m, 0, b.Now())
	a.NewLink(b.Now())
	e := store.Effects{Effects: b.pass(m), Accesses: []*auth.Access{a}}
	later := message.Job{ID: message.NewID(b.Now()), Kind: message.JobRemind, Message: m.ID, RunAt: b.Now().Add(10 * year)}
	e.Jobs = append(e.Jobs, later)
	jobs := b.put(store.New{Message: m, Body: noise(100_000), Effects: e, Lease: time.Minute})
	o := store.Outcome{Message: m.ID, State: message.Delivered, At: b.Now(), Job: &jobs[0]}
	for i := range m.Recipients {
		o.Recipients = append(o.Recipients, i)
	}
	if ok, err := b.Outcome(context.Background(), o); !ok || err != nil {
		b.tb.Fatalf("outcome: %v, %v", ok, err)
	}
	return m
}

func forgotten(t *testing.T, d Driver) {
	for _, noDir := range []bool{false, true} {
		b := fresh(t, d, large(noDir))
		m := b.delivered("karin@else.example", "bo@third.example")
		held := b.rows()
		for _, table := range append(store.OfMessage(), store.TableMessages, store.TableLinks) {
			if held[table.String()] == 0 && (noDir || table != store.TablePayloads) {
				t.Errorf("the message has no %s", table)
			}
		}
		b.Add(year)
		if n := b.sweep(); n != 0 {
			t.Errorf("swept %d things too early", n)
		}
		b.Add(time.Second)
		b.sweep()
		_, err := b.Message(context.Background(), m.ID)
		want(t, err, store.ErrNotFound)
		same(t, "left: the key of a month that is not over for a year", map[string]int{"column_keys": 1}, b.rows())
		same(t, "found", 0, len(b.find(store.Query{To: addr(t, "karin@else.example")})))
		if !noDir && len(b.payloadFiles()) > 0 {
			t.Error("the payload file is left")
		}
		want(t, b.Update(context.Background(), m.ID, func(*message.Message) (store.Effects, error) {
			return store.Effects{}, nil
		}), store.ErrNotFound)
	}
}

func forgottenMany(t *testing.T, d Driver) {
	b := fresh(t, d)
	const n = 250
	for range n {
		m := b.mail("karin@else.example")
		jobs := b.put(store.New{Message: m, Effects: store.Effects{Effects: b.pass(m)}, Lease: time.Minute})
		ok, err := b.Outcome(context.Background(), store.Outcome{
			Message: m.ID, Recipients: []int{0}, State: message.Delivered, At: b.Now(), Job: &jobs[0], Destroy: true})
		if !ok || err != nil {
			t.Fatalf("outcome: %v, %v", ok, err)
		}
	}
	b.Add(year + time.Second)
	left := b.sealed("karin@else.example")
	same(t, "swept", n, b.sweep()) // the month's key stays: the month is not wholly a year ago
	same(t, "left", []message.ID{left.ID}, b.find(store.Query{Limit: n}))
}

func forgottenLate(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	m, job := b.passing("karin@else.example", "bo@third.example")
	one := store.Outcome{Message: m.ID, Recipients: []int{0}, State: message.Delivered, At: b.Now()}
	if ok, err := b.Outcome(ctx, one); !ok || err != nil {
		t.Fatalf("outcome: %v, %v", ok, err)
	}
	b.Add(3 * year)
	same(t, "swept while one waits", 0, b.sweep())
	two := store.Outcome{Message: m.ID, Recipients: []int{1}, State: message.Delivered, At: b.Now(), Job: &job, Destroy: true}
	if ok, err := b.Outcome(ctx, two); !ok || err != nil {
		t.Fatalf("outcome: %v, %v", ok, err)
	}
	b.Add(year)
	same(t, "swept within the year", 0, b.sweep())
	b.read(m.ID)
	b.Add(time.Second)
	same(t, "swept: the message and its month", 2, b.sweep())
}

func forgottenNever(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.delivered("karin@else.example")
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{b.contact("", phoneA)}})
	b.add(b.trace("anna@org.example", "karin@else.example"))
	held := b.rows()
	b.Add(20 * year)
	n, err := b.Sweep(context.Background(), store.Retention{})
	must(t, err)
	same(t, "swept", 0, n)
	same(t, "held", held, b.rows())
	b.read(m.ID)
}

func contactsSwept(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	remember := func(org, sender, phone string) {
		c := b.contact(sender, phone)
		c.Org = org
		b.remember(m.ID, store.Effects{Contacts: []message.Contact{c}})
	}
	remember("org", "", phoneA)
	remember("org", "anna@org.example", phoneB)
	remember("other", "", phoneC)
	b.Add(year)
	remember("other", "", phoneC) // proven once more
	b.Add(year + time.Second)
	same(t, "swept: two, and the month's key of the other organisation", 3, b.sweep())
	same(t, "old", message.Phone(""), b.phone("org", "anna@org.example", "karin@else.example"))
	same(t, "renewed", message.Phone(phoneC), b.phone("other", "", "karin@else.example"))
}

func monthDestroyed(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.delivered("karin@else.example")
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{b.contact("", phoneA)}})
	b.add(b.trace("anna@org.example", "karin@else.example"))
	b.traces(store.Query{}) // what is lazy is written
	b.Add(year + 40*day)
	same(t, "swept: message, trace", 2, b.sweep())
	same(t, "keys while the number is kept", 1, b.rows()["column_keys"])
	b.Add(year)
	same(t, "swept: number, key", 2, b.sweep())
	same(t, "left", map[string]int{}, b.rows())
	next := b.sealed("karin@else.example")
	b.reopen()
	b.read(next.ID)
	same(t, "swept of what is young", 0, b.sweep())
}

func monthKept(t *testing.T, d Driver) {
	for name, hold := range map[string]func(b *bench) (check func()){
		"a message that waits": func(b *bench) func() {
			m := b.sealed("karin@else.example")
			return func() { b.read(m.ID) }
		},
		"one of another month that waits": func(b *bench) func() {
			b.Add(31 * day)
			m := b.sealed("karin@else.example")
			b.Add(-31 * day)
			return func() { b.read(m.ID) }
		},
		"one of another organisation that waits": func(b *bench) func() {
			m := b.mail("karin@else.example")
			m.Org = "other"
			b.put(store.New{Message: m, Effects: store.Effects{Effects: b.seal(m)}})
			return func() { b.read(m.ID) }
		},
		"a number": func(b *bench) func() {
			b.remember(b.delivered("bo@third.example").ID, store.Effects{Contacts: []message.Contact{b.contact("", phoneA)}})
			return func() {
				same(b.tb, "number", message.Phone(phoneA), b.phone("org", "anna@org.example", "karin@else.example"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := fresh(t, d)
			b.delivered("karin@else.example")
			check := hold(b)
			b.Add(year + 80*day)
			b.sweep()
			same(t, "keys: of no other month or organisation", 1, b.rows()["column_keys"])
			b.reopen() // nothing is remembered of keys
			check()
		})
	}
}

func monthAgain(t *testing.T, d Driver) {
	b := fresh(t, d)
	late := b.trace("anna@org.example", "karin@else.example")
	b.delivered("karin@else.example")
	b.Add(year + 40*day)
	same(t, "swept: message, key", 2, b.sweep())
	b.add(late)
	b.traces(store.Query{})
	b.reopen()
	same(t, "traces", []store.Trace{late}, b.traces(store.Query{}))
	same(t, "swept: trace, key", 2, b.sweep())
}

func sweptDump(t *testing.T, d Driver) {
	b := fresh(t, d, large(false))
	gone := b.delivered("karin@else.example")
	b.Add(year + 40*day)
	m, token := b.filled()
	if n := b.sweep(); n < 2 {
		t.Errorf("swept %d things, want the message and its month's key", n)
	}
	two := b.twin(large(true))
	must(t, two.backup().Restore(context.Background(), bytes.NewReader(b.dump())))
	two.check(m, token)
	_, err := two.Message(context.Background(), gone.ID)
	want(t, err, store.ErrNotFound)
	same(t, "rows", b.rows(), two.rows())
}
