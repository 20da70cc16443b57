package app_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"sigill/internal/config"
	"sigill/internal/testkit"
)

// twin is a Postfix that gives each message to the gateway, and the very same queue
// file to a sink of its own.
type twin struct {
	*system
	postfix *testkit.PostfixInstance
	direct  *testkit.Sink
}

func newTwin(t *testing.T, s *system, settings ...string) *twin {
	t.Helper()
	direct := testkit.NewSink(t, testkit.SinkOptions{})
	settings = append(settings, fmt.Sprintf("transport_maps = inline:{ {direct.example = smtp:[%s]:%s} }", direct.Host(), direct.Port()))
	return &twin{system: s, direct: direct, postfix: testkit.Postfix(t, s.smtp, settings...)}
}

// submit gives Postfix a message for both ways, by SMTP.
func (w *twin) submit(raw string, opts *smtp.MailOptions) {
	w.t.Helper()
	c, err := smtp.Dial(w.postfix.Addr)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail("johan@norrsund.example", opts); err != nil {
		w.t.Fatal(err)
	}
	for _, to := range []string{"karin@ekman.example", "karin@direct.example"} {
		if err := c.Rcpt(to, nil); err != nil {
			w.t.Fatal(err)
		}
	}
	d, err := c.Data()
	if err == nil {
		_, err = d.Write([]byte(raw))
	}
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// pickup gives Postfix a message for both ways as a program on its machine would.
func (w *twin) pickup(raw string) {
	w.t.Helper()
	cmd := exec.Command("sendmail", "-C", w.postfix.Dir+"/etc", "-i", "-f", "johan@norrsund.example", "karin@ekman.example", "karin@direct.example")
	cmd.Stdin = strings.NewReader(raw)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("sendmail: %v\n%s", err, out)
	}
}

// same waits for the next message on both ways and compares them, octet by octet.
func (w *twin) same(n int) {
	w.t.Helper()
	direct, through := w.direct.Wait(w.t, n)[n-1], w.hop.Wait(w.t, n)[n-1]
	if through.From != direct.From || !slices.Equal(through.To, []string{"karin@ekman.example"}) {
		w.t.Errorf("envelope from %q to %v", through.From, through.To)
	}
	if have := withoutReceived(w.t, through.Data); !bytes.Equal(have, direct.Data) {
		at := 0
		for at < min(len(have), len(direct.Data)) && have[at] == direct.Data[at] {
			at++
		}
		w.t.Errorf("not the same octets from %d on:\n%.200q\n%.200q", at, have[at:], direct.Data[at:])
	}
	if n := bytes.Count(through.Data, []byte("\r\nReceived:")) - bytes.Count(direct.Data, []byte("\r\nReceived:")); n != 1 {
		w.t.Errorf("%d more Received fields than without the gateway", n)
	}
}

func TestE2EPostfix(t *testing.T) {
	t.Parallel()
	s := newSystem(t, setup{})
	w := newTwin(t, s)
	const head = "From: Johan <johan@norrsund.example>\r\nTo: karin@ekman.example\r\n"
	eight := &smtp.MailOptions{Body: smtp.Body8BitMIME}
	attachment := head + "Subject: bild\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\nNot shown.\r\n--=_x\r\nContent-Type: text/plain; charset=utf-8\r\n" +
		"Content-Transfer-Encoding: quoted-printable\r\n\r\nSe bilagan =E2=80=93 h=C3=A4lsningar=20\r\n--=_x\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=a.png\r\n\r\n" + strings.Repeat("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJiVBORw0KGgoAAAANSUhEUgAAAAEA\r\n", 5000) + "--=_x--\r\ntail\r\n"
	n := 0
	for _, c := range []struct {
		name, raw string
		opts      *smtp.MailOptions
	}{
		{"plain", head + "Subject: Lunch\r\nMessage-ID: <a@norrsund.example>\r\n\r\n" + ordinary, nil},
		{"8bit", head + "Subject: =?utf-8?q?m=C3=B6te?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nVi ses på fredag – hälsningar\r\n", eight},
		{"8bit in the header", head + "Subject: möte på fredag\r\n\r\nVi ses på fredag\r\n", eight},
		{"latin-1", head + "Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nV\xe4lkommen\r\n", eight},
		{"long lines", head + "Subject: long\r\n\r\n" + strings.Repeat("ord ", 2000) + "\r\n" + strings.Repeat("x", 998) + "\r\n" + strings.Repeat("y", 5000) + "\r\n", nil},
		{"dots", head + "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n...\r\n . \r\na.\r\n.\r\n\r\n.\r\n", nil},
		{"white space", head + "Subject:  two  spaces \r\nX-Empty:\r\nX-Folded: a\r\n\tb\r\n  c \r\n\r\n  \r\n\t\r\ntrailing  \r\n\r\n\r\n\r\n", nil},
		{"no header", "\r\nonly text\r\n", nil},
		{"empty", "", nil},
		{"no body", head + "Subject: s\r\n\r\n", nil},
		{"no end of line", head + "Subject: s\r\n\r\nlast", nil},
		{"attachment", attachment, nil},
		{"odd structure", head + "Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>y\r\n--a--\r\n", nil},
	} {
		n++
		t.Logf("%d: %s", n, c.name)
		w.submit(c.raw, c.opts)
		w.same(n)
	}
	for _, raw := range []string{
		"Subject: from a program\n\nunix\nlines\n.\n..\n",
		"Subject: both\r\n\nmixed\r\nlines\nwithout an end",
		"no header at all\n",
		"Subject: stray\n\na bare \r in the middle\nand \r\r\n at an end\n",
	} {
		n++
		w.pickup(raw)
		w.same(n)
	}
	s.stored(0)
}

func TestE2EPostfixSwaks(t *testing.T) {
	t.Parallel()
	swaks, err := exec.LookPath("swaks")
	if err != nil {
		testkit.Missing(t, "swaks")
	}
	w := newTwin(t, newSystem(t, setup{}))
	file := write(t, "logo.png", strings.Repeat("\x89PNG\r\n\x1a\n\x00\xff", 3000))
	host, port, _ := strings.Cut(w.postfix.Addr, ":")
	for n, args := range [][]string{
		{},
		{"--header", "Subject: åäö", "--body", "hej på dig\n.\n..\nslut"},
		{"--attach-type", "image/png", "--attach", "@" + file},
	} {
		cmd := exec.Command(swaks, append([]string{
			"--server", host, "--port", port, "--from", "johan@norrsund.example",
			"--to", "karin@ekman.example,karin@direct.example", "--silent", "2",
		}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("swaks: %v\n%s", err, out)
		}
		w.same(n + 1)
	}
}

// With the next hop down everything waits in the gateway, with the gateway down in
// Postfix; nothing is lost, and nothing comes twice.
func TestE2EPostfixDown(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, d config.Driver) {
		s := newSystem(t, setup{driver: d, change: func(c *config.Config) {
			quickRetry(c)
			c.SMTP.Listen = []string{"127.0.0.9:0"} // nobody else takes its port while it is down
		}})
		w := newTwin(t, s)
		want := map[string]bool{}
		submit := func(n int) {
			for range n {
				word := fmt.Sprintf("message-%d-", len(want))
				want[word] = true
				w.submit("From: johan@norrsund.example\r\nSubject: s\r\n\r\n"+word+"\r\n", nil)
			}
		}
		s.hop.Stop()
		submit(5)
		w.direct.Wait(t, 5)
		await(t, "five in the store", func() bool { return len(s.find()) == 5 })

		s.cfg.SMTP.Listen = []string{s.smtp}
		s.stop()
		submit(5)
		w.direct.Wait(t, 10)
		await(t, "five in Postfix", func() bool { return len(w.postfix.Queue()) == 5 })

		s.startAgain()
		s.hop.Start(t)
		w.postfix.Flush()
		all := s.hop.Wait(t, 10)
		for _, m := range all {
			for word := range want {
				if bytes.Contains(m.Data, []byte(word)) {
					delete(want, word)
				}
			}
		}
		await(t, "an empty queue in Postfix", func() bool { return len(w.postfix.Queue()) == 0 })
		s.idle()
		if len(want) != 0 || len(s.hop.Mails()) != 10 {
			t.Errorf("%d are missing, %d arrived", len(want), len(s.hop.Mails()))
		}
	})
}

// What an old Postfix passes on although it may not, the gateway refuses.
func TestE2EPostfixBareCR(t *testing.T) {
	t.Parallel()
	s := newSystem(t, setup{})
	w := newTwin(t, s, "cleanup_replace_stray_cr_lf = no")
	w.pickup("Subject: s\n\na bare \r here\n")
	w.direct.Wait(t, 1)
	await(t, "the refusal in Postfix's log", func() bool {
		return strings.Contains(w.postfix.Log(), "550 5.5.2 Bare CR or LF in the message")
	})
	if n := len(s.hop.Mails()); n != 0 {
		t.Errorf("%d arrived", n)
	}
}
