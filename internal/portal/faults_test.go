package portal

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

// faulty is a store whose nth call fails, before it does anything.
type faulty struct {
	store.Store
	mu   sync.Mutex
	left int // calls until the one that fails; negative for none
}

func (f *faulty) fails() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left--
	return f.left == 0
}

func (f *faulty) AccessByLink(ctx context.Context, h []byte) (*auth.Access, error) {
	if f.fails() {
		return nil, errAway
	}
	return f.Store.AccessByLink(ctx, h)
}

func (f *faulty) Access(ctx context.Context, id message.ID) (*auth.Access, error) {
	if f.fails() {
		return nil, errAway
	}
	return f.Store.Access(ctx, id)
}

func (f *faulty) Message(ctx context.Context, id message.ID) (*message.Message, error) {
	if f.fails() {
		return nil, errAway
	}
	return f.Store.Message(ctx, id)
}

func (f *faulty) Events(ctx context.Context, id message.ID) ([]message.Event, error) {
	if f.fails() {
		return nil, errAway
	}
	return f.Store.Events(ctx, id)
}

func (f *faulty) OpenBody(ctx context.Context, id message.ID, secret []byte) (message.Body, error) {
	if f.fails() {
		return nil, errAway
	}
	return f.Store.OpenBody(ctx, id, secret)
}

func (f *faulty) Update(ctx context.Context, id message.ID, fn func(*message.Message) (store.Effects, error)) error {
	if f.fails() {
		return errAway
	}
	return f.Store.Update(ctx, id, fn)
}

func (f *faulty) UpdateAccess(ctx context.Context, id message.ID, take []auth.Counter, fn func(*auth.Access, *message.Message, []int64) (store.Effects, error)) error {
	if f.fails() {
		return errAway
	}
	return f.Store.UpdateAccess(ctx, id, take, fn)
}

// step does one thing in a browser until it works, and holds every refusal against what
// a refusal must be: a page that says so, without a word of the reason and without a
// cookie that the store knows nothing of.
func (f *faulty) step(t *testing.T, b *browser, method, path string, form map[string][]string) answer {
	t.Helper()
	for range 3 {
		before := len(b.cookies)
		a := b.do(method, path, form)
		if a.status != http.StatusServiceUnavailable {
			return a
		}
		a.want(t, http.StatusServiceUnavailable, "Sidan kan inte visas just nu").lacks(t, "10.1.2.3", "secret detail", "Karin</b>")
		if a.where == path && len(b.cookies) != before {
			t.Errorf("%s: a cookie although nothing was stored", path)
		}
	}
	t.Fatalf("%s %s: never works", method, path)
	return answer{}
}

// Each call of the store fails once, in turn, on the way from the link to a download:
// the reader is told, tries again, and gets through; a code is good until it was used.
func TestEveryCallOfTheStoreFailsOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	f := &faulty{Store: s.store}
	s.serve(func(o *Options) { o.Store, o.Limits.CodesPerRecipientHour = f, 1000 })
	const most = 60
	for n := 1; n <= most; n++ {
		m := s.put(mail{body: richBody, levels: []message.Level{message.Level1}})
		token := s.link(m, 0)
		b := s.browser()
		f.left = n
		f.step(t, b, http.MethodGet, "/b/"+token, nil)
		asked := f.step(t, b, http.MethodPost, "/b/"+token, nil)
		typed := map[string][]string{"code": {s.sendCode(m)}}
		read := f.step(t, b, http.MethodPost, asked.where, typed).want(t, http.StatusOK)
		f.step(t, b, http.MethodGet, read.where, nil).want(t, http.StatusOK, "Öppnat av dig")
		f.step(t, b, http.MethodGet, read.where+"/html", nil).want(t, http.StatusOK, "Hej <b>Karin</b>")
		file := f.step(t, b, http.MethodGet, read.where+"/file/2", nil).want(t, http.StatusOK)
		if file.body != "%PDF-1.4\n" {
			t.Errorf("call %d: download is %q", n, file.body)
		}
		f.step(t, b, http.MethodPost, read.where+"/leave", nil).want(t, http.StatusForbidden)
		if f.left > 0 { // the journey has fewer calls than n: each has failed once
			return
		}
		s.clock.Add(time.Hour)
	}
	t.Errorf("the journey has more than %d calls", most)
}
