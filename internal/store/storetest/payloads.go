package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

func payloadTests() []test {
	all := []test{
		{"a destroyed payload cannot be read", destroyed},
		{"no payload is bound to a secret: any but nil opens nothing", boundToNothing},
		{"a payload may be opened more than once at a time", openedTwice},
		{"a body that is not as long as it says is not stored", shortBody},
		{"large payloads in the folder: a foreign folder is refused", foreignFolder},
		{"large payloads in the folder: files that no message owns are swept after an hour", sweptFiles},
		{"large payloads in the folder: destroying removes the file", destroyedFile},
	}
	for _, noDir := range []bool{false, true} {
		for _, size := range []int{0, 1, 4 << 10, 100_000, 3<<20 + 17} {
			name := fmt.Sprintf("a payload of %d octets, above 64 KB in the folder", size)
			if noDir {
				name = fmt.Sprintf("a payload of %d octets, in the database", size)
			}
			all = append(all, test{name, payloadOf(size, noDir)})
		}
	}
	return all
}

// noise returns octets that do not repeat.
func noise(n int) memory {
	data := make([]byte, 0, n+sha256.Size)
	for i := 0; len(data) < n; i++ {
		block := sha256.Sum256(fmt.Append(nil, i))
		data = append(data, block[:]...)
	}
	return data[:n]
}

func large(noDir bool) func(*Options) {
	return func(o *Options) { o.Inline, o.NoDir = 64<<10, noDir }
}

func payloadOf(size int, noDir bool) func(t *testing.T, d Driver) {
	return func(t *testing.T, d Driver) {
		b := fresh(t, d, large(noDir))
		m, data := b.mail("karin@else.example"), noise(size)
		b.put(store.New{Message: m, Body: data})
		got, err := b.body(m.ID)
		must(t, err)
		if !bytes.Equal(got, data) {
			t.Errorf("read %d octets that are not what was stored", len(got))
		}
		body, err := b.OpenBody(context.Background(), m.ID, nil)
		must(t, err)
		if body.Size() != data.Size() || !bytes.Equal(body.SHA256(), data.SHA256()) {
			t.Error("size or hash differ")
		}
	}
}

func destroyed(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	b.update(m.ID, func(*message.Message) (store.Effects, error) {
		return store.Effects{Effects: message.Effects{Destroy: true}}, nil
	})
	_, err := b.body(m.ID)
	want(t, err, store.ErrDestroyed)
	b.reopen()
	_, err = b.body(m.ID)
	want(t, err, store.ErrDestroyed)
	b.read(m.ID) // the facts stay
}

func boundToNothing(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	m := b.sealed("karin@else.example")
	for _, secret := range [][]byte{{}, []byte("a link's"), auth.NewSecret().Hash()} {
		if _, err := b.OpenBody(ctx, m.ID, secret); !errors.Is(err, store.ErrNotBound) {
			t.Errorf("with the secret %q: %v", secret, err)
		}
	}
	_, err := b.body(m.ID)
	must(t, err)
}

func openedTwice(t *testing.T, d Driver) {
	b := fresh(t, d, large(true))
	m, data := b.mail("karin@else.example"), noise(2<<20)
	b.put(store.New{Message: m, Body: data})
	body, err := b.OpenBody(context.Background(), m.ID, nil)
	must(t, err)
	one, err := body.Open()
	must(t, err)
	two, err := body.Open()
	must(t, err)
	first := make([]byte, 1<<20)
	_, err = io.ReadFull(one, first)
	must(t, err)
	all, err := io.ReadAll(two)
	must(t, err)
	rest, err := io.ReadAll(one)
	must(t, err)
	if !bytes.Equal(all, data) || !bytes.Equal(append(first, rest...), data) {
		t.Error("two readers of one body disturb each other")
	}
	must(t, errors.Join(one.Close(), two.Close()))
}

// short says that it is longer than it is.
type short struct{ memory }

func (s short) Size() int64 { return int64(len(s.memory)) + 1 }

func shortBody(t *testing.T, d Driver) {
	for _, noDir := range []bool{false, true} {
		b := fresh(t, d, large(noDir))
		for _, size := range []int{100, 1 << 20} {
			m := b.mail("karin@else.example")
			if _, err := b.Create(context.Background(), store.New{Message: m, Body: short{noise(size)}}); err == nil {
				t.Errorf("a body of %d octets that claims one more was stored", size)
			}
			_, err := b.Message(context.Background(), m.ID)
			want(t, err, store.ErrNotFound)
		}
	}
}

// payloadFiles lists the files in the payload folder but for the marker.
func (b *bench) payloadFiles() []string {
	b.tb.Helper()
	var files []string
	root := filepath.Join(b.opts.Folder, "payloads")
	must(b.tb, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Dir(path) != root {
			files = append(files, path)
		}
		return err
	}))
	return files
}

func foreignFolder(t *testing.T, d Driver) {
	one, two := fresh(t, d), fresh(t, d)
	must(t, errors.Join(one.Close(), two.Close()))
	from, to := filepath.Join(one.opts.Folder, "payloads"), filepath.Join(two.opts.Folder, "payloads")
	must(t, os.RemoveAll(to))
	must(t, os.Rename(from, to))
	if s, err := d.Open(t, two.opts); err == nil {
		t.Errorf("opened with another installation's payloads: %v", s.Close())
	}
}

func sweptFiles(t *testing.T, d Driver) {
	b := fresh(t, d, large(false))
	m := b.mail("karin@else.example")
	b.put(store.New{Message: m, Body: noise(100_000)})
	own := b.payloadFiles()
	id := string(message.NewID(b.Now()))
	orphan := filepath.Join(b.opts.Folder, "payloads", id[len(id)-1:], id)
	must(t, os.WriteFile(orphan, []byte("x"), 0o600))
	must(t, os.Chtimes(orphan, b.Now(), b.Now()))
	b.Add(59 * time.Minute)
	n, err := b.Sweep(context.Background(), store.Retention{})
	must(t, err)
	if n != 0 || len(b.payloadFiles()) != 2 {
		t.Errorf("swept %d things too early", n)
	}
	b.Add(2 * time.Minute)
	n, err = b.Sweep(context.Background(), store.Retention{})
	must(t, err)
	if n != 1 {
		t.Errorf("swept %d things, want 1", n)
	}
	same(t, "files", own, b.payloadFiles())
	_, err = b.body(m.ID)
	must(t, err)
}

func destroyedFile(t *testing.T, d Driver) {
	b := fresh(t, d, large(false))
	m, job := b.mail("karin@else.example"), message.Job{}
	jobs := b.put(store.New{Message: m, Body: noise(100_000), Effects: store.Effects{Effects: b.pass(m)}, Lease: time.Minute})
	job = jobs[0]
	if n := len(b.payloadFiles()); n != 1 {
		t.Fatalf("%d files, want 1", n)
	}
	ok, err := b.Outcome(context.Background(), store.Outcome{
		Message: m.ID, Recipients: []int{0}, State: message.Delivered, At: b.Now(), Job: &job, Destroy: true})
	if !ok || err != nil {
		t.Fatalf("outcome: %v, %v", ok, err)
	}
	if n := len(b.payloadFiles()); n != 0 {
		t.Errorf("%d files are left", n)
	}
	_, err = b.body(m.ID)
	want(t, err, store.ErrDestroyed)
}
