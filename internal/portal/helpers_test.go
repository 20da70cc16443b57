package portal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigill/internal/auth"
	"sigill/internal/locale"
	"sigill/internal/message"
	"sigill/internal/seal/sealtest"
	"sigill/internal/store"
	"sigill/internal/store/sqlite"
	"sigill/internal/testkit"
)

// start is when every test begins: a Tuesday, at 15.41 in Stockholm.
var start = time.Date(2026, time.November, 24, 14, 41, 0, 0, time.UTC)

// stage is a portal before a real store, with a clock that the test moves.
type stage struct {
	tb      testing.TB
	store   store.Store
	clock   *testkit.Clock
	portal  *Portal
	handler http.Handler
}

func newStage(tb testing.TB, change ...func(*Options)) *stage {
	tb.Helper()
	clock := testkit.NewClock(start)
	st, err := sqlite.Open(context.Background(), sqlite.Options{
		Path: filepath.Join(tb.TempDir(), "sigill.db"), Ring: sealtest.Keyring(tb), Now: clock.Now, Node: "a",
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = st.Close() })
	s := &stage{tb: tb, store: st, clock: clock}
	s.serve(change...)
	return s
}

// serve builds the portal anew, with other options.
func (s *stage) serve(change ...func(*Options)) {
	s.tb.Helper()
	catalog, err := locale.New()
	if err != nil {
		s.tb.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		s.tb.Fatal(err)
	}
	o := Options{
		Store: s.store, Catalog: catalog, Base: "https://secure.norrsund.example",
		Org:   Org{ID: "norrsund", Name: "Region Norrsund", Lang: "sv", Zone: zone, Phone: "0920-100 00", Domains: []string{"norrsund.example"}},
		Terms: message.DefaultTerms(), Limits: auth.DefaultLimits(), SMS: true, AllowRelease: true,
		Countries: []string{"SE", "NO", "DK", "FI", "NL"}, DefaultCountry: "SE", Now: s.clock.Now,
	}
	for _, c := range change {
		c(&o)
	}
	p, err := New(o)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.portal, s.handler = p, p.Handler()
}

// raw is a body in memory.
type raw []byte

func (b raw) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
func (b raw) Size() int64                  { return int64(len(b)) }
func (b raw) SHA256() []byte               { s := sha256.Sum256(b); return s[:] }

func address(tb testing.TB, s string) message.Address {
	tb.Helper()
	a, err := message.ParseAddress(s)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// mail is a message to be stored for a test.
type mail struct {
	body    string
	subject string
	levels  []message.Level
	to      []string // "Name <address>"
	numbers map[int]message.Phone
	neutral bool
}

const plainBody = "From: Johan Lindqvist <johan.lindqvist@norrsund.example>\r\n" +
	"To: Karin Ekman <karin.ekman@exempel.example>, Per Ekman <per@ekman.example>\r\n" +
	"Subject: Uppf\xc3\xb6ljning efter ditt bes\xc3\xb6k\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
	"Hej Karin,\r\n\r\nTack f\xc3\xb6r bes\xc3\xb6ket i m\xc3\xa5ndags.\r\nSvullnaden <b>\xc3\xa4r</b> p\xc3\xa5 v\xc3\xa4g ner: https://norrsund.example/a?b=1&c=2.\r\n\r\n" +
	"V\xc3\xa4nliga h\xc3\xa4lsningar\r\nJohan Lindqvist\r\n"

// put stores a message of Johan Lindqvist's.
func (s *stage) put(m mail) *message.Message {
	s.tb.Helper()
	if m.body == "" {
		m.body = plainBody
	}
	if m.subject == "" {
		m.subject = "Uppföljning efter ditt besök"
	}
	if m.to == nil {
		m.to = []string{"Karin Ekman <karin.ekman@exempel.example>"}
	}
	from := address(s.tb, "johan.lindqvist@norrsund.example")
	env := message.Envelope{From: from}
	var names []string
	for _, t := range m.to {
		name, addr, _ := strings.Cut(strings.TrimSuffix(t, ">"), "<")
		names = append(names, strings.TrimSpace(name))
		env.To = append(env.To, message.RcptTo{Address: address(s.tb, addr)})
	}
	now := s.clock.Now()
	msg := message.New(message.NewID(now), "norrsund", env, now)
	msg.Person, msg.PersonName, msg.Subject, msg.Lang, msg.Date = from, "Johan Lindqvist", m.subject, "sv", now
	for i := range msg.Recipients {
		msg.Recipients[i].Name, msg.Recipients[i].Listed = names[i], true
	}
	d := message.Decision{
		Levels: m.levels, Subject: m.subject, Neutral: m.neutral, DecidedBy: "pnr",
		Findings: []message.Finding{{Rule: "pnr", Title: map[string]string{"sv": "personnummer", "en": "personal identity number", "nl": "Zweeds persoonsnummer"}, Where: "att[1]/remiss.docx", Count: 1, Masked: "••••••••-••87"}},
	}
	for _, l := range m.levels {
		d.Verdict = max(d.Verdict, l)
	}
	e, err := msg.Decide(now, d, message.DefaultTerms(), m.numbers)
	if err != nil {
		s.tb.Fatal(err)
	}
	if _, err := s.store.Create(s.tb.Context(), store.New{Message: msg, Body: raw(m.body), Effects: store.Effects{Effects: e}}); err != nil {
		s.tb.Fatal(err)
	}
	return msg
}

// level1 stores a message for one recipient and returns its link's token.
func (s *stage) level1() (*message.Message, string) {
	s.tb.Helper()
	m := s.put(mail{levels: []message.Level{message.Level1}})
	return m, s.link(m, 0)
}

// level2 stores one whose number is known.
func (s *stage) level2() (*message.Message, string) {
	s.tb.Helper()
	m := s.put(mail{levels: []message.Level{message.Level2}, numbers: map[int]message.Phone{0: "+46701740612"}})
	return m, s.link(m, 0)
}

// held stores one that waits for two numbers, beside one that is known and one that passes.
func (s *stage) held() (*message.Message, string) {
	s.tb.Helper()
	m := s.put(mail{
		subject: "Uppföljning efter vårdmöte",
		levels:  []message.Level{message.Level2, message.Level2, message.Level2, message.Pass},
		to: []string{"Mattias Berg <mattias.berg@lundbacka.example>", "Sanna Oja <sanna@oja.fi>",
			"Eva Nordin <eva.nordin@lundbacka.example>", "Registrator <registrator@norrsund.example>"},
		numbers: map[int]message.Phone{2: "+46701740418"},
	})
	return m, s.link(m, message.All)
}

// link makes a link to a message, as the worker does for a notice.
func (s *stage) link(m *message.Message, recipient int) string {
	s.tb.Helper()
	var token auth.Secret
	known, err := s.store.AccessOf(s.tb.Context(), m.ID, recipient)
	if errors.Is(err, store.ErrNotFound) {
		known = auth.NewAccess(m, recipient, s.clock.Now())
		err = s.store.Update(s.tb.Context(), m.ID, func(*message.Message) (store.Effects, error) {
			return store.Effects{Accesses: []*auth.Access{known}}, nil
		})
	}
	if err != nil {
		s.tb.Fatal(err)
	}
	err = s.store.UpdateAccess(s.tb.Context(), known.ID, nil, func(a *auth.Access, m *message.Message, _ []int64) (store.Effects, error) {
		token = a.NewLink(s.clock.Now())
		if a.Sender() {
			return store.Effects{}, nil
		}
		e, err := m.NoticeSent(s.clock.Now(), recipient, false)
		return store.Effects{Effects: e}, err
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return string(token)
}

// reload returns the message as it is stored now.
func (s *stage) reload(m *message.Message) *message.Message {
	s.tb.Helper()
	now, err := s.store.Message(s.tb.Context(), m.ID)
	if err != nil {
		s.tb.Fatal(err)
	}
	return now
}

// jobs returns the waiting jobs of a kind.
func (s *stage) jobs(m *message.Message, kind message.JobKind) []message.Job {
	s.tb.Helper()
	all, err := s.store.Waiting(s.tb.Context(), m.ID, 1000)
	if err != nil {
		s.tb.Fatal(err)
	}
	var of []message.Job
	for _, j := range all {
		if j.Kind == kind {
			of = append(of, j)
		}
	}
	return of
}

// sendCode does the worker's part: it makes the code of the newest wish and returns it.
func (s *stage) sendCode(m *message.Message) string {
	s.tb.Helper()
	jobs := s.jobs(m, message.JobSendCode)
	if len(jobs) == 0 {
		s.tb.Fatal("no code was asked for")
	}
	newest := jobs[0]
	for _, j := range jobs {
		if j.ID > newest.ID {
			newest = j
		}
	}
	access, session, _ := strings.Cut(newest.Ref, ".")
	var made auth.Code
	err := s.store.UpdateAccess(s.tb.Context(), message.ID(access), nil, func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
		in, err := a.SessionByID(session)
		if err != nil {
			return store.Effects{}, err
		}
		made, _, err = in.Make(s.clock.Now(), auth.DefaultLimits())
		return store.Effects{}, err
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	s.clock.Add(time.Millisecond) // so that the next wish has a later id
	return string(made)
}

// browser is a reader with cookies.
type browser struct {
	s       *stage
	cookies map[string]string
	header  http.Header
	addr    string
}

func (s *stage) browser() *browser {
	return &browser{s: s, cookies: map[string]string{}, header: http.Header{}, addr: "192.0.2.7:4711"}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	where  string // path of the page, redirects followed
}

// send sends one request and follows no redirect.
func (b *browser) send(method, path string, form url.Values) answer {
	b.s.tb.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "https://secure.norrsund.example"+path, body)
	r.RemoteAddr = b.addr
	for k, v := range b.header {
		r.Header[k] = v
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if method == http.MethodPost && r.Header.Get("Sec-Fetch-Site") == "" {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.s.handler.ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
	return answer{res.StatusCode, res.Header, w.Body.String(), path}
}

// do sends a request and follows redirects.
func (b *browser) do(method, path string, form url.Values) answer {
	b.s.tb.Helper()
	a := b.send(method, path, form)
	for range 5 {
		if a.status != http.StatusSeeOther {
			return a
		}
		a = b.send(http.MethodGet, a.header.Get("Location"), nil)
	}
	b.s.tb.Fatalf("%s %s: redirects without end", method, path)
	return a
}

func (b *browser) get(path string) answer {
	b.s.tb.Helper()
	return b.do(http.MethodGet, path, nil)
}

func (b *browser) post(path string, fields ...string) answer {
	b.s.tb.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

// enter goes from the link to the opened message and returns the reader's path.
func (b *browser) enter(m *message.Message, token string) string {
	b.s.tb.Helper()
	asked := b.post("/b/"+token).want(b.s.tb, http.StatusOK)
	opened := b.post(asked.where, "code", b.s.sendCode(m)).want(b.s.tb, http.StatusOK)
	if !strings.HasPrefix(opened.where, "/r/") {
		b.s.tb.Fatalf("after the code: at %s", opened.where)
	}
	return opened.where
}

// want fails the test unless the answer has the status and the texts.
func (a answer) want(tb testing.TB, status int, texts ...string) answer {
	tb.Helper()
	if a.status != status {
		tb.Fatalf("%s: status %d, want %d\n%s", a.where, a.status, status, a.body)
	}
	for _, t := range texts {
		if !strings.Contains(a.body, t) && !strings.Contains(html.UnescapeString(a.body), t) {
			tb.Errorf("%s: lacks %q in\n%s", a.where, t, a.body)
		}
	}
	return a
}

// lacks fails the test if the answer has one of the texts.
func (a answer) lacks(tb testing.TB, texts ...string) answer {
	tb.Helper()
	for _, t := range texts {
		if strings.Contains(html.UnescapeString(a.body), t) {
			tb.Errorf("%s: must not have %q in\n%s", a.where, t, a.body)
		}
	}
	return a
}

// unattend makes the message one of a machine that somebody stands in for.
func unattend(m *message.Message) (store.Effects, error) {
	a, err := message.ParseAddress("it@norrsund.example")
	m.Person, m.PersonName, m.Unattended = a, "", true
	return store.Effects{Effects: m.Note(m.Accepted, message.All, message.EventAsked, nil)}, err
}

// rawLacks is lacks for the page as it was sent, without reading its escapes.
func (a answer) rawLacks(tb testing.TB, texts ...string) answer {
	tb.Helper()
	for _, t := range texts {
		if strings.Contains(a.body, t) {
			tb.Errorf("%s: must not have %q in\n%s", a.where, t, a.body)
		}
	}
	return a
}

// syncBuffer is a buffer that many may write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// plain is a page as it is read: escapes resolved, ordinary spaces and hyphens.
func plain(body string) string { return locale.Plain(html.UnescapeString(body)) }
