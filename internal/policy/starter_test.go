package policy

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGeneratedFiles holds that what is made of the program is what the program would make now.
func TestGeneratedFiles(t *testing.T) {
	t.Parallel()
	reference, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	all, err := AllPacks(context.Background(), today)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"../../docs/policy-reference.md": reference, "../../policies/all-packs.yaml": string(all)} {
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(have), want); diff != "" {
			t.Errorf("%s is stale; run make docs (-have +want):\n%s", path, diff)
		}
	}
}

// TestReferenceIsWhole looks for every detector of every pack, and every key.
func TestReferenceIsWhole(t *testing.T) {
	t.Parallel()
	page, err := Reference()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.detectors {
			if !strings.Contains(page, "| `"+p.detectors[i].ID+"` | ") {
				t.Errorf("%s is missing", p.detectors[i].ID)
			}
		}
	}
	for _, l := range languageTypes() {
		for _, f := range keysOf(l.t) {
			if name, _ := keyOf(f); !strings.Contains(page, "| `"+name+"` | ") {
				t.Errorf("%s.%s is missing", l.path, name)
			}
		}
	}
}

// TestAllPacks runs the examples of every pack, each once, and its own two tests for every detector.
func TestAllPacks(t *testing.T) {
	t.Parallel()
	p, err := Load("../../policies/all-packs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]bool{}
	results := p.RunTestsOnce(context.Background(), today, done)
	for i := range results {
		for _, f := range results[i].Failures {
			t.Errorf("%s: %s", results[i].Name, f)
		}
	}
	if len(results) < 1500 || len(done) != len(PackNames()) {
		t.Errorf("%d tests of %d packs", len(results), len(done))
	}
	if again := p.RunTestsOnce(context.Background(), today, done); len(again) != len(p.tests) {
		t.Errorf("%d tests when the packs are done, want %d", len(again), len(p.tests))
	}
	if len(p.tests) != 2*len(p.rules) || len(p.rules) != len(p.detectors) {
		t.Errorf("%d detectors, %d rules, %d tests", len(p.detectors), len(p.rules), len(p.tests))
	}
}

// TestStarter makes a policy for every country, alone and together with others, and runs its tests; they try every rule.
func TestStarter(t *testing.T) {
	t.Parallel()
	sets := [][]string{{"se", "no", "dk", "fi"}, {"NL", "be", "nl"}, Countries()}
	for _, c := range Countries() {
		sets = append(sets, []string{c})
	}
	for _, codes := range sets {
		t.Run(strings.Join(codes, ","), func(t *testing.T) {
			t.Parallel()
			source, err := Starter(context.Background(), codes, today)
			if err != nil {
				t.Fatal(err)
			}
			p := parse(t, string(source))
			for i := range p.tests {
				if r := p.runTest(context.Background(), &p.tests[i], today); !r.Passed() {
					t.Errorf("%s: %v", r.Name, r.Failures)
				}
			}
			covered, err := p.Coverage(context.Background(), today)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range covered {
				if c.Fires == 0 || c.Silent == 0 {
					t.Errorf("%+v", c)
				}
			}
			if problems := misfits(t, schemaOf(t), string(source)); len(problems) > 0 {
				t.Errorf("%v", problems)
			}
		})
	}
}

func TestStarterOfNowhere(t *testing.T) {
	t.Parallel()
	_, err := Starter(context.Background(), []string{"se", "sv"}, today)
	if err == nil || !strings.Contains(err.Error(), `the country "sv"`) || !strings.Contains(err.Error(), "there are: be, de, dk") {
		t.Errorf("err = %v", err)
	}
	if _, err := Starter(context.Background(), []string{"gb", "nor"}, today); err != nil {
		t.Errorf("other names of countries: %v", err)
	}
}

// TestEveryCountryPackHasACountry holds that a policy can be started for every pack that is named after a country.
func TestEveryCountryPackHasACountry(t *testing.T) {
	t.Parallel()
	var codes []string
	for _, name := range PackNames() {
		if len(name) == 2 && name != "eu" {
			codes = append(codes, name)
		}
	}
	if diff := cmp.Diff(codes, Countries()); diff != "" {
		t.Errorf("-packs +countries:\n%s", diff)
	}
}
