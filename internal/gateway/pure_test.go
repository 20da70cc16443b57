package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigill/internal/extract"
	"sigill/internal/locale"
	"sigill/internal/message"
	"sigill/internal/notify"
	"sigill/internal/relay"
	"sigill/internal/seal"
)

var start = time.Date(2026, 11, 23, 15, 41, 0, 0, time.UTC)

// bare is a gateway that can do what needs no store and no hop.
func bare(t *testing.T) *Gateway {
	t.Helper()
	ring, err := seal.CreateKeyring(filepath.Join(t.TempDir(), "ring"))
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{
		Org:      Org{ID: "main", Domains: []string{"norrsund.example"}, Responsible: addr(t, "it@norrsund.example"), Unattended: []string{"scanner@*"}},
		Hostname: "brev.norrsund.example", BounceDomain: "norrsund.example", Ring: ring,
		Now: func() time.Time { return start },
	})
}

func addr(t *testing.T, s string) message.Address {
	t.Helper()
	a, err := message.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func header(t *testing.T, raw string) *extract.Header {
	t.Helper()
	c, err := extract.Parse(context.Background(), strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n")+"\r\n\r\nx\r\n"), extract.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return &c.Header
}

func TestPerson(t *testing.T) {
	t.Parallel()
	g := bare(t)
	for _, c := range []struct {
		name, from, header, want string
		unattended               bool
	}{
		{"MAIL FROM", "johan@norrsund.example", "From: Eva <eva@norrsund.example>", "johan@norrsund.example", false},
		{"Sender, when forwarded", "x@outside.example", "From: a@outside.example\nSender: eva@norrsund.example", "eva@norrsund.example", false},
		{"a single From", "", "From: Eva <eva@norrsund.example>", "eva@norrsund.example", false},
		{"two authors", "", "From: a@norrsund.example, b@norrsund.example", "it@norrsund.example", true},
		{"nobody of ours", "x@outside.example", "From: a@outside.example", "it@norrsund.example", true},
		{"a scanner", "scanner@norrsund.example", "From: scanner@norrsund.example", "it@norrsund.example", true},
		{"a subdomain is not ours", "x@evil.norrsund.example", "From: x@evil.norrsund.example", "it@norrsund.example", true},
	} {
		m := message.New(message.NewID(start), "main", message.Envelope{From: addr(t, c.from)}, start)
		g.setPerson(m, header(t, c.header))
		if m.Person.String() != c.want || m.Unattended != c.unattended {
			t.Errorf("%s: want %s %v, have %s %v", c.name, c.want, c.unattended, m.Person, m.Unattended)
		}
	}
}

func TestBlindCopiesAreNotListed(t *testing.T) {
	t.Parallel()
	env := message.Envelope{To: []message.RcptTo{{Address: addr(t, "Karin@ekman.example")}, {Address: addr(t, "blind@ekman.example")}}}
	m := message.New(message.NewID(start), "main", env, start)
	setListed(m, header(t, "To: =?utf-8?q?Karin_=C3=85?= <karin@EKMAN.example>\nBcc: blind@ekman.example"))
	if !m.Recipients[0].Listed || m.Recipients[0].Name != "Karin Å" || m.Recipients[1].Listed {
		t.Errorf("%+v", m.Recipients)
	}
}

func TestBounceAddress(t *testing.T) {
	t.Parallel()
	g, other := bare(t), bare(t)
	id := message.NewID(start)
	for _, i := range []int{0, 7, 999, message.All} {
		a := g.bounceAddress(id, i)
		if len(a.Local()) > 64 {
			t.Errorf("%d octets before the @", len(a.Local()))
		}
		ref, ok := g.parseBounce(addr(t, strings.ToUpper(a.Local())+"@"+a.Domain()))
		if !ok || ref.id != id || ref.recipient != i {
			t.Errorf("%d: %+v, %v", i, ref, ok)
		}
		if _, ok := other.parseBounce(a); ok {
			t.Error("another ring's address was taken")
		}
		forged := strings.Replace(a.String(), string(id)[:4], "0000", 1)
		if _, ok := g.parseBounce(addr(t, forged)); ok {
			t.Errorf("forged: %s", forged)
		}
	}
	for _, s := range []string{"b+x.y@norrsund.example", "karin@norrsund.example", "b+@norrsund.example"} {
		if _, ok := g.parseBounce(addr(t, s)); ok {
			t.Errorf("%s was taken for ours", s)
		}
	}
}

func TestReceivedAndLoops(t *testing.T) {
	t.Parallel()
	g := bare(t)
	a, b := addr(t, "karin@ekman.example"), addr(t, "eva@ekman.example")
	env := message.Envelope{Source: message.Source{Addr: "192.0.2.1", Helo: "mail\r\nX: y (z", TLS: "TLS1.3", User: "u"}}
	one := string(g.received(message.NewID(start), env, "id@x", []message.Address{a}, start))
	two := string(g.received(message.NewID(start), env, "id@x", []message.Address{a, b}, start))
	if !strings.Contains(one, "for <karin@ekman.example>") || strings.Contains(two, "ekman") {
		t.Errorf("for with one recipient only:\n%s%s", one, two)
	}
	if !strings.Contains(one, "with ESMTPSA id") || !strings.Contains(one, "[192.0.2.1]") {
		t.Error(one)
	}
	three := string(g.received(message.NewID(start), env, "id@x", []message.Address{a, b, addr(t, "hidden@ekman.example")}, start))
	if strings.Count(two, "\n") != strings.Count(three, "\n") || len(two) != len(three) {
		t.Error("the field tells how many recipients there are")
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(two, "\r\n"), "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line of %d: %q", len(line), line)
		}
	}
	c, err := extract.Parse(t.Context(), strings.NewReader(two+"Message-ID: <id@x>\r\n\r\nhi\r\n"), extract.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	again := func(to message.Address) bool {
		return g.looping(message.Envelope{To: []message.RcptTo{{Address: to}}}, &c.Header)
	}
	if !again(a) || !again(b) || again(addr(t, "third@ekman.example")) {
		t.Error("a loop is the same message to the same recipient, and nothing else")
	}
	many := header(t, strings.Repeat("Received: from a by b; Mon, 23 Nov 2026 15:41:00 +0100\n", 51)+"From: a@b.example")
	if !g.looping(message.Envelope{}, many) {
		t.Error("51 hops are not a loop")
	}
}

func TestOwnMail(t *testing.T) {
	t.Parallel()
	g := bare(t)
	to := addr(t, "karin@ekman.example")
	env := message.Envelope{To: []message.RcptTo{{Address: to}}}
	text := "Message-ID: <n@norrsund.example>\r\nSubject: x\r\n\r\nthe notice\r\n"
	body := memory(text)
	sum, err := hashAfterHeader(body)
	if err != nil {
		t.Fatal(err)
	}
	const fields = "Message-ID: <n@norrsund.example>\nSubject: x"
	mark := g.ownMark(message.NewID(start), header(t, fields), to, sum)
	env.From = g.bounceAddress(message.NewID(start), 0)
	h := header(t, "Received: from a by b; Mon, 23 Nov 2026 15:41:00 +0100\n"+fields+"\nSigill-Own: "+mark)
	if !g.isOwn(env, h, sum) {
		t.Fatal("our own mail is not known")
	}
	if g.isOwn(message.Envelope{From: env.From, To: []message.RcptTo{{Address: addr(t, "eva@ekman.example")}}}, h, sum) {
		t.Error("the mark works for another recipient")
	}
	if g.isOwn(message.Envelope{From: addr(t, "johan@norrsund.example"), To: env.To}, h, sum) {
		t.Error("the mark works for a sender of the organisation")
	}
	for _, changed := range []string{
		strings.Replace(fields, "Subject: x", "Subject: personnummer 19890102-2387", 1),
		fields + "\nComments: 19890102-2387", "Subject: x",
	} {
		if g.isOwn(env, header(t, changed+"\nSigill-Own: "+mark), sum) {
			t.Errorf("the mark works with the header %q", changed)
		}
	}
	changed, err := hashAfterHeader(memory(text + "4111 1111 1111 1111\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if g.isOwn(env, h, changed) {
		t.Error("the mark works for another text")
	}
	if bare(t).isOwn(env, h, sum) {
		t.Error("the mark of another ring works")
	}
}

func TestGuardFieldIsTakenOut(t *testing.T) {
	t.Parallel()
	raw := "A: 1\r\nX-Guard: secret\r\n folded\r\nB: X-Guard: no\r\nx-guard : twice\r\n\r\nX-Guard: body\r\n"
	f, err := withoutField(memory(raw), "X-Guard")
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	want := "A: 1\r\nB: X-Guard: no\r\n\r\nX-Guard: body\r\n"
	if b.String() != want || f.Size() != int64(len(want)) || !bytes.Equal(f.SHA256(), memory(want).SHA256()) {
		t.Errorf("%q, %d octets", b.String(), f.Size())
	}
}

func TestWhatReturned(t *testing.T) {
	t.Parallel()
	failed := "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
	for _, c := range []struct {
		name, from, header, body string
		want                     returned
	}{
		{"a failure", "", failed, "Action: failed\n", returnedBounce},
		{"only late", "", failed, "Action: delayed\n", returnedAuto},
		{"old form", "", "From: MAILER-DAEMON@x.example", "", returnedBounce},
		{"out of office, null sender", "", "Auto-Submitted: auto-replied", "", returnedAuto},
		{"out of office", "karin@ekman.example", "Auto-Submitted: auto-replied (vacation)", "", returnedAuto},
		{"old answering machine", "karin@ekman.example", "Precedence: auto_reply", "", returnedAuto},
		{"a person", "karin@ekman.example", "From: karin@ekman.example", "", returnedByPerson},
		{"a person who says so", "karin@ekman.example", "Auto-Submitted: no", "", returnedByPerson},
	} {
		env := message.Envelope{From: addr(t, c.from)}
		if got := whatReturned(env, header(t, c.header), []byte(c.body)); got != c.want {
			t.Errorf("%s: want %d, have %d", c.name, c.want, got)
		}
	}
}

func TestRepeatKey(t *testing.T) {
	t.Parallel()
	make := func(id string, to ...string) *message.Message {
		m := &message.Message{MessageID: id, BodyHash: []byte("h")}
		for _, a := range to {
			m.Recipients = append(m.Recipients, message.Recipient{Address: addr(t, a)})
		}
		return m
	}
	if repeatKey(make("a", "x@y.example", "z@y.example")) != repeatKey(make("a", "z@y.example", "X@y.example")) {
		t.Error("the order of recipients matters")
	}
	if repeatKey(make("a", "x@y.example")) == repeatKey(make("b", "x@y.example")) || repeatKey(make("", "x@y.example")) != "" {
		t.Error("the key does not tell messages apart")
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{1: 30 * time.Second, 2: time.Minute, 5: 8 * time.Minute, 9: time.Hour, 1000: time.Hour} {
		if got := pause(attempt, 30*time.Second, time.Hour); got != want {
			t.Errorf("attempt %d: want %s, have %s", attempt, want, got)
		}
	}
}

// The end of a hold is told for those for whom it still stands, however late the job runs.
func TestHoldEnded(t *testing.T) {
	t.Parallel()
	catalog, err := locale.New()
	if err != nil {
		t.Fatal(err)
	}
	g := bare(t)
	g.o.Compose, err = notify.New(notify.Org{Name: "Norrsund", Host: "https://brev.norrsund.example", From: addr(t, "brev@norrsund.example"), Lang: "en"}, catalog)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, ref string
		states    []message.State
		want      string // what the mail names; "" for no mail
	}{
		{"ran out", "ran_out:1", []message.State{message.Cancelled, message.Cancelled}, "r1"},
		{"ran out, purged at once", "ran_out:0,1", []message.State{message.Purged, message.Purged}, "r0 r1"},
		{"ran out, one taken back", "ran_out:0,1", []message.State{message.Held, message.Cancelled}, "r1"},
		{"ran out, all taken back", "ran_out:0,1", []message.State{message.Held, message.Sealed}, ""},
		{"from before a Ref said how", "", []message.State{message.Held, message.Cancelled}, "r1"},
		{"dropped", "dropped:0", []message.State{message.Cancelled, message.Cancelled}, "r0"},
		{"dropped and taken back", "dropped:0", []message.State{message.Held, message.Cancelled}, ""},
		{"released", "released:0,1", []message.State{message.Queued, message.Deferred}, "r0 r1"},
		{"released and done", "released_by_admin:0,1", []message.State{message.Delivered, message.Bounced}, "r0 r1"},
		{"released, but sealed on its way", "released:0,1", []message.State{message.Sealed, message.Notified}, ""},
		{"of nobody that there is", "dropped:7,x", []message.State{message.Cancelled, message.Cancelled}, ""},
	} {
		m := &message.Message{Person: addr(t, "johan@norrsund.example")}
		for i, state := range c.states {
			m.Recipients = append(m.Recipients, message.Recipient{Address: addr(t, fmt.Sprintf("r%d@ekman.example", i)), State: state})
		}
		compose := g.holdEnded(m, c.ref)
		if compose == nil {
			if c.want != "" {
				t.Errorf("%s: no mail", c.name)
			}
			continue
		}
		mail, err := compose("https://brev.norrsund.example/s/x")
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var named []string
		for _, who := range []string{"r0", "r1"} {
			if bytes.Contains(mail.Raw, []byte(who+"@ekman.example")) {
				named = append(named, who)
			}
		}
		if got := strings.Join(named, " "); got != c.want {
			t.Errorf("%s: a mail about %q, want %q", c.name, got, c.want)
		}
	}
}

// hopOf is a next hop that said once what it can.
type hopOf struct {
	Hop
	caps  relay.Capabilities
	known bool
}

func (h hopOf) Known() (relay.Capabilities, bool) { return h.caps, h.known }

func TestRoom(t *testing.T) {
	t.Parallel()
	old := start.Add(-hearsay - time.Second)
	for _, c := range []struct {
		name string
		out  hopOf
		want int64
	}{
		{"not known yet", hopOf{}, 0},
		{"no stated limit", hopOf{known: true, caps: relay.Capabilities{Heard: start}}, 0},
		{"a limit", hopOf{known: true, caps: relay.Capabilities{Size: 20 << 20, Heard: start.Add(-hearsay)}}, 20<<20 - traceRoom},
		{"less than our field may need", hopOf{known: true, caps: relay.Capabilities{Size: 100, Heard: start}}, 1},
		{"a limit of long ago", hopOf{known: true, caps: relay.Capabilities{Size: 20 << 20, Heard: old}}, 0},
	} {
		g := bare(t)
		g.o.Out, g.o.In = c.out, hopOf{known: true, caps: relay.Capabilities{Size: 5000, Heard: start}}
		if n := g.Room(); n != c.want {
			t.Errorf("%s: %d octets, want %d", c.name, n, c.want)
		}
		for size, fits := range map[int64]bool{c.want: true, c.want + 1: c.want == 0} {
			if g.tooBig(c.out, &message.Message{Size: size}) == fits {
				t.Errorf("%s: %d octets fit: %v", c.name, size, !fits)
			}
		}
		if !g.tooBig(g.o.In, &message.Message{Size: 1000}) {
			t.Errorf("%s: the inbound hop's own limit does not count", c.name)
		}
	}
}

// TestRefusal: what the gateway could not do is no verdict on the message, which comes again.
func TestRefusal(t *testing.T) {
	t.Parallel()
	g := bare(t)
	g.o.Log = slog.New(slog.DiscardHandler)
	for _, err := range []error{fmt.Errorf("read message: %w", errors.New("no scanner is free")), context.DeadlineExceeded} {
		if got := g.refusal(err); got != message.ReplyLocal || got.Code != 451 {
			t.Errorf("%v: %v", err, got)
		}
	}
	if got := g.refusal(&refusedError{replyHeader}); got.Code != 554 {
		t.Errorf("a message that must not go on: %v", got)
	}
}

// TestVerdictOf: the log names no verdict for a message that is not judged yet.
func TestVerdictOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	to, err := message.ParseAddress("karin@ekman.example")
	if err != nil {
		t.Fatal(err)
	}
	m := message.New(message.NewID(now), "org", message.Envelope{To: []message.RcptTo{{Address: to}}}, now)
	m.ClassifyLater(now)
	if got := verdictOf(m); got != "waiting" {
		t.Errorf("not judged yet: %s", got)
	}
	if _, err := m.Decide(now, message.Decision{Levels: []message.Level{message.Pass}}, message.Terms{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := verdictOf(m); got != "pass" {
		t.Errorf("judged: %s", got)
	}
}
