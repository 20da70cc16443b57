package classify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
)

func confidence(c Confidence) *Confidence { return &c }

// testDetectors are small relatives of those in the packs.
func testDetectors() []Detector {
	words := []string{"personnummer", "pnr", "född"}
	negative := []string{"ordernr", "faktura", "tel"}
	return []Detector{
		{
			ID: "person", Validate: []string{"se.personnummer"},
			Patterns: []Pattern{
				{Digits: "8|4", Separators: "-+", Confidence: Medium}, {Digits: "6|4", Separators: "-+", Confidence: Medium},
				{Digits: "8|4", Separators: " \t\n", Confidence: Low}, {Digits: "6|4", Separators: " \t\n", Confidence: Low},
				{Digits: "12", Confidence: Medium}, {Digits: "10", Confidence: Low},
			},
			Context: []Context{
				{Near: words, Within: 300, Set: confidence(High)},
				{Near: negative, Within: 40, Side: SideBefore, Shift: -1},
			},
		},
		{
			ID: "bsn", Validate: []string{"nl.bsn"},
			Patterns: []Pattern{{Digits: "9", Confidence: Low}, {Digits: "3|3|3", Separators: " .", Confidence: Low}, {Digits: "4|2|3", Separators: ".", Confidence: Low}},
			Context:  []Context{{Near: []string{"bsn", "burgerservicenummer"}, Within: 300, Set: confidence(Medium)}, {Near: []string{"bsn", "burgerservicenummer"}, Within: 100, Set: confidence(High)}},
		},
		{ID: "iban", Finder: "iban", Validate: []string{"mod97_iban"}, Confidence: High},
		{ID: "mrz", Finder: "mrz", Validate: []string{"icao_mrz"}, Confidence: High},
		{
			ID: "card", Validate: []string{"luhn", "iin"}, Exclude: Exclude{SameDigit: true},
			Patterns: []Pattern{{Digits: "4|4|4|4", Separators: " -", Confidence: Medium}, {Digits: "13..19", Confidence: Medium}},
		},
		{ID: "record", Patterns: []Pattern{{Regex: `(?i)\bjnr[ .:]*(\d{7})\b`, Value: 1, Confidence: Medium}}, Boundary: BoundaryNumber},
		{ID: "project", Words: []string{"Granit", "Fjällräv", "blå häst"}, Confidence: High, Overlap: true, Fold: true},
		{ID: "care", Groups: map[string][]string{"person": {"patient*"}, "care": {"journal*"}}, Exclude: Exclude{Stopwords: []string{"avgift"}}, Confidence: Medium, Overlap: true},
		{ID: "account", Words: []string{"konto*"}, Prefilter: []string{"clearing"}, Confidence: Medium, Overlap: true, Mask: MaskNone},
	}
}

func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := Compile(testDetectors())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// scanText returns the hits of one body as "detector value confidence".
func scanText(t testing.TB, e *Engine, segments ...extract.Segment) []string {
	t.Helper()
	r, err := e.Scan(context.Background(), segments, today)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, h := range r.Hits {
		out = append(out, fmt.Sprintf("%s %s %s", h.Detector, h.Value, h.Confidence))
	}
	return out
}

func body(text string) extract.Segment {
	return extract.Segment{Where: "body/text", Kind: extract.Body, Text: text, Attachment: -1}
}

func TestScan(t *testing.T) {
	t.Parallel()
	const person = "person 198901022387 "
	tests := []struct {
		name, text string
		want       []string
	}{
		{"plain", "Gäller 890102-2387.", []string{person + "medium"}},
		{"context", "personnummer 19890102-2387", []string{person + "high"}},
		{"inflected context", "Personnumret? pnr: 890102-2387", []string{person + "high"}},
		{"bare ten digits", "8901022387", []string{person + "low"}},
		{"bare with context", "född 8901022387", []string{person + "high"}},
		{"order number", "Ordernr 890102-2387", []string{person + "low"}},
		{"order number, but nearer context", "Ordernr: se pnr 890102-2387", []string{person + "high"}},
		{"wrong check digit", "personnummer 890102-2385", nil},
		{"in a longer run", "85041223841231 1890102-2387", nil},
		{"part of another number", "12.890102-2387 890102-2387-1 890102-2387,5", nil},
		{"letters around", "a890102-2387 890102-2387b", nil},
		{"wrapped after the dash", "890102-\n2387", []string{person + "medium"}},
		{"wrapped in quoted mail", "> 890102-\r\n> 2387", []string{person + "medium"}},
		{"wrapped, no dash", "pnr 890102\n2387", []string{person + "high"}},
		{"blank line between", "pnr 890102\n\n2387", nil},
		{"spaces round the dash", "890102 - 2387 och 890102- 2387", []string{person + "medium", person + "medium"}},
		{"letter-spaced", "8 9 0 1 0 2 - 2 3 8 7", []string{person + "medium"}},
		{"two cells", "pnr\n890102\t2387", []string{person + "high"}},
		{"invisible characters", "89\u200b0102\u20112387", []string{person + "medium"}},
		{"space after an amount", "890102 2387 500", nil},
		{"plus", "890102+2387", []string{"person 188901022387 medium"}},
		{"bsn without context", "123456782", []string{"bsn 123456782 low"}},
		{"bsn near", "BSN: 1234.56.782", []string{"bsn 123456782 high"}},
		{"bsn further", "BSN " + strings.Repeat("x", 150) + " 123 456 782", []string{"bsn 123456782 medium"}},
		{"amount", "bsn, kosten EUR 123.456.782", nil},
		{"amount after", "bsn 123 456 782 kr", nil},
		{"heading", "Naam\tBSN\tOrder\n" + strings.Repeat("Jan\tonbekend\t0\n", 40) + "Jan\t123456782\t5\n", []string{"bsn 123456782 high"}},
		{"other column's heading", "Naam\tBSN\tOrder\n" + strings.Repeat("Jan\tonbekend\t0\n", 40) + "Jan\t5\t123456782\n", []string{"bsn 123456782 low"}},
		{"iban in groups", "IBAN NL91 ABNA 0417 1643 00 Tack", []string{"iban NL91ABNA0417164300 high"}},
		{"iban wrapped", "se35 5000 0000\n0549 1000 0003", []string{"iban SE3550000000054910000003 high"}},
		{"iban in flowed lines", "IBAN NL91 ABNA 0417 \r\n1643 00 en\n> SE35-5000-0000-\n> 0549-1000-0003", []string{"iban NL91ABNA0417164300 high", "iban SE3550000000054910000003 high"}},
		{"iban over a blank line", "NL91 ABNA 0417 \n \n1643 00", nil},
		{"iban with two spaces", "NL91 ABNA 0417  1643 00, NL91 - ABNA 0417 1643 00", nil},
		{"iban with a wrong digit", "SE3550000000054910000004", nil},
		{"mrz", "P<\nL153640455SWE1212259M2802220<<<<<<<<<<<<<<<2\n", []string{"mrz L153640455SWE1212259M28022202 high"}},
		{"card", "kort 4111 1111 1111 1111 tack", []string{"card 4111111111111111 medium"}},
		{"card in a longer row", "4111 1111 1111 1111 1111", nil},
		{"mixed separators", "4111-1111 1111-1111", nil},
		{"record", "JNR: 1234567, jnr 12345678", []string{"record 1234567 medium"}},
		{"words", "granit GRANITEN Fjallrav fjällräv Blå\n  häst", []string{"project granit high", "project fjällräv high", "project fjällräv high", "project blå häst high"}},
		{"hyphenated word", "Gra-\nnit", []string{"project granit high"}},
		{"groups and stopwords", "patientens journalen patientavgiften", []string{"care person medium", "care care medium"}},
		{"gate closed", "kontot är tomt", nil},
		{"gate open", "clearing 8000, kontot", []string{"account konto medium"}},
	}
	e := engine(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, scanText(t, e, body(tt.text))); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func TestSubjectIsContext(t *testing.T) {
	t.Parallel()
	e := engine(t)
	segs := []extract.Segment{body("Hej, 8901022387"), {Where: "subject", Kind: extract.Subject, Text: "Personnummer för Anna", Attachment: -1}}
	want := []string{"person 198901022387 high"}
	if diff := cmp.Diff(want, scanText(t, e, segs...)); diff != "" {
		t.Errorf("context in the subject (-want +got):\n%s", diff)
	}
	segs[1].Text = "Faktura"
	if got := scanText(t, e, segs...); got[0] != "person 198901022387 low" {
		t.Errorf("a word that lowers, in the subject: got %v", got)
	}
}

func TestAttachmentName(t *testing.T) {
	t.Parallel()
	got := scanText(t, engine(t), extract.Segment{Where: "att[1]", Kind: extract.AttachmentName, Text: "journal_890102-2387.pdf"})
	if diff := cmp.Diff([]string{"care care medium", "person 198901022387 medium"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHitPlaces(t *testing.T) {
	t.Parallel()
	text := "åäö pnr 89\u200b0102-2387!"
	r, err := engine(t).Scan(context.Background(), []extract.Segment{body(text)}, today)
	if err != nil {
		t.Fatal(err)
	}
	h := r.Hits[0]
	if got := text[h.Start:h.End]; got != "89\u200b0102-2387" {
		t.Errorf("original = %q", got)
	}
	if h.At != 8 || h.To != 19 || h.Masked != "******-**87" || h.Context != "pnr" {
		t.Errorf("hit = %+v", h)
	}
}

func TestRejected(t *testing.T) {
	t.Parallel()
	r, err := engine(t).Scan(context.Background(), []extract.Segment{body("890102-2385, SE3550000000054910000003 4111 1111 1111 1111 1111")}, today)
	if err != nil {
		t.Fatal(err)
	}
	want := []Rejected{
		{"person", "******-**85", 0, "checksum se.personnummer"},
	}
	if diff := cmp.Diff(want, r.Rejected); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	e, err := Compile([]Detector{
		{ID: "weak", Patterns: []Pattern{{Regex: `\d{4}-\d{4}`, Confidence: Medium}}},
		{ID: "strong", Patterns: []Pattern{{Regex: `\d{4}`, Confidence: High}}},
		{ID: "shared", Patterns: []Pattern{{Regex: `\d{2}`, Confidence: Low}}, Overlap: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"shared 12 low", "strong 1234 high", "shared 34 low", "shared 56 low", "strong 5678 high", "shared 78 low"}
	if diff := cmp.Diff(want, scanText(t, e, body("1234-5678"))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestManyHitsAreCapped(t *testing.T) {
	t.Parallel()
	r, err := engine(t).Scan(context.Background(), []extract.Segment{body(strings.Repeat("granit ", maxHits+5))}, today)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Hits) != maxHits || len(r.Capped) != 1 || r.Capped[0] != "project" {
		t.Errorf("%d hits, capped %v", len(r.Hits), r.Capped)
	}
}

func TestScanEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := engine(t).Scan(ctx, []extract.Segment{body("x")}, today); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		d    []Detector
	}{
		{"nothing to find", []Detector{{ID: "a"}}},
		{"two kinds", []Detector{{ID: "a", Words: []string{"x"}, Finder: "iban"}}},
		{"twice", []Detector{{ID: "a", Words: []string{"x"}}, {ID: "a", Words: []string{"y"}}}},
		{"unknown finder", []Detector{{ID: "a", Finder: "nose"}}},
		{"bad regex", []Detector{{ID: "a", Patterns: []Pattern{{Regex: "("}}}}},
		{"empty match", []Detector{{ID: "a", Patterns: []Pattern{{Regex: "a*"}}}}},
		{"group too high", []Detector{{ID: "a", Patterns: []Pattern{{Regex: "a", Value: 1}}}}},
		{"both forms", []Detector{{ID: "a", Patterns: []Pattern{{Regex: "a", Digits: "4"}}}}},
		{"bad digits", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4|x", Separators: "-"}}}}},
		{"bad separator", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4|4", Separators: "#"}}}}},
		{"no separator", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4|4"}}}}},
		{"validator", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4"}}, Validate: []string{"nope"}}}},
		{"mask", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4"}}, Mask: MaskNone}}},
		{"boundary", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4"}}, Boundary: "wall"}}},
		{"context", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4"}}, Context: []Context{{Within: 3}}}}},
		{"side", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4"}}, Context: []Context{{Near: []string{"x"}, Within: 3, Side: "left"}}}}},
		{"exclude", []Detector{{ID: "a", Patterns: []Pattern{{Digits: "4"}}, Exclude: Exclude{Regex: "("}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Compile(tt.d); err == nil {
				t.Error("want an error")
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	e, err := Compile([]Detector{{ID: "a", Patterns: []Pattern{{Regex: `[A-Z]{8}`, Confidence: Low}}}, {ID: "b", Patterns: []Pattern{{Regex: `jnr\d`, Confidence: Low}}}})
	if err != nil {
		t.Fatal(err)
	}
	if w := e.Warnings(); len(w) != 1 || !strings.Contains(w[0], "detector a: pattern \"[A-Z]{8}\" has no fixed word and no digits") {
		t.Errorf("warnings = %q", w)
	}
}

// TestNearestWordDecides weighs words that speak for a number against words that speak against it.
func TestNearestWordDecides(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for text, want := range map[string]string{
		"Personnummer finns. Ordernr 890102-2387":          "low",
		"Ordernr 12 med personnummer 890102-2387":          "high",
		"Tel 070-123 45 67, 890102-2387":                   "medium",
		"Tel 12, 890102-2387":                              "low",
		"890102-2387 är ett personnummer":                  "high",
		"Tel\t890102-2387":                                 "low",
		"född" + strings.Repeat(".", 290) + "890102-2387":  "high",
		"född" + strings.Repeat(".", 310) + "890102-2387":  "medium",
		"född" + strings.Repeat("å", 290) + " 890102-2387": "high",
	} {
		if got := scanText(t, e, body(text)); len(got) != 1 || !strings.HasSuffix(got[0], " "+want) {
			t.Errorf("%.60q: %v, want %s", text, got, want)
		}
	}
}

// TestFloodHidesNothing puts one real number behind many weak ones.
func TestFloodHidesNothing(t *testing.T) {
	t.Parallel()
	flood := strings.Repeat("8901022387 ", 3*maxWeak) + strings.Repeat(".", 400)
	got := scanText(t, engine(t), body(flood+"personnummer 19490823-9959"))
	if last := got[len(got)-1]; len(got) != maxWeak+1 || last != "person 194908239959 high" {
		t.Errorf("%d hits, the last %s", len(got), last)
	}
}

// TestScanAllocatesNothing: a message in which nothing is found costs no memory.
func TestScanAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("sync.Pool forgets at random")
	}
	e := engine(t)
	segments := []extract.Segment{
		{Kind: extract.Subject, Text: "Möte på tisdag", Attachment: -1},
		body(strings.Repeat("Hej! Vi ses på tisdag kl 13.30 i sal B12, ring 08-123 45 67. Fakturan 12345 är betald.\n", 50)),
	}
	scan := func() {
		if r, err := e.Scan(context.Background(), segments, today); err != nil || len(r.Hits)+len(r.Rejected) > 0 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	scan()
	if n := testing.AllocsPerRun(50, scan); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestPartsAreHidden: of one value no more than its own mask shows can be seen, whatever else looked like one in it.
func TestPartsAreHidden(t *testing.T) {
	t.Parallel()
	e, err := Compile([]Detector{
		{ID: "whole", Patterns: []Pattern{{Regex: `\d{4}-\d{4}`, Confidence: High}}},
		{ID: "part", Patterns: []Pattern{{Regex: `\d{4}-\d{3}`, Confidence: Medium}}},
		{ID: "tail", Patterns: []Pattern{{Regex: `\d-\d{4}`, Confidence: Medium}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Scan(context.Background(), []extract.Segment{body("x 4567-8901, 2222-33")}, today)
	if err != nil {
		t.Fatal(err)
	}
	want := []Rejected{{"part", "****-***", 0, "part of whole"}, {"tail", "*-**01", 0, "part of whole"}}
	if diff := cmp.Diff(want, r.Rejected); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTooManyMatchesAreTold(t *testing.T) {
	t.Parallel()
	e, err := Compile([]Detector{{ID: "digit", Patterns: []Pattern{{Regex: `\d`, Confidence: Medium}}, Exclude: Exclude{SameDigit: true}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Scan(context.Background(), []extract.Segment{body(strings.Repeat("7", maxTries+1))}, today)
	if err != nil || len(r.Incomplete) != 1 {
		t.Errorf("incomplete %v, %v", r.Incomplete, err)
	}
}

// TestTables checks headings in tables of every place and size.
func TestTables(t *testing.T) {
	t.Parallel()
	e := engine(t)
	row := "Jan\t123456782\n"
	filler := strings.Repeat("Jan\tx\n", 200)
	tests := []struct {
		name, text string
		kind       extract.Kind
		want       int // hits of high confidence
	}{
		{"body", "Naam\tBSN\n" + filler + row + filler + row, extract.Body, 2},
		{"two tables", "Naam\tBSN\n" + filler + row + "\n" + strings.Repeat("tekst ", 100) + "\nNaam\tOrder\n" + filler + row, extract.Body, 1},
		{"text before", "Hallo\n\nNaam\tBSN\n" + filler + row, extract.Body, 1},
		{"attachment with blank rows", "Naam\tBSN\n" + filler + "\n\n" + row, extract.AttachmentText, 1},
		{"one column in an attachment", "BSN\n" + strings.Repeat("onbekend\n", 100) + "123456782\n", extract.AttachmentText, 1},
		{"one column in a body", "BSN\n" + strings.Repeat("onbekend\n", 100) + "123456782\n", extract.Body, 0},
		{"fewer headings than cells", "BSN\n" + filler + row, extract.AttachmentText, 0},
		{"endless line", "BSN\t" + strings.Repeat("x\t", maxLine) + "123456782", extract.Body, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			high := 0
			for _, hit := range scanText(t, e, extract.Segment{Kind: tt.kind, Text: tt.text, Attachment: -1}) {
				if strings.HasSuffix(hit, "high") {
					high++
				}
			}
			if high != tt.want {
				t.Errorf("%d of high confidence, want %d", high, tt.want)
			}
		})
	}
}

// TestWordsThatSpeakOfAnotherThing puts other words between a word that lowers and the number.
func TestWordsThatSpeakOfAnotherThing(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for text, want := range map[string]string{
		"Faktura 890102-2387":                               "low",
		"Fakturanummer: 890102-2387":                        "low",
		"Faktura-nr. # 890102-2387":                         "low",
		"Ordernr 44, 890102-2387":                           "low",
		"FAKTURANS NUMMER ÄR 890102-2387":                   "low",
		"Faktura för hemtjänst till Kim Ek, 890102-2387":    "medium",
		"Ordernr 44 avser Kim Ek 890102-2387":               "medium",
		"Faktura till 890102-2387":                          "medium",
		"Faktura\nBo Ek 890102-2387":                        "medium",
		"Ordernr" + strings.Repeat(" ", 45) + "890102-2387": "medium",
	} {
		if got := scanText(t, e, body(text)); len(got) != 1 || !strings.HasSuffix(got[0], " "+want) {
			t.Errorf("%.60q: %v, want %s", text, got, want)
		}
	}
}

// TestTimeStamps tells dates with a time behind them from people.
func TestTimeStamps(t *testing.T) {
	t.Parallel()
	e := engine(t)
	tests := []struct{ name, text, want string }{
		{"lately", "a 20260907-0020 b", "low"},
		{"lately, no separator", "202609070020", "low"},
		{"lately, without the century", "260907-0020", "low"},
		{"a child, by a word", "Född 20260907-0020", "high"},
		{"no hour", "20260907-6019", "medium"},
		{"no minute", "20260907-0160 20260907-0061 20260907-0178", "medium"},
		{"two years ago", "20241125-0000", "low"},
		{"longer ago", "20241123-0002", "medium"},
		{"a list of one day", "20190907-0029.tar\n20190907-0030.tar", "low"},
		{"a list, no separators", "201909070029 x\n201909070030 x", "low"},
		{"a list, far apart", "20190907-0029" + strings.Repeat(" 17", 12) + " 20190907-0030", "medium"},
		{"the same time again", "20190907-0029, 20190907-0029", "medium"},
		{"twins who are no times", "20190907-2405, 20190907-9905", "medium"},
		{"in a list with words", "Personnummer: 20190907-0029, 20190907-0037", "high"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := scanText(t, e, body(tt.text))
			if len(got) == 0 || !strings.HasSuffix(got[0], " "+tt.want) {
				t.Errorf("%q: %v, want %s", tt.text, got, tt.want)
			}
		})
	}
}

// TestLinks reads the addresses of links: bare numbers are those of pages.
func TestLinks(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for text, want := range map[string][]string{
		"https://e.example/a?pnr=198901022387":      {"person 198901022387 high"},
		"https://e.example/a/19890102-2387/b":       {"person 198901022387 medium"},
		"https://e.example/a/198901022387":          {"person 198901022387 low"},
		"https://e.example/r/4111111111111111?x=1":  {"card 4111111111111111 low"},
		"https://e.example/IBAN/NL91ABNA0417164300": {"iban NL91ABNA0417164300 high"},
	} {
		got := scanText(t, e, extract.Segment{Where: "body/html", Kind: extract.Href, Text: text + "\n", Attachment: -1})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	r, err := e.Scan(context.Background(), []extract.Segment{body("Granit 19890102-2387")}, today)
	if err != nil || len(r.Hits) != 2 || !r.Hits[0].Word || r.Hits[1].Word {
		t.Errorf("%+v, %v: the first is a word, the second is none", r.Hits, err)
	}
}
