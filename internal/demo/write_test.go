package demo

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// written is a form as a browser sends it.
type written struct {
	to, subject, text string
	file              string // name of a file; empty for none
	data              []byte
}

func (f written) post(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, field := range [][2]string{{"to", f.to}, {"subject", f.subject}, {"text", f.text}} {
		if err := w.WriteField(field[0], field[1]); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.CreateFormFile("file", f.file)
	if err == nil {
		_, err = p.Write(f.data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	status, body := answer(t, c, req)
	return status, html.UnescapeString(body)
}

// TestWrite sends messages of one's own.
func TestWrite(t *testing.T) {
	t.Parallel()
	d := inside(t)
	c := newClient(t)
	for _, tc := range []struct {
		name string
		form written
		want string // on the page that follows
	}{
		{"plain", written{to: "eva@home.example", subject: "  Hej\r\n igen ", text: "Vi ses."}, "<b>Hej igen</b>"},
		{"file", written{to: " bo@home.example ", subject: "Bild", file: "a.txt", data: []byte("nothing much")}, "<b>Bild</b>"},
		{"empty", written{to: "tom@home.example"}, "tom@home.example"},
		{"beyond ASCII", written{to: "käthe@home.example", subject: "Grüße"}, "käthe@home.example"},
		{"number in a file", written{to: "ulf@home.example", subject: "Underlag", file: "u.txt", data: []byte("personnummer 19890102-2387")}, "u.txt"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, body := tc.form.post(t, c, d.base+"/demo/write?lang=sv")
			if status != http.StatusOK || !strings.Contains(body, tc.want) {
				t.Errorf("%d, without %q:\n%s", status, tc.want, body)
			}
			if strings.Contains(body, `role="alert"`) {
				t.Errorf("an alert:\n%s", body)
			}
		})
	}
}

// TestWriteProblems: whatever is wrong is said on the page, in its language, and what was
// typed stays.
func TestWriteProblems(t *testing.T) {
	t.Parallel()
	d := inside(t)
	good := written{to: "eva@home.example", subject: "Ämne 1", text: "Brödtext 1"}
	bad := good
	bad.to = "eva"
	big := good
	big.file, big.data = "big.bin", make([]byte, maxUpload)
	for _, lang := range d.words.Languages() {
		p := newWords(t, lang)
		for _, tc := range []struct {
			name   string
			form   written
			status int
			want   []string
		}{
			{"address", bad, http.StatusUnprocessableEntity, []string{p.T("demo.problem.to"), `value="eva"`, `aria-describedby="to-e"`, "Ämne 1", "Brödtext 1"}},
			{"size", big, http.StatusRequestEntityTooLarge, []string{p.T("demo.problem.size", "Size", p.Size(maxUpload)), `role="alert"`}},
		} {
			t.Run(lang+" "+tc.name, func(t *testing.T) {
				t.Parallel()
				status, body := tc.form.post(t, newClient(t), d.base+"/demo/write?lang="+lang)
				if status != tc.status {
					t.Errorf("want %d, have %d", tc.status, status)
				}
				for _, want := range append(tc.want, `<html lang="`+lang+`">`, "<details id=\"own\" open>") {
					if !strings.Contains(body, want) {
						t.Errorf("%q is not in:\n%s", want, body)
					}
				}
			})
		}
		for path, form := range map[string]string{"/demo/send": "sample=nothing", "/demo/write": "to=eva@home.example"} {
			if status, body := post(t, newClient(t), d.base+path+"?lang="+lang, form); status != http.StatusBadRequest || !strings.Contains(body, p.T("demo.problem.form")) {
				t.Errorf("%s %s: %d:\n%s", lang, path, status, body)
			}
		}
	}
}

// refusing is a mail server that takes nobody.
type refusing struct{ smtp.Session }

func (refusing) Mail(string, *smtp.MailOptions) error { return nil }
func (refusing) Logout() error                        { return nil }
func (refusing) Rcpt(string, *smtp.RcptOptions) error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not <here>"}
}

// TestRefused shows the gateway's own words when it refuses, and what was typed.
func TestRefused(t *testing.T) {
	t.Parallel()
	d := inside(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return refusing{}, nil }))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	d.smtp = l.Addr().String()
	p := newWords(t, "nl")
	status, body := written{to: "eva@home.example", subject: "Onderwerp 1"}.post(t, newClient(t), d.base+"/demo/write?lang=nl")
	if status != http.StatusBadGateway {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{p.T("demo.problem.refused"), "550 5.7.1 not <here>", "Onderwerp 1", `role="alert"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in:\n%s", want, body)
		}
	}
	if status, _ := post(t, newClient(t), d.base+"/demo/send", "sample=card"); status != http.StatusBadGateway {
		t.Errorf("sample: status %d", status)
	}
}

// TestForeignForm: another site cannot make a browser send.
func TestForeignForm(t *testing.T) {
	t.Parallel()
	d := inside(t)
	for _, path := range []string{"/demo/send", "/demo/write"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.base+path, io.NopCloser(strings.NewReader("sample=card")))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if status, _ := answer(t, newClient(t), req); status != http.StatusForbidden {
			t.Errorf("%s: status %d", path, status)
		}
	}
	if mails, _ := d.hop.all(); len(mails) > 0 {
		t.Errorf("%d mails went out", len(mails))
	}
}
