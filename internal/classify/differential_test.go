package classify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
)

// differentialRules are expressions of every kind the engine treats differently.
var differentialRules = []string{
	`(?i)\bjnr[ .:]*\d{7}\b`, `\b\d{6}-\d{4}\b`, `\d+`, `AKIA[A-Z2-7]{4}`, `(?i)straße`, `(?i)lön(?:e)?lista`, `[A-Z]{3}\d`, `(?s)BEGIN.*?END`, `^abc`, `(?m)^abc$`,
	`abc$`, `\Aabc`, `[^x]\n[^x]`, `(?i)kund(?:nr|nummer) ?\d{3,}`, `(?:ghp|gho)_[0-9a-z]{4}`, `på \w+`, `\bår\b`, `(?i)ΣΑΣ`, `x.{0,5}y`, `(?i)password\s*[:=]\s*\S+`, `a b`,
}

var differentialWords = []string{
	"jnr", "JNR: 1234567", "890102-2387", "12", " ", "\n", "\t", "AKIAABCD", "STRASSE", "Straße", "STRA\u1e9eE", "lönelista", "LÖNLISTA", "ABC1", "BEGIN", "END", "abc",
	"x", "y", "kundnr 123", "Kundnummer4567", "ghp_12ab", "gho_zz", "på", "år", "ΣΑΣ", "σας", "password = hej", "\xff", "\u00ad", "a\u0308", "> ", "\r\n", "a  b", "\u00a0",
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(60) {
		b.WriteString(differentialWords[r.IntN(len(differentialWords))])
		if r.IntN(3) == 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// rules makes each expression a detector of its own that shares its text with all others.
func rules(t testing.TB) *Engine {
	t.Helper()
	var ds []Detector
	for i, re := range differentialRules {
		ds = append(ds, Detector{ID: fmt.Sprintf("r%02d", i), Patterns: []Pattern{{Regex: re, Confidence: Low}}, Overlap: true})
	}
	e, err := Compile(ds)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// expressions compiles the rules for Go's own engine.
func expressions(t testing.TB) []*regexp.Regexp {
	t.Helper()
	var res []*regexp.Regexp
	for _, expr := range differentialRules {
		res = append(res, regexp.MustCompile(expr))
	}
	return res
}

func compareWithRegexp(t *testing.T, e *Engine, res []*regexp.Regexp, text string) {
	t.Helper()
	r, err := e.Scan(context.Background(), []extract.Segment{body(text)}, today)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, h := range r.Hits {
		got = append(got, fmt.Sprintf("%s %d %d", h.Detector, h.At, h.To))
	}
	plain := Normalise(text)
	for i, re := range res {
		for _, m := range re.FindAllStringIndex(plain, -1) {
			at := len([]rune(plain[:m[0]]))
			want = append(want, fmt.Sprintf("r%02d %d %d", i, at, at+len([]rune(plain[m[0]:m[1]]))))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q (-regexp +engine):\n%s", text, diff)
	}
}

func TestEngineEqualsRegexp(t *testing.T) {
	t.Parallel()
	e, res, r := rules(t), expressions(t), rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		compareWithRegexp(t, e, res, randomText(r))
	}
}

func FuzzEngineEqualsRegexp(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		f.Add(randomText(r))
	}
	e, res := rules(f), expressions(f)
	f.Fuzz(func(t *testing.T, text string) { compareWithRegexp(t, e, res, text) })
}

// TestOrderOfDetectors shuffles the detectors: the result must not change.
func TestOrderOfDetectors(t *testing.T) {
	t.Parallel()
	ds, r := testDetectors(), rand.New(rand.NewPCG(5, 6))
	text := "personnummer 890102-2387, BSN 123456782 SE3550000000054910000003 journal patient Granit 4111111111111111 jnr 1234567"
	want := scanText(t, engine(t), body(text))
	for range 20 {
		r.Shuffle(len(ds), func(i, j int) { ds[i], ds[j] = ds[j], ds[i] })
		e, err := Compile(ds)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, scanText(t, e, body(text))); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	}
}

// FuzzScan checks on any text that nothing breaks, that places are within the text, and that masks hide.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"personnummer 890102-2387", "8 9 0 1 0 2 - 2 3 8 7", "BSN\t123456782\n", "SE35 5000 0000 0549 1000 0003", "4111-1111-1111-1111", "P<\nL153640455SWE1212259M2802220<<<<<<<<<<<<<<<2",
		"> 890102-\r\n> 2387", "a\tb\n890102\t2387", "\xff89\u00ad0102-2387", "patientjournal Granit", "Gra-\nnit", "1\n\n2 3 4 5 6 7 8",
	} {
		f.Add(s, true)
	}
	e := engine(f)
	f.Fuzz(func(t *testing.T, text string, attached bool) {
		seg := body(text)
		if attached {
			seg.Kind = extract.AttachmentText
		}
		r, err := e.Scan(context.Background(), []extract.Segment{seg}, today)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range r.Hits {
			if h.Start < 0 || h.End < h.Start || h.End > len(text) || h.To <= h.At {
				t.Fatalf("hit %+v outside %d bytes", h, len(text))
			}
			if h.Detector == "person" && strings.Count(h.Masked, "*") < 8 {
				t.Fatalf("mask %q shows too much", h.Masked)
			}
		}
	})
}

// benchText is a mail of about n bytes with a number now and then.
func benchText(n int) string {
	lines := []string{
		"Hej Anna, tack för senast. Här kommer underlaget inför mötet på tisdag klockan 13.30.",
		"Kunt u mij laten weten of de afspraak van 12-04-2026 doorgaat? Ons kenmerk is 2026/118.",
		"Please find the minutes attached; the invoice 20260412 was paid, ref 4711-22.",
		"Med vänlig hälsning\nKarin Berg\nTel 08-123 45 67, mobil 070-123 45 67",
	}
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(lines[i%len(lines)])
		b.WriteByte('\n')
	}
	return b.String()
}

// BenchmarkScan measures the engine and, in the same run, all expressions one by one; it reports how many times faster
// the engine is.
func BenchmarkScan(b *testing.B) {
	for _, size := range []int{4 << 10, 256 << 10} {
		text := benchText(size)
		e, res := rules(b), expressions(b)
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			start := time.Now()
			plain := Normalise(text)
			for _, re := range res {
				re.FindAllStringIndex(plain, -1)
			}
			alone := time.Since(start)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				if _, err := e.Scan(b.Context(), []extract.Segment{body(text)}, today); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(alone.Nanoseconds())*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "x-regexp")
		})
	}
}

// BenchmarkLiteralRules measures a policy of many expressions that hold a fixed word, as most do.
func BenchmarkLiteralRules(b *testing.B) {
	for _, n := range []int{100, 1000} {
		var ds []Detector
		var res []*regexp.Regexp
		for i := range n {
			expr := fmt.Sprintf(`(?i)\bprojekt%c%c%d[ :]+\w+`, 'a'+i%26, 'a'+i/26%26, i)
			ds = append(ds, Detector{ID: fmt.Sprintf("r%04d", i), Patterns: []Pattern{{Regex: expr, Confidence: Low}}})
			res = append(res, regexp.MustCompile(expr))
		}
		e, err := Compile(ds)
		if err != nil {
			b.Fatal(err)
		}
		text := benchText(64 << 10)
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			start := time.Now()
			for _, re := range res {
				re.FindAllStringIndex(text, -1)
			}
			alone := time.Since(start)
			b.SetBytes(int64(len(text)))
			b.ResetTimer()
			for b.Loop() {
				if _, err := e.Scan(b.Context(), []extract.Segment{body(text)}, today); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(alone.Nanoseconds())*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "x-regexp")
		})
	}
}
