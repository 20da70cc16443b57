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

func findTests() []test {
	return []test{
		{"each field narrows, and all together", findFields},
		{"the newest come first, a hundred at most", findOrder},
	}
}

func findFields(t *testing.T, d Driver) {
	b := fresh(t, d)
	start := b.Now()
	one := b.sealed("karin@else.example", "bo@third.example")
	b.Add(time.Hour)
	two, _ := b.passing("Bo@Third.example")
	b.Add(time.Hour)
	three := b.mail("eva@else.example")
	three.Org, three.Envelope.From, three.Person = "other", message.Address{}, addr(t, "boss@other.example")
	b.put(store.New{Message: three})
	for _, tt := range []struct {
		name string
		q    store.Query
		want []message.ID
	}{
		{"all", store.Query{}, []message.ID{three.ID, two.ID, one.ID}},
		{"org", store.Query{Org: "org"}, []message.ID{two.ID, one.ID}},
		{"from", store.Query{From: addr(t, "Anna@org.example")}, []message.ID{two.ID, one.ID}},
		{"person", store.Query{From: addr(t, "boss@other.example")}, []message.ID{three.ID}},
		{"to", store.Query{To: addr(t, "bo@third.example")}, []message.ID{two.ID, one.ID}},
		{"never in part", store.Query{To: addr(t, "b@third.example")}, nil},
		{"domain", store.Query{Domain: "ELSE.example"}, []message.ID{three.ID, one.ID}},
		{"never a part of a domain", store.Query{Domain: "example"}, nil},
		{"states", store.Query{States: []message.State{message.Sealed, message.Received}}, []message.ID{three.ID, one.ID}},
		{"since", store.Query{Since: start.Add(time.Hour)}, []message.ID{three.ID, two.ID}},
		{"until", store.Query{Until: start.Add(time.Hour)}, []message.ID{one.ID}},
		{"limit", store.Query{Limit: 1}, []message.ID{three.ID}},
		{"together", store.Query{Org: "org", Domain: "third.example", States: []message.State{message.Queued}}, []message.ID{two.ID}},
		{"state of that recipient", store.Query{To: addr(t, "bo@third.example"), States: []message.State{message.Sealed}}, []message.ID{one.ID}},
	} {
		t.Run(tt.name, func(t *testing.T) { same(t, "ids", tt.want, b.find(tt.q)) })
	}
	found, err := b.Find(context.Background(), store.Query{Limit: 1, Org: "org"})
	must(t, err)
	same(t, "message", b.read(two.ID), found[0])
}

func findOrder(t *testing.T, d Driver) {
	b := fresh(t, d)
	var ids []message.ID
	for i := range 110 {
		m := b.mail(fmt.Sprintf("r%d@else.example", i))
		b.put(store.New{Message: m})
		ids = append(ids, m.ID)
		b.Add(time.Second)
	}
	slices.Reverse(ids)
	same(t, "ids", ids[:100], b.find(store.Query{}))
}
