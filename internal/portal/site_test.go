package portal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/html"

	"sigill/internal/auth"
	"sigill/internal/locale"
	"sigill/internal/message"
	"sigill/internal/store"
)

// walk asks for every route of the site map, with everything in place to answer it.
func (s *stage) walk(visit func(route string, a answer)) {
	s.tb.Helper()
	m := s.put(mail{body: richBody, levels: []message.Level{message.Level1}})
	token := s.link(m, 0)
	b := s.browser()
	path := b.enter(m, token)
	access := strings.TrimPrefix(path, "/r/")
	_, sender := s.held()
	for _, r := range s.portal.routes() {
		method, pattern, _ := strings.Cut(r.pattern, " ")
		link := token
		if strings.HasPrefix(pattern, "/s/") {
			link = sender
		}
		path := strings.NewReplacer("{token}", link, "{access}", access, "{n}", "2", "{name}", "sigill.css", "{$}", "").Replace(pattern)
		if method == http.MethodPost && strings.HasSuffix(path, "/leave") {
			continue // last
		}
		visit(r.pattern, b.send(method, path, nil))
	}
	visit("POST /r/{access}/leave", b.send(http.MethodPost, path+"/leave", nil))
	visit("unknown", b.send(http.MethodGet, "/wp-login.php", nil))
	visit("method", b.send(http.MethodPut, "/b/"+token, nil))
	b.header.Set("Sec-Fetch-Site", "cross-site")
	visit("foreign", b.send(http.MethodPost, "/b/"+token, nil))
}

func TestHeadersOnEveryRoute(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	n := 0
	s.walk(func(route string, a answer) {
		n++
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow, noarchive",
			"Strict-Transport-Security": "max-age=31536000",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", route, name, got, want)
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: content policy %q lacks %s", route, policy, want)
			}
		}
		if strings.Contains(policy, "script-src") || strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "*") {
			t.Errorf("%s: content policy allows too much: %s", route, policy)
		}
		if cache := a.header.Get("Cache-Control"); cache != "no-store" && !strings.Contains(route, "/static/") {
			t.Errorf("%s: Cache-Control is %q", route, cache)
		}
		if strings.Contains(strings.ToLower(a.body), "<script") && !strings.Contains(route, "/file/") {
			t.Errorf("%s: has a script", route)
		}
	})
	if n < 30 {
		t.Errorf("only %d answers", n)
	}
}

func TestNoHSTSWithoutTLS(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.serve(func(o *Options) { o.Base = "http://127.0.0.1:8025" })
	if got := s.browser().get("/").header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("Strict-Transport-Security is %q", got)
	}
}

func TestForeignPosts(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	for name, header := range map[string]http.Header{
		"cross-site":         {"Sec-Fetch-Site": {"cross-site"}},
		"same-site":          {"Sec-Fetch-Site": {"same-site"}},
		"another's origin":   {"Sec-Fetch-Site": {""}, "Origin": {"https://evil.example"}},
		"origin of a frame":  {"Sec-Fetch-Site": {""}, "Origin": {"null"}},
		"lookalike's origin": {"Sec-Fetch-Site": {""}, "Origin": {"https://secure.norrsund.example.evil.example"}},
	} {
		r := httptest.NewRequest(http.MethodPost, "https://secure.norrsund.example/b/"+token, nil)
		for k, v := range header {
			if v[0] != "" {
				r.Header[k] = v
			}
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
	if n := len(s.jobs(m, message.JobSendCode)); n != 0 {
		t.Errorf("%d codes were asked for", n)
	}
	// Behind a proxy that gives another Host, the base is still ours.
	r := httptest.NewRequest(http.MethodPost, "http://10.0.0.5:8080/b/"+token, nil)
	r.Header.Set("Origin", "https://secure.norrsund.example")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther {
		t.Errorf("own page behind a proxy: status %d", w.Code)
	}
}

func TestBigForm(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, token := s.held()
	b := s.browser()
	b.post("/s/"+token, "n0", strings.Repeat("1", maxForm)).want(t, http.StatusBadRequest, "Inget har ändrats.")
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, token := s.level1()
	b := s.browser()
	b.header.Set("Accept-Language", "nl-BE,en;q=0.5")
	b.get("/b/"+token).want(t, http.StatusOK, `<html lang="nl">`, "Stuur mijn wachtwoord", `<a href="?lang=sv" lang="sv" hreflang="sv">`)
	b.get("/b/"+token+"?lang=en").want(t, http.StatusOK, `<html lang="en">`, "Send my password", "Thursday 24 December 2026, 15:41")
	b.get("/b/"+token).want(t, http.StatusOK, `<html lang="en">`) // kept
	b.post("/b/"+token).want(t, http.StatusOK, `<html lang="en">`, "Enter your one-time password")

	other := s.browser() // the choice goes with the access, as the code's mail does
	other.get("/b/"+token).want(t, http.StatusOK, `<html lang="en">`)
	other.get("/b/"+token+"?lang=xx").want(t, http.StatusOK, `<html lang="en">`)
	other.get("/?lang=<script>").want(t, http.StatusOK, `<html lang="sv">`)
	s.browser().get("/").want(t, http.StatusOK, `<html lang="sv">`, "Säker e\u2011post")
}

func TestSmallPages(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	b := s.browser()
	b.get("/genuine").want(t, http.StatusOK, "secure.norrsund.example", "0920-100 00")
	b.get("/help").want(t, http.StatusOK, "Ingen kod?")
	b.get("/privacy").want(t, http.StatusOK, "Region Norrsund")
	b.get("/terms").want(t, http.StatusOK, "Villkor")
	s.serve(func(o *Options) {
		o.Org.HelpURL, o.Org.PrivacyURL, o.Org.TermsURL, o.Org.GenuineURL = "https://n.example/h", "https://n.example/p", "https://n.example/t", "https://n.example/g"
	})
	for path, want := range map[string]string{"/help": "/h", "/privacy": "/p", "/terms": "/t", "/genuine": "/g"} {
		if got := b.send(http.MethodGet, path, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "https://n.example"+want {
			t.Errorf("%s: %d to %s", path, got.status, got.header.Get("Location"))
		}
	}
	b.get("/static/none.css").want(t, http.StatusNotFound)
	if css := b.get(s.portal.static["sigill.css"].path); css.header.Get("Content-Type") != "text/css; charset=utf-8" || css.status != 200 {
		t.Errorf("style sheet: %d, %s", css.status, css.header.Get("Content-Type"))
	}
}

// broken is a store that is away.
type broken struct{ store.Store }

var errAway = errors.New("dial tcp 10.1.2.3:5432: secret detail")

func (broken) AccessByLink(context.Context, []byte) (*auth.Access, error) { return nil, errAway }

func TestStoreAway(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, token := s.level1()
	s.serve(func(o *Options) { o.Store = broken{s.store} })
	for _, path := range []string{"/b/" + token, "/s/" + token, "/b/" + token + "/not-me"} {
		s.browser().get(path).want(t, http.StatusServiceUnavailable, "Sidan kan inte visas just nu").lacks(t, "10.1.2.3", "secret detail")
	}
	if got := s.browser().post("/b/" + token); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("POST: %d", got.status)
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	p := &Portal{o: Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}}
	for _, c := range []struct{ name, peer, forwarded, want string }{
		{"direct", "192.0.2.7:1", "", "192.0.2.7"},
		{"direct with a lie", "192.0.2.7:1", "198.51.100.1", "192.0.2.7"},
		{"by a proxy", "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"by a proxy, with a lie in front", "10.0.0.1:1", "203.0.113.9, 198.51.100.1", "198.51.100.1"},
		{"by two proxies", "10.0.0.1:1", "198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"proxy without a word", "10.0.0.1:1", "", "10.0.0.1"},
		{"proxy with rubbish", "10.0.0.1:1", "x", "10.0.0.1"},
		{"mapped", "[::ffff:10.0.0.1]:1", "198.51.100.1", "198.51.100.1"},
		{"IPv6 by its network", "[2001:db8:1:2:3:4:5:6]:1", "", "2001:db8:1:2::/64"},
		{"IPv6 proxy", "[fd00::1]:1", "2001:db8::1", "2001:db8::/64"},
		{"nothing", "", "", "unknown"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := p.client(r); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

var (
	keyInTemplate = regexp.MustCompile(`"(page\.[a-z0-9_.]*)"`)
	keyInGo       = regexp.MustCompile(`"(page\.[a-z0-9_.]*)"( ?\+ ?\w+)?`)
)

// Every text that a page asks for is there, and every text that is there is asked for.
func TestTexts(t *testing.T) {
	t.Parallel()
	catalog, err := locale.New()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	read := func(pattern string, keys ...*regexp.Regexp) {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				for _, m := range key.FindAllSubmatch(text, -1) {
					used[string(m[1])] = true
				}
			}
		}
	}
	read("templates/*.html", keyInTemplate)
	read("*.go", keyInGo)
	for key := range used {
		if strings.HasSuffix(key, ".") {
			if !hasPrefix(t, key) {
				t.Errorf("no text begins with %s", key)
			}
			continue
		}
		if !catalog.Has(key) {
			t.Errorf("text %s lacks", key)
		}
	}
	for _, key := range allKeys(t) {
		found := used[key]
		for u := range used {
			found = found || strings.HasSuffix(u, ".") && strings.HasPrefix(key, u)
		}
		if !found {
			t.Errorf("text %s is asked for by nobody", key)
		}
	}
}

func allKeys(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../locale/text/page.en.json")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, m := range regexp.MustCompile(`(?m)^  "([^"]+)":`).FindAllSubmatch(text, -1) {
		keys = append(keys, "page."+string(m[1]))
	}
	return keys
}

func hasPrefix(t *testing.T, prefix string) bool {
	t.Helper()
	for _, k := range allKeys(t) {
		if strings.HasPrefix(k, prefix) {
			return true
		}
	}
	return false
}

// page is one page as a reader meets it, for the tests of all pages.
type page struct {
	name  string
	words int // at most, in main
	body  string
}

// gallery makes every page in one language.
func gallery(t testing.TB, lang string) []page {
	t.Helper()
	var all []page
	add := func(name string, words int, a answer) { all = append(all, page{name, words, a.body}) }
	s := newStage(t)
	reader := func() *browser {
		b := s.browser()
		b.header.Set("Accept-Language", lang)
		return b
	}
	m1, one := s.level1()
	b := reader()
	add("open-level1", 90, b.get("/b/"+one))
	add("not-me", 90, b.get("/b/"+one+"/not-me"))
	asked := b.post("/b/" + one)
	add("code-entry", 80, asked)
	s.sendCode(m1)
	add("code-wrong", 90, b.post(asked.where, "code", "wrongwrong22"))
	for range 3 {
		b.post(asked.where, "code", "wrongwrong22")
	}
	add("locked", 100, b.post(asked.where, "code", "wrongwrong22"))
	m2, two := s.level2()
	b = reader()
	add("open-level2", 90, b.get("/b/"+two))
	add("not-my-number-ask", 80, b.get("/b/"+two+"/not-me"))
	asked = b.post("/b/" + two)
	add("code-entry-sms", 80, asked)
	add("not-my-number", 80, b.get(asked.where+"/not-me"))
	s.clock.Add(time.Minute)
	opened := reader()
	add("reader", 130, opened.get(opened.enter(m2, two)))
	add("not-my-number-prove", 80, b.get(asked.where+"/not-me"))
	add("not-my-number-done", 80, opened.post(asked.where+"/not-me"))
	m3 := s.put(mail{body: richBody, levels: []message.Level{message.Level1}})
	b = reader()
	path := b.enter(m3, s.link(m3, 0))
	s.clock.Add(7 * time.Minute)
	add("reader-html-mail", 130, b.get(path))
	add("closed", 100, b.post(path+"/leave"))
	add("expired", 100, b.get("/b/none"))
	_, held := s.held()
	b = reader()
	add("sender-hold", 240, b.get("/s/"+held))
	add("sender-hold-error", 250, b.post("/s/"+held, "c0", "+46", "n0", "070-174 06", "c1", "+358", "n1", "041 574 6321"))
	add("sender-done", 110, b.post("/s/"+held, "c0", "+46", "n0", "070-174 06 12", "c1", "+358", "n1", "041 574 6321"))
	add("sender-status", 320, b.get("/s/"+held+"/status"))
	add("home", 80, b.get("/"))
	add("genuine", 100, b.get("/genuine"))
	add("help", 100, b.get("/help"))
	add("privacy", 80, b.get("/privacy"))
	add("terms", 80, b.get("/terms"))
	return all
}

var hole = regexp.MustCompile(`page\.[a-z]|\{\{|\}\}|<no value>|%!|ZgotmplZ|\*\*`)

// Every page stands in every language, without a hole, within its budget of words
// (look: the text budget), well formed, and light.
func TestGallery(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"sv", "nl", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			var css int
			for _, p := range gallery(t, lang) {
				if at := hole.FindStringIndex(p.body); at != nil {
					t.Errorf("%s: a hole at %q", p.name, p.body[max(0, at[0]-40):min(len(p.body), at[1]+40)])
				}
				if !strings.Contains(p.body, `<html lang="`+lang+`">`) {
					t.Errorf("%s: not in %s", p.name, lang)
				}
				if n := words(t, p.body); n > p.words || n < 10 {
					t.Errorf("%s: %d words, at most %d", p.name, n, p.words)
				}
				checkForm(t, p)
				css = max(css, len(p.body))
			}
			if css+20<<10 > 50<<10 {
				t.Errorf("the biggest page has %d octets", css)
			}
		})
	}
}

// words counts the words in main, without options, the letter itself and what is hidden.
func words(t testing.TB, page string) int {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var count func(node *html.Node, in bool)
	count = func(node *html.Node, in bool) {
		if node.Type == html.ElementNode {
			if node.Data == "select" || class(node, "letter") || class(node, "hidden") || class(node, "timeline") {
				return
			}
			in = in || node.Data == "main"
		}
		if node.Type == html.TextNode && in {
			n += len(strings.Fields(node.Data))
		}
		for c := node.FirstChild; c != nil; c = c.NextSibling {
			count(c, in)
		}
	}
	count(root, false)
	return n
}

func class(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == "class" {
			for _, c := range strings.Fields(a.Val) {
				if c == name {
					return true
				}
			}
		}
	}
	return false
}

// checkForm holds a page against what makes it usable without seeing it: one h1, labels
// that lead to fields, descriptions that exist, ids used once, and the rules of the
// look: no style attributes, one filled button.
func checkForm(t *testing.T, p page) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.body))
	if err != nil {
		t.Fatal(err)
	}
	ids, refs := map[string]int{}, map[string]bool{}
	h1, filled := 0, 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "h1" {
			h1++
		}
		if n.Data == "button" && class(n, "button") && !class(n, "button--quiet") && !class(n, "button--text") && !class(n, "button--danger") {
			filled++
		}
		for _, a := range n.Attr {
			switch a.Key {
			case "id":
				ids[a.Val]++
			case "for":
				refs[a.Val] = true
			case "aria-describedby":
				for _, id := range strings.Fields(a.Val) {
					refs[id] = true
				}
			case "style":
				t.Errorf("%s: a style attribute", p.name)
			}
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: attribute %s", p.name, a.Key)
			}
		}
	}
	if h1 != 1 || filled > 1 {
		t.Errorf("%s: %d headings, %d filled buttons", p.name, h1, filled)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%s: id %s stands %d times", p.name, id, n)
		}
	}
	for id := range refs {
		if ids[id] == 0 {
			t.Errorf("%s: nothing has the id %s", p.name, id)
		}
	}
}

// A first page, with all that it loads, stays under 30 KB.
func TestFirstPageIsLight(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, token := s.level1()
	b := s.browser()
	n := len(b.get("/b/"+token).body) + len(s.portal.static["sigill.css"].data) + len(s.portal.static["logo.svg"].data)
	if n > 30<<10 {
		t.Errorf("%d octets", n)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	reg := prometheus.NewRegistry()
	s.serve(func(o *Options) { o.Metrics = reg })
	m, token := s.level1()
	s.browser().enter(m, token)
	s.browser().get("/b/nothing")
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range families {
		_, _ = fmt.Fprintln(&text, f.String())
	}
	for _, want := range []string{"sigill_portal_requests_total", "/b/{token}", "sigill_portal_codes_asked_total", "sigill_portal_tries_total", `"right"`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(text.String(), token) {
		t.Error("a token stands in the metrics")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	catalog, err := locale.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"no store":   {Catalog: catalog, Base: "https://x.example"},
		"no catalog": {Store: broken{}, Base: "https://x.example"},
		"no base":    {Store: broken{}, Catalog: catalog},
		"bad base":   {Store: broken{}, Catalog: catalog, Base: "://"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzPaths asks for anything by path, language and cookie: the answer is always a page.
func FuzzPaths(f *testing.F) {
	s := newStage(f)
	m, token := s.level1()
	b := s.browser()
	path := b.enter(m, token)
	f.Add("/b/"+token, "sv", "x")
	f.Add("/s/"+token, "", "")
	f.Add(path, "en", token)
	f.Add("/b/%00", "<", "\x00")
	f.Add("/c/../../r", "x", "y")
	name := ""
	for k := range b.cookies {
		name = k
	}
	f.Fuzz(func(t *testing.T, path, lang, cookie string) {
		r := httptest.NewRequest(http.MethodGet, "https://secure.norrsund.example/", nil)
		r.URL.Path = "/" + strings.TrimPrefix(path, "/")
		r.URL.RawPath = ""
		q := r.URL.Query()
		q.Set("lang", lang)
		r.URL.RawQuery = q.Encode()
		r.Header.Set("Cookie", name+"="+cookie)
		r.Header.Set("Accept-Language", lang)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		res := w.Result()
		defer func() { _ = res.Body.Close() }()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode >= 500 || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: status %d", path, res.StatusCode)
		}
	})
}
