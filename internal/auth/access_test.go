package auth

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/message"
)

var start = time.Date(2026, 11, 23, 15, 41, 0, 0, time.UTC)

// asked is an access with one session that waits for a code of the method.
func asked(t *testing.T, method message.Level) (*Access, *Session, Code) {
	t.Helper()
	a := &Access{ID: message.NewID(start)}
	l := DefaultLimits()
	s, _ := a.Start(start, l)
	if err := a.Ask(start, s, method, l); err != nil {
		t.Fatal(err)
	}
	code, _, err := s.Make(start, l)
	if err != nil {
		t.Fatal(err)
	}
	return a, s, code
}

func TestCodesHaveTheirForm(t *testing.T) {
	t.Parallel()
	for range 50 {
		_, s, code := asked(t, message.Level2)
		if len(code) != 6 || strings.Trim(string(code), "0123456789") != "" {
			t.Fatalf("SMS code %q", string(code))
		}
		if m := s.Newest().Mark; len(m) != 2 || strings.ContainsAny(m, "ILOQ01") {
			t.Fatalf("mark %q", m)
		}
		_, _, code = asked(t, message.Level1)
		if len(code) != 12 || strings.ContainsAny(string(code), "ilo01") || strings.ToLower(string(code)) != string(code) {
			t.Fatalf("password %q", string(code))
		}
	}
}

func TestTry(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	for _, c := range []struct {
		name  string
		typed func(code string) string
		at    time.Duration
		over  bool
		want  Outcome
	}{
		{"right", func(c string) string { return c }, 0, false, Right},
		{"with spaces, in capitals", func(c string) string { return " " + strings.ToUpper(c[:4]) + " " + c[4:] + "\u200b\n" }, 0, false, Right},
		{"wrong", func(string) string { return "000000000000" }, 0, false, Wrong},
		{"empty", func(string) string { return "" }, 0, false, Wrong},
		{"in the last second", func(c string) string { return c }, l.CodeLife - time.Second, false, Right},
		{"late", func(c string) string { return c }, l.CodeLife, false, Late},
		{"right, but a count is over", func(c string) string { return c }, 0, true, Locked},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, s, code := asked(t, message.Level1)
			if got := a.Try(start.Add(c.at), s, c.typed(string(code)), c.over, l); got != c.want {
				t.Errorf("want %d, have %d", c.want, got)
			}
			if s.IsProven() != (c.want == Right) {
				t.Errorf("proven: %v", s.IsProven())
			}
		})
	}
}

func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	a, s, code := asked(t, message.Level2)
	if got := a.Try(start, s, string(code), false, l); got != Right {
		t.Fatal(got)
	}
	if got := a.Try(start, s, string(code), false, l); got == Right {
		t.Error("a code was taken twice")
	}
}

func TestLockAfterTries(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	a, s, code := asked(t, message.Level2)
	wrong := "000000"
	if string(code) == wrong {
		wrong = "111111"
	}
	for i := range l.Tries {
		want := Wrong
		if i == l.Tries-1 {
			want = Locked
		}
		if got := a.Try(start, s, wrong, false, l); got != want {
			t.Fatalf("try %d: want %d, have %d", i+1, want, got)
		}
	}
	if got := a.Try(start, s, string(code), false, l); got != Locked {
		t.Errorf("the right code opened a locked access: %d", got)
	}
	if err := a.Ask(start, s, message.Level2, l); !errors.Is(err, ErrTooMany) {
		t.Errorf("a new code while locked: %v", err)
	}
	later := start.Add(l.Lock)
	if err := a.Ask(later, s, message.Level2, l); err != nil {
		t.Fatal(err)
	}
	fresh, _, err := s.Make(later, l)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Try(later, s, string(fresh), false, l); got != Right {
		t.Errorf("the rightful person does not get in after the lock: %d", got)
	}
}

// Whoever asks for a new code before the old one's tries are used up gains nothing: the
// access counts on, over all its browsers, and is locked for longer each time.
func TestLockOverManyCodes(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.Tries = 5
	a := &Access{}
	now, end, wrong := start, start.Add(30*24*time.Hour), 0
	var locks []time.Duration
	for now.Before(end) {
		s, _ := a.Start(now, l)
		must(t, a.Ask(now, s, message.Level2, l))
		_, _, err := s.Make(now, l)
		must(t, err)
		for range l.Tries - 1 { // one less than locks by itself
			left := a.Left(s, l)
			wrong++
			got := a.Try(now, s, "nonsense", false, l)
			if (got == Locked) != (left == 1) {
				t.Fatalf("wrong try %d came to %d with %d left", wrong, got, left)
			}
			if got == Locked {
				locks = append(locks, a.Locked.Sub(now))
				now = a.Locked
				break
			}
		}
	}
	want := []time.Duration{30 * time.Minute, 2 * time.Hour, 8 * time.Hour, 32 * time.Hour, 128 * time.Hour, 512 * time.Hour, 1024 * time.Hour}
	if diff := cmp.Diff(want, locks); diff != "" {
		t.Errorf("locks (-want +got):\n%s", diff)
	}
	if wrong >= 100 {
		t.Errorf("%d wrong tries in a row in the life of a link", wrong)
	}

	// The rightful person gets in when the lock is over, and starts anew.
	s, _ := a.Start(now, l)
	must(t, a.Ask(now, s, message.Level2, l))
	code, _, err := s.Make(now, l)
	must(t, err)
	if got := a.Try(now, s, string(code), false, l); got != Right || a.Wrong != 0 {
		t.Errorf("the right code came to %d, %d wrong before", got, a.Wrong)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOvertakenIsNotAWrongTry(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	a, s, first := asked(t, message.Level1)
	if err := a.Ask(start, s, message.Level1, l); err != nil {
		t.Fatal(err)
	}
	second, _, err := s.Make(start, l)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Try(start, s, string(first), false, l); got != Overtaken {
		t.Fatal(got)
	}
	if a.Left(s, l) != l.Tries {
		t.Errorf("%d tries left: an older code was counted", a.Left(s, l))
	}
	if got := a.Try(start, s, string(second), false, l); got != Right {
		t.Error(got)
	}
}

func TestACodeIsBoundToItsSession(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	a, s, code := asked(t, message.Level1)
	id := s.ID
	other, secret := a.Start(start, l)
	if err := a.Ask(start, other, message.Level1, l); err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Make(start, l); err != nil {
		t.Fatal(err)
	}
	if got := a.Try(start, other, string(code), false, l); got != Wrong {
		t.Errorf("a code opened another browser: %d", got)
	}
	found, err := a.Session(start, secret, l)
	if err != nil || found.ID == id {
		t.Errorf("wrong session: %v", err)
	}
	if _, err := a.Session(start.Add(l.Idle), secret, l); !errors.Is(err, ErrNoSession) {
		t.Errorf("an idle session lives on: %v", err)
	}
	before := secret
	found.Renew()
	if _, err := a.Session(start, before, l); !errors.Is(err, ErrNoSession) {
		t.Error("the secret from before the proof still works")
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	a := &Access{}
	first := a.NewLink(start)
	for range maxLinks - 1 {
		a.NewLink(start)
	}
	if !first.Matches(a.Links[0].Hash) {
		t.Error("a reminder killed an earlier link")
	}
	a.NewLink(start)
	if len(a.Links) != maxLinks {
		t.Errorf("%d links", len(a.Links))
	}
	token := a.NewLink(start)
	a.DropLink(token)
	for _, l := range a.Links {
		if token.Matches(l.Hash) {
			t.Error("a dropped link still works")
		}
	}
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	a := &Access{}
	s, secret := a.Start(start, l)
	s.Proven = start
	for range 100 {
		a.Start(start, l)
	}
	if len(a.Sessions) > maxSessions {
		t.Errorf("%d sessions", len(a.Sessions))
	}
	if _, err := a.Session(start, secret, l); err != nil {
		t.Errorf("pressed buttons threw out a reader: %v", err)
	}
}

func TestOverFailsClosed(t *testing.T) {
	t.Parallel()
	counters := []Counter{{Kind: "a", Most: 2}, {Kind: "b", Most: 2}}
	for _, c := range []struct {
		counts []int64
		want   bool
	}{{[]int64{1, 2}, false}, {[]int64{3, 1}, true}, {[]int64{1}, true}, {nil, true}} {
		if Over(counters, c.counts) != c.want {
			t.Errorf("%v: want %v", c.counts, c.want)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	s, c := NewSecret(), Code("482913")
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "secret", s, "code", c)
	if strings.Contains(b.String(), string(s)) || strings.Contains(b.String(), "482913") {
		t.Error(b.String())
	}
}

func FuzzParseSecret(f *testing.F) {
	f.Add(string(NewSecret()))
	f.Add("")
	f.Add("../../x")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseSecret(s)
		if err == nil && (string(p) != s || !p.Matches(p.Hash())) {
			t.Fatalf("%q", s)
		}
		_ = fmt.Sprint(len(p))
	})
}
