package demo

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sigill/internal/testkit"
)

// Widths at which every page is looked at, in CSS pixels. At the narrowest nothing may
// stand out (WCAG 2.2, 1.4.10).
const (
	desktop  = 1280
	phone    = 390
	narrow   = 320
	viewHigh = 800
)

// TestE2EBrowser goes through the demo as a person would, in a real browser that runs no
// script: a message of level 1, one whose attachment alone is sensitive, and one of level 2
// with its sender's page. SIGILL_SHOTS names a folder for pictures of every page.
func TestE2EBrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	for _, lang := range []string{"sv", "nl", "en"} {
		t.Run(lang, func(t *testing.T) {
			tab := b.open(t, run(t, lang), lang, desktop)
			tab.call(func(ctx context.Context, s cdp.Session) error {
				_, err := cdp.Call(ctx, s, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
				return err
			})
			tab.seen = tab.look
			tab.journey()
		})
	}
}

// chrome is one browser process.
type chrome struct{ ctx context.Context }

func newBrowser(t *testing.T) *chrome {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		testkit.Missing(t, "Chromium is not installed")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-features", "Translate"),
	}
	alloc, freeAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, freeBrowser := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("close browser: %v", err)
		}
		freeBrowser()
		freeAlloc()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &chrome{ctx}
}

// tab is one person at one demo.
type tab struct {
	t     *testing.T
	ctx   context.Context
	demo  *running
	lang  string
	files string            // where downloads go
	seen  func(name string) // called at every page
}

func (c *chrome) open(t *testing.T, d *running, lang string, width int64) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	ctx, expire := context.WithTimeout(ctx, 10*testkit.Patience)
	t.Cleanup(func() { expire(); cancel() })
	b := &tab{t: t, ctx: ctx, demo: d, lang: lang, files: t.TempDir()}
	b.do(chromedp.EmulateViewport(width, viewHigh))
	b.call(func(ctx context.Context, _ cdp.Session) error {
		c := chromedp.FromContext(ctx)
		_, err := cdp.Call(ctx, c.Browser, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: c.BrowserContextID, DownloadPath: b.files,
		})
		return err
	})
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("at %s: %v", b.at(), err)
	}
}

// call speaks to the browser itself.
func (b *tab) call(f func(ctx context.Context, s cdp.Session) error) {
	b.t.Helper()
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, f(ctx, t)
	})
}

func (b *tab) at() string {
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return at
}

func (b *tab) visit(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
}

// press goes by keyboard to what a selector finds, and waits for the page that follows: a
// click goes to a place, and a page that is still being laid out moves under it.
func (b *tab) press(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, testkit.Patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.SendKeys(chromedp.CSS(selector), kb.Enter, chromedp.NodeVisible)); err != nil {
		b.t.Fatalf("at %s: press %s: %v\n%s", b.at(), selector, err, b.text("main"))
	}
}

func (b *tab) write(selector, text string) {
	b.t.Helper()
	b.do(chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// text is what a person reads in the first element that a selector finds.
func (b *tab) text(selector string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, testkit.Patience)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
	if err != nil {
		b.t.Fatalf("at %s: text of %s: %v", b.at(), selector, err)
	}
	return s
}

func (b *tab) want(selector, word string) {
	b.t.Helper()
	if have := b.text(selector); !strings.Contains(have, word) {
		b.t.Fatalf("at %s: %q is not in %s:\n%s", b.at(), word, selector, have)
	}
}

// home goes to the demo's page by the masthead, and loads it anew until a word is there
// under what went out.
func (b *tab) home(word *regexp.Regexp) string {
	b.t.Helper()
	b.press("header .org")
	for end := time.Now().Add(testkit.Patience); ; b.press(`a.push[href^="/?"]`) {
		have := b.text("section[aria-labelledby=o]")
		if found := word.FindString(have); found != "" {
			return found
		}
		if time.Now().After(end) {
			b.t.Fatalf("%s did not come:\n%s", word, have)
		}
	}
}

// look checks that a page is no wider than its screen, and takes pictures when asked.
func (b *tab) look(name string) {
	b.t.Helper()
	widths := []int64{narrow, desktop}
	if os.Getenv("SIGILL_SHOTS") != "" {
		widths = []int64{narrow, phone, desktop}
	}
	for _, width := range widths {
		b.do(chromedp.EmulateViewport(width, viewHigh))
		b.call(func(ctx context.Context, s cdp.Session) error {
			m, err := cdp.Call(ctx, s, page.GetLayoutMetrics, cdp.Empty{})
			if err == nil && m.CSSContentSize.Width > float64(width) {
				b.t.Errorf("%s at %d: %v wide", name, width, m.CSSContentSize.Width)
			}
			return err
		})
		if width != narrow {
			b.shoot(fmt.Sprintf("%s-%s-%d", name, b.lang, width))
		}
	}
}

func (b *tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("SIGILL_SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	}
	if err != nil {
		b.t.Fatalf("picture %s: %v", name, err)
	}
}

// journey is everything that the demo promises.
func (b *tab) journey() {
	b.visit(b.demo.HTTP + "/?lang=" + b.lang)
	b.seen("demo-empty")
	b.press("button[value=lunch]")
	b.level1()
	b.attachment()
	b.level2()
	b.locked()
	b.seen("demo")
	b.press(`details[open] a[href^="/demo/mail/"]`)
	b.seen("mail")
	for _, small := range []string{"genuine", "help", "privacy", "terms"} {
		b.visit(b.demo.HTTP + "/" + small)
		b.seen(small)
	}
	b.visit(b.demo.HTTP + "/b/00000000000000000000000000000000")
	b.seen("gone")
}

var (
	passwordLine = regexp.MustCompile(`(?m)^[a-hjkmnp-z2-9]{12}$`)
	codeLine     = regexp.MustCompile(`\b[0-9]{6}\b`)
)

// mainButton is the one filled button of a page before the code.
const mainButton = "main form .button:not(.button--quiet, .button--text, .button--danger)"

func (b *tab) level1() {
	b.t.Helper()
	b.press("button[value=card]")
	b.press(`a[href*="/b/"]`)
	b.seen("open-level1")
	b.want("h1", b.word("card.subject"))
	b.press(mainButton)
	code := b.at()
	b.seen("code")
	password := b.home(passwordLine)
	b.seen("demo-password")
	b.visit(code)
	b.write("#code", "aaaaaaaaaaaa")
	b.press(mainButton)
	b.seen("code-wrong")
	b.write("#code", password)
	b.press(mainButton)
	b.want("main", "4000 0045 6649 2470")
	b.seen("reader")
	b.home(passwordLine)
}

// word is a text of a sample.
func (b *tab) word(key string) string {
	d := newWords(b.t, b.lang)
	return d.T("demo.sample." + key)
}

func (b *tab) attachment() {
	b.t.Helper()
	b.press("button[value=salary]")
	b.press(`a[href*="/b/"]`)
	b.seen("open-file")
	b.press(mainButton)
	code := b.at()
	password := b.home(passwordLine)
	b.visit(code)
	b.write("#code", password)
	b.press(mainButton)
	b.seen("reader-file")
	b.do(chromedp.Click(chromedp.CSS("a[download]"), chromedp.NodeVisible))
	if sheet := b.downloaded(); !strings.Contains(sheet, "SE28 2567 2882 1799 4416 6025") {
		b.t.Fatalf("downloaded: %s", sheet)
	}
	b.press("header .org")
}

// downloaded waits for the workbook and returns its sheet. The browser writes under
// another name; when all is there it makes an empty file with the right name, and
// renames its own over that.
func (b *tab) downloaded() string {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(testkit.Patience); time.Now().Before(end); <-tick.C {
		found, err := filepath.Glob(filepath.Join(b.files, "*.xlsx"))
		if err != nil {
			b.t.Fatal(err)
		}
		if len(found) == 1 {
			whole, err := os.Stat(found[0])
			if err != nil {
				b.t.Fatal(err)
			}
			if whole.Size() > 0 {
				return sheetOf(b.t, found[0])
			}
		}
	}
	b.t.Fatal("nothing was downloaded")
	return ""
}

func sheetOf(t *testing.T, name string) string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func (b *tab) level2() {
	b.t.Helper()
	b.press("button[value=referral]")
	b.press(`a[href*="/s/"]`)
	b.seen("hold")
	b.write("#n0", "070-174 06")
	b.press(mainButton)
	b.want(".recipient-row .error", "070-174 06")
	b.seen("hold-error")
	b.write("#n0", "+46 70 174 06 12")
	b.press(mainButton)
	b.seen("done")
	status := b.demo.status(b)
	b.home(regexp.MustCompile(`karin@ekman\.example(?s:.*)johan@norrsund\.example(?s:.*)johan@norrsund\.example`))
	b.press(`a[href*="/b/"]`)
	b.seen("open-level2")
	b.press(mainButton)
	code := b.at()
	b.seen("code-sms")
	digits := b.home(codeLine)
	b.seen("demo-code")
	b.visit(code)
	b.write("#code", digits)
	b.press(mainButton)
	b.want("main", "19890102-2387")
	b.visit(status)
	b.seen("status")
	b.press("header .org")
}

// locked types wrong passwords until the message locks itself.
func (b *tab) locked() {
	b.t.Helper()
	b.press("button[value=trigger]")
	b.press(`a[href*="/b/"]`)
	link := b.at()
	b.press(`a[href$="/not-me"]`)
	b.seen("not-me")
	b.visit(link)
	b.press(mainButton)
	const tries = 5
	for range tries {
		b.write("#code", "aaaaaaaaaaaa")
		b.press(mainButton)
	}
	b.want(".seal-line.is-locked", "")
	b.seen("locked")
	b.press("header .org")
}

// status is where the page of a message that was sent leads.
func (*running) status(b *tab) string {
	b.t.Helper()
	a, err := chromedp.Run(b.ctx, chromedp.AttributeValue(chromedp.CSS(`a[href$="/status"]`), "href"))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.demo.HTTP + a.Value
}
