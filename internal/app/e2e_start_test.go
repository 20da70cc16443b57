package app_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/seal"
	"sigill/internal/store/postgres"
	"sigill/internal/testkit"
)

// refused starts a gateway by the configuration as it is, and returns why it did not.
func (s *system) refused() error {
	s.t.Helper()
	c := *s.cfg
	c.SMTP.Listen = []string{"127.0.0.1:0"}
	a, err := app.New(s.t.Context(), &c, app.Options{Roles: app.AllRoles, Ring: s.setup.ring})
	if err == nil {
		s.t.Fatal(errors.Join(errors.New("it started"), a.Close()))
	}
	return err
}

// sealedOne is a stopped gateway whose store has one sealed message.
func sealedOne(t *testing.T, d config.Driver) *system {
	t.Helper()
	s := newSystem(t, setup{driver: d})
	s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard})
	s.awaitState("Payment", "karin@ekman.example", message.Notified)
	s.idle()
	s.stop()
	return s
}

func TestE2EStartWithoutRing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := sealedOne(t, d)
		ring := s.cfg.Store.Keyring
		if err := os.Rename(ring, ring+".kept"); err != nil {
			t.Fatal(err)
		}
		if err := s.refused(); !errors.Is(err, seal.ErrNoKeyring) || !strings.Contains(err.Error(), ring) {
			t.Errorf("want that it names the missing ring, have %v", err)
		}
		if _, err := os.Stat(ring); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a ring was made: %v", err)
		}
		if err := os.Rename(ring+".kept", ring); err != nil {
			t.Fatal(err)
		}
		s.startAgain()
		s.openByMail("karin@ekman.example", "/b/").want(http.StatusOK, "4000 0045 6649 2470")
	})
}

func TestE2EStartWithAnothersRing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := sealedOne(t, d)
		ring := s.cfg.Store.Keyring
		if err := os.Rename(ring, ring+".kept"); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.CreateKeyring(ring); err != nil {
			t.Fatal(err)
		}
		if err := s.refused(); !errors.Is(err, seal.ErrForeignKeyring) {
			t.Errorf("want a foreign ring, have %v", err)
		}
	})
}

func TestE2EStartWithOpenRing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d})
		s.stop()
		ring := s.cfg.Store.Keyring
		if info, err := os.Stat(ring); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the ring was made as %v, %v", info.Mode(), err)
		}
		for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
			if err := os.Chmod(ring, mode); err != nil {
				t.Fatal(err)
			}
			if err := s.refused(); !errors.Is(err, seal.ErrPermissions) || !strings.Contains(err.Error(), ring) {
				t.Errorf("%o: want that it names the ring, have %v", mode, err)
			}
		}
	})
}

func TestE2EStartUnsynced(t *testing.T) {
	t.Parallel()
	s := newSystem(t, setup{driver: config.Postgres})
	s.stop()
	s.cfg.Store.URL = config.NewSecret(s.cfg.Store.URL.Reveal() + "&synchronous_commit=off")
	if err := s.refused(); !errors.Is(err, postgres.ErrUnsynced) {
		t.Errorf("by the URL: %v", err)
	}
	pg := testkit.PostgresCluster(t, testkit.PGOptions{Settings: []string{"synchronous_commit=off"}})
	s.cfg.Store.URL = config.NewSecret(pgURL(pg.Database(t)))
	s.cfg.Store.Keyring += ".new"
	if err := s.refused(); !errors.Is(err, postgres.ErrUnsynced) {
		t.Errorf("by the server: %v", err)
	}
}

func TestE2EStartWithBadPolicy(t *testing.T) {
	t.Parallel()
	s := newSystem(t, setup{})
	s.stop()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a typo", strings.Replace(policyFor("kestrel", 1), "rules:", "ruels:", 1), []string{"policy.yaml:4:1", "ruels", "rules"}},
		{"a typo within a rule", strings.Replace(policyFor("kestrel", 1), "detector:", "detektor:", 1), []string{"policy.yaml:5:", "detektor", "detector"}},
		{"a detector that is not there", strings.Replace(policyFor("kestrel", 1), "detector: word}", "detector: wrd}", 1), []string{"policy.yaml:5:", "wrd", "word"}},
		{"its own test fails", strings.Replace(policyFor("kestrel", 1), `"a kestrel`, `"a magpie`, 1), []string{"1 of the policy's own tests fail", "policy.yaml:7:", "hit"}},
		{"empty", "", []string{"policy.yaml"}},
	} {
		s.cfg.Policy.File = write(t, "policy.yaml", c.text)
		err := s.refused()
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q is not in %q", c.name, w, err)
			}
		}
	}
	s.cfg.Policy.File = filepath.Join(t.TempDir(), "nowhere.yaml")
	if err := s.refused(); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Errorf("a policy that is not there: %v", err)
	}
}

// While the store is away clean mail goes on, everything else waits at its client, and
// afterwards all is as before.
func TestE2EStoreAway(t *testing.T) {
	t.Parallel()
	pg := testkit.PostgresCluster(t, testkit.PGOptions{Durable: true})
	dsn := pgURL(pg.Database(t))
	s := newSystem(t, setup{change: func(c *config.Config) {
		quickRetry(c)
		c.Store.Driver, c.Store.URL, c.Store.Path = config.Postgres, config.NewSecret(dsn), ""
	}})
	before := mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Before", body: withCard}
	s.mustSend(before)
	s.awaitState("Before", "karin@ekman.example", message.Notified)
	pg.Kill(t)
	s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ")
	during := mail{from: "johan@norrsund.example", to: []string{"olle@ekman.example"}, subject: "During", body: withCard}
	s.give(during).want(t, "451 4.3.0 ")
	s.hop.Script(t, "mail x1: 451 4.3.0 later")
	s.give(lunch("karin@ekman.example")).want(t, "451 4.3.0 ") // it cannot be queued
	if status, _ := s.admin("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz says %d", status)
	}
	if status, _ := s.admin("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz says %d", status)
	}
	newBrowser(t).get(s.base + "/b/" + strings.Repeat("a", 32)).want(http.StatusServiceUnavailable)

	pg.Start(t)
	await(t, "the store", func() bool { status, _ := s.admin("/readyz"); return status == http.StatusOK })
	s.give(during).want(t, "250 2.0.0 queued as ")
	s.openByMail("karin@ekman.example", "Before").want(http.StatusOK, "4000 0045 6649 2470")
	s.openByMail("olle@ekman.example", "During").want(http.StatusOK, "4000 0045 6649 2470")
	s.stored(2)
}

// smallDisk is a file system of its own, and what fills it to the last block. What is opened on it must be closed before
// the test's end, by clean-ups that are registered later.
func smallDisk(t *testing.T, size string) (dir string, fill func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sgdisk") // not in t.TempDir, where the account of PostgreSQL may not go
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		testkit.Missing(t, "a file system of its own: "+errors.Join(err, os.Remove(dir)).Error())
	}
	t.Cleanup(func() {
		// Processes that other tests are starting hold its files until they run their own program.
		if err := errors.Join(syscall.Unmount(dir, syscall.MNT_DETACH), os.Remove(dir)); err != nil {
			t.Error(err)
		}
	})
	return dir, func() {
		t.Helper()
		f, err := os.Create(filepath.Join(dir, ballast))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		block := make([]byte, 4096)
		for err == nil {
			_, err = f.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

// ballast is the file that fills a small disk.
const ballast = "ballast"

// On a full disk what must be stored is put off, what passes goes on, and nothing is
// half written.
func TestE2EDiskFull(t *testing.T) {
	t.Parallel()
	small, fill := smallDisk(t, "8m")
	s := newSystem(t, setup{change: func(c *config.Config) {
		c.Store.Path = filepath.Join(small, "sigill.db")
		c.Store.Payloads.Dir = filepath.Join(small, "payloads")
		c.Store.MinFreePercent = 0
	}})
	big := mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Big", body: withCard + strings.Repeat("some more words\r\n", 40<<10)}
	fill()
	s.give(big).want(t, "452 4.3.1 ")
	s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ")
	s.stored(0)
	if err := os.Remove(filepath.Join(small, ballast)); err != nil {
		t.Fatal(err)
	}
	s.give(big).want(t, "250 2.0.0 queued as ")
	s.openByMail("karin@ekman.example", "/b/").want(http.StatusOK, "4000 0045 6649 2470")

	s.cfg.Store.MinFreePercent = 5
	s.restart()
	fill()
	s.give(lunch("karin@ekman.example")).want(t, "452 4.3.1 ")
	if status, _ := s.admin("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz says %d", status)
	}
	if err := os.Remove(filepath.Join(small, ballast)); err != nil {
		t.Fatal(err)
	}
	s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ")
}

// fullCommits finds how many commits failed for want of room, and that there was one.
var fullCommits = regexp.MustCompile(`(?m)^sigill_store_commit_failures_total\{reason="full"\} ([1-9]\d*)$`)

// The same with PostgreSQL, whose tables lie on a disk that is full: it answers 53100 and goes on, and so does the gateway.
func TestE2EDiskFullPostgres(t *testing.T) {
	t.Parallel()
	small, fill := smallDisk(t, "64m")
	pg := testkit.PostgresCluster(t, testkit.PGOptions{Durable: true})
	space := filepath.Join(small, "tables")
	if err := os.Mkdir(space, 0o700); err != nil {
		t.Fatal(err)
	}
	dsn := pgURL(pg.DatabaseIn(t, space))
	s := newSystem(t, setup{change: func(c *config.Config) {
		c.Store.Driver, c.Store.URL, c.Store.Path = config.Postgres, config.NewSecret(dsn), ""
	}})
	s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Before", body: withCard})
	s.awaitState("Before", "karin@ekman.example", message.Notified)
	s.idle()
	big := mail{from: "johan@norrsund.example", to: []string{"olle@ekman.example"}, subject: "Big", body: withCard + strings.Repeat("some more words\r\n", 40<<10)}

	fill()
	for range 2 { // the client tries again
		s.give(big).want(t, "452 4.3.1 ")
	}
	s.give(lunch("karin@ekman.example")).want(t, "250 2.6.0 ")
	s.stored(1)
	// At least the two: the trace of what passed may have met the full disk as well.
	_, metrics := s.admin("/metrics")
	if n := fullCommits.FindStringSubmatch(metrics); n == nil || n[1] == "1" {
		t.Errorf("two commits met a full disk, counted: %q", n)
	}
	for _, m := range s.hop.Mails() {
		if strings.Contains(string(m.Data), "some more words") {
			t.Error("what was put off left in clear")
		}
	}

	if err := os.Remove(filepath.Join(small, ballast)); err != nil {
		t.Fatal(err)
	}
	s.give(big).want(t, "250 2.0.0 queued as ")
	s.openByMail("olle@ekman.example", "Big").want(http.StatusOK, "4000 0045 6649 2470")
	s.openByMail("karin@ekman.example", "Before").want(http.StatusOK, "4000 0045 6649 2470")
	s.stored(2)
}
