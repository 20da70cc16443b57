package classify

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
)

// TestNearbyEqualsAll: the words around candidates weigh as much as when all words of the text are known. A trace reads all.
func TestNearbyEqualsAll(t *testing.T) {
	t.Parallel()
	high, none := High, None
	e, err := Compile([]Detector{
		{
			ID: "near", Patterns: []Pattern{{Digits: "4|4", Separators: "- ", Confidence: Low}}, Overlap: true,
			Context: []Context{{Near: []string{"konto nummer", "nr$"}, Within: 12, Set: &high}, {Near: []string{"order"}, Within: 52, Set: &high}, {Near: []string{"tel"}, Within: 5, Side: SideBefore, Set: &none}},
		},
		{
			ID: "far", Patterns: []Pattern{{Digits: "5|3", Separators: "- ", Confidence: Low}}, Overlap: true,
			Context: []Context{{Near: []string{"order", "å"}, Within: 300, Shift: 1}, {Near: []string{"tel"}, Within: 60, Side: SideAfter, Shift: -1}},
		},
		{ID: "word", Words: []string{"ärende"}, Confidence: Medium, Context: []Context{{Near: []string{"nr"}, Within: 1, Shift: 1}}, Overlap: true},
		{ID: "alone", Patterns: []Pattern{{Regex: `x\d{3}`, Confidence: Medium}}, Overlap: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	pieces := []string{
		"4539-1488", "4539 1488", "45391-488", "konto nummer", "konto  \t\n num\u00ad-\nmer", "nr", "nrx", "tel", "Tel.", "order", "å", "ä", "ärende", "x123", "\t", "\n", "\n\t", " ", ". ",
		strings.Repeat("ö ", 140), strings.Repeat("bla ", 60), strings.Repeat("€", 51), strings.Repeat(".", 50), "- \n",
	}
	kinds := []extract.Kind{extract.Body, extract.AttachmentText, extract.Subject}
	raised := 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 5))
		var segments []extract.Segment
		for range 1 + r.IntN(3) {
			var text strings.Builder
			for range r.IntN(40) {
				text.WriteString(pieces[r.IntN(len(pieces))])
				if r.IntN(2) == 0 {
					text.WriteByte(' ')
				}
			}
			segments = append(segments, extract.Segment{Kind: kinds[r.IntN(len(kinds))], Text: text.String()})
		}
		got, err := e.Scan(context.Background(), segments, today)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := e.Trace(context.Background(), segments, today)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.Hits, got.Hits); d != "" {
			t.Fatalf("seed %d: %+v (-all words, +words around candidates)\n%s", seed, segments, d)
		}
		if slices.ContainsFunc(got.Hits, func(h Hit) bool { return h.Context != "" }) {
			raised++
		}
	}
	if raised < 300 {
		t.Errorf("only %d texts hold a word that raised a hit", raised)
	}
}

// TestNearbyMany has more candidates in a segment than may wait.
func TestNearbyMany(t *testing.T) {
	t.Parallel()
	high := High
	e, err := Compile([]Detector{
		{ID: "n", Patterns: []Pattern{{Digits: "4|4", Separators: "-", Confidence: Medium}}, Context: []Context{{Near: []string{"nr"}, Within: 3, Set: &high}}},
		{ID: "w", Words: []string{"ärende"}, Confidence: Medium, Context: []Context{{Near: []string{"nr"}, Within: 3, Set: &high}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("4539-1488 och nr 4539-1489\n", maxPending/4) + strings.Repeat("ärende eller nr ärende\n", maxPending/4)
	got, err := e.Scan(context.Background(), []extract.Segment{body(text)}, today)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, h := range got.Hits {
		counts[h.Detector+" "+h.Confidence.String()]++
	}
	n := maxPending / 4
	if d := cmp.Diff(map[string]int{"n medium": n, "n high": n, "w medium": n, "w high": n}, counts); d != "" {
		t.Errorf("hits (-want +got)\n%s", d)
	}
}
