package notify

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"sigill/internal/message"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		action      Action
		reply, want string
	}{
		{Failed, "550 5.1.1 no such user", "5.1.1"},
		{Failed, "550-5.7.26 policy", "5.7.26"},
		{Failed, "550 no such user", "5.0.0"},
		{Failed, "550 2.1.1 confused", "5.0.0"},
		{Failed, "451 4.2.1 busy", "4.4.7"},
		{Failed, "", "4.4.7"},
		{Delayed, "451 4.2.1 busy", "4.2.1"},
		{Delayed, "421 busy", "4.0.0"},
		{Delayed, "", "4.4.1"},
		{Relayed, "", "2.0.0"},
		{Delivered, "250 2.6.0 queued", "2.6.0"},
		{Delivered, "nonsense", "2.0.0"},
	} {
		if got := status(tc.action, tc.reply); got != tc.want {
			t.Errorf("%s %q: got %s, want %s", tc.action, tc.reply, got, tc.want)
		}
	}
}

func TestOriginalRecipient(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		orig, want string
		global     bool
	}{
		{"rfc822;bo+2Bx@b.example", "rfc822; bo+x@b.example", false},
		{"RFC822;bo@b.example", "rfc822; bo@b.example", false},
		{"rfc822;bo+0D+0AX:+201@b.example", "rfc822; bo X: 1@b.example", false},
		{"utf-8;\\x{E5}sa@b.example", "utf-8; \\x{E5}sa@b.example", false},
		{"utf-8;åsa@b.example", "utf-8; åsa@b.example", true},
		{"utf-8;åsa@b.example", "", false},
		{"bo@b.example", "", false},
		{"rfc822;", "", false},
		{"r\r\nX;bo@b.example", "", false},
		{"", "", false},
	} {
		if got := originalRecipient(tc.orig, tc.global); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.orig, got, tc.want)
		}
	}
}

func TestHeaderPart(t *testing.T) {
	t.Parallel()
	m := sample(t, "sv")
	m.Decision.Verdict = message.Pass
	for _, tc := range []struct {
		name, header, want, kind, encoding string
		level                              message.Level
		global                             bool
	}{
		{"plain", "A: 1\r\nSubject: x\r\n y\r\n\r\nbody", "A: 1\nSubject: x\n y\n", "text/rfc822-headers", "7bit", message.Pass, false},
		{"sealed", "A: 1\r\nSubject: x\r\n y\r\nsubject\t: z\r\nB: 2\r\n", "A: 1\nB: 2\n", "text/rfc822-headers", "7bit", message.Level1, false},
		{"8 bit", "A: \xe5\r\n", "A: \xe5\n", "text/rfc822-headers", utf8QP, message.Pass, false},
		{"long line", "A: " + strings.Repeat("x", 2000) + "\r\n", "A: " + strings.Repeat("x", 2000) + "\n", "text/rfc822-headers", utf8QP, message.Pass, false},
		{"UTF-8", "A: å\r\n", "A: å\n", "message/global-headers", utf8QP, message.Pass, true},
		{"not UTF-8", "A: \xe5\r\n", "A: \xe5\n", "text/rfc822-headers", utf8QP, message.Pass, true},
		{"too long", "A: 1\r\nB: " + strings.Repeat("x", maxHeader), "A: 1\n", "text/rfc822-headers", "7bit", message.Pass, false},
	} {
		m.Decision.Verdict = tc.level
		got := headerPart(Report{Message: m, Header: []byte(tc.header)}, tc.global)
		if got.body != tc.want || got.kind != tc.kind || got.encoding != tc.encoding {
			t.Errorf("%s: got %+v", tc.name, got)
		}
	}
}

func TestGlobalDSN(t *testing.T) {
	t.Parallel()
	c := composer(t, org(t, "sv"))
	m := sample(t, "sv")
	m.Envelope.UTF8, m.Decision.Verdict = true, message.Pass
	m.Recipients[0].Address, m.Recipients[0].Reply = address(t, "åsa@b.example"), "550 5.1.1 nej"
	got, err := c.DSN(Report{Message: m, Action: Failed, To: address(t, "örjan@norrsund.example"), Header: []byte("From: örjan@norrsund.example\r\n"), Hostname: "mx.example", Now: accepted()})
	if err != nil {
		t.Fatal(err)
	}
	o := open(t, got)
	if want := []string{"text/plain", "message/global-delivery-status", "message/global-headers"}; strings.Join(o.kinds, " ") != strings.Join(want, " ") {
		t.Errorf("parts %v", o.kinds)
	}
	if !strings.Contains(o.parts[1], "\nFinal-Recipient: utf-8; åsa@b.example\n") {
		t.Errorf("status part:\n%s", o.parts[1])
	}
}

func TestDSNRefuses(t *testing.T) {
	t.Parallel()
	c := composer(t, org(t, "sv"))
	m := sample(t, "sv")
	for name, r := range map[string]Report{
		"no action":    {Message: m, To: m.Person},
		"nobody":       {Message: m, Action: Failed},
		"no recipient": {Message: m, Action: Failed, To: m.Person, Recipient: 4},
	} {
		if _, err := c.DSN(r); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	got, err := c.DSN(Report{Message: m, Action: Relayed, To: m.Person, Now: accepted()})
	if err != nil {
		t.Fatal(err)
	}
	if o := open(t, got); len(o.parts) != 2 || strings.Contains(o.parts[1], "Reporting-MTA") {
		t.Errorf("without header and host: %q", o.parts)
	}
}

func FuzzDSN(f *testing.F) {
	f.Add([]byte("From: a\r\nSubject: b\r\n c\r\n\r\n"), "550 5.1.1 x", "rfc822;a+2Bb@c", "env", "mx.example", true)
	for _, s := range hostile {
		f.Add([]byte(s), s, "rfc822;"+s, s, s, false)
	}
	c := composer(f, org(f, "sv"))
	f.Fuzz(func(t *testing.T, header []byte, reply, orig, env, host string, global bool) {
		m := sealed(sample(t, "sv"))
		m.Envelope.ID, m.Envelope.UTF8 = env, global
		m.Recipients[0].Reply, m.Recipients[0].Orig = reply, orig
		got, err := c.DSN(Report{Message: m, Action: Failed, To: m.Person, Header: header, Hostname: host, Now: accepted().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		checkHeaderCount(t, got)
		o := open(t, got)
		if groups := strings.Split(strings.TrimSpace(o.parts[1]), "\n\n"); len(groups) > 2 {
			t.Errorf("%d groups of fields in %q", len(groups), o.parts[1])
		}
		for line := range strings.Lines(o.parts[1]) {
			if line != "\n" && line[0] != ' ' && !strings.Contains(line, ": ") {
				t.Errorf("not a field: %q", line)
			}
		}
		if len(o.parts) == 3 {
			for line := range bytes.Lines([]byte(o.parts[2])) {
				if bytes.HasPrefix(bytes.ToLower(line), []byte("subject:")) {
					t.Error("the subject is returned")
				}
			}
		}
	})
}

func checkHeaderCount(t *testing.T, m Mail) {
	t.Helper()
	o := open(t, m)
	if o.header.Len() != 10 {
		t.Errorf("%d fields", o.header.Len())
	}
}
