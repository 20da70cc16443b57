package postgres

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/seal"
	"sigill/internal/seal/sealtest"
	"sigill/internal/store"
	"sigill/internal/testkit"
)

func TestNothingAnsweredIsLostWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	pg := testkit.PostgresCluster(t, testkit.PGOptions{Durable: true})
	s := open(t, Options{URL: pg.Database(t), askTime: 300 * time.Millisecond})
	var answered []message.ID
	for range 3 {
		answered = append(answered, s.untilKilled(t, pg)...)
		pg.Start(t)
	}
	if len(answered) < 100 {
		t.Errorf("only %d messages were answered before the server was killed", len(answered))
	}
	for _, id := range answered {
		whole(t, s, id)
	}
}

// untilKilled creates messages from many clients, kills the server in their midst, and
// returns what was answered well.
func (s *Store) untilKilled(t *testing.T, pg *testkit.PG) []message.ID {
	t.Helper()
	var mu sync.Mutex
	var answered []message.ID
	var count atomic.Int32
	enough := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				n := mail(t)
				_, err := s.Create(context.Background(), n)
				if err != nil {
					return
				}
				mu.Lock()
				answered = append(answered, n.Message.ID)
				mu.Unlock()
				if count.Add(1) == 50 {
					close(enough)
				}
			}
		})
	}
	<-enough
	pg.Kill(t)
	wg.Wait()
	return answered
}

func TestTheServerComesBack(t *testing.T) {
	t.Parallel()
	pg := testkit.PostgresCluster(t, testkit.PGOptions{})
	s, ctx := open(t, Options{URL: pg.Database(t)}), context.Background()
	n := mail(t)
	if _, err := s.Create(ctx, n); err != nil {
		t.Fatal(err)
	}
	pg.Stop(t)
	for what, err := range map[string]error{
		"ping":   s.Ping(ctx),
		"create": second(s.Create(ctx, mail(t))),
		"read":   second(s.Message(ctx, n.Message.ID)),
	} {
		if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUnsure) {
			t.Errorf("%s while the server is away: %v", what, err)
		}
	}
	pg.Start(t)
	whole(t, s, n.Message.ID)
	if _, err := s.Create(ctx, mail(t)); err != nil {
		t.Error(err)
	}
	if err := s.Ping(ctx); err != nil {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestUnsyncedCommitsAreRefused(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	c := connect(t, url)
	set := func(to string) {
		t.Helper()
		var name string
		mustScan(t, c, "select current_database()", &name)
		if _, err := c.Exec(t.Context(), "alter database "+name+" set synchronous_commit = "+to); err != nil {
			t.Fatal(err)
		}
	}
	set("off")
	s, err := Open(t.Context(), Options{URL: url, Ring: sealtest.Keyring(t)})
	if !errors.Is(err, ErrUnsynced) {
		t.Fatalf("opened a store that answers before it has synced: %v, %v", s, err)
	}
	if _, err := Open(t.Context(), Options{URL: url + " options='-c synchronous_commit=off'", Ring: sealtest.Keyring(t)}); !errors.Is(err, ErrUnsynced) {
		t.Errorf("the same by the URL: %v", err)
	}
	set("local")
	opened := open(t, Options{URL: url})
	// It may be turned off later: new connections see it.
	set("off")
	opened.hot.Reset()
	if _, err := opened.Create(context.Background(), mail(t)); !errors.Is(err, ErrUnsynced) {
		t.Errorf("stored unsynced: %v", err)
	}
	set("on")
	if _, err := opened.Create(context.Background(), mail(t)); err != nil {
		t.Error(err)
	}
}

func TestAServerWithoutFsyncIsNamed(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	open(t, Options{URL: migrated(t), Log: slog.New(slog.NewTextHandler(&log, nil))})
	if !strings.Contains(log.String(), "fsync=off") {
		t.Errorf("no warning: %s", log.String())
	}
}

func TestAReadOnlyServerIsNotReady(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	s := open(t, Options{URL: url})
	c := connect(t, url)
	var name string
	mustScan(t, c, "select current_database()", &name)
	if _, err := c.Exec(t.Context(), "alter database "+name+" set default_transaction_read_only = on"); err != nil {
		t.Fatal(err)
	}
	s.pool.Reset()
	if err := s.Ping(t.Context()); err == nil {
		t.Error("Ping is content with a server that takes no writes")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ring := sealtest.Keyring(t)
	for name, o := range map[string]Options{
		"no ring":       {URL: migrated(t)},
		"no server":     {URL: "host=" + t.TempDir(), Ring: ring},
		"no URL":        {URL: "://", Ring: ring},
		"unknown place": {URL: migrated(t), Ring: ring, PayloadPlace: "attic"},
		"no folder":     {URL: migrated(t), Ring: ring, PayloadPlace: store.PlaceDir},
		"no tables":     {URL: testkit.Postgres(t), Ring: ring, NoMigrate: true},
	} {
		if s, err := Open(t.Context(), o); err == nil {
			t.Errorf("%s: opened", name)
			_ = s.Close()
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	url, ctx := testkit.Postgres(t), t.Context()
	empty, err := Empty(ctx, url)
	if err != nil || !empty {
		t.Errorf("a new database: empty %v, %v", empty, err)
	}
	from, to, err := Migrate(ctx, url)
	if err != nil || from != 0 || to < 1 {
		t.Fatalf("migrated from %d to %d, %v", from, to, err)
	}
	if empty, err = Empty(ctx, url); err != nil || !empty {
		t.Errorf("with tables: empty %v, %v", empty, err)
	}
	open(t, Options{URL: url, NoMigrate: true})
	if empty, err = Empty(ctx, url); err != nil || empty {
		t.Errorf("sealed: empty %v, %v", empty, err)
	}
	if _, err := connect(t, url).Exec(ctx, "insert into goose_db_version (version_id, is_applied) values (9000, true)"); err != nil {
		t.Fatal(err)
	}
	for _, no := range []bool{false, true} {
		if s, err := Open(ctx, Options{URL: url, Ring: sealtest.Keyring(t), NoMigrate: no}); !errors.Is(err, ErrVersion) {
			t.Errorf("opened a newer store: %v, %v", s, err)
		}
	}
}

// TestStartAtOnce starts nodes on an empty database: one makes the tables and the
// record, the others find them.
func TestStartAtOnce(t *testing.T) {
	t.Parallel()
	url, ring := testkit.Postgres(t), sealtest.Keyring(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var stores []*Store
	for i := range 4 {
		wg.Go(func() {
			s, err := Open(context.Background(), Options{URL: url, Ring: ring, Node: fmt.Sprint(i), MaxConns: 4})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			stores = append(stores, s)
		})
	}
	wg.Wait()
	var records int
	mustScan(t, connect(t, url), "select count(*) from installation", &records)
	if records != 1 {
		t.Errorf("%d installations", records)
	}
	for _, s := range stores {
		if _, err := s.Create(context.Background(), mail(t)); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestWithoutPreparedStatements is what a pooler in transaction mode needs.
func TestWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"exec", "describe_exec", "cache_describe"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := open(t, Options{URL: migrated(t) + " default_query_exec_mode=" + mode, Inline: 1000})
			for kind, call := range calls(t, s) {
				if err := call(); err != nil {
					t.Errorf("%s: %v", kind, err)
				}
			}
			n := mail(t)
			n.Effects.Accesses = []*auth.Access{auth.NewAccess(n.Message, 0, time.Now())}
			n.Body = text(strings.Repeat("large ", 1000))
			if _, err := s.Create(context.Background(), n); err != nil {
				t.Fatal(err)
			}
			take := []auth.Counter{{Kind: "try", Value: "v", Window: time.Hour}}
			err := s.UpdateAccess(context.Background(), n.Effects.Accesses[0].ID, take,
				func(a *auth.Access, _ *message.Message, counts []int64) (store.Effects, error) {
					a.Lang = "nl"
					return store.Effects{Refund: take}, nil
				})
			if err != nil {
				t.Error(err)
			}
			for what, err := range map[string]error{
				"sweep":  second(s.Sweep(context.Background(), store.Retention{Traces: time.Now(), Messages: time.Now(), Contacts: time.Now()})),
				"rekey":  second(s.Rekey(context.Background())),
				"hurry":  second(s.Hurry(context.Background(), "", "")),
				"depth":  second(s.Depth(context.Background())),
				"find":   second(s.Find(context.Background(), store.Query{Org: "org", To: n.Message.Recipients[0].Address})),
				"traces": second(s.FindTraces(context.Background(), store.Query{Domain: "else.example"})),
			} {
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

func TestMetricsCountCommits(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	s := open(t, Options{URL: migrated(t), Registerer: reg})
	if _, err := s.Create(context.Background(), mail(t)); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "sigill_store_commit_calls" && f.GetMetric()[0].GetHistogram().GetSampleSum() == 1 {
			return
		}
	}
	t.Errorf("no commit of one call in %v", families)
}

// TestColumnsAreThoseOfTheTables holds the migrations against the rows.
func TestColumnsAreThoseOfTheTables(t *testing.T) {
	t.Parallel()
	c := connect(t, migrated(t))
	for _, table := range store.Tables() {
		var got, want []string
		mustScan(t, c, fmt.Sprintf("select array_agg(column_name || ' ' || data_type order by ordinal_position)"+
			" from information_schema.columns where table_name = '%s'", table), &got)
		for _, col := range table.Columns() {
			want = append(want, col.Name+" "+map[store.Kind]string{store.Text: "text", store.Int: "bigint", store.Bytes: "bytea"}[col.Kind])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", table, got, want)
		}
	}
}

// TestAPanicOfAStepLeavesNoLock lets the caller's function panic inside a transaction.
func TestAPanicOfAStepLeavesNoLock(t *testing.T) {
	t.Parallel()
	s, n := open(t, Options{URL: migrated(t)}), mail(t)
	if _, err := s.Create(context.Background(), n); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Update(context.Background(), n.Message.ID, func(*message.Message) (store.Effects, error) { panic("step") })
	}()
	if err := s.Update(context.Background(), n.Message.ID, func(*message.Message) (store.Effects, error) {
		return store.Effects{}, nil
	}); err != nil {
		t.Error(err)
	}
	if busy := s.pool.Stat().AcquiredConns(); busy != 0 {
		t.Errorf("%d connections are held", busy)
	}
}

// TestDeadlocksRunAgain makes two transactions that lock two messages the wrong way
// round: a rewrite against a batch of outcomes.
func TestDeadlocksRunAgain(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	s := open(t, Options{URL: url})
	a, b := mail(t), mail(t)
	for _, n := range []store.New{a, b} {
		if _, err := s.Create(context.Background(), n); err != nil {
			t.Fatal(err)
		}
	}
	tries := 0
	met := make(chan struct{})
	err := s.transact(context.Background(), "test", func(tr *tx) error {
		tries++
		if tries == 2 {
			<-met // the other has what it wants now
		}
		first := tr.first()
		first.Queue("select 1 from messages where id = $1 for update", string(b.Message.ID))
		if err := tr.send(context.Background(), first); err != nil {
			return err
		}
		if tries == 1 {
			go func() {
				defer close(met)
				crosswise(t, url, string(a.Message.ID), string(b.Message.ID))
			}()
			waitForLock(t, url)
		}
		second := tr.first()
		second.QueuedQueries = nil
		second.Queue("set local deadlock_timeout = '10ms'")
		second.Queue("select 1 from messages where id = $1 for update", string(a.Message.ID))
		return tr.send(context.Background(), second)
	})
	if err != nil || tries < 2 {
		t.Errorf("%d tries, %v", tries, err)
	}
}

// crosswise locks two rows in the other order, and is in no hurry to notice a deadlock.
func crosswise(t *testing.T, url, first, second string) {
	p, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Error(err)
		return
	}
	defer p.Close()
	if _, err := p.Exec(context.Background(), fmt.Sprintf(`do $$ begin
		set local deadlock_timeout = '20s';
		perform 1 from messages where id = '%s' for update;
		perform 1 from messages where id = '%s' for update;
	end $$`, first, second)); err != nil {
		t.Error(err)
	}
}

// waitForLock waits until somebody waits for a row.
func waitForLock(t *testing.T, url string) {
	t.Helper()
	c := connect(t, url)
	for waiting := false; !waiting; {
		mustScan(t, c, "select exists (select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())", &waiting)
	}
}

// The canaries stand where something personal is stored.
var canaries = []string{"canarysubject", "canarylocal", "canaryfrom", "canarybody", "canarylarge", "canaryreply", "canarydetail", "canarytrace"}

// sing stores every canary, and makes the server complain about one.
func sing(tb testing.TB, url string, ring *seal.Keyring) {
	tb.Helper()
	s, ctx := open(tb, Options{URL: url, Ring: ring, Inline: 10_000}), context.Background()
	n := mail(tb)
	n.Message.Subject = "canarysubject"
	n.Message.Recipients[0].Address = address(tb, "canarylocal@else.example")
	n.Message.Envelope.From = address(tb, "canaryfrom@org.example")
	n.Body = text(strings.Repeat("canarybody ", 50))
	large := mail(tb)
	large.Body = text(strings.Repeat("canarylarge ", 200_000))
	for _, n := range []store.New{n, large} {
		if _, err := s.Create(ctx, n); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := s.Create(ctx, n); err == nil {
		tb.Error("stored the same id twice")
	}
	err := s.Update(ctx, n.Message.ID, func(m *message.Message) (store.Effects, error) {
		m.Recipients[0].Reply = "canaryreply"
		return store.Effects{Effects: m.Note(time.Now(), 0, message.EventReminded, map[string]string{"x": "canarydetail"})}, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	err = s.AddTrace(ctx, store.Trace{ID: message.NewID(time.Now()), Org: "org", At: time.Now(), From: address(tb, "canarytrace@org.example"),
		Decision: &message.Decision{}})
	if err != nil {
		tb.Fatal(err)
	}
}

// heard returns which canaries are in the cluster's files: tables, write-ahead log,
// temporary files.
func heard(tb testing.TB, pg *testkit.PG, url string) (all []string) {
	tb.Helper()
	if _, err := connect(tb, url).Exec(tb.Context(), "checkpoint"); err != nil {
		tb.Fatal(err)
	}
	for _, path := range filesIn(tb, pg.Dir) {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		data = bytes.ToLower(data)
		for _, c := range canaries {
			found := slices.ContainsFunc(forms(c), func(form string) bool { return bytes.Contains(data, []byte(strings.ToLower(form))) })
			if found && !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

// forms returns how a word may look inside other data.
func forms(word string) []string {
	all := []string{word, hex.EncodeToString([]byte(word))}
	var le, quoted strings.Builder
	for _, u := range utf16.Encode([]rune(word)) {
		le.Write([]byte{byte(u), byte(u >> 8)})
		fmt.Fprintf(&quoted, "=%02x", u)
	}
	all = append(all, le.String(), quoted.String())
	for shift := range 3 { // the first and the last sign also hold bits of what stands around
		coded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), word...))
		all = append(all, coded[[]int{0, 2, 3}[shift]:len(coded)-1])
	}
	return all
}

// TestCanary looks for what is personal in every file of a server.
func TestCanary(t *testing.T) {
	t.Parallel()
	pg := testkit.PostgresCluster(t, testkit.PGOptions{})
	url := pg.Database(t)
	sing(t, url, sealtest.Keyring(t))
	if found := heard(t, pg, url); len(found) > 0 {
		t.Errorf("in clear: %v", found)
	}
	// The same search must find what there is to find, or it proves nothing.
	url = pg.Database(t)
	sing(t, url, sealtest.Unsealed(t))
	if found := heard(t, pg, url); len(found) != len(canaries) {
		t.Errorf("without sealing, only %v were found", found)
	}
}

// TestALockedMessageHindersNobodyElse holds a message as a hung node would, and lets
// others pass.
func TestALockedMessageHindersNobodyElse(t *testing.T) {
	t.Parallel()
	url, ctx := migrated(t), context.Background()
	s := open(t, Options{URL: url, committers: 1})
	held := mail(t)
	jobs, err := s.Create(ctx, held)
	if err != nil {
		t.Fatal(err)
	}
	holder := connect(t, url)
	if _, err := holder.Exec(ctx, "begin"); err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Exec(ctx, "select 1 from messages where id = $1 for update", string(held.Message.ID)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		ok, err := s.Outcome(ctx, store.Outcome{
			Message: held.Message.ID, Recipients: []int{0}, State: message.Delivered, At: time.Now(), Reply: "250", Job: &jobs[0]})
		if !ok || err != nil {
			t.Errorf("outcome of the held message: %v, %v", ok, err)
		}
	})
	waitForLock(t, url)
	for kind, call := range calls(t, s) { // the outcome above still waits
		if err := call(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := holder.Exec(ctx, "rollback"); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	once(t, s, held.Message.ID, message.EventDelivered)
}

// TestAFormerPrimaryIsLeft lets a server take no more writes for the connections that
// there are, as after a failover.
func TestAFormerPrimaryIsLeft(t *testing.T) {
	t.Parallel()
	url, ctx := migrated(t), context.Background()
	c := connect(t, url)
	var name string
	mustScan(t, c, "select current_database()", &name)
	set := func(to string) {
		t.Helper()
		if _, err := c.Exec(ctx, "alter database "+name+" set default_transaction_read_only = "+to); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, Options{URL: url})
	set("on")
	s.hot.Reset()
	if _, err := s.Create(ctx, mail(t)); err == nil {
		t.Error("a server that takes no writes has written")
	}
	if _, err := c.Exec(ctx, "set default_transaction_read_only = off"); err != nil {
		t.Fatal(err)
	}
	set("off")    // the connections that there are keep the old setting
	for range 2 { // one for each connection that a committer may still have
		if _, err := s.Create(ctx, mail(t)); err == nil {
			return
		}
	}
	t.Error("the store stays with the server that takes no writes")
}
