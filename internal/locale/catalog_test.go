package locale

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func newCatalog(t *testing.T) *Catalog {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// area builds a file system with one area in all languages.
func area(sv, nl, en string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for lang, s := range map[string]string{"sv": sv, "nl": nl, "en": en} {
		if s != "" {
			fsys["x."+lang+".json"] = &fstest.MapFile{Data: []byte(s)}
		}
	}
	return fsys
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const ok = `{"a": "A {{.X}}"}`
	for _, tc := range []struct {
		name string
		fsys fstest.MapFS
		want []string // all in the error
	}{
		{"language lacks", area(ok, "", ok), []string{"x.nl.json"}},
		{"key lacks", area(ok, `{}`, ok), []string{"x.nl.json", `"a"`, "lacks"}},
		{"key too many", area(ok, ok, `{"a": "A {{.X}}", "b": "B"}`), []string{"x.sv.json", "x.nl.json", `"b"`}},
		{"placeholder differs", area(ok, `{"a": "A {{.Y}}"}`, ok), []string{"x.nl.json", `"a"`, "[Y]", "[X]"}},
		{"placeholder lacks", area(ok, ok, `{"a": "A"}`), []string{"x.en.json", `"a"`}},
		{"plural in one only", area(`{"a": {"one": "1", "other": "2"}}`, `{"a": "1"}`, `{"a": "1"}`), []string{"x.nl.json", "plural"}},
		{"form lacks", area(`{"a": {"other": "2"}}`, ok, ok), []string{"x.sv.json", `"a"`, `"one"`}},
		{"unknown form", area(`{"a": {"many": "2"}}`, ok, ok), []string{"x.sv.json", `"many"`}},
		{"form twice", area(`{"a": {"one": "2", "one": "3"}}`, ok, ok), []string{"x.sv.json", "twice"}},
		{"key twice", area(`{"a": "1", "a": "2"}`, ok, ok), []string{"x.sv.json", `"a"`, "twice"}},
		{"not a text", area(`{"a": 1}`, ok, ok), []string{"x.sv.json", `"a"`}},
		{"not an object", area(`["a"]`, ok, ok), []string{"x.sv.json", "object"}},
		{"cut off", area(`{"a": "b"`, ok, ok), []string{"x.sv.json"}},
		{"something after", area(ok+"{}", ok, ok), []string{"x.sv.json", "follows"}},
		{"empty text", area(`{"a": " "}`, ok, ok), []string{"x.sv.json", "empty"}},
		{"bad placeholder", area(`{"a": "{{X}}"}`, ok, ok), []string{"x.sv.json", "{{.Name}}"}},
		{"open placeholder", area(`{"a": "{{.X"}`, ok, ok), []string{"x.sv.json", "{{.Name}}"}},
		{"open mark", area(`{"a": "**A"}`, ok, ok), []string{"x.sv.json", "**"}},
		{"file name", fstest.MapFS{"x.de.json": {Data: []byte(ok)}}, []string{"x.de.json", "<area>.<lang>.json"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(tc.fsys)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q: %v", want, err)
				}
			}
		})
	}
}

func TestPrinterText(t *testing.T) {
	t.Parallel()
	fsys := area(
		`{"hi": "Hej **{{.Who}}** & {{.Other}}", "n": {"one": "Ett för {{.Who}}", "other": "{{.N}} ({{.Word}}) för {{.Who}}"}, "e": "e-post kl. 15.04"}`,
		`{"hi": "Dag **{{.Who}}** & {{.Other}}", "n": {"one": "Een voor {{.Who}}", "other": "{{.N}} ({{.Word}}) voor {{.Who}}"}, "e": "e-mail 15.04 uur"}`,
		`{"hi": "Hi **{{.Who}}** & {{.Other}}", "n": {"one": "One for {{.Who}}", "other": "{{.N}} ({{.Word}}) for {{.Who}}"}, "e": "e-mail"}`,
	)
	for _, lang := range languages { // the words for numbers
		b, err := embedded.ReadFile("text/number." + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		fsys["number."+lang+".json"] = &fstest.MapFile{Data: b}
	}
	c, err := load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	sv, nl := c.Printer("sv", nil), c.Printer("nl", nil)
	hostile := "**<b>{{.Other}}</b>**"
	for _, tc := range []struct{ name, got, want string }{
		{"pairs", sv.T("x.hi", "Who", "Bo", "Other", 2), "Hej Bo & 2"},
		{"map", nl.T("x.hi", map[string]any{"Who": "Bo", "Other": "C"}), "Dag Bo & C"},
		{"value is not read again", sv.T("x.hi", "Who", hostile, "Other", "C"), "Hej " + hostile + " & C"},
		{"markup", string(sv.H("x.hi", "Who", hostile, "Other", "C")), "Hej <b>**&lt;b&gt;{{.Other}}&lt;/b&gt;**</b> &amp; C"},
		{"value lacks", sv.T("x.hi", "Who", "Bo"), "Hej Bo & {{.Other}}"},
		{"key lacks", sv.T("x.no"), "x.no"},
		{"plural key lacks", sv.N("x.no", 1), "x.no"},
		{"one", sv.N("x.n", 1, "Who", "Bo"), "Ett för Bo"},
		{"other", nl.N("x.n", 3, "Who", "Bo"), "3 (drie) voor Bo"},
		{"zero", sv.N("x.n", 0, "Who", "Bo"), "0 (noll) för Bo"},
		{"plural markup", string(sv.HN("x.n", 1, "Who", "<")), "Ett för &lt;"},
		{"tidy sv", sv.T("x.e"), "e\u2011post kl.\u00a015.04"},
		{"tidy nl", nl.T("x.e"), "e\u2011mail 15.04\u00a0uur"},
		{"whole", Whole("0600-12 34 99"), "0600\u201112\u00a034\u00a099"},
		{"plain of whole", Plain(Whole("0600-12 34 99")), "0600-12 34 99"},
		{"plain", Plain(nl.T("x.e")), "e-mail 15.04 uur"},
		{"unknown language", c.Printer("xx", nil).T("x.hi", "Who", "Bo", "Other", "C"), "Hi Bo & C"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, tc.got, tc.want)
		}
	}
	if !c.Has("x.n") || !c.Has("x.hi") || c.Has("x.no") {
		t.Error("Has is wrong")
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	for _, tc := range []struct{ name, asked, accept, usual, want string }{
		{"asked wins", "nl", "sv", "en", "nl"},
		{"asked in capitals", "NL", "sv", "en", "nl"},
		{"asked unknown", "de", "sv-SE,sv;q=0.9", "en", "sv"},
		{"weights", "", "en;q=0.2, nl-BE;q=0.8", "sv", "nl"},
		{"unknown first", "", "fr-FR, nl;q=0.5", "sv", "nl"},
		{"Norwegian", "", "nb-NO", "en", "sv"},
		{"refused", "", "nl;q=0", "sv", "sv"},
		{"nothing known", "", "fr, de", "sv", "sv"},
		{"star", "", "*", "nl", "nl"},
		{"nonsense", "", ";;;===", "nl", "nl"},
		{"too long", "", strings.Repeat("sv,", 1000), "nl", "nl"},
		{"nothing at all", "", "", "", "en"},
	} {
		if got := c.Match(tc.asked, tc.accept, tc.usual); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	c, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("", "sv-SE,sv;q=0.9,en;q=0.1", "nl")
	f.Add("nl", "*;q=0.5", "")
	f.Add("\x00", strings.Repeat("a-", 150), "en")
	f.Fuzz(func(t *testing.T, asked, accept, usual string) {
		got := c.Match(asked, accept, usual)
		if _, ok := c.words[got]; !ok {
			t.Errorf("chose %q", got)
		}
	})
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"a {{.B}} **c**", "{{.", "*{{.X}}*", "{{}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		tx, err := compile(raw)
		if err != nil {
			return
		}
		if got, want := tx.plain(nil), strings.ReplaceAll(raw, "**", ""); got != want {
			t.Errorf("without values: got %q, want %q", got, want)
		}
	})
}
