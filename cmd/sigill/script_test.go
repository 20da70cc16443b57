package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/testkit"
)

// TestScripts runs testdata/*.txtar: a script, and the files that it uses. The lines of a script are
//
//	exec sigill ARGS     runs the program; it must exit with 0. ! exec: it must not
//	until REGEX exec ...     repeats exec until it prints what matches; ! until, what does not
//	exit N               says with what the program exited
//	stdin FILE           is what the next exec reads
//	stdout REGEX         must match what the program printed; ! stdout must not. stderr likewise
//	cmp stdout FILE      must be the same, when ids, times and hashes are replaced by words
//	json                 every line that was printed is a JSON object, and its times are RFC 3339 in UTC
//	capture NAME REGEX   sets $NAME to what the group matches in what was printed
//	gateway [stop]       starts a gateway with sigill.yaml, or stops it
//	hop SCRIPT           replaces the faults of the next hop, see testkit.Sink
//	send FILE FROM TO... sends a mail through the gateway
//	arrived TO REGEX     waits until the next hop has a mail to TO that matches
//	absent FILE          must not be there
//	mkdir, link, rm      make a folder, a link that leads nowhere, and remove a file
//
// $WORK is the folder, $HOP the next hop. Words in ” may hold blanks. Lines that begin with # explain.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			t.Parallel()
			runScript(t, f, defaultFiles(t))
		})
	}
}

// TestScriptsPostgres runs those about what is stored on the other store.
func TestScriptsPostgres(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hold", "keys_rotate", "queue", "report", "trace"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := defaultFiles(t)
			files["sigill.yaml"] = onPostgres(t, files["sigill.yaml"])
			runScript(t, "testdata/"+name+".txtar", files)
		})
	}
}

// onPostgres is a configuration with a fresh database.
func onPostgres(t *testing.T, text string) string {
	t.Helper()
	q, name := url.Values{}, ""
	for setting := range strings.FieldsSeq(testkit.Postgres(t)) {
		k, v, _ := strings.Cut(setting, "=")
		if k == "dbname" {
			name = v
			continue
		}
		q.Set(k, v)
	}
	const was = "driver: sqlite\n  path: sigill.db"
	if !strings.Contains(text, was) {
		t.Fatal("what store is this?")
	}
	return strings.Replace(text, was, "driver: postgres\n  url: \"postgres:///"+name+"?"+q.Encode()+"\"", 1)
}

// script is one that runs.
type script struct {
	t     *testing.T
	place string // file:line
	work  string
	hop   *testkit.Sink
	vars  map[string]string

	stdin       string
	code        int
	out, errOut bytes.Buffer

	smtp string
	stop func()
}

func runScript(t *testing.T, file string, defaults map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t, work: t.TempDir(), hop: testkit.NewSink(t, testkit.SinkOptions{}), stop: func() {}}
	t.Cleanup(func() { s.stop() })
	s.vars = map[string]string{"WORK": s.work, "HOP": s.hop.Addr}
	text, files := parseArchive(string(raw))
	for name, data := range defaults {
		s.write(name, data)
	}
	for name, data := range files {
		s.write(name, data)
	}
	for i, line := range strings.Split(text, "\n") {
		s.place = fmt.Sprintf("%s:%d", file, i+1)
		if words := s.words(line); len(words) > 0 {
			s.do(words)
		}
	}
}

// defaultFiles are in every script that has none of its own.
func defaultFiles(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"sigill.yaml", "policy.yaml"} {
		raw, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(raw)
	}
	return all
}

// parseArchive reads a text and the files that follow it, each under a line "-- name --".
func parseArchive(s string) (text string, files map[string]string) {
	files = map[string]string{}
	name := ""
	for line := range strings.Lines(s) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(n, " --") {
			name = strings.TrimSuffix(n, " --")
			files[name] = ""
			continue
		}
		if name == "" {
			text += line
			continue
		}
		files[name] += line
	}
	return text, files
}

func (s *script) write(name, data string) {
	s.t.Helper()
	path := filepath.Join(s.work, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if strings.EqualFold(filepath.Ext(name), ".eml") {
		data = strings.ReplaceAll(data, "\n", "\r\n")
	} else {
		data = s.expand(data)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) expand(text string) string {
	for name, value := range s.vars {
		text = strings.ReplaceAll(text, "$"+name, value)
	}
	return text
}

var word = regexp.MustCompile(`'[^']*'|\S+`)

func (s *script) words(line string) []string {
	if strings.HasPrefix(line, "#") {
		return nil
	}
	words := word.FindAllString(line, -1)
	for i := range words {
		words[i] = s.expand(strings.Trim(words[i], "'"))
	}
	return words
}

func (s *script) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s: %s\nexit %d\nstdout:\n%s\nstderr:\n%s", s.place, fmt.Sprintf(format, args...), s.code, &s.out, &s.errOut)
}

func (s *script) do(words []string) {
	s.t.Helper()
	not := words[0] == "!"
	if not {
		words = words[1:]
	}
	args := words[1:]
	switch words[0] {
	case "exec":
		s.exec(not, args[1:])
	case "until":
		s.until(not, args[0], args[3:])
	case "hop":
		s.hop.Script(s.t, args[0])
	case "exit":
		if want := args[0]; want != fmt.Sprint(s.code) {
			s.fail("want exit %s", want)
		}
	case "stdin":
		s.stdin = s.read(args[0])
	case "stdout":
		s.match(not, args[0], s.out.String())
	case "stderr":
		s.match(not, args[0], s.errOut.String())
	case "cmp":
		if got, want := neutral(s.work, s.out.String()), s.read(args[1]); got != want {
			s.fail("want:\n%s\nhave:\n%s", want, got)
		}
	case "json":
		s.json()
	case "capture":
		s.capture(args[0], args[1])
	case "gateway":
		s.gateway(args)
	case "send":
		s.send(args[0], args[1], args[2:])
	case "arrived":
		s.arrived(args[0], args[1])
	default:
		s.files(words[0], filepath.Join(s.work, args[0]))
	}
}

// exec runs the program, which must do well, or must not.
func (s *script) exec(not bool, args []string) {
	s.t.Helper()
	s.call(args)
	if (s.code == exitDone) == not {
		s.fail("%q", args)
	}
}

// call runs the program with the script's configuration.
func (s *script) call(args []string) {
	if len(args) > 0 && !slices.Contains(args, "-c") {
		args = append([]string{"-c", filepath.Join(s.work, "sigill.yaml")}, args...)
	}
	s.out.Reset()
	s.errOut.Reset()
	s.code = run(args, strings.NewReader(s.stdin), &s.out, &s.errOut)
	s.stdin = ""
}

// until looks again and again, as an administrator would: the store gives no signal to another program.
func (s *script) until(not bool, pattern string, args []string) {
	s.t.Helper()
	form := regexp.MustCompile("(?m)" + pattern)
	end := time.After(testkit.Patience)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		s.call(args)
		if form.MatchString(s.out.String()) != not {
			return
		}
		select {
		case <-again.C:
		case <-end:
			s.fail("never holds: %q", pattern)
		}
	}
}

func (s *script) read(name string) string {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.work, name))
	if err != nil {
		s.fail("%v", err)
	}
	return string(raw)
}

func (s *script) match(not bool, pattern, text string) {
	s.t.Helper()
	if regexp.MustCompile("(?m)"+pattern).MatchString(text) == not {
		s.fail("does not hold: %q", pattern)
	}
}

var (
	hashForm  = regexp.MustCompile(`sha256:[0-9a-f]{12,}`)
	idForm    = regexp.MustCompile(`\b0[0-9a-hjkmnp-tv-z]{25}\b`)
	stampForm = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)
	timeForm  = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+[^"]*`)
)

// neutral replaces what differs from run to run, at its width.
func neutral(work, s string) string {
	s = hashForm.ReplaceAllString(s, "HASH")
	s = idForm.ReplaceAllString(s, "MESSAGE-ID----------------")
	s = stampForm.ReplaceAllString(s, "YYYY-MM-DD hh:mm:ss")
	return strings.ReplaceAll(s, work, "$WORK")
}

func (s *script) json() {
	s.t.Helper()
	if s.out.Len() == 0 {
		s.fail("nothing printed")
	}
	for line := range strings.Lines(s.out.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			s.fail("%s: %v", line, err)
		}
		for _, at := range timeForm.FindAllString(line, -1) {
			if !strings.HasSuffix(at, "Z") || strings.HasPrefix(at, "0001") {
				s.fail("time %s", at)
			}
		}
	}
}

func (s *script) capture(name, pattern string) {
	s.t.Helper()
	m := regexp.MustCompile("(?m)" + pattern).FindStringSubmatch(s.out.String())
	if m == nil {
		s.fail("does not hold: %q", pattern)
	}
	s.vars[name] = m[1]
}

// gateway starts one in this process, or stops it: what it writes lazily is then written.
func (s *script) gateway(args []string) {
	s.t.Helper()
	s.stop()
	s.stop = func() {}
	if len(args) > 0 {
		return
	}
	cfg, err := config.Load(filepath.Join(s.work, "sigill.yaml"))
	if err != nil {
		s.fail("%v", err)
	}
	a, err := app.New(s.t.Context(), cfg, app.Options{Roles: app.AllRoles})
	if err != nil {
		s.fail("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	s.smtp = a.Addr("smtp")
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("run: %v", err)
		}
		if err := a.Close(); err != nil {
			s.t.Errorf("close: %v", err)
		}
	}
}

func (s *script) send(file, from string, to []string) {
	s.t.Helper()
	c, err := smtp.Dial(s.smtp)
	if err != nil {
		s.fail("%v", err)
	}
	defer c.Close()
	if err := c.SendMail(from, to, strings.NewReader(s.read(file))); err != nil {
		s.fail("send %s: %v", file, err)
	}
}

func (s *script) arrived(to, pattern string) {
	s.t.Helper()
	form := regexp.MustCompile("(?m)" + pattern)
	s.hop.WaitFor(s.t, s.place, func(mails []testkit.Mail, _ []string) bool {
		return slices.ContainsFunc(mails, func(m testkit.Mail) bool { return slices.Contains(m.To, to) && form.Match(m.Data) })
	})
}

// files are the lines about files.
func (s *script) files(what, path string) {
	s.t.Helper()
	var err error
	switch what {
	case "absent":
		if _, err = os.Stat(path); err == nil {
			s.fail("%s is there", path)
		}
		err = nil
	case "mkdir":
		err = os.MkdirAll(path, 0o700)
	case "link":
		err = os.Symlink("nowhere", path)
	case "rm":
		err = os.RemoveAll(path)
	default:
		s.fail("what is %q?", what)
	}
	if err != nil {
		s.fail("%v", err)
	}
}
