package policy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigill/internal/message"
)

// TestRecipes holds that every recipe of docs/policy.md is what its file says, compiles without costs, passes its tests,
// and is tried whole by them.
func TestRecipes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/recipes/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d recipes, %v", len(files), err)
	}
	page, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), "```yaml\nversion: 1\n"); n != len(files) {
		t.Errorf("%d policies on the page, %d files", n, len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(page), "```yaml\n"+string(source)+"```\n") {
				t.Error("the page quotes something else")
			}
			recipe(t, file)
		})
	}
}

func recipe(t *testing.T, file string) {
	t.Helper()
	p, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.tests {
		if r := p.runTest(context.Background(), &p.tests[i], today); !r.Passed() {
			t.Errorf("%s: %v", r.Name, r.Failures)
		}
	}
	own := exampleSet{p.engine, p.own}
	for _, r := range own.run(context.Background(), today) {
		if !r.Passed() {
			t.Errorf("%s: %v", r.Name, r.Failures)
		}
	}
	covered, err := p.Coverage(context.Background(), today)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range covered {
		if c.Fires == 0 || c.Near == 0 {
			t.Errorf("%+v", c)
		}
	}
	if w := p.Warnings(); len(w) > 0 {
		t.Errorf("%q", w)
	}
	if x := p.Expired(time.Now()); len(x) > 0 {
		t.Errorf("%v", x)
	}
}

// TestVerifiedRecipe lifts the rule of the recipe for the partner, and for nobody else, when verified TLS is certain.
func TestVerifiedRecipe(t *testing.T) {
	t.Parallel()
	p, err := Load("../../docs/recipes/partner.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"info@ziekenhuis.example": "", "jan@ekman.example": "bsn"} {
		in, err := p.testInput(context.Background(), &testNode{To: texts{{Value: to}}, Body: "BSN 999944393"}, today)
		if err != nil {
			t.Fatal(err)
		}
		in.VerifiedTLS = func(message.Address) bool { return true }
		_, x, err := p.Evaluate(context.Background(), in)
		if err != nil || firing(x) != want {
			t.Errorf("%s: %q, %v", to, firing(x), err)
		}
	}
}

// TestPageShowsWhatIsPrinted holds the session on the page against the script that tries it.
func TestPageShowsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../../cmd/sigill/testdata/policy_explain.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, session, _ := strings.Cut(string(page), "$ sigill policy explain split.eml\n")
	session, _, _ = strings.Cut(session, "```")
	if session == "" || !strings.Contains(string(script), session) {
		t.Errorf("the script prints something else than\n%s", session)
	}
}
