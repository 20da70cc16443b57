package notify

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"sigill/internal/message"
)

func TestCodeText(t *testing.T) {
	t.Parallel()
	until := accepted().Add(10 * time.Minute)
	for _, tc := range []struct{ lang, org, want string }{
		{"sv", "Region Norrsund", "482913 är din kod till meddelandet från Region Norrsund, märkt M2. Den gäller till kl. 15.51. Lämna inte ut den."},
		{"nl", "Gemeente Waterveen", "482913 is uw code voor het bericht van Gemeente Waterveen, gemerkt M2. Geldig tot 15.51 uur. Geef hem aan niemand."},
		{"en", "Hartley & Moor", "482913 is your code for the message from Hartley & Moor, marked M2. Valid until 14:51. Give it to nobody."},
		{"nl", "Coöperatie Één", "482913 is uw code voor het bericht van Coöperatie Één, gemerkt M2. Geldig tot 15.51 uur. Geef hem aan niemand."},
		{"sv", "Østfold Škoda", "482913 är din kod från Østfold Škoda, märkt M2. Gäller till kl. 15.51."},
		{"sv", "Łódź " + strings.Repeat("kommun ", 7), "482913 är din kod till ett förseglat meddelande, märkt M2. Gäller till kl. 15.51."},
	} {
		o := org(t, tc.lang)
		o.Name = tc.org
		got := composer(t, o).CodeText(sample(t, tc.lang), 0, "482913", "M2", until)
		if got != tc.want {
			t.Errorf("%s: got %q", tc.org, got)
		}
		if !oneSegment(got) {
			t.Errorf("%s: more than one segment: %q", tc.org, got)
		}
	}
}

func TestCodeTextIsClean(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"sv", "nl", "en"} {
		c := composer(t, org(t, lang))
		for _, bad := range hostile {
			m := sample(t, lang)
			m.PersonName, m.Subject, m.Decision.Subject = bad, bad, bad
			got := c.CodeText(m, 0, "482913", bad, accepted())
			if strings.ContainsFunc(got, unicode.IsControl) || strings.Contains(got, "\u202e") || len([]rune(got)) > maxReply {
				t.Errorf("%q", got)
			}
			if got = c.CodeText(m, 0, "482913", "M2", accepted()); strings.Contains(got, "anary") || strings.Contains(got, "http") || strings.Contains(got, "://") {
				t.Errorf("%q", got)
			}
		}
	}
}

func TestOneSegment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		want bool
	}{
		{strings.Repeat("å", 160), true},
		{strings.Repeat("å", 161), false},
		{strings.Repeat("€", 80), true},
		{strings.Repeat("€", 81), false},
		{strings.Repeat("ë", 70), true},
		{strings.Repeat("ë", 71), false},
		{strings.Repeat("😀", 35), true},
		{strings.Repeat("😀", 36), false},
	} {
		if got := oneSegment(tc.text); got != tc.want {
			t.Errorf("%d of %c: %v", len([]rune(tc.text)), []rune(tc.text)[0], got)
		}
	}
}

func TestCodeRefuses(t *testing.T) {
	t.Parallel()
	c := composer(t, org(t, "sv"))
	for name, write := range map[string]func() (Mail, error){
		"code with a line end": func() (Mail, error) { return c.Code(sample(t, "sv"), 0, "abc\r\ndef", "K4", accepted(), accepted()) },
		"no code":              func() (Mail, error) { return c.Code(sample(t, "sv"), 0, "", "K4", accepted(), accepted()) },
		"mark with a space":    func() (Mail, error) { return c.Code(sample(t, "sv"), 0, "abcdefghijkl", "K 4", accepted(), accepted()) },
		"no such recipient":    func() (Mail, error) { return c.Code(sample(t, "sv"), 9, "abcdefghijkl", "K4", accepted(), accepted()) },
	} {
		if got, err := write(); err == nil || got.Raw != nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestLinksStayOurs(t *testing.T) {
	t.Parallel()
	c := composer(t, org(t, "sv"))
	m := sample(t, "sv")
	for _, bad := range []string{
		"", "/b/x", "javascript:alert(1)", "https://elsewhere.example/b/x", "https://brev.norrsund.example.elsewhere.example/b/x",
		"https://brev.norrsund.example@elsewhere.example/", "https://brev.norrsund.example/b/x\r\nX: 1", `https://brev.norrsund.example/"><b>`, "http://brev.norrsund.example/b/x",
	} {
		for name, write := range map[string]func() (Mail, error){
			"notice":   func() (Mail, error) { return c.Notice(m, 0, bad, accepted()) },
			"reminder": func() (Mail, error) { return c.Reminder(m, 0, bad, accepted()) },
			"hold":     func() (Mail, error) { return c.AskPhone(m, bad, 0, accepted()) },
			"confirm":  func() (Mail, error) { return c.Confirm(m, []int{0}, bad, accepted()) },
			"ended":    func() (Mail, error) { return c.HoldEnded(m, []int{0}, bad, accepted()) },
			"dropped":  func() (Mail, error) { return c.HoldDropped(m, []int{0}, bad, accepted()) },
			"released": func() (Mail, error) { return c.Released(m, []int{0}, false, bad, accepted()) },
			"failed":   func() (Mail, error) { return c.NoticeFailed(m, 0, bad, accepted()) },
		} {
			if _, err := write(); err == nil {
				t.Errorf("%s with the link %q", name, bad)
			}
		}
	}
}

func TestNothingWithoutAPerson(t *testing.T) {
	t.Parallel()
	c := composer(t, org(t, "sv"))
	m := sample(t, "sv")
	m.Person = message.Address{}
	if _, err := c.AskPhone(m, c.org.Host+"/s/x", 0, accepted()); err == nil {
		t.Error("a mail to nobody")
	}
	if _, err := c.Confirm(m, nil, c.org.Host+"/s/x", accepted()); err == nil {
		t.Error("a confirmation of nothing")
	}
	if _, err := c.Notice(m, 7, c.org.Host+"/b/x", accepted()); err == nil {
		t.Error("a notice to recipient 7 of 4")
	}
}
