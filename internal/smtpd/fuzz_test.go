package smtpd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sigill/internal/message"
)

// pieces cuts b as the octets of cuts say, so that a block may end anywhere.
func pieces(b, cuts []byte) [][]byte {
	var all [][]byte
	for i := 0; len(b) > 0; i++ {
		n := len(b)
		if len(cuts) > 0 {
			n = min(n, int(cuts[i%len(cuts)])%17+1)
		}
		all = append(all, b[:n])
		b = b[n:]
	}
	return all
}

// naiveDots is RFC 5321 4.5.2 word by word, on the whole of the data.
func naiveDots(b []byte) (text []byte, used int, done bool) {
	all := append([]byte("\r\n"), b...)
	end := bytes.Index(all, []byte("\r\n.\r\n"))
	if end < 0 {
		return bytes.ReplaceAll(all, []byte("\r\n."), []byte("\r\n"))[2:], len(b), false
	}
	return bytes.ReplaceAll(all[:end+2], []byte("\r\n."), []byte("\r\n"))[2:], end + 3, true
}

// FuzzDots holds the block-wise reader against the naive one.
func FuzzDots(f *testing.F) {
	for _, s := range []string{
		".\r\n", "\r\n.\r\n", "a\r\n.\r\nMAIL", "a\n.\r\nb\r\n.\r\n", "a\r\n.\nb\r\n.\r\n", "a\r\n.\rb\r\n.\r\n", "a\r\r\n.\r\r\n.\r\n",
		"..\r\n..a\r\n.\r\n", ".a\r\n.\r\n", "a\r\n.\r", "a\r\n.", "a\r", "....\r\n.\r\n..\r\n", ".\r.\r\n.\r\n", ".\r\r\n.\r\n", "\r\n.\r\r\n.\r\n",
	} {
		f.Add([]byte(s), []byte{0})
		f.Add([]byte(s), []byte{2, 1})
		f.Add([]byte(s), []byte{})
	}
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		want, wantUsed, wantDone := naiveDots(data)
		var d dots
		var got bytes.Buffer
		used, done := 0, false
		for _, p := range pieces(data, cuts) {
			n, end, err := d.scan(p, &got)
			if err != nil || !end && n != len(p) {
				t.Fatalf("scan used %d of %d: %v", n, len(p), err)
			}
			if used += n; end {
				done = true
				break
			}
		}
		if done != wantDone || used != wantUsed {
			t.Fatalf("done %t after %d octets, want %t after %d", done, used, wantDone, wantUsed)
		}
		if done && !bytes.Equal(got.Bytes(), want) || !bytes.HasPrefix(want, bytes.TrimSuffix(got.Bytes(), bareCR)) {
			t.Fatalf("got %q, want %q", got.Bytes(), want)
		}
	})
}

// FuzzLineEnds holds the check and the repair of line ends against plain ones.
func FuzzLineEnds(f *testing.F) {
	for _, s := range []string{"a\r\nb\r\n", "a\nb", "a\rb", "\r\r\n", "\n\r\n", "\r", "\n", "\r\n\r\n", "\r\n\n"} {
		f.Add([]byte(s), []byte{0})
		f.Add([]byte(s), []byte{1, 3})
	}
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		var ends lineEnds
		var turn turner
		var turned bytes.Buffer
		bare := false
		for _, p := range pieces(data, cuts) {
			bare = bare || ends.bare(p)
			turn.turn(p, func(p []byte) { turned.Write(p) })
		}
		without := bytes.ReplaceAll(data, crlf, nil)
		// Cutting out may join a CR and an LF that are both bare.
		want := bytes.ContainsAny(without, "\r\n")
		if got := bare || ends.cr; got != want {
			t.Fatalf("bare in %q: %t, want %t", data, got, want)
		}
		lf := bytes.ReplaceAll(bytes.ReplaceAll(data, crlf, []byte("\n")), bareCR, []byte("\n"))
		if want := bytes.ReplaceAll(lf, []byte("\n"), crlf); !bytes.Equal(turned.Bytes(), want) {
			t.Fatalf("turned %q into %q, want %q", data, turned.Bytes(), want)
		}
	})
}

// FuzzMail checks what may come out of MAIL and RCPT: addresses that are written
// the way they are read, and nothing that could end a line.
func FuzzMail(f *testing.F) {
	for _, s := range []string{
		"<a@b.example>", "<> SIZE=12 BODY=8BITMIME RET=FULL ENVID=a+2Bb", `<"a>b"@c.example> SMTPUTF8`, "<@x,@y:a@b.example>", "<postmaster>",
		"<a@[127.0.0.1]>", "<å@b.example> SMTPUTF8", "<a@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+40b", "<a@b> AUTH=<>", `<"\"@b.example>`,
	} {
		f.Add(s)
	}
	srv := &Server{opts: Options{Hostname: "mail.gateway.example"}}
	f.Fuzz(func(t *testing.T, arg string) {
		if _, _, ok := splitCommand([]byte("MAIL " + arg)); !ok {
			return
		}
		tx := &transaction{}
		s := &session{srv: srv, mail: tx}
		if r := s.parseMail("FROM:"+arg, tx); r.OK() {
			again(t, tx.env.From)
			if !printable(tx.env.ID) || tx.announced < 0 {
				t.Errorf("ENVID %q, SIZE %d", tx.env.ID, tx.announced)
			}
		}
		tx.env.UTF8 = true
		if to, r := s.parseRcpt("TO:" + arg); r.OK() {
			again(t, to.Address)
			if to.Address.IsNull() || strings.ContainsAny(to.Orig, "\r\n\x00 ") {
				t.Errorf("recipient %q, ORCPT %q", to.Address.String(), to.Orig)
			}
		}
	})
}

func again(t *testing.T, a message.Address) {
	b, err := message.ParseAddress(a.String())
	if err != nil || b != a {
		t.Errorf("%q is read again as %q: %v", a.String(), b.String(), err)
	}
	if strings.ContainsAny(a.String(), "\r\n\x00") {
		t.Errorf("address %q ends a line", a.String())
	}
}

// script is a connection whose client has said all it will say.
type script struct {
	in  io.Reader
	out bytes.Buffer
}

func (c *script) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c *script) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *script) Close() error                     { return nil }
func (c *script) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *script) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *script) SetDeadline(time.Time) error      { return nil }
func (c *script) SetReadDeadline(time.Time) error  { return nil }
func (c *script) SetWriteDeadline(time.Time) error { return nil }

// taker accepts everything and keeps the bodies.
type taker struct{ bodies [][]byte }

func (a *taker) Sender(context.Context, *message.Envelope) message.Reply { return replySender }

func (a *taker) Recipient(context.Context, *message.Envelope, message.RcptTo) message.Reply {
	return replyRecipient
}

func (a *taker) Accept(_ context.Context, _ message.Envelope, body message.Body) message.Reply {
	r, err := body.Open()
	if err != nil {
		return message.ReplyLocal
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil || int64(len(b)) != body.Size() {
		return message.ReplyLocal
	}
	a.bodies = append(a.bodies, b)
	return message.Reply{Code: 250, Status: "2.0.0", Text: "queued"}
}

// talk runs a whole session on what the client says.
func talk(t testing.TB, in io.Reader) (replies string, bodies [][]byte) {
	t.Helper()
	a := &taker{}
	srv, err := New(Options{
		Hostname: "mail.gateway.example", Acceptor: a, Limits: Limits{Delay: time.Nanosecond, Size: 1 << 20, SpoolSession: 1 << 10},
		Networks: []Network{{Name: "all", Prefixes: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	conn := &script{in: in}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	newSession(srv, conn, clientAddr(conn), false, cancel).run(ctx)
	if n := srv.storage.memory.used.Load(); n != 0 {
		t.Errorf("%d octets of the memory budget were not given back", n)
	}
	return conn.out.String(), a.bodies
}

// FuzzSession throws octets at a whole session: it must end, answer in whole lines,
// and say "queued" once for every message it handed over.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n",
		"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 3\r\na\r\nBDAT 0 LAST\r\nQUIT\r\n",
		"HELO x\r\nRSET\r\nNOOP\r\nVRFY x\r\nEXPN\r\nHELP\r\nSTARTTLS\r\nAUTH PLAIN x\r\n\x00\r\n\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		replies, bodies := talk(t, bytes.NewReader(in))
		if !strings.HasPrefix(replies, "220 ") || !strings.HasSuffix(replies, "\r\n") {
			t.Fatalf("replies %q", replies)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(replies, "\r\n"), "\r\n") {
			if len(line) < 4 || !(line[3] == ' ' || line[3] == '-') || strings.Trim(line[:3], "0123456789") != "" || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("reply line %q", line)
			}
		}
		if n := strings.Count(replies, "queued\r\n"); n != len(bodies) {
			t.Fatalf("%d promises for %d messages", n, len(bodies))
		}
		for _, b := range bodies {
			var ends lineEnds
			if ends.bare(b) || len(b) > 0 && !bytes.HasSuffix(b, crlf) {
				t.Fatalf("body %q", b)
			}
		}
	})
}

// FuzzChunks sends the same octets by DATA and by BDAT: either both deliver the same
// message, or both refuse it alike.
func FuzzChunks(f *testing.F) {
	for _, s := range []string{"", "a", "a\r\n", "a\r\n.\r\nb\r\n", ".", "a\nb", "a\rb", "a\r", "\r\n", "..\r\n", "\n", strings.Repeat("0123456\r\n", 700)} {
		f.Add([]byte(s), []byte{0})
		f.Add([]byte(s), []byte{9, 4})
	}
	const head = "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
	f.Fuzz(func(t *testing.T, body, cuts []byte) {
		stuffed := bytes.ReplaceAll(append([]byte("\r\n"), body...), []byte("\r\n."), []byte("\r\n.."))[2:]
		if len(stuffed) > 0 && !bytes.HasSuffix(stuffed, crlf) {
			stuffed = append(stuffed, crlf...)
		}
		byData, one := talk(t, io.MultiReader(strings.NewReader(head+"DATA\r\n"), bytes.NewReader(stuffed), strings.NewReader(".\r\nQUIT\r\n")))
		var chunks bytes.Buffer
		for _, p := range pieces(body, cuts) {
			fmt.Fprintf(&chunks, "BDAT %d\r\n%s", len(p), p)
			if chunks.Len() > 4096 {
				return // replies of a refused message would end the session first
			}
		}
		byChunks, two := talk(t, io.MultiReader(strings.NewReader(head), &chunks, strings.NewReader("BDAT 0 LAST\r\n")))
		if len(one) != len(two) || len(one) == 1 && !bytes.Equal(one[0], two[0]) {
			t.Fatalf("DATA %q, BDAT %q\n%s\n%s", one, two, byData, byChunks)
		}
		if len(one) == 0 && !(strings.Contains(byData, "550 5.5.2") && strings.Contains(byChunks, "550 5.5.2")) {
			t.Fatalf("refused, but not for its line ends:\n%s\n%s", byData, byChunks)
		}
	})
}

func FuzzXtext(f *testing.F) {
	for _, s := range []string{"", "a+2Bb", "+", "+2", "+2b", "a=b", "å"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, ok := xtext(s)
		if !ok {
			return
		}
		var b strings.Builder
		for i := range len(plain) {
			if c := plain[i]; c < '!' || c > '~' || c == '+' || c == '=' {
				fmt.Fprintf(&b, "+%02X", c)
			} else {
				b.WriteByte(c)
			}
		}
		if back, ok := xtext(b.String()); !ok || back != plain {
			t.Errorf("%q decodes to %q, which comes back as %q", s, plain, back)
		}
	})
}
