package app_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/extract"
	"sigill/internal/extract/pdf"
	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/internal/sandbox"
	"sigill/internal/seal"
	"sigill/internal/store"
	"sigill/internal/testkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sandbox.WorkerArg { // the pool runs this binary again
		if err := sandbox.Worker(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 2 && os.Args[1] == illScanner {
		os.Exit(illChild(os.Args[2]))
	}
	if order := os.Getenv(killEnv); order != "" { // the kill test runs it again too
		if err := killChild(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir, err := pdf.CacheDir(); err == nil { // on a busy machine scanners would not be ready in time
		_ = pdf.Fill(dir) // a gateway says so
	}
	testkit.Main(m)
}

// drivers are the two stores that every test of the whole runs on.
var drivers = []config.Driver{config.SQLite, config.Postgres}

// onBoth runs a test on each store.
func onBoth(t *testing.T, test func(t *testing.T, d config.Driver)) {
	t.Helper()
	for _, d := range drivers {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

// system is a running gateway with a next hop, a phone and a browser.
type system struct {
	t     *testing.T
	app   *app.App
	cfg   *config.Config
	hop   *testkit.Sink
	store store.Store
	base  string
	smtp  string
	texts string
	log   *lockedBuffer
	setup setup
	web   *os.File // the portal's socket, which outlives a restart
	stop  func()
}

// lockedBuffer takes the log of many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// setup changes what a test needs changed.
type setup struct {
	driver  config.Driver
	hop     testkit.SinkOptions
	ring    *seal.Keyring
	change  func(*config.Config)
	options func(*app.Options)
	roles   app.Roles
	now     func() time.Time
}

func listenLocal(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// baseConfig is that of a small organisation with everything in one folder.
func baseConfig(dir, hop, base string) *config.Config {
	c := config.Default()
	c.Organisation.Name, c.Organisation.Domains = "Region Norrsund", []string{"norrsund.example"}
	c.Organisation.Responsible, c.Organisation.Timezone = "it@norrsund.example", "Europe/Stockholm"
	c.Organisation.Language = "en"
	c.Organisation.Unattended = []string{"scanner@*"}
	c.SMTP.Hostname, c.SMTP.SpoolDir, c.SMTP.Listen = "brev.norrsund.example", dir, []string{"127.0.0.1:0"}
	c.SMTP.Networks = []config.Network{{CIDR: netip.MustParsePrefix("127.0.0.1/32")}}
	c.Relay.NextHop = config.Hop{URL: "smtp://" + hop, TLS: config.TLSNone}
	c.Store.Driver, c.Store.Path = config.SQLite, filepath.Join(dir, "sigill.db")
	c.Store.Keyring, c.Store.MinFreePercent = filepath.Join(dir, "keyring"), 0
	c.Portal.BaseURL, c.Portal.Listen, c.Admin.Listen = base, "127.0.0.1:0", "127.0.0.1:0"
	c.SMS.Provider, c.SMS.File.Path = config.FileSMS, filepath.Join(dir, "texts.jsonl")
	c.Scan.Workers = 1
	return c
}

// pgURL writes testkit's keywords as the URL that a configuration has.
func pgURL(dsn string) string {
	q, name := url.Values{}, ""
	for word := range strings.FieldsSeq(dsn) {
		k, v, _ := strings.Cut(word, "=")
		if k == "dbname" {
			name = v
			continue
		}
		q.Set(k, v)
	}
	return "postgres:///" + name + "?" + q.Encode()
}

// newConfig is the configuration of a test.
func newConfig(t *testing.T, s setup, dir, hop, base string) *config.Config {
	t.Helper()
	c := baseConfig(dir, hop, base)
	if s.driver == config.Postgres {
		c.Store.Driver, c.Store.URL, c.Store.Path = s.driver, config.NewSecret(pgURL(testkit.Postgres(t))), ""
	}
	if s.change != nil {
		s.change(c)
	}
	c.Fill()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// newSystem starts everything; it stops with the test.
func newSystem(t *testing.T, s setup) *system {
	t.Helper()
	hop := testkit.NewSink(t, s.hop)
	web := listenLocal(t)
	sys := &system{t: t, hop: hop, base: "http://" + web.Addr().String(), log: &lockedBuffer{}, setup: s}
	sys.cfg = newConfig(t, s, t.TempDir(), hop.Addr, sys.base)
	sys.texts = sys.cfg.SMS.File.Path
	var err error
	if sys.web, err = web.(*net.TCPListener).File(); err != nil {
		t.Fatal(err)
	}
	sys.start(web)
	t.Cleanup(func() {
		sys.stop()
		_ = sys.web.Close()
		if t.Failed() {
			t.Logf("log:\n%s", sys.log)
		}
	})
	return sys
}

// options are those of a system whose portal listens on web.
func (s *system) options(web net.Listener) app.Options {
	o := app.Options{
		Roles: s.setup.roles, Ring: s.setup.ring, Now: s.setup.now,
		Log:       slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Policy:    sharedPolicy,
		Listeners: map[string]net.Listener{"portal": web},
	}
	if o.Roles == (app.Roles{}) {
		o.Roles = app.AllRoles
	}
	if s.setup.options != nil {
		s.setup.options(&o)
	}
	return o
}

// start runs the gateway by the configuration as it is.
func (s *system) start(web net.Listener) {
	s.t.Helper()
	a, err := app.New(s.t.Context(), s.cfg, s.options(web))
	if err != nil {
		s.t.Fatal(err)
	}
	s.app, s.store, s.smtp = a, a.Store(), a.Addr("smtp")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	var once sync.Once
	s.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				s.t.Errorf("run: %v", err)
			}
			s.holdsNothing()
			if err := a.Close(); err != nil {
				s.t.Errorf("close: %v", err)
			}
		})
	}
}

// mail is a message to send.
type mail struct {
	from    string
	to      []string
	subject string
	headers string // further fields, each ended by CRLF
	body    string // with its own Content-Type in headers, else plain text
	id      string
}

func (m mail) raw() string {
	to := m.to
	if len(to) > 1 && strings.HasPrefix(to[len(to)-1], "bcc:") {
		to = to[:len(to)-1]
	}
	id := m.id
	if id == "" {
		id = fmt.Sprintf("%d.%p@norrsund.example", time.Now().UnixNano(), &m)
	}
	author := m.from
	if author == "" {
		author = "postmaster@norrsund.example"
	}
	head := "From: Johan Lindqvist <" + author + ">\r\nTo: " + strings.Join(to, ", ") + "\r\nSubject: " + m.subject +
		"\r\nMessage-ID: <" + id + ">\r\nDate: Mon, 23 Nov 2026 15:41:00 +0100\r\n" + m.headers
	return head + "\r\n" + m.body
}

func (m mail) recipients() []string {
	var all []string
	for _, to := range m.to {
		all = append(all, strings.TrimPrefix(to, "bcc:"))
	}
	return all
}

// send gives a mail to the gateway and returns the reply to its end of data.
func (s *system) send(m mail) error {
	s.t.Helper()
	c, err := smtp.Dial(s.smtp)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	return c.SendMail(m.from, m.recipients(), strings.NewReader(m.raw()))
}

func (s *system) mustSend(m mail) {
	s.t.Helper()
	if err := s.send(m); err != nil {
		s.t.Fatalf("send %q: %v", m.subject, err)
	}
}

// mailTo waits for a mail to an address whose subject or text holds a word, and returns
// it with its text.
func (s *system) mailTo(to, word string) (testkit.Mail, *extract.Mail) {
	s.t.Helper()
	var found testkit.Mail
	var read *extract.Mail
	for seen := 0; ; {
		all := s.hop.Mails()
		for _, m := range all[seen:] {
			if len(m.To) != 1 || m.To[0] != to {
				continue
			}
			r, err := extract.Read(s.t.Context(), bytes.NewReader(m.Data), extract.DefaultLimits())
			if err != nil {
				s.t.Fatal(err)
			}
			if strings.Contains(r.Header.Subject+"\n"+r.Text, word) {
				found, read = m, r
			}
		}
		if read != nil {
			return found, read
		}
		seen = len(all)
		s.hop.Wait(s.t, seen+1)
	}
}

var linkForm = regexp.MustCompile(`https?://[^\s>]+/[bs]/[a-z0-9]+`)

// linkIn returns the first link into the portal.
func linkIn(t *testing.T, m *extract.Mail) string {
	t.Helper()
	link := linkForm.FindString(m.Text)
	if link == "" {
		t.Fatalf("no link in:\n%s", m.Text)
	}
	return link
}

// browser is one person's.
type browser struct {
	t      *testing.T
	client *http.Client
	at     string // where it is
	body   string
	status int
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}}
}

func (b *browser) do(req *http.Request, err error) *browser {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at, b.body, b.status = resp.Request.URL.String(), html.UnescapeString(string(raw)), resp.StatusCode
	return b
}

func (b *browser) get(link string) *browser {
	b.t.Helper()
	return b.do(http.NewRequestWithContext(b.t.Context(), http.MethodGet, link, nil))
}

// post sends a form to where the browser is, or to an address.
func (b *browser) post(to string, form url.Values) *browser {
	b.t.Helper()
	if to == "" {
		to = b.at
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, to, strings.NewReader(form.Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		u, _ := url.Parse(to)
		req.Header.Set("Origin", u.Scheme+"://"+u.Host)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.do(req, err)
}

func (b *browser) want(status int, words ...string) *browser {
	b.t.Helper()
	if b.status != status {
		b.t.Fatalf("%s: want %d, have %d:\n%s", b.at, status, b.status, b.body)
	}
	for _, w := range words {
		if !strings.Contains(b.body, w) {
			b.t.Fatalf("%s: %q is not on the page:\n%s", b.at, w, b.body)
		}
	}
	return b
}

func (b *browser) never(words ...string) *browser {
	b.t.Helper()
	for _, w := range words {
		if strings.Contains(b.body, w) {
			b.t.Fatalf("%s: %q is on the page", b.at, w)
		}
	}
	return b
}

// only returns the one stored message whose state of recipient 0 is in the store.
func (s *system) stored(n int) []*message.Message {
	s.t.Helper()
	all, err := s.store.Find(s.t.Context(), store.Query{})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(all) != n {
		s.t.Fatalf("want %d stored messages, have %d", n, len(all))
	}
	return all
}

var (
	passwordForm = regexp.MustCompile(`\b[a-hjkmnp-z2-9]{12}\b`)
	smsCodeForm  = regexp.MustCompile(`\b[0-9]{6}\b`)
)

// loaded are the policies of systems that have none of their own, by their domains: a policy never changes, and to compile it
// takes longer than most tests.
var loaded = struct {
	sync.Mutex
	policies map[string]*policy.Policy
}{policies: map[string]*policy.Policy{}}

func sharedPolicy(ctx context.Context, cfg *config.Config, force bool) (*policy.Policy, error) {
	if cfg.Policy.File != "" {
		return app.LoadPolicyFor(ctx, cfg, force)
	}
	loaded.Lock()
	defer loaded.Unlock()
	key := strings.Join(cfg.Organisation.Domains, " ")
	if p := loaded.policies[key]; p != nil {
		return p, nil
	}
	p, err := app.LoadPolicyFor(ctx, cfg, force)
	if err == nil {
		loaded.policies[key] = p
	}
	return p, err
}
