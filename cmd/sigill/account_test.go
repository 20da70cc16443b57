package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"sigill/internal/message"
	"sigill/internal/policy"
)

// TestPaintFor colours for a terminal alone, and not for whoever wants none.
func TestPaintFor(t *testing.T) {
	t.Parallel()
	device, err := os.Open(os.DevNull) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := func(name, value string) func(string) string {
		return func(s string) string {
			if s == name {
				return value
			}
			return ""
		}
	}
	if !paintFor(device, env("", "")) {
		t.Error("no colours on a terminal")
	}
	if paintFor(device, env("NO_COLOR", "1")) || paintFor(device, env("TERM", "dumb")) || paintFor(file, env("", "")) || paintFor(&bytes.Buffer{}, env("", "")) {
		t.Error("colours where nobody wants them")
	}
}

// account is one of a text of many lines, with values of every outcome.
func account() *policy.Account {
	line := strings.Repeat("x ", 100) + "\x1b[2J **12" + strings.Repeat(" y", 100)
	a := &policy.Account{Explanation: &policy.Explanation{File: "a\x1b.eml", Verdict: message.Level1, DecidedBy: "r"}}
	text := "**34\n\n\n\n" + line + "\n" + strings.Repeat("**56\n", 30)
	seen := func(at int, o policy.Outcome, why string) policy.AccountSeen {
		return policy.AccountSeen{Detector: "d", Title: "Thing", Start: at, End: at + 4, Value: "**00", Outcome: o, Asked: true, Why: why, Base: "low", Confidence: "high"}
	}
	first := seen(0, policy.Counted, "")
	first.Rules = []policy.AccountRule{{Rule: "r", Level: message.Level1}, {Rule: "o", Level: message.Level2, Mode: "observe"}}
	first.Words = []policy.AccountWords{{Word: "for", Raises: true, Place: "subject"}, {Word: "not", Place: "after", Distance: 4}}
	all := []policy.AccountSeen{first, seen(0, policy.Dropped, "no context"), seen(8+205, policy.Unused, "alone")}
	at := len(text) - 5*30
	for i := range 30 {
		all = append(all, seen(at+5*i, policy.Dropped, "checksum luhn"))
	}
	a.Texts = []policy.AccountText{{Where: "body/text", Text: text, Seen: all}}
	return a
}

func TestWriteAccount(t *testing.T) {
	t.Parallel()
	var plain, coloured, whole bytes.Buffer
	for _, w := range []struct {
		b       *bytes.Buffer
		all     bool
		colours paint
	}{{&plain, false, false}, {&coloured, false, true}, {&whole, true, false}} {
		if err := writeAccount(w.b, account(), w.all, w.colours); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"a\ufffd.eml: level1, decided by r\n", "    1 │ **34\n      │ ^^^^\n        **00  Thing (d)\n          counts for rule r, level1; rule o, level2 (only observes)\n",
		"confidence low by its form, high by the words near it; for it: “for” in the subject; against it: “not” 4 characters after\n",
		"    ⋮\n", "…", "does not count: alone\n", "**00  rejected as d: it fails luhn\n", "        and 22 more of d\n",
	} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, plain.String())
		}
	}
	if strings.ContainsRune(plain.String(), '\x1b') || strings.Contains(plain.String(), "no word near it") {
		t.Errorf("what was found stands alone, and nothing for a terminal to act on:\n%s", plain.String())
	}
	if s := coloured.String(); !strings.Contains(s, "\x1b[32mcounts\x1b[0m") || strings.Contains(s, "\x1b[2J") {
		t.Errorf("colours:\n%q", s)
	}
	if n := strings.Count(whole.String(), "rejected as d"); n != 31 {
		t.Errorf("%d rejected with all, want 31", n)
	}
}
