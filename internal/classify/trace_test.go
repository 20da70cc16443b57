package classify

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
)

func traced(t *testing.T, segments ...extract.Segment) (*Engine, *Trace) {
	t.Helper()
	high := High
	e, err := Compile([]Detector{
		{
			ID: "number", Patterns: []Pattern{{Digits: "4|4", Separators: "- \t", Confidence: Low}}, Validate: []string{"luhn"},
			Context: []Context{{Near: []string{"nr"}, Within: 50, Set: &high}, {Near: []string{"tel"}, Within: 20, Side: SideBefore, Shift: -1}},
		},
		{ID: "word", Words: []string{"fjällräv"}, Mask: MaskNone, Confidence: High, Overlap: true},
		{ID: "long", Patterns: []Pattern{{Regex: `\d{4}-\d{4}/\d`, Confidence: Medium}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, trace, err := e.Trace(context.Background(), segments, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return e, trace
}

// TestTrace holds what became of every candidate, with the places in characters.
func TestTrace(t *testing.T) {
	t.Parallel()
	_, trace := traced(t,
		extract.Segment{Kind: extract.Subject, Text: "Nr"},
		extract.Segment{Kind: extract.Body, Text: "år 4539-1489, fjällräv nr 4539-1488 och tel: 4539-1489; 4539-1489/7"},
		extract.Segment{Kind: extract.AttachmentText, Text: "nr\tx\n4539-1489\ty"},
	)
	type row struct {
		Segment, Start, End int
		Detector, Masked    string
		Base, Confidence    Confidence
		Why                 string
		Words               string
	}
	var got []row
	for _, s := range trace.Seen {
		var words []string
		for _, w := range s.Words {
			words = append(words, w.Shown+" "+string(w.Place))
		}
		got = append(got, row{s.Segment, s.Start, s.End, s.Detector, s.Masked, s.Base, s.Confidence, s.Why, strings.Join(words, ", ")})
	}
	want := []row{
		{1, 3, 12, "number", "****-**89", Low, High, "", "nr after"},
		{1, 14, 22, "word", "fjällräv", High, High, "", ""},
		{1, 26, 35, "number", "****-**88", Low, None, "checksum luhn", "nr before"},
		{1, 45, 54, "number", "****-**89", Low, None, "near tel", "nr before, tel before"},
		{1, 56, 67, "long", "****-****/7", Medium, Medium, "", ""},
		{1, 56, 65, "number", "****-**89", Low, None, "boundary", "nr before"},
		{2, 5, 14, "number", "****-**89", Low, High, "", "nr heading"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTraceMasks holds that the masked text shows of a character only what every candidate there shows.
func TestTraceMasks(t *testing.T) {
	t.Parallel()
	_, trace := traced(t, extract.Segment{Kind: extract.Body, Text: "nr 4539\t1488,\nfjällräv 4539-1488/7 x"})
	if got, want := trace.Texts[0].Masked, "nr ****\t**88,\nfjällräv ****-****/7 x"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if trace.Texts[0].Clear != "nr 4539\t1488,\nfjällräv 4539-1488/7 x" {
		t.Errorf("%q", trace.Texts[0].Clear)
	}
}

// TestTraceIsScan holds that a trace finds what a scan finds, and leaves nothing behind for the next scan.
func TestTraceIsScan(t *testing.T) {
	t.Parallel()
	segments := []extract.Segment{{Kind: extract.Body, Text: "nr 4539-1488 tel 4539-1489"}}
	e, _ := traced(t)
	want, err := e.Scan(context.Background(), segments, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	got, trace, err := e.Trace(context.Background(), segments, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	n := len(trace.Seen)
	again, err := e.Scan(context.Background(), segments, time.Time{})
	if err != nil || len(trace.Seen) != n {
		t.Errorf("%v; %d seen, then %d", err, n, len(trace.Seen))
	}
	for _, other := range []Result{got, again} {
		if diff := cmp.Diff(want, other); diff != "" {
			t.Error(diff)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := e.Trace(ctx, segments, time.Time{}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}
