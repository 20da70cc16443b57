package storetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/seal"
	"sigill/internal/seal/sealtest"
	"sigill/internal/store"
)

func keyTests() []test {
	return []test{
		{"a foreign ring is refused", foreignRing},
		{"an old copy of the ring is refused", oldRing},
		{"both versions answer after a rotation", rotated},
		{"Rekey rewrites everything, and the old key can go", rekeyed},
		{"Rekey loses nothing while the store is in use", rekeyInUse},
		{"a new month has a key of its own", newMonth},
		{"nothing is in clear in any file", canary},
	}
}

func foreignRing(t *testing.T, d Driver) {
	b := fresh(t, d)
	b.sealed("karin@else.example")
	must(t, b.Close())
	o := b.opts
	o.Ring = sealtest.Keyring(t)
	s, err := d.Open(t, o)
	if err == nil {
		t.Fatalf("opened with a foreign ring: %v", s.Close())
	}
	want(t, err, store.ErrForeignKeyring)
	want(t, err, seal.ErrForeignKeyring)
}

// ringFile makes a ring in a file and returns it with a way to read it as it was.
func ringFile(t *testing.T) (ring *seal.Keyring, before func() *seal.Keyring) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ring")
	ring, err := seal.CreateKeyring(path)
	must(t, err)
	data, err := os.ReadFile(path)
	must(t, err)
	return ring, func() *seal.Keyring {
		old := filepath.Join(t.TempDir(), "ring")
		must(t, os.WriteFile(old, data, 0o600)) //nolint:gosec // the test's own folder
		r, err := seal.LoadKeyring(old)
		must(t, err)
		return r
	}
}

func oldRing(t *testing.T, d Driver) {
	ring, before := ringFile(t)
	b := fresh(t, d, func(o *Options) { o.Ring = ring })
	must(t, ring.Rotate())
	b.sealed("karin@else.example")
	must(t, b.Close())
	o := b.opts
	o.Ring = before()
	s, err := d.Open(t, o)
	if err == nil {
		t.Fatalf("opened with an old copy of the ring: %v", s.Close())
	}
	want(t, err, store.ErrForeignKeyring)
	want(t, err, seal.ErrMissingKeys)
	if newest := ring.KeyIDs()[1]; !strings.Contains(err.Error(), newest) {
		t.Errorf("%q does not name the key that is missing", err)
	}
}

// filled stores one of each thing that has a hash or a wrap.
func (b *bench) filled() (*message.Message, auth.Secret) {
	b.tb.Helper()
	m, _, token := b.access()
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{b.contact("anna@org.example", phoneA)}})
	tr := b.trace("anna@org.example", "karin@else.example")
	tr.Decision = &message.Decision{Subject: "s"}
	b.add(tr)
	return m, token
}

// check looks for everything that filled has stored.
func (b *bench) check(m *message.Message, token auth.Secret) {
	b.tb.Helper()
	data, err := b.body(m.ID)
	must(b.tb, err)
	same(b.tb, "body", text, string(data))
	same(b.tb, "subject", m.Subject, b.read(m.ID).Subject)
	for name, q := range map[string]store.Query{
		"from": {From: m.Envelope.From}, "to": {To: m.Recipients[0].Address}, "domain": {Domain: "else.example"},
	} {
		if !slices.Contains(b.find(q), m.ID) {
			b.tb.Errorf("the message is not found by %s", name)
		}
		if len(b.traces(q)) == 0 {
			b.tb.Errorf("the trace is not found by %s", name)
		}
	}
	same(b.tb, "phone", message.Phone(phoneA), b.phone("org", "anna@org.example", "karin@else.example"))
	_, err = b.AccessByLink(context.Background(), token.Hash())
	must(b.tb, err)
}

func rotated(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, token := b.filled()
	take := auth.Counter{Kind: "try", Value: "v"}
	a, err := b.AccessByLink(context.Background(), token.Hash())
	must(t, err)
	same(t, "count", int64(1), b.count(a.ID, take))
	sent := b.mail("karin@else.example")
	b.put(store.New{Message: sent, Repeat: "client message-id", Window: time.Hour})
	must(t, b.opts.Ring.Rotate())
	b.check(m, token)
	known, err := b.Repeated(context.Background(), "client message-id")
	must(t, err)
	same(t, "sent again", sent.ID, known)
	same(t, "counts go on", int64(2), b.count(a.ID, take))
	b.remember(m.ID, store.Effects{Contacts: []message.Contact{b.contact("anna@org.example", phoneB)}})
	same(t, "a contact is replaced", message.Phone(phoneB), b.phone("org", "anna@org.example", "karin@else.example"))
}

func rekeyed(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, token := b.filled()
	n, err := b.Rekey(context.Background())
	must(t, err)
	same(t, "rewritten although nothing was rotated", 0, n)
	must(t, b.opts.Ring.Rotate())
	n, err = b.Rekey(context.Background())
	must(t, err)
	if n < 6 { // column key, wrap, message, recipient, contact, trace
		t.Errorf("rewrote %d rows", n)
	}
	n, err = b.Rekey(context.Background())
	must(t, err)
	same(t, "rewritten a second time", 0, n)
	must(t, b.opts.Ring.Retire(b.opts.Ring.KeyIDs()[0]))
	b.check(m, token)
	b.reopen()
	b.check(m, token)
}

func rekeyInUse(t *testing.T, d Driver) {
	b := fresh(t, d)
	const n = 40
	ids := make([]message.ID, n)
	for i := range ids {
		ids[i] = b.sealed(fmt.Sprintf("r%d@else.example", i)).ID
	}
	must(t, b.opts.Ring.Rotate())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := b.Rekey(context.Background()); err != nil {
			t.Errorf("rekey: %v", err)
		}
	})
	for _, id := range ids {
		wg.Go(func() {
			b.update(id, func(m *message.Message) (store.Effects, error) {
				e, err := m.NoticeSent(b.Now(), 0, false)
				return store.Effects{Effects: e}, err
			})
		})
	}
	wg.Wait()
	_, err := b.Rekey(context.Background())
	must(t, err)
	must(t, b.opts.Ring.Retire(b.opts.Ring.KeyIDs()[0]))
	for i, id := range ids {
		if s := b.read(id).Recipients[0].State; s != message.Notified {
			t.Errorf("message %d: the rewrite undid an update: %s", i, s)
		}
		same(t, "found", []message.ID{id}, b.find(store.Query{To: addr(t, fmt.Sprintf("r%d@else.example", i))}))
		_, err := b.body(id)
		must(t, err)
	}
}

func newMonth(t *testing.T, d Driver) {
	b := fresh(t, d)
	first := b.sealed("karin@else.example")
	b.Add(20 * 24 * time.Hour)
	second := b.sealed("karin@else.example")
	b.reopen()
	b.update(first.ID, func(m *message.Message) (store.Effects, error) {
		e, err := m.NoticeSent(b.Now(), 0, false)
		return store.Effects{Effects: e}, err
	})
	b.read(first.ID)
	b.read(second.ID)
	same(t, "found", []message.ID{second.ID, first.ID}, b.find(store.Query{}))
}

// The canaries stand at each place where something personal is stored.
var canaries = []string{
	"canarysubject", "canaryname", "canarylocal", "canarydomain", "canarybodysmall", "canarybodylarge",
	"canaryevidence", "canarydetail", "canaryreply", "canaryfrom", "canaryhelo", "canarytrace", "canarycounter", "canaryrepeat",
	"4670174",
}

// sing stores every canary.
func (b *bench) sing() {
	m := b.mail("canarylocal@canarydomain.example")
	m.Envelope.From, m.Envelope.Source.Helo = addr(b.tb, "canaryfrom@org.example"), "canaryhelo"
	m.Subject, m.PersonName = "canarysubject", "canaryname"
	m.Decision.Findings = []message.Finding{{Rule: "r", Where: "body", Masked: "canaryevidence"}}
	a := auth.NewAccess(m, 0, b.Now())
	b.put(store.New{
		Message: m, Body: memory(strings.Repeat("canarybodysmall ", 20)), Repeat: "canaryrepeat", Window: time.Hour,
		Effects: store.Effects{Accesses: []*auth.Access{a}, Contacts: []message.Contact{b.contact("anna@org.example", phoneA)}},
	})
	b.update(m.ID, func(m *message.Message) (store.Effects, error) {
		m.Recipients[0].Reply = "250 canaryreply"
		return store.Effects{Effects: m.Note(b.Now(), 0, message.EventReminded, map[string]string{"x": "canarydetail"})}, nil
	})
	b.count(a.ID, auth.Counter{Kind: "try", Value: "canarycounter"})
	big := b.mail("karin@else.example")
	b.put(store.New{Message: big, Body: memory(strings.Repeat("canarybodylarge ", 60_000))})
	tr := b.trace("canarytrace@org.example", "karin@else.example")
	tr.Decision = &message.Decision{Subject: "canarytrace"}
	b.add(tr)
}

// heard returns which canaries can be found in the files of the store, in any of the
// forms in which text is written.
func (b *bench) heard() map[string]bool {
	b.tb.Helper()
	heard := map[string]bool{}
	for _, path := range b.files() {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		must(b.tb, err)
		data = bytes.ToLower(data)
		for _, c := range canaries {
			for _, form := range forms(c) {
				if bytes.Contains(data, bytes.ToLower(form)) {
					heard[c] = true
				}
			}
		}
	}
	return heard
}

func (b *bench) files() []string {
	if b.driver.Files != nil {
		return b.driver.Files(b.tb, b.opts)
	}
	var files []string
	must(b.tb, filepath.WalkDir(b.opts.Folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	return files
}

// forms returns how a word can look inside other data: plain, hex, UTF-16, quoted, and
// base64 at each of the three places at which it can begin.
func forms(word string) [][]byte {
	all := [][]byte{[]byte(word), []byte(hex.EncodeToString([]byte(word)))}
	var le, be, quoted []byte
	for _, u := range utf16.Encode([]rune(word)) {
		le = binary.LittleEndian.AppendUint16(le, u)
		be = binary.BigEndian.AppendUint16(be, u)
		quoted = fmt.Appendf(quoted, "=%02X", u)
	}
	all = append(all, le, be, quoted)
	for shift := range 3 {
		padded := append(make([]byte, shift), word...)
		coded := base64.RawStdEncoding.EncodeToString(padded)
		// The first and the last sign also hold bits of what stands around the word.
		from := []int{0, 2, 3}[shift]
		all = append(all, []byte(coded[from:len(coded)-1]))
	}
	return all
}

func canary(t *testing.T, d Driver) {
	for _, noDir := range []bool{false, true} {
		b := fresh(t, d, large(noDir))
		b.sing()
		if heard := b.heard(); len(heard) > 0 {
			t.Errorf("in clear: %v", heard)
		}
		must(t, b.Close())
		if heard := b.heard(); len(heard) > 0 {
			t.Errorf("in clear after the store was closed: %v", heard)
		}
		// The same search must find what there is to find, or it proves nothing.
		control := fresh(t, d, large(noDir), func(o *Options) { o.Ring = sealtest.Unsealed(t) })
		control.sing()
		must(t, control.Close())
		heard := control.heard()
		for _, c := range canaries {
			if !heard[c] && !hashedOnly(c) {
				t.Errorf("without sealing, %s was not found", c)
			}
		}
	}
}

// hashedOnly says that a canary is never stored at all, only its hash.
func hashedOnly(c string) bool { return c == "canarycounter" || c == "canaryrepeat" }
