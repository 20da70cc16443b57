package testkit

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func dial(t *testing.T, s *Sink) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestSinkKeepsEveryOctet(t *testing.T) {
	t.Parallel()
	s := NewSink(t, SinkOptions{})
	nc, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	body := "Subject: x\r\n\r\n.\rX\r\n..two\r\n\nbare\n.\nend\xff\x00\r\n"
	wire := strings.ReplaceAll(body, "\r\n.", "\r\n..")
	fmt.Fprintf(nc, "EHLO c.test\r\nMAIL FROM:<a@x.test> SIZE=5\r\nRCPT TO:<b@x.test> NOTIFY=NEVER\r\nDATA\r\n%s.\r\nQUIT\r\n", wire)
	if _, err := io.Copy(io.Discard, nc); err != nil {
		t.Fatal(err)
	}
	m := s.Wait(t, 1)[0]
	if string(m.Data) != body {
		t.Errorf("data %q, want %q", m.Data, body)
	}
	if m.From != "a@x.test" || m.FromParams != "SIZE=5" || m.To[0] != "b@x.test" || m.ToParams[0] != "NOTIFY=NEVER" || m.Hello != "c.test" {
		t.Errorf("envelope %+v", m)
	}
	s.WaitIdle(t)
}

func TestSinkScript(t *testing.T) {
	t.Parallel()
	s := NewSink(t, SinkOptions{Script: "rcpt b@x.test x1: 450 4.2.1 later\nfinal x1: multi 451 4.3.0 no\nmail x1: drip 421 4.3.2 busy\n"})
	c := dial(t, s)
	var e *smtp.SMTPError
	if err := c.Mail("a@x.test", nil); !errors.As(err, &e) || e.Code != 421 {
		t.Fatalf("first MAIL: %v", err)
	}
	send := func() error { return c.SendMail("a@x.test", []string{"b@x.test"}, strings.NewReader("x\r\n")) }
	if err := send(); !errors.As(err, &e) || e.Code != 450 {
		t.Fatalf("RCPT: %v", err)
	}
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	if err := send(); !errors.As(err, &e) || e.Code != 451 {
		t.Fatalf("final: %v", err)
	}
	if err := send(); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Wait(t, 1)); n != 1 {
		t.Fatalf("%d mails", n)
	}
}

func TestSinkTakeSilentAndRelease(t *testing.T) {
	t.Parallel()
	s := NewSink(t, SinkOptions{Script: "final x1: take\nmail x1: cut\nfinal x1: silent"})
	if err := dial(t, s).Mail("a@x.test", nil); err == nil {
		t.Fatal("MAIL was answered")
	}
	if err := dial(t, s).SendMail("a@x.test", []string{"b@x.test"}, strings.NewReader("1\r\n")); err == nil {
		t.Fatal("the final dot was answered")
	}
	s.Wait(t, 1)
	c, done := dial(t, s), make(chan error)
	go func() { done <- c.SendMail("a@x.test", []string{"b@x.test"}, strings.NewReader("2\r\n")) }()
	s.WaitFor(t, "second DATA", func(_ []Mail, lines []string) bool { return strings.Count(strings.Join(lines, "\n"), "DATA") == 2 })
	s.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := c.Noop(); err != nil {
		t.Fatalf("the session does not go on: %v", err)
	}
	s.Wait(t, 2)
}

func TestSinkTLSAndAuth(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	for _, implicit := range []bool{false, true} {
		s := NewSink(t, SinkOptions{TLS: ca.Server(t, "sink.test"), Implicit: implicit, Users: map[string]string{"u": "p"}})
		var c *smtp.Client
		var err error
		if implicit {
			c, err = smtp.DialTLS(s.Addr, ca.Client("sink.test"))
		} else {
			c, err = smtp.DialStartTLS(s.Addr, ca.Client("sink.test"))
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Mail("a@x.test", nil); err == nil {
			t.Fatal("sent without AUTH")
		}
		if err := c.Auth(sasl.NewPlainClient("", "u", "wrong")); err == nil {
			t.Fatal("wrong password taken")
		}
		if err := c.Auth(sasl.NewLoginClient("u", "p")); err != nil {
			t.Fatal(err)
		}
		if err := c.SendMail("a@x.test", []string{"b@x.test"}, strings.NewReader("x\r\n")); err != nil {
			t.Fatal(err)
		}
		if m := s.Wait(t, 1)[0]; !m.TLS || m.User != "u" {
			t.Errorf("%+v", m)
		}
		_ = c.Close()
	}
}

func TestSinkStopAndStart(t *testing.T) {
	t.Parallel()
	s := NewSink(t, SinkOptions{})
	c := dial(t, s)
	if err := c.Noop(); err != nil {
		t.Fatal(err)
	}
	addr := s.Addr
	s.Stop()
	if err := c.Noop(); err == nil {
		t.Error("the connection outlived Stop")
	}
	if _, err := smtp.Dial(addr); err == nil {
		t.Error("the port outlived Stop")
	}
	s.Start(t)
	if s.Addr != addr {
		t.Errorf("moved from %s to %s", addr, s.Addr)
	}
	if err := dial(t, s).Noop(); err != nil {
		t.Error(err)
	}
}

func TestParseFaultRefuses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"mail 450", ": 450", "nowhere: 450 x", "mail: explode", "mail: 4x0", "mail:"} {
		if _, err := parseFault(line); err == nil {
			t.Errorf("%q taken", line)
		}
	}
}

func TestCAExpired(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	conf := &tls.Config{Certificates: []tls.Certificate{ca.IssueUntil(t, time.Now().Add(-time.Hour), "sink.test")}, MinVersion: tls.VersionTLS12}
	s := NewSink(t, SinkOptions{TLS: conf, Implicit: true})
	if _, err := tls.Dial("tcp", s.Addr, ca.Client("sink.test")); err == nil {
		t.Error("an expired certificate was taken")
	}
}

func TestSMS(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sms.jsonl")
	if all := ReadSMS(t, file); all != nil {
		t.Errorf("%v in no file", all)
	}
	got := make(chan []SMS)
	go func() { got <- WaitSMS(t, file, 1) }()
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	line := `{"to":"+46700000001","text":"123456","time":"2026-03-02T12:00:00Z"}` + "\n" + `{"to":"+4670` // half of the next
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	if all := <-got; len(all) != 1 || all[0] != (SMS{"+46700000001", "123456", at}) {
		t.Errorf("%+v", all)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	c := NewClock(time.Time{})
	before := c.Now()
	if got := c.Add(time.Hour); got != c.Now() || got.Sub(before) != time.Hour {
		t.Errorf("moved by %v", got.Sub(before))
	}
	c.Set(before)
	if c.Now() != before {
		t.Error("not set back")
	}
}

// Whatever is stuffed as RFC 5321 4.5.2 says comes out as it was, however small the
// reader's blocks are.
func FuzzReadData(f *testing.F) {
	for _, s := range []string{"", "a", ".", "..\r\n.\r\n", "a\n.\n\r\n.\r\n", ".\rX\r\n", "0123456789abcdef\r\n.x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 0 && !bytes.HasSuffix(body, []byte("\r\n")) {
			body = append(body, "\r\n"...)
		}
		wire := bytes.ReplaceAll(append([]byte("\r\n"), body...), []byte("\r\n."), []byte("\r\n.."))[2:]
		r := bufio.NewReaderSize(bytes.NewReader(append(wire, ".\r\nQUIT\r\n"...)), 16)
		got, err := ReadData(r)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%q read as %q, %v", body, got, err)
		}
		if rest, _ := io.ReadAll(r); string(rest) != "QUIT\r\n" {
			t.Errorf("%q left after the dot", rest)
		}
	})
}
