package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"sigill/internal/testkit/hostile"
)

// peakOf reads the most memory that a process had in use at once (VmHWM) from what it left of its status.
func peakOf(t *testing.T, file string) int64 {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	var kb int64
	if _, err := fmt.Sscan(after, &kb); err != nil {
		t.Fatalf("no VmHWM: %v", err)
	}
	return kb << 10
}

// TestHostile: with the policy that comes with the program, no message that attacks its reader passes as ordinary mail, and what
// it takes to read them is not held by the program itself.
func TestHostile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := 0
	for _, m := range hostile.Messages() {
		if m.Kills && runtime.GOOS != "linux" {
			continue // without a limit on memory it would take what it asks for
		}
		if err := os.WriteFile(filepath.Join(dir, m.Name+".eml"), m.Raw(), 0o600); err != nil {
			t.Fatal(err)
		}
		want++
	}
	var out, errOut bytes.Buffer
	cmd := program(t.Context(), t, "check", "--json", dir)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	status := filepath.Join(t.TempDir(), "status")
	if runtime.GOOS == "linux" {
		cmd.Env = append(cmd.Env, statusEnv+"="+status)
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errOut.String())
	}
	if runtime.GOOS == "linux" {
		held := peakOf(t, status)
		t.Logf("held at most %d MB", held>>20)
		if held > 200<<20 && !raceEnabled { // the race detector needs more
			t.Errorf("the program itself held %d MB", held>>20)
		}
	}
	judged := judgements(t, &out)
	if len(judged) != want {
		t.Errorf("%d of %d were judged", len(judged), want)
	}
	for name, j := range judged {
		if j.Verdict != "level1" && j.Verdict != "level2" {
			t.Errorf("%s: verdict %s", name, j.Verdict)
		}
	}
}
