package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
	"sigill/internal/testkit"
)

// killEnv carries the child's orders: it is this test binary, run again.
const killEnv = "SIGILL_KILL_CHILD"

// killOrder says what a child serves and where it dies.
type killOrder struct {
	Driver        config.Driver
	Dir, DSN, Hop string
	Point         string // a fault point; "" for none
	Nth           int64  // the pass of the point at which it dies
}

// points lie where a crash hurts most: between the final dot and the reply, on both
// sides of the commit, on both sides of what leaves.
var points = []string{
	"accept.before_commit", "accept.after_commit", "cut.before_send", "cut.after_send",
	"create.before_commit", "create.after_commit", "notice.before_send", "notice.after_send",
}

// senders is how many clients send at a time, and so how many messages are in flight at most when a kill falls.
const senders = 8

// killChild runs the gateway on the sockets that it was given, and kills itself at the
// ordered point.
func killChild(raw string) error {
	var o killOrder
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		return err
	}
	l, err := net.FileListener(os.NewFile(3, "smtp"))
	if err != nil {
		return err
	}
	var passes atomic.Int64
	fault := func(point string) {
		if point == o.Point && passes.Add(1) == o.Nth {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it arrives
		}
	}
	cfg, err := killConfig(o)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	a, err := app.New(ctx, cfg, app.Options{Roles: app.AllRoles, Fault: fault, Lease: 3 * time.Second, Listeners: map[string]net.Listener{"smtp": l}})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return errors.Join(a.Run(ctx), a.Close())
}

func killConfig(o killOrder) (*config.Config, error) {
	c := baseConfig(o.Dir, o.Hop, "http://127.0.0.1:1")
	c.Store.Driver = o.Driver
	if o.Driver == config.Postgres {
		c.Store.URL, c.Store.Path = config.NewSecret(o.DSN), ""
	}
	c.Fill()
	return c, c.Validate()
}

// ledger is what the clients know: which message got its 250.
type ledger struct {
	mu    sync.Mutex
	acked map[string]string // id to kind
	cut   map[string]int    // how often no reply came to its final dot: each time it was in flight, and may be a duplicate
}

// keyed finds our id in a mail that passed.
var keyed = regexp.MustCompile(`(?m)^Message-ID: <(k\d+)@norrsund\.example>\r$`)

func TestE2EKill(t *testing.T) {
	t.Parallel()
	kills := 60 // `make e2e` runs 200
	if n, err := strconv.Atoi(os.Getenv("SIGILL_KILLS")); err == nil {
		kills = n
	} else if testing.Short() {
		kills = 10
	}
	onBoth(t, func(t *testing.T, d config.Driver) { killRun(t, d, kills) })
}

func killRun(t *testing.T, d config.Driver, kills int) {
	hop := testkit.NewSink(t, testkit.SinkOptions{})
	l := listenLocal(t)
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	order := killOrder{Driver: d, Dir: t.TempDir(), Hop: hop.Addr}
	if d == config.Postgres {
		order.DSN = pgURL(testkit.Postgres(t))
	}
	led := &ledger{acked: map[string]string{}, cut: map[string]int{}}
	ctx, stopClients := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var next atomic.Int64
	for range senders {
		clients.Go(func() { led.client(ctx, l.Addr().String(), &next) })
	}
	placed, turn := map[string]int{}, 0
	for k := range kills {
		o := order
		if k%4 != 3 { // three of four are placed, point by point, the fourth falls anywhere
			o.Point, o.Nth = points[turn%len(points)], 1+rand.Int64N(10)
			turn++
		}
		if killOnce(t, o, file) {
			placed[o.Point]++
		}
	}
	delete(placed, "")
	sum := 0
	for _, p := range points {
		sum += placed[p]
		if placed[p] == 0 && kills >= 3*len(points) {
			t.Errorf("no kill fell on %s", p)
		}
	}
	if sum < kills/2 {
		t.Errorf("only %d of %d kills fell on their point", sum, kills)
	}
	stopClients()
	clients.Wait()
	if doubles := checkLedger(t, led, order, file, hop); doubles > kills*senders {
		t.Errorf("%d duplicates, more than %d kills can make of %d messages in flight", doubles, kills, senders)
	}
	t.Logf("%d kills, %d of them at a point %v, %d messages acknowledged, %d of them sent more than once", kills, sum, placed, len(led.acked), len(led.cut))
}

// killOnce runs a child until it dies, and says whether it died at its point; one whose
// point is not passed so often, or that has none, dies after a while.
func killOnce(t *testing.T, o killOrder, l *os.File) bool {
	t.Helper()
	cmd, errs := startChild(t, o, l)
	died := make(chan error, 1)
	go func() { died <- cmd.Wait() }()
	patience := 3 * time.Second
	if o.Point == "" {
		patience = time.Duration(rand.Int64N(int64(300 * time.Millisecond)))
	}
	select {
	case err := <-died:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the child ended by itself: %v\n%s", err, errs)
		}
		return true
	case <-time.After(patience):
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-died
		return false
	}
}

func startChild(t *testing.T, o killOrder, l *os.File) (*exec.Cmd, *lockedBuffer) {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killEnv+"="+string(raw))
	cmd.ExtraFiles = []*os.File{l}
	errs := &lockedBuffer{}
	cmd.Stderr = errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	word := make([]byte, 6)
	if _, err := out.Read(word); err != nil && o.Point == "" {
		t.Fatalf("the child is not ready: %v\n%s", err, errs)
	}
	return cmd, errs
}

// client sends one message after the other, and each again until it gets its 250, as a
// mail server does whose connection was cut.
func (led *ledger) client(ctx context.Context, addr string, next *atomic.Int64) {
	for ctx.Err() == nil {
		n := next.Add(1)
		id, kind := "k"+strconv.FormatInt(n, 10), []string{"pass", "level1", "level2"}[n%3]
		for led.sendOne(ctx, addr, id, kind) != nil && ctx.Err() == nil {
			select { // the gateway is down: its socket is open, so this does not spin
			case <-ctx.Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

func (led *ledger) sendOne(ctx context.Context, addr, id, kind string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now().Add(5 * time.Second)) })
	defer stop()
	c := smtp.NewClient(conn)
	defer c.Close()
	c.CommandTimeout, c.SubmissionTimeout = 20*time.Second, 20*time.Second
	body := map[string]string{"pass": ordinary, "level1": withCard, "level2": withPnr}[kind]
	m := mail{from: "johan@norrsund.example", to: []string{id + "@ekman.example"}, subject: "Kill", body: body, id: id + "@norrsund.example"}
	if err := c.Mail(m.from, nil); err != nil {
		return err
	}
	if err := c.Rcpt(m.to[0], nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err = w.Write([]byte(m.raw())); err != nil {
		return err // no final dot was sent
	}
	err = w.Close()
	var refused *smtp.SMTPError
	led.mu.Lock()
	defer led.mu.Unlock()
	switch {
	case err == nil:
		led.acked[id] = kind
	case !errors.As(err, &refused):
		led.cut[id]++
	}
	return err
}

// checkLedger lets a last gateway finish its work, and then asks where every message is. It returns how many arrivals
// were one too many; a message has at most one of them for each time that it was in flight when the gateway died.
func checkLedger(t *testing.T, led *ledger, o killOrder, file *os.File, hop *testkit.Sink) (doubles int) {
	t.Helper()
	cmd, errs := startChild(t, o, file)
	s := openKilled(t, o)
	where := settled(t, s, led, hop)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the last gateway: %v\n%s", err, errs)
	}
	lost := 0
	for id, kind := range led.acked {
		w := where[id]
		switch {
		case w.arrived == 0 && w.stored == 0:
			lost++
			t.Errorf("%s (%s) got its 250 and is nowhere", id, kind)
		case kind == "pass" && w.stored > 0:
			t.Errorf("%s passes, and still lies in the store", id)
		case w.arrived > 1+led.cut[id]:
			t.Errorf("%s arrived %d times, and was cut %d times", id, w.arrived, led.cut[id])
		case kind != "pass" && w.arrived > 0:
			t.Errorf("%s (%s) left in clear", id, kind)
		case kind != "pass" && w.stored != 1:
			t.Errorf("%s (%s) is stored %d times", id, kind, w.stored)
		}
		doubles += max(0, w.arrived-1)
	}
	t.Logf("%d lost, %d duplicates", lost, doubles)
	return doubles
}

// place is where a message was found.
type place struct{ arrived, stored int }

// settled waits until nothing is due, then counts.
func settled(t *testing.T, s store.Store, led *ledger, hop *testkit.Sink) map[string]place {
	t.Helper()
	deadline := time.Now().Add(2 * testkit.Patience)
	for {
		d, err := s.Depth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Due) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still due: %v", d.Due)
		}
		select {
		case <-t.Context().Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	where := map[string]place{}
	for _, m := range hop.Mails() {
		if id := keyed.FindSubmatch(m.Data[:min(len(m.Data), 4096)]); id != nil && !bytes.Contains(m.Data, []byte("Sigill-Own:")) {
			w := where[string(id[1])]
			w.arrived++
			where[string(id[1])] = w
		}
	}
	all, err := s.Find(t.Context(), store.Query{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		id := strings.TrimSuffix(m.MessageID, "@norrsund.example")
		if m.Recipients[0].State == message.Delivered {
			continue // counted where it arrived
		}
		w := where[id]
		w.stored++
		where[id] = w
	}
	return where
}

func openKilled(t *testing.T, o killOrder) store.Store {
	t.Helper()
	cfg, err := killConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := app.OpenStore(t.Context(), cfg, app.StoreOptions{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
