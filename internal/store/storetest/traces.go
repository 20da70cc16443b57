package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

func traceTests() []test {
	return []test{
		{"what AddTrace wrote FindTraces reads", traceRead},
		{"traces are found by organisation, address, domain and time, newest first", traceFind},
		{"a trace with a decision is there after a restart", traceSynced},
		{"Sweep removes traces before a time", traceSwept},
	}
}

// trace makes one; each is a second younger than the one before.
func (b *bench) trace(from string, to ...string) store.Trace {
	b.tb.Helper()
	b.Add(time.Second)
	return store.Trace{
		ID: message.NewID(b.Now()), Org: "org", At: b.Now(), From: addr(b.tb, from), To: addrs(b.tb, to...),
		Size: 4096, Observed: message.Level1, Reply: "250 2.0.0 ok", Took: 3 * time.Millisecond,
	}
}

func (b *bench) add(t store.Trace) store.Trace {
	b.tb.Helper()
	must(b.tb, b.AddTrace(context.Background(), t))
	return t
}

func (b *bench) traces(q store.Query) []store.Trace {
	b.tb.Helper()
	found, err := b.FindTraces(context.Background(), q)
	must(b.tb, err)
	return found
}

func traceRead(t *testing.T, d Driver) {
	b := fresh(t, d)
	lazy := b.add(b.trace("anna@org.example", "karin@else.example", "bo@third.example", "karin@else.example"))
	full := b.trace("", "karin@else.example")
	full.Decision = &message.Decision{Verdict: message.Pass, Observed: message.Level1, Subject: "s", Explanation: []byte(`{"a":[1]}`)}
	full.Verdict, full.Stored = message.Level2, true
	b.add(full)
	same(t, "traces", []store.Trace{full, lazy}, b.traces(store.Query{}))
}

func traceFind(t *testing.T, d Driver) {
	b := fresh(t, d)
	one := b.add(b.trace("anna@org.example", "karin@else.example", "bo@third.example"))
	two := b.add(b.trace("per@org.example", "karin@else.example"))
	three := b.trace("anna@org.example", "eva@fourth.example")
	three.Org = "other"
	b.add(three)
	for _, tt := range []struct {
		name string
		q    store.Query
		want []store.Trace
	}{
		{"org", store.Query{Org: "org"}, []store.Trace{two, one}},
		{"from", store.Query{From: addr(t, "ANNA@org.example")}, []store.Trace{three, one}},
		{"to", store.Query{To: addr(t, "karin@ELSE.example")}, []store.Trace{two, one}},
		{"domain", store.Query{Domain: "third.example"}, []store.Trace{one}},
		{"since", store.Query{Since: two.At}, []store.Trace{three, two}},
		{"until", store.Query{Until: two.At}, []store.Trace{one}},
		{"limit", store.Query{Limit: 1}, []store.Trace{three}},
		{"together", store.Query{Org: "org", From: addr(t, "anna@org.example"), Domain: "else.example"}, []store.Trace{one}},
		{"none", store.Query{From: addr(t, "eva@org.example")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) { same(t, "traces", tt.want, b.traces(tt.q)) })
	}
}

func traceSynced(t *testing.T, d Driver) {
	b := fresh(t, d)
	tr := b.trace("anna@org.example", "karin@else.example")
	tr.Decision = &message.Decision{Subject: "s"}
	b.add(tr)
	b.reopen()
	same(t, "traces", []store.Trace{tr}, b.traces(store.Query{}))
}

func traceSwept(t *testing.T, d Driver) {
	b := fresh(t, d)
	var all []store.Trace
	for i := range 5 {
		all = append(all, b.add(b.trace("anna@org.example", fmt.Sprintf("r%d@else.example", i))))
	}
	b.traces(store.Query{}) // what is lazy is written
	n, err := b.Sweep(context.Background(), store.Retention{Traces: all[2].At})
	must(t, err)
	same(t, "swept", 2, n)
	left := all[2:]
	slices.Reverse(left)
	same(t, "left", left, b.traces(store.Query{}))
	same(t, "by address", 0, len(b.traces(store.Query{To: addr(t, "r0@else.example")})))
}
