package smtpd_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sigill/internal/message"
)

// sink takes everything and reads it once.
type sink struct{}

func (sink) Sender(context.Context, *message.Envelope) message.Reply {
	return message.Reply{Code: 250, Status: "2.1.0", Text: "OK"}
}

func (sink) Recipient(context.Context, *message.Envelope, message.RcptTo) message.Reply {
	return message.Reply{Code: 250, Status: "2.1.5", Text: "OK"}
}

func (sink) Accept(_ context.Context, _ message.Envelope, body message.Body) message.Reply {
	r, err := body.Open()
	if err != nil {
		return message.ReplyLocal
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err != nil {
		return message.ReplyLocal
	}
	return message.Reply{Code: 250, Status: "2.0.0", Text: "OK"}
}

// peerBackend is the same for go-smtp's server. It does less: no hash, no spool, no
// check of line ends.
type peerBackend struct{}

func (peerBackend) NewSession(*smtp.Conn) (smtp.Session, error) { return peerBackend{}, nil }
func (peerBackend) Mail(string, *smtp.MailOptions) error        { return nil }
func (peerBackend) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (peerBackend) Reset()                                      {}
func (peerBackend) Logout() error                               { return nil }
func (peerBackend) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func startPeer(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := smtp.NewServer(peerBackend{})
	srv.Domain = "mail.peer.example"
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	b.Cleanup(func() {
		srv.Close()
		<-done
	})
	return l.Addr().String()
}

// text is a message of about n octets in lines of 76, as data of DATA.
func text(n int) []byte {
	line := strings.Repeat("0123456789abcdefghi ", 4)[:76] + "\r\n"
	return []byte("Subject: benchmark\r\n\r\n" + strings.Repeat(line, n/len(line)+1) + ".\r\n")
}

// exchange sends one message on an open session, pipelined as far as may be.
func exchange(b *testing.B, c *client, data []byte) {
	c.steps(b, "c- MAIL FROM:<anna@kommun.example>\\r\\nRCPT TO:<bo@else.example>\\r\\nDATA\\r\\n", "s: 250", "s: 250", "s: 354")
	if _, err := c.conn.Write(data); err != nil {
		b.Fatal(err)
	}
	c.steps(b, "s: 250")
}

// BenchmarkSession sends whole messages over loopback to this server and, in the
// same run, to go-smtp's; "ratio" is how many times more messages this one takes.
func BenchmarkSession(b *testing.B) {
	for _, size := range []int{4 << 10, 50 << 10, 1 << 20, 25 << 20} {
		b.Run(fmt.Sprintf("%dK", size>>10), func(b *testing.B) {
			data := text(size)
			ours := start(b, listed(sink{}), false)
			mine, peer := dial(b, ours.addr, false), dial(b, startPeer(b), false)
			for _, c := range []*client{mine, peer} {
				c.steps(b, hello...)
				if err := c.conn.SetDeadline(time.Time{}); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(data)))
			compare(b, func() { exchange(b, mine, data) }, func() { exchange(b, peer, data) })
		})
	}
}

// compare times ours and the peer's in turns, so that a noisy machine disturbs both
// alike, and reports how many times faster ours is.
func compare(b *testing.B, ours, peers func()) {
	var mine, theirs time.Duration
	for b.Loop() {
		begin := time.Now()
		ours()
		mine += time.Since(begin)
		b.StopTimer()
		begin = time.Now()
		peers()
		theirs += time.Since(begin)
		b.StartTimer()
	}
	b.ReportMetric(float64(theirs)/float64(mine), "ratio")
}
