package policy

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// accounted gives account of a text.
func accounted(t *testing.T, p *Policy, body string, clear bool) *Account {
	t.Helper()
	to, err := message.ParseAddress("karin@ekman.example")
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.Account(context.Background(), Input{
		Now: today, Envelope: message.Envelope{To: []message.RcptTo{{Address: to}}},
		Content: &extract.Content{Segments: []extract.Segment{
			{Where: "att[1]/pnr_19890102-2387.txt", Kind: extract.AttachmentName, Text: "pnr_19890102-2387.txt"},
			{Where: "body/text", Kind: extract.Body, Text: body, Attachment: -1},
		}, Attachments: []extract.Attachment{{Where: "att[1]/pnr_19890102-2387.txt"}}},
	}, clear)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAccountOutcomes(t *testing.T) {
	t.Parallel()
	p := parse(t, `
version: 1
use: [se, nl]
rules:
  - {id: one, when: {detector: se.personnummer, scope: [body]}, level: 2}
  - {id: watch, when: {detector: se.personnummer, scope: [body]}, level: 1, mode: observe}
  - {id: two, when: {detector: nl.bsn, count: {min: 2}}, level: 1}
exceptions:
  - {id: forms, rules: [one], when: {value: ["19121212-1212"]}}
`)
	for _, tt := range []struct{ body, want string }{
		{"pnr 19490823-9959", "counted [one watch] "},
		{"pnr 19490823-9950", "rejected [] checksum se.personnummer"},
		{"pnr 19490823-9959-1", "fragment [] boundary"},
		{"bsn 999944393", "unused [] not enough alone for two"},
		{"pakket 999944393", "unused [] its confidence is low, and the rules want medium"},
		{"kvk 12345678", "unasked [] no rule asks for it"},
		{"pnr 19121212-1212", "counted [watch] "},
	} {
		a := accounted(t, p, tt.body, false)
		var got []string
		for _, s := range a.Texts[1].Seen {
			var rules []string
			for _, r := range s.Rules {
				rules = append(rules, r.Rule)
			}
			got = append(got, string(s.Outcome)+" ["+strings.Join(rules, " ")+"] "+s.Why)
		}
		if !strings.Contains(strings.Join(got, "\n"), tt.want) {
			t.Errorf("%q: %q, want %q", tt.body, got, tt.want)
		}
	}
	lifted := parse(t, "version: 1\nuse: [se]\nrules: [{id: one, when: {detector: se.personnummer, scope: [body]}, level: 2}]\nexceptions:\n"+
		"  - {id: forms, rules: [one], when: {value: ['19121212-1212']}}\n  - {id: court, rules: [one], when: {recipient: {domain: [ekman.example]}}}\n")
	for body, want := range map[string]string{"pnr 19121212-1212": "one is lifted by forms", "pnr 19490823-9959": "one is lifted by court"} {
		if seen := accounted(t, lifted, body, false).Texts[1].Seen; len(seen) == 0 || seen[0].Why != want {
			t.Errorf("%q: %+v, want %q", body, seen, want)
		}
	}
}

// TestAccountMasks holds that no value stands in clear anywhere in an account, unless that is asked for.
func TestAccountMasks(t *testing.T) {
	t.Parallel()
	p := parse(t, small)
	body := "personnummer 19890102-2387, fel 890102-2385, bsn 999944393, kort 5105107724833518"
	masked, err := json.Marshal(accounted(t, p, body, false))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"0102", "9999", "5107", "2387", "2385"} {
		if strings.Contains(strings.ReplaceAll(string(masked), p.ID(), ""), v) {
			t.Errorf("%s stands in %s", v, masked)
		}
	}
	clear, err := json.Marshal(accounted(t, p, body, true).Texts)
	if err != nil || !strings.Contains(string(clear), "19890102-2387, fel 890102-2385") || !strings.Contains(string(clear), `"value":"5105107724833518"`) {
		t.Errorf("%v: %s", err, clear)
	}
}

// TestAccountAgrees holds that an account says of a message what live mail would say.
func TestAccountAgrees(t *testing.T) {
	t.Parallel()
	p := parse(t, small)
	a := accounted(t, p, "personnummer 19890102-2387", false)
	if a.Verdict != message.Level2 || a.DecidedBy != "personnummer" || len(a.Findings) != 1 || len(a.Texts) != 2 {
		t.Errorf("%+v", a.Explanation)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Account(ctx, Input{Content: &extract.Content{Segments: []extract.Segment{{Text: "x"}}}}, false); err == nil {
		t.Error("an account of a message that was not read")
	}
}

func TestReadingNotes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"plain åäö €":            nil,
		"a\u200bb\u00adc":        {"invisible characters left out: 2"},
		"1\u00a02\u20093":        {"special spaces read as spaces: 2"},
		"1\u20132":               {"other dashes read as '-': 1"},
		"\u0661\u0662\uff13":     {"other digits read as 0 to 9: 3"},
		"x\n> quoted\n> a\u00ad": {"invisible characters left out: 1", "quote marks at line starts left out"},
	} {
		if diff := cmp.Diff(want, readingNotes(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
