package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"sigill/internal/config"
	"sigill/internal/seal"
	"sigill/internal/seal/sealtest"
	"sigill/internal/testkit"
)

// What must not be found anywhere in clear. The words are in no dictionary, and the
// first has a letter outside ASCII, so that quoted-printable is another form.
const (
	canaryBody    = "kvåstrimla7351"
	canaryFile    = "wombatinlaga9912"
	canarySubject = "narvalsrubrik4471"
	canaryName    = "ocelotnamn8823"
	canaryTo      = "lemurmottagare5566@ekman.example"
	canaryFrom    = "ibisavsändare3344"
	canarySender  = "ibissender3344@norrsund.example"
	canaryPhone   = "+46701740612"
	canaryEvid    = "19890102-2387"
)

// canaries are what a search looks for, by kind.
type canaries map[string]string

func stored() canaries {
	return canaries{
		"body": canaryBody, "attachment": canaryFile, "subject": canarySubject, "file name": canaryName,
		"recipient": canaryTo, "display name": canaryFrom, "sender": canarySender, "phone": canaryPhone, "evidence": canaryEvid,
	}
}

// forms are how a word may lie in a file.
func forms(word string) [][]byte {
	all := [][]byte{[]byte(word), []byte(strings.ToUpper(word)), quoted(word), []byte(url.QueryEscape(word)), jsonEscaped(word)}
	all = append(all, []byte(hex.EncodeToString([]byte(word))), []byte(strings.ToUpper(hex.EncodeToString([]byte(word)))))
	for k := range 3 {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			all = append(all, aligned(e, word, k))
		}
	}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var b []byte
		for _, u := range utf16.Encode([]rune(word)) {
			b = order.AppendUint16(b, u)
		}
		all = append(all, b)
	}
	return all
}

// aligned is what base64 makes of a word that stands k octets behind a multiple of
// three, without the letters at both ends that depend on its neighbours.
func aligned(e *base64.Encoding, word string, k int) []byte {
	text := e.EncodeToString([]byte(strings.Repeat("\x00", k) + word))
	return []byte(text[(k*8+5)/6 : (k+len(word))*8/6])
}

func quoted(word string) []byte {
	var b []byte
	for _, c := range []byte(word) {
		if c >= 0x80 || c == '=' {
			b = fmt.Appendf(b, "=%02X", c)
			continue
		}
		b = append(b, c)
	}
	return b
}

func jsonEscaped(word string) []byte {
	var b []byte
	for _, r := range word {
		if r >= 0x80 {
			b = fmt.Appendf(b, `\u%04x`, r)
			continue
		}
		b = append(b, byte(r))
	}
	return b
}

// canaryNet is the forms of all canaries, by kind.
type canaryNet map[string][][]byte

func (c canaries) net() canaryNet {
	n := canaryNet{}
	for kind, word := range c {
		n[kind] = forms(word)
	}
	return n
}

// find returns the kinds of which some form lies in the octets.
func (n canaryNet) find(raw []byte) []string {
	var found []string
	for kind, forms := range n {
		if slices.ContainsFunc(forms, func(form []byte) bool { return len(form) > 0 && bytes.Contains(raw, form) }) {
			found = append(found, kind)
		}
	}
	slices.Sort(found)
	return found
}

// holdsNumber says whether a number stands there by itself, and not within a longer one.
func holdsNumber(raw []byte, number string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(raw) && raw[i] >= '0' && raw[i] <= '9' }
	for at := 0; ; at++ {
		i := bytes.Index(raw[at:], []byte(number))
		if i < 0 {
			return false
		}
		if at += i; !digit(at-1) && !digit(at+len(number)) {
			return true
		}
	}
}

// canaryRun is a gateway that had all three outcomes.
type canaryRun struct {
	*system
	pg     *testkit.PG // nil on SQLite
	tokens canaries    // codes, passwords and links that were sent
	digits []string    // codes by SMS, too short to be looked for as they are
}

func canaryMail(subject, secret string) mail {
	const head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=frontier\r\n"
	body := "--frontier\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + canaryBody + " " + secret +
		"\r\n--frontier\r\nContent-Type: text/plain; name=" + canaryName + ".txt\r\nContent-Disposition: attachment; filename=" + canaryName + ".txt\r\n\r\n" +
		canaryFile + "\r\n--frontier--\r\n"
	return mail{
		from: canarySender, to: []string{canaryTo}, subject: subject + " " + canarySubject,
		headers: head + "Reply-To: " + canaryFrom + " <" + canarySender + ">\r\n", body: body,
	}
}

// named is mail.raw with the canary as display name.
func (m mail) named() string {
	return strings.Replace(m.raw(), "From: Johan Lindqvist <", "From: "+canaryFrom+" <", 1)
}

func newCanaryRun(t *testing.T, d config.Driver, ring *seal.Keyring) *canaryRun {
	t.Helper()
	r := &canaryRun{tokens: canaries{}}
	change := func(*config.Config) {}
	if d == config.Postgres {
		r.pg = testkit.PostgresCluster(t, testkit.PGOptions{Durable: true})
		dsn := pgURL(r.pg.Database(t))
		change = func(c *config.Config) {
			c.Store.Driver, c.Store.URL, c.Store.Path = config.Postgres, config.NewSecret(dsn), ""
		}
	}
	r.system = newSystem(t, setup{ring: ring, change: change})
	r.outcomes()
	return r
}

// outcomes sends a message for each outcome and opens the two that are sealed.
func (r *canaryRun) outcomes() {
	r.t.Helper()
	r.giveNamed(canaryMail("ett", "lunch")).want(r.t, "250 2.6.0 ")
	r.giveNamed(canaryMail("two", withCard)).want(r.t, "250 2.0.0 queued as ")
	_, notice := r.mailTo(canaryTo, "two")
	b := r.openByMail(canaryTo, "two")
	b.want(http.StatusOK, canaryBody, canaryName)
	_, code := r.mailTo(canaryTo, "Copy this password")
	r.tokens["link"], r.tokens["password"] = lastPart(linkIn(r.t, notice)), passwordForm.FindString(code.Text)

	big := canaryMail("three", withPnr)
	big.body = strings.Replace(big.body, canaryFile, canaryFile+"\r\n"+large, 1)
	r.giveNamed(big).want(r.t, "250 2.0.0 queued as ")
	_, ask := r.mailTo(canarySender, "/s/")
	r.tokens["sender's link"] = lastPart(linkIn(r.t, ask))
	r.setNumber(canarySender, "/s/", 0, canaryPhone).want(http.StatusOK)
	_, notice = r.mailTo(canaryTo, "three")
	r.tokens["second link"] = lastPart(linkIn(r.t, notice))
	b = newBrowser(r.t)
	b.get(linkIn(r.t, notice)).want(http.StatusOK)
	b.post("", nil).want(http.StatusOK)
	b.post("", url.Values{"code": {"000000"}})
	text := testkit.WaitSMS(r.t, r.texts, 1)[0]
	r.digits = append(r.digits, smsCodeForm.FindString(text.Text))
	b.post("", url.Values{"code": r.digits}).want(http.StatusOK, canaryBody)
	file := regexp.MustCompile(`/r/[a-z0-9]+/file/[0-9]+`).FindString(b.body)
	b.get(r.base+file).want(http.StatusOK, canaryFile)
	r.idle()
}

func (r *canaryRun) giveNamed(m mail) replied {
	r.t.Helper()
	c := r.dial()
	defer c.close()
	if reply := c.envelope(m.from, m.to...); !reply.ok() {
		return reply
	}
	return c.data(m.named())
}

func lastPart(link string) string { return link[strings.LastIndexByte(link, '/')+1:] }

// search looks through everything that the gateway leaves behind, and says what was
// found where.
func (r *canaryRun) search(c canaries, digits ...string) map[string][]string {
	r.t.Helper()
	places, net := map[string][]string{}, c.net()
	look := func(where string, raw []byte) {
		found := net.find(raw)
		for _, code := range digits {
			if holdsNumber(raw, code) {
				found = append(found, "code by SMS")
			}
		}
		if len(found) > 0 {
			places[where] = found
		}
	}
	_, metrics := r.admin("/metrics")
	look("/metrics", []byte(metrics))
	folder := filepath.Dir(r.cfg.Store.Keyring)
	files := r.walk(look, folder) // while it runs
	r.stop()
	files += r.walk(look, folder)
	if r.pg != nil {
		r.pg.Stop(r.t)
		files += r.walk(look, r.pg.Dir)
	}
	if files < 3 {
		r.t.Fatalf("only %d files were looked at", files)
	}
	look("the log", []byte(r.log.String()))
	return places
}

// walk reads every file of a folder.
func (r *canaryRun) walk(look func(where string, raw []byte), dir string) (files int) {
	r.t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && (!e.Type().IsRegular() || path == r.texts) {
			return nil
		}
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // PostgreSQL removes what it needs no longer
			return nil
		}
		files++
		look(path, raw)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return files
}

func TestE2ECanaries(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		r := newCanaryRun(t, d, nil)
		all := stored()
		for kind, word := range r.tokens {
			all[kind] = word
		}
		for where, kinds := range r.search(all, r.digits...) {
			t.Errorf("%s holds in clear: %v", where, kinds)
		}
	})
}

// Without sealing the same search finds all that is stored: it is not blind.
func TestE2ECanariesControl(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		r := newCanaryRun(t, d, sealtest.Unsealed(t))
		found := map[string]bool{}
		for where, kinds := range r.search(stored()) {
			if where == "the log" || where == "/metrics" {
				t.Errorf("%s holds in clear: %v", where, kinds)
			}
			for _, k := range kinds {
				found[k] = true
			}
		}
		for kind := range stored() {
			if !found[kind] {
				t.Errorf("%s: stored, and not found", kind)
			}
		}
	})
}

// While a message comes in, what exceeds memory lies in a file without a name, sealed.
func TestE2ECanarySpool(t *testing.T) {
	t.Parallel()
	s := newSystem(t, setup{})
	c := s.dial()
	c.envelope("johan@norrsund.example", "karin@ekman.example").want(t, "250 ")
	c.say("DATA").want(t, "354 ")
	head := "From: johan@norrsund.example\r\nSubject: s\r\n\r\n"
	if _, err := c.nc.Write([]byte(head + strings.Repeat(canaryBody+"\r\n", 64<<10))); err != nil {
		t.Fatal(err)
	}
	var spooled []byte
	await(t, "the spool", func() bool {
		spooled = unlinked(t, s.cfg.SMTP.SpoolDir)
		return len(spooled) > 256<<10
	})
	if found := stored().net().find(spooled); len(found) > 0 {
		t.Errorf("the spool holds in clear: %v", found)
	}
	c.body("")
	c.reply().want(t, "250 ")
	s.hop.Wait(t, 1)
	await(t, "the end of the spool", func() bool { return len(unlinked(t, s.cfg.SMTP.SpoolDir)) == 0 })
}

// unlinked reads the files of a folder that this process has open and that have no name.
func unlinked(t *testing.T, dir string) []byte {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		testkit.Missing(t, "/proc/self/fd: "+err.Error())
	}
	var all []byte
	for _, fd := range fds {
		path := "/proc/self/fd/" + fd.Name()
		to, err := os.Readlink(path)
		if err != nil || !strings.HasPrefix(to, dir+"/") || !strings.HasSuffix(to, " (deleted)") {
			continue
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			all = append(all, raw...)
		}
	}
	return all
}
