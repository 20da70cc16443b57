package smtpd_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/message"
	"sigill/internal/smtpd"
)

var update = flag.Bool("update", false, "write the messages that came out into the dialogue files")

// TestDialogues plays every file of testdata/dialogues against a real listener. A
// file is a txtar archive: a comment that says what it shows, the section options
// (key: value), the section dialogue, and the section messages with what the
// Acceptor took, if anything. The dialogue's lines are
//
//	c: text    send text and CR LF; \r \n \t \\ \xNN stand for octets
//	c- text    send text alone
//	c* N text  send text N times
//	c= text    keep text back and send it with the next c: or c-
//	s: text    read a whole reply; its last line begins with text (* is anything)
//	has: text  some line of the last reply begins with text
//	not: text  no line of the last reply does
//	starttls   do a TLS handshake
//	eof        the server has closed the connection
//	close      close the connection
func TestDialogues(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/dialogues/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			play(t, name)
		})
	}
}

func play(t *testing.T, name string) {
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sections := parseSections(string(raw))
	a := &recorder{recipients: map[string]message.Reply{}}
	opts, implicit := dialogueOptions(t, sections["options"], a)
	srv := start(t, opts, implicit)
	d := dial(t, srv.addr, implicit)
	for i, line := range strings.Split(strings.TrimRight(sections["dialogue"], "\n"), "\n") {
		if err := d.play(line); err != nil {
			t.Fatalf("dialogue line %d, %q: %v", i+1, line, err)
		}
	}
	d.conn.Close()
	var got strings.Builder
	for _, m := range a.taken() {
		got.WriteString(m.describe())
	}
	if *update {
		before, _, _ := strings.Cut(string(raw), "-- messages --\n")
		if got.Len() > 0 {
			before += "-- messages --\n" + got.String()
		}
		if err := os.WriteFile(name, []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(sections["messages"], got.String()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// parseSections reads "-- name --" lines and what stands below each.
func parseSections(s string) map[string]string {
	sections := make(map[string]string)
	name := ""
	for line := range strings.SplitAfterSeq(s, "\n") {
		if after, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(after, " --\n") {
			name = strings.TrimSuffix(after, " --\n")
			continue
		}
		sections[name] += line
	}
	return sections
}

func dialogueOptions(t *testing.T, text string, a *recorder) (opts smtpd.Options, implicit bool) {
	network := loopback
	opts = smtpd.Options{Acceptor: a, TLS: serverTLS(t), Limits: smtpd.Limits{Delay: time.Nanosecond}}
	listed := true
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			t.Fatalf("option %q", line)
		}
		switch key {
		case "trusted":
			listed = value == "yes"
		case "relay":
			a.untrusted = value == "yes"
		case "normalize":
			network.Normalize = value == "yes"
		case "foreign":
			network.Foreign = value == "yes"
		case "require-tls":
			network.RequireTLS = value == "yes"
		case "tls":
			if implicit = value == "implicit"; value == "none" {
				opts.TLS = nil
			}
		case "user":
			opts.Authenticate = onlyUser(value)
		case "size":
			opts.Limits.Size = int64(number(t, value))
		case "recipients":
			opts.Limits.Recipients = number(t, value)
		case "messages":
			opts.Limits.Messages = number(t, value)
		case "junk":
			opts.Limits.Junk = number(t, value)
		case "auth-burst":
			opts.Limits.AuthBurst = number(t, value)
		case "temp":
			opts.TempDir = value
		case "ready":
			reply := parseReply(t, value)
			opts.Ready = func() message.Reply { return reply }
		case "sender":
			a.sender = parseReply(t, value)
		case "accept":
			a.accept = parseReply(t, value)
		case "recipient":
			addr, reply, _ := strings.Cut(value, " ")
			a.recipients[addr] = parseReply(t, reply)
		default:
			t.Fatalf("unknown option %q", key)
		}
	}
	if listed {
		opts.Networks = []smtpd.Network{network}
	}
	return opts, implicit
}

func onlyUser(pair string) func(context.Context, string, string) error {
	return func(_ context.Context, user, password string) error {
		if user == "broken" {
			return errors.New("the directory is away")
		}
		if user+":"+password != pair {
			return smtpd.ErrCredentials
		}
		return nil
	}
}

func number(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func parseReply(t *testing.T, s string) message.Reply {
	code, rest, _ := strings.Cut(s, " ")
	status, text, _ := strings.Cut(rest, " ")
	return message.Reply{Code: number(t, code), Status: status, Text: text}
}

// client is one side of a dialogue.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	held []byte
	last []string
}

func dial(t testing.TB, addr string, implicit bool) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if implicit {
		return newClient(tls.Client(conn, &tls.Config{InsecureSkipVerify: true}))
	}
	return newClient(conn)
}

func newClient(conn net.Conn) *client { return &client{conn: conn, r: bufio.NewReader(conn)} }

func (c *client) play(line string) error {
	verb, arg, _ := strings.Cut(line, " ")
	switch verb {
	case "", "#":
		return nil
	case "c:":
		return c.send(unescape(arg) + "\r\n")
	case "c-":
		return c.send(unescape(arg))
	case "c=":
		c.held = append(c.held, unescape(arg)...)
		return nil
	case "c*":
		times, text, _ := strings.Cut(arg, " ")
		n, err := strconv.Atoi(times)
		if err != nil {
			return err
		}
		return c.send(strings.Repeat(unescape(text), n))
	case "s:":
		return c.expect(arg)
	case "has:":
		return c.reply(arg, true)
	case "not:":
		return c.reply(arg, false)
	case "starttls":
		return c.startTLS(&tls.Config{InsecureSkipVerify: true})
	case "eof":
		return c.eof()
	case "close":
		return c.conn.Close()
	}
	return errors.New("unknown step")
}

func (c *client) startTLS(config *tls.Config) error {
	conn := tls.Client(c.conn, config)
	c.conn, c.r = conn, bufio.NewReader(conn)
	return conn.Handshake()
}

func (c *client) send(s string) error {
	out := append(c.held, s...)
	c.held = nil
	_, err := c.conn.Write(out)
	return err
}

func (c *client) expect(pattern string) error {
	c.last = nil
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("read a reply: %w (so far %q)", err, line)
		}
		c.last = append(c.last, strings.TrimSuffix(line, "\r\n"))
		if len(line) < 4 || line[3] != '-' {
			break
		}
	}
	if got := c.last[len(c.last)-1]; !matches(got, pattern) {
		return fmt.Errorf("got %q", got)
	}
	return nil
}

func (c *client) reply(pattern string, want bool) error {
	for _, line := range c.last {
		if matches(line[4:], pattern) == want && want {
			return nil
		}
		if matches(line[4:], pattern) {
			return fmt.Errorf("got %q", line)
		}
	}
	if want {
		return fmt.Errorf("not in %q", c.last)
	}
	return nil
}

func (c *client) eof() error {
	b, err := io.ReadAll(c.r)
	if len(b) > 0 {
		return fmt.Errorf("still got %q", b)
	}
	if errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return err // under TLS, an end without its alert is an error
}

// matches says whether line begins with pattern, where * stands for anything.
func matches(line, pattern string) bool {
	head, tail, wild := strings.Cut(pattern, "*")
	if !strings.HasPrefix(line, head) {
		return false
	}
	if !wild {
		return true
	}
	for rest := line[len(head):]; ; rest = rest[1:] {
		if matches(rest, tail) {
			return true
		}
		if rest == "" {
			return false
		}
	}
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'x':
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				panic(err)
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
