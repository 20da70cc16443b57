package storetest

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"sigill/internal/message"
	"sigill/internal/store"
)

func backupTests() []test {
	return []test{
		{"a dump restored elsewhere is the same store", dumpRestore},
		{"a dump taken under load is one moment", dumpUnderLoad},
		{"Restore refuses a store that is not empty", restoreTwice},
		{"Restore refuses a dump that was cut or changed, and leaves nothing", restoreDamaged},
		{"Restore refuses a dump of another ring", restoreForeign},
	}
}

// backup returns the store's dumping half.
func (b *bench) backup() store.Backup {
	b.tb.Helper()
	s, ok := b.Store.(store.Backup)
	if !ok {
		b.tb.Fatalf("%T can neither dump nor restore", b.Store)
	}
	return s
}

func (b *bench) dump() []byte {
	b.tb.Helper()
	var buf bytes.Buffer
	must(b.tb, b.backup().Dump(context.Background(), &buf))
	return buf.Bytes()
}

// twin opens an empty store with the same ring and clock.
func (b *bench) twin(change ...func(*Options)) *bench {
	b.tb.Helper()
	two := fresh(b.tb, b.driver, append([]func(*Options){func(o *Options) { o.Ring = b.opts.Ring }}, change...)...)
	two.Clock = b.Clock
	return two
}

func dumpRestore(t *testing.T, d Driver) {
	for _, noDir := range []bool{false, true} {
		b := fresh(t, d, large(false))
		m, token := b.filled()
		big, data := b.mail("karin@else.example"), noise(3<<20)
		b.put(store.New{Message: big, Body: data})
		dump := b.dump()

		two := b.twin(large(noDir)) // without a folder, its payloads go into the database
		must(t, two.backup().Restore(context.Background(), bytes.NewReader(dump)))
		two.check(m, token)
		got, err := two.body(big.ID)
		must(t, err)
		if !bytes.Equal(got, data) {
			t.Error("the large payload differs")
		}
		same(t, "message", b.read(m.ID), two.read(m.ID))
		same(t, "events", b.kinds(m.ID), two.kinds(m.ID))
		same(t, "jobs", b.waiting(m.ID), two.waiting(m.ID))
		two.reopen()
		two.check(m, token)
		two.sealed("karin@else.example")
	}
}

func dumpUnderLoad(t *testing.T, d Driver) {
	b := fresh(t, d)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				m := b.mail("karin@else.example")
				e := b.seal(m)
				if _, err := b.Create(context.Background(), store.New{Message: m, Body: memory(text), Effects: store.Effects{Effects: e}}); err != nil {
					t.Errorf("create: %v", err)
				}
			}
		}
	})
	for range 30 {
		b.sealed("karin@else.example")
	}
	dump := b.dump()
	close(stop)
	wg.Wait()
	two := b.twin()
	must(t, two.backup().Restore(context.Background(), bytes.NewReader(dump)))
	found, err := two.Find(context.Background(), store.Query{Limit: 1 << 20})
	must(t, err)
	if len(found) < 30 {
		t.Errorf("%d messages in the dump", len(found))
	}
	for _, m := range found {
		if len(m.Recipients) != 1 || len(two.waiting(m.ID)) != 3 || len(two.kinds(m.ID)) != 2 {
			t.Errorf("message %s is not whole", m.ID)
		}
		_, err := two.body(m.ID)
		must(t, err)
	}
}

func restoreTwice(t *testing.T, d Driver) {
	b := fresh(t, d)
	b.sealed("karin@else.example")
	dump := b.dump()
	if err := b.backup().Restore(context.Background(), bytes.NewReader(dump)); err == nil {
		t.Error("restored over what was there")
	}
}

func restoreDamaged(t *testing.T, d Driver) {
	b := fresh(t, d, large(false))
	m := b.sealed("karin@else.example")
	b.put(store.New{Message: b.mail("karin@else.example"), Body: noise(100_000)})
	dump := b.dump()
	changed := bytes.Clone(dump)
	changed[len(changed)/2] ^= 1
	for name, bad := range map[string][]byte{
		"cut": dump[:len(dump)-20], "half": dump[:len(dump)/2], "changed": changed, "empty": nil, "foreign": []byte("hello\n"),
	} {
		two := b.twin(large(false))
		if err := two.backup().Restore(context.Background(), bytes.NewReader(bad)); err == nil {
			t.Errorf("%s: restored", name)
		}
		_, err := two.Message(context.Background(), m.ID)
		want(t, err, store.ErrNotFound)
		must(t, two.backup().Restore(context.Background(), bytes.NewReader(dump)))
		two.read(m.ID)
	}
}

func restoreForeign(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	other := fresh(t, d)
	err := other.backup().Restore(context.Background(), bytes.NewReader(b.dump()))
	want(t, err, store.ErrForeignKeyring)
	_, err = other.Message(context.Background(), message.ID(m.ID))
	want(t, err, store.ErrNotFound)
}
