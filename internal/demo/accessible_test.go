package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"sigill/internal/testkit"
)

// TestE2EAccessible holds every page of the journey against the rules of axe-core for
// WCAG 2.0 to 2.2, levels A and AA, light and dark, wide and narrow.
func TestE2EAccessible(t *testing.T) {
	t.Parallel()
	script := readAxe(t)
	b := newBrowser(t)
	tab := b.open(t, run(t, "sv"), "sv", desktop)
	pages := 0
	tab.seen = func(name string) {
		pages++
		tab.unfold()
		for _, scheme := range []string{"light", "dark"} {
			tab.dress(scheme)
			for _, width := range []int64{desktop, narrow} {
				tab.do(chromedp.EmulateViewport(width, viewHigh))
				for _, v := range tab.violations(script) {
					t.Errorf("%s, %s at %d: %s", name, scheme, width, v)
				}
			}
			tab.do(chromedp.EmulateViewport(phone, viewHigh))
			tab.shoot(fmt.Sprintf("%s-%s-%d", name, scheme, phone))
		}
		tab.dress("light")
		tab.do(chromedp.EmulateViewport(desktop, viewHigh))
	}
	tab.journey()
	if _, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string](`document.documentElement.removeAttribute("lang"), ""`)); err != nil {
		t.Fatal(err)
	}
	if len(tab.violations(script)) == 0 {
		t.Error("a page without a language passes: the check does not look")
	}
	if pages < 15 {
		t.Errorf("only %d pages were looked at", pages)
	}
}

// readAxe reads the script that tools/need.sh fetches.
func readAxe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("..", "..", "tools", "axe", "node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, fs.ErrNotExist) {
		testkit.Missing(t, "axe-core is not there; run tools/need.sh")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// dress shows the page in a colour scheme.
func (b *tab) dress(scheme string) {
	b.t.Helper()
	b.call(func(ctx context.Context, s cdp.Session) error {
		_, err := cdp.Call(ctx, s, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	})
}

// unfold opens every summary, so that what is under it is looked at too.
func (b *tab) unfold() {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](`[...document.querySelectorAll("details")].map(d => d.open = true).length`)); err != nil {
		b.t.Fatal(err)
	}
}

// askAxe returns what is wrong and how many rules were held against the page. Frames
// without permissions run no script, and so cannot be asked.
const askAxe = `axe.run(document, {iframes: false, runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}}).then(r => JSON.stringify({
	passed: r.passes.length,
	wrong: r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html + ": " + n.failureSummary)),
}))`

func (b *tab) violations(script string) []string {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`(() => { if (!window.axe) { `+script+` } return true })()`)); err != nil {
		b.t.Fatalf("load axe-core: %v", err)
	}
	answer, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](askAxe, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("run axe-core: %v", err)
	}
	var r struct {
		Passed int      `json:"passed"`
		Wrong  []string `json:"wrong"`
	}
	if err := json.NewDecoder(strings.NewReader(answer)).Decode(&r); err != nil {
		b.t.Fatal(err)
	}
	if r.Passed < 10 {
		b.t.Errorf("at %s: axe-core held only %d rules against the page", b.at(), r.Passed)
	}
	return r.Wrong
}
