package testkit

import (
	"os/exec"
	"strings"
	"testing"
)

// swaks sends a mail as a person's program would.
func swaks(t *testing.T, addr, body string) {
	t.Helper()
	if _, err := exec.LookPath("swaks"); err != nil {
		Missing(t, "swaks")
	}
	out, err := exec.Command("swaks", "--server", addr, "--from", "a@x.test", "--to", "b@y.test",
		"--header", "Subject: through postfix", "--body", body).CombinedOutput()
	if err != nil {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
}

func TestPostfixRelays(t *testing.T) {
	t.Parallel()
	s := NewSink(t, SinkOptions{})
	p := Postfix(t, s.Addr)
	swaks(t, p.Addr, "hello")
	m := s.Wait(t, 1)[0]
	if m.From != "a@x.test" || m.To[0] != "b@y.test" || m.Hello != "postfix.test" {
		t.Errorf("%+v", m)
	}
	if d := string(m.Data); !strings.Contains(d, "Subject: through postfix\r\n") || !strings.Contains(d, "\r\nhello\r\n") ||
		!strings.Contains(d, "by postfix.test") {
		t.Errorf("%q", d)
	}
}

func TestPostfixKeepsWhatIsRefused(t *testing.T) {
	t.Parallel()
	s := NewSink(t, SinkOptions{Script: "mail: 451 4.3.0 not now"})
	p := Postfix(t, s.Addr)
	swaks(t, p.Addr, "later")
	s.WaitLine(t, "MAIL")
	q := p.Queue()
	if len(q) != 1 || q[0].Sender != "a@x.test" || q[0].Recipients[0].Address != "b@y.test" {
		t.Fatalf("queue: %+v\n%s", q, p.Log())
	}
	s.Script(t, "")
	p.Flush()
	s.Wait(t, 1)
	p.Stop()
	p.Stop() // nothing left to do
}
