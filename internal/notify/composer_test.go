package notify

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"

	"sigill/internal/locale"
	"sigill/internal/message"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	catalog, err := locale.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Org){
		"no name":          func(o *Org) { o.Name = " \r\n" },
		"no sender":        func(o *Org) { o.From = message.Address{} },
		"no portal":        func(o *Org) { o.Host = "" },
		"portal with path": func(o *Org) { o.Host += "/x" },
		"portal by ftp":    func(o *Org) { o.Host = "ftp://brev.example" },
		"help by script":   func(o *Org) { o.HelpURL = "javascript:alert(1)" },
		"terms with quote": func(o *Org) { o.TermsURL = `https://x.example/"` },
		"colour":           func(o *Org) { o.Colours.Link = "red;background:url(x)" },
		"dark colour":      func(o *Org) { o.Colours.DarkAccent = "#12345" },
	} {
		o := org(t, "sv")
		change(&o)
		if _, err := New(o, catalog); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := New(org(t, "sv"), nil); err == nil {
		t.Error("no catalog: taken")
	}
}

// TestBareOrg: everything that may be left out is.
func TestBareOrg(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"sv", "nl", "en"} {
		c := composer(t, Org{Name: "Brev", Host: "http://127.0.0.1:8025", From: address(t, "brev@brev.test"), Lang: lang})
		m := sample(t, lang)
		m.Lang, m.PersonName = "", ""
		for name, write := range map[string]func() (Mail, error){
			"notice":  func() (Mail, error) { return c.Notice(m, 0, c.org.Host+"/b/x?y=1", accepted()) },
			"code":    func() (Mail, error) { return c.Code(m, 0, "abcdefghijkl", "K4", accepted(), accepted()) },
			"hold":    func() (Mail, error) { return c.AskPhone(m, c.org.Host+"/s/x", 0, accepted()) },
			"confirm": func() (Mail, error) { return c.Confirm(sealed(m), []int{0}, c.org.Host+"/s/x", accepted()) },
			"ended":   func() (Mail, error) { return c.HoldEnded(m, []int{0}, c.org.Host+"/s/x", accepted()) },
			"dropped": func() (Mail, error) { return c.HoldDropped(m, []int{0}, c.org.Host+"/s/x", accepted()) },
			"by you":  func() (Mail, error) { return c.Released(m, []int{0}, false, c.org.Host+"/s/x", accepted()) },
			"by them": func() (Mail, error) { return c.Released(m, []int{0}, true, c.org.Host+"/s/x", accepted()) },
		} {
			got, err := write()
			if err != nil {
				t.Fatal(err)
			}
			checkMail(t, c, got)
			o := open(t, got)
			checkHTML(t, o.parts[1], 160)
			if o.header.Get("Content-Language") != lang {
				t.Errorf("%s: language %s", name, o.header.Get("Content-Language"))
			}
			if name == "notice" && !strings.Contains(o.parts[0], "/b/x?y=1&lang=") {
				t.Error("the link to another language is wrong")
			}
		}
	}
}

func TestOrgNameInHeader(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Region Norrsund", "Å & Ö, advokater", `Smith, "Bo" & Co. (x)`, "=?utf-8?q?x?=", strings.Repeat("Ö", maxName), "a\\b", "日本語の会社"} {
		o := org(t, "sv")
		o.Name = name
		c := composer(t, o)
		got, err := c.Notice(sample(t, "sv"), 0, c.org.Host+"/b/x", accepted())
		if err != nil {
			t.Fatal(err)
		}
		checkMail(t, c, got)
		std, err := mail.ReadMessage(bytes.NewReader(got.Raw))
		if err != nil {
			t.Fatal(err)
		}
		from, err := std.Header.AddressList("From")
		if err != nil || from[0].Name != name {
			t.Errorf("%q: %v, %v", name, from, err)
		}
	}
}
