package policy

import (
	"context"
	"strings"
	"testing"
	"time"

	"sigill/internal/extract"
)

// today is the day on which tests take place.
var today = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// TestPacks runs the examples of every pack through the code of live mail.
func TestPacks(t *testing.T) {
	t.Parallel()
	total := 0
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			t.Fatal(err)
		}
		engine, err := p.engine()
		if err != nil {
			t.Fatalf("pack %s: %v", name, err)
		}
		set := exampleSet{engine, p.detectors}
		results := set.run(context.Background(), today)
		total += len(results)
		for i := range results {
			for _, f := range results[i].Failures {
				t.Errorf("%s: %s", results[i].Name, f)
			}
		}
	}
	if total < 1500 {
		t.Errorf("only %d examples", total)
	}
}

// TestPacksTogether runs the examples of each pack with every pack in one engine: what one pack finds no other may hide, and
// what a detector passes over it must not find because of another.
func TestPacksTogether(t *testing.T) {
	t.Parallel()
	all := compiler{p: &Policy{detectors: map[string]titles{}}, f: &file{}}
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			t.Fatal(err)
		}
		all.detectors = append(all.detectors, p.detectors...)
	}
	all.engine()
	if err := all.errs.Err(); err != nil {
		t.Fatal(err)
	}
	set := exampleSet{all.p.engine, all.detectors}
	results := set.run(context.Background(), today)
	if len(results) < 1500 {
		t.Errorf("only %d examples", len(results))
	}
	for i := range results {
		for _, f := range results[i].Failures {
			t.Errorf("%s: %s", results[i].Name, f)
		}
	}
}

// TestSurest holds that no detector is surer of one of its examples than is reckoned with when a policy is compiled.
func TestSurest(t *testing.T) {
	t.Parallel()
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			t.Fatal(err)
		}
		engine, err := p.engine()
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.detectors {
			d := &p.detectors[i]
			if d.Tests == nil {
				continue
			}
			for _, x := range d.Tests.Match.values() {
				segments := []extract.Segment{{Kind: extract.Body, Text: strings.ReplaceAll(x, joint, ""), Attachment: -1}}
				scanned, err := engine.Scan(context.Background(), segments, today)
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range scanned.Hits {
					if h.Detector == d.ID && h.Confidence > d.surest() {
						t.Errorf("%s is %s of %q, and was reckoned to be never surer than %s", d.ID, h.Confidence, x, d.surest())
					}
				}
			}
		}
	}
}

// TestPacksAreComplete checks what every detector of a pack must bring.
func TestPacksAreComplete(t *testing.T) {
	t.Parallel()
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.detectors {
			d := &p.detectors[i]
			for _, lang := range []string{"sv", "nl", "en"} {
				if d.Title[lang] == "" {
					t.Errorf("%s has no title in %s", d.ID, lang)
				}
			}
			if d.Tests == nil || len(d.Tests.Match) < 10 || len(d.Tests.Miss) < 10 {
				t.Errorf("%s needs ten examples of each kind", d.ID)
			}
		}
	}
}
