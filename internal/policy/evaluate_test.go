package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/policies"
)

const small = `
version: 1
locale: sv
use: [se, nl, eu, pay]
triggers:
  - {id: trigger.secure, words: ["[säker]", "#säker", "[secure]"], level: 1}
rules:
  - {id: personnummer, title: {sv: Personnummer, en: Identity number}, when: {detector: se.personnummer}, level: 2}
  - {id: bsn, when: {detector: nl.bsn}, level: 2}
  - {id: two-accounts, when: {detector: eu.iban, count: {min: 2}}, level: 1}
  - {id: card.watch, when: {detector: pay.card}, level: 1, mode: observe}
`

func TestDecision(t *testing.T) {
	t.Parallel()
	d, x := judge(t, parse(t, small), testNode{Subject: "Sv: [ SÄKER ] Underlag", Body: "personnummer 19890102-2387 och 19490823-9959, kort 5105107724833518"})
	want := message.Decision{
		Verdict: message.Level2, DecidedBy: "personnummer", Levels: []message.Level{message.Level2},
		Observed: message.Level2, ObservedLevels: []message.Level{message.Level2}, Subject: "Sv: Underlag", Policy: d.Policy, Explanation: d.Explanation,
		Findings: []message.Finding{
			{
				Rule: "personnummer", Detector: "se.personnummer", Title: map[string]string{"sv": "Personnummer", "en": "Identity number"}, Confidence: "high",
				Where: "body/text", Count: 2, Masked: "********-**87", Level: message.Level2,
			},
			{Rule: "trigger.secure", Title: map[string]string{"en": "trigger.secure"}, Where: "subject", Count: 1, Level: message.Level1},
			{
				Rule: "card.watch", Detector: "pay.card", Title: map[string]string{"sv": "Betalkort", "nl": "Betaalkaart", "en": "Payment card"}, Confidence: "high",
				Where: "body/text", Count: 1, Masked: "**************18", Level: message.Pass,
			},
		},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	if len(x.Observed) != 1 || len(x.Findings) != 2 || x.Findings[0].Context != "personnummer" {
		t.Errorf("explanation: %+v", x)
	}
}

// TestExplanationJSON holds the names of the fields, on which others rely.
func TestExplanationJSON(t *testing.T) {
	t.Parallel()
	_, x := judge(t, parse(t, small), testNode{Body: "personnummer 19890102-2387, 890102-2385"})
	x.TookMS, x.File, x.Policy = 0, "a.eml", "sha256:0"
	got, err := x.json()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"file":"a.eml","verdict":"level2","decided_by":"personnummer","recipients":{"recipient@recipient.example":"level2"},` +
		`"findings":[{"rule":"personnummer","detector":"se.personnummer","title":"Personnummer","confidence":"high","where":"body/text","count":1,` +
		`"masked":"********-**87","context":"personnummer","near":"personnummer ********-**87","level":"level2"}],` +
		`"rejected":[{"detector":"se.personnummer","masked":"******-**85","where":"body/text","why":"checksum se.personnummer"}],` +
		`"unscannable":[],"policy":"sha256:0","took_ms":0}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPassedExplanationHasEmptyLists(t *testing.T) {
	t.Parallel()
	d, _ := judge(t, parse(t, small), testNode{Body: "Hej"})
	var fields map[string]any
	if err := json.Unmarshal(d.Explanation, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"findings", "rejected", "unscannable"} {
		if list, ok := fields[name].([]any); !ok || len(list) != 0 {
			t.Errorf("%s = %v", name, fields[name])
		}
	}
	if fields["verdict"] != "pass" || fields["decided_by"] != "" || d.Found() {
		t.Errorf("%v", fields)
	}
}

// TestRedactedSubject: what was found in the subject is masked in what is kept of it, and none of it stands in notices.
func TestRedactedSubject(t *testing.T) {
	t.Parallel()
	p := parse(t, "subject: redact"+small)
	for subject, want := range map[string]struct {
		subject string
		neutral bool
	}{
		"Möte": {"Möte", false},
		"[säker] Personnummer 19890102-2387, ring": {"Personnummer ********-**87, ring", true},
		"890102-2387 och 19890102-2387":            {"******-**87 och ********-**87", true},
		"890102-2387 och 890102-2387":              {"******-**87 och ******-**87", true},
		"IBAN SE35 5000 0000 0549 1000 0003":       {"IBAN **** **** **** **** **** **03", true}, // that no rule counts
		"personnummer 1989#säker 0102-2387":        {"personnummer 1989#säker 0102-2387", false},
	} {
		d, _ := judge(t, p, testNode{Subject: subject, Body: "x"})
		if d.Subject != want.subject || d.Neutral != want.neutral {
			t.Errorf("%q: %q, neutral %t", subject, d.Subject, d.Neutral)
		}
	}
}

func TestNeutralAndFileOnly(t *testing.T) {
	t.Parallel()
	p := parse(t, small)
	csv := []testAttachmentNode{{Name: "lista.csv", Text: "personnummer\n19890102-2387"}}
	tests := []struct {
		name           string
		mail           testNode
		neutral, files bool
	}{
		{"body", testNode{Subject: "x", Body: "personnummer 19890102-2387"}, false, false},
		{"subject", testNode{Subject: "personnummer 19890102-2387", Body: "x"}, true, false},
		{"attachment", testNode{Subject: "x", Attachments: csv}, false, true},
		{"attachment and trigger", testNode{Subject: "[säker] x", Attachments: csv}, false, false},
		{"attachment and body", testNode{Body: "pnr 19490823-9959", Attachments: csv}, false, false},
		{"file name", testNode{Attachments: []testAttachmentNode{{Name: "19890102-2387.txt", Text: "x"}}}, false, true},
		{"subject holds what no rule counts", testNode{Subject: "SE3550000000054910000003", Body: "pnr 19490823-9959"}, true, false},
		{"nothing", testNode{Subject: "x", Body: "y"}, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, _ := judge(t, p, tt.mail)
			if d.Neutral != tt.neutral || d.FileOnly != tt.files {
				t.Errorf("neutral %t, file only %t; want %t, %t", d.Neutral, d.FileOnly, tt.neutral, tt.files)
			}
		})
	}
}

// TestNothingInClear looks for every value in everything that comes out, in a message that has them in all places.
func TestNothingInClear(t *testing.T) {
	t.Parallel()
	values := []string{"19890102-2387", "198901022387", "890102-2387", "999944393", "SE3550000000054910000003", "5105107724833518"}
	text := "personnummer 19890102-2387 bsn 999944393 SE3550000000054910000003 kort 5105107724833518 NL91ABNA0417164300 890102-2385"
	d, x := judge(t, parse(t, small), testNode{
		Subject: "[säker] personnummer 19890102-2387", Body: text, HTML: "<p>" + text + "</p>",
		Attachments: []testAttachmentNode{{Name: "pnr_890102-2387_bsn_999944393.txt", Text: text}, {Name: "890102-2387.zip", Encrypted: true, Text: text}},
	})
	if d.Verdict != message.Level2 || !d.Neutral {
		t.Fatalf("decision: %+v", d)
	}
	d.Subject = "" // shown to nobody when neutral
	out, err := json.Marshal(struct {
		D message.Decision
		X *Explanation
	}{d, x})
	if err != nil {
		t.Fatal(err)
	}
	out = bytes.ReplaceAll(out, []byte(x.Policy), nil) // a hash holds any digits
	for _, v := range append(values, "0102", "9443", "5491", "7724") {
		if strings.Contains(string(out), v) {
			t.Errorf("%q stands in clear in %s", v, out)
		}
	}
}

func TestPerRecipient(t *testing.T) {
	t.Parallel()
	p := parse(t, small+`
lists: {own: [own.example]}
exceptions:
  - {id: e, rules: [personnummer], when: {recipient: {address: 'tax@*.example'}}}
  - {id: f, rules: [personnummer], when: {recipient: {domain: [tls.example]}, transport: tls_verified}}
recipients:
  - {match: '@own', max: pass}
  - {match: ['*@one.example'], max: 1}
  - {match: [court.example], min: 1}
journal: [archive@else.example]
`)
	mail := testNode{Body: "personnummer 19890102-2387"}
	for _, a := range []string{"a@own.example", "b@one.example", "c@court.example", "tax@agency.example", "archive@else.example", "d@else.example", "x@tls.example"} {
		mail.To = append(mail.To, text{Value: a})
	}
	d, x := judge(t, p, mail)
	want := []message.Level{message.Pass, message.Level1, message.Level2, message.Pass, message.Pass, message.Level2, message.Level2}
	if diff := cmp.Diff(want, d.Levels); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]Excepted{{"e", "personnummer", "tax@agency.example"}}, x.Excepted); diff != "" {
		t.Errorf("excepted (-want +got):\n%s", diff)
	}
	if len(x.Limited) != 3 {
		t.Errorf("limited: %+v", x.Limited)
	}
	mail.Body, mail.Subject = "x", "[säker]"
	d, _ = judge(t, p, mail)
	want = []message.Level{message.Level1, message.Level1, message.Level1, message.Level1, message.Pass, message.Level1, message.Level1}
	if diff := cmp.Diff(want, d.Levels); diff != "" {
		t.Errorf("trigger (-want +got):\n%s", diff)
	}
}

func TestVerifiedTLS(t *testing.T) {
	t.Parallel()
	p := parse(t, small+"exceptions:\n  - {id: f, rules: [personnummer], when: {transport: tls_verified, recipient: {domain: [tls.example]}}, expires: 2026-11-24}\n")
	to, err := message.ParseAddress("x@tls.example")
	if err != nil {
		t.Fatal(err)
	}
	in := Input{
		Content:     &extract.Content{Segments: []extract.Segment{{Where: "body/text", Kind: extract.Body, Text: "pnr 19890102-2387", Attachment: -1}}},
		Envelope:    message.Envelope{To: []message.RcptTo{{Address: to}}},
		VerifiedTLS: func(message.Address) bool { return true }, Now: today,
	}
	for _, tt := range []struct {
		days int
		want message.Level
	}{{0, message.Pass}, {1, message.Level2}} {
		in.Now = today.AddDate(0, 0, tt.days)
		d, _, err := p.Evaluate(context.Background(), in)
		if err != nil || d.Verdict != tt.want {
			t.Errorf("after %d days: %s, %v; want %s", tt.days, d.Verdict, err, tt.want)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	p := parse(t, small+"split: false\nrecipients:\n  - {match: [own.example], max: pass}\n")
	d, _ := judge(t, p, testNode{To: texts{{Value: "a@own.example"}, {Value: "b@else.example"}}, Body: "pnr 19890102-2387"})
	if d.Level(0) != message.Level2 || d.Level(1) != message.Level2 {
		t.Errorf("levels %v", d.Levels)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	p := parse(t, small)
	for _, tt := range []struct {
		reason extract.Reason
		want   message.Level
	}{
		{extract.Encrypted, 1},
		{extract.Corrupt, 1},
		{extract.TooLarge, 1},
		{extract.TooDeep, 1},
		{extract.TooMany, 1},
		{extract.Ratio, 1},
		{extract.Timeout, 1},
		{extract.Ambiguous, 1},
		{extract.Unsupported, 1},
		{extract.UnknownType, 0},
		{extract.UnreadPicture, 0},
		{extract.AlreadyProtected, 0},
		{"invented_later", 1},
	} {
		d, x, err := p.Evaluate(context.Background(), Input{Now: today, Content: &extract.Content{Unreadable: []extract.Unreadable{
			{Where: "att[1]/a", Reason: tt.reason}, {Where: "att[1]/a", Reason: tt.reason}, {Where: "att[2]/b", Reason: tt.reason},
		}}})
		if err != nil || d.Verdict != tt.want || len(x.Unscannable) != 3 {
			t.Errorf("%s: %s, %v; want %s", tt.reason, d.Verdict, err, tt.want)
		}
		if tt.want > 0 && (d.DecidedBy != "unscannable."+string(tt.reason) || len(d.Findings) != 2 || !d.FileOnly) {
			t.Errorf("%s: %+v", tt.reason, d)
		}
	}
}

func TestEvaluateEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := parse(t, small).Evaluate(ctx, Input{Now: today, Content: &extract.Content{Segments: []extract.Segment{{Kind: extract.Body, Text: "x"}}}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestTriggers(t *testing.T) {
	t.Parallel()
	p := parse(t, small)
	for subject, want := range map[string]string{
		"[Säker] Underlag":           "Underlag",
		"[ säker ] Underlag":         "Underlag",
		"[SÄKER] Underlag":           "Underlag",
		"[sa\u0308ker] Underlag":     "Underlag",
		"Underlag [säker]":           "Underlag",
		"Underlag - [säker]":         "Underlag",
		"Sv: [säker] Underlag":       "Sv: Underlag",
		"Underlag #säker":            "Underlag",
		"#Säker, Underlag":           "Underlag",
		"[säker]":                    "",
		"[säker] [secure] Underlag":  "Underlag",
		"Underlag [sä\u00adker] del": "Underlag del",
	} {
		found, got := p.trigger(subject)
		if len(found) != 1 || got != want {
			t.Errorf("%q: found %d, left %q, want %q", subject, len(found), got, want)
		}
	}
	for _, subject := range []string{"säker", "#säkerhet", "[säkert]", "x#säker", "[ säker", "##säker", "#säker-het", "Re: [s äker]"} {
		if found, got := p.trigger(subject); len(found) != 0 || got != subject {
			t.Errorf("%q is no trigger; left %q", subject, got)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	p := parse(t, `
version: 1
detectors:
  - {id: a, words: [alfa]}
  - {id: b, words: [beta]}
rules:
  - id: both
    when: {all: [{detector: a, count: {min: 2, unique: false}}, {detector: b}], within: 40}
    level: 1
`)
	gap := strings.Repeat("x ", 30)
	for text, want := range map[string]message.Level{
		"alfa alfa beta":                             message.Level1,
		"beta alfa " + gap + " alfa":                 message.Pass,
		"alfa alfa " + gap + " beta":                 message.Pass,
		"alfa beta " + gap + " alfa beta alfa":       message.Level1,
		"beta åäöåäö alfa åäöåäö alfa":               message.Level1,
		strings.Repeat("alfa ", 3000) + "beta":       message.Level1,
		strings.Repeat("alfa "+gap, 300) + gap + "b": message.Pass,
	} {
		if d, _ := judge(t, p, testNode{Body: text}); d.Verdict != want {
			t.Errorf("%.40q: %s, want %s", text, d.Verdict, want)
		}
	}
	d, _ := judge(t, p, testNode{Body: "alfa alfa", Attachments: []testAttachmentNode{{Name: "b.txt", Text: "beta"}}})
	if d.Verdict != message.Pass {
		t.Error("a window does not reach into another segment")
	}
}

// TestScopes has one word, and one number, in every kind of segment.
func TestScopes(t *testing.T) {
	t.Parallel()
	p := func(scope string) *Policy {
		return parse(t, "version: 1\ndetectors: [{id: w, words: [alfa]}, {id: n, patterns: [{digits: '6', confidence: high}]}]\nrules:\n"+
			"  - {id: word, scope: ["+scope+"], when: {detector: w}, level: 1}\n  - {id: number, scope: ["+scope+"], when: {detector: n}, level: 1}\n")
	}
	at := func(kind extract.Kind, attachment int) Input {
		c := &extract.Content{
			Segments: []extract.Segment{{Where: "x", Kind: kind, Text: "alfa n=112233", Attachment: attachment}}, Attachments: []extract.Attachment{{Where: "x"}},
		}
		return Input{Content: c, Now: today}
	}
	tests := []struct {
		name, scope string
		in          Input
		want        string
	}{
		{"subject", "subject", at(extract.Subject, -1), "number word"},
		{"body", "body", at(extract.Body, -1), "number word"},
		{"hidden text", "body", at(extract.Hidden, -1), "number word"},
		{"hidden text is not in an attachment", "attachment_text", at(extract.Hidden, -1), ""},
		{"comments of a document", "attachment_text", at(extract.Hidden, 0), "number word"},
		{"comments of a document are not body", "body", at(extract.Hidden, 0), ""},
		{"link", "body", at(extract.Href, -1), "number"},
		{"link of a document", "attachment_text", at(extract.Href, 0), "number"},
		{"link of a document is not body", "body", at(extract.Href, 0), ""},
		{"links asked for", "href", at(extract.Href, -1), "number word"},
		{"links of documents asked for", "href", at(extract.Href, 0), "number word"},
		{"only links asked for", "href", at(extract.Body, -1), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, x, err := p(tt.scope).Evaluate(context.Background(), tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range x.Findings {
				got = append(got, f.Rule)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("rules %q, want %q", s, tt.want)
			}
		})
	}
}

func TestCounting(t *testing.T) {
	t.Parallel()
	p := parse(t, `
version: 1
use: [se]
rules:
  - {id: places, when: {detector: se.personnummer, count: {min: 2, unique: false}}, level: 1}
  - {id: one, when: {detector: se.personnummer, count: {max: 1}}, level: 1}
`)
	for _, tt := range []struct {
		mail testNode
		want string
	}{
		{testNode{Body: "pnr 890102-2387"}, "one"},
		{testNode{Body: "pnr 890102-2387, 19890102-2387"}, "one places"},
		{testNode{Body: "pnr 890102-2387", HTML: "<p>pnr 890102-2387</p>"}, "one"},
		{testNode{Body: "pnr 890102-2387, 19490823-9959"}, "places"},
		{testNode{Body: "nothing"}, ""},
	} {
		_, x := judge(t, p, tt.mail)
		var got []string
		for _, f := range x.Findings {
			if len(got) == 0 || got[len(got)-1] != f.Rule {
				got = append(got, f.Rule)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q: rules %v, want %q", tt.mail.Body, got, tt.want)
		}
	}
}

// TestCountingReadings: a place that a second reading of the mail shows again is one place.
func TestCountingReadings(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\nuse: [se]\nrules: [{id: places, when: {detector: se.personnummer, count: {min: 2, unique: false}}, level: 2}]\n")
	for _, tt := range []struct {
		places []string
		want   message.Level
	}{
		{[]string{"body/text"}, message.Pass},
		{[]string{"body/text", "reading[2]/body/text"}, message.Pass},
		{[]string{"att[1]/a.txt", "reading[2]/body/text"}, message.Pass},
		{[]string{"body/text", "att[1]/a.txt"}, message.Level2},
		{[]string{"reading[2]/body/text", "reading[2]/att[1]/a.txt"}, message.Level2},
	} {
		c := &extract.Content{}
		for _, where := range tt.places {
			c.Segments = append(c.Segments, extract.Segment{Where: where, Kind: extract.Body, Text: "pnr 890102-2387", Attachment: -1})
		}
		env, err := (&testNode{}).envelope()
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := p.Evaluate(context.Background(), Input{Envelope: env, Content: c, Now: today})
		if err != nil {
			t.Fatal(err)
		}
		if d.Verdict != tt.want {
			t.Errorf("%v: level %v, want %v", tt.places, d.Verdict, tt.want)
		}
	}
}

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"a@b.example", "a@b.example", true}, {"a@b.example", "x@b.example", false}, {"*@b.example", "x@b.example", true}, {"*@b.example", "x@c.b.example", false},
		{"*.b.example", "c.b.example", true}, {"*.b.example", "b.example", false}, {"hr*@*", "hr.se@b.example", true}, {"*", "", true}, {"a*a", "a", false}, {"a*b*c", "axbxc", true},
	} {
		if got := glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("glob(%q, %q) = %t", tt.pattern, tt.s, got)
		}
	}
}

// TestFailingTestsSayWhy runs a policy whose tests are wrong.
func TestFailingTestsSayWhy(t *testing.T) {
	t.Parallel()
	p := parse(t, small+`
detectors:
  - {id: local.a, words: [alfa], tests: {match: [beta], miss: [alfa]}}
tests:
  - {name: verdict, body: Hej, expect: {verdict: level1}}
  - {name: rules, body: "pnr 890102-2387", expect: {rules: []}}
  - {name: not, body: "pnr 890102-2387", expect: {not_rules: [personnummer]}}
  - {name: count, body: "pnr 890102-2387", expect: {count: {personnummer: 2}, findings: {se.personnummer: 2}}}
  - {name: recipients, body: x, expect: {recipients: {a@b.example: pass}}}
  - {name: subject, subject: x, body: y, expect: {subject: z}}
  - {name: address, to: [nobody], body: y, expect: {verdict: pass}}
  - {name: file, file: none.eml, expect: {verdict: pass}}
  - {name: locked, attachments: [{name: a.pdf, encrypted: true}], expect: {verdict: pass}}
`)
	failed := 0
	for _, r := range p.RunTests(context.Background(), today) {
		if !r.Passed() {
			failed++
		}
	}
	if failed != 11 {
		t.Errorf("%d tests failed, want 11", failed)
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	p := parse(t, `
version: 1
use: [se]
detectors:
  - {override: se.personnummer, exclude: {values: ["19890102-2387"]}, title: {en: Mine}, mask: all, context: [{near: [nummer], within: 20, set: high}], boundary: none, overlap: one, confidence: low, fold: true, prefilter: [nummer], validate: [se.personnummer]}
rules:
  - {id: p, when: {detector: se.personnummer}, level: 2}
`)
	if d, _ := judge(t, p, testNode{Body: "nummer 19490823-9959"}); d.Verdict != message.Level2 || d.Findings[0].Masked != "********-****" || d.Findings[0].Title["en"] != "Mine" {
		t.Errorf("%+v", d.Findings)
	}
	for _, body := range []string{"nummer 198901022387", "19490823-9959"} {
		if d, _ := judge(t, p, testNode{Body: body}); d.Verdict != message.Pass {
			t.Errorf("%q: %s", body, d.Verdict)
		}
	}
}

// TestSecrets makes its values from parts at run time, so that no scanner of repositories trips over them.
func TestSecrets(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\nuse: [secrets]\nrules: [{id: s, when: {detector: 'secret.*'}, level: 1}]\n")
	random := "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2bC3dE4fG5hJ6kL7mN8pQ9rS0tU1vW2xY3zA4bC5dE6fG7hJ8"
	upper := "Q7WX2ERTY4ZPLK3MNB6V"
	key := "-----BEGIN " + "RSA PRIVATE KEY-----\n" + random + "\n-----END"
	for name, body := range map[string]string{
		"private_key": key,
		"aws":         "AKI" + "A" + upper[:16],
		"gcp":         "AIz" + "a" + random[:35],
		"azure":       "AccountKey" + "=" + (random + random)[:86] + "==",
		"github":      "gh" + "p_" + random[:36],
		"gitlab":      "glpa" + "t-" + random[:20],
		"slack":       "xox" + "b-" + random[:30],
		"stripe":      "sk_" + "live_" + random[:24],
		"connstring":  "postgres://app:" + random[:12] + "@db.example/x",
		"password":    "Användarnamn: anna\nLösenord: " + random[:12],
	} {
		d, x := judge(t, p, testNode{Body: "Här: " + body + "\nHälsningar"})
		if d.Verdict != message.Level1 || x.Findings[0].Detector != "secret."+name {
			t.Errorf("%s: %s %+v %+v", name, d.Verdict, x.Findings, x.Rejected)
			continue
		}
		for _, f := range x.Findings {
			if strings.ContainsAny(f.Masked, "abcdefABCDEF0123456789") {
				t.Errorf("%s: shown as %q", name, f.Masked)
			}
		}
	}
	for _, body := range []string{
		"-----BEGIN " + "PUBLIC KEY-----\n" + random, "AKI" + "AIOSFODNN7EXAMPLE", "postgres://app:changeme@db.example/x", "Lösenordet skickas separat", "password: example1A",
		"https://mail.example/reset?token=" + random[:40], "sha256-" + random[:44], "user x\npassword: ${SECRET_1a}",
	} {
		if d, x := judge(t, p, testNode{Body: body}); d.Verdict != message.Pass {
			t.Errorf("%q: %+v", body, x.Findings)
		}
	}
}

func TestDefaultIsNotEmpty(t *testing.T) {
	t.Parallel()
	if p := parse(t, string(policies.Default)); len(p.Rules()) < 12 {
		t.Errorf("rules: %v", p.Rules())
	}
}
