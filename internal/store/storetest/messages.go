package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

func messageTests() []test {
	return []test{
		{"what Create stored Message reads", createAndRead},
		{"an unknown message is ErrNotFound", unknownMessage},
		{"Create stores jobs, accesses and events with the message", createEffects},
		{"Create leases what is due to this node", createLease},
		{"a cancelled caller still gets the outcome", createCancelled},
		{"two hundred creates at once are all there after a restart", createMany},
		{"the same sending within the window is a repeat", repeatWindow},
		{"the same sending twice at once is stored once", repeatAtOnce},
		{"Update writes what fn changed and its effects", updateWrites},
		{"an error of fn is returned as it is and nothing is written", updateFails},
		{"an update that changes nothing writes nothing", updateNothing},
		{"concurrent updates of a message come one after the other", updateSerial},
		{"Done of a stolen job writes nothing", updateStale},
		{"Create finishes a job and gives counts back with the message", createDone},
		{"Create with a stolen job writes nothing", createStale},
		{"Outcome does what Relayed does", outcomeIsRelayed},
		{"Outcome is conditional on the state", outcomeConditional},
		{"Outcome of a stolen job writes nothing", outcomeStale},
		{"a hundred outcomes at once each count", outcomeMany},
		{"an outcome after a restart is as good", outcomeRestart},
		{"a cancelled Update writes nothing", updateCancelled},
		{"a message is the same after a restart", restart},
	}
}

func createAndRead(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.mail("karin@else.example", "bo@third.example")
	m.Decision.Findings = []message.Finding{{Rule: "r", Where: "body", Count: 1, Masked: "19••••"}}
	b.put(store.New{Message: m})
	m.Version, m.Size, m.BodyHash = 1, int64(len(text)), memory(text).SHA256()
	same(t, "message", m, b.read(m.ID))
}

func unknownMessage(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	id := message.NewID(b.Now())
	_, err := b.Message(ctx, id)
	want(t, err, store.ErrNotFound)
	_, err = b.Events(ctx, id)
	want(t, err, store.ErrNotFound)
	_, err = b.OpenBody(ctx, id, nil)
	want(t, err, store.ErrNotFound)
	err = b.Update(ctx, id, func(*message.Message) (store.Effects, error) {
		t.Error("fn ran without a message")
		return store.Effects{}, nil
	})
	want(t, err, store.ErrNotFound)
	ok, err := b.Outcome(ctx, store.Outcome{Message: id, Recipients: []int{0}, State: message.Delivered, At: b.Now()})
	if ok || err != nil {
		t.Errorf("outcome of an unknown message: %v, %v", ok, err)
	}
}

func createEffects(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.mail("karin@else.example")
	e := store.Effects{Effects: b.seal(m)}
	e.Events[0].Detail["why"] = "because"
	a := auth.NewAccess(m, 0, b.Now())
	token := a.NewLink(b.Now())
	e.Accesses = []*auth.Access{a}
	b.put(store.New{Message: m, Effects: e})

	events, err := b.Events(context.Background(), m.ID)
	must(t, err)
	same(t, "events", e.Events, events)
	jobs := b.waiting(m.ID)
	slices.SortFunc(e.Jobs, func(x, y message.Job) int { return x.RunAt.Compare(y.RunAt) })
	same(t, "jobs", e.Jobs, jobs)
	got, err := b.AccessByLink(context.Background(), token.Hash())
	must(t, err)
	same(t, "access", a, got)
}

func createLease(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.mail("karin@else.example")
	e := store.Effects{Effects: b.seal(m)} // one job now, two later
	claimed := b.put(store.New{Message: m, Effects: e, Lease: time.Minute})
	if len(claimed) != 1 || claimed[0].Kind != message.JobNotify || claimed[0].Attempt != 1 {
		t.Fatalf("claimed %+v", claimed)
	}
	if jobs := b.claim(10, time.Minute); len(jobs) != 0 {
		t.Errorf("somebody else could claim %+v", jobs)
	}
	must(t, b.Finish(context.Background(), claimed[0], time.Time{}))
	if n := len(b.waiting(m.ID)); n != 2 {
		t.Errorf("%d jobs are left, want 2", n)
	}
}

func createCancelled(t *testing.T, d Driver) {
	b := fresh(t, d)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := b.mail("karin@else.example")
	if _, err := b.Create(ctx, store.New{Message: m, Body: memory(text)}); err != nil {
		t.Fatalf("create with a cancelled context: %v", err)
	}
	b.read(m.ID)
}

func createMany(t *testing.T, d Driver) {
	b := fresh(t, d)
	const n = 200
	ids := make([]message.ID, n)
	var wg sync.WaitGroup
	for i := range n {
		m := b.mail(fmt.Sprintf("r%d@else.example", i))
		ids[i] = m.ID
		e := store.Effects{Effects: b.pass(m)}
		wg.Go(func() {
			if _, err := b.Create(context.Background(), store.New{Message: m, Body: memory(text), Effects: e}); err != nil {
				t.Errorf("create: %v", err)
			}
		})
	}
	wg.Wait()
	b.reopen()
	for i, id := range ids {
		m := b.read(id)
		if m.Recipients[0].Address.Local() != fmt.Sprintf("r%d", i) {
			t.Errorf("message %d has another's recipient", i)
		}
		if len(b.waiting(id)) != 1 {
			t.Errorf("message %d lacks its job", i)
		}
	}
}

func repeatWindow(t *testing.T, d Driver) {
	b, ctx := fresh(t, d), context.Background()
	send := func(value string) (message.ID, error) {
		m := b.mail("karin@else.example")
		_, err := b.Create(ctx, store.New{Message: m, Body: memory(text), Repeat: value, Window: time.Hour})
		return m.ID, err
	}
	first, err := send("client message-id")
	must(t, err)
	b.Add(59 * time.Minute)
	if id, err := b.Repeated(ctx, "client message-id"); err != nil || id != first {
		t.Errorf("the sending is known as %q: %v", id, err)
	}
	_, err = b.Repeated(ctx, "another message-id")
	want(t, err, store.ErrNotFound)
	second, err := send("client message-id")
	var repeated *store.RepeatedError
	if !errors.As(err, &repeated) || repeated.ID != first {
		t.Fatalf("the second sending: %v", err)
	}
	if _, err := b.Message(ctx, second); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the second message was stored: %v", err)
	}
	if kinds := b.kinds(first); !slices.Contains(kinds, message.EventRepeated) {
		t.Errorf("events of the first: %v", kinds)
	}
	if _, err := send("another message-id"); err != nil {
		t.Errorf("another sending: %v", err)
	}
	b.Add(time.Minute)
	_, err = b.Repeated(ctx, "client message-id")
	want(t, err, store.ErrNotFound)
	if _, err := send("client message-id"); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

func repeatAtOnce(t *testing.T, d Driver) {
	b := fresh(t, d)
	const n = 20
	var mu sync.Mutex
	var stored, repeated []message.ID
	var wg sync.WaitGroup
	for range n {
		m := b.mail("karin@else.example")
		wg.Go(func() {
			_, err := b.Create(context.Background(), store.New{Message: m, Body: memory(text), Repeat: "x", Window: time.Hour})
			var r *store.RepeatedError
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				stored = append(stored, m.ID)
			case errors.As(err, &r):
				repeated = append(repeated, r.ID)
			default:
				t.Errorf("create: %v", err)
			}
		})
	}
	wg.Wait()
	if len(stored) != 1 || len(repeated) != n-1 {
		t.Fatalf("stored %d, repeated %d", len(stored), len(repeated))
	}
	for _, id := range repeated {
		if id != stored[0] {
			t.Errorf("a repeat named %s, stored is %s", id, stored[0])
		}
	}
	if got := len(b.kinds(stored[0])); got != n-1 {
		t.Errorf("%d events of repeats, want %d", got, n-1)
	}
}

func updateWrites(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example", "bo@third.example")
	jobs := len(b.waiting(m.ID))
	b.Add(time.Minute)
	b.update(m.ID, func(m *message.Message) (store.Effects, error) {
		e, err := m.NoticeSent(b.Now(), 1, false)
		m.Recipients[1].Reply = "250 fine"
		e.Jobs = append(e.Jobs, message.Job{ID: message.NewID(b.Now()), Kind: message.JobTell, Message: m.ID, RunAt: b.Now()})
		return store.Effects{Effects: e}, err
	})
	got := b.read(m.ID)
	r := got.Recipients[1]
	if r.State != message.Notified || !r.Since.Equal(b.Now()) || r.Reply != "250 fine" {
		t.Errorf("recipient: %+v", r)
	}
	if got.Recipients[0].State != message.Sealed {
		t.Errorf("the other recipient is %s", got.Recipients[0].State)
	}
	if got.Version != 2 {
		t.Errorf("version %d, want 2", got.Version)
	}
	kinds := b.kinds(m.ID)
	if kinds[len(kinds)-1] != message.EventNotified {
		t.Errorf("events: %v", kinds)
	}
	if n := len(b.waiting(m.ID)); n != jobs+1 {
		t.Errorf("%d jobs, want %d", n, jobs+1)
	}
}

var errOwn = errors.New("fn's own error")

func updateFails(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	before, events := b.read(m.ID), b.kinds(m.ID)
	err := b.Update(context.Background(), m.ID, func(m *message.Message) (store.Effects, error) {
		e, err := m.NoticeSent(b.Now(), 0, false)
		must(t, err)
		m.Subject = "changed"
		return store.Effects{Effects: e}, errOwn
	})
	if err != errOwn { //nolint:errorlint // as it is: not wrapped
		t.Errorf("got %v", err)
	}
	same(t, "message", before, b.read(m.ID))
	same(t, "events", events, b.kinds(m.ID))
}

func updateNothing(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	b.update(m.ID, func(*message.Message) (store.Effects, error) { return store.Effects{}, nil })
	if v := b.read(m.ID).Version; v != 1 {
		t.Errorf("version %d, want 1", v)
	}
}

func updateSerial(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	const n = 40
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			err := b.Update(context.Background(), m.ID, func(m *message.Message) (store.Effects, error) {
				m.Recipients[0].Attempts++
				return store.Effects{Effects: m.Note(b.Now(), 0, message.EventReminded, nil)}, nil
			})
			if err != nil {
				t.Errorf("update: %v", err)
			}
		})
	}
	wg.Wait()
	if got := b.read(m.ID).Recipients[0].Attempts; got != n {
		t.Errorf("%d of %d updates counted", got, n)
	}
	count := 0
	for _, k := range b.kinds(m.ID) {
		if k == message.EventReminded {
			count++
		}
	}
	if count != n {
		t.Errorf("%d of %d events", count, n)
	}
}

func updateStale(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, job := b.passing("karin@else.example")
	b.Add(2 * time.Minute)
	if jobs := b.claim(1, time.Minute); len(jobs) != 1 {
		t.Fatalf("the lease was over, but %d jobs were free", len(jobs))
	}
	err := b.Update(context.Background(), m.ID, func(m *message.Message) (store.Effects, error) {
		e, err := m.Defer(b.Now(), 0, "451 later", message.DefaultTerms())
		return store.Effects{Effects: e, Done: &job}, err
	})
	want(t, err, store.ErrStale)
	if s := b.read(m.ID).Recipients[0].State; s != message.Queued {
		t.Errorf("state %s, want queued", s)
	}
	if len(b.waiting(m.ID)) != 1 {
		t.Error("the successor's job is gone")
	}
}

func outcomeIsRelayed(t *testing.T, d Driver) {
	b := fresh(t, d)
	m1, job1 := b.passing("karin@else.example", "bo@third.example")
	m2, job2 := b.passing("karin@else.example", "bo@third.example")
	b.Add(time.Second)
	ok, err := b.Outcome(context.Background(), store.Outcome{
		Message: m1.ID, Recipients: []int{0, 1}, State: message.Delivered, At: b.Now(), Reply: "250 2.0.0 ok", Job: &job1, Destroy: true,
	})
	if err != nil || !ok {
		t.Fatalf("outcome: %v, %v", ok, err)
	}
	b.update(m2.ID, func(m *message.Message) (store.Effects, error) {
		all := store.Effects{Done: &job2}
		for i := range m.Recipients {
			e, err := m.Relayed(b.Now(), i, "250 2.0.0 ok")
			must(t, err)
			all.Add(e)
		}
		return all, nil
	})
	one, two := b.read(m1.ID), b.read(m2.ID)
	same(t, "recipients", two.Recipients, one.Recipients)
	same(t, "version", two.Version, one.Version)
	same(t, "events", b.kinds(m2.ID), b.kinds(m1.ID))
	e1, err := b.Events(context.Background(), m1.ID)
	must(t, err)
	e2, err := b.Events(context.Background(), m2.ID)
	must(t, err)
	same(t, "detail", e2[len(e2)-1].Detail, e1[len(e1)-1].Detail)
	for _, id := range []message.ID{m1.ID, m2.ID} {
		if _, err := b.body(id); !errors.Is(err, store.ErrDestroyed) {
			t.Errorf("the payload of a delivered message: %v", err)
		}
		if n := len(b.waiting(id)); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
	}
}

func outcomeConditional(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, job := b.passing("karin@else.example", "bo@third.example")
	b.update(m.ID, func(m *message.Message) (store.Effects, error) {
		e, err := m.Defer(b.Now(), 1, "451 later", message.DefaultTerms())
		return store.Effects{Effects: e}, err
	})
	before, events, jobs := b.read(m.ID), b.kinds(m.ID), b.waiting(m.ID)
	o := store.Outcome{Message: m.ID, Recipients: []int{0, 1}, State: message.Delivered, At: b.Now(), Reply: "250", Job: &job, Destroy: true}
	ok, err := b.Outcome(context.Background(), o)
	if ok || err != nil {
		t.Fatalf("outcome over a deferred recipient: %v, %v", ok, err)
	}
	same(t, "message", before, b.read(m.ID))
	same(t, "events", events, b.kinds(m.ID))
	same(t, "jobs", jobs, b.waiting(m.ID))
	// The queued one alone may go, and a claim that nobody needs the payload is not believed.
	o.Recipients, o.Job = []int{0}, nil
	if ok, err := b.Outcome(context.Background(), o); !ok || err != nil {
		t.Fatalf("outcome: %v, %v", ok, err)
	}
	if _, err := b.body(m.ID); err != nil {
		t.Errorf("the payload of a deferred recipient: %v", err)
	}
}

func outcomeStale(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, job := b.passing("karin@else.example")
	b.Add(2 * time.Minute)
	b.claim(1, time.Minute)
	ok, err := b.Outcome(context.Background(), store.Outcome{
		Message: m.ID, Recipients: []int{0}, State: message.Delivered, At: b.Now(), Job: &job, Destroy: true,
	})
	if ok || err != nil {
		t.Errorf("outcome of a stolen job: %v, %v", ok, err)
	}
	if s := b.read(m.ID).Recipients[0].State; s != message.Queued {
		t.Errorf("state %s, want queued", s)
	}
}

func outcomeMany(t *testing.T, d Driver) {
	b := fresh(t, d)
	const n = 100
	to := make([]string, n)
	for i := range to {
		to[i] = fmt.Sprintf("r%d@else.example", i)
	}
	m, _ := b.passing(to...)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			ok, err := b.Outcome(context.Background(), store.Outcome{
				Message: m.ID, Recipients: []int{i}, State: message.Delivered, At: b.Now(), Reply: fmt.Sprintf("250 %d", i),
			})
			if !ok || err != nil {
				t.Errorf("outcome %d: %v, %v", i, ok, err)
			}
		})
	}
	wg.Wait()
	got := b.read(m.ID)
	for i, r := range got.Recipients {
		if r.State != message.Delivered || r.Reply != fmt.Sprintf("250 %d", i) {
			t.Errorf("recipient %d: %s %q", i, r.State, r.Reply)
		}
	}
	if got.Version != n+1 {
		t.Errorf("version %d, want %d", got.Version, n+1)
	}
}

func restart(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, job := b.passing("karin@else.example")
	before := b.read(m.ID)
	b.reopen()
	same(t, "message", before, b.read(m.ID))
	data, err := b.body(m.ID)
	must(t, err)
	same(t, "body", text, string(data))
	must(t, b.Ping(context.Background()))
	must(t, b.Extend(context.Background(), job, time.Minute))
}

func outcomeRestart(t *testing.T, d Driver) {
	b := fresh(t, d)
	m, job := b.passing("karin@else.example")
	b.reopen()
	ok, err := b.Outcome(context.Background(), store.Outcome{
		Message: m.ID, Recipients: []int{0}, State: message.Delivered, At: b.Now(), Reply: "250 ok", Job: &job, Destroy: true})
	if !ok || err != nil {
		t.Fatalf("outcome: %v, %v", ok, err)
	}
	same(t, "reply", "250 ok", b.read(m.ID).Recipients[0].Reply)
	_, err = b.body(m.ID)
	want(t, err, store.ErrDestroyed)
}

func updateCancelled(t *testing.T, d Driver) {
	b := fresh(t, d)
	m := b.sealed("karin@else.example")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := b.Update(ctx, m.ID, func(m *message.Message) (store.Effects, error) {
		m.Subject = "changed"
		return store.Effects{}, nil
	})
	want(t, err, context.Canceled)
	same(t, "subject", m.Subject, b.read(m.ID).Subject)
}

// answering makes a message that answers for a claimed job.
func (b *bench) answering(job message.Job) store.New {
	b.tb.Helper()
	m := b.mail("karin@else.example")
	return store.New{
		Message: m, Body: memory(text), Effects: store.Effects{Effects: b.seal(m), Done: &job},
		Repeat: string(m.ID), Window: time.Hour,
	}
}

func createDone(t *testing.T, d Driver) {
	b := fresh(t, d)
	_, a, _ := b.access()
	c := auth.Counter{Kind: "done", Value: "v", Window: time.Hour}
	same(t, "count", int64(1), b.count(a.ID, c))
	first, job := b.passing("karin@else.example")
	n := b.answering(job)
	n.Effects.Refund = []auth.Counter{c}
	b.put(n)
	b.read(n.Message.ID)
	same(t, "jobs of the first", 0, len(b.waiting(first.ID)))
	same(t, "count after the refund", int64(1), b.count(a.ID, c))
	want(t, b.Finish(context.Background(), job, time.Time{}), store.ErrStale)
}

func createStale(t *testing.T, d Driver) {
	for _, noDir := range []bool{false, true} {
		b, ctx := fresh(t, d, large(noDir)), context.Background()
		first, stolen := b.passing("karin@else.example")
		b.Add(time.Hour)
		var job message.Job
		for _, j := range b.claim(10, time.Hour) {
			if j.ID == stolen.ID {
				job = j
			}
		}
		n := b.answering(stolen)
		for _, body := range []memory{memory(text), noise(100_000)} {
			n.Body = body
			_, err := b.Create(ctx, n)
			want(t, err, store.ErrStale)
			_, err = b.Message(ctx, n.Message.ID)
			want(t, err, store.ErrNotFound)
			same(t, "jobs", 0, len(b.waiting(n.Message.ID)))
		}
		if !noDir {
			same(t, "payload files", 0, len(b.payloadFiles()))
		}
		same(t, "jobs of the first", 1, len(b.waiting(first.ID)))
		n.Effects.Done = &job // and the sending is not taken for a repeated one
		b.put(n)
		b.read(n.Message.ID)
		same(t, "jobs of the first, done", 0, len(b.waiting(first.ID)))
	}
}
