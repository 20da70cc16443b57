package policy

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// firing lists the rules that hold, each once, by name; those that only observe in brackets.
func firing(x *Explanation) string {
	var ids []string
	for _, f := range x.Findings {
		ids = append(ids, f.Rule)
	}
	for _, f := range x.Observed {
		ids = append(ids, "("+f.Rule+")")
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), " ")
}

// word is a policy with one detector of its own under the rule r.
func word(detector string) string {
	return "version: 1\nlists: {cities: [Visby, Kalmar], more: ['@cities', Umeå]}\ndetectors:\n  - {id: d, " + detector + "}\nrules:\n  - {id: r, when: {detector: d}, level: 1}\n"
}

// TestMeaning has for each sentence about the language a policy and mails that it decides.
func TestMeaning(t *testing.T) {
	t.Parallel()
	number := `patterns: [{regex: '[A-Z]{2}\d{4}'}], `
	tests := []struct {
		name, policy string
		hold, pass   []string // bodies
	}{
		{"words are whole, in any case, over any white space", word("words: [Projekt Granit]"), []string{"PROJEKT  granit.", "projekt\ngranit"}, []string{"projekt granitblock", "delprojekt granit"}},
		{"a star lets a word go on", word("words: ['granit*', '*berg']"), []string{"granitblock", "urberg"}, []string{"bergis"}},
		{"fold finds words without diacritics", word("words: [fjällräv], fold: true"), []string{"fjallrav", "Fjällräv"}, nil},
		{"without fold they are other words", word("words: [fjällräv]"), []string{"fjällräv"}, []string{"fjallrav"}},
		{"lists within lists", word("words: '@more'"), []string{"Visby", "umeå"}, []string{"Boden"}},
		{"groups count groups", "version: 1\ndetectors:\n  - {id: d, groups: {a: [ett, en], b: [två]}}\nrules:\n  - {id: r, when: {detector: d, count: {min: 2}}, level: 1}\n", []string{"ett två"}, []string{"ett en"}},
		{"words by language", word("words: {sv: [hund], de: [Katze]}"), []string{"hund", "Katze"}, nil},
		{"validator_only", word("validator_only: iban, validate: [mod97_iban]"), []string{"SE3550000000054910000003"}, []string{"SE3550000000054910000004"}},
		{"boundary number", word(number + "boundary: number"), []string{"nr AB1234."}, []string{"xAB1234", "AB12345", "AB1234-5", "AB1234,5"}},
		{"boundary word", word(number + "boundary: word"), []string{"AB1234-5"}, []string{"éAB1234", "AB1234å"}},
		{"boundary none", word(number + "boundary: none"), []string{"xAB12345"}, nil},
		{"the value is a group", word(`patterns: [{regex: 'nr (\d{4})', value: 1}], exclude: {values: ["1111"]}`), []string{"nr 1234"}, []string{"nr 1111", "nr 123"}},
		{"prefilter in the text", word(number + "prefilter: [ärende]"), []string{"AB1234 i ärendet"}, []string{"AB1234"}},
		{"validators must all hold", word(`patterns: [{regex: '\d{4}'}], boundary: number, validate: [luhn, 'length(4,4)']`), []string{"1230"}, []string{"1231"}},
		{"exclude values", word(number + "exclude: {values: [ab-1234]}"), []string{"AB1235"}, []string{"AB1234"}},
		{"exclude a form, of the whole value", word(number + `exclude: {regex: 'AB\d+'}`), []string{"AC1234"}, []string{"AB1234"}},
		{"exclude one digit", word(`patterns: [{regex: '\d{6}'}], exclude: {same_digit: true}`), []string{"111112"}, []string{"111111"}},
		{"exclude a sequence", word(`patterns: [{regex: '\d{9}'}], exclude: {sequence: true}`), []string{"123456780"}, []string{"123456789"}},
		{"exclude stopwords inside", word(number + "exclude: {stopwords: [xb]}"), []string{"AB1234"}, []string{"XB1234"}},
		{"exclude a line", word(number + "exclude: {line_regex: 'exempel'}"), []string{"AB1234\nexempel"}, []string{"ett exempel: AB1234"}},
		{"context raises", word(number+"context: [{near: [ärende], within: 20, set: high}]") + "defaults: {min_confidence: high}\n", []string{"ärendenumret AB1234", "AB1234, ärende"}, []string{"AB1234", "ärende, och sedan mycket annat, AB1234"}},
		{"context drops", word(number + "context: [{near: [order], within: 20, set: none}]"), []string{"AB1234"}, []string{"order AB1234"}},
		{"context before", word(number + "context: [{near: [order], within: 20, side: before, shift: -1}]"), []string{"AB1234 order"}, []string{"order AB1234"}},
		{"context after", word(number + "context: [{near: [order], within: 20, side: after, shift: -1}]"), []string{"order AB1234"}, []string{"AB1234 order"}},
		{"context words are beginnings", word(number + "context: [{near: [order], within: 20, shift: -1}]"), []string{"reorder AB1234"}, []string{"ordernumret AB1234"}},
		{"or whole, with a dollar", word(number + "context: [{near: [order$], within: 20, shift: -1}]"), []string{"ordern AB1234"}, []string{"order AB1234"}},
		{"the default window", word(number+"context: [{near: [order], shift: -1}]") + "defaults: {window: 10}\n", []string{"order mycket annat AB1234"}, []string{"order AB1234"}},
		{"default count", word("words: [ett, två]") + "defaults: {count: {min: 2}}\n", []string{"ett två"}, []string{"ett", "ett ett"}},
		{"default scope", word("words: [ett]") + "defaults: {scope: [subject]}\n", nil, []string{"ett"}},
		{"default confidence", word("words: [ett], confidence: medium, context: [{near: [och], set: high}]") + "defaults: {min_confidence: high}\n", []string{"ett och två"}, []string{"ett"}},
		{"detectors by pattern, their counts added", "version: 1\ndetectors:\n  - {id: a.x, words: [ett]}\n  - {id: a.y, words: [två]}\n  - {id: b, words: [tre]}\nrules:\n  - {id: r, when: {detector: 'a.*', count: {min: 2}}, level: 1}\n", []string{"ett två"}, []string{"ett tre"}},
		{"detectors by a list", "version: 1\nlists: {ids: [a, b]}\ndetectors:\n  - {id: a, words: [ett]}\n  - {id: b, words: [två]}\nrules:\n  - {id: r, when: {detector: '@ids'}, level: 1}\n", []string{"ett", "två"}, []string{"tre"}},
		{"all, any and not", "version: 1\ndetectors:\n  - {id: a, words: [ett]}\n  - {id: b, words: [två]}\n  - {id: c, words: [tre]}\nrules:\n  - {id: r, when: {all: [{any: [{detector: a}, {detector: b}]}, {not: {detector: c}}]}, level: 1}\n", []string{"ett", "två"}, []string{"ett tre", "fyra"}},
		{"count at most", word("words: [ett, två, tre]") + "  - {id: s, when: {detector: d, count: {max: 0}}, level: 1}\n", nil, nil},
		{"the same in the quoted copy", word("words: [ett]") + "    \ndefaults: {count: {min: 2, unique: false}}\n", []string{"ett\nett"}, []string{"ett\n\n> ett", "ett"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.hold == nil && tt.pass == nil {
				if _, err := Parse("policy.yaml", []byte(tt.policy), nil); err == nil {
					t.Error("no error")
				}
				return
			}
			p := parse(t, tt.policy)
			for _, bodies := range []struct {
				list []string
				want string
			}{{tt.hold, "r"}, {tt.pass, ""}} {
				for _, body := range bodies.list {
					if _, x := judge(t, p, testNode{Body: body}); firing(x) != bodies.want {
						t.Errorf("%q: rules %q, want %q; rejected %+v", body, firing(x), bodies.want, x.Rejected)
					}
				}
			}
		})
	}
}

// TestPrefilterInSubject holds that the subject is context for every text.
func TestPrefilterInSubject(t *testing.T) {
	t.Parallel()
	p := parse(t, word(`patterns: [{regex: '[A-Z]{2}\d{4}'}], prefilter: [ärende]`))
	if _, x := judge(t, p, testNode{Subject: "Ärende", Body: "AB1234"}); firing(x) != "r" {
		t.Errorf("%+v", x)
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	p := parse(t, `
version: 1
lists: {own: [own.example, '*.own.example']}
rules:
  - {id: sender, when: {sender: {address: 'hr@*'}}, level: 1}
  - {id: outside, when: {recipient: {outside: '@own'}}, level: 1}
  - {id: header, when: {header: {name: X-Case, equals: Secret}}, level: 1}
  - {id: header.match, when: {header: {name: X-Case, matches: '^KS \d+'}}, level: 1}
  - {id: files, when: {attachment: {type: [csv], count: {min: 2}}}, level: 1}
  - {id: file.name, when: {attachment: {name: '(?i)lön'}}, level: 1}
  - {id: small, when: {size: {max: 1KB}}, level: 1, mode: observe}
labels:
  - {id: label, header: X-Label, equals: [hemlig], level: 2}
`)
	csv := func(name string) testAttachmentNode { return testAttachmentNode{Name: name, Text: "a;b"} }
	to := func(a string) texts { return texts{{Value: a}} }
	for _, tt := range []struct {
		name string
		mail testNode
		want string
	}{
		{"nothing", testNode{To: to("a@own.example"), Body: strings.Repeat("x ", 600)}, ""},
		{"small", testNode{To: to("a@own.example"), Body: "x"}, "(small)"},
		{"sender", testNode{To: to("a@own.example"), From: "hr@own.example"}, "(small) sender"},
		{"outside", testNode{To: to("a@else.example")}, "(small) outside"},
		{"below an own domain", testNode{To: to("a@sub.own.example")}, "(small)"},
		{"header", testNode{To: to("a@own.example"), Headers: map[string]string{"X-Case": "SECRET"}}, "(small) header"},
		{"header, encoded", testNode{To: to("a@own.example"), Headers: map[string]string{"X-Case": "KS 12 är"}}, "(small) header.match"},
		{"label", testNode{To: to("a@own.example"), Headers: map[string]string{"X-Label": "Hemlig"}}, "(small) label"},
		{"one file", testNode{To: to("a@own.example"), Attachments: []testAttachmentNode{csv("a.csv")}}, "(small)"},
		{"two files", testNode{To: to("a@own.example"), Attachments: []testAttachmentNode{csv("a.csv"), csv("LÖN.csv")}}, "(small) file.name files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, x := judge(t, p, tt.mail)
			if got := firing(x); got != tt.want {
				t.Errorf("rules %q, want %q", got, tt.want)
			}
			if tt.want == "(small)" && (d.Verdict != message.Pass || len(d.Findings) != 1) {
				t.Errorf("what is only observed is recorded and not acted on: %s, %+v", d.Verdict, d.Findings)
			}
		})
	}
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	base := `
version: 1
use: [se]
lists: {forms: ["19890102-2387"]}
rules:
  - {id: r, when: {detector: se.personnummer}, level: 2}
  - {id: s, when: {detector: se.personnummer}, level: 1}
exceptions:
  - {id: e, rules: [r], when: `
	body := testNode{Body: "personnummer 19890102-2387"}
	with := func(change func(*testNode)) testNode {
		n := body
		change(&n)
		return n
	}
	for _, tt := range []struct {
		name, when string
		mail       testNode
		want       string
	}{
		{"a value of a list", "{value: '@forms'}", body, "s"},
		{"a value without its century", "{value: ['890102-2387']}", body, "s"},
		{"another value", "{value: ['19490823-9959']}", body, "r s"},
		{"one value of two", "{value: '@forms'}", testNode{Body: "pnr 19890102-2387, 19490823-9959"}, "r s"},
		{"a segment", "{segment: subject}", testNode{Subject: "pnr 19890102-2387", Body: "x"}, "s"},
		{"another segment", "{segment: subject}", body, "r s"},
		{"quoted text", "{segment: [quoted]}", testNode{Body: "Se nedan\n\n> pnr 19890102-2387"}, "s"},
		{"a value by a sender", "{value: '@forms', sender: {domain: [own.example]}}", with(func(n *testNode) { n.From = "a@own.example" }), "s"},
		{"a value by another sender", "{value: '@forms', sender: {domain: [own.example]}}", body, "r s"},
		{"a sender", "{sender: {address: tax@own.example}}", with(func(n *testNode) { n.From = "tax@own.example" }), "s"},
		{"a recipient", "{recipient: {domain: [recipient.example]}}", body, "s"},
		{"a recipient over TLS that nobody verified", "{recipient: {domain: [recipient.example]}, transport: tls_verified}", body, "r s"},
		{"TLS that nobody verified", "{transport: tls_verified}", body, "r s"},
		{"until yesterday", "{value: '@forms'}, expires: 2026-11-23", body, "r s"},
		{"until today", "{value: '@forms'}, expires: 2026-11-24", body, "s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, x := judge(t, parse(t, base+tt.when+"}\n"), tt.mail)
			if got := firing(x); got != tt.want {
				t.Errorf("rules %q, want %q", got, tt.want)
			}
			if used := len(x.Excepted) == 1 && x.Excepted[0].Exception == "e"; used != (tt.want == "s") && tt.name != "one value of two" {
				t.Errorf("its use is not told as it was: %+v", x.Excepted)
			}
		})
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\nuse: [se]\nrules:\n  - {id: r, when: {detector: se.*}}\nexceptions:\n"+
		"  - {id: old, rules: [r], when: {value: x1}, expires: 2026-11-23}\n  - {id: last, rules: [r], when: {value: x1}, expires: 2026-11-24}\n  - {id: ever, rules: [r], when: {value: x1}}\n")
	want := "policy.yaml:6:5: exception \"old\" has expired: 2026-11-23 was its last day; remove it, or give it a new one"
	if got := p.Expired(today); len(got) != 1 || got.Error() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// TestUnreadUnderNot holds that a condition under not counts as not holding when what was not read could make it so.
func TestUnreadUnderNot(t *testing.T) {
	t.Parallel()
	unread := extract.Unreadable{Where: "att[1]/a.zip", Reason: extract.Encrypted}
	picture := extract.Unreadable{Where: "att[1]/a.png", Reason: extract.UnreadPicture}
	for _, tt := range []struct {
		name, not string
		body      string
		unread    []extract.Unreadable
		want      bool
	}{
		{"nothing forbidden is found", "{detector: form}", "alfa", nil, true},
		{"nothing forbidden is found, and something was not read", "{detector: form}", "alfa", []extract.Unreadable{unread}, true},
		{"the forbidden is there", "{detector: form}", "alfa blankett", nil, false},
		{"the forbidden is there for sure", "{detector: form}", "alfa blankett", []extract.Unreadable{unread}, false},
		{"at most two", "{detector: name, count: {max: 2}}", "alfa beta", nil, false},
		{"at most two, as far as was read", "{detector: name, count: {max: 2}}", "alfa beta", []extract.Unreadable{unread}, true},
		{"a picture holds no text", "{detector: name, count: {max: 2}}", "alfa beta", []extract.Unreadable{picture}, false},
		{"at most two, in the body", "{detector: name, scope: [body], count: {max: 2}}", "alfa beta", []extract.Unreadable{unread}, false},
		{"not without a form", "{not: {detector: form}}", "alfa", nil, false},
		{"not without a form, which may be in what was not read", "{not: {detector: form}}", "alfa", []extract.Unreadable{unread}, true},
		{"one of two", "{any: [{detector: form}, {detector: name, count: {max: 2}}]}", "alfa", []extract.Unreadable{unread}, true},
		{"all of two", "{all: [{detector: name, count: {max: 9}}, {detector: form}]}", "alfa blankett", []extract.Unreadable{unread}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, "version: 1\ndetectors:\n  - {id: name, words: [alfa, beta, gamma]}\n  - {id: form, words: [blankett]}\n"+
				"rules:\n  - {id: r, when: {detector: name, not: "+tt.not+"}, level: 2}\nunscannable: {encrypted: pass}\n")
			in := Input{Now: today, Content: &extract.Content{
				Segments: []extract.Segment{{Where: "body/text", Kind: extract.Body, Text: tt.body, Attachment: -1}}, Unreadable: tt.unread,
			}}
			d, _, err := p.Evaluate(context.Background(), in)
			if err != nil || (d.Verdict == message.Level2) != tt.want {
				t.Errorf("%s, %v; want %t", d.Verdict, err, tt.want)
			}
		})
	}
}

// TestAnswer holds the answers about a count of which more may be there than was found.
func TestAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		min, max, n int
		want        string // found, surely, possibly
	}{
		{1, 0, 0, "no no yes"}, {1, 0, 1, "yes yes yes"}, {1, 2, 1, "yes no yes"}, {1, 2, 3, "no no no"}, {2, 3, 1, "no no yes"},
	} {
		c := count{min: tt.min, max: tt.max}
		var got []string
		for _, d := range []doubt{asFound, surely, possibly} {
			got = append(got, map[bool]string{true: "yes", false: "no"}[c.answer(tt.n, d, false)])
			if c.answer(tt.n, d, true) != c.holds(tt.n) {
				t.Errorf("%+v: when everything was read, there is one answer", c)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%+v of %d: %v, want %s", c, tt.n, got, tt.want)
		}
	}
}

func TestLongerTrigger(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\ntriggers:\n  - {id: one, words: ['#säker', '[säker]'], level: 1}\n  - {id: two, words: ['#säker sms', '[säker sms]'], longest: true, level: 2}\n")
	for subject, want := range map[string]string{
		"#säker plan": "one: plan", "#säker SMS plan": "two: plan", "[säker sms] plan": "two: plan", "#säker sms, #säker plan": "one two: plan", "#säkersms": ": #säkersms",
	} {
		found, left := p.trigger(subject)
		var ids []string
		for _, f := range found {
			ids = append(ids, f.t.id)
		}
		if got := strings.Join(ids, " ") + ": " + left; got != want {
			t.Errorf("%q: %q, want %q", subject, got, want)
		}
	}
}

func TestRepliesKeepTriggers(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\ntriggers:\n  - {id: t, words: ['[säker]', '#säker'], level: 1}\n  - {id: plain, words: [hemligt], position: start, level: 1}\n")
	for _, prefix := range []string{"Sv:", "VS:", "Re:", "RE:", "Fwd:", "AW:", "WG:", "Antw:", "VL:", "Re: Sv:"} {
		for _, word := range []string{"[säker]", "#säker", "Hemligt"} {
			if found, left := p.trigger(prefix + " " + word + " plan"); len(found) != 1 || left != prefix+" plan" {
				t.Errorf("%s %s: %d found, %q left", prefix, word, len(found), left)
			}
		}
	}
}

// TestStripNowhereElse holds that a trigger that is not to be stripped stays, and that an empty subject may be left.
func TestStripNowhereElse(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\ntriggers:\n  - {id: keep, words: ['[a]'], strip: false, level: 1}\n  - {id: cut, words: ['[b]'], level: 1}\n")
	for subject, want := range map[string]string{"[a] x": "[a] x", "[b] x": "x", "[a] [b]": "[a]", "[b]": "", "x - [b] - y": "x - - y"} {
		if _, left := p.trigger(subject); left != want {
			t.Errorf("%q: %q, want %q", subject, left, want)
		}
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	p := parse(t, "version: 1\nuse: [se]\nrules: [{id: r, when: {detector: se.personnummer}, level: 1}]\n")
	for _, tt := range []struct {
		mail testNode
		want string
	}{
		{testNode{Body: "Personnummers: 19890102-2387"}, "Personnummers: ********-**87"},
		{testNode{Body: "Personnummer för Kim Ek är 19890102-2387"}, "Personnummer … ********-**87"},
		{testNode{Body: "PNR\n19890102-2387"}, "PNR\n********-**87"},
		{testNode{Body: "pnr för Kim\nEk: 19890102-2387"}, "pnr\n… ********-**87"},
		{testNode{Body: "19890102-2387 är personnummer"}, "********-**87 … personnummer"},
		{testNode{Subject: "Personnummer", Body: "19890102-2387"}, "personnummer … ********-**87"},
		{testNode{Attachments: []testAttachmentNode{{Name: "a.csv", Text: "namn;personnummer\nKim Ek;19890102-2387"}}}, "personnummer\n… ********-**87"},
		{testNode{Body: "19890102-2387"}, ""},
	} {
		_, x := judge(t, p, tt.mail)
		if len(x.Findings) != 1 || x.Findings[0].Near != tt.want {
			t.Errorf("%q: near %+v, want %q", tt.mail.Body, x.Findings, tt.want)
		}
	}
}

// TestUse narrows packs, and changes a detector of one.
func TestUse(t *testing.T) {
	t.Parallel()
	has := func(source string) []string {
		var ids []string
		for _, id := range slices.Sorted(func(yield func(string) bool) {
			for id := range parse(t, source).detectors {
				if !yield(id) {
					return
				}
			}
		}) {
			if strings.HasPrefix(id, "nl.") || strings.HasPrefix(id, "term.") {
				ids = append(ids, id)
			}
		}
		return ids
	}
	if diff := cmp.Diff([]string{"nl.bsn", "nl.kvk"}, has("version: 1\nlists: {ids: [nl.bsn, nl.kvk]}\nuse:\n  - nl: {only: '@ids'}\n")); diff != "" {
		t.Error(diff)
	}
	if ids := has("version: 1\nuse:\n  - nl: {except: [nl.kvk]}\n"); slices.Contains(ids, "nl.kvk") || !slices.Contains(ids, "nl.bsn") {
		t.Errorf("%v", ids)
	}
	p := parse(t, "version: 1\nuse:\n  - terms: {languages: [nl]}\nrules: [{id: r, when: {detector: term.hr}, level: 1}]\n")
	for body, want := range map[string]string{"functioneringsgesprek": "r", "disciplinary hearing": ""} {
		if _, x := judge(t, p, testNode{Body: body}); firing(x) != want {
			t.Errorf("%s: %q", body, firing(x))
		}
	}
}

// TestNor holds that the pack that other readers of YAML take for false has a second name.
func TestNor(t *testing.T) {
	t.Parallel()
	one, errOne := readPack("no")
	two, errTwo := readPack("nor")
	if (errOne == nil) != (errTwo == nil) || errOne == nil && one.name != two.name {
		t.Errorf("%v, %v", errOne, errTwo)
	}
	if errTwo != nil && !strings.Contains(errTwo.Error(), `"no"`) {
		t.Errorf("%v", errTwo)
	}
}

func TestInclude(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"a.yaml": "use: [nl]\nlists: {words: [alfa]}\nunscannable: {corrupt: {level: 2}}\njournal: [archive@own.example]\nrules:\n  - {id: bsn, when: {detector: nl.bsn}, level: 2}\n",
		"b.yaml": "version: 1\ndetectors:\n  - {id: w, words: '@words'}\n",
		"c.yaml": "lists: {words: []}\n",
		"d.yaml": "rules:\n  - {id: bsn, when: {detector: w}, level: 1}\n",
		"e.yaml": "unscannable: {corrupt: pass}\n",
		"f.yaml": "detectors:\n  - {id: w, words: [beta]}\n",
		"g.yaml": "version: 2\n",
		"h.yaml": "limits: {depth: 2}\n",
	}
	read := func(name string) ([]byte, error) {
		data, ok := files[name]
		if !ok {
			return nil, os.ErrNotExist
		}
		return []byte(data), nil
	}
	load := func(names string) (*Policy, error) {
		return Parse("dir/policy.yaml", []byte("version: 1\ninclude: ["+names+"]\nrules: [{id: r, when: {detector: w}, level: 1}]\n"), read)
	}
	p, err := load("a.yaml, b.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, x := judge(t, p, testNode{Body: "alfa, bsn 999944393"}); firing(x) != "bsn r" {
		t.Errorf("%+v", x)
	}
	if p.unscannable[extract.Corrupt].Level != 2 || len(p.journal) != 1 {
		t.Error("not everything of the file was taken")
	}
	for names, want := range map[string]string{
		"a.yaml, b.yaml, c.yaml": `dir/c.yaml: list "words" is defined twice, first at dir/a.yaml:2:17`,
		"a.yaml, b.yaml, d.yaml": `dir/d.yaml:2:5: id "bsn" is used twice, first at dir/a.yaml:6:5`,
		"a.yaml, b.yaml, e.yaml": `dir/e.yaml:1:24: unscannable "corrupt" is said twice`,
		"a.yaml, b.yaml, f.yaml": `dir/f.yaml:2:5: detector "w" is defined twice, first at dir/b.yaml:3:5`,
		"a.yaml, b.yaml, g.yaml": `dir/g.yaml:1:10: version 2 is unknown`,
		"a.yaml, b.yaml, h.yaml": `dir/h.yaml:1:1: unknown key "limits"`,
		"z.yaml":                 `dir/policy.yaml:2:11: include "z.yaml": file does not exist`,
	} {
		if _, err := load(names); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", names, err, want)
		}
	}
}
