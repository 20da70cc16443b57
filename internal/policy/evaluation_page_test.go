package policy_test

import (
	"flag"
	"os"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the numbers of docs/detection-quality.md anew")

const qualityPage = "../../docs/detection-quality.md"

// pageLock orders the tests that write to the page.
var pageLock sync.Mutex

// onPage holds a block of docs/detection-quality.md against what was measured, or writes it with -update.
func onPage(t *testing.T, name, measured string) {
	t.Helper()
	pageLock.Lock()
	defer pageLock.Unlock()
	data, err := os.ReadFile(qualityPage)
	if err != nil {
		t.Fatal(err)
	}
	const fence = "```"
	before, rest, found := strings.Cut(string(data), "<!-- "+name+" -->\n"+fence+"text\n")
	block, after, closed := strings.Cut(rest, fence)
	if !found || !closed {
		t.Fatalf("%s has no block %q", qualityPage, name)
	}
	if block == measured {
		return
	}
	if !*update {
		t.Errorf("%s does not say what was measured on %s: -update writes it anew", qualityPage, name)
		return
	}
	page := before + "<!-- " + name + " -->\n" + fence + "text\n" + measured + fence + after
	if err := os.WriteFile(qualityPage, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}
