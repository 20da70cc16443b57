package store

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/seal/sealtest"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func address(t *testing.T, s string) message.Address {
	t.Helper()
	a, err := message.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// codec returns a codec whose ring is on record and that makes keys as a store would.
func codec(t *testing.T) *Codec {
	t.Helper()
	c := NewCodec(sealtest.Keyring(t), "a", func() time.Time { return noon })
	c.Recorded(c.Installation(nil))
	addKey(t, c, "org", "2026-11")
	return c
}

func addKey(t *testing.T, c *Codec, org, month string) {
	t.Helper()
	row, err := c.NewKey(org, month)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddKey(row); err != nil {
		t.Fatal(err)
	}
}

// whole returns a message in which every part is set.
func whole(t *testing.T) *message.Message {
	t.Helper()
	env := message.Envelope{
		From: address(t, "anna@org.example"), UTF8: true, EightBit: true, Return: "HDRS", ID: "env-1",
		Source: message.Source{Addr: "192.0.2.1", Helo: "mx.org.example", User: "u", TLS: "1.3", Trusted: true, Network: "n"},
		To: []message.RcptTo{
			{Address: address(t, "karin@else.example"), Notify: message.NotifyDelay, Orig: "rfc822;karin@else.example"},
			{Address: address(t, "bo@third.example")},
		},
		Foreign: true,
	}
	m := message.New(message.NewID(noon), "org", env, noon)
	m.Size, m.BodyHash, m.MessageID = 42, []byte("hash"), "a@b"
	m.Person, m.PersonName, m.Unattended = address(t, "boss@org.example"), "Boss", true
	m.Subject, m.Date, m.Lang, m.Version = "Provsvar", noon.Add(-time.Minute), "sv", 7
	m.Decision = message.Decision{
		Verdict: message.Level2, DecidedBy: "r", Levels: []message.Level{message.Level2, message.Pass},
		Findings: []message.Finding{{Rule: "r", Where: "body", Count: 2, Masked: "19••"}}, Subject: "P", Policy: "sha256:1",
		Explanation: []byte(`{"a":1}`),
	}
	r := &m.Recipients[0]
	r.Name, r.Listed, r.Level, r.State, r.Expires = "Karin", true, message.Level2, message.Opened, noon.Add(time.Hour)
	r.Phone, r.Typed, r.ByMail, r.Asked, r.Attempts = "+46701740612", true, true, true, 3
	r.Reply, r.Reminded, r.Opened = "250 ok", true, noon.Add(time.Minute)
	return m
}

// scan hands values to the places of a row, as a driver would.
func scan(t *testing.T, dest []any, r Row) {
	t.Helper()
	for i, v := range r.Values {
		switch d := dest[i].(type) {
		case *string:
			*d = v.(string)
		case *int64:
			*d = v.(int64)
		case *[]byte:
			*d = v.([]byte)
		default:
			t.Fatalf("%s: column %d scans to %T", r.Table, i, d)
		}
	}
}

func rowsOf(rows []Row, table Table) []Row {
	var of []Row
	for _, r := range rows {
		if r.Table == table {
			of = append(of, r)
		}
	}
	return of
}

func load(t *testing.T, c *Codec, rows []Row) *Loaded {
	t.Helper()
	var m MessageRow
	scan(t, m.Dest(), rowsOf(rows, TableMessages)[0])
	var rs []RecipientRow
	for _, r := range rowsOf(rows, TableRecipients) {
		var rr RecipientRow
		scan(t, rr.Dest(), r)
		rs = append(rs, rr)
	}
	l, err := c.Load(m, rs)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func sealed(t *testing.T, c *Codec, m *message.Message) []Row {
	t.Helper()
	h := home{m.Org, "2026-11"}
	k, err := c.writeKey(h)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := c.sealMessage(k, m, h, PlaceDatabase)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

var byValue = cmp.Comparer(func(a, b message.Address) bool { return a == b })

func TestMessageComesBackWhole(t *testing.T) {
	t.Parallel()
	c, m := codec(t), whole(t)
	got := load(t, c, sealed(t, c, m)).Message
	if diff := cmp.Diff(m, got, byValue); diff != "" {
		t.Error(diff)
	}
}

func TestNothingPersonalIsInClear(t *testing.T) {
	t.Parallel()
	c, m := codec(t), whole(t)
	m.Subject, m.Recipients[0].Reply = "CANARY subject", "250 CANARY reply"
	for _, r := range sealed(t, c, m) {
		for i, v := range r.Values {
			text, _ := v.(string)
			b, _ := v.([]byte)
			for _, secret := range []string{"CANARY", "karin", "else.example", "anna", "+467", "hash"} {
				if strings.Contains(text, secret) || bytes.Contains(b, []byte(secret)) {
					t.Errorf("%s.%s holds %q in clear", r.Table, r.Table.Columns()[i].Name, secret)
				}
			}
		}
	}
}

func TestRowsFitTheirTables(t *testing.T) {
	t.Parallel()
	rows := []Row{
		(&Installation{}).Row(), (&KeyRow{}).Row(), (&MessageRow{}).Row(), (&WrapRow{}).Row(), (&RecipientRow{}).Row(),
		(&EventRow{}).Row(), (&AccessRow{}).Row(), (&ContactRow{}).Row(), (&JobRow{}).Row(), (&TraceRow{}).Row(),
	}
	dests := [][]any{
		(&Installation{}).Dest(), (&KeyRow{}).Dest(), (&MessageRow{}).Dest(), (&WrapRow{}).Dest(), (&RecipientRow{}).Dest(),
		(&EventRow{}).Dest(), (&AccessRow{}).Dest(), (&ContactRow{}).Dest(), (&JobRow{}).Dest(), (&TraceRow{}).Dest(),
	}
	for i, r := range rows {
		if len(r.Values) != len(r.Table.Columns()) || len(dests[i]) != len(r.Values) {
			t.Fatalf("%s: %d columns, %d values, %d places", r.Table, len(r.Table.Columns()), len(r.Values), len(dests[i]))
		}
		scan(t, dests[i], r)
	}
}

func TestMovedRowDoesNotOpen(t *testing.T) {
	t.Parallel()
	c, m := codec(t), whole(t)
	rows := sealed(t, c, m)
	other := *m
	other.ID = message.NewID(noon)
	var row MessageRow
	scan(t, row.Dest(), rowsOf(rows, TableMessages)[0])
	row.ID = string(other.ID)
	if _, err := c.Load(row, nil); err == nil {
		t.Error("a private column opened under another id")
	}
}

func TestSaveWritesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	c := codec(t)
	rows := sealed(t, c, whole(t))
	tests := []struct {
		name       string
		change     func(*message.Message)
		effects    Effects
		recipients int
		message    bool
	}{
		{name: "nothing", change: func(*message.Message) {}},
		{name: "one recipient", change: func(m *message.Message) { m.Recipients[1].Name = "Bo" }, recipients: 1, message: true},
		{name: "reply", change: func(m *message.Message) { m.Recipients[0].Reply = "451 later" }, recipients: 1, message: true},
		{name: "subject", change: func(m *message.Message) { m.Subject = "x" }, message: true},
		{name: "event", change: func(*message.Message) {}, message: true, effects: Effects{Effects: message.Effects{
			Events: []message.Event{{At: noon, Kind: message.EventAsked}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := load(t, c, rows)
			tt.change(l.Message)
			ch, err := c.Save(l, tt.effects)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(rowsOf(ch.Put, TableRecipients)); n != tt.recipients {
				t.Errorf("wrote %d recipients, want %d", n, tt.recipients)
			}
			if wrote := len(rowsOf(ch.Put, TableMessages)) == 1; wrote != tt.message {
				t.Errorf("wrote the message: %v, want %v", wrote, tt.message)
			}
		})
	}
}

func TestCodecAsksForWhatItLacks(t *testing.T) {
	t.Parallel()
	c := NewCodec(sealtest.Keyring(t), "", func() time.Time { return noon })
	m := whole(t)
	n := New{Message: m}
	body := &Sealed{}
	if _, err := c.Create(n, body); !errors.Is(err, ErrNeedRecord) {
		t.Errorf("before the record: %v", err)
	}
	c.Recorded(c.Installation(nil))
	var need *NeedKeyError
	if _, err := c.Create(n, body); !errors.As(err, &need) || !need.Make || need.Org != "org" || need.Month != "2026-11" {
		t.Errorf("without a key: %v", err)
	}
	if _, err := c.Load(MessageRow{Org: "org", Month: "2026-10"}, nil); !errors.As(err, &need) || need.Make {
		t.Errorf("reading must not make keys: %v", err)
	}
	if _, err := c.Outcome(Outcome{Message: m.ID}); !errors.As(err, new(*NeedHomeError)) {
		t.Errorf("an outcome of an unknown message: %v", err)
	}
}

func TestAccessComesBackWhole(t *testing.T) {
	t.Parallel()
	c, m := codec(t), whole(t)
	a := auth.NewAccess(m, 0, noon)
	a.NewLink(noon)
	s, _ := a.Start(noon, auth.DefaultLimits())
	if err := a.Ask(noon, s, message.Level1, auth.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	k, err := c.writeKey(home{"org", "2026-11"})
	if err != nil {
		t.Fatal(err)
	}
	row, err := sealAccess(k, a, home{"org", "2026-11"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.LoadAccess(row)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, got); diff != "" {
		t.Error(diff)
	}
}

func TestHomesAreBounded(t *testing.T) {
	t.Parallel()
	var h homes
	first := message.NewID(noon)
	h.put(first, home{"org", "m"})
	for range 2 * maxHomes {
		h.put(message.NewID(noon), home{})
	}
	if _, ok := h.get(first); ok {
		t.Error("the oldest is still there")
	}
	if len(h.young)+len(h.old) > 2*maxHomes {
		t.Errorf("%d homes", len(h.young)+len(h.old))
	}
}
