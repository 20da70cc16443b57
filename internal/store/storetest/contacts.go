package storetest

import (
	"context"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

func contactTests() []test {
	return []test{
		{"a number counts for its sender only until it is proven, then for the organisation", contactScope},
		{"a number typed again replaces the first", contactReplaced},
		{"a forgotten number is gone", contactForgotten},
		{"numbers do not cross organisations", contactOrg},
	}
}

func (b *bench) remember(m message.ID, e store.Effects) {
	b.tb.Helper()
	b.update(m, func(*message.Message) (store.Effects, error) { return e, nil })
}

func (b *bench) phone(org, sender, recipient string) message.Phone {
	b.tb.Helper()
	to := addr(b.tb, recipient)
	got, err := b.Contacts(context.Background(), org, addr(b.tb, sender), []message.Address{to, addr(b.tb, "nobody@else.example")})
	must(b.tb, err)
	for key := range got {
		if key != to.Key() {
			b.tb.Errorf("a contact under %q", key)
		}
	}
	return got[to.Key()].Phone
}

func (b *bench) contact(sender, phone string) message.Contact {
	return message.Contact{
		Org: "org", Sender: addr(b.tb, sender), Recipient: addr(b.tb, "karin@else.example"),
		Phone: message.Phone(phone), At: b.Now(),
	}
}

const (
	phoneA = "+46701740612"
	phoneB = "+46701740613"
	phoneC = "+46701740614"
)

func contactScope(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	anna := b.contact("anna@org.example", phoneA)
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{anna}})
	same(t, "the sender's own", message.Phone(phoneA), b.phone("org", "Anna@ORG.example", "Karin@else.example"))
	same(t, "another sender", message.Phone(""), b.phone("org", "per@org.example", "karin@else.example"))

	b.Add(time.Hour)
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{b.contact("per@org.example", phoneB)}})
	same(t, "each its own", message.Phone(phoneA), b.phone("org", "anna@org.example", "karin@else.example"))
	same(t, "each its own", message.Phone(phoneB), b.phone("org", "per@org.example", "karin@else.example"))

	proven := b.contact("", phoneC)
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{proven}})
	for _, sender := range []string{"anna@org.example", "per@org.example", "eva@org.example"} {
		same(t, "proven, for "+sender, message.Phone(phoneC), b.phone("org", sender, "karin@else.example"))
	}
	got, err := b.Contacts(context.Background(), "org", anna.Sender, []message.Address{anna.Recipient})
	must(t, err)
	same(t, "whole", proven, got["karin@else.example"])
}

func contactReplaced(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	for _, phone := range []string{phoneA, phoneB} {
		b.remember(m.ID, store.Effects{Contacts: []message.Contact{b.contact("anna@org.example", phone)}})
		b.Add(time.Minute)
	}
	same(t, "phone", message.Phone(phoneB), b.phone("org", "anna@org.example", "karin@else.example"))
}

func contactForgotten(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	own, proven := b.contact("anna@org.example", phoneA), b.contact("", phoneB)
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{own, proven}})
	b.remember(m.ID, store.Effects{Forget: []message.Contact{proven}})
	same(t, "the own is left", message.Phone(phoneA), b.phone("org", "anna@org.example", "karin@else.example"))
	b.remember(m.ID, store.Effects{Forget: []message.Contact{own}})
	same(t, "none is left", message.Phone(""), b.phone("org", "anna@org.example", "karin@else.example"))
}

func contactOrg(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{b.contact("", phoneA)}})
	same(t, "another organisation", message.Phone(""), b.phone("other", "anna@org.example", "karin@else.example"))
}
