package notify

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"sigill/internal/message"
)

// hostile texts, each with the word canary that must not become a field of its own.
var hostile = []string{
	"x\r\nX-Canary: 1", "x\nX-Canary: 1", "x\rX-Canary: 1", "x\r\n\r\nX-Canary: 1", "x\x00X-Canary: 1", "x\u0085X-Canary: 1", "x\u2028X-Canary: 1",
	"=?utf-8?q?x=0D=0AX-Canary:_1?=", "\u202eyranac\u202c", "<script>X-Canary</script>", `"><b onclick=x>X-Canary</b>`, "{{.Org}} **X-Canary**",
	strings.Repeat("X-Canary ", 2000), "\xff\xfeX-Canary", "--=_X-Canary--\r\n",
}

func TestHostileGuests(t *testing.T) {
	t.Parallel()
	c := composer(t, org(t, "sv"))
	for _, bad := range hostile {
		m := sealed(sample(t, "sv"))
		m.PersonName, m.Subject, m.Decision.Subject = bad, bad, bad
		m.Envelope.ID, m.MessageID = bad, bad
		m.Decision.Findings[0].Title = map[string]string{"sv": bad}
		m.Decision.Findings[0].Where = "att[1]/" + bad
		for i := range m.Recipients {
			m.Recipients[i].Name, m.Recipients[i].Reply, m.Recipients[i].Orig = bad, bad, "rfc822;"+bad
		}
		m.Recipients[0].State = message.NoticeBounced
		checkGuests(t, c, m, bad)
	}
}

func checkGuests(t *testing.T, c *Composer, m *message.Message, bad string) {
	t.Helper()
	now, b, s := accepted(), c.org.Host+"/b/x", c.org.Host+"/s/x"
	for name, write := range map[string]func() (Mail, error){
		"notice":   func() (Mail, error) { return c.Notice(m, 0, b, now) },
		"reminder": func() (Mail, error) { return c.Reminder(m, 0, b, now) },
		"code":     func() (Mail, error) { return c.Code(m, 0, "abcdefghijkl", "K4", now, now) },
		"hold":     func() (Mail, error) { return c.AskPhone(m, s, 1, now) },
		"confirm":  func() (Mail, error) { return c.Confirm(m, []int{1}, s, now) },
		"ended":    func() (Mail, error) { return c.HoldEnded(m, []int{0, 1}, s, now) },
		"dropped":  func() (Mail, error) { return c.HoldDropped(m, []int{0, 1}, s, now) },
		"released": func() (Mail, error) { return c.Released(m, []int{0, 1}, false, s, now) },
		"let go":   func() (Mail, error) { return c.Released(m, []int{0, 1}, true, s, now) },
		"failed":   func() (Mail, error) { return c.NoticeFailed(m, 0, s, now) },
		"dsn": func() (Mail, error) {
			return c.DSN(Report{Message: m, Action: Failed, To: m.Person, Header: []byte("Subject: " + bad + "\r\n"), Hostname: bad, Now: now})
		},
	} {
		got, err := write()
		if err != nil {
			t.Errorf("%s with %q: %v", name, bad, err)
			continue
		}
		checkHeader(t, name, got)
		for i, part := range open(t, got).parts {
			if name == "dsn" && i == 2 {
				continue // the header as it came
			}
			if at := strings.IndexFunc(part, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || r == '\u202e' || r == '\u2028') }); at >= 0 {
				t.Errorf("%s with %q: control character in %q", name, bad, part[max(0, at-20):at+3])
			}
			if strings.Contains(part, "<script>") && strings.Contains(part, "<html") || strings.Contains(part, "<b onclick") && strings.Contains(part, "<html") {
				t.Errorf("%s with %q: markup from outside", name, bad)
			}
			if strings.Contains(part, "<html") {
				checkHTML(t, strings.ReplaceAll(part, "{{.Org}}", ""), 400)
			}
		}
	}
}

// checkHeader looks at the header as any reader of mail does.
func checkHeader(t *testing.T, name string, m Mail) {
	t.Helper()
	std, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	head, _, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
	if bytes.Contains(head, []byte("anary")) || bytes.Contains(head, []byte("yranac")) {
		t.Errorf("%s: something from outside in the header:\n%s", name, head)
	}
	if len(std.Header) != 10 {
		t.Errorf("%s: %d fields: %v", name, len(std.Header), std.Header)
	}
}

func TestNewPerson(t *testing.T) {
	t.Parallel()
	a := address(t, "anna@bücher.example")
	for name, want := range map[string]string{
		"Anna Berg": "Anna Berg", " Anna\t Berg ": "Anna Berg", "": "anna@xn--bcher-kva.example",
		"police@state.example": "anna@xn--bcher-kva.example", "https://x.example": "anna@xn--bcher-kva.example", "WWW.x.example": "anna@xn--bcher-kva.example",
		"\u202e\u200b": "anna@xn--bcher-kva.example", "<Anna>": "anna@xn--bcher-kva.example",
		strings.Repeat("å", 100): strings.Repeat("å", maxName-1) + "…",
	} {
		p := newPerson(name, a)
		if p.name != want {
			t.Errorf("%q: got %q, want %q", name, p.name, want)
		}
		if p.address != "anna@xn--bcher-kva.example" {
			t.Errorf("address %q", p.address)
		}
	}
	if got := newPerson("Anna", a).line(); got != "Anna, anna@xn--bcher-kva.example" {
		t.Errorf("line %q", got)
	}
	if got := newPerson("", a).line(); got != "anna@xn--bcher-kva.example" {
		t.Errorf("line without a name %q", got)
	}
}

// TestUnderTheSeal: nothing in which something was found leaves in clear.
func TestUnderTheSeal(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"sv", "nl", "en"} {
		c := composer(t, org(t, lang))
		m := sealed(sample(t, lang))
		m.Decision.Neutral, m.Subject, m.Decision.Subject = true, "canary 19890102", "canary 19890102"
		m.Decision.Findings[0].Where = "att[1]/canary 19890102.2387"
		m.Decision.Findings[1].Where = "att[2]/x.zip!canary.docx"
		m.Decision.Findings[1].Masked = "canary"
		m.Recipients[2].State = message.NoticeBounced
		now, b, s := accepted(), c.org.Host+"/b/x", c.org.Host+"/s/x"
		for _, write := range []func() (Mail, error){
			func() (Mail, error) { return c.Notice(m, 0, b, now) },
			func() (Mail, error) { return c.Reminder(m, 0, b, now) },
			func() (Mail, error) { return c.Code(m, 0, "abcdefghijkl", "K4", now, now) },
			func() (Mail, error) { return c.AskPhone(m, s, 0, now) },
			func() (Mail, error) { return c.Confirm(m, []int{0, 1}, s, now) },
			func() (Mail, error) { return c.HoldEnded(m, []int{0, 1}, s, now) },
			func() (Mail, error) { return c.HoldDropped(m, []int{0, 1}, s, now) },
			func() (Mail, error) { return c.Released(m, []int{0, 1}, false, s, now) },
			func() (Mail, error) { return c.Released(m, []int{0, 1}, true, s, now) },
			func() (Mail, error) { return c.NoticeFailed(m, 2, s, now) },
			func() (Mail, error) {
				return c.DSN(Report{Message: m, Action: Relayed, To: m.Person, Header: []byte("subject : canary\r\n\tcanary\r\nFrom: x\r\n"), Now: now})
			},
		} {
			got, err := write()
			if err != nil {
				t.Fatal(err)
			}
			o := open(t, got)
			all := headers(t, o.header) + strings.Join(o.parts, "\n")
			for _, secret := range []string{"canary", "19890102", "2387"} {
				if strings.Contains(all, secret) {
					t.Errorf("%s: %q in\n%s", lang, secret, all)
				}
			}
		}
	}
}

// TestBlind: a recipient learns of nobody else.
func TestBlind(t *testing.T) {
	t.Parallel()
	c := composer(t, org(t, "en"))
	m := sealed(sample(t, "en"))
	for i := range m.Recipients {
		for _, write := range []func() (Mail, error){
			func() (Mail, error) { return c.Notice(m, i, c.org.Host+"/b/x", accepted()) },
			func() (Mail, error) { return c.Reminder(m, i, c.org.Host+"/b/x", accepted()) },
			func() (Mail, error) { return c.Code(m, i, "abcdefghijkl", "K4", accepted(), accepted()) },
		} {
			got, err := write()
			if err != nil {
				t.Fatal(err)
			}
			if got.To != m.Recipients[i].Address {
				t.Errorf("to %v", got.To)
			}
			all := strings.Join(open(t, got).parts, "\n")
			for k := range m.Recipients {
				r := &m.Recipients[k]
				if k != i && (strings.Contains(all, r.Address.String()) || r.Name != "" && strings.Contains(all, r.Name)) || r.Phone != "" && strings.Contains(all, string(r.Phone[len(r.Phone)-3:])) {
					t.Errorf("mail to %d tells of %d", i, k)
				}
			}
		}
	}
}

func TestManyRecipients(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"sv", "nl", "en"} {
		c := composer(t, org(t, lang))
		m := sample(t, lang)
		for range 998 {
			m.Recipients = append(m.Recipients, m.Recipients[0])
		}
		got, err := c.AskPhone(m, c.org.Host+"/s/x", 0, accepted())
		if err != nil {
			t.Fatal(err)
		}
		o := open(t, got)
		if want := c.printer(m).Int(1000 - maxRows); !strings.Contains(o.parts[1], want) {
			t.Errorf("%s: the mail does not count the other %s", lang, want)
		}
		if n := strings.Count(o.parts[0], "mattias.berg@"); n != maxRows-1 {
			t.Errorf("%d are named", n)
		}
		got, err = c.Confirm(sealed(m), []int{0, 1, 1, 5000, -1}, c.org.Host+"/s/x", accepted())
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Raw) > 64<<10 {
			t.Errorf("%d octets", len(got.Raw))
		}
	}
}

func TestUTF8Recipient(t *testing.T) {
	t.Parallel()
	c := composer(t, org(t, "sv"))
	m := sealed(sample(t, "sv"))
	m.Recipients[0].Address = address(t, "åsa@bücher.example")
	got, err := c.Notice(m, 0, c.org.Host+"/b/x", accepted())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(got.Raw, []byte("\r\nTo: åsa@xn--bcher-kva.example\r\n")) {
		t.Error("the address is not raw UTF-8 (RFC 6532 3.2)")
	}
}

func FuzzNotice(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s)
	}
	c := composer(f, org(f, "nl"))
	f.Fuzz(func(t *testing.T, name, subject string) {
		m := sealed(sample(t, "nl"))
		m.PersonName, m.Decision.Subject = name, subject
		got, err := c.Notice(m, 0, c.org.Host+"/b/x", accepted())
		if err != nil {
			t.Fatal(err)
		}
		std, err := mail.ReadMessage(bytes.NewReader(got.Raw))
		if err != nil || len(std.Header) != 10 {
			t.Errorf("header %v, %v", std.Header, err)
		}
		o := open(t, got)
		if len(o.parts) != 2 {
			t.Errorf("%d parts", len(o.parts))
		}
		checkWellFormed(t, o.parts[1])
	})
}
