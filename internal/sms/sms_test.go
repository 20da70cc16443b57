package sms

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigill/internal/message"
)

const (
	number = message.Phone("+46701740605")
	text   = "482 913 är koden till Region Norrsund"
)

func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		to   message.Phone
		text string
		ok   bool
	}{
		{"good", number, text, true},
		{"no plus", "46701740605", text, false},
		{"letters", "+4670174060x", text, false},
		{"injected", "+46701740605\r\n", text, false},
		{"short", "+467", text, false},
		{"long", "+46701740605123456", text, false},
		{"none", "", text, false},
		{"no text", number, "", false},
		{"new line", number, "a\nb", false},
		{"escape", number, "a\x1bb", false},
		{"C1 control", number, "a\u0085b", false},
		{"line separator", number, "a\u2028b", false},
		{"not UTF-8", number, "a\xff", false},
		{"too long", number, strings.Repeat("ö", maxText+1), false},
		{"as long as may be", number, strings.Repeat("ö", maxText), true},
	} {
		err := check(tc.to, tc.text)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err != nil && (!Permanent(err) || Temporary(err) || Refused(err)) {
			t.Errorf("%s: not permanent: %v", tc.name, err)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	plain := errors.New("x")
	for _, tc := range []struct {
		err                           error
		temporary, permanent, refused bool
	}{
		{nil, false, false, false},
		{plain, true, false, false},
		{&Error{Kind: KindTemporary}, true, false, false},
		{fmt.Errorf("wrapped: %w", &Error{Kind: KindPermanent, Err: plain}), false, true, false},
		{&Error{Kind: KindRefused}, false, true, true},
	} {
		if Temporary(tc.err) != tc.temporary || Permanent(tc.err) != tc.permanent || Refused(tc.err) != tc.refused {
			t.Errorf("%v: %v %v %v", tc.err, Temporary(tc.err), Permanent(tc.err), Refused(tc.err))
		}
	}
	e := &Error{Kind: KindRefused, Status: 400, Code: 21211, Err: plain}
	if got, want := e.Error(), "text message: refused, status 400, code 21211: x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(e, plain) {
		t.Error("the cause is lost")
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sms.jsonl")
	f, err := NewFile(path, noon)
	if err != nil {
		t.Fatal(err)
	}
	const n = 20
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if err := f.Send(t.Context(), number, text); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); lines++ {
		var got map[string]string
		if err := json.Unmarshal(s.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 || got["to"] != string(number) || got["text"] != text || got["time"] != "2026-11-24T12:00:00Z" {
			t.Errorf("line %v", got)
		}
	}
	if lines != n {
		t.Errorf("%d lines, want %d", lines, n)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := NewFile(filepath.Join(dir, "no", "sms"), noon); err == nil {
		t.Error("a folder that does not exist was taken")
	}
	open := filepath.Join(dir, "open")
	if err := os.WriteFile(open, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := NewFile(open, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), number, text); !Temporary(err) || !strings.Contains(err.Error(), "0644") {
		t.Errorf("a file that others read: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Send(ctx, number, text); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := f.Send(t.Context(), number, "a\nb"); !Permanent(err) {
		t.Errorf("control character: %v", err)
	}
}
