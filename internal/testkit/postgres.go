package testkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PGOptions says how a private cluster runs.
type PGOptions struct {
	// Durable turns fsync and full page writes on: for tests that kill the cluster, or
	// that measure. Without it synchronous_commit is still on, but nothing reaches the disk.
	Durable  bool
	Settings []string // more of name=value
}

// PG is a private PostgreSQL cluster on a unix socket.
type PG struct {
	Dir string // its data folder, with the write-ahead log in pg_wal

	bin  string // folder of PostgreSQL's programs
	home string // holds the data folder and the socket
	opt  PGOptions

	mu        sync.Mutex
	proc      *pgProc // nil while it is down
	databases int
	templates map[string]*template
}

type template struct {
	once sync.Once
	err  error
}

// pgProc is one run of the server.
type pgProc struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process is gone
}

// shared is the cluster of this test binary. It is the one thing here that outlives a
// test, because a cluster takes most of a second to make.
var shared struct { //nolint:gochecknoglobals // see above
	sync.Mutex
	pg     *PG
	users  int
	pinned bool // Main holds it
}

// Main runs the tests and then stops the shared cluster. TestMain calls it:
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M) {
	shared.Lock()
	shared.pinned = true
	shared.Unlock()
	code := m.Run()
	shared.Lock()
	shared.pinned = false
	err := dropShared()
	shared.Unlock()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testkit:", err)
	}
	os.Exit(code)
}

// Postgres returns the DSN of a fresh, empty database in the cluster of this test
// binary. The test is skipped, or fails, where PostgreSQL is missing: see [Missing].
func Postgres(t testing.TB) string {
	t.Helper()
	return sharedPG(t).Database(t)
}

// PostgresFrom is Postgres with a database copied from a template, which build makes
// once per test binary and name: with the migrations run, for instance.
func PostgresFrom(t testing.TB, name string, build func(dsn string) error) string {
	t.Helper()
	return sharedPG(t).DatabaseFrom(t, name, build)
}

func sharedPG(t testing.TB) *PG {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.pg == nil {
		pg, err := newPG(t, PGOptions{})
		if err != nil {
			t.Fatalf("postgres: %v", err)
		}
		shared.pg = pg
	}
	shared.users++
	t.Cleanup(func() {
		shared.Lock()
		defer shared.Unlock()
		shared.users--
		if err := dropShared(); err != nil {
			t.Errorf("postgres: %v", err)
		}
	})
	return shared.pg
}

// dropShared ends the shared cluster when nobody holds it. The lock is held.
func dropShared() error {
	if shared.pg == nil || shared.users > 0 || shared.pinned {
		return nil
	}
	pg := shared.pg
	shared.pg = nil
	return pg.destroy()
}

// PostgresCluster makes a cluster of the test's own, which may be killed.
func PostgresCluster(t testing.TB, opt PGOptions) *PG {
	t.Helper()
	pg, err := newPG(t, opt)
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
	t.Cleanup(func() {
		if err := pg.destroy(); err != nil {
			t.Errorf("postgres: %v", err)
		}
	})
	return pg
}

// postgresBin finds the newest of Debian's installed versions, or those of SIGILL_PG_BIN.
func postgresBin() string {
	if dir := os.Getenv("SIGILL_PG_BIN"); dir != "" {
		return dir
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

func newPG(t testing.TB, opt PGOptions) (*PG, error) {
	t.Helper()
	bin := postgresBin()
	if bin == "" {
		Missing(t, "PostgreSQL (no /usr/lib/postgresql/*/bin/initdb)")
	}
	home, err := os.MkdirTemp("", "sgpg") // short: a socket's path has at most 107 octets
	if err != nil {
		return nil, err
	}
	pg := &PG{Dir: filepath.Join(home, "data"), bin: bin, home: home, opt: opt, templates: map[string]*template{}}
	if err := errors.Join(giveAway(home), pg.initdb()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	if err := pg.start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	return pg, nil
}

func (pg *PG) initdb() error {
	cmd := exec.Command(filepath.Join(pg.bin, "initdb"),
		"-D", pg.Dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	cmd.Dir = pg.home
	if err := unprivileged(cmd, 0); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (pg *PG) settings() []string {
	s := []string{
		"listen_addresses=", "unix_socket_directories=" + pg.home, "max_connections=200",
		"synchronous_commit=on", "log_min_messages=warning", "timezone=UTC",
		"shared_buffers=32MB", "max_wal_size=256MB",
	}
	if !pg.opt.Durable {
		s = append(s, "fsync=off", "full_page_writes=off")
	}
	var args []string
	for _, kv := range append(s, pg.opt.Settings...) {
		args = append(args, "-c", kv)
	}
	return args
}

// Start starts the cluster after Stop or Kill and waits until it takes connections.
func (pg *PG) Start(t testing.TB) {
	t.Helper()
	if err := pg.start(); err != nil {
		t.Fatalf("postgres: %v", err)
	}
}

func (pg *PG) start() error {
	cmd := exec.Command(filepath.Join(pg.bin, "postgres"), append([]string{"-D", pg.Dir}, pg.settings()...)...)
	cmd.Dir = pg.home
	if err := unprivileged(cmd, syscall.SIGQUIT); err != nil {
		return err
	}
	p := &pgProc{cmd: cmd, done: make(chan struct{})}
	log := &readyLog{ready: make(chan struct{})}
	cmd.Stderr = log
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		defer close(p.done)
		ended <- holdThread(cmd, started)
	}()
	if err := <-started; err != nil {
		return err
	}
	select {
	case <-log.ready:
	case err := <-ended:
		return fmt.Errorf("the server ended: %w\n%s", err, log.said)
	case <-time.After(Patience):
		_ = cmd.Process.Kill()
		return errors.New("the server does not become ready")
	}
	pg.mu.Lock()
	defer pg.mu.Unlock()
	pg.proc = p
	return nil
}

// readyLog is the server's log: kept until it says that the server is ready.
type readyLog struct {
	ready chan struct{}
	up    bool
	said  []byte
}

// Write implements [io.Writer]; one goroutine calls it.
func (l *readyLog) Write(p []byte) (int, error) {
	if !l.up {
		l.said = append(l.said, p...)
		if bytes.Contains(l.said, []byte("ready to accept connections")) {
			l.up, l.said = true, nil
			close(l.ready)
		}
	}
	return len(p), nil
}

// signal ends the server and waits until it is gone.
func (pg *PG) signal(s syscall.Signal) error {
	pg.mu.Lock()
	p := pg.proc
	pg.proc = nil
	pg.mu.Unlock()
	if p == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal the server: %w", err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(Patience):
		return errors.New("the server does not end")
	}
}

// Stop ends the cluster in good order: open connections are cut, work under way is
// rolled back.
func (pg *PG) Stop(t testing.TB) {
	t.Helper()
	if err := pg.signal(syscall.SIGINT); err != nil {
		t.Fatalf("postgres: %v", err)
	}
}

// Kill ends the cluster as a crash would. The postmaster's children notice its end and
// follow; Start then recovers from the log.
func (pg *PG) Kill(t testing.TB) {
	t.Helper()
	if err := pg.signal(syscall.SIGKILL); err != nil {
		t.Fatalf("postgres: %v", err)
	}
}

func (pg *PG) destroy() error {
	return errors.Join(pg.signal(syscall.SIGQUIT), os.RemoveAll(pg.home))
}

// DSN returns how to reach a database of the cluster.
func (pg *PG) DSN(database string) string {
	return fmt.Sprintf("host=%s port=5432 user=postgres dbname=%s sslmode=disable", pg.home, database)
}

// Database makes a fresh, empty database and returns its DSN.
func (pg *PG) Database(t testing.TB) string {
	t.Helper()
	name := pg.name("t")
	if err := pg.exec("CREATE DATABASE " + name + " TEMPLATE template0"); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	return pg.DSN(name)
}

// DatabaseIn makes a fresh database whose tables and indexes lie in a folder, which must be empty; the write-ahead log stays
// where it is. In a file system that is small the database finds the disk full (53100) while the server itself goes on.
func (pg *PG) DatabaseIn(t testing.TB, dir string) string {
	t.Helper()
	if err := giveAway(dir); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	name := pg.name("t")
	space := name + "_space"
	for _, sql := range []string{
		"CREATE TABLESPACE " + space + " LOCATION '" + strings.ReplaceAll(dir, "'", "''") + "'",
		"CREATE DATABASE " + name + " TEMPLATE template0 TABLESPACE " + space,
	} {
		if err := pg.exec(sql); err != nil {
			t.Fatalf("postgres: %v", err)
		}
	}
	return pg.DSN(name)
}

// DatabaseFrom copies a template, which build makes once per cluster and name.
func (pg *PG) DatabaseFrom(t testing.TB, tmpl string, build func(dsn string) error) string {
	t.Helper()
	pg.mu.Lock()
	tm := pg.templates[tmpl]
	if tm == nil {
		tm = &template{}
		pg.templates[tmpl] = tm
	}
	pg.mu.Unlock()
	quoted := pgx.Identifier{"template " + tmpl}.Sanitize()
	tm.once.Do(func() {
		if tm.err = pg.exec("CREATE DATABASE " + quoted + " TEMPLATE template0"); tm.err == nil {
			tm.err = build(pg.DSN("'template " + tmpl + "'"))
		}
	})
	if tm.err != nil {
		t.Fatalf("postgres template %s: %v", tmpl, tm.err)
	}
	name := pg.name("t")
	if err := pg.exec("CREATE DATABASE " + name + " TEMPLATE " + quoted); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	return pg.DSN(name)
}

func (pg *PG) name(prefix string) string {
	pg.mu.Lock()
	defer pg.mu.Unlock()
	pg.databases++
	return fmt.Sprintf("%s%d", prefix, pg.databases)
}

func (pg *PG) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c, err := pgx.Connect(ctx, pg.DSN("postgres"))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, sql)
	return errors.Join(err, c.Close(ctx))
}
