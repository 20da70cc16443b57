package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const messages = "../../testdata/messages"

// judged is what a line of `check --json` says.
type judged struct {
	File     string `json:"file"`
	Verdict  string `json:"verdict"`
	Findings []struct {
		Rule  string `json:"rule"`
		Where string `json:"where"`
	} `json:"findings"`
}

// TestMessages judges every message of testdata/messages with the policy that comes with the program, and compares with
// the text file beside it.
func TestMessages(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	if code := run([]string{"check", "--json", messages}, strings.NewReader(""), &out, &errOut); code != exitDone {
		t.Fatalf("exit %d: %s", code, errOut.String())
	}
	all := judgements(t, &out)
	if len(all) < 60 {
		t.Errorf("%d messages", len(all))
	}
	for name, want := range expectations(t) {
		got, ok := all[name]
		if !ok {
			t.Errorf("%s.txt: no message beside it", name)
			continue
		}
		delete(all, name)
		for _, problem := range want.compare(got) {
			t.Errorf("%s: %s; found %v", name, problem, got.Findings)
		}
	}
	for name := range all {
		t.Errorf("%s.eml: no text file beside it", name)
	}
}

// judgements reads the lines of `check --json`, by name of the message.
func judgements(t *testing.T, r io.Reader) map[string]judged {
	t.Helper()
	all := map[string]judged{}
	dec := json.NewDecoder(r)
	for dec.More() {
		var j judged
		if err := dec.Decode(&j); err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(j.File), ".eml")] = j
	}
	return all
}

// TestMessagesAreWire says that the messages are as mail is on the wire: lines end with CRLF, and hold no other CR or LF.
func TestMessagesAreWire(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(messages + "/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(b, []byte("\r\n"))
		if lines == 0 || bytes.Count(b, []byte("\r")) != lines || bytes.Count(b, []byte("\n")) != lines {
			t.Errorf("%s: bare CR or LF, did git change line ends?", filepath.Base(f))
		}
	}
}

// expected is a text file beside a message.
type expected struct {
	verdict string
	rules   []string // must be among the findings
	where   []string // a finding must stand there, or in something inside
	not     []string // rules that must not be among the findings
	why     string
}

func expectations(t *testing.T) map[string]expected {
	t.Helper()
	files, err := filepath.Glob(messages + "/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]expected{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		x, err := parseExpected(string(b))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".txt")] = x
	}
	return all
}

// parseExpected reads fields, an empty line, and a sentence that says why.
func parseExpected(s string) (expected, error) {
	var x expected
	head, why, _ := strings.Cut(s, "\n\n")
	x.why = strings.TrimSpace(why)
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "verdict":
			x.verdict = value
		case "rules":
			x.rules = strings.Split(value, ", ")
		case "where":
			x.where = strings.Split(value, ", ")
		case "not":
			x.not = strings.Split(value, ", ")
		default:
			return x, fmt.Errorf("what is %q?", line)
		}
	}
	if !slices.Contains([]string{"pass", "level1", "level2"}, x.verdict) || x.why == "" {
		return x, errors.New("needs a verdict, and a sentence that says why")
	}
	return x, nil
}

// compare says what is not as expected.
func (x expected) compare(got judged) []string {
	var problems []string
	if got.Verdict != x.verdict {
		problems = append(problems, fmt.Sprintf("%s, want %s (%s)", got.Verdict, x.verdict, x.why))
	}
	for _, r := range x.rules {
		if !got.has(func(rule, _ string) bool { return rule == r }) {
			problems = append(problems, "rule "+r+" did not fire")
		}
	}
	for _, r := range x.not {
		if got.has(func(rule, _ string) bool { return rule == r }) {
			problems = append(problems, "rule "+r+" fired")
		}
	}
	for _, w := range x.where {
		if !got.has(func(_, where string) bool { return strings.HasPrefix(where, w) }) {
			problems = append(problems, "nothing found in "+w)
		}
	}
	return problems
}

func (j judged) has(match func(rule, where string) bool) bool {
	for _, f := range j.Findings {
		if match(f.Rule, f.Where) {
			return true
		}
	}
	return false
}
