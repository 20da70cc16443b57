package relay

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sigill/internal/message"
	"sigill/internal/testkit"
)

func readString(t testing.TB, s string) (reply, error) {
	t.Helper()
	a, b := net.Pipe()
	_ = b.Close()
	t.Cleanup(func() { _ = a.Close() })
	c := newConn(&deaf{a}, Capabilities{}, time.Time{})
	c.r = bufio.NewReaderSize(strings.NewReader(s), 16)
	return c.read(time.Second)
}

// deaf takes deadlines of a connection that is closed.
type deaf struct{ net.Conn }

func (*deaf) SetReadDeadline(time.Time) error { return nil }

func TestReply(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]message.Reply{
		"250 2.1.0 ok\r\n": {Code: 250, Status: "2.1.0", Text: "ok"},
		"250 ok\n":         {Code: 250, Status: "2.0.0", Text: "ok"},
		"354\r\n":          {Code: 354, Status: "3.0.0"},
		"550-5.1.1 no\r\n550-5.1.1  such\r\n550 user\r\n": {Code: 550, Status: "5.1.1", Text: "no such user"},
		"550 4.1.1 lies about its class\r\n":              {Code: 550, Status: "5.0.0", Text: "4.1.1 lies about its class"},
		"550 5.1.1234 x\r\n":                              {Code: 550, Status: "5.0.0", Text: "5.1.1234 x"},
		"550 5.1.1 <Karin@x.test>: unknown, a@b\r\n":      {Code: 550, Status: "5.1.1", Text: "<[address]>: unknown, [address]"},
		"550 5.1.1 \"karin l\"@x.test unknown\r\n":        {Code: 550, Status: "5.1.1", Text: "[address] unknown"},
		"450 4.2.0 k\xe5rin\tis\x07 away \x1b[31m\r\n":    {Code: 450, Status: "4.2.0", Text: "k?rin is away [31m"},
		"250 " + strings.Repeat("x", 400) + "\r\n":        {Code: 250, Status: "2.0.0", Text: strings.Repeat("x", 297) + "..."},
	} {
		r, err := readString(t, in)
		if err != nil || r.message() != want {
			t.Errorf("%q: %+v, %v", in, r.message(), err)
		}
	}
	for _, in := range []string{
		"", "250", "25 x\r\n", "\r\n", "x250 ok\r\n", "250_ok\r\n", "100 x\r\n", "600 x\r\n", "250-a\r\n251 b\r\n", "250-a\r\n",
		"250 " + strings.Repeat("x", maxReplyLine) + "\r\n", strings.Repeat("250-x\r\n", maxReplyLines+1) + "250 x\r\n", "HTTP/1.1 400 Bad\r\n",
	} {
		if r, err := readString(t, in); err == nil {
			t.Errorf("%.40q taken as %+v", in, r)
		}
	}
}

// A reply that stops half way goes on after a timeout, wherever it stopped.
func TestReplyGoesOnAfterATimeout(t *testing.T) {
	t.Parallel()
	const whole = "250-2.0.0 one\r\n250 2.0.0 two\r\n"
	for i := range len(whole) {
		client, server := net.Pipe()
		c := newConn(client, Capabilities{}, time.Time{})
		goOn := make(chan struct{})
		go func() {
			_, _ = server.Write([]byte(whole[:i]))
			<-goOn
			_, _ = server.Write([]byte(whole[i:]))
		}()
		if _, err := c.read(5 * time.Millisecond); err == nil || !timedOut(err) || c.broken {
			t.Fatalf("cut at %d: %v, broken %v", i, err, c.broken)
		}
		close(goOn)
		r, err := c.read(testkit.Patience)
		if err != nil || r.text != "one two" || r.status != "2.0.0" {
			t.Errorf("cut at %d: %+v, %v", i, r, err)
		}
		_, _ = client.Close(), server.Close()
	}
}

func FuzzReply(f *testing.F) {
	for _, s := range []string{
		"250 2.1.0 ok\r\n", "250-a\r\n250 b\r\n", "550 5.1.1 <a@b.test>\r\n", "354\r\n", "4\xff\r\n", "250-\r\n",
		"550 \"a b\"@c @ @@ \"@\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readString(t, string(b))
		if err != nil {
			return
		}
		m := r.message()
		if m.Code < 200 || m.Code > 599 || m.Status[0]-'0' != byte(m.Code/100) {
			t.Errorf("%+v", m)
		}
		if len(m.Text) > maxText || !utf8.ValidString(m.Text) || strings.ContainsAny(m.Text, "@\r\n\x00\x7f") {
			t.Errorf("text %q", m.Text)
		}
	})
}

// Whatever is sent comes out as it was; the sink's reader and this writer are each
// other's proof.
func FuzzStuffer(f *testing.F) {
	for _, s := range []string{"", ".", "..\r\n", "a\r\n.b\r\n", "\r\n.\r\n", "a\r", "x\n", "\r\n..\r\n.", "a\n.\r\n"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		var wire bytes.Buffer
		a, b := net.Pipe()
		defer func() { _, _ = a.Close(), b.Close() }()
		w := &stuffer{nc: a, w: bufio.NewWriterSize(&wire, 16), wait: time.Minute, line: true}
		for p := body; len(p) > 0; {
			n := min(len(p), int(cut)+1)
			if _, err := w.Write(p[:n]); err != nil {
				t.Fatal(err)
			}
			p = p[n:]
		}
		if err := w.finish(); err != nil {
			t.Fatal(err)
		}
		if len(body) > 0 && !bytes.HasSuffix(body, []byte("\r\n")) {
			body = append(bytes.Clone(body), "\r\n"...)
		}
		r := bufio.NewReader(&wire)
		got, err := testkit.ReadData(r)
		rest := r.Buffered()
		if bareLF(body) {
			// No line end but CRLF: then bytes may differ, but never may the data end early.
			if err != nil || rest != 0 || len(got) < len(body) {
				t.Errorf("%q ended early: %q, %v, %d left", body, got, err, rest)
			}
			return
		}
		if err != nil || rest != 0 || !bytes.Equal(got, body) {
			t.Errorf("%q arrived as %q, %v, %d left", body, got, err, rest)
		}
	})
}

func bareLF(b []byte) bool {
	return bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n"))
}
