package app_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/store"
	"sigill/internal/testkit"
)

// large is more than lies in a message's own row.
var large = strings.Repeat("and so on, and so on\r\n", 20<<10)

func TestE2EBackup(t *testing.T) {
	t.Parallel()
	for _, from := range drivers {
		for _, to := range drivers {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				t.Parallel()
				backupAndRestore(t, from, to)
			})
		}
	}
}

// backupAndRestore takes a held and a sealed message to a bare folder, where the links
// that people have still lead to them.
func backupAndRestore(t *testing.T, from, to config.Driver) {
	s := newSystem(t, setup{driver: from})
	s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Referral", body: withPnr + large})
	s.mustSend(mail{from: "johan@norrsund.example", to: []string{"olle@ekman.example"}, subject: "Payment", body: withCard})
	s.mailTo("johan@norrsund.example", "/s/")
	s.awaitState("Payment", "olle@ekman.example", message.Notified)
	s.idle()

	folder, dump := t.TempDir(), &bytes.Buffer{}
	if err := app.Backup(t.Context(), s.store, dump); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"19890102", "4000 0045", "karin", "Referral"} {
		if bytes.Contains(dump.Bytes(), []byte(word)) {
			t.Errorf("%q stands in the backup", word)
		}
	}
	s.stop()
	old := *s.cfg
	s.moveTo(t, folder, to)
	moveRing(t, &old, s.cfg, from == config.SQLite && to == config.Postgres)
	restoreAll(t, s.cfg, dump.Bytes())

	s.startAgain()
	s.setNumber("johan@norrsund.example", "/s/", 0, "070-174 06 12").want(http.StatusOK)
	_, notice := s.mailTo("karin@ekman.example", "/b/")
	b := newBrowser(t)
	b.get(linkIn(t, notice)).want(http.StatusOK)
	b.post("", nil).want(http.StatusOK)
	text := testkit.WaitSMS(t, s.texts, 1)[0]
	b.post("", url.Values{"code": {smsCodeForm.FindString(text.Text)}}).want(http.StatusOK, "19890102-2387", "and so on")
	s.openByMail("olle@ekman.example", "/b/").want(http.StatusOK, "4000 0045 6649 2470")
	s.stored(2)
}

// moveTo makes the configuration that of a bare folder and an empty store.
func (s *system) moveTo(t *testing.T, folder string, d config.Driver) {
	t.Helper()
	c := *s.cfg
	c.SMTP.SpoolDir, c.Store.Keyring = folder, filepath.Join(folder, "keyring")
	c.Store.Driver, c.Store.Path, c.Store.URL, c.Store.Payloads = d, filepath.Join(folder, "sigill.db"), config.Secret{}, config.Payloads{Over: c.Store.Payloads.Over}
	if d == config.Postgres {
		c.Store.URL, c.Store.Path = config.NewSecret(pgURL(testkit.Postgres(t))), ""
	}
	c.Fill()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	s.cfg = &c
}

// moveRing brings the key ring along: by its own backup, or, because a passphrase is
// slow on purpose, as a copy of the file.
func moveRing(t *testing.T, from, to *config.Config, byBackup bool) {
	t.Helper()
	const passphrase = "correct horse battery staple"
	if byBackup {
		file := filepath.Join(t.TempDir(), "ring.backup")
		if err := errors.Join(app.BackupRing(from, file, passphrase), app.RestoreRing(to, file, passphrase)); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{file, to.Store.Keyring} {
			if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s is %v, %v", f, info.Mode(), err)
			}
		}
		return
	}
	raw, err := os.ReadFile(from.Store.Keyring)
	if err == nil {
		err = os.WriteFile(to.Store.Keyring, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// restoreAll reads the backup into the store.
func restoreAll(t *testing.T, c *config.Config, dump []byte) {
	t.Helper()
	st := openBare(t, c)
	if err := app.Restore(t.Context(), st, bytes.NewReader(dump[:len(dump)-100])); !errors.Is(err, store.ErrDump) {
		t.Errorf("half a backup: %v", err)
	}
	if err := app.Restore(t.Context(), st, bytes.NewReader(dump)); err != nil {
		t.Fatal(err)
	}
	if err := app.Restore(t.Context(), st, bytes.NewReader(dump)); err == nil {
		t.Error("a backup was restored over another")
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

func openBare(t *testing.T, c *config.Config) store.Store {
	t.Helper()
	st, _, err := app.OpenStore(t.Context(), c, app.StoreOptions{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// Without its own ring a backup is not taken.
func TestE2ERestoreWithoutRing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := sealedOne(t, d)
		st, dump := openBare(t, s.cfg), &bytes.Buffer{}
		if err := errors.Join(app.Backup(t.Context(), st, dump), st.Close()); err != nil {
			t.Fatal(err)
		}
		s.moveTo(t, t.TempDir(), d)
		st = openBare(t, s.cfg) // which makes a ring of its own
		if err := app.Restore(t.Context(), st, bytes.NewReader(dump.Bytes())); !errors.Is(err, store.ErrForeignKeyring) {
			t.Errorf("with another ring: %v", err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// Large payloads lie where the configuration says.
func TestE2EPayloadsInFolder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		folder := filepath.Join(t.TempDir(), "payloads")
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) {
			c.Store.Payloads.In, c.Store.Payloads.Dir = config.InDir, folder
		}})
		s.mustSend(mail{from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: "Payment", body: withCard + large})
		if n := payloadFiles(t, folder); n != 1 {
			t.Errorf("%d files in the folder", n)
		}
		s.openByMail("karin@ekman.example", "/b/").want(http.StatusOK, "4000 0045 6649 2470", "and so on")
	})
}

// payloadFiles counts the files that are as large as the payload.
func payloadFiles(t *testing.T, folder string) (n int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Size() > int64(len(large)) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
