package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sigill/internal/message"
	"sigill/internal/store"
)

// points calls a function at a named point, once after each time it was armed, and
// counts how often each question about a lost commit was asked.
type points struct {
	at    string
	do    func()
	armed atomic.Bool
	asked atomic.Int32
}

func (p *points) fault(point string) error {
	if point == p.at && p.armed.CompareAndSwap(true, false) {
		p.do()
	}
	if point == "create.ask" || point == "update.ask" || point == "outcome.ask" {
		p.asked.Add(1)
	}
	return nil
}

// calls are the writes whose commit is lost, each with what shows that it was written.
func calls(tb testing.TB, s *Store) map[string]func() error {
	ctx := context.Background()
	return map[string]func() error{
		"create": func() error {
			n := mail(tb)
			_, err := s.Create(ctx, n)
			if err == nil {
				whole(tb, s, n.Message.ID)
			}
			return err
		},
		"outcome": func() error {
			n := mail(tb)
			jobs, err := s.Create(ctx, n)
			if err != nil {
				return err
			}
			ok, err := s.Outcome(ctx, store.Outcome{
				Message: n.Message.ID, Recipients: []int{0}, State: message.Delivered, At: time.Now(), Reply: "250", Job: &jobs[0],
			})
			if err == nil && !ok {
				tb.Error("the outcome was refused")
			}
			if err == nil {
				once(tb, s, n.Message.ID, message.EventDelivered)
			}
			return err
		},
		"update": func() error {
			n := mail(tb)
			if _, err := s.Create(ctx, n); err != nil {
				return err
			}
			err := s.Update(ctx, n.Message.ID, func(m *message.Message) (store.Effects, error) {
				e, err := m.Defer(time.Now(), 0, "451 later", message.DefaultTerms())
				return store.Effects{Effects: e}, err
			})
			if err == nil {
				once(tb, s, n.Message.ID, message.EventDeferred)
			}
			return err
		},
	}
}

// once checks that something happened to a message, and once only.
func once(tb testing.TB, s *Store, id message.ID, kind message.EventKind) {
	tb.Helper()
	events, err := s.Events(context.Background(), id)
	if err != nil {
		tb.Error(err)
	}
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	if n != 1 {
		tb.Errorf("%s happened %d times", kind, n)
	}
}

func TestLostAnswerOfACommit(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*proxy){
		"done":     (*proxy).mute, // the server commits, its answer is lost
		"not done": (*proxy).cut,  // the commit itself is lost: it runs again
	} {
		for _, kind := range []string{"create", "outcome", "update"} {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				pr, url := newProxy(t, migrated(t))
				p := &points{at: kind + ".before_commit"}
				p.do = func() { lose(pr) }
				s := open(t, Options{URL: url, Fault: p.fault})
				call := calls(t, s)[kind]
				if err := call(); err != nil { // makes the keys
					t.Fatal(err)
				}
				for range 3 {
					p.armed.Store(true)
					if err := call(); err != nil {
						t.Errorf("%s: %v", kind, err)
					}
					if p.armed.Load() {
						t.Error("no answer was lost: the test proves nothing")
					}
				}
				if p.asked.Load() < 3 {
					t.Errorf("asked %d times", p.asked.Load())
				}
			})
		}
	}
}

func TestLostAnswerAndNobodyToAsk(t *testing.T) {
	t.Parallel()
	pr, url := newProxy(t, migrated(t))
	p := &points{at: "create.before_commit"}
	p.do = func() {
		pr.mute()
		pr.refuse(true)
	}
	s := open(t, Options{URL: url, Fault: p.fault, askTime: 200 * time.Millisecond})
	n := mail(t)
	if _, err := s.Create(context.Background(), mail(t)); err != nil {
		t.Fatal(err)
	}
	p.armed.Store(true)
	if _, err := s.Create(context.Background(), n); !errors.Is(err, store.ErrUnsure) {
		t.Errorf("got %v, want ErrUnsure", err)
	}
	if err := s.Ping(context.Background()); err == nil {
		t.Error("the server is away, and Ping is content")
	}
	if _, err := s.Create(context.Background(), mail(t)); err == nil || errors.Is(err, store.ErrUnsure) {
		t.Errorf("while the server is away: %v", err)
	}
	pr.refuse(false)
	whole(t, s, n.Message.ID) // it was committed
	if _, err := s.Create(context.Background(), mail(t)); err != nil {
		t.Errorf("after the server is back: %v", err)
	}
}

// TestLostAnswerOfASlowCommit cuts the client off while the server still commits: to look
// at once would find nothing, and call that a failure.
func TestLostAnswerOfASlowCommit(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	holder := connect(t, url)
	for _, sql := range []string{
		"create function slow() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(42); return null; end'",
		"create constraint trigger slow after insert on messages deferrable initially deferred for each row execute function slow()",
	} {
		if _, err := holder.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	pr, through := newProxy(t, url)
	p := &points{at: "create.before_commit"}
	var released sync.WaitGroup
	p.do = func() {
		if _, err := holder.Exec(context.Background(), "select pg_advisory_lock(42)"); err != nil {
			t.Error(err)
		}
		pr.deaf()
		released.Go(func() { release(t, holder) })
	}
	s := open(t, Options{URL: through, Fault: p.fault, committers: 1})
	for range 2 { // makes the keys, and leaves a connection that has nothing to prepare
		if _, err := s.Create(context.Background(), mail(t)); err != nil {
			t.Fatal(err)
		}
	}
	p.armed.Store(true)
	n := mail(t)
	if _, err := s.Create(context.Background(), n); err != nil {
		t.Error(err)
	}
	released.Wait()
	whole(t, s, n.Message.ID)
	if p.asked.Load() != 1 {
		t.Errorf("asked %d times", p.asked.Load())
	}
}

// release waits until both the commit and who asks for it are waiting, then lets the
// commit go on.
func release(t *testing.T, c *pgx.Conn) {
	for waiting := 0; waiting < 2; {
		const query = "select count(*) from pg_locks where locktype = 'advisory' and not granted" +
			" and database = (select oid from pg_database where datname = current_database())"
		if err := c.QueryRow(context.Background(), query).Scan(&waiting); err != nil {
			t.Error(err)
			return
		}
	}
	if _, err := c.Exec(context.Background(), "select pg_advisory_unlock(42)"); err != nil {
		t.Error(err)
	}
}
