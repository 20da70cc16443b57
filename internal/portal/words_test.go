package portal

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/locale"
	"sigill/internal/message"
)

func swedish(t *testing.T) *view {
	t.Helper()
	catalog, err := locale.New()
	if err != nil {
		t.Fatal(err)
	}
	return &view{Printer: catalog.Printer("sv", nil)}
}

func TestPlaceOf(t *testing.T) {
	t.Parallel()
	v := swedish(t)
	for where, want := range map[string]string{
		"subject":                    "i ämnesraden",
		"body/text":                  "i texten",
		"body/html[2]":               "i texten",
		"att[2]/lista.xlsx!Blad1":    "i bilagan lista.xlsx",
		"att[4]/x.eml!att[1]/y.txt":  "i bilagan x.eml",
		"att[1]/lön 890102-2387.txt": "i en bilaga", // the name may be what was found
		"att[1]":                     "i en bilaga",
		"att[1]/":                    "i en bilaga",
		"att[1]/fak\u202etxt.exe":    "i bilagan faktxt.exe",
		"reading[2]/body/text":       "i texten",
		"reading[2]/att[2]/a.xlsx":   "i bilagan a.xlsx",
		"":                           "i texten",
	} {
		if got := v.placeOf(where); got != want {
			t.Errorf("placeOf(%q) = %q, want %q", where, got, want)
		}
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ media, name, want string }{
		{"application/pdf", "x", "pdf"}, {"application/octet-stream", "X.PDF", "pdf"}, {"image/tiff", "x.pdf", "image"},
		{"application/octet-stream", "a.docx", "document"}, {"text/csv", "a.csv", "sheet"}, {"application/x", "a.pptx", "slides"},
		{"application/zip", "a.zip", "archive"}, {"message/rfc822", "", "mail"}, {"text/html", "a.html", "text"}, {"", "", "other"},
	} {
		if got := kindOf(c.media, c.name); got != c.want {
			t.Errorf("kindOf(%q, %q) = %s, want %s", c.media, c.name, got, c.want)
		}
	}
}

func TestLikelyCountry(t *testing.T) {
	t.Parallel()
	p := &Portal{o: Options{DefaultCountry: "NL"}, countries: listCountries([]string{"SE", "NL", "GB", "XX"})}
	for domain, want := range map[string]string{
		"a.se": "+46", "a.example": "+31", "x.co.uk": "+44", "localhost": "+31", "": "+31", "a.fi": "+31",
	} {
		if got := p.likely(domain).Prefix; got != want {
			t.Errorf("%q: %s, want %s", domain, got, want)
		}
	}
	p.o.DefaultCountry = "FI"
	if got := p.likely("a.example").Prefix; got != "+46" {
		t.Errorf("without a usual one: %s", got)
	}
	p.countries = nil
	if got := p.likely("a.se").Prefix; got != "" {
		t.Errorf("without any: %s", got)
	}
}

func TestTrimRune(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "abc": "abc", "å": "å", "a\xc3": "a", "a\xe2\x82": "a", "a\xf0\x9f\x98": "a", "\xf0\x9f\x98\x80": "\xf0\x9f\x98\x80",
	} {
		if got := string(trimRune([]byte(in))); got != want {
			t.Errorf("trimRune(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPersonMail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    person
		want string
	}{
		{person{"Johan", "johan@a.example"}, "mailto:johan@a.example"}, {person{"johan@a.example", ""}, "mailto:johan@a.example"},
		{person{"Region Norrsund", ""}, ""}, {person{}, ""}, {person{"x@y\r\nBcc: z", ""}, ""},
	} {
		if got := c.p.Mail(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.p, got, c.want)
		}
	}
}

// A header may name many; those of the envelope alone are never named.
func TestManyAddressees(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var to []string
	for i := range 30 {
		to = append(to, fmt.Sprintf("=?utf-8?q?N=C3=A5gon_%d?= <n%d@a.example>", i, i))
	}
	m := s.put(mail{levels: []message.Level{message.Level1}, body: "From: johan.lindqvist@norrsund.example\r\nTo: " +
		strings.Join(to, ",\r\n ") + "\r\nSubject: x\r\n\r\nHej\r\n"})
	b := s.browser()
	b.get(b.enter(m, s.link(m, 0))).want(t, http.StatusOK, "Någon 0", "och 29 till: Någon 1, ", "Någon 10 …").lacks(t, "Någon 11", "karin")
}

// A message without a To, without text and without anything: the page still stands.
func TestBareMessages(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, body := range map[string]string{
		"nothing":   "",
		"header":    "Subject: x\r\n\r\n",
		"only file": "Content-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF",
		"broken":    "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p",
		"binary":    "\x00\xff\xfe\r\n\r\n\x00\x01",
	} {
		m := s.put(mail{levels: []message.Level{message.Level1}, body: body + " "})
		b := s.browser()
		page := b.get(b.enter(m, s.link(m, 0))).want(t, http.StatusOK, "Öppnat av dig")
		if at := hole.FindString(page.body); at != "" {
			t.Errorf("%s: a hole %q", name, at)
		}
	}
}

// A large attachment goes through whole, and is sniffed by its first octets only.
func TestLargeFile(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	line := strings.Repeat("Rad med åäö. ", 5) + "\r\n"
	content := strings.Repeat(line, 20000)
	m := s.put(mail{levels: []message.Level{message.Level1}, body: "Content-Type: multipart/mixed; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/plain\r\n\r\nHej\r\n--x\r\nContent-Type: text/plain; name=l.txt\r\nContent-Disposition: attachment; filename=l.txt\r\n\r\n" +
		content + "\r\n--x--\r\n"})
	b := s.browser()
	path := b.enter(m, s.link(m, 0))
	for _, how := range []string{"/file/1", "/view/1"} {
		got := b.get(path+how).want(t, http.StatusOK)
		if got.body != content {
			t.Errorf("%s: %d octets, want %d", how, len(got.body), len(content))
		}
	}
}

// A rule that several detectors serve, or that is met in several places, is one line.
func TestOneLineForEachRule(t *testing.T) {
	t.Parallel()
	v := swedish(t)
	health := func(where, masked string, count int) message.Finding {
		return message.Finding{Rule: "health", Title: map[string]string{"sv": "hälsouppgifter"}, Where: where, Masked: masked, Count: count}
	}
	for _, c := range []struct {
		name     string
		findings []message.Finding
		want     []foundView
	}{
		{
			"two detectors", []message.Finding{health("body/text", "di••••", 1), {Rule: "pnr", Where: "subject"}, health("body/html", "di••••", 2), health("att[1]/a.pdf", "F••", 1)},
			[]foundView{{"Hälsouppgifter, 4 st, i texten och i bilagan a.pdf", []string{"di••••", "F••"}}, {"Pnr, 1 st, i ämnesraden", nil}},
		},
		{
			"many places", []message.Finding{health("subject", "a", 1), health("body", "b", 1), health("att[1]/a", "c", 1), health("att[2]/b", "d", 1)},
			[]foundView{{"Hälsouppgifter, 4 st, i ämnesraden, i texten, i bilagan a och en till", []string{"a", "b", "c"}}},
		},
	} {
		got := v.found(&message.Message{Decision: message.Decision{Findings: c.findings}})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
