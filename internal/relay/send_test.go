package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"sigill/internal/message"
	"sigill/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Both kinds of hop: one that takes commands in groups, one that does not.
var pipelining = map[string][]string{"pipelined": nil, "one by one": {"PIPELINING"}}

func TestSendIsFaithful(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000) + "\r\n.\r\n" + strings.Repeat(".y\r\n", 50_000)
	for name, body := range map[string]string{
		"dots": text, "empty": "", "only a dot": ".\r\n", "long": long, "8 bit": "Subject: x\r\n\r\n\xff\xfe\x00å\r\n",
		"dot at a block's edge": strings.Repeat("z", writeBuffer-len(prefix)-2) + "\r\n.q\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{})
			m := mail(t, "b@x.test")
			m.Body = memory(body)
			r := sender(t, s).Send(t.Context(), m)
			if r.Recipients[0].Class != Accepted || r.Err != nil {
				t.Fatalf("%+v", r)
			}
			if got := string(s.Wait(t, 1)[0].Data); got != prefix+body {
				t.Errorf("%d octets arrived, %d sent", len(got), len(prefix+body))
			}
		})
	}
}

func TestSendAddsOnlyAMissingLineEnd(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{})
	m := mail(t, "b@x.test")
	m.Body = memory("x: y\r\n\r\nno end")
	sender(t, s).Send(t.Context(), m)
	if got := string(s.Wait(t, 1)[0].Data); got != prefix+"x: y\r\n\r\nno end\r\n" {
		t.Errorf("%q", got)
	}
}

// TestSendMatrix meets every fault at every stage. Expected is one class and code per
// recipient; what was kept by the sink; and whether the connection may go on.
func TestSendMatrix(t *testing.T) {
	t.Parallel()
	const T, A, P = Temporary, Accepted, Permanent
	for _, tc := range []struct {
		name, script string
		classes      []Class
		codes        []int
		stage        Stage // of the first recipient
		mails        int
		uncertain    bool
		reuse        bool
	}{
		{"nothing", "", []Class{A, A, A}, []int{250, 250, 250}, StageFinal, 1, false, true},
		{"banner 4yz", "banner: 421 4.3.2 busy", []Class{T, T, T}, []int{451, 451, 451}, StageHello, 0, false, false},
		{"banner 5yz is about the hop, not the mail", "banner: 554 5.7.1 no", []Class{T, T, T}, []int{451, 451, 451}, StageHello, 0, false, false},
		{"banner cut", "banner: cut", []Class{T, T, T}, []int{451, 451, 451}, StageHello, 0, false, false},
		{"banner garbage", "banner: garbage", []Class{T, T, T}, []int{451, 451, 451}, StageHello, 0, false, false},
		{"banner in lines", "banner: multi 220 hello", []Class{A, A, A}, []int{250, 250, 250}, StageFinal, 1, false, true},
		{"banner drips", "banner: drip 220 hello", []Class{A, A, A}, []int{250, 250, 250}, StageFinal, 1, false, true},
		{"no EHLO, HELO", "ehlo: 502 5.5.1 what", []Class{A, A, A}, []int{250, 250, 250}, StageFinal, 1, false, true},
		{"EHLO 4yz", "ehlo: 450 later", []Class{T, T, T}, []int{451, 451, 451}, StageHello, 0, false, false},
		{"EHLO cut", "ehlo: cut", []Class{T, T, T}, []int{451, 451, 451}, StageHello, 0, false, false},
		{"MAIL 4yz", "mail: 451 4.7.1 greylisted", []Class{T, T, T}, []int{451, 451, 451}, StageMail, 0, false, true},
		{"MAIL 5yz", "mail: 550 5.7.1 not you", []Class{P, P, P}, []int{550, 550, 550}, StageMail, 0, false, true},
		{"MAIL 421", "mail: 421 4.3.2 bye", []Class{T, T, T}, []int{421, 421, 421}, StageMail, 0, false, false},
		{"MAIL cut", "mail: cut", []Class{T, T, T}, []int{451, 451, 451}, StageMail, 0, false, false},
		{"MAIL garbage", "mail: garbage", []Class{T, T, T}, []int{451, 451, 451}, StageMail, 0, false, false},
		{"MAIL 3yz", "mail: 354 what", []Class{T, T, T}, []int{451, 451, 451}, StageMail, 0, false, false},
		{"MAIL in lines", "mail: multi 250 2.1.0 ok", []Class{A, A, A}, []int{250, 250, 250}, StageFinal, 1, false, true},
		{"one RCPT 4yz", "rcpt b@x.test: 450 4.2.1 busy", []Class{T, A, A}, []int{450, 250, 250}, StageRcpt, 1, false, true},
		{"one RCPT 5yz", "rcpt b@x.test: 550 5.1.1 no such", []Class{P, A, A}, []int{550, 250, 250}, StageRcpt, 1, false, true},
		{"two RCPTs differ", "rcpt b@x.test: 550 5.1.1 no\nrcpt c@x.test: drip 452 4.2.2 full", []Class{P, T, A}, []int{550, 452, 250}, StageRcpt, 1, false, true},
		{"all RCPTs", "rcpt: 550 5.1.1 no", []Class{P, P, P}, []int{550, 550, 550}, StageRcpt, 0, false, true},
		{"RCPT 251", "rcpt b@x.test: 251 2.1.5 forwarded", []Class{A, A, A}, []int{250, 250, 250}, StageFinal, 1, false, true},
		{"last RCPT 421", "rcpt d@x.test: 421 4.3.2 bye", []Class{T, T, T}, []int{421, 421, 421}, StageRcpt, 0, false, false},
		{"a refusal stays when the rest is lost", "rcpt b@x.test: 550 5.1.1 no\nrcpt d@x.test: cut", []Class{P, T, T}, []int{550, 451, 451}, StageRcpt, 0, false, false},
		{"RCPT garbage", "rcpt c@x.test: garbage", []Class{T, T, T}, []int{451, 451, 451}, StageRcpt, 0, false, false},
		{"DATA 4yz", "data: 451 4.3.0 no", []Class{T, T, T}, []int{451, 451, 451}, StageData, 0, false, true},
		{"DATA 5yz", "data: 554 5.6.0 no", []Class{P, P, P}, []int{554, 554, 554}, StageData, 0, false, true},
		{"DATA 2yz", "data: 250 what", []Class{T, T, T}, []int{451, 451, 451}, StageData, 0, false, false},
		{"DATA cut", "data: cut", []Class{T, T, T}, []int{451, 451, 451}, StageData, 0, false, false},
		{"final 4yz", "final: 452 4.3.1 full", []Class{T, T, T}, []int{452, 452, 452}, StageFinal, 0, false, true},
		{"final 5yz", "final: multi 550 5.7.1 spam", []Class{P, P, P}, []int{550, 550, 550}, StageFinal, 0, false, true},
		{"final 5yz for who was taken", "rcpt b@x.test: 450 4.2.1 x\nfinal: 554 5.6.0 no", []Class{T, P, P}, []int{450, 554, 554}, StageRcpt, 0, false, true},
		{"final 421", "final: 421 4.3.2 bye", []Class{T, T, T}, []int{421, 421, 421}, StageFinal, 0, false, false},
		{"final cut", "final: cut", []Class{T, T, T}, []int{451, 451, 451}, StageFinal, 0, true, false},
		{"final cut, but taken", "final: take", []Class{T, T, T}, []int{451, 451, 451}, StageFinal, 1, true, false},
		{"final garbage", "final: garbage", []Class{T, T, T}, []int{451, 451, 451}, StageFinal, 0, true, false},
		{"final drips", "final: drip 250 2.0.0 ok", []Class{A, A, A}, []int{250, 250, 250}, StageFinal, 1, false, true},
	} {
		for kind, without := range pipelining {
			t.Run(tc.name+", "+kind, func(t *testing.T) {
				t.Parallel()
				s := testkit.NewSink(t, testkit.SinkOptions{Script: tc.script, Without: without})
				out := sender(t, s)
				r := out.Send(t.Context(), mail(t, "b@x.test", "c@x.test", "d@x.test"))
				classes, codes := outcomes(r)
				if !slices.Equal(classes, tc.classes) || !slices.Equal(codes, tc.codes) {
					t.Errorf("outcomes %v %v, want %v %v (%v)", classes, codes, tc.classes, tc.codes, r.Err)
				}
				if r.Recipients[0].Stage != tc.stage {
					t.Errorf("stage %s, want %s", r.Recipients[0].Stage, tc.stage)
				}
				if r.Uncertain != tc.uncertain {
					t.Errorf("uncertain %v", r.Uncertain)
				}
				for _, o := range r.Recipients {
					if o.Status == "" || o.Status[0]-'0' != byte(o.Code/100) {
						t.Errorf("status %q with code %d", o.Status, o.Code)
					}
				}
				if n := len(s.Mails()); n != tc.mails {
					t.Errorf("%d mails arrived, want %d", n, tc.mails)
				}
				if got := len(out.idle) == 1; got != tc.reuse {
					t.Errorf("connection kept: %v", got)
				}
				// The way must be free again: nothing of this mail may cling to the next.
				s.Script(t, "")
				s.Clear()
				if next := out.Send(t.Context(), mail(t, "e@x.test")); next.Recipients[0].Class != Accepted {
					t.Errorf("next mail: %+v", next)
				} else if m := s.Wait(t, 1)[0]; !slices.Equal(m.To, []string{"e@x.test"}) {
					t.Errorf("next mail went to %v", m.To)
				}
			})
		}
	}
}

func TestSendBodyCut(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "body: cut"})
	m := mail(t, "b@x.test")
	m.Body = memory(strings.Repeat(strings.Repeat("x", 998)+"\r\n", 30_000)) // more than all buffers hold
	r := sender(t, s).Send(t.Context(), m)
	if o := r.Recipients[0]; o.Class != Temporary || o.Stage != StageBody || r.Uncertain {
		t.Errorf("%+v", r)
	}
	if len(s.Mails()) != 0 {
		t.Error("half a message arrived")
	}
}

// A body that cannot be read to its end must never arrive as a whole message.
func TestSendBrokenBody(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]brokenBody{
		"fails":     {memory(text), 20, errDisk},
		"too short": {memory(text), 20, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{})
			m := mail(t, "b@x.test")
			m.Body = body
			r := sender(t, s).Send(t.Context(), m)
			if o := r.Recipients[0]; o.Class != Temporary || o.Status != "4.3.0" || r.Err == nil || r.Uncertain {
				t.Errorf("%+v", r)
			}
			if body.err != nil && !errors.Is(r.Err, errDisk) {
				t.Errorf("error %v", r.Err)
			}
			s.WaitIdle(t)
			if len(s.Mails()) != 0 {
				t.Error("half a message arrived")
			}
		})
	}
}

func TestSendTimesOut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		script    string
		stage     Stage
		uncertain bool
	}{
		{"banner: silent", StageHello, false},
		{"ehlo: silent", StageHello, false},
		{"mail: silent", StageMail, false},
		{"rcpt: silent", StageRcpt, false},
		{"data: silent", StageData, false},
		{"final: silent", StageFinal, true},
	} {
		t.Run(tc.script, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{Script: tc.script})
			out := sender(t, s, func(o *Options) { o.CommandTimeout, o.FinalTimeout = 300*time.Millisecond, 300*time.Millisecond })
			r := out.Send(t.Context(), mail(t, "b@x.test"))
			if o := r.Recipients[0]; o.Class != Temporary || o.Stage != tc.stage || r.Uncertain != tc.uncertain || r.Err == nil {
				t.Errorf("%+v", r)
			}
			if len(out.places) != 0 || len(out.idle) != 0 {
				t.Error("the connection was kept")
			}
		})
	}
}

func TestSendCancelled(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"banner: silent", "mail: silent", "final: silent"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{Script: script})
			out := sender(t, s)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan Result)
			go func() { done <- out.Send(ctx, mail(t, "b@x.test")) }()
			switch script {
			case "mail: silent":
				s.WaitLine(t, "MAIL")
			case "final: silent":
				s.WaitLine(t, "DATA")
			}
			cancel()
			if r := <-done; r.Recipients[0].Class != Temporary || r.Err == nil {
				t.Errorf("%+v", r)
			}
			if r := out.Send(ctx, mail(t, "b@x.test")); r.Recipients[0].Class != Temporary {
				t.Errorf("sent with a cancelled context: %+v", r)
			}
		})
	}
}

func TestSendNobodyThere(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{})
	out := sender(t, s)
	s.Stop()
	r := out.Send(t.Context(), mail(t, "b@x.test", "c@x.test"))
	for _, o := range r.Recipients {
		if o.Class != Temporary || o.Status != "4.4.1" || o.Stage != StageConnect {
			t.Errorf("%+v", o)
		}
	}
	s.Start(t)
	if r := out.Send(t.Context(), mail(t, "b@x.test")); r.Recipients[0].Class != Accepted {
		t.Errorf("after it came back: %+v", r)
	}
}

func TestSendParameters(t *testing.T) {
	t.Parallel()
	m := mail(t, "b@x.test")
	m.EightBit, m.Return, m.EnvID = true, "HDRS", "a b+c=é"
	m.To[0].Notify, m.To[0].Orig = message.NotifySuccess|message.NotifyDelay, "rfc822;b+2B@x.test"
	m.To = append(m.To,
		message.RcptTo{Address: addr(t, `"o d"@x.test`), Notify: message.NotifyNever},
		message.RcptTo{Address: addr(t, "c@x.test"), Orig: "rfc822;x\r\nRCPT TO:<evil@x.test>"})
	size := len(prefix) + len(text)
	for name, tc := range map[string]struct {
		without []string
		lines   []string
	}{
		"all": {nil, []string{
			fmt.Sprintf("MAIL FROM:<a@x.test> SIZE=%d BODY=8BITMIME RET=HDRS ENVID=a+20b+2Bc+3D+C3+A9", size),
			"RCPT TO:<b@x.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2B@x.test",
			`RCPT TO:<"o d"@x.test> NOTIFY=NEVER`, "RCPT TO:<c@x.test>", "DATA",
		}},
		"none": {[]string{"SIZE", "8BITMIME", "DSN", "SMTPUTF8"}, []string{
			"MAIL FROM:<a@x.test>", "RCPT TO:<b@x.test>", `RCPT TO:<"o d"@x.test>`, "RCPT TO:<c@x.test>", "DATA",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{Without: tc.without})
			sender(t, s).Send(t.Context(), m)
			if diff := cmp.Diff(append([]string{"EHLO relay.test"}, tc.lines...), s.Lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSendUTF8(t *testing.T) {
	t.Parallel()
	utf8Header := memory("Subject: grüß\r\n\r\nx\r\n")
	utf8Body := memory("Subject: x\r\n\r\ngrüß\r\n")
	for _, tc := range []struct {
		name    string
		offered bool
		flag    bool
		from    string
		to      []string
		body    memory
		codes   []int
		param   bool
	}{
		{"not needed", true, false, "a@x.test", []string{"b@x.test"}, memory(text), []int{250}, false},
		{"asked for", true, true, "a@x.test", []string{"b@x.test"}, utf8Header, []int{250}, true},
		{"recipient", true, false, "a@x.test", []string{"å@x.test", "b@x.test"}, memory(text), []int{250, 250}, true},
		{"recipient, not offered", false, true, "a@x.test", []string{"å@x.test", "b@x.test"}, memory(text), []int{553, 250}, false},
		{"sender, not offered", false, true, "ö@x.test", []string{"å@x.test", "b@x.test"}, memory(text), []int{553, 553}, false},
		{"header, not offered", false, true, "a@x.test", []string{"b@x.test"}, utf8Header, []int{553}, false},
		{"body only, not offered", false, true, "a@x.test", []string{"b@x.test"}, utf8Body, []int{250}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			opt := testkit.SinkOptions{}
			if !tc.offered {
				opt.Without = []string{"SMTPUTF8"}
			}
			s := testkit.NewSink(t, opt)
			m := mail(t, tc.to...)
			m.From, m.UTF8, m.Body = addr(t, tc.from), tc.flag, tc.body
			r := sender(t, s).Send(t.Context(), m)
			if _, codes := outcomes(r); !slices.Equal(codes, tc.codes) {
				t.Errorf("codes %v, want %v", codes, tc.codes)
			}
			for _, o := range r.Recipients {
				if o.Code == 553 && (o.Status != "5.6.7" || o.Class != Permanent) {
					t.Errorf("%+v", o)
				}
			}
			if got := strings.Contains(strings.Join(s.Lines(), "\n"), "SMTPUTF8"); got != tc.param {
				t.Errorf("SMTPUTF8 said: %v", got)
			}
		})
	}
}

func TestSendTooLarge(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Size: 50})
	out := sender(t, s)
	r := out.Send(t.Context(), mail(t, "b@x.test"))
	if o := r.Recipients[0]; o.Code != 552 || o.Status != "5.3.4" || o.Class != Permanent {
		t.Errorf("%+v", o)
	}
	if slices.Contains(s.Lines(), "DATA") {
		t.Error("it was offered all the same")
	}
	if caps, ok := out.Known(); !ok || caps.Size != 50 || time.Since(caps.Heard) > time.Minute {
		t.Errorf("known: %+v, %v", caps, ok)
	}
}

func TestSendManyRecipients(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "rcpt r777@x.test: 550 5.1.1 no"})
	m := mail(t)
	for i := range 1000 {
		m.To = append(m.To, message.RcptTo{Address: addr(t, fmt.Sprintf("r%d@x.test", i))})
	}
	r := sender(t, s).Send(t.Context(), m)
	for i, o := range r.Recipients {
		if want := i != 777; (o.Class == Accepted) != want {
			t.Errorf("recipient %d: %+v", i, o)
		}
	}
	if n := len(s.Wait(t, 1)[0].To); n != 999 {
		t.Errorf("%d recipients arrived", n)
	}
}

func TestWarmConnectionServesMany(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{})
	out := sender(t, s, func(o *Options) { o.MaxMails = 4 })
	for range 8 {
		out.Send(t.Context(), mail(t, "b@x.test"))
	}
	s.Wait(t, 8)
	if n := s.Conns(); n != 2 {
		t.Errorf("%d connections for 8 mails, 4 on each", n)
	}
}

func TestDeadWarmConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"", "mail x1: 421 4.4.2 idle too long", "mail x1: cut"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{})
			out := warm(t, s)
			if script == "" {
				s.Drop()
				s.WaitIdle(t)
			}
			s.Script(t, script)
			if r := out.Send(t.Context(), mail(t, "b@x.test")); r.Recipients[0].Class != Accepted {
				t.Errorf("%+v", r)
			}
			if n := len(s.Wait(t, 1)); n != 1 || s.Conns() != 2 {
				t.Errorf("%d mails, %d connections", n, s.Conns())
			}
		})
	}
}

// What went wrong on a fresh connection, or after the hop had said something, is not
// tried again at once.
func TestNoSecondTry(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"rcpt x1: cut", "final x1: cut", "final x1: take", "mail x1: garbage", "rcpt x1: 421 4.3.2 bye"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewSink(t, testkit.SinkOptions{Without: []string{"PIPELINING"}})
			out := warm(t, s)
			s.Script(t, script)
			if r := out.Send(t.Context(), mail(t, "b@x.test")); r.Recipients[0].Class != Temporary {
				t.Errorf("%+v", r)
			}
			if s.Conns() != 1 {
				t.Errorf("%d connections", s.Conns())
			}
		})
	}
}

func TestFreshConnectionIsNotTriedTwice(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"mail x1: cut", "mail x1: 421 4.3.2 busy"} {
		s := testkit.NewSink(t, testkit.SinkOptions{Script: script})
		if r := sender(t, s).Send(t.Context(), mail(t, "b@x.test")); r.Recipients[0].Class != Temporary || s.Conns() != 1 {
			t.Errorf("%s: %+v, %d connections", script, r, s.Conns())
		}
	}
}

// One dead connection means that the others are dead too: none of them is tried.
func TestDeadConnectionsGoTogether(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "final x2: silent"})
	out := sender(t, s)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { out.Send(t.Context(), mail(t, "b@x.test")) })
	}
	s.WaitFor(t, "two at DATA", func(_ []testkit.Mail, lines []string) bool {
		return strings.Count(strings.Join(lines, "\n"), "DATA") == 2
	})
	s.Release()
	wg.Wait()
	s.Drop()
	s.WaitIdle(t)
	if r := out.Send(t.Context(), mail(t, "b@x.test")); r.Recipients[0].Class != Accepted {
		t.Errorf("%+v", r)
	}
	if len(out.idle) != 1 || s.Conns() != 3 {
		t.Errorf("%d idle, %d connections", len(out.idle), s.Conns())
	}
}

// A hop that wants a message although it took nobody gets none, not even an empty one.
func TestNothingIsSentToNobody(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "rcpt: 550 5.1.1 no\ndata: 354 go"})
	out := sender(t, s)
	if r := out.Send(t.Context(), mail(t, "b@x.test", "c@x.test")); r.Recipients[0].Code != 550 || r.Recipients[1].Code != 550 {
		t.Errorf("%+v", r)
	}
	if cut := out.CutThrough(t.Context(), mail(t, "b@x.test")); cut.State != CutStore || cut.Reply.Code != 550 {
		t.Errorf("%+v", cut)
	}
	s.WaitIdle(t)
	if len(s.Mails()) != 0 {
		t.Errorf("%+v", s.Mails())
	}
}

func TestIdleConnectionsEnd(t *testing.T) {
	t.Parallel()
	t.Run("by the clock", func(t *testing.T) {
		t.Parallel()
		clock := testkit.NewClock(time.Time{})
		s := testkit.NewSink(t, testkit.SinkOptions{})
		out := warm(t, s, func(o *Options) { o.Now, o.IdleTimeout = clock.Now, time.Hour })
		clock.Add(time.Hour)
		out.Send(t.Context(), mail(t, "b@x.test"))
		if s.Wait(t, 1); s.Conns() != 2 {
			t.Errorf("%d connections", s.Conns())
		}
		clock.Add(10 * time.Minute) // beyond MaxAge
		out.Send(t.Context(), mail(t, "b@x.test"))
		if s.Wait(t, 2); s.Conns() != 3 {
			t.Errorf("%d connections", s.Conns())
		}
	})
	t.Run("by themselves, with QUIT", func(t *testing.T) {
		t.Parallel()
		s := testkit.NewSink(t, testkit.SinkOptions{})
		warm(t, s, func(o *Options) { o.IdleTimeout = 50 * time.Millisecond })
		s.WaitLine(t, "QUIT")
		s.WaitIdle(t)
	})
	t.Run("with the sender", func(t *testing.T) {
		t.Parallel()
		s := testkit.NewSink(t, testkit.SinkOptions{})
		out := warm(t, s)
		out.Close()
		s.WaitLine(t, "QUIT")
		s.WaitIdle(t)
		if r := out.Send(t.Context(), mail(t, "b@x.test")); !errors.Is(r.Err, ErrClosed) || r.Recipients[0].Class != Temporary {
			t.Errorf("after Close: %+v", r)
		}
	})
}

func TestPoolBoundsConnections(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{})
	out := sender(t, s, func(o *Options) { o.MaxConns = 3 })
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			if r := out.Send(t.Context(), mail(t, "b@x.test")); r.Recipients[0].Class != Accepted {
				t.Errorf("%+v", r)
			}
		})
	}
	wg.Wait()
	if s.Wait(t, 60); s.Conns() > 3 {
		t.Errorf("%d connections", s.Conns())
	}
}

func TestPlaceIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Script: "final x1: silent"})
	out := sender(t, s, func(o *Options) { o.MaxConns = 1 })
	var wg sync.WaitGroup
	wg.Go(func() { out.Send(t.Context(), mail(t, "b@x.test")) })
	s.WaitLine(t, "DATA")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := out.Send(ctx, mail(t, "b@x.test")); !errors.Is(r.Err, ErrBusy) {
		t.Errorf("%v", r.Err)
	}
	s.Release()
	wg.Wait()
	s.Wait(t, 1)
}

func TestUnreadableBodyIsNotTheHopsFault(t *testing.T) {
	t.Parallel()
	s := testkit.NewSink(t, testkit.SinkOptions{Without: []string{"SMTPUTF8"}})
	m := mail(t, "b@x.test")
	m.UTF8, m.Body = true, noBody{}
	r := sender(t, s).Send(t.Context(), m)
	if o := r.Recipients[0]; o.Class != Temporary || o.Status != "4.3.0" || !errors.Is(r.Err, errDisk) {
		t.Errorf("%+v", r)
	}
}

type noBody struct{ memory }

func (noBody) Open() (io.ReadCloser, error) { return nil, errDisk }
