package smtpd_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"sigill/internal/message"
	"sigill/internal/smtpd"
)

var insecure = &tls.Config{InsecureSkipVerify: true}

// TestGoSMTPClient sends with the client that the relay is built on.
func TestGoSMTPClient(t *testing.T) {
	t.Parallel()
	a := &recorder{recipients: map[string]message.Reply{"no@else.example": {Code: 550, Status: "5.7.1", Text: "never"}}}
	opts := smtpd.Options{Acceptor: a, TLS: serverTLS(t), Authenticate: onlyUser("anna:secret"), Limits: smtpd.Limits{Delay: time.Nanosecond}}
	srv := start(t, opts, false)
	conn, err := net.Dial("tcp", srv.addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(conn, insecure)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", "anna", "wrong")); !isSMTP(err, 535) {
		t.Fatalf("wrong password: %v", err)
	}
	if err := c.Auth(sasl.NewPlainClient("", "anna", "secret")); err != nil {
		t.Fatal(err)
	}
	err = c.Mail("åsa@kommun.example", &smtp.MailOptions{Size: 100, UTF8: true, Body: smtp.Body8BitMIME, Return: smtp.DSNReturnHeaders, EnvelopeID: "id+1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("no@else.example", nil); !isSMTP(err, 550) {
		t.Fatalf("refused recipient: %v", err)
	}
	err = c.Rcpt("bo@else.example", &smtp.RcptOptions{
		Notify:                []smtp.DSNNotify{smtp.DSNNotifyFailure},
		OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: "bo+x@else.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	text := "Subject: hej\r\n\r\n.\r\n..prickar\r\n" + strings.Repeat("råd ", 50_000) + "\r\n"
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), c.Quit()); err != nil {
		t.Fatal(err)
	}
	want := "from <åsa@kommun.example> ret=HDRS envid=id+1 utf8 8bit\nvia helo=localhost trusted=true network= user=anna tls=true\n" +
		"to <bo@else.example> notify=2 orcpt=RFC822;bo+2Bx@else.example\n"
	if got := a.taken(); len(got) != 1 || string(got[0].data) != text || !strings.HasPrefix(strings.ToUpper(got[0].describe()), strings.ToUpper(want)) {
		t.Errorf("took %d messages: %s", len(got), got[0].describe())
	}
}

func isSMTP(err error, code int) bool {
	e, ok := errors.AsType[*smtp.SMTPError](err)
	return ok && e.Code == code
}

// TestSwaks sends with swaks in every way it knows: the reply, the envelope and the
// octets must be right each time.
func TestSwaks(t *testing.T) {
	t.Parallel()
	swaks, err := exec.LookPath("swaks")
	if err != nil {
		t.Skip("swaks is not installed")
	}
	file := filepath.Join(t.TempDir(), "mail.eml")
	text := "From: anna@kommun.example\r\nSubject: swaks\r\n\r\n.dot\r\n.\r\n" + strings.Repeat("0123456789 ", 20_000) + "\r\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args     []string
		implicit bool
		stranger bool
		want     string
	}{
		"plain":    {want: "<~  250 2.0.0 queued"},
		"pipeline": {args: []string{"--pipeline"}, want: "<~  250 2.0.0 queued"},
		"starttls": {args: []string{"--tls"}, want: "<~  250 2.0.0 queued"},
		"tls":      {args: []string{"--tls-on-connect"}, implicit: true, want: "<~  250 2.0.0 queued"},
		"login":    {args: []string{"--tls", "--auth", "LOGIN", "--auth-user", "anna", "--auth-password", "secret"}, stranger: true, want: "<~  250 2.0.0 queued"},
		"password": {args: []string{"--tls", "--auth", "PLAIN", "--auth-user", "anna", "--auth-password", "wrong"}, stranger: true, want: "535 5.7.8"},
		"stranger": {stranger: true, want: "550 5.7.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &recorder{}
			opts := smtpd.Options{Acceptor: a, TLS: serverTLS(t), Authenticate: onlyUser("anna:secret"), Limits: smtpd.Limits{Delay: time.Nanosecond}}
			if !tc.stranger {
				opts.Networks = []smtpd.Network{loopback}
			}
			srv := start(t, opts, tc.implicit)
			args := append([]string{"--server", srv.addr, "--from", "anna@kommun.example", "--to", "bo@else.example", "--data", "@" + file}, tc.args...)
			out, _ := exec.CommandContext(t.Context(), swaks, args...).CombinedOutput() // its exit code says what the replies say
			if !bytes.Contains(out, []byte(strings.TrimPrefix(tc.want, "<~  "))) {
				t.Fatalf("no %q in:\n%.3000s", tc.want, out)
			}
			got := a.taken()
			if wanted := strings.Contains(tc.want, "queued"); wanted != (len(got) == 1) {
				t.Fatalf("took %d messages", len(got))
			} else if wanted && strings.TrimRight(string(got[0].data), "\r\n") != strings.TrimRight(text, "\r\n") {
				t.Errorf("took other octets: %.300q", got[0].data)
			}
		})
	}
}

// TestManyClients lets many clients send at once; every message arrives once, whole.
func TestManyClients(t *testing.T) {
	t.Parallel()
	a := &recorder{}
	opts := listed(a)
	opts.Limits.SpoolTotal = 256 << 10 // so that some go to files
	srv := start(t, opts, false)
	var all sync.WaitGroup
	for client := range 16 {
		all.Go(func() {
			c, err := smtp.Dial(srv.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for i := range 10 {
				id := fmt.Sprintf("%d-%d", client, i)
				body := id + "\r\n" + strings.Repeat(id+"\r\n", i*1000)
				if err := c.SendMail("anna@kommun.example", []string{"bo@else.example"}, strings.NewReader(body)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, m := range a.taken() {
		id, rest, _ := strings.Cut(string(m.data), "\r\n")
		if seen[id] || strings.ReplaceAll(rest, id+"\r\n", "") != "" {
			t.Errorf("message %s twice or mixed up", id)
		}
		seen[id] = true
	}
	if len(seen) != 160 {
		t.Errorf("%d messages of 160", len(seen))
	}
}
